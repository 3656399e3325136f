"""What a stranger gets tells nothing of the project: not what is in it, nor that it is there."""

import re
import uuid
from typing import Any

import pytest

from staging.models import ProjectMember
from tests.permissions.api import STAGING
from tests.permissions.asking import ask, filled
from tests.permissions.table import Row
from tests.permissions.world import World

pytestmark = pytest.mark.django_db

API = "/api/v1/staging"
BLIND = ("stranger", "operator", "superuser")
LISTS = ("batches", "jobs", "photos", "projects")
# Of what is somebody's, and by what another of its kind could be named.
UNKNOWN = {
    **{name: str(uuid.UUID(int=number)) for number, name in enumerate(
        ("project", "photo", "job", "failed", "queued", "batch", "share", "invitation"), 1
    )},
    "image": "999999999",
    "member": "nobody-known",
}  # fmt: skip
NAMED = re.compile(r"\{(\w+)\}")
ROWS = [
    pytest.param(row, id=f"{row.method} {row.path} {row.what}".strip())
    for row in STAGING.rows
    if set(NAMED.findall(f"{row.path} {row.body}")) & set(UNKNOWN)
]


def told(world: World, person: str, row: Row, places: dict[str, str]) -> tuple[int, str]:
    """Return an answer without the names that it was asked by."""
    found = ask(world, person, STAGING, row, places=places)
    text = found.text
    for name in UNKNOWN:
        text = text.replace(places[name], name)
    return found.status, text


def client_of(world: World, person: str) -> Any:
    return world.people[person].client(is_api=True)


@pytest.mark.parametrize("person", BLIND)
@pytest.mark.parametrize("row", ROWS)
def test_what_is_somebodys_answers_like_what_is_not_there(
    row: Row, person: str, world: World
) -> None:
    unknown = {**world.places, **UNKNOWN}

    assert told(world, person, row, world.places) == told(world, person, row, unknown)


@pytest.mark.parametrize("name", LISTS)
def test_list_shows_members_what_it_hides_from_strangers(name: str, world: World) -> None:
    people = ("owner", "edits", "sees", *BLIND)

    lists = {one: client_of(world, one).get(f"{API}/{name}").json()["results"] for one in people}

    assert [bool(lists[one]) for one in people] == [True, True, True, False, False, False]
    assert {row["id"] for row in lists["sees"]} == {row["id"] for row in lists["owner"]}


@pytest.mark.parametrize("row", ["photo={photo}", "batch={batch}", "project={project}"])
def test_filter_finds_the_rows_for_members(row: str, world: World) -> None:
    """Else the filters of strangers would be empty for another reason."""
    address = f"{API}/jobs?{row}".format_map(world.places)

    assert client_of(world, "sees").get(address).json()["results"] != []


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("jobs", {"photo": "{photo}"}),
        ("jobs/{job}/repeat", {}),
        ("jobs/{failed}/retry", {}),
        ("batches", {"photos": ["{photo}"], "styles": ["modern"]}),
    ],
)
def test_key_answers_nothing_more_to_one_who_left(
    address: str, body: dict[str, Any], world: World
) -> None:
    client = client_of(world, "edits")
    headers = {"Idempotency-Key": "one"}
    path, sent = filled(f"{API}/{address}", world.places), filled(body, world.places)

    def post() -> Any:
        return client.post(path, sent, content_type="application/json", headers=headers)

    bought = [post(), post()]
    ProjectMember.objects.filter(user=world.people["edits"].user).delete()
    after = post()

    assert [answer.status_code for answer in bought] == [202, 202]
    assert bought[1].headers["Idempotent-Replayed"] == "true"
    assert (after.status_code, set(after.json())) == (404, {"detail"})
