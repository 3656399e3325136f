"""Items of the first page that an operator puts aside, for everybody, until they happen again."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from staging.models import (
    BatchPhoto,
    CreationPace,
    PutAside,
    StagingBatch,
    StagingJob,
)
from staging.spending.changing import pause
from tests.config.dashboard.days import fail
from tests.staging.conftest import Ask, ask, sandbox

__all__ = ["ask", "sandbox"]

pytestmark = pytest.mark.django_db

TODAY = "/admin/"
PUT_ASIDE = "/admin/attention/put-aside/"
BRING_BACK = "/admin/attention/bring-back/"


def shown(client: Client) -> list[str]:
    return [item.key for item in client.get(TODAY).context["items"]]


def aside(client: Client) -> list[tuple[str, str]]:
    return [(item.key, row.by) for item, row in client.get(TODAY).context["aside"]]


def put_aside(client: Client, key: str) -> None:
    """Press the button that the page shows."""
    item = next(item for item in client.get(TODAY).context["items"] if item.key == key)
    client.post(PUT_ASIDE, {"key": key, "seen": item.seen})


def fail_another(ask: Ask, **later: Any) -> StagingJob:
    job = ask()
    fail(job, "model_failed")
    if later:
        job.predictions.update(finished_at=timezone.now() + timedelta(**later))
    return job


def test_what_is_put_aside_is_shown_with_its_name(admin_page: Client, ask: Ask) -> None:
    fail_another(ask)
    put_aside(admin_page, "failed-model_failed")

    assert (shown(admin_page), aside(admin_page)) == ([], [("failed-model_failed", "olga")])
    page = admin_page.get(TODAY).content.decode()
    assert "Nothing needs you." in page
    assert "put aside by olga" in page


def test_it_is_put_aside_for_everybody(admin_page: Client, ask: Ask) -> None:
    fail_another(ask)
    put_aside(admin_page, "failed-model_failed")
    other = Client()
    other.force_login(User.objects.create_superuser("root"))

    assert shown(other) == []


def test_it_returns_when_it_happens_again(admin_page: Client, ask: Ask) -> None:
    fail_another(ask)
    put_aside(admin_page, "failed-model_failed")
    fail_another(ask, minutes=1)

    assert shown(admin_page) == ["failed-model_failed"]


def test_it_stays_aside_when_the_newest_is_mended(admin_page: Client, ask: Ask) -> None:
    fail_another(ask)
    newest = fail_another(ask, minutes=1)
    put_aside(admin_page, "failed-model_failed")
    newest.predictions.update(is_replaced=True)

    assert shown(admin_page) == []


def test_a_state_returns_when_it_is_another(admin_page: Client, ask: Ask) -> None:
    job = ask()
    batch = StagingBatch.objects.create(owner=job.owner, project=job.project, styles=["modern"])
    refused = {"batch": batch, "room_type": "bedroom", "status": "refused"}
    BatchPhoto.objects.create(position=0, name="a.jpg", **refused)
    put_aside(admin_page, f"batch-{batch.pk}")
    rests = shown(admin_page)
    BatchPhoto.objects.create(position=1, name="b.jpg", **refused)

    assert (rests, shown(admin_page)) == ([], [f"batch-{batch.pk}"])


def test_a_missing_worker_returns_when_one_has_run_meanwhile(admin_page: Client, ask: Ask) -> None:
    job = ask()
    earlier = timezone.now() - timedelta(minutes=9)
    StagingJob.objects.update(created_at=earlier)
    job.predictions.update(run_after=earlier)
    CreationPace.take(1)
    CreationPace.objects.update(refilled_at=earlier)
    put_aside(admin_page, "worker")
    rests = shown(admin_page)
    CreationPace.objects.update(refilled_at=earlier + timedelta(minutes=5))

    assert (rests, shown(admin_page)) == ([], ["worker"])


def test_what_happened_since_the_page_was_drawn_is_not_put_aside(
    admin_page: Client, ask: Ask
) -> None:
    fail_another(ask)
    (item,) = admin_page.get(TODAY).context["items"]
    fail_another(ask, minutes=1)

    answer = admin_page.post(PUT_ASIDE, {"key": item.key, "seen": item.seen}, follow=True)

    assert "It happened again meanwhile" in answer.content.decode()
    assert not PutAside.objects.exists()


def test_what_is_over_is_not_put_aside(admin_page: Client) -> None:
    answer = admin_page.post(PUT_ASIDE, {"key": "failed-lost", "seen": " "}, follow=True)

    assert "It is over already." in answer.content.decode()
    assert not PutAside.objects.exists()


def test_a_missing_token_is_not_put_aside(admin_page: Client, settings: Any) -> None:
    settings.REPLICATE_API_TOKEN = ""
    admin_page.post(PUT_ASIDE, {"key": "token", "seen": " "})

    assert shown(admin_page) == ["token"]
    assert "REPLICATE_API_TOKEN" not in admin_page.get(TODAY).content.decode()


def test_an_administrator_reads_what_to_do(client: Client, settings: Any) -> None:
    settings.REPLICATE_API_TOKEN = ""
    ada = User.objects.create_user("ada", is_staff=True)
    ada.groups.add(Group.objects.get(role__key="Administrator"))
    client.force_login(ada)

    assert "Set REPLICATE_API_TOKEN" in client.get(TODAY).content.decode()


def test_it_is_brought_back(admin_page: Client) -> None:
    stands = pause(by="olga")
    put_aside(admin_page, f"pause-{stands.pk}")
    admin_page.post(BRING_BACK, {"key": f"pause-{stands.pk}"})

    assert shown(admin_page) == [f"pause-{stands.pk}"]


def test_who_sees_some_projects_puts_nothing_aside(ask: Ask) -> None:
    job = fail_another(ask)
    stager = User.objects.create_user("stan", is_staff=True)
    stager.groups.add(Group.objects.get(role__key="Stager"))
    job.project.members.create(user=stager)
    client = Client()
    client.force_login(stager)

    page = client.get(TODAY)
    answer = client.post(PUT_ASIDE, {"key": "failed-model_failed", "seen": ""})

    assert (len(page.context["items"]), answer.status_code) == (1, 403)
    assert "Put aside" not in page.content.decode()


def test_it_is_not_brought_back_by_others(client: Client) -> None:
    PutAside.objects.create(key="worker", by="olga")
    client.force_login(User.objects.create_user("sam", is_staff=True))

    assert client.post(BRING_BACK, {"key": "worker"}).status_code == 403
    assert PutAside.objects.exists()
