"""`check_models`: what it says, how it ends, and how many requests it makes."""

from collections.abc import Callable
from functools import partial

import httpx
import pytest
from pytest_django import Settings

from modelsettings.models import ReplicateModel, SchemaReading
from modelsettings.schema.flattening import JSON
from tests.modelsettings.acme import STAGER_INPUTS, published
from tests.modelsettings.conftest import SLUG
from tests.modelsettings.management.commands import run_command

pytestmark = pytest.mark.django_db

run = partial(run_command, "check_models")


@pytest.mark.usefixtures("model")
def test_unchanged_changed_and_not_read_end_otherwise(
    publish: Callable[[JSON], None], sandbox_url: str
) -> None:
    publish(published())
    unchanged = run(SLUG)
    steps = STAGER_INPUTS["steps"] | {"maximum": 20, "description": "Up\x1b[2J"}
    publish(published(STAGER_INPUTS | {"steps": steps}))
    changed = run(SLUG, code=2)
    gone = {"on": "model", "do": "status", "status": 404}
    httpx.post(f"{sandbox_url}/_sandbox/faults", json=gone).raise_for_status()
    not_read = run(SLUG, code=1)

    assert unchanged == f"{SLUG}: nothing has changed.\n1 unchanged, 0 changed, 0 not read.\n"
    assert f"{SLUG}: an update waits: it breaks what is stored" in changed
    assert "  breaks         Steps: at most 100 → at most 20.\n" in changed
    assert changed.endswith("0 unchanged, 1 changed, 0 not read.\n")
    assert "\x1b" not in changed
    assert not_read == (
        f"{SLUG}: Replicate has no model {SLUG}, or not for this token's account.\n"
        "0 unchanged, 0 changed, 1 not read.\n"
    )


def test_all_models_are_read_with_a_request_each(sandbox_url: str, settings: Settings) -> None:
    settings.REPLICATE_BASE_URL = sandbox_url
    counted = _requests(sandbox_url)

    run()

    count = ReplicateModel.objects.count()
    assert count == 27
    after = _requests(sandbox_url)
    assert after["model"] - counted.get("model", 0) == count
    assert sum(after.values()) - sum(counted.values()) == count
    assert SchemaReading.objects.filter(why_not="", read_at__isnull=False).count() == count


def test_no_answer_is_told_of_each_model(settings: Settings) -> None:
    settings.REPLICATE_BASE_URL = "http://127.0.0.1:9"

    output = run("qwen/qwen-image-edit", code=1)

    assert "Replicate cannot be reached at http://127.0.0.1:9: try again later." in output


def test_model_that_is_not_here_is_refused_before_anything_is_read(db: None) -> None:
    output = run("qwen/qwen-image-edit", "acme/none", code=1)

    assert output == "error: Not among the models here: acme/none."
    assert not SchemaReading.objects.exists()


def _requests(url: str) -> dict[str, int]:
    requests: dict[str, int] = httpx.get(f"{url}/_sandbox/record").json()["requests"]
    return requests
