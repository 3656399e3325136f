"""What each kind of answer lets a browser do."""

import re

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from pytest_django import Settings

from config.http import security_headers
from staging import links

SEALED = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "sandbox": "",
}
PAGE = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def policy_of(client: Client, address: str) -> dict[str, str]:
    """Return the policy of an answer: its sources by directive."""
    answer = client.get(address)
    # A file is read to its end, which closes it.
    answer.getvalue()
    written = answer.headers["Content-Security-Policy"]
    parts = (one.strip().partition(" ") for one in written.split(";"))
    return {directive: sources for directive, _, sources in parts}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    ["/livez", "/readyz", "/api/v1/staging/jobs", "/api/v1/schema", "/api/v1/nowhere"],
)
def test_what_is_no_page_loads_and_runs_nothing(client: Client, address: str) -> None:
    assert policy_of(client, address) == SEALED


def test_picture_has_the_styles_of_the_browsers_own_page(client: Client) -> None:
    name = default_storage.save("pictures/a/0-1f.webp", ContentFile(b"a picture"))

    found = policy_of(client, links.link_to(name))

    assert found == {**SEALED, "style-src": "'unsafe-inline'"}


@pytest.mark.parametrize("address", ["/", "/nowhere", "/api/v1/docs"])
def test_page_runs_files_of_ours_alone(client: Client, address: str) -> None:
    assert policy_of(client, address) == PAGE


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/admin/login/", "/admin/nowhere"])
def test_page_of_the_admin_also_has_what_unfold_needs(client: Client, address: str) -> None:
    found = policy_of(client, address)

    hashes = found.pop("style-src-elem")
    assert re.fullmatch(r"'self'( 'sha256-[\w+/]{43}=')+", hashes)
    assert found == {
        **PAGE,
        "script-src": "'self' 'unsafe-eval'",
        "style-src-attr": "'unsafe-inline'",
    }


def test_pages_show_pictures_of_the_bucket(client: Client, settings: Settings) -> None:
    named = {"bucket_name": "pics", "endpoint_url": "https://minio.example:9000"}
    backend = {"BACKEND": "config.storage.PrivateBucket", "OPTIONS": named}
    settings.STORAGES = {**settings.STORAGES, "default": backend}

    assert policy_of(client, "/nowhere")["img-src"] == (
        "'self' data: https://minio.example:9000/pics/"
    )


def test_developers_see_django_s_page_of_a_traceback(client: Client, settings: Settings) -> None:
    settings.DEBUG = True

    answer = client.get("/nowhere")

    assert (answer.status_code, security_headers.CSP in answer.headers) == (404, False)


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/admin/login/", "/api/v1/staging/jobs", "/nowhere", "/"])
def test_address_is_told_to_no_other_site(client: Client, address: str) -> None:
    """Addresses hold tokens and signatures."""
    headers = client.get(address).headers

    found = {
        name: headers[name]
        for name in (
            "Referrer-Policy", "X-Content-Type-Options", "X-Frame-Options",
            "Cross-Origin-Opener-Policy",
        )
    }  # fmt: skip
    assert found == {
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    assert "camera=(), " in headers["Permissions-Policy"]
