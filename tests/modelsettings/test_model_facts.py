from typing import Any

import pytest

from modelsettings import model_facts
from modelsettings.actors import Actor
from modelsettings.model_facts import ModelNotFound, ModelRefused
from modelsettings.models import ReplicateModel
from modelsettings.schema.roles import RoleRefused
from modelsettings.settings import get_settings, patch_settings
from tests.modelsettings.conftest import SLUG

pytestmark = pytest.mark.django_db

PRICE = [{"unit": "image", "usd": 0.04}]


def steps(model: ReplicateModel) -> list[Any]:
    """Return author, reason and label of each row of a model's history, the oldest first."""
    rows = ReplicateModel.history.filter(id=model.pk).order_by("history_id")
    return list(rows.values_list("updated_by", "history_change_reason", "label"))


def test_change_model_writes_row_and_history(model: ReplicateModel, ann: Actor) -> None:
    values = {"label": "Ours", "price": PRICE, "clients_may_name": False}

    changed = model_facts.change_model(model.pk, values, by=ann, reason="dearer")

    model.refresh_from_db()
    assert (model.label, model.price, model.clients_may_name) == ("Ours", PRICE, False)
    assert changed.updated_by == model.updated_by == "ann"
    assert steps(model) == [("system:test", None, "Stager"), ("ann", "dearer", "Ours")]


def test_change_model_keeps_what_another_changed_meanwhile(
    model: ReplicateModel, ann: Actor, bob: Actor
) -> None:
    model_facts.change_model(model.pk, {"price": PRICE}, by=bob)

    model_facts.change_model(model.pk, {"label": "Ours"}, by=ann)

    model.refresh_from_db()
    assert (model.label, model.price) == ("Ours", PRICE)


def test_change_model_to_the_same_writes_nothing(model: ReplicateModel, ann: Actor) -> None:
    model_facts.change_model(model.pk, {"label": "Stager", "price": []}, by=ann)

    assert len(steps(model)) == 1


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"label": ""}, {"label": ["This field cannot be blank."]}),
        ({"price": [{"unit": "x", "usd": 1}]}, "price"),
        ({"slug": "acme/other"}, {"slug": ["This is no fact of a model."]}),
        ({"is_default": True}, {"is_default": ["This is no fact of a model."]}),
    ],
)
def test_change_model_refuses(
    model: ReplicateModel, ann: Actor, values: dict[str, Any], errors: Any
) -> None:
    with pytest.raises(ModelRefused) as refused:
        model_facts.change_model(model.pk, values, by=ann)

    assert refused.value.errors == errors or list(refused.value.errors) == [errors]
    assert len(steps(model)) == 1


def test_change_model_does_not_disable_the_default(ann: Actor) -> None:
    default = ReplicateModel.objects.get(is_default=True)

    with pytest.raises(ModelRefused, match="choose another default first"):
        model_facts.change_model(default.pk, {"is_enabled": False}, by=ann)


def test_correct_roles_makes_the_former_input_a_parameter(
    model: ReplicateModel, ann: Actor
) -> None:
    assert model_facts.correct_roles(model.pk, {"image": "loras"}, by=ann, reason="it is there")

    stored = get_settings(SLUG)
    assert dict(stored.roles) == {"image": "loras", "prompt": "prompt"}
    assert {"image", "loras"} & stored.schema.parameters.keys() == {"image"}
    assert steps(model)[-1] == ("ann", "it is there", "Stager")
    assert not model_facts.correct_roles(model.pk, {"image": "loras"}, by=ann)


def test_correct_roles_refuses_an_input_that_cannot(model: ReplicateModel, ann: Actor) -> None:
    with pytest.raises(RoleRefused, match="steps cannot take the image"):
        model_facts.correct_roles(model.pk, {"image": "steps"}, by=ann)


def test_correct_roles_takes_what_a_profile_held_as_a_revision(
    model: ReplicateModel, ann: Actor
) -> None:
    patch_settings(get_settings(SLUG).pk, {"loras": ["https://example.com/a"]}, by=ann)

    model_facts.correct_roles(model.pk, {"image": "loras"}, by=ann)

    stored = get_settings(SLUG)
    assert ("loras" in stored.values, stored.revision) == (False, 3)


def test_a_model_that_is_gone(db: None, ann: Actor) -> None:
    with pytest.raises(ModelNotFound):
        model_facts.change_model(10**9, {}, by=ann)
    with pytest.raises(ModelNotFound):
        model_facts.correct_roles(10**9, {}, by=ann)
