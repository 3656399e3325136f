"""One of several writers at once: `python -m tests.modelsettings.writer KEY PROFILE TIMES`.

Waits for a line on its standard input, so that all begin together; then, so many times, sets the
key by PATCH and adds one to the seed by read and PUT. With the key "default" it chooses the default
model instead, another each time.
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

# Models can be imported once Django is set up.
from modelsettings import registry  # noqa: E402
from modelsettings.actors import Actor  # noqa: E402
from modelsettings.models import ModelSettings  # noqa: E402
from modelsettings.settings import StaleSettings, patch_settings, update_settings  # noqa: E402


def add_one_to_the_seed(profile: int, *, by: Actor) -> None:
    """Read and PUT until nobody was quicker."""
    while True:
        row = ModelSettings.objects.get(pk=profile)
        values = {**row.values, "seed": row.values.get("seed", 0) + 1}
        try:
            update_settings(profile, values, by=by, expected_revision=row.revision)
        except StaleSettings:
            continue
        return


def main(key: str, profile: int, times: int) -> None:
    actor = Actor(key)
    slugs = sorted(one.slug for one in registry.list_models() if one.obstacle is None)
    print("ready", flush=True)
    sys.stdin.readline()
    for time in range(1, times + 1):
        if key == "default":
            registry.choose_default(slugs[(time * os.getpid()) % len(slugs)], by=actor)
        else:
            patch_settings(profile, {key: time}, by=actor)
            add_one_to_the_seed(profile, by=actor)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
