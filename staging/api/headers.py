"""Headers of requests and answers, as the API's document describes them."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

LOCATION = OpenApiParameter(
    "Location",
    OpenApiTypes.URI,
    location=OpenApiParameter.HEADER,
    response=[201, 202],
    required=True,
    description="Where it is to be found from now on.",
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    location=OpenApiParameter.HEADER,
    description="Your name for this request, 1 to 255 printable characters, good for 24 hours. "
    "Sent again with the same request it is answered with what the first one made, and nothing "
    "is bought.",
)
REPLAYED = OpenApiParameter(
    "Idempotent-Replayed",
    location=OpenApiParameter.HEADER,
    response=[202],
    enum=["true"],
    description="Nothing was bought: this is what the first request with the key made.",
)
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
