"""Idempotency-Key: a request that is sent twice buys once."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from rest_framework.test import APIClient

from staging.idempotency import AlreadyAsked
from staging.jobs.request import StagingRequest
from staging.jobs.requesting import request_staging
from staging.models import IdempotencyKey, Photo, Prediction, Project, StagingJob
from staging.photos import Upload, add_photo
from tests.conftest import client_of, make_photo
from tests.missing import POSTGRES, needs
from tests.staging.conftest import Ask, at_once, only

JOBS = "/api/v1/staging/jobs"


def post_form(api: APIClient, key: str, content: bytes, **fields: Any) -> Any:
    sent = {"image": SimpleUploadedFile("room.jpg", content), **fields}
    return api.post(JOBS, sent, format="multipart", headers={"Idempotency-Key": key})


def post_text(api: APIClient, key: str, text: str, address: str = JOBS) -> Any:
    headers = {"Idempotency-Key": key}
    return api.generic("POST", address, text, content_type="application/json", headers=headers)


def stored_photos() -> tuple[int, int]:
    """Count the photos' rows and files."""
    files = default_storage.listdir("photos")[1] if default_storage.exists("photos") else []
    return Photo.objects.count(), len(files)


@pytest.fixture
def photo(operator: User, photo_bytes: bytes) -> Photo:
    project = Project.objects.unsorted_of(operator)
    return add_photo(Upload(photo_bytes), owner=operator, project=project)


def test_the_same_form_again_is_answered_with_the_first_job(api: APIClient) -> None:
    # Each has a boundary of its own, and another order.
    first = post_form(api, "k1", make_photo(), style="modern", seed="5")
    again = post_form(api, "k1", make_photo(), seed="5", style="modern")

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["id"] == first.json()["id"]
    assert "Idempotent-Replayed" not in first.headers
    assert (again.headers["Idempotent-Replayed"], again.headers["Location"]) == (
        "true", first.headers["Location"],
    )  # fmt: skip
    assert (StagingJob.objects.count(), Prediction.objects.count()) == (1, 1)
    assert stored_photos() == (1, 2)


def test_the_same_document_written_otherwise_is_the_same(api: APIClient, photo: Photo) -> None:
    first = post_text(api, "k1", f'{{"photo": "{photo.pk}", "seed": 5}}')
    again = post_text(api, "k1", f'{{ "seed":5,\n"photo":"{photo.pk}" }}')

    assert (first.json()["id"], StagingJob.objects.count()) == (again.json()["id"], 1)


def test_without_a_key_each_request_buys(api: APIClient, photo: Photo) -> None:
    for _ in range(2):
        api.post(JOBS, {"photo": str(photo.pk)}, format="json")

    assert (StagingJob.objects.count(), IdempotencyKey.objects.count()) == (2, 0)


@pytest.mark.parametrize(
    "second",
    [
        lambda api: post_form(api, "k1", make_photo(), style="modern", seed="6"),
        lambda api: post_form(api, "k1", make_photo(), style="modern"),
        lambda api: post_form(api, "k1", make_photo(301), style="modern", seed="5"),
        lambda api: post_form(api, "k1", make_photo(), style="modern", seed="five"),
        lambda api: post_text(api, "k1", '{"seed": 5}'),
        lambda api: post_text(api, "k1", "[1]"),
        lambda api: post_text(api, "k1", "{}", f"{JOBS}/{StagingJob.objects.get().pk}/repeat"),
        lambda api: post_text(api, "k1", "{}", f"{JOBS}/{StagingJob.objects.get().pk}/retry"),
    ],
    ids=["field", "fewer", "photo", "wrong", "json", "list", "repeat", "retry"],
)
def test_another_request_with_the_same_key_is_refused(
    api: APIClient, second: Callable[[APIClient], Any]
) -> None:
    post_form(api, "k1", make_photo(), style="modern", seed="5")

    answer = second(api)

    assert (answer.status_code, list(answer.json())) == (422, ["detail"])
    assert (StagingJob.objects.count(), stored_photos()) == (1, (1, 2))


def test_a_key_is_its_owners_alone(api: APIClient, stranger: User) -> None:
    mine = post_form(api, "k1", make_photo())
    theirs = post_form(client_of(stranger), "k1", make_photo())

    assert (mine.status_code, theirs.status_code, mine.json()["id"] == theirs.json()["id"]) == (
        202, 202, False,
    )  # fmt: skip


@pytest.mark.parametrize("key", ["", "x" * 256, "a\x7fb", "a\tb"], ids=repr)
def test_a_key_that_is_none_is_refused(api: APIClient, key: str) -> None:
    answer = post_form(api, key, make_photo())

    assert (answer.status_code, "1 to 255 printable" in answer.json()["detail"]) == (400, True)
    assert StagingJob.objects.count() == 0


def test_a_request_that_was_refused_may_be_mended(api: APIClient, photo: Photo) -> None:
    assert post_text(api, "k1", "{}").status_code == 400
    assert post_text(api, "k1", f'{{"photo": "{photo.pk}"}}').status_code == 202


def test_a_document_that_is_nested_too_deep_is_refused(api: APIClient, photo: Photo) -> None:
    text = '{"overrides": ' + '{"a":' * 900 + "1" + "}" * 900 + f', "photo": "{photo.pk}"}}'

    assert post_text(api, "k1", text).status_code == 400


def test_the_first_is_shown_as_it_is_by_now(api: APIClient, photo: Photo) -> None:
    text = json.dumps({"photo": str(photo.pk)})
    job = post_text(api, "k1", text).json()["id"]
    api.post(f"{JOBS}/{job}/cancel")

    assert post_text(api, "k1", text).json()["status"] == "canceled"


@pytest.mark.parametrize("action", ["repeat", "retry"])
def test_what_is_done_to_a_job_is_done_once(api: APIClient, ask: Ask, action: str) -> None:
    job = ask()
    api.post(f"{JOBS}/{job.pk}/cancel")
    answers = [post_text(api, "k1", "{}", f"{JOBS}/{job.pk}/{action}") for _ in range(2)]

    assert [one.status_code for one in answers] == [202, 202]
    assert len({one.json()["id"] for one in answers}) == 1
    assert (answers[1].headers["Idempotent-Replayed"], Prediction.objects.count()) == ("true", 2)


def test_a_retry_that_was_not_possible_keeps_no_key(api: APIClient, ask: Ask) -> None:
    job = ask()
    assert post_text(api, "k1", "{}", f"{JOBS}/{job.pk}/retry").status_code == 409
    api.post(f"{JOBS}/{job.pk}/cancel")

    assert post_text(api, "k1", "{}", f"{JOBS}/{job.pk}/retry").status_code == 202


def test_the_loser_of_a_race_leaves_nothing_behind(operator: User, photo_bytes: bytes) -> None:
    """Both found no key; the second comes to write its own when the first's is there."""
    keys = [IdempotencyKey(owner=operator, key="k1", fingerprint="f") for _ in range(2)]
    request_staging(Upload(photo_bytes), StagingRequest(), owner=operator, key=keys[0])

    with pytest.raises(AlreadyAsked):
        request_staging(Upload(photo_bytes), StagingRequest(), owner=operator, key=keys[1])

    assert (StagingJob.objects.count(), Prediction.objects.count()) == (1, 1)
    assert stored_photos() == (1, 2)


def once_looked_for(then: Callable[[], Any], answers: list[Any]) -> Any:
    """Return a wrapper of queries that does something once a key has been looked for."""

    def run(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = execute(sql, params, many, context)
        if sql.startswith("SELECT") and "staging_idempotencykey" in sql and not answers:
            answers.append(None)
            answers[0] = then()
        return found

    return run


def test_a_request_while_the_first_is_under_way_buys_nothing(
    api: APIClient, operator: User
) -> None:
    """The first has looked for its key already when the second comes and goes."""
    answers: list[Any] = []
    other = client_of(operator)
    between = once_looked_for(lambda: post_form(other, "k1", make_photo()), answers)

    with connection.execute_wrapper(between):
        late = post_form(api, "k1", make_photo())

    assert (late.status_code, late.headers.get("Idempotent-Replayed")) == (202, "true")
    assert late.json()["id"] == answers[0].json()["id"]
    assert (StagingJob.objects.count(), stored_photos()) == (1, (1, 2))


@needs(POSTGRES)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("action", ["", "/repeat", "/retry"])
def test_requests_at_once_buy_once(api: APIClient, operator: User, ask: Ask, action: str) -> None:
    assert connection.vendor == "postgresql"
    job = ask()
    api.post(f"{JOBS}/{job.pk}/cancel")
    text = "{}" if action else json.dumps({"photo": str(job.photo_id)})
    address = f"{JOBS}/{job.pk}{action}" if action else JOBS
    clients = [client_of(operator) for _ in range(4)]

    answers: list[Any] = at_once(
        *(lambda client=client: post_text(client, "k1", text, address) for client in clients)
    )

    assert [one.status_code for one in answers] == [202] * 4
    assert len({one.json()["id"] for one in answers}) == 1
    assert Prediction.objects.count() == 2
    assert sum("Idempotent-Replayed" not in one.headers for one in answers) == 1
    assert only(job) if action != "/retry" else job
