"""The daily check: each model at its own minute, a few at a time, by one worker."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.utils import timezone
from pytest_django import Settings

from modelsettings import checking, updates
from modelsettings.actors import Actor
from modelsettings.models import ReplicateModel, SchemaReading
from modelsettings.schema.flattening import JSON
from tests.modelsettings.acme import published
from tests.modelsettings.conftest import SLUG

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def all_tried(db: None) -> None:
    """Every model was read just now."""
    now = timezone.now()
    SchemaReading.objects.bulk_create(
        SchemaReading(model=model, tried_at=now, read_at=now)
        for model in ReplicateModel.objects.all()
    )


def set_tried(slug: str, at: datetime | None, **values: object) -> None:
    SchemaReading.objects.filter(model__slug=slug).update(tried_at=at, **values)


def test_each_model_has_a_time_of_its_own_each_day() -> None:
    slugs = list(ReplicateModel.objects.values_list("slug", flat=True))

    times = [checking.due_since(slug, NOON) for slug in slugs]

    assert all(NOON - timedelta(days=1) < at <= NOON for at in times)
    assert len({at.replace(second=0) for at in times}) > 20
    assert [checking.due_since(slug, NOON + timedelta(days=1)) for slug in slugs] == [
        at + timedelta(days=1) for at in times
    ]


@pytest.mark.usefixtures("model", "all_tried")
def test_model_is_read_once_when_it_is_due(publish: Callable[[JSON], None]) -> None:
    publish(published())
    set_tried(SLUG, timezone.now() - timedelta(days=1))

    read = [[reading.slug for reading in checking.check_due()] for _ in range(2)]

    assert read == [[SLUG], []]
    assert SchemaReading.objects.get(model__slug=SLUG).tried_by == "system:check_models"


def test_models_that_were_never_read_are_read_a_few_at_a_time(
    sandbox_url: str, settings: Settings
) -> None:
    settings.REPLICATE_BASE_URL = sandbox_url

    runs = [len(checking.check_due()) for _ in range(10)]

    assert runs == [3] * 9 + [0]


@pytest.mark.usefixtures("model", "all_tried")
def test_model_that_was_not_read_is_tried_again_in_an_hour(
    publish: Callable[[JSON], None], sandbox_url: str
) -> None:
    publish(published())
    set_tried(SLUG, timezone.now() - timedelta(days=1))
    fault = {"on": "model", "do": "status", "status": 503}
    httpx.post(f"{sandbox_url}/_sandbox/faults", json=fault).raise_for_status()

    failed = [reading.outcome for reading in checking.check_due()]
    at_once = checking.check_due()
    set_tried(SLUG, timezone.now() - timedelta(hours=1))
    later = [reading.outcome for reading in checking.check_due()]

    assert (failed, at_once, later) == (["not read"], [], ["unchanged"])


@pytest.mark.usefixtures("model", "all_tried")
def test_claim_keeps_others_off_until_it_ends(publish: Callable[[JSON], None]) -> None:
    publish(published())
    now = timezone.now()
    set_tried(SLUG, now - timedelta(days=1), claimed_until=now + timedelta(minutes=1))
    claimed = checking.check_due()

    SchemaReading.objects.update(claimed_until=now - timedelta(minutes=1))
    of_a_killed_one = checking.check_due()

    assert claimed == []
    assert [reading.slug for reading in of_a_killed_one] == [SLUG]
    assert SchemaReading.objects.get(model__slug=SLUG).claimed_until is None


@pytest.mark.usefixtures("model", "all_tried")
@pytest.mark.parametrize("tried_at", [None, NOON])
def test_model_that_another_worker_has_read_meanwhile_is_not_read_again(
    publish: Callable[[JSON], None], ann: Actor, tried_at: datetime | None
) -> None:
    publish(published())
    set_tried(SLUG, tried_at)
    due = next(model for model in checking.find_due(timezone.now()) if model.slug == SLUG)
    updates.read_now(due, by=ann)

    assert not checking.claim(due)


def test_nothing_is_read_without_a_token(settings: Settings) -> None:
    settings.REPLICATE_API_TOKEN = ""

    assert checking.check_due() == []
    assert not SchemaReading.objects.exists()
