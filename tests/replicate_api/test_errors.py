"""Which answer becomes which error, and what it proves."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from replicate_api import errors
from replicate_api.errors import error_from_answer


def error_for(
    status: int, body: bytes = b"{}", headers: dict[str, str] | None = None
) -> errors.ReplicateError:
    return error_from_answer(status, headers=headers or {}, body=body)


@pytest.mark.parametrize(
    ("status", "kind", "proves_not_bought"),
    [
        (400, errors.UndocumentedRefusal, False),
        (401, errors.Unauthenticated, True),
        (402, errors.InsufficientCredit, True),
        (403, errors.UndocumentedRefusal, False),
        (404, errors.NotFound, True),
        (408, errors.NoAnswer, False),
        (409, errors.UndocumentedRefusal, False),
        (413, errors.TooLarge, True),
        (422, errors.InvalidInput, True),
        (429, errors.RateLimited, True),
        (500, errors.ServerError, False),
        (502, errors.ServerError, False),
        (503, errors.ServerError, False),
        (524, errors.ServerError, False),
    ],
)
def test_error_from_answer_by_status(
    status: int, kind: type[errors.ReplicateError], proves_not_bought: bool
) -> None:
    error = error_for(status)

    assert (type(error), error.proves_not_bought) == (kind, proves_not_bought)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"title": "T", "detail": "no such model"}', "Replicate answered 404: no such model"),
        (b'{"title": "T", "detail": null}', "Replicate answered 404: T"),
        (b"<html>error 1020</html>", "Replicate answered 404: <html>error 1020</html>"),
        (b"[]", "Replicate answered 404: []"),
        (b"", "Replicate answered 404: no details"),
        (b"\xff", "Replicate answered 404: \N{REPLACEMENT CHARACTER}"),
    ],
)
def test_error_from_answer_tells_what_the_body_says(body: bytes, detail: str) -> None:
    assert error_for(404, body).detail == detail


def test_error_from_answer_keeps_the_refused_fields() -> None:
    body = (
        b'{"title": "Input validation failed", "detail": "- input.seed: wrong", "invalid_fields":'
        b' [{"type": "enum", "field": "input.seed", "description": "wrong"}, 3, {}]}'
    )

    error = error_for(422, body)

    assert isinstance(error, errors.InvalidInput)
    assert error.fields == (("input.seed", "wrong"), ("", ""))


@pytest.mark.parametrize(
    ("description", "field"),
    [
        ("prompt is required", ("input.prompt", "is required")),
        ("Additional property colour is not allowed", ("input.colour", "is not allowed")),
        ("Something is required", ("input.Something", "is required")),
        ("No more than this is required", ("input", "No more than this is required")),
    ],
)
def test_error_from_answer_names_an_input_that_its_description_names(
    description: str, field: tuple[str, str]
) -> None:
    body = b'{"invalid_fields": [{"field": "input", "description": "%s"}]}' % description.encode()

    error = error_for(422, body)

    assert isinstance(error, errors.InvalidInput)
    assert error.fields == (field,)


def test_error_from_answer_keeps_the_fields_that_fastapi_names() -> None:
    body = (
        b'{"detail": [{"loc": ["body", "input", "seed"], "msg": "field required", "type": "x"},'
        b' {"loc": ["body", "input", "images", 0], "msg": "invalid"},'
        b' {"loc": ["body"], "msg": "wrong"}, 3, {}, {"loc": "seed", "msg": 3}]}'
    )

    error = error_for(422, body)

    assert isinstance(error, errors.InvalidInput)
    assert error.fields == (
        ("input.seed", "field required"),
        ("input.images.0", "invalid"),
        ("", "wrong"),
    )
    assert error.detail == (
        "Replicate answered 422: input.seed: field required; input.images.0: invalid; wrong"
    )


@pytest.mark.parametrize(
    "detail", [b"[]", b"[3]", b"[[]]", b'[{"loc": {}}]', b'{"loc": ["body"], "msg": "x"}']
)
def test_error_from_answer_shows_an_odd_detail_as_it_came(detail: bytes) -> None:
    body = b'{"detail": %s}' % detail

    error = error_for(422, body)

    assert isinstance(error, errors.InvalidInput)
    assert error.fields == ()
    assert error.detail == f"Replicate answered 422: {body.decode()}"


def test_error_from_answer_bounds_the_refused_fields() -> None:
    field = b'{"field": "%s", "description": "%s"}' % (b"f" * 9000, b"d" * 9000)
    body = b'{"invalid_fields": [%s]}' % b",".join([field] * 300)

    error = error_for(422, body)

    assert isinstance(error, errors.InvalidInput)
    assert error.fields == (("f" * 500, "d" * 500),) * 50


@pytest.mark.parametrize("fields", [b"null", b"3", b'{"a": 1}'])
def test_error_from_answer_reads_odd_fields(fields: bytes) -> None:
    error = error_for(422, b'{"invalid_fields": %s}' % fields)

    assert isinstance(error, errors.InvalidInput)
    assert error.fields == ()


@pytest.mark.parametrize(
    ("header", "body", "retry_after_s", "told_by"),
    [
        ("7", b'{"retry_after": 3}', 7, "header"),
        (" 1.5 ", b"{}", 1.5, "header"),
        ("4000", b"{}", 600, "header"),
        ("", b'{"retry_after": 3}', 3, "body"),
        ("", b'{"retry_after": 4000}', 600, "body"),
        ("", b'{"retry_after": -4}', 0, "body"),
        ("", b'{"retry_after": NaN}', 10, ""),
        ("", b'{"retry_after": "soon"}', 10, ""),
        ("soon", b"<html>", 10, ""),
        ("\xb2", b"", 10, ""),
        ("Thu, 01 Jan 1970 00:00:00 GMT", b"", 0, "header"),
        ("Thu, 01 Jan 1970 00:00:00 -0000", b"", 0, "header"),
        ("Fri, 31 Dec 9999 23:59:59 GMT", b"", 600, "header"),
    ],
)
def test_error_from_answer_says_when_to_come_back(
    header: str, body: bytes, retry_after_s: float, told_by: str
) -> None:
    error = error_for(429, body, {"retry-after": header})

    assert isinstance(error, errors.RateLimited)
    assert (error.retry_after_s, error.told_by) == (retry_after_s, told_by)


def test_error_from_answer_reads_an_http_date() -> None:
    at = datetime.now(UTC) + timedelta(seconds=60)

    error = error_for(429, headers={"retry-after": format_datetime(at, usegmt=True)})

    assert isinstance(error, errors.RateLimited)
    assert 50 < error.retry_after_s <= 60


@pytest.mark.parametrize(
    "error",
    [
        errors.RateLimited("slow down", retry_after_s=3),
        errors.ServerError("down", status=503),
        errors.InvalidInput("bad", fields=(("a", "b"),)),
        errors.UndocumentedRefusal("no", status=403),
        errors.NoAnswer("gone"),
    ],
)
def test_an_error_survives_pickling(error: errors.ReplicateError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert (type(copy), copy.args, vars(copy)) == (type(error), error.args, vars(error))
