"""The admin's pages of jobs: what was asked, what was sent, what came back, step by step."""

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import display

from modelsettings.models import ModelSettings
from staging import links
from staging.models import JobStatus, Prediction, Project, StagingJob, Transition
from staging.models.prediction import total_cost

# Unfold's colours of a badge; the badge itself says the status in words.
_COLOURS = {
    JobStatus.QUEUED: "info",
    JobStatus.SUBMITTING: "info",
    JobStatus.RUNNING: "info",
    JobStatus.COLLECTING: "info",
    JobStatus.SUCCEEDED: "success",
    JobStatus.PARTIALLY_SUCCEEDED: "warning",
    JobStatus.FAILED: "danger",
    JobStatus.CANCELED: "warning",
}


@admin.register(StagingJob)
class StagingJobAdmin(ModelAdmin):
    list_display = (
        "pictures", "status_badge", "model", "settings_revision", "room", "owner", "cost",
        "created_at",
    )  # fmt: skip
    list_display_links = ("pictures",)
    list_filter = ("status", "model", "room_type", "style")
    list_per_page = 25
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[StagingJob]:
        predictions = Prediction.objects.prefetch_related("images")
        jobs: QuerySet[StagingJob] = super().get_queryset(request)
        return jobs.select_related("model", "owner", "photo").prefetch_related(
            Prefetch("predictions", predictions)
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description="Before, after")
    def pictures(self, job: StagingJob) -> SafeString:
        made = [image for one in job.predictions.all() for image in one.images.all()]
        files = [job.photo.thumbnail, *(image.thumbnail for image in made[:1])]
        shown = zip(files, ("before", "after"), strict=False)
        tags = format_html_join(
            "",
            '<img src="{}" alt="{}" loading="lazy">',
            ((links.link_to(str(file)), alt) for file, alt in shown),
        )
        return format_html('<span class="restage-thumbnails">{}</span>', tags)

    @display(description="Status", label=dict(_COLOURS))
    def status_badge(self, job: StagingJob) -> tuple[str, str]:
        return job.status, JobStatus(job.status).label

    @display(description="Settings")
    def settings_revision(self, job: StagingJob) -> str:
        return f"{job.profile_name}, revision {job.revision}"

    @display(description="Room")
    def room(self, job: StagingJob) -> str:
        return f"{job.room_type.replace('_', ' ')}, {job.style}"

    @display(description="Cost")
    def cost(self, job: StagingJob) -> str:
        return _dollars(job)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one job."""
        job = self.get_object(request, object_id)
        if job is None or not self.has_view_permission(request, job):
            raise Http404("There is no such job.")
        images = [image for one in job.predictions.all() for image in one.images.all()]
        failed = [one for one in job.predictions.all() if one.error]
        context = {
            **self.admin_site.each_context(request),
            "title": f"{job}: {JobStatus(job.status).label.lower()}",
            "opts": self.opts,
            "job": job,
            "badge": _COLOURS[JobStatus(job.status)],
            "cost": _dollars(job),
            "before_url": links.link_to(str(job.photo.file)),
            "images": [{"row": image, "url": links.link_to(str(image.file))} for image in images],
            "errors": failed,
            "input": json.dumps(job.input, indent=2, ensure_ascii=False),
            "delivery": {key: value for key, value in job.delivery.items() if value is not None},
            "predictions": job.predictions.all(),
            "timeline": _timeline(job),
            "settings_url": reverse(
                "admin:modelsettings_modelsettings_change", args=[job.profile_id]
            ),
        }
        return TemplateResponse(request, "admin/staging/stagingjob/change_form.html", context)

    class Media:
        css = {"all": ["restage/admin.css"]}


class _ProfileField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """Names a profile with its model: every model has a profile called default."""

    def label_from_instance(self, profile: Any) -> str:
        return f"{profile.model}: {profile.name}"


@admin.register(Project)
class ProjectAdmin(ModelAdmin):
    list_display = ("name", "owner", "model", "profile_name", "created_at")
    list_select_related = ("owner", "model", "profile")
    search_fields = ("name", "owner__username")

    @display(description="Profile")
    def profile_name(self, project: Project) -> str:
        return project.profile.name if project.profile else "live"

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> "forms.ModelChoiceField[Any] | None":
        if db_field.name == "profile":
            in_use = ModelSettings.objects.filter(retired_at=None).select_related("model")
            kwargs |= {"queryset": in_use, "form_class": _ProfileField}
        field: forms.ModelChoiceField[Any] | None = super().formfield_for_foreignkey(
            db_field, request, **kwargs
        )
        return field


def _dollars(job: StagingJob) -> str:
    cost = total_cost(list(job.predictions.all()))
    return "unknown" if cost is None else f"${cost.normalize():f}"


def _timeline(job: StagingJob) -> list[dict[str, Any]]:
    """Return the steps of all predictions in order, with seconds since the job was asked for."""
    steps = Transition.objects.filter(prediction__job=job).select_related("prediction")
    return [
        {"step": step, "seconds": max(0.0, (step.at - job.created_at).total_seconds())}
        for step in steps.order_by("at", "id")
    ]
