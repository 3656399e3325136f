"""Errors as answers: refusals by the API's views, and by Django before it reaches a view.

Under /api/ an answer has the API's own shape; elsewhere it is a page.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.exceptions import APIException, PermissionDenied, Throttled
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from config.http import error_pages
from modelsettings.errors import CODED, RequestRefused, family_of

API = "/api/"
# Codes of refusals that the framework makes, beside those of our own family.
_FRAMEWORKS = {
    error.status_code: str(error.default_code) for error in (PermissionDenied, Throttled)
}


def answer_refusal(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Answer a refusal with its status, body and headers, and DRF's own errors as DRF does.

    DRF's answers get the code that ours have: `{"detail": …, "code": "permission_denied"}`.
    Returns None for anything else: Django then answers 500 and logs the traceback.
    """
    if isinstance(error, RequestRefused):
        set_rollback()
        return Response(error.body(), status=error.status, headers=dict(error.headers))
    answer = exception_handler(error, dict(context))
    if answer is not None and answer.status_code in CODED:
        # Django's own PermissionDenied has no code, and DRF answers it as its own.
        named = error.get_codes() if isinstance(error, APIException) else None
        answer.data = {**answer.data, "code": named or _FRAMEWORKS[answer.status_code]}
    return answer


def refusal_codes() -> dict[int, list[str]]:
    """Return the codes that an answer of each status of CODED can bear."""
    ours = {(refusal.status, refusal.code) for refusal in family_of()} | set(_FRAMEWORKS.items())
    return {
        status: sorted(code for of_status, code in ours if of_status == status and code)
        for status in sorted(CODED)
    }


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400 to a request that Django refuses before any view; 413 to one that is too long."""
    if not request.path.startswith(API):
        has_too_many = isinstance(exception, TooManyFilesSent)
        return error_pages.show_unreadable(request, has_too_many_files=has_too_many)
    if isinstance(exception, RequestDataTooBig):
        return JsonResponse({"detail": "The fields of the form are too long."}, status=413)
    if isinstance(exception, TooManyFilesSent):
        most = settings.DATA_UPLOAD_MAX_NUMBER_FILES
        return JsonResponse({"detail": f"The request has more than {most} files."}, status=400)
    if isinstance(exception, TooManyFieldsSent):
        return JsonResponse({"detail": "The request has too many fields."}, status=400)
    return JsonResponse({"detail": "This request cannot be read."}, status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  # Django's
    """Answer 403: `{"detail": …, "code": …}` under /api/."""
    if request.path.startswith(API):
        body = {"detail": "Your account may not do this.", "code": PermissionDenied.default_code}
        return JsonResponse(body, status=403)
    return error_pages.show_forbidden(request)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  # Django's
    """Answer 404: `{"detail": …}` under /api/."""
    if request.path.startswith(API):
        return JsonResponse({"detail": "There is nothing at this address."}, status=404)
    return error_pages.show_missing(request)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500; the reason stands in the log alone."""
    if request.path.startswith(API):
        told = "Restage failed, and has noted it: try again, or ask who runs it."
        return JsonResponse({"detail": told}, status=500)
    return error_pages.show_failure(request)
