"""One photo's way from the request to its pictures, through each of the shipped models."""

from decimal import Decimal
from typing import Any

import pytest
from PIL import Image, ImageStat

from modelsettings.models import ReplicateModel
from staging.models import StagingJob
from tests.staging.conftest import (
    FLUX,
    QWEN,
    SEEDREAM,
    Ask,
    Sandbox,
    carry_out,
    only,
    opened,
    pictures,
    steps,
)


def price_of(slug: str) -> Decimal:
    model = ReplicateModel.objects.get(slug=slug)
    return Decimal(str(model.price[0]["usd"]))


def check_input(sandbox: Sandbox, job: StagingJob, **expected: Any) -> None:
    """Compare the one input that was bought with the job's, and with what the test knows of it."""
    prediction = only(job)
    (bought,) = sandbox.bought()
    assert bought["input"] == job.input_of(seed=prediction.seed, photo_url=prediction.photo_url)
    assert {**bought["input"], **expected} == bought["input"]
    assert prediction.photo_url.startswith(f"{sandbox.url}/v1/files/")


def test_walk_of_a_model_with_a_list_of_outputs(sandbox: Sandbox, ask: Ask) -> None:
    wanted = {"go_fast": False, "output_format": "png", "output_quality": 70, "seed": 7}

    job = carry_out(sandbox, ask(model=QWEN, overrides=wanted))

    check_input(sandbox, job, **wanted, prompt=job.prompt, image=only(job).photo_url)
    (picture,) = pictures(job)
    assert (job.status, picture.format, opened(picture).format) == ("succeeded", "png", "PNG")
    assert (only(job).cost, only(job).error, str(picture.file)[-4:]) == (
        price_of(QWEN), "", ".png",
    )  # fmt: skip
    assert steps(only(job)) == [
        ("", "queued", "olga"),
        ("queued", "submitting", "worker: submit"),
        ("submitting", "running", "worker: submit"),
        ("running", "collecting", "worker: poll"),
        ("collecting", "succeeded", "worker: collect"),
    ]


def test_walk_of_a_model_with_one_output_whose_format_restage_makes(
    sandbox: Sandbox, ask: Ask
) -> None:
    job = carry_out(sandbox, ask(model=FLUX, overrides={"output_format": "webp"}))

    # Nothing is compressed twice: the model is asked for its lossless format.
    check_input(sandbox, job, output_format="png", input_image=only(job).photo_url)
    (picture,) = pictures(job)
    assert (job.status, picture.format, opened(picture).format) == ("succeeded", "webp", "WEBP")
    assert only(job).cost == price_of(FLUX)


def test_walk_of_a_model_that_takes_a_list_of_images(sandbox: Sandbox, ask: Ask) -> None:
    wanted = {"size": "custom", "width": 1024, "height": 1024, "output_format": "jpg"}

    job = carry_out(sandbox, ask(model=SEEDREAM, overrides=wanted))

    check_input(sandbox, job, size="custom", width=1024, image_input=[only(job).photo_url])
    (picture,) = pictures(job)
    assert (job.status, picture.format, str(picture.file)[-4:]) == ("succeeded", "jpeg", ".jpg")


@pytest.mark.parametrize(("seed", "seeds"), [(41, [41, 42, 43]), (None, [None, None, None])])
def test_walk_of_several_outputs_buys_one_prediction_each(
    sandbox: Sandbox, ask: Ask, seed: int | None, seeds: list[int | None]
) -> None:
    job = carry_out(sandbox, ask(model=QWEN, overrides={"num_outputs": 3}, seed=seed))

    bought = sandbox.bought()
    assert sorted(one["input"].get("seed", 0) for one in bought) == sorted(s or 0 for s in seeds)
    # Each has an address of its own, by which a lost purchase is found.
    assert len({one["input"]["image"] for one in bought}) == 3
    assert list(job.predictions.values_list("seed", flat=True)) == seeds
    assert (job.status, len(pictures(job))) == ("succeeded", 3)


def test_walk_carries_out_aspect_ratio_and_disclosure(sandbox: Sandbox, ask: Ask) -> None:
    plain = carry_out(sandbox, ask(model=QWEN, overrides={"output_format": "png"}, seed=7))
    square = {"aspect_ratio": "1:1", "output_format": "png", "disclosure": "Virtually staged"}

    job = carry_out(sandbox, ask(model=QWEN, overrides=square, seed=7))

    before, after = opened(pictures(plain)[0]), opened(pictures(job)[0])
    assert (before.size, after.size) == ((300, 200), (200, 200))
    cropped = before.crop((50, 0, 250, 200))
    assert corner(after) != corner(cropped)
    assert after.crop((0, 0, 200, 100)).tobytes() == cropped.crop((0, 0, 200, 100)).tobytes()
    sent = [one["input"] for one in sandbox.bought()]
    assert all("aspect_ratio" not in one and "disclosure" not in one for one in sent)


def corner(picture: Image.Image) -> list[float]:
    return ImageStat.Stat(picture.crop((0, 170, 60, 200))).mean


def test_walk_marks_the_picture_as_generated(sandbox: Sandbox, ask: Ask) -> None:
    (picture,) = pictures(carry_out(sandbox, ask()))

    with picture.file.open("rb") as file:
        content = file.read()
    assert b"compositeWithTrainedAlgorithmicMedia" in content
    assert (picture.size, picture.width, picture.height) == (len(content), 300, 200)
