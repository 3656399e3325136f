"""Any two revisions side by side: of one profile, of two, of two models, chosen by name."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from modelsettings import profiles
from modelsettings.actors import Actor
from modelsettings.models import ModelSettings
from modelsettings.settings import StoredSettings, get_settings, patch_settings
from tests.modelsettings.conftest import SLUG

pytestmark = pytest.mark.django_db

QWEN = "qwen/qwen-image-edit"


@pytest.fixture
def draft(stored: StoredSettings, ann: Actor) -> ModelSettings:
    patch_settings(stored.pk, {"steps": 40}, by=ann, reason="sharper")
    made = profiles.copy_profile(stored.pk, "draft", by=ann)
    patch_settings(made.pk, {"steps": 50, "seed": 4}, by=ann)
    return ModelSettings.objects.get(pk=made.pk)


def compared(client: Client, profile: int, **asked: Any) -> Any:
    answer = client.get(f"/admin/modelsettings/modelsettings/{profile}/compare/", asked)
    assert answer.status_code == 200
    return answer.context["found"]


def differences(found: Any) -> list[tuple[str, str, str]]:
    return [(change.key, str(change.old), str(change.new)) for change in found.changes]


def test_without_a_choice_it_is_the_last_change(
    admin_page: Client, stored: StoredSettings, draft: ModelSettings
) -> None:
    found = compared(admin_page, stored.pk)

    assert differences(found) == [("steps", "30", "40")]
    assert (found.old.title, found.new.title) == ("Standard, revision 1", "Standard, revision 2")


def test_a_profile_that_is_not_live_is_compared_with_the_live_one(
    admin_page: Client, stored: StoredSettings, draft: ModelSettings
) -> None:
    found = compared(admin_page, draft.pk)

    assert differences(found) == [("seed", "4", "unset"), ("steps", "50", "40")]
    assert (found.old.title, found.new.title) == ("draft, revision 2", "Standard, revision 2")
    # The revisions that its history names are its own.
    own = compared(admin_page, draft.pk, old=1, new=2)
    assert (own.old.title, own.new.title) == ("draft, revision 1", "draft, revision 2")


def test_two_profiles_of_a_model(
    admin_page: Client, stored: StoredSettings, draft: ModelSettings
) -> None:
    found = compared(admin_page, stored.pk, **{"with": draft.pk})

    assert differences(found) == [("seed", "unset", "4"), ("steps", "40", "50")]


def test_revisions_of_two_profiles(
    admin_page: Client, stored: StoredSettings, draft: ModelSettings
) -> None:
    asked = {"of": stored.pk, "old": 2, "with": draft.pk, "new": 1}

    assert differences(compared(admin_page, stored.pk, **asked)) == []


def test_two_models_tell_what_one_does_not_have(admin_page: Client, stored: StoredSettings) -> None:
    qwen = get_settings(QWEN)

    found = compared(admin_page, stored.pk, **{"with": qwen.pk})

    rows = {key: (old, new) for key, old, new in differences(found)}
    assert rows["steps"] == ("30", "no such parameter")
    assert found.old.title == "Stager: Standard, revision 1"
    assert found.new.title == "Qwen Image Edit: Standard, revision 1"
    assert found.overridable is None


def test_choices_are_named(
    admin_page: Client, stored: StoredSettings, draft: ModelSettings, ann: Actor
) -> None:
    profiles.retire(draft.pk, by=ann)

    found = compared(admin_page, stored.pk)

    offered = dict(found.new.profiles)
    assert [option.words for option in offered["Stager"]] == ["Standard (live)", "draft (retired)"]
    assert "Qwen Image Edit" in offered
    assert found.new.revisions[0].words.endswith(", ann: sharper")


def test_another_profile_takes_no_revision_of_the_former(
    admin_page: Client, stored: StoredSettings, draft: ModelSettings
) -> None:
    patch_settings(stored.pk, {"steps": 41}, by=Actor.system("bob"))
    asked = {
        "of": stored.pk, "was_of": stored.pk, "old": 1,
        "with": draft.pk, "was_with": stored.pk, "new": 3,
    }  # fmt: skip

    found = compared(admin_page, stored.pk, **asked)

    assert (found.old.revision, found.new.revision) == (3, 2)


@pytest.mark.parametrize(
    "asked", [{"of": "x"}, {"with": "0"}, {"old": "\u0663"}, {"new": "9" * 9 + "x"}, {"of": ""}]
)
def test_what_is_no_number_is_left_out(
    admin_page: Client, stored: StoredSettings, draft: ModelSettings, asked: dict[str, str]
) -> None:
    found = compared(admin_page, stored.pk, **asked)

    usual = compared(admin_page, stored.pk)
    assert (found.old.title, found.new.title) == (usual.old.title, usual.new.title)
    assert differences(found) == [("steps", "30", "40")]


def test_a_revision_that_is_not_there(admin_page: Client, stored: StoredSettings) -> None:
    page = f"/admin/modelsettings/modelsettings/{stored.pk}/compare/"

    assert admin_page.get(page, {"old": 1, "new": 77}).status_code == 404


def test_page_takes_as_many_queries_for_many_profiles(
    admin_page: Client,
    stored: StoredSettings,
    ann: Actor,
    operator: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(9):
        profiles.copy_profile(stored.pk, f"draft {number}", by=ann)
    page = f"/admin/modelsettings/modelsettings/{stored.pk}/compare/"
    admin_page.get(page)

    with django_assert_max_num_queries(19):
        admin_page.get(page, {"with": ModelSettings.objects.get(name="draft 8").pk})

    assert get_settings(SLUG).revision == 1
