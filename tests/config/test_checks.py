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
