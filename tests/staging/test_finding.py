"""Rows found in the admin's lists by the names that people know."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from staging import finding
from staging.models import Callback, Photo, Project, Share, StagedImage, StagingBatch, StagingJob
from tests.staging.finished import make_batch, staged

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(operator: User) -> StagingJob:
    """A job in a project with a name, beside another job."""
    staged(operator, name="garage.jpg", room_type="office", style="industrial")
    project = Project.objects.create(owner=operator, name="Elm Street 5")
    return staged(
        operator, project=project, name="Kitchen_01.JPG", room_type="kitchen", style="scandinavian"
    )


def found(client: Client, kind: str, words: str) -> list[object]:
    listed = client.get(f"/admin/staging/{kind}/", {"q": words}).context["cl"]
    return [row.pk for row in listed.result_list]


@pytest.mark.parametrize(
    "words",
    ["kitchen_01", "KITCHEN", "elm street 5", "Scandi", "kitchen scandinavian", "elm kitchen"],
)
def test_a_job_is_found(admin_page: Client, job: StagingJob, words: str) -> None:
    assert found(admin_page, "stagingjob", words) == [job.pk]


def test_a_job_is_found_by_its_id(admin_page: Client, job: StagingJob) -> None:
    beginning = str(job.pk)[:8]

    assert found(admin_page, "stagingjob", beginning) == [job.pk]
    assert found(admin_page, "stagingjob", f"Job {beginning}") == [job.pk]
    assert found(admin_page, "stagingjob", beginning[:3]) == [job.pk]


def test_jobs_are_found_by_model_and_person(admin_page: Client, job: StagingJob) -> None:
    assert len(found(admin_page, "stagingjob", job.model.label)) == 2
    assert len(found(admin_page, "stagingjob", "olga")) == 2
    assert found(admin_page, "stagingjob", "olga nothing-of-the-kind") == []


def test_a_photo_is_found(admin_page: Client, job: StagingJob) -> None:
    assert found(admin_page, "photo", "kitchen") == [job.photo_id]
    assert found(admin_page, "photo", "elm") == [job.photo_id]
    assert found(admin_page, "photo", str(job.photo_id)) == [job.photo_id]


def test_a_project_is_found(admin_page: Client, job: StagingJob) -> None:
    assert found(admin_page, "project", "elm") == [job.project_id]
    assert found(admin_page, "project", "olga street") == [job.project_id]


def test_a_batch_is_found(admin_page: Client, job: StagingJob) -> None:
    batch = make_batch(job.project)
    StagingBatch.objects.filter(pk=batch.pk).update(styles=["modern"])
    batch.photos.create(position=9, name="hall.jpg", room_type="office")

    for words in ("hall", "elm", "modern", str(batch.pk)[:8]):
        assert found(admin_page, "stagingbatch", words) == [batch.pk], words


def test_as_many_batches_are_found_however_many_photos_of_each_are_named(
    job: StagingJob, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "MOST_NAMED", 2)
    batches = [make_batch(job.project) for _ in range(3)]
    for batch in batches:
        for position in range(3):
            batch.photos.create(position=position, name="hall.jpg", room_type="office")

    named = StagingBatch.objects.filter(finding.batches_named(finding.Word("hall", by=operator)))

    assert set(named) == set(batches[1:])


def test_a_callback_is_found(admin_page: Client, job: StagingJob) -> None:
    callback = Callback.objects.create(job=job, url="https://client.example/hook")

    for words in ("kitchen", "elm", "client.example"):
        assert found(admin_page, "callback", words) == [callback.pk], words


def test_a_share_is_found(admin_page: Client, job: StagingJob, operator: User) -> None:
    image = StagedImage.objects.get(prediction__job=job)
    share = Share.objects.create(image=image, created_by=operator)

    for words in ("kitchen", "elm", "olga"):
        assert found(admin_page, "share", words) == [share.pk], words


def test_what_is_not_shown_is_not_found(job: StagingJob) -> None:
    mia = User.objects.create_user("mia", is_staff=True)
    mia.groups.add(Group.objects.get(role__key="Stager"))
    client = Client()
    client.force_login(mia)

    assert found(client, "stagingjob", "kitchen") == []
    job.project.members.create(user=mia)
    assert found(client, "stagingjob", "kitchen") == [job.pk]


def test_photos_are_searched_among_the_newest(
    job: StagingJob, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "MOST_SEARCHED", 1)
    named = Photo.objects.filter(finding.photos_named(finding.Word("garage", by=operator)))
    assert not named.exists()


def test_a_search_asks_as_often_however_much_there_is(
    admin_page: Client, job: StagingJob, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    admin_page.get("/admin/staging/stagingjob/", {"q": "kitchen"})
    with django_assert_num_queries(QUERIES):
        admin_page.get("/admin/staging/stagingjob/", {"q": "kitchen"})
    for _ in range(5):
        staged(job.owner, name="kitchen.jpg", room_type="kitchen")

    with django_assert_num_queries(QUERIES):
        admin_page.get("/admin/staging/stagingjob/", {"q": "kitchen"})


QUERIES = 19
