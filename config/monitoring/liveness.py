"""Says that the web process answers, to whoever asks, under whatever name."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

PATH = "/livez"


def liveness(
    answer: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer PATH before anything else looks at the request.

    A health check calls the container by its own address, which is none of ALLOWED_HOSTS, and
    over http: a view would refuse the one, and redirect the other.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path == PATH:
            return HttpResponse("ok", content_type="text/plain")
        return answer(request)

    return middleware
