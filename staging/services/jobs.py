"""Jobs: staging a photo, canceling, trying again what failed, doing it once more."""

import structlog
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from modelsettings import services as settings_services
from staging.intake.jobs import Plan, add_prediction, plan_job, record_job
from staging.intake.photos import Upload, store_photo
from staging.intake.repeats import Seed, plan_seeds, record_repeat
from staging.intake.request import StagingRequest
from staging.intake.spending import check_room
from staging.models import (
    Callback,
    IdempotencyKey,
    JobStatus,
    Photo,
    PredictionStatus,
    Project,
    StagingJob,
)
from staging.models.job import UNFINISHED
from staging.pipeline.wishes import ask_to_cancel
from staging.services import NotPossible
from staging.services.photos import saving
from staging.services.purchases import keep_key
from staging.worker.wake import Step, wake

log = structlog.get_logger(__name__)

# What ended badly, as a sentence says it.
_END: dict[str, str] = {
    PredictionStatus.FAILED: "failed",
    PredictionStatus.CANCELED: "was canceled",
}


def request_staging(
    photo: Photo | Upload,
    wanted: StagingRequest,
    *,
    owner: User,
    project: Project | None = None,
    callback_url: str = "",
    key: IdempotencyKey | None = None,
) -> StagingJob:
    """Record a job with its predictions, and wake a worker once it is committed.

    An upload goes into `project`, or among what its owner has not sorted, and is stored once all
    else is in order; a photo that is there stays where it is. Raises what `plan_job` raises;
    images.PhotoRefused, NotPossible for a photo or a project that was deleted meanwhile, OverLimit,
    and AlreadyAsked for a key that was used meanwhile.
    """
    if isinstance(photo, Photo):
        project = photo.project
    elif project is None:
        project = Project.objects.unsorted_of(owner)
    plan = plan_job(wanted, project=project)
    if isinstance(photo, Upload):
        return _stage_new(plan, photo, owner=owner, project=project, key=key, url=callback_url)
    with transaction.atomic():
        _lock_photo(photo)
        job = record_job(plan, photo, owner=owner, callback_url=callback_url)
        keep_key(key, job=job)
        transaction.on_commit(lambda: wake(Step.SUBMIT))
    return job


def cancel_job(job: StagingJob, *, by: User) -> None:
    """Cancel what is not bought yet at once; let Replicate be asked to end what runs.

    What has succeeded by then is paid for, and is collected. Not to be called in a transaction:
    each prediction moves in one of its own. Raises NotPossible where nothing is left to cancel.
    """
    unfinished = list(job.predictions.filter(status__in=UNFINISHED))
    if not unfinished:
        raise NotPossible("This job is finished: there is nothing to cancel.")
    helped = [ask_to_cancel(one, by=by.get_username()) for one in unfinished]
    if not any(helped):
        if job.predictions.filter(status=PredictionStatus.QUEUED).exists():
            raise NotPossible("Workers are at it at this very moment: try again.")
        raise NotPossible("It is too late to cancel: the pictures are made, and being fetched.")
    log.info("canceling", job=str(job.pk), by=by.get_username())
    transaction.on_commit(lambda: wake(Step.CANCEL))


@transaction.atomic
def retry_job(job: StagingJob, *, by: User, key: IdempotencyKey | None = None) -> None:
    """Buy another prediction in place of each that failed or was canceled, with the same seed.

    Raises NotPossible where none did, the job is not finished, or its model cannot be used;
    OverLimit; and AlreadyAsked for a key that was used meanwhile.
    """
    # The job before its predictions, unlike those that move one: these are finished.
    current = StagingJob.objects.select_for_update(of=("self",)).filter(pk=job.pk).first()
    if current is None:
        raise NotPossible("This job was deleted meanwhile.")
    keep_key(key, job=current)
    if not current.is_finished:
        raise NotPossible("This job is not finished: wait for its end, or cancel it first.")
    _check_model(current)
    bad = list(current.predictions.filter(is_replaced=False, status__in=list(_END)))
    if not bad:
        raise NotPossible("Every picture of this job was made: repeat it for other ones.")
    check_room(current, predictions=len(bad))
    current.predictions.filter(pk__in=[one.pk for one in bad]).update(is_replaced=True)
    for one in bad:
        why = f"In place of one that {_END[one.status]}."
        add_prediction(current, position=one.position, seed=one.seed, by=by.get_username(), why=why)
    StagingJob.objects.filter(pk=current.pk).update(
        status=JobStatus.QUEUED, finished_at=None, changed_at=timezone.now()
    )
    Callback.objects.rearm(current)
    transaction.on_commit(lambda: wake(Step.SUBMIT))


def repeat_job(
    job: StagingJob, *, by: User, seed: Seed = "same", key: IdempotencyKey | None = None
) -> StagingJob:
    """Record a new job that runs with exactly what this one recorded, and wake a worker.

    `seed` is "same", "new" for a random one where the model takes seeds, or the one to begin with.
    Raises SettingsRefused for a seed, NotPossible where the model cannot be used or the photo is
    gone, OverLimit, and AlreadyAsked for a key that was used meanwhile.
    """
    _check_model(job)
    seeds = plan_seeds(job, seed)
    with transaction.atomic():
        _lock_photo(job.photo)
        again = record_repeat(job, owner=by, seeds=seeds)
        keep_key(key, job=again)
        transaction.on_commit(lambda: wake(Step.SUBMIT))
    return again


def _stage_new(
    plan: Plan,
    upload: Upload,
    *,
    owner: User,
    project: Project,
    key: IdempotencyKey | None,
    url: str,
) -> StagingJob:
    """Store a photo and record its job; without the job, no photo is left behind."""
    photo = store_photo(upload, owner=owner, project=project)
    with saving(photo):
        photo.save()
        job = record_job(plan, photo, owner=owner, callback_url=url)
        keep_key(key, job=job)
        transaction.on_commit(lambda: wake(Step.SUBMIT))
    return job


def _lock_photo(photo: Photo) -> None:
    """Let nobody delete the photo while a job of it is recorded. Raises NotPossible."""
    if not Photo.objects.select_for_update(no_key=True).filter(pk=photo.pk).values("pk"):
        raise NotPossible("This photo was deleted meanwhile.")


def _check_model(job: StagingJob) -> None:
    obstacle = settings_services.read_profile(job.profile_id).obstacle
    if obstacle:
        raise NotPossible(obstacle)
