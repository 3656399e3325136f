"""Orders become a job or a batch, once."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from staging.batches.sent import BatchRefused, SentPhoto, from_archive
from staging.habits import Choices, recall
from staging.images import PhotoRefused
from staging.models import IdempotencyKey, Photo, StagingBatch, StagingJob
from staging.orders.placing import PlacedBefore, find_twin, place
from tests.staging.batch_requests import photo_file, photos_of, zip_file
from tests.staging.orders.orders import order, stored

pytestmark = pytest.mark.django_db


def test_one_photo_in_one_style_is_a_job(operator: User) -> None:
    asked = order(operator, "hall.jpg", room_type="office", overrides={"num_outputs": 2})

    job = place(asked, by=operator, token="1")

    assert job == StagingJob.objects.get()
    assert (job.room_type, job.style, job.predictions.count()) == ("office", "modern", 2)
    assert job.photo.original_name == "hall.jpg"
    assert not StagingBatch.objects.exists()


def test_a_photo_that_is_there_stays_the_one_that_it_is(operator: User) -> None:
    photo = stored(operator)

    job = place(order(operator, photos=[photo]), by=operator, token="1")

    assert isinstance(job, StagingJob)
    assert job.photo == photo.photo
    assert Photo.objects.count() == 1


def test_a_single_photo_in_a_zip_is_a_job_with_the_room_of_its_folder(operator: User) -> None:
    photos = from_archive(zip_file(("Bedroom/1.jpg", photo_file().read()))).photos

    job = place(order(operator, photos=photos), by=operator, token="1")

    assert isinstance(job, StagingJob)
    assert (job.room_type, job.photo.original_name) == ("bedroom", "Bedroom/1.jpg")


@pytest.mark.parametrize(("names", "styles"), [(2, 1), (1, 2)])
def test_more_is_a_batch_whose_owner_is_told(operator: User, names: int, styles: int) -> None:
    asked = order(
        operator, *["hall.jpg"] * names, styles=("modern", "industrial")[:styles], prompt="Calm."
    )

    batch = place(asked, by=operator, token="1")

    assert batch == StagingBatch.objects.get()
    assert (batch.photos.count(), len(batch.styles)) == (names, styles)
    assert (batch.prompt, batch.tells_owner) == ("Calm.", True)


def test_each_photo_has_its_own_room_before_its_folders_and_all_photos(operator: User) -> None:
    photos = [
        SentPhoto(name="Bedroom/1.jpg", room_type="kitchen"),
        SentPhoto(name="Bedroom/2.jpg"),
        SentPhoto(name="3.jpg"),
    ]

    place(order(operator, photos=photos, room_type="office"), by=operator, token="1")

    assert [room for _, room, _ in photos_of()] == ["kitchen", "bedroom", "office"]


def test_one_file_that_is_no_photo_is_refused_at_once(operator: User) -> None:
    broken = SentPhoto(name="notes.txt", size=0)

    with pytest.raises(BatchRefused, match=r"notes\.txt: This file is empty"):
        place(order(operator, photos=[broken]), by=operator, token="1")


def test_room_styles_and_count_are_remembered_and_only_they(operator: User) -> None:
    asked = order(
        operator,
        "hall.jpg",
        styles=("industrial",),
        room_type="office",
        prompt="Calm.",
        overrides={"num_outputs": 2},
    )

    place(asked, by=operator, token="1")

    assert recall(operator) == Choices("office", ("industrial",), 2)


def test_what_is_refused_is_neither_remembered_nor_asked_about(operator: User) -> None:
    photos: list[SentPhoto] = []
    for _ in range(2):
        photos = [SentPhoto(name="a.jpg", size=3, open=photo_file("a.jpg", b"no!").open)]
        with pytest.raises(PhotoRefused):
            place(order(operator, photos=photos, room_type="office"), by=operator, token="1")

    assert recall(operator) == Choices()
    assert (
        find_twin(order(operator, photos=photos, room_type="office"), by=operator, token="1")
        is None
    )


@pytest.mark.parametrize("token", ["1", "2"])
def test_the_same_order_a_moment_later_is_asked_about(operator: User, token: str) -> None:
    first = place(order(operator, "1.jpg", "2.jpg"), by=operator, token="1")

    with pytest.raises(PlacedBefore) as refused:
        place(order(operator, "1.jpg", "2.jpg"), by=operator, token=token)

    assert refused.value.twin
    assert refused.value.twin.placed == first
    assert StagingBatch.objects.count() == 1


def test_the_same_order_wanted_again_is_placed_once_more_and_once_only(operator: User) -> None:
    place(order(operator, "1.jpg"), by=operator, token="1")

    second = place(order(operator, "1.jpg"), by=operator, token="1", again=True)

    assert StagingJob.objects.count() == 2
    with pytest.raises(PlacedBefore) as refused:
        place(order(operator, "1.jpg"), by=operator, token="1")
    assert refused.value.twin
    assert refused.value.twin.placed == second


def test_the_same_form_much_later_is_asked_about_and_placed_where_it_is_wanted(
    operator: User,
) -> None:
    first = place(order(operator, "1.jpg"), by=operator, token="1")
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=1))

    with pytest.raises(PlacedBefore) as refused:
        place(order(operator, "1.jpg"), by=operator, token="1")
    assert refused.value.twin
    assert refused.value.twin.placed == first

    place(order(operator, "1.jpg"), by=operator, token="1", again=True)
    assert StagingJob.objects.count() == 2


@pytest.mark.parametrize(
    "other",
    [
        {"styles": ("industrial",)},
        {"room_type": "office"},
        {"prompt": "Calm."},
        {"seed": 5},
        {"overrides": {"num_outputs": 2}},
    ],
)
@pytest.mark.parametrize("token", ["1", "2"])
def test_another_order_is_not_asked_about(
    operator: User, other: dict[str, Any], token: str
) -> None:
    place(order(operator, "1.jpg"), by=operator, token="1")

    place(order(operator, "1.jpg", **other), by=operator, token=token)

    assert StagingJob.objects.count() == 2


def test_the_same_order_of_another_account_or_of_yesterday_is_not_asked_about(
    operator: User, stranger: User
) -> None:
    stranger.is_superuser = True
    stranger.save()
    asked = order(operator, "1.jpg")
    place(asked, by=operator, token="1")

    place(order(operator, "1.jpg"), by=stranger, token="1")
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=1))
    place(order(operator, "1.jpg"), by=operator, token="2")

    assert StagingJob.objects.count() == 3
