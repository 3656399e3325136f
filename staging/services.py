"""What people ask for: staging a photo; and what Replicate tells us of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from modelsettings import catalog, profiles
from modelsettings import services as settings_services
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.schema.validation import SettingsRefused
from modelsettings.services import ProfileNotFound, ResolvedSettings, StoredSettings
from replicate_api.client import RemotePrediction
from staging import images, prompts
from staging.models import (
    Photo,
    Prediction,
    PredictionStatus,
    Project,
    StagingJob,
    Transition,
)
from staging.pipeline import settlement
from staging.tasks import collect, submit, wake

DEFAULT_ROOM = "default"
DEFAULT_STYLE = "modern"

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
    project: Project | None = None,
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
    model, profile = _choose_profile(
        project, model=model, profile=profile, room_type=room_type or DEFAULT_ROOM
    )
    resolved = settings_services.resolve(model, profile=profile, overrides=overrides, seed=seed)
    if resolved.stored.obstacle:
        raise CannotStage(resolved.stored.obstacle)
    if "prompt" not in resolved.stored.roles:
        text = _without_prompt(resolved.stored, prompt)
    _check_seeds(resolved)
    room_type, style = room_type or DEFAULT_ROOM, style or DEFAULT_STYLE
    words = _words_for(resolved.stored, room_type=room_type, style=style, prompt=text)
    if isinstance(photo, Upload):
        photo = add_photo(photo, owner=owner)
    with transaction.atomic():
        job = _record_job(
            photo,
            owner=owner,
            project=project,
            room_type=room_type,
            style=style,
            prompt=text,
            words=words,
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


def _without_prompt(stored: StoredSettings, prompt: str) -> str:
    """Return the prompt of a job whose model takes none; CannotStage where somebody wrote one."""
    if prompt:
        raise CannotStage(f"{stored.slug} takes no prompt: it is told the room and the style.")
    return ""


def create_project(
    name: str, *, owner: User, model: str | None = None, profile: str | None = None
) -> Project:
    """Make a project, which may name a model and a profile of it. Raises ProfileNotFound."""
    if profile and not model:
        raise ProfileNotFound("Name the model whose profile it is.")
    project = Project(owner=owner, name=name)
    if model:
        stored = settings_services.get_settings(model, profile=profile)
        project.model = ReplicateModel.objects.get(pk=stored.model_pk)
        if profile:
            project.profile = ModelSettings.objects.get(pk=stored.pk)
    project.save()
    return project


def _choose_profile(
    project: Project | None, *, model: str | None, profile: str | None, room_type: str
) -> tuple[str | None, str | None]:
    """Return the model and the profile of a job; None stands for the default, and the live one.

    What the request names comes first, then what its project names, then what is chosen for the
    room.
    """
    if model is None and profile is None and project is not None and project.model is not None:
        model = project.model.slug
        profile = project.profile.name if project.profile else None
    return model, profile or profiles.find_for_room(model, room_type)


def _words_for(
    stored: StoredSettings, *, room_type: str, style: str, prompt: str
) -> dict[str, str]:
    """Return the inputs that take the job's words: a prompt, or the model's own room and style.

    Raises CannotStage for a room or a style that a dedicated staging model does not know.
    """
    overlay = catalog.find_overlay(stored.slug)
    words = {stored.roles["prompt"]: prompt} if "prompt" in stored.roles else {}
    for role, word, known in (
        ("room", room_type, overlay.rooms),
        ("style", style, overlay.styles),
    ):
        if role in stored.roles:
            if word not in known:
                choices = ", ".join(known) or "none"
                if word == DEFAULT_ROOM:
                    raise CannotStage(f"{stored.slug} asks for a room_type, one of: {choices}.")
                raise CannotStage(f"{stored.slug} knows no {role} {word}, only: {choices}.")
            words[stored.roles[role]] = known[word]
    return words


def _check_seeds(resolved: ResolvedSettings) -> None:
    """Refuse where the later pictures of a job would take seeds beyond the model's maximum."""
    seed, count = resolved.input.get("seed"), resolved.delivery.num_outputs
    most = resolved.stored.validator.schema["properties"].get("seed", {}).get("maximum")
    if seed is not None and most is not None and seed + count - 1 > most:
        last = seed + count - 1
        sentence = f"seed: {count} pictures take seeds up to {last}, beyond the maximum of {most}."
        raise SettingsRefused({"seed": [sentence]})


def _record_job(
    photo: Photo,
    *,
    owner: User,
    project: Project | None,
    room_type: str,
    style: str,
    prompt: str,
    words: dict[str, str],
    resolved: ResolvedSettings,
    overrides: dict[str, Any],
) -> StagingJob:
    stored = resolved.stored
    job = StagingJob(
        owner=owner,
        project=project,
        photo=photo,
        room_type=room_type,
        style=style,
        prompt=prompt,
        model_id=stored.model_pk,
        version=stored.version,
        runs_by_name=stored.is_official,
        profile_id=stored.pk,
        profile_name=stored.profile,
        revision=stored.revision,
        settings=resolved.settings,
        overrides=overrides,
        delivery=resolved.delivery.to_json(),
    )
    reference = job.photo_reference
    photo_input = [reference] if stored.schema.takes_many_images else reference
    job.input = {**resolved.input, stored.roles["image"]: photo_input, **words}
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
