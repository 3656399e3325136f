"""A script's request without a session is told so, and a page's is led to the login."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

pytestmark = pytest.mark.django_db

QUEUE = "/admin/staging/stagedimage/"


@pytest.mark.parametrize(
    "sent",
    [
        {"X-Restage": "fragment"},
        {"HX-Request": "true"},
        {"X-Requested-With": "XMLHttpRequest"},
        {"Sec-Fetch-Dest": "empty"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["", "session/", "staging/stagedimage/", "search/?s=a"])
def test_script_is_told_that_the_session_ended(
    client: Client, path: str, sent: dict[str, str]
) -> None:
    answer = client.get(f"/admin/{path}", headers=sent)

    assert (answer.status_code, answer.content) == (401, b"You are signed out.")


def test_post_of_a_script_is_told_too(client: Client) -> None:
    answer = client.post(f"{QUEUE}1/judge/", {}, headers={"X-Restage": "fragment"})

    assert answer.status_code == 401


@pytest.mark.parametrize("sent", [{}, {"Sec-Fetch-Dest": "document"}], ids=str)
def test_page_is_led_to_the_login(client: Client, sent: dict[str, str]) -> None:
    answer: Any = client.get(QUEUE, headers=sent)

    assert (answer.status_code, answer.url) == (302, f"/admin/login/?next={QUEUE}")


def test_account_that_is_let_into_the_admin_no_more_is_told(
    admin_page: Client, operator: User
) -> None:
    User.objects.filter(pk=operator.pk).update(is_staff=False)

    assert admin_page.get(QUEUE, headers={"HX-Request": "true"}).status_code == 401


def test_other_redirects_stay(admin_page: Client) -> None:
    answer: Any = admin_page.get("/admin/login/?next=/admin/", headers={"HX-Request": "true"})

    assert (answer.status_code, answer.url) == (302, "/admin/")
