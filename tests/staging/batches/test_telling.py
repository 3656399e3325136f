"""The owner of a batch is told that it is done: on every page, and by e-mail where that is set."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from staging.batches.sent import SentPhoto
from staging.batches.telling import put_away, unseen_by
from staging.models import Notice, NoticeDelivery, Project, StagingBatch
from staging.notices.watching import tell_of_batch
from staging.orders.placing import place
from staging.tasks import watch
from tests.staging.batch_requests import carry_out_all, photo_file, post
from tests.staging.conftest import Sandbox
from tests.staging.orders.orders import files, order
from tests.staging.receivers import Mailbox

pytestmark = pytest.mark.django_db

DONE = "/admin/stage/done/"


@pytest.fixture
def batch(sandbox: Sandbox, operator: User) -> StagingBatch:
    project = Project.objects.create(owner=operator, name="Elm Street 5")
    placed = place(order(operator, "1.jpg", "2.jpg", project=project), by=operator, token="1")
    assert isinstance(placed, StagingBatch)
    return placed


def sentences(account: User) -> list[str]:
    return list(unseen_by(account).values_list("sentence", flat=True))


def test_owner_is_told_once_and_only_at_the_end(
    sandbox: Sandbox, operator: User, batch: StagingBatch
) -> None:
    watch()
    assert sentences(operator) == []

    carry_out_all(sandbox)
    watch()
    watch()

    assert sentences(operator) == [f"{batch} in Elm Street 5 is done: 2 of 2 made."]


def test_words_say_what_was_not_made(sandbox: Sandbox, operator: User) -> None:
    sent = [*files("1.jpg"), SentPhoto(name="empty.jpg", size=0)]
    batch = place(order(operator, photos=sent), by=operator, token="1")

    carry_out_all(sandbox)
    watch()

    assert sentences(operator) == [f"{batch} in Unsorted is done: 1 of 2 made, 1 not."]


def test_nobody_else_is_told(
    sandbox: Sandbox, operator: User, stranger: User, batch: StagingBatch, admin_page: Client
) -> None:
    carry_out_all(sandbox)
    watch()

    assert sentences(stranger) == []
    listed = admin_page.get("/admin/staging/notice/").context["cl"].result_list
    assert list(listed) == []


def test_a_batch_of_the_api_tells_its_client_otherwise(
    sandbox: Sandbox, operator: User, api: Any
) -> None:
    assert post(api, images=[photo_file()]).status_code == 202

    carry_out_all(sandbox)
    watch()

    assert not Notice.objects.exists()


def test_owner_is_told_by_mail(
    sandbox: Sandbox, operator: User, batch: StagingBatch, mailbox: Mailbox, settings: Settings
) -> None:
    settings.NOTICE_EMAILS = []
    operator.email = "olga@example.com"
    operator.save()
    carry_out_all(sandbox)
    settings.PUBLIC_URL = "https://restage.example"

    watch()
    watch()

    (mail,) = mailbox.mails
    sentence = f"{batch} in Elm Street 5 is done: 2 of 2 made."
    assert (mail["To"], mail["Subject"]) == ("olga@example.com", f"Restage: {sentence}")
    body = mail.get_content()
    assert f"https://restage.example/admin/staging/stagingbatch/{batch.pk}/change/" in body
    assert "Notices" not in body


def test_without_an_address_nothing_is_mailed(
    sandbox: Sandbox, operator: User, batch: StagingBatch, mailbox: Mailbox
) -> None:
    carry_out_all(sandbox)
    watch()

    assert (Notice.objects.count(), NoticeDelivery.objects.count()) == (1, 0)
    assert mailbox.mails == []


def test_a_notice_stays_until_its_owner_puts_it_away(
    sandbox: Sandbox, operator: User, stranger: User, batch: StagingBatch
) -> None:
    carry_out_all(sandbox)
    watch()
    watch()
    put_away(batch.pk, by=stranger)
    assert sentences(operator)
    put_away(batch.pk, by=operator)
    watch()

    assert sentences(operator) == []


def test_pages_tell_it_and_lead_to_the_batch(
    sandbox: Sandbox, operator: User, batch: StagingBatch, admin_page: Client, client: Client,
    stranger: User,
) -> None:  # fmt: skip
    carry_out_all(sandbox)
    watch()
    (notice,) = unseen_by(operator)
    stranger.is_staff = True
    stranger.save()
    client.force_login(stranger)

    assert notice.sentence in admin_page.get(DONE).content.decode()
    assert notice.sentence not in client.get(DONE).content.decode()
    assert client.post(f"{DONE}{notice.pk}/").status_code == 404
    looked: Any = admin_page.post(f"{DONE}{notice.pk}/", {"look": ""})

    assert looked.url == f"/admin/staging/stagingbatch/{batch.pk}/change/"
    assert notice.sentence not in admin_page.get(DONE).content.decode()
    assert admin_page.post(f"{DONE}{notice.pk}/").status_code == 404


def test_who_opens_the_batch_has_seen_its_notice(
    sandbox: Sandbox, operator: User, batch: StagingBatch, admin_page: Client
) -> None:
    carry_out_all(sandbox)
    watch()
    (notice,) = unseen_by(operator)

    def done(page: str) -> str:
        here = {"HX-Current-URL": f"http://testserver/admin/staging/{page}"}
        return admin_page.get(DONE, headers=here).content.decode()

    assert notice.sentence in done(f"stagingjob/{batch.pk}/change/")
    assert notice.sentence not in done(f"stagingbatch/{batch.pk}/change/?page=2")
    assert notice.sentence not in done("stagingjob/")


def test_pages_ask_as_often_however_many_batches_are_done(
    operator: User, admin_page: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    project = Project.objects.unsorted_of(operator)
    for number in range(5):
        batch = StagingBatch.objects.create(owner=operator, project=project, styles=["modern"])
        tell_of_batch(batch, f"Batch {number} is done.")
    admin_page.get(DONE)

    # Who asks, in two.
    with django_assert_num_queries(3) as asked:
        page = admin_page.get(DONE).content.decode()

    assert [f"Batch {number} is done." in page for number in range(5)] == [True] * 3 + [False] * 2
    assert "LIMIT 3" in asked[-1]["sql"]
