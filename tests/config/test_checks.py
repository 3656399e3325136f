from typing import Any

import pytest
from django.core.checks import CheckMessage
from pytest_django import Settings

from config import checks, env
from tests.staging.receivers import SIGNING_SECRET

MAIL_PASSWORD = "the-password-of-the-mail-account"


def ids(messages: list[CheckMessage]) -> list[str]:
    return [str(message.id) for message in messages]


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("", []),
        ("https://restage.example.com", []),
        ("http://127.0.0.1:8000", []),
        ("http://localhost:8000", []),
        ("http://restage.example.com", ["restage.E002"]),
        ("restage.example.com", ["restage.E002"]),
        ("https://", ["restage.E002"]),
        ("ftp://127.0.0.1", ["restage.E002"]),
    ],
)
def test_check_public_url(settings: Settings, address: str, found: list[str]) -> None:
    settings.PUBLIC_URL = address

    assert ids(checks.check_public_url()) == found


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://api.replicate.com", []),
        ("http://127.0.0.1:8100", []),
        ("api.replicate.com", ["restage.E003"]),
        ("https:///v1", ["restage.E003"]),
    ],
)
def test_check_replicate_base_url(settings: Settings, address: str, found: list[str]) -> None:
    settings.REPLICATE_BASE_URL = address

    assert ids(checks.check_replicate_base_url()) == found


@pytest.mark.parametrize(
    ("origin", "found"),
    [
        ("https://app.example.com", []),
        ("https://app.example.com:8443", []),
        ("http://localhost:3000", []),
        ("http://[::1]:3000", []),
        ("app.example.com", ["restage.E004"]),
        ("//app.example.com", ["restage.E004"]),
        ("https://", ["restage.E004"]),
        ("https://app.example.com/", ["restage.E004"]),
        ("https://app.example.com/editor", ["restage.E004"]),
        ("https://App.example.com", ["restage.E004"]),
        ("https://app.example.com:443", ["restage.E004"]),
        ("http://app.example.com:80", ["restage.E004"]),
        ("https://ann@app.example.com", ["restage.E004"]),
        ("https://*.example.com", ["restage.E004"]),
        ("ftp://app.example.com", ["restage.E004"]),
        ("*", ["restage.E004"]),
        ("null", ["restage.E004"]),
    ],
)
def test_check_origins_of_front_ends(settings: Settings, origin: str, found: list[str]) -> None:
    settings.CORS_ALLOWED_ORIGINS = [origin]

    assert ids(checks.check_origins()) == found


@pytest.mark.parametrize(
    ("origin", "found"),
    [
        ("https://tools.example.com", []),
        ("https://*.example.com", []),
        ("https://tools.example.com/", ["restage.E004"]),
        ("tools.example.com", ["restage.E004"]),
        ("*", ["restage.E004"]),
    ],
)
def test_check_origins_of_forms(settings: Settings, origin: str, found: list[str]) -> None:
    settings.CSRF_TRUSTED_ORIGINS = [origin]

    assert ids(checks.check_origins()) == found


@pytest.mark.parametrize(
    ("address", "trusted", "found"),
    [
        ("https://restage.example.com", True, []),
        ("https://restage.example.com", False, ["restage.W002"]),
        ("http://127.0.0.1:8000", False, []),
        ("", False, []),
    ],
)
def test_check_trusted_proxy(
    settings: Settings, address: str, trusted: bool, found: list[str]
) -> None:
    settings.PUBLIC_URL, settings.TRUSTED_PROXY = address, trusted

    assert ids(checks.check_trusted_proxy()) == found


@pytest.mark.parametrize(("token", "found"), [("r8_something", []), ("", ["restage.W001"])])
def test_check_replicate_token(settings: Settings, token: str, found: list[str]) -> None:
    settings.REPLICATE_API_TOKEN = token

    assert ids(checks.check_replicate_token()) == found


@pytest.mark.parametrize(
    ("token", "found"),
    [
        ("", []),
        ("a" * 20, []),
        ("0a1b2c3d4e5f60718293~._-", []),
        ("a" * 19, ["restage.E005"]),
        ("words with a space in between", ["restage.E005"]),
        ("ä" * 20, ["restage.E005"]),
    ],
)
def test_check_metrics_token(settings: Settings, token: str, found: list[str]) -> None:
    settings.METRICS_TOKEN = token

    assert ids(checks.check_metrics_token()) == found


def test_check_environment_reports_each_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = env.Problem("DEBUG", "DEBUG is neither on nor off.", "Write 1 or 0.")
    monkeypatch.setattr(env, "problems", [problem])

    (error,) = checks.check_environment()

    assert (error.id, error.msg, error.hint) == ("restage.E001", problem.message, problem.hint)


GOOD: dict[str, Any] = {
    "NOTICE_EMAILS": ["ops@example.com"],
    "NOTICE_FROM": "restage@example.com",
    "EMAIL_HOST": "mail.example.com",
    "EMAIL_HOST_USER": "",
    "EMAIL_HOST_PASSWORD": "",
    "NOTICE_WEBHOOK_URL": "https://hooks.example.com/restage",
    "NOTICE_WEBHOOK_SECRET": SIGNING_SECRET,
}


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({}, []),
        ({"NOTICE_EMAILS": [], "EMAIL_HOST": ""}, []),
        ({"NOTICE_EMAILS": []}, ["restage.W003"]),
        ({"EMAIL_HOST": ""}, ["restage.E010"]),
        ({"NOTICE_FROM": ""}, ["restage.E010"]),
        ({"EMAIL_HOST_USER": "restage"}, ["restage.E010"]),
        ({"EMAIL_HOST_USER": "restage", "EMAIL_HOST_PASSWORD": MAIL_PASSWORD}, []),
        ({"NOTICE_EMAILS": ["ops"]}, ["restage.E006"]),
        ({"NOTICE_FROM": "Restage <restage@example.com>"}, []),
        ({"NOTICE_WEBHOOK_URL": "", "NOTICE_WEBHOOK_SECRET": ""}, []),
        ({"NOTICE_WEBHOOK_URL": ""}, ["restage.E007"]),
        ({"NOTICE_WEBHOOK_SECRET": ""}, ["restage.E007"]),
        ({"NOTICE_WEBHOOK_URL": "hooks.example.com"}, ["restage.E008"]),
        ({"NOTICE_WEBHOOK_SECRET": "secret"}, ["restage.E009"]),
        ({"NOTICE_WEBHOOK_SECRET": "whsec_c2hvcnQ="}, ["restage.E009"]),
    ],
)
def test_notices_that_are_half_set(
    settings: Settings, wrong: dict[str, Any], found: list[str]
) -> None:
    for name, value in {**GOOD, **wrong}.items():
        setattr(settings, name, value)

    said = [*checks.check_notice_emails(), *checks.check_notice_webhook()]

    assert ids(said) == found
    assert not any(secret in str(said) for secret in (MAIL_PASSWORD, SIGNING_SECRET))


@pytest.mark.parametrize(
    ("https", "subdomains", "preload", "found"),
    [
        (False, False, False, []),
        (True, False, False, []),
        (True, True, False, []),
        (True, True, True, []),
        (True, False, True, ["restage.W004"]),
        (False, True, False, ["restage.W004"]),
        (False, True, True, ["restage.W004"]),
    ],
)
def test_check_hsts(
    settings: Settings, *, https: bool, subdomains: bool, preload: bool, found: list[str]
) -> None:
    settings.HTTPS, settings.HSTS_INCLUDE_SUBDOMAINS = https, subdomains
    settings.HSTS_PRELOAD = preload

    assert ids(checks.check_hsts()) == found
