"""Chooses the shipped model that Replicate is tried with, its input and its highest price."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from modelsettings import catalog
from modelsettings.errors import RequestRefused
from modelsettings.model_schema import ModelSchema, choose_schema
from modelsettings.pricing import Quantities, cost_of
from modelsettings.schema.drift import compare
from modelsettings.schema.flattening import JSON, SchemaRefused
from modelsettings.schema.parameters import Tuning
from modelsettings.schema.published import PublishedModel
from replicate_api.assumptions.purchases import MAX_PURCHASES, Subject

PROMPT = "Add one small wooden chair to this room. Change nothing else."

_PROSE = ("description", "order", "title")


class CannotBeTried(RequestRefused):
    """A model that Replicate cannot be tried with; the message says why."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A shipped model that can stage a photo, and what it costs at most to try it, in dollars."""

    model: PublishedModel
    cost: Decimal


def choose_candidate(models: Mapping[str, PublishedModel], slug: str | None) -> Candidate:
    """Return the named model, or the cheapest that can be tried.

    Raises CannotBeTried.
    """
    if slug is not None:
        if slug not in models:
            raise CannotBeTried(f"{slug} is not in the catalogue, which has: {', '.join(models)}.")
        return _candidate(models[slug])
    candidates = []
    for model in models.values():
        try:
            candidates.append(_candidate(model))
        except CannotBeTried:
            continue
    if not candidates:
        raise CannotBeTried("No model of the catalogue can stage a photo at a known price.")
    # Official models come first: they are run by name, so no version has to be known.
    return min(candidates, key=_rank)


def subject_of(model: PublishedModel) -> Subject:
    """Return what a model is sent: its defaults are left out, and the caller adds the photo."""
    schema = _read(model)
    roles, inputs = schema.roles, schema.inputs
    free = {name: prop for name, prop in inputs.items() if name not in roles.values()}
    choices = [name for name, prop in free.items() if prop.get("enum")]
    solid = [name for name, prop in free.items() if not prop.get("x-nullable")]
    return Subject(
        slug=model.slug,
        version=None if model.is_official else model.version,
        photo_input=roles["image"],
        takes_many=schema.takes_many_images,
        input={roles["prompt"]: PROMPT} if "prompt" in roles else {},
        choice_input=next(iter(choices), None),
        solid_input=next(iter(solid), None),
    )


def describe_differences(models: Mapping[str, PublishedModel], answer: JSON) -> list[str]:
    """Return how a live answer differs from the shipped model, a sentence each.

    Prose and order, which the catalogue has in its own words, are left out.
    """
    try:
        live = PublishedModel.from_json(answer)
        drift = compare(models[live.slug].openapi, live.openapi)
    except SchemaRefused as error:
        return [str(error)]
    except KeyError:
        return ["The model has another name now."]
    return [
        difference.sentence for difference in drift.differences if difference.keyword not in _PROSE
    ]


def _rank(candidate: Candidate) -> tuple[bool, Decimal, int]:
    model = candidate.model
    return not model.is_official, candidate.cost, catalog.find_overlay(model.slug).order


def _candidate(model: PublishedModel) -> Candidate:
    schema = _read(model)
    if schema.obstacle:
        raise CannotBeTried(f"{model.slug} cannot stage a photo. {schema.obstacle}")
    sent: dict[str, Any] = {
        name: prop["default"] for name, prop in schema.inputs.items() if "default" in prop
    }
    price, quantities = catalog.find_overlay(model.slug).price, Quantities(images=1)
    cost = cost_of(price, settings=sent, quantities=quantities)
    if cost is None:
        raise CannotBeTried(f"What {model.slug} costs is not known before it has run.")
    return Candidate(model=model, cost=cost * MAX_PURCHASES)


def _read(model: PublishedModel) -> ModelSchema:
    """Read a model by its published schema alone: the trial is of Replicate, not of our overlay."""
    return choose_schema(model.openapi, known={}, tuning=Tuning())
