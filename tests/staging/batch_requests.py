"""Batches as clients send them, and the way of their photos to the pictures."""

import io
import zipfile
from typing import Any

from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from rest_framework.test import APIClient

from staging.batches import preparation
from staging.models import (
    BatchPhoto,
    Photo,
    Prediction,
    Project,
    StagingBatch,
)
from staging.photos import Upload, add_photo
from staging.predictions import collection, polling, submission
from tests.conftest import make_photo
from tests.staging.conftest import Sandbox


def packed(*files: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> Any:
    """Return a ZIP of these files."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    output.seek(0)
    return output


BATCHES = "/api/v1/staging/batches"


def photo_file(name: str = "room.jpg", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, make_photo() if content is None else content)


def post(api: APIClient, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    api.raise_request_exception = False
    return api.post(BATCHES, fields, format="multipart", headers=headers or {})


def post_json(api: APIClient, **body: Any) -> Any:
    api.raise_request_exception = False
    return api.post(BATCHES, body, format="json")


def zip_file(*files: tuple[str, bytes]) -> SimpleUploadedFile:
    return SimpleUploadedFile("photos.zip", packed(*files).getvalue())


def stored_files() -> list[str]:
    folders = [one for one in ("uploads", "photos") if default_storage.exists(one)]
    return [name for one in folders for name in default_storage.listdir(one)[1]]


def photos_of(batch: StagingBatch | None = None) -> list[tuple[str, str, str]]:
    found = BatchPhoto.objects.order_by("position")
    return list(found.values_list("name", "room_type", "status"))


def prepare_all() -> None:
    while preparation.prepare_waiting():
        pass


def carry_out_all(sandbox: Sandbox) -> None:
    """Do what the workers do, until all jobs are at their end."""
    prepare_all()
    submission.submit_waiting()
    sandbox.finish()
    Prediction.objects.update(run_after=timezone.now())
    polling.poll_running()
    collection.collect_waiting()


def make_photo_row(owner: User, project: Project | None = None) -> Photo:
    place = project or Project.objects.unsorted_of(owner)
    return add_photo(Upload(make_photo(), name="hall.jpg"), owner=owner, project=place)
