"""Filters of the lists of jobs, photos and batches: none counts rows or lists a growing table."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter, DropdownFilter, TextFilter
from unfold.widgets import UnfoldAdminTextInputWidget

from modelsettings.models import ModelSettings, ReplicateModel
from staging import access
from staging.admin.page_parts import user_of
from staging.clients import nameable_profiles
from staging.models import Project, RoomType, Style, Verdict
from staging.usage import midnight

# The most profiles that the filter lists: choose a model first where there are more.
MOST_PROFILES = 200
# The most digits of a primary key: a longer number does not fit into a database's column.
MOST_DIGITS = 18


class RoomFilter(DropdownFilter):
    title = "room"
    parameter_name = "room_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(RoomType.objects.values_list("key", "label"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(room_type=self.value()) if self.value() else queryset


class StyleFilter(DropdownFilter):
    title = "style"
    parameter_name = "style"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Style.objects.values_list("key", "label"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(style=self.value()) if self.value() else queryset


class ModelFilter(DropdownFilter):
    title = "model"
    parameter_name = "model__id__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        models = ReplicateModel.objects.values_list("pk", "label")
        return [(str(pk), label) for pk, label in models]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return _by_id(queryset, "model", self.value())


class ProfileFilter(DropdownFilter):
    """The profiles of the chosen model, or of all models: those that the user sees or may name."""

    title = "profile"
    parameter_name = "profile__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        user = user_of(request)
        sees_all = access.may_view(user, ModelSettings)
        profiles = ModelSettings.objects.all() if sees_all else nameable_profiles(user)
        ordered = profiles.select_related("model").order_by("model__label", "name")
        chosen = _by_id(ordered, "model", request.GET.get("model__id__exact"))
        return [
            (str(profile.pk), f"{profile.model.label}: {profile.shown_name}")
            for profile in chosen[:MOST_PROFILES]
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return _by_id(queryset, "profile", self.value())


class VerdictFilter(DropdownFilter):
    """Jobs with a picture of a verdict. Pictures without a verdict are in the queue, not here."""

    title = "verdict"
    parameter_name = "verdict"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Verdict.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case Verdict.ACCEPTED:
                return queryset.filter(has_accepted=True)
            case Verdict.REJECTED:
                return queryset.filter(has_rejected=True)
        return queryset


class OwnerFilter(TextFilter):
    """Filters by a whole user name, for operators who may not search through the accounts."""

    title = "owner's user name"
    parameter_name = "owner_name"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        owner = User.objects.filter(username=self.value()).first()
        return queryset.filter(owner=owner) if owner else queryset.none()


class DayForm(forms.Form):
    """Two days, chosen in the browser's own calendar."""

    created_from = forms.DateField(label="From (day)", required=False)
    created_to = forms.DateField(label="Up to (day)", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget = UnfoldAdminTextInputWidget(attrs={"type": "date"})


class DayFilter(admin.ListFilter):
    """Filters by the day on which a row was made: from a day to another, the last one included."""

    title = "day"
    template = "unfold/filters/filters_field.html"

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        asked = {name: params.pop(name) for name in self.expected_parameters() if name in params}
        self.form = DayForm({name: value[-1] for name, value in asked.items()})
        self.form.is_valid()

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return ["created_from", "created_to"]

    def choices(self, changelist: Any) -> Iterator[Any]:
        yield {"form": self.form}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if first := self.form.cleaned_data.get("created_from"):
            queryset = queryset.filter(created_at__gte=midnight(first))
        if last := self.form.cleaned_data.get("created_to"):
            # The last day that Python knows has no next day; no row is younger.
            with suppress(OverflowError):
                queryset = queryset.filter(created_at__lt=midnight(last + timedelta(days=1)))
        return queryset


class SearchFilter(AutocompleteSelectFilter):
    """Filters by a row of another table, which is searched by name and never listed."""

    def __init__(self, field: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(field, request, *args, **kwargs)
        self.is_odd = bool(self.value()) and not self._is_shown(request)
        if self.is_odd:
            # It must not reach the widget either, which writes the row's name.
            self.lookup_val = None

    def _is_shown(self, request: HttpRequest) -> bool:
        """Say whether the value is the id of a row that the admin shows the user."""
        try:
            key = self.field.target_field.to_python(self.value())
        except ValidationError:
            return False
        page = self.model_admin.admin_site.get_model_admin(self.field.remote_field.model)
        return bool(page.get_queryset(request).filter(pk=key).exists())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.is_odd:
            return queryset.none()
        value = self.value()
        return queryset.filter(**{self.field_path: value}) if value else queryset


def project_filter(request: HttpRequest) -> list[Any]:
    """Return a filter by project, as a search; none for users to whom projects are not shown."""
    return [("project", SearchFilter)] if access.may_view(user_of(request), Project) else []


def owner_filter(request: HttpRequest) -> Any:
    """Return a filter by owner: a search, or for users who may not see accounts a whole name."""
    return ("owner", SearchFilter) if request.user.has_perm("auth.view_user") else OwnerFilter


def _by_id(rows: QuerySet[Any], column: str, value: str | None) -> QuerySet[Any]:
    if not value:
        return rows
    is_id = value.isdecimal() and len(value) <= MOST_DIGITS
    return rows.filter(**{f"{column}_id": int(value)}) if is_id else rows.none()
