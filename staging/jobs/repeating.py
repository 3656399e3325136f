"""Buys jobs again: what failed or was canceled in a job, or the whole job as a new one."""

import secrets
from typing import Literal

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from modelsettings.pinned_schemas import find_schema
from modelsettings.schema.validation import SettingsRefused
from modelsettings.settings import StoredSettings, check_overridable, read_profile
from staging.asking import Allow, any_number
from staging.clients import is_client
from staging.disclosure import apply_rule
from staging.errors import Finished, GoneMeanwhile, ModelUnusable, Unfinished
from staging.idempotency import keep_key
from staging.jobs.recording import add_predictions
from staging.models import (
    Callback,
    IdempotencyKey,
    JobStatus,
    Prediction,
    PredictionStatus,
    StagingJob,
)
from staging.photos import lock_photo
from staging.spending.estimating import note_costs, pictures_asked
from staging.spending.headroom import check_headroom
from staging.worker.wake import Step, wake

Seed = Literal["same", "new"] | int
# The largest random seed for a model that sets no maximum: most models draw from this range.
LARGEST_RANDOM = 2**31 - 1
# The ends after which a prediction is bought again, as sentences say them.
_END: dict[str, str] = {
    PredictionStatus.FAILED: "failed",
    PredictionStatus.CANCELED: "was canceled",
}
_KEPT = (
    "photo_id", "room_type", "style", "prompt", "model_id", "version", "runs_by_name",
    "profile_id", "profile_name", "revision", "delivery",
)  # fmt: skip


def retry_job(
    job: StagingJob,
    *,
    by: User,
    key: IdempotencyKey | None = None,
    allow: Allow = any_number,
) -> None:
    """Queue another prediction for each that failed or was canceled, with the same seed.

    A rule of disclosure that has come since holds for these; else the job keeps what it had.

    Raises TooManyPictures where `allow` does not allow their pictures; NotPossible where no
    prediction did, where the job is not finished, or where its model cannot be used; OverLimit; and
    AlreadyAsked for a key that was used meanwhile.
    """
    # Outside of the transaction, which would hold the account's bucket to its end.
    allow(_missing(job).count() * _pictures_of_each(job))
    _retry(job, by=by, key=key)


@transaction.atomic
def _retry(job: StagingJob, *, by: User, key: IdempotencyKey | None) -> None:
    # This locks the job before its predictions, and a worker that moves a prediction locks them the
    # other way about. They do not wait for each other, because these predictions have ended. The
    # lock leaves the key alone: a repeat, whose Idempotency-Key we may wait for, refers to this
    # job's row at its commit.
    locked = StagingJob.objects.select_for_update(of=("self",), no_key=True)
    current = locked.filter(pk=job.pk).first()
    if current is None:
        raise GoneMeanwhile("This job was deleted meanwhile.")
    keep_key(key, job=current)
    if not current.is_finished:
        raise Unfinished("This job is not finished: wait for its end, or cancel it first.")
    _check_model(current)
    bad = list(_missing(current))
    if not bad:
        raise Finished("Every picture of this job was made: repeat it for other ones.")
    check_headroom(current, account=by, predictions=len(bad))
    current.predictions.filter(pk__in=[ended.pk for ended in bad]).update(is_replaced=True)
    for status, said in _END.items():
        seeds = {ended.position: ended.seed for ended in bad if ended.status == status}
        if seeds:
            add_predictions(current, seeds, account=by, why=f"In place of one that {said}.")
    apply_rule(current)
    StagingJob.objects.filter(pk=current.pk).update(
        settings=current.settings,
        overrides=current.overrides,
        delivery=current.delivery,
        disclosure_rule=current.disclosure_rule,
        status=JobStatus.QUEUED,
        finished_at=None,
        changed_at=timezone.now(),
    )
    Callback.objects.rearm(current)
    transaction.on_commit(lambda: wake(Step.SUBMIT))


def repeat_job(
    job: StagingJob,
    *,
    by: User,
    seed: Seed = "same",
    key: IdempotencyKey | None = None,
    allow: Allow = any_number,
) -> StagingJob:
    """Record a new job with exactly the recorded settings of another, and wake a worker.

    `seed` is "same", "new" for a random seed where the model takes seeds, or the first seed.
    Raises SettingsRefused for a seed, NotOverridable where clients may not change it, NotPossible
    where the model cannot be used or the photo is gone, OverLimit, and AlreadyAsked for a key that
    was used meanwhile.
    """
    _check_model(job)
    if seed != "same" and is_client(by):
        check_overridable(read_profile(job.profile_id), ["seed"])
    seeds = plan_seeds(job, seed)
    allow(len(seeds) * _pictures_of_each(job))
    with transaction.atomic():
        lock_photo(job.photo)
        again = record_repeat(job, owner=by, seeds=seeds, key=key)
        transaction.on_commit(lambda: wake(Step.SUBMIT))
    return again


def plan_seeds(job: StagingJob, seed: Seed) -> list[int | None]:
    """Return the seeds for the predictions of a repeated job, by their position.

    A model that takes no seed makes another picture each time, so its seeds are None also for
    "new". Raises SettingsRefused for a seed that the model does not take.
    """
    before = _seeds_of(job)
    if seed == "same":
        return before
    stored = read_profile(job.profile_id)
    if seed == "new":
        first = _draw_seed(stored, count=len(before))
    else:
        first = seed
        _check_seed(stored, first, count=len(before))
    return [None if first is None else first + position for position in range(len(before))]


@transaction.atomic
def record_repeat(
    job: StagingJob, *, owner: User, seeds: list[int | None], key: IdempotencyKey | None = None
) -> StagingJob:
    """Record a job that runs with the settings of another, and with `seeds`.

    A rule of disclosure wins over the label that the other job had.

    Raises OverLimit where a spending limit refuses it, and AlreadyAsked for a key that was used
    meanwhile. The caller wakes `Step.SUBMIT` once this is committed.
    """
    again = StagingJob(
        owner=owner,
        # The photo may have moved since: its jobs are in the project that it is in.
        project_id=job.photo.project_id,
        repeats=job,
        settings={**job.settings},
        overrides={**job.overrides},
        input={**job.input},
        **{name: getattr(job, name) for name in _KEPT},
    )
    first_seed = seeds[0] if seeds else None
    if first_seed is not None and first_seed != job.settings.get("seed"):
        for document in (again.settings, again.overrides, again.input):
            document["seed"] = first_seed
    apply_rule(again)
    note_costs(again)
    check_headroom(again, account=owner, predictions=len(seeds))
    again.save()
    keep_key(key, job=again)
    why = f"Repeats job {str(job.pk)[:8]}."
    add_predictions(again, dict(enumerate(seeds)), account=owner, why=why)
    return again


def _missing(job: StagingJob) -> QuerySet[Prediction]:
    """Return the predictions of a job that failed or were canceled, and that none replaced."""
    return job.predictions.filter(is_replaced=False, status__in=list(_END))


def _pictures_of_each(job: StagingJob) -> int:
    """Return how many pictures each prediction of a job is asked for."""
    return pictures_asked(find_schema(job.model), settings=job.settings)


def _seeds_of(job: StagingJob) -> list[int | None]:
    counted = job.predictions.filter(is_replaced=False).order_by("position")
    return list(counted.values_list("seed", flat=True))


def _draw_seed(stored: StoredSettings, *, count: int) -> int | None:
    """Return a random seed that has `count - 1` more above it; None where the model takes none."""
    parameter = stored.validator.schema["properties"].get("seed")
    if parameter is None:
        return None
    least: int = max(0, parameter.get("minimum", 0))
    most = min(parameter.get("maximum", LARGEST_RANDOM), LARGEST_RANDOM)
    return least + secrets.randbelow(max(1, most - count + 2 - least))


def _check_seed(stored: StoredSettings, seed: int, *, count: int) -> None:
    """Raise SettingsRefused unless the model takes the seed, and those of the later pictures."""
    for bound in {seed, seed + count - 1}:
        try:
            stored.validator.clean({"seed": bound})
        except SettingsRefused as error:
            raise SettingsRefused({"seed": error.errors["seed"]}) from error


def _check_model(job: StagingJob) -> None:
    obstacle = read_profile(job.profile_id).obstacle
    if obstacle:
        raise ModelUnusable(obstacle)
