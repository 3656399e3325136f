"""What an account may ask for a minute."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from pytest_django import Settings
from rest_framework.test import APIClient

from staging.models import StagingJob
from tests.conftest import client_of

API = "/api/v1/staging"
# No photo, no job: refused, and counted.
NOBODY = "8c1f5d0e-3f0b-4c53-9d0a-3b0f1f8f6a11"
COSTLY = ["photos", "jobs", "batches", f"jobs/{NOBODY}/retry", f"jobs/{NOBODY}/repeat"]


@pytest.fixture(autouse=True)
def _three_a_minute(settings: Settings) -> None:
    settings.COSTLY_REQUESTS_PER_MINUTE = 3
    cache.clear()


def post(api: APIClient, path: str = "jobs") -> Any:
    return api.post(f"{API}/{path}", {}, headers={"Idempotency-Key": "the same"})


@pytest.mark.parametrize("path", COSTLY)
def test_too_much_in_a_minute_is_answered_429(api: APIClient, path: str) -> None:
    earlier = [post(api, one).status_code for one in COSTLY[:3]]

    answer = post(api, path)

    assert 429 not in earlier
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60
    assert answer.json()["code"] == "throttled"


def test_others_go_on_and_looking_is_free(api: APIClient, stranger: User) -> None:
    for _ in range(4):
        post(api)

    assert post(client_of(stranger)).status_code == 400
    assert api.get(f"{API}/jobs").status_code == 200
    assert not StagingJob.objects.exists()


def test_limit_of_0_is_none(api: APIClient, settings: Settings) -> None:
    settings.COSTLY_REQUESTS_PER_MINUTE = 0

    assert {post(api).status_code for _ in range(5)} == {400}
