"""The admin's pages of jobs: the list, a job, and the operator's actions."""

import uuid
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.utils import display_for_label

from modelsettings.errors import RequestRefused
from modelsettings.refusals import tell
from staging import access, finding
from staging.access import Right, seen_kinds
from staging.admin.cells import how_long_ago, thumbnails, two_lines
from staging.admin.deleting import DeletingAdmin, do_with_each
from staging.admin.downloads import zip_of
from staging.admin.filters import (
    DayFilter,
    ModelFilter,
    ProfileFilter,
    RoomFilter,
    StyleFilter,
    VerdictFilter,
    owner_filter,
    project_filter,
)
from staging.admin.job_actions import act, right_to
from staging.admin.job_page import job_context
from staging.admin.page_parts import OfProjects, page_context, user_of
from staging.admin.paging import BoundedChangeList, BoundedListAdmin
from staging.asking import all_of
from staging.deletion.deleting import delete_job
from staging.jobs.canceling import cancel_job
from staging.jobs.repeating import retry_job
from staging.models import JobStatus, Prediction, StagedImage, StagingJob
from staging.models.prediction import running_time, total_cost
from staging.spending.waiting import find_waits
from staging.templatetags.staging_pictures import COLOURS, dollars, duration, in_words

# Long columns of a job, which no list shows.
_LONG_COLUMNS = ("settings", "overrides", "input", "delivery", "prompt")


class JobChangeList(BoundedChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.waits = find_waits(self.result_list, viewer=user_of(request))
        for job in self.result_list:
            job.waits = self.waits.words.get(job.pk, "")

    @property
    def is_live(self) -> bool:
        """Whether a job on the page is unfinished."""
        return any(not job.is_finished for job in self.result_list)


@admin.register(StagingJob)
class StagingJobAdmin(OfProjects, DeletingAdmin, BoundedListAdmin):
    right_to_delete = Right.DELETE_JOB
    stays = "The photo stays, and what it cost stays counted."
    actions = ("retry_selected", "cancel_selected", "download_selected", "delete_selected")
    list_display = (
        "pictures", "status_badge", "model_and_settings", "room_and_style", "project_and_owner",
        "took", "cost", "asked_at",
    )  # fmt: skip
    list_display_links = ("pictures",)
    list_before_template = "admin/staging/stagingjob/before.html"
    named_by = staticmethod(finding.jobs_named)
    search_help_text = finding.HELP_OF_JOBS

    def get_queryset(self, request: HttpRequest) -> QuerySet[StagingJob]:
        rows: QuerySet[StagingJob] = super().get_queryset(request)
        return rows.select_related("model", "owner", "photo", "profile", "project")

    def prepare_rows(self, rows: QuerySet[StagingJob]) -> QuerySet[StagingJob]:
        predictions = Prediction.objects.only(
            "job", "position", "cost", "intent_at", "is_replaced"
        ).prefetch_related("images")
        return rows.defer(*_LONG_COLUMNS).prefetch_related(Prefetch("predictions", predictions))

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [
            ("status", ChoicesDropdownFilter),
            ModelFilter,
            ProfileFilter,
            RoomFilter,
            StyleFilter,
            *project_filter(request),
            owner_filter(request),
            VerdictFilter,
            DayFilter,
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[JobChangeList]:
        return JobChangeList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """List jobs; where there is none yet, say what to do first."""
        # Of a script's request, for those who look after scripts.
        is_for_all = access.has_all_projects(user_of(request))
        address = request.build_absolute_uri(reverse("jobs"))
        empty = {"api_url": address, "is_for_all": is_for_all}
        listed: HttpResponse = super().changelist_view(request, empty | (extra_context or {}))
        return listed

    def get_urls(self) -> list[URLPattern]:
        acting = path(
            "<uuid:job_id>/<slug:action>/now/",
            self.admin_site.admin_view(self.act_view),
            name="staging_stagingjob_act",
        )
        downloading = path(
            "<uuid:job_id>/pictures.zip",
            self.admin_site.admin_view(self.download_view),
            name="staging_stagingjob_pictures",
        )
        return [acting, downloading, *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @display(description="Before, after")
    def pictures(self, job: Any) -> SafeString | str:
        if not (job.sees["photo"] or job.sees["stagedimage"]):
            return str(job)
        made = [image for prediction in job.predictions.all() for image in prediction.images.all()]
        before = [(job.photo.thumbnail, "before")] if job.sees["photo"] else []
        after = [(image.thumbnail, "after") for image in made[:1] if job.sees["stagedimage"]]
        return thumbnails([*before, *after], more=len(made) - 1) if before or after else str(job)

    @display(description="Status")
    def status_badge(self, job: Any) -> SafeString:
        said = (job.status, job.get_status_display())
        badge: SafeString = display_for_label(said, "", dict(COLOURS))
        return two_lines(badge, job.waits) if job.waits else badge

    @display(description="Model, settings")
    def model_and_settings(self, job: StagingJob) -> SafeString:
        return two_lines(job.model.label, f"{job.shown_profile}, revision {job.revision}")

    @display(description="Room, style")
    def room_and_style(self, job: StagingJob) -> SafeString:
        return two_lines(in_words(job.room_type), in_words(job.style))

    @display(description="Project, owner")
    def project_and_owner(self, job: StagingJob) -> SafeString:
        return two_lines(job.project.name, job.owner.get_username())

    @display(description="Time")
    def took(self, job: StagingJob) -> str:
        return duration(running_time(job, job.predictions.all()))

    @display(description="Cost")
    def cost(self, job: StagingJob) -> str:
        return dollars(total_cost(list(job.predictions.all())))

    @display(description="Asked for")
    def asked_at(self, job: StagingJob) -> SafeString:
        return how_long_ago(job.created_at)

    def has_repeat_permission(self, request: HttpRequest) -> bool:
        return access.holds(user_of(request), Right.REPEAT)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return access.holds(user_of(request), Right.CANCEL)

    def has_download_permission(self, request: HttpRequest) -> bool:
        return access.may_view(user_of(request), StagedImage)

    @admin.action(description="Retry what is missing", permissions=["repeat"])
    def retry_selected(self, request: HttpRequest, chosen: QuerySet[StagingJob]) -> None:
        """Ask again for the pictures that failed."""

        def retry(job: StagingJob) -> None:
            self.check_may(request, Right.REPEAT, job)
            retry_job(job, by=user_of(request), allow=all_of(user_of(request)))

        do_with_each(request, chosen, retry, done="Retried")

    @admin.action(description="Cancel", permissions=["cancel"])
    def cancel_selected(self, request: HttpRequest, chosen: QuerySet[StagingJob]) -> None:
        """Cancel the predictions that wait or run."""

        def cancel(job: StagingJob) -> None:
            self.check_may(request, Right.CANCEL, job)
            cancel_job(job, by=user_of(request))

        do_with_each(request, chosen, cancel, done="Canceled")

    @admin.action(description="Download the pictures", permissions=["download"])
    def download_selected(
        self, request: HttpRequest, chosen: QuerySet[StagingJob]
    ) -> HttpResponseBase:
        """Put the pictures of the chosen jobs into a ZIP."""
        pictures = StagedImage.objects.filter(prediction__job__in=list(chosen))
        return zip_of(request, pictures, folder="Jobs", back=request.get_full_path())

    def download_view(self, request: HttpRequest, job_id: uuid.UUID) -> HttpResponseBase:
        """Put the pictures of a job into a ZIP."""
        job = self._visible(request, str(job_id))
        if not self.has_download_permission(request):
            raise PermissionDenied
        pictures = StagedImage.objects.filter(prediction__job=job)
        back = reverse("admin:staging_stagingjob_change", args=[job.pk])
        return zip_of(request, pictures, folder=str(job), back=back)

    def act_view(self, request: HttpRequest, job_id: uuid.UUID, action: str) -> HttpResponse:
        """Do what a button of a job's page says."""
        job = self._visible(request, str(job_id))
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.may(request, right_to(action), job):
            raise PermissionDenied
        try:
            job, told = act(job, action, by=user_of(request))
        except RequestRefused as error:
            tell(error, request)
        else:
            messages.success(request, told)
        return redirect("admin:staging_stagingjob_change", job.pk)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a job. Nothing is changed here."""
        job = self._visible(request, object_id)
        context = {
            **page_context(self, request, title=f"{job}: {job.get_status_display().lower()}"),
            **job_context(job, user=user_of(request), sees=seen_kinds(user_of(request))),
            **self._buttons(request, job),
        }
        return TemplateResponse(request, "admin/staging/stagingjob/change_form.html", context)

    def _buttons(self, request: HttpRequest, job: StagingJob) -> dict[str, bool]:
        """Return which buttons are on a job's page: those that are allowed, and possible now."""
        may_repeat = self.may(request, Right.REPEAT, job)
        return {
            "can_cancel": not job.is_finished and self.may(request, Right.CANCEL, job),
            "can_retry": may_repeat and job.is_finished and job.status != JobStatus.SUCCEEDED,
            "can_repeat": may_repeat,
            "can_stage": self.may_stage(request, job),
            "can_delete": job.is_finished and self.has_delete_permission(request, job),
            "can_judge": self.may(request, Right.JUDGE, job),
            "can_share": self.may(request, Right.SHARE, job),
            "can_revoke": self.may(request, Right.REVOKE, job),
        }

    def delete_one(self, row: StagingJob) -> None:
        delete_job(row)

    def goes_with(self, rows: list[StagingJob]) -> dict[str, int]:
        pictures = StagedImage.objects.filter(prediction__job__in=rows)
        return {"pictures, with their files": pictures.count()}

    def _visible(self, request: HttpRequest, object_id: str) -> StagingJob:
        job: StagingJob | None = self.get_object(request, object_id)
        if job is None or not self.has_view_permission(request, job):
            raise Http404("There is no such job.")
        return job

    class Media:
        js = ["restage/job.js"]
