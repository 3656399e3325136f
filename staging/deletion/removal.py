"""Deletes rows with everything that belongs to them; the caller has locked and checked the rows.

Each function returns the files that no row names afterwards: the caller passes them to
`DiscardedFile.note` in the same transaction.
"""

import uuid
from collections.abc import Iterator, Sequence

from django.db.models import QuerySet

from staging.models import BatchPhoto, Photo, Prediction, StagingBatch, StagingJob

# Fewer than SQLite's limit of parameters in a statement, and little to hold in memory.
PIECE = 200


def remove_jobs(jobs: QuerySet[StagingJob]) -> list[str]:
    """Delete jobs with their predictions, timelines, pictures, shares and callbacks.

    The folder of each prediction is returned, not its single files: a worker that was killed while
    it collected may have left files there that no row names.
    """
    files: list[str] = []
    for piece in _pieces(list(jobs.order_by().values_list("pk", flat=True))):
        predictions = Prediction.objects.filter(job__in=piece).order_by()
        files += [f"pictures/{pk}/" for pk in predictions.values_list("pk", flat=True)]
        StagingJob.objects.filter(pk__in=piece).only("pk").delete()
    return files


def remove_photos(photos: QuerySet[Photo]) -> list[str]:
    """Delete photos whose jobs are deleted already; a batch keeps the names of its photos."""
    files: list[str] = []
    for piece in _pieces(list(photos.order_by().values_list("pk", flat=True))):
        found = Photo.objects.filter(pk__in=piece).order_by()
        for names in found.values_list("file", "thumbnail"):
            files += names
        found.only("pk").delete()
    return files


def remove_batches(batches: QuerySet[StagingBatch]) -> list[str]:
    """Delete batches with the uploads that no worker has read."""
    files: list[str] = []
    for piece in _pieces(list(batches.order_by().values_list("pk", flat=True))):
        photos = BatchPhoto.objects.filter(batch__in=piece).exclude(upload="").order_by()
        files += photos.values_list("upload", flat=True)
        StagingBatch.objects.filter(pk__in=piece).only("pk").delete()
    return files


def _pieces(keys: Sequence[uuid.UUID]) -> Iterator[Sequence[uuid.UUID]]:
    return (keys[at : at + PIECE] for at in range(0, len(keys), PIECE))
