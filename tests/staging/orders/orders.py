"""Orders as the Stage page makes them."""

from typing import Any

from django.contrib.auth.models import User

from staging.batches.sent import SentPhoto, from_photo, from_upload
from staging.jobs.request import StagingRequest
from staging.models import Project
from staging.orders.order import Order
from tests.staging.batch_requests import make_photo_row, photo_file


def files(*names: str) -> list[SentPhoto]:
    return [from_upload(photo_file(name)) for name in names]


def order(
    owner: User,
    *names: str,
    styles: tuple[str, ...] = ("modern",),
    project: Project | None = None,
    photos: list[SentPhoto] | None = None,
    **wanted: Any,
) -> Order:
    """Return an order of files with these names."""
    return Order(
        photos=files(*names) if photos is None else photos,
        wanted=StagingRequest(**wanted),
        styles=styles,
        project=project or Project.objects.unsorted_of(owner),
    )


def stored(owner: User) -> SentPhoto:
    return from_photo(make_photo_row(owner))
