"""Notices: trying whether they arrive."""

import uuid

from django.db import transaction

from staging.models import Notice, NoticeKind
from staging.pipeline.notices import channels
from staging.pipeline.watching import tell
from staging.services import NotPossible
from staging.worker.wake import Step, wake


@transaction.atomic
def send_test(*, by: str) -> Notice | None:
    """Send a notice of nothing through every channel that is set; a worker does so at once.

    Raises NotPossible where none is set.
    """
    if not channels():
        raise NotPossible(
            "Set NOTICE_EMAILS with EMAIL_HOST, or NOTICE_WEBHOOK_URL, in the environment first."
        )
    sentence = f"This is a test, which {by} asked for: notices arrive here."
    notice = tell(NoticeKind.TEST, f"test-{uuid.uuid4()}", sentence, is_over=True)
    transaction.on_commit(lambda: wake(Step.WATCH))
    return notice
