"""What the migration takes out of timelines and batches: the figures of limits, and only these."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import User

from staging.models import BatchPhoto, Project, Transition
from tests.staging.conftest import Ask, only
from tests.staging.finished import make_batch

pytestmark = pytest.mark.django_db

migration = import_module("staging.migrations.0020_errors_without_figures")

FIGURES = "Elm Street may spend $5.00 a day: $0.01 is left, and this costs about $0.030."


def test_figures_leave_timelines_and_batches(ask: Ask, operator: User) -> None:
    failed, other = only(ask()), only(ask())
    for prediction, code, why in (
        (failed, "over_limit", FIGURES),
        (other, "invalid_input", "The model may spend $5 on it."),
    ):
        prediction.job.predictions.update(status="failed", error_code=code)
        Transition.objects.filter(prediction=prediction).update(target="failed", why=why)
    BatchPhoto.objects.create(
        batch=make_batch(Project.objects.unsorted_of(operator)),
        position=7,
        name="hall.jpg",
        room_type="hall",
        job_errors={"modern": FIGURES, "boho": "There is no style boho."},
    )

    migration.leave_figures_out(apps, None)

    whys = dict(Transition.objects.values_list("prediction", "why"))
    assert whys == {
        failed.pk: "It did not fit into a spending limit.",
        other.pk: "The model may spend $5 on it.",
    }
    assert BatchPhoto.objects.get(position=7).job_errors == {
        "modern": "It did not fit into a spending limit.",
        "boho": "There is no style boho.",
    }
