"""Why jobs wait to be bought, and that each page of jobs says it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, TestCase
from rest_framework.test import APIClient

from modelsettings.models import ReplicateModel
from staging.models import StagingJob
from staging.predictions import submission
from staging.spending.changing import look_again, pause
from staging.spending.waiting import Waits
from tests.staging.conftest import FLUX, QWEN, SEEDREAM, Ask, Sandbox
from tests.staging.finished import stage
from tests.staging.limits import limit, unprice, waits_of
from tests.staging.pages import shown
from tests.staging.waiting_batch import pages_of, waiting_batch

pytestmark = pytest.mark.django_db

NO_ROOM = "All projects may spend $0.02 a day: $0.02 is left, which is too little."


def told(waits: Waits) -> tuple[list[str], list[str], list[tuple[str, int]]]:
    """Return the words beside the jobs, who paused, and each reason with how many it holds up."""
    return (
        sorted(waits.words.values()),
        [one.by for one in waits.pauses],
        [(one.prediction.error_code, len(one.jobs)) for one in waits.reasons],
    )


def pause_model(slug: str) -> None:
    pause(model=ReplicateModel.objects.get(slug=slug), by="mia")


def test_find_waits_of_what_waits_for_its_turn(ask: Ask) -> None:
    assert told(waits_of([ask(), ask()])) == ([], [], [])


def test_find_waits_of_what_is_done(sandbox: Sandbox, ask: Ask) -> None:
    job = ask()
    pause(by="olga")
    StagingJob.objects.update(status="failed")
    job.refresh_from_db()

    assert told(waits_of([job])) == ([], [], [])


def test_find_waits_for_room(sandbox: Sandbox, ask: Ask) -> None:
    limit("0.02")
    jobs = [ask(model=QWEN, overrides={"num_outputs": 2}), ask(model=SEEDREAM)]
    submission.submit_waiting()

    assert told(waits_of(jobs)) == (["waits for budget"] * 2, [], [("over_limit", 2)])


def test_find_waits_for_estimates_of_two_models(sandbox: Sandbox, ask: Ask) -> None:
    limit("1")
    jobs = [ask(model=QWEN), ask(model=QWEN), ask(model=SEEDREAM)]
    unprice(QWEN)
    unprice(SEEDREAM)
    submission.submit_waiting()

    words, _, reasons = told(waits_of(jobs))

    assert words == ["waits for an estimate"] * 3
    assert reasons == [("no_estimate", 1), ("no_estimate", 2)]


def test_find_waits_for_the_end_of_a_pause_of_its_model(ask: Ask) -> None:
    pause_model(QWEN)
    pause_model(SEEDREAM)
    held, other = ask(model=QWEN), ask(model=FLUX)

    waits = waits_of([held, other])

    assert (waits.words, [one.model for one in waits.pauses]) == ({held.pk: "paused"}, [held.model])


def test_find_waits_for_room_while_all_is_paused(sandbox: Sandbox, ask: Ask) -> None:
    limit("0.02")
    job = ask(model=QWEN)
    submission.submit_waiting()
    pause(by="olga")

    assert told(waits_of([job])) == (["paused"], ["olga"], [("over_limit", 1)])


def test_pages_say_once_why_jobs_wait_for_room(
    sandbox: Sandbox, admin_page: Client, operator: User
) -> None:
    batch = waiting_batch(operator, 1)

    for address in pages_of(batch):
        page = shown(admin_page, address)
        assert page.count(f"2 jobs wait for budget. {NO_ROOM} They go on by themselves") == 1
        assert page.lower().count("waits for budget") == 2


def test_pages_say_that_jobs_wait_for_an_estimate(
    sandbox: Sandbox, admin_page: Client, operator: User
) -> None:
    batch = waiting_batch(operator, 1)
    unprice(QWEN)
    with TestCase.captureOnCommitCallbacks(execute=True):
        look_again()
    submission.submit_waiting()

    for address in pages_of(batch):
        assert "2 jobs of Qwen Image Edit wait for an estimate. All" in shown(admin_page, address)


def test_pages_say_that_purchases_of_a_model_are_paused(
    sandbox: Sandbox, admin_page: Client, operator: User
) -> None:
    batch = waiting_batch(operator, 1)
    pause_model(QWEN)

    for address in pages_of(batch):
        page = shown(admin_page, address)
        assert page.count("Purchases of Qwen Image Edit are paused by mia,") == 1
        assert page.lower().count(" paused ") == 3


def test_pages_say_nothing_of_a_pause_that_holds_up_nobody(
    sandbox: Sandbox, admin_page: Client, operator: User
) -> None:
    batch = waiting_batch(operator, 1)
    pause_model(SEEDREAM)

    assert not [one for one in pages_of(batch) if "paused" in shown(admin_page, one)]


@pytest.mark.parametrize("count", [1, 3])
def test_pages_ask_the_database_a_fixed_number_of_times(
    sandbox: Sandbox,
    admin_page: Client,
    operator: User,
    count: int,
    django_assert_num_queries: Any,
) -> None:
    batch = waiting_batch(operator, count)
    photo = batch.photos.get(position=0).photo
    for _ in range(count):
        stage(operator, photo=photo)
    pause_model(QWEN)

    for address, queries in zip(pages_of(batch), (15, 22, 13), strict=True):
        admin_page.get(address)
        with django_assert_num_queries(queries):
            admin_page.get(address)


def test_batch_in_the_api_says_why_its_jobs_wait(
    sandbox: Sandbox, api: APIClient, operator: User
) -> None:
    batch = waiting_batch(operator, 1)

    [photo] = api.get(f"/api/v1/staging/batches/{batch.pk}").json()["photos"]

    error = {"code": "over_limit", "detail": NO_ROOM}
    assert [one["job"]["error"] for one in photo["styles"]] == [error] * 2
