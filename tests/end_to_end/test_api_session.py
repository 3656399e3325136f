"""The session of docs/api.md: typed as it stands there, Restage answers as it stands there."""

import os
import sys
from pathlib import Path

import pytest

from tests import missing
from tests.conftest import make_photo
from tests.end_to_end import sessions
from tests.end_to_end.conftest import Restage
from tests.processes import ROOT

PAGE = ROOT / "docs" / "api.md"
PHOTOS = ("living-room.jpg", "bedroom.jpg", "kitchen.jpg")


STEPS = sessions.read_steps(PAGE)


@pytest.fixture(scope="module")
def outputs(whole: Restage, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each step printed, in one shell; fewer where a command failed."""
    missing.CURL.require()
    whole.forget()
    folder = tmp_path_factory.mktemp("session")
    for name in PHOTOS:
        (folder / name).write_bytes(make_photo())
    return sessions.type_steps(STEPS, folder=folder, variables=variables(whole))


def variables(whole: Restage) -> dict[str, str]:
    """Return what the page asks its reader to have; mia is a user without a permission."""
    make = "from django.contrib.auth.models import User; User.objects.create_user('mia')"
    whole.run("shell", "-v", "0", "-c", make)
    return {
        "RESTAGE": whole.url,
        "TOKEN": whole.http.headers["Authorization"].removeprefix("Token "),
        "MIA": whole.run("create_token", "mia").strip(),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "no_proxy": "*",
    }


@pytest.mark.parametrize("number", range(len(STEPS)), ids=lambda at: f"line-{STEPS[at].line}")
def test_session_answers_as_the_page_says(outputs: list[str], number: int) -> None:
    # The last piece is what follows the last step, or what a failed command has left.
    assert number < len(outputs) - 1, outputs[-1]
    assert sessions.find_missing(STEPS[number], outputs[number]) == [], outputs[number]


def test_session_bought_what_it_says_and_nothing_twice(outputs: list[str], whole: Restage) -> None:
    bought = whole.record()["predictions"]

    assert len({one["input"]["image"] for one in bought}) == len(bought) == 7


def test_session_tries_what_a_client_does() -> None:
    typed = "".join(step.commands for step in STEPS)

    wanted = (
        "staging/projects ", "staging/photos ", "Idempotency-Key", "If-None-Match", "/rating",
        "/retry", "/repeat", "staging/batches ", "/shares", "pictures.zip", "/members/",
        "staging/usage", "-X DELETE",
    )  # fmt: skip
    assert [one for one in wanted if one not in typed] == []
