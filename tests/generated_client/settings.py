"""Writes what `GET …/config/schema` answers of each model, and TypeScript that its types must fit.

    python -m tests.generated_client.settings FOLDER

FOLDER gets a folder for each model: with `settings.json`, of which a generator makes
`settings.d.ts`, and `use.ts`, where the defaults are settings and a misspelled key is none.
"""

import json
import sys
from pathlib import Path

from modelsettings.catalog.shipped import shipped_models
from modelsettings.schema.parameters import defaults

USE = """\
import {{ Settings }} from "./settings";
export const defaults: Settings = {defaults};
// @ts-expect-error
export const misspelled: Settings = {{ not_a_parameter: 1 }};
"""


def main() -> None:
    """Write the files of every model of the catalogue."""
    folder = Path(sys.argv[1])
    for slug, model in shipped_models().items():
        place = folder / slug.replace("/", "_")
        place.mkdir(parents=True)
        (place / "settings.json").write_text(json.dumps(model.schema.settings))
        use = USE.format(defaults=json.dumps(defaults(model.schema.settings)))
        (place / "use.ts").write_text(use)


if __name__ == "__main__":
    main()
