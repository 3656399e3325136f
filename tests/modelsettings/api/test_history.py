from typing import Any

import pytest
from rest_framework.test import APIClient

from modelsettings.actors import Actor
from modelsettings.models import ModelSettings
from modelsettings.settings import StoredSettings, patch_settings
from tests.modelsettings.acme import STAGER_DEFAULTS
from tests.modelsettings.api.requests import (
    BASE,
    COMPARE,
    DRAFT,
    HISTORY,
    PROFILES,
    RESET,
    ROLLBACK,
    call,
    iso,
    state,
)

pytestmark = pytest.mark.django_db


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
                "overridable": None,
            },
            {
                "revision": 1,
                "changed_at": iso(stored),
                "changed_by": "system:test",
                "reason": "As it came.",
                "changes": [],
                "overridable": None,
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
        ],
        "overridable": None,
    }


def test_rollback_and_reset_answer_the_new_document(api: APIClient, draft: ModelSettings) -> None:
    back = call(api, "post", ROLLBACK, {"revision": 1}, x_change_reason="worse")
    call(api, "patch", f"{BASE}/config", {"steps": 5, "seed": 1})
    reset = call(api, "post", RESET, {"keys": ["steps"]})

    assert (back.json()["revision"], back.json()["config"]) == (3, STAGER_DEFAULTS)
    assert back.headers["ETag"].endswith('-3"')
    assert reset.json()["config"] == {**STAGER_DEFAULTS, "seed": 1}
    reasons = [one["reason"] for one in api.get(HISTORY).json()["results"]]
    assert reasons[:3] == ["Back to how it came.", "", "worse"]


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
