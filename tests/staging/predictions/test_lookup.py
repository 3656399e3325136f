"""What the look-up makes of purchases whose answer was lost."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from staging.models import Prediction, PredictionStatus
from staging.predictions import lookup, submission
from tests.processes import wait_for
from tests.staging.conftest import Ask, Sandbox, carry_out, only, pass_time, steps

DECIDED_AFTER_S = 2 + 2


def test_look_up_adopts_by_the_photos_address(sandbox: Sandbox, ask: Ask) -> None:
    sandbox.misbehave("create", "drop_after")
    other, job = ask(), ask()
    submission.submit_waiting()

    lookup.look_up_uncertain()

    bought = {one["input"]["image"]: one["id"] for one in sandbox.bought()}
    assert [only(one).replicate_id for one in (other, job)] == [
        bought[only(one).photo_url] for one in (other, job)
    ]
    assert ("submitting", "running", "worker: lookup") in steps(only(other))


def test_look_up_adopts_by_the_photos_address_in_a_list(sandbox: Sandbox, ask: Ask) -> None:
    sandbox.misbehave("create", "drop_after")
    job = ask(model="bytedance/seedream-4")
    submission.submit_waiting()

    lookup.look_up_uncertain()

    assert only(job).replicate_id == sandbox.bought()[0]["id"]


def test_look_up_adopts_by_the_webhooks_token(
    sandbox: Sandbox, settings: Settings, ask: Ask
) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:1"
    sandbox.misbehave("create", "drop_after", times=2)
    first, second = ask(), ask()
    submission.submit_waiting()
    # As of a model that is sent the photo in another way.
    Prediction.objects.update(photo_url="")

    lookup.look_up_uncertain()

    bought = {one["webhook"]: one["id"] for one in sandbox.bought()}
    found = {submission.webhook_url(only(job)): only(job).replicate_id for job in (first, second)}
    assert found == bought


def test_look_up_takes_nothing_for_a_photo_without_an_address(sandbox: Sandbox, ask: Ask) -> None:
    sandbox.misbehave("create", "drop")
    job = ask()
    submission.submit_waiting()
    Prediction.objects.update(photo_url="")
    body = {"input": {"prompt": "", "input_image": None}}
    sandbox.http.post("/v1/models/black-forest-labs/flux-kontext-max/predictions", json=body)

    lookup.look_up_uncertain()

    assert (only(job).status, len(sandbox.bought())) == ("submitting", 1)


def test_look_up_waits_until_the_request_may_not_buy_any_more(sandbox: Sandbox, ask: Ask) -> None:
    sandbox.misbehave("create", "drop")
    job = ask()
    submission.submit_waiting()
    pass_time(job, seconds=DECIDED_AFTER_S - 1.5)

    lookup.look_up_uncertain()
    assert only(job).status == "submitting"

    pass_time(job, seconds=10)
    lookup.look_up_uncertain()
    assert (only(job).status, only(job).tries) == ("queued", 1)
    assert steps(only(job))[-1] == ("submitting", "queued", "worker: lookup")


def test_look_up_finds_what_is_listed_late(sandbox: Sandbox, ask: Ask) -> None:
    sandbox.misbehave("create", "hide_from_list", seconds=0.3)
    sandbox.misbehave("create", "drop_after")
    job = ask()
    submission.submit_waiting()
    lookup.look_up_uncertain()
    assert only(job).status == "submitting"
    sandbox.finish()

    def is_found() -> bool:
        Prediction.objects.update(run_after=timezone.now())
        lookup.look_up_uncertain()
        return only(job).status != "submitting"

    wait_for(is_found)
    assert only(job).replicate_id == sandbox.bought()[0]["id"]


def test_look_up_of_what_is_older_than_the_records_is_undecided(sandbox: Sandbox, ask: Ask) -> None:
    sandbox.misbehave("create", "drop")
    job = ask()
    submission.submit_waiting()
    pass_time(job, seconds=56 * 60)

    lookup.look_up_uncertain()

    prediction = only(job)
    assert (prediction.status, prediction.error_code) == ("failed", "undecided")
    pass_time(job, seconds=3600)
    lookup.look_up_uncertain()
    submission.submit_waiting()
    assert (only(job).status, sandbox.bought()) == ("failed", [])


def test_look_up_keeps_what_it_saw_before_the_listing_failed(sandbox: Sandbox, ask: Ask) -> None:
    bought = [ask() for _ in range(100)]
    submission.submit_waiting()
    while any(only(job).status == "queued" for job in bought):
        submission.submit_waiting()
    sandbox.misbehave("create", "drop_after")
    sandbox.misbehave("create", "drop")
    seen, unseen = ask(), ask()
    submission.submit_waiting()
    sandbox.misbehave("list", "status", status=503, after=1)
    for job in (seen, unseen):
        pass_time(job, seconds=DECIDED_AFTER_S)

    lookup.look_up_uncertain()

    assert only(seen).replicate_id is not None
    assert (only(unseen).status, sandbox.requests()["list"]) == ("submitting", 2)


def test_prolong_leaves_what_another_has_claimed_since(ask: Ask) -> None:
    mine, lost = only(ask()), only(ask())
    for one in (mine, lost):
        assert Prediction.objects.claim(one)
    Prediction.objects.filter(pk=lost.pk).update(lease_number=9, lease_until=lost.lease_until)
    until = timezone.now() - timedelta(seconds=1)
    Prediction.objects.update(lease_until=until)

    Prediction.objects.prolong([mine, lost])

    held = Prediction.objects.filter(lease_until__gt=timezone.now())
    assert [one.pk for one in held] == [mine.pk]


def test_look_up_decides_nothing_from_a_listing_that_failed(sandbox: Sandbox, ask: Ask) -> None:
    sandbox.misbehave("create", "drop_after")
    sandbox.misbehave("list", "status", status=503, times=2)
    job = ask()
    submission.submit_waiting()
    pass_time(job, seconds=DECIDED_AFTER_S)

    lookup.look_up_uncertain()
    assert only(job).status == "submitting"
    pass_time(job, seconds=56 * 60)
    lookup.look_up_uncertain()
    assert only(job).status == "submitting"

    pass_time(job, seconds=-56 * 60)
    Prediction.objects.update(run_after=timezone.now())
    assert lookup.look_up_uncertain() == 1
    # On a busy machine it may have ended by now.
    assert only(job).status in ("running", "collecting")


def test_look_up_reads_the_list_once_for_all(sandbox: Sandbox, ask: Ask) -> None:
    sandbox.misbehave("create", "drop_after", times=0)
    jobs = [ask() for _ in range(5)]
    submission.submit_waiting()

    assert lookup.look_up_uncertain() == 5

    assert all(only(job).replicate_id for job in jobs)
    assert sandbox.requests()["list"] == 1


def test_look_up_ends_with_the_page_that_shows_all(sandbox: Sandbox, ask: Ask) -> None:
    for _ in range(110):
        ask()
    submission.submit_waiting()
    sandbox.misbehave("create", "drop_after")
    job = ask()
    submission.submit_waiting()

    lookup.look_up_uncertain()

    assert only(job).replicate_id
    assert sandbox.requests()["list"] == 1


def test_look_up_reads_every_page_back_to_the_intent(sandbox: Sandbox, ask: Ask) -> None:
    sandbox.misbehave("create", "drop_after")
    job = ask()
    submission.submit_waiting()
    # They never start: drawing a hundred pictures would take seconds.
    sandbox.misbehave("create", "queue", times=100)
    body = {"input": {"prompt": "another's", "input_image": None}}
    for _ in range(100):
        sandbox.http.post("/v1/models/black-forest-labs/flux-kontext-max/predictions", json=body)

    lookup.look_up_uncertain()

    assert (only(job).replicate_id is not None, sandbox.requests()["list"]) == (True, 2)


def test_look_up_leaves_alone_what_somebody_works_on(sandbox: Sandbox, ask: Ask) -> None:
    sandbox.misbehave("create", "drop_after")
    job = ask()
    submission.submit_waiting()
    Prediction.objects.claim(only(job))

    assert lookup.look_up_uncertain() == 0
    pass_time(job, seconds=3.1)
    assert lookup.look_up_uncertain() == 1


def test_look_up_of_a_service_that_never_answers_ends(sandbox: Sandbox, ask: Ask) -> None:
    sandbox.misbehave("create", "status", status=500, times=0)
    job = ask()

    for _ in range(15):
        submission.submit_waiting()
        pass_time(job, seconds=600)
        lookup.look_up_uncertain()
        pass_time(job, seconds=600)

    assert (only(job).status, only(job).error_code) == ("failed", "no_answer")
    assert sandbox.requests()["create"] == 12


@pytest.mark.parametrize("at", ["before the photo", "before the intent", "after the intent"])
def test_a_worker_killed_in_the_midst_costs_a_lease(sandbox: Sandbox, ask: Ask, at: str) -> None:
    job = ask()
    prediction = only(job)
    Prediction.objects.claim(prediction)
    if at != "before the photo":
        Prediction.objects.note(prediction, photo_url="http://127.0.0.1/gone")
    if at == "after the intent":
        Prediction.objects.move(
            prediction,
            PredictionStatus.SUBMITTING,
            by="killed",
            keep_lease=True,
            intent_at=timezone.now(),
        )
    submission.submit_waiting()
    assert (lookup.look_up_uncertain(), sandbox.bought()) == (0, [])
    Prediction.objects.update(photo_url="")

    pass_time(job, seconds=DECIDED_AFTER_S + 1)
    lookup.look_up_uncertain()
    pass_time(job, seconds=10)

    assert carry_out(sandbox, job).status == "succeeded"
    assert len(sandbox.bought()) == 1
