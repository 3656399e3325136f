"""`Idempotency-Key`: a request that buys, sent again, is answered with what it bought first.

For a view that buys a job or a batch:

    @extend_schema(parameters=[IDEMPOTENCY_KEY], responses={202: …, 409: …, 422: …})
    def post(self, request: Request) -> Response:
        …                                     # callers without permission were refused
        batch, headers = buy_once(
            request, lambda key: request_batch(…, key=key), bought=StagingBatch
        )
        return Response(…, status=202, headers=headers)

The service takes `key: IdempotencyKey | None` and, inside the transaction that records the batch,
calls `staging.idempotency.keep_key(key, batch=batch)`. That raises AlreadyAsked where
another request with the same key was quicker: the transaction is rolled back, so nothing is
bought. A file that the service stored before the transaction it has to remove again, as
`staging.jobs.requesting.request_staging` does. A refused request keeps no key, so the corrected
request may bear the same key.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from modelsettings.errors import RequestRefused
from staging.api.access import caller
from staging.errors import GoneMeanwhile
from staging.idempotency import AlreadyAsked, find_key
from staging.models import IdempotencyKey, StagingBatch, StagingJob

REPLAYED = {"Idempotent-Replayed": "true"}
MAX_LENGTH = 255

Bought = TypeVar("Bought", StagingJob, StagingBatch)


class KeyOfAnother(RequestRefused):
    """An Idempotency-Key that was sent with a different request before."""

    status = 422


def buy_once(
    request: Request, buy: Callable[[IdempotencyKey | None], Bought], *, bought: type[Bought]
) -> tuple[Bought, dict[str, str]]:
    """Return what the request buys, or bought when it was sent before, and the answer's headers.

    `buy` gets the key to keep, or None where the request bears none. Raises KeyOfAnother,
    ParseError for a malformed key, and NotPossible where what the key bought was deleted between
    the two looks.
    """
    key = _read_key(request)
    if key is None:
        return buy(None), {}
    if first := _find_first(key, bought):
        return first, dict(REPLAYED)
    try:
        return buy(key), {}
    except AlreadyAsked as error:
        # The same request was quicker on another thread: its purchase is the answer.
        if first := _find_first(key, bought):
            return first, dict(REPLAYED)
        raise GoneMeanwhile(
            "What this key bought was deleted in this moment: ask again."
        ) from error


def _find_first(key: IdempotencyKey, bought: type[Bought]) -> Bought | None:
    kept = find_key(key.owner_id, key.key)
    if kept is None:
        return None
    first = kept.job if bought is StagingJob else kept.batch
    if kept.fingerprint != key.fingerprint or not isinstance(first, bought):
        raise KeyOfAnother(
            "This Idempotency-Key was sent with another request before: give each request its own."
        )
    return first


def _read_key(request: Request) -> IdempotencyKey | None:
    """Return the request's key, not saved yet; None where the request bears none."""
    name = request.headers.get("Idempotency-Key")
    if name is None:
        return None
    if not (0 < len(name) <= MAX_LENGTH and name.isprintable()):
        raise ParseError(f"Idempotency-Key takes 1 to {MAX_LENGTH} printable characters.")
    return IdempotencyKey(owner=caller(request), key=name, fingerprint=_fingerprint(request))


def _fingerprint(request: Request) -> str:
    """Return a hash of the method, the path and the content of the body."""
    said: Any = request.data
    if isinstance(said, QueryDict):
        # The parsed fields of a form, sorted: its boundary and its order differ each time.
        said = sorted(_said_in_form(said))
    try:
        text = json.dumps([request.method, request.path, said], sort_keys=True)
    except RecursionError:
        raise ParseError("The document is nested too deep.") from None
    return hashlib.sha256(text.encode()).hexdigest()


def _said_in_form(form: QueryDict) -> Iterator[tuple[str, str]]:
    for name, values in form.lists():
        for value in values:
            if isinstance(value, UploadedFile):
                yield name, f"file {_digest(value)}"
            else:
                yield name, f"text {value}"


def _digest(file: "UploadedFile[bytes]") -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
