"""Takes out of requests, or refuses, malformed parts on which Django or PostgreSQL would fail."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote
from wsgiref.types import WSGIApplication

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse

# A charset as Django reads it: `charset=x`, `charset="x"`, `charset*=utf-8''x`.
_CHARSET = re.compile(r""";\s*charset\*?\s*=\s*("[^"]*"|[^;]*)""", re.IGNORECASE)


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
        if request.path.startswith("/admin/"):
            if "\0" in request.path:
                raise Http404("Nothing has a name with NUL.")
            if "\0" in unquote(request.META.get("QUERY_STRING", "")):
                raise BadRequest("There is a NUL in the address.")
        return answer(request)

    return middleware


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
