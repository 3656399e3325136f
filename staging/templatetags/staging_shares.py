"""A template tag that lists the shares of a job on its page."""

from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import reverse

from staging.models import Share, StagingJob
from staging.shares import share_url, shares_of

register = template.Library()


@register.simple_tag
def shares_on_page(job: StagingJob, request: HttpRequest) -> list[dict[str, Any]]:
    """Return the shares of a job, each with its addresses."""
    return [_on_page(share, request) for share in shares_of(job)]


def _on_page(share: Share, request: HttpRequest) -> dict[str, Any]:
    return {
        "row": share,
        "url": share_url(share, request=request),
        "qr_path": reverse("share-qr", args=[share.pk.hex, share.token]),
    }
