"""Predictions as the sandbox keeps them, and as the API shows them."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.clock import now, stamp
from sandbox.faults import Fault
from sandbox.identifiers import new_id
from sandbox.problems import Problem
from sandbox.published import PublishedModel
from sandbox.validation import Document

TERMINAL = frozenset({"succeeded", "failed", "canceled", "aborted"})
PAGE = 100


@dataclass(eq=False, kw_only=True)
class Prediction:
    """One run of a model. `fate` is the fault, if any, that it was created under."""

    model: PublishedModel
    version: str
    input: Document
    webhook: str | None = None
    webhook_events_filter: list[str] | None = None
    deadline: datetime | None = None
    fate: Fault | None = None
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=now)
    sequence: int = 0
    status: str = "starting"
    output: object = None
    logs: str | None = ""
    error: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    image_count: int | None = None
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_over(self) -> bool:
        """Whether the status is final."""
        return self.status in TERMINAL

    @property
    def is_forgotten(self) -> bool:
        """Whether the service has lost the prediction, by the fault `forget`."""
        if not self.fate or self.fate.do != "forget":
            return False
        return now() - self.created_at >= timedelta(seconds=self.fate.seconds or 0)

    def start(self) -> None:
        """Leave the queue."""
        self.status = "processing"
        self.started_at = now()

    def end(self, status: str, *, error: str | None = None) -> bool:
        """Set a terminal status unless there is one; return whether this call set it."""
        if self.is_over:
            return False
        self.status = status
        self.error = error
        self.completed_at = now()
        if status != "succeeded":
            self.output = None
        if status in ("canceled", "aborted"):
            # Null, not "": docs/replicate-facts/client.md, "Recorded answers".
            self.logs = None
        self.settled.set()
        return True

    def is_purged(self, *, retention_s: float) -> bool:
        """Return whether input, output and logs are removed by now."""
        if self.completed_at is None:
            return False
        if self.fate and self.fate.do == "purge":
            return True
        return now() - self.completed_at >= timedelta(seconds=retention_s)


def prediction_object(prediction: Prediction, *, api: str, retention_s: float) -> Document:
    """Return the answer to GET, with exactly the keys that were recorded for its state.

    While starting there are no `output`, `started_at`, `completed_at` and `metrics`:
    docs/replicate-facts/client.md, "Recorded answers". The published description lists more as
    always present; `urls.web` follows it, as payloads since 2025 do.
    """
    purged = prediction.is_purged(retention_s=retention_s)
    shown: Document = {
        "id": prediction.id,
        "model": prediction.model.slug,
        "version": prediction.version,
        "input": None if purged else prediction.input,
        "logs": None if purged else prediction.logs,
        "error": prediction.error,
        "status": prediction.status,
        "created_at": stamp(prediction.created_at),
        "urls": _urls(prediction, api=api),
    }
    if prediction.deadline:
        shown["deadline"] = stamp(prediction.deadline)
    if prediction.webhook is not None:
        shown["webhook"] = prediction.webhook
    if prediction.webhook_events_filter is not None:
        shown["webhook_events_filter"] = prediction.webhook_events_filter
    if prediction.started_at:
        shown["started_at"] = stamp(prediction.started_at)
    if prediction.completed_at:
        shown["output"] = None if purged else prediction.output
        shown["completed_at"] = stamp(prediction.completed_at)
        shown["metrics"] = _metrics(prediction)
    if purged:
        shown["data_removed"] = True
    return shown


def waited_object(prediction: Prediction, *, api: str, retention_s: float) -> Document:
    """Return the answer to a create with `Prefer: wait`.

    As in docs/replicate-facts/client.md, "Recorded answers": `output` and `data_removed` are there,
    and the status is still `processing` although the output is complete.
    """
    shown = prediction_object(prediction, api=api, retention_s=retention_s)
    shown["output"] = prediction.output
    shown["data_removed"] = False
    if prediction.status == "succeeded":
        shown["status"] = "processing"
        del shown["completed_at"], shown["metrics"]
    return shown


def listed_object(prediction: Prediction, *, api: str, retention_s: float) -> Document:
    """Return an item of the list, which has two keys more, such as the prediction's source."""
    shown = prediction_object(prediction, api=api, retention_s=retention_s)
    return {"data_removed": False, "source": "api", **shown}


def _urls(prediction: Prediction, *, api: str) -> Document:
    address = f"{api}/predictions/{prediction.id}"
    web = f"{api.removesuffix('/v1')}/p/{prediction.id}"
    return {"get": address, "cancel": f"{address}/cancel", "web": web}


def _metrics(prediction: Prediction) -> Document:
    end = prediction.completed_at or now()
    metrics: Document = {"total_time": (end - prediction.created_at).total_seconds()}
    if prediction.started_at:
        metrics["predict_time"] = (end - prediction.started_at).total_seconds()
    if prediction.image_count is not None:
        metrics["image_count"] = prediction.image_count
    return metrics


class PredictionStore:
    """Every prediction ever created, oldest first."""

    def __init__(self) -> None:
        self._all: list[Prediction] = []
        self._by_id: dict[str, Prediction] = {}

    def __iter__(self) -> Iterator[Prediction]:
        return iter(self._all)

    def add(self, prediction: Prediction) -> None:
        prediction.sequence = len(self._all)
        self._all.append(prediction)
        self._by_id[prediction.id] = prediction

    def get(self, prediction_id: str) -> Prediction:
        """Return the prediction, or raise the 404."""
        prediction = self._by_id.get(prediction_id)
        if prediction is None or prediction.is_forgotten:
            raise Problem(404)
        return prediction

    def page(
        self, *, cursor: str | None, after: datetime | None, before: datetime | None
    ) -> tuple[list[Prediction], str | None, str | None]:
        """Return up to 100 predictions, newest first, and the next and previous cursors."""
        # `p` leads to older predictions, `r` to newer ones. The place is a prediction's number, so
        # that a prediction created between two pages shifts neither.
        direction, place = _read_cursor(cursor) if cursor else ("p", len(self._all))
        listed = [p for p in self._all if _is_listed(p, after=after, before=before)]
        if direction == "r":
            shown = [p for p in listed if p.sequence > place][:PAGE][::-1]
        else:
            shown = [p for p in listed if p.sequence < place][-PAGE:][::-1]
        if not shown:
            return [], None, None
        older = _cursor("p", shown[-1]) if shown[-1] is not listed[0] else None
        newer = _cursor("r", shown[0]) if shown[0] is not listed[-1] else None
        return shown, older, newer

    def clear(self) -> None:
        """Forget every prediction; running ones stop, without a webhook."""
        for prediction in self._all:
            prediction.end("canceled")
        self._all, self._by_id = [], {}


def _is_listed(prediction: Prediction, *, after: datetime | None, before: datetime | None) -> bool:
    fate = prediction.fate
    if prediction.is_forgotten:
        return False
    if fate and fate.do == "hide_from_list":
        age = now() - prediction.created_at
        if fate.seconds is None or age < timedelta(seconds=fate.seconds):
            return False
    if after and prediction.created_at < after:
        return False
    return not (before and prediction.created_at >= before)


def _cursor(direction: str, prediction: Prediction) -> str:
    return base64.urlsafe_b64encode(f"{direction}={prediction.sequence}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[str, int]:
    try:
        direction, _, place = base64.urlsafe_b64decode(cursor).decode().partition("=")
        return direction, int(place)
    except (ValueError, binascii.Error) as error:
        raise Problem(404, detail="Invalid cursor.") from error
