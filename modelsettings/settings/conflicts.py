"""Keys that two people changed at the same time: both values, the author and the time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from modelsettings.errors import RequestRefused
from modelsettings.models import ModelSettings
from modelsettings.schema.comparison import UNSET, is_same, or_null
from modelsettings.schema.flattening import JSON


@dataclass(frozen=True, slots=True)
class Conflict:
    """A key that two people changed; an absent value is UNSET."""

    key: str
    yours: Any
    theirs: Any
    by: str
    at: datetime


class StaleSettings(RequestRefused):
    """A change of settings that were changed meanwhile; `revision` is now in force."""

    status = 412

    def __init__(self, *, revision: int, conflicts: list[Conflict]) -> None:
        keys = ", ".join(conflict.key for conflict in conflicts) or "nothing that you changed"
        super().__init__(
            f"Somebody saved revision {revision} meanwhile, and changed {keys}. "
            "Look at both values, then save again."
        )
        self.revision = revision
        self.conflicts = conflicts

    def body(self) -> dict[str, Any]:
        """Return the API's answer: the sentence, and both values of each conflict."""
        conflicts = [
            {
                "key": conflict.key,
                "yours": or_null(conflict.yours),
                "theirs": or_null(conflict.theirs),
                "by": conflict.by,
                "at": conflict.at,
            }
            for conflict in self.conflicts
        ]
        return {"detail": str(self), "revision": self.revision, "conflicts": conflicts}


def find_conflicts(
    row: ModelSettings, wanted: Mapping[str, Any], *, since: int | None, is_merge: bool = False
) -> list[Conflict]:
    """Return the wanted keys whose stored values were changed after revision `since`.

    For a merge, a key that holds the wanted value already is no conflict. Where there is no
    revision `since` (the tag of another profile), it is unknown what was changed: every key whose
    stored value differs from the wanted one is a conflict.
    """
    history = list(
        ModelSettings.history.filter(id=row.pk, revision__gte=since or 0)
        .order_by("revision")
        .values_list("values", "updated_by", "updated_at", "revision")
    )
    base = history[0][0] if history and history[0][3] == since else None
    conflicts = []
    for key, yours in wanted.items():
        theirs = row.values.get(key, UNSET)
        is_untouched = base is not None and is_same(theirs, base.get(key, UNSET))
        is_agreed = is_untouched or ((is_merge or base is None) and is_same(theirs, yours))
        if not is_agreed:
            # Where no row shows the change, the author of the revision in force is named.
            by, at = _last_change(history, key) or (row.updated_by, row.updated_at)
            conflicts.append(Conflict(key=key, yours=yours, theirs=theirs, by=by, at=at))
    return conflicts


def _last_change(
    history: list[tuple[JSON, str, datetime, int]], key: str
) -> tuple[str, datetime] | None:
    """Return who gave the key its newest value, and when; `history` is in order of revision."""
    for (before, *_), (after, by, at, _) in reversed(list(pairwise(history))):
        if not is_same(before.get(key, UNSET), after.get(key, UNSET)):
            return by, at
    return None
