"""Spending limits: reserved as a purchase is written, settled at its end, by days and months."""

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections, transaction
from django.test import Client, TestCase
from django.utils import timezone
from pytest_django import Settings

from modelsettings.models import ReplicateModel
from staging.jobs.canceling import cancel_job
from staging.jobs.repeating import retry_job
from staging.models import (
    DailyUsage,
    OverLimit,
    Prediction,
    PredictionStatus,
    PriceEstimate,
    Project,
    PurchasePause,
    SpendingLimit,
    StagingJob,
)
from staging.predictions import lookup, submission
from staging.predictions.cancellation import ask_to_cancel
from staging.predictions.claims import claim_next
from staging.predictions.reserving import intend
from staging.predictions.settlement import settle
from staging.spending.changing import look_again, pause, resume, save_limit
from tests.missing import POSTGRES, needs
from tests.modelsettings.rows import save_row
from tests.processes import wait_for
from tests.staging.conftest import QWEN, Ask, Sandbox, carry_out, only, pass_time, remote, steps
from tests.staging.limits import limit, used

PRICE = Decimal("0.03")


def test_purchase_reserves_and_settles(sandbox: Sandbox, ask: Ask) -> None:
    day, month = limit("1"), limit("20", period="month")
    job = ask(model=QWEN)

    submission.submit_waiting()
    assert (used(day), used(month)) == ((0, PRICE), (0, PRICE))

    carry_out(sandbox, job)
    assert (used(day), used(month)) == ((PRICE, 0), (PRICE, 0))
    assert only(job).cost == PRICE


def test_purchase_that_was_none_gives_its_reservation_back(sandbox: Sandbox, ask: Ask) -> None:
    day = limit("1")
    sandbox.misbehave("create", "status", status=429, retry_after=1)
    job = ask(model=QWEN)

    submission.submit_waiting()

    assert (only(job).status, only(job).reserved, used(day)) == ("queued", None, (0, 0))


def test_refusal_for_good_gives_its_reservation_back(sandbox: Sandbox, ask: Ask) -> None:
    day = limit("1")
    sandbox.misbehave("create", "status", status=422)
    job = ask(model=QWEN)

    submission.submit_waiting()

    assert (only(job).status, used(day)) == ("failed", (0, 0))


def test_undecided_purchase_counts_as_spent(sandbox: Sandbox, ask: Ask, settings: Settings) -> None:
    day = limit("1")
    sandbox.misbehave("create", "drop")
    job = ask(model=QWEN)
    submission.submit_waiting()
    settings.STAGING_RECORDS_KEPT_S = 0

    lookup.look_up_uncertain()

    assert (only(job).error_code, used(day)) == ("undecided", (PRICE, 0))
    assert "about $0.03" in only(job).error


def test_over_a_limit_it_waits_and_goes_on_when_there_is_room(sandbox: Sandbox, ask: Ask) -> None:
    day = limit("0.04")
    first, second = ask(model=QWEN), ask(model=QWEN)

    submission.submit_waiting()

    waiting = only(second)
    assert only(first).status == "running"
    assert (waiting.status, waiting.error_code) == ("queued", "over_limit")
    assert waiting.error == "It does not fit today: ask an operator, who can raise the limit."
    assert sandbox.requests()["upload"] == 1
    assert StagingJob.objects.get(pk=second.pk).changed_at > second.changed_at

    day.usd = Decimal("0.06")
    with TestCase.captureOnCommitCallbacks(execute=True):
        save_limit(day)
    submission.submit_waiting()

    assert (only(second).status, only(second).error) == ("running", "")
    assert used(day) == (0, 2 * PRICE)


def test_what_waits_for_room_wakes_nobody(sandbox: Sandbox, ask: Ask) -> None:
    limit("0.01")
    jobs = [ask(model=QWEN) for _ in range(3)]
    woken: list[str] = []

    submission.submit_waiting(join=lambda: woken.append("submit"))

    assert [only(job).error_code for job in jobs] == ["over_limit"] * 3
    assert woken == []


def test_the_more_wait_for_room_the_later_each_looks_again(sandbox: Sandbox, ask: Ask) -> None:
    limit("0.01")
    crowd, job = ask(model=QWEN), ask(model=QWEN)
    later = timezone.now() + timedelta(hours=1)
    Prediction.objects.bulk_create(
        Prediction(job=crowd, position=number, error_code="over_limit", run_after=later)
        for number in range(1, 1500)
    )

    submission.submit_waiting()

    assert timedelta(minutes=4.9) < only(job).run_after - timezone.now() < timedelta(minutes=5.1)


def test_who_finds_room_lets_others_of_the_project_on(
    sandbox: Sandbox, ask: Ask, operator: User
) -> None:
    limit("0.01")
    elsewhere = Project.objects.create(owner=operator, name="Other")
    jobs = [ask(model=QWEN), ask(model=QWEN), ask(model=QWEN, project=elsewhere)]
    submission.submit_waiting()
    # Room that nobody tells of, as where a reservation was given back.
    SpendingLimit.objects.update(usd=1)
    pass_time(jobs[0], seconds=121)

    submission.submit_waiting()

    assert [only(job).status for job in jobs] == ["running", "running", "queued"]


def test_over_a_limit_that_refuses_a_job_that_waits_fails(sandbox: Sandbox, ask: Ask) -> None:
    jobs = [ask(model=QWEN), ask(model=QWEN)]
    limit("0.05", when_over="refuse")

    submission.submit_waiting()

    assert [only(job).status for job in jobs] == ["running", "failed"]
    assert only(jobs[1]).error_code == "over_limit"
    assert len(sandbox.bought()) == 1


def test_request_over_a_limit_that_refuses(sandbox: Sandbox, ask: Ask) -> None:
    limit("0.05", when_over="refuse")
    ask(model=QWEN)

    with pytest.raises(OverLimit, match=r"\$0.05 is left, and this may cost \$0.060"):
        ask(model=QWEN, overrides={"num_outputs": 2})

    assert StagingJob.objects.count() == 1


def test_retry_over_a_limit_that_refuses(sandbox: Sandbox, ask: Ask, operator: User) -> None:
    job = ask(model=QWEN)
    cancel_job(job, by=operator)
    limit("0.02", when_over="refuse")

    with pytest.raises(OverLimit):
        retry_job(job, by=operator)

    assert only(job).status == "canceled"


def test_api_answers_402(
    sandbox: Sandbox, ask: Ask, api: Client, operator: User, photo_bytes: bytes
) -> None:
    limit("0.02", when_over="refuse")
    photo = ask_photo(ask)

    answer = api.post(
        "/api/v1/staging/jobs",
        {"photo": photo, "model": QWEN, "room_type": "bedroom", "style": "modern"},
        content_type="application/json",
    )

    assert answer.status_code == 402
    assert answer.json() == {
        "detail": "All projects may spend $0.02 a day: $0.02 is left, and this may cost $0.030.",
        "code": "over_limit",
    }


def ask_photo(ask: Ask) -> str:
    """Return a stored photo's id."""
    SpendingLimit.objects.update(when_over="wait")
    photo = str(ask(model=QWEN).photo_id)
    SpendingLimit.objects.update(when_over="refuse")
    return photo


def test_limit_of_another_project_does_not_count(
    sandbox: Sandbox, ask: Ask, operator: User
) -> None:
    other = Project.objects.create(owner=operator, name="Other")
    elsewhere = limit("0", project=other)
    job = ask(model=QWEN)

    submission.submit_waiting()

    assert (only(job).status, used(elsewhere)) == ("running", (0, 0))


def test_limit_of_its_project_counts(sandbox: Sandbox, ask: Ask, operator: User) -> None:
    own = Project.objects.create(owner=operator, name="12 Elm Street")
    limit("5")
    of_project = limit("0.01", project=own)
    job = ask(model=QWEN, project=own)

    submission.submit_waiting()

    assert only(job).status == "queued"
    assert only(job).held_by_limit == of_project
    assert [used(one) for one in SpendingLimit.objects.all()] == [(0, 0)] * 2
    assert used(of_project) == (0, 0)


def test_unknown_price_waits_for_an_estimate(sandbox: Sandbox, ask: Ask) -> None:
    day = limit("1")
    job = ask(model=QWEN)
    model = ReplicateModel.objects.get(slug=QWEN)
    model.price = []
    save_row(model)

    submission.submit_waiting()
    assert "ask an operator to estimate it" in only(job).error
    assert only(job).error_code == "no_estimate"

    PriceEstimate.objects.create(model=model, usd=Decimal("0.25"))
    with TestCase.captureOnCommitCallbacks(execute=True):
        look_again()
    submission.submit_waiting()
    assert used(day) == (0, Decimal("0.25"))

    carry_out(sandbox, job)
    # Nobody knows what it cost, so it counts as it was estimated.
    assert (only(job).cost, used(day)) == (None, (Decimal("0.25"), 0))


def test_unknown_price_without_a_limit_is_bought(sandbox: Sandbox, ask: Ask) -> None:
    job = ask(model=QWEN)
    model = ReplicateModel.objects.get(slug=QWEN)
    model.price = []
    save_row(model)

    submission.submit_waiting()

    assert only(job).status == "running"


def test_new_limit_counts_its_period_so_far(sandbox: Sandbox, ask: Ask) -> None:
    carry_out(sandbox, ask(model=QWEN))
    running = ask(model=QWEN)
    submission.submit_waiting()

    day = limit("1")

    assert used(day) == (PRICE, PRICE)
    carry_out(sandbox, running)
    assert used(day) == (2 * PRICE, 0)


def test_new_period_begins_with_nothing(sandbox: Sandbox, ask: Ask) -> None:
    day = limit("0.03")
    carry_out(sandbox, ask(model=QWEN))
    yesterday = timezone.localdate() - timedelta(days=1)
    SpendingLimit.objects.update(begins_on=yesterday)
    assert used(day) == (0, 0)
    job = ask(model=QWEN)

    submission.submit_waiting()

    assert (only(job).status, used(day)) == ("running", (0, PRICE))


def test_purchase_at_midnight_counts_for_the_day_that_another_began(
    sandbox: Sandbox, ask: Ask
) -> None:
    day = limit("1")
    tomorrow = timezone.localdate() + timedelta(days=1)
    SpendingLimit.objects.update(begins_on=tomorrow)
    job = ask(model=QWEN)

    submission.submit_waiting()
    assert only(job).reserved_on == tomorrow

    carry_out(sandbox, job)
    day.refresh_from_db()
    assert [day.reserved, day.spent] == [0, PRICE]


def test_purchase_of_a_period_that_is_over_settles_nothing(sandbox: Sandbox, ask: Ask) -> None:
    day = limit("1")
    job = ask(model=QWEN)
    submission.submit_waiting()
    Prediction.objects.update(reserved_on=timezone.localdate() - timedelta(days=1))
    SpendingLimit.objects.update(reserved=Decimal("0.5"))

    carry_out(sandbox, job)

    assert used(day) == (0, Decimal("0.5"))


def test_month_begins_on_its_first(db: None) -> None:
    month = SpendingLimit(period="month", usd=1, begins_on=date(2026, 10, 1), spent=1)

    assert [month.left(date(2026, *day)) for day in [(10, 31), (11, 1)]] == [0, 1]


@pytest.mark.parametrize(("zone", "hours"), [("Pacific/Kiritimati", 14), ("Etc/GMT+12", -12)])
def test_days_are_those_of_the_time_zone(
    sandbox: Sandbox, ask: Ask, settings: Settings, zone: str, hours: int
) -> None:
    settings.TIME_ZONE = zone
    day = limit("1")
    job = ask(model=QWEN)

    submission.submit_waiting()

    # The two are always on different days.
    today = (timezone.now() + timedelta(hours=hours)).date()
    assert (day.begins_on, only(job).reserved_on) == (today, today)


def test_cancel_before_the_purchase_reserves_nothing(sandbox: Sandbox, ask: Ask) -> None:
    day = limit("1")
    job = ask(model=QWEN)

    ask_to_cancel(only(job), by="olga")
    submission.submit_waiting()

    assert (only(job).status, sandbox.bought(), used(day)) == ("canceled", [], (0, 0))


@pytest.mark.django_db(transaction=True)
@needs(POSTGRES)
def test_two_workers_cannot_both_spend_the_last_dollar(sandbox: Sandbox, ask: Ask) -> None:
    day = limit("0.10")
    jobs = [ask(model=QWEN) for _ in range(8)]

    def work() -> None:
        submission.submit_waiting()
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    states = sorted(only(job).status for job in jobs)
    assert states == ["queued"] * 5 + ["running"] * 3
    assert (used(day), len(sandbox.bought())) == ((0, 3 * PRICE), 3)


@pytest.mark.django_db(transaction=True)
@needs(POSTGRES)
def test_new_limit_waits_for_the_purchase_that_is_being_written(sandbox: Sandbox, ask: Ask) -> None:
    """Counted before that is committed, it would be given back without having been taken."""
    job = ask(model=QWEN)
    prediction = only(job)
    made: list[SpendingLimit] = []

    def make_limit() -> None:
        made.append(limit("1"))
        connections.close_all()

    maker = threading.Thread(target=make_limit)
    with transaction.atomic():
        assert intend(prediction, by="a test", intent_at=timezone.now())
        maker.start()
        # It is held up by us, or through already.
        wait_for(lambda: made or _is_somebody_waiting())
    maker.join()

    assert used(made[0]) == (0, PRICE)


def _is_somebody_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("which", [None, QWEN])
def test_paused_purchases_wait(sandbox: Sandbox, ask: Ask, which: str | None) -> None:
    model = which and ReplicateModel.objects.get(slug=which)
    paused = PurchasePause.objects.create(model=model or None, by="olga")
    job = ask(model=QWEN)

    assert submission.submit_waiting().count == 0
    assert (only(job).status, only(job).lease_number, sandbox.bought()) == ("queued", 0, [])

    paused.delete()
    submission.submit_waiting()
    assert only(job).status == "running"


@pytest.mark.parametrize("which", [None, QWEN])
def test_pause_stops_what_is_claimed_already(sandbox: Sandbox, ask: Ask, which: str | None) -> None:
    """It begins while a worker uploads the photo; the purchase has not been made."""
    day, job = limit("1"), ask(model=QWEN)
    claimed = claim_next(PredictionStatus.QUEUED)
    assert claimed is not None
    model = ReplicateModel.objects.get(slug=which) if which else None
    paused = pause(model=model, by="olga")

    submission.submit(claimed.prediction)

    assert (only(job).status, only(job).lease_until, used(day)) == ("queued", None, (0, 0))
    assert sandbox.bought() == []
    resume(paused)
    submission.submit_waiting()
    assert (only(job).status, sandbox.requests()["upload"]) == ("running", 1)


def test_pause_of_another_model_stops_nothing_that_is_claimed(sandbox: Sandbox, ask: Ask) -> None:
    job = ask(model=QWEN)
    claimed = claim_next(PredictionStatus.QUEUED)
    assert claimed is not None
    pause(model=ReplicateModel.objects.exclude(slug=QWEN)[0], by="olga")

    submission.submit(claimed.prediction)

    assert only(job).status == "running"


@pytest.mark.django_db(transaction=True)
@needs(POSTGRES)
def test_pause_waits_for_the_purchase_that_is_being_written(sandbox: Sandbox, ask: Ask) -> None:
    """Once it is there, nothing is bought that was not written before: none slips through."""
    job = ask(model=QWEN)
    prediction = only(job)
    seen: list[str] = []

    def begin_pause() -> None:
        pause(by="olga")
        seen.append(only(job).status)
        connections.close_all()

    operator = threading.Thread(target=begin_pause)
    with transaction.atomic():
        assert intend(prediction, by="a test", intent_at=timezone.now())
        operator.start()
        wait_for(lambda: seen or _is_somebody_waiting())
    operator.join()

    assert seen == ["submitting"]


@pytest.mark.django_db(transaction=True)
@needs(POSTGRES)
def test_purchase_waits_for_the_pause_that_is_being_written(sandbox: Sandbox, ask: Ask) -> None:
    job = ask(model=QWEN)
    claimed = claim_next(PredictionStatus.QUEUED)
    assert claimed is not None
    bought: list[bool] = []

    def buy() -> None:
        bought.append(intend(claimed.prediction, by="a test", intent_at=timezone.now()))
        connections.close_all()

    worker = threading.Thread(target=buy)
    with transaction.atomic():
        pause(by="olga")
        worker.start()
        wait_for(lambda: bought or _is_somebody_waiting())
    worker.join()

    assert (bought, only(job).status, only(job).lease_until) == ([False], "queued", None)


def test_pause_of_another_model_pauses_nothing(sandbox: Sandbox, ask: Ask) -> None:
    other = ReplicateModel.objects.exclude(slug=QWEN).first()
    PurchasePause.objects.create(model=other, by="olga")
    job = ask(model=QWEN)

    submission.submit_waiting()

    assert only(job).status == "running"


def test_what_is_lost_after_its_purchase_is_paid_for(sandbox: Sandbox, ask: Ask) -> None:
    day = limit("1")
    sandbox.misbehave("create", "missing_output")
    job = ask(model=QWEN)

    carry_out(sandbox, job)

    assert (only(job).status, only(job).error_code) == ("failed", "outputs_gone")
    assert (only(job).cost, used(day)) == (PRICE, (PRICE, 0))
    assert DailyUsage.objects.get().cost == PRICE


def test_late_word_of_an_undecided_purchase_is_noted(
    sandbox: Sandbox, ask: Ask, settings: Settings
) -> None:
    sandbox.misbehave("create", "drop")
    job = ask(model=QWEN)
    submission.submit_waiting()
    settings.STAGING_RECORDS_KEPT_S = 0
    lookup.look_up_uncertain()
    late = only(job)

    assert settle(late, remote(late, "succeeded"), by="webhook") is False
    assert settle(only(job), remote(late, "succeeded"), by="webhook") is False

    assert (only(job).status, only(job).replicate_id) == ("failed", "r1")
    assert steps(late)[-1] == ("failed", "failed", "webhook")
    assert late.transitions.count() == 4
