"""What people are told that a job should cost, and what is held for it until it ends."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from modelsettings.models import ReplicateModel
from staging.jobs.repeating import repeat_job
from staging.models import Prediction, PriceEstimate, StagingJob
from staging.predictions import submission
from staging.spending.outlay import Outlay, outlay_of, outlay_of_settings
from tests.staging.conftest import QWEN, Ask, Sandbox, carry_out, only
from tests.staging.limits import limit, unprice
from tests.staging.pages import shown
from tests.staging.waiting_batch import waiting_batch

pytestmark = pytest.mark.django_db

FLEX = "black-forest-labs/flux-2-flex"
# Photos of the tests have 300 by 200 pixels.
LARGE = {"resolution": "4 MP", "aspect_ratio": "1:1"}
ABOUT = Decimal("0.255258")
HELD = Decimal("0.311659")


def told(api: APIClient, job: StagingJob) -> tuple[Any, Any, Any]:
    found = api.get(f"/api/v1/staging/jobs/{job.pk}").json()
    return found["estimate"], found["held"], found["cost"]


def page(client: Client, job: StagingJob) -> str:
    return shown(client, f"/admin/staging/stagingjob/{job.pk}/change/")


def test_job_tells_what_is_held_until_it_ends(
    sandbox: Sandbox, ask: Ask, api: APIClient, admin_page: Client
) -> None:
    day = limit("1")
    job = ask(model=FLEX, overrides=LARGE)
    waiting = told(api, job)
    assert "about $0.2553; $0.3117 is held until it ends" in page(admin_page, job)

    submission.submit_waiting()
    day.refresh_from_db()

    assert waiting == told(api, job) == (float(ABOUT), float(HELD), None)
    assert day.reserved == HELD
    carry_out(sandbox, job)
    assert told(api, job) == (float(ABOUT), None, float(only(job).cost or 0))
    assert "held until it ends" not in page(admin_page, job)


def test_job_whose_cost_is_certain_tells_it_once(
    sandbox: Sandbox, ask: Ask, api: APIClient, admin_page: Client
) -> None:
    job = ask(model=QWEN, overrides={"num_outputs": 2})

    assert told(api, job) == (0.06, 0.06, None)
    assert "about $0.06" in page(admin_page, job)
    assert "is held until it ends" not in page(admin_page, job)


def test_job_whose_cost_is_unknown_tells_nothing(
    sandbox: Sandbox, ask: Ask, api: APIClient, admin_page: Client
) -> None:
    unprice()
    job = ask(model=QWEN)

    assert told(api, job) == (None, None, None)
    assert "cost unknown" in page(admin_page, job)


def test_outlay_is_of_what_has_not_ended(sandbox: Sandbox, ask: Ask) -> None:
    job = ask(model=QWEN, overrides={"num_outputs": 2})
    first, second = job.predictions.all()
    first.status = "succeeded"
    second.reserved = Decimal("0.05")

    assert outlay_of(job, [first, second]) == Outlay(Decimal("0.03"), Decimal("0.05"))
    assert outlay_of(job, [first]) == Outlay()


def test_repeated_job_costs_what_it_costs_today(sandbox: Sandbox, ask: Ask, operator: User) -> None:
    job = carry_out(sandbox, ask(model=QWEN))
    PriceEstimate.objects.create(model=unprice(), usd=Decimal("0.2"))

    again = repeat_job(job, by=operator)

    assert (job.expected_cost, again.expected_cost) == (Decimal("0.03"), Decimal("0.2"))


def test_batch_adds_its_jobs_up(operator: User, api: APIClient, admin_page: Client) -> None:
    batch = waiting_batch(operator, 2)
    StagingJob.objects.update(expected_cost=Decimal("0.03"), most_cost=Decimal("0.05"))

    assert api.get(f"/api/v1/staging/batches/{batch.pk}").json()["held"] == 0.2
    batch_page = shown(admin_page, f"/admin/staging/stagingbatch/{batch.pk}/change/")
    assert "not there yet: about $0.12; $0.20 is held until it ends" in batch_page

    one = StagingJob.objects.all()[0]
    StagingJob.objects.filter(pk=one.pk).update(most_cost=None)
    assert api.get(f"/api/v1/staging/batches/{batch.pk}").json()["held"] is None
    StagingJob.objects.filter(pk=one.pk).update(expected_cost=None)
    assert api.get(f"/api/v1/staging/batches/{batch.pk}").json()["held"] is None


def test_outlay_of_what_is_only_considered_is_that_of_a_typical_photo() -> None:
    flex = ReplicateModel.objects.select_related("live_profile").get(slug=FLEX)
    unknown = ReplicateModel.objects.get(slug="openai/gpt-image-1")
    assert flex.live_profile

    found = outlay_of_settings(flex, flex.live_profile.values, predictions=2)

    assert (f"{found.about:.3f}", f"{found.held:.3f}") == ("1.566", "1.582")
    assert outlay_of_settings(unknown, {}, predictions=2) == Outlay()


def test_prediction_of_a_release_without_the_columns_tells_nothing(
    sandbox: Sandbox, ask: Ask, api: APIClient
) -> None:
    job = ask(model=QWEN)
    StagingJob.objects.update(expected_cost=None, most_cost=None)

    assert told(api, job) == (None, None, None)
    assert Prediction.objects.count() == 1
