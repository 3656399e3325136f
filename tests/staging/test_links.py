"""Addresses of stored files: signed, for an hour, and for nothing else."""

from urllib.parse import quote

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from pytest_django import Settings

from staging import links


@pytest.fixture
def name() -> str:
    return default_storage.save("pictures/a/0-1f.webp", ContentFile(b"a picture"))


def signature_of(address: str) -> str:
    return address.partition("?signature=")[2]


@pytest.mark.parametrize("debug", [True, False])
def test_media_serves_a_signed_address(
    client: Client, settings: Settings, name: str, debug: bool
) -> None:
    settings.DEBUG = debug

    answer = client.get(links.link_to(name))

    assert (answer.status_code, answer.getvalue()) == (200, b"a picture")
    assert {key: answer.headers[key] for key in ("Content-Type", "Cache-Control")} == {
        "Content-Type": "image/webp",
        "Cache-Control": "private, max-age=3600, immutable",
    }
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        ("webp", "image/webp"),
        ("jpg", "image/jpeg"),
        ("png", "image/png"),
        ("html", "application/octet-stream"),
        ("svg", "application/octet-stream"),
    ],
)
def test_media_tells_the_type(client: Client, ending: str, kind: str) -> None:
    name = default_storage.save(f"pictures/one.{ending}", ContentFile(b"<script>"))

    answer = client.get(links.link_to(name))

    assert (answer.headers["Content-Type"], answer.getvalue()) == (kind, b"<script>")


def test_media_refuses_an_address_whose_time_is_over(
    client: Client, settings: Settings, name: str
) -> None:
    address = links.link_to(name)
    settings.MEDIA_LINK_AGE_S = -1

    assert client.get(address).status_code == 404


@pytest.mark.parametrize("signature", ["", "x", "é", "\0", "a:b", "~", "a" * 5000])
def test_media_refuses_a_signature_that_is_none(client: Client, name: str, signature: str) -> None:
    answer = client.get(f"/api/v1/media/{name}?signature={quote(signature)}")

    assert answer.status_code == 404


def test_media_refuses_a_changed_signature(client: Client, name: str) -> None:
    address = links.link_to(name)
    last = "A" if address[-1] != "A" else "B"

    assert client.get(address[:-1] + last).status_code == 404
    assert client.get(address.replace("?signature=", "?signature=1")).status_code == 404


def test_media_refuses_the_signature_of_another_file(client: Client, name: str) -> None:
    other = default_storage.save("pictures/b/0-2f.webp", ContentFile(b"another's"))
    signature = signature_of(links.link_to(name))

    assert client.get(f"/api/v1/media/{other}?signature={signature}").status_code == 404


@pytest.mark.parametrize(
    "name",
    ["../manage.py", "..%2fmanage.py", "/etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "a\\..\\b"],
)
def test_media_never_leaves_its_folder(client: Client, name: str) -> None:
    client.raise_request_exception = False
    signed = signature_of(links.link_to("pictures/a/0-1f.webp"))

    assert client.get(f"/api/v1/media/{name}?signature={signed}").status_code == 404


def test_media_of_a_file_that_is_gone(client: Client, name: str) -> None:
    address = links.link_to(name)
    default_storage.delete(name)

    assert client.get(address).status_code == 404


def test_media_answers_head_without_the_file(client: Client, name: str) -> None:
    answer = client.head(links.link_to(name))

    assert (answer.status_code, answer.getvalue()) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(b"a picture"))


@pytest.mark.parametrize(
    ("asked", "saved"),
    [
        ("living room", 'attachment; filename="living room.webp"'),
        ("living room.webp", 'attachment; filename="living room.webp"'),
        ("before.jpg", 'attachment; filename="before.jpg.webp"'),
        ("Küche & Bad", "attachment; filename*=utf-8''K%C3%BCche%20%26%20Bad.webp"),
        ('../a"\r\nSet-Cookie: b', 'attachment; filename="..aSet-Cookie: b.webp"'),
    ],
)
def test_media_is_saved_under_a_name(client: Client, name: str, asked: str, saved: str) -> None:
    answer = client.get(links.link_to(name, download_as=asked))

    assert (answer.status_code, answer.getvalue()) == (200, b"a picture")
    assert answer.headers["Content-Disposition"] == saved


def test_media_refuses_a_name_that_was_not_signed(client: Client, name: str) -> None:
    address = links.link_to(name, download_as="room")

    assert client.get(address.replace("=room", "=other")).status_code == 404
    assert client.get(f"{links.link_to(name)}&download_as=room.webp").status_code == 404
    assert client.get(address.partition("&")[0]).status_code == 404


def test_link_to_stays_the_same_for_a_quarter_of_its_age(
    client: Client, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def at(second: int) -> str:
        monkeypatch.setattr("time.time", lambda: 1_800_000_000.0 + second)
        return links.link_to(name)

    first = at(0)

    assert [at(899) == first, at(900) == first] == [True, False]
    at(3600)
    assert client.get(first).getvalue() == b"a picture"
    at(3601)
    assert client.get(first).status_code == 404


def test_media_is_read_only(client: Client, name: str) -> None:
    assert client.post(links.link_to(name)).status_code == 405
