"""The page that finds settings across all models."""

from typing import Any

from django.http import HttpRequest

from modelsettings.errors import RequestRefused
from modelsettings.settings.search import TESTS, known_names, search_settings

MOST_SHOWN = 300


def search(request: HttpRequest) -> dict[str, Any]:
    """Return the hits of the form in the address; none before anything was asked."""
    asked = {name: request.GET.get(name, "").strip() for name in ("key", "test", "value")}
    test = asked["test"] if asked["test"] in TESTS else "set"
    changed_only = "changed_only" in request.GET
    context: dict[str, Any] = {
        "asked": asked | {"test": test, "changed_only": changed_only},
        "has_asked": bool(request.GET),
        "tests": [(name, words) for name, (words, _) in TESTS.items()],
        "names": known_names(),
    }
    if not request.GET:
        return context
    try:
        hits = search_settings(
            asked["key"], test=test, value=asked["value"], changed_only=changed_only
        )
    except RequestRefused as error:
        return context | {"refusal": str(error)}
    return context | {"hits": hits[:MOST_SHOWN], "count": len(hits)}
