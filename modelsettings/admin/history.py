"""The pages of a profile's past: its revisions, two of them side by side, and a rollback."""

from typing import Any

from django.http import Http404, HttpRequest

from modelsettings.actors import Actor
from modelsettings.admin.choosing import tell_use
from modelsettings.errors import RequestRefused
from modelsettings.models import ModelSettings
from modelsettings.refusals import tell
from modelsettings.settings import changing, history, preview_rollback, read_profile


def revisions(request: HttpRequest, profile: ModelSettings) -> dict[str, Any]:
    """Return a page of revisions; `?before=` asks for older ones."""
    stored = read_profile(profile.pk)
    page = history.list_revisions(
        profile.pk,
        keys=stored.validator.schema["properties"],
        before=number_in(request.GET.get("before")),
    )
    return {"page": page, "stored": stored}


def rollback_preview(profile: ModelSettings, revision: int) -> dict[str, Any]:
    """Return what a rollback would change, and what no longer fits today's schema."""
    stored = read_profile(profile.pk)
    try:
        preview = preview_rollback(stored, revision)
    except history.RevisionNotFound as error:
        raise Http404(str(error)) from error
    return {"revision": revision, "preview": preview, "stored": stored}


def roll_back(request: HttpRequest, profile: ModelSettings, revision: int) -> bool:
    """Roll back, tell the operator, and say whether it was done."""
    try:
        saved = changing.roll_back(
            profile.pk,
            revision,
            by=Actor.of(request.user),
            reason=request.POST.get("reason", "").replace("\0", ""),
            keep_what_fits="keep_what_fits" in request.POST,
        )
    except RequestRefused as error:
        tell(error, request)
        return False
    done = f"Rolled back: revision {saved.revision} has the old values."
    tell_use(request, done, profile=profile.pk)
    return True


def number_in(text: str | None) -> int | None:
    """Read a revision's number from an address; None where the text is no such number."""
    return int(text) if text and text.isdecimal() and len(text) < 10 else None
