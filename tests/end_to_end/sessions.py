"""A page's session: typed as it stands there, and the answers compared with those of the page.

A block of commands is marked `session`, what follows it `answer`. In an answer `…` stands for what
differs each time, and of JSON the keys that do not matter are left out.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BLOCK = re.compile(r"^```(\w+) (session|answer)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
END_OF_STEP = "---- end of step ----"
MADE_UP = "…"


@dataclass(slots=True)
class Step:
    """What is typed, on which line of the page it stands, and the answers that follow it."""

    line: int
    commands: str
    answers: list[str] = field(default_factory=list)


def read_steps(path: Path) -> list[Step]:
    page = path.read_text()
    steps: list[Step] = []
    for block in BLOCK.finditer(page):
        if block[2] == "session":
            line = page.count("\n", 0, block.start()) + 1
            steps.append(Step(line=line, commands=block[3]))
        else:
            steps[-1].answers.append(block[3])
    return steps


def type_steps(steps: Sequence[Step], *, folder: Path, variables: Mapping[str, str]) -> list[str]:
    """Return what each step printed, in one shell; fewer where a command failed."""
    script = "".join(f"{step.commands}\necho; echo '{END_OF_STEP}'\n" for step in steps)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )
    printed = done.stdout.replace("\r", "").split(f"{END_OF_STEP}\n")
    if done.returncode:
        printed[-1] += f"\nthe shell ended with {done.returncode}: {done.stderr}"
    return printed


def find_missing(step: Step, printed: str) -> list[str]:
    """Return the parts of a step's answers that were not printed, in their order."""
    lines = iter(printed.splitlines())
    return [part for answer in step.answers for part in unanswered(answer, lines)]


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
    return re.fullmatch(pattern, found.rstrip(), re.DOTALL) is not None
