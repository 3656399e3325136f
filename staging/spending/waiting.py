"""Finds the reasons for which jobs wait to be bought: a pause, a full limit, no estimate."""

import uuid
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from django.contrib.auth.models import User

from staging.models import (
    NO_ESTIMATE,
    OVER_LIMIT,
    Prediction,
    PredictionStatus,
    PurchasePause,
    SpendingLimit,
    StagingJob,
)
from staging.spending.telling import tell_limit

# The words for a job of a deactivated account.
DEACTIVATED = "waits: its account was deactivated"
_WORDS = {OVER_LIMIT: "waits for budget", NO_ESTIMATE: "waits for an estimate"}


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason for which some jobs wait, as a prediction of the newest of them gives it.

    `sentence` has a limit's figures where the viewer may know them.
    """

    prediction: Prediction
    sentence: str
    jobs: set[uuid.UUID] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Waits:
    """The reasons for which some jobs wait.

    `words` has two or three words for each such job, by its id; `pauses` and `reasons` name each
    cause once.
    """

    words: dict[uuid.UUID, str]
    pauses: list[PurchasePause]
    reasons: list[Reason]


def find_waits(jobs: Iterable[StagingJob], *, viewer: User) -> Waits:
    """Return the reasons for which some of the jobs wait, beyond waiting for their turn.

    Three queries at most, whatever the number of jobs.
    """
    unfinished = [job.pk for job in jobs if not job.is_finished]
    rows = Prediction.objects.filter(job__in=unfinished, status=PredictionStatus.QUEUED)
    rows = rows.select_related("job__model").order_by("-job__created_at", "position")
    shown = ("status", "error", "error_code", "held_by_limit", "account")
    of_job = ("job__model__label", "job__project", "job__owner")
    queued = list(rows.only(*shown, *of_job))
    all_pauses = PurchasePause.objects.select_related("model", "account") if queued else []
    pauses = [
        pause for pause in all_pauses if any(_is_held(prediction, pause) for prediction in queued)
    ]
    words = {
        prediction.job_id: phrase for prediction in queued if (phrase := _words(prediction, pauses))
    }
    return Waits(words, pauses, _reasons(queued, viewer=viewer))


def _is_held(prediction: Prediction, pause: PurchasePause) -> bool:
    if pause.account_id:
        return pause.account_id == prediction.payer_id
    return pause.model_id in (None, prediction.job.model_id)


def _words(prediction: Prediction, pauses: list[PurchasePause]) -> str:
    holding = [pause for pause in pauses if _is_held(prediction, pause)]
    if any(pause.account_id for pause in holding):
        return DEACTIVATED
    return "paused" if holding else _WORDS.get(prediction.error_code, "")


def _reasons(queued: list[Prediction], *, viewer: User) -> list[Reason]:
    limits = _limits_of(queued)
    found: dict[Hashable, Reason] = {}
    for prediction in queued:
        code = prediction.error_code
        if code in _WORDS:
            # A missing estimate is a cause for each model; a full limit is one for all of them.
            # Until the next look after a limit was changed, the column is empty, and the project
            # tells the causes apart.
            model = prediction.job.model_id if code == NO_ESTIMATE else None
            held_by = prediction.held_by_limit_id
            key = (code, model, held_by, None if held_by else prediction.job.project_id)
            if key not in found:
                limit = limits.get(held_by) if held_by else None
                found[key] = Reason(prediction, tell_limit(prediction, limit, to=viewer))
            found[key].jobs.add(prediction.job_id)
    return list(found.values())


def _limits_of(queued: list[Prediction]) -> dict[int, SpendingLimit]:
    keys = {prediction.held_by_limit_id for prediction in queued if prediction.held_by_limit_id}
    if not keys:
        return {}
    return SpendingLimit.objects.select_related("project", "account").in_bulk(keys)
