"""Measures what control costs: reading, changing, serving and validating settings.

    python -m benchmarks.settings [--rounds N] [--json]

Each figure is a ratio to the plain way of doing the same, timed in turns in one run, on the
database that DATABASE_URL names (a throw-away one is made beside it); `validate_us` alone is a
time.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import get_runner, override_settings
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from benchmarks.measure import report, time_side_by_side
from modelsettings.actors import Actor
from modelsettings.api.config import ConfigView
from modelsettings.api.history import HistoryView
from modelsettings.api.permissions import MayTune
from modelsettings.guards import settings_write
from modelsettings.models import ModelSettings
from modelsettings.schema.validation import SettingsValidator
from modelsettings.settings import (
    StoredSettings,
    create_profile,
    get_settings,
    resolve,
    update_settings,
)

MODEL = "qwen/qwen-image-edit"
WANTED = {
    "resolve_ratio": "≤ 1.5",
    "update_ratio": "≤ 1.4",
    "get_ratio": "≥ 0.85",
    "validate_us": "≤ 10",
    "history_growth_ratio": "≤ 1.2",
}


class PlainConfigView(APIView):
    """The plain way to serve the same row: same authentication, same permission, no more."""

    permission_classes = [MayTune]

    def get(self, request: Request, slug: str) -> Response:
        row = ModelSettings.objects.select_related("model").get(model__slug=slug)
        return Response({"config": row.values, "revision": row.revision})


def measure(*, rounds: int) -> dict[str, float]:
    """Return the figures, and the medians that they come from."""
    user = User.objects.create_superuser("bench")
    profile = get_settings(MODEL).pk
    return (
        _measure_resolve(profile, rounds=rounds)
        | _measure_update(profile, user, rounds=rounds)
        | _measure_get(user, rounds=rounds)
        | _measure_validate()
        | _measure_history_growth(user, rounds=min(rounds, 100))
    )


def _measure_resolve(profile: int, *, rounds: int) -> dict[str, float]:
    ours, plain = time_side_by_side(
        lambda: resolve(MODEL),
        lambda: ModelSettings.objects.get(pk=profile),
        rounds=rounds,
    )
    return {"resolve_ratio": ours / plain, "resolve_us": ours * 1e6, "plain_read_us": plain * 1e6}


def _measure_update(profile: int, user: User, *, rounds: int) -> dict[str, float]:
    turn = iter(range(10**9))
    actor = Actor.of(user)
    values = get_settings(MODEL).document

    def ours() -> None:
        quality = next(turn) % 100
        update_settings(profile, {**values, "output_quality": quality}, by=actor)

    def plain() -> None:
        # The usual code with simple-history: get, change, save, in one transaction.
        with transaction.atomic(), settings_write():
            row = ModelSettings.objects.get(pk=profile)
            row.values = {**row.values, "output_quality": next(turn) % 100}
            row.revision += 1
            row.updated_at = timezone.now()
            row._history_user = user
            row.save()

    our_time, plain_time = time_side_by_side(ours, plain, rounds=rounds)
    return {
        "update_ratio": our_time / plain_time,
        "update_us": our_time * 1e6,
        "plain_save_us": plain_time * 1e6,
    }


def _measure_get(user: User, *, rounds: int) -> dict[str, float]:
    token = AuthToken.objects.create(user)[1]
    request = APIRequestFactory(HTTP_AUTHORIZATION=f"Token {token}").get("/")
    ours_view, plain_view = ConfigView.as_view(), PlainConfigView.as_view()
    ours, plain = time_side_by_side(
        lambda: ours_view(request, slug=MODEL).render(),
        lambda: plain_view(request, slug=MODEL).render(),
        rounds=rounds,
    )
    # Requests a second of ours to those of the plain view.
    return {"get_ratio": plain / ours, "get_us": ours * 1e6, "plain_get_us": plain * 1e6}


def _measure_validate() -> dict[str, float]:
    validator = SettingsValidator(_schema_of_25())
    document = validator.clean({})
    (seconds,) = time_side_by_side(
        lambda: [validator.clean(document) for _ in range(100)], rounds=200
    )
    return {"validate_us": seconds / 100 * 1e6}


def _measure_history_growth(user: User, *, rounds: int) -> dict[str, float]:
    """Compare a profile of 100,000 revisions with one of 100: GET, PUT, the first history page."""
    short = _profile_with_history("short", revisions=100)
    long = _profile_with_history("long", revisions=100_000)
    with connection.cursor() as cursor:
        # Autovacuum would do so after this many rows.
        cursor.execute("ANALYZE")
    token = AuthToken.objects.create(user)[1]
    turn = iter(range(10**9))
    views: dict[str, tuple[Any, str]] = {
        "get": (ConfigView.as_view(), "get"),
        "put": (ConfigView.as_view(), "put"),
        "history": (HistoryView.as_view(), "get"),
    }
    figures = {}
    for name, (view, method) in views.items():

        def call(profile: str, view: Any = view, method: str = method) -> None:
            factory = APIRequestFactory(HTTP_AUTHORIZATION=f"Token {token}")
            body = {"output_quality": next(turn) % 100} if method == "put" else None
            request = getattr(factory, method)(f"/?profile={profile}", body, format="json")
            answer = view(request, slug=MODEL).render()
            if answer.status_code != 200:
                raise RuntimeError(answer.content.decode())

        few, many = time_side_by_side(partial(call, short), partial(call, long), rounds=rounds)
        figures[f"history_{name}_ratio"] = many / few
    return {"history_growth_ratio": max(figures.values()), **figures}


def _profile_with_history(name: str, *, revisions: int) -> str:
    """Make a profile with its revisions written at once; return its name."""
    source = get_settings(MODEL)
    by = Actor.system("benchmark")
    profile = create_profile(
        model=source.model_pk,
        name=name,
        values=source.document,
        validator=source.validator,
        by=by,
        reason="",
    )
    history_row = ModelSettings.history.model
    first = ModelSettings.history.get(id=profile.pk)
    columns = {field.attname: getattr(first, field.attname) for field in first._meta.fields}
    del columns["history_id"]
    rows = (
        history_row(**{**columns, "revision": number, "values": _values(source, number)})
        for number in range(2, revisions + 1)
    )
    with settings_write():
        history_row._base_manager.bulk_create(rows, batch_size=2000)
        profile.revision = revisions
        profile.skip_history_when_saving = True
        profile.save()
        del profile.skip_history_when_saving
    return name


def _values(source: StoredSettings, number: int) -> dict[str, Any]:
    return {**source.document, "output_quality": number % 100}


def _schema_of_25() -> dict[str, Any]:
    """Return a schema of 25 parameters of the five usual kinds."""
    kinds: list[dict[str, Any]] = [
        {"type": "integer", "default": 50, "minimum": 0, "maximum": 100},
        {"type": "number", "default": 7.5, "minimum": 1, "maximum": 20},
        {"type": "boolean", "default": True},
        {"type": "string", "default": "webp", "enum": ["webp", "png", "jpg"]},
        {"type": "string", "default": "a bright room"},
    ]
    properties = {f"parameter_{place}": kinds[place % 5] for place in range(25)}
    return {"type": "object", "properties": properties, "additionalProperties": False}


@contextmanager
def throw_away_database() -> Iterator[None]:
    """Make a test database beside the named one, and drop it at the end."""
    runner = get_runner(django_settings)(verbosity=0, interactive=False)
    made = runner.setup_databases()
    try:
        yield
    finally:
        runner.teardown_databases(made)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures what control costs.")
    parser.add_argument("--rounds", type=int, default=500, help="calls of each side (500)")
    parser.add_argument("--json", action="store_true", help="print one object of figures last")
    options = parser.parse_args()
    # The host of Django's test requests.
    with throw_away_database(), override_settings(ALLOWED_HOSTS=["testserver"]):
        figures = measure(rounds=options.rounds)
    title = f"Settings on {connection.vendor}, {options.rounds} calls a side, medians"
    report(title, figures, wanted=WANTED, as_json=options.json)


if __name__ == "__main__":
    main()
