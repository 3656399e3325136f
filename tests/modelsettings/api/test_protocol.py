"""What a client can send wrongly: each is answered in words, and changes nothing."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from modelsettings.models import ModelSettings
from modelsettings.schema.flattening import JSON
from modelsettings.settings import StoredSettings, get_settings
from tests.modelsettings.conftest import SLUG

pytestmark = pytest.mark.django_db

CONFIG = f"/api/v1/admin/models/{SLUG}/config"
KNOWN = (
    "go_fast, seed, output_format, output_quality, steps, strength, negative_prompt, note, loras, "
    "num_outputs, aspect_ratio, disclosure"
)


def send(api: APIClient, method: str, body: bytes, content_type: str = "application/json") -> Any:
    # Bytes, as the wire has them; the stub knows text alone.
    data: Any = body
    return api.generic(method, CONFIG, data=data, content_type=content_type)


def unknown(shown: str) -> list[str]:
    return [f"{shown} is not a parameter of this model; its parameters are: {KNOWN}."]


def check_unchanged(stored: StoredSettings) -> None:
    assert get_settings(SLUG) == stored
    assert ModelSettings.history.filter(id=stored.pk).count() == 1


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (b'{"output_qualty": 5}', {"output_qualty": unknown('"output_qualty"')}),
        (b'{"prompt": "a sofa"}', {"prompt": unknown('"prompt"')}),
        (b'{"openai_api_key": "sk-1"}', {"openai_api_key": unknown('"openai_api_key"')}),
        (
            b'{"output_quality": "5"}',
            {"output_quality": ['output_quality: "5" is text, not a whole number.']},
        ),
        (
            b'{"output_quality": 5.5}',
            {"output_quality": ["output_quality: 5.5 is a number, not a whole number."]},
        ),
        (b'{"go_fast": 1}', {"go_fast": ["go_fast: 1 is a number, not true or false."]}),
        (
            b'{"output_quality": true}',
            {"output_quality": ["output_quality: true is a truth value, not a whole number."]},
        ),
        (
            b'{"output_quality": 101}',
            {"output_quality": ["output_quality: 101 is more than the maximum of 100."]},
        ),
        (
            b'{"seed": 9007199254740992}',
            {"seed": ["seed: 9007199254740992 is more than the maximum of 9007199254740991."]},
        ),
        (
            b'{"output_format": "gif"}',
            {"output_format": ['output_format: "gif" is not one of webp, jpg, png.']},
        ),
        (
            b'{"output_quality": null}',
            {"output_quality": ["output_quality: null is not a value here; its default is 80."]},
        ),
        (
            b'{"strength": 1e999}',
            {"strength": ["strength: inf is not a number that can be sent."]},
        ),
        (
            b'{"seed": 1%s}' % (b"0" * 399),
            {"seed": ["seed: a number of more than 60 digits is not a number that can be sent."]},
        ),
        (
            b'{"strength": -1%s}' % (b"0" * 399),
            {
                "strength": [
                    "strength: a number of more than 60 digits is not a number that can be sent."
                ]
            },
        ),
        (
            b'{"note": "a\\u0000b"}',
            {"note": ["note: it holds the character NUL, which cannot be stored."]},
        ),
        (
            b'{"loras": ["\\u0000"]}',
            {"loras": ["loras: it holds the character NUL, which cannot be stored."]},
        ),
        (b'{"a\\u0000b": 1}', {"a\0b": unknown('"a\0b"')}),
        (
            b'{"note": "\\ud800"}',
            {"note": ["note: it holds half a character (a lone surrogate), which cannot be sent."]},
        ),
        (b'{"\\udfff": 1}', {"\\udfff": unknown('"\\udfff"')}),
        (
            b'{"output_format": "\\ud83d"}',
            {
                "output_format": [
                    "output_format: it holds half a character (a lone surrogate), which cannot be "
                    "sent."
                ]
            },
        ),
        (b'{"%s": 1}' % (b"k" * 10_000), {"k" * 10_000: unknown(f'"{"k" * 59}…')}),
        (
            b'{"loras": %s1%s}' % (b"[" * 500, b"]" * 500),
            {"loras": ["loras: it is nested more than 20 deep."]},
        ),
        (b'{"note": {}}', {"note": ["note: {} is an object, not text."]}),
        (b'{"loras": "x"}', {"loras": ['loras: "x" is text, not a list.']}),
        (b'{"loras": ["a", 1]}', {"loras": ["loras.1: 1 is a number, not text."]}),
        (b'{"loras": ["a", "b", "c"]}', {"loras": ["loras: it has more than 2 entries."]}),
        (
            b'{"output_quality": 101, "gone": 1}',
            {
                "gone": unknown('"gone"'),
                "output_quality": ["output_quality: 101 is more than the maximum of 100."],
            },
        ),
    ],
    ids=lambda value: value[:40].decode() if isinstance(value, bytes) else "",
)
def test_change_refuses_a_value(
    api: APIClient, stored: StoredSettings, method: str, body: bytes, errors: JSON
) -> None:
    answer = send(api, method, body)

    assert (answer.status_code, answer.json()) == (400, errors)
    check_unchanged(stored)


@pytest.mark.parametrize(
    ("method", "sentence"),
    [
        ("PUT", "Settings are an object, not {kind}."),
        ("PATCH", "Changes are an object of keys and their new values."),
    ],
)
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"[]", "a list"),
        (b'[{"seed": 1}]', "a list"),
        (b"null", "null"),
        (b"5", "a number"),
        (b'"seed"', "text"),
        (b"true", "a truth value"),
    ],
)
def test_change_refuses_what_is_no_object(
    api: APIClient, stored: StoredSettings, method: str, sentence: str, body: bytes, kind: str
) -> None:
    answer = send(api, method, body)

    assert (answer.status_code, answer.json()) == (
        400,
        {"non_field_errors": [sentence.format(kind=kind)]},
    )
    check_unchanged(stored)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "The request has no body: send a JSON object with a Content-Length."),
        (b"{", "JSON parse error - Expecting property name enclosed in double quotes"),
        (b'{"seed": 1}}', "JSON parse error - Extra data"),
        (b"seed=1", "JSON parse error - Expecting value"),
        (b'{"strength": NaN}', "JSON parse error - Out of range float values"),
        (b'{"strength": -Infinity}', "JSON parse error - Out of range float values"),
        (b'{"seed": 1%s}' % (b"0" * 5000), "JSON parse error - Exceeds the limit (4300 digits)"),
        (b'{"note": "\xff"}', "JSON parse error - 'utf-8' codec can't decode byte 0xff"),
        (b'\xff\xfe{\x00"\x00', "JSON parse error - 'utf-8' codec can't decode byte 0xff"),
        (b"\xef\xbb\xbf{}", "JSON parse error - Unexpected UTF-8 BOM"),
        (
            b'{"loras": %s1%s}' % (b"[" * 5000, b"]" * 5000),
            "JSON parse error - the document is nested too deep.",
        ),
        (b"[" * 100_000, "JSON parse error - the document is nested too deep."),
    ],
    ids=lambda value: repr(value[:30]),
)
def test_change_refuses_what_cannot_be_read(
    api: APIClient, stored: StoredSettings, method: str, body: bytes, detail: str
) -> None:
    answer = send(api, method, body)

    assert answer.status_code == 400
    assert list(answer.json()) == ["detail"]
    assert answer.json()["detail"].startswith(detail)
    check_unchanged(stored)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_change_refuses_ten_megabytes(api: APIClient, stored: StoredSettings, method: str) -> None:
    answer = send(api, method, b'{"note": "%s"}' % (b"x" * 10 * 2**20))

    assert (answer.status_code, answer.json()) == (
        413,
        {"detail": "The document is larger than 1024 kB."},
    )
    check_unchanged(stored)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "x"],
)
def test_change_refuses_another_content_type(
    api: APIClient, stored: StoredSettings, method: str, content_type: str
) -> None:
    answer = send(api, method, b'{"seed": 1}', content_type)

    assert (answer.status_code, answer.json()) == (
        415,
        {"detail": f'Unsupported media type "{content_type}" in request.'},
    )
    check_unchanged(stored)


@pytest.mark.parametrize("charset", ["zip", "hex", "undefined", "utf-16", "nonsense"])
def test_change_reads_utf_8_whatever_charset_is_named(
    api: APIClient, stored: StoredSettings, charset: str
) -> None:
    body = '{"note": "Küche"}'.encode()

    answer = send(api, "PATCH", body, f"application/json; charset={charset}")

    assert (answer.status_code, answer.json()["config"]["note"]) == (200, "Küche")


def test_change_keeps_text_of_any_script(api: APIClient, stored: StoredSettings) -> None:
    text = "Küche 東京 🛋 \t\n\x01 \u2028"

    answer = api.patch(CONFIG, {"note": text}, format="json")

    assert answer.json()["config"]["note"] == text
    assert get_settings(SLUG).document["note"] == text


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/admin/models/acme/gone/config",
        f"{CONFIG}?profile=gone",
        f"{CONFIG}?profile=%00",
        f"{CONFIG}?profile={'x' * 5000}",
        f"{CONFIG}?profile=%ED%A0%80",
    ],
    ids=lambda path: path[-30:],
)
def test_change_of_what_is_not_there(
    api: APIClient, stored: StoredSettings, method: str, path: str
) -> None:
    answer = api.generic(method, path, data='{"seed": 1}', content_type="application/json")

    assert answer.status_code == 404
    check_unchanged(stored)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_other_methods_are_refused(api: APIClient, stored: StoredSettings, method: str) -> None:
    answer = send(api, method, b"{}")

    assert (answer.status_code, answer.json()) == (
        405,
        {"detail": f'Method "{method}" not allowed.'},
    )
    check_unchanged(stored)
