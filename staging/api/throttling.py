"""How much that costs us an account may ask for a minute."""

from django.conf import settings
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView


class CostlyThrottle(UserRateThrottle):
    """Bounds what an account sends to all doors that decode or buy; looking is free.

    Counted in the memory of each web process, before the body is read.
    """

    scope = "costly"

    def get_rate(self) -> str | None:
        limit = settings.COSTLY_REQUESTS_PER_MINUTE
        return f"{limit}/minute" if limit else None

    def allow_request(self, request: Request, view: APIView) -> bool:
        return request.method in SAFE_METHODS or super().allow_request(request, view)

    def wait(self) -> float:
        # None where requests at the same time went over the limit together.
        return super().wait() or 1.0
