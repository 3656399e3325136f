"""Judging: a queue of fresh pictures, one at a time, and the verdict on any picture."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from unfold.admin import ModelAdmin

from modelsettings.errors import RequestRefused
from staging import access
from staging.access import Right, seen_kinds
from staging.admin.filters import MOST_DIGITS
from staging.admin.judging_filters import NothingSuch, filters_of, read_filters, write_filters
from staging.admin.page_parts import OfProjects, is_path, page_context, user_of
from staging.jobs.judging import fresh_pictures, judge_picture
from staging.jobs.verdict_queue import MOST_COUNTED, VerdictQueue, count_to_most, select
from staging.models import Project, StagedImage, StagingJob, Verdict

# How many pictures a page draws, so that the next one is there at once.
AHEAD = 3


@admin.register(StagedImage)
class JudgingAdmin(OfProjects, ModelAdmin):
    """The admin of pictures. Its list is the queue for judging."""

    in_project = "prediction__job__project"

    def project_of(self, row: StagedImage) -> Project:
        return row.prediction.job.project

    def get_urls(self) -> list[URLPattern]:
        judging = path(
            "<int:image_id>/judge/",
            self.admin_site.admin_view(self.judge_view),
            name="staging_stagedimage_judge",
        )
        return [judging, *super().get_urls()]

    def _judgeable(
        self, request: HttpRequest, pictures: QuerySet[StagedImage]
    ) -> QuerySet[StagedImage]:
        return access.rows_for(pictures, user_of(request), Right.JUDGE, project=self.in_project)

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """Say what the index of the admin offers: the queue is for those who judge."""
        may_judge = access.holds(user_of(request), Right.JUDGE)
        return {"add": False, "change": may_judge, "delete": False, "view": may_judge}

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # The right to judge pictures includes seeing them.
        may = bool(super().has_view_permission(request, obj))
        return may or access.holds(user_of(request), Right.JUDGE)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the fresh pictures, the oldest first; with `?after=`, those after a picture."""
        if not access.holds(user_of(request), Right.JUDGE):
            raise PermissionDenied
        try:
            wanted = read_filters(request)
        except NothingSuch:
            return redirect("admin:staging_stagedimage_changelist")
        fresh = self._judgeable(request, fresh_pictures())
        rows = select(
            self._judgeable(request, fresh_pictures(after=_last_seen(request))), wanted
        ).select_related(
            "judged_by", "prediction__job__photo", "prediction__job__model",
            "prediction__job__project", "prediction__job__batch_photo",
        )  # fmt: skip
        sees = seen_kinds(user_of(request))
        context: dict[str, Any] = {"pictures": list(rows[:AHEAD]), "keys": True, "sees": sees}
        context["wanted"] = wanted
        if "after" in request.GET:
            context |= _count_left(select(fresh, wanted))
            return render(request, "admin/staging/stagedimage/cards.html", context)
        queue = VerdictQueue(fresh, wanted)
        # The oldest of all are counted, and of a choice perhaps none is among these.
        left = {"waiting": queue.waiting, "are_more": False}
        context |= {
            **page_context(self, request, title="Judge"),
            **(left if queue.is_whole else _count_left(select(fresh, wanted))),
            "filters": filters_of(queue, wanted, user=user_of(request)),
            "query": write_filters(wanted),
        }
        return render(request, "admin/staging/stagedimage/queue.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Go to the picture's job, where it is judged too."""
        image: StagedImage | None = self.get_object(request, object_id)
        if image is None or not self.has_view_permission(request, image):
            raise Http404("There is no such picture.")
        return redirect("admin:staging_stagingjob_change", image.prediction.job_id)

    def judge_view(self, request: HttpRequest, image_id: int) -> HttpResponse:
        """Judge a picture, unless another user has done so since the page was drawn."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not access.holds(user_of(request), Right.JUDGE):
            raise PermissionDenied
        if not self._judgeable(request, StagedImage.objects.filter(pk=image_id)).exists():
            raise Http404("There is no such picture.")
        told = _judge(request, image_id)
        if request.headers.get("X-Restage") != "fragment":
            if told:
                messages.error(request, told)
            return redirect(_back(request))
        image = StagedImage.objects.select_related("judged_by").get(pk=image_id)
        context = {"image": image, "told": told, "keys": "keys" in request.POST}
        status = 409 if told else 200
        return render(request, "admin/staging/stagedimage/rating.html", context, status=status)


@transaction.atomic
def _judge(request: HttpRequest, image_id: int) -> str:
    """Save the form's verdict. Return why it was not saved, or an empty text."""
    # Lock the job before its picture, in the same order as judging and deleting do elsewhere:
    # the other order could deadlock.
    locked = StagingJob.objects.select_for_update(of=("self",)).order_by()
    list(locked.filter(predictions__images=image_id).values("pk"))
    image = StagedImage.objects.select_related("judged_by").filter(pk=image_id).first()
    if image is None:
        raise Http404("There is no such picture, or no longer.")
    posted = request.POST
    if posted.get("seen", "") != _judged_at(image):
        return f"{_told_meanwhile(image)} Yours was not saved; look again."
    taken_back = posted.get("take_back", "")
    stars = posted.get("stars") or posted.get("was_stars", "")
    verdict = posted.get("verdict") or posted.get("was_verdict", "")
    if verdict not in ("", *Verdict.values) or stars not in ("", *"12345"):
        return "This is no verdict: accept or reject, 1 to 5 stars."
    try:
        judge_picture(
            image,
            by=user_of(request),
            verdict=None if taken_back == "verdict" else verdict or None,
            stars=None if taken_back == "stars" or not stars else int(stars),
            note=posted.get("note", "").replace("\0", "")[:2000],
        )
    except RequestRefused as error:
        return str(error)
    return ""


def _told_meanwhile(image: StagedImage) -> str:
    if image.judged_at is None:
        return "What was said of it was taken back meanwhile."
    who = image.judged_by or "Somebody"
    if image.verdict:
        return f"{who} judged it meanwhile: {image.get_verdict_display().lower()}."
    if image.stars:
        stars = f"{image.stars} star{'' if image.stars == 1 else 's'}"
        return f"{who} gave it {stars} meanwhile, and no verdict yet."
    return f"{who} wrote a note on it meanwhile."


def _judged_at(image: StagedImage) -> str:
    """Write the time of a picture's verdict as the form's field `seen` has it: `|date:'U.u'`."""
    at = image.judged_at
    return f"{int(at.timestamp())}.{at.microsecond:06d}" if at else ""


def _last_seen(request: HttpRequest) -> StagedImage | None:
    after = request.GET.get("after", "")
    is_key = after.isdecimal() and len(after) <= MOST_DIGITS
    return StagedImage.objects.filter(pk=after).first() if is_key else None


def _count_left(pictures: QuerySet[StagedImage]) -> dict[str, Any]:
    waiting = count_to_most(pictures)
    return {"waiting": min(waiting, MOST_COUNTED), "are_more": waiting > MOST_COUNTED}


def _back(request: HttpRequest) -> str:
    target = request.POST.get("next", "")
    return target if is_path(target) else "admin:staging_stagedimage_changelist"
