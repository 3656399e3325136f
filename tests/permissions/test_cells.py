"""Each cell of the table: a request by one person, its answer, and what it changed."""

from collections.abc import Iterator

import pytest

from tests.permissions.asking import Outcome, ask, written
from tests.permissions.page import SECTIONS
from tests.permissions.table import METHODS, Row, Section, shape_of
from tests.permissions.world import World

pytestmark = pytest.mark.django_db

ROWS = [
    pytest.param(section, row, id=f"{row.method} {section.address(row)} {row.what}".strip())
    for section in SECTIONS
    for row in section.rows
]


def other_methods() -> Iterator[tuple[Section, Row]]:
    """Return a row for each method that an address of the table does not take."""
    seen: dict[str, set[str]] = {}
    for section in SECTIONS:
        for row in section.rows:
            seen.setdefault(shape_of(section.address(row)), set()).add(row.method)
    for section in SECTIONS:
        for row in section.rows:
            taken = seen.pop(shape_of(section.address(row)), set(METHODS))
            # Django's own pages know POST, and whatever else is a GET to them.
            asked = METHODS if section.is_api else ("GET", "POST", "DELETE")
            yield from ((section, Row(one, row.path, "", {})) for one in asked if one not in taken)


OTHERS = [
    pytest.param(section, row, id=f"{row.method} {section.address(row)}")
    for section, row in other_methods()
]


def leaks(world: World, section: Section, row: Row, found: dict[str, Outcome]) -> dict[str, str]:
    """Return what tells of the project in answers to people who do not see it."""
    said = written(section, row, world.places)
    marks = [mark for mark in world.marks if mark not in said]
    blind = [person for column in section.blind for person in section.columns[column]]
    return {
        person: mark
        for person in blind
        for mark in marks
        if mark in found[person].text or mark in found[person].location
    }


@pytest.mark.parametrize(("section", "row"), ROWS)
def test_cells_of(section: Section, row: Row, world: World) -> None:
    expected = section.expected(row)

    found = {person: ask(world, person, section, row) for person in expected}

    cells = {person: outcome.cell(row) for person, outcome in found.items()}
    wrong = {
        one: f"{cells[one]}, not {expected[one]}" for one in cells if cells[one] != expected[one]
    }
    assert wrong == {}
    assert leaks(world, section, row, found) == {}


@pytest.mark.parametrize(("section", "row"), OTHERS)
def test_other_method_changes_nothing(section: Section, row: Row, world: World) -> None:
    found = ask(world, "superuser", section, row)

    allowed = {405} if section.is_api else {200, 302, 403, 404, 405}
    assert (found.status in allowed, found.changed) == (True, set()), found.status
