"""Whom the migration names that reads from the timelines who asked to cancel."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from staging.models import Prediction, Transition
from tests.staging.conftest import Ask, only

pytestmark = pytest.mark.django_db

migration = import_module("staging.migrations.0014_who_asked_to_cancel")


@pytest.fixture
def asked(ask: Ask) -> Callable[..., Prediction]:
    """Return a maker of predictions as the release before left them, by status and askers."""
    now = timezone.now()

    def make(status: str, *askers: str) -> Prediction:
        prediction = only(ask())
        prediction.job.predictions.update(status=status, cancel_asked_at=now if askers else None)
        for number, by in enumerate(askers):
            at = now + timedelta(seconds=number)
            why = "Asked to cancel it."
            Transition.record(prediction, source=status, target=status, at=at, by=by, why=why)
        return prediction

    return make


@pytest.mark.parametrize(
    ("status", "askers", "named"),
    [
        ("running", ["olga"], "olga"),
        ("submitting", ["olga", "mia"], "mia"),
        ("running", [], ""),
        ("canceled", ["olga"], ""),
    ],
)
def test_names_who_asked(
    asked: Callable[..., Prediction], status: str, askers: list[str], named: str
) -> None:
    prediction = asked(status, *askers)

    migration.name_askers(apps, None)

    assert only(prediction.job).cancel_asked_by == named


def test_keeps_a_name_that_is_known(asked: Callable[..., Prediction]) -> None:
    prediction = asked("running", "olga")
    prediction.job.predictions.update(cancel_asked_by="mia")

    migration.name_askers(apps, None)

    assert only(prediction.job).cancel_asked_by == "mia"
