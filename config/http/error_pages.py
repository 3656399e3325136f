"""Pages in the place of what cannot be shown: closed to the account, not there, or broken.

Inside the admin such a page keeps the menu, and names the accounts that can give the right.
"""

from collections.abc import Mapping

from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from config.http.security_headers import ADMIN
from staging.batches.sent import MAX_PHOTOS

# So many accounts are named that can help.
MOST_NAMED = 3


def show_forbidden(request: HttpRequest) -> HttpResponse:
    """Answer 403, and say which accounts can give a role that opens the page."""
    if not _has_menu(request):
        return render(request, "403.html", status=403)
    roles = list(request.user.groups.order_by("name").values_list("name", flat=True))
    context = {
        "title": "Your account may not open this page",
        "is_forbidden": True,
        "roles": roles,
        "can_help": find_who_can_help(),
    }
    return _show_in_admin(request, context, status=403)


def show_missing(request: HttpRequest) -> HttpResponse:
    """Answer 404: there is nothing at the address, or nothing that the account sees."""
    if not _has_menu(request):
        return render(request, "404.html", status=404)
    context = {"title": "There is nothing at this address"}
    return _show_in_admin(request, context, status=404)


def show_unreadable(request: HttpRequest, *, has_too_many_files: bool = False) -> HttpResponse:
    """Answer 400. Without the menu: the request may be broken in the parts that it needs."""
    most_photos = MAX_PHOTOS if has_too_many_files else None
    return render(request, "400.html", {"most_photos": most_photos}, status=400)


def show_failure(request: HttpRequest) -> HttpResponse:
    """Answer 500. Without the menu, whose queries may be what failed."""
    return render(request, "500.html", status=500)


def find_who_can_help() -> list[str]:
    """Return the names of accounts that can give roles, those who signed in last first."""
    giving = Permission.objects.filter(content_type__app_label="auth", codename="change_user")
    can_give = Q(is_superuser=True)
    can_give |= Q(user_permissions__in=giving) | Q(groups__permissions__in=giving)
    accounts = User.objects.filter(can_give, is_active=True, is_staff=True).distinct()
    newest = accounts.order_by(F("last_login").desc(nulls_last=True), "username")
    return list(newest.values_list("username", flat=True)[:MOST_NAMED])


def _has_menu(request: HttpRequest) -> bool:
    """Say whether the admin is open to the account: only there is a menu."""
    # A middleware before the sessions' may have refused the request.
    user = getattr(request, "user", None)
    return (
        request.path.startswith(ADMIN) and user is not None and admin.site.has_permission(request)
    )


def _show_in_admin(
    request: HttpRequest, context: Mapping[str, object], *, status: int
) -> HttpResponse:
    shared = admin.site.each_context(request)
    return render(request, "admin/error.html", {**shared, **context}, status=status)
