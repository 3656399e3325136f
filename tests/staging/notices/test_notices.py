"""Notices: what operators are told, once, by a real mail server and a real webhook."""

import base64
import html
import json
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from standardwebhooks import Webhook

from config import checks
from config.dashboard import attention
from modelsettings.masking import mask
from staging.errors import NotPossible
from staging.models import (
    DailyUsage,
    Heartbeat,
    Notice,
    NoticeDelivery,
    NoticeKind,
    Prediction,
    Project,
    SpendingLimit,
    StagingJob,
)
from staging.notices import sending, watching
from staging.notices.conditions import find_conditions
from staging.notices.watching import send_test
from staging.predictions import submission
from staging.spending.limits import pause
from staging.tasks import watch
from tests.processes import free_port
from tests.replicate_api.rude_server import RudeServer
from tests.staging.conftest import QWEN, Ask, Sandbox, only
from tests.staging.finished import finish, stage
from tests.staging.spending.test_limits import limit

pytestmark = pytest.mark.django_db

LIST = "/admin/staging/notice/"
SECRET = f"whsec_{base64.b64encode(b'a key of thirty-two random bytes').decode()}"
PASSWORD = "the-password-of-the-mail-account"


class Mailbox:
    """What a mail server took; it can refuse instead."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refusal = ""

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.refusal:
            return self.refusal
        content = envelope.original_content or b""
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 taken"


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    """A mail server on this machine, which notices are sent through."""
    found = Mailbox()
    server = Controller(found, hostname="127.0.0.1", port=free_port())
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = server.port
    settings.EMAIL_USE_TLS = False
    settings.NOTICE_EMAILS = ["ops@example.com", "boss@example.com"]
    settings.NOTICE_FROM = "Restage <restage@example.com>"
    yield found
    server.stop()


@pytest.fixture
def webhook(settings: Settings) -> Iterator[RudeServer]:
    """The operators' own receiver, on this machine."""
    settings.STAGING_CALLBACK_LIMIT_S = 1
    settings.NOTICE_WEBHOOK_SECRET = SECRET
    with RudeServer.running() as server:
        settings.NOTICE_WEBHOOK_URL = f"{server.url}/notices"
        yield server


def told() -> list[str]:
    """Return the sentences of the notices, the oldest first."""
    return list(Notice.objects.order_by("at").values_list("sentence", flat=True))


def use(usd: str) -> None:
    """Let so many dollars be spent under every limit."""
    SpendingLimit.objects.update(spent=Decimal(usd))


def pass_time(**columns: Any) -> None:
    """Let predictions be older."""
    Prediction.objects.update(**columns)


def ago(minutes: float) -> Any:
    return timezone.now() - timedelta(minutes=minutes)


def make_due() -> None:
    NoticeDelivery.objects.update(run_after=timezone.now())


def test_limit_is_told_at_80_and_at_100_percent_once_each() -> None:
    limit("1")
    for spent in ("0.79", "0.8", "0.9", "1", "0.85", "1.01"):
        use(spent)
        watching.look()

    assert told() == [
        "All projects have used 80 % of $1.00 a day: $0.20 is left.",
        "All projects have used up $1.00 a day: what is asked for now waits for the next day.",
    ]


def test_limit_that_is_full_at_once_is_told_once() -> None:
    limit("1", when_over="refuse")
    for spent in ("1", "0.85"):
        use(spent)
        watching.look()

    assert told() == ["All projects have used up $1.00 a day: what is asked for now is refused."]


def test_limit_is_full_where_something_waits_for_it(sandbox: Sandbox, ask: Ask) -> None:
    limit("0.02")
    ask(model=QWEN)
    submission.submit_waiting()

    watching.look()

    assert told() == ["All projects have used up $0.02 a day: 1 prediction waits for room."]


def test_limit_is_told_again_in_its_next_period_and_after_a_change(operator: User) -> None:
    project = Project.objects.create(owner=operator, name="12 Elm Street")
    one = limit("1", project=project)
    use("0.9")
    watching.look()
    SpendingLimit.objects.update(usd=Decimal("1.1"))
    watching.look()
    yesterday = timezone.localdate() - timedelta(days=1)
    key = f"limit-{one.pk}-{timezone.localdate()}-1.10-80"
    Notice.objects.filter(key=key).update(
        key=f"limit-{one.pk}-{yesterday}-1.10-80", over_at=timezone.now()
    )
    watching.look()

    assert told() == [
        "12 Elm Street has used 90 % of $1.00 a day: $0.10 is left.",
        "12 Elm Street has used 81 % of $1.10 a day: $0.20 is left.",
        "12 Elm Street has used 81 % of $1.10 a day: $0.20 is left.",
    ]


def test_limit_of_nothing_is_no_news() -> None:
    limit("0")

    watching.look()

    assert told() == []


def test_notice_is_over_when_its_condition_is() -> None:
    limit("1")
    use("0.9")
    watching.look()
    standing = Notice.objects.get()
    assert standing.over_at is None

    use("0.1")
    watching.look()

    standing.refresh_from_db()
    assert standing.over_at is not None


def end_many(operator: User, *, succeeded: int, failed: int) -> None:
    """Let so many predictions have ended just now."""
    jobs = [stage(operator) for _ in range(succeeded + failed)]
    for job in jobs[:succeeded]:
        finish(job)
    for job in jobs[succeeded:]:
        finish(job, status="failed")


def add_usage(job: StagingJob, **counts: int) -> None:
    """Let yesterday have come to something."""
    DailyUsage.objects.create(
        day=timezone.localdate() - timedelta(days=1),
        project_id=job.project_id,
        project_name="Unsorted",
        model_id=job.model_id,
        profile_id=job.profile_id,
        **counts,
    )


@pytest.mark.parametrize(
    ("succeeded", "failed", "usual", "is_told"),
    [
        (4, 6, (99, 1), True),
        # Half of them is not more than half, and nine are too few.
        (5, 5, (99, 1), False),
        (0, 9, (99, 1), False),
        # More than three times the usual share cannot be, where a third is usual.
        (0, 10, (2, 1), False),
        # A new installation, in which nothing is usual.
        (0, 10, (0, 0), True),
    ],
)
def test_failures_are_told_where_they_are_unusual(
    operator: User, succeeded: int, failed: int, usual: tuple[int, int], is_told: bool
) -> None:
    end_many(operator, succeeded=succeeded, failed=failed)
    add_usage(StagingJob.objects.all()[0], succeeded=usual[0], failed=usual[1])

    watching.look()

    assert Notice.objects.filter(key="failures").exists() is is_told


def test_failures_are_told_in_words(operator: User) -> None:
    end_many(operator, succeeded=2, failed=8)
    add_usage(StagingJob.objects.all()[0], succeeded=99, failed=1)

    watching.look()

    assert told() == ["8 of the newest 10 predictions failed; in the 7 days before, 1 % did."]


def test_failures_of_long_ago_are_not_told(operator: User) -> None:
    end_many(operator, succeeded=0, failed=10)
    pass_time(finished_at=ago(61))

    watching.look()

    assert told() == []


STILL = {
    "waiting": "Predictions have been waiting to be bought for 10 minutes, and nothing is.",
    "uncertain": "For 10 minutes it has not been known whether a prediction was bought.",
    "running": "A prediction should have ended 10 minutes ago, and Replicate does not say so.",
    "collecting": "A picture that is there has not been fetched for 10 minutes.",
}


@pytest.mark.parametrize(
    ("minutes", "said"), [(9, []), (11, [STILL["waiting"]])], ids=["queue", "standstill"]
)
def test_what_is_due_and_nobody_buys_stands_still(ask: Ask, minutes: int, said: list[str]) -> None:
    ask()
    pass_time(run_after=ago(minutes))

    watching.look()

    assert told() == said


def test_what_waits_while_others_are_bought_is_a_queue(ask: Ask) -> None:
    ask()
    bought = ask()
    pass_time(run_after=ago(11))
    bought.predictions.update(status="running", intent_at=ago(1))

    watching.look()

    assert told() == []


def test_what_is_paused_does_not_stand_still(ask: Ask) -> None:
    ask()
    pass_time(run_after=ago(11))
    pause(by="olga")

    watching.look()

    assert told() == []


@pytest.mark.parametrize(("minutes", "said"), [(9, []), (11, [STILL["uncertain"]])])
def test_purchase_that_stays_uncertain_stands_still(
    ask: Ask, minutes: int, said: list[str]
) -> None:
    ask()
    pass_time(status="submitting", intent_at=ago(minutes))

    watching.look()

    assert told() == said


@pytest.mark.parametrize(("minutes", "said"), [(19, []), (21, [STILL["running"]])])
def test_prediction_that_outran_its_deadline_stands_still(
    running: Prediction, minutes: int, said: list[str]
) -> None:
    pass_time(intent_at=ago(minutes))

    watching.look()

    assert told() == said


@pytest.mark.parametrize(("minutes", "said"), [(9, []), (11, [STILL["collecting"]])])
def test_picture_that_is_not_fetched_stands_still(
    collecting: Prediction, minutes: int, said: list[str]
) -> None:
    collecting.transitions.filter(target="collecting").update(at=ago(minutes))

    watching.look()

    assert told() == said


@pytest.mark.parametrize(
    ("minutes", "said"), [(9, []), (11, ["Nothing has moved in the worker a for 10 minutes."])]
)
def test_worker_in_which_nothing_moves_stands_still(minutes: int, said: list[str]) -> None:
    now = timezone.now()
    Heartbeat.objects.create(
        id="12345678-1234-5678-1234-567812345678", name="a",
        started_at=ago(60), seen_at=now, moved_at=ago(minutes),
    )  # fmt: skip

    watching.look()

    assert told() == said


def test_standstill_is_told_again_only_after_it_has_been_well(ask: Ask) -> None:
    ask()
    for is_still in (True, True, False, True):
        pass_time(run_after=ago(11) if is_still else timezone.now())
        watching.look()
    assert (told(), Notice.objects.get().over_at) == ([STILL["waiting"]], None)

    Notice.objects.update(over_at=ago(31))
    watching.look()

    assert told() == [STILL["waiting"]] * 2


def test_conditions_are_asked_for_in_few_queries(
    sandbox: Sandbox, ask: Ask, django_assert_max_num_queries: Any
) -> None:
    limit("1")
    for _ in range(3):
        ask()

    with django_assert_max_num_queries(14):
        list(find_conditions(timezone.now()))


def test_notice_is_mailed(ask: Ask, mailbox: Mailbox, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://restage.example"
    ask()
    pass_time(run_after=ago(11))

    watch()
    watch()

    (mail,) = mailbox.mails
    notice = Notice.objects.get()
    assert (mail["Subject"], mail["From"], mail["To"]) == (
        f"Restage: {STILL['waiting']}",
        "Restage <restage@example.com>",
        "ops@example.com, boss@example.com",
    )
    assert mail["Message-ID"] == f"<{notice.pk}@example.com>"
    body = mail.get_content()
    assert STILL["waiting"] in body
    assert f"https://restage.example{LIST}" in body
    assert came_of(notice) == {"email": ("sent", 1, "")}


def came_of(notice: Notice) -> dict[str, tuple[str, int, str]]:
    """Return each channel's status, tries and last error."""
    rows = notice.deliveries.values_list("channel", "status", "tries", "error")
    return {channel: (status, tries, error) for channel, status, tries, error in rows}


def test_watch_by_hand_tells_where_no_worker_lives(
    ask: Ask, mailbox: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("watch")
    assert capsys.readouterr().out == ""
    ask()
    pass_time(run_after=ago(11))

    call_command("watch")
    call_command("watch")

    assert capsys.readouterr().out == f"{STILL['waiting']}\n" * 2
    assert [mail["Subject"] for mail in mailbox.mails] == [f"Restage: {STILL['waiting']}"]


def test_notice_is_sent_to_a_signed_webhook(
    ask: Ask, webhook: RudeServer, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://restage.example"
    ask()
    pass_time(run_after=ago(11))

    watch()
    watch()

    (call,) = webhook.calls
    notice = Notice.objects.get()
    assert call.headers["webhook-id"] == str(notice.pk)
    assert Webhook(SECRET).verify(call.body, call.headers) == {
        "type": "notice.standstill",
        "timestamp": notice.at.isoformat().replace("+00:00", "Z"),
        "data": {
            "id": str(notice.pk),
            "sentence": STILL["waiting"],
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
    assert "1 notice could not be sent." in [
        one.sentence for one in attention.find_items(timezone.localdate())
    ]


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


def test_without_a_channel_it_is_shown_alone(ask: Ask, admin_page: Client) -> None:
    ask()
    pass_time(run_after=ago(11))

    watch()

    page = shown(admin_page)
    assert f"Standstill {STILL['waiting']} shown here alone" in page
    assert "Notices are kept here, and sent nowhere" in page
    assert "Send a test notice" not in page
    assert STILL["waiting"] in [one.sentence for one in attention.find_items(timezone.localdate())]


def shown(client: Client) -> str:
    content = client.get(LIST).content.decode().partition('id="content-main"')[2]
    return html.unescape(" ".join(re.sub(r"<[^>]*>", " ", content).split()))


def test_empty_list_says_what_would_be_told(admin_page: Client) -> None:
    assert "Nothing had to be told yet" in shown(admin_page)


def test_list_says_what_came_of_each(
    admin_page: Client, mailbox: Mailbox, webhook: RudeServer
) -> None:
    webhook.behave = lambda call: call.answer(503, {})
    watching.tell(NoticeKind.STANDSTILL, "waiting", "Nothing moves.")
    sending.send_due()

    page = shown(admin_page)

    assert "Sent by e-mail and to the webhook, and kept here." in page
    assert re.search(
        rf"Nothing moves\. E-mail: sent now Webhook: next try \d+ seconds from now \."
        rf" 127\.0\.0\.1:{webhook.port} answered 503",
        page,
    )


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
        "Restage: This is a test, which olga asked for: notices arrive here."
    )
    assert attention.find_items(timezone.localdate()) == []


def test_test_notice_needs_a_channel() -> None:
    with pytest.raises(NotPossible, match="Set NOTICE_EMAILS"):
        send_test(by="olga")


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
    said = " ".join(logged) + shown(admin_page) + stored
    assert [one for one in (PASSWORD, SECRET) if one in said] == []
    assert any("notice not sent" in one for one in logged)
    assert "no such password: ***" in stored
    assert mask(f"it is {SECRET}") == "it is ***"


GOOD: dict[str, Any] = {
    "NOTICE_EMAILS": ["ops@example.com"],
    "NOTICE_FROM": "restage@example.com",
    "EMAIL_HOST": "mail.example.com",
    "EMAIL_HOST_USER": "",
    "EMAIL_HOST_PASSWORD": "",
    "NOTICE_WEBHOOK_URL": "https://hooks.example.com/restage",
    "NOTICE_WEBHOOK_SECRET": SECRET,
}


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({}, []),
        ({"NOTICE_EMAILS": [], "EMAIL_HOST": ""}, []),
        ({"NOTICE_EMAILS": []}, ["restage.W003"]),
        ({"EMAIL_HOST": ""}, ["restage.E010"]),
        ({"NOTICE_FROM": ""}, ["restage.E010"]),
        ({"EMAIL_HOST_USER": "restage"}, ["restage.E010"]),
        ({"EMAIL_HOST_USER": "restage", "EMAIL_HOST_PASSWORD": PASSWORD}, []),
        ({"NOTICE_EMAILS": ["ops"]}, ["restage.E006"]),
        ({"NOTICE_FROM": "Restage <restage@example.com>"}, []),
        ({"NOTICE_WEBHOOK_URL": "", "NOTICE_WEBHOOK_SECRET": ""}, []),
        ({"NOTICE_WEBHOOK_URL": ""}, ["restage.E007"]),
        ({"NOTICE_WEBHOOK_SECRET": ""}, ["restage.E007"]),
        ({"NOTICE_WEBHOOK_URL": "hooks.example.com"}, ["restage.E008"]),
        ({"NOTICE_WEBHOOK_SECRET": "secret"}, ["restage.E009"]),
        ({"NOTICE_WEBHOOK_SECRET": "whsec_c2hvcnQ="}, ["restage.E009"]),
    ],
)
def test_half_set_values_are_found(
    settings: Settings, wrong: dict[str, Any], found: list[str]
) -> None:
    for name, value in {**GOOD, **wrong}.items():
        setattr(settings, name, value)

    said = [*checks.check_notice_emails(), *checks.check_notice_webhook()]

    assert [one.id for one in said] == found
    assert not any(PASSWORD in str(one) or SECRET in str(one) for one in said)


def test_prediction_that_goes_on_ends_the_standstill(sandbox: Sandbox, ask: Ask) -> None:
    job = ask()
    pass_time(run_after=ago(11))
    watching.look()

    submission.submit_waiting()
    watching.look()

    assert only(job).status == "running"
    assert Notice.objects.get().over_at is not None
