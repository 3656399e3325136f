"""Addresses of the first page's buttons that put something aside, and bring it back."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.dashboard.attention import find_items
from staging.notices.aside import bring_back, may_put_aside, put_aside


@require_POST
def put_aside_view(request: HttpRequest) -> HttpResponse:
    """Put an item aside, unless it has come further than the page showed it."""
    if not may_put_aside(request.user):
        raise PermissionDenied
    key, seen = request.POST.get("key", ""), request.POST.get("seen", "")
    found = [item for item in find_items(timezone.localdate()) if item.key == key]
    item = next((item for item in found if item.is_for(request.user)), None)
    if item is None or item.stays:
        messages.info(request, "It is over already.")
    elif item.seen != seen:
        messages.warning(request, "It happened again meanwhile, and was not put aside.")
    else:
        put_aside(item, by=request.user.get_username())
        messages.success(request, "It is put aside for everybody, until it happens again.")
    return redirect("admin:index")


@require_POST
def bring_back_view(request: HttpRequest) -> HttpResponse:
    """Show an item again that was put aside."""
    if not may_put_aside(request.user):
        raise PermissionDenied
    bring_back(request.POST.get("key", "").replace("\0", ""), by=request.user.get_username())
    return redirect("admin:index")
