"""What the API's contract is tried on: rows in every state, under ids that are known beforehand."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.utils import timezone
from knox.models import AuthToken

from config.accounts.tokens import create_token, note_use
from modelsettings import profiles, registry
from modelsettings.actors import Actor
from modelsettings.models import ReplicateModel
from modelsettings.schema.published import PublishedModel
from modelsettings.settings import get_settings, patch_settings, set_overridable
from staging.batches.requesting import request_batch
from staging.batches.sent import from_photo, from_upload
from staging.disclosure import end_rule, set_rule
from staging.invitations import invite
from staging.jobs.request import StagingRequest
from staging.jobs.requesting import request_staging
from staging.models import (
    BatchPhoto,
    BatchPhotoStatus,
    Invitation,
    Period,
    Photo,
    Prediction,
    PredictionStatus,
    Project,
    Share,
    SpendingLimit,
    StagedImage,
    StagingBatch,
    StagingJob,
)
from staging.photos import Upload, store_photo
from staging.projects import change_project, create_project, set_member
from staging.shares import revoke_share, share_picture
from staging.spending.changing import save_limit
from tests.conftest import make_photo
from tests.modelsettings.acme import published
from tests.modelsettings.rows import save_row
from tests.staging.finished import end, finish

SLUG = "acme/stager"
JPEG = make_photo(64, 48)


def known(kind: int, count: int) -> list[str]:
    """Return ids of one kind of rows, the same in each run."""
    return [str(uuid.UUID(int=kind * 0x1000 + n, version=4)) for n in range(1, count + 1)]


# The last of each is another's, which is seen alone or not at all.
PROJECTS = known(1, 4)
# Of photos, the one before: the last has no job, and can be deleted.
PHOTOS = known(2, 5)
JOBS = known(3, 9)
BATCHES = known(4, 3)
SHARES = known(5, 3)
TOKENS = known(6, 3)
INVITATIONS = known(7, 3)
IMAGES = [900_001, 900_002, 900_003]

MINE, EMPTY, SEEN, FOREIGN = PROJECTS


def build_world(operator: User, stranger: User) -> None:
    """Fill a database: three people, four projects, photos, jobs, batches, shares, profiles."""
    _tune()
    _projects(operator, stranger)
    _photos()
    _jobs()
    _batches()
    _shares(operator)
    _rules()
    _gaps()
    _tokens(operator, stranger)
    _limits(operator)


def _tokens(operator: User, stranger: User) -> None:
    """One that ends and was never used, one that was used, and another's."""
    ends_at = timezone.now() + timedelta(days=30)
    made = (
        create_token(operator, name="nightly", ends_at=ends_at),
        create_token(operator, name="front end"),
        create_token(stranger),
    )
    for new, (token, _) in zip(TOKENS, made, strict=True):
        _rename(token.details, new)
    note_use(made[1][0])


def _tune() -> None:
    """A model with a price and six revisions, a draft, a locked and a retired profile."""
    ann = Actor("ann")
    registry.add_model(PublishedModel.from_json(published()), by=Actor.system("test"))
    model = ReplicateModel.objects.get(slug=SLUG)
    model.price = [{"unit": "image", "usd": 0.03}]
    save_row(model)
    live = get_settings(SLUG)
    for quality in (40, 50, 60):
        patch_settings(live.pk, {"output_quality": quality}, by=ann, reason="a try")
    patch_settings(live.pk, {"seed": 7, "note": "Küche"}, by=ann)
    set_overridable(live.pk, ["num_outputs", "seed"], by=ann)
    for name in ("draft", "locked", "retired"):
        profile = profiles.copy_profile(live.pk, name, by=ann)
        if name == "locked":
            profiles.lock(profile.pk, by="test", reason="It is tested.")
        if name == "retired":
            profiles.retire(profile.pk, by=ann)
    draft = get_settings(SLUG, profile="draft")
    # More than a page of its history holds.
    for quality in range(1, 21):
        patch_settings(draft.pk, {"output_quality": quality}, by=ann)


def _projects(operator: User, stranger: User) -> None:
    owners = (operator, operator, stranger, stranger)
    for new, owner in zip(PROJECTS, owners, strict=True):
        _rename(create_project(f"Elm Street {new[-2:]}", owner=owner), new)
    project = Project.objects.get(pk=SEEN)
    set_member(project, operator.username, may_edit=False)
    set_member(Project.objects.get(pk=MINE), stranger.username, may_edit=True)
    invited = ((MINE, "zoe"), (FOREIGN, operator.username), (EMPTY, stranger.username))
    for new, (place, name) in zip(INVITATIONS, invited, strict=True):
        asked_into = Project.objects.get(pk=place)
        invite(asked_into, name, may_edit=False)
        _rename(Invitation.objects.get(project=asked_into, username=name), new)
    # A second one of the operator's, for a second page.
    invite(create_project("Fir Street", owner=stranger), operator.username, may_edit=False)


def _limits(operator: User) -> None:
    """A limit of the operator's, of a project that both see, and of all; none holds anything up."""
    mine = Project.objects.get(pk=MINE)
    kinds: tuple[dict[str, Any], ...] = ({"account": operator}, {"project": mine}, {})
    for of in kinds:
        save_limit(SpendingLimit(period=Period.MONTH, usd=5000, **of))


def _photos() -> None:
    for new, project in zip(PHOTOS, (MINE, MINE, SEEN, FOREIGN, MINE), strict=True):
        place = Project.objects.select_related("owner").get(pk=project)
        photo = store_photo(Upload(JPEG, name="room.jpg"), owner=place.owner, project=place)
        photo.id = uuid.UUID(new)
        photo.save()


def _jobs() -> None:
    """One job in each state, two with two pictures, one that is seen alone, and one of others."""
    for job_id, end_job in zip(JOBS, _ENDS, strict=True):
        place = {JOBS[-2]: PHOTOS[2], JOBS[-1]: PHOTOS[3]}.get(job_id, PHOTOS[0])
        end_job(_ask(Photo.objects.select_related("project__owner").get(pk=place), job_id))
    for number, image in zip(IMAGES, StagedImage.objects.order_by("pk"), strict=False):
        _rename(image, number)


def _ask(photo: Photo, job_id: str) -> StagingJob:
    job = request_staging(
        photo,
        StagingRequest(
            model=SLUG,
            room_type="bedroom",
            overrides={"num_outputs": 2 if job_id in JOBS[1:3] else 1},
        ),
        owner=photo.project.owner,
        callback_url="https://example.com/told",
    )
    _rename(job, job_id)
    return StagingJob.objects.get(pk=job_id)


def _fail(job: StagingJob) -> None:
    finish(job, status="failed")


def _cancel(job: StagingJob) -> None:
    finish(job, status="canceled")


def _half(job: StagingJob) -> None:
    first, second = job.predictions.all()
    end(first)
    end(second, status="failed")


def _run(job: StagingJob) -> None:
    for status in (PredictionStatus.SUBMITTING, PredictionStatus.RUNNING):
        Prediction.objects.move(job.predictions.get(), status, by="test")


def _wait(job: StagingJob) -> None:
    """Leave it queued."""


_ENDS: tuple[Callable[[StagingJob], object], ...] = (
    finish, finish, _half, _fail, _cancel, _run, _wait, finish, finish
)  # fmt: skip


def _batches() -> None:
    photos = Photo.objects.select_related("project__owner")
    for new, photo in zip(BATCHES, (PHOTOS[1], PHOTOS[2], PHOTOS[3]), strict=True):
        place = photos.get(pk=photo).project
        sent = [
            from_photo(photos.get(pk=photo)),
            from_upload(SimpleUploadedFile("a.jpg", JPEG)),
            from_upload(SimpleUploadedFile("empty.jpg", b"")),
        ]
        batch = request_batch(sent, StagingRequest(), owner=place.owner, project=place)
        _rename(batch, new)
    waiting = BatchPhoto.objects.filter(status=BatchPhotoStatus.WAITING)
    one = waiting.filter(batch_id=uuid.UUID(BATCHES[0])).earliest("pk")
    BatchPhoto.objects.filter(pk=one.pk).update(
        status=BatchPhotoStatus.STAGED, job_errors={"modern": "There is no such style."}
    )


def _shares(operator: User) -> None:
    for new, image in zip(SHARES[:2], StagedImage.objects.filter(pk__in=IMAGES[:2]), strict=True):
        _rename(share_picture(image, by=operator), new)
    _rename(share_picture(StagedImage.objects.latest("pk"), by=operator), SHARES[2])
    revoke_share(Share.objects.get(pk=SHARES[1]), by=operator)


def _rules() -> None:
    """A rule of the site, and one of a project that has ended."""
    set_rule(None, "AI", by=Actor("ann"))
    project = Project.objects.get(pk=PROJECTS[0])
    rule = set_rule(project, "off", by=Actor("ann"), reason="it is shown as it is")
    end_rule(rule, by=Actor("bob"))


def _gaps() -> None:
    """Let each field that may be null be so somewhere, and hold something elsewhere."""
    model = ReplicateModel.objects.get(slug=SLUG)
    empty = Project.objects.get(pk=EMPTY)
    change_project(empty, {"model": SLUG, "profile": "draft"}, by=empty.owner)
    Photo.objects.filter(pk=PHOTOS[1]).update(original_size=0)
    StagedImage.objects.filter(pk=IMAGES[0]).update(verdict="accepted", stars=4)
    refusal = {"error_code": "model_failed", "error": "No memory."}
    StagingJob.objects.get(pk=JOBS[3]).predictions.update(**refusal)
    photo = Photo.objects.select_related("project__owner").get(pk=PHOTOS[1])
    made, failed, unpriced, queued = (
        request_staging(photo, StagingRequest(model=SLUG), owner=photo.project.owner)
        for _ in range(4)
    )
    finish(made)
    finish(failed, status="failed").predictions.update(**refusal)
    finish(unpriced, cost=None)
    StagingJob.objects.filter(pk=unpriced.pk).update(repeats=made, expected_cost=None)
    batch = StagingBatch.objects.get(pk=BATCHES[0])
    StagingBatch.objects.filter(pk=batch.pk).update(model=model, profile_name="draft", seed=7)
    for job, place in zip((made, failed, queued), batch.photos.all(), strict=True):
        StagingJob.objects.filter(pk=job.pk).update(batch_photo=place)


def _rename(row: Model, new: str | int) -> None:
    """Give a row another id, and those that point to it; keys are looked at on commit alone."""
    for relation in row._meta.related_objects:
        pointing = {relation.field.name: row.pk}
        rows: Any = relation.related_model
        rows._base_manager.filter(**pointing).update(**{relation.field.name: new})
    type(row)._base_manager.filter(pk=row.pk).update(id=new)


def token_of(user: User) -> str:
    """Return the Authorization header of a user."""
    return f"Token {AuthToken.objects.create(user)[1]}"
