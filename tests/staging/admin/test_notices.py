"""The admin's page of notices: what was told, whether it arrived, and trying that."""

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from staging.models import NoticeKind
from staging.notices import sending, watching
from staging.tasks import watch
from tests.replicate_api.rude_server import RudeServer
from tests.staging.conftest import Ask
from tests.staging.notices.situations import WAITING, stand_still
from tests.staging.pages import shown
from tests.staging.receivers import Mailbox

pytestmark = pytest.mark.django_db

LIST = "/admin/staging/notice/"


def test_without_a_channel_it_is_shown_alone(ask: Ask, admin_page: Client) -> None:
    stand_still(ask)

    watch()

    page = shown(admin_page, LIST)
    assert f"Standstill {WAITING} shown here alone" in page
    assert "Notices are kept here, and sent nowhere" in page
    assert "Send a test notice" not in page


def test_empty_list_says_what_would_be_told(admin_page: Client) -> None:
    assert "Nothing had to be told yet" in shown(admin_page, LIST)


def test_list_says_what_came_of_each(
    admin_page: Client, mailbox: Mailbox, webhook: RudeServer
) -> None:
    webhook.behave = lambda call: call.answer(503, {})
    watching.tell(NoticeKind.STANDSTILL, "waiting", "Nothing moves.")
    sending.send_due()

    page = shown(admin_page, LIST)

    assert "Sent by e-mail and to the webhook, and kept here." in page
    assert re.search(
        rf"Nothing moves\. E-mail: sent now Webhook: next try \d+ seconds from now \."
        rf" 127\.0\.0\.1:{webhook.port} answered 503",
        page,
    )


@pytest.mark.parametrize(
    ("permissions", "kinds"),
    [
        (
            ["view_notice", "view_spendinglimit"],
            ["limit", "failures", "standstill", "update", "test"],
        ),
        (["view_notice"], ["failures", "standstill", "update", "test"]),
    ],
)
def test_filter_offers_the_kinds_that_are_listed(
    stranger: User, client: Client, permissions: list[str], kinds: list[str]
) -> None:
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(stranger)

    (filtered,) = client.get(LIST).context["cl"].filter_specs

    assert [kind for kind, _ in filtered.lookup_choices] == kinds


def test_filter_lists_one_kind(admin_page: Client) -> None:
    watching.tell(NoticeKind.STANDSTILL, "waiting", "Nothing moves.")
    watching.tell(NoticeKind.FAILURES, "failures", "Much fails.")

    page = shown(admin_page, f"{LIST}?kind__exact=failures")

    assert ("Much fails." in page, "Nothing moves." in page) == (True, False)


def test_test_notice_is_sent(
    admin_page: Client,
    mailbox: Mailbox,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks() as wakes:
        admin_page.post(f"{LIST}test/")
    watch()

    assert len(wakes) == 1
    assert mailbox.mails[0]["Subject"] == (
        "Restage: This is a test that olga asked for: notices arrive here."
    )
