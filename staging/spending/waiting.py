"""Why jobs wait to be bought: for the end of a pause, for room under a limit, for an estimate."""

import uuid
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from staging.models import (
    NO_ESTIMATE,
    OVER_LIMIT,
    Prediction,
    PredictionStatus,
    PurchasePause,
    StagingJob,
)

_WORDS = {OVER_LIMIT: "waits for room", NO_ESTIMATE: "waits for an estimate"}


@dataclass(frozen=True, slots=True)
class Reason:
    """What some jobs wait for, as a prediction of the newest of them says it."""

    prediction: Prediction
    jobs: set[uuid.UUID] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Waits:
    """Why jobs wait: each in two or three words, and what holds them up, each thing once."""

    words: dict[uuid.UUID, str]
    pauses: list[PurchasePause]
    reasons: list[Reason]


def find_waits(jobs: Iterable[StagingJob]) -> Waits:
    """Return why those of some jobs wait that wait for more than their turn; two queries."""
    unfinished = [job.pk for job in jobs if not job.is_finished]
    rows = Prediction.objects.filter(job__in=unfinished, status=PredictionStatus.QUEUED)
    rows = rows.select_related("job__model").order_by("-job__created_at", "position")
    queued = list(rows.only("error", "error_code", "held_by_limit", "job__model__label"))
    stand = PurchasePause.objects.select_related("model") if queued else []
    pauses = [pause for pause in stand if any(_is_held(one, pause) for one in queued)]
    words = {one.job_id: said for one in queued if (said := _words(one, pauses))}
    return Waits(words, pauses, _reasons(queued))


def _is_held(prediction: Prediction, pause: PurchasePause) -> bool:
    return pause.model_id in (None, prediction.job.model_id)


def _words(prediction: Prediction, pauses: list[PurchasePause]) -> str:
    if any(_is_held(prediction, pause) for pause in pauses):
        return "paused"
    return _WORDS.get(prediction.error_code, "")


def _reasons(queued: list[Prediction]) -> list[Reason]:
    found: dict[Hashable, Reason] = {}
    for one in queued:
        if one.error_code in _WORDS:
            model = one.job.model_id if one.error_code == NO_ESTIMATE else None
            key = (one.error_code, model, one.held_by_limit_id)
            found.setdefault(key, Reason(one)).jobs.add(one.job_id)
    return list(found.values())
