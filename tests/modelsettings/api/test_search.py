import pytest
from rest_framework.test import APIClient

from modelsettings.models import ModelSettings
from tests.modelsettings.api.requests import SEARCH
from tests.modelsettings.conftest import SLUG

pytestmark = pytest.mark.django_db


def test_search_answers_each_hit(api: APIClient, draft: ModelSettings) -> None:
    answer = api.get(f"{SEARCH}?key=steps&test=gt&value=30&changed_only=true").json()

    hit = {"model_id": SLUG, "key": "steps", "value": 31, "default": 30, "is_changed": True}
    assert [one for one in answer if one["model_id"] == SLUG] == [
        {**hit, "profile": "default", "is_live": True},
        {**hit, "profile": "draft", "is_live": False},
    ]
