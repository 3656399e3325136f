"""Takes out of requests, or refuses, malformed parts on which Django or PostgreSQL would fail."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote
from wsgiref.types import WSGIApplication

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse

from config.http.security_headers import ADMIN

# A charset as Django reads it: `charset=x`, `charset="x"`, `charset*=utf-8''x`.
_CHARSET = re.compile(r""";\s*charset\*?\s*=\s*("[^"]*"|[^;]*)""", re.IGNORECASE)

# How filters and links of ours ask for a column.
_PLAIN_LOOKUPS = {"exact", "gte", "in", "isempty", "isnull", "lt", "lte"}
# What is searched for may be any text.
_FREE_TEXTS = {"key", "q", "s", "term", "value"}
_LARGEST = str(2**63 - 1)
_LONG_NUMBER = re.compile(r"(?<![^,])-?\d{19,}(?![^,])")


def without_charset(application: WSGIApplication) -> WSGIApplication:
    """Read every request as UTF-8, which JSON is and all browsers send.

    Django decodes the query and forms with the charset that a client names, even with a codec that
    decompresses ("zip") or that cannot replace unknown bytes ("idna"). It then fails before any
    middleware can answer.
    """

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        if "CONTENT_TYPE" in environ:
            environ["CONTENT_TYPE"] = _CHARSET.sub("", environ["CONTENT_TYPE"])
        return application(environ, start_response)

    return answer


def without_nul(
    answer: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Refuse addresses of the admin that hold NUL.

    The admin's filters would hand it to PostgreSQL, which fails. The
    API's views refuse it themselves, with a sentence at the field.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(ADMIN):
            if "\0" in request.path:
                raise Http404("Nothing has a name with NUL.")
            if "\0" in unquote(request.META.get("QUERY_STRING", "")):
                raise BadRequest("There is a NUL in the address.")
        return answer(request)

    return middleware


def plain_lookups(
    answer: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Refuse addresses of the admin that ask for more of a column than filters and links do.

    Django lets a list be filtered by every column in every way: a database refuses some of them,
    such as a part of a JSON column, and searches very long for others, such as a pattern. It fails
    on a number, too, that is longer than a column's: the largest stands for it, which no row has.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(ADMIN) and request.method in ("GET", "HEAD"):
            for name in request.GET:
                column, *rest = name.split("__")
                if column and rest and rest[-1] not in _PLAIN_LOOKUPS:
                    raise BadRequest(f"No list is filtered by {name}.")
            _hold_numbers(request)
        return answer(request)

    return middleware


def _hold_numbers(request: HttpRequest) -> None:
    """Write the largest number of a column in the place of longer ones."""
    asked = request.GET.copy()
    for name, values in request.GET.lists():
        if name not in _FREE_TEXTS:
            asked.setlist(name, [_LONG_NUMBER.sub(_LARGEST, value) for value in values])
    if asked != request.GET:
        # Django's stubs take it for read-only, as a view should.
        request.GET = asked  # type: ignore[assignment]


def plain_credentials(
    answer: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Make a malformed token or session cookie an unknown one, on which nothing fails.

    knox decodes a token as UTF-8 and fails on other bytes. A cookie may hold a quoted NUL, which
    PostgreSQL refuses to look up.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if authorization := request.META.get("HTTP_AUTHORIZATION"):
            request.META["HTTP_AUTHORIZATION"] = _plain(authorization)
        session = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        if not (session.isascii() and session.isalnum()):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        return answer(request)

    return middleware


def _plain(header: str) -> str:
    """Return a header with a question mark for each character that is not printable ASCII."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in header)
