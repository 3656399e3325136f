"""System checks of the environment: each with an id and a hint."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning

from config import env


@register()
def check_environment(**_: Any) -> list[CheckMessage]:
    """Report the values that `config.env` could not read."""
    return [Error(one.message, hint=one.hint, id="restage.E001") for one in env.problems]


@register()
def check_public_url(**_: Any) -> list[CheckMessage]:
    """Replicate calls https addresses only; the sandbox also http on loopback."""
    if not settings.PUBLIC_URL:
        return []
    parts = urlsplit(settings.PUBLIC_URL)
    on_loopback = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and on_loopback)):
        return []
    hint = "Write https://… , or leave it empty: jobs then settle by polling."
    return [
        Error("PUBLIC_URL is not an address that webhooks reach.", hint=hint, id="restage.E002")
    ]


@register()
def check_replicate_base_url(**_: Any) -> list[CheckMessage]:
    parts = urlsplit(settings.REPLICATE_BASE_URL)
    if parts.scheme in ("http", "https") and parts.hostname:
        return []
    hint = "Leave it empty for Replicate's own, https://api.replicate.com."
    return [Error("REPLICATE_BASE_URL is not an address.", hint=hint, id="restage.E003")]


@register(Tags.security, deploy=True)
def check_replicate_token(**_: Any) -> list[CheckMessage]:
    if settings.REPLICATE_API_TOKEN:
        return []
    hint = "Jobs are taken, and fail after ten minutes of waiting for one."
    return [CheckWarning("REPLICATE_API_TOKEN is missing.", hint=hint, id="restage.W001")]
