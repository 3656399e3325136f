"""The request that this thread answers, for code that is not handed it: signals of the database."""

from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

_current: ContextVar[HttpRequest | None] = ContextVar("current_request", default=None)


def find_request() -> HttpRequest | None:
    """Return the request that is being answered; None in commands, workers and shells."""
    return _current.get()


def current_request(
    answer: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Remember the request while it is answered."""

    def middleware(request: HttpRequest) -> HttpResponse:
        token = _current.set(request)
        try:
            return answer(request)
        finally:
            # The thread answers other requests afterwards.
            _current.reset(token)

    return middleware
