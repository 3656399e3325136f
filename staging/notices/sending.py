"""Sends notices to operators: by e-mail and to a webhook, at least once, under the same id."""

import ipaddress
import random
import smtplib
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone

from modelsettings.masking import mask
from staging.errors import own_fault
from staging.models import Channel, DeliveryStatus, Notice, NoticeDelivery, NoticeKind
from staging.outbound import public_http, signing
from staging.worker import heartbeat, stopping

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=90)
# After each failed attempt but the last: about ten hours in all.
PAUSES_S = (30, 2 * 60, 10 * 60, 30 * 60, 3600, 3 * 3600, 5 * 3600)
# Deliveries in one run of the task; the next run, in a minute, goes on.
MOST = 20
# The operator named the address in the environment, so it may be one of their own network.
_OWN_NETWORKS = [
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "::1/128", "fc00::/7",
    )
]  # fmt: skip


class NotSent(Exception):
    """An attempt that failed; the message says how."""


def channels() -> list[Channel]:
    """Return the channels that the environment sets up."""
    has = {
        Channel.EMAIL: bool(settings.EMAIL_HOST and settings.NOTICE_EMAILS),
        Channel.WEBHOOK: bool(settings.NOTICE_WEBHOOK_URL and settings.NOTICE_WEBHOOK_SECRET),
    }
    return [channel for channel, is_set in has.items() if is_set]


def can_mail(account: User) -> bool:
    """Say whether an account gets its own notices by e-mail: mail is set up, and its address."""
    return bool(settings.EMAIL_HOST and account.email and account.is_active)


def send_due() -> None:
    """Send up to MOST deliveries that are due; stop early where the worker is stopping."""
    due = NoticeDelivery.objects.due(timezone.now()).select_related("notice__batch__owner")
    for delivery in due.order_by("run_after")[:MOST]:
        if stopping.has_begun():
            return
        if NoticeDelivery.objects.claim(delivery, lease=LEASE):
            with stopping.holding(delivery):
                _send(delivery)
            heartbeat.moved()


def message_of(notice: Notice) -> dict[str, Any]:
    """Return a notice as the body of a webhook."""
    return {
        "type": f"notice.{notice.kind}",
        "timestamp": notice.at.isoformat().replace("+00:00", "Z"),
        "data": {"id": str(notice.pk), "sentence": notice.sentence, "url": _page(notice)},
    }


def _send(delivery: NoticeDelivery) -> None:
    send = _mail if delivery.channel == Channel.EMAIL else _post
    try:
        send(delivery.notice)
    except NotSent as error:
        values = _what_follows(delivery, error=str(error))
    # A fault of ours counts as an attempt too, so that the delivery is given up in the end.
    except Exception as error:
        values = _what_follows(delivery, error=own_fault(error))
        NoticeDelivery.objects.note_attempt(delivery, **values)
        raise
    else:
        values = {"status": DeliveryStatus.SENT, "sent_at": timezone.now(), "error": ""}
    held = NoticeDelivery.objects.note_attempt(delivery, **values)
    log.info(
        "notice sent" if values.get("sent_at") else "notice not sent",
        notice=str(delivery.notice_id),
        channel=delivery.channel,
        held=held,
        error=values["error"],
    )


def _what_follows(delivery: NoticeDelivery, *, error: str) -> dict[str, Any]:
    """Return the values after a failed attempt: the time of the next, or the end of trying."""
    told = {"error": mask(error.replace("\0", ""))[:300]}
    if delivery.tries >= len(PAUSES_S):
        return {**told, "status": DeliveryStatus.FAILED}
    pause_s = PAUSES_S[delivery.tries] * random.uniform(1.0, 1.1)  # noqa: S311
    return {**told, "run_after": timezone.now() + timedelta(seconds=pause_s)}


def _mail(notice: Notice) -> None:
    sender = settings.NOTICE_FROM
    message = EmailMessage(
        subject=" ".join(f"Restage: {notice.sentence}".split())[:150],
        body=_letter(notice),
        from_email=sender,
        to=_addresses(notice),
        headers={
            # The same at each attempt: most programs show a message that came twice only once.
            "Message-ID": f"<{notice.pk}@{sender.rpartition('@')[2].rstrip('>')}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as error:
        raise NotSent(f"{settings.EMAIL_HOST}: {error}") from error


def _addresses(notice: Notice) -> list[str]:
    """Return where a notice is mailed to. Raises NotSent for an owner without an address by now."""
    if notice.batch is None:
        return list(settings.NOTICE_EMAILS)
    if not can_mail(notice.batch.owner):
        raise NotSent("the account has no address any more")
    return [notice.batch.owner.email]


def _letter(notice: Notice) -> str:
    since = f"At {_local(notice.at)}." if notice.batch else f"Since {_local(notice.at)}."
    lines = [notice.sentence, since]
    if url := _page(notice):
        lines.append(url)
    if notice.kind not in (NoticeKind.TEST, NoticeKind.BATCH):
        lines.append("This is sent once: the admin says under Notices whether it is over.")
    return "\n\n".join(lines) + "\n"


def _post(notice: Notice) -> None:
    host = urlsplit(settings.NOTICE_WEBHOOK_URL).netloc
    try:
        status = signing.post(
            settings.NOTICE_WEBHOOK_URL,
            message_of(notice),
            message_id=str(notice.pk),
            secrets=[settings.NOTICE_WEBHOOK_SECRET],
            private_networks=_OWN_NETWORKS,
        )
    except (public_http.AddressRefused, public_http.Unanswered) as error:
        raise NotSent(f"{host}: {error}") from error
    if not 200 <= status < 300:
        raise NotSent(f"{host} answered {status}")


def _page(notice: Notice) -> str:
    if not settings.PUBLIC_URL:
        return ""
    page = reverse("admin:staging_notice_changelist")
    if notice.batch_id:
        page = reverse("admin:staging_stagingbatch_change", args=[notice.batch_id])
    return f"{settings.PUBLIC_URL}{page}"


def _local(at: datetime) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M %Z")
