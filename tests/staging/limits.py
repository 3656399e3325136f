"""Spending limits, models without a price, and what is used of a limit."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from modelsettings.models import ReplicateModel
from staging.models import SpendingLimit, StagingJob
from staging.spending.changing import save_limit
from staging.spending.waiting import Waits, find_waits
from tests.modelsettings.rows import save_row
from tests.staging.conftest import QWEN


def limit(usd: str, **wanted: Any) -> SpendingLimit:
    """Set a limit of a day for everything, unless `wanted` says otherwise."""
    new = SpendingLimit(usd=Decimal(usd), **{"period": "day", "when_over": "wait", **wanted})
    save_limit(new)
    return new


def used(of_limit: SpendingLimit) -> tuple[object, object]:
    """Return what is spent and reserved."""
    of_limit.refresh_from_db()
    return of_limit.used(timezone.localdate())


def spend(usd: str) -> None:
    """Let so many dollars be spent under every limit."""
    SpendingLimit.objects.update(spent=Decimal(usd))


def unprice(slug: str = QWEN) -> ReplicateModel:
    """Let a model's price be unknown."""
    model = ReplicateModel.objects.get(slug=slug)
    model.price = []
    save_row(model)
    return model


def waits_of(jobs: Iterable[StagingJob]) -> Waits:
    """Return why jobs wait, as the operator reads it."""
    return find_waits(jobs, viewer=User.objects.get(username="olga"))
