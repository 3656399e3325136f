"""Gives each request an id, which its lines of the log and its answer carry."""

import re
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
# What a proxy in front of us may have given it.
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def request_ids(
    answer: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Take a request's id from its proxy, or make one; bind it for as long as it is answered."""

    def middleware(request: HttpRequest) -> HttpResponse:
        # `request.headers` is read once and kept: the middleware below has yet to mend it.
        sent = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = sent if _ID.fullmatch(sent) else uuid.uuid4().hex
        # The thread answers others after this one: nothing stays bound.
        with structlog.contextvars.bound_contextvars(request=request_id):
            answered = answer(request)
        answered.headers[HEADER] = request_id
        return answered

    return middleware
