"""Figures by which models are chosen: cost of a typical photo, last use, median time."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from modelsettings.models import ReplicateModel
from staging.models import PriceEstimate, StagingJob
from staging.spending.estimating import typical_cost
from staging.times import Counts, count_times, percentile

# The days whose times count: what a model took before says little of today's version.
DAYS = 30


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """One model's figures; each is None where it is not known.

    `typical` is in dollars, of one picture with the live profile; `median` runs from bought to
    succeeded, and counts the last DAYS days.
    """

    typical: Decimal | None
    last_used_at: datetime | None
    median: timedelta | None


def figures_of(models: Collection[ReplicateModel]) -> dict[int, ModelFigures]:
    """Return the figures of models by primary key; three queries, however many models.

    The models come with their live profiles and pinned schemas (`registry.with_schema`).
    """
    newest = StagingJob.objects.filter(model=OuterRef("pk")).order_by("-created_at")
    used = ReplicateModel.objects.annotate(
        last_used_at=Subquery(newest.values("created_at")[:1])
    ).filter(pk__in=[model.pk for model in models])
    last_used = dict(used.order_by().values_list("pk", "last_used_at"))
    estimates = dict(PriceEstimate.objects.values_list("model_id", "usd"))
    today = timezone.localdate()
    times: dict[int, Counts] = defaultdict(dict)
    times |= count_times("model_id", since=today - timedelta(days=DAYS - 1), until=today)
    return {
        model.pk: ModelFigures(
            typical=_typical(model, estimates),
            last_used_at=last_used.get(model.pk),
            median=percentile(times[model.pk]),
        )
        for model in models
    }


def _typical(model: ReplicateModel, estimates: dict[int, Decimal]) -> Decimal | None:
    if model.live_profile is None:
        return None
    return typical_cost(model, settings=model.live_profile.values, estimates=estimates)
