"""The admin's pages of photos: the list, a photo and its variants."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.test import Client

from staging.jobs.judging import judge_picture
from staging.models import Photo, StagedImage, StagingJob
from tests.staging.conftest import SEEDREAM
from tests.staging.finished import finish, stage, staged

LIST = "/admin/staging/photo/"
LIST_QUERIES = 7


def page_of(photo: Photo) -> str:
    return f"{LIST}{photo.pk}/change/"


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
    assert 'href="/admin/stage/"' in page


def test_address_of_the_earlier_form_leads_to_stage(admin_page: Client) -> None:
    answer: Any = admin_page.get(f"{LIST}add/", {"project": "12"})

    assert (answer.status_code, answer.url) == (302, "/admin/stage/?project=12")


def test_earlier_form_of_a_photo_leads_to_stage(admin_page: Client, operator: User) -> None:
    photo = staged(operator).photo

    answer: Any = admin_page.post(page_of(photo), {"room_type": "bedroom", "style": "modern"})

    assert (answer.status_code, answer.url) == (302, f"/admin/stage/?photo={photo.pk}")
    assert StagingJob.objects.count() == 1


@pytest.mark.parametrize(("times", "words"), [(0, "Stage this photo<"), (1, "this photo again<")])
def test_page_offers_to_stage_it_and_knows_the_first_time(
    admin_page: Client, operator: User, times: int, words: str
) -> None:
    photo = stage(operator).photo
    if not times:
        StagingJob.objects.all().delete()

    page = admin_page.get(page_of(photo)).content.decode()

    assert words in page
    assert f'href="/admin/stage/?photo={photo.pk}"' in page


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
        client.post(page_of(photo), {}),
        client.post("/admin/stage/", {"photo": str(photo.pk), "styles": "modern"}),
        client.post(f"{LIST}{photo.pk}/delete/", {"post": "yes"}),
    ]

    assert looks == ([200, 200] if permission else [403, 404])
    assert all(answer.status_code in (403, 404) for answer in answers)
    assert (Photo.objects.count(), StagingJob.objects.count()) == (1, 1)
    if permission:
        page = client.get(page_of(photo)).content.decode()
        assert [one for one in ("Stage this photo", "/delete/") if one in page] == []
