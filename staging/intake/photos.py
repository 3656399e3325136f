"""A file becomes a photo: checked, normalised, stored."""

from dataclasses import dataclass
from typing import IO

from django.contrib.auth.models import User
from django.core.files.base import ContentFile

from staging import images
from staging.models import Photo, Project


@dataclass(frozen=True, slots=True)
class Upload:
    """A photo as somebody sent it, not checked yet: its bytes, or a file that is open.

    A file is better: it is read only when there is memory to decode it.
    """

    content: bytes | IO[bytes]
    name: str = ""


def add_photo(upload: Upload, *, owner: User, project: Project) -> Photo:
    """Check, normalise and store a photo. Raises images.PhotoRefused."""
    photo = store_photo(upload, owner=owner, project=project)
    photo.save()
    return photo


def store_photo(upload: Upload, *, owner: User, project: Project) -> Photo:
    """Check, normalise and store a photo's files; its row is left to the caller to save.

    So nothing is decoded in a transaction. Raises images.PhotoRefused.
    """
    normalised = images.normalise_photo(upload.content)
    photo = Photo(
        owner=owner,
        project=project,
        original_name=upload.name[:255],
        original_format=normalised.original.format,
        original_width=normalised.original.width,
        original_height=normalised.original.height,
        original_size=normalised.original.size,
        width=normalised.width,
        height=normalised.height,
        sha256=normalised.sha256,
        size=len(normalised.content),
    )
    photo.file.save("photo.jpg", ContentFile(normalised.content), save=False)
    photo.thumbnail.save("thumbnail.webp", ContentFile(normalised.thumbnail), save=False)
    return photo
