"""Answers 401 to a background request of the admin whose session has ended.

The admin leads to the login page, which suits a browser that follows a link. A script would take
that page for its answer, and put it into the page or lose what it has sent.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from config.http.security_headers import ADMIN

# Headers by which scripts of ours, htmx and jQuery name themselves. Browsers say it of any request
# of a script, but only to a host that they trust.
_OF_SCRIPTS = ("X-Restage", "HX-Request", "X-Requested-With")


def ended_sessions(
    answer: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer a script with 401 where a page would be led to the login."""

    def middleware(request: HttpRequest) -> HttpResponse:
        answered = answer(request)
        if _leads_to_login(answered) and is_of_script(request):
            return HttpResponse("You are signed out.", status=401, content_type="text/plain")
        return answered

    return middleware


def is_of_script(request: HttpRequest) -> bool:
    """Say whether a script of a page of the admin has sent a request, not the browser itself."""
    if not request.path.startswith(ADMIN):
        return False
    is_fetched = request.headers.get("Sec-Fetch-Dest") == "empty"
    return is_fetched or any(name in request.headers for name in _OF_SCRIPTS)


def _leads_to_login(answered: HttpResponse) -> bool:
    if answered.status_code != 302:
        return False
    return answered.headers.get("Location", "").startswith(reverse("admin:login"))
