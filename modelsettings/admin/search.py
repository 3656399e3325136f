"""The page that finds settings across all models."""

from typing import Any

from django.http import HttpRequest

from modelsettings.settings.search import TESTS, known_keys, search_settings

MOST_SHOWN = 300


def search(request: HttpRequest) -> dict[str, Any]:
    """Return the hits of the form in the address; none before anything was asked."""
    asked = {name: request.GET.get(name, "").strip() for name in ("key", "test", "value")}
    test = asked["test"] if asked["test"] in TESTS else "set"
    changed_only = "changed_only" in request.GET
    has_asked = bool(request.GET)
    hits = (
        search_settings(asked["key"], test=test, value=asked["value"], changed_only=changed_only)
        if has_asked
        else []
    )
    return {
        "asked": asked | {"test": test, "changed_only": changed_only},
        "has_asked": has_asked,
        "hits": hits[:MOST_SHOWN],
        "count": len(hits),
        "tests": [(name, words) for name, (words, _) in TESTS.items()],
        "keys": known_keys(),
    }
