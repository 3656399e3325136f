"""Expected costs: by a model's price, or else by an operator's estimate."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from modelsettings import catalog
from modelsettings.models import ReplicateModel
from modelsettings.pricing import cost_of
from staging.models import PriceEstimate, StagingJob

# A photo of a room, as a telephone takes it.
TYPICAL_MEGAPIXELS = 12


def expected_cost(job: StagingJob) -> Decimal | None:
    """Return the dollars that one prediction of a job should cost, or None where that is unknown.

    The model's price counts, for as many pictures as the model may make. Where it prices output by
    megapixels, a picture is taken to be as large as the photo. Without a price, the operator's
    estimate counts.
    """
    megapixels = job.photo.width * job.photo.height / 1e6
    cost = cost_of(
        job.model.price,
        settings=job.settings,
        images=_pictures_of_one(job),
        input_megapixels=megapixels,
        output_megapixels=megapixels,
    )
    return _find_estimate(job.model_id) if cost is None else cost


def typical_cost(model: ReplicateModel, *, settings: Mapping[str, Any]) -> Decimal | None:
    """Return what one picture of a typical photo costs in dollars, or None if that is unknown."""
    cost = cost_of(
        model.price,
        settings=settings,
        images=1,
        input_megapixels=TYPICAL_MEGAPIXELS,
        output_megapixels=TYPICAL_MEGAPIXELS,
    )
    return _find_estimate(model.pk) if cost is None else cost


def usual_price() -> Decimal | None:
    """Return what a picture of the default model costs in dollars, or None if that is unknown."""
    model = ReplicateModel.objects.filter(is_default=True).select_related("live_profile").first()
    if model is None or model.live_profile is None:
        return None
    return typical_cost(model, settings=model.live_profile.values)


def _find_estimate(model_pk: int) -> Decimal | None:
    return PriceEstimate.objects.filter(model=model_pk).values_list("usd", flat=True).first()


def _pictures_of_one(job: StagingJob) -> int:
    """Return how many pictures the model itself makes at most in one prediction."""
    if job.delivered.num_outputs > 1:
        # Restage makes each of them a prediction of its own.
        return 1
    native = catalog.find_overlay(job.model.slug).tuning.native.get("num_outputs", "num_outputs")
    count = job.settings.get(native, 1)
    return count if isinstance(count, int) else 1
