"""Shares: public pages of one picture, before and after."""

import io
import uuid

import segno
import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from staging.models import Share, StagedImage, StagingJob

log = structlog.get_logger(__name__)


def share_picture(picture: StagedImage, *, by: User) -> Share:
    """Make a public page of a picture, at a new address."""
    return Share.objects.create(image=picture, created_by=by)


def revoke_share(share: Share, *, by: User) -> None:
    """End a public page for ever; a page that has ended keeps the time of its end."""
    Share.objects.filter(pk=share.pk, revoked_at=None).update(revoked_at=timezone.now())
    share.refresh_from_db(fields=["revoked_at"])
    log.info("share revoked", share=str(share.pk), by=by.get_username())


def shares_of(job: StagingJob) -> QuerySet[Share]:
    """Return all shares of a job's pictures, the newest first, revoked ones included."""
    shares = Share.objects.filter(image__prediction__job=job)
    return shares.select_related("image__prediction", "created_by")


def find_share(key: str, *, token: str) -> Share | None:
    """Return the share of a public address; None where there is none, or it is revoked."""
    try:
        share_id = uuid.UUID(hex=key)
    except ValueError:
        return None
    # UUID() reads several spellings of an id; only one of them is the page's address.
    if key != share_id.hex or not Share.is_token(share_id, token):
        return None
    open_shares = Share.objects.filter(pk=share_id, revoked_at=None)
    return open_shares.select_related("image__prediction__job__photo").first()


def share_url(share: Share, *, request: HttpRequest, page: str = "share") -> str:
    """Return the absolute address of one of a share's pages, by the name of its route."""
    path = reverse(page, args=[share.pk.hex, share.token])
    return (
        f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)
    )


def draw_qr_code(text: str) -> bytes:
    """Return a QR code as SVG, black on white with its margin, readable in dark pages too."""
    output = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        output, kind="svg", scale=8, border=4, light="#fff", title="QR code of this page"
    )
    return output.getvalue()
