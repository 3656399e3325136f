"""The calls that Restage makes to Replicate.

Requests are built by the official client (its public surface: paths, bodies, multipart,
authentication); time limits, errors and answers are ours, see `transport`.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import IO
from urllib.parse import urlencode, urlsplit

import httpx
from replicate.client import Client
from replicate.prediction import Prediction, Predictions

from replicate_api.answers import (
    ID_PATTERN,
    Download,
    Page,
    RemoteFile,
    RemotePrediction,
    Status,
    read_object,
)
from replicate_api.downloads import Downloads
from replicate_api.errors import BadAnswer, InvalidInput, NotFound, UnusableToken
from replicate_api.transport import Exchange, Wire

__all__ = ["Download", "Page", "RemoteFile", "RemotePrediction", "ReplicateClient", "Status"]

# Replicate refuses a shorter Cancel-After.
MIN_CANCEL_AFTER_S = 5
SLUG_PATTERN = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]*/[0-9A-Za-z][0-9A-Za-z_.-]*")


class ReplicateClient:
    """Replicate's API. One instance serves any number of threads of one process.

    Each call is sent once, ends within `timeout_s` (`transfer_timeout_s` for a file's upload
    or an output's download) and raises a `replicate_api.errors.ReplicateError` only.

    >>> client = ReplicateClient(token=token)
    >>> photo = client.upload_file(content, filename="room.jpg", content_type="image/jpeg")
    >>> client.create_prediction(
    ...     model="black-forest-labs/flux-kontext-pro",
    ...     input={"prompt": "add a sofa", "input_image": photo.url},
    ...     webhook="https://restage.example/webhooks/9f2c",
    ...     cancel_after_s=600,
    ... ).status
    'starting'
    """

    def __init__(
        self,
        *,
        token: str,
        base_url: str = "https://api.replicate.com",
        timeout_s: float = 30.0,
        transfer_timeout_s: float = 120.0,
        connect_timeout_s: float = 5.0,
        allowed_hosts: Iterable[str] = (),
    ) -> None:
        self._token = token.strip()
        # An empty token would let the official client look for one in the environment, and
        # a header that cannot be sent would be quoted in an error.
        if not re.fullmatch(r"[!-~]+", self._token):
            raise UnusableToken("The Replicate token is empty or has characters no token has.")
        self._base_url = base_url.rstrip("/").removesuffix("/v1")
        self._timeout_s = timeout_s
        self._transfer_timeout_s = transfer_timeout_s
        self._wire = Wire(connect_timeout_s=connect_timeout_s)
        self._downloads = Downloads(
            self._wire,
            token=self._token,
            api=httpx.URL(f"{self._base_url}/v1"),
            allowed_hosts=allowed_hosts,
            timeout_s=transfer_timeout_s,
        )

    def __repr__(self) -> str:
        return f"ReplicateClient({self._base_url!r})"

    def close(self) -> None:
        self._wire.close()

    def get_account(self) -> dict[str, object]:
        """Return the account that the token belongs to."""
        return read_object(self._call(lambda client: client.accounts.current()))

    def get_model(self, slug: str) -> dict[str, object]:
        """Return a model as published, with `latest_version.openapi_schema`."""
        _check_slug(slug)
        return read_object(self._call(lambda client: client.models.get(slug)))

    def get_webhook_secret(self, *, timeout_s: float | None = None) -> str:
        """Return the secret that signs this account's webhooks."""
        answer = read_object(
            self._call(lambda client: client.webhooks.default.secret(), timeout_s=timeout_s)
        )
        key = answer.get("key")
        if not isinstance(key, str) or not key:
            raise BadAnswer("the webhook secret came without a key")
        return key

    def upload_file(
        self, content: bytes | IO[bytes], *, filename: str, content_type: str
    ) -> RemoteFile:
        """Upload bytes or an open file, so that an input can hold its address.

        A file is sent piece by piece, from its beginning.
        """
        file = _Upload(io.BytesIO(content) if isinstance(content, bytes) else content)
        answer = self._call(
            lambda client: client.files.create(file, filename=filename, content_type=content_type),
            timeout_s=self._transfer_timeout_s,
        )
        return RemoteFile.from_json(answer)

    def create_prediction(
        self,
        *,
        model: str,
        version: str | None = None,
        input: dict[str, object],  # noqa: A002 - the API's own word
        webhook: str | None = None,
        events: Sequence[str] = ("completed",),
        cancel_after_s: int | None = None,
    ) -> RemotePrediction:
        """Buy a prediction of a version, or of the model where none is given (official models).

        After an error without `proves_not_bought` a purchase may exist. `cancel_after_s` is
        raised to Replicate's minimum, 5 seconds.
        """
        _check_slug(model)
        _check_input(input)
        params = Predictions.CreatePredictionParams()
        if webhook:
            params["webhook"] = webhook
            params["webhook_events_filter"] = list(events)
        headers = {}
        if cancel_after_s is not None:
            headers["Cancel-After"] = f"{max(cancel_after_s, MIN_CANCEL_AFTER_S)}s"

        def create(client: Client) -> Prediction:
            if version:
                return client.predictions.create(version=version, input=input, **params)
            return client.predictions.create(model=model, input=input, **params)

        return RemotePrediction.from_json(self._call(create, headers=headers))

    def get_prediction(self, id: str) -> RemotePrediction:  # noqa: A002 - the API's own word
        """Return a prediction as it is now."""
        _check_id(id)
        return RemotePrediction.from_json(self._call(lambda client: client.predictions.get(id)))

    def cancel_prediction(self, id: str) -> RemotePrediction:  # noqa: A002 - the API's own word
        """Cancel a prediction; return it as it is then."""
        _check_id(id)
        return RemotePrediction.from_json(self._call(lambda client: client.predictions.cancel(id)))

    def list_predictions(
        self,
        *,
        created_before: datetime | None = None,
        created_after: datetime | None = None,
        cursor: str | None = None,
    ) -> Page:
        """Return a page, newest first; `cursor` is a page's `next`, and excludes the bounds."""
        address = _list_address(created_before, created_after, cursor)
        return Page.from_json(self._call(lambda client: client.predictions.list(address)))

    def download(self, url: str, *, max_bytes: int) -> Download:
        """Return an output's bytes.

        Raises OutputRefused for a wrong host or too many bytes, NotFound for a removed output.
        """
        return self._downloads.get(url, max_bytes=max_bytes)

    def _call(
        self,
        send: Callable[[Client], object],
        *,
        headers: dict[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> object:
        exchange = Exchange(self._wire, timeout_s=timeout_s or self._timeout_s)
        client = Client(
            api_token=self._token,
            base_url=self._base_url,
            transport=exchange,
            # A compressed answer could unpack to more than any limit.
            headers={"Accept-Encoding": "identity", **(headers or {})},
        )
        send(client)
        return exchange.json


class _Upload(io.RawIOBase):
    """A file as the official client takes one: of Python's own kind, with a name.

    Files of a web framework, and temporary ones, have the methods without the kind.
    """

    name = "file"

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int = -1, /) -> bytes:
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._file.seek(offset, whence)
        return self._file.tell()

    def tell(self) -> int:
        return self._file.tell()


def _check_slug(slug: str) -> None:
    if not SLUG_PATTERN.fullmatch(slug):
        raise NotFound(f"{slug[:200]!r} names no model: write it owner/name")


def _check_id(id_: str) -> None:
    if not ID_PATTERN.fullmatch(id_):
        raise NotFound(f"{id_[:200]!r} is no prediction's id")


def _check_input(values: dict[str, object]) -> None:
    # Given an open file or a path, the official client would upload it on the way.
    try:
        json.dumps(values, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"the input is not JSON: {error}") from error


def _list_address(
    created_before: datetime | None, created_after: datetime | None, cursor: str | None
) -> str:
    if cursor is not None:
        # Only the query of the address is used, so that an answer cannot send the token to another
        # host.
        query = urlsplit(cursor).query or urlencode({"cursor": cursor})
    else:
        bounds = {"created_before": created_before, "created_after": created_after}
        query = urlencode({name: _utc(at) for name, at in bounds.items() if at is not None})
    return f"/v1/predictions?{query}" if query else "/v1/predictions"


def _utc(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("A listing's bounds need a time zone.")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
