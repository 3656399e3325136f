from __future__ import annotations

import io
import socket

import httpx
from replicate.client import Client

from tests.sandbox.conftest import client_of, photo, running_sandbox, wait_for

KEYS = {
    *("id", "name", "content_type", "size", "etag", "checksums", "metadata"),
    *("created_at", "expires_at", "urls"),
}


def test_upload_and_download(api: httpx.Client) -> None:
    content = photo()

    uploaded = api.post("/v1/files", files={"content": ("room.jpg", content, "image/jpeg")})
    kept = uploaded.json()

    assert (uploaded.status_code, set(kept)) == (201, KEYS)
    assert (kept["name"], kept["content_type"], kept["size"]) == (
        "room.jpg",
        "image/jpeg",
        len(content),
    )
    assert api.get(f"/v1/files/{kept['id']}/download").content == content
    assert api.get("/v1/files").json()["results"][0] == kept


def test_delete(api: httpx.Client) -> None:
    kept = api.post("/v1/files", files={"content": b"x"}).json()

    deleted = api.delete(f"/v1/files/{kept['id']}")

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert api.get(f"/v1/files/{kept['id']}").status_code == 404


def test_official_client_uploads(official: Client) -> None:
    kept = official.files.create(io.BytesIO(photo()), filename="a.jpg", metadata={"job": "7"})

    assert official.files.get(kept.id).metadata == {"job": "7"}
    assert official.files.delete(kept.id)


def test_too_large_a_file_is_refused(origin: str) -> None:
    address = httpx.URL(origin)
    head = (
        "POST /v1/files HTTP/1.1\r\nHost: sandbox\r\nAuthorization: Bearer x\r\n"
        f"Content-Length: {200 * 1024 * 1024}\r\n\r\n"
    )

    # The announced length is enough: the content need not be sent.
    with socket.create_connection((address.host, address.port or 80), timeout=5) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(4096)

    assert answer.startswith(b"HTTP/1.1 413")


def test_file_expires() -> None:
    with running_sandbox("--file-seconds", "0.05") as origin, client_of(origin) as api:
        kept = api.post("/v1/files", files={"content": b"x"}).json()
        address = f"/v1/files/{kept['id']}"
        gone = wait_for(lambda: api.get(address).status_code, until=lambda code: code == 404)

    assert gone == 404
