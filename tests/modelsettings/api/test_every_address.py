"""What holds at each address of history, profiles and search."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from modelsettings import profiles
from modelsettings.actors import Actor
from modelsettings.models import ModelSettings
from modelsettings.settings import StoredSettings, patch_settings
from tests.modelsettings.api.requests import (
    COMPARE,
    DRAFT,
    HISTORY,
    OVERRIDABLE,
    PROFILES,
    RESET,
    ROLLBACK,
    SEARCH,
    allow,
    call,
    state,
)
from tests.modelsettings.conftest import SLUG

pytestmark = pytest.mark.django_db

READS = [HISTORY, f"{COMPARE}?old=1&new=1", PROFILES, SEARCH]
WRITES: list[tuple[str, str, Any]] = [
    ("post", ROLLBACK, {"revision": 1}),
    ("post", RESET, {}),
    ("put", OVERRIDABLE, {"parameters": ["steps"]}),
    ("post", PROFILES, {"name": "new"}),
    ("patch", DRAFT, {"name": "new"}),
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
NO_LISTS: list[Any] = [
    {}, [], {"parameters": 5}, {"parameters": ["gone"]}, {"parameters": ["a\0b"]},
    {"parameters": [[]]}, {"parameters": [], "more": 1}, {"parameters": ["\ud800"]},
]  # fmt: skip
NO_NAMES: list[Any] = [
    "", " ", "a/b", "a\0b", "x" * 101, "default", "Standard", None, [], "\ud800", "..",
]  # fmt: skip
NO_CHANGES: list[Any] = [
    [], {"name": ""}, {"name": "default"}, {"name": "STANDARD"}, {"name": {}}, {"is_live": []},
    {"is_live": "perhaps"},
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
    ("get", f"{SEARCH}?test=lt&value=abc", None, 400),
    ("get", f"{SEARCH}?changed_only=perhaps", None, 400),
    ("get", PROFILES.replace(SLUG, "acme/gone"), None, 404),
    *(("post", ROLLBACK, body, 400) for body in NO_ROLLBACKS),
    ("post", ROLLBACK, {"revision": 99}, 404),
    *(("post", RESET, body, 400) for body in NO_RESETS),
    *(("put", OVERRIDABLE, body, 400) for body in NO_LISTS),
    ("put", OVERRIDABLE.replace(SLUG, "acme/gone"), {"parameters": []}, 404),
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


EVERY: list[tuple[str, str, Any]] = [*(("get", path, None) for path in READS), *WRITES]


@pytest.mark.parametrize(("method", "path", "body"), EVERY)
def test_a_viewer_reads_and_does_not_write(
    draft: ModelSettings, stranger: User, method: str, path: str, body: Any
) -> None:
    before = state()

    answer = call(allow(stranger, "view_modelsettings"), method, path, body)

    assert answer.status_code == (200 if method == "get" else 403)
    assert state() == before


# Five are the token's, its last use included, and the permissions'; the settings and the revisions,
# the model's profiles.
@pytest.mark.parametrize(("path", "queries"), [(HISTORY, 7), (PROFILES, 9), (SEARCH, 6)])
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
