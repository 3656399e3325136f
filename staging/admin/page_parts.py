"""Permissions, projects, context and user, shared by the admin's own pages."""

from typing import Any, cast

from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from staging import access
from staging.access import Right, seen_kinds
from staging.models import Project


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


class OfProjects:
    """Rows of projects: those of projects that are closed to the user are not there.

    Each row gets `sees`, by which a cell or a page asks whether it may show another kind of rows.
    """

    # Leads from a row to its project.
    in_project = "project"
    # What deleting a row takes, in its project.
    right_to_delete: Right | None = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)  # type: ignore[misc]  # of the admin beside it
        return access.rows_shown_to(rows, user_of(request), project=self.in_project)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        row = super().get_object(request, object_id, from_field)  # type: ignore[misc]  # as above
        if row is not None:
            row.sees = seen_kinds(user_of(request))
        return row

    def project_of(self, row: Any) -> Project:
        project: Project = row.project
        return project

    def may(self, request: HttpRequest, right: Right, row: Any) -> bool:
        return access.may(user_of(request), right, self.project_of(row), in_admin=True)

    def may_stage(self, request: HttpRequest, row: Any) -> bool:
        """Say whether the Stage page takes photos for a row's project from the user."""
        return access.may_stage_in(user_of(request), self.project_of(row))

    def check_may(self, request: HttpRequest, right: Right, row: Any) -> None:
        """Raise RightMissing, MayOnlySee or NotTheOwner where the user may not do something."""
        access.check(user_of(request), right, self.project_of(row), in_admin=True)

    def check_delete(self, request: HttpRequest, row: Any) -> None:
        if self.right_to_delete:
            self.check_may(request, self.right_to_delete, row)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = bool(super().has_delete_permission(request, obj))  # type: ignore[misc]  # as above
        right = self.right_to_delete
        return may and (obj is None or right is None or self.may(request, right, obj))


def page_context(page: "ModelAdmin[Any]", request: HttpRequest, *, title: str) -> dict[str, Any]:
    """Return the context that every page needs beside its own."""
    return {
        **page.admin_site.each_context(request),
        "title": title,
        "opts": page.opts,
        "sees": seen_kinds(user_of(request)),
    }


def user_of(request: HttpRequest) -> User:
    """Return the account that sent the request: the admin lets in no other."""
    return cast("User", request.user)


def is_path(address: str) -> bool:
    """Say whether a redirect may lead there: a path of this host, not the name of a view."""
    return address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
