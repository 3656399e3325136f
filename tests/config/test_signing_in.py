"""The pages of signing in and out, in the words that every other page has."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

pytestmark = pytest.mark.django_db


def words_of(page: bytes) -> str:
    """Return a page's words, without its scripts and tags."""
    text = re.sub(r"<(script|style).*?</\1>", " ", page.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_signing_out_says_so_and_leads_back(admin_client: Client) -> None:
    words = words_of(admin_client.post("/admin/logout/").content)

    assert "You are signed out" in words
    assert "Sign in" in words
    assert "quality time" not in words
    assert not re.search(r"\blog(ged)? (in|out)\b", words, re.IGNORECASE)


def test_the_account_menu_offers_to_sign_out(admin_client: Client) -> None:
    words = words_of(admin_client.get("/admin/").content)

    assert "Sign out" in words
    assert "Log out" not in words


def test_the_login_page_says_sign_in(client: Client) -> None:
    words = words_of(client.get("/admin/login/").content)

    assert words.count("Sign in") == 2
    assert not re.search(r"\blog in\b", words, re.IGNORECASE)


def test_an_account_without_the_admin_is_told_to_sign_in_as_another(
    client: Client, stranger: User
) -> None:
    client.force_login(stranger)

    words = words_of(client.post("/admin/login/", {"username": "sam", "password": "x"}).content)

    assert "You are signed in as" in words
