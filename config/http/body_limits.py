"""Refuses forms that are too long for their sender, before a byte of them is read."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from config.http.errors import API
from staging import images
from staging.batches.sent import MAX_TOTAL_BYTES

# Room for the other fields of a form that holds a file.
_FIELDS_BYTES = 2**20


def bounded_bodies(
    answer: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer 413 to a form that is longer than its sender may send.

    Django's check of the CSRF token parses a form before any view asks who sent it: a stranger's
    gigabytes would be written to disk first, and refused then. Content-Length decides, since Django
    reads nothing beyond it. This middleware belongs behind the one that knows the user; the check
    of the token comes after all middleware. The API bounds its bodies itself.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or ""
        if (
            length.isdecimal()
            and int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            and not request.path.startswith(API)
            and int(length) > _most_bytes(request)
        ):
            told = "This is more than can be sent here: sign in first, or send less."
            return HttpResponse(told, status=413, content_type="text/plain; charset=utf-8")
        return answer(request)

    return middleware


def _most_bytes(request: HttpRequest) -> int:
    user: Any = request.user
    if not (user.is_active and user.is_staff):
        return settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
    takes_batches = request.path == reverse("stage")
    return (MAX_TOTAL_BYTES if takes_batches else images.MAX_BYTES) + _FIELDS_BYTES
