"""History, profiles and search through the API: whole answers, who may, and what is wrong."""

from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Permission, User
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from modelsettings import profiles
from modelsettings.actors import Actor
from modelsettings.models import ModelSettings, RoomProfile
from modelsettings.settings import StoredSettings, patch_settings
from tests.conftest import client_of
from tests.modelsettings.acme import STAGER_DEFAULTS
from tests.modelsettings.conftest import SLUG
from tests.modelsettings.test_api import call, iso

pytestmark = pytest.mark.django_db

BASE = f"/api/v1/admin/models/{SLUG}"
HISTORY, COMPARE = f"{BASE}/config/history", f"{BASE}/config/compare"
ROLLBACK, RESET = f"{BASE}/config/rollback", f"{BASE}/config/reset"
PROFILES, DRAFT, SEARCH = f"{BASE}/profiles", f"{BASE}/profiles/draft", "/api/v1/admin/settings"
READS = [HISTORY, f"{COMPARE}?old=1&new=1", PROFILES, SEARCH]
WRITES: list[tuple[str, str, Any]] = [
    ("post", ROLLBACK, {"revision": 1}),
    ("post", RESET, {}),
    ("post", PROFILES, {"name": "new"}),
    ("patch", DRAFT, {"name": "new"}),
]


@pytest.fixture
def draft(stored: StoredSettings, ann: Actor) -> ModelSettings:
    """Beside it, the live profile is at revision 2."""
    patch_settings(stored.pk, {"steps": 31}, by=ann, reason="finer")
    return profiles.copy_profile(stored.pk, "draft", by=ann)


def state() -> list[Any]:
    columns = ("pk", "name", "values", "revision", "retired_at", "model__live_profile")
    rooms = RoomProfile.objects.values_list("room_type", "profile")
    return [*ModelSettings.objects.order_by("pk").values_list(*columns), *rooms]


def test_history_answers_each_change(
    api: APIClient, draft: ModelSettings, stored: StoredSettings
) -> None:
    answer = api.get(HISTORY).json()

    newest = ModelSettings.objects.get(pk=stored.pk)
    assert answer == {
        "next": None,
        "results": [
            {
                "revision": 2,
                "changed_at": iso(newest),
                "changed_by": "ann",
                "reason": "finer",
                "changes": [{"key": "steps", "old": 30, "new": 31}],
            },
            {
                "revision": 1,
                "changed_at": iso(stored),
                "changed_by": "system:test",
                "reason": "The model's defaults.",
                "changes": [],
            },
        ],
    }


def test_history_by_pages(api: APIClient, stored: StoredSettings, ann: Actor) -> None:
    for seed in range(24):
        patch_settings(stored.pk, {"seed": seed}, by=ann)

    first = api.get(f"{HISTORY}?profile=default").json()
    second = api.get(first["next"]).json()

    assert first["next"] == f"http://testserver{HISTORY}?profile=default&before=6"
    numbers = [one["revision"] for page in (first, second) for one in page["results"]]
    assert numbers == list(range(25, 0, -1))
    assert second["next"] is None
    assert api.get(f"{HISTORY}?before=1").json() == {"next": None, "results": []}


def test_compare_answers_null_for_unset(api: APIClient, stored: StoredSettings, ann: Actor) -> None:
    patch_settings(stored.pk, {"seed": 1, "steps": 5}, by=ann)

    assert api.get(f"{COMPARE}?old=1&new=2").json() == {
        "changes": [
            {"key": "seed", "old": None, "new": 1},
            {"key": "steps", "old": 30, "new": 5},
        ]
    }


def test_rollback_and_reset_answer_the_new_document(api: APIClient, draft: ModelSettings) -> None:
    back = call(api, "post", ROLLBACK, {"revision": 1}, x_change_reason="worse")
    call(api, "patch", f"{BASE}/config", {"steps": 5, "seed": 1})
    reset = call(api, "post", RESET, {"keys": ["steps"]})

    assert (back.json()["revision"], back.json()["config"]) == (3, STAGER_DEFAULTS)
    assert back.headers["ETag"].endswith('-3"')
    assert reset.json()["config"] == {**STAGER_DEFAULTS, "seed": 1}
    reasons = [one["reason"] for one in api.get(HISTORY).json()["results"]]
    assert reasons[:3] == ["Back to the defaults.", "", "worse"]


@pytest.mark.parametrize(("path", "body"), [(ROLLBACK, {"revision": 1}), (RESET, {})])
def test_rollback_and_reset_heed_the_tag(
    api: APIClient, draft: ModelSettings, stored: StoredSettings, path: str, body: Any
) -> None:
    answer = call(api, "post", path, body, if_match=f'"{stored.pk}-1"')

    assert (answer.status_code, answer.json()["revision"]) == (412, 2)


@pytest.mark.parametrize(
    ("method", "path", "body", "named"),
    [
        ("post", RESET, {"key": ["steps"]}, "key"),
        ("post", ROLLBACK, {"revision": 1, "keep": True}, "keep"),
        ("post", PROFILES, {"name": "new", "from": "draft"}, "from"),
        ("patch", DRAFT, {"nam": "new"}, "nam"),
        ("post", f"{RESET}?profil=draft", {}, "profil"),
        ("patch", f"{BASE}/config?profil=draft", {"steps": 12}, "profil"),
        ("put", f"{BASE}/config?profil=draft", {}, "profil"),
    ],
)
def test_change_refuses_what_is_misspelt(
    api: APIClient, draft: ModelSettings, method: str, path: str, body: Any, named: str
) -> None:
    before = state()

    answer = getattr(api, method)(path, body, format="json")

    assert (answer.status_code, list(answer.json())) == (400, [named])
    assert state() == before


@pytest.mark.parametrize("path", [f"{HISTORY}?befor=2", f"{COMPARE}?old=1&new=1&nw=2"])
def test_read_refuses_what_is_misspelt(api: APIClient, draft: ModelSettings, path: str) -> None:
    assert api.get(path).status_code == 400


def test_reset_without_a_body_resets_nothing(api: APIClient, draft: ModelSettings) -> None:
    before = state()

    answer = api.post(RESET)

    assert (answer.status_code, answer.json()) == (
        400,
        {"detail": "The request has no body: send a JSON object with a Content-Length."},
    )
    assert state() == before


def test_profiles_are_listed_and_made(api: APIClient, draft: ModelSettings) -> None:
    answer = call(api, "post", PROFILES, {"name": "Küche & Bad", "source": "draft"})

    made = ModelSettings.objects.get(name="Küche & Bad")
    assert (answer.status_code, answer.json()) == (
        201,
        {
            "name": "Küche & Bad",
            "revision": 1,
            "is_live": False,
            "room_types": [],
            "is_retired": False,
            "locked_by": "",
            "lock_reason": "",
            "updated_at": iso(made),
            "updated_by": "olga",
        },
    )
    names = [(one["name"], one["is_live"]) for one in api.get(PROFILES).json()]
    assert names == [("default", True), ("Küche & Bad", False), ("draft", False)]


@pytest.mark.parametrize("name", ["Küche & Bad", "50 %", "a?b#c", "a+b", "客厅", 'x"; --', "%2F"])
def test_a_profile_is_found_by_its_name_percent_encoded(
    api: APIClient, draft: ModelSettings, name: str
) -> None:
    profiles.rename_profile(draft.pk, name, by=Actor("ann"))

    answer = call(api, "patch", f"{PROFILES}/{quote(name, safe='')}", {"room_types": ["kitchen"]})

    assert (answer.status_code, answer.json()["name"]) == (200, name)
    config = api.get(f"{BASE}/config?profile={quote(name, safe='')}")
    assert config.json()["profile"] == name


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"name": "other"}, {"name": "other"}),
        ({"is_retired": True}, {"is_retired": True}),
        ({"is_live": True}, {"is_live": True}),
        ({"room_types": ["office", "kitchen"]}, {"room_types": ["kitchen", "office"]}),
        ({"is_retired": False}, {"is_retired": False}),
        ({}, {}),
    ],
)
def test_patch_profile(api: APIClient, draft: ModelSettings, body: Any, told: Any) -> None:
    answer = call(api, "patch", DRAFT, body)

    assert answer.status_code == 200
    assert answer.json().items() >= told.items()


@pytest.mark.parametrize(
    "body",
    [
        {"name": "other", "is_live": False},
        {"name": "other", "room_types": ["kitchen"], "is_retired": True},
        {"name": "other", "is_live": True, "is_retired": True},
        {"room_types": ["kitchen"], "name": "default"},
        {"name": "other", "room_types": ["x" * 41]},
    ],
)
def test_patch_profile_does_all_or_nothing(api: APIClient, draft: ModelSettings, body: Any) -> None:
    before = state()

    assert call(api, "patch", DRAFT, body).status_code == 400
    assert state() == before


def test_search_answers_each_hit(api: APIClient, draft: ModelSettings) -> None:
    answer = api.get(f"{SEARCH}?key=steps&test=gt&value=30&changed_only=true").json()

    hit = {"model_id": SLUG, "key": "steps", "value": 31, "default": 30, "is_changed": True}
    assert [one for one in answer if one["model_id"] == SLUG] == [
        {**hit, "profile": "default", "is_live": True},
        {**hit, "profile": "draft", "is_live": False},
    ]


NO_PAGES = ["0", "-1", "x", "9" * 30, "%00"]
NO_ROLLBACKS: list[Any] = [
    {}, [], None, 5, {"revision": 10**30}, {"revision": "x"}, {"revision": True},
    {"revision": 1, "keep_what_fits": []},
]  # fmt: skip
NO_RESETS: list[Any] = [
    [], "steps", {"keys": 5}, {"keys": None}, {"keys": ["gone"]}, {"keys": [[]]},
    {"keys": ["a\0b"]},
]  # fmt: skip
NO_NAMES: list[Any] = [
    "", " ", "a/b", "a\0b", "x" * 101, "default", None, [], "\ud800", "..",
]  # fmt: skip
NO_CHANGES: list[Any] = [
    [], {"name": ""}, {"name": "default"}, {"name": {}}, {"is_live": "perhaps"}, {"is_live": []},
    {"room_types": "kitchen"}, {"room_types": [5, []]}, {"room_types": ["a\0b"]},
    {"room_types": ["\ud800"]}, {"is_retired": 10**30},
]  # fmt: skip
WRONG: list[tuple[str, str, Any, int]] = [
    *(("get", f"{HISTORY}?before={text}", None, 400) for text in NO_PAGES),
    ("get", f"{HISTORY}?profile=%00", None, 404),
    ("get", f"{HISTORY}?profile=gone", None, 404),
    ("get", f"{COMPARE}?old=1", None, 400),
    ("get", f"{COMPARE}?old=1&new={'9' * 30}", None, 400),
    ("get", f"{COMPARE}?old=1&new=99", None, 404),
    ("get", f"{SEARCH}?test=gone", None, 400),
    ("get", f"{SEARCH}?key=%00", None, 400),
    ("get", f"{SEARCH}?changed_only=perhaps", None, 400),
    ("get", PROFILES.replace(SLUG, "acme/gone"), None, 404),
    *(("post", ROLLBACK, body, 400) for body in NO_ROLLBACKS),
    ("post", ROLLBACK, {"revision": 99}, 404),
    *(("post", RESET, body, 400) for body in NO_RESETS),
    *(("post", PROFILES, {"name": name}, 400) for name in NO_NAMES),
    ("post", PROFILES, {}, 400),
    ("post", PROFILES, {"name": "new", "source": "gone"}, 404),
    ("post", PROFILES, {"name": "new", "source": "a\0b"}, 400),
    *(("patch", DRAFT, body, 400) for body in NO_CHANGES),
    ("patch", f"{PROFILES}/gone", {"name": "x"}, 404),
    ("patch", f"{PROFILES}/%00", {"name": "x"}, 404),
    ("patch", f"{PROFILES}/{'x' * 3000}", {"name": "x"}, 404),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), WRONG)
def test_what_is_wrong_is_answered_in_words(
    api: APIClient, draft: ModelSettings, method: str, path: str, body: Any, status: int
) -> None:
    before = state()

    answer = call(api, method, path, body)

    assert (answer.status_code, bool(answer.json())) == (status, True)
    assert state() == before


def allow(user: User, *codenames: str) -> APIClient:
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return client_of(user)


EVERY: list[tuple[str, str, Any]] = [*(("get", path, None) for path in READS), *WRITES]


@pytest.mark.parametrize(("method", "path", "body"), EVERY)
def test_a_viewer_reads_and_does_not_write(
    draft: ModelSettings, stranger: User, method: str, path: str, body: Any
) -> None:
    before = state()

    answer = call(allow(stranger, "view_modelsettings"), method, path, body)

    assert answer.status_code == (200 if method == "get" else 403)
    assert state() == before


# Four are knox's and the permissions'; the settings and the revisions, the model's profiles.
@pytest.mark.parametrize(("path", "queries"), [(HISTORY, 6), (PROFILES, 8), (SEARCH, 5)])
@pytest.mark.parametrize("rows", [1, 20])
def test_lists_take_as_many_queries_however_long(
    api: APIClient,
    draft: ModelSettings,
    stored: StoredSettings,
    path: str,
    queries: int,
    rows: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(rows):
        made = profiles.copy_profile(stored.pk, f"draft {number}", by=Actor("ann"))
        profiles.use_for_rooms(made.pk, [f"room {number}"], by=Actor("ann"))
        patch_settings(stored.pk, {"seed": number}, by=Actor("ann"))
    api.get(path)

    with django_assert_num_queries(queries):
        api.get(path)
