"""Points at which a worker kills itself, or falls asleep, as if its machine did.

Nothing of production knows of them: in a worker of a chaos run the functions around each point are
wrapped. A point strikes as often as the run left tokens for it.
"""

import os
import signal
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import httpcore
import httpx
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage

from replicate_api import transport
from replicate_api.client import ReplicateClient
from staging.models.prediction import PredictionQuerySet
from staging.predictions import collection, submission
from tests.chaos import tokens


def strike(point: str, *, number: int = signal.SIGKILL) -> None:
    """Send this process a signal, if a token for the point is left."""
    if tokens.take(point):
        os.kill(os.getpid(), number)


def install() -> None:
    """Put the points into this worker."""
    _after(PredictionQuerySet, "claim", point="after-claim", where=bool)
    _after(ReplicateClient, "upload_file", point="after-upload")
    _after(ReplicateClient, "create_prediction", point="after-create")
    _before(collection, "_succeed", point="before-row")
    _before(submission, "_buy", point=tokens.ASLEEP, number=signal.SIGSTOP)
    _wrap(transport, "_read", _in_download)
    _wrap(FileSystemStorage, "_save", _in_file)


def _wrap(owner: Any, name: str, around: Callable[..., Any]) -> None:
    original = getattr(owner, name)

    @wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return around(original, *args, **kwargs)

    setattr(owner, name, wrapped)


def _after(
    owner: Any, name: str, *, point: str, where: Callable[[Any], bool] = lambda _: True
) -> None:
    def around(original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if where(result):
            strike(point)
        return result

    _wrap(owner, name, around)


def _before(owner: Any, name: str, *, point: str, number: int = signal.SIGKILL) -> None:
    def around(original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        strike(point, number=number)
        return original(*args, **kwargs)

    _wrap(owner, name, around)


def _in_download(
    original: Callable[..., bytes], request: httpx.Request, response: Any, **kwargs: Any
) -> bytes:
    if request.url.path.startswith("/outputs/"):
        response = _Begun(response)
        strike("in-download")
    return original(request, response, **kwargs)


class _Begun:
    """An answer of which the first bytes have been read."""

    def __init__(self, response: httpcore.Response) -> None:
        self.status, self.headers, self.close = response.status, response.headers, response.close
        self._rest = response.iter_stream()
        self._first = next(self._rest, b"")

    def iter_stream(self) -> Iterator[bytes]:
        yield self._first
        yield from self._rest


def _in_file(
    original: Callable[..., str], storage: FileSystemStorage, name: str, content: Any
) -> str:
    if name.startswith("pictures/"):
        content = _Halves(content.read(), name=content.name)
    return original(storage, name, content)


class _Halves(ContentFile):  # type: ignore[type-arg]  # always bytes here
    """A file that is written in two steps, with a point between them."""

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        whole = self.read()
        yield whole[: len(whole) // 2]
        strike("in-file")
        yield whole[len(whole) // 2 :]
