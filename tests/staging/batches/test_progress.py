"""The progress of a batch, and the state by which its document is known."""

from django.contrib.auth.models import User

from staging.batches.progress import progress_of
from staging.batches.replacing import replace_photo
from staging.batches.requesting import request_batch
from staging.batches.sent import from_upload
from staging.deletion.deleting import delete_job, delete_photo
from staging.jobs.request import StagingRequest
from staging.models import Photo, Project, StagingBatch, StagingJob
from tests.staging.batch_requests import photo_file, prepare_all
from tests.staging.finished import finish


def read_batch(owner: User, content: bytes | None = None) -> StagingBatch:
    """Return a batch of one photo, which a worker has read."""
    sent = [from_upload(photo_file("hall.jpg", content))]
    project = Project.objects.unsorted_of(owner)
    batch = request_batch(sent, StagingRequest(), owner=owner, project=project)
    prepare_all()
    return batch


def state_of(batch: StagingBatch) -> str:
    return progress_of([batch])[batch.pk].state


def test_state_of_an_unchanged_batch_is_the_same(operator: User) -> None:
    batch = read_batch(operator)

    assert state_of(batch) == state_of(batch)


def test_state_changes_where_a_refused_photo_was_replaced_and_refused_again(
    operator: User,
) -> None:
    batch = read_batch(operator, b"no photo")
    before = state_of(batch)

    replace_photo(batch.photos.get(), from_upload(photo_file("new.jpg", b"no photo")), by=operator)
    prepare_all()

    assert batch.photos.get().status == "refused"
    assert state_of(batch) != before


def test_state_changes_where_a_photo_without_jobs_is_deleted(operator: User) -> None:
    batch = read_batch(operator)
    delete_job(finish(StagingJob.objects.get()))
    before = state_of(batch)

    delete_photo(Photo.objects.get())

    assert state_of(batch) != before
