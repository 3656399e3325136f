"""The migrations that move data, with rows from before them, forward and back."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from pytest_django import DjangoDbBlocker

BEFORE = [("staging", "0001_initial")]
AFTER = [("staging", "0004_every_photo_has_a_project")]
ASKED = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
ENDED = datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC)


def migrate(targets: list[tuple[str, str]]) -> Any:
    """Migrate, and return the models as they are then."""
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps


@dataclass(frozen=True, slots=True)
class Seen:
    """What the tables held at one stop of the way."""

    photos: list[tuple[Any, ...]]
    jobs: list[tuple[Any, ...]]
    usage: list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def stops(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> list[Seen]:
    """Forward, back and forward again with the same data, once for all tests: it takes a while."""
    with django_db_blocker.unblock():
        newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
        try:
            fill(migrate(BEFORE))
            found = [look(migrate(AFTER)), look(migrate(BEFORE)), look(migrate(AFTER))]
        finally:
            clear(migrate(AFTER))
            MigrationExecutor(connection).migrate(newest)
    return found


def look(apps: Any) -> Seen:
    return Seen(projects_of(apps, "Photo"), projects_of(apps, "StagingJob"), usage_of(apps))


def clear(apps: Any) -> None:
    for noun in ("DailyUsage", "StagedImage", "Prediction", "StagingJob", "Photo", "Project"):
        apps.get_model("staging", noun).objects.all().delete()
    apps.get_model("auth", "User").objects.all().delete()


def make_job(apps: Any, photo: Any, *, project: Any = None, **columns: Any) -> Any:
    profile = apps.get_model("modelsettings", "ModelSettings").objects.first()
    return apps.get_model("staging", "StagingJob").objects.create(
        owner_id=photo.owner_id, photo=photo, project=project, model_id=profile.model_id,
        profile=profile, profile_name="default", revision=1, room_type="bedroom", style="modern",
        settings={}, input={}, delivery={}, **columns,
    )  # fmt: skip


def make_prediction(apps: Any, job: Any, *, pictures: int = 0, **columns: Any) -> None:
    rows = apps.get_model("staging", "Prediction").objects
    prediction = rows.create(job=job, finished_at=ENDED, **columns)
    rows.filter(pk=prediction.pk).update(created_at=ASKED)
    for position in range(pictures):
        apps.get_model("staging", "StagedImage").objects.create(
            prediction=prediction, position=position, width=1, height=1, format="webp", size=1,
            file="x", thumbnail="x", sha256="x",
        )  # fmt: skip


def fill(apps: Any) -> dict[str, Any]:
    """Two people's photos from before projects were a must: with one, without, half and half."""
    model = apps.get_model
    ann, bob = (model("auth", "User").objects.create(username=name) for name in ("ann", "bob"))
    elm = model("staging", "Project").objects.create(owner=ann, name="Elm Street 5")
    photos = {
        name: model("staging", "Photo").objects.create(
            owner=owner, file="x", thumbnail="x", original_name=name, width=1, height=1, sha256="x"
        )
        for name, owner in {"a": ann, "b": ann, "c": bob, "d": bob, "e": ann}.items()
    }
    # One was staged in a project, and again in none; the others never in one.
    jobs = [
        make_job(apps, photos["a"]), make_job(apps, photos["a"], project=elm),
        make_job(apps, photos["b"]), make_job(apps, photos["c"]),
    ]  # fmt: skip
    make_prediction(apps, jobs[0], status="succeeded", pictures=2, cost=Decimal("0.06"))
    make_prediction(apps, jobs[1], status="succeeded", pictures=1)
    make_prediction(apps, jobs[1], status="failed")
    make_prediction(apps, jobs[3], status="canceled")
    model("staging", "Prediction").objects.create(job=jobs[2], status="running")
    return photos


def projects_of(apps: Any, noun: str) -> list[tuple[Any, ...]]:
    """Return whose each row is, and its project's name, where it has one."""
    rows = apps.get_model("staging", noun)
    if not any(field.name == "project" for field in rows._meta.get_fields()):
        return list(rows.objects.order_by("owner__username").values_list("owner__username"))
    ordered = rows.objects.order_by("owner__username", "project__name")
    return list(ordered.values_list("owner__username", "project__name"))


def usage_of(apps: Any) -> list[tuple[Any, ...]]:
    try:
        rows = apps.get_model("staging", "DailyUsage").objects.order_by("project_name")
    except LookupError:
        return []
    return list(
        rows.values_list(
            "day", "project_name", "succeeded", "failed", "canceled", "unpriced", "pictures",
            "cost", "seconds",
        )
    )  # fmt: skip


def test_photos_get_projects_and_their_jobs_follow(stops: list[Seen]) -> None:
    elm, anns, bobs = ("ann", "Elm Street 5"), ("ann", "Unsorted"), ("bob", "Unsorted")

    assert stops[0].photos == [elm, anns, anns, bobs, bobs]
    assert stops[0].jobs == [elm, elm, anns, bobs]


def test_usage_is_counted_of_what_had_ended(stops: list[Seen]) -> None:
    day = timezone.localdate(ENDED)

    assert stops[0].usage == [
        (day, "Elm Street 5", 2, 1, 0, 1, 3, Decimal("0.06"), 60.0),
        (day, "Unsorted", 0, 0, 1, 0, 0, Decimal(0), 0.0),
    ]


def test_backwards_photos_stay_and_jobs_keep_their_projects(stops: list[Seen]) -> None:
    assert stops[1] == Seen(
        photos=[("ann",), ("ann",), ("ann",), ("bob",), ("bob",)], jobs=stops[0].jobs, usage=[]
    )


def test_forward_again_comes_to_the_same(stops: list[Seen]) -> None:
    assert stops[2] == stops[0]


@pytest.fixture(scope="module")
def askers(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> list[list[str]]:
    """Who asked to cancel what runs and what has ended: forward, back and forward again."""
    before = [("staging", "0012_predictions_know_their_webhook")]
    after = [("staging", "0014_who_asked_to_cancel")]
    with django_db_blocker.unblock():
        newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
        try:
            ask_to_cancel(migrate(before))
            found = [askers_of(migrate(after))]
            migrate(before)
            found.append(askers_of(migrate(after)))
        finally:
            clear(migrate(after))
            MigrationExecutor(connection).migrate(newest)
    return found


def ask_to_cancel(apps: Any) -> None:
    """Let ann ask to cancel what runs and what has ended, as it was noted before the column."""
    ann = apps.get_model("auth", "User").objects.create(username="ann")
    project = apps.get_model("staging", "Project").objects.create(owner=ann, name="Elm Street 5")
    photo = apps.get_model("staging", "Photo").objects.create(
        owner=ann, project=project, file="x", thumbnail="x", width=1, height=1, sha256="x"
    )
    job = make_job(apps, photo, project=project)
    for status in ("canceled", "running"):
        prediction = apps.get_model("staging", "Prediction").objects.create(
            job=job, status=status, cancel_asked_at=ASKED
        )
        apps.get_model("staging", "Transition").objects.create(
            prediction=prediction, source="running", target="running", at=ASKED, by="ann",
            why="Asked to cancel it.",
        )  # fmt: skip


def askers_of(apps: Any) -> list[str]:
    rows = apps.get_model("staging", "Prediction").objects.order_by("status")
    return list(rows.values_list("cancel_asked_by", flat=True))


def test_who_asked_to_cancel_is_named_where_it_is_unfinished(askers: list[list[str]]) -> None:
    assert askers == [["", "ann"], ["", "ann"]]
