"""The limit of pictures that an account may ask for in a minute, before a body is read."""

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from staging import asking
from staging.api.access import caller


class CostlyThrottle(BaseThrottle):
    """Refuses an account that asked for too much all views that decode photos or buy.

    Reading is free. A view that buys takes the other pictures once it knows their number
    (`asking.rest_of`).
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        if request.method not in SAFE_METHODS:
            asking.check(caller(request))
        return True
