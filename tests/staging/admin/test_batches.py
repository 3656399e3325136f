"""The admin's pages of batches: for an operator, and for nobody else."""

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from staging.batches.requesting import request_batch
from staging.batches.sent import from_upload
from staging.jobs.judging import judge_picture
from staging.jobs.request import StagingRequest
from staging.models import BatchPhoto, Project, StagedImage, StagingBatch, StagingJob
from tests.conftest import make_photo
from tests.staging.batch_requests import carry_out_all, photo_file, prepare_all, stored_files
from tests.staging.conftest import Sandbox
from tests.staging.finished import staged

LIST = "/admin/staging/stagingbatch/"
ADD = f"{LIST}add/"
LIST_QUERIES = 10
PAGE_QUERIES = 19


def request(
    owner: User, count: int = 1, *, styles: Sequence[str] = (), **wanted: Any
) -> StagingBatch:
    sent = [from_upload(photo_file(f"{number}.jpg")) for number in range(count)]
    project = Project.objects.unsorted_of(owner)
    return request_batch(
        sent, StagingRequest(**wanted), owner=owner, project=project, styles=styles
    )


def page_of(batch: StagingBatch) -> str:
    return f"{LIST}{batch.pk}/change/"


def test_address_of_the_earlier_form_leads_to_stage(admin_page: Client) -> None:
    answer: Any = admin_page.get(ADD, {"project": "12"})

    assert (answer.status_code, answer.url) == (302, "/admin/stage/?project=12")


def test_refused_photo_says_why(admin_page: Client, operator: User) -> None:
    sent = [from_upload(photo_file()), from_upload(photo_file("empty.jpg", b""))]
    project = Project.objects.unsorted_of(operator)
    batch = request_batch(sent, StagingRequest(), owner=operator, project=project)

    page = admin_page.get(page_of(batch)).content.decode()
    assert "0 of 2 made" in page
    assert "1 not made" in page
    assert "empty.jpg</a>: This file is empty" in page
    assert "1 of 2 photos are there. 1 photo could not be taken" in page


def test_pages_escape_what_others_wrote(admin_page: Client, operator: User) -> None:
    batch = request(operator, prompt="<script>alert(1)</script>")
    batch.photos.update(name="<b>.jpg", error="<i>told</i>", status="refused")

    page = admin_page.get(page_of(batch)).content.decode()

    assert not [one for one in ("<script>alert(1)", "<b>.jpg", "<i>told") if one in page]


def test_an_empty_list_says_what_to_do_first(admin_page: Client) -> None:
    page = admin_page.get(LIST).content.decode()

    assert 'href="/admin/stage/"' in page
    assert "A batch stages many photos at once" in page


@pytest.mark.parametrize("count", [1, 4])
def test_pages_ask_the_database_a_fixed_number_of_times(
    sandbox: Sandbox,
    admin_page: Client,
    operator: User,
    count: int,
    django_assert_num_queries: Any,
) -> None:
    styles = ["modern", "scandinavian"]
    batches = [request(operator, count, styles=styles) for _ in range(count)]
    carry_out_all(sandbox)
    admin_page.get(LIST)

    with django_assert_num_queries(LIST_QUERIES):
        assert admin_page.get(LIST).status_code == 200
    with django_assert_num_queries(PAGE_QUERIES):
        shown = admin_page.get(page_of(batches[0])).content.decode()
    assert f"{2 * count} of {2 * count} made" in shown


@pytest.mark.parametrize(
    ("contents", "state", "told", "paid"),
    [
        ([b"x", b"y"], "ended, nothing made", "0 of 2 made", "<span>nothing paid</span>"),
        ([make_photo(), b"x"], "ended, 1 of 2 not made", "1 of 2 made", "<span>cost $"),
        ([make_photo(), make_photo()], "done", "2 of 2 made", "<span>cost $"),
    ],
)
def test_page_says_what_was_made_and_what_not(
    sandbox: Sandbox,
    admin_page: Client,
    operator: User,
    contents: list[bytes],
    state: str,
    told: str,
    paid: str,
) -> None:
    sent = [from_upload(photo_file(f"{at}.jpg", file)) for at, file in enumerate(contents)]
    project = Project.objects.unsorted_of(operator)
    batch = request_batch(sent, StagingRequest(), owner=operator, project=project)
    carry_out_all(sandbox)

    page = admin_page.get(page_of(batch)).content.decode()
    listed = admin_page.get(LIST).content.decode()

    assert f"{batch}: {state}" in page
    assert paid in page
    assert (told in page, told in listed) == (True, True)
    assert ("not made" in listed) == ("not made" in page) == (state != "done")


def refused_of(owner: User) -> BatchPhoto:
    """Return the photo of a batch that is no photo, and was refused."""
    sent = [from_upload(photo_file("list.jpg", b"milk, eggs"))]
    project = Project.objects.unsorted_of(owner)
    request_batch(sent, StagingRequest(room_type="kitchen"), owner=owner, project=project)
    prepare_all()
    return BatchPhoto.objects.get()


def replace(browser: Client, refused: BatchPhoto, **fields: Any) -> Any:
    address = f"{LIST}{refused.batch_id}/photos/{refused.position}/replace/"
    return browser.post(address, fields)


def test_refused_photo_is_replaced_and_staged(
    sandbox: Sandbox, admin_page: Client, operator: User
) -> None:
    photo = refused_of(operator)
    offered = admin_page.get(page_of(photo.batch)).content.decode()

    answer = replace(admin_page, photo, photo=photo_file("hall.jpg"))
    carry_out_all(sandbox)

    assert "Replace this photo" in offered
    assert answer.url == f"{page_of(photo.batch)}?page=1#photo-0"
    page = admin_page.get(answer.url).content.decode()
    assert "list.jpg is replaced, and staged like the other photos." in page
    assert f"{photo.batch}: done" in page
    assert StagingJob.objects.get().room_type == "kitchen"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Choose a file in the place of list.jpg."),
        ({"photo": photo_file("empty.jpg", b"")}, "This file is empty"),
    ],
)
def test_what_is_no_replacement_is_refused(
    admin_page: Client, operator: User, fields: dict[str, Any], sentence: str
) -> None:
    photo = refused_of(operator)
    before = stored_files()

    answer = replace(admin_page, photo, **fields)

    assert sentence in admin_page.get(answer.url).content.decode()
    photo.refresh_from_db()
    assert (photo.status, photo.name, stored_files()) == ("refused", "list.jpg", before)


def test_photo_that_is_not_there_is_not_replaced(admin_page: Client, operator: User) -> None:
    photo = refused_of(operator)
    photo.position = 7

    assert replace(admin_page, photo, photo=photo_file()).status_code == 404
    assert admin_page.get(f"{LIST}{photo.batch_id}/photos/0/replace/").status_code == 405


@pytest.fixture
def batch(sandbox: Sandbox, operator: User) -> StagingBatch:
    """Two photos in one style, both made."""
    batch = request(operator, 2)
    carry_out_all(sandbox)
    return batch


def test_page_shows_the_verdict_at_each_picture(
    admin_page: Client, operator: User, batch: StagingBatch
) -> None:
    first, second = StagedImage.objects.order_by("pk")
    unjudged = admin_page.get(page_of(batch)).content.decode()
    judge_picture(first, by=operator, verdict="accepted")
    judge_picture(second, by=operator, stars=2)
    one = admin_page.get(page_of(batch)).content.decode()
    judge_picture(second, by=operator, verdict="rejected")
    both = admin_page.get(page_of(batch)).content.decode()

    told = [("Accepted" in page, "Rejected" in page) for page in (unjudged, one, both)]
    assert told == [(False, False), (True, False), (True, True)]


def test_verdicts_of_several_pictures_of_a_job_are_counted(
    sandbox: Sandbox, admin_page: Client, operator: User
) -> None:
    batch = request(operator, overrides={"num_outputs": 3})
    carry_out_all(sandbox)
    for image in StagedImage.objects.order_by("pk")[:2]:
        judge_picture(image, by=operator, verdict="accepted")

    assert "2 of 3 accepted" in admin_page.get(page_of(batch)).content.decode()


def test_accepted_pictures_of_a_batch_are_downloaded(
    admin_page: Client, operator: User, batch: StagingBatch
) -> None:
    address = f"{LIST}{batch.pk}/pictures.zip?verdict=accepted"
    accepted = StagedImage.objects.order_by("pk")[0]
    before = admin_page.get(page_of(batch)).content.decode()
    none: Any = admin_page.get(address)
    judge_picture(accepted, by=operator, verdict="accepted")
    other = staged(operator)
    judge_picture(StagedImage.objects.get(prediction__job=other), by=operator, verdict="accepted")

    after = admin_page.get(page_of(batch)).content.decode()
    packed: Any = admin_page.get(address)
    everything: Any = admin_page.get(f"{LIST}{batch.pk}/pictures.zip")

    assert none.url == page_of(batch)
    assert "Download the accepted ones" not in before
    assert f'{address}">Download the accepted ones (1)</a>' in after
    names = [
        zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))).namelist()
        for answer in (packed, everything)
    ]
    assert [len(files) for files in names] == [1, 2]


def test_accepted_pictures_are_for_those_who_see_pictures(
    stranger: User, operator: User, batch: StagingBatch
) -> None:
    judge_picture(StagedImage.objects.order_by("pk")[0], by=operator, verdict="accepted")
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.set(
        Permission.objects.filter(codename__in=["view_stagingbatch", "all_projects"])
    )
    browser = Client()
    browser.force_login(stranger)

    assert "Download the accepted" not in browser.get(page_of(batch)).content.decode()
    assert browser.get(f"{LIST}{batch.pk}/pictures.zip").status_code == 403


def test_a_long_batch_is_shown_in_pages(admin_page: Client, operator: User) -> None:
    batch = request(operator, 26)

    first = admin_page.get(page_of(batch)).content.decode()
    second = admin_page.get(page_of(batch), {"page": "2"}).content.decode()

    assert ("25.jpg" in first, "Photos 1 to 25 of 26" in first) == (False, True)
    assert "25.jpg" in second


@pytest.mark.parametrize("odd", ["nothing", "00000000-0000-0000-0000-000000000000", "1", "_5F"])
def test_page_of_no_batch(admin_page: Client, odd: str) -> None:
    assert admin_page.get(f"{LIST}{odd}/change/").status_code in (302, 404)


def test_nothing_is_changed_or_deleted_there(admin_page: Client, operator: User) -> None:
    batch = request(operator)
    prepare_all()

    assert admin_page.get(f"{LIST}{batch.pk}/delete/").status_code == 403
