"""Pages in the place of what is closed, missing or broken."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from config.http.error_pages import find_who_can_help
from config.http.errors import forbidden, server_error

pytestmark = pytest.mark.django_db

LIMITS = "/admin/staging/spendinglimit/"


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root", password="secret")


def page_of(role: str) -> Client:
    user = User.objects.create_user("mia", is_staff=True)
    user.groups.add(Group.objects.get(role__key=role))
    client = Client()
    client.force_login(user)
    return client


def test_closed_page_keeps_the_menu_and_says_who_can_help(root: User) -> None:
    answer = page_of("Judge").get(LIMITS)
    page = answer.content.decode()

    assert answer.status_code == 403
    assert 'id="nav-sidebar"' in page
    assert '<h2 class="restage-title">Your account may not open this page</h2>' in page
    assert "<strong>mia</strong>, with the role Judge." in page
    assert "root can give you a role" in page


def test_closed_page_of_an_account_without_a_role() -> None:
    client = Client()
    client.force_login(User.objects.create_user("sam", is_staff=True))

    page = client.get(LIMITS).content.decode()

    assert "<strong>sam</strong>, without a role." in page
    assert "An administrator can give you a role" in page


@pytest.mark.parametrize("address", ["/admin/nowhere/", "/admin/staging/nowhere/1/"])
def test_missing_page_of_the_admin_keeps_the_menu(admin_page: Client, address: str) -> None:
    answer = admin_page.get(address)
    page = answer.content.decode()

    assert answer.status_code == 404
    assert 'id="nav-sidebar"' in page
    assert '<h2 class="restage-title">There is nothing at this address</h2>' in page
    assert "What was here may have been deleted" in page


def test_missing_page_elsewhere_leads_to_the_first(client: Client) -> None:
    answer = client.get("/nowhere")

    assert answer.status_code == 404
    assert '<a href="/admin/">the first page</a>' in answer.content.decode()


def test_account_outside_the_admin_gets_no_menu(client: Client, stranger: User) -> None:
    client.force_login(stranger)

    assert 'id="nav-sidebar"' not in client.get("/nowhere").content.decode()


def test_page_of_a_bug_asks_the_database_for_nothing(
    operator: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    request = RequestFactory().get("/admin/")
    request.user = operator
    with django_assert_num_queries(0):
        answer = server_error(request)

    assert (answer.status_code, b"Something went wrong" in answer.content) == (500, True)


def test_who_can_help(root: User, operator: User) -> None:
    for number in range(3):
        ada = User.objects.create_user(f"ada{number}", is_staff=True)
        ada.groups.add(Group.objects.get(role__key="Administrator"))
    User.objects.create_superuser("gone", is_active=False)

    assert find_who_can_help() == ["ada0", "ada1", "ada2"]


def test_refusal_of_the_api_stays_json(api: APIClient) -> None:
    request = api.get("/api/v1/staging/jobs").wsgi_request
    answer = forbidden(request, exception=Exception())

    assert (answer.status_code, answer["Content-Type"]) == (403, "application/json")
