"""Jobs as clients ask for them, and what is stored then."""

import json
from typing import Any

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from staging.models import Photo, StagingJob
from tests.conftest import make_photo

JOBS = "/api/v1/staging/jobs"


def upload(content: bytes | None = None, name: str = "room.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, make_photo() if content is None else content)


def post(api: APIClient, **fields: Any) -> Any:
    """Ask for a job as a form does."""
    api.raise_request_exception = False
    return api.post(JOBS, fields, format="multipart")


def post_json(api: APIClient, body: str | dict[str, Any]) -> Any:
    api.raise_request_exception = False
    text = body if isinstance(body, str) else json.dumps(body)
    return api.generic("POST", JOBS, text, content_type="application/json")


def everything_stored() -> tuple[int, int, list[str]]:
    """Count photos and jobs, and name what lies in the storage."""
    folders = ("photos", "pictures")
    there = [one for one in folders if default_storage.exists(one)]
    files = [name for one in there for name in default_storage.listdir(one)[1]]
    return Photo.objects.count(), StagingJob.objects.count(), files
