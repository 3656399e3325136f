import json
import logging

import pytest
import structlog
from django.test import RequestFactory

from config import logs


@pytest.fixture
def as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", root.handlers)
    logs.configure(as_json=True)


@pytest.mark.parametrize(
    ("told", "logged"),
    [
        ("token r8_abcdefghij is refused", "token *** is refused"),
        ("Authorization: Bearer some.thing else", "Authorization: Bearer *** else"),
        ("Authorization: Token " + "a1" * 32, "Authorization: Token ***"),
        ("signed with whsec_AbC/+=123", "signed with ***"),
        ("key sk-proj-1234567", "key ***"),
        (
            "POST /webhooks/replicate/0190c5a4-0000-7000-8000-000000000000/s3cret-Token_1 200",
            "POST /webhooks/replicate/0190c5a4-0000-7000-8000-000000000000/*** 200",
        ),
        (
            "GET /api/v1/media/a.webp?signature=1abc~d-_e&download_as=a.webp",
            "GET /api/v1/media/a.webp?signature=***&download_as=a.webp",
        ),
        (
            "https://b.s3.amazonaws.com/a.webp?X-Amz-Credential=AK%2F1&X-Amz-Signature=12ab",
            "https://b.s3.amazonaws.com/a.webp?X-Amz-Credential=***&X-Amz-Signature=***",
        ),
        ("profile 7, revision 12", "profile 7, revision 12"),
    ],
)
def test_mask_secrets(told: str, logged: str) -> None:
    assert logs.mask_secrets(None, "info", {"event": told}) == {"event": logged}


def test_mask_secrets_keeps_what_is_not_text() -> None:
    assert logs.mask_secrets(None, "info", {"job": 7, "at": None}) == {"job": 7, "at": None}


def test_mask_secrets_inside_of_values() -> None:
    request = RequestFactory().get("/media/a.webp?signature=1abc~def")
    told = {"request": request, "links": [{"to": ("?signature=1a~b", 7)}], "_record": request}

    assert logs.mask_secrets(None, "info", dict(told)) == {
        "request": "<WSGIRequest: GET '/media/a.webp?signature=***'>",
        "links": [{"to": ["?signature=***", 7]}],
        "_record": request,
    }


@pytest.mark.usefixtures("as_json")
def test_an_event_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(as_json=True)

    structlog.get_logger("staging").info("submitted", job=7)

    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["event"], told["job"], told["level"], told["logger"]) == (
        "submitted", 7, "info", "staging"
    )  # fmt: skip


@pytest.mark.usefixtures("as_json")
def test_the_standard_library_logs_in_the_same_shape(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(as_json=True)

    logging.getLogger("celery").warning("broker at %s", "r8_abcdefghij", extra={"job": 7})

    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["event"], told["job"], told["level"]) == ("broker at ***", 7, "warning")


@pytest.mark.usefixtures("as_json")
@pytest.mark.parametrize(("program", "stream"), [("manage.py", "err"), ("gunicorn", "out")])
def test_a_command_logs_beside_its_answer(
    program: str, stream: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", [f"/srv/{program}"])
    logs.configure(as_json=True)

    structlog.get_logger("accounts").info("token made")

    assert "token made" in getattr(capsys.readouterr(), stream)
