"""Projects, and which profile a job of one uses."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from modelsettings import profiles
from modelsettings.actors import Actor
from modelsettings.settings import get_settings, patch_settings
from staging.deletion.deleting import delete_job
from staging.jobs.request import StagingRequest
from staging.jobs.requesting import request_staging
from staging.models import Project
from staging.photos import Upload, add_photo
from staging.projects import create_project
from tests.staging.conftest import FLUX, QWEN
from tests.staging.finished import finish, stage

PROJECTS = "/api/v1/staging/projects"
ANN = Actor.system("ann")


@pytest.fixture
def draft(db: None) -> str:
    """A second profile of Qwen's that can be told from the live one."""
    made = profiles.copy_profile(get_settings(QWEN).pk, "draft", by=ANN)
    patch_settings(made.pk, {"output_quality": 20}, by=ANN)
    return made.name


def quality_of(
    owner: User, photo: bytes, *, project: Project | None = None, **wanted: Any
) -> tuple[str, int]:
    """Ask for a job; return the model and the quality that it runs with."""
    job = request_staging(Upload(photo), StagingRequest(**wanted), owner=owner, project=project)
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
    room = profiles.copy_profile(get_settings(QWEN).pk, "bedrooms", by=ANN)
    patch_settings(room.pk, {"output_quality": 30}, by=ANN)
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
    photo = add_photo(Upload(photo_bytes), owner=operator, project=project)
    job = api.post(
        "/api/v1/staging/jobs", {"photo": str(photo.pk), "project": str(project.pk)}, format="json"
    )

    assert (made.status_code, made.json()) == (
        201,
        {
            "id": str(project.pk),
            "name": "Elm Street 5",
            "is_unsorted": False,
            "owner": "olga",
            "access": "owner",
            "model": QWEN,
            "profile": "draft",
            "profile_retired": False,
            "created_at": made.json()["created_at"],
        },
    )
    assert made.headers["Location"] == f"http://testserver{PROJECTS}/{project.pk}"
    assert (job.status_code, job.json()["project"], job.json()["profile"]) == (
        202,
        str(project.pk),
        "draft",
    )
    assert api.get(PROJECTS).json()["results"] == [made.json()]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x", "model": "no/such"}, "model"),
        ({"name": "x", "model": "no\0such"}, "model"),
        ({"name": "x", "model": QWEN, "profile": "no such"}, "profile"),
        ({"name": "x", "profile": "default"}, "profile"),
        ({"name": "x" * 201}, "name"),
    ],
)
def test_post_project_that_is_wrong(api: APIClient, body: dict[str, str], place: str) -> None:
    answer = api.post(PROJECTS, body, format="json")

    assert (answer.status_code, list(answer.json())) == (400, [place])
    assert not Project.objects.exists()


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({"name": "Elm Street 7"}, ("Elm Street 7", QWEN, "draft")),
        ({"profile": None}, ("Elm Street 5", QWEN, None)),
        ({"profile": "default"}, ("Elm Street 5", QWEN, "default")),
        ({"model": QWEN}, ("Elm Street 5", QWEN, "draft")),
        ({"model": FLUX}, ("Elm Street 5", FLUX, None)),
        ({"model": FLUX, "profile": "default"}, ("Elm Street 5", FLUX, "default")),
        ({"model": None}, ("Elm Street 5", None, None)),
        ({}, ("Elm Street 5", QWEN, "draft")),
    ],
)
def test_patch_project(
    api: APIClient, operator: User, draft: str, changes: dict[str, Any], left: tuple[Any, ...]
) -> None:
    project = create_project("Elm Street 5", owner=operator, model=QWEN, profile=draft)

    answer = api.patch(f"{PROJECTS}/{project.pk}", changes, format="json")

    told = answer.json()
    assert (answer.status_code, told["name"], told["model"], told["profile"]) == (200, *left)
    assert api.get(f"{PROJECTS}/{project.pk}").json() == told


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"name": ""}, {"name": ["This field may not be blank."]}),
        ({"name": None}, {"name": ["This field may not be null."]}),
        ({"model": "no/such"}, {"model": ["There is no model no/such."]}),
        (
            {"profile": "no such"},
            {"profile": [f"{QWEN} has no profile no such that is in use."]},
        ),
        ({"model": None, "profile": "draft"}, {"profile": ["Name the model whose profile it is."]}),
        (
            {"model": FLUX, "profile": "draft"},
            {"profile": [f"{FLUX} has no profile draft that is in use."]},
        ),
    ],
)
def test_patch_project_that_is_wrong_changes_nothing(
    api: APIClient, operator: User, draft: str, changes: dict[str, Any], refusal: dict[str, Any]
) -> None:
    project = create_project("Elm Street 5", owner=operator, model=QWEN, profile=draft)
    before = api.get(f"{PROJECTS}/{project.pk}").json()

    answer = api.patch(f"{PROJECTS}/{project.pk}", {"name": "x", **changes}, format="json")

    assert (answer.status_code, answer.json()) == (400, refusal)
    assert api.get(f"{PROJECTS}/{project.pk}").json() == before


def test_unsorted_keeps_its_name_and_stays(api: APIClient, operator: User) -> None:
    unsorted = Project.objects.unsorted_of(operator)
    address = f"{PROJECTS}/{unsorted.pk}"

    renamed = api.patch(address, {"name": "Mine"}, format="json")
    deleted = api.delete(address)
    given = api.patch(address, {"model": FLUX}, format="json")

    assert (renamed.status_code, renamed.json()) == (
        409,
        {
            "detail": "Unsorted keeps its name: make a project of the name you want.",
            "code": "not_possible",
        },
    )
    assert deleted.status_code == 409
    assert (given.status_code, given.json()["model"]) == (200, FLUX)


def test_project_says_that_its_profile_is_retired_and_jobs_are_refused(
    api: APIClient, operator: User, draft: str, photo_bytes: bytes
) -> None:
    project = create_project("Elm Street 5", owner=operator, model=QWEN, profile=draft)
    photo = add_photo(Upload(photo_bytes), owner=operator, project=project)
    assert project.profile is not None
    profiles.retire(project.profile.pk, by=ANN)

    told = api.get(f"{PROJECTS}/{project.pk}").json()
    job = api.post("/api/v1/staging/jobs", {"photo": str(photo.pk)}, format="json")
    renamed = api.patch(f"{PROJECTS}/{project.pk}", {"name": "Elm Street 7"}, format="json")

    assert (told["profile"], told["profile_retired"]) == ("draft", True)
    assert (job.status_code, job.json()) == (
        400,
        {"model": [f"There is no settings profile draft of {QWEN}."]},
    )
    assert (renamed.status_code, renamed.json()["profile"]) == (200, "draft")


def test_get_project_adds_up_what_is_there_and_what_was_spent(
    api: APIClient, operator: User
) -> None:
    project = create_project("Elm Street 5", owner=operator)
    first = finish(stage(operator, project=project), pictures=2, cost="0.06")
    finish(stage(operator, photo=first.photo), cost=None)
    delete_job(finish(stage(operator, photo=first.photo), cost="0.03"))

    totals = api.get(f"{PROJECTS}/{project.pk}").json()["totals"]

    assert totals.pop("seconds") > 0
    assert totals == {"photos": 1, "jobs": 2, "pictures": 3, "cost": 0.09, "unpriced": 1}


def test_get_project_of_nothing(api: APIClient, operator: User) -> None:
    project = create_project("Elm Street 5", owner=operator)

    assert api.get(f"{PROJECTS}/{project.pk}").json()["totals"] == {
        "photos": 0, "jobs": 0, "pictures": 0, "cost": 0.0, "unpriced": 0, "seconds": 0.0,
    }  # fmt: skip


def test_list_projects_in_pages_with_one_query(
    api: APIClient, operator: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(25):
        create_project(f"Elm Street {number}", owner=operator, model=QWEN, profile="default")

    # Three find the caller by token, and when it was used last.
    with django_assert_num_queries(4):
        first = api.get(PROJECTS).json()
    second = api.get(first["next"]).json()
    found = api.get(PROJECTS, {"name": "street 24"}).json()

    names = [one["name"] for page in (first, second) for one in page["results"]]
    assert names == [f"Elm Street {number}" for number in reversed(range(25))]
    assert [one["name"] for one in found["results"]] == ["Elm Street 24"]


def test_delete_project_by_its_owner(api: APIClient, operator: User) -> None:
    project = create_project("Elm Street 5", owner=operator)
    job = stage(operator, project=project)
    address = f"{PROJECTS}/{project.pk}"

    refused = api.delete(address)
    finish(job)
    done, again = api.delete(address), api.delete(address)

    assert (refused.status_code, refused.json()) == (
        409,
        {"detail": "A job of this project is not finished: cancel it first.", "code": "unfinished"},
    )
    assert (done.status_code, again.status_code) == (204, 404)


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
