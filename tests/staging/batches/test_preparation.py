"""What workers make of a batch: each photo once, whoever dies, whoever comes at the same moment."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.utils import timezone
from rest_framework.test import APIClient

from staging.batches import preparation
from staging.models import (
    BatchPhoto,
    DiscardedFile,
    Photo,
    Prediction,
    StagingBatch,
    StagingJob,
)
from tests import databases
from tests.conftest import client_of
from tests.processes import ROOT, wait_for
from tests.staging.batch_requests import (
    make_photo_row,
    photo_file,
    photos_of,
    post,
    post_json,
    prepare_all,
)
from tests.staging.conftest import FLUX, Ask


@pytest.fixture
def batch(api: APIClient) -> StagingBatch:
    """A batch of two photos by one style that no worker has seen yet."""
    answer = post(api, images=[photo_file("1.jpg"), photo_file("2.jpg")], room_type="bedroom")
    assert answer.status_code == 202, answer.content
    return StagingBatch.objects.get()


def test_a_photo_that_was_deleted_meanwhile_is_refused(api: APIClient, operator: User) -> None:
    photo = make_photo_row(operator)
    post_json(api, photos=[str(photo.pk)])
    photo.delete()

    prepare_all()

    assert BatchPhoto.objects.get().error == "The photo was deleted before it could be staged."


def test_a_file_that_is_gone_is_refused(batch: StagingBatch) -> None:
    first = batch.photos.all()[0]
    default_storage.delete(first.upload)

    prepare_all()

    assert [one[2] for one in photos_of()] == ["refused", "staged"]
    first.refresh_from_db()
    assert first.error == "The file of this photo is gone: send it again."


def test_photos_of_a_deactivated_account_get_their_jobs(operator: User) -> None:
    answer = post(
        client_of(operator), images=[photo_file()], room_type="bedroom", prompt="Only plants.",
        prompt_mode="replace", model=FLUX,
    )  # fmt: skip
    assert answer.status_code == 202, answer.content
    User.objects.filter(pk=operator.pk).update(is_active=False)

    prepare_all()

    assert (StagingJob.objects.count(), BatchPhoto.objects.get().job_errors) == (1, {})


def test_a_style_that_cannot_be_made_now_is_told_and_the_others_go_on(api: APIClient) -> None:
    answer = post(api, images=[photo_file()], styles=["modern", "scandinavian"], model=FLUX)
    StagingBatch.objects.update(styles=["modern", "gone"])

    prepare_all()

    told = api.get(answer.headers["Location"]).json()
    made, missing = told["photos"][0]["styles"]
    assert (made["job"]["status"], made["error"], missing["job"]) == ("queued", None, None)
    assert 'no style "gone"' in missing["error"]
    assert (told["done"], told["not_made"], told["total"]) == (0, 1, 2)


def test_a_batch_lets_others_go_first(api: APIClient, ask: Ask, batch: StagingBatch) -> None:
    prepare_all()
    job = ask()

    first = Prediction.objects.order_by("rank_at")[0]

    assert first.job_id == job.pk


WORKER = """
import django
django.setup()
from staging.batches import preparation
while preparation.prepare_waiting():
    pass
"""
DYING_WORKER = """
import os, signal
import django
django.setup()
from staging.batches import preparation
preparation.record_job = lambda *plan, **more: os.kill(os.getpid(), signal.SIGKILL)
preparation.prepare_waiting()
"""


def run_workers(*scripts: str, url: str) -> list[int]:
    """Run worker processes at the same time; return their exit codes."""
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": url,
        "MEDIA_ROOT": default_storage.path(""),
    }
    command = [sys.executable, "-W", "ignore", "-c"]
    workers = [
        subprocess.Popen([*command, script], cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
        for script in scripts
    ]
    return [worker.wait(60) for worker in workers]


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_no_photo(api: APIClient, tmp_path: Path) -> None:
    post(api, images=[photo_file(f"{number}.jpg") for number in range(8)])
    url = databases.of_this_test(tmp_path)

    assert run_workers(WORKER, WORKER, url=url) == [0, 0]

    assert databases.read(
        url, "SELECT tries, status, COUNT(*) FROM staging_batchphoto GROUP BY 1, 2"
    ) == [(1, "staged", 8)]
    assert databases.read(
        url, "SELECT COUNT(DISTINCT batch_photo_id), COUNT(*) FROM staging_stagingjob"
    ) == [(8, 8)]
    assert databases.read(url, "SELECT COUNT(*) FROM staging_photo") == [(8,)]
    assert len(default_storage.listdir("photos")[1]) == 16


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_its_transaction_has_changed_nothing(
    api: APIClient, tmp_path: Path
) -> None:
    post(api, images=[photo_file()])
    url = databases.of_this_test(tmp_path)
    counts = (
        "SELECT (SELECT COUNT(*) FROM staging_photo), (SELECT COUNT(*) FROM staging_stagingjob),"
        " (SELECT status FROM staging_batchphoto)"
    )

    assert run_workers(DYING_WORKER, url=url) == [-signal.SIGKILL]
    assert databases.read(url, counts) == [(0, 0, "waiting")]
    assert len(default_storage.listdir("uploads")[1]) == 1

    # Nobody gets at it before the claim has run out.
    run_workers(WORKER, url=url)
    wait_for(
        lambda: run_workers(WORKER, url=url) and databases.read(url, counts) == [(1, 1, "staged")]
    )


def test_only_one_wins_a_claim(batch: StagingBatch) -> None:
    mine, theirs = batch.photos.first(), batch.photos.first()
    assert mine is not None
    assert theirs is not None

    assert [BatchPhoto.objects.claim(one) for one in (mine, theirs)] == [True, False]


def test_a_killed_workers_claim_runs_out_and_nothing_is_made_twice(batch: StagingBatch) -> None:
    killed = preparation.claim_next()
    assert killed is not None
    prepare_all()
    assert StagingJob.objects.count() == 1

    BatchPhoto.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    prepare_all()
    # It was not dead after all, and finishes what it had begun.
    preparation.prepare(killed)

    assert [one[2] for one in photos_of()] == ["staged", "staged"]
    assert (Photo.objects.count(), StagingJob.objects.count()) == (2, 2)
    assert sorted(default_storage.listdir("photos")[1]) == sorted(
        name for one in Photo.objects.all() for name in
        (Path(one.file.name or "").name, Path(one.thumbnail.name or "").name)
    )  # fmt: skip


def test_a_photo_that_kills_its_workers_is_refused(batch: StagingBatch) -> None:
    killer = batch.photos.all()[0]
    BatchPhoto.objects.filter(pk=killer.pk).update(tries=preparation.MAX_TRIES)

    prepare_all()

    killer.refresh_from_db()
    assert (killer.status, killer.error) == (
        "refused", "Given up: 4 tries did not finish. Send it again.",
    )  # fmt: skip
    assert StagingJob.objects.count() == 1


def test_an_error_of_ours_is_tried_again_later_and_refused_in_the_end(
    batch: StagingBatch,
) -> None:
    # A folder where a file should be: the storage fails, and not because it is missing.
    path = Path(default_storage.path(batch.photos.all()[0].upload))
    path.unlink()
    path.mkdir()

    for _ in range(preparation.MAX_TRIES):
        with pytest.raises(IsADirectoryError):
            preparation.prepare_waiting()
        assert not BatchPhoto.objects.claimable(timezone.now()).filter(position=0).exists()
        BatchPhoto.objects.filter(lease_until__isnull=False).update(lease_until=None)

    broken = batch.photos.all()[0]
    assert (broken.status, broken.tries) == ("refused", 4)
    assert broken.error == "Restage failed (IsADirectoryError); its logs say more."


def test_a_photo_whose_job_cannot_be_written_leaves_no_file(
    batch: StagingBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*plan: object, **more: object) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr(preparation, "record_job", fail)

    with pytest.raises(ValueError, match="a bug"):
        preparation.prepare_waiting()

    assert (Photo.objects.count(), default_storage.listdir("photos")[1]) == (0, [])
    assert len(default_storage.listdir("uploads")[1]) == 2


def test_an_upload_that_is_read_in_is_removed(
    batch: StagingBatch, django_capture_on_commit_callbacks: Any
) -> None:
    assert len(default_storage.listdir("uploads")[1]) == 2

    with django_capture_on_commit_callbacks(execute=True):
        prepare_all()

    assert default_storage.listdir("uploads")[1] == []
    assert list(DiscardedFile.objects.all()) == []


# Told to end while it stages its first photo.
ENDING_WORKER = """
import django
django.setup()
from staging.batches import preparation
from staging.worker import stopping
record_job = preparation.record_job
def end(*plan, **more):
    stopping.begin()
    return record_job(*plan, **more)
preparation.record_job = end
preparation.prepare_waiting()
"""
# Still reading it when its grace period is over.
OVERDUE_WORKER = """
import os
import django
django.setup()
from staging.batches import preparation
from staging.worker import stopping
def end(*upload, **more):
    assert stopping.hand_back() == 1
    os._exit(0)
preparation.store_photo = end
preparation.prepare_waiting()
"""
BY_STATUS = "SELECT status, tries, COUNT(*) FROM staging_batchphoto GROUP BY 1, 2 ORDER BY 1, 2"


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_ends_begins_no_other_photo(batch: StagingBatch, tmp_path: Path) -> None:
    url = databases.of_this_test(tmp_path)

    assert run_workers(ENDING_WORKER, url=url) == [0]

    assert databases.read(url, BY_STATUS) == [("staged", 1, 1), ("waiting", 0, 1)]


@pytest.mark.django_db(transaction=True)
def test_a_worker_hands_back_the_photo_that_it_cannot_finish(
    batch: StagingBatch, tmp_path: Path
) -> None:
    url = databases.of_this_test(tmp_path)

    assert run_workers(OVERDUE_WORKER, url=url) == [0]
    run_workers(WORKER, url=url)

    assert databases.read(url, BY_STATUS) == [("staged", 1, 1), ("staged", 2, 1)]
