"""The side bar, and what it calls pages."""

import re

import pytest
from django.contrib.admin.sites import site
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from config.dashboard import navigation
from config.dashboard.navigation import sidebar
from staging.projects import create_project

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("page", ["knox_authtoken_changelist", "knox_authtoken_mine"])
def test_sidebar_marks_one_page_of_tokens(admin_client: Client, page: str) -> None:
    link = reverse(f"admin:{page}")
    request = RequestFactory().get(link)
    request.user = admin_client.get(reverse("admin:index")).wsgi_request.user

    groups = site.get_sidebar_list(request)  # type: ignore[attr-defined]  # Unfold's site

    items = [item for group in groups for item in group["items"]]
    assert [str(item["link"]) for item in items if item["active"]] == [link]


def test_pages_of_the_menu_are_called_as_the_menu_says(settings: Settings) -> None:
    settings.CLIENTS_ARE_STRANGERS = True
    client, request = Client(), RequestFactory().get("/")
    request.user = User.objects.create_superuser("root")
    client.force_login(request.user)
    entries = [
        (section["title"], item["title"], str(item["link"]))
        for section in sidebar(request)
        for item in section["items"]
    ]

    found = [
        (_heading(page), _title(page))
        for _, _, link in entries
        if (page := client.get(link, follow=True).content.decode())
    ]

    assert found == [(f"{section} > {name}", f"{name} | Restage") for section, name, _ in entries]


def test_page_of_a_row_stands_under_its_list(operator: User, admin_page: Client) -> None:
    project = create_project("Elm Street", owner=operator)

    page = admin_page.get(f"/admin/staging/project/{project.pk}/change/").content.decode()

    assert _heading(page) == "Staging > Projects > Elm Street"


def _heading(page: str) -> str:
    (heading,) = re.findall(r"<h1.*?</h1>", page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", heading).split()).replace("chevron_right", ">")


def _title(page: str) -> str:
    (title,) = re.findall(r"<title>(.*?)</title>", page, re.DOTALL)
    return str(title).strip()


def test_page_belongs_to_the_longest_beginning_in_whichever_order_they_stand(
    rf: RequestFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = rf.get(reverse("admin:modelsettings_modelsettings_search"))
    turned = dict(reversed(navigation._BELONGS.items()))
    titles = []

    for order in (navigation._BELONGS, turned):
        monkeypatch.setattr(navigation, "_BELONGS", order)
        entry = navigation.find_entry(request)
        titles.append(entry and entry[1]["title"])

    assert titles == ["Search settings", "Search settings"]
