"""The pages of a row's past: its changes, and going back to an earlier one."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest

from modelsettings.actors import Actor
from modelsettings.errors import RequestRefused
from modelsettings.refusals import tell
from staging.admin.library.differences import FieldChange, compare_rows, in_words, label_of
from staging.library import changing
from staging.library.changing import ChangeNotFound, StaleEntry
from staging.models.library import Entry

PAGE = 20


@dataclass(frozen=True, slots=True)
class Step:
    """A row of the history, and what it changed; the first row changed nothing."""

    row: Any
    changes: list[FieldChange]
    is_first: bool


def changes(request: HttpRequest, entry: Entry) -> dict[str, Any]:
    """Return a page of changes, the newest first; with `?before=`, older ones than that."""
    rows = changing.list_changes(entry, before=_number(request.GET.get("before")), most=PAGE)
    steps = [
        Step(row, compare_rows(type(entry), older, row) if older else [], older is None)
        for row, older in zip(rows, [*rows[1:], None], strict=True)
    ][:PAGE]
    return {"steps": steps, "before": steps[-1].row.pk if len(rows) > PAGE else None}


def rollback_preview(entry: Entry, change: int) -> dict[str, Any]:
    """Return what going back would change. Raises Http404."""
    then = changing.find_change(entry, change)
    if then is None:
        raise Http404("There is no such change.")
    return {"then": then, "changes": compare_rows(type(entry), entry, then)}


def roll_back(request: HttpRequest, entry: Entry, change: int) -> bool:
    """Go back to an earlier change, and tell the operator. Return whether it was done."""
    posted = request.POST
    try:
        changing.roll_back(
            entry,
            change,
            by=Actor.of(request.user),
            reason=posted.get("reason", "").replace("\0", "").strip()[:500],
            started_from=_number(posted.get("started_from")) or 0,
        )
    except ChangeNotFound as error:
        raise Http404(str(error)) from error
    except StaleEntry as error:
        messages.error(request, f"{error} Look again at what going back would change.")
        return False
    except RequestRefused as error:
        tell(error, request)
        return False
    messages.success(request, "Rolled back: the earlier words are in force.")
    return True


def stored_fields(entry: Entry) -> list[tuple[str, str]]:
    """Return the stored texts with their labels, for users who may not change them."""
    model = type(entry)
    return [
        (label_of(model, name), in_words(getattr(entry, name)))
        for name in changing.text_fields(model)
    ]


def _number(text: str | None) -> int | None:
    """Read a change's number; None for a text that is none."""
    return int(text) if text and text.isdecimal() and len(text) < 10 else None
