"""The shipped catalogue: as the facts say, in the published shape, its overlay fitting."""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from modelsettings import catalog, pricing
from modelsettings.catalog.shipped import ShippedModel, shipped_models
from modelsettings.pricing import Quantities, cost_of
from modelsettings.schema import delivery, parameters, published
from modelsettings.schema.delivery import DELIVERY_PARAMETERS
from modelsettings.schema.validation import SettingsValidator
from staging.prompts import read_shipped
from tests.corpus import CATALOGUE_FACTS
from tests.processes import CATALOG

OVERLAY: dict[str, dict[str, Any]] = tomllib.loads((CATALOG / "overlay.toml").read_text())
DOCUMENTS: dict[str, dict[str, Any]] = {
    f"{one['owner']}/{one['name']}": one for one in catalog.published_files()
}
SLUGS = sorted(DOCUMENTS)
OVERLAY_KEYS = {
    "label", "order", "default_for_staging", "price", "largest", "roles", "rooms", "styles",
    "secrets", "native", "defaults", "notes",
}  # fmt: skip
# What a model may call a thing that is a delivery parameter, in the schemas that are known.
NAMES_OF_CONCEPTS = {
    "num_outputs": {"num_outputs", "number_of_images", "max_images", "num_images", "n", "samples"},
    "output_format": {"output_format", "format", "image_format", "file_format"},
    "output_quality": {"output_quality", "output_compression", "jpeg_quality", "compression"},
    "aspect_ratio": {"aspect_ratio", "ratio"},
}


@pytest.fixture(scope="session")
def facts() -> dict[str, dict[str, Any]]:
    """What is known of each model, by its slug: tests/corpus/README.md has the sources."""
    known: dict[str, dict[str, Any]] = json.loads(CATALOGUE_FACTS.read_text())
    return known


@pytest.fixture(params=SLUGS)
def model(request: pytest.FixtureRequest) -> ShippedModel:
    return shipped_models()[request.param]


def published_terms(prop: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decides about a value: type, bounds, choices, default."""
    keys = ("type", "default", "minimum", "maximum", "enum", "items")
    return {
        **{key: prop[key] for key in keys if key in prop},
        "is_address": published.is_address(prop),
        "nullable": bool(prop.get("nullable") or prop.get("x-nullable")),
    }


def price_of_facts(price: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a price of the facts as the overlay writes it."""
    usd, unit = price.get("usd"), price.get("unit") or ""
    if not usd:
        return []
    if not isinstance(usd, dict):
        return [{"unit": {"output image": "image", "run": "run"}[unit], "usd": usd}]
    if by := re.fullmatch(r"output image, by (\w+)", unit):
        return [{"unit": "image", "usd": one, "when": {by[1]: key}} for key, one in usd.items()]
    if "go_fast_megapixel" in usd:
        return [
            {"unit": unit, "usd": usd[key], "when": {"go_fast": is_fast}}
            for key, is_fast in (("go_fast_megapixel", True), ("megapixel", False))
            for unit in ("input_mp", "output_mp")
        ]
    units = {"run": "run", "input_megapixel": "input_mp", "output_megapixel": "output_mp"}
    return [{"unit": units[key], "usd": one} for key, one in usd.items()]


def test_catalog_has_every_model_whose_schema_is_known(facts: dict[str, Any]) -> None:
    assert sorted(facts) == SLUGS


def test_inputs_are_those_of_the_facts(model: ShippedModel, facts: dict[str, Any]) -> None:
    known = facts[model.slug]["input"]

    found = {name: published_terms(prop) for name, prop in model.schema.inputs.items()}

    assert found == {name: published_terms(prop) for name, prop in known.items()}
    assert sorted(model.schema.flat["required"]) == sorted(facts[model.slug]["required"])
    assert set(model.schema.secrets) == {name for name, prop in known.items() if prop.get("secret")}


def test_inputs_stand_in_the_published_order(model: ShippedModel, facts: dict[str, Any]) -> None:
    known = facts[model.slug]["input"]
    placed = {name: prop["x_order"] for name, prop in known.items() if prop["x_order"] is not None}

    assert [name for name in model.schema.inputs if name in placed] == sorted(
        placed, key=lambda name: placed[name]
    )


def test_output_is_that_of_the_facts(model: ShippedModel, facts: dict[str, Any]) -> None:
    output = dict(model.published.openapi["components"]["schemas"]["Output"])

    assert output.pop("title") == "Output"
    assert output == facts[model.slug]["output"]


def test_price_is_that_of_the_facts(model: ShippedModel, facts: dict[str, Any]) -> None:
    price = [dict(entry) for entry in model.overlay.price]

    assert price == price_of_facts(facts[model.slug]["price"])


def test_version_is_whole_and_known_or_unsaid(model: ShippedModel, facts: dict[str, Any]) -> None:
    version, known = model.published.version, facts[model.slug]["versions"]

    assert version in known or not version
    assert re.fullmatch(r"[0-9a-f]{64}|", version)
    assert model.published.is_official == (facts[model.slug]["model_kind"] == "official")


@pytest.mark.parametrize("slug", SLUGS)
def test_file_has_the_published_shape(slug: str) -> None:
    document = DOCUMENTS[slug]

    assert document.keys() == {
        "url", "owner", "name", "description", "visibility", "is_official", "x-restage-source",
        "latest_version",
    }  # fmt: skip
    assert document["x-restage-source"] == "reconstructed"
    assert document["url"] == f"https://replicate.com/{slug}"
    assert document["latest_version"].keys() == {"id", "created_at", "openapi_schema"}
    assert (CATALOG / f"{slug.replace('/', '_')}.json").exists()


@pytest.mark.parametrize("slug", SLUGS)
def test_schema_refers_to_nothing_that_is_missing_and_holds_nothing_unused(slug: str) -> None:
    schemas = DOCUMENTS[slug]["latest_version"]["openapi_schema"]["components"]["schemas"]
    referred = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(schemas)))

    assert referred == schemas.keys() - {"Input", "Output"}


def test_overlay_is_of_shipped_models() -> None:
    assert sorted(OVERLAY) == SLUGS
    assert [slug for slug, one in OVERLAY.items() if one.get("default_for_staging")] == [
        "qwen/qwen-image-edit"
    ]


@pytest.mark.parametrize("key", ["label", "order"])
def test_overlay_says_each_label_and_order_once(key: str) -> None:
    counted = Counter(table[key] for table in OVERLAY.values())

    assert [value for value, count in counted.items() if count > 1] == []


def test_overlay_names_inputs_that_exist(model: ShippedModel) -> None:
    table, inputs = OVERLAY[model.slug], model.schema.inputs

    assert table.keys() <= OVERLAY_KEYS
    assert set(table.get("native", {})) <= DELIVERY_PARAMETERS.keys()
    assert set(table.get("native", {}).values()) <= model.schema.parameters.keys()
    assert set(table.get("notes", {})) <= model.schema.parameters.keys()
    assert set(table.get("defaults", {})) <= model.schema.parameters.keys()
    assert set(table.get("roles", {})) <= {"image", "prompt", "room", "style"}
    assert set(table.get("roles", {}).values()) <= inputs.keys()
    assert set(table.get("secrets", {})) == set(model.schema.secrets)


def test_overlay_maps_our_words_to_choices_of_the_model(model: ShippedModel) -> None:
    for role, table, ours in (
        ("room", model.overlay.rooms, read_shipped().rooms),
        ("style", model.overlay.styles, read_shipped().styles),
    ):
        assert bool(table) == (role in model.schema.roles)
        if table:
            assert set(table) <= set(ours)
            assert set(table.values()) <= set(model.schema.inputs[model.schema.roles[role]]["enum"])


def test_overlay_knows_every_style_of_ours(model: ShippedModel) -> None:
    if "style" in model.schema.roles:
        assert set(model.overlay.styles) == set(read_shipped().styles)


def test_secrets_never_come_from_our_own_token(model: ShippedModel) -> None:
    assert "REPLICATE_API_TOKEN" not in model.overlay.secrets.values()
    assert set(model.overlay.secrets.values()) <= catalog.secret_variables()
    assert not set(model.schema.secrets) & model.schema.parameters.keys()


def test_price_can_be_worked_out_from_the_defaults(model: ShippedModel) -> None:
    price = list(model.overlay.price)
    cost = cost_of(
        price,
        settings=parameters.defaults(model.schema.settings),
        quantities=Quantities(images=1, input_megapixels=1, output_megapixels=1),
    )

    assert pricing.find_fault(price) is None
    assert (cost is None) == (not price)


def test_price_knows_every_choice_that_it_depends_on(model: ShippedModel) -> None:
    conditions = [entry.get("when", {}) for entry in model.overlay.price]
    for name in {name for condition in conditions for name in condition}:
        prop = model.schema.parameters[name]
        choices = prop.get("enum") or [True, False]
        assert {condition[name] for condition in conditions} == set(choices)


def test_defaults_are_valid(model: ShippedModel) -> None:
    document = SettingsValidator(model.schema.settings).clean({})

    assert document == parameters.defaults(model.schema.settings)
    assert list(document) == [
        name for name, prop in model.schema.parameters.items() if "default" in prop
    ]


def test_published_defaults_are_ours_but_for_those_of_the_overlay(model: ShippedModel) -> None:
    # Seedream's quality is Restage's own: the earlier system stored 95. FLUX.2 publishes squares.
    changed = {
        name: default
        for name, default in model.overlay.tuning.defaults.items()
        if default != model.schema.inputs.get(name, {}).get("default")
    }

    assert changed in ({}, {"output_quality": 95}, {"aspect_ratio": "match_input_image"})
    assert ("aspect_ratio" in changed) == model.slug.startswith("black-forest-labs/flux-2-")
    assert ("output_quality" not in changed) or delivery.is_ours(
        model.schema.settings, "output_quality"
    )


@pytest.mark.parametrize("concept", NAMES_OF_CONCEPTS)
def test_one_knob_for_each_delivery_parameter(model: ShippedModel, concept: str) -> None:
    native = model.overlay.tuning.native.get(concept)
    names = NAMES_OF_CONCEPTS[concept] | {native or concept}

    knobs = names & model.schema.parameters.keys()

    assert knobs == {native or concept}


def test_disclosure_is_on_every_model(model: ShippedModel) -> None:
    assert delivery.is_ours(model.schema.settings, "disclosure")
