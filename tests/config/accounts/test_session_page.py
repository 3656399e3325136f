"""The address that says who is signed in: to scripts, and as a page to come back from."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

SESSION = "/admin/session/"


def test_session_tells_a_script_the_account_and_the_forms_token(
    client: Client, operator: User
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(operator)

    told = strict.get(SESSION, headers={"X-Restage": "session"}).json()

    assert (told["user"], told["name"]) == (str(operator.pk), "olga")
    sent: Any = strict.post("/admin/logout/", {"csrfmiddlewaretoken": told["token"]})
    assert sent.status_code == 200


def test_session_is_a_page_for_a_person(admin_page: Client) -> None:
    page = admin_page.get(SESSION)

    assert "As olga. Close this tab and go on where you were" in page.content.decode()
    assert page.headers["Cache-Control"].startswith("max-age=0, no-cache, no-store")


@pytest.mark.parametrize(
    "path",
    [
        "", "staging/", "staging/stagingjob/", "staging/project/add/", "staging/stagedimage/",
        "staging/roomtype/", "staging/dailyusage/", "modelsettings/modelsettings/search/",
        "auth/user/", "knox/authtoken/mine/", "password_change/", "session/", "search/?s=jobs",
    ],
)  # fmt: skip
def test_every_page_tells_an_ended_session(path: str, db: None) -> None:
    browser = Client()
    browser.force_login(User.objects.create_superuser("root"))

    page = browser.get(f"/admin/{path}").content.decode()

    assert ("restage/session.js" in page) == ("<html" in page)
    assert "restage/session.js" in page or path.startswith("search/")


@pytest.mark.django_db
def test_session_of_no_account_leads_to_the_login(client: Client) -> None:
    answer: Any = client.get(SESSION)

    assert answer.url == f"/admin/login/?next={SESSION}"
