"""Gives each request an id, which its log lines and its answer carry."""

import re
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
# An id that a proxy in front of us may have given.
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def request_ids(
    answer: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Take a request's id from its proxy, or make an id; bind it to the log while we answer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        # Not `request.headers`: it is cached on first use, and middleware below changes META yet.
        sent = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = sent if _ID.fullmatch(sent) else uuid.uuid4().hex
        # The thread answers other requests afterwards, so the binding has to end.
        with structlog.contextvars.bound_contextvars(request=request_id):
            answered = answer(request)
        answered.headers[HEADER] = request_id
        return answered

    return middleware
