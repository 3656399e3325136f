"""What is asked of a project or a photo that somebody deletes in the same moment."""

import os

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from staging.batches.requesting import request_batch
from staging.batches.sent import from_photo
from staging.deletion.deleting import delete_photo, delete_project
from staging.errors import NotPossible
from staging.jobs.request import StagingRequest
from staging.jobs.requesting import request_staging
from staging.models import Photo, Project, StagingBatch
from staging.photos import Upload, add_photo
from staging.projects import change_project, create_project, set_member
from tests.conftest import make_photo

PROJECT_GONE = "This project was deleted meanwhile"


@pytest.fixture
def gone(operator: User) -> Project:
    """A project as a request read it before it was deleted."""
    project = create_project("Elm Street 5", owner=operator)
    delete_project(Project.objects.get(pk=project.pk))
    return project


def stored_files() -> list[str]:
    return [name for _, _, files in os.walk(settings.MEDIA_ROOT) for name in files]


def test_photo_for_a_project_that_is_gone_leaves_no_file(operator: User, gone: Project) -> None:
    with pytest.raises(NotPossible, match=PROJECT_GONE):
        add_photo(Upload(make_photo()), owner=operator, project=gone)

    assert stored_files() == []


def test_job_with_a_photo_for_a_project_that_is_gone(operator: User, gone: Project) -> None:
    with pytest.raises(NotPossible, match=PROJECT_GONE):
        request_staging(Upload(make_photo()), StagingRequest(), owner=operator, project=gone)

    assert stored_files() == []


def test_batch_of_a_photo_that_is_gone(operator: User) -> None:
    project = create_project("Elm Street 5", owner=operator)
    photo = add_photo(Upload(make_photo()), owner=operator, project=project)
    delete_photo(Photo.objects.get(pk=photo.pk))

    with pytest.raises(NotPossible, match="One of these photos was deleted meanwhile"):
        request_batch([from_photo(photo)], StagingRequest(), owner=operator, project=project)

    assert not StagingBatch.objects.exists()


def test_member_of_a_project_that_is_gone(stranger: User, gone: Project) -> None:
    with pytest.raises(NotPossible, match=PROJECT_GONE):
        set_member(gone, stranger.username, may_edit=True)


def test_change_of_a_project_that_is_gone(gone: Project) -> None:
    with pytest.raises(NotPossible, match=PROJECT_GONE):
        change_project(gone, {"name": "Elm Street 7"}, by=gone.owner)
