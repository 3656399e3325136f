"""Cheap polling of a job or a batch: its ETag, and the pause until the next look.

The tag is made from the state and from a window of time. The document holds addresses that
expire, and a tag has to expire before them.
"""

import hashlib
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiResponse
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from staging.batches.progress import Progress
from staging.models import StagingJob

# The pause between two looks at a job: the shortest, the longest, and its growth for each second
# since the job's last change.
SHORTEST_S, LONGEST_S, GROWTH = 1, 10, 1 / 6
LOOK_AT_BATCH_AGAIN_S = 2

UNCHANGED = {304: OpenApiResponse(description="You have it as it is.")}


def answer_look(request: Request, headers: dict[str, str], describe: Callable[[], Any]) -> Response:
    """Answer with the document, or with an empty 304 where the client's copy is current."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if "*" in known or headers["ETag"] in known:
        return Response(status=status.HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(describe(), headers=headers)


def headers_of_job(job: StagingJob) -> dict[str, str]:
    """Return the headers of any answer about one job."""
    grown = int((timezone.now() - job.changed_at).total_seconds() * GROWTH)
    pause_s = max(SHORTEST_S, min(LONGEST_S, grown))
    state = f"{job.changed_at.timestamp() * 1e6:.0f}"
    return _headers(state, pause_s=None if job.is_finished else pause_s)


def headers_of_batch(progress: Progress) -> dict[str, str]:
    """Return the headers of any answer about one batch."""
    state = hashlib.sha256(progress.state.encode()).hexdigest()[:32]
    return _headers(state, pause_s=None if progress.is_finished else LOOK_AT_BATCH_AGAIN_S)


def _headers(state: str, *, pause_s: int | None) -> dict[str, str]:
    """Return the headers of a state; the tag is weak, since a state can be written in many ways."""
    # An address works for at least three quarters of its age (staging.links), a tag for a quarter.
    window = int(time.time()) // max(1, settings.MEDIA_LINK_AGE_S // 4)
    headers = {"ETag": f'W/"{state}-{window}"', "Cache-Control": "private, no-cache"}
    return headers if pause_s is None else {**headers, "Retry-After": str(pause_s)}
