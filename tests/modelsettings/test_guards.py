"""Writes that would go around `modelsettings.settings`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from modelsettings.guards import WriteRefused, settings_write
from modelsettings.models import ModelSettings
from modelsettings.settings import StoredSettings, get_settings
from tests.modelsettings.conftest import SLUG

pytestmark = pytest.mark.django_db

FIELDS: dict[str, Any] = {"values": {"x": 1}, "updated_by": "eve"}


def profile() -> ModelSettings:
    return ModelSettings.objects.get(model__slug=SLUG)


def new_profile() -> ModelSettings:
    return ModelSettings(model=profile().model, name="new", updated_at=timezone.now(), **FIELDS)


def changed_profile() -> ModelSettings:
    row = profile()
    row.values = {"x": 1}
    return row


def named() -> dict[str, Any]:
    return {"model": profile().model, "name": "new"}


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda: changed_profile().save(), id="save"),
        pytest.param(lambda: changed_profile().save(update_fields=["values"]), id="update_fields"),
        pytest.param(lambda: changed_profile().save_base(raw=True), id="raw"),
        pytest.param(
            lambda: changed_profile().save_without_historical_record(),  # type: ignore[attr-defined]  # simple-history's
            id="without history",
        ),
        pytest.param(lambda: new_profile().save(force_insert=True), id="insert"),
        pytest.param(lambda: ModelSettings.objects.update(**FIELDS), id="update"),
        pytest.param(
            lambda: ModelSettings.objects.filter(name="default").update(**FIELDS),
            id="filter update",
        ),
        pytest.param(lambda: profile().model.profiles.update(**FIELDS), id="related update"),
        pytest.param(lambda: ModelSettings.objects.bulk_create([new_profile()]), id="bulk_create"),
        pytest.param(
            lambda: ModelSettings.objects.bulk_update([changed_profile()], ["values"]),
            id="bulk_update",
        ),
        pytest.param(
            lambda: ModelSettings.objects.create(**named(), updated_at=timezone.now(), **FIELDS),
            id="create",
        ),
        pytest.param(
            lambda: ModelSettings.objects.get_or_create(
                **named(), defaults={"updated_at": timezone.now(), **FIELDS}
            ),
            id="get_or_create",
        ),
        pytest.param(
            lambda: ModelSettings.objects.update_or_create(
                model=profile().model, name="default", defaults=FIELDS
            ),
            id="update_or_create",
        ),
    ],
)
def test_write_around_the_services_is_refused(
    stored: StoredSettings, write: Callable[[], Any]
) -> None:
    with pytest.raises(WriteRefused, match=r"call modelsettings\.settings\.update_settings\(\)"):
        write()

    assert get_settings(SLUG) == stored
    assert ModelSettings.objects.filter(model__slug=SLUG).count() == 1


def test_loaddata_is_refused(stored: StoredSettings, tmp_path: Path) -> None:
    fields = {"model": stored.model_pk, "revision": 9, "updated_at": "2026-01-01T00:00:00Z"}
    row = {"model": "modelsettings.modelsettings", "pk": stored.pk, "fields": {**fields, **FIELDS}}
    fixture = tmp_path / "settings.json"
    fixture.write_text(json.dumps([row]))

    with pytest.raises(WriteRefused):
        call_command("loaddata", fixture)

    assert get_settings(SLUG) == stored


def test_write_is_refused_again_after_one_that_was_allowed(stored: StoredSettings) -> None:
    with settings_write():
        pass

    with pytest.raises(WriteRefused):
        changed_profile().save()


def test_write_is_refused_again_after_one_that_failed(stored: StoredSettings) -> None:
    with pytest.raises(ZeroDivisionError), settings_write():
        raise ZeroDivisionError

    with pytest.raises(WriteRefused):
        changed_profile().save()
