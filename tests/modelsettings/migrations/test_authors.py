"""Authors of models' earlier changes, as the migration finds them in the rows of history."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db.models import QuerySet

from modelsettings.models import ReplicateModel

pytestmark = pytest.mark.django_db

migration = import_module("modelsettings.migrations.0006_authors_of_models")


@pytest.mark.parametrize(
    ("by_olga", "reason", "author"),
    [
        (True, "olga made draft live.", "olga"),
        (True, None, "olga"),
        (False, "Added by system:catalog.", "system:catalog"),
        (False, "Published schema read by system:add_model.", "system:add_model"),
        (False, "Added by eve.", ""),
        (False, None, ""),
    ],
)
def test_author_is_read_from_the_row(
    model: ReplicateModel, operator: User, by_olga: bool, reason: str | None, author: str
) -> None:
    # As a release before the column left it.
    row = QuerySet(ReplicateModel.history.model).filter(id=model.pk)
    user = operator if by_olga else None
    row.update(updated_by="", history_user=user, history_change_reason=reason)

    migration.write_authors(apps, None)

    assert row.get().updated_by == author


def test_a_known_author_stays(model: ReplicateModel) -> None:
    migration.write_authors(apps, None)

    assert ReplicateModel.history.get(id=model.pk).updated_by == "system:test"
