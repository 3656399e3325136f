import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from modelsettings.models import ReplicateModel

pytestmark = pytest.mark.django_db


def session_of(user: User, *codenames: str, is_staff: bool = True) -> Client:
    user.is_staff = is_staff
    user.save()
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def change_model(client: Client, model: ReplicateModel, **fields: str) -> Any:
    address = f"/admin/modelsettings/replicatemodel/{model.pk}/change/"
    return client.post(address, {"label": "Ours", "price": "[]", "is_enabled": "on"} | fields)


def test_model_page_saves_label_and_price(admin_page: Client, model: ReplicateModel) -> None:
    price = [{"unit": "image", "usd": 0.03}]

    answer = change_model(admin_page, model, price=json.dumps(price))

    model.refresh_from_db()
    assert (answer.status_code, model.label, model.price) == (302, "Ours", price)


def test_model_page_refuses_a_price_without_dollars(
    admin_page: Client, model: ReplicateModel
) -> None:
    answer = change_model(admin_page, model, price='[{"unit": "image"}]')

    assert answer.context["adminform"].form.errors == {
        "price": ["An entry has a unit and usd, and may have when."]
    }
    model.refresh_from_db()
    assert (model.label, model.price) == ("Stager", [])


def test_model_page_refuses_to_disable_the_default(admin_page: Client) -> None:
    default = ReplicateModel.objects.get(is_default=True)

    answer = change_model(admin_page, default, is_enabled="")

    assert answer.context["adminform"].form.errors == {
        "is_enabled": ["It is the default for staging: choose another default first."]
    }
    default.refresh_from_db()
    assert default.is_enabled is True


def test_model_page_is_closed_to_a_viewer_of_settings(
    model: ReplicateModel, stranger: User
) -> None:
    client = session_of(stranger, "view_modelsettings", "change_modelsettings")

    assert change_model(client, model).status_code == 403
