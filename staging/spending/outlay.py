"""Outlay: what the rest of a job or a batch should cost, and what is held for it until it ends."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Sum
from django.db.models.functions import Coalesce

from modelsettings.models import ReplicateModel
from staging.models import Photo, Prediction, StagingJob
from staging.models.job import UNFINISHED
from staging.spending.estimating import TYPICAL_PHOTO, note_costs


@dataclass(frozen=True, slots=True)
class Outlay:
    """The dollars that unfinished predictions should cost, and the dollars held for them.

    What waits is held from its purchase on, with as much. Both are None where nothing is
    unfinished, or where one of its costs is unknown.
    """

    about: Decimal | None = None
    held: Decimal | None = None

    @property
    def differs(self) -> bool:
        """Whether more is held than it should cost."""
        return self.held is not None and self.held != self.about


def outlay_of(job: StagingJob, predictions: Iterable[Prediction]) -> Outlay:
    """Return the outlay of a job, whose predictions the caller has read."""
    left = [prediction for prediction in predictions if prediction.status in UNFINISHED]
    if not left or job.expected_cost is None:
        return Outlay()
    held = [
        job.most_cost if prediction.reserved is None else prediction.reserved for prediction in left
    ]
    known = [usd for usd in held if usd is not None]
    is_known = len(known) == len(left)
    return Outlay(job.expected_cost * len(left), sum(known, Decimal(0))) if is_known else Outlay()


def outlays_of(batches: Iterable[uuid.UUID]) -> dict[uuid.UUID, Outlay]:
    """Return the outlays of those batches that have some, by their ids: one query."""
    left = Prediction.objects.filter(job__batch_photo__batch__in=batches, status__in=UNFINISHED)
    by_batch = left.order_by().values_list("job__batch_photo__batch")
    sums = by_batch.annotate(
        about=Sum("job__expected_cost"),
        held=Sum(Coalesce("reserved", "job__most_cost")),
        count=Count("pk"),
        # A sum passes over what is not known, and would be too small.
        known=Count(F("job__expected_cost") + Coalesce("reserved", "job__most_cost")),
    )
    return {
        batch: Outlay(about, held) for batch, about, held, count, known in sums if count == known
    }


def outlay_of_settings(
    model: ReplicateModel,
    settings: Mapping[str, Any],
    *,
    predictions: int,
    size: tuple[int, int] = TYPICAL_PHOTO,
) -> Outlay:
    """Return the outlay of a job that is only considered, of a photo of `size` in pixels."""
    width, height = size
    job = StagingJob(model=model, settings=settings, photo=Photo(width=width, height=height))
    note_costs(job)
    if job.expected_cost is None or job.most_cost is None:
        return Outlay()
    return Outlay(job.expected_cost * predictions, job.most_cost * predictions)
