"""The limit of costly requests that an account may send in a minute."""

from django.conf import settings
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView


class CostlyThrottle(UserRateThrottle):
    """Bounds an account's requests to all views that decode photos or buy; reading is free.

    Each web process counts in its own memory, before it reads the body.
    """

    scope = "costly"

    def get_rate(self) -> str | None:
        limit = settings.COSTLY_REQUESTS_PER_MINUTE
        return f"{limit}/minute" if limit else None

    def allow_request(self, request: Request, view: APIView) -> bool:
        return request.method in SAFE_METHODS or super().allow_request(request, view)

    def wait(self) -> float:
        # DRF answers None where several requests at the same time went over the limit.
        return super().wait() or 1.0
