"""Photos and pictures on S3."""

import io
import tracemalloc
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db.models.fields.files import FieldFile
from PIL import Image
from pytest_django import Settings
from rest_framework.test import APIClient

from config.storage import PrivateBucket
from staging import links
from staging.downloads import PackedFile, stream_zip
from staging.models import StagedImage, StagingJob
from staging.predictions import collection
from tests.buckets import BUCKET, bucket, made_bucket, s3_url, s3_url_apart
from tests.conftest import make_photo
from tests.staging.conftest import Ask, Sandbox, ask, carry_out, opened, sandbox

__all__ = ["ask", "bucket", "s3_url", "s3_url_apart", "sandbox"]

MB = 2**20

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bucket")]


def stored_in(bucket: Any) -> set[str]:
    return {one.key for one in bucket.objects.all()}


def fetched(address: str) -> tuple[str, tuple[int, int]]:
    """Return type and size of the picture at an address, as somebody without a key gets it."""
    answer = httpx.get(address)
    assert answer.status_code == 200, answer.text
    return answer.headers["Content-Type"], Image.open(io.BytesIO(answer.content)).size


def content_of(file: FieldFile) -> bytes:
    with file.open("rb") as opened_file:
        content: bytes = opened_file.read()
    return content


def test_a_photo_is_staged_and_shown_from_the_bucket(
    bucket: Any, sandbox: Sandbox, api: APIClient
) -> None:
    upload = io.BytesIO(make_photo())
    upload.name = "room.jpg"
    asked = api.post("/api/v1/staging/jobs", {"image": upload, "room_type": "bedroom"})
    carry_out(sandbox, StagingJob.objects.get())

    job = api.get(f"/api/v1/staging/jobs/{asked.json()['id']}").json()

    assert job["status"] == "succeeded"
    (made,) = job["images"]
    assert fetched(job["photo"]["url"]) == ("image/jpeg", (300, 200))
    assert fetched(made["url"]) == ("image/webp", (made["width"], made["height"]))
    assert fetched(job["photo"]["thumbnail_url"])[0] == "image/webp"
    assert fetched(made["thumbnail_url"])[0] == "image/webp"
    assert len(stored_in(bucket)) == 4


def test_addresses_are_signed_and_expire(s3_url: str) -> None:
    name = default_storage.save("pictures/a.webp", ContentFile(b"a picture"))

    address = links.link_to(name)

    query = parse_qs(urlsplit(address).query)
    assert address.startswith(f"{s3_url}/{BUCKET}/pictures/a.webp?")
    assert (query["X-Amz-Expires"], query["X-Amz-Algorithm"]) == (["3600"], ["AWS4-HMAC-SHA256"])
    assert query["X-Amz-Credential"][0].endswith("/eu-central-1/s3/aws4_request")
    assert len(query["X-Amz-Signature"][0]) == 64


def test_an_address_stays_for_a_quarter_of_its_age(monkeypatch: pytest.MonkeyPatch) -> None:
    def at(second: int) -> str:
        monkeypatch.setattr("time.time", lambda: 1_800_000_000.0 + second)
        return links.link_to("pictures/a.webp")

    made = [links._foreign_link.cache_info().misses]
    for second in (0, 899, 900):
        at(second)
        made.append(links._foreign_link.cache_info().misses)

    assert [one - made[0] for one in made] == [0, 1, 1, 2]


def test_a_picture_is_saved_under_a_name() -> None:
    name = default_storage.save("pictures/a.webp", ContentFile(b"a picture"))

    answer = httpx.get(links.link_to(name, download_as="Küche"))

    assert answer.headers["Content-Disposition"] == "attachment; filename*=utf-8''K%C3%BCche.webp"
    assert answer.headers["Cache-Control"] == "private, max-age=3600, immutable"


def test_photo_and_pictures_are_read_and_deleted(bucket: Any, sandbox: Sandbox, ask: Ask) -> None:
    job = carry_out(sandbox, ask())
    image = StagedImage.objects.get()

    assert opened(image).size == (image.width, image.height)
    assert len(content_of(job.photo.file)) == job.photo.size
    for file in (image.file, image.thumbnail, job.photo.file, job.photo.thumbnail):
        default_storage.delete(str(file))
    assert stored_in(bucket) == set()
    # What is gone already is no error.
    default_storage.delete(str(image.file))


def test_storing_twice_stores_once(bucket: Any) -> None:
    names = [collection._store("pictures/a.webp", b"a picture") for _ in range(2)]
    names.append(default_storage.save("pictures/a.webp", ContentFile(b"a picture")))

    assert (set(names), stored_in(bucket)) == ({"pictures/a.webp"}, {"pictures/a.webp"})


def test_a_long_file_is_never_whole_in_memory(
    s3_url_apart: str, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "long"
    with path.open("wb") as file:
        file.truncate(100 * MB)

    with made_bucket(s3_url_apart, settings):
        default_storage.save("uploads/first", ContentFile(b"so that boto3 is loaded"))
        tracemalloc.start()
        with path.open("rb") as file:
            name = default_storage.save("uploads/long", File(file))
        _, sending = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        packed = stream_zip([PackedFile(name, "long", 100 * MB)], folder="all")
        received = sum(len(piece) for piece in packed)
        _, receiving = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert received > 100 * MB
    assert (sending < 8 * MB, receiving < 8 * MB) == (True, True), (sending, receiving)


def test_a_file_that_is_gone_is_not_found() -> None:
    with pytest.raises(FileNotFoundError):
        default_storage.open("pictures/none.webp")


@pytest.mark.parametrize(
    ("options", "source"),
    [
        ({}, "https://pics.s3.amazonaws.com/"),
        ({"region_name": "eu-central-1"}, "https://pics.s3.amazonaws.com/"),
        (
            {"bucket_name": "my.pics", "region_name": "eu-central-1"},
            "https://s3.eu-central-1.amazonaws.com/my.pics/",
        ),
        ({"endpoint_url": "https://minio.example:9000"}, "https://minio.example:9000/pics/"),
        ({"endpoint_url": "https://minio.example/s3"}, "https://minio.example/s3/pics/"),
    ],
)
def test_source_begins_each_address_and_needs_no_key(
    options: dict[str, str], source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    named = {"bucket_name": "pics", **options}
    key = {"access_key": "AKNOBODY", "secret_key": "nobodys"}

    assert PrivateBucket(**named).source == source
    assert PrivateBucket(**named, **key).url("pictures/a.webp").startswith(f"{source}pictures/a")
