"""Answers `/livez` while the web process works: to all callers, under any host name."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

PATH = "/livez"


def liveness(
    answer: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer PATH before anything else looks at the request.

    A health check calls the container by its own address, which ALLOWED_HOSTS does not hold, and
    over http: a view would refuse the host, or redirect to https.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path == PATH:
            return HttpResponse("ok", content_type="text/plain")
        return answer(request)

    return middleware
