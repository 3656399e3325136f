"""What a purchase is expected to cost, and whether its limits would refuse it from the outset."""

from decimal import Decimal

from django.utils import timezone

from modelsettings import catalog
from modelsettings.pricing import cost_of
from staging.models import PriceEstimate, SpendingLimit, StagingJob


def expected_cost(job: StagingJob) -> Decimal | None:
    """Return the dollars that one prediction of a job should cost, or None where nobody knows.

    By the model's price, for as many pictures as it may make and, where output is priced by its
    megapixels, for one as large as the photo; else what an operator estimated.
    """
    megapixels = job.photo.width * job.photo.height / 1e6
    cost = cost_of(
        job.model.price,
        settings=job.settings,
        images=_pictures_of_one(job),
        input_megapixels=megapixels,
        output_megapixels=megapixels,
    )
    if cost is None:
        estimates = PriceEstimate.objects.filter(model=job.model_id)
        cost = estimates.values_list("usd", flat=True).first()
    return cost


def check_headroom(job: StagingJob, *, predictions: int) -> None:
    """Raise OverLimit where a limit that refuses has no room for predictions of a job."""
    refusing = SpendingLimit.objects.refusing().of_project(job.project_id)
    if not refusing.exists():
        return
    usd = expected_cost(job)
    total = None if usd is None else usd * predictions
    refusing.check_room(total, today=timezone.localdate())


def _pictures_of_one(job: StagingJob) -> int:
    """Return how many pictures the model itself makes at most in one prediction."""
    if job.delivered.num_outputs > 1:
        # Restage makes each of them a prediction of its own.
        return 1
    native = catalog.find_overlay(job.model.slug).tuning.native.get("num_outputs", "num_outputs")
    count = job.settings.get(native, 1)
    return count if isinstance(count, int) else 1
