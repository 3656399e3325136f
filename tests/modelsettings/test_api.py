import json
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from modelsettings import profiles, registry
from modelsettings.actors import Actor
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.schema.flattening import JSON
from modelsettings.schema.published import PublishedModel
from modelsettings.settings import StoredSettings, get_settings, patch_settings
from tests.conftest import client_of
from tests.modelsettings.acme import STAGER_DEFAULTS, published
from tests.modelsettings.conftest import SLUG, write_behind_the_services

pytestmark = pytest.mark.django_db

MODELS = "/api/v1/admin/models"
ACTIVE = f"{MODELS}/active"
CONFIG = f"{MODELS}/{SLUG}/config"
SCHEMA = f"{CONFIG}/schema"
DEFAULT = "qwen/qwen-image-edit"


def call(client: APIClient, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """Send a JSON request; a header's name is written `if_match`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.generic(
        method.upper(),
        path,
        data="" if body is None else json.dumps(body),
        content_type="application/json",
        headers=named,
    )


def tag_of(stored: StoredSettings, revision: int = 1) -> str:
    return f'"{stored.pk}-{revision}"'


def iso(row: ModelSettings | StoredSettings) -> str:
    return row.updated_at.isoformat().replace("+00:00", "Z")


def answer_of(config: JSON, row: ModelSettings | StoredSettings, **others: Any) -> JSON:
    return {
        "model_id": SLUG,
        "profile": "default",
        "revision": row.revision,
        "config": config,
        "defaults": STAGER_DEFAULTS,
        "changed": [],
        "updated_at": iso(row),
        "updated_by": row.updated_by,
        **others,
    }


def profile(stored: StoredSettings) -> ModelSettings:
    return ModelSettings.objects.get(pk=stored.pk)


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

    assert answer.json() == stored.validator.schema
    assert answer.json()["properties"]["output_quality"] == {
        "type": "integer",
        "title": "Output quality",
        "minimum": 0,
        "maximum": 100,
        "default": 80,
        "x-order": 3,
    }
    assert answer.json()["properties"]["num_outputs"]["x-applied-by"] == "restage"


def test_get_models_lists_each_with_its_obstacle(api: APIClient, stored: StoredSettings) -> None:
    inputs = {"prompt": {"type": "string"}, "width": {}}
    painter = published(inputs, name="painter")
    registry.add_model(PublishedModel.from_json(painter), by=Actor("ann"))

    answer = api.get(MODELS).json()

    assert [model["id"] for model in answer][:1] == [DEFAULT]
    stager = {
        "id": SLUG,
        "label": "Stager",
        "description": "Stages a room.",
        "is_enabled": True,
        "is_default": False,
        "obstacle": None,
        "profile": "default",
        "revision": 1,
        "price": [],
    }
    assert answer[-1] == stager
    assert answer[-2] == {
        **stager,
        "id": "acme/painter",
        "label": "Painter",
        "obstacle": "acme/painter cannot stage a photo. "
        "It takes no photo: none of its inputs is an image.",
    }


@pytest.mark.parametrize(("path", "queries"), [(CONFIG, 5), (SCHEMA, 5), (MODELS, 5), (ACTIVE, 5)])
def test_get_query_count(
    api: APIClient,
    stored: StoredSettings,
    path: str,
    queries: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    api.get(path)

    # The token twice (knox), the user's and the groups' permissions; and the answer's own.
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
        ("put", CONFIG, {"seed": 2}, 10),
        ("put", CONFIG, {"seed": 1}, 8),
        ("patch", CONFIG, {"seed": 2}, 10),
        ("post", f"{CONFIG}/rollback", {"revision": 1}, 11),
        ("post", f"{CONFIG}/reset", {}, 10),
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

    # Four as for GET; the profile; the change with its savepoint, its lock and its two writes, of
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
        {"detail": "This profile is locked by experiment 7: under test."},
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


def test_get_active_answers_the_default_model(api: APIClient) -> None:
    assert api.get(ACTIVE).json() == {"value": DEFAULT}


def test_put_active_chooses_another(api: APIClient, stored: StoredSettings, operator: User) -> None:
    answer = call(api, "put", ACTIVE, {"value": SLUG})

    assert (answer.status_code, answer.json()) == (200, {"value": SLUG})
    assert api.get(ACTIVE).json() == {"value": SLUG}
    step = ReplicateModel.history.filter(slug=SLUG).latest()
    assert (step.is_default, step.history_user) == (True, operator)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"value": "acme/gone"}, {"value": ["There is no model acme/gone."]}),
        ({"value": SLUG}, {"value": [f"{SLUG} is disabled."]}),
        ({}, {"value": ["This field is required."]}),
        ({"value": ""}, {"value": ["This field may not be blank."]}),
        ({"value": None}, {"value": ["This field may not be null."]}),
        ({"value": "a\0b"}, {"value": ["Null characters are not allowed."]}),
        (
            {"value": "\ud800"},
            {"value": ["It holds half a character (a lone surrogate)."]},
        ),
        (
            [],
            {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]},
        ),
    ],
    ids=ascii,
)
def test_put_active_refuses(api: APIClient, model: ReplicateModel, body: Any, errors: JSON) -> None:
    model.is_enabled = False
    model.save()

    answer = api.generic("PUT", ACTIVE, data=json.dumps(body), content_type="application/json")

    assert (answer.status_code, answer.json()) == (400, errors)
    assert api.get(ACTIVE).json() == {"value": DEFAULT}


READS = [("get", MODELS), ("get", ACTIVE), ("get", CONFIG), ("get", SCHEMA)]
WRITES = [("put", CONFIG), ("patch", CONFIG), ("put", ACTIVE)]
BODY: JSON = {"seed": 1, "value": SLUG}


def allow(user: User, *codenames: str) -> APIClient:
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return client_of(user)


@pytest.mark.parametrize(("method", "path"), READS + WRITES)
@pytest.mark.parametrize(
    "authorization", [None, "Token garbage", "Token", "Bearer x", "Token " + "a" * 64]
)
def test_nobody_is_answered_401(
    stored: StoredSettings, method: str, path: str, authorization: str | None
) -> None:
    headers = {"authorization": authorization} if authorization else {}

    answer = call(APIClient(), method, path, BODY, **headers)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Token"
    assert profile(stored).revision == 1


@pytest.mark.parametrize(("method", "path"), READS + WRITES)
def test_a_stranger_learns_nothing_of_what_exists(
    stored: StoredSettings, stranger: User, method: str, path: str
) -> None:
    answer = call(client_of(stranger), method, path.replace(SLUG, "acme/gone"), BODY)

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("codename", "method", "path"),
    [
        ("replicatemodel", "get", CONFIG),
        ("replicatemodel", "get", SCHEMA),
        ("replicatemodel", "patch", CONFIG),
        ("modelsettings", "get", MODELS),
        ("modelsettings", "get", ACTIVE),
        ("modelsettings", "put", ACTIVE),
    ],
)
def test_a_permission_opens_its_own_door_only(
    stored: StoredSettings, stranger: User, codename: str, method: str, path: str
) -> None:
    client = allow(stranger, f"view_{codename}", f"change_{codename}")

    assert call(client, method, path, BODY).status_code == 403
    assert profile(stored).revision == 1


def test_one_who_left_is_answered_401(stored: StoredSettings, operator: User) -> None:
    client = client_of(operator)
    operator.is_active = False
    operator.save()

    assert client.get(CONFIG).status_code == 401


def session_of(user: User) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def test_session_may_read(stored: StoredSettings, operator: User) -> None:
    assert session_of(operator).get(CONFIG).status_code == 200


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_session_without_a_csrf_token_may_not_write(
    stored: StoredSettings, operator: User, method: str, path: str
) -> None:
    client = session_of(operator)

    answer = getattr(client, method)(path, BODY, content_type="application/json")

    assert (answer.status_code, answer.json()) == (
        403,
        {"detail": "CSRF Failed: CSRF cookie not set."},
    )
    assert profile(stored).revision == 1
    assert get_settings().slug == DEFAULT


def test_session_with_a_csrf_token_may_write(stored: StoredSettings, operator: User) -> None:
    client = session_of(operator)
    client.get(f"/admin/modelsettings/modelsettings/{stored.pk}/change/")
    token = client.cookies["csrftoken"].value

    answer = client.patch(
        CONFIG, {"seed": 1}, content_type="application/json", headers={"X-CSRFToken": token}
    )

    assert (answer.status_code, profile(stored).updated_by) == (200, "olga")
