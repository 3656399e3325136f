"""What a client may not decide of a job, at every door; and what an operator may."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient

from modelsettings import profiles
from modelsettings.actors import Actor
from modelsettings.models import ReplicateModel
from modelsettings.settings import get_settings, set_overridable
from staging.batches import preparation
from staging.clients import is_client, nameable_models, nameable_profiles
from staging.jobs.repeating import repeat_job, retry_job
from staging.jobs.request import StagingRequest
from staging.jobs.requesting import request_staging
from staging.models import Photo, PredictionStatus, Project, StagingJob
from staging.photos import Upload, add_photo
from tests.conftest import client_of, make_photo
from tests.modelsettings.rows import save_row
from tests.staging.conftest import FLUX, QWEN

JOBS, BATCHES = "/api/v1/staging/jobs", "/api/v1/staging/batches"
ANN = Actor("ann")

pytestmark = pytest.mark.django_db


@pytest.fixture
def sam(stranger: User) -> APIClient:
    return client_of(stranger)


@pytest.fixture
def photo(stranger: User) -> Photo:
    place = Project.objects.unsorted_of(stranger)
    return add_photo(Upload(make_photo()), owner=stranger, project=place)


def stage(api: APIClient, photo: Photo, **wanted: Any) -> Any:
    return api.post(JOBS, {"photo": str(photo.pk), "model": QWEN, **wanted}, format="json")


def keep_from_clients(slug: str) -> None:
    model = ReplicateModel.objects.get(slug=slug)
    model.clients_may_name = False
    save_row(model)


def keep_profile(*, model: str = QWEN, name: str = "draft") -> None:
    made = profiles.copy_profile(get_settings(model).pk, name, by=ANN)
    profiles.let_clients_name(made.pk, is_allowed=False, by=ANN)


def test_whoever_may_change_settings_is_no_client(operator: User, stranger: User) -> None:
    assert (is_client(operator), is_client(stranger)) == (False, True)


@pytest.mark.parametrize("name", ["disclosure", "disable_safety_checker"])
def test_a_client_may_not_change_what_is_prescribed(
    sam: APIClient, photo: Photo, name: str
) -> None:
    answer = stage(sam, photo, overrides={name: "off", "go_fast": False})

    assert (answer.status_code, answer.json()) == (
        403,
        {
            "detail": f"Clients may not change {name} here: leave it out, or ask an operator.",
            "code": "not_overridable",
            "parameters": [name],
        },
    )
    assert not StagingJob.objects.exists()


def test_a_client_may_change_all_else(sam: APIClient, photo: Photo) -> None:
    answer = stage(sam, photo, overrides={"go_fast": False}, seed=7)

    assert (answer.status_code, answer.json()["overrides"]) == (202, {"go_fast": False, "seed": 7})


def test_an_operator_may_change_all(api: APIClient, operator: User) -> None:
    photo = add_photo(
        Upload(make_photo()), owner=operator, project=Project.objects.unsorted_of(operator)
    )

    answer = stage(api, photo, overrides={"disable_safety_checker": True})

    assert answer.status_code == 202


def test_a_seed_is_a_parameter_like_others(sam: APIClient, photo: Photo) -> None:
    set_overridable(get_settings(QWEN).pk, ["go_fast"], by=ANN)

    by_field, by_override = (
        stage(sam, photo, seed=7),
        stage(sam, photo, overrides={"seed": 7}),
    )

    assert [answer.json()["parameters"] for answer in (by_field, by_override)] == [["seed"]] * 2
    assert stage(sam, photo).status_code == 202


def test_a_batch_is_refused_as_a_whole(sam: APIClient, photo: Photo) -> None:
    answer = sam.post(
        BATCHES,
        {"photos": [str(photo.pk)], "model": QWEN, "overrides": {"disclosure": "off"}},
        format="json",
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "not_overridable")


def test_a_batch_asks_again_when_its_jobs_are_made(sam: APIClient, photo: Photo) -> None:
    wanted = {"photos": [str(photo.pk)], "model": QWEN, "overrides": {"go_fast": False}}
    batch = sam.post(BATCHES, wanted, format="json")
    set_overridable(get_settings(QWEN).pk, [], by=ANN)

    while preparation.prepare_waiting():
        pass

    told = sam.get(f"{BATCHES}/{batch.json()['id']}").json()["photos"][0]["styles"][0]
    assert told["job"] is None
    assert "may not change go_fast" in told["error"]


@pytest.mark.parametrize("seed", ["new", 7])
def test_a_client_repeats_with_another_seed_where_it_may(
    sam: APIClient, photo: Photo, seed: object
) -> None:
    job = stage(sam, photo, seed=5).json()["id"]
    assert sam.post(f"{JOBS}/{job}/repeat", {"seed": seed}, format="json").status_code == 202
    set_overridable(get_settings(QWEN).pk, [], by=ANN)

    refused = sam.post(f"{JOBS}/{job}/repeat", {"seed": seed}, format="json")
    same = sam.post(f"{JOBS}/{job}/repeat", {"seed": "same"}, format="json")

    assert (refused.status_code, refused.json()["parameters"]) == (403, ["seed"])
    assert (same.status_code, same.json()["overrides"]) == (202, {"seed": 5})


def test_repeat_and_retry_keep_what_their_job_had(stranger: User, photo: Photo) -> None:
    job = request_staging(
        photo,
        StagingRequest(model=QWEN, overrides={"go_fast": False}, seed=5),
        owner=stranger,
    )
    set_overridable(get_settings(QWEN).pk, [], by=ANN)
    keep_from_clients(QWEN)
    job.predictions.update(status=PredictionStatus.FAILED)
    StagingJob.objects.update(status="failed")

    again = repeat_job(job, by=stranger)
    retry_job(job, by=stranger)

    assert (again.overrides, again.model.slug) == ({"go_fast": False, "seed": 5}, QWEN)
    assert job.predictions.get(is_replaced=False).seed == 5


@pytest.mark.parametrize("address", [JOBS, BATCHES])
def test_replacing_the_prompt_is_a_permission(
    sam: APIClient, stranger: User, photo: Photo, address: str
) -> None:
    of_photo = {"photos": [str(photo.pk)]} if address == BATCHES else {"photo": str(photo.pk)}
    wanted = {**of_photo, "prompt": "A red desk.", "prompt_mode": "replace"}

    refused = sam.post(address, wanted, format="json")
    stranger.user_permissions.add(Permission.objects.get(codename="replace_prompt"))

    assert (refused.status_code, refused.json()["code"]) == (403, "may_not_replace_prompt")
    assert sam.post(address, wanted, format="json").status_code == 202


def test_a_model_that_clients_may_not_name(sam: APIClient, api: APIClient, photo: Photo) -> None:
    keep_from_clients(FLUX)

    refused = stage(sam, photo, model=FLUX)

    assert (refused.status_code, refused.json()) == (
        403,
        {
            "detail": f"Clients may not name {FLUX}: leave the model out, or ask an operator.",
            "code": "may_not_name",
        },
    )
    assert stage(sam, photo, model="acme/gone").status_code == 400


def test_what_is_chosen_for_a_client_serves_it_without_a_name(
    sam: APIClient, stranger: User, photo: Photo
) -> None:
    keep_from_clients(QWEN)
    keep_profile()
    draft = get_settings(QWEN, profile="draft")
    profiles.use_for_rooms(draft.pk, ["bedroom"], by=ANN)

    by_default = sam.post(JOBS, {"photo": str(photo.pk), "room_type": "bedroom"}, format="json")
    Project.objects.filter(owner=stranger).update(model=draft.model_pk, profile=draft.pk)
    by_project = sam.post(JOBS, {"photo": str(photo.pk)}, format="json")

    assert by_default.json()["profile"] == "draft"
    assert by_project.json()["profile"] == "draft"


def test_a_profile_that_clients_may_not_name(sam: APIClient, photo: Photo) -> None:
    keep_profile()

    refused = stage(sam, photo, profile="draft")

    assert (refused.status_code, refused.json()["code"]) == (403, "may_not_name")
    assert stage(sam, photo).status_code == 202
    assert stage(sam, photo, profile="default").status_code == 202


def test_a_profile_without_a_model_is_the_default_models(sam: APIClient, photo: Photo) -> None:
    keep_profile(name="draft")
    profiles.copy_profile(get_settings(FLUX).pk, "draft", by=ANN)

    assert sam.post(JOBS, {"photo": str(photo.pk), "profile": "draft"}).status_code == 403
    assert stage(sam, photo, model=FLUX, profile="draft").status_code == 202


def test_a_project_is_no_way_around(sam: APIClient, stranger: User) -> None:
    keep_from_clients(FLUX)
    keep_profile()
    address = "/api/v1/staging/projects"

    def made(**wanted: Any) -> Any:
        return sam.post(address, {"name": "Elm", **wanted}, format="json")

    assert made(model=FLUX).json()["code"] == "may_not_name"
    assert made(model=QWEN, profile="draft").json()["code"] == "may_not_name"
    project = made(model=QWEN).json()
    changed = sam.patch(f"{address}/{project['id']}", {"profile": "draft"}, format="json")
    assert changed.status_code == 403


def test_a_project_keeps_a_model_that_its_owner_may_not_name_any_more(
    sam: APIClient, stranger: User
) -> None:
    address = "/api/v1/staging/projects"
    project = sam.post(address, {"name": "Elm", "model": FLUX}, format="json").json()["id"]
    keep_from_clients(FLUX)

    renamed = sam.patch(f"{address}/{project}", {"name": "Oak", "model": FLUX}, format="json")
    profile = sam.patch(f"{address}/{project}", {"profile": "default"}, format="json")

    assert (renamed.status_code, profile.status_code) == (200, 200)


def test_nameable_models_and_profiles(operator: User, stranger: User) -> None:
    keep_from_clients(FLUX)
    keep_profile()
    disabled = ReplicateModel.objects.exclude(slug__in=[FLUX, QWEN]).first()
    assert disabled is not None
    disabled.is_enabled = False
    save_row(disabled)

    assert not nameable_models(stranger).filter(slug__in=[FLUX, disabled.slug]).exists()
    assert not nameable_profiles(stranger).filter(name="draft").exists()
    assert nameable_models(operator).filter(slug=FLUX).exists()
    assert nameable_profiles(operator).filter(name="draft").exists()


def staff_who_stage(stranger: User) -> Client:
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.set(
        Permission.objects.filter(
            codename__in=["view_photo", "add_photo", "add_stagingjob", "view_stagingjob"]
        )
    )
    browser = Client()
    browser.force_login(stranger)
    return browser


def test_the_admins_form_offers_what_the_account_may_name(
    stranger: User, admin_page: Client, photo: Photo
) -> None:
    keep_from_clients(FLUX)
    keep_profile()
    address = f"/admin/stage/?photo={photo.pk}&model={QWEN}"

    of_client = staff_who_stage(stranger).get(address).content.decode()
    of_operator = admin_page.get(address).content.decode()

    assert (f'value="{FLUX}"' in of_client, f'value="{FLUX}"' in of_operator) == (False, True)
    assert (f"{QWEN}:draft" in of_client, f"{QWEN}:draft" in of_operator) == (False, True)


def test_the_admins_form_says_that_the_seed_is_not_the_clients(
    stranger: User, photo: Photo
) -> None:
    set_overridable(get_settings(QWEN).pk, [], by=ANN)
    posted = {
        "photo": photo.pk,
        "room_type": "bedroom",
        "styles": ["modern"],
        "model": QWEN,
        "seed": 7,
    }

    page = staff_who_stage(stranger).post("/admin/stage/", posted)

    assert "Clients may not change seed here" in page.content.decode()
    assert not StagingJob.objects.exists()


def test_stage_folder_runs_as_its_user(stranger: User, tmp_path: Path) -> None:
    keep_from_clients(FLUX)
    (tmp_path / "1.jpg").write_bytes(make_photo())

    with pytest.raises(CommandError, match=f"Clients may not name {FLUX}"):
        call_command(
            "stage_folder", tmp_path, user="sam", model=FLUX, no_wait=True, stdout=io.StringIO()
        )


def test_the_admins_project_offers_what_the_account_may_name(
    stranger: User, admin_page: Client
) -> None:
    keep_from_clients(FLUX)
    keep_profile()
    flux, draft = ReplicateModel.objects.get(slug=FLUX), get_settings(QWEN, profile="draft").pk
    project = Project.objects.create(owner=stranger, name="Elm", model=flux)
    plain = Project.objects.create(owner=stranger, name="Oak")
    address = "/admin/staging/project/{}/change/"
    browser = staff_who_stage(stranger)
    stranger.user_permissions.set(Permission.objects.filter(codename__endswith="_project"))

    def choices(client: Client, project: Project) -> tuple[bool, bool]:
        form = client.get(address.format(project.pk)).context["adminform"].form
        return (
            form.fields["model"].queryset.filter(pk=flux.pk).exists(),
            form.fields["profile"].queryset.filter(pk=draft).exists(),
        )

    assert choices(browser, plain) == (False, False)
    assert choices(browser, project) == (True, False)
    assert choices(admin_page, plain) == (True, True)


def test_filter_of_jobs_lists_no_profile_that_is_kept_from_clients(
    stranger: User, photo: Photo, admin_page: Client
) -> None:
    """The list is a Judge's and a Stager's, too."""
    keep_profile(name="kept")
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.add(Permission.objects.get(codename="view_stagingjob"))
    request_staging(photo, StagingRequest(), owner=stranger)
    client = Client()
    client.force_login(stranger)

    pages = [one.get("/admin/staging/stagingjob/").content.decode() for one in (client, admin_page)]

    assert ["Qwen Image Edit: kept" in page for page in pages] == [False, True]
    assert "Qwen Image Edit: Standard" in pages[0]
