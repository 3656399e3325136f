"""The number and the size of the pictures that settings ask a model for."""

from typing import Any

import pytest

from modelsettings.schema.outputs import Asked

MP = 1024 * 1024 / 1e6
LARGEST = 4096 * 4096 / 1e6
SIZES = {"enum": ["1K", "2K", "4K", "custom"], "default": "2K"}
RESOLUTIONS = {"enum": ["match_input_image", "0.5 MP", "1 MP", "4 MP"], "default": "1 MP"}
SIDE = {"type": "integer", "minimum": 256, "maximum": 2048}
RATIOS = {"enum": ["1:1", "16:9", "custom"], "default": "1:1"}
SAME = {"resolution": "match_input_image", "aspect_ratio": "1:1"}
SEEDREAM = {"size": SIZES, "width": SIDE, "height": SIDE}
FLUX = {"resolution": RESOLUTIONS, "aspect_ratio": RATIOS, "width": SIDE, "height": SIDE}


def asked(parameters: dict[str, Any], chosen: dict[str, Any], **more: Any) -> Asked:
    usual: dict[str, Any] = {"photo": (4000, 3000), "makes_many": True}
    return Asked(parameters=parameters, settings=chosen, **{**usual, **more})


@pytest.mark.parametrize(
    ("parameters", "chosen", "about", "most"),
    [
        # By its name; an eighth more for sizes of their own.
        (FLUX, {"resolution": "1 MP", "aspect_ratio": "1:1"}, MP, 1.125 * MP),
        (FLUX, {"resolution": "4 MP", "aspect_ratio": "16:9"}, 4 * MP, 4.5 * MP),
        (SEEDREAM, {"size": "4K"}, 16 * MP, 18 * MP),
        ({"megapixels": {"enum": ["1", "0.25"]}}, {"megapixels": "0.25"}, MP / 4, 1.0),
        ({"output_megapixels": {}}, {"output_megapixels": 2}, 2 * MP, 2.25 * MP),
        # By the photo, which is no picture of less than a megapixel.
        (FLUX, SAME, 12.0, 4032 * 3008 / 1e6),
        # By exact sides, rounded up.
        (FLUX, {"aspect_ratio": "custom", "width": 1000, "height": 2000}, 2.0, 1024 * 2048 / 1e6),
        (SEEDREAM, {"size": "custom", "width": 2048, "height": 2048}, 4 * MP, 4 * MP),
        (SEEDREAM, {"size": "2K", "width": 256, "height": 256}, 4 * MP, 4.5 * MP),
        ({"aspect_ratio": {}}, {"aspect_ratio": "1536x1024"}, 1.5 * MP, 1.5 * MP),
        # A custom size without its sides may be the largest.
        (FLUX, {"aspect_ratio": "custom", "width": None}, MP, 4 * MP),
        # By one side.
        ({"resolution": {}}, {"resolution": 1024}, MP, 1.125 * 21 / 9 * MP),
        # What is not set may be any of its choices.
        (SEEDREAM, {}, 4 * MP, 18 * MP),
        (FLUX, {"aspect_ratio": "1:1"}, MP, 12.128256),
        ({"aspect_ratio": RATIOS, "width": SIDE, "height": SIDE}, {}, MP, 12.128256),
        # A width and a height beside which nothing tells whether they count.
        ({"width": SIDE, "height": SIDE}, {"width": 512, "height": 512}, 12.0, 12.128256),
        # Enlarged.
        ({"scale_factor": {}}, {"scale_factor": 2}, 48.0, 4 * 12.128256),
        ({"scale": {"description": "Guidance scale."}}, {"scale": 9}, MP, LARGEST),
        # A word that tells nothing, and no word at all.
        ({"size": {"enum": ["small", "big"]}}, {"size": "big"}, MP, LARGEST),
        ({}, {}, MP, LARGEST),
    ],
)
def test_megapixels(
    parameters: dict[str, Any], chosen: dict[str, Any], about: float, most: float
) -> None:
    assert asked(parameters, chosen).megapixels == pytest.approx((about, most))


@pytest.mark.parametrize(
    ("chosen", "most"),
    [
        ({"resolution": "4 MP"}, 4 * MP),
        ({"resolution": "match_input_image"}, 4 * MP),
        ({}, 4 * MP),
        ({"aspect_ratio": "custom", "width": 2048, "height": 2048}, 4 * MP),
    ],
    ids=str,
)
def test_megapixels_of_a_model_whose_largest_picture_is_known(
    chosen: dict[str, Any], most: float
) -> None:
    assert asked(FLUX, chosen, largest=(2048, 2048)).megapixels[1] == pytest.approx(most)


def test_megapixels_that_follow_a_tiny_photo() -> None:
    tiny = asked(FLUX, SAME, photo=(64, 64))

    assert tiny.megapixels == pytest.approx((64 * 64 / 1e6, MP))


@pytest.mark.parametrize(
    "chosen",
    [
        {"aspect_ratio": "custom", "width": 2**53, "height": 2**53},
        {"resolution": "9" * 400 + " MP"},
        {"resolution": 10**400},
        {"upscale_factor": 1e300},
        {"num_outputs": 10**400},
        {"resolution": {"side": [1]}, "aspect_ratio": True, "width": "wide"},
    ],
    ids=lambda chosen: next(iter(chosen)),
)
def test_megapixels_and_pictures_of_settings_that_no_model_would_take(
    chosen: dict[str, Any],
) -> None:
    parameters = {**FLUX, "upscale_factor": {}, "num_outputs": {}}

    strange = asked(parameters, chosen)

    assert strange.megapixels[0] <= strange.megapixels[1] < 1e6
    assert strange.pictures[0] <= strange.pictures[1] <= 1000


@pytest.mark.parametrize(
    ("parameters", "chosen", "pictures"),
    [
        ({}, {}, (1, 1)),
        ({"num_outputs": {"maximum": 4}}, {"num_outputs": 3}, (3, 3)),
        ({"number_of_images": {"maximum": 10, "default": 2}}, {}, (2, 10)),
        ({"batch_size": {"enum": [1, 2, 4]}, "num_images": {}}, {"num_images": 3}, (3, 12)),
        ({"num_inference_steps": {"maximum": 50}}, {"num_inference_steps": 50}, (1, 1)),
        ({"num_outputs": {"maximum": 2**53 - 1}}, {}, (1, 1)),
    ],
    ids=str,
)
def test_pictures(
    parameters: dict[str, Any], chosen: dict[str, Any], pictures: tuple[int, int]
) -> None:
    assert asked(parameters, chosen).pictures == pictures


@pytest.mark.parametrize(
    ("sequential", "pictures"), [("auto", (7, 7)), ("disabled", (1, 1)), (None, (7, 7))]
)
def test_pictures_of_a_sequence(sequential: str | None, pictures: tuple[int, int]) -> None:
    parameters = {"max_images": {"maximum": 15}, "sequential_image_generation": {}}
    chosen = {"max_images": 7, "sequential_image_generation": sequential}

    assert asked(parameters, chosen).pictures == pictures


def test_pictures_of_a_model_that_answers_with_one() -> None:
    one = asked({"num_outputs": {"maximum": 4}}, {"num_outputs": 4}, makes_many=False)

    assert one.pictures == (1, 1)


def test_other_images() -> None:
    address = {"type": "string", "format": "uri"}
    parameters = {"mask": address, "styles": {"type": "array", "items": address}, "note": {}}
    chosen = {"mask": "https://a.example/1", "styles": ["https://a.example/2"] * 2, "note": "x"}

    assert asked(parameters, chosen).other_images == 3
