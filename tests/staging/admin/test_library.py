"""The forms of rooms and styles: what they say of a key, and where they lead after saving."""

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.test import Client

from staging.models import Style

pytestmark = pytest.mark.django_db

ADMIN = "/admin/staging"
STYLE = {
    "key": "art_deco",
    "label": "Art Deco",
    "character": "Bold.",
    "inside": "Use brass.",
    "outside": "Use stone.",
    "is_active": "on",
    "position": "5",
}
ROOM = {
    "key": "wine_cellar",
    "label": "Wine cellar",
    "noun": "wine cellar",
    "purpose": "Bottles.",
    "furniture": "Racks.",
    "is_active": "on",
    "position": "5",
}


@pytest.mark.parametrize(("kind", "key"), [("style", "art_deco"), ("roomtype", "living_room")])
def test_the_example_of_a_key_is_of_its_kind(admin_page: Client, kind: str, key: str) -> None:
    form = admin_page.get(f"{ADMIN}/{kind}/add/").context["form"]

    assert f"a letter first, like {key}." in form.fields["key"].help_text


@pytest.mark.parametrize(
    ("kind", "fields", "link"),
    [
        ("style", STYLE, '"/admin/stage/?style=art_deco">Stage with this style</a>'),
        (
            "roomtype",
            ROOM,
            '"/admin/stage/?room_type=wine_cellar">Stage with this room</a>',
        ),
    ],
)
def test_a_new_row_leads_to_staging_with_it(
    admin_page: Client, kind: str, fields: dict[str, str], link: str
) -> None:
    answer = admin_page.post(f"{ADMIN}/{kind}/add/", fields)

    (told,) = map(str, get_messages(answer.wsgi_request))
    assert told.endswith(link)
    form = admin_page.get(link.split('"')[1]).context["form"]
    field = "styles" if kind == "style" else "room_type"
    assert form[field].value() in ([fields["key"]], fields["key"])


def change_industrial(browser: Client, **fields: str) -> str:
    """Change the style Industrial; return what the page says."""
    industrial = Style.objects.get(key="industrial")
    address = f"{ADMIN}/style/{industrial.pk}/change/"
    form = browser.get(address).context["form"]
    said = {name: form[name].value() for name in form.fields} | {"is_active": "on"} | fields
    answer = browser.post(address, {k: v for k, v in said.items() if v not in (None, "")})
    (told,) = map(str, get_messages(answer.wsgi_request))
    return told


def test_a_changed_style_leads_to_staging_with_it_unless_it_is_retired(admin_page: Client) -> None:
    assert "/admin/stage/?style=industrial" in change_industrial(admin_page, character="Bolder.")
    assert "/admin/stage/" not in change_industrial(admin_page, character="Bold.", is_active="")


def test_an_editor_who_may_not_stage_is_not_led_there(client: Client, stranger: User) -> None:
    stranger.is_staff = True
    stranger.save()
    may = Permission.objects.filter(codename__in=["view_style", "change_style"])
    stranger.user_permissions.set(may)
    client.force_login(stranger)

    assert change_industrial(client, character="Bolder.") == "Saved; the next job uses it."
