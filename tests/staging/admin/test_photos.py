"""The admin's pages of photos: the list, adding one, its variants, staging it again."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from staging.jobs.judging import judge_picture
from staging.models import Photo, Project, StagedImage, StagingJob
from tests.conftest import make_photo
from tests.staging.conftest import QWEN, SEEDREAM
from tests.staging.finished import finish, stage, staged

LIST = "/admin/staging/photo/"
LIST_QUERIES = 7
REMODELA = "remodela-ai/virtual_staging_iii"


def page_of(photo: Photo) -> str:
    return f"{LIST}{photo.pk}/change/"


def upload(client: Client, content: bytes, **more: Any) -> Any:
    file = SimpleUploadedFile("kitchen.jpg", content)
    return client.post(f"{LIST}add/", {"file": file, **more})


def again(client: Client, photo: Photo, **asked: str) -> Any:
    """Fill in the form of the photo's page."""
    filled = {"room_type": "bedroom", "style": "modern", "model": "", "profile": "", **asked}
    return client.post(page_of(photo), filled)


def shown(client: Client, photo: Photo, query: str = "") -> list[StagingJob]:
    """Return the jobs whose pictures the page shows."""
    return [one.job for one in client.get(f"{page_of(photo)}?{query}").context["variants"]]


def test_list_shows_photos_with_their_variants(admin_page: Client, operator: User) -> None:
    job = staged(operator)
    stage(operator, photo=job.photo)

    page = admin_page.get(LIST)

    (photo,) = page.context["cl"].result_list
    assert (photo, photo.variant_count) == (job.photo, 2)
    assert "IMG_2041.jpg" in page.content.decode()


@pytest.mark.parametrize("count", [1, 10])
def test_list_asks_the_database_a_fixed_number_of_times(
    admin_page: Client, operator: User, count: int, django_assert_num_queries: Any
) -> None:
    for _ in range(count):
        staged(operator)

    with django_assert_num_queries(LIST_QUERIES):
        admin_page.get(LIST)


def test_list_says_what_to_do_first(admin_page: Client) -> None:
    page = admin_page.get(LIST).content.decode()

    assert "No photo yet" in page
    assert f"{LIST}add/" in page


def test_add_takes_a_photo_into_a_project(admin_page: Client, operator: User) -> None:
    project = Project.objects.create(owner=operator, name="Elm Street 5")

    answer = upload(admin_page, make_photo(), project=str(project.pk))

    photo = Photo.objects.get()
    assert answer.url == page_of(photo)
    assert (photo.project, photo.owner, photo.original_name) == (project, operator, "kitchen.jpg")


def test_add_without_a_project_goes_among_the_unsorted(admin_page: Client, operator: User) -> None:
    upload(admin_page, make_photo())

    assert Photo.objects.get().project == Project.objects.unsorted_of(operator)


@pytest.mark.parametrize("content", [b"no photo", b"<svg></svg>", b""])
def test_add_says_at_the_field_why_not(admin_page: Client, content: bytes) -> None:
    answer = upload(admin_page, content)

    assert answer.context["form"].errors["file"]
    assert not Photo.objects.exists()


def test_add_refuses_a_project_that_is_not_there(admin_page: Client) -> None:
    answer = upload(admin_page, make_photo(), project="00000000-0000-0000-0000-000000000000")

    assert list(answer.context["form"].errors) == ["project"]


def test_page_shows_variants_side_by_side(admin_page: Client, operator: User) -> None:
    first = staged(operator)
    second = finish(stage(operator, photo=first.photo, model=SEEDREAM, style="industrial"))

    page = admin_page.get(page_of(first.photo)).content.decode()

    assert shown(admin_page, first.photo) == [second, first]
    assert "by Qwen Image Edit" in page
    assert "by Seedream 4" in page


def test_page_says_what_was_sent_and_what_is_kept(admin_page: Client, operator: User) -> None:
    photo = staged(operator).photo
    Photo.objects.filter(pk=photo.pk).update(
        original_width=6000, original_height=4000, original_size=3 * 2**20, original_format="png"
    )

    page = admin_page.get(page_of(photo)).content.decode()

    assert "sent 6000 × 4000, 3.0\xa0MB (png), kept 300 × 200<" in page


def test_page_filters_variants(admin_page: Client, operator: User) -> None:
    first = staged(operator)
    second = finish(
        stage(operator, photo=first.photo, model=SEEDREAM, room_type="office", style="industrial")
    )
    judge_picture(StagedImage.objects.get(prediction__job=second), by=operator, verdict="accepted")

    queries = ["room_type=office", "style=industrial", f"model={SEEDREAM}", "verdict=accepted"]

    assert [shown(admin_page, first.photo, one) for one in queries] == [[second]] * 4
    assert shown(admin_page, first.photo, "verdict=fresh") == [first]
    assert shown(admin_page, first.photo, "room_type=garage&model=none") == []


def test_stage_again_asks_for_a_job(admin_page: Client, operator: User) -> None:
    photo = staged(operator).photo

    answer = again(
        admin_page, photo, room_type="office", style="industrial", prompt="no plants", seed="9"
    )

    job = StagingJob.objects.first()
    assert job is not None
    assert answer.url == page_of(photo)
    assert (job.photo, job.room_type, job.style) == (photo, "office", "industrial")
    assert "no plants" in job.prompt
    assert job.overrides == {"seed": 9}


def test_stage_again_with_a_profile_takes_its_model(admin_page: Client, operator: User) -> None:
    photo = staged(operator).photo

    again(admin_page, photo, profile=f"{SEEDREAM}:default")

    job = StagingJob.objects.select_related("model").first()
    assert job is not None
    assert job.model.slug == SEEDREAM


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"room_type": "stable"}, "room_type"),
        ({"seed": "x"}, "seed"),
        ({"seed": "99999999999999999999"}, "seed"),
        ({"model": QWEN, "profile": f"{SEEDREAM}:default"}, "profile"),
        ({"model": "adirik/interior-design-none"}, "model"),
        ({"model": REMODELA, "room_type": "bedroom", "prompt": "A red sofa."}, "model"),
        ({"model": SEEDREAM, "seed": "5"}, "seed"),
    ],
)
def test_stage_again_says_at_the_field_what_is_wrong(
    admin_page: Client, operator: User, asked: dict[str, str], field: str
) -> None:
    photo = staged(operator).photo

    answer = again(admin_page, photo, **asked)

    assert list(answer.context["form"].errors) == [field]
    assert StagingJob.objects.count() == 1


def test_delete_says_what_goes_and_deletes(admin_page: Client, operator: User) -> None:
    photo = staged(operator).photo
    address = f"{LIST}{photo.pk}/delete/"

    asked = admin_page.get(address).content.decode()
    admin_page.post(address, {"post": "yes"})

    assert "1 jobs" in asked
    assert "1 pictures, with their files" in asked
    assert not Photo.objects.exists()
    assert not StagingJob.objects.exists()


def test_delete_of_a_photo_at_work_says_why_not(admin_page: Client, operator: User) -> None:
    photo = stage(operator).photo

    answer: Any = admin_page.post(f"{LIST}{photo.pk}/delete/", {"post": "yes"})

    assert answer.url == page_of(photo)
    assert "is not finished" in str(*get_messages(answer.wsgi_request))
    assert Photo.objects.exists()


@pytest.mark.parametrize("permission", ["", "view_photo"])
def test_who_may_not_change_nothing(
    client: Client, stranger: User, operator: User, permission: str
) -> None:
    photo = staged(operator).photo
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.set(
        Permission.objects.filter(codename__in=[permission, "all_projects"])
    )
    client.force_login(stranger)

    looks = [client.get(page).status_code for page in (LIST, page_of(photo))]
    answers = [
        client.get(f"{LIST}add/"),
        upload(client, make_photo()),
        again(client, photo),
        client.post(f"{LIST}{photo.pk}/delete/", {"post": "yes"}),
    ]

    assert looks == ([200, 200] if permission else [403, 404])
    assert all(answer.status_code in (403, 404) for answer in answers)
    assert (Photo.objects.count(), StagingJob.objects.count()) == (1, 1)
    if permission:
        page = client.get(page_of(photo)).content.decode()
        assert [one for one in ("Stage this photo again", "/delete/") if one in page] == []
