"""Saves a model's row together with its row of history: author, time and reason."""

from datetime import datetime

from django.db import models
from django.utils import timezone

from modelsettings.actors import Actor
from modelsettings.guards import settings_write
from modelsettings.models import ReplicateModel


def save_model(
    row: ReplicateModel, *, by: Actor, reason: str = "", at: datetime | None = None
) -> None:
    """Save a changed model; `at` is the same for rows that one change is made of."""
    sign(row, by=by, reason=reason, at=at)
    with settings_write():
        row.save()


def sign(row: ReplicateModel, *, by: Actor, reason: str, at: datetime | None = None) -> None:
    """Say who changes a model and why, for its next row of history."""
    row.updated_by = by.name
    row._history_user = by.user
    row._change_reason = reason or None
    row._history_date = at or timezone.now()


def insert_model(row: ReplicateModel) -> None:
    """Store a new model, whose schema and profile refer to it, without its row of history yet."""
    with settings_write():
        row.save_without_historical_record(force_insert=True)  # type: ignore[attr-defined]  # simple-history's


def complete_model(
    row: ReplicateModel, *, by: Actor, reason: str, fields: dict[str, models.Model]
) -> None:
    """Store what a new model refers to, and its first row of history, which holds all of it."""
    for name, value in fields.items():
        setattr(row, name, value)
    sign(row, by=by, reason=reason)
    with settings_write():
        ReplicateModel.objects.filter(pk=row.pk).update(updated_by=by.name, **fields)
        ReplicateModel.history.bulk_history_create([row], default_change_reason=None)
