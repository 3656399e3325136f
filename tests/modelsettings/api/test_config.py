from typing import Any
from urllib.parse import quote

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from modelsettings import profiles
from modelsettings.actors import Actor
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.prior.judgement import Row, families
from modelsettings.schema.flattening import JSON
from modelsettings.settings import StoredSettings, patch_settings
from tests.modelsettings.acme import STAGER_DEFAULTS
from tests.modelsettings.api.requests import (
    ACTIVE,
    CONFIG,
    MODELS,
    OVERRIDABLE,
    SCHEMA,
    call,
    iso,
    profile,
)
from tests.modelsettings.conftest import SLUG, write_behind_the_services

pytestmark = pytest.mark.django_db


NAMES = [
    "go_fast", "seed", "output_format", "output_quality", "steps", "strength", "negative_prompt",
    "note", "loras", "num_outputs", "aspect_ratio", "disclosure",
]  # fmt: skip


def tag_of(stored: StoredSettings, revision: int = 1) -> str:
    return f'"{stored.pk}-{revision}"'


def answer_of(config: JSON, row: ModelSettings | StoredSettings, **others: Any) -> JSON:
    return {
        "model_id": SLUG,
        "profile": "default",
        "revision": row.revision,
        "config": config,
        "defaults": STAGER_DEFAULTS,
        "changed": [],
        "overridable": [name for name in NAMES if name != "disclosure"],
        "updated_at": iso(row),
        "updated_by": row.updated_by,
        **others,
    }


def test_get_config_answers_the_whole_document(api: APIClient, stored: StoredSettings) -> None:
    answer = api.get(CONFIG)

    assert answer.status_code == 200
    assert answer.json() == answer_of(STAGER_DEFAULTS, profile(stored))
    assert answer.headers["ETag"] == tag_of(stored)
    assert answer.headers["Content-Type"] == "application/json"


def test_get_config_lists_what_differs_from_the_defaults(
    api: APIClient, stored: StoredSettings, ann: Actor
) -> None:
    row = patch_settings(stored.pk, {"seed": 1, "output_quality": 5}, by=ann)

    assert api.get(CONFIG).json() == answer_of(
        {**STAGER_DEFAULTS, "seed": 1, "output_quality": 5},
        row,
        changed=["seed", "output_quality"],
    )


def test_put_overridable_lists_what_clients_may_change(
    api: APIClient, stored: StoredSettings
) -> None:
    answer = call(
        api,
        "put",
        OVERRIDABLE,
        {"parameters": ["steps", "disclosure"]},
        x_change_reason="only%20these",
        if_match=tag_of(stored),
    )

    row = profile(stored)
    assert answer.json() == answer_of(STAGER_DEFAULTS, row, overridable=["steps", "disclosure"])
    assert (answer.status_code, answer.headers["ETag"]) == (200, tag_of(stored, 2))
    newest = api.get(f"{CONFIG}/history").json()["results"][0]
    assert (newest["changed_by"], newest["reason"]) == ("olga", "only these")
    assert newest["overridable"]["allowed"] == ["disclosure"]
    back = call(api, "put", OVERRIDABLE, {"parameters": None})
    assert (back.status_code, back.json()["revision"]) == (200, 3)
    assert "disclosure" not in back.json()["overridable"]


def test_put_overridable_heeds_the_tag(api: APIClient, stored: StoredSettings, ann: Actor) -> None:
    patch_settings(stored.pk, {"steps": 31}, by=ann)

    answer = call(api, "put", OVERRIDABLE, {"parameters": []}, if_match=tag_of(stored))

    assert (answer.status_code, answer.json()["revision"]) == (412, 2)


def test_get_config_keeps_the_schemas_order(api: APIClient, stored: StoredSettings) -> None:
    assert list(api.get(CONFIG).json()["config"]) == list(STAGER_DEFAULTS)


@pytest.mark.parametrize("path", [CONFIG, CONFIG.replace(SLUG, "acme%2Fstager"), SCHEMA])
def test_paths_take_the_slash_plain_and_encoded(
    api: APIClient, stored: StoredSettings, path: str
) -> None:
    assert api.get(path).status_code == 200


def test_put_config_under_the_encoded_path(api: APIClient, stored: StoredSettings) -> None:
    answer = call(api, "put", CONFIG.replace(SLUG, "acme%2Fstager"), {"seed": 1})

    assert (answer.status_code, profile(stored).values["seed"]) == (200, 1)


def test_get_config_of_a_named_profile(
    api: APIClient, stored: StoredSettings, model: ReplicateModel
) -> None:
    draft = profiles.copy_profile(stored.pk, "a draft", by=Actor("ann"))

    call(api, "patch", f"{CONFIG}?profile=a%20draft", {"seed": 1})

    answer = api.get(f"{CONFIG}?profile=a%20draft")
    assert (answer.json()["profile"], answer.json()["config"]["seed"]) == ("a draft", 1)
    assert answer.headers["ETag"] == f'"{draft.pk}-2"'
    assert profile(stored).revision == 1


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        (f"{MODELS}/acme/gone/config", "There is no settings profile acme/gone."),
        (f"{MODELS}/acme/gone/config/schema", "There is no settings profile acme/gone."),
        (f"{CONFIG}?profile=gone", f"There is no settings profile gone of {SLUG}."),
        (f"{SCHEMA}?profile=gone", f"There is no settings profile gone of {SLUG}."),
        (f"{CONFIG}?profile=a%00b", "There is no such settings profile."),
    ],
)
def test_get_of_what_is_not_there(
    api: APIClient, stored: StoredSettings, path: str, detail: str
) -> None:
    answer = api.get(path)

    assert (answer.status_code, answer.json()) == (404, {"detail": detail})


def test_get_schema_answers_the_settings_schema(api: APIClient, stored: StoredSettings) -> None:
    answer = api.get(SCHEMA)

    assert answer.json() == stored.marked_schema
    assert answer.json()["properties"]["output_quality"] == {
        "type": "integer",
        "title": "Output quality",
        "minimum": 0,
        "maximum": 100,
        "default": 80,
        "x-order": 3,
        "x-overridable": True,
    }
    assert answer.json()["properties"]["disclosure"]["x-overridable"] is False
    assert answer.json()["properties"]["num_outputs"]["x-applied-by"] == "restage"


@pytest.mark.parametrize(("path", "queries"), [(CONFIG, 6), (SCHEMA, 6), (MODELS, 6), (ACTIVE, 6)])
def test_get_query_count(
    api: APIClient,
    stored: StoredSettings,
    path: str,
    queries: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    api.get(path)

    # The token twice (knox), its last use, the permissions of user and groups; the answer's own.
    with django_assert_num_queries(queries):
        api.get(path)


def test_put_config_replaces_the_document(api: APIClient, stored: StoredSettings) -> None:
    call(api, "patch", CONFIG, {"seed": 1})

    answer = call(api, "put", CONFIG, {"output_quality": 55.0})

    row = profile(stored)
    assert (answer.status_code, row.revision) == (200, 3)
    assert answer.json() == answer_of(
        {**STAGER_DEFAULTS, "output_quality": 55},
        row,
        changed=["output_quality"],
        updated_by="olga",
    )
    assert answer.headers["ETag"] == tag_of(stored, 3)


def test_put_config_of_what_get_answered_changes_nothing(
    api: APIClient, stored: StoredSettings
) -> None:
    call(api, "patch", CONFIG, {"seed": 1, "note": "", "loras": []})
    before = api.get(CONFIG)

    answer = call(api, "put", CONFIG, before.json()["config"], if_match=before.headers["ETag"])

    assert (answer.status_code, answer.json()) == (200, before.json())
    assert answer.headers["ETag"] == before.headers["ETag"]


def test_put_config_of_an_empty_object_resets_all(api: APIClient, stored: StoredSettings) -> None:
    call(api, "patch", CONFIG, {"seed": 1, "strength": 1})

    assert call(api, "put", CONFIG, {}).json()["config"] == STAGER_DEFAULTS


def test_patch_config_changes_the_keys_it_names(api: APIClient, stored: StoredSettings) -> None:
    call(api, "patch", CONFIG, {"seed": 1, "strength": 1})

    answer = call(api, "patch", CONFIG, {"seed": None, "output_quality": 5})

    assert answer.json()["config"] == {**STAGER_DEFAULTS, "strength": 1, "output_quality": 5}
    assert answer.json()["changed"] == ["output_quality", "strength"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("", None),
        ("smaller%20files", "smaller files"),
        ("plain words", "plain words"),
        (quote("für Küche & Bad: 100 % – 東京"), "für Küche & Bad: 100 % – 東京"),
    ],
)
def test_change_reason_stands_in_the_history(
    api: APIClient, stored: StoredSettings, sent: str, kept: str | None
) -> None:
    call(api, "patch", CONFIG, {"seed": 1}, x_change_reason=sent)

    step = ModelSettings.history.get(id=stored.pk, revision=2)
    assert (step.history_change_reason, step.updated_by) == (kept, "olga")
    assert step.history_user is not None
    assert step.history_user.get_username() == "olga"


def test_change_reason_with_nul_is_refused(api: APIClient, stored: StoredSettings) -> None:
    answer = call(api, "patch", CONFIG, {"seed": 1}, x_change_reason="a%00b")

    assert (answer.status_code, answer.json()) == (
        400,
        {"detail": "X-Change-Reason holds the character NUL, which cannot be stored."},
    )
    assert profile(stored).revision == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "queries"),
    [
        ("put", CONFIG, {"seed": 2}, 11),
        ("put", CONFIG, {"seed": 1}, 9),
        ("patch", CONFIG, {"seed": 2}, 11),
        ("post", f"{CONFIG}/rollback", {"revision": 1}, 12),
        ("post", f"{CONFIG}/reset", {}, 11),
    ],
)
def test_change_query_count(
    api: APIClient,
    stored: StoredSettings,
    ann: Actor,
    method: str,
    path: str,
    body: JSON,
    queries: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    patch_settings(stored.pk, {"seed": 1}, by=ann)

    # Five as for GET; the profile; the change with its savepoint, its lock and its two writes, of
    # which one that changes nothing has none; a rollback reads the old values.
    with django_assert_num_queries(queries):
        answer = call(api, method, path, body)

    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["put", "patch"])
def test_change_of_a_locked_profile(api: APIClient, stored: StoredSettings, method: str) -> None:
    write_behind_the_services(stored.pk, locked_by="experiment 7", lock_reason="under test")

    answer = call(api, method, CONFIG, {"seed": 1})

    assert (answer.status_code, answer.json()) == (
        409,
        {"detail": "This profile is locked by experiment 7: under test.", "code": "locked"},
    )
    assert profile(stored).values == STAGER_DEFAULTS


@pytest.mark.parametrize("method", ["put", "patch"])
@pytest.mark.parametrize("if_match", ["fresh", "*", " * ", None])
def test_change_that_is_not_stale(
    api: APIClient, stored: StoredSettings, method: str, if_match: str | None
) -> None:
    call(api, "patch", CONFIG, {"output_quality": 70})
    tag = tag_of(stored, 2) if if_match == "fresh" else if_match

    answer = call(api, method, CONFIG, {"seed": 1}, **({"if_match": tag} if tag else {}))

    assert (answer.status_code, answer.headers["ETag"]) == (200, tag_of(stored, 3))


def test_put_config_stale_answers_both_values_and_authors(
    api: APIClient, stored: StoredSettings, bob: Actor
) -> None:
    theirs = patch_settings(stored.pk, {"output_quality": 70, "seed": 5}, by=bob)

    answer = call(api, "put", CONFIG, {"output_quality": 55}, if_match=tag_of(stored))

    conflict = {"by": "bob", "at": iso(theirs)}
    assert (answer.status_code, answer.json()) == (
        412,
        {
            "detail": "Somebody saved revision 2 meanwhile, and changed output_quality, seed. "
            "Look at both values, then save again.",
            "revision": 2,
            "conflicts": [
                {"key": "output_quality", "yours": 55, "theirs": 70, **conflict},
                {"key": "seed", "yours": None, "theirs": 5, **conflict},
            ],
        },
    )
    assert profile(stored).revision == 2


def test_patch_config_stale_merges(api: APIClient, stored: StoredSettings, bob: Actor) -> None:
    patch_settings(stored.pk, {"output_quality": 70}, by=bob)

    answer = call(api, "patch", CONFIG, {"seed": 1}, if_match=tag_of(stored))

    assert answer.status_code == 200
    assert answer.json()["config"] == {**STAGER_DEFAULTS, "output_quality": 70, "seed": 1}
    assert answer.headers["ETag"] == tag_of(stored, 3)


def test_patch_config_stale_in_conflict(api: APIClient, stored: StoredSettings, bob: Actor) -> None:
    theirs = patch_settings(stored.pk, {"output_quality": 70}, by=bob)

    answer = call(api, "patch", CONFIG, {"seed": 1, "output_quality": 55}, if_match=tag_of(stored))

    assert (answer.status_code, answer.json()["conflicts"]) == (
        412,
        [{"key": "output_quality", "yours": 55, "theirs": 70, "by": "bob", "at": iso(theirs)}],
    )
    assert profile(stored).values == {**STAGER_DEFAULTS, "output_quality": 70}


def test_change_with_a_tag_that_a_proxy_made_weak(api: APIClient, stored: StoredSettings) -> None:
    tag = f'W/"{stored.pk}-{stored.revision}"'

    answer = call(api, "put", CONFIG, {"seed": 1}, if_match=tag)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "tag",
    [
        "",
        '"',
        '""',
        "1-1",
        '"1"',
        '"1-"',
        '"-1"',
        '"1-1" ,"1-2"',
        '"one-two"',
        '"1--1"',
        '"١-١"',
        '"1-1.0"',
        f'"1-{"9" * 5000}"',
    ],
    ids=lambda tag: tag[:20].encode("ascii", "backslashreplace").decode(),
)
@pytest.mark.parametrize("method", ["put", "patch"])
def test_change_with_a_malformed_tag(
    api: APIClient, stored: StoredSettings, method: str, tag: str
) -> None:
    answer = call(api, method, CONFIG, {"seed": 1}, if_match=tag)

    detail = f'If-Match is not an ETag of settings: write it as "{stored.pk}-1".'
    assert (answer.status_code, answer.json()) == (400, {"detail": detail})
    assert profile(stored).revision == 1


@pytest.mark.parametrize("method", ["put", "patch"])
@pytest.mark.parametrize("body", [{"output_quality": 5}, {"seed": 1}])
@pytest.mark.parametrize("revision", [1, 2, 10**17])
def test_change_with_the_tag_of_another_profile(
    api: APIClient, stored: StoredSettings, method: str, body: JSON, revision: int
) -> None:
    call(api, "patch", CONFIG, {"strength": 1})
    tag = f'"{stored.pk + 1}-{revision}"'

    answer = call(api, method, CONFIG, body, if_match=tag)

    assert answer.status_code == 412
    assert set(body) <= {one["key"] for one in answer.json()["conflicts"]}
    assert profile(stored).revision == 2


def test_change_with_the_tag_of_a_revision_to_come(api: APIClient, stored: StoredSettings) -> None:
    answer = call(api, "patch", CONFIG, {"seed": 1}, if_match=tag_of(stored, 2))

    assert answer.status_code == 412
    assert profile(stored).revision == 1


# What a front end of the earlier system sends to models that take less today.
NO_LONGER = {
    "bytedance/seedream-3": {"num_inference_steps"},
    "bytedance/seedream-4": {"num_inference_steps", "guidance_scale"},
    "openai/gpt-image-1": {"openai_api_key", "prompt", "input_images"},
    "openai/gpt-image-1.5": {"openai_api_key", "prompt", "input_images"},
}


@pytest.mark.parametrize("row", [row for family in families() for row in family.rows])
@pytest.mark.parametrize("slash", ["/", "%2F"])
def test_put_takes_the_body_of_the_earlier_system(api: APIClient, row: Row, slash: str) -> None:
    """The whole config object, not wrapped; a field that the model does not have is named."""
    address = f"{MODELS}/{row.model.replace('/', slash)}/config"
    body = {**row.values, **row.later}
    gone = NO_LONGER.get(row.model, set())

    first = call(api, "put", address, body)
    if gone:
        assert (first.status_code, set(first.json())) == (400, gone)
        body = {key: value for key, value in body.items() if key not in gone}
        first = call(api, "put", address, body)

    assert first.status_code == 200
    sent = {key: value for key, value in body.items() if value is not None}
    assert sent.items() <= first.json()["config"].items()
