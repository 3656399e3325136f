"""The page of recent changes, and its part on the first page."""

import html

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from modelsettings import registry
from modelsettings.actors import Actor
from modelsettings.settings import get_settings, patch_settings
from tests.staging.conftest import QWEN

pytestmark = pytest.mark.django_db

CHANGES = "/admin/changes/"
ANN = Actor("ann")
STILL = "every model runs with the settings that it came with"


def text_of(client: Client, address: str) -> str:
    return html.unescape(client.get(address).content.decode())


def test_page_says_who_what_and_why(admin_page: Client) -> None:
    patch_settings(get_settings(QWEN).pk, {"output_quality": 55}, by=ANN, reason="smaller")

    page = text_of(admin_page, CHANGES)

    for told in ("Qwen Image Edit", "Standard, revision 2", "Output quality", "smaller", "ann"):
        assert told in page


def test_page_filters_and_leads_on(admin_page: Client) -> None:
    live = get_settings(QWEN).pk
    for seed in range(30):
        patch_settings(live, {"seed": seed}, by=ANN)

    first = admin_page.get(CHANGES, {"by": "ann", "model": QWEN, "kind": "settings"})
    second = admin_page.get(f"{CHANGES}{first.context['older']}")

    assert [len(page.context["changes"]) for page in (first, second)] == [25, 5]
    assert (second.context["older"], "by=ann" in second.context["newest"]) == ("", True)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"by": "nobody"}, "No change is like that."),
        ({"day": "yesterday"}, "Enter a valid date."),
        ({"kind": "x"}, "Select a valid choice."),
        ({"after": "x"}, "Seedream 4"),
    ],
)
def test_page_says_what_is_wrong(admin_page: Client, query: dict[str, str], told: str) -> None:
    answer = admin_page.get(CHANGES, query)

    assert answer.status_code == 200
    assert told in html.unescape(answer.content.decode())


def test_page_is_closed_to_those_who_see_no_settings(db: None) -> None:
    user = User.objects.create_user("sue", is_staff=True)
    client = Client()
    client.force_login(user)
    assert client.get(CHANGES).status_code == 403

    user.user_permissions.add(Permission.objects.get(codename="view_modelsettings"))
    assert client.get(CHANGES).status_code == 200


def test_first_page_says_that_nothing_was_changed_only_where_it_is_so(admin_page: Client) -> None:
    assert STILL in text_of(admin_page, "/admin/")

    registry.choose_default("bytedance/seedream-4", by=ANN, reason="cheaper")

    page = text_of(admin_page, "/admin/")
    assert STILL not in page
    assert "Default for staging" in page
    assert "cheaper" in page
