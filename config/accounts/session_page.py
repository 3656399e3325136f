"""Tells a page's script which account is signed in, and a person who signed in to go on working."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache

from config.http.ended_sessions import is_of_script


@never_cache
def session(request: HttpRequest) -> HttpResponse:
    """Answer a script with the account and the token of its forms, a person with a page.

    A page that was left open while its session ended learns here that it can go on. Signing in
    changes the token, so the forms of such a page need the new one.
    """
    if is_of_script(request):
        return JsonResponse(
            {
                "user": str(request.user.pk),
                "name": request.user.get_username(),
                "token": get_token(request),
            }
        )
    context = {**admin.site.each_context(request), "title": "You are signed in"}
    return TemplateResponse(request, "admin/session.html", context)
