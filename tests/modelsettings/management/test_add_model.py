"""`add_model`: what is shown, what is saved, and what is refused."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from pytest_django import Settings

from modelsettings import profiles, registry
from modelsettings.actors import Actor
from modelsettings.models import ModelSettings, PublishedSchema, ReplicateModel
from modelsettings.schema.flattening import JSON
from modelsettings.schema.published import PublishedModel
from modelsettings.settings import StoredSettings, get_settings, patch_settings
from tests import processes
from tests.modelsettings.acme import PICTURE, STAGER_DEFAULTS, STAGER_INPUTS, published
from tests.modelsettings.conftest import SLUG, everything, reconstructed, slugs
from tests.modelsettings.management.commands import run_command

pytestmark = pytest.mark.django_db

SHIPPED = "qwen/qwen-image-edit"
BROKEN = {"prompt": {"type": "string"}, "bad": {"$ref": "#/components/schemas/Gone"}}
GONE = "bad: #/components/schemas/Gone is not among the schema's components."

run = partial(run_command, "add_model")


def written(folder: Path, document: Any, name: str = "model.json") -> Path:
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def test_a_published_model_is_read_shown_and_added(publish: Callable[[JSON], None]) -> None:
    publish(published(name="room-stager"))

    output = run("acme/room-stager", "--yes")

    for line in (
        "Room Stager (acme/room-stager), version 555555555555, run by its name",
        "parameter        type               default            allowed",
        "steps            whole number       30                 1 to 100 ",
        "openai_api_key   text  ",
        "the environment (a secret)",
        "Takes the photo:  image",
        "Takes the prompt: prompt (--prompt could be negative_prompt, note)",
        "Comes back:       A picture.",
        "Stages a photo:   yes",
        "1 model is usable (1 added); 1 of those just read can stage a photo.",
    ):
        assert line in output
    stored = get_settings("acme/room-stager")
    row = ReplicateModel.objects.get(slug="acme/room-stager")
    assert (stored.document, stored.revision, stored.updated_by) == (
        STAGER_DEFAULTS,
        1,
        "system:add_model",
    )
    assert (row.label, row.price, stored.obstacle) == ("Room Stager", [], None)


def test_a_dry_run_saves_nothing(publish: Callable[[JSON], None]) -> None:
    publish(published(name="dry"))
    before = everything()

    assert "Nothing was saved. 1 would be usable." in run("acme/dry", "--dry-run")
    assert everything() == before


def test_nobody_to_ask(publish: Callable[[JSON], None]) -> None:
    publish(published(name="unasked"))
    before = everything()

    assert "There is no terminal to ask at: give --yes" in run("acme/unasked", code=1)
    assert everything() == before


@pytest.mark.parametrize(
    ("slug", "sentence"),
    [
        ("acme/nothing", "Replicate has no model acme/nothing"),
        ("nothing", "'nothing' is no model's name: write it as owner/name."),
        ("a/b/c", "'a/b/c' is no model's name: write it as owner/name."),
        ("\x1b[31m/x", r"\x1b[31m/x' is no model's name"),
    ],
)
def test_what_cannot_be_read_is_refused(
    publish: Callable[[JSON], None], slug: str, sentence: str
) -> None:
    before = everything()

    output = run(slug, "--yes", code=1)

    assert sentence in output
    assert "0 models are usable (0 added, 1 refused)" in output
    assert everything() == before


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"do": "status", "status": 503}, "Replicate did not answer as it should"),
        ({"do": "status", "status": 401}, "Replicate refuses the token: set REPLICATE_API_TOKEN"),
        ({"do": "status", "status": 429, "retry_after": 7}, "try again in 7 seconds"),
        ({"do": "garbage"}, "Replicate did not answer as it should"),
    ],
    ids=str,
)
def test_a_failure_of_replicate_is_a_sentence(
    publish: Callable[[JSON], None], sandbox_url: str, fault: JSON, sentence: str
) -> None:
    publish(published(name="unlucky"))
    httpx.post(f"{sandbox_url}/_sandbox/faults", json={"on": "model", **fault}).raise_for_status()

    assert sentence in run("acme/unlucky", "--yes", code=1)
    assert "acme/unlucky" not in slugs()


def test_replicate_that_cannot_be_reached(settings: Settings) -> None:
    settings.REPLICATE_BASE_URL = f"http://127.0.0.1:{processes.free_port()}"

    assert "Replicate cannot be reached at" in run("acme/stager", "--yes", code=1)


def test_without_a_token(settings: Settings) -> None:
    settings.REPLICATE_API_TOKEN = ""

    assert "Set REPLICATE_API_TOKEN in the environment." in run("acme/stager", "--yes", code=1)


def test_roles_are_corrected(tmp_path: Path) -> None:
    inputs = {"mask": PICTURE, "photo": PICTURE, "wish": {"type": "string"}, "width": {}}
    file = written(tmp_path, published(inputs))

    output = run("--file", file, "--image", "mask", "--prompt", "wish", "--yes")

    assert "Takes the photo:  mask (--image could be photo)" in output
    row = ReplicateModel.objects.get(slug=SLUG)
    assert row.roles == {"image": "mask", "prompt": "wish"}
    assert {"photo", "width"} <= get_settings(SLUG).validator.schema["properties"].keys()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--image", "steps"], "steps cannot take the image"),
        (["--prompt", "output_format"], "output_format cannot take the prompt"),
        (["--image", "gone"], "gone cannot take the image: it is not among its inputs"),
    ],
)
def test_a_role_that_an_input_cannot_take_is_refused(
    tmp_path: Path, options: list[str], sentence: str
) -> None:
    before = everything()

    assert sentence in run("--file", written(tmp_path, published()), "--yes", *options, code=1)
    assert everything() == before


def test_a_list_goes_on_past_what_it_refuses(tmp_path: Path) -> None:
    documents = [published(), published(BROKEN, name="broken"), 5, published({}, name="bare"), {}]

    output = run("--file", written(tmp_path, documents), code=1)

    assert slugs() == {SLUG, "acme/bare"}
    assert "2 models are usable (2 added, 3 refused); 1 of those" in output
    assert f"  acme/broken: {GONE}" in output
    assert "  model.json, entry 3: It is not a published model: no JSON object." in output
    assert "  model.json, entry 5: The published model has no owner or no name." in output
    assert "acme/bare cannot stage a photo." in output


def test_a_broken_model_leaves_nothing(tmp_path: Path) -> None:
    before = everything()

    assert GONE in run("--file", written(tmp_path, published(BROKEN)), "--yes", code=1)
    assert everything() == before


def test_a_folder_of_which_one_file_is_broken(tmp_path: Path) -> None:
    written(tmp_path, published(), "a.json")
    written(tmp_path, "{", "b.json")
    written(tmp_path, [published(name="two"), published(name="three")], "c.json")
    written(tmp_path, "no JSON, not read", "d.txt")

    output = run("--file", tmp_path, code=1)

    assert slugs() == {SLUG, "acme/two", "acme/three"}
    assert "  b.json: It is not JSON: " in output


def test_the_corpus_is_usable_whole(corpus: list[Path]) -> None:
    output = run("--file", corpus[0].parent)

    assert "62 models are usable (62 added); 15 of those just read can stage a photo." in output
    for model in registry.list_models():
        assert get_settings(model.slug).document is not None
    assert "62 models are usable (0 added, 62 there already)" in run("--file", corpus[0].parent)


def test_some_of_a_file(tmp_path: Path) -> None:
    file = written(tmp_path, [published(), published(name="two")])

    output = run("acme/two", "acme/three", "--file", file, "--yes", code=1)

    assert slugs() == {"acme/two"}
    assert "acme/three: It is not in " in output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Name a model as OWNER/NAME, or a --file."),
        (["--file", "/nowhere/x.json"], "/nowhere/x.json is not there."),
        (["--file", "/proc/self/fd"], "/proc/self/fd holds no .json file."),
    ],
)
def test_wrong_options(arguments: list[str], sentence: str) -> None:
    assert sentence in run(*arguments, code=1)


def test_roles_of_several_models_are_not_corrected_at_once(tmp_path: Path) -> None:
    file = written(tmp_path, [published(), published(name="two")])

    assert "correct one model at a time" in run("--file", file, "--image", "image", code=1)


def test_what_a_stranger_published_does_not_steer_the_terminal(tmp_path: Path) -> None:
    prop = {"type": "string", "default": "\x1b[2J", "enum": ["\x1b[2J", "b\rc"]}
    document = published({"x": prop}) | {"description": "\x1b[31mred"}

    assert "\x1b" not in run("--file", written(tmp_path, document), "--yes")


def test_a_model_that_is_there_already(model: ReplicateModel, tmp_path: Path) -> None:
    before = everything()

    output = run("--file", written(tmp_path, published()), "--yes")

    assert f"{SLUG} is there already: nothing was changed." in output
    assert everything() == before


def test_the_first_live_read_replaces_a_reconstructed_schema(
    publish: Callable[[JSON], None],
) -> None:
    row = reconstructed()
    patch_settings(get_settings(SLUG).pk, {"steps": 44}, by=Actor("ann"))
    assert "is run by its version, which is not known" in (get_settings(SLUG).obstacle or "")
    publish(published(STAGER_INPUTS | {"new": {"type": "integer", "default": 3}}))

    output = run(SLUG, "--yes")

    assert "It is there already, with a schema put together by hand." in output
    assert "1 model is usable (0 added, 1 given their published schema)" in output
    stored = get_settings(SLUG)
    assert (stored.version, stored.obstacle, stored.revision) == ("5" * 64, None, 3)
    assert stored.document == {**STAGER_DEFAULTS, "steps": 44, "new": 3}
    assert row.schemas.count() == 2
    step = row.history.latest()
    author_and_reason = (step.updated_by, step.history_change_reason)
    assert author_and_reason == ("system:add_model", "Published schema adopted.")
    assert "is there already: nothing was changed" in run(SLUG, "--yes")


def test_a_live_read_that_breaks_what_is_stored_is_refused(
    publish: Callable[[JSON], None],
) -> None:
    reconstructed()
    live = get_settings(SLUG)
    patch_settings(live.pk, {"steps": 90}, by=Actor("ann"))
    publish(published(STAGER_INPUTS | {"steps": {"type": "integer", "maximum": 50}}))
    before = everything()

    output = run(SLUG, "--yes", code=1)

    assert "breaks what is stored. Standard: steps: 90 is more than the maximum of 50." in output
    assert everything() == before


def test_a_live_read_that_a_locked_profile_would_have_to_follow(
    publish: Callable[[JSON], None],
) -> None:
    reconstructed()
    profile = ModelSettings.objects.get(model__slug=SLUG)
    profiles.lock(profile.pk, by="ann", reason="launch week")
    publish(published(STAGER_INPUTS | {"new": {"type": "integer", "default": 3}}))
    schemas = PublishedSchema.objects.count()

    output = run(SLUG, "--yes", code=1)

    assert "Standard would be changed. This profile is locked by ann: launch week." in output
    assert PublishedSchema.objects.count() == schemas


def test_a_live_read_that_takes_the_default_its_photo_is_refused(
    publish: Callable[[JSON], None],
) -> None:
    shipped = ReplicateModel.objects.get(slug=SHIPPED)
    assert shipped.is_default
    blind = published({"prompt": {"type": "string"}, "width": {"type": "integer"}}, name="x")
    blind |= {"owner": "qwen", "name": "qwen-image-edit"}
    before = everything()

    with pytest.raises(registry.CannotAdopt, match="is the default for staging and could stage no"):
        registry.adopt_schema(PublishedModel.from_json(blind), by=Actor("ann"))

    assert everything() == before


def test_a_reconstructed_schema_that_was_right_is_noted_as_read() -> None:
    document = published()
    guess = PublishedModel.from_json(document | {"x-restage-source": "reconstructed"})
    row = registry.add_model(guess, by=Actor.system("catalog"))

    changes = [
        registry.adopt_schema(PublishedModel.from_json(document), by=Actor("ann")) for _ in "12"
    ]

    assert changes == [True, False]
    assert [schema.source for schema in row.schemas.all()] == [""]
    assert get_settings(SLUG).revision == 1


def test_the_catalogue_read_back_from_its_own_files_changes_nothing() -> None:
    before = everything()

    run("--file", processes.CATALOG)

    assert everything() == before


def test_at_a_terminal_it_asks(tmp_path: Path) -> None:
    """As a real process: its answer is no, so that nothing reaches a database."""
    file = written(tmp_path, published(name="asked"))
    database = f"sqlite:///{tmp_path}/db.sqlite3"
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": database}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"], cwd=processes.ROOT, env=env, check=True
    )
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "add_model", "--file", str(file)],
        cwd=processes.ROOT,
        env=env,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    os.write(ours, b"n\n")

    stdout, stderr = process.communicate(timeout=30)

    assert (process.returncode, stderr) == (0, b"")
    assert b"Add acme/asked? [y/N]" in stdout
    assert b"0 models are usable (0 added, 1 declined)" in stdout
    os.close(ours)
    os.close(theirs)


@pytest.mark.usefixtures("model")
def test_update_of_a_model_is_accepted_where_it_is_asked_for(
    publish: Callable[[JSON], None],
) -> None:
    steps = STAGER_INPUTS["steps"] | {"maximum": 40}
    publish(published(STAGER_INPUTS | {"steps": steps}))
    row = ReplicateModel.objects.get(slug=SLUG)

    left = run(SLUG, "--yes")
    row.refresh_from_db()
    before = row.pinned_schema
    taken = run(SLUG, "--update", "--yes")
    row.refresh_from_db()

    assert f"{SLUG} is there already: nothing was changed." in left
    assert "It is there already.\n" in taken
    assert row.pinned_schema != before
    assert row.pinned_schema
    inputs = row.pinned_schema.document["components"]["schemas"]["Input"]["properties"]
    assert inputs["steps"]["maximum"] == 40


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize(
    "steps", [STAGER_INPUTS["steps"] | {"maximum": 20, "default": 10}, None], ids=["limit", "gone"]
)
def test_update_that_breaks_a_stored_value_is_refused(
    publish: Callable[[JSON], None], steps: JSON | None
) -> None:
    inputs = {name: prop for name, prop in STAGER_INPUTS.items() if name != "steps"}
    publish(published(inputs | ({"steps": steps} if steps else {})))
    before = everything()

    output = run(SLUG, "--update", "--yes", code=1)

    assert "breaks what is stored" in output
    assert everything() == before


def test_update_that_deprecates_an_input_keeps_its_stored_value(
    stored: StoredSettings, publish: Callable[[JSON], None]
) -> None:
    steps = STAGER_INPUTS["steps"] | {"deprecated": True}
    publish(published(STAGER_INPUTS | {"steps": steps}))

    run(SLUG, "--update", "--yes")

    after = get_settings(SLUG)
    assert after.schema.parameters["steps"]["deprecated"]
    assert after.values == stored.values
