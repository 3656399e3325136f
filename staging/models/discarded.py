"""Files of deleted rows: noted in the transaction that deletes, removed from storage after it."""

from collections.abc import Iterable
from datetime import timedelta

import structlog
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.utils import timezone

log = structlog.get_logger(__name__)

# Files that a request removes itself; a worker removes the rest.
MOST_AT_ONCE = 50
# A worker that has not noticed the deletion may still store files in the folder: for this long, the
# folder is emptied again.
LATE_WRITES = timedelta(hours=1)


class DiscardedFile(models.Model):
    """A file to remove from storage; a name with a slash at its end is a folder with its files."""

    name = models.CharField(max_length=200)
    discarded_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def note(names: Iterable[str]) -> None:
        """Note files for removal, in the transaction that deletes their rows.

        The first MOST_AT_ONCE files are removed after the commit, the others by `remove_noted`.
        """
        notes = DiscardedFile.objects.bulk_create(
            [DiscardedFile(name=name) for name in names if name.strip("/")]
        )
        if notes:
            transaction.on_commit(lambda: _remove(notes[:MOST_AT_ONCE]), robust=True)

    @staticmethod
    def remove_noted(*, most: int) -> int:
        """Remove up to `most` noted files, the oldest first; return how many notes were deleted."""
        return _remove(DiscardedFile.objects.order_by("pk")[:most])


def _remove(notes: Iterable[DiscardedFile]) -> int:
    done = [note.pk for note in notes if _is_removed(note) and not _may_grow(note)]
    DiscardedFile.objects.filter(pk__in=done).delete()
    return len(done)


def _is_removed(note: DiscardedFile) -> bool:
    try:
        _remove_from_storage(note.name)
    # Each storage has errors of its own; after any of them the note stays for another try.
    except Exception as error:  # noqa: BLE001
        log.warning("discarded file not removed", name=note.name, error=str(error))
        return False
    return True


def _remove_from_storage(name: str) -> None:
    if not name.endswith("/"):
        default_storage.delete(name)
        return
    folder = name.rstrip("/")
    try:
        _, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for file in files:
        default_storage.delete(f"{folder}/{file}")
    # A disk still has the empty folder; a bucket has no such file, and takes this as done.
    default_storage.delete(folder)


def _may_grow(note: DiscardedFile) -> bool:
    return note.name.endswith("/") and timezone.now() - note.discarded_at < LATE_WRITES
