"""The queue of a deactivated account: it waits, and is handed over or canceled."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client

from staging.batches import preparation
from staging.batches.requesting import request_batch
from staging.batches.sent import from_photo
from staging.jobs.handing_over import cancel_queue, find_queues, hand_over
from staging.jobs.request import StagingRequest
from staging.models import (
    AccountUsage,
    Period,
    Prediction,
    PredictionStatus,
    PurchasePause,
    SpendingLimit,
)
from staging.predictions import reserving, submission
from staging.predictions.claims import claim_next
from staging.spending.changing import pause, resume, save_limit
from tests.staging.conftest import Ask, Sandbox, ask, carry_out, only, sandbox
from tests.staging.finished import stage
from tests.staging.limits import limit, used

__all__ = ["ask", "sandbox"]

PAUSES = "/admin/staging/purchasepause/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(operator: User) -> PurchasePause:
    return pause(account=operator, by="root")


def test_queue_waits_and_others_are_bought(
    sandbox: Sandbox, ask: Ask, held: PurchasePause, stranger: User
) -> None:
    job, others = ask(), stage(stranger)

    assert submission.submit_waiting().count == 1
    assert (only(job).status, only(others).status) == ("queued", "running")

    resume(held)
    submission.submit_waiting()
    assert only(job).status == "running"


def test_pause_stops_what_is_claimed_already(
    sandbox: Sandbox, ask: Ask, operator: User, stranger: User
) -> None:
    """The account is deactivated while a worker uploads the photo."""
    job = ask()
    claimed = claim_next(PredictionStatus.QUEUED)
    assert claimed is not None
    pause(account=stranger, by="root")
    pause(account=operator, by="root")

    submission.submit(claimed.prediction)

    assert (only(job).status, only(job).lease_until, sandbox.bought()) == ("queued", None, [])


def test_handing_over_ends_a_claim(
    sandbox: Sandbox, ask: Ask, operator: User, stranger: User
) -> None:
    """A worker that claimed it before would hold it under the limits of the earlier account."""
    job = ask()
    claimed = claim_next(PredictionStatus.QUEUED)
    assert claimed is not None
    earlier, later = limit("5", account=operator), limit("5", account=stranger)
    held = pause(account=operator, by="root")
    hand_over(operator, to=stranger, by=operator)
    resume(held)

    submission.submit(claimed.prediction)
    assert (only(job).status, sandbox.bought()) == ("queued", [])

    submission.submit_waiting()
    assert (only(job).status, len(sandbox.bought())) == ("running", 1)
    assert (used(earlier), used(later)) == ((0, 0), (0, Decimal("0.03")))


def test_handing_over_ends_a_refusal_under_the_earlier_accounts_limit(
    sandbox: Sandbox, ask: Ask, operator: User, stranger: User
) -> None:
    job = ask()
    claimed = claim_next(PredictionStatus.QUEUED)
    assert claimed is not None
    limit("0.01", account=operator, when_over="refuse")
    pause(account=operator, by="root")
    hand_over(operator, to=stranger, by=operator)

    assert not reserving.has_headroom(claimed.prediction, by="worker")

    assert only(job).status == "queued"


def test_pause_of_another_account_stops_nothing(sandbox: Sandbox, ask: Ask, stranger: User) -> None:
    job = ask()
    claimed = claim_next(PredictionStatus.QUEUED)
    assert claimed is not None
    pause(account=stranger, by="root")

    submission.submit(claimed.prediction)

    assert only(job).status == "running"


@pytest.mark.parametrize("pays", [True, False])
def test_who_pays_decides_and_not_whose_job_it_is(
    sandbox: Sandbox, ask: Ask, held: PurchasePause, stranger: User, *, pays: bool
) -> None:
    """Another retried it, who pays then; where an older release wrote no payer, the owner pays."""
    job = ask()
    job.predictions.update(account=stranger if pays else None)

    submission.submit_waiting()

    assert only(job).status == ("running" if pays else "queued")


def test_an_account_and_all_can_be_paused_at_once(
    sandbox: Sandbox, ask: Ask, held: PurchasePause
) -> None:
    of_all, job = pause(by="olga"), ask()
    resume(held)
    submission.submit_waiting()
    waits = only(job).status
    resume(of_all)
    submission.submit_waiting()

    assert (waits, only(job).status) == ("queued", "running")


def test_photos_of_batches_are_read_and_their_jobs_wait(
    sandbox: Sandbox, ask: Ask, held: PurchasePause, operator: User
) -> None:
    photo = ask().photo
    request_batch([from_photo(photo)], StagingRequest(), owner=operator, project=photo.project)
    preparation.prepare_waiting()

    submission.submit_waiting()

    assert set(Prediction.objects.values_list("status", flat=True)) == {"queued"}
    assert [queue.count for queue in find_queues()] == [Prediction.objects.count()]


def test_a_long_queue_hides_no_other(
    ask: Ask, held: PurchasePause, operator: User, stranger: User
) -> None:
    job = ask()
    Prediction.objects.bulk_create(
        Prediction(job=job, account=operator, position=number) for number in range(1, 1100)
    )
    stage(stranger)
    pause(account=stranger, by="root")

    found = {queue.pause.account: queue.count for queue in find_queues()}

    assert found == {operator: 1100, stranger: 1}


def test_hand_over_lets_another_pay(
    sandbox: Sandbox, ask: Ask, held: PurchasePause, operator: User, stranger: User
) -> None:
    job, before = ask(), ask().changed_at
    first = only(job).rank_at

    count = hand_over(operator, to=stranger, by=operator)
    carry_out(sandbox, job)

    job.refresh_from_db()
    assert (count, only(job).status, only(job).rank_at) == (2, "succeeded", first)
    assert job.owner == operator
    assert job.changed_at > before
    assert list(AccountUsage.objects.values_list("account", "cost")) == [
        (stranger.pk, only(job).cost)
    ]


def test_hand_over_looks_for_room_under_the_other_limits(
    sandbox: Sandbox, ask: Ask, operator: User, stranger: User
) -> None:
    """What waited under a limit of the first account says nothing of it any more."""
    save_limit(SpendingLimit(account=operator, period=Period.DAY, usd=Decimal(0)))
    job = ask()
    submission.submit_waiting()
    waited = only(job).error_code
    pause(account=operator, by="root")

    hand_over(operator, to=stranger, by=operator)

    prediction = only(job)
    assert waited == "over_limit"
    assert (prediction.error, prediction.error_code, prediction.held_by_limit) == ("", "", None)
    submission.submit_waiting()
    assert only(job).status == "running"


def test_hand_over_leaves_what_is_bought_with_its_payer(
    sandbox: Sandbox, ask: Ask, operator: User, stranger: User
) -> None:
    job = ask()
    submission.submit_waiting()
    pause(account=operator, by="root")

    assert hand_over(operator, to=stranger, by=operator) == 0
    assert only(job).account == operator


def test_cancel_queue_cancels_what_it_pays_for(
    sandbox: Sandbox, ask: Ask, held: PurchasePause, operator: User, stranger: User
) -> None:
    job, others, retried = ask(), stage(stranger), ask()
    retried.predictions.update(account=stranger)

    assert cancel_queue(operator, by=operator) == 1

    statuses = [only(one).status for one in (job, others, retried)]
    assert statuses == ["canceled", "queued", "queued"]


def test_page_hands_over(
    ask: Ask, held: PurchasePause, admin_client: Client, stranger: User
) -> None:
    job = ask()

    page = admin_client.get(f"{PAUSES}{held.pk}/queue/").content.decode()
    answer = admin_client.post(f"{PAUSES}{held.pk}/queue/", {"to": "sam"}, follow=True)

    assert "1 prediction waits." in page
    assert "1 prediction handed over to sam." in answer.content.decode()
    assert only(job).account == stranger


@pytest.mark.parametrize("name", ["", "nobody", "olga"])
def test_page_refuses_who_cannot_take_over(
    ask: Ask, held: PurchasePause, admin_client: Client, operator: User, name: str
) -> None:
    job = ask()
    User.objects.filter(pk=operator.pk).update(is_active=False)

    answer = admin_client.post(f"{PAUSES}{held.pk}/queue/", {"to": name})

    assert list(answer.context["form"].errors) == ["to"]
    assert only(job).account == operator


def test_page_cancels(ask: Ask, held: PurchasePause, admin_client: Client) -> None:
    job = ask()

    answer = admin_client.post(f"{PAUSES}{held.pk}/queue/", {"cancel": ""}, follow=True)

    assert "1 prediction canceled." in answer.content.decode()
    assert "Nothing of it waits." in answer.content.decode()
    assert only(job).status == "canceled"


def test_pause_of_an_account_is_not_resumed_by_hand(
    ask: Ask, held: PurchasePause, admin_client: Client
) -> None:
    """It ends with the account's activation: else its queue would be bought for nobody."""
    admin_client.post(f"{PAUSES}{held.pk}/resume/")

    assert PurchasePause.objects.filter(pk=held.pk).exists()


def test_pages_of_jobs_say_why(ask: Ask, held: PurchasePause, admin_client: Client) -> None:
    job = ask()

    pages = [
        admin_client.get(f"/admin/staging/stagingjob/{path}").content.decode()
        for path in ("", f"{job.pk}/change/")
    ]

    assert "aits: its account was deactivated" in pages[0]
    assert [f"{PAUSES}{held.pk}/queue/" in page for page in pages] == [True, True]


def test_list_of_pauses_shows_an_account_with_something_queued(
    ask: Ask, held: PurchasePause, admin_client: Client, stranger: User
) -> None:
    ask()
    empty = pause(account=stranger, by="root")

    page = admin_client.get(PAUSES).content.decode()

    assert f"{PAUSES}{held.pk}/queue/" in page
    assert f"{PAUSES}{empty.pk}/queue/" not in page
