"""Receivers of notices on this machine: a mail server, and operators' own webhook."""

import base64
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

SIGNING_SECRET = f"whsec_{base64.b64encode(b'a key of thirty-two random bytes').decode()}"


class Mailbox:
    """The mails that a server took; it can refuse instead."""

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
