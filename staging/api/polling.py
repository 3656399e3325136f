"""Looking at a job again and again, cheaply: its tag, and when to look next.

The tag is made from the time of the last change, and from a window of time: the document holds
addresses that expire, so no tag lives as long as they do.
"""

import time
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from staging.models import StagingJob

# The pause between two looks: at first, at most, and how fast it grows with the time that has
# passed since the last change.
SHORTEST_S, LONGEST_S, GROWTH = 1, 10, 1 / 6

IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    location=OpenApiParameter.HEADER,
    description="The ETag of the document that you have: unchanged, the answer is an empty 304.",
)
ETAG = OpenApiParameter(
    "ETag",
    location=OpenApiParameter.HEADER,
    response=[200, 202, 304],
    required=True,
    description="For If-None-Match.",
)
RETRY_AFTER = OpenApiParameter(
    "Retry-After",
    int,
    location=OpenApiParameter.HEADER,
    response=[200, 202, 304],
    description="Seconds until the next look is worth it; absent once the job is finished.",
)


def is_known(request: Request, job: StagingJob) -> bool:
    """Say whether the client has the job's document as it is now."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in known or tag_of(job) in known


def poll_headers(job: StagingJob) -> dict[str, str]:
    """Return the headers of any answer about one job."""
    headers = {"ETag": tag_of(job), "Cache-Control": "private, no-cache"}
    if not job.is_finished:
        headers["Retry-After"] = str(_pause_s(timezone.now() - job.changed_at))
    return headers


def tag_of(job: StagingJob) -> str:
    """Return a weak tag: the same document may be written in several ways."""
    # Addresses are good for three quarters of their time at least (staging.links).
    window = int(time.time()) // max(1, settings.MEDIA_LINK_AGE_S // 4)
    return f'W/"{job.changed_at.timestamp() * 1e6:.0f}-{window}"'


def _pause_s(unchanged_for: timedelta) -> int:
    grown = int(unchanged_for.total_seconds() * GROWTH)
    return max(SHORTEST_S, min(LONGEST_S, grown))
