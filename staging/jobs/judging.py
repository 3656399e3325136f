"""Verdicts, stars and notes on pictures, and the queries for pictures and jobs by them."""

from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from modelsettings.errors import RequestRefused
from modelsettings.schema.comparison import UNSET, Unset
from staging.errors import GoneMeanwhile, NoPicture
from staging.models import (
    AccountUsage,
    DailyUsage,
    Prediction,
    StagedImage,
    StagingJob,
    Verdict,
)

# The value of a filter for pictures that have no verdict.
FRESH = "fresh"


class PictureNotFound(RequestRefused):
    """A picture that the job does not have, or no picture was named and the job has several."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, field="image")


@transaction.atomic
def judge_picture(
    picture: StagedImage,
    *,
    by: User,
    verdict: str | Unset | None = UNSET,
    stars: int | Unset | None = UNSET,
    note: str | Unset = UNSET,
) -> None:
    """Record a user's judgement of a picture, and bring the object `picture` up to date.

    An argument that is left out changes nothing. None withdraws the verdict or the stars, an empty
    text the note. A picture without a verdict is fresh, whatever its stars. Raises ValueError for
    an unknown verdict or a wrong number of stars, NotPossible where the picture was deleted
    meanwhile.
    """
    _check(verdict, stars)
    # Judgements of one job's pictures come one after another, so that its marks below are right.
    job = _lock_job_of(picture)
    picture.refresh_from_db()
    before = picture.verdict
    if not isinstance(verdict, Unset):
        picture.verdict = verdict or ""
    if not isinstance(stars, Unset):
        picture.stars = stars
    if not isinstance(note, Unset):
        picture.note = note
    is_judged = bool(picture.verdict or picture.stars or picture.note)
    now = timezone.now()
    picture.judged_by, picture.judged_at = (by, now) if is_judged else (None, None)
    picture.save(update_fields=["verdict", "stars", "note", "judged_by", "judged_at"])
    if picture.verdict != before:
        _count(picture, job, before=before)
    said = set(StagedImage.objects.filter(prediction__job=job).values_list("verdict", flat=True))
    StagingJob.objects.filter(pk=job.pk).update(
        changed_at=now,
        has_accepted=Verdict.ACCEPTED in said,
        has_rejected=Verdict.REJECTED in said,
    )


def fresh_pictures(*, after: StagedImage | None = None) -> QuerySet[StagedImage]:
    """Return the pictures without a verdict, the oldest first; only those behind `after`.

    `after` itself may have been judged meanwhile.
    """
    # The condition and the order of the index fresh_images.
    waiting = StagedImage.objects.filter(verdict="").order_by("created_at", "pk")
    if after is None:
        return waiting
    later = Q(created_at__gt=after.created_at) | Q(created_at=after.created_at, pk__gt=after.pk)
    return waiting.filter(later, created_at__gte=after.created_at)


def accepted_pictures() -> QuerySet[StagedImage]:
    """Return the accepted pictures, by way of the index of jobs that have one."""
    return StagedImage.objects.filter(verdict=Verdict.ACCEPTED, prediction__job__has_accepted=True)


def jobs_judged(jobs: QuerySet[StagingJob], verdict: str) -> QuerySet[StagingJob]:
    """Return the jobs with a picture of this verdict; for FRESH, with a picture that has none."""
    match verdict:
        # The conditions of the indexes accepted_jobs and rejected_jobs.
        case Verdict.ACCEPTED:
            return jobs.filter(has_accepted=True)
        case Verdict.REJECTED:
            return jobs.filter(has_rejected=True)
    said = "" if verdict == FRESH else verdict
    pictures = StagedImage.objects.filter(prediction__job=OuterRef("pk"), verdict=said)
    return jobs.filter(Exists(pictures))


def get_picture(job: StagingJob, picture_id: int | None = None) -> StagedImage:
    """Return the job's picture of that id, or its only picture where no id is given.

    Raises NotPossible for a job without pictures, PictureNotFound where the id is not one of the
    job's, or is missing and the job has several pictures.
    """
    pictures = list(StagedImage.objects.filter(prediction__job=job).order_by("pk"))
    if not pictures:
        raise NoPicture("This job has no picture yet.")
    if picture_id is None and len(pictures) > 1:
        raise PictureNotFound(f"This job has {len(pictures)} pictures: name one by its id.")
    for picture in pictures:
        if picture_id in (None, picture.pk):
            return picture
    raise PictureNotFound("This job has no such picture.")


def _lock_job_of(picture: StagedImage) -> StagingJob:
    """Lock the job before its picture, in the order in which deletion locks them."""
    found = StagingJob.objects.filter(predictions__images=picture.pk).values_list("pk", flat=True)
    job = StagingJob.objects.select_for_update().filter(pk__in=list(found)).first()
    if job is None:
        raise GoneMeanwhile("This picture was deleted meanwhile.")
    return job


def _count(picture: StagedImage, job: StagingJob, *, before: str) -> None:
    """Move the picture from its verdict before to today's in the sums of the day of its end."""
    prediction = Prediction.objects.get(pk=picture.prediction_id)
    added: dict[str, int | Decimal] = {
        verdict.value: (picture.verdict == verdict) - (before == verdict) for verdict in Verdict
    }
    share = (prediction.cost or Decimal(0)) / prediction.images.count()
    added["rejected_cost"] = round(share, 6) * added[Verdict.REJECTED.value]
    day = timezone.localdate(prediction.finished_at)
    DailyUsage.count_verdicts(job, day=day, **added)
    AccountUsage.count_verdicts(job, day=day, account_pk=prediction.payer_id, **added)


def _check(verdict: str | Unset | None, stars: int | Unset | None) -> None:
    if isinstance(verdict, str) and verdict not in Verdict.values:
        raise ValueError(f"A verdict is one of {', '.join(Verdict.values)}, or null for none.")
    if isinstance(stars, int) and not 1 <= stars <= 5:
        raise ValueError("Stars are 1 to 5, or null for none.")
