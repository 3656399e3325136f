"""Photos of requests that would wait for memory behind too many others."""

import threading
from io import BytesIO

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient

from staging.models import Photo, Project
from staging.photos import Upload, add_photo
from tests.conftest import make_photo
from tests.staging.crowd import queue

SENTENCE = "Too many photos are being read at once: send it again in half a minute."

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["photos", "jobs"])
def test_upload_behind_too_many_is_answered_503(api: APIClient, path: str) -> None:
    with queue():
        file = SimpleUploadedFile("room.jpg", make_photo())
        answer = api.post(f"/api/v1/staging/{path}", {"image": file})

    assert (answer.status_code, answer.json()) == (503, {"detail": SENTENCE})
    assert answer["Retry-After"] == "30"
    assert not Photo.objects.exists()


def test_upload_behind_too_many_is_said_in_the_form(admin_page: Client) -> None:
    with queue():
        file = SimpleUploadedFile("room.jpg", make_photo())
        sent = {"images": file, "styles": "modern", "room_type": "bedroom"}
        page = admin_page.post("/admin/stage/", sent)

    assert SENTENCE in page.content.decode()


def test_photo_of_no_request_waits_for_its_turn(operator: User) -> None:
    project = Project.objects.unsorted_of(operator)
    with queue() as over:
        threading.Timer(0.2, over.set).start()
        add_photo(Upload(BytesIO(make_photo())), owner=operator, project=project)

    assert Photo.objects.count() == 1
