"""What the tables themselves hold to."""

import pytest
from django.db import IntegrityError, transaction

from modelsettings.actors import Actor
from modelsettings.guards import settings_write
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.settings import StoredSettings, create_profile, get_settings
from tests.modelsettings.conftest import SLUG
from tests.modelsettings.rows import save_row

pytestmark = pytest.mark.django_db


def test_history_has_one_row_for_each_revision(stored: StoredSettings) -> None:
    (first,) = ModelSettings.history.filter(id=stored.pk)
    first.pk = None

    with pytest.raises(IntegrityError), transaction.atomic(), settings_write():
        first.save(force_insert=True)


def test_profile_names_are_unique_in_a_model(model: ReplicateModel) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        create_profile(
            model=model.pk,
            name="default",
            values={},
            validator=get_settings(SLUG).validator,
            by=Actor("ann"),
            reason="",
        )


def test_there_is_one_default_model(model: ReplicateModel) -> None:
    model.is_default = True

    with pytest.raises(IntegrityError), transaction.atomic():
        save_row(model)
