"""Keeps the secrets that the environment gives out of what is stored and logged."""

from django.conf import settings

MASK = "***"
# What a secret is known by when only its beginning was told; anything shorter would be a word.
_LEAST = 8


def mask(text: str) -> str:
    """Return the text with each configured secret, and the Replicate token, replaced by ***.

    A secret that was cut off, because whoever told it told no more, is found by its beginning.

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
    """Return what must not be told, the longest first: one may be the beginning of another."""
    # The project's settings themselves are logged about, before they are there.
    if not settings.configured:
        return []
    known = {
        settings.REPLICATE_API_TOKEN,
        settings.NOTICE_WEBHOOK_SECRET,
        settings.EMAIL_HOST_PASSWORD,
        *settings.MODEL_SECRETS.values(),
    }
    return sorted((one for one in known if len(one) >= _LEAST), key=len, reverse=True)
