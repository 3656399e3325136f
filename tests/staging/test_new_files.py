"""Files that are stored before their rows: what becomes of them where saving the rows fails."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import OperationalError, connection, transaction

from staging.batches import preparation
from staging.batches.replacing import replace_photo
from staging.batches.requesting import request_batch
from staging.batches.sent import from_upload
from staging.jobs.request import StagingRequest
from staging.models import BatchPhoto, Photo, Prediction, Project, StagedImage, StagingJob
from staging.new_files import NewFiles
from staging.photos import Upload, add_photo
from staging.predictions import collection
from tests.conftest import make_photo
from tests.lines import Line
from tests.missing import POSTGRES, needs
from tests.staging.batch_requests import photo_file, prepare_all
from tests.staging.conftest import ask, collecting, sandbox
from tests.staging.finished import stage, stored

__all__ = ["ask", "collecting", "sandbox"]


@pytest.fixture
def line() -> Iterator[Line]:
    """The line that this thread's connection to PostgreSQL takes."""
    there = connection.settings_dict
    line = Line((there["HOST"], int(there["PORT"] or 5432)))
    was = there["HOST"], there["PORT"]
    connection.close()
    there["HOST"], there["PORT"] = "127.0.0.1", str(line.port)
    yield line
    connection.close()
    there["HOST"], there["PORT"] = was
    line.close()


def unsorted_of(owner: User) -> Project:
    return Project.objects.unsorted_of(owner)


def make_batch(owner: User, content: bytes | None = None) -> None:
    sent = [from_upload(photo_file("hall.jpg", content))]
    request_batch(sent, StagingRequest(), owner=owner, project=unsorted_of(owner))


def refused_photo(owner: User) -> BatchPhoto:
    make_batch(owner, b"no photo")
    prepare_all()
    return BatchPhoto.objects.get()


def named_files() -> list[str]:
    """Return every file that a row names."""
    names = [name for pair in Photo.objects.values_list("file", "thumbnail") for name in pair]
    names += [
        name for pair in StagedImage.objects.values_list("file", "thumbnail") for name in pair
    ]
    names += BatchPhoto.objects.exclude(upload="").values_list("upload", flat=True)
    return sorted(names)


@pytest.fixture(params=["photo", "job", "batch", "replaced", "prepared", "collected"])
def saving(request: pytest.FixtureRequest, operator: User) -> tuple[str, Callable[[], object]]:
    """A way in which files come to their rows: the statement that saves one, and the call."""
    if request.param == "photo":
        project = unsorted_of(operator)
        return 'INSERT INTO "staging_photo"', lambda: add_photo(
            Upload(make_photo()), owner=operator, project=project
        )
    if request.param == "job":
        return 'INSERT INTO "staging_photo"', lambda: stage(operator)
    if request.param == "batch":
        return 'INSERT INTO "staging_batchphoto"', lambda: make_batch(operator)
    if request.param == "replaced":
        photo = refused_photo(operator)
        return 'UPDATE "staging_batchphoto"', lambda: replace_photo(
            photo, from_upload(photo_file()), by=operator
        )
    if request.param == "prepared":
        make_batch(operator)
        return 'INSERT INTO "staging_photo"', preparation.prepare_waiting
    prediction: Prediction = request.getfixturevalue("collecting")
    assert prediction.status == "collecting"
    return 'INSERT INTO "staging_stagedimage"', collection.collect_waiting


@needs(POSTGRES)
@pytest.mark.django_db(transaction=True)
def test_commit_whose_answer_is_lost_deletes_nothing(
    saving: tuple[str, Callable[[], object]], line: Line
) -> None:
    statement, save = saving
    before = len(named_files())
    line.cut_after(statement, commit_arrives=True)

    with pytest.raises(OperationalError):
        save()

    assert line.cuts == 1
    assert len(named_files()) > before
    assert set(named_files()) <= set(stored())


@needs(POSTGRES)
@pytest.mark.django_db(transaction=True)
def test_commit_that_never_arrives_leaves_the_files_to_the_search_for_orphans(
    operator: User, line: Line
) -> None:
    project = unsorted_of(operator)
    line.cut_after('INSERT INTO "staging_photo"', commit_arrives=False)

    with pytest.raises(OperationalError):
        add_photo(Upload(make_photo()), owner=operator, project=project)

    assert (line.cuts, Photo.objects.count(), len(stored())) == (1, 0, 2)


@needs(POSTGRES)
@pytest.mark.django_db(transaction=True)
def test_photo_of_a_batch_whose_commit_was_lost_is_staged_once(operator: User, line: Line) -> None:
    make_batch(operator)
    line.cut_after('INSERT INTO "staging_photo"', commit_arrives=True)
    with pytest.raises(OperationalError):
        preparation.prepare_waiting()

    BatchPhoto.objects.update(lease_until=None)
    prepare_all()

    assert BatchPhoto.objects.get().status == "staged"
    assert (Photo.objects.count(), StagingJob.objects.count()) == (1, 1)


def kept_file() -> str:
    return default_storage.save("photos/new.jpg", ContentFile(b"a photo"))


@pytest.mark.django_db
def test_new_files_go_where_storing_or_saving_fails() -> None:
    for error in (ZeroDivisionError, KeyboardInterrupt):
        with pytest.raises(error), NewFiles([kept_file()]) as files:
            raise error(files.add(kept_file()))
        with pytest.raises(error), NewFiles([kept_file()]) as files, files.saving():
            raise error

    assert stored() == []


@pytest.mark.django_db(transaction=True)
def test_new_files_stay_where_what_follows_the_commit_fails(operator: User) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    def save() -> None:
        with NewFiles([kept_file()]) as files, files.saving():
            Project.objects.create(owner=operator, name="Elm Street 5")
            transaction.on_commit(fail)

    with pytest.raises(ZeroDivisionError):
        save()

    assert (Project.objects.count(), stored()) == (1, ["photos/new.jpg"])


@pytest.mark.django_db
def test_file_that_cannot_be_removed_hides_no_error() -> None:
    with pytest.raises(ZeroDivisionError), NewFiles(["../outside.jpg"]):
        raise ZeroDivisionError
