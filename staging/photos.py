"""Photos: checks, normalises and stores files as photos, and keeps a photo while a job is made."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile

from staging import images
from staging.errors import GoneMeanwhile
from staging.models import Photo, Project
from staging.new_files import NewFiles
from staging.projects import lock_project

# How long a request waits for its photo to be decoded. Each holds one of the web process's 32
# threads (gunicorn.conf.py), as the six do at most that are decoding: the others answer everything
# else. An account is sent away before the others are.
PATIENCE_OF_REQUESTS = images.Patience(behind=12, behind_own=8, wait_s=8, most_s=20)


@dataclass(frozen=True, slots=True)
class Upload:
    """A photo as a user sent it, not checked yet: its bytes, or an open file.

    A file is better, because it is read only when there is memory to decode it. Without `patience`
    it waits for that as long as it takes.
    """

    content: bytes | IO[bytes]
    name: str = ""
    patience: images.Patience | None = None


def from_request(file: "UploadedFile[bytes]") -> Upload:
    """Return a file of a request as an upload, without reading it; the request keeps it open.

    Django keeps large files on disk (FILE_UPLOAD_MAX_MEMORY_SIZE), and there they wait until there
    is memory to decode them.
    """
    # Django's File wraps what Python opened; the stubs know only that it may be any file.
    opened: IO[bytes] = file.file  # type: ignore[assignment]
    return Upload(opened, name=file.name or "", patience=PATIENCE_OF_REQUESTS)


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
    """Check, normalise and store a photo's files; return its row for the caller to save.

    The caller opens its transaction afterwards, so that nothing is decoded in it. Raises
    images.PhotoRefused and images.TooManyWaiting.
    """
    normalised = images.normalise_photo(upload.content, account=owner.pk, patience=upload.patience)
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
    """Open a transaction to save a photo whose files are stored; remove them where it fails.

    Raises NotPossible where the photo's project was deleted meanwhile.
    """
    with files_of(photo) as files, files.saving():
        lock_project(photo.project)
        yield


def files_of(photo: Photo) -> NewFiles:
    """Return the stored files of a photo whose row is not saved yet."""
    return NewFiles([str(photo.file), str(photo.thumbnail)])


def lock_photo(photo: Photo) -> None:
    """Keep a photo from being deleted while a job of it is recorded. Raises NotPossible."""
    # The project is locked first, as deleting it does: in the other order two transactions could
    # wait for each other. The job's row refers to it, so it is locked in any case.
    list(Project.objects.select_for_update(no_key=True).filter(pk=photo.project_id).values("pk"))
    if not Photo.objects.select_for_update(no_key=True).filter(pk=photo.pk).values("pk"):
        raise GoneMeanwhile("This photo was deleted meanwhile.")
