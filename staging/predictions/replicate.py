"""This process's connection to Replicate."""

from functools import cache

from django.conf import settings

from replicate_api.client import ReplicateClient
from replicate_api.errors import Unauthenticated


def replicate() -> ReplicateClient:
    """Return the process's client; raise Unauthenticated where no token is set."""
    if not settings.REPLICATE_API_TOKEN:
        raise Unauthenticated("Restage has no token of Replicate: an administrator sets it.")
    return _client(settings.REPLICATE_API_TOKEN, settings.REPLICATE_BASE_URL)


@cache
def _client(token: str, base_url: str) -> ReplicateClient:
    return ReplicateClient(
        token=token, base_url=base_url, timeout_s=settings.STAGING_REQUEST_LIMIT_S
    )
