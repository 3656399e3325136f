"""Another file in the place of a refused one: read, staged and paid for like the batch's others."""

import pytest
from django.contrib.auth.models import User

from staging import images
from staging.batches.replacing import NotRefused, replace_photo
from staging.batches.requesting import request_batch
from staging.batches.sent import BatchRefused, from_upload
from staging.deletion.deleting import delete_project
from staging.errors import GoneMeanwhile
from staging.jobs.handing_over import count_unread
from staging.jobs.request import StagingRequest
from staging.models import BatchPhoto, Prediction, Project, StagedImage, StagingJob
from tests.conftest import make_photo
from tests.staging.batch_requests import carry_out_all, photo_file, prepare_all, stored_files
from tests.staging.conftest import Sandbox


def refused(owner: User, *, styles: tuple[str, ...] = ("modern",)) -> BatchPhoto:
    """Return the photo of a batch that came broken, and was refused."""
    sent = [from_upload(photo_file("hall.jpg", make_photo()[:800]))]
    project = Project.objects.create(owner=owner, name="Elm Street")
    request_batch(
        sent, StagingRequest(room_type="kitchen"), owner=owner, project=project, styles=styles
    )
    prepare_all()
    photo = BatchPhoto.objects.get()
    assert photo.status == "refused"
    return photo


def test_replaced_photo_is_staged_in_each_style(sandbox: Sandbox, operator: User) -> None:
    photo = refused(operator, styles=("modern", "industrial"))

    replace_photo(photo, from_upload(photo_file("hall 2.jpg")), by=operator)
    carry_out_all(sandbox)

    photo.refresh_from_db()
    assert (photo.status, photo.name, photo.error, photo.upload) == ("staged", "hall 2.jpg", "", "")
    jobs = StagingJob.objects.order_by("style")
    assert [(job.style, job.room_type, job.status) for job in jobs] == [
        ("industrial", "kitchen", "succeeded"), ("modern", "kitchen", "succeeded"),
    ]  # fmt: skip
    assert StagedImage.objects.count() == 2


def test_who_replaces_a_photo_owns_and_pays_for_it(operator: User, stranger: User) -> None:
    photo = refused(operator)

    replace_photo(photo, from_upload(photo_file()), by=stranger)
    unread = (count_unread(operator), count_unread(stranger))
    prepare_all()

    job = StagingJob.objects.get()
    assert (job.owner, job.photo.owner, Prediction.objects.get().account) == (stranger,) * 3
    assert (job.project.owner, unread) == (operator, (0, 1))


def test_broken_replacement_is_refused_again(operator: User) -> None:
    photo = refused(operator)

    replace_photo(photo, from_upload(photo_file("again.jpg", b"no photo")), by=operator)
    prepare_all()

    photo.refresh_from_db()
    assert (photo.status, photo.name, bool(photo.error)) == ("refused", "again.jpg", True)


@pytest.mark.parametrize("size", [0, images.MAX_BYTES + 1])
def test_replacement_of_a_wrong_size_is_refused_at_once(operator: User, size: int) -> None:
    photo = refused(operator)

    with pytest.raises(BatchRefused):
        replace_photo(photo, from_upload(photo_file("a.jpg", b"x" * size)), by=operator)

    photo.refresh_from_db()
    assert (photo.status, photo.name) == ("refused", "hall.jpg")


def test_photo_is_replaced_once(operator: User) -> None:
    photo = refused(operator)
    as_drawn = BatchPhoto.objects.get()
    replace_photo(photo, from_upload(photo_file("first.jpg")), by=operator)
    before = stored_files()

    with pytest.raises(NotRefused):
        replace_photo(as_drawn, from_upload(photo_file("second.jpg")), by=operator)

    assert (BatchPhoto.objects.get().name, stored_files()) == ("first.jpg", before)


def test_photo_that_was_taken_is_not_replaced(operator: User, sandbox: Sandbox) -> None:
    photo = refused(operator)
    replace_photo(photo, from_upload(photo_file()), by=operator)
    prepare_all()

    with pytest.raises(NotRefused):
        replace_photo(BatchPhoto.objects.get(), from_upload(photo_file()), by=operator)


def test_project_that_was_deleted_meanwhile_leaves_no_file(operator: User) -> None:
    photo = refused(operator)
    # Read before the project goes, as by a request that waits behind the deletion.
    photo = BatchPhoto.objects.select_related("batch__project", "batch__owner").get(pk=photo.pk)
    before = stored_files()
    delete_project(photo.batch.project)

    with pytest.raises(GoneMeanwhile):
        replace_photo(photo, from_upload(photo_file()), by=operator)

    assert set(stored_files()) <= set(before)


def test_pictures_of_a_replacement_are_asked_for(operator: User) -> None:
    photo = refused(operator, styles=("modern", "industrial"))
    asked: list[int] = []

    replace_photo(photo, from_upload(photo_file()), by=operator, allow=asked.append)

    assert asked == [2]
