"""What an account may ask for, as a front end discovers it."""

from typing import Any

import jsonschema_rs
import pytest
from django.contrib.auth.models import Permission, User
from rest_framework.test import APIClient

from modelsettings import profiles, registry
from modelsettings.actors import Actor
from modelsettings.models import ReplicateModel
from modelsettings.schema.published import PublishedModel
from modelsettings.settings import get_settings, patch_settings, set_overridable
from staging.disclosure import set_rule
from staging.models import Project
from staging.offers import offers_to
from staging.spending.estimating import typical_cost
from tests.conftest import client_of
from tests.modelsettings.acme import STAGER_INPUTS, published
from tests.modelsettings.rows import save_row
from tests.staging.conftest import FLUX, QWEN

OFFERS = "/api/v1/staging/models"
ANN = Actor("ann")

pytestmark = pytest.mark.django_db


def keep_from_clients(slug: str) -> None:
    model = ReplicateModel.objects.get(slug=slug)
    model.clients_may_name = False
    save_row(model)


def asked(user: User) -> Any:
    answer = client_of(user).get(OFFERS)
    assert answer.status_code == 200
    return answer.json()


def offer_of(user: User, slug: str) -> Any:
    return next((offer for offer in asked(user)["models"] if offer["model"] == slug), None)


def test_each_model_that_can_stage_is_offered_the_default_first(stranger: User) -> None:
    found = asked(stranger)

    default = ReplicateModel.objects.get(is_default=True)
    assert found["models"][0]["model"] == default.slug
    assert [offer["is_default"] for offer in found["models"]].count(True) == 1
    slugs = ReplicateModel.objects.values_list("slug", flat=True)
    can_stage = [slug for slug in slugs if not get_settings(slug).obstacle]
    assert {offer["model"] for offer in found["models"]} == set(can_stage)
    assert found["may_replace_prompt"] is False


def test_a_profile_tells_what_may_be_changed_and_what_it_costs(stranger: User) -> None:
    patch_settings(get_settings(QWEN).pk, {"output_quality": 55}, by=ANN)
    set_overridable(get_settings(QWEN).pk, ["output_quality", "seed"], by=ANN)

    found = offer_of(stranger, QWEN)

    model = ReplicateModel.objects.get(slug=QWEN)
    price = typical_cost(model, settings=get_settings(QWEN).values)
    assert price is not None
    (live,) = found["profiles"]
    assert (live["name"], live["may_name"], live["is_live"]) == ("default", True, True)
    assert live["price"] == float(price)
    assert set(live["parameters"]["properties"]) == {"output_quality", "seed"}
    assert live["parameters"]["properties"]["output_quality"]["maximum"] == 100
    assert live["values"] == {"output_quality": 55}


def test_the_parameters_are_a_schema_of_overrides(stranger: User) -> None:
    (live,) = offer_of(stranger, QWEN)["profiles"]
    validator = jsonschema_rs.validator_for(live["parameters"])

    assert validator.is_valid({"go_fast": False, "seed": 7})
    assert validator.is_valid(live["values"])
    assert not validator.is_valid({"disclosure": "off"})
    assert not validator.is_valid({"output_quality": 101})


def test_an_operator_may_change_all(operator: User) -> None:
    (live,) = offer_of(operator, QWEN)["profiles"]

    assert {"disclosure", "disable_safety_checker"} <= live["parameters"]["properties"].keys()


def test_nobody_may_change_the_label_under_a_rule_of_the_site(operator: User) -> None:
    set_rule(None, "Virtually staged", by=ANN)

    (live,) = offer_of(operator, QWEN)["profiles"]

    assert "disclosure" not in live["parameters"]["properties"]


def test_a_models_own_input_of_that_name_may_be_changed(operator: User) -> None:
    document = published({**STAGER_INPUTS, "disclosure": {"type": "boolean"}})
    registry.add_model(PublishedModel.from_json(document), by=ANN)
    set_rule(None, "Virtually staged", by=ANN)

    (live,) = offer_of(operator, "acme/stager")["profiles"]

    assert "disclosure" in live["parameters"]["properties"]


def test_what_may_not_be_named_is_not_offered(stranger: User, operator: User) -> None:
    keep_from_clients(FLUX)
    made = profiles.copy_profile(get_settings(QWEN).pk, "draft", by=ANN)
    profiles.let_clients_name(made.pk, is_allowed=False, by=ANN)
    other = next(
        model.slug
        for model in ReplicateModel.objects.exclude(slug__in=[FLUX, QWEN])
        if not get_settings(model.slug).obstacle
    )
    keep_from_clients(other)

    assert offer_of(stranger, other) is None
    assert [profile["name"] for profile in offer_of(stranger, QWEN)["profiles"]] == ["default"]
    assert offer_of(operator, other)["may_name"] is True
    assert len(offer_of(operator, QWEN)["profiles"]) == 2


def test_what_serves_without_a_name_is_offered_and_says_so(stranger: User) -> None:
    default = ReplicateModel.objects.get(is_default=True)
    other = next(
        model
        for model in ReplicateModel.objects.exclude(pk=default.pk)
        if not get_settings(model.slug).obstacle
    )
    for slug in (default.slug, other.slug):
        keep_from_clients(slug)
    made = profiles.copy_profile(get_settings(default.slug).pk, "bedrooms", by=ANN)
    profiles.let_clients_name(made.pk, is_allowed=False, by=ANN)
    profiles.use_for_rooms(made.pk, ["bedroom"], by=ANN)
    Project.objects.create(owner=stranger, name="Elm", model=other)

    found = offer_of(stranger, default.slug)
    rooms = {profile["name"]: profile["room_types"] for profile in found["profiles"]}
    assert found["may_name"] is False
    assert rooms == {"default": [], "bedrooms": ["bedroom"]}
    assert found["profiles"][1]["may_name"] is False
    used = offer_of(stranger, other.slug)
    assert used["may_name"] is False
    assert [profile["may_name"] for profile in used["profiles"]] == [False]


def test_unknown_parameter_is_refused(stranger: User) -> None:
    answer = client_of(stranger).get(f"{OFFERS}?x=1")

    assert answer.status_code == 400
    assert answer.json() == {"x": ["This address takes no parameters."]}


def test_whoever_may_replace_the_prompt_is_told_so(stranger: User) -> None:
    stranger.user_permissions.add(Permission.objects.get(codename="replace_prompt"))

    assert asked(stranger)["may_replace_prompt"] is True


def test_a_model_of_known_rooms_names_them(stranger: User) -> None:
    found = [offer for offer in offers_to(stranger) if offer.rooms is not None]

    assert all(offer.rooms for offer in found)


def test_unchanged_is_an_empty_304(api: APIClient) -> None:
    first = api.get(OFFERS)
    again = api.get(OFFERS, headers={"If-None-Match": first["ETag"]})
    patch_settings(get_settings(QWEN).pk, {"output_quality": 55}, by=ANN)
    changed = api.get(OFFERS, headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert (changed.status_code, changed["ETag"] != first["ETag"]) == (200, True)


def test_a_misspelt_parameter_is_refused(api: APIClient) -> None:
    assert api.get(f"{OFFERS}?modle=x").status_code == 400
