"""Short-lived, signed addresses of photos and pictures: S3's own, or ours for files on disk.

Ours work with DEBUG off. Within a quarter of MEDIA_LINK_AGE_S a file keeps its address, so that
browsers find it in their cache; it is good for three quarters of that time at least.
"""

import time
from functools import cache, lru_cache
from pathlib import PurePosixPath

from django.conf import settings
from django.core import signing
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.urls import reverse
from django.utils.http import content_disposition_header, urlencode

from modelsettings.errors import RequestRefused

# Not from the machine's own table, which a slim image lacks.
MEDIA_TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}


class LinkRefused(RequestRefused):
    """An address that was not signed here, or whose time is over."""

    status = 404


class _SteadySigner(signing.TimestampSigner):
    """Signs with the time at which the present quarter began."""

    def timestamp(self) -> str:
        return signing.b62_encode(_quarter() * _quarter_s())


@cache
def _signer() -> _SteadySigner:
    """Made at first use: without a SECRET_KEY the system check is to say so, not an import."""
    return _SteadySigner(salt="staging.links", sep="~")


def link_to(name: str, *, download_as: str = "") -> str:
    """Return the address under which a stored file can be read for a while.

    A path for a file on disk, a whole address for one on S3. With `download_as` a browser saves
    the file under that name, which is given the file's own ending where it lacks it.
    """
    file_name = _with_ending(download_as, name) if download_as else ""
    storage = storages["default"]
    if isinstance(storage, FileSystemStorage):
        return _own_link(name, file_name)
    return _foreign_link(storage, name, file_name, _quarter())


def check_link(name: str, *, signature: str, download_as: str = "") -> None:
    """Raise LinkRefused unless `link_to` made the signature for this very file, lately."""
    try:
        signed = f"{_subject(name, download_as)}~{signature}"
        _signer().unsign(signed, max_age=settings.MEDIA_LINK_AGE_S)
    except signing.BadSignature as error:
        raise LinkRefused("This address is not valid, or no longer.") from error


def media_type(name: str) -> str:
    """Return what a stored file is served as; nothing that a browser would run."""
    return MEDIA_TYPES.get(PurePosixPath(name).suffix, "application/octet-stream")


def _own_link(name: str, file_name: str) -> str:
    subject = _subject(name, file_name)
    query = {"signature": _signer().sign(subject).removeprefix(f"{subject}~")}
    if file_name:
        query["download_as"] = file_name
    return f"{reverse('media', args=[name])}?{urlencode(query)}"


@lru_cache(maxsize=10_000)
def _foreign_link(storage: Storage, name: str, file_name: str, _of_quarter: int) -> str:
    """Return an address that the storage itself signs; each signing would make another."""
    asked = {"ResponseContentType": media_type(name)}
    if file_name:
        asked["ResponseContentDisposition"] = content_disposition_header(True, file_name) or ""
    address: str = storage.url(name, parameters=asked)  # type: ignore[call-arg]  # S3Storage's own
    return address


def _subject(name: str, file_name: str) -> str:
    """Return what is signed; no name has a line break."""
    return f"{name}\n{file_name}" if file_name else name


def _with_ending(download_as: str, name: str) -> str:
    ending = PurePosixPath(name).suffix
    kept = (letter for letter in download_as if letter.isprintable() and letter not in '/\\"')
    clean = "".join(kept)
    return clean if clean.lower().endswith(ending) else f"{clean}{ending}"


def _quarter_s() -> int:
    return max(1, settings.MEDIA_LINK_AGE_S // 4)


def _quarter() -> int:
    return int(time.time()) // _quarter_s()
