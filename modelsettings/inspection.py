"""Reads published models, and judges each before it is added."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from modelsettings import catalog
from modelsettings.errors import RequestRefused
from modelsettings.model_schema import ModelSchema, choose_schema
from modelsettings.pinned_schemas import find_obstacle_to_staging
from modelsettings.schema import delivery, flattening, published
from modelsettings.schema.comparison import UNSET
from modelsettings.schema.flattening import JSON, SchemaRefused
from modelsettings.schema.published import PublishedModel
from modelsettings.schema.roles import role_choices
from modelsettings.schema.validation import SettingsRefused
from modelsettings.schema.words import allowed_in_words, kind_in_words
from replicate_api.client import SLUG_PATTERN, ReplicateClient
from replicate_api.errors import (
    BadAnswer,
    NoAnswer,
    NotFound,
    RateLimited,
    ReplicateError,
    ServerError,
    Unauthenticated,
    Unreachable,
    UnusableToken,
)

_EXAMPLES = {"film": "a film", "mesh": "a mesh", "archive": "an archive", "sound": "a sound"}
_ADDRESSES = ("https://replicate.com/", "http://replicate.com/", "replicate.com/")


class CannotRead(RequestRefused):
    """A published model that cannot be read or used; the message says why."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One input of a published model, or a delivery parameter that Restage adds, in words.

    `default` is UNSET where there is none; `carried_out_by` says who gives or applies it.
    """

    name: str
    kind: str
    default: Any
    allowed: str
    carried_out_by: str
    is_required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A published model as it would be used here; nothing of it is saved.

    `obstacle` says why it cannot stage a photo; `notes` say which parts of its schema are left
    aside.
    """

    model: PublishedModel
    label: str
    roles: Mapping[str, str]
    choices: Mapping[str, list[str]]
    parameters: list[Parameter]
    output: str
    obstacle: str | None
    notes: list[str]

    @property
    def digest(self) -> str:
        """The digest of the schema and its version, to notice that another one is published."""
        return published.digest({"openapi": self.model.openapi, "version": self.model.version})


def judge(model: PublishedModel, *, corrections: Mapping[str, str | None] | None = None) -> Finding:
    """Say how a published model would be used here, with the roles that a person corrected.

    Raises CannotRead and RoleRefused.
    """
    try:
        return _judge(model, corrections=corrections or {})
    except SchemaRefused as error:
        raise CannotRead(str(error)) from error


def _judge(model: PublishedModel, *, corrections: Mapping[str, str | None]) -> Finding:
    """As `judge`, but raises SchemaRefused for a schema that cannot be used."""
    overlay = catalog.find_overlay(model.slug)
    schema = choose_schema(
        model.openapi, known=overlay.roles, tuning=overlay.tuning, corrections=corrections
    )
    try:
        schema.validator.clean({})
    except SettingsRefused as error:
        raise SchemaRefused(f"Its defaults cannot be kept. {error}") from error
    obstacle = find_obstacle_to_staging(
        model.slug,
        is_enabled=True,
        can_be_run=model.is_official or bool(model.version),
        schema=schema,
    )
    return Finding(
        model=model,
        label=overlay.label or model.label,
        roles=schema.roles,
        choices={role: role_choices(schema.flat, role) for role in ("image", "prompt")},
        parameters=list(_describe(schema)),
        output=_output_in_words(model.openapi, makes_pictures=schema.makes_pictures),
        obstacle=obstacle,
        notes=list(_notes(model.openapi, schema.inputs)),
    )


def read_model(slug: str) -> PublishedModel:
    """Read a model as Replicate publishes it now. Raises CannotRead."""
    slug = slug.strip()
    for address in _ADDRESSES:
        slug = slug.removeprefix(address)
    if not SLUG_PATTERN.fullmatch(slug) or len(slug) > 200:
        shown = flattening.legible(slug[:60])
        raise CannotRead(f"{shown!r} is no model's name: write it as owner/name.")
    try:
        client = ReplicateClient(
            token=settings.REPLICATE_API_TOKEN,
            base_url=settings.REPLICATE_BASE_URL,
            timeout_s=settings.STAGING_REQUEST_LIMIT_S,
        )
    except UnusableToken as error:
        raise CannotRead(f"{error} Set REPLICATE_API_TOKEN in the environment.") from error
    with closing(client):
        try:
            answer = client.get_model(slug)
        except ReplicateError as error:
            raise CannotRead(_failure_in_words(slug, error)) from error
    try:
        return PublishedModel.from_json(answer)
    except SchemaRefused as error:
        raise CannotRead(str(error)) from error


def read_files(path: Path) -> Iterator[tuple[str, PublishedModel | CannotRead]]:
    """Yield each published model of a JSON file, or of the JSON files in a folder.

    A file holds one model or a list of them. The first of a pair names the entry for people; the
    second is CannotRead, yielded and not raised, where that entry cannot be used. Raises CannotRead
    where there is nothing at all to read.
    """
    if not path.exists():
        raise CannotRead(f"{path} is not there.")
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files:
        raise CannotRead(f"{path} holds no .json file.")
    for file in files:
        yield from _read_file(file)


def _read_file(file: Path) -> Iterator[tuple[str, PublishedModel | CannotRead]]:
    try:
        document = json.loads(file.read_bytes())
    except OSError as error:
        yield file.name, CannotRead(f"It cannot be read: {error.strerror}.")
        return
    except (ValueError, RecursionError) as error:
        yield file.name, CannotRead(f"It is not JSON: {flattening.legible(str(error)[:200])}.")
        return
    if isinstance(document, dict) and isinstance(document.get("results"), list):
        # A page of Replicate's own list of models.
        document = document["results"]
    if not isinstance(document, list):
        yield _read_document(document, otherwise=file.name)
        return
    for place, entry in enumerate(document, start=1):
        yield _read_document(entry, otherwise=f"{file.name}, entry {place}")


def _read_document(document: Any, *, otherwise: str) -> tuple[str, PublishedModel | CannotRead]:
    """Read one model, named by its slug, or by `otherwise` where it has none."""
    if not isinstance(document, dict):
        return otherwise, CannotRead("It is not a published model: no JSON object.")
    try:
        model = PublishedModel.from_json(document)
    except SchemaRefused as error:
        refused = CannotRead(str(error))
        owner, name = document.get("owner"), document.get("name")
        if isinstance(owner, str) and isinstance(name, str) and owner and name:
            return flattening.legible(f"{owner}/{name}"[:200]), refused
        return otherwise, refused
    return model.slug, model


def _failure_in_words(slug: str, error: ReplicateError) -> str:
    match error:
        case NotFound():
            return f"Replicate has no model {slug}, or not for this token's account."
        case Unauthenticated():
            return "Replicate refuses the token: set REPLICATE_API_TOKEN in the environment."
        case RateLimited():
            wait_s = error.retry_after_s
            return f"Replicate is asked too often now: try again in {wait_s:.0f} seconds."
        case Unreachable():
            return f"Replicate cannot be reached at {settings.REPLICATE_BASE_URL}: try again later."
        case NoAnswer():
            return "Replicate's answer did not come, or broke off: try again later."
        case BadAnswer() | ServerError():
            detail = flattening.legible(error.detail[:200])
            return f"Replicate did not answer as it should: try again later. ({detail})"
    return f"{slug} could not be read: {flattening.legible(error.detail[:200])}"


def _describe(schema: ModelSchema) -> Iterator[Parameter]:
    """Yield the model's inputs in their order, then what Restage adds."""
    role_of = {name: role for role, name in schema.roles.items()}
    words = {"image": "the photo", "prompt": "the prompt", "room": "the room", "style": "the style"}
    for name, prop in {**schema.inputs, **schema.parameters}.items():
        is_secret = published.is_secret(name, prop)
        if is_secret:
            carrier = "the environment (a secret)"
        elif name in role_of:
            carrier = f"the job: {words.get(role_of[name], role_of[name])}"
        elif delivery.is_ours(schema.settings, name):
            carrier = "Restage"
        else:
            carrier = "the model"
        yield Parameter(
            name=name,
            kind=kind_in_words(prop),
            default=UNSET if is_secret else prop.get("default", UNSET),
            allowed=allowed_in_words(prop),
            carried_out_by=carrier,
            is_required=name in schema.flat["required"],
            description=str(prop.get("description", "")).strip(),
        )


def _output_in_words(openapi: JSON, *, makes_pictures: bool) -> str:
    output = published.output_of(openapi)
    if makes_pictures:
        return "A list of pictures." if output.get("type") == "array" else "A picture."
    if example := published.example_of(openapi):
        return f"A file; the model's own example is {_EXAMPLES[example]}."
    if published.is_address(output):
        return "A file; to judge by its inputs, it is no picture."
    if not output:
        return "Unknown: its schema does not say."
    kind = kind_in_words(output)
    return f"{kind[0].upper()}{kind[1:]}, not a picture."


def _notes(openapi: JSON, inputs: Mapping[str, JSON]) -> Iterator[str]:
    """Yield a sentence for each part of the schema that is left aside."""
    source, _ = flattening.read_input(openapi)
    dropped = [
        name
        for name, prop in inputs.items()
        if source[name].get("default") is not None and "default" not in prop
    ]
    if dropped:
        yield f"The schema refuses its own defaults of {_listed(dropped)}, so they have none."
    unchecked = [name for name, prop in inputs.items() if "x-unchecked-pattern" in prop]
    if unchecked:
        yield f"The patterns of {_listed(unchecked)} are checked by Replicate alone."
    empty = [name for name, prop in inputs.items() if prop.get("type") == "null"]
    if empty:
        yield f"No value fits {_listed(empty)}: it stays unset."


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
