"""Files that are stored before the rows that name them, and removed where no row can name them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType

import structlog
from django.core.files.storage import default_storage
from django.db import transaction

log = structlog.get_logger(__name__)


class NewFiles:
    """Stored files, which an exception in the block removes, unless their rows may be saved.

    >>> with NewFiles() as files:
    ...     row.upload = files.add(default_storage.save(name, content))
    ...     with files.saving():
    ...         row.save()
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = list(names)
        self._may_be_saved = False

    def add(self, name: str) -> str:
        """Take one more file along; return its name."""
        self._names.append(name)
        return name

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Open a transaction that saves the rows which name the files."""
        with transaction.atomic():
            yield
            # The COMMIT comes next. An exception before it rolls the transaction back, which proves
            # that no row is there. One after it proves nothing: the database may have committed
            # before its answer was lost, or may be about to, so that asking it at once proves
            # nothing either. Then the files stay, and the daily search for orphans asks later.
            self._may_be_saved = True

    def __enter__(self) -> "NewFiles":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            return
        if self._may_be_saved:
            log.warning("files kept: their rows may be saved", names=self._names, error=str(error))
            return
        for name in self._names:
            _remove(name)


def _remove(name: str) -> None:
    try:
        default_storage.delete(name)
    # Each storage has errors of its own, and the caller is owed the exception that led here: what
    # stays is found as an orphan.
    except Exception as error:  # noqa: BLE001
        log.warning("new file not removed", name=name, error=str(error))
