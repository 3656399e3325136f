"""Requests to addresses that strangers name: what is refused, what is reached, what is bounded."""

import datetime
import ssl
import time
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from staging.outbound import public_http
from staging.outbound.public_http import AddressRefused, Unanswered, check_url, post
from tests.replicate_api.rude_server import Call, RudeServer

LOOPBACK = [ip_network("127.0.0.0/8")]
HEADERS = [("content-type", "application/json"), ("x-test", "1")]


@pytest.fixture
def receiver() -> Iterator[RudeServer]:
    with RudeServer.running() as server:
        yield server


def send(url: str, *addresses: str, timeout_s: float = 2.0, networks: object = LOOPBACK) -> int:
    """Post to `url`, whose name has `addresses`."""
    return post(
        url,
        body=b"{}",
        headers=HEADERS,
        timeout_s=timeout_s,
        private_networks=networks,  # type: ignore[arg-type]
        resolve=(lambda _host, _port: list(addresses)) if addresses else None,
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com:8443/hook?a=1",
        "https://93.184.216.34/",
        "https://[2606:4700::1111]/",
        "https://exämple.com/ü",
        "HTTPS://EXAMPLE.COM./",
    ],
)
def test_check_url_lets_pass(url: str) -> None:
    assert check_url(url).scheme == "https"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "begins with https://"),
        ("example.com/hook", "begins with https://"),
        ("//example.com/hook", "begins with https://"),
        ("http://example.com", "begins with https://"),
        ("ftp://example.com", "begins with https://"),
        ("javascript:alert(1)", "begins with https://"),
        ("https://user:pw@example.com", "without a user name"),
        ("https://example.com\\@127.0.0.1/", "without a user name"),
        ("https:///hook", "names no host"),
        ("https://exa mple.com", "names no host"),
        ("https://example.com:0/", "port"),
        ("https://example.com:99999/", "port"),
        ("https://example.com:port/", "not an address"),
        ("https://\ud800.com/", "not an address"),
        ("https://example.com/\ud800", "not an address"),
        ("https://example.com/\n", "not an address"),
        ("https://xn--/", "not an address"),
        ("https://example.com/" + "a" * 500, "longer than 500"),
        ("https://localhost/", "private"),
        ("https://LOCALHOST./", "private"),
        ("https://redis:6379/", "private"),
        ("https://app.localhost/", "private"),
        ("https://printer.local/", "private"),
        ("https://metadata.google.internal/", "private"),
        ("https://127.0.0.1/", "private"),
        ("https://127.1/", "private"),
        ("https://0x7f.1/", "private"),
        ("https://2130706433/", "private"),
        ("https://017700000001/", "private"),
        ("https://169.254.169.254/latest/meta-data", "private"),
        ("https://[::1]/", "private"),
        ("https://[::ffff:10.0.0.1]/", "private"),
        ("https://[64:ff9b::7f00:1]/", "private"),
        ("https://[fe80::1%25eth0]/", "private"),
    ],
)
def test_check_url_refuses(url: str, sentence: str) -> None:
    with pytest.raises(AddressRefused, match=sentence):
        check_url(url)


def test_check_url_with_private_networks_is_for_these_alone() -> None:
    check_url("http://127.0.0.1:9000/", private_networks=LOOPBACK)
    check_url("http://receiver/", private_networks=LOOPBACK)

    with pytest.raises(AddressRefused, match="private"):
        check_url("http://10.0.0.1/", private_networks=LOOPBACK)
    with pytest.raises(AddressRefused, match="begins with https://"):
        check_url("http://93.184.216.34/")


def test_post_sends_what_it_is_given(receiver: RudeServer) -> None:
    status = send(f"{receiver.url}/hook?a=%20b#part")

    (call,) = receiver.calls
    assert (status, call.line, call.body) == (200, "POST /hook?a=%20b HTTP/1.1", b"{}")
    assert call.headers == {
        "host": f"127.0.0.1:{receiver.port}",
        "content-length": "2",
        "content-type": "application/json",
        "x-test": "1",
    }


def test_post_connects_to_the_address_that_was_checked(receiver: RudeServer) -> None:
    looked_up: list[tuple[str, int]] = []

    def change_its_mind(host: str, port: int) -> list[str]:
        looked_up.append((host, port))
        return ["127.0.0.1"] if len(looked_up) == 1 else ["127.0.0.99"]

    status = post(
        f"http://receiver.example:{receiver.port}/",
        body=b"{}",
        headers=HEADERS,
        timeout_s=2,
        private_networks=LOOPBACK,
        resolve=change_its_mind,
    )

    assert (status, looked_up) == (200, [("receiver.example", receiver.port)])
    assert receiver.calls[0].headers["host"] == f"receiver.example:{receiver.port}"


def test_post_looks_up_the_name_that_it_says(receiver: RudeServer) -> None:
    """IDNA of 2003, which Python knows, makes another name of the sharp s than TLS has."""
    looked_up: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        looked_up.append(f"{host} {port}")
        return ["127.0.0.1"]

    post(
        f"http://xn--strae-oqa.example:{receiver.port}/",
        body=b"{}",
        headers=HEADERS,
        timeout_s=2,
        private_networks=LOOPBACK,
        resolve=resolve,
    )

    assert looked_up == [f"xn--strae-oqa.example {receiver.port}"]


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("93.184.216.34", "127.0.0.1"),
        ("::ffff:127.0.0.1",),
        ("64:ff9b::7f00:1",),
        ("169.254.169.254",),
    ],
)
def test_post_to_a_name_that_leads_inside_is_refused(
    receiver: RudeServer, addresses: tuple[str, ...]
) -> None:
    with pytest.raises(AddressRefused, match="private"):
        send(f"https://receiver.example:{receiver.port}/", *addresses, networks=())

    assert receiver.connections == []


def test_post_over_http_reaches_no_public_address(receiver: RudeServer) -> None:
    with pytest.raises(AddressRefused, match="begins with https://"):
        send(f"http://receiver.example:{receiver.port}/", "127.0.0.1", "93.184.216.34")

    assert receiver.connections == []


def test_post_tries_the_next_address(receiver: RudeServer) -> None:
    url, networks = f"http://receiver.example:{receiver.port}/", [*LOOPBACK, ip_network("::1/128")]

    # Nobody listens at the first.
    assert send(url, "::1", "127.0.0.1", networks=networks) == 200


@pytest.mark.parametrize("status", [204, 301, 307, 410, 500])
def test_post_returns_any_status_and_follows_nothing(receiver: RudeServer, status: int) -> None:
    receiver.behave = lambda call: call.answer(status, b"", location=f"{receiver.url}/elsewhere")

    assert send(receiver.url) == status
    assert len(receiver.calls) == 1


def test_post_asks_no_proxy(receiver: RudeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    assert send(receiver.url) == 200


def never(call: Call) -> None:
    call.stopped.wait(10)


def byte_by_byte(call: Call) -> None:
    call.drip(b"HTTP/1.1 200 OK\r\n" + b"x-slow: 1\r\n" * 1000)


def endless_headers(call: Call) -> None:
    call.send(b"HTTP/1.1 200 OK\r\n")
    while not call.stopped.is_set():
        call.send(b"x: " + b"y" * 10_000 + b"\r\n")


def hang_up(call: Call) -> None:
    return


def no_http(call: Call) -> None:
    call.send(b"SSH-2.0-OpenSSH_9.2\r\n")


@pytest.mark.parametrize("behave", [never, byte_by_byte, endless_headers, hang_up, no_http])
def test_post_ends_in_time_without_an_answer(receiver: RudeServer, behave: object) -> None:
    receiver.behave = behave  # type: ignore[assignment]
    began = time.monotonic()

    with pytest.raises(Unanswered, match="There was no answer"):
        send(receiver.url, timeout_s=0.5)

    assert time.monotonic() - began < 8


def endless_body(call: Call) -> None:
    call.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n")
    while not call.stopped.is_set():
        call.send(b"x" * 65_536)


def slow_body(call: Call) -> None:
    call.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    call.drip(b"x" * 100_000)


@pytest.mark.parametrize("behave", [endless_body, slow_body])
def test_post_takes_the_status_and_leaves_the_body(receiver: RudeServer, behave: object) -> None:
    receiver.behave = behave  # type: ignore[assignment]

    assert send(receiver.url, timeout_s=10) == 200


def test_post_to_nobody_is_no_answer() -> None:
    with pytest.raises(Unanswered, match="There was no answer"):
        send("http://127.0.0.1:9/")


def test_post_to_a_name_that_nobody_has_is_no_answer() -> None:
    with pytest.raises(Unanswered, match=r"The name nothing\.invalid was not found\."):
        send("http://nothing.invalid/")


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A certificate of receiver.example, which is trusted here."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "receiver.example")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("receiver.example")]), False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = tmp_path / "receiver.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    public_http._ssl_context.cache_clear()
    yield path
    public_http._ssl_context.cache_clear()


@pytest.mark.parametrize(
    ("host", "outcome"), [("receiver.example", 200), ("other.example", "certificate")]
)
def test_post_over_tls_holds_the_name_against_the_certificate(
    receiver: RudeServer, certificate: Path, host: str, outcome: object
) -> None:
    asked: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _socket, name, _context: asked.append(name)

    def shake_hands(connection: ssl.SSLSocket) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            text = b""
            while not text.endswith(b"{}"):
                text += wrapped.recv(65536)
            wrapped.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

    receiver.on_connect = shake_hands  # type: ignore[assignment]
    try:
        found: object = send(f"https://{host}:{receiver.port}/", "127.0.0.1")
    except Unanswered as error:
        found = "certificate" if "CERTIFICATE_VERIFY_FAILED" in str(error) else error

    assert (found, asked) == (outcome, [host])
