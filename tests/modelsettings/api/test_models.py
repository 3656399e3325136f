import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from modelsettings import registry
from modelsettings.actors import Actor
from modelsettings.models import ReplicateModel
from modelsettings.schema.flattening import JSON
from modelsettings.schema.published import PublishedModel
from modelsettings.settings import StoredSettings
from tests.modelsettings.acme import published
from tests.modelsettings.api.requests import ACTIVE, DEFAULT, MODELS, call
from tests.modelsettings.conftest import SLUG
from tests.modelsettings.rows import save_row

pytestmark = pytest.mark.django_db


def test_get_models_lists_each_with_its_obstacle(api: APIClient, stored: StoredSettings) -> None:
    inputs = {"prompt": {"type": "string"}, "width": {}}
    painter = published(inputs, name="painter")
    registry.add_model(PublishedModel.from_json(painter), by=Actor("ann"))

    answer = api.get(MODELS).json()

    assert [model["id"] for model in answer][:1] == [DEFAULT]
    stager = {
        "id": SLUG,
        "label": "Stager",
        "description": "Stages a room.",
        "is_enabled": True,
        "is_default": False,
        "clients_may_name": True,
        "obstacle": None,
        "profile": "default",
        "revision": 1,
        "price": [],
    }
    assert answer[-1] == stager
    assert answer[-2] == {
        **stager,
        "id": "acme/painter",
        "label": "Painter",
        "obstacle": "acme/painter cannot stage a photo. "
        "It takes no photo: none of its inputs is an image.",
    }


def test_get_active_answers_the_default_model(api: APIClient) -> None:
    assert api.get(ACTIVE).json() == {"value": DEFAULT}


def test_put_active_chooses_another(api: APIClient, stored: StoredSettings, operator: User) -> None:
    answer = call(api, "put", ACTIVE, {"value": SLUG})

    assert (answer.status_code, answer.json()) == (200, {"value": SLUG})
    assert api.get(ACTIVE).json() == {"value": SLUG}
    step = ReplicateModel.history.filter(slug=SLUG).latest()
    assert (step.is_default, step.history_user) == (True, operator)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"value": "acme/gone"}, {"value": ["There is no model acme/gone."]}),
        ({"value": SLUG}, {"value": [f"{SLUG} is disabled."]}),
        ({}, {"value": ["This field is required."]}),
        ({"value": ""}, {"value": ["This field may not be blank."]}),
        ({"value": None}, {"value": ["This field may not be null."]}),
        ({"value": "a\0b"}, {"value": ["Null characters are not allowed."]}),
        (
            {"value": "\ud800"},
            {"value": ["It holds half a character (a lone surrogate)."]},
        ),
        (
            [],
            {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]},
        ),
    ],
    ids=ascii,
)
def test_put_active_refuses(api: APIClient, model: ReplicateModel, body: Any, errors: JSON) -> None:
    model.is_enabled = False
    save_row(model)

    answer = api.generic("PUT", ACTIVE, data=json.dumps(body), content_type="application/json")

    assert (answer.status_code, answer.json()) == (400, errors)
    assert api.get(ACTIVE).json() == {"value": DEFAULT}
