"""The files that the demo keeps between two runs: its secret key, and its operator with a token."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Operator:
    """The user that the demo signs in as; `manage.py create_operator` prints these fields."""

    name: str
    password: str
    token: str


def secret_key(folder: Path) -> str:
    """Return the installation's SECRET_KEY, made in the first run."""
    file = folder / "secret-key"
    if not file.exists():
        _write_privately(file, secrets.token_urlsafe(50))
    return file.read_text()


def find_operator(folder: Path) -> Operator | None:
    """Return the operator that an earlier run kept, if any."""
    try:
        return Operator(**json.loads((folder / "operator.json").read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def keep_operator(folder: Path, operator: Operator) -> None:
    """Keep the operator, readable by the folder's owner alone."""
    _write_privately(folder / "operator.json", json.dumps(asdict(operator), indent=2) + "\n")


def _write_privately(file: Path, text: str) -> None:
    # Written to another file first, so that a run killed here leaves no half-written one.
    aside = file.with_suffix(".new")
    aside.unlink(missing_ok=True)
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        output.write(text)
    aside.replace(file)
