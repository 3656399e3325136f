"""Time limits, bounds and retries, against servers that misbehave."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from replicate_api import errors, transport
from replicate_api.client import ReplicateClient
from tests.replicate_api.conftest import TOKEN, ClientFactory
from tests.replicate_api.rude_server import Call, RudeServer

JSON_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
PREDICTION = {"id": "p1", "status": "starting"}


def create(client: ReplicateClient) -> object:
    return client.create_prediction(model="a/b", version=None, input={}, cancel_after_s=None)


def upload(client: ReplicateClient) -> object:
    return client.upload_file(b"photo", filename="room.jpg", content_type="image/jpeg")


def get(client: ReplicateClient) -> object:
    return client.get_prediction("p1")


@contextmanager
def ends_early() -> Iterator[None]:
    """Insist on an end before the one that comes by itself, after sixteen seconds or more."""
    started_at = time.monotonic()
    yield
    assert time.monotonic() - started_at < 15


def never_answer(call: Call) -> None:
    call.stopped.wait(20)


def drip_body(call: Call) -> None:
    call.send(JSON_HEAD + b"content-length: 4000\r\n\r\n")
    call.drip(b" " * 4000)


def drip_headers(call: Call) -> None:
    call.drip(JSON_HEAD + b"x-padding: " + b"x" * 4000)


def send_headers_only(call: Call) -> None:
    call.send(JSON_HEAD)
    call.stopped.wait(20)


@pytest.mark.parametrize("behave", [never_answer, drip_body, drip_headers, send_headers_only])
@pytest.mark.parametrize("send", [create, upload, get])
def test_every_call_ends_by_its_deadline(
    rude: RudeServer,
    make_client: ClientFactory,
    behave: Callable[[Call], None],
    send: Callable[[ReplicateClient], object],
) -> None:
    rude.behave = behave
    client = make_client(base_url=rude.url, timeout_s=0.3, transfer_timeout_s=0.3)

    with ends_early(), pytest.raises(errors.NoAnswer) as caught:
        send(client)

    assert (caught.value.proves_not_bought, len(rude.calls)) == (False, 1)


def test_upload_ends_by_its_deadline_when_the_server_reads_slowly(
    rude: RudeServer, make_client: ClientFactory
) -> None:
    def read_slowly(connection: socket.socket) -> None:
        while not rude.stopped.wait(0.05) and connection.recv(400_000):
            pass

    rude.on_connect = read_slowly
    client = make_client(base_url=rude.url, transfer_timeout_s=0.4)

    with ends_early(), pytest.raises(errors.NoAnswer):
        client.upload_file(bytes(60_000_000), filename="a.jpg", content_type="image/jpeg")


def test_download_ends_by_its_deadline(rude: RudeServer, make_client: ClientFactory) -> None:
    rude.behave = drip_body
    client = make_client(base_url=rude.url, transfer_timeout_s=0.3)

    with ends_early(), pytest.raises(errors.NoAnswer):
        client.download(f"{rude.url}/out.png", max_bytes=10_000)


def test_no_connection_proves_that_nothing_was_bought(make_client: ClientFactory) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = make_client(base_url=f"http://127.0.0.1:{port}")

    with pytest.raises(errors.Unreachable) as caught:
        create(client)

    assert caught.value.proves_not_bought


def test_a_name_without_address_is_unreachable(make_client: ClientFactory) -> None:
    # A label of more than 63 characters is refused before any look-up leaves the machine.
    with pytest.raises(errors.Unreachable):
        get(make_client(base_url=f"http://{'x' * 70}.invalid"))


def test_a_handshake_that_never_comes_is_unreachable(
    rude: RudeServer, make_client: ClientFactory
) -> None:
    def keep_silent(connection: socket.socket) -> None:
        rude.stopped.wait(20)

    rude.on_connect = keep_silent
    client = make_client(base_url=f"https://127.0.0.1:{rude.port}", timeout_s=0.3)

    with ends_early(), pytest.raises(errors.Unreachable):
        create(client)


def test_all_addresses_of_a_host_share_one_time_limit(
    make_client: ClientFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as full, ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        # With its queue full, a listener on Linux leaves every further attempt unanswered.
        for _ in range(3):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        client = make_client(
            base_url=f"http://127.0.0.1:{full.getsockname()[1]}", connect_timeout_s=2
        )
        monkeypatch.setattr("replicate_api.deadline._addresses", lambda *_: ["127.0.0.1"] * 8)

        with ends_early(), pytest.raises(errors.Unreachable):
            create(client)


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 201", JSON_HEAD + b"content-length: 9\r\n\r\n{"])
def test_a_connection_dropped_after_the_request_is_uncertain(
    rude: RudeServer, make_client: ClientFactory, sent: bytes
) -> None:
    rude.behave = lambda call: call.send(sent)

    with pytest.raises(errors.NoAnswer) as caught:
        create(make_client(base_url=rude.url))

    assert (caught.value.proves_not_bought, len(rude.calls)) == (False, 1)


@pytest.mark.parametrize("send", [create, upload, get])
@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, errors.RateLimited), (503, errors.ServerError), (504, errors.ServerError)],
)
def test_no_call_is_repeated_or_slept_over(
    rude: RudeServer,
    make_client: ClientFactory,
    send: Callable[[ReplicateClient], object],
    status: int,
    kind: type[errors.TryAgain],
) -> None:
    rude.behave = lambda call: call.answer(status, {}, retry_after="4000")

    with ends_early(), pytest.raises(kind):
        send(make_client(base_url=rude.url))

    assert len(rude.calls) == 1


def test_a_refusal_whose_text_breaks_off_still_proves_what_its_status_says(
    rude: RudeServer, make_client: ClientFactory
) -> None:
    rude.behave = lambda call: call.send(b"HTTP/1.1 402 No\r\ncontent-length: 999\r\n\r\n{")

    with pytest.raises(errors.InsufficientCredit) as caught:
        create(make_client(base_url=rude.url))

    assert caught.value.proves_not_bought


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"{", b"\xff", b"[" * 100_000, b"[]", b"null", b'"text"', b"{}"],
)
@pytest.mark.parametrize("send", [create, upload, ReplicateClient.list_predictions])
def test_an_answer_that_is_not_documented_is_bad(
    rude: RudeServer,
    make_client: ClientFactory,
    send: Callable[[ReplicateClient], object],
    body: bytes,
) -> None:
    rude.behave = lambda call: call.answer(201, body)

    with pytest.raises(errors.BadAnswer) as caught:
        send(make_client(base_url=rude.url))

    assert not caught.value.proves_not_bought


def test_an_answer_without_end_is_cut_off(
    rude: RudeServer, make_client: ClientFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never_stop(call: Call) -> None:
        call.send(JSON_HEAD + b"\r\n")
        while not call.stopped.is_set():
            call.send(b" " * 65536)

    monkeypatch.setattr(transport, "MAX_JSON_BYTES", 1_000_000)
    rude.behave = never_stop

    with pytest.raises(errors.BadAnswer, match="more than 1000000 bytes"):
        get(make_client(base_url=rude.url))


def test_a_refusal_without_end_is_cut_off(rude: RudeServer, make_client: ClientFactory) -> None:
    def never_stop(call: Call) -> None:
        call.send(b"HTTP/1.1 500 No\r\n\r\n")
        while not call.stopped.is_set():
            call.send(b"x" * 65536)

    rude.behave = never_stop

    with ends_early(), pytest.raises(errors.ServerError):
        get(make_client(base_url=rude.url))


def test_a_redirect_of_the_api_is_not_followed(
    rude: RudeServer, other: RudeServer, make_client: ClientFactory
) -> None:
    rude.behave = lambda call: call.answer(307, {}, location=f"{other.url}/v1/predictions")

    with pytest.raises(errors.BadAnswer, match="redirect"):
        create(make_client(base_url=rude.url))

    assert other.calls == []


def test_the_token_stays_out_of_errors_and_logs(
    rude: RudeServer, make_client: ClientFactory, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    rude.behave = lambda call: call.answer(400, {"detail": call.request.decode()})
    client = make_client(base_url=rude.url)

    with pytest.raises(errors.UndocumentedRefusal) as caught:
        get(client)

    assert "Bearer [token]" in caught.value.detail
    assert TOKEN not in repr(client) + repr(caught.value) + str(caught.value) + caplog.text


@pytest.mark.parametrize("token", ["", "  ", "r8_a b", "r8_a\nb", "r8_\u2603"])
def test_a_token_that_cannot_be_sent_is_refused_unquoted(token: str) -> None:
    with pytest.raises(ValueError, match=r"^The Replicate token is empty or has characters"):
        ReplicateClient(token=token)


def test_one_client_serves_many_threads(rude: RudeServer, make_client: ClientFactory) -> None:
    all_arrived = threading.Barrier(8)

    def echo_id(call: Call) -> None:
        all_arrived.wait(5)
        call.answer(200, PREDICTION | {"id": call.line.split()[1].rpartition("/")[2]})

    rude.behave = echo_id
    client = make_client(base_url=rude.url)
    ids = [f"p{number}" for number in range(8)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(client.get_prediction, ids))

    assert [answer.id for answer in answers] == ids


def test_connections_are_kept_for_the_next_call(
    rude: RudeServer, make_client: ClientFactory
) -> None:
    text = b'{"id":"p1","status":"starting"}'

    def answer_twice(connection: socket.socket) -> None:
        for _ in range(2):
            connection.recv(65536)
            connection.sendall(JSON_HEAD + b"content-length: %d\r\n\r\n" % len(text) + text)

    rude.on_connect = answer_twice
    client = make_client(base_url=rude.url)

    get(client)
    get(client)

    assert len(rude.connections) == 1
