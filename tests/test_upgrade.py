"""Two releases work side by side in an upgrade: a migration takes nothing from the older one."""

import pytest
from django.apps import apps
from django.db import migrations
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED

# The first releases were made before anything ran that had to go on.
FIRST = {"accounts": "0001", "modelsettings": "0003", "staging": "0007"}
LATER = [
    pytest.param(migration, id=f"{app}.{name}")
    for (app, name), migration in sorted(MigrationLoader(None).disk_migrations.items())
    if app in FIRST and name >= FIRST[app]
]
ADDING = (
    migrations.AddIndex,
    migrations.AlterModelManagers,
    migrations.AlterModelOptions,
    migrations.CreateModel,
    # One that is replaced: the older release is slower without it, and writes as before.
    migrations.RemoveIndex,
    migrations.RunPython,
)
# Fields of which the words alone were changed (choices, help, name): no column is.
WORDS = {
    ("historicalstyle", "outside"),
    ("notice", "kind"),
    ("spendinglimit", "when_over"),
    ("style", "outside"),
}
# Constraints that refuse nothing of what an older release writes: it knows no limit and no pause of
# an account, and a limit of all is still the only one of its period, as a pause is of its model.
WITHOUT_HARM = {
    "one_pause_a_model",
    "one_pause_by_an_operator",
    "pause_of_a_model_or_an_account",
    "one_limit_of_all_a_period",
    "one_limit_of_everything_a_period",
    "one_limit_an_account_and_period",
    "limit_of_a_project_or_an_account",
}


def takes_something(operation: migrations.operations.base.Operation) -> bool:
    """Say whether the release before could not write as it is used to."""
    if isinstance(operation, migrations.AddField):
        field = operation.field
        # Django fills a default in itself, which the older release does not know of.
        return not (field.null or field.many_to_many or field.db_default is not NOT_PROVIDED)
    if isinstance(operation, migrations.AlterField):
        return (operation.model_name, operation.name) not in WORDS
    if isinstance(operation, migrations.RemoveConstraint):
        return operation.name not in WITHOUT_HARM
    if isinstance(operation, migrations.AddConstraint):
        return operation.constraint.name not in WITHOUT_HARM
    return not isinstance(operation, ADDING)


@pytest.mark.parametrize("migration", LATER)
def test_migration_leaves_the_release_before_it_at_work(migration: migrations.Migration) -> None:
    assert [one for one in migration.operations if takes_something(one)] == []


def test_there_are_migrations_to_look_at() -> None:
    assert set(FIRST) <= {app.label for app in apps.get_app_configs()}
    assert LATER
