"""The admin's side bar: what stands in it opens, and what opens stands in it."""

import re

import pytest

from config.dashboard.navigation import sidebar
from tests.permissions.world import World

pytestmark = pytest.mark.django_db

ADDRESSES = [str(item["link"]) for group in sidebar(None) for item in group["items"]]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "person", ["clerk", "viewer", "judge", "stager", "operator", "administrator", "superuser"]
)
def test_side_bar_shows_the_pages_that_open(person: str, world: World) -> None:
    client = world.people[person].client(is_api=False)

    page = client.get("/admin/password_change/done/").content.decode()

    shown = set(re.findall(r'href="([^"]+)"', page))
    opens = [one for one in ADDRESSES if client.get(one).status_code == 200]
    assert [one for one in ADDRESSES if one in shown] == opens
