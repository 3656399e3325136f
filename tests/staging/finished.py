"""Jobs that have ended, with their files, without a sandbox: for what comes after the end."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from staging.jobs.request import StagingRequest
from staging.jobs.requesting import request_staging
from staging.models import (
    BatchPhoto,
    DailyTime,
    DailyUsage,
    Photo,
    Prediction,
    PredictionStatus,
    Project,
    StagedImage,
    StagingBatch,
    StagingJob,
)
from staging.photos import Upload
from tests.conftest import make_photo
from tests.staging.conftest import QWEN


def stage(
    owner: User,
    *,
    photo: Photo | None = None,
    name: str = "IMG_2041.jpg",
    project: Project | None = None,
    callback_url: str = "",
    **wanted: Any,
) -> StagingJob:
    """Ask for a job, which stays queued."""
    return request_staging(
        photo or Upload(make_photo(), name=name),
        StagingRequest(**{"room_type": "bedroom", "style": "modern", **wanted}),
        owner=owner,
        project=project,
        callback_url=callback_url,
    )


def finish(
    job: StagingJob, *, pictures: int = 1, cost: str | None = "0.03", status: str = "succeeded"
) -> StagingJob:
    """Let all of a job's predictions end, with that many pictures each."""
    for prediction in job.predictions.filter(finished_at=None):
        end(prediction, pictures=pictures, cost=cost, status=status)
    job.refresh_from_db()
    return job


def end(
    prediction: Prediction,
    *,
    pictures: int = 1,
    cost: str | None = "0.03",
    status: str = "succeeded",
) -> bool:
    """Let one prediction end; say whether it had not before."""
    made = pictures if status == "succeeded" else 0
    price = Decimal(cost) if made and cost else None
    moved = Prediction.objects.move(
        prediction, PredictionStatus(status), by="test", pictures=made, cost=price
    )
    if moved:
        StagedImage.objects.bulk_create(_picture(prediction, number) for number in range(made))
    return moved


def staged(owner: User, **wanted: Any) -> StagingJob:
    """Return a job that succeeded, with one picture."""
    return finish(stage(owner, **wanted))


def make_old(job: StagingJob, *, days: float) -> StagingJob:
    """Let a job and its photo be older."""
    earlier = timezone.now() - timedelta(days=days)
    ended = earlier if job.finished_at else None
    StagingJob.objects.filter(pk=job.pk).update(created_at=earlier, finished_at=ended)
    Photo.objects.filter(pk=job.photo_id).update(created_at=earlier)
    job.refresh_from_db()
    return job


def make_batch(project: Project, *, uploads: int = 0, days: float = 0) -> StagingBatch:
    """Return a batch whose uploads wait to be read in."""
    batch = StagingBatch.objects.create(owner=project.owner, project=project, styles=["modern"])
    for position in range(uploads):
        BatchPhoto.objects.create(
            batch=batch,
            position=position,
            name=f"{position}.jpg",
            upload=default_storage.save(f"uploads/{batch.pk}-{position}", ContentFile(b"photo")),
        )
    earlier = timezone.now() - timedelta(days=days)
    StagingBatch.objects.filter(pk=batch.pk).update(created_at=earlier)
    return batch


def make_usage(
    project: Project,
    *,
    day: date = date(2026, 11, 20),
    model: str = QWEN,
    ran: Sequence[float] = (),
    **counts: Any,
) -> None:
    """Let a day of a project have come to something; `ran` is how long predictions took."""
    job = stage(project.owner, project=project, model=model)
    DailyUsage.objects.create(
        day=day,
        project_id=project.pk,
        project_name=project.name,
        model_id=job.model_id,
        profile_id=job.profile_id,
        **counts,
    )
    for seconds in ran:
        DailyTime.count(job, day=day, account_pk=project.owner_id, seconds=seconds)
    job.delete()


def stored() -> list[str]:
    """Return every file that is in storage."""
    return sorted(_files_in(""))


def _files_in(folder: str) -> list[str]:
    folders, files = default_storage.listdir(folder)
    found = [f"{folder}{name}" for name in files]
    return found + [name for one in folders for name in _files_in(f"{folder}{one}/")]


def _picture(prediction: Prediction, position: int) -> StagedImage:
    stem = f"pictures/{prediction.pk}/{position}"
    content = f"picture {position} of {prediction.pk}".encode()
    return StagedImage(
        prediction=prediction,
        position=position,
        file=default_storage.save(f"{stem}.webp", ContentFile(content)),
        thumbnail=default_storage.save(f"{stem}-thumbnail.webp", ContentFile(b"small")),
        width=300,
        height=200,
        format="webp",
        size=len(content),
        sha256="0" * 64,
    )
