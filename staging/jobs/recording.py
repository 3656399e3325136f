"""Writes the rows of a planned job of a photo: the job, and predictions for workers to buy."""

from datetime import timedelta

import structlog
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from staging.jobs.planning import Plan
from staging.models import (
    BatchPhoto,
    Callback,
    Photo,
    Prediction,
    PredictionStatus,
    StagingJob,
    Transition,
)
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
) -> StagingJob:
    """Record a planned job of a photo with its predictions, in the photo's project.

    `callback_url` is called when the job ends; the caller has checked it with
    `staging.callbacks.check_callback_url`. Raises OverLimit where a spending limit refuses the job;
    nothing is written then. The caller wakes `Step.SUBMIT` once this is committed.
    """
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
    )
    reference = job.photo_reference
    photo_input = [reference] if stored.schema.takes_many_images else reference
    job.input = {**resolved.input, stored.roles["image"]: photo_input, **plan.words}
    check_headroom(job, predictions=resolved.delivery.num_outputs)
    job.save()
    first_seed = resolved.input.get("seed")
    # Each picture is a purchase of its own; a seed per position makes them differ.
    for position in range(resolved.delivery.num_outputs):
        seed = None if first_seed is None else first_seed + position
        add_prediction(job, position=position, seed=seed, by=owner.get_username())
    if callback_url:
        Callback.objects.create(job=job, url=callback_url)
    batch = str(batch_photo.batch_id) if batch_photo else None
    log.info("job recorded", job=str(job.pk), model=stored.slug, batch=batch)
    return job


def add_prediction(
    job: StagingJob, *, position: int, seed: int | None, by: str, why: str = ""
) -> Prediction:
    """Queue one prediction of a job, with the first step of its timeline."""
    now = timezone.now()
    # A user waits for a single photo, but not for each photo of a batch: a batch lets others go
    # first.
    rank_at = now + timedelta(seconds=BATCH_COSTS_S) if job.batch_photo_id else now
    prediction = Prediction.objects.create(
        job=job, position=position, seed=seed, rank_at=rank_at, run_after=now
    )
    Transition.record(prediction, target=PredictionStatus.QUEUED, at=now, by=by, why=why)
    log.info("queued", job=str(job.pk), prediction=str(prediction.pk), by=by, why=why)
    return prediction
