"""The API keeps its document: schemathesis tries every operation with good and bad requests.

CONTRACT_EXAMPLES=500 tries longer: so many made-up requests for each operation, beside those that
schemathesis derives from the document's bounds, enums and headers. What was tried is told at the
end. Each request is answered by the whole application over WSGI, in a transaction that is taken
back: so nothing is queued.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import schemathesis
from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from pytest_django import DjangoDbBlocker, Settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests import contract_world as world
from tests.contract_document import document_with_choices, labels_of, read_document
from tests.wsgi import connection_kept, served

EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "25"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
    allow_header_conformance,
]
# The cases bring a token, and a token makes none.
ONLY_IN_A_SESSION = {"POST /api/v1/tokens"}
GARBAGE = ["", "Token", "Token x", "Token \xe9", "Token a\0b", f"Token {'a' * 9000}"]

AnyCase = Case[Any]

pytestmark = pytest.mark.django_db

# How often an operation was answered with a status.
answers: Counter[tuple[str, int]] = Counter()


def read_schema(*, examples: int, with_coverage: bool = True) -> BaseSchema:
    schema = schemathesis.openapi.from_dict(document_with_choices())
    schema.app = served
    schema.config.generation.update(
        max_examples=examples,
        deterministic=True,
        no_shrink=True,
        with_security_parameters=False,
    )
    schema.config.phases.coverage.enabled = with_coverage
    return schema


schemathesis.openapi.format("binary", st.one_of(st.just(world.JPEG), st.binary(max_size=99)))
everything = read_schema(examples=EXAMPLES)
a_little = read_schema(examples=2, with_coverage=False)
of_members = everything.include(path_regex="/members")
patiently = settings(suppress_health_check=list(HealthCheck), deadline=None)


@dataclass(frozen=True)
class Tried:
    """The world that the cases meet: where its files are, and who asks."""

    media: Path
    operator: str
    stranger: str


@pytest.fixture(scope="module")
def tried(
    request: pytest.FixtureRequest,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Tried]:
    """The world, once for all cases: each takes back what it did."""
    media = tmp_path_factory.mktemp("media")
    with connection_kept(), django_db_blocker.unblock(), transaction.atomic():
        operator, stranger = User.objects.create_user("olga"), User.objects.create_user("sam")
        operator.user_permissions.set(Permission.objects.all())
        with override_settings(MEDIA_ROOT=media):
            world.build_world(operator, stranger)
        yield Tried(media, world.token_of(operator), world.token_of(stranger))
        transaction.set_rollback(True)
    say(request.config, f"API contract: {what_was_tried()}.")


@pytest.fixture(autouse=True)
def _own_media(tried: Tried, settings: Settings) -> None:
    """Keep the world's files for all tests, instead of a folder for each."""
    settings.MEDIA_ROOT = tried.media


def say(config: pytest.Config, line: str) -> None:
    """Write a line among pytest's own."""
    plugins: Any = config.pluginmanager
    with plugins.get_plugin("capturemanager").global_and_fixture_disabled():
        plugins.get_plugin("terminalreporter").write_line(f"\n{line}")


def what_was_tried() -> str:
    operations = len({label for label, _ in answers})
    good = sum(count for (_, status), count in answers.items() if status < 400)
    return f"{answers.total()} cases of {operations} operations, {good} of them granted"


def check_answer(case: AnyCase, authorization: str) -> int:
    """Send a request, hold its answer to the document, and take back what it did."""
    # werkzeug's client takes brackets for an IPv6 address, and fails before it sends anything.
    assume("[" not in unquote(case.formatted_path))
    with transaction.atomic():
        headers = {"Authorization": authorization} if authorization else {}
        answer = case.call_and_validate(checks=CHECKS, headers=headers)
        transaction.set_rollback(True)
    answers[case.operation.label, answer.status_code] += 1
    return answer.status_code


@everything.parametrize()
@patiently
def test_answer_is_in_the_document(case: AnyCase, tried: Tried) -> None:
    check_answer(case, tried.operator)


@of_members.parametrize()
@patiently
def test_answer_among_strangers_is_in_the_document(case: AnyCase, tried: Tried) -> None:
    with override_settings(CLIENTS_ARE_STRANGERS=True):
        check_answer(case, tried.operator)


@a_little.parametrize()
@patiently
def test_answer_to_others_is_in_the_document(case: AnyCase, tried: Tried) -> None:
    assert {check_answer(case, one) for one in GARBAGE} <= {401, 404}
    check_answer(case, tried.stranger)


def test_no_operation_is_left_out() -> None:
    found = {one.ok().label for one in everything.get_all_operations() if isinstance(one, Ok)}

    assert found == labels_of(read_document())


def test_every_operation_is_granted_once() -> None:
    operations = labels_of(read_document())
    if operations - {label for label, _ in answers}:
        pytest.skip("not all operations were tried in this run")

    granted = {label for label, status in answers if status < 300}
    assert operations - granted == ONLY_IN_A_SESSION
