"""Headers of answers, as the API's document tells them."""

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
REPLAYED = OpenApiParameter(
    "Idempotent-Replayed",
    location=OpenApiParameter.HEADER,
    response=[202],
    enum=["true"],
    description="Nothing was bought: this is what the first request with the key made.",
)
