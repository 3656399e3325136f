"""Notices by a real mail server and a real webhook: at least once, signed, without a secret."""

import json
import logging
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks import Webhook

from modelsettings.masking import mask
from staging.models import Notice, NoticeDelivery, NoticeKind
from staging.notices import sending, watching
from staging.tasks import watch
from tests.replicate_api.rude_server import RudeServer
from tests.staging.conftest import Ask
from tests.staging.notices.situations import WAITING, came_of, stand_still
from tests.staging.pages import shown
from tests.staging.receivers import SIGNING_SECRET, Mailbox

pytestmark = pytest.mark.django_db

LIST = "/admin/staging/notice/"
PASSWORD = "the-password-of-the-mail-account"


def make_due() -> None:
    NoticeDelivery.objects.update(run_after=timezone.now())


def test_notice_is_mailed(ask: Ask, mailbox: Mailbox, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://restage.example"
    stand_still(ask)

    watch()
    watch()

    (mail,) = mailbox.mails
    notice = Notice.objects.get()
    assert (mail["Subject"], mail["From"], mail["To"]) == (
        f"Restage: {WAITING}",
        "Restage <restage@example.com>",
        "ops@example.com, boss@example.com",
    )
    assert mail["Message-ID"] == f"<{notice.pk}@example.com>"
    body = mail.get_content()
    assert WAITING in body
    assert f"https://restage.example{LIST}" in body
    assert came_of(notice) == {"email": ("sent", 1, "")}


def test_notice_is_sent_to_a_signed_webhook(
    ask: Ask, webhook: RudeServer, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://restage.example"
    stand_still(ask)

    watch()
    watch()

    (call,) = webhook.calls
    notice = Notice.objects.get()
    assert call.headers["webhook-id"] == str(notice.pk)
    assert Webhook(SIGNING_SECRET).verify(call.body, call.headers) == {
        "type": "notice.standstill",
        "timestamp": notice.at.isoformat().replace("+00:00", "Z"),
        "data": {
            "id": str(notice.pk),
            "sentence": WAITING,
            "url": f"https://restage.example{LIST}",
        },
    }
    assert came_of(notice) == {"webhook": ("sent", 1, "")}


def test_what_was_not_taken_is_sent_again_under_the_same_id(
    mailbox: Mailbox, webhook: RudeServer
) -> None:
    mailbox.refusal = "451 come back later"
    webhook.behave = lambda call: call.answer(503, {})
    watching.tell(NoticeKind.STANDSTILL, "waiting", "Nothing moves.")
    notice = Notice.objects.get()

    sending.send_due()
    sending.send_due()

    assert came_of(notice) == {
        "email": ("waiting", 1, "127.0.0.1: (451, b'come back later')"),
        "webhook": ("waiting", 1, f"127.0.0.1:{webhook.port} answered 503"),
    }

    mailbox.refusal = ""
    webhook.behave = lambda call: call.answer(204, b"")
    make_due()
    sending.send_due()

    assert came_of(notice) == {"email": ("sent", 2, ""), "webhook": ("sent", 2, "")}
    assert {call.headers["webhook-id"] for call in webhook.calls} == {str(notice.pk)}
    assert len(mailbox.mails) == 1


def test_pauses_grow_and_then_it_is_given_up(webhook: RudeServer) -> None:
    webhook.behave = lambda call: call.answer(500, {})
    watching.tell(NoticeKind.STANDSTILL, "waiting", "Nothing moves.")
    pauses_s = []
    for _ in range(len(sending.PAUSES_S) + 1):
        make_due()
        began = timezone.now()
        sending.send_due()
        pauses_s.append((NoticeDelivery.objects.get().run_after - began).total_seconds())

    assert came_of(Notice.objects.get())["webhook"][:2] == ("failed", 8)
    assert [round(one / wanted) for one, wanted in zip(pauses_s, sending.PAUSES_S, strict=False)] \
        == [1] * 7  # fmt: skip
    make_due()
    sending.send_due()
    assert len(webhook.calls) == 8


def test_two_workers_send_a_notice_once(webhook: RudeServer) -> None:
    watching.tell(NoticeKind.STANDSTILL, "waiting", "Nothing moves.")
    delivery = NoticeDelivery.objects.get()
    late = NoticeDelivery.objects.get()
    assert NoticeDelivery.objects.claim(delivery, lease=sending.LEASE)

    assert not NoticeDelivery.objects.claim(late, lease=sending.LEASE)
    sending.send_due()

    assert webhook.calls == []


def test_mail_server_that_is_not_there_is_named(mailbox: Mailbox, settings: Settings) -> None:
    settings.EMAIL_PORT = 1
    watching.tell(NoticeKind.STANDSTILL, "waiting", "Nothing moves.")

    sending.send_due()

    status, tries, error = came_of(Notice.objects.get())["email"]
    assert (status, tries, "refused" in error) == ("waiting", 1, True)


@pytest.mark.parametrize("url", ["http://192.0.2.1/hook", "http://169.254.169.254/latest"])
def test_webhook_goes_to_the_own_network_or_by_https(
    webhook: Any, settings: Settings, url: str
) -> None:
    settings.NOTICE_WEBHOOK_URL = url
    watching.tell(NoticeKind.STANDSTILL, "waiting", "Nothing moves.")

    sending.send_due()

    assert "answered" not in came_of(Notice.objects.get())["webhook"][2]
    assert came_of(Notice.objects.get())["webhook"][0] == "waiting"


def test_secrets_are_nowhere_told(
    mailbox: Mailbox,
    webhook: RudeServer,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    admin_page: Client,
) -> None:
    settings.EMAIL_HOST_PASSWORD = PASSWORD
    mailbox.refusal = f"550 no such password: {PASSWORD}"
    with caplog.at_level(logging.DEBUG):
        watching.tell(NoticeKind.STANDSTILL, "waiting", "Nothing moves.")
        sending.send_due()

    stored = json.dumps(came_of(Notice.objects.get()))
    # The mail server of the test logs, too.
    logged = [str(one.msg) for one in caplog.records if one.name.startswith("staging")]
    said = " ".join(logged) + shown(admin_page, LIST) + stored
    assert [one for one in (PASSWORD, SIGNING_SECRET) if one in said] == []
    assert any("notice not sent" in one for one in logged)
    assert "no such password: ***" in stored
    assert mask(f"it is {SIGNING_SECRET}") == "it is ***"
