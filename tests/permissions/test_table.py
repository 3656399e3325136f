"""The table is whole: every address and method of the project stands in it, and no other."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from tests.permissions.page import PAGE, SECTIONS, write_page
from tests.permissions.table import METHODS, shape_of
from tests.permissions.world import World

pytestmark = pytest.mark.django_db


def patterns(found: Any, *, begin: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Return every address of the project as its pattern is written, with its view."""
    for one in found:
        # As `resolve` joins them.
        route = begin + str(one.pattern).removeprefix("^")
        if isinstance(one, URLResolver):
            yield from patterns(one.url_patterns, begin=route)
        else:
            yield route, one


PATTERNS = dict(patterns(get_resolver().url_patterns))


def routes_of_rows(world: World) -> dict[str, set[str]]:
    """Return what the rows lead to: by the shape of an address, the patterns that take it."""
    found: dict[str, set[str]] = {}
    for section in SECTIONS:
        for row in section.rows:
            address = section.address(row)
            path = address.format_map(world.places).partition("?")[0]
            found.setdefault(shape_of(address), set()).add(resolve(path).route)
    return found


def test_every_address_is_in_the_table(world: World) -> None:
    in_table = {route for routes in routes_of_rows(world).values() for route in routes}

    assert set(PATTERNS) - in_table == set()


def test_each_row_has_an_address_of_its_own(world: World) -> None:
    """A row whose pattern is gone would fall to one that takes what is left over."""
    routes = routes_of_rows(world)

    several = {shape: found for shape, found in routes.items() if len(found) > 1}
    taken = [route for found in routes.values() for route in found]
    assert several == {}
    assert sorted({route for route in taken if taken.count(route) > 1}) == []


def test_every_method_of_the_api_is_in_the_table(world: World) -> None:
    in_table = {
        (resolve(section.address(row).format_map(world.places).partition("?")[0]).route, row.method)
        for section in SECTIONS
        for row in section.rows
    }
    views = {route: getattr(one.callback, "view_class", None) for route, one in PATTERNS.items()}

    taken = {
        (route, method)
        for route, view in views.items()
        for method in METHODS
        if route.startswith("api/") and hasattr(view, method.lower())
    }
    assert taken - in_table == set()


def test_page_is_up_to_date() -> None:
    assert PAGE.read_text() == write_page(), "Write it anew: python -m tests.permissions"
