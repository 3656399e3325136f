"""Permissions, context and user, shared by the admin's own pages."""

from typing import Any, cast

from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


class MadeOnce:
    """Rows that the admin does not change or delete."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnly(MadeOnce):
    """Rows that the application writes, and the admin only shows."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def page_context(page: "ModelAdmin[Any]", request: HttpRequest, *, title: str) -> dict[str, Any]:
    """Return the context that every page needs beside its own."""
    return {**page.admin_site.each_context(request), "title": title, "opts": page.opts}


def user_of(request: HttpRequest) -> User:
    """Return the account that sent the request: the admin lets in no other."""
    return cast("User", request.user)


def is_path(address: str) -> bool:
    """Say whether a redirect may lead there: a path of this host, not the name of a view."""
    return address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
