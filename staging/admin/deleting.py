"""Deleting in the admin: a page that asks first, then a service that removes files, too."""

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any, TypeVar

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin

from modelsettings.errors import RequestRefused
from staging.admin.page_parts import page_context

Row = TypeVar("Row", bound=Model)


class DeletingAdmin(ModelAdmin):
    """Deletes with a service, after a page that says what will be deleted and what `stays`."""

    stays = ""

    def delete_one(self, row: Any) -> None:
        """Delete a row with its service. Raises RequestRefused, whose sentence is shown."""
        raise NotImplementedError

    def check_delete(self, request: HttpRequest, row: Any) -> None:
        """Raise RequestRefused where the user may delete other rows, and not this one."""

    def goes_with(self, rows: list[Any]) -> dict[str, int]:
        """Count what is deleted with the rows, by plural noun."""
        return {}

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask, then delete a row."""
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request, row):
            raise Http404(f"There is no such {self.opts.verbose_name}.")
        if not self.has_delete_permission(request, row):
            raise PermissionDenied
        if request.method != "POST":
            return self._ask(request, [row])
        if self._delete(request, [row]):
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", row.pk)

    @admin.action(description="Delete", permissions=["delete"])
    def delete_selected(
        self, request: HttpRequest, chosen: QuerySet[Any]
    ) -> TemplateResponse | None:
        """Ask, then delete the chosen rows."""
        rows = list(chosen)
        if "post" not in request.POST:
            return self._ask(request, rows)
        self._delete(request, rows)
        return None

    def _ask(self, request: HttpRequest, rows: list[Any]) -> TemplateResponse:
        what = f"{len(rows)} {self.opts.verbose_name_plural}" if len(rows) > 1 else str(rows[0])
        context = {
            **page_context(self, request, title=f"Delete {what}?"),
            "rows": rows,
            "goes": {name: count for name, count in self.goes_with(rows).items() if count},
            "stays": self.stays,
            "checkbox": helpers.ACTION_CHECKBOX_NAME,
            "is_action": "action" in request.POST,
        }
        return TemplateResponse(request, "admin/staging/delete.html", context)

    def _delete(self, request: HttpRequest, rows: list[Any]) -> bool:
        def delete(row: Any) -> None:
            self.check_delete(request, row)
            self.delete_one(row)
            self.log_deletions(request, [row])

        return do_with_each(request, rows, delete, done="Deleted")


def do_with_each(
    request: HttpRequest, rows: Iterable[Row], do: Callable[[Row], object], *, done: str
) -> bool:
    """Do something with each row; tell how many were done, and why others were refused.

    Returns whether no row was refused.
    """
    refused: list[str] = []
    count = 0
    for row in rows:
        try:
            do(row)
        except RequestRefused as error:
            refused.append(str(error))
        else:
            count += 1
    if count:
        messages.success(request, f"{done}: {count}.")
    for sentence, same in groupby(sorted(refused)):
        messages.warning(request, f"Not done with {len(list(same))}: {sentence}")
    return not refused
