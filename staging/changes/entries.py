"""A change as it is shown, the filter of a list of changes, and a change's place in its order."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Self

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from modelsettings.models import ReplicateModel
from modelsettings.schema.words import value_in_words

# The most letters of a value that a line shows, and how many before the first that differs.
LONG = 120
BEFORE = 20


class Kind(TextChoices):
    """What a change is about; the words are the filter's."""

    SETTINGS = "settings", "Settings"
    LIVE = "live", "Live profile"
    DEFAULT = "default", "Default model"
    ROOMS = "rooms", "Rooms of a profile"
    RETIRED = "retired", "Retired or taken back"
    ENABLED = "enabled", "Model enabled or disabled"
    PRICE = "price", "Price"
    ROLES = "roles", "Inputs of photo and prompt"
    CLIENTS = "clients", "What clients may do"
    MODEL = "model", "Model added or renamed"
    ROOM = "room", "Room of the library"
    STYLE = "style", "Style"
    PROMPT = "prompt", "Furnishing"
    RULES = "rules", "Rules of prompts"
    DISCLOSURE = "disclosure", "Disclosure"
    SPENDING = "spending", "Limits, estimates, pauses"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a change gave another value; `words` say the two where values do not."""

    key: str
    label: str
    old: Any
    new: Any
    words: tuple[str, str] | None = None

    @property
    def shown(self) -> tuple[str, str]:
        """Both values in words; of long ones the part that begins shortly before they differ."""
        old, new = self.words or (value_in_words(self.old), value_in_words(self.new))
        if max(len(old), len(new)) <= LONG:
            return old, new
        pairs = enumerate(zip(old, new, strict=False))
        same = next((at for at, (one, other) in pairs if one != other), min(len(old), len(new)))
        at = max(0, same - BEFORE)
        return _cut(old, at), _cut(new, at)


@dataclass(frozen=True, slots=True)
class Place:
    """A change's place in the order: the newest first, then by source, then the latest row."""

    at: datetime
    rank: int
    pk: int

    @property
    def newness(self) -> tuple[datetime, int, int]:
        """Of two places, the one of the greater newness comes first."""
        return (self.at, -self.rank, self.pk)

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.rank}~{self.pk}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the place that a text names; None where it names none."""
        at, _, numbers = text.partition("~")
        rank, _, pk = numbers.partition("~")
        if not (_is_number(rank) and _is_number(pk)):
            return None
        try:
            moment = parse_datetime(at)
        except ValueError:
            return None
        is_sane = moment is not None and timezone.is_aware(moment) and 1900 < moment.year < 3000
        return cls(moment, int(rank), int(pk)) if moment and is_sane else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change: author, time and reason, what it is about, and each thing that it changed.

    `title` is the model or the row of the library, `part` the profile or the like; `done` is said
    where no line says it. `page` is the name and the key of the admin's page that shows it.
    """

    at: datetime
    by: str
    reason: str
    kinds: tuple[Kind, ...]
    title: str
    part: str = ""
    done: str = ""
    lines: list[Line] = field(default_factory=list)
    model: str | None = None
    page: tuple[str, Any] | None = None

    @property
    def kinds_in_words(self) -> str:
        return ", ".join(str(kind.label) for kind in self.kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The filter of a list of changes; empty parts let all through.

    `model` is a model's `owner/name`. Without `with_shipped`, what came with Restage is left out.
    """

    by: str = ""
    model: str = ""
    kind: Kind | None = None
    day: date | None = None
    with_shipped: bool = True


def _cut(text: str, at: int) -> str:
    """Return up to LONG characters of a text from a place on; what is left out is marked."""
    part = text[at : at + LONG]
    return f"{'…' if at and part else ''}{part}{'…' if len(text) > at + LONG else ''}"


def labels_of_models(keys: set[int]) -> dict[int, ReplicateModel]:
    """Return models by key, with the digest of their schemas, in one query."""
    rows = ReplicateModel.objects.select_related("pinned_schema")
    return rows.defer("pinned_schema__document").in_bulk(keys)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19
