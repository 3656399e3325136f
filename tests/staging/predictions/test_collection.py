"""How outputs become pictures, and what becomes of those that cannot."""

import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from modelsettings.models import ReplicateModel
from replicate_api import errors
from staging import images
from staging.models import Prediction, StagedImage, StagingJob
from staging.predictions import collection, polling, submission
from tests.modelsettings.rows import save_row
from tests.staging.conftest import (
    QWEN,
    Ask,
    Sandbox,
    carry_out,
    only,
    opened,
    pass_time,
    pictures,
)


def collect_with(sandbox: Sandbox, ask: Ask, **fault: Any) -> StagingJob:
    """Return a job whose output suffers a fault, after its first collection."""
    sandbox.misbehave("create", **fault)
    job = ask()
    submission.submit_waiting()
    sandbox.finish()
    pass_time(job, seconds=1)
    polling.poll_running()
    collection.collect_waiting()
    return job


def stored_files() -> list[str]:
    """Return the names of all pictures in the storage."""
    if not default_storage.exists("pictures"):
        return []
    folders, _ = default_storage.listdir("pictures")
    return sorted(name for one in folders for name in default_storage.listdir(f"pictures/{one}")[1])


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"do": "missing_output"}, "outputs_gone"),
        ({"do": "foreign_output"}, "output_refused"),
        ({"do": "redirect_output", "address": "https://example.com/a.png"}, "output_refused"),
        ({"do": "huge_output", "size": 101 * 2**20}, "output_refused"),
    ],
    ids=str,
)
def test_collect_gives_up_what_it_cannot_have(
    sandbox: Sandbox, ask: Ask, fault: dict[str, Any], code: str
) -> None:
    job = collect_with(sandbox, ask, **fault)

    assert (only(job).status, only(job).error_code) == ("failed", code)
    assert (pictures(job), stored_files()) == ([], [])


@pytest.mark.parametrize("deed", ["broken_output", "html_output"])
def test_collect_of_a_broken_picture_is_tried_three_times(
    sandbox: Sandbox, ask: Ask, deed: str
) -> None:
    job = collect_with(sandbox, ask, do=deed)
    assert (only(job).status, only(job).tries) == ("collecting", 1)

    for _ in range(5):
        pass_time(job, seconds=600)
        collection.collect_waiting()

    assert (only(job).status, only(job).error_code) == ("failed", "bad_output")
    assert (sandbox.requests()["download"], stored_files()) == (3, [])


@pytest.mark.parametrize(("status", "code"), [(503, "no_answer"), (403, "refused")])
def test_collect_is_given_up_once_its_outputs_are_gone(
    collecting: Prediction, sandbox: Sandbox, status: int, code: str
) -> None:
    sandbox.misbehave("download", "status", status=status, times=0)

    for _ in range(11):
        collection.collect_waiting()
        pass_time(collecting.job, seconds=300)
    assert only(collecting.job).status == "collecting"

    for _ in range(2):
        collection.collect_waiting()
        pass_time(collecting.job, seconds=300)
    prediction = only(collecting.job)
    assert (prediction.status, prediction.error_code) == ("failed", code)
    assert (prediction.error[:20], sandbox.requests()["download"]) == ("Given up after 12 tr", 12)


@pytest.mark.parametrize(
    "fault",
    [{"do": "drop"}, {"do": "truncate"}, {"do": "status"}, {"do": "status", "status": 403}],
    ids=str,
)
def test_collect_outlives_a_failed_download(
    collecting: Prediction, sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    sandbox.misbehave("download", **fault)
    collection.collect_waiting()
    assert (only(collecting.job).status, only(collecting.job).tries) == ("collecting", 1)

    pass_time(collecting.job, seconds=600)
    collection.collect_waiting()

    assert only(collecting.job).status == "succeeded"


def test_collect_counts_broken_pictures_apart_from_failed_calls(sandbox: Sandbox, ask: Ask) -> None:
    sandbox.misbehave("download", "status", status=503, times=2)
    job = collect_with(sandbox, ask, do="broken_output")
    states = []

    for _ in range(4):
        pass_time(job, seconds=600)
        collection.collect_waiting()
        states.append((only(job).status, only(job).broken_downloads))

    assert states == [("collecting", 0), ("collecting", 1), ("collecting", 2), ("failed", 2)]
    assert only(job).error_code == "bad_output"


def test_collect_counts_broken_pictures_whatever_is_said_of_them(
    sandbox: Sandbox, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each download is broken in another place, and its refusal says so."""
    words = (f"Broken, {number}." for number in range(99))
    told = images.PictureRefused.__str__
    monkeypatch.setattr(images.PictureRefused, "__str__", lambda error: next(words) + told(error))
    job = collect_with(sandbox, ask, do="broken_output")

    for _ in range(5):
        pass_time(job, seconds=600)
        collection.collect_waiting()

    assert (only(job).status, only(job).error_code) == ("failed", "bad_output")
    assert sandbox.requests()["download"] == 3


def test_collect_takes_no_failed_call_for_a_broken_picture_whatever_it_says(
    sandbox: Sandbox, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images.PictureRefused, "__str__", lambda _: "It failed.")
    monkeypatch.setattr(errors.ReplicateError, "__str__", lambda _: "It failed.")
    sandbox.misbehave("download", "status", status=503, times=2)
    job = collect_with(sandbox, ask, do="broken_output")

    for _ in range(2):
        pass_time(job, seconds=600)
        collection.collect_waiting()

    assert (only(job).status, only(job).tries, only(job).broken_downloads) == ("collecting", 3, 1)


def test_collect_twice_stores_once(collecting: Prediction) -> None:
    late = only(collecting.job)
    assert Prediction.objects.claim(late)
    pass_time(collecting.job, seconds=3.1)
    collection.collect_waiting()
    files = stored_files()

    collection.collect(late)

    assert only(collecting.job).status == "succeeded"
    assert (StagedImage.objects.count(), stored_files()) == (1, files)
    assert len(files) == 2


def test_collect_replaces_a_file_that_was_written_in_part(collecting: Prediction) -> None:
    folder = Path(default_storage.path(f"pictures/{collecting.pk}"))
    collection.collect_waiting()
    whole = {file.name: file.read_bytes() for file in folder.iterdir()}
    # As after a kill between the file and the row.
    StagedImage.objects.all().delete()
    Prediction.objects.update(status="collecting")
    for name in whole:
        (folder / name).write_bytes(b"RIFF")

    collection.collect_waiting()

    assert {file.name: file.read_bytes() for file in folder.iterdir()} == whole
    assert only(collecting.job).status == "succeeded"


@pytest.mark.parametrize(
    ("wanted", "encoding", "extension"),
    [("png", "PNG", ".png"), ("webp", "WEBP", ".webp"), ("jpg", "JPEG", ".jpg")],
)
def test_collect_stores_under_the_right_extension(
    sandbox: Sandbox, ask: Ask, wanted: str, encoding: str, extension: str
) -> None:
    job = ask(overrides={"output_format": wanted})
    submission.submit_waiting()
    sandbox.finish()
    pass_time(job, seconds=1)
    polling.poll_running()
    collection.collect_waiting()

    (picture,) = pictures(job)
    with picture.thumbnail.open("rb") as file:
        thumbnail = Image.open(io.BytesIO(file.read()))
    assert (opened(picture).format, str(picture.file).endswith(extension)) == (encoding, True)
    assert (thumbnail.format, thumbnail.size) == ("WEBP", (300, 200))
    assert str(picture.file).startswith(f"pictures/{only(job).pk}/0-")


def test_cost_is_of_the_picture_that_was_made_whatever_is_cropped_of_it(
    sandbox: Sandbox, ask: Ask
) -> None:
    model = ReplicateModel.objects.get(slug=QWEN)
    model.price = [{"unit": "output_mp", "usd": 1}]
    save_row(model)

    job = carry_out(sandbox, ask(model=QWEN, overrides={"aspect_ratio": "1:1"}))

    (picture,) = pictures(job)
    assert (picture.width, picture.height) == (200, 200)
    assert only(job).cost == Decimal(300 * 200) / 10**6


def test_collect_of_what_cannot_be_stored_is_tried_again(
    collecting: Prediction, settings: Any
) -> None:
    settings.MEDIA_ROOT.joinpath("pictures").write_text("a file where a folder should be")

    with pytest.raises(OSError, match="pictures"):
        collection.collect_waiting()

    prediction = only(collecting.job)
    assert (prediction.status, prediction.tries) == ("collecting", 1)
    settings.MEDIA_ROOT.joinpath("pictures").unlink()
    pass_time(collecting.job, seconds=600)
    collection.collect_waiting()
    assert only(collecting.job).status == "succeeded"
