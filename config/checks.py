"""System checks of the environment: each with an id and a hint."""

import base64
import re
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from config import env
from staging.outbound.signing import PREFIX

_HOST = r"([a-z0-9-]+\.)*[a-z0-9-]+|\[[0-9a-f:]+\]"
_ORIGIN = re.compile(rf"https?://({_HOST})(:[1-9]\d{{0,4}})?")
# Django lets a site trust all names below a domain: https://*.example.com.
_ORIGINS = re.compile(rf"https?://(\*\.)?({_HOST})(:[1-9]\d{{0,4}})?")
_TOKEN = re.compile(r"[!-~]+")
SHORTEST_TOKEN = 20
_OWN_PORTS = {"http": ":80", "https": ":443"}


@register()
def check_environment(**_: Any) -> list[CheckMessage]:
    """Report the values that `config.env` could not read."""
    return [
        Error(problem.message, hint=problem.hint, id="restage.E001") for problem in env.problems
    ]


@register()
def check_public_url(**_: Any) -> list[CheckMessage]:
    """Report an address that no webhook reaches.

    Replicate calls https addresses only; the sandbox calls http on loopback, too.
    """
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


@register()
def check_origins(**_: Any) -> list[CheckMessage]:
    """Report origins that are not written as browsers write them, and so would never match."""
    cors, csrf = settings.CORS_ALLOWED_ORIGINS, settings.CSRF_TRUSTED_ORIGINS
    named = [("CORS_ALLOWED_ORIGINS", origin, _ORIGIN) for origin in cors]
    named += [("CSRF_TRUSTED_ORIGINS", origin, _ORIGINS) for origin in csrf]
    hint = (
        "Write scheme and host, in small letters, and the port where it is not the scheme's own: "
        "https://app.example.com. A path, a slash at the end or * are not part of it."
    )
    return [
        Error(
            f"{name}: {origin} is not an origin.",
            hint=hint,
            id="restage.E004",
        )
        for name, origin, pattern in named
        if not pattern.fullmatch(origin) or origin.endswith(_OWN_PORTS[origin.partition(":")[0]])
    ]


@register()
def check_metrics_token(**_: Any) -> list[CheckMessage]:
    """Report a token that can be guessed, or that a header cannot carry.

    Its page tells what the business spends.
    """
    token = settings.METRICS_TOKEN
    if not token or (len(token) >= SHORTEST_TOKEN and _TOKEN.fullmatch(token)):
        return []
    hint = (
        f"Write {SHORTEST_TOKEN} or more random letters and digits, such as `openssl rand -hex 20` "
        "prints, or leave it empty: then there is no /metrics."
    )
    return [Error("METRICS_TOKEN is too short, or odd.", hint=hint, id="restage.E005")]


@register()
def check_notice_emails(**_: Any) -> list[CheckMessage]:
    """Report mail without a recipient, a sender or a server, and addresses that are none."""
    if not settings.NOTICE_EMAILS:
        if not settings.EMAIL_HOST:
            return []
        hint = "Name the recipients, by commas, in NOTICE_EMAILS; or leave EMAIL_HOST empty."
        message = "EMAIL_HOST is set, and NOTICE_EMAILS names no recipient."
        return [CheckWarning(message, hint=hint, id="restage.W003")]
    wanted = {"EMAIL_HOST": settings.EMAIL_HOST, "NOTICE_FROM": settings.NOTICE_FROM}
    missing = [name for name, value in wanted.items() if not value]
    if bool(settings.EMAIL_HOST_USER) != bool(settings.EMAIL_HOST_PASSWORD):
        missing.append("EMAIL_HOST_USER or EMAIL_HOST_PASSWORD")
    addresses = (*settings.NOTICE_EMAILS, settings.NOTICE_FROM)
    wrong = [address for address in addresses if address and not _is_email(address)]
    hint = "Set them, or leave NOTICE_EMAILS empty."
    return [
        *(Error(f"NOTICE_EMAILS needs {name}.", hint=hint, id="restage.E010") for name in missing),
        *(
            Error(f"{address} is not an e-mail address.", hint=hint, id="restage.E006")
            for address in wrong
        ),
    ]


@register()
def check_notice_webhook(**_: Any) -> list[CheckMessage]:
    """Report an address without a secret, a secret without an address, and a wrong one.

    Without a signature the receiver could not tell our notices from forged ones.
    """
    url, secret = settings.NOTICE_WEBHOOK_URL, settings.NOTICE_WEBHOOK_SECRET
    found: list[CheckMessage] = []
    if bool(url) != bool(secret):
        hint = "Set both, or none."
        missing = "NOTICE_WEBHOOK_SECRET" if url else "NOTICE_WEBHOOK_URL"
        found.append(Error(f"{missing} is missing.", hint=hint, id="restage.E007"))
    parts = urlsplit(url)
    if url and not (parts.scheme in ("http", "https") and parts.hostname):
        hint = "Write https://… , or http://… for a host of your own network."
        message = "NOTICE_WEBHOOK_URL is not an address."
        found.append(Error(message, hint=hint, id="restage.E008"))
    if secret and not _is_signing_secret(secret):
        hint = 'echo "whsec_$(openssl rand -base64 32)" makes one.'
        message = "NOTICE_WEBHOOK_SECRET is not whsec_ with 24 to 64 bytes in base64."
        found.append(Error(message, hint=hint, id="restage.E009"))
    return found


def _is_email(address: str) -> bool:
    try:
        validate_email(parseaddr(address)[1])
    except ValidationError:
        return False
    return True


def _is_signing_secret(secret: str) -> bool:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        return False
    return secret.startswith(PREFIX) and 24 <= len(key) <= 64


@register(Tags.security, deploy=True)
def check_trusted_proxy(**_: Any) -> list[CheckMessage]:
    """Report a site on https that does not trust its proxy.

    Django would take each request for http, and refuse the site's own forms; and all clients would
    have the proxy's address, whose wrong passwords lock out everybody.
    """
    if settings.TRUSTED_PROXY or not settings.PUBLIC_URL.startswith("https://"):
        return []
    hint = "Behind a proxy that speaks https and sets X-Forwarded-Proto itself: TRUSTED_PROXY=1."
    return [
        CheckWarning("PUBLIC_URL is https, and TRUSTED_PROXY is off.", hint=hint, id="restage.W002")
    ]


@register()
def check_hsts(**_: Any) -> list[CheckMessage]:
    """Report choices of HSTS that have no effect.

    Browsers' makers take a site into their list only with its subdomains.
    """
    chosen = {
        "HSTS_INCLUDE_SUBDOMAINS": settings.HSTS_INCLUDE_SUBDOMAINS,
        "HSTS_PRELOAD": settings.HSTS_PRELOAD,
    }
    names = " and ".join(name for name, is_chosen in chosen.items() if is_chosen)
    if names and not settings.HTTPS:
        hint = "Set PUBLIC_URL to https://…, or TRUSTED_PROXY=1 behind a proxy that speaks https."
        message = f"{names} is set, and the site is not on https."
        return [CheckWarning(message, hint=hint, id="restage.W004")]
    if settings.HSTS_PRELOAD and not settings.HSTS_INCLUDE_SUBDOMAINS:
        hint = "Set HSTS_INCLUDE_SUBDOMAINS=1 too, or leave HSTS_PRELOAD off."
        message = "HSTS_PRELOAD is set, and HSTS_INCLUDE_SUBDOMAINS is not."
        return [CheckWarning(message, hint=hint, id="restage.W004")]
    return []


@register(Tags.security, deploy=True)
def check_replicate_token(**_: Any) -> list[CheckMessage]:
    if settings.REPLICATE_API_TOKEN:
        return []
    hint = (
        "Set it to a token of your Replicate account (r8_…). Without it jobs are taken, wait, and "
        "fail after ten minutes."
    )
    return [CheckWarning("REPLICATE_API_TOKEN is missing.", hint=hint, id="restage.W001")]
