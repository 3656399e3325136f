"""Removes orphans: files of photos, pictures and uploads that no row names.

They are left by a process that was killed between storing a file and saving its row, and where it
is not known whether the row was saved (staging/new_files.py).

A file is an orphan only where nothing can come to name it any more:

- A photo's and an upload's name is random, and its row is saved by the request or the task that
  stored it. A day later that is over.
- A picture's name follows from its content, so a worker that takes a prediction over may find it
  stored, however old, and save a row that names it. So the pictures of an unfinished prediction
  stay. One that has ended never changes again, and its end and its pictures are one transaction:
  they are asked for after the end.
"""

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import structlog
from django.apps import apps
from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage, storages
from django.db import models
from django.utils import timezone

from staging.deletion.listing import list_files
from staging.models import BatchPhoto, Prediction
from staging.models.job import UNFINISHED
from staging.worker import stopping

log = structlog.get_logger(__name__)

FOLDERS = ("photos", "pictures", "uploads")
KEPT = timedelta(days=1)
# Names in one question: fewer than SQLite's limit of parameters, and little to hold in memory.
PIECE = 500
# Of so many files, most have a row, except where the database is not the one of these files.
FEWEST = 20
# Uploads are many orphans after an outage: their rows go once they are photos.
WITH_ROWS = ("photos", "pictures")


class MostAreOrphans(Exception):
    """A folder of which most files have no row: it may be another installation's."""

    def __init__(self, folder: str, *, orphans: int, seen: int) -> None:
        super().__init__(
            f"{orphans} of {seen} files seen in {folder}/ have no row in this database, as where it"
            " is empty, an older one, or not the one of these files. They were kept."
        )


def remove_orphans(*, even_most: bool = False) -> int:
    """Remove all orphans; return how many there were. Ends early where this worker is to stop.

    Raises MostAreOrphans where most files of a folder are, unless they are to go all the same.
    """
    count = 0
    for names in _find_orphans(even_most=even_most):
        removed = [name for name in names if _remove(name)]
        count += len(removed)
        _remove_emptied({posixpath.dirname(name) for name in removed} - set(FOLDERS))
        if stopping.has_begun():
            break
    return count


def count_orphans(*, even_most: bool = False) -> int:
    """Return how many files `remove_orphans` would remove. Raises MostAreOrphans where it would."""
    return sum(len(names) for names in _find_orphans(even_most=even_most))


def naming_columns() -> list[tuple[type[models.Model], str]]:
    """Return the columns that name stored files: every FileField, and the uploads of batches."""
    return [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.FileField)
    ] + [(BatchPhoto, "upload")]


def rows_naming(
    model: type[models.Model], column: str, names: Iterable[str]
) -> models.QuerySet[Any, Any]:
    """Return the rows of which a column names one of these files; the column has an index."""
    # Said again for the index of uploads, which has only rows with one.
    rows = model._base_manager.filter(**{f"{column}__in": names}).exclude(**{column: ""})
    return rows.order_by().values_list(column, flat=True)


def _find_orphans(*, even_most: bool) -> Iterator[list[str]]:
    """Yield the names of orphans, up to PIECE at a time. Raises MostAreOrphans."""
    # A storage's clock may be off ours.
    tolerance = timedelta(seconds=settings.STAGING_CLOCK_TOLERANCE_S)
    before = timezone.now() - KEPT - tolerance
    for folder in FOLDERS:
        old = (name for name, at in list_files(folder) if at < before and _is_plain(name))
        seen = found = 0
        while names := list(islice(old, PIECE)):
            orphans = _orphans_among(names)
            seen, found = seen + len(names), found + len(orphans)
            is_odd = folder in WITH_ROWS and seen >= FEWEST and found * 2 > seen
            if is_odd and not even_most:
                raise MostAreOrphans(folder, orphans=found, seen=seen)
            yield orphans


def _orphans_among(names: Sequence[str]) -> list[str]:
    # The order counts: what has ended here has its rows below.
    awaited = _unfinished_among(names)
    left = {name for name in names if _prediction_of(name) not in awaited}
    for model, column in naming_columns():
        left -= set(rows_naming(model, column, left))
    return sorted(left)


def _unfinished_among(names: Iterable[str]) -> set[UUID]:
    keys = {key for name in names if (key := _prediction_of(name))}
    unfinished = Prediction.objects.filter(pk__in=keys, status__in=UNFINISHED)
    return set(unfinished.values_list("pk", flat=True))


def _prediction_of(name: str) -> UUID | None:
    """Return the key of the prediction in whose folder a picture is."""
    folder, _, rest = name.partition("/")
    if folder == "pictures":
        with suppress(ValueError):
            return UUID(rest.partition("/")[0])
    return None


def _is_plain(name: str) -> bool:
    """Say whether a storage reads a name as it stands, and a database can be asked for it."""
    return name.isprintable() and posixpath.normpath(name) == name


def _remove(name: str) -> bool:
    try:
        default_storage.delete(name)
    # Each storage has errors of its own; after any of them the file is found again tomorrow.
    except Exception as error:  # noqa: BLE001
        log.warning("orphan not removed", name=name, error=str(error))
        return False
    log.info("orphan removed", name=name)
    return True


def _remove_emptied(folders: Iterable[str]) -> None:
    # A bucket has no folders.
    if isinstance(storages["default"], FileSystemStorage):
        for folder in folders:
            # A disk refuses to remove a folder that is not empty.
            with suppress(OSError):
                default_storage.delete(folder)
