"""Downloads of outputs, from Replicate's hosts and from no others."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterable

import httpx

from replicate_api.answers import Download
from replicate_api.errors import (
    BadAnswer,
    NoAnswer,
    NotFound,
    OutputRefused,
    ReplicateError,
    UndocumentedRefusal,
    error_from_answer,
)
from replicate_api.transport import Answer, AnswerTooLong, Wire, call_of

OUTPUT_HOST = "replicate.delivery"
MAX_REDIRECTS = 3


class Downloads:
    """Fetches outputs over https from replicate.delivery and the API's own origin.

    `allowed_hosts` adds names (`name` or `name:port`); plain http is for the API's own
    origin and for loopback. The token goes to the API's origin alone, and there only to
    the files.
    """

    def __init__(
        self,
        wire: Wire,
        *,
        token: str,
        api: httpx.URL,
        allowed_hosts: Iterable[str],
        timeout_s: float,
    ) -> None:
        self._wire = wire
        self._token = token
        self._api = api
        self._allowed_hosts = frozenset(host.lower() for host in allowed_hosts)
        self._timeout_s = timeout_s

    def get(self, url: str, *, max_bytes: int) -> Download:
        """Return the output's bytes, after three redirects at most.

        Raises OutputRefused for a wrong host or too many bytes, NotFound for a removed output.
        """
        ends_at = time.monotonic() + self._timeout_s
        address = self._allowed(url)
        for _ in range(MAX_REDIRECTS + 1):
            request = self._request(address)
            # All redirects share one deadline, or each could take the whole time.
            timeout_s = ends_at - time.monotonic()
            if timeout_s <= 0:
                raise NoAnswer(f"{call_of(request)}: the deadline has passed")
            answer = self._send(request, timeout_s=timeout_s, max_bytes=max_bytes)
            if answer.status < 300:
                return Download(content=answer.body, content_type=_content_type(answer))
            if answer.status >= 400:
                raise self._error(address, answer)
            location = answer.headers.get("location")
            if not location:
                raise BadAnswer(f"{call_of(request)}: {answer.status} without a Location")
            # A redirect could lead into the private network, so its host is checked as well.
            address = self._allowed(location, base=address)
        raise OutputRefused(f"{url_without_query(url)}: more than {MAX_REDIRECTS} redirects")

    def _send(self, request: httpx.Request, *, timeout_s: float, max_bytes: int) -> Answer:
        try:
            return self._wire.send(request, timeout_s=timeout_s, max_bytes=max_bytes)
        except AnswerTooLong as error:
            raise OutputRefused(f"{call_of(request)}: {error}") from error

    def _allowed(self, url: str, *, base: httpx.URL | None = None) -> httpx.URL:
        try:
            address = base.join(url) if base else httpx.URL(url)
        except httpx.InvalidURL as error:
            raise OutputRefused("an output's address is not one") from error
        if address.userinfo or not (self._is_api(address) or self._is_allowed_host(address)):
            raise OutputRefused(f"outputs are not fetched from {address.scheme}://{address.host}")
        return address

    def _is_api(self, address: httpx.URL) -> bool:
        return _origin(address) == _origin(self._api)

    def _is_allowed_host(self, address: httpx.URL) -> bool:
        host = address.host
        name_and_port = f"{host}:{_port(address)}"
        if {host, name_and_port} & self._allowed_hosts:
            return address.scheme == "https" or (address.scheme == "http" and _is_loopback(host))
        is_delivery = host == OUTPUT_HOST or host.endswith(f".{OUTPUT_HOST}")
        return is_delivery and address.scheme == "https" and _port(address) == 443

    def _request(self, address: httpx.URL) -> httpx.Request:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        if self._is_api(address) and address.path.startswith(f"{self._api.path}/files/"):
            headers["Authorization"] = f"Bearer {self._token}"
        return httpx.Request("GET", address, headers=headers)

    def _error(self, address: httpx.URL, answer: Answer) -> ReplicateError:
        if answer.status in (404, 410):
            return NotFound(f"the output at {address.host} is gone ({answer.status})")
        error = error_from_answer(answer.status, headers=answer.headers, body=answer.body)
        # Another host's 401 or 402 says nothing about our token or our credit.
        if not self._is_api(address) and error.proves_not_bought and answer.status != 429:
            return UndocumentedRefusal(error.detail, status=answer.status)
        return error


def url_without_query(url: str) -> str:
    """Return an address for a message: without its query, which may hold a signature."""
    return url.partition("?")[0][:200]


def _content_type(answer: Answer) -> str:
    named = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return named or "application/octet-stream"


def _origin(address: httpx.URL) -> tuple[str, str, int | None]:
    return address.scheme, address.host, _port(address)


def _port(address: httpx.URL) -> int | None:
    return address.port or {"http": 80, "https": 443}.get(address.scheme)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
