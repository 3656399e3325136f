"""Keeps the secrets that the environment gives out of what is stored and logged."""

from django.conf import settings

MASK = "***"
# How many characters of a secret that was cut off give it away; fewer could be any word.
_LEAST = 8


def mask(text: str) -> str:
    """Return the text with each configured secret, and the Replicate token, replaced by ***.

    A secret that was cut off is found by its beginning.

    >>> mask("Incorrect API key provided: sk-a-real-key.")
    'Incorrect API key provided: ***.'
    """
    for secret in _secrets():
        if secret[:_LEAST] not in text:
            continue
        for length in range(len(secret), _LEAST - 1, -1):
            text = text.replace(secret[:length], MASK)
    return text


def _secrets() -> list[str]:
    """Return the secrets, the longest first: a secret may be the beginning of another."""
    # Lines are logged while Django's settings are still being read.
    if not settings.configured:
        return []
    known = {
        settings.REPLICATE_API_TOKEN,
        settings.NOTICE_WEBHOOK_SECRET,
        settings.EMAIL_HOST_PASSWORD,
        *settings.MODEL_SECRETS.values(),
    }
    return sorted((secret for secret in known if len(secret) >= _LEAST), key=len, reverse=True)
