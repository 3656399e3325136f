"""Pictures: judging what came back."""

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from modelsettings.schema.document import UNSET, Unset
from staging.models import StagedImage, StagingJob, Verdict
from staging.services import NotPossible


class PictureNotFound(LookupError):
    """No such picture of a job, or it is not said which one is meant."""


@transaction.atomic
def judge_picture(
    image: StagedImage,
    *,
    by: User,
    verdict: str | Unset | None = UNSET,
    stars: int | Unset | None = UNSET,
    note: str | Unset = UNSET,
) -> None:
    """Write down what somebody says of a picture; `image` is up to date then.

    What is not said stays as it was. None withdraws a verdict or the stars, an empty note the
    note; a picture without verdict and stars is fresh again. Raises ValueError for a verdict or
    stars that there are not, NotPossible for a picture that was deleted meanwhile.
    """
    _check(verdict, stars)
    job = _lock_job_of(image)
    image.refresh_from_db()
    if not isinstance(verdict, Unset):
        image.verdict = verdict or ""
    if not isinstance(stars, Unset):
        image.stars = stars
    if not isinstance(note, Unset):
        image.note = note
    is_judged = bool(image.verdict or image.stars or image.note)
    now = timezone.now()
    image.judged_by, image.judged_at = (by, now) if is_judged else (None, None)
    image.save(update_fields=["verdict", "stars", "note", "judged_by", "judged_at"])
    said = set(StagedImage.objects.filter(prediction__job=job).values_list("verdict", flat=True))
    StagingJob.objects.filter(pk=job.pk).update(
        changed_at=now,
        has_accepted=Verdict.ACCEPTED in said,
        has_rejected=Verdict.REJECTED in said,
    )


def fresh_pictures() -> QuerySet[StagedImage]:
    """Return the pictures that nobody has judged, the oldest first."""
    # As the index fresh_images has it.
    return StagedImage.objects.filter(verdict="", stars=None).order_by("created_at", "pk")


def find_fresh(
    *, after: StagedImage | None = None, among: QuerySet[StagedImage] | None = None
) -> StagedImage | None:
    """Return the picture that has waited longest to be judged, or None.

    `after` skips: the next one in the queue behind it, itself judged or not. `among` are the
    pictures that may be shown, without an order; all without it.
    """
    fresh = fresh_pictures()
    if among is not None:
        fresh = fresh.filter(pk__in=among.values("pk"))
    if after is not None:
        same_moment = {"created_at": after.created_at, "pk__lte": after.pk}
        fresh = fresh.filter(created_at__gte=after.created_at).exclude(**same_moment)
    return fresh.select_related("prediction__job__photo", "prediction__job__model").first()


def get_picture(job: StagingJob, image_id: int | None = None) -> StagedImage:
    """Return the picture of a job that is meant: the one that is named, or its only one.

    Raises NotPossible where there is none yet, PictureNotFound where none is meant.
    """
    images = list(StagedImage.objects.filter(prediction__job=job).order_by("pk"))
    if not images:
        raise NotPossible("This job has no picture yet.")
    if image_id is None and len(images) > 1:
        raise PictureNotFound(f"This job has {len(images)} pictures: name one by its id.")
    for image in images:
        if image_id in (None, image.pk):
            return image
    raise PictureNotFound("This job has no such picture.")


def _lock_job_of(image: StagedImage) -> StagingJob:
    """Lock the job before its picture, as whoever deletes it does."""
    found = StagingJob.objects.filter(predictions__images=image.pk).values_list("pk", flat=True)
    job = StagingJob.objects.select_for_update().filter(pk__in=list(found)).first()
    if job is None:
        raise NotPossible("This picture was deleted meanwhile.")
    return job


def _check(verdict: str | Unset | None, stars: int | Unset | None) -> None:
    if isinstance(verdict, str) and verdict not in Verdict.values:
        raise ValueError(f"A verdict is one of {', '.join(Verdict.values)}, or null for none.")
    if isinstance(stars, int) and not 1 <= stars <= 5:
        raise ValueError("Stars are 1 to 5, or null for none.")
