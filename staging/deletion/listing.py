"""Lists stored files with the times at which they were written, one after the other."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import structlog
from django.core.files.storage import FileSystemStorage, storages

log = structlog.get_logger(__name__)


def list_files(folder: str) -> Iterator[tuple[str, datetime]]:
    """Yield the name and the time of each file below a folder, in no order.

    Memory holds a page of a bucket or a few entries of a folder, and a bucket is sent one request a
    page. Symbolic links are passed over.
    """
    storage = storages["default"]
    if isinstance(storage, FileSystemStorage):
        yield from _on_disk(Path(storage.path("")), folder)
    else:
        # PrivateBucket's own (config/storage.py).
        yield from storage.list_files(folder)  # type: ignore[attr-defined]


def _on_disk(root: Path, folder: str) -> Iterator[tuple[str, datetime]]:
    try:
        entries = os.scandir(root / folder)
    except FileNotFoundError:
        return
    # Such as a file system's own lost+found.
    except PermissionError as error:
        log.warning("folder not listed", folder=folder, error=str(error))
        return
    with entries:
        for entry in entries:
            name = f"{folder}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _on_disk(root, name)
            elif entry.is_file(follow_symlinks=False) and (at := _time_of(entry)):
                yield name, at


def _time_of(entry: "os.DirEntry[str]") -> datetime | None:
    """Return the time at which a file was written; None where it is gone meanwhile."""
    try:
        return datetime.fromtimestamp(entry.stat(follow_symlinks=False).st_mtime, UTC)
    except FileNotFoundError:
        return None
