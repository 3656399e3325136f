"""The purchase rule: what each answer of the request that buys makes of a prediction."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from staging.models import CreationPace, Prediction, PredictionStatus
from staging.predictions import lookup, submission
from staging.predictions.reserving import intend
from staging.predictions.submission import Submitted
from tests.processes import free_port
from tests.staging.conftest import Ask, Sandbox, carry_out, only, pass_time, steps


def make_impatient(settings: Settings) -> None:
    """Let requests end after a moment; a client is kept by its token."""
    settings.REPLICATE_API_TOKEN = "r8_impatient"
    settings.STAGING_REQUEST_LIMIT_S = 0.4


# What Replicate does; the status after it, its error's code, and what was bought.
REFUSALS = [
    ({"do": "status", "status": 402}, "failed", "insufficient_credit"),
    ({"do": "status", "status": 404}, "failed", "not_found"),
    ({"do": "status", "status": 413}, "failed", "too_large"),
    ({"do": "status", "status": 422}, "failed", "invalid_input"),
    ({"do": "status", "status": 401}, "queued", ""),
]
UNCERTAIN = [
    ({"do": "status", "status": 500}, 0),
    ({"do": "status", "status": 503}, 0),
    ({"do": "status", "status": 403}, 0),
    ({"do": "drop"}, 0),
    ({"do": "drop_after"}, 1),
    ({"do": "truncate"}, 1),
    ({"do": "garbage"}, 0),
    ({"do": "redirect"}, 0),
    ({"do": "stall", "seconds": 1}, 1),
    ({"do": "stall_before", "seconds": 0.6}, 0),
]
# What a purchase that was found may have become by then.
FOUND = {"running", "collecting"}


def name_of(value: object) -> str | None:
    """Name a case by its fault."""
    return "-".join(str(part) for part in value.values()) if isinstance(value, dict) else None


@pytest.mark.parametrize(("fault", "status", "code"), REFUSALS, ids=name_of)
def test_submit_that_was_refused_proves_that_nothing_was_bought(
    sandbox: Sandbox, ask: Ask, fault: dict[str, Any], status: str, code: str
) -> None:
    sandbox.misbehave("create", **fault)

    job = ask()
    submission.submit_waiting()

    prediction = only(job)
    assert (prediction.status, prediction.error_code) == (status, code)
    assert (sandbox.bought(), sandbox.requests()["create"]) == ([], 1)
    assert lookup.look_up_uncertain() == 0


def test_submit_that_was_refused_says_which_input_is_wrong(sandbox: Sandbox, ask: Ask) -> None:
    job = ask()
    job.input["go_fast"] = job.settings["go_fast"] = "perhaps"
    job.save()

    submission.submit_waiting()

    prediction = only(job)
    assert (prediction.status, prediction.error_code) == ("failed", "invalid_input")
    assert prediction.error == (
        "The model refused an input. "
        "Go fast: on or off expected (the settings profile has perhaps)."
    )
    assert sandbox.bought() == []


def test_submit_without_a_connection_is_tried_again(
    sandbox: Sandbox, settings: Settings, ask: Ask
) -> None:
    job = ask()
    # The photo is there already, so that the request that buys is the one that fails.
    job.predictions.update(photo_url=f"{sandbox.url}/v1/files/somewhere")
    settings.REPLICATE_BASE_URL = f"http://127.0.0.1:{free_port()}"

    submission.submit_waiting()

    prediction = only(job)
    assert (prediction.status, prediction.tries, prediction.error_code) == ("queued", 1, "")
    assert steps(prediction)[-2:] == [
        ("queued", "submitting", "worker: submit"),
        ("submitting", "queued", "worker: submit"),
    ]
    settings.REPLICATE_BASE_URL = sandbox.url
    Prediction.objects.update(photo_url="")
    pass_time(job, seconds=10)
    assert carry_out(sandbox, job).status == "succeeded"
    assert len(sandbox.bought()) == 1


def test_submit_that_was_throttled_blocks_the_pace_for_all(sandbox: Sandbox, ask: Ask) -> None:
    first, second = ask(), ask()
    sandbox.misbehave("create", "status", status=429, retry_after=70)

    submitted = submission.submit_waiting()

    assert (submitted.count, 60 < (submitted.come_back_in_s or 0) <= 70) == (1, True)
    assert [only(first).status, only(second).status] == ["queued", "queued"]
    assert (only(first).tries, sandbox.requests()["create"]) == (0, 1)
    blocked_until = CreationPace.objects.get().blocked_until
    assert blocked_until
    assert 60 < (blocked_until - timezone.now()).total_seconds() <= 70
    # Nobody takes a token, and whoever is given none leaves the coming back to the sweep.
    assert submission.submit_waiting().count == 0
    assert sandbox.requests()["create"] == 1
    CreationPace.objects.update(blocked_until=None)
    assert [carry_out(sandbox, job).status for job in (first, second)] == ["succeeded"] * 2
    assert len(sandbox.bought()) == 2


def test_submit_whose_upload_was_throttled_blocks_the_pace_for_all(
    sandbox: Sandbox, ask: Ask
) -> None:
    sandbox.misbehave("upload", "status", status=429, retry_after=7)
    job = ask()

    submission.submit_waiting()

    assert (only(job).status, only(job).tries) == ("queued", 0)
    assert CreationPace.take(1) == 0


@pytest.mark.parametrize(
    "fault",
    [{"do": "drop"}, {"do": "status", "status": 503}, {"do": "status", "status": 403}],
    ids=name_of,
)
def test_submit_without_an_upload_is_tried_again(
    sandbox: Sandbox, ask: Ask, fault: dict[str, Any]
) -> None:
    sandbox.misbehave("upload", **fault)
    job = ask()

    submission.submit_waiting()

    assert (only(job).status, only(job).tries) == ("queued", 1)
    pass_time(job, seconds=10)
    assert carry_out(sandbox, job).status == "succeeded"
    assert sandbox.requests()["create"] == 1


def test_submit_uploads_once_for_a_prediction(sandbox: Sandbox, ask: Ask) -> None:
    sandbox.misbehave("create", "status", status=401)
    job = ask()
    submission.submit_waiting()
    first_url = only(job).photo_url
    pass_time(job, seconds=10)

    submission.submit_waiting()

    assert (only(job).status, only(job).photo_url) == ("running", first_url)
    assert sandbox.requests()["upload"] == 1


def test_submit_uploads_again_what_is_about_to_expire(sandbox: Sandbox, ask: Ask) -> None:
    sandbox.misbehave("create", "status", status=401)
    job = ask()
    submission.submit_waiting()
    first_url = only(job).photo_url
    pass_time(job, seconds=3600 - 500)

    submission.submit_waiting()

    assert only(job).photo_url != first_url
    assert sandbox.bought()[0]["input"]["image"] == only(job).photo_url


@pytest.mark.parametrize(("fault", "bought"), UNCERTAIN, ids=name_of)
def test_submit_without_an_answer_is_looked_up_and_never_bought_twice(
    sandbox: Sandbox, settings: Settings, ask: Ask, fault: dict[str, Any], bought: int
) -> None:
    make_impatient(settings)
    sandbox.misbehave("create", **fault)
    job = ask()

    submission.submit_waiting()

    assert only(job).status == "submitting"
    # Neither a second wake-up nor a look at once buys anything.
    submission.submit_waiting()
    assert sandbox.requests()["create"] == 1
    lookup.look_up_uncertain()
    assert only(job).status in (FOUND if bought else {"submitting"})
    pass_time(job, seconds=10)
    lookup.look_up_uncertain()
    assert only(job).status in (FOUND if bought else {"queued"})
    pass_time(job, seconds=10)
    assert carry_out(sandbox, job).status == "succeeded"
    assert len(sandbox.bought()) == 1


def test_submit_that_breaks_off_is_given_up_in_the_end(sandbox: Sandbox, ask: Ask) -> None:
    job, healthy = ask(), ask()
    job.photo.file.delete(save=False)

    for _ in range(12):
        with pytest.raises(FileNotFoundError):
            submission.submit_waiting()
        pass_time(job, seconds=600)
    submission.submit_waiting()

    failed = only(job)
    assert (failed.status, failed.error_code) == ("failed", "internal_error")
    assert "FileNotFoundError" in failed.error
    assert str(job.photo_id) not in failed.error
    assert only(healthy).status == "running"


def test_submit_leaves_alone_what_was_adopted_as_it_was_claimed(sandbox: Sandbox, ask: Ask) -> None:
    job = ask()
    claims: list[str] = []

    def adopt(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        done = execute(sql, params, many, context)
        if sql.startswith('UPDATE "staging_prediction" SET "lease_until"') and not claims:
            claims.append(sql)
            running = PredictionStatus.RUNNING
            assert Prediction.objects.move(only(job), running, by="webhook", replicate_id="found")
        return done

    with connection.execute_wrapper(adopt):
        submission.submit_waiting()

    assert len(claims) == 1
    assert (only(job).status, only(job).replicate_id) == ("running", "found")
    assert sandbox.bought() == []


def test_submit_waiting_does_in_order_of_rank(
    sandbox: Sandbox, settings: Settings, ask: Ask
) -> None:
    jobs = [ask(), ask(), ask()]
    pass_time(jobs[2], seconds=60)
    jobs[2].predictions.update(rank_at=only(jobs[2]).created_at)
    settings.STAGING_CREATIONS_PER_MINUTE = 6

    assert submission.submit_waiting() == Submitted(1, come_back_in_s=0.5)

    assert [only(job).status for job in jobs] == ["queued", "queued", "running"]


def test_submit_waiting_without_a_token_asks_nobody_to_come_back(
    sandbox: Sandbox, settings: Settings, ask: Ask
) -> None:
    settings.STAGING_CREATIONS_PER_MINUTE = 6
    ask()
    CreationPace.take(1)

    assert submission.submit_waiting() == Submitted()
    assert sandbox.bought() == []


def test_submit_waiting_remembers_for_a_moment_that_there_is_no_token(
    sandbox: Sandbox, settings: Settings, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission.Drought, "LENGTH_S", 60.0)
    monkeypatch.setattr(submission, "_drought", submission.Drought())
    settings.STAGING_CREATIONS_PER_MINUTE = 6
    ask()
    CreationPace.take(1)
    submission.submit_waiting()

    with CaptureQueriesContext(connection) as queries:
        submission.submit_waiting()

    assert len(queries) == 0


def test_submit_waiting_lets_others_join_while_there_is_more(sandbox: Sandbox, ask: Ask) -> None:
    jobs, joined = [ask(), ask(), ask()], []

    submission.submit_waiting(join=lambda: joined.append(len(sandbox.bought())))

    assert [only(job).status for job in jobs] == ["running"] * 3
    assert joined == [0, 1]


def test_submit_buys_nothing_after_a_sleep(
    sandbox: Sandbox, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that was stopped between intent and request may have been looked up meanwhile."""
    job = ask()
    asleep_s = iter([3, 0])

    def sleep_after(prediction: Prediction, **more: Any) -> bool:
        intends = intend(prediction, **more)
        assert prediction.intent_at
        prediction.intent_at -= timedelta(seconds=next(asleep_s))
        return intends

    monkeypatch.setattr("staging.predictions.submission.intend", sleep_after)
    submission.submit_waiting()

    assert [step[:2] for step in steps(only(job))][1:4] == [
        ("queued", "submitting"),
        ("submitting", "queued"),
        ("queued", "submitting"),
    ]
    assert len(sandbox.bought()) == 1


def test_webhook_url_only_where_replicate_can_reach_us(
    sandbox: Sandbox, settings: Settings, ask: Ask
) -> None:
    prediction = only(ask())
    path = f"/api/v1/webhooks/replicate/{prediction.pk}/{prediction.webhook_token}"

    assert submission.webhook_url(prediction) is None
    settings.PUBLIC_URL = "https://restage.example"
    assert submission.webhook_url(prediction) == f"https://restage.example{path}"
