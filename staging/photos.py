"""Photos: a file is checked, normalised and stored as one, and stays while a job needs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from staging import images
from staging.errors import NotPossible
from staging.models import Photo, Project
from staging.projects import lock_project

# Each holds one of the web process's threads (gunicorn.conf.py: 32): the rest answer all else,
# whatever is uploaded. With those that decode they are half of them at most.
MOST_REQUESTS_WAITING = 12


@dataclass(frozen=True, slots=True)
class Upload:
    """A photo as somebody sent it, not checked yet: its bytes, or a file that is open.

    A file is better: it is read only when there is memory to decode it. `most_waiting` is behind
    how many others it may wait for that; None: behind any number.
    """

    content: bytes | IO[bytes]
    name: str = ""
    most_waiting: int | None = None


def from_request(file: "UploadedFile[bytes]") -> Upload:
    """Return a file of a request, which is open as long as the request is; it is not read here.

    Django keeps what is long on disk (FILE_UPLOAD_MAX_MEMORY_SIZE), and there it waits until there
    is memory to decode it.
    """
    # Django's File wraps what Python opened; the stubs know only that it may be any file.
    opened: IO[bytes] = file.file  # type: ignore[assignment]
    return Upload(opened, name=file.name or "", most_waiting=MOST_REQUESTS_WAITING)


def add_photo(upload: Upload, *, owner: User, project: Project) -> Photo:
    """Check, normalise and store a photo.

    Raises images.PhotoRefused, images.TooManyWaiting, and NotPossible for a project that was
    deleted meanwhile.
    """
    photo = store_photo(upload, owner=owner, project=project)
    with saving(photo):
        photo.save()
    return photo


def store_photo(upload: Upload, *, owner: User, project: Project) -> Photo:
    """Check, normalise and store a photo's files; its row is left to the caller to save.

    So nothing is decoded in a transaction. Raises images.PhotoRefused and images.TooManyWaiting.
    """
    normalised = images.normalise_photo(upload.content, most_waiting=upload.most_waiting)
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


@contextmanager
def saving(photo: Photo) -> Iterator[None]:
    """Hold a transaction that saves a photo whose files are stored; without it no file is left.

    Raises NotPossible where the photo's project was deleted meanwhile.
    """
    with files_kept_if_saved(photo), transaction.atomic():
        lock_project(photo.project)
        yield


@contextmanager
def files_kept_if_saved(photo: Photo) -> Iterator[None]:
    """Delete a photo's stored files again where what saves its row fails."""
    try:
        yield
    # Whatever it was is raised again: here it only leaves no file behind.
    except BaseException:
        for file in (photo.file, photo.thumbnail):
            default_storage.delete(str(file))
        raise


def lock_photo(photo: Photo) -> None:
    """Keep a photo from being deleted while a job of it is recorded. Raises NotPossible.

    The project comes first, which the job's row refers to: whatever deletes it locks it before its
    photos, and locked the other way about each would wait for the other.
    """
    list(Project.objects.select_for_update(no_key=True).filter(pk=photo.project_id).values("pk"))
    if not Photo.objects.select_for_update(no_key=True).filter(pk=photo.pk).values("pk"):
        raise NotPossible("This photo was deleted meanwhile.")
