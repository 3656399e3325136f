"""A batch whose jobs wait for room under a limit, and the pages that show them."""

from django.contrib.auth.models import User

from staging.batches import preparation
from staging.batches.requesting import request_batch
from staging.batches.sent import from_photo
from staging.jobs.request import StagingRequest
from staging.models import StagingBatch
from staging.predictions import submission
from tests.staging.batch_requests import make_photo_row
from tests.staging.conftest import QWEN
from tests.staging.limits import limit

JOBS = "/admin/staging/stagingjob/"


def waiting_batch(owner: User, count: int) -> StagingBatch:
    """Return a batch of so many photos in two styles, whose jobs wait for room."""
    limit("0.02")
    photos = [make_photo_row(owner) for _ in range(count)]
    batch = request_batch(
        [from_photo(one) for one in photos],
        StagingRequest(model=QWEN),
        owner=owner,
        project=photos[0].project,
        styles=["modern", "scandinavian"],
    )
    while preparation.prepare_waiting():
        pass
    submission.submit_waiting()
    return batch


def pages_of(batch: StagingBatch) -> list[str]:
    """Return the addresses of the pages on which a batch's jobs stand."""
    photo = batch.photos.get(position=0).photo_id
    return [
        JOBS,
        f"/admin/staging/stagingbatch/{batch.pk}/change/",
        f"/admin/staging/photo/{photo}/change/",
    ]
