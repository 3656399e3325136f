"""The admin's pages of batches: the list, and a batch with its photos."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
)
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from unfold.decorators import display

from modelsettings.errors import RequestRefused
from modelsettings.refusals import tell
from staging import finding
from staging.access import Right, holds, may_view, seen_kinds
from staging.admin.cells import how_long_ago, two_lines
from staging.admin.downloads import zip_of
from staging.admin.filters import DayFilter, owner_filter, project_filter
from staging.admin.page_parts import MadeOnce, OfProjects, page_context, user_of
from staging.admin.paging import BoundedListAdmin
from staging.admin.stage.page import redirect_to_stage
from staging.asking import all_of
from staging.batches.file_names import tell_passed_over
from staging.batches.progress import Progress, photos_with_jobs, progress_of
from staging.batches.replacing import replace_photo
from staging.batches.rooms import tell_unnamed
from staging.batches.sent import BatchRefused, from_upload
from staging.jobs.verdict_queue import batch_label
from staging.models import (
    BatchPhoto,
    BatchPhotoStatus,
    JobStatus,
    RoomType,
    StagedImage,
    StagingBatch,
    Style,
    Verdict,
)
from staging.spending.waiting import Waits, find_waits
from staging.templatetags.staging_pictures import in_words

PHOTOS_A_PAGE = 25
_PROGRESS = "admin/staging/stagingbatch/progress.html"


@admin.register(StagingBatch)
class StagingBatchAdmin(MadeOnce, OfProjects, BoundedListAdmin):
    list_display = ("batch", "project_and_owner", "photos_and_styles", "how_far", "asked_at")
    list_display_links = ("batch",)
    named_by = staticmethod(finding.batches_named)
    search_help_text = finding.HELP_OF_BATCHES

    def get_queryset(self, request: HttpRequest) -> QuerySet[StagingBatch]:
        rows: QuerySet[StagingBatch] = super().get_queryset(request)
        return rows.select_related("project", "owner")

    def prepare_rows(self, rows: QuerySet[StagingBatch]) -> list[StagingBatch]:
        batches = list(rows)
        found = progress_of(batches)
        for batch in batches:
            batch.progress = found[batch.pk]  # type: ignore[attr-defined]  # shown in the list
        return batches

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [*project_filter(request), owner_filter(request), DayFilter]

    @display(description="Batch")
    def batch(self, batch: StagingBatch) -> str:
        return str(batch)

    @display(description="Project, owner")
    def project_and_owner(self, batch: StagingBatch) -> SafeString:
        return two_lines(batch.project.name, batch.owner.get_username())

    @display(description="Photos, styles")
    def photos_and_styles(self, batch: Any) -> SafeString:
        count = sum(batch.progress.photos.values())
        styles = ", ".join(map(in_words, batch.styles))
        return two_lines(f"{count} photo{'' if count == 1 else 's'}", styles)

    @display(description="Progress")
    def how_far(self, batch: Any) -> SafeString:
        return render_to_string(_PROGRESS, {"progress": batch.progress})

    @display(description="Asked for")
    def asked_at(self, batch: StagingBatch) -> SafeString:
        return how_long_ago(batch.created_at)

    def get_urls(self) -> list[URLPattern]:
        replacing = path(
            "<uuid:batch_id>/photos/<int:position>/replace/",
            self.admin_site.admin_view(self.replace_view),
            name="staging_stagingbatch_replace",
        )
        downloading = path(
            "<uuid:batch_id>/pictures.zip",
            self.admin_site.admin_view(self.download_view),
            name="staging_stagingbatch_pictures",
        )
        return [replacing, downloading, *super().get_urls()]

    def download_view(self, request: HttpRequest, batch_id: UUID) -> HttpResponseBase:
        """Put a batch's pictures into a ZIP; with `?verdict=accepted`, only accepted ones."""
        batch: StagingBatch | None = self.get_object(request, str(batch_id))
        if batch is None or not self.has_view_permission(request, batch):
            raise Http404("There is no such batch.")
        if not may_view(user_of(request), StagedImage):
            raise PermissionDenied
        return zip_of(
            request,
            StagedImage.objects.filter(prediction__job__batch_photo__batch=batch),
            folder=batch_label(batch.project.name, batch.created_at),
            verdict=Verdict.ACCEPTED if request.GET.get("verdict") == "accepted" else "",
            back=reverse("admin:staging_stagingbatch_change", args=[batch.pk]),
        )

    def replace_view(self, request: HttpRequest, batch_id: UUID, position: int) -> HttpResponse:
        """Take a file in the place of one that the batch has refused."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not holds(user_of(request), Right.STAGE_MANY):
            raise PermissionDenied
        batch: StagingBatch | None = self.get_object(request, str(batch_id))
        if batch is None or not self.has_view_permission(request, batch):
            raise Http404("There is no such batch.")
        photos = batch.photos.select_related(
            "sent_by", "batch__owner", "batch__model", "batch__project__model",
            "batch__project__profile",
        )  # fmt: skip
        photo = photos.filter(position=position).first()
        if photo is None:
            raise Http404("There is no such photo.")
        user = user_of(request)
        try:
            self.check_may(request, Right.STAGE_MANY, batch)
            if (file := request.FILES.get("photo")) is None:
                raise BatchRefused(f"Choose a file in the place of {photo.name}.", field="images")
            replace_photo(photo, from_upload(file), by=user, allow=all_of(user))
        except RequestRefused as error:
            tell(error, request)
        else:
            told = f"{photo.name} is replaced, and staged like the other photos."
            messages.success(request, told)
        page = position // PHOTOS_A_PAGE + 1
        there = reverse("admin:staging_stagingbatch_change", args=[batch.pk])
        return redirect(f"{there}?page={page}#photo-{position}")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the Stage page, which takes one photo or many."""
        return redirect_to_stage(request)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the progress of a batch, and each photo in each style. Nothing is changed here."""
        batch: StagingBatch | None = self.get_object(request, object_id)
        if batch is None or not self.has_view_permission(request, batch):
            raise Http404("There is no such batch.")
        progress = progress_of([batch])[batch.pk]
        page = Paginator(photos_with_jobs(batch), PHOTOS_A_PAGE).get_page(request.GET.get("page"))
        labels = dict(Style.objects.values_list("key", "label"))
        rooms = dict(RoomType.objects.values_list("key", "label"))
        refused = batch.photos.filter(status=BatchPhotoStatus.REFUSED).order_by("position")
        jobs = (job for photo in page for job in photo.jobs.all())
        waits = find_waits(jobs, viewer=user_of(request))
        sees = seen_kinds(user_of(request))
        context = {
            **page_context(self, request, title=f"{batch}: {_state_of(progress)}"),
            "batch": batch,
            "can_stage": self.may_stage(request, batch),
            "progress": progress,
            "counts": _in_words(progress),
            "told_of_files": _told_of_files(batch),
            # Not "styles": Unfold has style sheets under that name.
            "style_labels": [labels.get(style, style) for style in batch.styles],
            "sent": (sent := sum(progress.photos.values())),
            "there": sent - progress.photos.get(BatchPhotoStatus.REFUSED, 0),
            "refused": [
                (name, error, position, position // PHOTOS_A_PAGE + 1)
                for name, error, position in refused.values_list("name", "error", "position")
            ],
            "may_replace": self.may(request, Right.STAGE_MANY, batch),
            "page": page,
            "waits": waits,
            "photos": [
                {
                    "row": photo,
                    "room": rooms.get(photo.room_type, photo.room_type),
                    "styles": _by_style(photo, batch.styles, labels, waits, sees=sees),
                }
                for photo in page
            ],
        }
        return TemplateResponse(request, "admin/staging/stagingbatch/change_form.html", context)


def _state_of(progress: Progress) -> str:
    if not progress.is_finished:
        return "in work"
    if not progress.not_made:
        return "done"
    if not progress.made:
        return "ended, nothing made"
    return f"ended, {progress.not_made} of {progress.total} not made"


def _told_of_files(batch: StagingBatch) -> str:
    """Return what was passed over, and the folders for which no room was found, in sentences."""
    told = tell_passed_over(batch.passed_over), tell_unnamed(batch.folders_without_room)
    return " ".join(sentence for sentence in told if sentence)


def _in_words(progress: Progress) -> str:
    """Count a batch's photos and jobs by status, in words: `3 jobs succeeded, 1 job failed`."""
    counted = [
        (progress.photos.get(BatchPhotoStatus.WAITING, 0), "photo", "waiting to be read"),
        (progress.photos.get(BatchPhotoStatus.REFUSED, 0), "photo", "refused"),
        *((progress.jobs.get(status, 0), "job", status.label.lower()) for status in JobStatus),
        (progress.without_job, "picture", "without a job"),
    ]
    return ", ".join(
        f"{count} {noun}{'' if count == 1 else 's'} {state}"
        for count, noun, state in counted
        if count
    )


def _by_style(
    photo: BatchPhoto,
    styles: Iterable[str],
    labels: dict[str, str],
    waits: Waits,
    *,
    sees: Mapping[str, bool],
) -> list[dict[str, Any]]:
    """Return a photo's job, pictures and error in each style; of several jobs the newest counts."""
    jobs = {job.style: job for job in reversed(photo.jobs.all())}
    images = {style: _images(jobs.get(style)) if sees["stagedimage"] else [] for style in styles}
    return [
        {
            "label": labels.get(style, style),
            "job": jobs.get(style),
            "images": images[style],
            "verdicts": _verdicts_of(images[style]),
            "waits": waits.words.get(jobs[style].pk, "") if style in jobs else "",
            "error": photo.job_errors.get(style, ""),
        }
        for style in styles
    ]


def _verdicts_of(images: list[StagedImage]) -> list[tuple[str, str]]:
    """Return the colour and the words of each verdict that was given: `1 of 2 accepted`."""
    found = []
    for colour, verdict in (("success", Verdict.ACCEPTED), ("danger", Verdict.REJECTED)):
        if count := sum(image.verdict == verdict for image in images):
            word = str(verdict.label)
            words = word if len(images) == 1 else f"{count} of {len(images)} {word.lower()}"
            found.append((colour, words))
    return found


def _images(job: Any) -> list[StagedImage]:
    predictions = job.predictions.all() if job else []
    return [image for prediction in predictions for image in prediction.images.all()]
