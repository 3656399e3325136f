"""Projects, and which profile a job of one uses."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client
from rest_framework.test import APIClient

from modelsettings import profiles, services
from modelsettings.actors import Actor
from staging.models import Project
from staging.services import Upload, create_project, request_staging
from tests.conftest import client_of
from tests.staging.conftest import FLUX, QWEN

PROJECTS = "/api/v1/staging/projects"
ANN = Actor.system("ann")


@pytest.fixture
def draft(db: None) -> str:
    """A second profile of Qwen's that can be told from the live one."""
    made = profiles.copy_profile(services.get_settings(QWEN).pk, "draft", by=ANN)
    services.patch_settings(made.pk, {"output_quality": 20}, by=ANN)
    return made.name


def quality_of(owner: User, photo: bytes, **wanted: Any) -> tuple[str, int]:
    """Ask for a job; return the model and the quality that it runs with."""
    job = request_staging(Upload(photo), owner=owner, **wanted)
    return job.model.slug, job.settings["output_quality"]


def test_job_uses_its_projects_model_and_profile(
    operator: User, photo_bytes: bytes, draft: str
) -> None:
    with_profile = create_project("Elm Street 5", owner=operator, model=QWEN, profile=draft)
    with_model = create_project("Oak Lane 1", owner=operator, model=FLUX)
    plain = create_project("Ash Road 9", owner=operator)

    found = [
        quality_of(operator, photo_bytes, project=project)
        for project in (with_profile, with_model, plain)
    ]

    assert found == [(QWEN, 20), (FLUX, 90), (QWEN, 80)]


def test_request_comes_before_project_before_room(
    operator: User, photo_bytes: bytes, draft: str
) -> None:
    room = profiles.copy_profile(services.get_settings(QWEN).pk, "bedrooms", by=ANN)
    services.patch_settings(room.pk, {"output_quality": 30}, by=ANN)
    profiles.use_for_rooms(room.pk, ["bedroom"], by=ANN)
    project = create_project("Elm Street 5", owner=operator, model=QWEN, profile=draft)

    found = [
        quality_of(operator, photo_bytes, room_type="bedroom"),
        quality_of(operator, photo_bytes, room_type="bedroom", project=project),
        quality_of(operator, photo_bytes, room_type="bedroom", project=project, model=FLUX),
        quality_of(operator, photo_bytes, project=project, model=QWEN, profile="default"),
    ]

    assert found == [(QWEN, 30), (QWEN, 20), (FLUX, 90), (QWEN, 80)]


def test_post_project_and_stage_in_it(
    api: APIClient, photo_bytes: bytes, draft: str, operator: User
) -> None:
    made = api.post(
        PROJECTS, {"name": "Elm Street 5", "model": QWEN, "profile": draft}, format="json"
    )
    project = Project.objects.get()
    photo = request_staging(Upload(photo_bytes), owner=operator).photo
    job = api.post(
        "/api/v1/staging/jobs", {"photo": str(photo.pk), "project": str(project.pk)}, format="json"
    )

    assert (made.status_code, made.json()["name"], made.json()["profile"]) == (
        201,
        "Elm Street 5",
        "draft",
    )
    assert (job.status_code, job.json()["project"], job.json()["profile"]) == (
        202,
        str(project.pk),
        "draft",
    )
    assert [one["id"] for one in api.get(PROJECTS).json()] == [str(project.pk)]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x", "model": "no/such"}, "model"),
        ({"name": "x", "model": QWEN, "profile": "no such"}, "model"),
        ({"name": "x", "profile": "default"}, "model"),
    ],
)
def test_post_project_that_is_wrong(api: APIClient, body: dict[str, str], place: str) -> None:
    answer = api.post(PROJECTS, body, format="json")

    assert (answer.status_code, list(answer.json())) == (400, [place])
    assert not Project.objects.exists()


def test_stranger_sees_and_uses_no_project(
    stranger: User, operator: User, photo_bytes: bytes
) -> None:
    project = create_project("Elm Street 5", owner=operator)
    photo = request_staging(Upload(photo_bytes), owner=stranger).photo
    theirs = client_of(stranger)

    listed = theirs.get(PROJECTS).json()
    answers = [
        theirs.post(
            "/api/v1/staging/jobs", {"photo": str(photo.pk), "project": str(one)}, format="json"
        )
        for one in (project.pk, uuid.uuid4())
    ]

    assert listed == []
    refusal = {"project": ["You have no such project."]}
    assert [(one.status_code, one.json()) for one in answers] == [(400, refusal)] * 2


def test_projects_take_a_token(client: Client, db: None) -> None:
    assert client.get(PROJECTS).status_code == 401


def test_project_refuses_another_models_profile(operator: User, draft: str) -> None:
    project = create_project("Elm Street 5", owner=operator, model=QWEN, profile=draft)
    project.model = create_project("Oak Lane 1", owner=operator, model=FLUX).model

    with pytest.raises(ValidationError, match="another model"):
        project.full_clean()


def test_admin_page_offers_profiles_with_their_models(admin_user: User, draft: str) -> None:
    page = Client()
    page.force_login(admin_user)

    shown = page.get("/admin/staging/project/add/").content.decode()

    assert "Qwen Image Edit: draft" in shown
    assert page.get("/admin/staging/project/").status_code == 200
