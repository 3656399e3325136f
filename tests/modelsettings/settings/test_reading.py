import pytest
from pytest_django import DjangoAssertNumQueries

from modelsettings import profiles
from modelsettings.actors import Actor
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.schema.delivery import Delivery
from modelsettings.schema.validation import SettingsRefused
from modelsettings.settings import (
    ProfileNotFound,
    StoredSettings,
    get_settings,
    patch_settings,
    resolve,
    update_settings,
)
from tests.modelsettings.acme import STAGER_DEFAULTS
from tests.modelsettings.conftest import SLUG, in_force
from tests.modelsettings.rows import save_row

pytestmark = pytest.mark.django_db


def add_profile(model: ReplicateModel, name: str) -> ModelSettings:
    live = get_settings(model.slug).pk
    return profiles.copy_profile(live, name, by=Actor("ann"))


def test_get_settings_reads_the_live_profile(stored: StoredSettings) -> None:
    assert (stored.slug, stored.profile, stored.revision) == (SLUG, "default", 1)
    assert stored.document == STAGER_DEFAULTS
    assert stored.changed == []
    assert stored.updated_by == "system:test"
    assert stored.obstacle is None


def test_get_settings_by_the_profiles_name(model: ReplicateModel) -> None:
    draft = add_profile(model, "draft")

    found = get_settings(SLUG, profile="draft")

    assert (found.pk, found.profile, found.slug) == (draft.pk, "draft", SLUG)
    assert get_settings(SLUG).profile == "default"


def test_get_settings_without_a_model_reads_the_default(db: None) -> None:
    assert get_settings().slug == "qwen/qwen-image-edit"


@pytest.mark.parametrize(
    ("slug", "profile", "sentence"),
    [
        ("acme/nothing", None, "There is no settings profile acme/nothing."),
        (SLUG, "gone", f"There is no settings profile gone of {SLUG}."),
        (None, "gone", "There is no settings profile gone of the default model."),
    ],
)
def test_get_settings_of_what_is_not_there(
    stored: StoredSettings, slug: str | None, profile: str | None, sentence: str
) -> None:
    with pytest.raises(ProfileNotFound) as missing:
        get_settings(slug, profile=profile)

    assert str(missing.value) == sentence


def test_get_settings_gives_the_document_in_the_schemas_order(
    stored: StoredSettings, ann: Actor
) -> None:
    values = {"note": "x", "output_quality": 5, "seed": 3}

    update_settings(stored.pk, values, by=ann)

    found = get_settings(SLUG)
    order = [name for name in found.validator.schema["properties"] if name in found.values]
    assert list(found.document) == order


def test_get_settings_says_why_a_disabled_model_cannot_stage(model: ReplicateModel) -> None:
    model.is_enabled = False
    save_row(model)

    assert get_settings(SLUG).obstacle == f"{SLUG} is disabled."


def test_resolve_takes_one_query(
    stored: StoredSettings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        resolve(SLUG, overrides={"output_quality": 5}, seed=7)


def test_resolve_parts_the_document(stored: StoredSettings) -> None:
    found = resolve(SLUG, overrides={"disclosure": "Staged"})

    assert found.settings == {**STAGER_DEFAULTS, "disclosure": "Staged"}
    assert found.input == {
        "go_fast": True,
        "output_format": "png",
        "output_quality": 80,
        "steps": 30,
        "strength": 0.5,
        "negative_prompt": "",
    }
    assert found.delivery == Delivery(output_format="webp", output_quality=80, disclosure="Staged")


def test_resolve_sees_a_change_at_once(stored: StoredSettings, ann: Actor) -> None:
    before = resolve(SLUG).input["output_quality"]

    patch_settings(stored.pk, {"output_quality": 55}, by=ann)

    assert (before, resolve(SLUG).input["output_quality"]) == (80, 55)


def test_resolve_prefers_seed_then_overrides_then_profile(
    stored: StoredSettings, ann: Actor
) -> None:
    patch_settings(stored.pk, {"seed": 1, "output_quality": 10, "strength": 0.1}, by=ann)

    found = resolve(SLUG, overrides={"seed": 2, "output_quality": 20}, seed=3)

    keys = ("seed", "output_quality", "strength")
    assert [found.input[key] for key in keys] == [3, 20, 0.1]


def test_resolve_takes_zero_for_a_seed(stored: StoredSettings) -> None:
    assert resolve(SLUG, overrides={"seed": 2}, seed=0).input["seed"] == 0


def test_resolve_unsets_with_null(stored: StoredSettings, ann: Actor) -> None:
    patch_settings(stored.pk, {"seed": 1}, by=ann)

    assert "seed" not in resolve(SLUG, overrides={"seed": None}).settings


def test_resolve_refuses_a_wrong_override(stored: StoredSettings) -> None:
    with pytest.raises(SettingsRefused) as refused:
        resolve(SLUG, overrides={"output_quality": 120})

    assert refused.value.errors == {
        "output_quality": ["output_quality: 120 is more than the maximum of 100."]
    }


def test_resolve_writes_nothing(stored: StoredSettings) -> None:
    resolve(SLUG, overrides={"output_quality": 5}, seed=7)

    assert in_force(stored.pk) == (1, STAGER_DEFAULTS)
