"""The files of a request: how many descriptors they hold, and what their bytes are."""

import io
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from PIL import Image
from rest_framework.test import APIClient

from staging.models import BatchPhoto
from tests.conftest import make_photo
from tests.staging.batch_requests import zip_file

BATCHES, JOBS, STAGE = "/api/v1/staging/batches", "/api/v1/staging/jobs", "/admin/stage/"
SPARE = 30
# More than FILE_UPLOAD_MAX_MEMORY_SIZE in all, so that the files are on disk.
EACH = 2000


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def few_descriptors(db: None) -> Iterator[None]:
    """Let this process open no more than SPARE files beside those that it has."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors() + SPARE, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def files(count: int, *, padding: int = EACH) -> list[SimpleUploadedFile]:
    # Bytes behind a photo's end make each file another.
    return [
        SimpleUploadedFile(f"{number}.jpg", make_photo(20, 20) + bytes([number % 256]) * padding)
        for number in range(count)
    ]


def test_batch_of_200_files_needs_few_descriptors(few_descriptors: None, api: APIClient) -> None:
    before = descriptors()
    sent = files(200)

    answer = api.post(BATCHES, {"images": sent, "room_type": "bedroom"}, format="multipart")

    assert answer.status_code == 202, answer.content
    stored = []
    for photo in BatchPhoto.objects.order_by("position"):
        with default_storage.open(photo.upload) as file:
            stored.append(file.read())
    for file in sent:
        file.seek(0)
    assert stored == [file.read() for file in sent]
    assert descriptors() <= before + 1


def test_zip_of_200_files_needs_few_descriptors(few_descriptors: None, api: APIClient) -> None:
    archive = zip_file(*((file.name or "", file.read()) for file in files(200)))

    answer = api.post(BATCHES, {"archive": archive, "room_type": "bedroom"}, format="multipart")

    assert answer.status_code == 202, answer.content
    assert BatchPhoto.objects.exclude(upload="").count() == 200


@pytest.mark.parametrize(
    ("address", "field", "told"),
    [
        (BATCHES, "images", {"images": ["Send at most 200 files."]}),
        (JOBS, "image", {"detail": "The request has more than 201 files."}),
    ],
)
def test_thousand_files_are_refused_by_the_api(
    few_descriptors: None, api: APIClient, address: str, field: str, told: dict[str, Any]
) -> None:
    before = descriptors()

    answer = api.post(address, {field: files(1000)}, format="multipart")

    assert (answer.status_code, answer.json()) == (400, told)
    assert descriptors() <= before + 1
    assert not default_storage.exists("uploads")
    assert not default_storage.exists("photos")


def test_thousand_files_are_refused_by_the_stage_page(
    few_descriptors: None, admin_page: Client
) -> None:
    before = descriptors()

    answer = admin_page.post(STAGE, {"images": files(1000)})

    assert answer.status_code == 400
    assert "You sent more than 200 photos at once. Nothing was stored" in answer.content.decode()
    assert descriptors() <= before + 1
    assert not default_storage.exists("uploads")


def parsed(*sent: SimpleUploadedFile) -> Any:
    """Return a request with these files, as a view gets it."""
    body = encode_multipart(BOUNDARY, {"files": list(sent)})
    return RequestFactory().generic("POST", "/", body, content_type=MULTIPART_CONTENT)


def test_files_are_read_each_at_a_place_of_its_own() -> None:
    request = parsed(
        SimpleUploadedFile("a.txt", b"a" * 2**18), SimpleUploadedFile("b.txt", b"0123456789")
    )

    first, second = request.FILES.getlist("files")

    assert (first.name, first.size, second.name, second.size) == ("a.txt", 2**18, "b.txt", 10)
    assert second.read(4) == b"0123"
    assert first.read() == b"a" * 2**18
    assert (second.read(), second.read(), second.tell()) == (b"456789", b"", 10)
    assert (second.seek(-3, io.SEEK_END), second.read()) == (7, b"789")
    assert (second.seek(2), second.seek(3, io.SEEK_CUR), second.read(2)) == (2, 5, b"56")
    assert (second.seek(100), second.read()) == (100, b"")
    with pytest.raises(ValueError, match="before"):
        second.seek(-1)
    with pytest.raises(OSError, match="fileno"):
        second.fileno()
    request.close()


def test_only_file_has_a_descriptor_that_reads_its_bytes() -> None:
    photo = make_photo(600, 400, quality=95) + bytes(2**18)
    request = parsed(SimpleUploadedFile("room.jpg", photo))

    (file,) = request.FILES.getlist("files")

    assert os.fstat(file.fileno()).st_size == len(photo)
    assert os.pread(file.fileno(), len(photo), 0) == photo
    assert Image.open(file).size == (600, 400)
    request.close()


def test_temporary_file_ends_with_the_request() -> None:
    before = descriptors()
    request = parsed(*files(50, padding=20_000))

    sent = request.FILES.getlist("files")
    open_meanwhile = descriptors()
    request.close()

    assert (len(sent), open_meanwhile, descriptors()) == (50, before + 1, before)
    with pytest.raises(ValueError, match="closed"):
        sent[0].read()


def test_small_form_stays_in_memory(operator: User) -> None:
    before = descriptors()
    request = parsed(SimpleUploadedFile("room.jpg", make_photo()))

    assert request.FILES["files"].read() == make_photo()
    assert descriptors() == before
