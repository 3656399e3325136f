"""Takes out of a request what the libraries below us would fail on: none of it is ever meant."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote
from wsgiref.types import WSGIApplication

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse

# As Django reads it: `charset=x`, `charset="x"`, `charset*=utf-8''x`.
_CHARSET = re.compile(r""";\s*charset\*?\s*=\s*("[^"]*"|[^;]*)""", re.IGNORECASE)


def without_charset(application: WSGIApplication) -> WSGIApplication:
    """Read every request as UTF-8, as JSON and all browsers send it.

    Django takes the charset that a client names for the query, and for a form, also where it is a
    decompressor ("zip") or cannot replace what it does not know ("idna"), and fails before any
    middleware is there to answer.
    """

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        if "CONTENT_TYPE" in environ:
            environ["CONTENT_TYPE"] = _CHARSET.sub("", environ["CONTENT_TYPE"])
        return application(environ, start_response)

    return answer


def without_nul(
    answer: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Refuse addresses of the admin with NUL: its filters hand it to PostgreSQL, which fails.

    Elsewhere the views see to it, and say what is wrong where.
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
    """Let a token or a session that is none be unknown, instead of failing.

    knox decodes a token as UTF-8, and a cookie may hold NUL, quoted as in C: PostgreSQL refuses to
    look for that.
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
    """Return a header with a question mark for whatever is not printable ASCII."""
    return "".join(one if " " <= one <= "~" else "?" for one in header)
