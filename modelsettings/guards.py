"""Refuses every write of guarded tables that goes around their subject, and so around history."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, NoReturn, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)

_writing: ContextVar[bool] = ContextVar("writing", default=False)


class WriteRefused(RuntimeError):
    """A write that would go around validation and history."""


@contextmanager
def settings_write() -> Iterator[None]:
    """Allow writes of guarded tables inside the block; a test names the few modules that may."""
    token = _writing.set(True)
    try:
        yield
    finally:
        _writing.reset(token)


class GuardedQuerySet(models.QuerySet[Row]):
    """Refuses to write many rows at once outside of `settings_write`.

    Each of Django's ways to write ends here, or in the save() or delete() of a row; an
    asynchronous method calls the one that it is named after.
    """

    # Which call writes the rows, and which replaces their deletion.
    instead: ClassVar[str]
    instead_of_deleting: ClassVar[str]

    def update(self, **values: Any) -> int:
        self._check("QuerySet.update()")
        return super().update(**values)

    def bulk_create(self, *args: Any, **options: Any) -> list[Row]:
        self._check("bulk_create()")
        return super().bulk_create(*args, **options)

    def bulk_update(self, *args: Any, **options: Any) -> int:
        self._check("bulk_update()")
        return super().bulk_update(*args, **options)

    def delete(self) -> tuple[int, dict[str, int]]:
        check_deletion(self.model)
        return super().delete()

    def _insert(self, *args: Any, **options: Any) -> Any:
        self._check("QuerySet._insert()")
        return super()._insert(*args, **options)  # type: ignore[misc]  # Django's own, not in the stubs

    def _update(self, *args: Any, **options: Any) -> Any:
        self._check("QuerySet._update()")
        return super()._update(*args, **options)  # type: ignore[misc]  # as above

    def _raw_delete(self, using: str | None) -> int:
        check_deletion(self.model)
        return super()._raw_delete(using)

    # Marked as Django marks its own methods, so that no template can call them.
    update.alters_data = delete.alters_data = True  # type: ignore[attr-defined]
    bulk_create.alters_data = bulk_update.alters_data = True  # type: ignore[attr-defined]
    _insert.alters_data = _update.alters_data = _raw_delete.alters_data = True  # type: ignore[attr-defined]

    def _check(self, path: str) -> None:
        if not _writing.get():
            _refuse(path, instead=self.instead)


def refuse_to_save(sender: type[models.Model], **_sent: Any) -> None:
    """Refuse a save outside of `settings_write`; a receiver of `pre_save`."""
    if not _writing.get():
        _refuse("save()", instead=_queryset_of(sender).instead)


def refuse_to_delete(sender: type[models.Model], **_sent: Any) -> None:
    """Refuse a deletion outside of `settings_write`; a receiver of `pre_delete`."""
    check_deletion(sender)


def check_deletion(model: type[models.Model]) -> None:
    """Raise WriteRefused with what to do instead of deleting a row."""
    if not _writing.get():
        raise WriteRefused(_queryset_of(model).instead_of_deleting)


def _queryset_of(model: type[models.Model]) -> type[GuardedQuerySet[Any]]:
    rows: Any = model._default_manager.all()
    found: type[GuardedQuerySet[Any]] = type(rows)
    return found


def _refuse(path: str, *, instead: str) -> NoReturn:
    raise WriteRefused(f"{path} would write without validation and history: {instead}")
