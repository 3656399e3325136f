"""Places an order once: one photo in one style as a job, more as a batch.

The form's own token and the order's digest name an idempotency key, with the digest as fingerprint:
so the same form sent twice at once is placed once, the same order in another form is noticed, and a
form that was changed after it was sent is another order.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import File
from django.db.models import Q
from django.utils import timezone

from modelsettings.errors import RequestRefused
from staging import access
from staging.asking import all_of
from staging.batches.requesting import find_error, request_batch
from staging.batches.sent import BatchRefused, choose_rooms
from staging.habits import Choices, remember
from staging.idempotency import AlreadyAsked, find_key
from staging.jobs.requesting import request_staging
from staging.models import IdempotencyKey, Photo, StagingBatch, StagingJob
from staging.orders.order import Order
from staging.photos import PATIENCE_OF_REQUESTS, Upload

# An order that comes again so soon is asked about.
SOON = timedelta(minutes=15)
# What the keys of orders begin with: no client of the API gives its keys such names.
_PREFIX = "stage page "


@dataclass(frozen=True, slots=True)
class Twin:
    """The same order as it was placed before: what it became, and when."""

    placed: StagingJob | StagingBatch
    at: datetime


class PlacedBefore(RequestRefused):
    """An order that was placed before, and that its account did not say to want once more."""

    def __init__(self, twin: Twin | None) -> None:
        super().__init__(
            "You sent the same already. Tick the box below if you want all of it once more.",
            field="again",
        )
        self.twin = twin


def place(order: Order, *, by: User, token: str, again: bool = False) -> StagingJob | StagingBatch:
    """Make a job or a batch of an order, and remember its room, styles and count.

    Raises PlacedBefore for an order that has a twin, unless it is wanted `again`;
    RightMissing and MayOnlySee; and what `request_staging` and `request_batch` raise.
    """
    if order.photos:
        access.check(by, order.right, order.project, in_admin=True)
    twin = find_twin(order, by=by, token=token)
    if twin and not again:
        raise PlacedBefore(twin)
    # Of what is wanted again, the form's token has a key already.
    name = _name_of(order, token) + (f" {twin.placed.pk}" if twin else "")
    key = IdempotencyKey(owner=by, key=name, fingerprint=order.digest)
    try:
        placed = _place(order, by=by, key=key)
    except AlreadyAsked as error:
        kept = find_key(by.pk, name)
        raise PlacedBefore(_twin_of(kept) if kept else None) from error
    count = order.wanted.overrides.get("num_outputs")
    chosen = order.wanted.chosen_room, tuple(order.styles)
    remember(by, Choices(*chosen, count if isinstance(count, int) else None))
    return placed


def find_twin(order: Order, *, by: User, token: str) -> Twin | None:
    """Return the newest same order of an account, or None.

    It was placed within SOON, or with this token at any time for which keys are kept.
    """
    is_soon = Q(created_at__gte=timezone.now() - SOON)
    keys = IdempotencyKey.objects.filter(
        is_soon | Q(key__startswith=_name_of(order, token)),
        owner=by,
        key__startswith=_PREFIX,
        fingerprint=order.digest,
    )
    kept = keys.select_related("job", "batch").order_by("-created_at").first()
    return _twin_of(kept) if kept else None


def _name_of(order: Order, token: str) -> str:
    """Return what the keys of an order begin with that is sent with a token."""
    return f"{_PREFIX}{token} {order.digest}"


def _twin_of(key: IdempotencyKey) -> Twin | None:
    placed = key.job or key.batch
    return Twin(placed, key.created_at) if placed else None


def _place(order: Order, *, by: User, key: IdempotencyKey) -> StagingJob | StagingBatch:
    if not order.is_one_job:
        return request_batch(
            order.photos,
            order.wanted,
            owner=by,
            project=order.project,
            styles=order.styles,
            passed_over=order.passed_over,
            tells_owner=True,
            key=key,
            allow=all_of(by),
        )
    (photo,), (style,) = order.photos, order.styles
    if error := find_error(photo):
        raise BatchRefused(f"{photo.name}: {error}", field="images")
    (room,) = choose_rooms(order.photos, {}, order.wanted.chosen_room).of_photos
    wanted = replace(order.wanted, room_type=room, style=style)
    asked: Any = {"owner": by, "project": order.project, "key": key, "allow": all_of(by)}
    if photo.photo is not None or photo.open is None:
        stored: Photo = photo.photo  # type: ignore[assignment]  # a sent photo has one of the two
        return request_staging(stored, wanted, **asked)
    with photo.open() as file:
        # Of a file in a request, what Python opened.
        opened: Any = file.file if isinstance(file, File) else file
        upload = Upload(opened, photo.name, patience=PATIENCE_OF_REQUESTS)
        return request_staging(upload, wanted, **asked)
