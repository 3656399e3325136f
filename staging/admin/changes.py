"""The page of recent changes: everything, by person, model, kind and day."""

from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.validators import ProhibitNullCharactersValidator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from modelsettings.models import ModelSettings, ReplicateModel
from staging import access
from staging.admin.page_parts import user_of
from staging.changes.entries import Change, Kind, Place, Wanted
from staging.changes.listing import list_changes, offered_kinds
from staging.changes.sources import SHIPPED

# The most names that the field of the person offers.
MOST_NAMES = 100


class FilterForm(forms.Form):
    """The filter in the page's address; what is wrong in it is said, and filters nothing."""

    by = forms.CharField(label="Person", required=False, max_length=200)
    model = forms.ChoiceField(label="Model", required=False)
    kind = forms.ChoiceField(label="About", required=False)
    day = forms.DateField(
        label="Day",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        by, model, kind = (self.fields[name] for name in ("by", "model", "kind"))
        by.validators.append(ProhibitNullCharactersValidator())
        by.widget.attrs |= {"list": "known-people", "placeholder": "anybody"}
        models = ReplicateModel.objects.values_list("slug", "label").order_by("label", "slug")
        cast("forms.ChoiceField", model).choices = [("", "all models"), *models]
        cast("forms.ChoiceField", kind).choices = [("", "everything"), *offered_kinds(user)]

    @property
    def wanted(self) -> Wanted:
        asked = self.cleaned_data if self.is_valid() else {}
        kind = asked.get("kind")
        return Wanted(
            by=asked.get("by", "").strip(),
            model=asked.get("model", ""),
            kind=Kind(kind) if kind else None,
            day=asked.get("day"),
        )


@require_safe
def changes_view(request: HttpRequest) -> HttpResponse:
    """List changes; `?after=` is the place that a page begins after."""
    user = user_of(request)
    if not access.may_view(user, ModelSettings):
        raise PermissionDenied
    form = FilterForm(request.GET, user=user)
    after = Place.read(request.GET.get("after", ""))
    page = list_changes(user, form.wanted, after=after)
    asked = {name: value for name, value in request.GET.items() if name != "after" and value}
    staff = User.objects.filter(is_staff=True, is_active=True).order_by("username")
    context = {
        **admin.site.each_context(request),
        "title": "Recent changes",
        "form": form,
        "changes": [shown(change) for change in page.changes],
        "is_filtered": bool(asked),
        "people": [*staff.values_list("username", flat=True)[:MOST_NAMES], *SHIPPED],
        "older": f"?{urlencode({**asked, 'after': str(page.next)})}" if page.next else "",
        "newest": f"?{urlencode(asked)}" if after else "",
    }
    return TemplateResponse(request, "admin/staging/changes/list.html", context)


def shown(change: Change) -> dict[str, Any]:
    """Return a change with the address of the page that shows it."""
    if change.page is None:
        return {"change": change, "address": ""}
    name, key = change.page
    return {"change": change, "address": reverse(f"admin:{name}", args=[key] if key else [])}
