"""The search of the whole admin: what it finds, for whom, and what it costs."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from modelsettings.models import ReplicateModel
from staging.models import Project, StagingJob
from tests.staging.finished import make_batch, staged

pytestmark = pytest.mark.django_db

SEARCH = "/admin/search/"


@pytest.fixture
def job(operator: User) -> StagingJob:
    project = Project.objects.create(owner=operator, name="Elm Street 5")
    return staged(operator, project=project, name="front-room.jpg", room_type="bedroom")


def root() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def found(client: Client, words: str) -> list[tuple[str, str]]:
    answer = client.get(SEARCH, {"s": words})
    assert answer.status_code == 200
    return [(one.title, one.link) for one in answer.context["found"]]


def test_everything_is_found_by_its_name(job: StagingJob) -> None:
    client = root()
    batch = make_batch(job.project)
    of_job = ("front-room.jpg", f"/admin/staging/stagingjob/{job.pk}/change/")

    assert ("Spending limits", "/admin/staging/spendinglimit/") in found(client, "limits")
    assert ("Today", "/admin/") in found(client, "today")
    assert ("Elm Street 5", f"/admin/staging/project/{job.project_id}/change/") in found(
        client, "elm"
    )
    assert ("front-room.jpg", f"/admin/staging/photo/{job.photo_id}/change/") in found(
        client, "front"
    )
    assert of_job in found(client, "front-room")
    assert of_job in found(client, f"Job {str(job.pk)[:8]}")
    assert (str(batch), f"/admin/staging/stagingbatch/{batch.pk}/change/") in found(
        client, str(batch.pk)[:8]
    )
    assert ("root", f"/admin/auth/user/{User.objects.get(username='root').pk}/change/") in found(
        client, "root"
    )
    assert "Bedroom" in dict(found(client, "bedroom"))
    assert "Scandinavian" in dict(found(client, "scandi"))


def test_models_and_parameters_are_found(admin_page: Client) -> None:
    qwen = ReplicateModel.objects.get(slug="qwen/qwen-image-edit")
    page = f"/admin/modelsettings/modelsettings/{qwen.live_profile_id}/change/"

    assert ("Qwen Image Edit", page) in found(admin_page, "qwen edit")
    of_parameter = "/admin/modelsettings/modelsettings/search/?key=Output+quality&test=set"
    assert ("Output quality", of_parameter) in found(admin_page, "output qual")
    assert ("Output quality", of_parameter) in found(admin_page, "output_quality")


def test_what_an_account_may_not_see_is_not_found(job: StagingJob) -> None:
    client = Client()
    client.force_login(User.objects.create_user("sam", is_staff=True))

    for words in ("elm", "front", "olga", "qwen", "output", "limits", "bedroom", str(job.pk)[:8]):
        assert found(client, words) == [], words


def test_a_stager_finds_what_is_shared_with_them(job: StagingJob, operator: User) -> None:
    staged(operator, name="front-of-another.jpg")
    mia = User.objects.create_user("mia", is_staff=True)
    mia.groups.add(Group.objects.get(role__key="Stager"))
    job.project.members.create(user=mia)
    client = Client()
    client.force_login(mia)

    assert {title for title, _ in found(client, "front")} == {"front-room.jpg"}
    assert "Elm Street 5" in dict(found(client, "olga street"))


def test_people_are_found_by_those_who_may_see_accounts(operator: User) -> None:
    User.objects.create_user("zoe", first_name="Zoe", last_name="Quill")
    client = Client()
    client.force_login(operator)
    before = found(client, "quill")
    operator.user_permissions.add(Permission.objects.get(codename="view_user"))

    assert (before, [title for title, _ in found(client, "quill")]) == ([], ["zoe"])


@pytest.mark.parametrize(
    "query", ["", "s=", "s=%20", "page=abc", "s=a&page=abc", "s=" + "x" * 3000, "s=%25_%5C%27"]
)
def test_odd_searches_find_nothing_and_do_not_fail(admin_page: Client, query: str) -> None:
    assert admin_page.get(f"{SEARCH}?{query}").status_code == 200


def test_search_asks_as_often_however_much_there_is(
    admin_page: Client, job: StagingJob, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    found(admin_page, "front")
    with django_assert_num_queries(QUERIES):
        found(admin_page, "front")
    for _ in range(3):
        staged(job.owner, project=job.project, name="front.jpg")

    with django_assert_num_queries(QUERIES):
        found(admin_page, "front")


def test_each_word_is_looked_up_once_for_all_kinds_of_rows(
    admin_page: Client, job: StagingJob, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    found(admin_page, "front")

    with django_assert_num_queries(QUERIES + LOOK_UPS):
        found(admin_page, "front-room front")


QUERIES = 18
# Of a word: the photos, projects, batches, people, rooms, styles and models that it names.
LOOK_UPS = 7
