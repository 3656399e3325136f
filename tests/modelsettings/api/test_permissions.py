import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from modelsettings.schema.flattening import JSON
from modelsettings.settings import StoredSettings, get_settings
from tests.conftest import client_of
from tests.modelsettings.api.requests import (
    ACTIVE,
    CONFIG,
    DEFAULT,
    MODELS,
    SCHEMA,
    allow,
    call,
    profile,
)
from tests.modelsettings.conftest import SLUG

pytestmark = pytest.mark.django_db

READS = [("get", MODELS), ("get", ACTIVE), ("get", CONFIG), ("get", SCHEMA)]
WRITES = [("put", CONFIG), ("patch", CONFIG), ("put", ACTIVE)]
BODY: JSON = {"seed": 1, "value": SLUG}


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
        {"detail": "CSRF Failed: CSRF cookie not set.", "code": "permission_denied"},
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
