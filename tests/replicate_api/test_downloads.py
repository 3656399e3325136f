"""Where outputs may come from, how large they may be, and who sees the token."""

from __future__ import annotations

import socket

import pytest

from replicate_api import errors
from replicate_api.client import Download
from tests.replicate_api.conftest import TOKEN, ClientFactory
from tests.replicate_api.rude_server import Call, RudeServer


def test_download_returns_bytes_and_type(rude: RudeServer, make_client: ClientFactory) -> None:
    rude.behave = lambda call: call.answer(200, b"picture", content_type="Image/PNG; x=1")
    client = make_client(base_url=rude.url)

    got = client.download(f"{rude.url}/out.png?signature=s", max_bytes=7)

    assert got == Download(content=b"picture", content_type="image/png")
    assert rude.calls[0].line == "GET /out.png?signature=s HTTP/1.1"


def test_download_without_a_type_says_so(rude: RudeServer, make_client: ClientFactory) -> None:
    rude.behave = lambda call: call.send(b"HTTP/1.1 200 OK\r\n\r\npicture")

    got = make_client(base_url=rude.url).download(f"{rude.url}/out", max_bytes=100)

    assert got == Download(content=b"picture", content_type="application/octet-stream")


@pytest.mark.parametrize(
    ("path", "is_sent"),
    [
        ("/v1/files/f1/download?owner=o", True),
        ("/v1/filesystem", False),
        ("/v1/files/../account", False),
        ("/outputs/o1.png", False),
    ],
)
def test_download_sends_the_token_for_files_only(
    rude: RudeServer, make_client: ClientFactory, path: str, is_sent: bool
) -> None:
    rude.behave = lambda call: call.answer(200, b"x")

    make_client(base_url=rude.url).download(f"{rude.url}{path}", max_bytes=100)

    assert (TOKEN.encode() in rude.calls[0].request) == is_sent


def test_download_sends_no_token_to_another_host(
    rude: RudeServer, other: RudeServer, make_client: ClientFactory
) -> None:
    other.behave = lambda call: call.answer(200, b"x")
    client = make_client(base_url=rude.url, allowed_hosts=[f"127.0.0.1:{other.port}"])

    client.download(f"{other.url}/v1/files/f1", max_bytes=100)

    assert TOKEN.encode() not in other.calls[0].request


@pytest.mark.parametrize(
    "url",
    [
        "http://replicate.delivery/out.png",
        "http://replicate.delivery:443/out.png",
        "https://replicate.delivery:8443/out.png",
        "https://replicate.delivery.evil.example/out.png",
        "https://notreplicate.delivery/out.png",
        "https://user@replicate.delivery/out.png",
        "https://evil.example/out.png",
        "https://169.254.169.254/latest/meta-data",
        "http://localhost/out.png",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "/out.png",
        "https://",
        "https://[::1",
        "",
    ],
)
def test_download_refuses_other_hosts(
    rude: RudeServer, make_client: ClientFactory, url: str
) -> None:
    client = make_client(base_url=rude.url)

    with pytest.raises(errors.OutputRefused):
        client.download(url, max_bytes=100)


@pytest.mark.parametrize("host", ["replicate.delivery", "pbxt.replicate.delivery", "cdn.example"])
def test_download_allows_the_hosts_of_outputs(
    make_client: ClientFactory, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    # An allowed host is looked up, and there the network ends.
    looked_up: list[str] = []

    def find_nothing(name: str, *_: object, **__: object) -> list[object]:
        looked_up.append(name)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", find_nothing)

    with pytest.raises(errors.Unreachable):
        make_client(allowed_hosts=["CDN.example"]).download(f"https://{host}/o", max_bytes=1)

    assert looked_up == [host]


def test_download_refuses_plain_http_from_an_allowed_host(make_client: ClientFactory) -> None:
    with pytest.raises(errors.OutputRefused):
        make_client(allowed_hosts=["cdn.example"]).download("http://cdn.example/o", max_bytes=1)


def test_download_follows_redirects_to_allowed_hosts(
    rude: RudeServer, other: RudeServer, make_client: ClientFactory
) -> None:
    other.behave = lambda call: call.answer(200, b"picture")
    rude.behave = lambda call: call.answer(302, b"", location=f"{other.url}/moved.png")
    client = make_client(base_url=rude.url, allowed_hosts=[f"127.0.0.1:{other.port}"])

    assert client.download(f"{rude.url}/v1/files/f1", max_bytes=100).content == b"picture"
    assert TOKEN.encode() not in other.calls[0].request


def test_download_refuses_a_redirect_to_another_host(
    rude: RudeServer, other: RudeServer, make_client: ClientFactory
) -> None:
    rude.behave = lambda call: call.answer(302, b"", location=f"{other.url}/out.png")

    with pytest.raises(errors.OutputRefused):
        make_client(base_url=rude.url).download(f"{rude.url}/out.png", max_bytes=100)

    assert other.calls == []


def test_download_follows_three_redirects_at_most(
    rude: RudeServer, make_client: ClientFactory
) -> None:
    rude.behave = lambda call: call.answer(302, b"", location="again")

    with pytest.raises(errors.OutputRefused, match="3 redirects"):
        make_client(base_url=rude.url).download(f"{rude.url}/out.png", max_bytes=100)

    assert len(rude.calls) == 4


def test_download_refuses_a_redirect_to_nowhere(
    rude: RudeServer, make_client: ClientFactory
) -> None:
    rude.behave = lambda call: call.answer(302, b"")

    with pytest.raises(errors.BadAnswer):
        make_client(base_url=rude.url).download(f"{rude.url}/out.png", max_bytes=100)


def never_stop(call: Call) -> None:
    call.send(b"HTTP/1.1 200 OK\r\n\r\n")
    while not call.stopped.is_set():
        call.send(b"x" * 65536)


@pytest.mark.parametrize("behave", [never_stop, lambda call: call.answer(200, b"x" * 101)])
def test_download_refuses_too_many_bytes(
    rude: RudeServer, make_client: ClientFactory, behave: object
) -> None:
    rude.behave = behave  # type: ignore[assignment]

    with pytest.raises(errors.OutputRefused, match="more than 100 bytes"):
        make_client(base_url=rude.url).download(f"{rude.url}/out.png", max_bytes=100)


def test_download_that_breaks_off_is_no_answer(
    rude: RudeServer, make_client: ClientFactory
) -> None:
    rude.behave = lambda call: call.send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")

    with pytest.raises(errors.NoAnswer):
        make_client(base_url=rude.url).download(f"{rude.url}/out.png", max_bytes=100)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, errors.NotFound),
        (410, errors.NotFound),
        (401, errors.Unauthenticated),
        (403, errors.UndocumentedRefusal),
        (429, errors.RateLimited),
        (503, errors.ServerError),
    ],
)
def test_download_from_the_api_raises_by_status(
    rude: RudeServer, make_client: ClientFactory, status: int, kind: type[Exception]
) -> None:
    rude.behave = lambda call: call.answer(status, {})

    with pytest.raises(kind):
        make_client(base_url=rude.url).download(f"{rude.url}/out.png", max_bytes=100)


@pytest.mark.parametrize("status", [401, 402, 413, 422])
def test_download_from_another_host_says_nothing_of_our_account(
    rude: RudeServer, other: RudeServer, make_client: ClientFactory, status: int
) -> None:
    other.behave = lambda call: call.answer(status, {})
    client = make_client(base_url=rude.url, allowed_hosts=[f"127.0.0.1:{other.port}"])

    with pytest.raises(errors.UndocumentedRefusal):
        client.download(f"{other.url}/out.png", max_bytes=100)
