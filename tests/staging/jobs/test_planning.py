from django.contrib.auth.models import User

from modelsettings import registry
from modelsettings.actors import Actor
from modelsettings.schema.published import PublishedModel
from modelsettings.settings import get_settings, patch_settings
from staging.jobs.request import StagingRequest
from staging.jobs.requesting import request_staging
from staging.photos import Upload
from tests.modelsettings.acme import STAGER_INPUTS, published

SLUG = "acme/stager"


def test_job_sends_a_deprecated_input_only_where_it_was_set(
    operator: User, photo_bytes: bytes
) -> None:
    """Set to its default counts as set."""
    inputs = STAGER_INPUTS | {"steps": STAGER_INPUTS["steps"] | {"deprecated": True}}
    by = Actor.system("test")
    registry.add_model(PublishedModel.from_json(published(inputs)), by=by)

    untouched = request_staging(Upload(photo_bytes), StagingRequest(model=SLUG), owner=operator)
    overridden = request_staging(
        Upload(photo_bytes), StagingRequest(model=SLUG, overrides={"steps": 31}), owner=operator
    )
    patch_settings(get_settings(SLUG).pk, {"steps": 30}, by=by)
    of_profile = request_staging(Upload(photo_bytes), StagingRequest(model=SLUG), owner=operator)

    assert "steps" not in untouched.input
    assert untouched.input["strength"] == 0.5
    assert overridden.input["steps"] == 31
    assert of_profile.input["steps"] == 30
