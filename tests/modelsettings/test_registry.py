from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from pytest_django import DjangoAssertNumQueries

from modelsettings import registry
from modelsettings.actors import Actor
from modelsettings.catalog import shipped
from modelsettings.models import ReplicateModel
from modelsettings.schema.flattening import SchemaRefused
from modelsettings.schema.published import PublishedModel
from modelsettings.settings import StoredSettings, get_settings, patch_settings, resolve
from tests.modelsettings.acme import PICTURE, STAGER_DEFAULTS, STAGER_INPUTS, published
from tests.modelsettings.conftest import SLUG, everything
from tests.modelsettings.rows import save_row

pytestmark = pytest.mark.django_db

SHIPPED = ["qwen/qwen-image-edit", "black-forest-labs/flux-kontext-max", "bytedance/seedream-4"]
PAINTER = "acme/painter"


def add_painter(**inputs: Any) -> ReplicateModel:
    """Add a model that takes no photo."""
    document = published({"prompt": {"type": "string"}, "width": {}} | inputs, name="painter")
    return registry.add_model(PublishedModel.from_json(document), by=Actor("ann"))


def defaults() -> list[str]:
    return list(ReplicateModel.objects.filter(is_default=True).values_list("slug", flat=True))


def test_add_model_stores_model_schema_and_profile(operator: User) -> None:
    olga = Actor.of(operator)
    registry.add_model(PublishedModel.from_json(published()), by=olga, reason="to try it")

    row = ReplicateModel.objects.get(slug=SLUG)
    assert row.roles == {"image": "image", "prompt": "prompt"}
    assert (row.label, row.description, row.price) == ("Stager", "Stages a room.", [])
    assert (row.is_enabled, row.is_default) == (True, False)
    schema, profile = row.pinned_schema, row.live_profile
    assert schema is not None
    assert profile is not None
    assert (schema.version, schema.is_official) == ("5" * 64, True)
    assert (profile.name, profile.revision, profile.updated_by) == ("default", 1, "olga")
    assert profile.values == STAGER_DEFAULTS
    step = row.history.get()
    assert (step.history_user, step.updated_by, step.history_change_reason) == (
        operator,
        "olga",
        "to try it",
    )
    # One row, which holds the model as it is used from now on.
    assert (step.history_type, step.live_profile_id, step.pinned_schema_id) == (
        "+",
        profile.pk,
        schema.pk,
    )


@pytest.mark.parametrize(
    "prop",
    [{"$ref": "#/components/schemas/Gone"}, {"type": "string", "pattern": "("}, {"enum": 5}],
    ids=str,
)
def test_add_model_with_a_broken_schema_adds_nothing(prop: Any) -> None:
    before = everything()

    with pytest.raises(SchemaRefused, match=r"^broken: "):
        add_painter(broken=prop)

    assert everything() == before


def test_add_model_with_a_default_that_no_browser_carries() -> None:
    model = add_painter(seed={"type": "integer", "default": 2**60})

    assert "seed" not in get_settings(model.slug).document


def test_add_model_takes_label_price_and_order_from_the_overlay() -> None:
    found = ReplicateModel.objects.get(slug="qwen/qwen-image-edit")

    assert (found.label, found.position) == ("Qwen Image Edit", 1)
    assert found.price == [{"unit": "image", "usd": 0.03}]


def test_add_model_of_two_models_with_one_schema() -> None:
    for name in ("one", "two"):
        document = published(STAGER_INPUTS, name=name)
        registry.add_model(PublishedModel.from_json(document), by=Actor("ann"))

    patch_settings(get_settings("acme/one").pk, {"seed": 1}, by=Actor("ann"))

    assert get_settings("acme/one").document["seed"] == 1
    assert get_settings("acme/two").document == STAGER_DEFAULTS


def test_catalog_is_there_after_migrate() -> None:
    there = set(ReplicateModel.objects.values_list("slug", flat=True))

    assert there == set(shipped.shipped_models())
    assert len(there) == 27
    assert defaults() == [SHIPPED[0]]


@pytest.mark.parametrize("slug", SHIPPED)
def test_catalog_models_stage_with_their_defaults(slug: str) -> None:
    found = get_settings(slug)

    assert (found.obstacle, found.changed, found.updated_by) == (None, [], "system:catalog")
    assert resolve(slug).settings == found.document


def test_load_catalog_twice_changes_nothing() -> None:
    before = everything()

    assert registry.load_catalog() == []
    assert everything() == before


@pytest.mark.parametrize(
    "load", [registry.load_catalog, lambda: call_command("migrate", verbosity=0)]
)
def test_load_catalog_leaves_what_an_operator_changed(load: Any) -> None:
    model = ReplicateModel.objects.get(slug=SHIPPED[0])
    model.label, model.is_enabled, model.price = "Ours", False, []
    save_row(model)
    patch_settings(get_settings(SHIPPED[0]).pk, {"output_quality": 5}, by=Actor("ann"))
    registry.choose_default(SHIPPED[2], by=Actor("ann"))
    before = everything()

    load()

    assert everything() == before


def test_migrate_brings_back_a_model_that_is_missing() -> None:
    model = ReplicateModel.objects.get(slug=SHIPPED[2])
    model.slug = "acme/renamed"
    save_row(model)

    call_command("migrate", verbosity=0)

    assert get_settings(SHIPPED[2]).revision == 1
    assert defaults() == [SHIPPED[0]]


def test_list_models_takes_one_query(
    stored: StoredSettings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    add_painter()
    registry.list_models()

    with django_assert_num_queries(1):
        found = {model.slug: model.obstacle for model in registry.list_models()}

    assert len(found) == 27 + 2
    assert {slug: found[slug] for slug in (*SHIPPED, SLUG, PAINTER)} == {
        **dict.fromkeys([*SHIPPED, SLUG]),
        PAINTER: f"{PAINTER} cannot stage a photo. "
        "It takes no photo: none of its inputs is an image.",
    }


def test_choose_default_makes_it_the_only_one(stored: StoredSettings, operator: User) -> None:
    registry.choose_default(SLUG, by=Actor.of(operator), reason="cheaper")

    assert defaults() == [SLUG]
    assert get_settings().slug == SLUG
    changed = ReplicateModel.history.filter(history_type="~", history_user=operator)
    assert set(changed.values_list("slug", "is_default")) == {(SLUG, True), (SHIPPED[0], False)}
    # Both rows are one change.
    kept = changed.order_by().values_list("updated_by", "history_change_reason", "history_date")
    assert [row[:2] for row in kept.distinct()] == [("olga", "cheaper")]


def test_load_catalog_says_that_it_was_the_catalogue() -> None:
    kept = ReplicateModel.history.values_list("updated_by", "history_change_reason").distinct()

    assert list(kept.order_by()) == [("system:catalog", "It comes with Restage.")]


def test_choose_default_of_the_default_changes_nothing() -> None:
    before = everything()

    registry.choose_default(SHIPPED[0], by=Actor("ann"))

    assert everything() == before


def test_choose_default_refuses_a_model_that_takes_no_photo() -> None:
    add_painter()

    with pytest.raises(registry.CannotBeDefault) as refused:
        registry.choose_default(PAINTER, by=Actor("ann"))

    assert str(refused.value) == (
        f"{PAINTER} cannot stage a photo. It takes no photo: none of its inputs is an image."
    )
    assert defaults() == [SHIPPED[0]]


def test_choose_default_refuses_a_model_that_requires_a_mask() -> None:
    inputs = {"image": PICTURE, "prompt": {"type": "string"}, "mask": PICTURE, "width": {}}
    document = published(inputs, name="masker", required=["image", "mask"])
    registry.add_model(PublishedModel.from_json(document), by=Actor("ann"))

    with pytest.raises(registry.CannotBeDefault, match="It requires mask, which neither a job nor"):
        registry.choose_default("acme/masker", by=Actor("ann"))

    assert defaults() == [SHIPPED[0]]


def test_choose_default_refuses_a_disabled_model(model: ReplicateModel) -> None:
    model.is_enabled = False
    save_row(model)

    with pytest.raises(registry.CannotBeDefault, match=rf"^{SLUG} is disabled\.$"):
        registry.choose_default(SLUG, by=Actor("ann"))

    assert defaults() == [SHIPPED[0]]


def test_choose_default_of_an_unknown_model() -> None:
    with pytest.raises(registry.CannotBeDefault, match="There is no model"):
        registry.choose_default("acme/nothing", by=Actor("ann"))

    assert defaults() == [SHIPPED[0]]


def test_add_model_twice_in_the_registry(model: ReplicateModel) -> None:
    before = everything()

    with pytest.raises(registry.AlreadyThere, match=f"^{SLUG} is there already"):
        registry.add_model(PublishedModel.from_json(published()), by=Actor("ann"))

    assert everything() == before
