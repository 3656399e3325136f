"""The published schemas of 62 real models, each through everything that a schema meets."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelsettings import registry
from modelsettings.actors import Actor
from modelsettings.models import ReplicateModel
from modelsettings.schema import delivery, flattening, parameters, published
from modelsettings.schema.flattening import JSON
from modelsettings.schema.form_schema import form_document, form_schema, read_form
from modelsettings.schema.parameters import Tuning, settings_schema
from modelsettings.schema.published import PublishedModel
from modelsettings.schema.roles import find_roles
from modelsettings.schema.validation import SettingsValidator
from modelsettings.settings import get_settings, update_settings
from tests.modelsettings.widget import submit

# Decided by reading the 62 schemas: the file inputs that are not the photo to be edited, …
NOT_THE_PHOTO = {
    "mask", "mask_img", "ip_image", "garm_img", "control_image", "canny_control_image",
    "style_image", "swap_image", "input_audio", "speaker", "input_file", "name_file",
    "custom_history_prompt", "song_input",
}  # fmt: skip
# … and the texts that say what to make.
PROMPTS = {"prompt", "a_prompt", "input_text", "text"}


def models(corpus: list[Path]) -> Iterator[PublishedModel]:
    for path in corpus:
        yield PublishedModel.from_json(json.loads(path.read_text()))


def inputs_of(model: PublishedModel) -> JSON:
    inputs: JSON = model.openapi["components"]["schemas"]["Input"]["properties"]
    return inputs


def schema_of(model: PublishedModel) -> JSON:
    flat = flattening.flatten(model.openapi)
    makes_pictures = published.makes_pictures(model.openapi)
    return settings_schema(
        flat, roles=find_roles(flat), makes_pictures=makes_pictures, tuning=Tuning()
    )


def documents(schema: JSON) -> Iterator[JSON]:
    """Yield the defaults, and documents in which every parameter has an unusual value."""
    yield parameters.defaults(schema)
    odd: dict[str, Any] = {"string": "x", "integer": 1, "number": 0.1, "boolean": False}
    properties = schema["properties"].items()
    yield {
        name: prop["enum"][-1] if prop.get("enum") else prop.get("maximum", odd[prop["type"]])
        for name, prop in properties
        if prop["type"] != "array"
    }
    yield parameters.defaults(schema) | {
        name: "left the enum" for name, prop in properties if "enum" in prop
    }


def test_corpus_is_whole(corpus: list[Path]) -> None:
    assert len(corpus) == 62


def test_flatten_reads_every_model(corpus: list[Path]) -> None:
    for model in models(corpus):
        inputs = inputs_of(model)
        flat = flattening.flatten(model.openapi)["properties"]

        by_order = sorted(inputs, key=lambda name, of=inputs: of[name]["x-order"])  # type: ignore[misc]
        assert list(flat) == by_order, model.slug
        for name, prop in inputs.items():
            kept = {key: value for key, value in prop.items() if key != "allOf"}
            assert kept.items() <= flat[name].items(), (model.slug, name)
            enum = [schema["enum"] for schema in (flat[name],) if "enum" in schema]
            assert len(enum) == len(prop.get("allOf", ())), (model.slug, name)


def test_find_roles_agrees_with_a_reader(corpus: list[Path]) -> None:
    for model in models(corpus):
        inputs = inputs_of(model).items()
        photos = [
            name
            for name, prop in inputs
            if prop.get("format") == "uri" and name not in NOT_THE_PHOTO
        ]
        prompts = [name for name, prop in inputs if name in PROMPTS and prop["type"] == "string"]
        truth = dict(zip(["image"], photos, strict=False)) | dict(
            zip(["prompt"], prompts, strict=False)
        )

        assert (len(photos) < 2, len(prompts) < 2) == (True, True), model.slug
        assert find_roles(flattening.flatten(model.openapi)) == truth, model.slug


def test_defaults_are_valid_and_complete(corpus: list[Path]) -> None:
    for model in models(corpus):
        schema = schema_of(model)
        defaults = parameters.defaults(schema)

        assert SettingsValidator(schema).clean({}) == defaults, model.slug
        assert SettingsValidator(schema).clean(defaults) == defaults, model.slug


def test_split_parts_every_document(corpus: list[Path]) -> None:
    for model in models(corpus):
        schema = schema_of(model)
        sent, _ = delivery.split(schema, parameters.defaults(schema))

        assert sent.keys() <= inputs_of(model).keys(), model.slug


def test_form_of_an_untouched_page_means_the_stored_document(corpus: list[Path]) -> None:
    for model in models(corpus):
        schema = schema_of(model)
        for stored in documents(schema):
            sent = submit(form_schema(schema, stored), form_document(schema, stored))

            assert read_form(schema, sent, stored=stored) == stored, model.slug


@pytest.mark.django_db
def test_put_of_what_get_answered_changes_nothing(corpus: list[Path]) -> None:
    actor = Actor.system("test")
    for model in models(corpus):
        registry.add_model(model, by=actor)
        read = get_settings(model.slug)

        update_settings(read.pk, read.document, by=actor)

        assert get_settings(model.slug) == read
    assert ReplicateModel.objects.exclude(live_profile__revision=1).count() == 0
