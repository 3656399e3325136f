"""Files that no row names: which of them go, and which never do."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection, models
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from structlog.testing import capture_logs

from staging import tasks
from staging.deletion import orphans
from staging.models import BatchPhoto, Photo, Prediction, StagedImage
from staging.projects import create_project
from tests.buckets import BUCKET, bucket, s3_url
from tests.staging.finished import make_batch, stage, staged, stored

__all__ = ["bucket", "s3_url"]

pytestmark = pytest.mark.django_db


def age_on_disk(name: str, hours: float) -> None:
    seconds = (datetime.now(UTC) - timedelta(hours=hours)).timestamp()
    os.utime(default_storage.path(name), (seconds, seconds))


def age_in_bucket(name: str, hours: float) -> None:
    # A client of S3 cannot say when a file was written: the server's own record is changed.
    for region in s3_backends[DEFAULT_ACCOUNT_ID].values():
        if BUCKET in region.buckets:
            key = region.buckets[BUCKET].keys[name]
            key.last_modified = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=hours)


@pytest.fixture(params=["disk", "bucket"])
def age(request: pytest.FixtureRequest) -> Callable[[str, float], None]:
    """Let a stored file be so many hours old, on disk or in a bucket."""
    if request.param == "bucket":
        request.getfixturevalue("bucket")
        return age_in_bucket
    return age_on_disk


def put(name: str, *, hours: float, age: Callable[[str, float], None]) -> str:
    """Store a file that no row names."""
    stored_as = default_storage.save(name, ContentFile(b"a file"))
    age(stored_as, hours)
    return stored_as


def age_all(age: Callable[[str, float], None], *, hours: float = 1000) -> None:
    for name in stored():
        age(name, hours)


def test_only_old_files_without_a_row_go(age: Callable[[str, float], None], operator: User) -> None:
    project = create_project("Elm Street 5", owner=operator)
    staged(operator, project=project)
    make_batch(project, uploads=2)
    named = stored()
    age_all(age)
    lost = [
        put(f"photos/{uuid4()}.jpg", hours=25, age=age),
        put(f"photos/{uuid4()}-thumbnail.webp", hours=24.1, age=age),
        put("photos/some folder/of somebody.jpg", hours=25, age=age),
        put(f"pictures/{uuid4()}/0-1f.webp", hours=25, age=age),
        put(f"uploads/{uuid4()}", hours=2000, age=age),
    ]
    young = put(f"uploads/{uuid4()}", hours=23.9, age=age)
    elsewhere = [
        put("kept/photos/a.jpg", hours=2000, age=age),
        put("photos.jpg", hours=2000, age=age),
        put("photosynthesis/a.jpg", hours=2000, age=age),
    ]

    counted = orphans.count_orphans()
    there = stored()
    removed = orphans.remove_orphans()

    assert (counted, removed) == (5, 5)
    assert there == sorted([*named, *lost, young, *elsewhere])
    assert stored() == sorted([*named, young, *elsewhere])
    assert (len(named), orphans.remove_orphans()) == (6, 0)


def test_files_are_asked_for_in_pieces(
    age: Callable[[str, float], None], operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "PIECE", 3)
    for _ in range(4):
        staged(operator)
    named = stored()
    age_all(age)
    for _ in range(7):
        put(f"photos/{uuid4()}.jpg", hours=25, age=age)

    assert orphans.remove_orphans() == 7
    assert stored() == named


def test_pictures_of_an_unfinished_prediction_stay(
    age: Callable[[str, float], None], operator: User
) -> None:
    """A worker that collects may take over a file that another one stored: its name says so."""
    job = stage(operator)
    prediction = job.predictions.first()
    assert prediction is not None
    age_all(age)
    put(f"pictures/{prediction.pk}/0-1f.webp", hours=100, age=age)
    Prediction.objects.update(status="collecting")

    kept = orphans.remove_orphans()
    Prediction.objects.update(status="failed")
    removed = orphans.remove_orphans()

    assert (kept, removed) == (0, 1)


def test_folder_that_was_emptied_goes(operator: User) -> None:
    name = put(f"pictures/{uuid4()}/0-1f.webp", hours=25, age=age_on_disk)
    kept = staged(operator).predictions.get().images.get()

    orphans.remove_orphans()

    assert not Path(default_storage.path(name)).parent.exists()
    assert default_storage.exists(str(kept.file))


def test_nothing_behind_a_link_goes(tmp_path: Path) -> None:
    put("photos/a.jpg", hours=25, age=age_on_disk)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.jpg").write_bytes(b"kept")
    os.utime(outside / "kept.jpg", (0, 0))
    folder = Path(default_storage.path("photos"))
    (folder / "folder").symlink_to(outside)
    (folder / "kept.jpg").symlink_to(outside / "kept.jpg")

    assert orphans.remove_orphans() == 1
    assert (outside / "kept.jpg").exists()


def test_name_that_leads_elsewhere_is_left(bucket: Any) -> None:
    """S3 takes any key; a storage would read this one as another file's name."""
    put("pictures/a/0.webp", hours=1, age=age_in_bucket)
    for key in ("photos/../pictures/a/0.webp", "photos/"):
        bucket.put_object(Key=key, Body=b"")
        age_in_bucket(key, hours=100)

    assert orphans.remove_orphans() == 0
    assert len(list(bucket.objects.all())) == 3


def test_file_that_cannot_be_removed_is_left_to_another_day() -> None:
    name = put("photos/a/kept.jpg", hours=25, age=age_on_disk)

    assert (orphans._remove("photos/a"), orphans._remove("photos/none.jpg")) == (False, True)
    assert stored() == [name]


def test_every_column_that_names_files_is_asked_by_an_index() -> None:
    columns = orphans.naming_columns()

    fields = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.FileField)
    }
    assert set(columns) == {*fields, (BatchPhoto, "upload")}
    assert {(Photo, "file"), (Photo, "thumbnail")} < set(columns)
    assert {(StagedImage, "file"), (StagedImage, "thumbnail")} < set(columns)
    for model, column in columns:
        asked = orphans.rows_naming(model, column, [f"photos/{uuid4()}.jpg" for _ in range(500)])
        assert "Seq Scan" not in plan_of(asked), (model, column)


def plan_of(rows: "models.QuerySet[Any, Any]") -> str:
    """Return how the database would answer, were the tables long."""
    if connection.vendor == "sqlite":
        return rows.explain().replace("SCAN", "Seq Scan")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        return rows.explain()


def test_task_removes_them(operator: User) -> None:
    job = stage(operator)
    lost = put(f"uploads/{uuid4()}", hours=25, age=age_on_disk)

    tasks.remove_orphans()

    assert not default_storage.exists(lost)
    assert default_storage.exists(str(job.photo.file))


def test_files_of_another_database_are_kept(operator: User) -> None:
    """An empty or older database must not cost the files of the one that they belong to."""
    lost = [put(f"photos/{uuid4()}.jpg", hours=50, age=age_on_disk) for _ in range(orphans.FEWEST)]
    upload = put(f"uploads/{uuid4()}", hours=50, age=age_on_disk)

    with capture_logs() as logged:
        tasks.remove_orphans()
    for dry_run in (True, False):
        with pytest.raises(CommandError, match="20 of 20 files seen in photos/ have no row"):
            call_command("prune", dry_run=dry_run)

    assert [line["event"] for line in logged] == ["orphans kept"]
    assert stored() == sorted([*lost, upload])
    call_command("prune", even_most=True)
    assert stored() == []


def test_many_orphans_among_more_photos_go(operator: User) -> None:
    project = create_project("Elm Street 5", owner=operator)
    make_batch(project, uploads=orphans.FEWEST)
    age_all(age_on_disk)
    uploads = stored()
    for _ in range(orphans.FEWEST - 1):
        put(f"photos/{uuid4()}.jpg", hours=50, age=age_on_disk)
        put(f"uploads/{uuid4()}", hours=50, age=age_on_disk)

    assert orphans.remove_orphans() == 2 * (orphans.FEWEST - 1)
    assert stored() == uploads
