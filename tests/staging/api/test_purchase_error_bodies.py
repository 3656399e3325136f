"""Every error answer of the requests that buy, byte by byte, through their real addresses.

The answers stand in purchase_error_bodies.txt: a name, the status with a Retry-After, the body.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from rest_framework.test import APIClient

from modelsettings.actors import Actor
from modelsettings.models import ReplicateModel
from staging.jobs.canceling import cancel_job
from staging.jobs.request import StagingRequest
from staging.jobs.requesting import request_staging
from staging.library.changing import create_entry
from staging.models import (
    IdempotencyKey,
    Photo,
    Prediction,
    PredictionStatus,
    Project,
    ProjectMember,
    SpendingLimit,
    StagingJob,
    Style,
)
from tests.conftest import make_photo
from tests.modelsettings.rows import save_row
from tests.staging.batch_requests import packed
from tests.staging.crowd import queue

pytestmark = pytest.mark.django_db

JOBS = "/api/v1/staging/jobs"
BATCHES = "/api/v1/staging/batches"
NO_ID = "00000000-0000-0000-0000-000000000000"
QWEN = "qwen/qwen-image-edit"
FLUX = "black-forest-labs/flux-kontext-max"
SEEDREAM = "bytedance/seedream-4"
REMODELA = "remodela-ai/virtual_staging_iii"
UNPRICED = "adirik/interior-design"
LAST_SEED = 2**53 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the requests meet: the caller, a photo of theirs, one beside it, and one of others."""

    api: APIClient
    owner: User
    photo: Photo
    elsewhere: Photo
    of_others: Photo
    shown: Project

    def ask(self, address: str, body: Any = None, *, key: str = "", **headers: str) -> Any:
        text = body if isinstance(body, str) else json.dumps(body or {})
        named = {"Idempotency-Key": key} if key else {}
        return self.api.generic(
            "POST", address, text, content_type="application/json", headers=named | headers
        )

    def stage(self, *, key: str = "", **wanted: Any) -> Any:
        return self.ask(JOBS, {"photo": str(self.photo.pk), **wanted}, key=key)

    def stage_all(self, *, key: str = "", **wanted: Any) -> Any:
        return self.ask(BATCHES, {"photos": [str(self.photo.pk)], **wanted}, key=key)

    def send(self, address: str, **fields: Any) -> Any:
        return self.api.post(address, fields, format="multipart")

    def act(self, job: StagingJob, action: str, body: Any = None, *, key: str = "") -> Any:
        return self.ask(f"{JOBS}/{job.pk}/{action}", body, key=key)

    def job(self, **wanted: Any) -> StagingJob:
        """Return a job that was canceled before it was bought, and so is finished."""
        job = request_staging(
            self.photo, StagingRequest(**{"model": QWEN, **wanted}), owner=self.owner
        )
        cancel_job(job, by=self.owner)
        return job


@pytest.fixture
def ground(operator: User, stranger: User, api: APIClient) -> Ground:
    api.raise_request_exception = False
    own = Project.objects.unsorted_of(operator)
    other = Project.objects.create(owner=operator, name="Elm Street 5")
    shown = Project.objects.create(owner=stranger, name="Shown")
    ProjectMember.objects.create(project=shown, user=operator, may_edit=False)
    mine, elsewhere, of_others = (
        Photo.objects.create(
            owner=project.owner,
            project=project,
            file="photos/hall.jpg",
            thumbnail="photos/hall.webp",
            original_name="hall.jpg",
            width=300,
            height=200,
        )
        for project in (own, other, shown)
    )
    return Ground(
        api=api, owner=operator, photo=mine, elsewhere=elsewhere, of_others=of_others, shown=shown
    )


def file(content: bytes | None = None, name: str = "room.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, make_photo() if content is None else content)


def limit(usd: str, **more: Any) -> None:
    SpendingLimit.objects.create(period="day", usd=usd, when_over="refuse", **more)


def change(slug: str, **columns: Any) -> None:
    model = ReplicateModel.objects.get(slug=slug)
    for name, value in columns.items():
        setattr(model, name, value)
    save_row(model)


def once_read(table: str, then: Callable[[], Any]) -> Any:
    """Return a wrapper of queries that does something once rows of a table have been read."""
    has_happened: list[bool] = []

    def run(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = execute(sql, params, many, context)
        if sql.startswith("SELECT") and f'FROM "{table}"' in sql and not has_happened:
            has_happened.append(True)
            then()
        return found

    return connection.execute_wrapper(run)


def deleted_meanwhile(ground: Ground, ask: Callable[[Ground], Any]) -> Any:
    """Ask for something of the photo, which is deleted once it was read."""
    with once_read("staging_photo", lambda: Photo.objects.filter(pk=ground.photo.pk).delete()):
        return ask(ground)


def with_limit(ask: Callable[[Ground], Any], usd: str = "0.02") -> Callable[[Ground], Any]:
    def run(ground: Ground) -> Any:
        limit(usd)
        return ask(ground)

    return run


def with_queue(ground: Ground) -> Any:
    with queue():
        return ground.send(JOBS, image=file())


def with_new_style(ask: Callable[[Ground], Any]) -> Callable[[Ground], Any]:
    def run(ground: Ground) -> Any:
        boho = Style(key="boho", label="Boho", character="x", inside="x", outside="x")
        create_entry(boho, by=Actor("ann"))
        return ask(ground)

    return run


def with_disabled(ask: Callable[[Ground], Any]) -> Callable[[Ground], Any]:
    def run(ground: Ground) -> Any:
        change(FLUX, is_enabled=False)
        return ask(ground)

    return run


def acted(
    action: str, body: Any = None, *, then: Callable[[], Any] = lambda: None, **wanted: Any
) -> Callable[[Ground], Any]:
    """Return a request to do something with a finished job, after what happens to it."""

    def run(ground: Ground) -> Any:
        job = ground.job(**wanted)
        then()
        return ground.act(job, action, body)

    return run


def unfinished(ground: Ground) -> Any:
    job = request_staging(ground.photo, StagingRequest(), owner=ground.owner)
    return ground.act(job, "retry")


def succeeded(ground: Ground) -> Any:
    job = request_staging(ground.photo, StagingRequest(), owner=ground.owner)
    Prediction.objects.move(job.predictions.get(), PredictionStatus.SUCCEEDED, by="a test")
    return ground.act(job, "retry")


def job_deleted_meanwhile(ground: Ground) -> Any:
    job = ground.job()
    with once_read("staging_stagingjob", lambda: StagingJob.objects.filter(pk=job.pk).delete()):
        return ground.act(job, "retry")


def photo_deleted_meanwhile(ground: Ground) -> Any:
    job = ground.job()

    def delete() -> None:
        Prediction.objects.filter(job=job).delete()
        StagingJob.objects.filter(pk=job.pk).delete()
        Photo.objects.filter(pk=ground.photo.pk).delete()

    with once_read("staging_prediction", delete):
        return ground.act(job, "repeat")


def project_deleted_meanwhile(ground: Ground) -> Any:
    project = Project.objects.create(owner=ground.owner, name="Oak Street 1")
    gone = once_read("staging_roomtype", lambda: Project.objects.filter(pk=project.pk).delete())
    with gone:
        return ground.send(JOBS, image=file(), project=str(project.pk))


def of_shown(action: str) -> Callable[[Ground], Any]:
    def run(ground: Ground) -> Any:
        job = request_staging(ground.of_others, StagingRequest(), owner=ground.shown.owner)
        return ground.act(job, action)

    return run


def by_nobody(address: str) -> Callable[[Ground], Any]:
    return lambda _: APIClient().post(address, {}, format="json")


def key_of_another(second: Callable[[Ground], Any]) -> Callable[[Ground], Any]:
    def run(ground: Ground) -> Any:
        assert ground.stage(key="k1").status_code == 202
        return second(ground)

    return run


def key_of_what_is_gone(ground: Ground) -> Any:
    """Ask with a key that another request keeps, and loses, in this very moment."""
    row = IdempotencyKey(owner=ground.owner, key="k1", fingerprint="f")

    def run(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not (sql.startswith("SELECT") and "staging_idempotencykey" in sql):
            return execute(sql, params, many, context)
        is_kept = row.pk is not None
        if is_kept:
            row.delete()
        found = execute(sql, params, many, context)
        if not is_kept:
            row.save(force_insert=True)
        return found

    with connection.execute_wrapper(run):
        return ground.stage(key="k1")


ASKED: dict[str, Callable[[Ground], Any]] = {
    # POST staging/jobs
    "job: no token": by_nobody(JOBS),
    "job: nothing": lambda ground: ground.ask(JOBS),
    "job: no JSON": lambda ground: ground.ask(JOBS, "{"),
    "job: no object": lambda ground: ground.ask(JOBS, "[1]"),
    "job: another type": lambda ground: ground.api.post(JOBS, "x", content_type="text/plain"),
    "job: image and photo": lambda ground: ground.send(JOBS, image=file(), photo=NO_ID),
    "job: image is no file": lambda ground: ground.send(JOBS, image="no file"),
    "job: empty file": lambda ground: ground.send(JOBS, image=file(b"")),
    "job: no image": lambda ground: ground.send(JOBS, image=file(b"%PDF-1.7")),
    "job: broken image": lambda ground: ground.send(JOBS, image=file(make_photo()[:800])),
    "job: too large a file": lambda ground: ground.send(
        JOBS, image=file(b"\xff\xd8" + bytes(100 * 2**20))
    ),
    "job: too many photos at once": with_queue,
    "job: no such photo": lambda ground: ground.ask(JOBS, {"photo": NO_ID}),
    "job: photo of a shown project": lambda ground: ground.ask(
        JOBS, {"photo": str(ground.of_others.pk)}
    ),
    "job: no such project": lambda ground: ground.send(JOBS, image=file(), project=NO_ID),
    "job: shown project": lambda ground: ground.send(
        JOBS, image=file(), project=str(ground.shown.pk)
    ),
    "job: photo of another project": lambda ground: ground.stage(
        project=str(ground.elsewhere.project_id)
    ),
    "job: unknown field": lambda ground: ground.stage(furniture="red"),
    "job: no such room": lambda ground: ground.stage(room_type="hangar"),
    "job: no such style": lambda ground: ground.stage(style="baroque-ish"),
    "job: room and style": lambda ground: ground.stage(room_type="hangar", style="baroque-ish"),
    "job: long prompt": lambda ground: ground.stage(prompt="x" * 5001),
    "job: no such prompt mode": lambda ground: ground.stage(prompt_mode="shout"),
    "job: replace without a prompt": lambda ground: ground.stage(prompt_mode="replace"),
    "job: replace by spaces": lambda ground: ground.stage(prompt_mode="replace", prompt="  "),
    "job: no such model": lambda ground: ground.stage(model="nobody/nothing"),
    "job: empty model": lambda ground: ground.stage(model=""),
    "job: null model": lambda ground: ground.stage(model=None),
    "job: no such profile": lambda ground: ground.stage(profile="no such"),
    "job: no such profile of a model": lambda ground: ground.stage(model=FLUX, profile="no such"),
    "job: disabled model": with_disabled(lambda ground: ground.stage(model=FLUX)),
    "job: model without a photo": lambda ground: ground.stage(model="bytedance/seedream-3"),
    "job: prompt to a model that takes none": lambda ground: ground.stage(
        model=REMODELA, prompt="A red sofa.", room_type="bedroom"
    ),
    "job: a model that needs a room": lambda ground: ground.stage(model=REMODELA),
    "job: a room that a model does not know": lambda ground: ground.stage(
        model=REMODELA, room_type="office"
    ),
    "job: a style that a model does not know": with_new_style(
        lambda ground: ground.stage(model=REMODELA, room_type="bedroom", style="boho")
    ),
    "job: overrides are no object": lambda ground: ground.stage(overrides=[]),
    "job: override of none": lambda ground: ground.stage(overrides={"furniture": 3}),
    "job: two wrong overrides": lambda ground: ground.stage(
        overrides={"output_quality": 101, "output_format": "bmp"}
    ),
    "job: null override": lambda ground: ground.stage(overrides={"output_quality": None}),
    "job: seed in overrides": lambda ground: ground.stage(overrides={"seed": 1.5}),
    "job: override that is nested too deep": lambda ground: ground.stage(
        overrides={"go_fast": json.loads("[" * 30 + "]" * 30)}
    ),
    "job: seed is no number": lambda ground: ground.stage(seed="five"),
    "job: large seed": lambda ground: ground.stage(seed=2**63),
    "job: low seed": lambda ground: ground.stage(seed=-(2**63)),
    "job: seed of a model without": lambda ground: ground.stage(model=SEEDREAM, seed=5),
    "job: seed and overrides": lambda ground: ground.stage(
        seed=2**63, overrides={"output_quality": 101, "furniture": 1}
    ),
    "job: seeds beyond the maximum": lambda ground: ground.stage(
        model=QWEN, seed=LAST_SEED, overrides={"num_outputs": 2}
    ),
    "job: seeds of overrides beyond the maximum": lambda ground: ground.stage(
        model=QWEN, overrides={"num_outputs": 2, "seed": LAST_SEED}
    ),
    "job: callback": lambda ground: ground.stage(callback_url="http://127.0.0.1/"),
    "job: over a limit": with_limit(lambda ground: ground.stage(model=QWEN)),
    "job: file over a limit": with_limit(lambda ground: ground.send(JOBS, image=file())),
    "job: over a limit, cost unknown": with_limit(lambda ground: ground.stage(model=UNPRICED)),
    "job: photo deleted meanwhile": lambda ground: deleted_meanwhile(
        ground, lambda ground: ground.stage()
    ),
    "job: project deleted meanwhile": project_deleted_meanwhile,
    "job: key": lambda ground: ground.stage(key="x" * 256),
    "job: key of another": key_of_another(lambda ground: ground.stage(key="k1", seed=1)),
    "job: key of a batch": key_of_another(lambda ground: ground.stage_all(key="k1")),
    "job: key of what is gone": key_of_what_is_gone,
    # POST staging/batches
    "batch: no token": by_nobody(BATCHES),
    "batch: nothing": lambda ground: ground.ask(BATCHES),
    "batch: no JSON": lambda ground: ground.ask(BATCHES, "{"),
    "batch: another type": lambda ground: ground.api.post(BATCHES, "x", content_type="text/plain"),
    "batch: images are no files": lambda ground: ground.send(BATCHES, images=["no file"]),
    "batch: 201 photos": lambda ground: ground.send(
        BATCHES, images=[file(b"x", f"{number}.jpg") for number in range(201)]
    ),
    "batch: too many files": lambda ground: ground.send(
        BATCHES, images=[file(b"x", f"{number}.jpg") for number in range(202)]
    ),
    "batch: too long": lambda ground: ground.api.generic(
        "POST",
        BATCHES,
        "",
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(5 * 2**30),
    ),
    "batch: no archive": lambda ground: ground.send(BATCHES, archive=file(b"PK not", "a.zip")),
    "batch: empty archive": lambda ground: ground.send(
        BATCHES, archive=file(packed().getvalue(), "a.zip")
    ),
    "batch: archive of 201": lambda ground: ground.send(
        BATCHES,
        archive=file(packed(*((f"{number}.jpg", b"x") for number in range(201))).getvalue()),
    ),
    "batch: no such photo": lambda ground: ground.ask(BATCHES, {"photos": [NO_ID]}),
    "batch: a photo twice": lambda ground: ground.stage_all(photos=[str(ground.photo.pk)] * 2),
    "batch: photos of two projects": lambda ground: ground.stage_all(
        photos=[str(ground.photo.pk), str(ground.elsewhere.pk)]
    ),
    "batch: photos of another project": lambda ground: ground.stage_all(
        project=str(ground.elsewhere.project_id)
    ),
    "batch: photo of a shown project": lambda ground: ground.stage_all(
        photos=[str(ground.of_others.pk)]
    ),
    "batch: no such project": lambda ground: ground.send(BATCHES, images=[file()], project=NO_ID),
    "batch: unknown field": lambda ground: ground.stage_all(style="modern"),
    "batch: no such style": lambda ground: ground.stage_all(styles=["modern", "baroque-ish"]),
    "batch: too many styles": lambda ground: ground.stage_all(styles=["modern"] * 11),
    "batch: no such room": lambda ground: ground.stage_all(room_type="hangar"),
    "batch: no such room of a photo": lambda ground: ground.stage_all(
        room_types={"hall.jpg": "hangar"}
    ),
    "batch: room of no photo": lambda ground: ground.stage_all(room_types={"x.jpg": "bedroom"}),
    "batch: rooms are no object": lambda ground: ground.stage_all(room_types=[]),
    "batch: no such prompt mode": lambda ground: ground.stage_all(prompt_mode="shout"),
    "batch: replace without a prompt": lambda ground: ground.stage_all(prompt_mode="replace"),
    "batch: no such model": lambda ground: ground.stage_all(model="nobody/nothing"),
    "batch: no such profile": lambda ground: ground.stage_all(profile="no such"),
    "batch: disabled model": with_disabled(lambda ground: ground.stage_all(model=FLUX)),
    "batch: prompt to a model that takes none": lambda ground: ground.stage_all(
        model=REMODELA, prompt="A red sofa.", room_type="bedroom"
    ),
    "batch: a style that a model does not know": with_new_style(
        lambda ground: ground.stage_all(
            model=REMODELA, room_type="bedroom", styles=["modern", "boho"]
        )
    ),
    "batch: two wrong overrides": lambda ground: ground.stage_all(
        overrides={"output_quality": 101, "furniture": "red"}
    ),
    "batch: large seed": lambda ground: ground.stage_all(seed=2**63),
    "batch: seed and overrides": lambda ground: ground.stage_all(
        seed=2**63, overrides={"output_quality": 101}
    ),
    "batch: seed in overrides": lambda ground: ground.stage_all(overrides={"seed": 1.5}),
    "batch: callback": lambda ground: ground.stage_all(callback_url="http://127.0.0.1/"),
    "batch: photo deleted meanwhile": lambda ground: deleted_meanwhile(
        ground, lambda ground: ground.stage_all()
    ),
    "batch: key": lambda ground: ground.stage_all(key="x" * 256),
    "batch: key of another": key_of_another(lambda ground: ground.stage_all(key="k1", seed=1)),
    # POST staging/jobs/{id}/retry
    "retry: no token": by_nobody(f"{JOBS}/{NO_ID}/retry"),
    "retry: no such job": lambda ground: ground.ask(f"{JOBS}/{NO_ID}/retry"),
    "retry: shown job": of_shown("retry"),
    "retry: not finished": unfinished,
    "retry: succeeded": succeeded,
    "retry: disabled model": acted("retry", then=lambda: change(QWEN, is_enabled=False)),
    "retry: over a limit": acted("retry", then=lambda: limit("0.02")),
    "retry: over a limit, cost unknown": acted("retry", then=lambda: limit("0.02"), model=UNPRICED),
    "retry: deleted meanwhile": job_deleted_meanwhile,
    "retry: key of another": key_of_another(
        lambda ground: ground.act(StagingJob.objects.get(), "retry", key="k1")
    ),
    # POST staging/jobs/{id}/repeat
    "repeat: no token": by_nobody(f"{JOBS}/{NO_ID}/repeat"),
    "repeat: no such job": lambda ground: ground.ask(f"{JOBS}/{NO_ID}/repeat"),
    "repeat: shown job": of_shown("repeat"),
    "repeat: unknown field": acted("repeat", {"seeds": 5}),
    "repeat: seed is a word": acted("repeat", {"seed": "another"}),
    "repeat: seed is true": acted("repeat", {"seed": True}),
    "repeat: large seed": acted("repeat", {"seed": 2**63}),
    "repeat: seed of a model without": acted("repeat", {"seed": 5}, model=SEEDREAM),
    "repeat: seeds beyond the maximum": acted(
        "repeat", {"seed": LAST_SEED}, overrides={"num_outputs": 2}
    ),
    "repeat: disabled model": acted("repeat", then=lambda: change(QWEN, is_enabled=False)),
    "repeat: over a limit": acted("repeat", then=lambda: limit("0.02")),
    "repeat: photo deleted meanwhile": photo_deleted_meanwhile,
    "repeat: key of another": key_of_another(
        lambda ground: ground.act(StagingJob.objects.get(), "repeat", key="k1")
    ),
}


def read_answers() -> dict[str, tuple[str, str]]:
    """Return the line of the status and the body by the name of the request."""
    text = Path(__file__).with_name("purchase_error_bodies.txt").read_text(encoding="utf-8")
    blocks = [block.split("\n") for block in text.strip().split("\n\n")]
    return {name: (status, body) for name, status, body in blocks}


ANSWERS = read_answers()


def test_each_request_has_its_answer() -> None:
    assert list(ASKED) == list(ANSWERS)


@pytest.mark.parametrize("name", ASKED)
def test_an_error_is_answered_as_ever(ground: Ground, name: str) -> None:
    answer = ASKED[name](ground)

    wait = answer.headers.get("Retry-After")
    status = f"{answer.status_code}, Retry-After: {wait}" if wait else f"{answer.status_code}"
    body = answer.content.decode()
    assert (status, body) == ANSWERS[name]
