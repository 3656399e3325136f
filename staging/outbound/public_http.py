"""Sends requests to URLs that a stranger entered: to the public internet, and nowhere else.

A host's name is resolved once, every address that it has is checked, and the connection is made to
one of the checked addresses. So a name that resolves to another address later reaches nothing.
There is no proxy, no redirect and no credentials, and one deadline for everything (the look-up of a
name also has the resolver's own limit).
"""

import ipaddress
import re
import socket
import ssl
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from functools import cache

import httpcore
import httpx

from modelsettings.errors import RequestRefused
from replicate_api.deadline import DeadlineBackend, deadline, time_left_s
from staging.outbound.public_addresses import Address, inner_addresses, is_public

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], list[str]]

MAX_URL_LENGTH = 500
# So much of an answer is read and dropped, so that a server that still writes is not cut off.
DRAINED_BYTES = 65_536
DRAINING_S = 1.0

_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?", re.IGNORECASE)
_LOCAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home.arpa")


class AddressRefused(RequestRefused):
    """A URL that is not called; the message says why."""


class Unanswered(Exception):
    """No answer came: there was no connection, it broke, or the time was over."""


def check_url(url: str, *, private_networks: Collection[Network] = ()) -> httpx.URL:
    """Parse a URL, and check all of it that can be checked without looking up its host.

    http is let through where any private networks are allowed: `post` checks where it leads.
    Raises AddressRefused.
    """
    address = _parse(url)
    if address.scheme not in (("https", "http") if private_networks else ("https",)):
        raise AddressRefused("Write an address that begins with https://.")
    if address.userinfo or "@" in address.netloc.decode():
        raise AddressRefused("Write the address without a user name and a password.")
    literal = _literal(address.host)
    if literal is not None:
        _check_addresses([literal], private_networks=private_networks)
    elif not _HOST.fullmatch(address.raw_host.decode("ascii")):
        raise AddressRefused("The address names no host.")
    elif _is_local_name(address.host) and not private_networks:
        raise AddressRefused("The address is a private one: name a host of the public internet.")
    return address


def post(
    url: str,
    *,
    body: bytes,
    headers: Iterable[tuple[str, str]],
    timeout_s: float,
    private_networks: Collection[Network] = (),
    resolve: Resolver | None = None,
) -> int:
    """Send a request once, within `timeout_s`; return the answer's status, maybe a redirect's.

    Raises AddressRefused where any of the host's addresses is private and in none of
    `private_networks`, or where the URL is plain http and any of them is public; and Unanswered.
    """
    address = check_url(url, private_networks=private_networks)
    port = address.port or (443 if address.scheme == "https" else 80)
    with deadline(timeout_s):
        # The name as TLS and the Host header spell it: Python's own IDNA could look up another.
        found = (resolve or _look_up)(address.raw_host.decode("ascii"), port)
        _check_addresses(
            [ipaddress.ip_address(text) for text in found],
            private_networks=private_networks,
            must_be_private=address.scheme == "http",
        )
        with httpcore.ConnectionPool(
            ssl_context=_ssl_context(), network_backend=_Pinned(found)
        ) as pool:
            return _send(pool, address, body=body, headers=headers)


class _Pinned(DeadlineBackend):
    """Connects to the addresses that were checked, without resolving the name again."""

    def __init__(self, addresses: list[str]) -> None:
        super().__init__()
        self._addresses = addresses

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for position, address in enumerate(self._addresses):
            left_s = time_left_s(or_raise=httpcore.ConnectTimeout)
            # An address that never answers leaves the others their share of the time.
            share_s = left_s / (len(self._addresses) - position)
            try:
                return super().connect_tcp(
                    address, port, share_s, local_address, socket_options=socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


def _parse(url: str) -> httpx.URL:
    if len(url) > MAX_URL_LENGTH:
        raise AddressRefused(f"The address is longer than {MAX_URL_LENGTH} characters.")
    try:
        address = httpx.URL(url.partition("#")[0])
        # httpx decodes a host's name only when it is read, and fails there on some names.
        address.host  # noqa: B018
    except (httpx.InvalidURL, UnicodeError) as error:
        raise AddressRefused("This is not an address.") from error
    if not 1 <= (address.port or 443) <= 65535 or address.port == 0:
        raise AddressRefused("The address names a port that does not exist.")
    return address


def _literal(host: str) -> Address | None:
    """Return the address if a host is one, also in the odd spellings that resolvers accept."""
    with suppress(ValueError):
        return ipaddress.ip_address(host)
    # 127.1, 0x7f000001, 2130706433
    with suppress(OSError, UnicodeError):
        return ipaddress.IPv4Address(socket.inet_aton(host.rstrip(".")))
    return None


def _is_local_name(host: str) -> bool:
    name = host.rstrip(".").lower()
    return "." not in name or any(name.endswith(f".{local}") for local in _LOCAL_NAMES)


def _check_addresses(
    addresses: list[Address],
    *,
    private_networks: Collection[Network],
    must_be_private: bool = False,
) -> None:
    """Raise AddressRefused unless every address may be called."""
    for address in addresses:
        # An operator allows a network by its own addresses, however they are wrapped.
        spellings = [address, *inner_addresses(address)]
        if any(spelling in network for spelling in spellings for network in private_networks):
            continue
        if not is_public(address):
            raise AddressRefused(
                "The address is a private one: name a host of the public internet."
            )
        if must_be_private:
            raise AddressRefused("Write an address that begins with https://.")


def _look_up(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unanswered(f"The name {host} was not found.") from error
    return [str(address[0]) for *_, address in found]


def _send(
    pool: httpcore.ConnectionPool,
    address: httpx.URL,
    *,
    body: bytes,
    headers: Iterable[tuple[str, str]],
) -> int:
    request = httpx.Request("POST", address, headers=list(headers), content=body)
    try:
        answer = pool.handle_request(
            httpcore.Request(
                method="POST",
                url=httpcore.URL(
                    scheme=address.raw_scheme,
                    host=address.raw_host,
                    port=address.port,
                    target=address.raw_path,
                ),
                headers=request.headers.raw,
                content=body,
            )
        )
    except httpcore.TimeoutException as error:
        raise Unanswered("There was no answer in time.") from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise Unanswered(f"There was no answer: {error}") from error
    _drain(answer)
    return answer.status


def _drain(answer: httpcore.Response) -> None:
    """Read a short answer to its end, and drop it."""
    count = 0
    with suppress(httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
        with deadline(min(DRAINING_S, time_left_s(or_raise=httpcore.ReadTimeout))):
            for part in answer.iter_stream():
                count += len(part)
                if count > DRAINED_BYTES:
                    break
        answer.close()


@cache
def _ssl_context() -> ssl.SSLContext:
    # Reading the authorities' certificates takes tens of milliseconds.
    return httpx.create_ssl_context()
