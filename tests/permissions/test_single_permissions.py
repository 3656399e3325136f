"""Whoever has exactly one permission sees rows of its kind alone, and no link that is closed."""

import itertools
from decimal import Decimal

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import Permission, User
from django.test import Client

from staging.models import (
    Callback,
    DailyUsage,
    Notice,
    NoticeKind,
    Photo,
    Prediction,
    Share,
    SpendingLimit,
    StagedImage,
)
from tests.permissions import admin
from tests.permissions.links import closed_links, open_pages
from tests.permissions.world import World

pytestmark = pytest.mark.django_db

# Every kind of rows that has pages, and judging.
SINGLES = [
    *(
        f"{model._meta.app_label}.view_{model._meta.model_name}"
        for model in site._registry
        if model._meta.app_label in ("modelsettings", "staging")
    ),
    "staging.judge_pictures",
]


def make_marks(world: World) -> dict[str, list[str]]:
    """Return what tells of the project's rows, by their kind."""
    photo = Photo.objects.get(pk=world.places["photo"])
    image = StagedImage.objects.get(pk=world.places["image"])
    # Sums that nothing else comes to.
    Prediction.objects.filter(images=image).update(cost=Decimal("0.0713"))
    DailyUsage.objects.filter(pk=world.places["usage"]).update(cost=Decimal("17.29"))
    SpendingLimit.objects.filter(pk=world.places["limit"]).update(spent=Decimal("33.57"))
    Notice.objects.create(kind=NoticeKind.LIMIT, key="limit", sentence="It has spent $33.57.")
    return {
        "photo": [str(photo.file), str(photo.thumbnail)],
        "stagedimage": [str(image.file), str(image.thumbnail)],
        "stagingjob": ["$0.0713"],
        "dailyusage": ["$17.29"],
        "spendinglimit": ["$33.57"],
        "share": [Share.objects.get(pk=world.places["share"]).token],
        "callback": [Callback.objects.get(pk=world.places["callback"]).url],
    }


def client_with(permission: str) -> Client:
    app, _, codename = permission.partition(".")
    user = User.objects.create_user("solo", is_staff=True)
    wanted = Permission.objects.filter(content_type__app_label=app, codename=codename)
    all_projects = Permission.objects.filter(codename="all_projects")
    user.user_permissions.set([*wanted, *all_projects])
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


@pytest.mark.parametrize("permission", SINGLES)
def test_one_permission_shows_its_kind_alone(permission: str, world: World) -> None:
    marks = make_marks(world)
    client = client_with(permission)
    kind = "stagedimage" if "judge" in permission else permission.partition("view_")[2]
    pages = dict(open_pages(client, world, admin.SECTIONS))

    told = {
        (address, other)
        for address, text in pages.items()
        for other, found in marks.items()
        if other != kind and any(mark in text for mark in found)
    }
    assert told == set()
    assert closed_links(client, pages) == {}


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        *itertools.product(["photo", "stagingjob", "share", "callback"], ["view", "change"]),
        # To see pictures opens no page of its own: they are on the pages of their jobs.
        ("stagedimage", "change"),
    ],
)
def test_permission_shows_what_it_is_for(kind: str, action: str, world: World) -> None:
    """Else nothing would be shown for another reason."""
    marks = make_marks(world)

    pages = open_pages(client_with(f"staging.{action}_{kind}"), world, admin.SECTIONS)

    assert any(mark in text for _, text in pages for mark in marks[kind])


@pytest.mark.parametrize(
    "person", ["viewer", "judge", "stager", "elsewhere", "operator", "administrator", "superuser"]
)
def test_no_link_or_button_of_a_role_is_closed(person: str, world: World) -> None:
    client = world.people[person].client(is_api=False)

    pages = dict(open_pages(client, world, admin.SECTIONS))

    assert len(pages) > 10
    assert closed_links(client, pages) == {}
