"""What people ask for: staging a photo; and what Replicate tells us of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from modelsettings import services as settings_services
from modelsettings.services import ResolvedSettings
from replicate_api.client import RemotePrediction
from staging import images, prompts
from staging.models import Photo, Prediction, PredictionStatus, StagingJob, Transition
from staging.pipeline import settlement
from staging.tasks import collect, submit, wake

log = structlog.get_logger(__name__)


class CannotStage(ValueError):
    """A model that cannot stage a photo; the message says why."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A photo as somebody sent it, not checked yet."""

    content: bytes
    name: str = ""


def add_photo(upload: Upload, *, owner: User) -> Photo:
    """Check, normalise and store a photo. Raises images.PhotoRefused."""
    normalised = images.normalise_photo(upload.content)
    photo = Photo(
        owner=owner,
        original_name=upload.name[:255],
        width=normalised.width,
        height=normalised.height,
        sha256=normalised.sha256,
    )
    photo.file.save("photo.jpg", ContentFile(normalised.content), save=False)
    thumbnail = images.make_thumbnail(normalised.content)
    photo.thumbnail.save("thumbnail.webp", ContentFile(thumbnail.content), save=False)
    photo.save()
    return photo


def request_staging(
    photo: Photo | Upload,
    *,
    owner: User,
    room_type: str = "",
    style: str = "",
    prompt: str = "",
    prompt_mode: str = "add",
    model: str | None = None,
    profile: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    seed: int | None = None,
) -> StagingJob:
    """Record a job with its predictions, and wake a worker once it is committed.

    Everything that decides its pictures is recorded now: a later change of the settings does not
    touch it. An upload is stored once all else is in order. Raises ProfileNotFound,
    SettingsRefused, CannotStage, images.PhotoRefused, and ValueError for a room or a style that
    does not exist.
    """
    text = prompts.build_prompt(
        room_type=room_type, style=style, custom=prompt or None, mode=prompt_mode
    )
    resolved = settings_services.resolve(model, profile=profile, overrides=overrides, seed=seed)
    if resolved.stored.obstacle:
        raise CannotStage(resolved.stored.obstacle)
    if isinstance(photo, Upload):
        photo = add_photo(photo, owner=owner)
    with transaction.atomic():
        job = _record_job(
            photo,
            owner=owner,
            room_type=room_type or "default",
            style=style or "modern",
            prompt=text,
            resolved=resolved,
            overrides={**(overrides or {}), **({} if seed is None else {"seed": seed})},
        )
        transaction.on_commit(lambda: wake(submit))
    log.info("job requested", job=str(job.pk), model=resolved.stored.slug)
    return job


def receive_webhook(prediction: Prediction, remote: RemotePrediction) -> None:
    """Take over what a verified webhook says of a prediction."""
    if settlement.settle(prediction, remote, by="webhook"):
        wake(collect)


def _record_job(
    photo: Photo,
    *,
    owner: User,
    room_type: str,
    style: str,
    prompt: str,
    resolved: ResolvedSettings,
    overrides: dict[str, Any],
) -> StagingJob:
    stored = resolved.stored
    job = StagingJob(
        owner=owner,
        photo=photo,
        room_type=room_type,
        style=style,
        prompt=prompt,
        model_id=stored.model_pk,
        version=stored.version,
        runs_by_name=stored.is_official,
        profile=stored.profile,
        revision=stored.revision,
        settings=resolved.settings,
        overrides=overrides,
        delivery=resolved.delivery.to_json(),
    )
    reference = job.photo_reference
    job.input = {
        **resolved.input,
        stored.roles["prompt"]: prompt,
        stored.roles["image"]: [reference] if stored.schema.takes_many_images else reference,
    }
    job.save()
    first_seed = resolved.input.get("seed")
    now = timezone.now()
    for position in range(resolved.delivery.num_outputs):
        prediction = Prediction.objects.create(
            job=job,
            position=position,
            seed=None if first_seed is None else first_seed + position,
            rank_at=now,
            run_after=now,
        )
        Transition.objects.create(
            prediction=prediction, target=PredictionStatus.QUEUED, at=now, by=owner.get_username()
        )
    return job
