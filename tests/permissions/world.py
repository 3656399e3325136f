"""What there is to be asked for: a project with all that can be in it, and everybody beside it."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from knox.models import AuthToken

from config.accounts.models import TokenDetails
from modelsettings import inspection, profiles, uses
from modelsettings.actors import Actor
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.schema.form_schema import form_document
from modelsettings.settings import get_settings, patch_settings
from staging import links
from staging.disclosure import set_rule
from staging.library import changing
from staging.models import (
    BatchPhoto,
    BatchPhotoStatus,
    Callback,
    CallbackStatus,
    DailyUsage,
    Invitation,
    Notice,
    NoticeKind,
    Period,
    Photo,
    PriceEstimate,
    Project,
    ProjectMember,
    PromptRules,
    PromptTemplate,
    PutAside,
    RoomType,
    Share,
    SpendingLimit,
    StagedImage,
    StagingBatch,
    StagingJob,
    Style,
)
from staging.models.library import Entry
from staging.predictions import webhook_signature
from staging.shares import revoke_share, share_picture
from staging.spending.changing import pause
from tests.modelsettings.rows import save_row
from tests.permissions.people import PASSWORD, Person, make_people
from tests.staging.conftest import QWEN
from tests.staging.finished import finish, make_batch, stage

BY = Actor.system("test")
# Stands in every name that is the project's own.
MARK = "bellevue"
# The members of its projects, and whether they may edit.
_MEMBERS = {"sees": False, "judge": False, "edits": True, "stager": True, "dismissed": True}


@dataclass(frozen=True, slots=True)
class World:
    """Everybody, and the places that the table's addresses and bodies name.

    `marks` are what tells of the project, and of what is in it.
    """

    people: dict[str, Person]
    places: dict[str, str]
    marks: list[str]


def make_world() -> World:
    people = make_people()
    owner = user_of(people, "owner")
    project, busy = (_make_project(people, f"{MARK} {name}") for name in ("house", "annex"))
    places = {
        "project": project.pk,
        **_make_work(project, owner),
        **_make_queued(busy, owner),
        "invitation": _invite(busy, "edits"),
    }
    marks = [MARK, *(str(value) for name, value in places.items() if not name.endswith("token"))]
    places |= {
        **_make_settings(),
        **_make_spending(project),
        **_make_held(user_of(people, "dismissed")),
        **_make_library(),
        **_make_accounts(user_of(people, "newcomer")),
        **_WORDS,
    }
    written = {name: str(value) for name, value in places.items()}
    return World(people, written, [mark for mark in marks if len(mark) > 7])


def user_of(people: dict[str, Person], name: str) -> User:
    user = people[name].user
    assert user
    return user


# What an address or a body says that is no row's.
_WORDS = {
    "app_auth": "auth",
    "app_knox": "knox",
    "app_modelsettings": "modelsettings",
    "app_staging": "staging",
    "do_cancel": "cancel",
    "do_new_seed": "new-seed",
    "do_repeat": "repeat",
    "do_retry": "retry",
    "draft_name": "draft",
    "first_revision": "1",
    "member": "sees",
    "model": QWEN,
    "newcomer": "newcomer",
    "new_password": "another-password-of-somebody",
    "nowhere": "nowhere",
    "operator_name": "operator",
    "owner_name": "owner",
    "password": PASSWORD,
}


def _make_project(people: dict[str, Person], name: str) -> Project:
    project = Project.objects.create(owner=user_of(people, "owner"), name=name)
    for member, may_edit in _MEMBERS.items():
        ProjectMember.objects.create(
            project=project, user=user_of(people, member), may_edit=may_edit
        )
    return project


def _invite(project: Project, name: str) -> Any:
    user = User.objects.get(username=name)
    made = Invitation.objects.create(project=project, username=name, user=user, may_edit=True)
    return made.pk


def _make_work(project: Project, owner: User) -> dict[str, Any]:
    """Put into a project what has ended: only that can be deleted."""
    asked: dict[str, Any] = {"project": project, "prompt": f"a piano from {MARK}"}
    job = finish(stage(owner, name=f"{MARK}-front.jpg", **asked))
    failed = finish(stage(owner, photo=job.photo, prompt=asked["prompt"]), status="failed")
    image = StagedImage.objects.get(prediction__job=job)
    share, revoked = (share_picture(image, by=owner) for _ in "12")
    revoke_share(revoked, by=owner)
    callback = Callback.objects.create(
        job=job, url=f"https://{MARK}.example/done", status=CallbackStatus.DELIVERED
    )
    return {
        "photo": job.photo_id,
        "job": job.pk,
        "failed": failed.pk,
        "image": image.pk,
        "batch": _make_batch(project, job).pk,
        "refused_at": 1,
        "callback": callback.pk,
        "usage": DailyUsage.objects.get(project=project.pk).pk,
        "type_of_project": ContentType.objects.get_for_model(Project).pk,
        **_secrets_of(share, "share"),
        **_secrets_of(revoked, "revoked"),
        **_file_of(job.photo, image),
    }


def _make_batch(project: Project, job: StagingJob) -> StagingBatch:
    batch = make_batch(project)
    job.batch_photo = BatchPhoto.objects.create(
        batch=batch,
        position=0,
        name=f"{MARK}-front.jpg",
        photo=job.photo,
        status=BatchPhotoStatus.STAGED,
    )
    job.save()
    BatchPhoto.objects.create(
        batch=batch,
        position=1,
        name=f"{MARK}-back.jpg",
        status=BatchPhotoStatus.REFUSED,
        error="This photo is damaged.",
    )
    return batch


def _secrets_of(share: Share, name: str) -> dict[str, Any]:
    return {name: share.pk, f"{name}_key": share.pk.hex, f"{name}_token": share.token}


def _file_of(photo: Photo, image: StagedImage) -> dict[str, Any]:
    return {
        "file": str(photo.file),
        "file_signature": _signature_of(str(photo.file)),
        "other_signature": _signature_of(str(image.file)),
    }


def _signature_of(name: str) -> str:
    return parse_qs(urlsplit(links.link_to(name)).query)["signature"][0]


def _make_queued(project: Project, owner: User) -> dict[str, Any]:
    """Put a job that waits into a project, and another beside it."""
    job = stage(owner, project=project, name=f"{MARK}-annex.jpg")
    prediction = job.predictions.get()
    other = stage(owner, photo=job.photo).predictions.get()
    # What the process remembers of another sandbox.
    webhook_signature.secret = webhook_signature.SigningSecret()
    return {
        "queued": job.pk,
        "queued_prediction": prediction.pk,
        "queued_token": prediction.webhook_token,
        "other_token": other.webhook_token,
    }


def _make_settings() -> dict[str, Any]:
    stored = get_settings(QWEN)
    patch_settings(stored.pk, {"output_quality": 77}, by=BY)
    draft = profiles.copy_profile(stored.pk, "draft", by=BY)
    retired = profiles.copy_profile(stored.pk, "retired", by=BY)
    profiles.retire(retired.pk, by=BY)
    other = ReplicateModel.objects.get(slug="bytedance/seedream-4")
    # Its roles are to be read once more.
    incomplete = ReplicateModel.objects.get(slug="bytedance/seededit-3.0")
    incomplete.roles = {}
    save_row(incomplete)
    changed = {**get_settings(QWEN).document, "output_quality": 42}
    return {
        "profile": stored.pk,
        "draft": draft.pk,
        "live_choice": uses.preview_live(draft.pk).tag,
        "default_choice": uses.preview_default(other.slug).tag,
        "retired": retired.pk,
        "revision": ModelSettings.objects.get(pk=stored.pk).revision,
        "document": json.dumps(form_document(stored.validator.schema, changed)),
        "model_pk": stored.model_pk,
        "other_model": other.slug,
        "other_model_pk": other.pk,
        "incomplete_model": incomplete.slug,
        "digest": inspection.judge(inspection.read_model(incomplete.slug)).digest,
    }


def _make_spending(project: Project) -> dict[str, Any]:
    """Limit the project, estimate a model that has no price, pause another, tell of something."""
    estimated, unpriced = ReplicateModel.objects.filter(price=[]).order_by("slug")[:2]
    return {
        "limit": SpendingLimit.objects.create(project=project, period=Period.DAY, usd=50).pk,
        "estimate": PriceEstimate.objects.create(model=estimated, usd=1).pk,
        "unpriced_model": unpriced.pk,
        "rule": set_rule(None, "AI", by=Actor("operator")).pk,
        "project_rule": set_rule(project, "AI", by=Actor("operator")).pk,
        "paused": pause(model=unpriced, by="operator").pk,
        "notice": Notice.objects.create(
            kind=NoticeKind.STANDSTILL, key="waiting", sentence="Nothing moves."
        ).pk,
        "aside": PutAside.objects.create(key="notice-gone", by="operator").key,
    }


def _make_held(dismissed: User) -> dict[str, Any]:
    """Let what somebody has queued wait, whose account was deactivated."""
    stage(dismissed, project=Project.objects.unsorted_of(dismissed))
    return {"held": pause(account=dismissed, by="superuser").pk}


def _make_library() -> dict[str, Any]:
    """Change an entry of each kind once, so that there is something to go back to."""
    room, style = RoomType.objects.get(key="office"), Style.objects.get(key="modern")
    template = PromptTemplate(room_type=room, style=style, furnishing="A desk.")
    entries: dict[str, tuple[Entry, str]] = {
        "room": (room, "furniture"),
        "style": (style, "character"),
        "rules": (PromptRules.objects.get(is_outside=False), "placement"),
        "template": (changing.create_entry(template, by=BY), "furnishing"),
    }
    places: dict[str, Any] = {}
    for name, (entry, field) in entries.items():
        oldest = changing.newest_change(entry).pk
        changing.change_entry(entry, {field: "Other words."}, by=BY, started_from=oldest)
        newest = changing.newest_change(entry).pk
        places |= {name: entry.pk, f"{name}_oldest": oldest, f"{name}_newest": newest}
    return places


def _make_accounts(newcomer: User) -> dict[str, Any]:
    token = AuthToken.objects.filter(user=newcomer).get()
    return {
        "newcomer_pk": newcomer.pk,
        "group": Group.objects.create(name="agents").pk,
        "api_token": token.pk,
        "token_id": TokenDetails.objects.create(token=token).pk,
    }
