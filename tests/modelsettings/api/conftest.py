"""A draft beside the live profile."""

import pytest

from modelsettings import profiles
from modelsettings.actors import Actor
from modelsettings.models import ModelSettings
from modelsettings.settings import StoredSettings, patch_settings


@pytest.fixture
def draft(stored: StoredSettings, ann: Actor) -> ModelSettings:
    """Beside it, the live profile is at revision 2."""
    patch_settings(stored.pk, {"steps": 31}, by=ann, reason="finer")
    return profiles.copy_profile(stored.pk, "draft", by=ann)
