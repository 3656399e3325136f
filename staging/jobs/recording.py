"""Writes the rows of a planned job of a photo: the job, and predictions for workers to buy."""

from collections.abc import Mapping
from datetime import timedelta

import structlog
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from staging.idempotency import keep_key
from staging.jobs.planning import Plan
from staging.models import (
    BatchPhoto,
    Callback,
    IdempotencyKey,
    Line,
    Photo,
    Prediction,
    PredictionStatus,
    StagingJob,
    Transition,
    Turn,
)
from staging.spending.estimating import note_costs
from staging.spending.headroom import check_headroom

log = structlog.get_logger(__name__)

# A job of a batch stands in the queue as if it had been requested so many seconds later.
BATCH_COSTS_S = 60.0


@transaction.atomic
def record_job(
    plan: Plan,
    photo: Photo,
    *,
    owner: User,
    batch_photo: BatchPhoto | None = None,
    callback_url: str = "",
    key: IdempotencyKey | None = None,
) -> StagingJob:
    """Record a planned job of a photo with its predictions, in the photo's project.

    `callback_url` is called when the job ends; the caller has checked it with
    `staging.callbacks.check_callback_url`. Raises OverLimit where a spending limit refuses the job,
    and AlreadyAsked for a key that was used meanwhile; nothing is written then. The caller wakes
    `Step.SUBMIT` once this is committed.
    """
    job = _job_of(plan, photo, owner=owner, batch_photo=batch_photo)
    count, first_seed = plan.predictions, plan.resolved.input.get("seed")
    note_costs(job)
    check_headroom(job, account=owner, predictions=count)
    job.save()
    keep_key(key, job=job)
    # Each picture is a purchase of its own; a seed per position makes them differ.
    seeds = {
        position: None if first_seed is None else first_seed + position for position in range(count)
    }
    add_predictions(job, seeds, account=owner)
    if callback_url:
        Callback.objects.create(job=job, url=callback_url)
    batch = str(batch_photo.batch_id) if batch_photo else None
    log.info("job recorded", job=str(job.pk), model=plan.resolved.stored.slug, batch=batch)
    return job


def add_predictions(
    job: StagingJob, seeds: Mapping[int, int | None], *, account: User, why: str = ""
) -> None:
    """Queue predictions of a job by their positions, each with the first step of its timeline.

    `account` asks and pays for them. They take its next turns, after the lock of the key: the last
    lock of the transaction.
    """
    now, by = timezone.now(), account.get_username()
    # A user waits for a single photo, but not for each photo of a batch: a batch lets others go
    # first.
    line = Line.BATCH if job.batch_photo_id else Line.SINGLE
    earliest = now + timedelta(seconds=BATCH_COSTS_S) if line == Line.BATCH else now
    ranks = Turn.take(account, line, count=len(seeds), earliest=earliest)
    for (position, seed), rank_at in zip(seeds.items(), ranks, strict=True):
        prediction = Prediction.objects.create(
            job=job, account=account, position=position, seed=seed, rank_at=rank_at, run_after=now
        )
        Transition.record(prediction, target=PredictionStatus.QUEUED, at=now, by=by, why=why)
        log.info("queued", job=str(job.pk), prediction=str(prediction.pk), by=by, why=why)


def _job_of(plan: Plan, photo: Photo, *, owner: User, batch_photo: BatchPhoto | None) -> StagingJob:
    """Return the row of a planned job, which is not saved yet."""
    resolved, stored = plan.resolved, plan.resolved.stored
    job = StagingJob(
        owner=owner,
        project_id=photo.project_id,
        photo=photo,
        batch_photo=batch_photo,
        room_type=plan.room_type,
        style=plan.style,
        prompt=plan.prompt,
        model_id=stored.model_pk,
        version=stored.version,
        runs_by_name=stored.is_official,
        profile_id=stored.pk,
        profile_name=stored.profile,
        revision=stored.revision,
        settings=resolved.settings,
        overrides=dict(plan.overrides),
        delivery=resolved.delivery.to_json(),
        disclosure_rule=plan.disclosure_rule,
    )
    reference = job.photo_reference
    photo_input = [reference] if stored.schema.takes_many_images else reference
    job.input = {**resolved.input, stored.roles["image"]: photo_input, **plan.words}
    return job
