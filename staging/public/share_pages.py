"""The public pages of a share: before and after, its two pictures, its QR code; nothing else.

They answer any client that has the address, and set no cookie. Every other address gets the same
page, which says that nothing is there: a wrong, a revoked and an unknown address look alike.
"""

from collections.abc import Callable
from functools import wraps
from pathlib import PurePosixPath
from typing import Any

from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_safe

from staging import links
from staging.models import Share
from staging.shares import draw_qr_code, find_share, share_url

LABEL = "Virtually staged"

# Only our own pictures, style and script, and no frame of another page around them.
_POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}

Page = Callable[[HttpRequest, Share], HttpResponseBase]
View = Callable[..., HttpResponseBase]


def public(page: Page) -> View:
    """Make a view of a page: it finds the page's share, or answers that nothing is there."""

    @wraps(page)
    def view(request: HttpRequest, key: str, token: str) -> HttpResponseBase:
        share = find_share(key, token=token)
        if share is None:
            return missing(request)
        return _sealed(page(request, share))

    return require_safe(view)


@require_safe
def missing(_request: HttpRequest, **_: str) -> HttpResponseBase:
    """Answer that nothing is there."""
    # Rendered without the request, so that no session is opened.
    return _sealed(_page("share/missing.html", status=404))


@public
def show(request: HttpRequest, share: Share) -> HttpResponseBase:
    """Show the photo and the staged picture, and say which is which."""
    image = share.image
    job = image.prediction.job
    context = {
        "label": job.delivered.disclosure or LABEL,
        "url": share_url(share, request=request),
        "picture_url": share_url(share, request=request, page="share-after"),
        "before_path": reverse("share-before", args=[share.pk.hex, share.token]),
        "after_path": reverse("share-after", args=[share.pk.hex, share.token]),
        "photo": job.photo,
        "image": image,
    }
    return _page("share/page.html", context)


@public
def before(request: HttpRequest, share: Share) -> HttpResponseBase:
    """Serve the photo, at an address that is closed when the share is revoked."""
    return _file(request, str(share.image.prediction.job.photo.file), name="before")


@public
def after(request: HttpRequest, share: Share) -> HttpResponseBase:
    """Serve the staged picture."""
    return _file(request, str(share.image.file), name="after")


@public
def qr_code(request: HttpRequest, share: Share) -> HttpResponseBase:
    """Draw the page's address as a QR code."""
    drawn = draw_qr_code(share_url(share, request=request))
    return HttpResponse(drawn, content_type="image/svg+xml")


def _page(
    template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    answer = HttpResponse(render_to_string(template, context), status=status)
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer


def _file(request: HttpRequest, stored: str, *, name: str) -> HttpResponseBase:
    try:
        file = default_storage.open(stored)
    except FileNotFoundError:
        return missing(request)
    suffix = PurePosixPath(stored).suffix
    answer = FileResponse(file, content_type=links.media_type(stored), filename=f"{name}{suffix}")
    if request.method == "HEAD":
        # A HEAD request gets the headers of the file without its bytes.
        file.close()
        answer.streaming_content = ()
    return answer


def _sealed(answer: HttpResponseBase) -> HttpResponseBase:
    for header, value in _HEADERS.items():
        answer.headers[header] = value
    return answer
