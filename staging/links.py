"""Short-lived, signed addresses of photos and pictures: signed by S3, or by us for files on disk.

Django serves ours also where DEBUG is off. A file keeps its address for a quarter of
MEDIA_LINK_AGE_S, so that browsers find the file in their cache; an address is valid for at least
three quarters of MEDIA_LINK_AGE_S.
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

# Our own table, since a slim image has no /etc/mime.types.
MEDIA_TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}


class LinkRefused(RequestRefused):
    """An address without a valid signature of ours, or one that has expired."""

    status = 404


class _SteadySigner(signing.TimestampSigner):
    """Signs with the time at which the current quarter began, so that signatures repeat."""

    def timestamp(self) -> str:
        return signing.b62_encode(_quarter() * _quarter_s())


@cache
def _signer() -> _SteadySigner:
    """Return the signer; made at first use, so that imports work without a SECRET_KEY.

    A system check then reports that it is missing.
    """
    return _SteadySigner(salt="staging.links", sep="~")


def link_to(name: str, *, download_as: str = "") -> str:
    """Return the address under which a stored file can be read for a while.

    It is a path for a file on disk, and a whole address for one on S3. With `download_as` a browser
    saves the file under that name; an extension that the name lacks is added.
    """
    file_name = _with_ending(download_as, name) if download_as else ""
    storage = storages["default"]
    if isinstance(storage, FileSystemStorage):
        return _own_link(name, file_name)
    return _foreign_link(storage, name, file_name, _quarter())


def check_link(name: str, *, signature: str, download_as: str = "") -> None:
    """Raise LinkRefused unless `link_to` signed this file and name within MEDIA_LINK_AGE_S."""
    try:
        signed = f"{_subject(name, download_as)}~{signature}"
        _signer().unsign(signed, max_age=settings.MEDIA_LINK_AGE_S)
    except signing.BadSignature as error:
        raise LinkRefused("This address is not valid, or no longer valid.") from error


def media_type(name: str) -> str:
    """Return the content type of a stored file; never a type that a browser would run."""
    return MEDIA_TYPES.get(PurePosixPath(name).suffix, "application/octet-stream")


def _own_link(name: str, file_name: str) -> str:
    subject = _subject(name, file_name)
    query = {"signature": _signer().sign(subject).removeprefix(f"{subject}~")}
    if file_name:
        query["download_as"] = file_name
    return f"{reverse('media', args=[name])}?{urlencode(query)}"


@lru_cache(maxsize=10_000)
def _foreign_link(storage: Storage, name: str, file_name: str, _of_quarter: int) -> str:
    """Return an address that the storage signs.

    Each signing makes another address, so that of a quarter is kept.
    """
    asked = {"ResponseContentType": media_type(name)}
    if file_name:
        asked["ResponseContentDisposition"] = content_disposition_header(True, file_name) or ""
    address: str = storage.url(name, parameters=asked)  # type: ignore[call-arg]  # S3Storage's own
    return address


def _subject(name: str, file_name: str) -> str:
    """Return the text that is signed; names have no line breaks, so it is unambiguous."""
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
