"""The admin's pages of projects: the list, and a project with its photos, members and cost."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Q, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldBooleanWidget

from modelsettings.models import ModelSettings
from staging import access, finding
from staging.access import Right, seen_kinds
from staging.admin.cells import how_long_ago
from staging.admin.deleting import DeletingAdmin
from staging.admin.downloads import zip_of
from staging.admin.filters import DayFilter, owner_filter
from staging.admin.members import InvitationInline, KnownMemberInline, MemberInline, may_change
from staging.admin.named_user import NamedUserField
from staging.admin.page_parts import OfProjects, user_of
from staging.admin.paging import BoundedListAdmin, BoundedPaginator
from staging.clients import is_client, nameable_models, nameable_profiles
from staging.deletion.deleting import delete_project
from staging.invitations import invite
from staging.models import (
    DailyUsage,
    Invitation,
    Photo,
    Project,
    StagedImage,
    StagingJob,
    Verdict,
)
from staging.projects import namesakes
from staging.spending.changing import follow_name

PHOTOS_A_PAGE = 24
_NAMESAKE = (
    'There is a project of this name already: <a class="underline" href="{}" target="_blank">{}'
    "</a>, of {}. Work in that one, give this one another name, or tick the box below for a second"
    " one."
)
# The fields for users who may not change the project. Django would link the owner and the model to
# pages that are closed to most of them.
_IN_WORDS = ("name", "owned_by", "model_label", "profile_name")


class _ProfileField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """Names a profile with its model: every model has a profile called Standard."""

    def label_from_instance(self, profile: Any) -> str:
        return f"{profile.model}: {profile.shown_name}"


class ProjectForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A project; a new one of a name that there is already is asked about first."""

    # The account that fills the form in; set by the admin.
    by: User
    second = forms.BooleanField(required=False, label="Make a second project of this name")
    owner = NamedUserField(help_text="Their user name. They see and change all that is in it.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["second"].widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        """Ask before a second project of one name is made."""
        cleaned = super().clean() or {}
        name = cleaned.get("name")
        if not self.instance._state.adding or not name or cleaned.get("second"):
            return cleaned
        if alike := namesakes(name, shown_to=self.by).first():
            self.fields["second"].widget = UnfoldBooleanWidget()
            page = reverse("admin:staging_project_change", args=[alike.pk])
            self.add_error("name", format_html(_NAMESAKE, page, alike.name, alike.owner))
        return cleaned


@admin.register(Project)
class ProjectAdmin(OfProjects, DeletingAdmin, BoundedListAdmin):
    in_project = "pk"
    right_to_delete = Right.DELETE_PROJECT
    list_display = ("name", "owner", "model", "profile_name", "made_at")
    list_select_related = ("owner", "model", "profile")
    named_by = staticmethod(finding.projects_named)
    # For the widgets that search for a project.
    search_fields = ("name",)
    search_help_text = finding.HELP_OF_PROJECTS
    ordering = ("-created_at",)
    form = ProjectForm
    fields = ("name", "owner", "model", "profile")
    inlines = (MemberInline,)
    change_form_outer_before_template = "admin/staging/project/work.html"
    stays = "What it cost stays counted, under its name."
    actions = ("delete_selected",)

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [owner_filter(request), DayFilter]

    def get_urls(self) -> list[URLPattern]:
        downloading = path(
            "<uuid:object_id>/pictures.zip",
            self.admin_site.admin_view(self.download_view),
            name="staging_project_pictures",
        )
        return [downloading, *super().get_urls()]

    @display(description="Owner")
    def owned_by(self, project: Project) -> str:
        return project.owner.get_username()

    @display(description="Model")
    def model_label(self, project: Project) -> str:
        return project.model.label if project.model else "the default"

    @display(description="Profile")
    def profile_name(self, project: Project) -> str:
        return project.profile.shown_name if project.profile else "live"

    @display(description="Made")
    def made_at(self, project: Project) -> SafeString:
        return how_long_ago(project.created_at)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"owner": request.user.pk}

    def project_of(self, row: Project) -> Project:
        return row

    def save_model(self, request: HttpRequest, obj: Project, form: Any, change: bool) -> None:
        if not change and not access.has_all_projects(user_of(request)):
            # They may name no other account.
            obj.owner = user_of(request)
        super().save_model(request, obj, form, change)
        if change and "name" in form.changed_data:
            follow_name(obj)

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, *args, **kwargs)
        form.by = user_of(request)
        return form

    def get_fields(self, request: HttpRequest, obj: Project | None = None) -> Any:
        fields = self._fields_for(request, obj)
        # Where a new project is asked about: the form hides it on every other page.
        return [*fields, "second"] if request.method == "POST" and obj is None else fields

    def _fields_for(self, request: HttpRequest, obj: Project | None) -> Any:
        if obj and not self.has_change_permission(request, obj):
            return _IN_WORDS
        if access.has_all_projects(user_of(request)):
            return self.fields
        if obj:
            return [{"owner": "owned_by"}.get(name, name) for name in self.fields]
        # It will be the user's own.
        return [name for name in self.fields if name != "owner"]

    def get_readonly_fields(self, request: HttpRequest, obj: Project | None = None) -> Any:
        if obj and obj.is_unsorted:
            return ("name", "owner", *_IN_WORDS)
        # An account that works in its own projects alone neither gives one away nor makes one for
        # another.
        names_owners = access.has_all_projects(user_of(request))
        return _IN_WORDS[1:] if names_owners else ("owner", *_IN_WORDS[1:])

    def get_inlines(self, request: HttpRequest, obj: Project | None) -> Any:
        # A new project is saved first; Unsorted is its owner's alone.
        if obj is None or obj.is_unsorted:
            return ()
        if settings.CLIENTS_ARE_STRANGERS:
            return (KnownMemberInline, InvitationInline)
        return self.inlines

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        if formset.model is not Invitation:
            super().save_formset(request, form, formset, change)
            return
        for asked in formset.save(commit=False):
            invite(form.instance, asked.username, may_edit=asked.may_edit)
        for withdrawn in formset.deleted_objects:
            withdrawn.delete()

    def has_change_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        return bool(super().has_change_permission(request, obj)) and may_change(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        may = bool(super().has_delete_permission(request, obj))
        return may and not (obj and obj.is_unsorted)

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> "forms.ModelChoiceField[Any] | None":
        if db_field.name in ("model", "profile") and is_client(user_of(request)):
            # What the project has already stays among the choices, so that it can be saved.
            key = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
            projects = Project.objects.filter(pk=key) if key else Project.objects.none()
            had = projects.values_list(db_field.name, flat=True)
            named = {
                "model": nameable_models(user_of(request)).values("pk"),
                "profile": nameable_profiles(user_of(request)).values("pk"),
            }[db_field.name]
            rows = db_field.related_model._default_manager
            kwargs["queryset"] = rows.filter(Q(pk__in=named) | Q(pk__in=had))
        if db_field.name == "profile":
            in_use = kwargs.get("queryset", ModelSettings.objects.filter(retired_at=None))
            kwargs |= {"queryset": in_use.select_related("model"), "form_class": _ProfileField}
        field: forms.ModelChoiceField[Any] | None = super().formfield_for_foreignkey(
            db_field, request, **kwargs
        )
        return field

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a project, its work first."""
        project = self.get_object(request, object_id)
        work = self._work_of(request, project) if project else {}
        shown: HttpResponse = super().change_view(
            request, object_id, form_url, work | (extra_context or {})
        )
        return shown

    def download_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Put a project's pictures into a ZIP; with `?verdict=accepted`, only accepted ones."""
        project: Project | None = self.get_object(request, object_id)
        if project is None or not self.has_view_permission(request, project):
            raise Http404("There is no such project.")
        if not access.may_view(user_of(request), StagedImage):
            raise PermissionDenied
        return zip_of(
            request,
            StagedImage.objects.filter(prediction__job__project=project),
            folder=project.name,
            verdict=Verdict.ACCEPTED if request.GET.get("verdict") == "accepted" else "",
            back=reverse("admin:staging_project_change", args=[project.pk]),
        )

    def _work_of(self, request: HttpRequest, project: Project) -> dict[str, Any]:
        """Return a page of the project's photos, and its sums of cost and time, where shown."""
        sees = seen_kinds(user_of(request))
        work: dict[str, Any] = {"project": project, "sees": sees}
        if sees["photo"]:
            photos = Photo.objects.filter(project=project).order_by("-created_at", "-pk")
            page = BoundedPaginator(photos, PHOTOS_A_PAGE).get_page(request.GET.get("page"))
            work |= {"page": page, "can_stage": self.may_stage(request, project)}
        if sees["dailyusage"]:
            work["used"] = _sums_of(project)
        if sees["stagedimage"]:
            made = StagedImage.objects.filter(prediction__job__project=project)
            work["has_pictures"] = made.exists()
        return work

    def delete_one(self, row: Project) -> None:
        delete_project(row)

    def goes_with(self, rows: list[Project]) -> dict[str, int]:
        pictures = StagedImage.objects.filter(prediction__job__project__in=rows)
        return {
            "photos": Photo.objects.filter(project__in=rows).count(),
            "jobs": StagingJob.objects.filter(project__in=rows).count(),
            "pictures, with their files": pictures.count(),
        }


def _sums_of(project: Project) -> dict[str, Any]:
    return DailyUsage.objects.filter(project=project.pk).aggregate(
        cost=Sum("cost"),
        pictures=Sum("pictures"),
        seconds=Sum("seconds"),
        succeeded=Sum("succeeded"),
        unpriced=Sum("unpriced"),
    )
