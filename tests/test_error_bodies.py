"""Every refusal of the API's doors that buy nothing, byte by byte, through their real addresses.

The answers stand in error_bodies.txt: a name, the status with a Retry-After, the body, in which
{pk} is the profile's key and {time} a time. Requests that buy:
tests/staging/api/test_purchase_error_bodies.py.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from modelsettings import profiles, registry
from modelsettings.actors import Actor
from modelsettings.models import ReplicateModel
from modelsettings.schema.published import PublishedModel
from modelsettings.settings import StoredSettings, get_settings, patch_settings
from staging.models import Project, StagingJob
from staging.projects import create_project
from tests.conftest import make_photo
from tests.modelsettings.acme import published
from tests.staging.crowd import queue
from tests.staging.finished import finish, make_batch, stage, staged

pytestmark = pytest.mark.django_db

MODELS = "/api/v1/admin/models"
STAGER = f"{MODELS}/acme/stager"
STAGING = "/api/v1/staging"
NO_ID = "00000000-0000-0000-0000-000000000000"
ANN, BOB = Actor("ann"), Actor("bob")
TIME = re.compile(r'"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the requests meet: the caller, their project, and a model with its live profile."""

    api: APIClient
    owner: User
    project: Project
    stored: StoredSettings

    def ask(self, method: str, address: str, body: Any = None, **headers: str) -> Any:
        text = "" if body is None else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.api.generic(
            method, address, text, content_type="application/json", headers=named
        )

    def send(self, name: str, content: bytes, **fields: Any) -> Any:
        file = SimpleUploadedFile(name, content)
        return self.api.post(f"{STAGING}/photos", {"image": file, **fields}, format="multipart")

    def stage(self) -> StagingJob:
        return stage(self.owner, project=self.project)

    def staged(self) -> StagingJob:
        return staged(self.owner, project=self.project)


Ask = Callable[[Ground], Any]


def asked(method: str, address: str, body: Any = None, **headers: str) -> Ask:
    return lambda ground: ground.ask(method, address, body, **headers)


def after(change: Callable[[Ground], object], ask: Ask) -> Ask:
    """Ask once something has happened."""

    def both(ground: Ground) -> Any:
        change(ground)
        return ask(ground)

    return both


def changed(ground: Ground, **values: Any) -> None:
    patch_settings(ground.stored.pk, values or {"steps": 20}, by=BOB)


def locked(ground: Ground) -> None:
    profiles.lock(ground.stored.pk, by="an experiment", reason="pictures are compared")


def changed_and_locked(ground: Ground) -> None:
    changed(ground)
    locked(ground)


def copied(ground: Ground) -> int:
    return profiles.copy_profile(ground.stored.pk, "evening", by=ANN).pk


def retired(ground: Ground) -> None:
    profiles.retire(copied(ground), by=ANN)


def at_first(ground: Ground) -> str:
    """Return the tag of the profile's first revision."""
    return f'"{ground.stored.pk}-1"'


def tagged(method: str, address: str, body: Any) -> Ask:
    """Change what somebody else has changed meanwhile."""
    return after(
        changed, lambda ground: ground.ask(method, address, body, if_match=at_first(ground))
    )


def no_longer_fitting(ground: Ground) -> Any:
    """Go back to what a newer schema refuses."""
    changed(ground, steps=90)
    changed(ground, steps=20)
    row = ReplicateModel.objects.get(slug="acme/stager")
    row.pinned_schema.source = "reconstructed"  # type: ignore[union-attr]
    row.pinned_schema.save()  # type: ignore[union-attr]
    document = published()
    inputs = document["latest_version"]["openapi_schema"]["components"]["schemas"]["Input"]
    inputs["properties"]["steps"]["maximum"] = 50
    registry.adopt_schema(PublishedModel.from_json(document), by=ANN)
    return ground.ask("POST", f"{STAGER}/config/rollback", {"revision": 2})


def for_rooms(ground: Ground) -> Any:
    profiles.use_for_rooms(copied(ground), ["bedroom"], by=ANN)
    return ground.ask("PATCH", f"{STAGER}/profiles/evening", {"is_retired": True})


def in_project(method: str, path: str, body: Any = None) -> Ask:
    return lambda ground: ground.ask(method, f"{STAGING}/projects/{ground.project.pk}{path}", body)


def in_unsorted(method: str, path: str, body: Any = None) -> Ask:
    def ask(ground: Ground) -> Any:
        project = Project.objects.unsorted_of(ground.owner)
        return ground.ask(method, f"{STAGING}/projects/{project.pk}{path}", body)

    return ask


def of_job(method: str, path: str, body: Any = None, *, pictures: int | None = 1) -> Ask:
    """Ask for something of a job that succeeded; None: of one that is queued."""

    def ask(ground: Ground) -> Any:
        job = ground.stage()
        if pictures is not None:
            finish(job, pictures=pictures)
        return ground.ask(method, f"{STAGING}/jobs/{job.pk}{path}", body)

    return ask


def photo_of_an_unfinished_job(ground: Ground) -> Any:
    job = ground.stage()
    return ground.ask("DELETE", f"{STAGING}/photos/{job.photo_id}")


def photo_of_a_batch(ground: Ground) -> Any:
    job = ground.staged()
    batch = make_batch(ground.project, uploads=1)
    batch.photos.update(photo=job.photo_id)
    return ground.ask("DELETE", f"{STAGING}/photos/{job.photo_id}")


def overloaded(ground: Ground) -> Any:
    with queue():
        return ground.send("room.jpg", make_photo())


ASKED: dict[str, Ask] = {
    # tokens
    "tokens: made by a token": asked("POST", "/api/v1/tokens", {"name": "a"}),
    "tokens: none": asked("DELETE", f"/api/v1/tokens/{NO_ID}"),
    # …/config
    "config: no token": lambda _: APIClient().get(f"{STAGER}/config"),
    "config: no such model": asked("GET", f"{MODELS}/nobody/nothing/config"),
    "config: no such profile": asked("GET", f"{STAGER}/config?profile=nothing"),
    "config: NUL": asked("GET", f"{STAGER}/config?profile=%00"),
    "config: no such parameter": asked("GET", f"{STAGER}/config?profil=default"),
    "config: schema of no model": asked("GET", f"{MODELS}/nobody/nothing/config/schema"),
    "config: no body": asked("PUT", f"{STAGER}/config"),
    "config: wrong values": asked(
        "PUT", f"{STAGER}/config", {"steps": 0, "output_format": "gif", "sharpness": 1}
    ),
    "config: no object": asked("PUT", f"{STAGER}/config", ["steps"]),
    "config: no object of changes": asked("PATCH", f"{STAGER}/config", ["steps"]),
    "config: null": asked("PATCH", f"{STAGER}/config", {"steps": None}),
    "config: no tag": asked("PATCH", f"{STAGER}/config", {"steps": 20}, if_match="1"),
    "config: reason with NUL": asked(
        "PATCH", f"{STAGER}/config", {"steps": 20}, X_Change_Reason="%00"
    ),
    "config: stale, replaced": tagged("PUT", f"{STAGER}/config", {"steps": 10, "seed": 5}),
    "config: stale, merged": tagged("PATCH", f"{STAGER}/config", {"steps": 10}),
    "config: tag of another": asked("PATCH", f"{STAGER}/config", {"steps": 10}, if_match='"0-1"'),
    "config: locked": after(locked, asked("PATCH", f"{STAGER}/config", {"steps": 10})),
    # …/config/history, compare, rollback, reset
    "history: before is none": asked("GET", f"{STAGER}/config/history?before=0"),
    "compare: no revisions": asked("GET", f"{STAGER}/config/compare"),
    "compare: no such revision": asked("GET", f"{STAGER}/config/compare?old=1&new=7"),
    "rollback: no body": asked("POST", f"{STAGER}/config/rollback"),
    "rollback: no such revision": asked("POST", f"{STAGER}/config/rollback", {"revision": 7}),
    "rollback: no longer fitting": no_longer_fitting,
    "rollback: stale": tagged("POST", f"{STAGER}/config/rollback", {"revision": 1}),
    "reset: no body": asked("POST", f"{STAGER}/config/reset"),
    "reset: no such keys": asked("POST", f"{STAGER}/config/reset", {"keys": ["a", "steps", "b"]}),
    "reset: stale": tagged("POST", f"{STAGER}/config/reset", {}),
    "reset: locked": after(changed_and_locked, asked("POST", f"{STAGER}/config/reset", {})),
    # …/profiles
    "profiles: of no model": asked("GET", f"{MODELS}/nobody/nothing/profiles"),
    "profiles: made of no model": asked("POST", f"{MODELS}/nobody/nothing/profiles", {"name": "a"}),
    "profiles: name is taken": asked("POST", f"{STAGER}/profiles", {"name": "default"}),
    "profiles: name is kept": asked("POST", f"{STAGER}/profiles", {"name": "standard"}),
    "profiles: no name": asked("POST", f"{STAGER}/profiles", {"name": "a/b"}),
    "profiles: no such source": asked("POST", f"{STAGER}/profiles", {"name": "a", "source": "b"}),
    "profile: none": asked("PATCH", f"{STAGER}/profiles/nothing", {"name": "a"}),
    "profile: not live": asked("PATCH", f"{STAGER}/profiles/default", {"is_live": False}),
    "profile: live, retired": asked("PATCH", f"{STAGER}/profiles/default", {"is_retired": True}),
    "profile: of rooms, retired": for_rooms,
    "profile: locked, renamed": after(
        locked, asked("PATCH", f"{STAGER}/profiles/default", {"name": "a"})
    ),
    "profile: renamed as another": after(
        copied, asked("PATCH", f"{STAGER}/profiles/evening", {"name": "default"})
    ),
    "profile: retired, live": after(
        retired, asked("PATCH", f"{STAGER}/profiles/evening", {"is_live": True})
    ),
    "profile: no room": asked("PATCH", f"{STAGER}/profiles/default", {"room_types": ["\0"]}),
    # models/active
    "active: none": asked("PUT", f"{MODELS}/active", {}),
    "active: no such model": asked("PUT", f"{MODELS}/active", {"value": "nobody/nothing"}),
    "active: without a photo": asked("PUT", f"{MODELS}/active", {"value": "bytedance/seedream-3"}),
    # staging/projects
    "project: no name": asked("POST", f"{STAGING}/projects", {}),
    "project: no such model": asked(
        "POST", f"{STAGING}/projects", {"name": "Elm", "model": "nobody/nothing"}
    ),
    "project: profile alone": asked(
        "POST", f"{STAGING}/projects", {"name": "Elm", "profile": "default"}
    ),
    "project: no such profile": in_project(
        "PATCH", "", {"model": "acme/stager", "profile": "evening"}
    ),
    "project: none": asked("PATCH", f"{STAGING}/projects/{NO_ID}", {"name": "Oak"}),
    "project: Unsorted, renamed": in_unsorted("PATCH", "", {"name": "Oak"}),
    "project: Unsorted, deleted": in_unsorted("DELETE", ""),
    "project: deleted, unfinished": after(lambda ground: ground.stage(), in_project("DELETE", "")),
    "project: deleted, read in": after(
        lambda ground: make_batch(ground.project, uploads=1), in_project("DELETE", "")
    ),
    "member: nobody": in_project("PUT", "/members/nobody", {"may_edit": True}),
    "member: owner": in_project("PUT", "/members/olga", {"may_edit": True}),
    "member: of Unsorted": in_unsorted("PUT", "/members/sam", {"may_edit": True}),
    "member: none": in_project("DELETE", "/members/sam"),
    "member: NUL": in_project("DELETE", "/members/%00"),
    # staging/photos
    "photo: no image": lambda ground: ground.send("room.pdf", b"%PDF-1.7"),
    "photo: empty": lambda ground: ground.send("room.jpg", b""),
    "photo: no such project": lambda ground: ground.send("room.jpg", b"photo", project=NO_ID),
    "photo: too many at once": overloaded,
    "photo: of an unfinished job": photo_of_an_unfinished_job,
    "photo: of a batch": photo_of_a_batch,
    "photo: none": asked("DELETE", f"{STAGING}/photos/{NO_ID}"),
    # staging/jobs: deleted, canceled, judged, shared
    "job: deleted, unfinished": of_job("DELETE", "", pictures=None),
    "cancel: finished": of_job("POST", "/cancel"),
    "rating: nothing": of_job("POST", "/rating", {}),
    "rating: no picture": of_job("POST", "/rating", {"stars": 5}, pictures=None),
    "rating: no such picture": of_job("POST", "/rating", {"stars": 5, "image": 999999999}),
    "rating: which picture": of_job("POST", "/rating", {"stars": 5}, pictures=2),
    "rating: no verdict": of_job("POST", "/rating", {"stars": 6, "verdict": "good"}),
    "share: no picture": of_job("POST", "/shares", {}, pictures=None),
    "share: no such picture": of_job("POST", "/shares", {"image": 999999999}),
    "share: which picture": of_job("POST", "/shares", {}, pictures=2),
    "share: none": asked("DELETE", f"{STAGING}/shares/{NO_ID}"),
    # pictures.zip
    "pictures: none": of_job("GET", "/pictures.zip", pictures=None),
    "pictures: none of these": of_job("GET", "/pictures.zip?image=999999999"),
    "pictures: none accepted": in_project("GET", "/pictures.zip?verdict=accepted"),
    "pictures: no id": of_job("GET", "/pictures.zip?image=a"),
    # prompt
    "prompt: no such words": asked("GET", f"{STAGING}/prompt?room_type=hangar&style=baroque"),
    "prompt: replaced by none": asked("GET", f"{STAGING}/prompt?prompt_mode=replace"),
    # callback_url
    "callback: http": asked(
        "POST", f"{STAGING}/jobs", {"photo": NO_ID, "callback_url": "http://example.com"}
    ),
    "callback: private, and more": asked(
        "POST",
        f"{STAGING}/jobs",
        {"photo": NO_ID, "callback_url": "https://10.0.0.1", "style": "baroque"},
    ),
}


def read_answers() -> dict[str, tuple[str, str]]:
    """Return the line of the status and the body by the name of the request."""
    text = Path(__file__).with_name("error_bodies.txt").read_text(encoding="utf-8")
    blocks = [block.split("\n") for block in text.strip().split("\n\n")]
    return {name: (status, body) for name, status, body in blocks}


ANSWERS = read_answers()


@pytest.fixture
def ground(api: APIClient, operator: User, stranger: User) -> Ground:
    registry.add_model(PublishedModel.from_json(published()), by=ANN)
    return Ground(
        api=api,
        owner=operator,
        project=create_project("Elm Street 5", owner=operator),
        stored=get_settings("acme/stager"),
    )


def test_each_request_has_its_answer() -> None:
    assert list(ASKED) == list(ANSWERS)


@pytest.mark.parametrize("name", ASKED)
def test_an_error_is_answered_as_ever(ground: Ground, name: str) -> None:
    answer = ASKED[name](ground)

    wait = answer.headers.get("Retry-After")
    status = f"{answer.status_code}, Retry-After: {wait}" if wait else f"{answer.status_code}"
    body = TIME.sub('"{time}"', answer.content.decode())
    body = body.replace(f'\\"{ground.stored.pk}-', '\\"{pk}-')
    assert (status, body) == ANSWERS[name]
