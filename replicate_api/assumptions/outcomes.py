"""The outcome of trying an assumption: held, failed or not tried, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Literal, ParamSpec

from replicate_api.errors import ReplicateError

P = ParamSpec("P")

Result = Literal["held", "failed", "not tried"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of trying one assumption; `detail` is a sentence or two for people."""

    name: str
    result: Result
    detail: str


class Failed(Exception):
    """Replicate does not do what is assumed; the text says what it does."""


class NotTried(Exception):
    """The assumption could not be tried; the text says why, or how to try it."""


def judge(name: str, check: Callable[[], str]) -> Outcome:
    """Return the outcome of a check, which returns a detail or raises Failed or NotTried.

    An error of the API counts as failed: Restage's own call would get the same.
    """
    try:
        detail = check()
    except NotTried as reason:
        return Outcome(name=name, result="not tried", detail=str(reason))
    except Failed as reason:
        return Outcome(name=name, result="failed", detail=str(reason))
    except ReplicateError as error:
        detail = f"{type(error).__name__}: {error.detail}"
        return Outcome(name=name, result="failed", detail=detail)
    return Outcome(name=name, result="held", detail=detail)


def assumption(name: str) -> Callable[[Callable[P, str]], Callable[P, Outcome]]:
    """Make a check return its outcome.

    >>> @assumption("The token is accepted")
    ... def token_is_accepted(trial: Trial) -> str: ...
    """

    def decorate(check: Callable[P, str]) -> Callable[P, Outcome]:
        @wraps(check)
        def judged(*args: P.args, **kwargs: P.kwargs) -> Outcome:
            return judge(name, lambda: check(*args, **kwargs))

        return judged

    return decorate
