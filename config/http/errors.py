"""Errors as answers: refusals by the API's views, and by Django before it reaches a view.

Under /api/ an answer has the API's own shape; elsewhere it is Django's page.
"""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from modelsettings.errors import RequestRefused

API = "/api/"


def answer_refusal(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Answer a refusal with its status, body and headers, and DRF's own errors as DRF does.

    Returns None for anything else: Django then answers 500 and logs the traceback.
    """
    if isinstance(error, RequestRefused):
        set_rollback()
        return Response(error.body(), status=error.status, headers=dict(error.headers))
    return exception_handler(error, dict(context))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400 to a request that Django refuses before any view; 413 to one that is too long."""
    if not request.path.startswith(API):
        return defaults.bad_request(request, exception)
    if isinstance(exception, RequestDataTooBig):
        return JsonResponse({"detail": "The fields of the form are too long."}, status=413)
    if isinstance(exception, TooManyFieldsSent | TooManyFilesSent):
        return JsonResponse({"detail": "The request has too many fields or files."}, status=400)
    return JsonResponse({"detail": "This request cannot be read."}, status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404: `{"detail": …}` under /api/."""
    if request.path.startswith(API):
        return JsonResponse({"detail": "There is nothing at this address."}, status=404)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500; the reason stands in the log alone."""
    if request.path.startswith(API):
        told = "Restage failed, and has noted it: try again, or ask who runs it."
        return JsonResponse({"detail": told}, status=500)
    return defaults.server_error(request)
