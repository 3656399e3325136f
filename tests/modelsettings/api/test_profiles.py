from typing import Any
from urllib.parse import quote

import pytest
from rest_framework.test import APIClient

from modelsettings import profiles
from modelsettings.actors import Actor
from modelsettings.models import ModelSettings
from tests.modelsettings.api.requests import BASE, DRAFT, PROFILES, call, iso, state

pytestmark = pytest.mark.django_db


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
            "clients_may_name": True,
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
