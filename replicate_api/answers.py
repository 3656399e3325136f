"""Replicate's answers as typed values.

They are read from the raw JSON, since the official client's own models refuse a whole answer
(or a whole page) for one status, version or model that they do not know.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Self, cast, get_args

from replicate_api.errors import BadAnswer

logger = logging.getLogger(__name__)

Status = Literal["starting", "processing", "succeeded", "failed", "canceled", "aborted"]
STATUSES: frozenset[str] = frozenset(get_args(Status))
FINISHED: frozenset[str] = frozenset({"succeeded", "failed", "canceled", "aborted"})
# An id becomes part of a request's path, so an id with any other character is refused.
ID_PATTERN = re.compile(r"[0-9A-Za-z_-]{1,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemotePrediction:
    """A prediction as Replicate describes it in an answer, a list's item or a webhook's body."""

    id: str
    status: Status
    model: str
    version: str | None
    input: dict[str, object] | None
    output: object
    output_urls: tuple[str, ...]
    error: str | None
    created_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    metrics: dict[str, object]
    webhook: str | None
    webhook_events_filter: tuple[str, ...] | None
    deadline: datetime | None
    data_removed: bool

    @property
    def is_finished(self) -> bool:
        """Return whether the status is one of the four that never change again."""
        return self.status in FINISHED

    @classmethod
    def from_json(cls, answer: object) -> Self:
        """Read a prediction; raise BadAnswer where it has no usable id or status.

        Any other field may be missing or odd. An undocumented status counts as `processing`,
        which is not finished, so that polling and deadlines go on.
        """
        fields = read_object(answer)
        id_ = fields.get("id")
        if not isinstance(id_, str) or not ID_PATTERN.fullmatch(id_):
            raise BadAnswer("a prediction came without an id")
        output = fields.get("output")
        return cls(
            id=id_,
            status=_status(fields.get("status"), id_=id_),
            model=_text(fields.get("model")) or "",
            version=_text(fields.get("version")),
            input=_dict_or_none(fields.get("input")),
            output=output,
            output_urls=_urls(output),
            error=_error(fields.get("error")),
            created_at=_moment(fields.get("created_at")),
            started_at=_moment(fields.get("started_at")),
            completed_at=_moment(fields.get("completed_at")),
            metrics=_dict_or_none(fields.get("metrics")) or {},
            webhook=_text(fields.get("webhook")),
            webhook_events_filter=_texts(fields.get("webhook_events_filter")),
            deadline=_moment(fields.get("deadline")),
            data_removed=fields.get("data_removed") is True,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """An uploaded file, which Replicate keeps until `expires_at`."""

    id: str
    url: str
    expires_at: datetime | None

    @classmethod
    def from_json(cls, answer: object) -> Self:
        """Read a file; raise BadAnswer where it has no id or address."""
        fields = read_object(answer)
        urls = _dict_or_none(fields.get("urls")) or {}
        id_, url = fields.get("id"), urls.get("get")
        if not isinstance(id_, str) or not isinstance(url, str) or not id_ or not url:
            raise BadAnswer("an uploaded file came without an id or an address")
        return cls(id=id_, url=url, expires_at=_moment(fields.get("expires_at")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """At most a hundred predictions, newest first; `next` is the next page's cursor."""

    predictions: tuple[RemotePrediction, ...]
    next: str | None

    @classmethod
    def from_json(cls, answer: object) -> Self:
        """Read a page; raise BadAnswer rather than leave an unreadable item out.

        A look-up takes a prediction that is not listed for one that was never bought.
        """
        fields = read_object(answer)
        results = fields.get("results")
        next_ = fields.get("next")
        if not isinstance(results, list) or not isinstance(next_, str | None):
            raise BadAnswer("a list of predictions came without results")
        predictions = tuple(RemotePrediction.from_json(result) for result in results)
        return cls(predictions=predictions, next=next_ or None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """An output's bytes, with the media type that its host named."""

    content: bytes
    content_type: str


def read_object(answer: object) -> dict[str, object]:
    """Return the answer if it is a JSON object, else raise BadAnswer."""
    if not isinstance(answer, dict):
        raise BadAnswer(f"expected a JSON object, got {type(answer).__name__}")
    return answer


def _status(value: object, *, id_: str) -> Status:
    if not isinstance(value, str) or not value:
        raise BadAnswer(f"prediction {id_} came without a status")
    if value in STATUSES:
        return cast(Status, value)
    logger.warning("prediction %s has the unknown status %r", id_, value[:50])
    return "processing"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list):
        return None
    return tuple(text for text in value if isinstance(text, str))


def _dict_or_none(value: object) -> dict[str, object] | None:
    return value if isinstance(value, dict) else None


def _error(value: object) -> str | None:
    return value if isinstance(value, str | None) else json.dumps(value)


def _urls(output: object) -> tuple[str, ...]:
    values = output if isinstance(output, list) else [output]
    return tuple(
        value
        for value in values
        if isinstance(value, str) and value.startswith(("https:", "http:", "data:"))
    )


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
