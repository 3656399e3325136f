"""Template filters for photos and pictures: addresses, sizes, costs and times in words."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.template.defaultfilters import filesizeformat

from staging import links
from staging.downloads import name_picture, safe_name
from staging.models import Photo, StagedImage, StagingJob
from staging.models.job import UNFINISHED, JobStatus
from staging.prompts import DEFAULT_ROOM

register = template.Library()

# Unfold's colours of a badge; the badge itself says the status in words.
COLOURS = {
    **dict.fromkeys(UNFINISHED, "info"),
    JobStatus.SUCCEEDED: "success",
    JobStatus.PARTIALLY_SUCCEEDED: "warning",
    JobStatus.FAILED: "danger",
    JobStatus.CANCELED: "warning",
}


@register.filter
def link(file: Any) -> str:
    """Return the signed address of a stored file."""
    return links.link_to(str(file))


@register.filter
def download_link(image: StagedImage, job: StagingJob) -> str:
    """Return the address at which a browser saves a picture, under its name in a ZIP."""
    name = name_picture(job.photo.original_name, room=job.room_type, style=job.style)
    return links.link_to(str(image.file), download_as=safe_name(name))


@register.filter
def badge_colour(status: str) -> str:
    return COLOURS[JobStatus(status)]


@register.filter
def dollars(amount: Decimal | None) -> str:
    """Say a cost in dollars, with up to four places where it is less than a dollar.

    >>> dollars(Decimal("1234.5")), dollars(Decimal("0.0391")), dollars(None)
    ('$1,234.50', '$0.0391', 'unknown')
    """
    if amount is None:
        return "unknown"
    if not amount or amount >= 1:
        return f"${amount:,.2f}"
    whole, _, cents = f"{amount:.4f}".rstrip("0").partition(".")
    return f"${whole}.{cents:0<2}"


@register.filter
def duration(took: timedelta | None) -> str:
    """Say how long something took: `9.4 s`, `2 min 5 s`; a dash where it is unknown."""
    if took is None:
        return "–"
    seconds = took.total_seconds()
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


@register.filter
def sent_size(photo: Photo) -> str:
    """Say the size of the uploaded file; for old photos, that of the file that is kept."""
    if photo.original_size:
        return _size(photo.original_width, photo.original_height, photo.original_size)
    return _size(photo.width, photo.height, photo.size)


@register.filter
def came_back_size(image: StagedImage) -> str:
    return _size(image.width, image.height, image.size)


@register.filter
def in_words(name: str) -> str:
    """Write a stored word for people: `living_room` is `living room`."""
    return "any room" if name == DEFAULT_ROOM else name.replace("_", " ")


def _size(width: int, height: int, size: int) -> str:
    return f"{width} × {height}" + (f", {filesizeformat(size)}" if size else "")
