"""A bug on the way to a purchase is a fault of ours at each door, and never a customer's sentence.

The bug is planted in the prompt library, which each plan reads.
"""

import io
import logging
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

from modelsettings.errors import RequestRefused
from staging.batches import preparation
from staging.errors import NotPossible
from staging.jobs import repeating
from staging.jobs.canceling import cancel_job
from staging.library.reading import prompt_for
from staging.models import BatchPhoto, IdempotencyKey, Photo, StagingBatch, StagingJob
from tests.staging.batch_requests import make_photo_row, photo_file, photos_of, post, stored_files
from tests.staging.conftest import Ask

JOBS = "/api/v1/staging/jobs"
SECRET = "a word of our own"
FAULT = {"detail": "Restage failed, and has noted it: try again, or ask who runs it."}


@pytest.fixture(params=[ValueError, KeyError])
def bug(request: pytest.FixtureRequest) -> Exception:
    error: Exception = request.param(SECRET)
    return error


@pytest.fixture
def photo(operator: User) -> Photo:
    return make_photo_row(operator)


def plant(monkeypatch: pytest.MonkeyPatch, bug: Exception, *, room: str = "") -> None:
    """Let the prompt of a room, or of any, fail with a bug."""

    def fail(**words: Any) -> str:
        if room in ("", words["room_type"]):
            raise bug
        return prompt_for(**words)

    monkeypatch.setattr("staging.jobs.planning.prompt_for", fail)


def traced(caplog: pytest.LogCaptureFixture) -> set[BaseException | None]:
    """Return the errors whose tracebacks are in the log."""
    return {record.exc_info[1] for record in caplog.records if record.exc_info}


@pytest.mark.parametrize("path", [JOBS, "/api/v1/staging/batches"], ids=["job", "batch"])
def test_api_answers_500(
    api: APIClient, photo: Photo, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture, bug: Exception, path: str,
) -> None:  # fmt: skip
    plant(monkeypatch, bug)
    api.raise_request_exception = False
    body = {"photo": str(photo.pk)} if path == JOBS else {"photos": [str(photo.pk)]}

    answer = api.post(path, body, format="json", headers={"Idempotency-Key": "k1"})

    assert (answer.status_code, answer.json(), traced(caplog)) == (500, FAULT, {bug})
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("action", ["retry", "repeat"])
def test_api_answers_500_to_what_is_done_to_a_job(
    api: APIClient, ask: Ask, operator: User, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture, bug: Exception, action: str,
) -> None:  # fmt: skip
    def fail(*_: object, **__: object) -> None:
        raise bug

    job = ask()
    cancel_job(job, by=operator)
    monkeypatch.setattr(repeating, "add_predictions", fail)
    monkeypatch.setattr(repeating, "record_repeat", fail)
    api.raise_request_exception = False

    answer = api.post(f"{JOBS}/{job.pk}/{action}")

    assert (answer.status_code, answer.json(), traced(caplog)) == (500, FAULT, {bug})


def test_a_photos_page_answers_500(
    admin_page: Client, photo: Photo, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture, bug: Exception,
) -> None:  # fmt: skip
    plant(monkeypatch, bug)
    admin_page.raise_request_exception = False
    sent = {"photo": str(photo.pk), "room_type": "bedroom", "styles": ["modern"]}

    answer = admin_page.post("/admin/stage/", sent)

    assert (answer.status_code, SECRET in answer.content.decode()) == (500, False)
    assert (traced(caplog), StagingJob.objects.count()) == ({bug}, 0)


def test_a_batchs_form_answers_500(
    admin_page: Client, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture, bug: Exception,
) -> None:  # fmt: skip
    plant(monkeypatch, bug)
    admin_page.raise_request_exception = False
    sent = {"images": [photo_file()] * 2, "styles": ["modern"], "room_type": "bedroom"}

    answer = admin_page.post("/admin/stage/", sent)

    assert (answer.status_code, SECRET in answer.content.decode()) == (500, False)
    assert (traced(caplog), StagingBatch.objects.count(), stored_files()) == ({bug}, 0, [])


@pytest.mark.parametrize("action", ["retry", "repeat"])
def test_a_jobs_buttons_answer_500(
    admin_page: Client, ask: Ask, operator: User, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture, bug: Exception, action: str,
) -> None:  # fmt: skip
    def fail(*_: object, **__: object) -> None:
        raise bug

    job = ask()
    cancel_job(job, by=operator)
    monkeypatch.setattr(repeating, "add_predictions", fail)
    monkeypatch.setattr(repeating, "record_repeat", fail)
    admin_page.raise_request_exception = False

    answer = admin_page.post(f"/admin/staging/stagingjob/{job.pk}/{action}/now/")

    assert (answer.status_code, traced(caplog)) == (500, {bug})


def test_a_command_breaks_off(
    operator: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bug: Exception
) -> None:
    (tmp_path / "hall.jpg").write_bytes(photo_file().read())
    plant(monkeypatch, bug)

    with pytest.raises(type(bug)) as broken:
        call_command("stage_folder", str(tmp_path), "--user", "olga", stdout=io.StringIO())

    assert broken.value is bug


def test_a_worker_tries_the_photo_again_and_goes_on_with_the_others(
    api: APIClient, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture, bug: Exception,
) -> None:  # fmt: skip
    rooms = '{"1.jpg": "kitchen"}'
    answer = post(api, images=[photo_file("1.jpg"), photo_file("2.jpg")], room_types=rooms)
    plant(monkeypatch, bug, room="kitchen")

    with caplog.at_level(logging.ERROR):
        for _ in range(preparation.MAX_TRIES):
            with pytest.raises(type(bug)):
                preparation.prepare_waiting()
            assert preparation.prepare_waiting() in (0, 1)
            BatchPhoto.objects.filter(lease_until__isnull=False).update(lease_until=None)

    assert photos_of() == [("1.jpg", "kitchen", "refused"), ("2.jpg", "default", "staged")]
    told = api.get(answer.headers["Location"]).json()["photos"]
    assert told[0]["error"] == f"Restage failed ({type(bug).__name__}); its logs say more."
    assert [one["error"] for photo in told for one in photo["styles"]] == [None, None]
    assert SECRET in caplog.text
    # Nothing lies about of the photo that was not staged.
    kept = Photo.objects.get()
    assert len(default_storage.listdir("photos")[1]) == 2
    assert str(kept.pk) in default_storage.listdir("photos")[1][0]


def test_bug_in_the_words_of_a_refusal_is_a_fault_of_ours(
    api: APIClient, photo: Photo, monkeypatch: pytest.MonkeyPatch, bug: Exception,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    def fail(*_args: Any, **_options: Any) -> str:
        raise bug

    monkeypatch.setattr("modelsettings.schema.validation._sentence", fail)
    api.raise_request_exception = False

    answer = api.post(
        JOBS, {"photo": str(photo.pk), "overrides": {"output_quality": 9999}}, format="json"
    )

    assert (answer.status_code, answer.json()) == (500, FAULT)
    assert bug in traced(caplog)


def test_batch_says_any_refusal_of_a_job_in_its_own_words(
    api: APIClient, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new refusal is one class: a batch knows none of them by name."""

    class Moon(RequestRefused):
        status = 409

    def refuse(*_args: Any, **_options: Any) -> None:
        raise Moon("The moon is full: try tomorrow.")

    post(api, photos=[str(photo.pk)])
    monkeypatch.setattr("staging.batches.preparation.record_job", refuse)

    preparation.prepare_waiting()

    row = BatchPhoto.objects.get()
    assert (row.status, row.job_errors) == (
        "staged",
        {"modern": "The moon is full: try tomorrow."},
    )


def test_batch_photo_that_is_deleted_meanwhile_is_refused(
    api: APIClient, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_photo: Photo) -> None:
        raise NotPossible("This photo was deleted meanwhile.")

    post(api, photos=[str(photo.pk)])
    monkeypatch.setattr("staging.batches.preparation.lock_photo", refuse)

    preparation.prepare_waiting()

    row = BatchPhoto.objects.get()
    assert (row.status, row.error) == ("refused", "This photo was deleted meanwhile.")
