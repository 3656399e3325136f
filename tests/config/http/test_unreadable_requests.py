"""What anybody can send, with no account: once a 500, now what it means."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Field
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient
from werkzeug.test import Client as WSGIClient

from config.http.unreadable_requests import without_charset
from tests.staging.finished import staged
from tests.wsgi import connection_kept, served

JOBS = "/api/v1/staging/jobs"

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "token", ["Token \xe9", "Token \xff\xfe", "Token a\0b", "Token \u20ac"], ids=ascii
)
def test_token_that_is_no_text_is_unknown(client: Client, token: str) -> None:
    answer = client.get(JOBS, HTTP_AUTHORIZATION=token)

    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid token."})


@pytest.mark.parametrize("path", [JOBS, "/admin/login/"])
@pytest.mark.parametrize("key", [r'"\000\000\000\000\000\000\000\000"', "\xe9" * 9, "x" * 50])
def test_session_that_is_none_is_unknown(client: Client, path: str, key: str) -> None:
    answer = client.get(path, HTTP_COOKIE=f"sessionid={key}")

    assert answer.status_code == {JOBS: 401}.get(path, 200)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("staging/stagingjob/?status=%00", 400),
        ("staging/callback/?status=a%00b", 400),
        ("staging/stagingjob/?status=queued", 200),
        ("knox/authtoken/%00/change/", 404),
    ],
)
def test_page_of_an_address_with_nul_is_refused(admin_page: Client, path: str, status: int) -> None:
    assert admin_page.get(f"/admin/{path}").status_code == status


def test_session_of_somebody_is_kept(admin_page: Client) -> None:
    assert admin_page.get(JOBS).status_code == 200


@pytest.mark.parametrize("path", [f"{JOBS}?page_size=5", "/admin/login/?next=/"])
@pytest.mark.parametrize("charset", ["zip", "hex", "rot13", "undefined", "idna", "utf-16"])
def test_charset_of_a_query_is_utf_8(path: str, charset: str) -> None:
    with connection_kept():
        answer = WSGIClient(served).get(path, content_type=f"text/plain; charset={charset}")

    assert answer.status_code == (401 if path.startswith(JOBS) else 200)


@pytest.mark.parametrize("charset", ["idna", "utf-16", "zip"])
def test_charset_of_a_form_is_utf_8(api: APIClient, charset: str) -> None:
    token = api._credentials["HTTP_AUTHORIZATION"]  # type: ignore[attr-defined]
    form = b'--x\r\nContent-Disposition: form-data; name="project"\r\n\r\nK\xc3\xbcche\r\n--x--\r\n'

    with connection_kept():
        answer = WSGIClient(served).post(
            "/api/v1/staging/photos",
            data=form,
            content_type=f"multipart/form-data; charset={charset}; boundary=x",
            headers={"Authorization": token},
        )

    assert (answer.status_code, answer.get_json()) == (
        400,
        {"image": ["No file was submitted."], "project": ["Must be a valid UUID."]},
    )


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("text/plain; charset=zip", "text/plain"),
        ("text/plain;CharSet = zip;a=b", "text/plain;a=b"),
        ('multipart/form-data; charset="zip"; boundary="x"', 'multipart/form-data; boundary="x"'),
        ("multipart/form-data; boundary=x; charset*=utf-8''zip", "multipart/form-data; boundary=x"),
        ("application/json", "application/json"),
        ("", ""),
    ],
)
def test_without_charset_takes_it_out(sent: str, read: str) -> None:
    seen: list[dict[str, Any]] = []

    def listen(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ)
        return []

    nobody: Any = None
    list(without_charset(listen)({"CONTENT_TYPE": sent}, nobody))

    assert seen == [{"CONTENT_TYPE": read}]


VALUES = ("C", "9" * 30)


@pytest.fixture
def root(db: None) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.mark.parametrize("way", ["contains", "regex", "has_key", "seed__contains", "icontains"])
def test_odd_lookup_is_refused(root: Client, way: str) -> None:
    answer = root.get(f"/admin/staging/stagingjob/?input__{way}=C")

    assert (answer.status_code, b"This request cannot be read" in answer.content) == (400, True)


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
def test_no_lookup_of_a_list_fails(root: Client, operator: User, model: type) -> None:
    staged(operator)
    meta = model._meta  # type: ignore[attr-defined]
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    # One column of each kind.
    columns = {type(field): field for field in meta.get_fields() if isinstance(field, Field)}
    asked = [
        f"{column.name}{way}={value}"
        for column in columns.values()
        for way in ("", "__exact", "__gte", "__in", "__isnull", "__x__exact")
        for value in VALUES
    ]

    # A list that cannot be asked so leads back to itself, with a sentence.
    assert {query for query in asked if root.get(f"{address}?{query}").status_code >= 500} == set()
