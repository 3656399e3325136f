"""Forms that are longer than their sender's can be, refused before a byte of them is read."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

pytestmark = pytest.mark.django_db

ADD_PHOTO, STAGE = "/admin/staging/photo/add/", "/admin/stage/"


def send_long(client: Client, path: str, *, megabytes: int) -> tuple[int, list[str]]:
    """Say that a form is so long, and send none; return the status, and what was read of it."""
    read: list[str] = []

    class Body:
        def read(self, *_args: Any) -> bytes:
            read.append(path)
            return b""

        readline = read

    # Without the cookie nothing is read: the check has nothing to compare it with.
    client.cookies["csrftoken"] = "x" * 32
    environ: dict[str, Any] = {
        "CONTENT_LENGTH": str(megabytes * 2**20),
        "CONTENT_TYPE": "multipart/form-data; boundary=x",
        "wsgi.input": Body(),
    }
    client.handler.enforce_csrf_checks = True
    return client.generic("POST", path, b"", **environ).status_code, read


@pytest.mark.parametrize("path", ["/admin/login/", ADD_PHOTO, STAGE, "/s/nothing"])
def test_long_form_of_nobody_is_refused_unread(client: Client, path: str) -> None:
    assert send_long(client, path, megabytes=3) == (413, [])


def test_long_form_of_an_account_that_is_not_staff(client: Client, stranger: User) -> None:
    client.force_login(stranger)

    assert send_long(client, STAGE, megabytes=3) == (413, [])


@pytest.mark.parametrize(
    ("path", "megabytes", "is_read"),
    [
        (ADD_PHOTO, 101, True),
        (ADD_PHOTO, 102, False),
        (STAGE, 4097, True),
        (STAGE, 4098, False),
    ],
)
def test_long_form_of_staff(admin_page: Client, path: str, megabytes: int, is_read: bool) -> None:
    status, read = send_long(admin_page, path, megabytes=megabytes)

    assert (status == 413, bool(read)) == (not is_read, is_read)
