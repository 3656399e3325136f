"""What the demo keeps between two runs: the secret key, the operator and the API token."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Operator:
    """Who the demo signs in as; `manage.py create_operator` prints exactly this."""

    name: str
    password: str
    token: str


def secret_key(folder: Path) -> str:
    """Return the installation's SECRET_KEY, made in its first run."""
    file = folder / "secret-key"
    if not file.exists():
        _write_privately(file, secrets.token_urlsafe(50))
    return file.read_text()


def find_operator(folder: Path) -> Operator | None:
    """Return the operator of an earlier run."""
    try:
        return Operator(**json.loads((folder / "operator.json").read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def keep_operator(folder: Path, operator: Operator) -> None:
    """Keep the operator, readable by the folder's owner alone."""
    _write_privately(folder / "operator.json", json.dumps(asdict(operator), indent=2) + "\n")


def _write_privately(file: Path, text: str) -> None:
    # Written aside first: a run that is killed here leaves no half of a file.
    aside = file.with_suffix(".new")
    aside.unlink(missing_ok=True)
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        output.write(text)
    aside.replace(file)
