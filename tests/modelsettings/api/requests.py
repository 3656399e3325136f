"""Requests to the settings API as its tests send them, and what they look at afterwards."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from rest_framework.test import APIClient

from modelsettings import profiles
from modelsettings.actors import Actor
from modelsettings.models import ModelSettings, RoomProfile
from modelsettings.settings import StoredSettings, patch_settings
from tests.conftest import client_of
from tests.modelsettings.conftest import SLUG

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


def iso(row: ModelSettings | StoredSettings) -> str:
    return row.updated_at.isoformat().replace("+00:00", "Z")


def profile(stored: StoredSettings) -> ModelSettings:
    return ModelSettings.objects.get(pk=stored.pk)


def allow(user: User, *codenames: str) -> APIClient:
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return client_of(user)


BASE = f"/api/v1/admin/models/{SLUG}"
HISTORY, COMPARE = f"{BASE}/config/history", f"{BASE}/config/compare"
OVERRIDABLE = f"{BASE}/config/overridable"
ROLLBACK, RESET = f"{BASE}/config/rollback", f"{BASE}/config/reset"
PROFILES, DRAFT, SEARCH = f"{BASE}/profiles", f"{BASE}/profiles/draft", "/api/v1/admin/settings"


@pytest.fixture
def draft(stored: StoredSettings, ann: Actor) -> ModelSettings:
    """Beside it, the live profile is at revision 2."""
    patch_settings(stored.pk, {"steps": 31}, by=ann, reason="finer")
    return profiles.copy_profile(stored.pk, "draft", by=ann)


def state() -> list[Any]:
    columns = ("pk", "name", "values", "revision", "retired_at", "model__live_profile")
    rooms = RoomProfile.objects.values_list("room_type", "profile")
    return [*ModelSettings.objects.order_by("pk").values_list(*columns), *rooms]
