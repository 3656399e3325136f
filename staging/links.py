"""Short-lived, signed addresses of photos and pictures; also with DEBUG off."""

from django.conf import settings
from django.core import signing
from django.urls import reverse

_signer = signing.TimestampSigner(salt="staging.links", sep="~")


class LinkRefused(ValueError):
    """An address that was not signed here, or whose time is over."""


def link_to(name: str) -> str:
    """Return the path under which a stored file can be read for MEDIA_LINK_AGE_S seconds."""
    signature = _signer.sign(name).removeprefix(name).removeprefix("~")
    return f"{reverse('media', args=[name])}?signature={signature}"


def check_link(name: str, *, signature: str) -> None:
    """Raise LinkRefused unless `link_to` made the signature for this very file, lately."""
    try:
        _signer.unsign(f"{name}~{signature}", max_age=settings.MEDIA_LINK_AGE_S)
    except signing.BadSignature as error:
        raise LinkRefused("This address is not valid, or no longer.") from error
