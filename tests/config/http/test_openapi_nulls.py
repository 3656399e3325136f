"""Null in the API's document: written as generators read it, and where answers hold it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from jsonschema_rs import Draft202012Validator
from pytest_django import Settings
from rest_framework.test import APIClient

from modelsettings.actors import Actor
from modelsettings.models import ReplicateModel
from staging.disclosure import end_rule
from staging.models import DisclosureRule
from tests import contract_world as world
from tests.conftest import client_of
from tests.contract_document import (
    addresses_of,
    misread_nulls,
    nullable_fields,
    nulls_in,
    read_document,
)
from tests.modelsettings.rows import save_row

Document = dict[str, Any]

LISTS = [
    f"/api/v1/staging/{name}" for name in ("batches", "invitations", "jobs", "photos", "projects")
]
HISTORY = "/api/v1/admin/models/{slug}/config/history"
COMPARISON = "/api/v1/admin/models/{slug}/config/compare"
PROJECT = "/api/v1/staging/projects/{project_id}"
CHANGES = "/api/v1/admin/changes"
USAGE = "/api/v1/staging/usage"
LIMITS = "/api/v1/staging/limits"
NULL = {"type": "null"}
JOB = {"$ref": "#/components/schemas/Job"}

pytestmark = pytest.mark.django_db


def document_with(schema: Document) -> Document:
    return {"components": {"schemas": {"Job": {"properties": {"nullable": schema}}}}}


def test_document_writes_null_as_generators_read_it() -> None:
    document = read_document()

    assert document["openapi"] == "3.1.0"
    assert misread_nulls(document) == []


@pytest.mark.parametrize(
    "schema",
    [
        {"nullable": True},
        {**JOB, "nullable": True},
        {"allOf": [JOB], "nullable": True},
        {"type": "string", "nullable": True},
        {"type": "string", "enum": ["a", None]},
        {"enum": [None]},
        {"oneOf": [{}, NULL]},
        {"allOf": [JOB, NULL]},
        NULL,
    ],
)
def test_null_is_misread(schema: Document) -> None:
    assert misread_nulls(document_with(schema)) != []


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": ["string", "null"]},
        {"type": ["string", "null"], "enum": ["a", None]},
        {"oneOf": [JOB, NULL]},
        {"anyOf": [JOB, NULL]},
    ],
)
def test_null_is_read(schema: Document) -> None:
    assert misread_nulls(document_with(schema)) == []


def test_answers_hold_null_where_the_document_says(
    api: APIClient, operator: User, stranger: User, settings: Settings
) -> None:
    document = read_document()
    world.build_world(operator, stranger)
    answers = [
        (path, address)
        for path, operations in document["paths"].items()
        if "get" in operations
        for address in addresses_of(path)
    ]
    answers += [(path, f"{path}?page_size=1") for path in LISTS]
    answers += [(path, api.get(f"{path}?page_size=1").json()["next"]) for path in LISTS]
    answers.append((HISTORY, f"{addresses_of(HISTORY)[0]}?profile=draft"))
    answers += [
        (COMPARISON, f"{addresses_of(COMPARISON)[0]}?old={old}&new={old + 1}") for old in (4, 5)
    ]
    # Styles are of no model, and fit on one page.
    answers.append((CHANGES, f"{CHANGES}?kind=style&page_size=100"))
    answers.append((USAGE, f"{USAGE}?project={world.EMPTY}"))

    # Another sees no dollars of the operator's limits, and there is a bound of pictures.
    settings.COSTLY_REQUESTS_PER_MINUTE = 600
    others = nulls_of(client_of(stranger), document, LIMITS, LIMITS)
    settings.COSTLY_REQUESTS_PER_MINUTE = 0

    found = others | {
        null for path, address in answers for null in nulls_of(api, document, path, address)
    }

    # Where the site has no rule, a project may be under none.
    end_rule(DisclosureRule.objects.in_force().of(None).get(), by=Actor("bob"))
    found |= nulls_of(api, document, PROJECT, PROJECT.format(project_id=world.EMPTY))

    never = {(field, is_null) for field in nullable_fields(document) for is_null in (True, False)}
    # The world has a default model; the next test is about one without.
    assert never - found == {("ActiveModel.value", True)}


def test_answer_without_a_default_model_is_in_the_document(api: APIClient) -> None:
    default = ReplicateModel.objects.get(is_default=True)
    default.is_default = False
    save_row(default)

    path = "/api/v1/admin/models/active"
    assert nulls_of(api, read_document(), path, path) == {("ActiveModel.value", True)}


def nulls_of(api: APIClient, document: Document, path: str, address: str) -> set[tuple[str, bool]]:
    """Ask for an address, hold its answer to the document, and return which fields were null."""
    answer = api.get(address)
    described = document["paths"][path]["get"]["responses"][str(answer.status_code)]
    content = described.get("content", {}).get("application/json")
    if content is None or answer.status_code >= 400:
        return set()
    schema = {**content["schema"], "components": document["components"]}
    Draft202012Validator(schema).validate(answer.json())
    return set(nulls_in(document, content["schema"], answer.json()))
