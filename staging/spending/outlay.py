"""Outlay: what the rest of a job or a batch should cost, and what is held for it until it ends."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, Sum
from django.db.models.functions import Coalesce

from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.pinned_schemas import find_schema
from modelsettings.schema.delivery import split
from staging.models import Photo, Prediction, PriceEstimate, StagingJob
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


def outlays_of_choices(photo: Photo) -> dict[str, Outlay]:
    """Return the outlay of a job of a photo for each profile that it may be staged with.

    The keys are `slug:profile`, and `slug` for a model's live profile: two queries. "" is what the
    photo's project chose, or the default model.
    """
    in_use = ModelSettings.objects.filter(retired_at=None, model__is_enabled=True)
    related = in_use.select_related("model__pinned_schema")
    estimates = dict(PriceEstimate.objects.values_list("model", "usd"))
    found: dict[str, Outlay] = {}
    for profile in related.defer("model__pinned_schema__document"):
        model, outlay = profile.model, _outlay_of_profile(profile, photo, estimates=estimates)
        found[f"{model.slug}:{profile.name}"] = outlay
        if model.live_profile_id == profile.pk:
            found[model.slug] = outlay
            if model.is_default:
                found.setdefault("", outlay)
    project = photo.project
    if project.model:
        chosen = f":{project.profile.name}" if project.profile else ""
        found[""] = found.get(f"{project.model.slug}{chosen}", Outlay())
    return found


def typical_outlay() -> Outlay:
    """Return the outlay of a job of a typical photo with the default model."""
    model = ReplicateModel.objects.filter(is_default=True).select_related("live_profile").first()
    if model is None or model.live_profile is None:
        return Outlay()
    width, height = TYPICAL_PHOTO
    return _outlay_of_profile(model.live_profile, Photo(width=width, height=height))


def _outlay_of_profile(
    profile: ModelSettings, photo: Photo, *, estimates: Mapping[int, Decimal] | None = None
) -> Outlay:
    schema = find_schema(profile.model)
    if schema is None:
        return Outlay()
    _, delivered = split(schema.settings, profile.values)
    job = StagingJob(model=profile.model, settings=profile.values, photo=photo)
    note_costs(job, estimates=estimates)
    if job.expected_cost is None or job.most_cost is None:
        return Outlay()
    count = delivered.num_outputs
    return Outlay(job.expected_cost * count, job.most_cost * count)
