"""Rows of models as only SQL could write them: without the rules, and by no author."""

from modelsettings.guards import settings_write
from modelsettings.models import ReplicateModel


def save_row(model: ReplicateModel) -> None:
    with settings_write():
        model.save()
