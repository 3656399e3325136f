"""Pages that make a profile live or a model the default: a way out before, and a way back after."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from modelsettings import profiles, uses
from modelsettings.actors import Actor
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.settings import StoredSettings
from tests.modelsettings.rows import save_row

pytestmark = pytest.mark.django_db

ADMIN = "/admin/modelsettings"


@pytest.fixture
def draft(stored: StoredSettings, ann: Actor) -> ModelSettings:
    return profiles.copy_profile(stored.pk, "draft", by=ann)


def test_making_live_can_be_left_and_taken_back(
    admin_page: Client, stored: StoredSettings, draft: ModelSettings
) -> None:
    address = f"{ADMIN}/modelsettings/{draft.pk}/make-live/"
    page = admin_page.get(address).content.decode()
    assert f'<a href="{ADMIN}/modelsettings/{draft.pk}/change/">Leave it as it is</a>' in page
    assert "May be empty." in page

    answer = admin_page.post(address, {"shown": uses.preview_live(draft.pk).tag})

    (told,) = map(str, get_messages(answer.wsgi_request))
    back = f"{ADMIN}/modelsettings/{stored.pk}/make-live/"
    assert told.endswith(f'<a href="{back}">Make Standard live again</a>')
    assert admin_page.get(back).status_code == 200


def test_making_the_default_can_be_left_and_taken_back(
    admin_page: Client, model: ReplicateModel
) -> None:
    former = ReplicateModel.objects.get(is_default=True)
    address = f"{ADMIN}/replicatemodel/{model.pk}/make-default/"
    page = admin_page.get(address).content.decode()
    assert f'<a href="{ADMIN}/replicatemodel/{model.pk}/change/">Leave it as it is</a>' in page
    assert "May be empty." in page

    answer = admin_page.post(address, {"shown": uses.preview_default(model.slug).tag})

    (told,) = map(str, get_messages(answer.wsgi_request))
    back = f"{ADMIN}/replicatemodel/{former.pk}/make-default/"
    assert told.endswith(f'<a href="{back}">Make {former.label} the default again</a>')
    assert admin_page.get(back).status_code == 200


def test_a_model_that_cannot_stage_can_be_left(admin_page: Client, model: ReplicateModel) -> None:
    model.is_enabled = False
    save_row(model)

    page = admin_page.get(f"{ADMIN}/replicatemodel/{model.pk}/make-default/").content.decode()

    assert "Leave it as it is" in page
    assert "May be empty." not in page
