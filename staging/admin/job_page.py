"""The context of a job's page: pictures, errors, timeline."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from staging.models import (
    WAITING,
    Callback,
    Prediction,
    PredictionStatus,
    StagedImage,
    StagingJob,
    Transition,
)
from staging.models.job import UNFINISHED
from staging.models.prediction import running_time, total_cost
from staging.spending.outlay import outlay_of
from staging.spending.waiting import find_waits


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture with its share of what its prediction took and cost."""

    image: StagedImage
    prediction: Prediction
    cost: Decimal | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """The time that a prediction spent in a status."""

    status: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Way:
    """A prediction's way through the statuses: stretches for a bar, steps with their seconds."""

    prediction: Prediction
    stretches: list[Stretch]
    steps: list[tuple[float, Transition]]


def job_context(job: StagingJob, *, user: User, sees: Mapping[str, bool]) -> dict[str, Any]:
    """Return the template's context, with pictures and callback where the user sees such rows."""
    rows = job.predictions.order_by("is_replaced", "position", "created_at")
    predictions = list(rows.prefetch_related("images__judged_by", "transitions"))
    pictures = [picture for prediction in predictions for picture in _pictures(prediction)]
    return {
        "job": job,
        "cost": total_cost(predictions),
        "outlay": outlay_of(job, predictions),
        "took": running_time(job, predictions),
        "has_pictures": bool(pictures),
        "pictures": pictures if sees["stagedimage"] else [],
        "waits": find_waits([job], viewer=user),
        "errors": [prediction for prediction in predictions if _has_failed(prediction)],
        "input": json.dumps(job.input, indent=2, ensure_ascii=False),
        "delivery": {key: value for key, value in job.delivery.items() if value is not None},
        "predictions": predictions,
        "ways": [_way(prediction, asked_at=job.created_at) for prediction in predictions],
        "callback": Callback.objects.filter(job=job).first() if sees["callback"] else None,
    }


def _has_failed(prediction: Prediction) -> bool:
    """Say whether a try went wrong; a prediction that waits for budget was not tried."""
    waits = prediction.status == PredictionStatus.QUEUED and prediction.error_code in WAITING
    return bool(prediction.error) and not prediction.is_replaced and not waits


def _pictures(prediction: Prediction) -> list[ShownPicture]:
    images = list(prediction.images.all())
    end = prediction.finished_at
    took = (end - prediction.intended_at).total_seconds() if end else None
    cost = prediction.cost / len(images) if images and prediction.cost is not None else None
    return [ShownPicture(image, prediction, cost=cost, seconds=took) for image in images]


def _way(prediction: Prediction, *, asked_at: datetime) -> Way:
    steps = list(prediction.transitions.all())
    ends = [step.at for step in steps[1:]]
    if prediction.status in UNFINISHED:
        ends.append(timezone.now())
    stretches = [
        Stretch(PredictionStatus(step.target).label, max(0.0, (end - step.at).total_seconds()))
        for step, end in zip(steps, ends, strict=False)
    ]
    timed = [(max(0.0, (step.at - asked_at).total_seconds()), step) for step in steps]
    return Way(prediction, stretches, timed)
