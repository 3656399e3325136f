"""Tokens by which a run tells its workers where to kill or stop themselves, and how often.

A token is a file; whoever removes it has taken it, which one process alone can.
"""

import os
from pathlib import Path

VARIABLE = "CHAOS_KILL_TOKENS"
POINTS = ("after-claim", "after-upload", "after-create", "in-download", "in-file", "before-row")
# Between the word that a purchase may exist and the request that buys.
ASLEEP = "asleep-before-purchase"


def leave(folder: Path, *, point: str, times: int) -> None:
    """Leave tokens for a point."""
    for number in range(times):
        (folder / f"{point}-{number}").touch()


def take(point: str) -> bool:
    """Take a token for a point, in the folder that the environment names; say whether one was."""
    for token in Path(os.environ[VARIABLE]).glob(f"{point}-*"):
        try:
            token.unlink()
        except FileNotFoundError:
            continue
        return True
    return False


def take_back(folder: Path, *, point: str) -> int:
    """Remove the tokens that nobody took; return how many there were."""
    left = list(folder.glob(f"{point}-*"))
    for token in left:
        token.unlink(missing_ok=True)
    return len(left)
