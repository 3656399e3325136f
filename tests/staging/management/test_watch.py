"""`manage.py watch`, by hand or by a timer beside the workers."""

import pytest
from django.core.management import call_command

from tests.staging.conftest import Ask
from tests.staging.notices.situations import WAITING, stand_still
from tests.staging.receivers import Mailbox

pytestmark = pytest.mark.django_db


def test_watch_by_hand_tells_where_no_worker_lives(
    ask: Ask, mailbox: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("watch")
    assert capsys.readouterr().out == ""
    stand_still(ask)

    call_command("watch")
    call_command("watch")

    assert capsys.readouterr().out == f"{WAITING}\n" * 2
    assert [mail["Subject"] for mail in mailbox.mails] == [f"Restage: {WAITING}"]
