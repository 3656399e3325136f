"""Makes a job of a photo and a request, and wakes a worker to buy its pictures."""

from django.contrib.auth.models import User
from django.db import transaction

from staging.asking import Allow, any_number
from staging.jobs.planning import Plan, plan_job
from staging.jobs.recording import record_job
from staging.jobs.request import StagingRequest
from staging.models import IdempotencyKey, Photo, Project, StagingJob
from staging.photos import Upload, lock_photo, saving, store_photo
from staging.worker.wake import Step, wake


def request_staging(
    photo: Photo | Upload,
    wanted: StagingRequest,
    *,
    owner: User,
    project: Project | None = None,
    callback_url: str = "",
    key: IdempotencyKey | None = None,
    allow: Allow = any_number,
) -> StagingJob:
    """Record a job with its predictions, and wake a worker once it is committed.

    An upload goes into `project`, or else into its owner's Unsorted, and is stored only when the
    rest of the request is in order. A stored photo stays in its project. Raises what `plan_job`
    raises; TooManyPictures where `allow` does not allow their number; images.PhotoRefused,
    NotPossible for a photo or a project that was deleted meanwhile, OverLimit, and AlreadyAsked for
    a key that was used meanwhile.
    """
    if isinstance(photo, Photo):
        project = photo.project
    elif project is None:
        project = Project.objects.unsorted_of(owner)
    plan = plan_job(wanted, project=project, by=owner)
    allow(plan.pictures)
    if isinstance(photo, Upload):
        return _stage_new(plan, photo, owner=owner, project=project, key=key, url=callback_url)
    with transaction.atomic():
        lock_photo(photo)
        job = record_job(plan, photo, owner=owner, callback_url=callback_url, key=key)
        transaction.on_commit(lambda: wake(Step.SUBMIT))
    return job


def _stage_new(
    plan: Plan,
    upload: Upload,
    *,
    owner: User,
    project: Project,
    key: IdempotencyKey | None,
    url: str,
) -> StagingJob:
    """Store a photo and record its job; where the job is refused, no photo is left behind."""
    photo = store_photo(upload, owner=owner, project=project)
    with saving(photo):
        photo.save()
        job = record_job(plan, photo, owner=owner, callback_url=url, key=key)
        transaction.on_commit(lambda: wake(Step.SUBMIT))
    return job
