"""Stored files whose rows are gone: noted with the deletion, removed from storage after it."""

from collections.abc import Iterable
from datetime import timedelta

import structlog
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.utils import timezone

log = structlog.get_logger(__name__)

# What a request removes itself; a worker does the rest.
MOST_AT_ONCE = 50
# A worker that did not notice may still store into a folder that is gone: it is looked at again.
LATE_WRITES = timedelta(hours=1)


class DiscardedFile(models.Model):
    """A file, or a folder with all that is in it: then its name ends in a slash."""

    name = models.CharField(max_length=200)
    discarded_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def note(names: Iterable[str]) -> None:
        """Note files for removal, in the transaction that deletes their rows.

        The first MOST_AT_ONCE are removed once it is committed, the others by `remove_noted`.
        """
        notes = DiscardedFile.objects.bulk_create(
            [DiscardedFile(name=name) for name in names if name.strip("/")]
        )
        if notes:
            transaction.on_commit(lambda: _remove(notes[:MOST_AT_ONCE]), robust=True)

    @staticmethod
    def remove_noted(*, most: int) -> int:
        """Remove what is noted, the oldest first; return how many notes are done with."""
        return _remove(DiscardedFile.objects.order_by("pk")[:most])


def _remove(notes: Iterable[DiscardedFile]) -> int:
    done = [note.pk for note in notes if _is_removed(note) and not _may_grow(note)]
    DiscardedFile.objects.filter(pk__in=done).delete()
    return len(done)


def _is_removed(note: DiscardedFile) -> bool:
    try:
        _remove_from_storage(note.name)
    # Every storage has errors of its own; whatever it was, the note stays for another try.
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
    # On a disk the folder is left; elsewhere this is no file, which is as good as removed.
    default_storage.delete(folder)


def _may_grow(note: DiscardedFile) -> bool:
    return note.name.endswith("/") and timezone.now() - note.discarded_at < LATE_WRITES
