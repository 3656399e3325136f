"""What a purchase costs, about and at most: never more than is held, for every model we ship."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from modelsettings.actors import Actor
from modelsettings.catalog.shipped import ShippedModel, shipped_models
from modelsettings.model_schema import choose_schema
from modelsettings.models import ReplicateModel
from modelsettings.pricing import Quantities, cost_of
from modelsettings.registry import add_model
from modelsettings.schema import parameters
from modelsettings.schema.outputs import Asked
from modelsettings.schema.parameters import Tuning
from modelsettings.schema.published import PublishedModel
from staging.models import Photo, PriceEstimate, StagingJob
from staging.predictions import submission
from staging.spending.estimating import (
    cost_of_outputs,
    expected_cost,
    most_cost,
    typical_cost,
)
from tests.corpus import PUBLISHED
from tests.modelsettings.acme import published
from tests.staging.conftest import QWEN, Ask, Sandbox, carry_out, only
from tests.staging.limits import unprice

pytestmark = pytest.mark.django_db

FLEX = "black-forest-labs/flux-2-flex"
SCHEMAS = [model.schema for model in shipped_models().values()] + [
    choose_schema(document["latest_version"]["openapi_schema"], known={}, tuning=Tuning())
    for document in (json.loads(path.read_text()) for path in sorted(PUBLISHED.glob("*.json")))
]
PHOTOS = [(64, 64), (4000, 3000), (4096, 1024)]
PRICED = [slug for slug, model in shipped_models().items() if model.overlay.price]
# Prices of every unit, so that a model which is charged by the picture today is bounded by all.
BY_ALL_UNITS = [
    {"unit": "run", "usd": 0.01},
    {"unit": "image", "usd": 0.02},
    {"unit": "input_mp", "usd": 0.03},
    {"unit": "output_mp", "usd": 0.05},
]
# The sides of the largest pictures that are published for these sizes, whatever the ratio.
PUBLISHED_SIZES = {
    "1K": (384, 3072), "2K": (2304, 1856), "3K": (3072, 3072), "4K": (6336, 2688),
}  # fmt: skip


def job_of(
    model: ReplicateModel, chosen: Mapping[str, Any], *, photo: tuple[int, int] = (4000, 3000)
) -> StagingJob:
    """Return a job that is not stored, as `reserving` has one when it buys."""
    width, height = photo
    return StagingJob(model=model, settings=dict(chosen), photo=Photo(width=width, height=height))


def combinations(model: ShippedModel) -> Iterator[dict[str, Any]]:
    """Yield the defaults with every combination of what the price or a size depends on."""
    own = model.schema.parameters
    named = {name for entry in model.overlay.price for name in entry.get("when", {})}
    sizes = {"resolution", "size", "aspect_ratio", "sequential_image_generation", "quality"}
    ranges = {"width", "max_images", "number_of_images"}
    choices: dict[str, list[Any]] = {
        name: [None, *own[name].get("enum", (True, False))] for name in (named | sizes) & own.keys()
    }
    for name in ranges & own.keys():
        least, most = own[name].get("minimum", 1), own[name].get("maximum", 4096)
        choices[name] = [None, max(1, least), min(4096, most)]
    # A square stands for every ratio: `PUBLISHED_SIZES` are the largest of all of them.
    if "aspect_ratio" in choices:
        told = ("match_input_image", "1:1", "custom", "3840x2160", None)
        choices["aspect_ratio"] = [one for one in choices["aspect_ratio"] if one in told]
    usual = parameters.defaults(model.schema.settings)
    for values in product(*choices.values()):
        chosen = usual | dict(zip(choices, values, strict=True))
        yield {**chosen, "height": chosen["width"]} if "width" in own else chosen


def largest_picture(
    model: ShippedModel, chosen: Mapping[str, Any], *, photo: tuple[int, int]
) -> float:
    """Return the megapixels of the largest picture that these settings are known to make."""
    size = chosen.get("size") or chosen.get("resolution")
    sides = [chosen.get(name) for name in ("width", "height")]
    if "custom" in (size, chosen.get("aspect_ratio")):
        limits = [
            min(model.schema.parameters[name].get("maximum", 4096), 4096)
            for name in ("width", "height")
        ]
        wide, high = (side or limit for side, limit in zip(sides, limits, strict=True))
        # To the nearest multiple of 32.
        return float(round(wide / 32) * 32 * round(high / 32) * 32 / 1e6)
    if size in PUBLISHED_SIZES:
        wide, high = PUBLISHED_SIZES[size]
        return wide * high / 1e6
    if str(size).endswith("MP"):
        return min(float(str(size).split()[0]) * 1024 * 1024 * 1.09, 2048 * 2048) / 1e6
    if size == "match_input_image":
        return min(max(photo[0] * photo[1], 512 * 1024), 2048 * 2048) / 1e6
    if "x" in str(chosen.get("aspect_ratio")):
        wide, high = map(int, str(chosen["aspect_ratio"]).split("x"))
        return float(wide * high / 1e6)
    unset = {"resolution", "size"} & model.schema.parameters.keys()
    return 2048 * 2048 / 1e6 if unset or "flux" in model.slug else 1024 * 1024 / 1e6


def pictures_of(model: ShippedModel, chosen: Mapping[str, Any]) -> int:
    """Return how many pictures the model is known to make at most."""
    if "max_images" in model.schema.parameters:
        is_sequence = chosen["sequential_image_generation"] != "disabled"
        return (chosen["max_images"] or 15) if is_sequence else 1
    if "number_of_images" in model.schema.parameters:
        return chosen["number_of_images"] or 10
    return 1


def dearest(price: list[Any], chosen: Mapping[str, Any], quantities: Quantities) -> Decimal:
    """Return the cost under the dearest value of each parameter that is not set."""
    named: dict[str, set[Any]] = {}
    for entry in price:
        for name, value in entry.get("when", {}).items():
            named.setdefault(name, set()).add(value)
    unset = {name: values for name, values in named.items() if chosen.get(name) is None}
    costs = [
        cost_of(
            price,
            settings={**chosen, **dict(zip(unset, values, strict=True))},
            quantities=quantities,
        )
        for values in product(*unset.values())
    ]
    return max(cost for cost in costs if cost is not None)


@pytest.fixture
def flex() -> ReplicateModel:
    return ReplicateModel.objects.get(slug=FLEX)


@pytest.mark.parametrize("is_by_all_units", [False, True])
@pytest.mark.parametrize("slug", PRICED)
def test_held_is_never_less_than_the_cost(slug: str, is_by_all_units: bool) -> None:
    shipped, model = shipped_models()[slug], ReplicateModel.objects.get(slug=slug)
    model.price = BY_ALL_UNITS if is_by_all_units else model.price
    too_little = []
    for photo, chosen in product(PHOTOS, combinations(shipped)):
        held = most_cost(job_of(model, chosen, photo=photo))
        pictures = pictures_of(shipped, chosen)
        quantities = Quantities(
            images=pictures,
            input_megapixels=photo[0] * photo[1] / 1e6,
            output_megapixels=pictures * largest_picture(shipped, chosen, photo=photo),
        )
        cost = dearest(model.price, chosen, quantities)
        if held is None or held < cost:
            too_little.append((photo, chosen, held, cost))

    assert too_little == []


def test_held_for_a_tiny_photo_and_a_large_picture(flex: ReplicateModel) -> None:
    """The finding: $0.0005 was reserved for what costs $0.24 and more."""
    chosen = {"resolution": "4 MP", "aspect_ratio": "1:1"}

    held = most_cost(job_of(flex, chosen, photo=(64, 64)))

    assert held == Decimal("0.311659")


def test_held_for_a_large_photo_and_a_small_picture(flex: ReplicateModel) -> None:
    """The finding: 12 megapixels of picture were reserved beside those of the photo."""
    chosen = {"resolution": "1 MP", "aspect_ratio": "match_input_image"}
    job = job_of(flex, chosen)

    about, held = expected_cost(job), most_cost(job)

    assert (about, held) == (Decimal("0.78291456"), Decimal("0.790779"))


def test_held_under_a_choice_that_the_model_makes() -> None:
    model = ReplicateModel.objects.get(slug="google/nano-banana-2")

    held = [most_cost(job_of(model, {"resolution": size})) for size in ("1K", "4K", None)]

    assert held == [Decimal("0.067"), Decimal("0.151"), Decimal("0.151")]


@pytest.mark.parametrize(
    ("sequential", "held"), [("disabled", "0.03"), ("auto", "0.12"), (None, "0.12")]
)
def test_held_for_a_sequence(sequential: str | None, held: str) -> None:
    model = ReplicateModel.objects.get(slug="bytedance/seedream-4")
    chosen = {"sequential_image_generation": sequential, "max_images": 4}

    assert most_cost(job_of(model, chosen)) == Decimal(held)


def test_held_is_an_amount_that_can_be_stored(flex: ReplicateModel) -> None:
    flex.price = [{"unit": "run", "usd": 1e9}]

    assert most_cost(job_of(flex, {})) == Decimal("9999.999999")


@pytest.mark.parametrize("cost", [expected_cost, most_cost])
def test_price_by_the_second_is_the_operators_estimate(flex: ReplicateModel, cost: Any) -> None:
    flex.price = [{"unit": "run", "usd": 1}, {"unit": "second", "usd": 0.001}]
    assert cost(job_of(flex, {})) is None

    PriceEstimate.objects.create(model=flex, usd=Decimal("0.2"))

    assert cost(job_of(flex, {})) == Decimal("0.2")


def drawn(prop: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Draw a value that a parameter may have, or none."""
    if choices := prop.get("enum"):
        return st.sampled_from([None, *choices])
    if prop.get("type") == "boolean":
        return st.sampled_from([None, True, False])
    if prop.get("type") in ("integer", "number"):
        least, most = int(prop.get("minimum", 0)), int(prop.get("maximum", 2**53))
        return st.none() | st.integers(least, max(least, most))
    return st.none() | st.text(max_size=8)


@tries(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_held_is_never_less_than_the_expected_cost(data: st.DataObject) -> None:
    """Under any settings, of models that we ship and of sixty others, at any price."""
    schema = data.draw(st.sampled_from(SCHEMAS), label="schema")
    chosen = {name: data.draw(drawn(prop), label=name) for name, prop in schema.parameters.items()}
    photo = data.draw(st.tuples(st.integers(16, 4096), st.integers(16, 4096)), label="photo")
    own = {name: prop for name, prop in schema.parameters.items() if "x-applied-by" not in prop}
    asked = Asked(parameters=own, settings=chosen, photo=photo, makes_many=schema.makes_many)
    unset = data.draw(st.sampled_from(["", *chosen]), label="unset")
    less = Asked(
        parameters=own,
        settings={**chosen, unset: None},
        photo=photo,
        makes_many=schema.makes_many,
    )

    assert asked.pictures[0] <= asked.pictures[1]
    assert asked.megapixels[0] <= asked.megapixels[1]
    if own.get(unset, {}).get("type") not in ("integer", "number", "string"):
        # A choice that is left to the model holds the most of all choices.
        assert less.megapixels[1] >= asked.megapixels[1]


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"resolution": "4 MP", "aspect_ratio": "1:1"},
        {"resolution": "1 MP", "aspect_ratio": "16:9"},
        {"resolution": "match_input_image"},
        {"aspect_ratio": "custom", "width": 2048, "height": 1000},
        {"aspect_ratio": "1:1", "width": 2048, "height": 2048},
    ],
    ids=str,
)
def test_pictures_that_are_made_cost_no_more_than_was_held(
    sandbox: Sandbox, ask: Ask, chosen: dict[str, Any]
) -> None:
    job = ask(model=FLEX, overrides=chosen)
    submission.submit_waiting()
    held = only(job).reserved

    job = carry_out(sandbox, job)

    cost = only(job).cost
    assert job.status == "succeeded"
    assert Decimal("0.007") < (cost or 0) <= (held or 0)


def test_typical_cost_is_of_a_photo_of_twelve_megapixels_and_one_picture() -> None:
    model = ReplicateModel.objects.get(slug="black-forest-labs/flux-2-max")
    chosen = {"resolution": "2 MP", "aspect_ratio": "1:1"}

    cost = typical_cost(model, settings=chosen)

    assert cost == Decimal("0.04") + Decimal("0.03") * (12 + Decimal(2 * 1024 * 1024) / 10**6)


def test_typical_cost_is_of_one_picture_of_several() -> None:
    model = ReplicateModel.objects.get(slug="openai/gpt-image-2")

    cost = typical_cost(model, settings={"number_of_images": 4, "quality": "low"})

    assert cost == Decimal("0.012")


def test_typical_cost_depends_on_the_settings() -> None:
    model = ReplicateModel.objects.get(slug="google/nano-banana-2")

    costs = [typical_cost(model, settings={"resolution": name}) for name in ("1K", "4K")]
    assert costs == [Decimal("0.067"), Decimal("0.151")]


def test_typical_cost_of_a_model_without_a_price_is_its_estimate() -> None:
    model = unprice()
    assert typical_cost(model, settings={}) is None

    PriceEstimate.objects.create(model=model, usd=Decimal("0.2"))

    assert (model.slug, typical_cost(model, settings={})) == (QWEN, Decimal("0.2"))


def test_images_whose_size_is_unknown() -> None:
    """`loras` stands for any input that takes further addresses."""
    model = add_model(PublishedModel.from_json(published()), by=Actor("ann"))
    model.price = [{"unit": "input_mp", "usd": 0.01}]
    photo = Photo(width=4000, height=3000)
    alone, beside = (
        StagingJob(model=model, photo=photo, settings={"loras": images})
        for images in ([], ["https://example.com/a.png"])
    )

    assert [most_cost(job) for job in (alone, beside)] == [Decimal("0.12"), Decimal("0.62")]
    costs = [cost_of_outputs(job, images=1, seconds=None) for job in (alone, beside)]
    assert costs == [Decimal("0.12"), None]
