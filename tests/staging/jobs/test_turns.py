"""Accounts take turns: what one asks for in bulk does not stand before what another asks for."""

from datetime import timedelta
from itertools import pairwise
from threading import Event
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from staging.batches import preparation
from staging.batches.requesting import request_batch
from staging.batches.sent import from_photo
from staging.idempotency import AlreadyAsked
from staging.jobs.repeating import repeat_job, retry_job
from staging.jobs.request import StagingRequest
from staging.models import (
    BatchPhoto,
    IdempotencyKey,
    Line,
    OverLimit,
    Prediction,
    Project,
    StagingBatch,
    Turn,
)
from tests.databases import await_waiting_lock
from tests.missing import POSTGRES, needs
from tests.staging.batch_requests import make_photo_row
from tests.staging.conftest import QWEN, at_once
from tests.staging.finished import finish, stage
from tests.staging.limits import limit

pytestmark = pytest.mark.django_db

FOUR: dict[str, Any] = {"model": QWEN, "overrides": {"num_outputs": 4}}


@pytest.fixture(autouse=True)
def _one_creation_a_minute(settings: Settings) -> None:
    """What one account asks for now stands a minute apart, however slow the machine is."""
    settings.STAGING_CREATIONS_PER_MINUTE = 1


def in_line() -> list[str]:
    """Return who pays for each prediction, in the order in which workers claim them."""
    rows = Prediction.objects.order_by("rank_at")
    return list(rows.values_list("account__username", flat=True))


def gaps() -> list[int]:
    """Return the whole minutes between the predictions in their order."""
    ranks = list(Prediction.objects.order_by("rank_at").values_list("rank_at", flat=True))
    return [round((later - rank) / timedelta(minutes=1)) for rank, later in pairwise(ranks)]


def batch_of(owner: User, *, photos: int) -> StagingBatch:
    rows = [make_photo_row(owner) for _ in range(photos)]
    return request_batch(
        [from_photo(row) for row in rows],
        StagingRequest(model=QWEN),
        owner=owner,
        project=rows[0].project,
    )


def test_predictions_of_one_account_stand_a_creation_apart(operator: User) -> None:
    stage(operator, **FOUR)
    stage(operator, model=QWEN)

    assert gaps() == [1, 1, 1, 1]


def test_many_of_one_account_do_not_stand_before_anothers(operator: User, stranger: User) -> None:
    for _ in range(3):
        stage(operator, **FOUR)
    stage(stranger, **FOUR)

    assert in_line()[:8] == ["olga", "sam"] * 4


def test_account_that_asked_long_ago_is_not_put_off(operator: User) -> None:
    stage(operator, model=QWEN)
    Turn.objects.update(last_at=timezone.now() - timedelta(hours=1))
    before = timezone.now()

    job = stage(operator, model=QWEN)

    assert before <= job.predictions.get().rank_at <= timezone.now()


def test_batch_comes_behind_what_users_wait_for(operator: User, stranger: User) -> None:
    """Its lines are two: an account's batch does not put off its single photos."""
    batch_of(operator, photos=3)
    preparation.prepare_waiting()
    single = stage(operator, model=QWEN).predictions.get()
    others = stage(stranger, model=QWEN).predictions.get()

    first = list(Prediction.objects.order_by("rank_at")[:2])

    assert first == [single, others]
    assert gaps()[2:] == [1, 1]


def test_retries_and_repeats_take_turns(operator: User, stranger: User) -> None:
    failed = finish(stage(operator, **FOUR), pictures=0, cost=None, status="failed")
    retry_job(failed, by=stranger)
    repeat_job(failed, by=stranger)
    stage(operator, model=QWEN)

    queued = Prediction.objects.filter(status="queued").order_by("rank_at")
    assert list(queued.values_list("account__username", flat=True)[:2]) == ["sam", "sam"]
    ranks = Prediction.objects.filter(account=stranger).order_by("rank_at")
    found = list(ranks.values_list("rank_at", flat=True))
    assert {later - rank for rank, later in pairwise(found)} == {timedelta(minutes=1)}


def test_photos_of_one_account_are_not_all_read_before_anothers(
    operator: User, stranger: User
) -> None:
    batch_of(operator, photos=20)
    batch_of(stranger, photos=1)
    BatchPhoto.objects.update(lease_until=None)

    found = [preparation.claim_next() for _ in range(5)]

    assert "sam" in [photo.batch.owner.username for photo in found if photo]


def test_refused_request_takes_no_turn(operator: User) -> None:
    stage(operator, model=QWEN)
    before = Turn.objects.get().last_at
    limit("0.01", when_over="refuse")

    with pytest.raises(OverLimit):
        stage(operator, model=QWEN)

    assert Turn.objects.get().last_at == before


@pytest.mark.django_db(transaction=True)
@needs(POSTGRES)
def test_writers_of_one_account_at_once_get_ranks_of_their_own(operator: User) -> None:
    """In projects of their own: writers in one project wait for each other anyway."""
    stage(operator, model=QWEN)
    elsewhere = Project.objects.create(owner=operator, name="Elm Street")
    recorded = Event()

    def first() -> None:
        with transaction.atomic():
            stage(operator, **FOUR)
            recorded.set()
            await_waiting_lock()

    def second() -> None:
        recorded.wait(10)
        stage(operator, project=elsewhere, **FOUR)

    at_once(first, second)

    assert gaps() == [1] * 8


@pytest.mark.django_db(transaction=True)
@needs(POSTGRES)
def test_key_is_kept_before_the_turn_is_taken(operator: User) -> None:
    """Otherwise a repeat and a retry with one key would wait for each other for ever."""
    failed = finish(stage(operator, model=QWEN), pictures=0, cost=None, status="failed")

    def keyed() -> IdempotencyKey:
        return IdempotencyKey(owner=operator, key="the same", fingerprint="x")

    held = Event()

    def hold_the_turn() -> None:
        with transaction.atomic():
            Turn.objects.select_for_update().get(account=operator, line=Line.SINGLE)
            held.set()
            await_waiting_lock(2)

    def repeat() -> None:
        held.wait(10)
        repeat_job(failed, by=operator, key=keyed())

    def retry() -> None:
        held.wait(10)
        await_waiting_lock()
        with pytest.raises(AlreadyAsked):
            retry_job(failed, by=operator, key=keyed())

    at_once(hold_the_turn, repeat, retry)

    assert list(IdempotencyKey.objects.values_list("job__repeats", flat=True)) == [failed.pk]
