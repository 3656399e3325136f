"""The selection of `bin/test quick`: every door is in it, and what it names is there."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver

from tests import quick
from tests.processes import ROOT

OURS = ("config.", "modelsettings.", "staging.")
LEFT_OUT = ("permissions", "browser", "chaos", "demo", "end_to_end", "test_api_contract.py")


def name_of(door: Any) -> str:
    return f"{door.__module__}.{door.__qualname__}"


def views(patterns: list[URLPattern | URLResolver]) -> Iterator[Any]:
    """Yield the views behind addresses; those of the admin are methods, and come by their class."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns)
        else:
            yield getattr(pattern.callback, "view_class", pattern.callback)


def doors() -> set[str]:
    pages = {name_of(type(page)) for page in admin.site._registry.values()}
    found = {name_of(view) for view in views(get_resolver().url_patterns)}
    found = {name for name in found if ".admin." not in name}
    return {name for name in pages | found if name.startswith(OURS)}


def functions_in(file: Path) -> set[str]:
    return {
        node.name for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)
    }


def test_every_door_is_in_the_selection() -> None:
    assert doors() == set(quick.DOORS)


@pytest.mark.parametrize("name", quick.DOORS)
def test_tests_of_a_door_are_there(name: str) -> None:
    for test in quick.DOORS[name]:
        path, _, function = test.partition("::")
        assert function in functions_in(ROOT / path), test


@pytest.mark.parametrize("path", quick.WHOLE)
def test_whole_modules_are_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_nothing_slow_is_in_the_selection() -> None:
    assert [test for test in quick.tests() if test.split("/")[1].startswith(LEFT_OUT)] == []
