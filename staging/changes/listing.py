"""All changes that an account may see, in one order, in pages."""

from dataclasses import dataclass

from django.contrib.auth.models import User

from staging.changes.entries import Change, Kind, Place, Wanted
from staging.changes.library import ENTRIES
from staging.changes.models import Models
from staging.changes.profiles import Events, Revisions
from staging.changes.rules import RulesBegun, RulesEnded, Spending
from staging.changes.sources import Source

PAGE = 25

# A cursor counts on their order: add at the end.
SOURCES: tuple[Source, ...] = (
    Models(),
    Revisions(),
    Events(),
    *ENTRIES,
    RulesBegun(),
    RulesEnded(),
    Spending(),
)
_OF_API = frozenset[Kind]().union(*(source.kinds for source in SOURCES if source.is_of_api))
API_KINDS = [(kind.value, str(kind.label)) for kind in Kind if kind in _OF_API]


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Changes, the newest first; `next` is the place that the next page begins after."""

    changes: list[Change]
    next: Place | None


def list_changes(
    user: User,
    wanted: Wanted,
    *,
    after: Place | None = None,
    most: int = PAGE,
    for_api: bool = False,
) -> ChangePage:
    """Return a page of changes; `for_api` leaves out what the API does not show.

    Each source is asked for a page of its own, so that the queries stay the same however much there
    is, and no table is walked further than one page along its index of time.
    """
    found = []
    for rank, source in enumerate(SOURCES):
        if (source.is_of_api or not for_api) and source.is_for(wanted, user):
            rows = source.take(wanted, user, rank=rank, after=after, most=most + 1)
            found += [(source.place_of(row, rank), row) for row in rows]
    found.sort(key=lambda pair: pair[0].newness, reverse=True)
    page = found[:most]
    described: dict[Place, Change] = {}
    for rank, source in enumerate(SOURCES):
        own = [(place, row) for place, row in page if place.rank == rank]
        if own:
            changes = source.describe([row for _, row in own])
            described |= {place: change for (place, _), change in zip(own, changes, strict=True)}
    changes = [described[place] for place, _ in page]
    return ChangePage(changes, page[-1][0] if len(found) > most else None)


def offered_kinds(user: User) -> list[tuple[str, str]]:
    """Return the kinds of changes that an account may see, each with its words."""
    seen = {kind for kind in Kind for source in SOURCES if source.is_for(Wanted(kind=kind), user)}
    return [(kind.value, str(kind.label)) for kind in Kind if kind in seen]
