"""The matrix of rooms and styles: each pair's length, the origin of its words, and its prompt."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from staging.admin.library.preview import Pair, prompt_context
from staging.library.reading import Cell, read_matrix
from staging.models import PromptRules, PromptTemplate, RoomType

_SEEN = ("staging.view_roomtype", "staging.view_style")


@require_safe
def matrix_view(request: HttpRequest) -> HttpResponse:
    """Show the matrix, and the prompt of `?room_type=&style=`.

    Mounted by the admin of rooms, behind its login.
    """
    if not request.user.has_perms(_SEEN):
        raise PermissionDenied
    columns, rows = read_matrix()
    cells = [cell for _, row in rows for cell in row]
    chosen = next((cell for cell in cells if _is_asked(request, cell)), None)
    context = {
        **admin.site.each_context(request),
        "opts": RoomType._meta,
        "kind": "library",
        "title": "Prompt library",
        "columns": columns,
        "rows": rows,
        "chosen": chosen,
        "own": sum(cell.has_own for cell in cells),
        **(_context_of(request, chosen) if chosen else {}),
    }
    return TemplateResponse(request, "admin/staging/library/matrix.html", context)


def _is_asked(request: HttpRequest, cell: Cell) -> bool:
    asked = (request.GET.get("room_type"), request.GET.get("style"))
    return asked == (cell.room.key, cell.style.key)


def _context_of(request: HttpRequest, cell: Cell) -> dict[str, Any]:
    pair = Pair(cell.room, cell.style)
    rules = PromptRules.objects.get(is_outside=cell.room.is_outside)
    template = PromptTemplate.objects.filter(room_type=cell.room, style=cell.style).first()
    return {
        **prompt_context(pair),
        "chosen_title": f"{cell.room.label} in {cell.style.label} style",
        "rules": rules,
        "template": template,
        "can_give": request.user.has_perm("staging.add_prompttemplate"),
    }
