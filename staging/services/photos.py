"""Photos: taking one into a project."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import User
from django.db import transaction

from staging.intake.photos import Upload, files_kept_if_saved, store_photo
from staging.models import Photo, Project
from staging.services.projects import lock_project


def add_photo(upload: Upload, *, owner: User, project: Project) -> Photo:
    """Check, normalise and store a photo.

    Raises images.PhotoRefused, images.TooManyWaiting, and NotPossible for a project that was
    deleted meanwhile.
    """
    photo = store_photo(upload, owner=owner, project=project)
    with saving(photo):
        photo.save()
    return photo


@contextmanager
def saving(photo: Photo) -> Iterator[None]:
    """Hold a transaction that saves a photo whose files are stored; without it no file is left.

    Raises NotPossible where the photo's project was deleted meanwhile.
    """
    with files_kept_if_saved(photo), transaction.atomic():
        lock_project(photo.project)
        yield
