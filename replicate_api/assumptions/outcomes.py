"""What came of trying an assumption: held, failed or not tried, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Literal, ParamSpec

from replicate_api.errors import ReplicateError

P = ParamSpec("P")

Outcome = Literal["held", "failed", "not tried"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One assumption and what came of it; `detail` is a sentence or two for people."""

    name: str
    outcome: Outcome
    detail: str


class Failed(Exception):
    """Replicate does otherwise than is assumed; the text says what it does."""


class NotTried(Exception):
    """The assumption could not be tried; the text says why, or how it can be."""


def judge(name: str, check: Callable[[], str]) -> Verdict:
    """Return the verdict on a check, which returns a detail or raises Failed or NotTried.

    An error of the API fails it: the code's next call would fare no better.
    """
    try:
        detail = check()
    except NotTried as reason:
        return Verdict(name=name, outcome="not tried", detail=str(reason))
    except Failed as reason:
        return Verdict(name=name, outcome="failed", detail=str(reason))
    except ReplicateError as error:
        detail = f"{type(error).__name__}: {error.detail}"
        return Verdict(name=name, outcome="failed", detail=detail)
    return Verdict(name=name, outcome="held", detail=detail)


def assumption(name: str) -> Callable[[Callable[P, str]], Callable[P, Verdict]]:
    """Make a check return its verdict.

    >>> @assumption("The token is accepted")
    ... def token_is_accepted(trial: Trial) -> str: ...
    """

    def decorate(check: Callable[P, str]) -> Callable[P, Verdict]:
        @wraps(check)
        def judged(*args: P.args, **kwargs: P.kwargs) -> Verdict:
            return judge(name, lambda: check(*args, **kwargs))

        return judged

    return decorate
