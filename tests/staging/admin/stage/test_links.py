"""Links to the Stage page are there for whom it opens, for one photo or for many."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from staging.models import Project, StagingJob
from tests.staging.finished import make_batch, staged

pytestmark = pytest.mark.django_db

SEES = ("photo", "project", "stagingbatch", "stagingjob")


def let(account: User, *permissions: str) -> User:
    account.is_staff = True
    account.save()
    names = [*permissions, *(f"view_{kind}" for kind in SEES)]
    account.user_permissions.set(Permission.objects.filter(codename__in=names))
    return User.objects.get(pk=account.pk)


@pytest.fixture
def job(stranger: User) -> StagingJob:
    project = Project.objects.create(owner=stranger, name="Elm Street 5")
    return staged(stranger, project=project)


@pytest.mark.parametrize(
    ("permission", "is_there"),
    [("add_stagingjob", True), ("add_stagingbatch", True), ("add_photo", False)],
)
def test_pages_of_a_project_lead_to_the_stage_page(
    client: Client, stranger: User, job: StagingJob, permission: str, is_there: bool
) -> None:
    client.force_login(let(stranger, permission))
    rows = [job, job.photo, job.project, make_batch(job.project)]

    for row in rows:
        address = reverse(f"admin:staging_{row._meta.model_name}_change", args=[row.pk])
        page = client.get(address).content.decode()
        assert (f'"{reverse("stage")}?' in page) == is_there, address


@pytest.mark.parametrize(
    ("permission", "is_there"),
    [("add_stagingjob", True), ("add_stagingbatch", True), ("add_photo", False)],
)
def test_empty_pages_lead_to_the_stage_page(
    client: Client, stranger: User, permission: str, is_there: bool
) -> None:
    client.force_login(let(stranger, permission, "view_dailyusage"))

    for address in (reverse("admin:staging_dailyusage_changelist"), reverse("admin:index")):
        content = client.get(address).content.decode().partition('id="content-main"')[2]
        assert (f'href="{reverse("stage")}"' in content) == is_there, address


def test_a_photo_is_replaced_by_who_may_stage_many(
    client: Client, stranger: User, job: StagingJob
) -> None:
    batch = make_batch(job.project, uploads=1)
    batch.photos.update(status="refused", error="This file is empty.")
    address = reverse("admin:staging_stagingbatch_change", args=[batch.pk])
    offered = []
    for permission in ("add_stagingjob", "add_stagingbatch"):
        client.force_login(let(stranger, permission))
        offered.append("/replace/" in client.get(address).content.decode())

    assert offered == [False, True]
