"""What an order comes to, before anything is sent or bought."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from modelsettings import profiles
from modelsettings.actors import Actor
from modelsettings.models import ReplicateModel
from modelsettings.settings import get_settings
from staging.access import RightMissing
from staging.batches.sent import BatchRefused, SentPhoto
from staging.errors import MayOnlySee
from staging.jobs.planning import CannotStage
from staging.models import (
    IdempotencyKey,
    Photo,
    Project,
    ProjectMember,
    StagingBatch,
    StagingJob,
)
from staging.orders.forecasting import forecast
from staging.orders.placing import place
from staging.spending.outlay import Outlay
from tests.staging.conftest import QWEN, SEEDREAM
from tests.staging.orders.orders import order, stored

pytestmark = pytest.mark.django_db

TWO = ("modern", "industrial")
REMODELA = "remodela-ai/virtual_staging_iii"
BY = Actor.system("test")


def test_photos_times_styles_times_count(operator: User) -> None:
    found = forecast(
        order(
            operator,
            "1.jpg",
            "2.jpg",
            styles=("modern", "industrial"),
            overrides={"num_outputs": 3},
        ),
        by=operator,
    )

    assert (found.photos, found.styles, found.pictures) == (2, 2, 12)
    assert found.outlay == Outlay(Decimal("0.36"), Decimal("0.36"))
    assert [(use.model.slug, use.profile, use.rooms) for use in found.uses] == [
        (QWEN, "default", ())
    ]
    assert (Photo.objects.count(), StagingJob.objects.count()) == (0, 0)


def test_the_same_order_is_found_as_it_will_be_when_it_is_placed(operator: User) -> None:
    asked = order(operator, photos=[stored(operator)])
    placed = place(asked, by=operator, token="1")
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=1))

    twin = forecast(asked, by=operator, token="1").twin

    assert twin
    assert twin.placed == placed
    assert forecast(asked, by=operator, token="2").twin is None


def test_without_a_photo_it_is_that_of_a_typical_one(operator: User) -> None:
    found = forecast(order(operator, styles=("modern", "industrial")), by=operator)

    assert (found.photos, found.pictures, found.outlay.about) == (0, 2, Decimal("0.06"))


def test_size_of_a_photo_that_is_there_counts(operator: User) -> None:
    flex = "black-forest-labs/flux-2-flex"
    small = forecast(order(operator, photos=[stored(operator)], model=flex), by=operator)
    typical = forecast(order(operator, model=flex), by=operator)

    assert (small.outlay.about or 9) < (typical.outlay.about or 0)


def test_files_that_are_no_photos_are_not_counted(operator: User) -> None:
    photos = [SentPhoto(name="1.jpg", size=9), SentPhoto(name="2.jpg", size=0)]

    found = forecast(order(operator, photos=photos), by=operator)

    assert (found.photos, found.refused, found.pictures) == (1, 1, 1)


def test_a_room_with_a_profile_of_its_own_is_named(operator: User) -> None:
    live = get_settings(QWEN)
    fast = profiles.copy_profile(live.pk, "fast", by=BY)
    profiles.use_for_rooms(fast.pk, ["bedroom"], by=BY)
    photos = [SentPhoto(name=name, size=9) for name in ("hall.jpg", "Bedroom/1.jpg")]

    found = forecast(order(operator, photos=photos), by=operator)

    assert [(use.profile, use.rooms) for use in found.uses] == [
        ("default", ("default",)), ("fast", ("bedroom",)),
    ]  # fmt: skip


def test_model_of_the_project_is_used_until_another_is_named(operator: User) -> None:
    chosen = ReplicateModel.objects.get(slug=SEEDREAM)
    project = Project.objects.create(owner=operator, name="Elm", model=chosen)

    slugs = [
        forecast(order(operator, project=project, model=model), by=operator).uses[0].model.slug
        for model in ("", QWEN)
    ]

    assert slugs == [SEEDREAM, QWEN]


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        ({"model": REMODELA, "room_type": "bedroom", "prompt": "Red."}, CannotStage),
        ({"model": "nobody/nothing"}, CannotStage),
    ],
)
def test_what_would_be_refused_is_refused_beforehand(
    operator: User, wanted: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        forecast(order(operator, "1.jpg", **wanted), by=operator)


def test_too_many_photos_are_refused_beforehand(operator: User) -> None:
    with pytest.raises(BatchRefused, match="These are 201 photos"):
        forecast(order(operator, photos=[SentPhoto(name="1.jpg", size=9)] * 201), by=operator)


def test_who_may_not_stage_there_reads_it_beforehand(operator: User, stranger: User) -> None:
    project = Project.objects.create(owner=operator, name="Elm")
    ProjectMember.objects.create(project=project, user=stranger, may_edit=False)

    with pytest.raises(MayOnlySee):
        forecast(order(stranger, "1.jpg", project=project), by=stranger)

    stranger.is_staff = True
    stranger.save()
    with pytest.raises(RightMissing):
        forecast(order(stranger, "1.jpg", "2.jpg"), by=User.objects.get(pk=stranger.pk))
    assert not StagingBatch.objects.exists()
