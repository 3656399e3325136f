"""Limits of accounts: who pays, what counts, and that one account cannot spend everything."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from staging.deletion.deleting import delete_job, delete_photo
from staging.jobs.repeating import repeat_job, retry_job
from staging.models import (
    AccountUsage,
    DailyUsage,
    JobKind,
    OverLimit,
    Prediction,
    Project,
    ProjectMember,
    SpendingLimit,
    StagingJob,
)
from staging.predictions import submission
from tests.staging.conftest import QWEN, Ask, Sandbox, carry_out, only, pass_time
from tests.staging.finished import stage
from tests.staging.limits import limit, used

PRICE = Decimal("0.03")

pytestmark = pytest.mark.django_db


def states() -> list[tuple[str, str]]:
    """Return each prediction's payer and status, the oldest first."""
    rows = Prediction.objects.order_by("created_at")
    return list(rows.values_list("account__username", "status"))


def test_account_over_its_limit_waits_while_another_goes_on(
    sandbox: Sandbox, operator: User, stranger: User
) -> None:
    of_olga = limit("0.04", account=operator)
    for account in (operator, operator, stranger):
        stage(account, model=QWEN)

    submission.submit_waiting()

    assert states() == [("olga", "running"), ("olga", "queued"), ("sam", "running")]
    assert used(of_olga) == (0, PRICE)
    waiting = Prediction.objects.get(status="queued")
    assert (waiting.error_code, waiting.held_by_limit) == ("over_limit", of_olga)


def test_account_spends_in_all_projects_together(
    sandbox: Sandbox, ask: Ask, operator: User, stranger: User
) -> None:
    of_olga = limit("1", account=operator)
    others = Project.objects.create(owner=stranger, name="Elm Street")
    ProjectMember.objects.create(project=others, user=operator, may_edit=True)

    carry_out(sandbox, ask(model=QWEN, project=others))
    carry_out(sandbox, ask(model=QWEN))

    assert used(of_olga) == (2 * PRICE, 0)


def test_who_finds_room_lets_others_of_the_account_on(
    sandbox: Sandbox, ask: Ask, operator: User
) -> None:
    of_olga = limit("0.01", account=operator)
    elsewhere = Project.objects.create(owner=operator, name="Other")
    jobs = [ask(model=QWEN), ask(model=QWEN, project=elsewhere)]
    submission.submit_waiting()
    # Room that nobody tells of, as where a reservation was given back.
    SpendingLimit.objects.filter(pk=of_olga.pk).update(usd=1)
    pass_time(jobs[0], seconds=121)

    submission.submit_waiting()

    assert [only(job).status for job in jobs] == ["running", "running"]


def test_retry_by_another_is_paid_by_that_other(
    sandbox: Sandbox, ask: Ask, operator: User, stranger: User
) -> None:
    of_olga, of_sam = limit("1", account=operator), limit("1", account=stranger)
    sandbox.misbehave("create", "status", status=422)
    job = ask(model=QWEN)
    submission.submit_waiting()
    job.refresh_from_db()

    retry_job(job, by=stranger)
    carry_out(sandbox, job)

    assert states() == [("olga", "failed"), ("sam", "succeeded")]
    assert (used(of_olga), used(of_sam)) == ((0, 0), (PRICE, 0))
    counted = AccountUsage.objects.order_by("account_name")
    assert list(counted.values_list("account_name", "kind", "failed", "succeeded", "cost")) == [
        ("olga", "job", 1, 0, 0),
        ("sam", "job", 0, 1, PRICE),
    ]


def test_repeat_is_paid_by_who_asks_for_it(
    sandbox: Sandbox, ask: Ask, operator: User, stranger: User
) -> None:
    job = carry_out(sandbox, ask(model=QWEN))

    repeat_job(job, by=stranger)

    assert states() == [("olga", "succeeded"), ("sam", "queued")]


def test_prediction_of_an_older_release_is_paid_by_the_jobs_owner(
    sandbox: Sandbox, ask: Ask, operator: User
) -> None:
    of_olga = limit("0.04", account=operator)
    jobs = [ask(model=QWEN) for _ in range(2)]
    Prediction.objects.update(account=None)

    carry_out(sandbox, jobs[0])

    assert used(of_olga) == (PRICE, 0)
    assert only(jobs[1]).error_code == "over_limit"


def test_new_limit_of_an_account_counts_what_its_period_cost_so_far(
    sandbox: Sandbox, ask: Ask, operator: User, stranger: User
) -> None:
    carry_out(sandbox, ask(model=QWEN))
    stage(operator, model=QWEN)
    stage(stranger, model=QWEN)
    submission.submit_waiting()

    assert used(limit("1", account=operator)) == (PRICE, PRICE)
    assert used(limit("1", account=stranger)) == (0, PRICE)
    assert used(limit("1")) == (PRICE, 2 * PRICE)


def test_limit_that_refuses_an_account_lets_others_ask(
    sandbox: Sandbox, operator: User, stranger: User
) -> None:
    limit("0.02", account=operator, when_over="refuse")

    stage(stranger, model=QWEN)
    with pytest.raises(OverLimit):
        stage(operator, model=QWEN)

    assert StagingJob.objects.count() == 1


def test_usage_counts_the_kind_of_job(sandbox: Sandbox, ask: Ask) -> None:
    jobs = [ask(model=QWEN) for _ in range(2)]
    StagingJob.objects.filter(pk=jobs[0].pk).update(kind=JobKind.TRIAL)

    for job in jobs:
        carry_out(sandbox, job)

    counted = AccountUsage.objects.order_by("kind").values_list("kind", "pictures", "cost")
    assert list(counted) == [("job", 1, PRICE), ("trial", 1, PRICE)]
    assert DailyUsage.objects.get().pictures == 2


@pytest.mark.parametrize("wrong", ["both", "twice an account", "twice all"])
def test_limit_that_there_cannot_be(operator: User, wrong: str) -> None:
    project = Project.objects.unsorted_of(operator)
    limit("1", account=operator)
    limit("1")
    new = {
        "both": SpendingLimit(account=operator, project=project, period="month", usd=1),
        "twice an account": SpendingLimit(account=operator, period="day", usd=1),
        "twice all": SpendingLimit(period="day", usd=1),
    }[wrong]

    with pytest.raises(ValidationError):
        new.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        new.save()


def test_deleted_account_stays_counted(sandbox: Sandbox, stranger: User) -> None:
    limit("1", account=stranger)
    job = carry_out(sandbox, stage(stranger, model=QWEN))
    delete_job(job)
    delete_photo(job.photo)
    Project.objects.filter(owner=stranger).delete()

    stranger.delete()

    assert not SpendingLimit.objects.exists()
    assert AccountUsage.objects.values_list("account_name", "cost").get() == ("sam", PRICE)


def test_account_that_pays_for_a_retry_cannot_be_deleted(
    sandbox: Sandbox, ask: Ask, operator: User, stranger: User
) -> None:
    sandbox.misbehave("create", "status", status=422)
    job = ask(model=QWEN)
    submission.submit_waiting()
    job.refresh_from_db()
    retry_job(job, by=stranger)

    with pytest.raises(ProtectedError):
        stranger.delete()
