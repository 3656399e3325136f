"""A photo that is there already."""

import pytest
from django.contrib.auth.models import User

from staging.models import Photo, Project
from staging.photos import Upload, add_photo


@pytest.fixture
def photo(operator: User, photo_bytes: bytes) -> Photo:
    return add_photo(
        Upload(photo_bytes, name="hall.jpg"),
        owner=operator,
        project=Project.objects.unsorted_of(operator),
    )
