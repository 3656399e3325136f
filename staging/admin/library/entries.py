"""Lists and forms of rooms, styles, rules and furnishings, with their history."""

from copy import copy
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display

from modelsettings.actors import Actor
from modelsettings.errors import RequestRefused
from modelsettings.refusals import put_on_form
from staging.access import may_stage
from staging.admin.library import history, matrix
from staging.admin.library.forms import EntryForm
from staging.admin.library.preview import preview_context
from staging.admin.page_parts import user_of
from staging.library import changing
from staging.library.changing import StaleEntry, newest_change
from staging.models import PromptRules, PromptTemplate, RoomType, Style
from staging.models.library import Entry
from staging.prompts import furnish


class EntryAdmin(ModelAdmin):
    """The pages that all kinds of rows have in common."""

    form = EntryForm
    list_before_template = "admin/staging/library/tabs_on_list.html"
    # Fields that only the form of a new row has.
    fields_of_new: tuple[str, ...] = ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fields = cast("tuple[str, ...]", self.fields)
        return fields if obj is not None and obj.pk else (*self.fields_of_new, *fields)

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Any, name: str) -> URLPattern:
            named = f"staging_{self.opts.model_name}_{name}"
            shown: URLPattern = path(route, self.admin_site.admin_view(view), name=named)
            return shown

        own = [
            page("preview/", require_POST(self.preview_view), "preview_new"),
            page("<int:pk>/preview/", require_POST(self.preview_view), "preview"),
            page("<int:pk>/roll-back/<int:change>/", self.rollback_view, "rollback"),
        ]
        return [*own, *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show an empty form; make the row."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        entry = self.new_entry(request)
        if entry.pk:
            return redirect(self.address_of(entry))
        form = self.get_form(request)(request.POST or None, instance=entry)
        if request.method == "POST" and form.is_valid() and _create(request, form):
            return redirect(self.address_of(form.instance))
        return self.form_page(request, entry, form)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a row's form; save what its operator changed."""
        entry = self.visible(request, object_id)
        if not self.has_change_permission(request, entry):
            if request.method == "POST":
                raise PermissionDenied
            return self.form_page(request, entry, None)
        initial = {"started_from": newest_change(entry).pk}
        kind = self.get_form(request, entry, change=True)
        form = kind(request.POST or None, instance=copy(entry), initial=initial)
        if request.method == "POST" and form.is_valid() and _save(request, form, entry):
            return redirect(request.path)
        return self.form_page(request, entry, form)

    def preview_view(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """Answer with the finished prompt of a form's texts, which are not saved."""
        entry = self.visible(request, str(pk)) if pk else self.new_entry(request)
        if not self.has_view_or_change_permission(request) and not self.has_add_permission(request):
            raise PermissionDenied
        form = self.get_form(request, entry if pk else None, change=bool(pk))
        if self.has_change_permission(request) or not pk:
            entry = form(request.POST, instance=copy(entry)).draft()
        context = preview_context(request, entry)
        return TemplateResponse(request, "admin/staging/library/preview.html", context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """List a row's changes."""
        entry = self.visible(request, object_id)
        return self.page(request, entry, "history", history.changes(request, entry))

    def rollback_view(self, request: HttpRequest, pk: int, change: int) -> HttpResponse:
        """Show what going back to an earlier change would do, and do it."""
        entry = self.visible(request, str(pk))
        if request.method == "POST":
            if not self.has_change_permission(request, entry):
                raise PermissionDenied
            done = history.roll_back(request, entry, change)
            return redirect(self.address_of(entry) if done else request.path)
        return self.page(request, entry, "rollback", history.rollback_preview(entry, change))

    def visible(self, request: HttpRequest, object_id: str) -> Entry:
        """Return the row. Raises PermissionDenied, and Http404 where there is none."""
        entry: Entry | None = self.get_object(request, object_id)
        if not self.has_view_or_change_permission(request, entry):
            raise PermissionDenied
        if entry is None:
            raise Http404("There is no such entry in the prompt library.")
        return entry

    def new_entry(self, request: HttpRequest) -> Entry:
        """Return the row that an empty form is about."""
        entry: Entry = self.model()
        return entry

    def address_of(self, entry: Entry) -> str:
        return reverse(f"admin:staging_{self.opts.model_name}_change", args=[entry.pk])

    def form_page(
        self, request: HttpRequest, entry: Entry, form: EntryForm | None
    ) -> TemplateResponse:
        """Draw a form with its preview; without a form, what is stored."""
        draft = form.draft() if form is not None and form.is_bound else entry
        context = preview_context(request, draft)
        context |= {"form": form, "stored": history.stored_fields(entry)}
        return self.page(request, entry, "form", context)

    def page(
        self, request: HttpRequest, entry: Entry, template: str, context: dict[str, Any]
    ) -> TemplateResponse:
        """Draw one of the pages of a row."""
        name = self.opts.model_name
        noun = str(self.opts.verbose_name)
        pages = f"admin:staging_{name}"
        shared = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "entry": entry,
            "here": template,
            "kind": name,
            "noun": noun,
            "title": str(entry) if entry.pk else f"New {noun}",
            "can_change": self.has_change_permission(request, entry),
            "newest": newest_change(entry) if entry.pk else None,
            "preview_url": reverse(f"{pages}_preview_new"),
            "rollback_page": f"{pages}_rollback",
            "query": request.META["QUERY_STRING"],
        }
        if entry.pk:
            shared |= {
                "edit_url": reverse(f"{pages}_change", args=[entry.pk]),
                "history_url": reverse(f"{pages}_history", args=[entry.pk]),
                "preview_url": reverse(f"{pages}_preview", args=[entry.pk]),
            }
        address = f"admin/staging/library/{template}.html"
        return TemplateResponse(request, address, shared | context)


class KindAdmin(EntryAdmin):
    """Rooms and styles: what a request can name."""

    list_display = ("label_and_key", "state", "position", "updated_by")
    list_display_links = ("label_and_key",)
    list_per_page = 200
    fields_of_new = ("key",)

    @display(description="Name")
    def label_and_key(self, entry: Any) -> SafeString:
        return format_html("{} <code>{}</code>", entry.label, entry.key)

    @display(description="Can be asked for", label={"yes": "success", "no": "warning"})
    def state(self, entry: Any) -> tuple[str, str]:
        return ("yes", "yes") if entry.is_active else ("no", "retired")


@admin.register(RoomType)
class RoomTypeAdmin(KindAdmin):
    fields = ("label", "noun", "purpose", "furniture", "is_outside", "is_active", "position")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(matrix.matrix_view)
        return [path("library/", view, name="staging_library"), *super().get_urls()]


@admin.register(Style)
class StyleAdmin(KindAdmin):
    fields = ("label", "character", "inside", "outside", "is_active", "position")


@admin.register(PromptRules)
class PromptRulesAdmin(EntryAdmin):
    fields = ("rules", "placement")
    list_display = ("__str__", "updated_by")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(PromptTemplate)
class PromptTemplateAdmin(EntryAdmin):
    fields = ("furnishing",)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the matrix, which says which pairs have words of their own."""
        return redirect("admin:staging_library")

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """Say what the index of the admin offers: a new row needs a pair, from the matrix."""
        return {**super().get_model_perms(request), "add": False}

    def new_entry(self, request: HttpRequest) -> Entry:
        """Return the row of the pair in the address; a new one holds the words in force now."""
        room = RoomType.objects.filter(key=_key(request, "room_type")).first()
        style = Style.objects.filter(key=_key(request, "style")).first()
        if room is None or style is None:
            raise Http404("Choose a room and a style in the matrix first.")
        there = PromptTemplate.objects.filter(room_type=room, style=style).first()
        return there or PromptTemplate(
            room_type=room, style=style, furnishing=furnish(room.words(), style.words())
        )


def _key(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "")


def _use_of(entry: Entry, *, new: str = "uses") -> str:
    """Say whether jobs use a row."""
    if getattr(entry, "is_active", True):
        return f"the next job {new} it"
    return "it cannot be asked for, so no new job uses it"


def _tell(request: HttpRequest, done: str, entry: Entry) -> None:
    """Say what was done; with a room or a style that can be asked for, offer to stage."""
    name = {RoomType: "room_type", Style: "style"}.get(type(entry))
    key, is_active = getattr(entry, "key", ""), getattr(entry, "is_active", False)
    if name is None or not is_active or not may_stage(user_of(request)):
        messages.success(request, done)
        return
    address = f"{reverse('stage')}?{urlencode({name: key})}"
    words = f"Stage with this {'style' if name == 'style' else 'room'}"
    messages.success(request, format_html('{} <a href="{}">{}</a>', done, address, words))


def _create(request: HttpRequest, form: EntryForm) -> bool:
    try:
        made = changing.create_entry(
            form.instance, by=Actor.of(request.user), reason=form.cleaned_data["reason"]
        )
    except RequestRefused as error:
        put_on_form(error, form)
        return False
    _tell(request, f"{made} is in the library; {_use_of(made, new='can use')}.", made)
    return True


def _save(request: HttpRequest, form: EntryForm, stored: Entry) -> bool:
    """Save the form's texts. Return False where they were refused or are stale."""
    try:
        changed = changing.change_entry(
            stored,
            {name: form.cleaned_data[name] for name in form.texts},
            by=Actor.of(request.user),
            reason=form.cleaned_data["reason"],
            started_from=form.cleaned_data["started_from"] or 0,
        )
    except StaleEntry as error:
        form.show_stale(error, stored)
        return False
    except RequestRefused as error:
        put_on_form(error, form)
        return False
    if changed:
        # As it is stored now: the form may have retired it.
        stored.refresh_from_db()
        _tell(request, f"Saved; {_use_of(stored)}.", stored)
    else:
        messages.info(request, "Nothing was changed, so nothing was written to the history.")
    return True
