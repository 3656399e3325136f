"""Headers that tell a browser what an answer may load, run and be framed by.

The strictest policy is the rule: what is no page loads nothing. A view whose answer may do less
than its kind sets a policy of its own, as the public pages of shares do.
"""

from collections.abc import Callable, Mapping

from django.conf import settings
from django.core.files.storage import storages
from django.http import HttpRequest, HttpResponse

from config.storage import PrivateBucket

CSP = "Content-Security-Policy"
ADMIN = "/admin/"

# JSON, pictures, ZIPs, redirects: a browser that opens one has nothing to fetch or to run.
_SEALED = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "sandbox": "",
}
# A browser shows a picture in a page of its own making, with styles of its own in that page.
_PICTURE = {**_SEALED, "style-src": "'unsafe-inline'"}
# Scripts and styles are files of ours, so neither a nonce nor 'unsafe-inline' is needed.
_PAGE = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
# The style elements that Unfold and its htmx write into each page: no other may stand there.
# Chromium's message names the new hash where an update changes one.
_STYLES_OF_UNFOLD = (
    # The colours of its theme.
    "'sha256-CftXQ/6rIQ3AMOrJUsQzoK+KGLgk4scJJlfXyvE/1mQ='",
    # What htmx shows while it waits.
    "'sha256-bsV5JivYxvGywDAZ22EZJKBFip65Ng9xoJVLbBg7bdo='",
)
_ADMIN_PAGE = {
    **_PAGE,
    # Unfold ships the build of Alpine that compiles the expressions in its attributes.
    "script-src": "'self' 'unsafe-eval'",
    "style-src-elem": " ".join(("'self'", *_STYLES_OF_UNFOLD)),
    # The widths of bars, and what Alpine hides and shows.
    "style-src-attr": "'unsafe-inline'",
}

# Nothing here asks for a sensor, a device or a payment, and no script that gets in shall.
_PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer",
        "microphone", "midi", "payment", "usb",
    )
)  # fmt: skip


def security_headers(
    answer: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Add the policy to every answer, also to those of other middleware: this is the first."""

    def middleware(request: HttpRequest) -> HttpResponse:
        answered = answer(request)
        if not _is_for_developers(answered):
            answered.headers.setdefault(CSP, _policy_of(request, answered))
        answered.headers.setdefault("Permissions-Policy", _PERMISSIONS)
        answered.headers.setdefault("X-Content-Type-Options", "nosniff")
        return answered

    return middleware


def written(policy: Mapping[str, str]) -> str:
    """Write a policy as the header has it."""
    return "; ".join(f"{directive} {sources}".strip() for directive, sources in policy.items())


def _policy_of(request: HttpRequest, answered: HttpResponse) -> str:
    if not _is_page(answered):
        return written(_PICTURE if _content_type(answered).startswith("image/") else _SEALED)
    policy = _ADMIN_PAGE if request.path.startswith(ADMIN) else _PAGE
    storage = storages["default"]
    if isinstance(storage, PrivateBucket):
        policy = {**policy, "img-src": f"{policy['img-src']} {storage.source}"}
    return written(policy)


def _is_page(answered: HttpResponse) -> bool:
    return _content_type(answered).startswith("text/html")


def _content_type(answered: HttpResponse) -> str:
    return answered.headers.get("Content-Type", "")


def _is_for_developers(answered: HttpResponse) -> bool:
    """Say whether this may be Django's page of a traceback, whose styles and scripts are inline."""
    return settings.DEBUG and answered.status_code in (404, 500) and _is_page(answered)
