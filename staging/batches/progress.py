"""The progress of batches: photos and jobs counted by status, and each photo with its jobs."""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Max, Prefetch, QuerySet, Sum

from staging.models import (
    BatchPhoto,
    BatchPhotoStatus,
    JobStatus,
    Prediction,
    StagingBatch,
    StagingJob,
)
from staging.models.job import UNFINISHED
from staging.spending.outlay import Outlay, outlays_of

_MADE = (JobStatus.SUCCEEDED, JobStatus.PARTIALLY_SUCCEEDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The progress of a batch: photos and jobs by status, and what was made of `total`.

    `total` is photos times styles. Of a photo that was refused nothing is made, nor of a style that
    got no job. `claims` counts how often workers took photos to read them: more where a refused one
    was replaced. `stored` are the photos that were taken and not deleted since.
    """

    photos: Mapping[str, int]
    jobs: Mapping[str, int]
    styles: int
    cost: Decimal | None
    outlay: Outlay = field(default_factory=Outlay)
    changed_at: datetime | None = None
    claims: int = 0
    stored: int = 0

    @property
    def state(self) -> str:
        """A text that changes whenever the batch's document changes, for its ETag."""
        photos, jobs = sorted(self.photos.items()), sorted(self.jobs.items())
        return f"{photos} {self.claims} {self.stored} {jobs} {self.changed_at}"

    @property
    def total(self) -> int:
        return sum(self.photos.values()) * self.styles

    @property
    def made(self) -> int:
        """Of `total`, those whose job made a picture."""
        return sum(self.jobs.get(status, 0) for status in _MADE)

    @property
    def in_work(self) -> int:
        waiting = self.photos.get(BatchPhotoStatus.WAITING, 0) * self.styles
        return waiting + sum(self.jobs.get(status, 0) for status in UNFINISHED)

    @property
    def not_made(self) -> int:
        """Of `total`, those of which nothing comes any more: refused, failed, canceled, no job."""
        return self.total - self.made - self.in_work

    @property
    def without_job(self) -> int:
        """Of `not_made`, those of photos that were taken: a style was refused, or a job deleted."""
        of_taken = self.photos.get(BatchPhotoStatus.STAGED, 0) * self.styles
        return of_taken - sum(self.jobs.values())

    @property
    def percent(self) -> int:
        """What was made, in whole percent; 100 only when all of it was."""
        return self.made * 100 // self.total if self.total else 0

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to do, whatever was made."""
        return not self.in_work


def progress_of(batches: Iterable[StagingBatch]) -> dict[uuid.UUID, Progress]:
    """Return the progress of each batch, by its id: four queries, whatever their number."""
    found = {batch.pk: batch for batch in batches}
    photos: dict[uuid.UUID, dict[str, int]] = {pk: {} for pk in found}
    jobs: dict[uuid.UUID, dict[str, int]] = {pk: {} for pk in found}
    costs: dict[uuid.UUID, Decimal | None] = {}
    changed: dict[uuid.UUID, list[datetime]] = {pk: [] for pk in found}
    claims: Counter[uuid.UUID] = Counter()
    stored: Counter[uuid.UUID] = Counter()
    of_photos = BatchPhoto.objects.filter(batch__in=found).order_by("batch", "status")
    sums = of_photos.values_list("batch", "status").annotate(
        Count("pk"), Sum("lease_number"), Count("photo")
    )
    for pk, status, count, leases, with_photo in sums:
        photos[pk][status] = count
        claims[pk] += leases
        stored[pk] += with_photo
    of_jobs = StagingJob.objects.filter(batch_photo__batch__in=found)
    of_jobs = of_jobs.order_by("batch_photo__batch", "status")
    counted = of_jobs.values_list("batch_photo__batch", "status").annotate(
        Count("pk"), Max("changed_at")
    )
    for pk, status, count, changed_at in counted:
        jobs[pk][status] = count
        changed[pk].append(changed_at)
    bought = Prediction.objects.filter(job__batch_photo__batch__in=found, cost__isnull=False)
    paid = bought.order_by().values_list("job__batch_photo__batch").annotate(Sum("cost"))
    for pk, cost in paid:
        costs[pk] = cost
    outlays = outlays_of(found)
    return {
        pk: Progress(
            photos=photos[pk],
            jobs=jobs[pk],
            styles=len(batch.styles),
            cost=costs.get(pk),
            outlay=outlays.get(pk, Outlay()),
            changed_at=max(changed[pk], default=None),
            claims=claims[pk],
            stored=stored[pk],
        )
        for pk, batch in found.items()
    }


def photos_with_jobs(batch: StagingBatch) -> QuerySet[BatchPhoto]:
    """Return a batch's photos in their order, with jobs and pictures: five queries for all."""
    predictions = Prediction.objects.filter(is_replaced=False).prefetch_related("images")
    # For an error, which may have the figures of the limit that holds a prediction up.
    predictions = predictions.select_related("held_by_limit__project", "held_by_limit__account")
    # The settings and the prompts of hundreds of jobs would be much to read.
    jobs = StagingJob.objects.only("batch_photo", "style", "status", "created_at")
    return (
        BatchPhoto.objects.filter(batch=batch)
        .order_by("position")
        .select_related("photo")
        .prefetch_related(
            Prefetch("jobs", jobs.prefetch_related(Prefetch("predictions", predictions)))
        )
    )
