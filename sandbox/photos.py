"""Finds the photo in a prediction's input, and reads it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes, urlsplit

import httpx

from sandbox.files import FileStore
from sandbox.problems import Problem
from sandbox.validation import Document, InputSchema
from sandbox.webhooks import is_loopback

LARGEST = 100 * 1024 * 1024
TIMEOUT_S = 5
IMAGE_WORDS = ("image", "img", "photo", "picture", "room")
PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic")


class RunFailed(Exception):
    """The prediction ends `failed`, with this message as its error."""


def find_photo(given: Document, *, schema: InputSchema) -> str | None:
    """Return the address of an input's first image, in x-order, that is no mask."""
    for name, declared in schema.properties.items():
        if "mask" in name:
            continue
        for address in _addresses(given.get(name), declared=declared):
            if _names_an_image(name, address):
                return address
    return None


class PhotoReader:
    """Reads photos from our own files, data URIs and loopback addresses.

    Nothing else is fetched: the sandbox never leaves this machine.
    """

    def __init__(self, files: FileStore, *, api: str) -> None:
        self._files = files
        self._own = f"{api}/files/"
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False)

    async def read(self, address: str) -> bytes:
        """Return the bytes at an address; raise RunFailed with the reason where there are none."""
        if address.startswith("data:"):
            return _read_data_uri(address)
        if address.startswith(self._own):
            file_id = address.removeprefix(self._own).partition("/")[0].partition("?")[0]
            try:
                return self._files.content(file_id)
            except Problem as error:
                raise RunFailed(f"The input file {file_id} does not exist or expired.") from error
        parts = urlsplit(address)
        if parts.scheme in ("http", "https") and is_loopback(parts.hostname or ""):
            return await self._fetch(address)
        raise RunFailed(
            f"Could not fetch the input {address[:200]!r}: the sandbox reads its own files, "
            "data URIs and addresses on loopback."
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def _fetch(self, address: str) -> bytes:
        content = bytearray()
        try:
            async with self._client.stream("GET", address) as answer:
                answer.raise_for_status()
                async for chunk in answer.aiter_bytes():
                    content += chunk
                    if len(content) > LARGEST:
                        raise RunFailed(f"The input {address[:200]!r} is too large.")
        except httpx.HTTPError as error:
            raise RunFailed(f"Could not fetch the input {address[:200]!r}: {error!r}") from error
        return bytes(content)


def _addresses(value: object, *, declared: Document) -> Iterator[str]:
    items = declared.get("items") or {}
    if isinstance(value, str) and declared.get("format") == "uri":
        yield value
    if isinstance(value, list) and items.get("format") == "uri":
        yield from (item for item in value if isinstance(item, str))


def _names_an_image(name: str, address: str) -> bool:
    if address.startswith("data:"):
        return address.startswith("data:image/") or any(word in name for word in IMAGE_WORDS)
    path = urlsplit(address).path.lower()
    return path.endswith(PICTURE_ENDINGS) or any(word in name for word in IMAGE_WORDS)


def _read_data_uri(address: str) -> bytes:
    head, _, body = address.partition(",")
    try:
        if head.endswith(";base64"):
            return base64.b64decode(unquote_to_bytes(body), validate=True)
    except binascii.Error as error:
        raise RunFailed("The input's data URI is not valid base64.") from error
    return unquote_to_bytes(body)
