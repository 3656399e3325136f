"""The session of docs/api.md: typed as it stands there, Restage answers as it stands there."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests import missing
from tests.conftest import make_photo
from tests.end_to_end.conftest import Restage
from tests.processes import ROOT

PAGE = ROOT / "docs" / "api.md"
BLOCK = re.compile(r"^```(\w+) (session|answer)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
END_OF_STEP = "---- end of step ----"
MADE_UP = "…"
PHOTOS = ("living-room.jpg", "bedroom.jpg", "kitchen.jpg")


@dataclass(slots=True)
class Step:
    """What is typed, on which line of the page it stands, and the answers that follow it."""

    line: int
    commands: str
    answers: list[str] = field(default_factory=list)


def read_steps() -> list[Step]:
    page = PAGE.read_text()
    steps: list[Step] = []
    for block in BLOCK.finditer(page):
        if block[2] == "session":
            line = page.count("\n", 0, block.start()) + 1
            steps.append(Step(line=line, commands=block[3]))
        else:
            steps[-1].answers.append(block[3])
    return steps


STEPS = read_steps()


@pytest.fixture(scope="module")
def outputs(whole: Restage, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each step printed, in one shell; fewer where a command failed."""
    missing.CURL.require()
    whole.forget()
    folder = tmp_path_factory.mktemp("session")
    for name in PHOTOS:
        (folder / name).write_bytes(make_photo())
    script = "".join(f"{step.commands}\necho; echo '{END_OF_STEP}'\n" for step in STEPS)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, **variables(whole)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    printed = done.stdout.replace("\r", "").split(f"{END_OF_STEP}\n")
    if done.returncode:
        printed[-1] += f"\nthe shell ended with {done.returncode}: {done.stderr}"
    return printed


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
    printed = iter(outputs[number].splitlines())

    missing = [part for answer in STEPS[number].answers for part in unanswered(answer, printed)]
    assert missing == [], outputs[number]


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


def unanswered(answer: str, printed: Iterator[str]) -> Iterator[str]:
    """Yield what of an answer was not printed, each part behind the one before; take it away.

    An answer is lines, or JSON, or lines and, behind an empty one, JSON. JSON is found in one
    line of what was printed.
    """
    if answer[0] in "[{" and is_json(answer):
        lines, document = "", answer
    else:
        lines, _, document = answer.partition("\n\n")
    for line in lines.splitlines():
        if not any(is_like(line, found) for found in printed):
            yield line
    if document and not any(is_json(one) and holds(document, one) for one in printed):
        yield document


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def holds(wanted: str, found: str) -> bool:
    return is_shown(json.loads(wanted), json.loads(found))


def is_shown(wanted: Any, found: Any) -> bool:
    """Say whether a document is as the page shows it, the keys apart that the page leaves out."""
    if wanted == MADE_UP:
        return found is not None
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(key in found and is_shown(wanted[key], found[key]) for key in wanted)
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(map(is_shown, wanted, found))
    if isinstance(wanted, str) and isinstance(found, str):
        return is_like(wanted, found)
    return type(wanted) is type(found) and bool(wanted == found)


def is_like(wanted: str, found: str) -> bool:
    """Say whether a line is as the page shows it; an ellipsis stands for anything."""
    pattern = ".*".join(map(re.escape, wanted.split(MADE_UP)))
    return re.fullmatch(pattern, found.rstrip()) is not None
