import pytest
from django.core.checks import CheckMessage
from pytest_django import Settings

from config import checks, env


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


@pytest.mark.parametrize(("token", "found"), [("r8_something", []), ("", ["restage.W001"])])
def test_check_replicate_token(settings: Settings, token: str, found: list[str]) -> None:
    settings.REPLICATE_API_TOKEN = token

    assert ids(checks.check_replicate_token()) == found


def test_check_environment_reports_each_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = env.Problem("DEBUG", "DEBUG is neither on nor off.", "Write 1 or 0.")
    monkeypatch.setattr(env, "problems", [problem])

    (error,) = checks.check_environment()

    assert (error.id, error.msg, error.hint) == ("restage.E001", problem.message, problem.hint)
