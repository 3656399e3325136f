"""Pictures as a ZIP: what is in it, what it is called, and that it is never held whole."""

import io
import tracemalloc
import unicodedata
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from staging.batches import preparation
from staging.batches.requesting import request_batch
from staging.batches.sent import from_upload
from staging.downloads import CHUNK, PackedFile, name_picture, safe_name, stream_zip
from staging.jobs.request import StagingRequest
from staging.models import Project, StagedImage, StagingJob
from staging.projects import create_project, set_member
from tests.conftest import client_of, make_photo
from tests.staging.finished import finish, stage, staged

MB = 2**20


@pytest.fixture
def project(operator: User) -> Project:
    return create_project("Elm Street 5", owner=operator)


ACCEPTED = "?verdict=accepted"


def opened(answer: Any) -> zipfile.ZipFile:
    """Return a streamed answer as the ZIP that a client would open, checked."""
    found = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert found.testzip() is None
    return found


def download(api: APIClient, project: Project, query: str = "") -> zipfile.ZipFile:
    return opened(api.get(f"/api/v1/staging/projects/{project.pk}/pictures.zip{query}"))


def content_of(file: Any) -> bytes:
    with default_storage.open(str(file)) as opened_file:
        content: bytes = opened_file.read()
    return content


def pictures_of(job: StagingJob) -> list[StagedImage]:
    return list(StagedImage.objects.filter(prediction__job=job).order_by("position"))


def test_project_pictures_are_the_stored_ones_under_sensible_names(
    api: APIClient, project: Project, operator: User
) -> None:
    job = finish(stage(operator, project=project), pictures=2)
    kitchen = staged(operator, photo=job.photo, room_type="dining_room", style="industrial")

    answer = api.get(f"/api/v1/staging/projects/{project.pk}/pictures.zip")
    found = opened(answer)

    names = [
        "Elm Street 5/IMG_2041 - bedroom, modern.webp",
        "Elm Street 5/IMG_2041 - bedroom, modern (2).webp",
        "Elm Street 5/IMG_2041 - dining room, industrial.webp",
    ]
    files = [picture.file for one in (job, kitchen) for picture in pictures_of(one)]
    assert found.namelist() == names
    assert [found.read(name) for name in names] == [content_of(file) for file in files]
    assert {one.compress_type for one in found.infolist()} == {zipfile.ZIP_STORED}
    assert (answer.headers["Content-Type"], answer.headers["Content-Disposition"]) == (
        "application/zip",
        'attachment; filename="Elm Street 5.zip"',
    )


def test_job_pictures_are_its_own(api: APIClient, operator: User, project: Project) -> None:
    job = staged(operator, project=project)
    staged(operator, photo=job.photo)

    found = opened(api.get(f"/api/v1/staging/jobs/{job.pk}/pictures.zip"))

    assert found.namelist() == ["Elm Street 5/IMG_2041 - bedroom, modern.webp"]


def test_some_pictures_by_id_by_verdict_and_with_their_photos(
    api: APIClient, operator: User, project: Project
) -> None:
    first = staged(operator, project=project, name="a.jpg")
    second = staged(operator, project=project, name="b.jpg")
    staged(operator, project=project, name="c.jpg")
    accepted, other = pictures_of(first)[0], pictures_of(second)[0]
    StagedImage.objects.filter(pk=accepted.pk).update(verdict="accepted")

    some = download(api, project, f"?image={other.pk}&image={accepted.pk}")
    good = download(api, project, "?verdict=accepted&originals=1")

    assert some.namelist() == [
        "Elm Street 5/a - bedroom, modern.webp",
        "Elm Street 5/b - bedroom, modern.webp",
    ]
    # A folder of its own, so that it does not fall into that of all pictures.
    assert good.namelist() == [
        "Elm Street 5, accepted/a.jpg",
        "Elm Street 5, accepted/a - bedroom, modern.webp",
    ]
    assert good.read("Elm Street 5, accepted/a.jpg") == content_of(first.photo.file)


def test_zip_of_a_verdict_has_a_name_of_its_own(
    api: APIClient, operator: User, project: Project
) -> None:
    project.name = "Elm Street " * 18
    project.save()
    StagedImage.objects.filter(prediction__job=staged(operator, project=project)).update(
        verdict="accepted"
    )
    address = f"/api/v1/staging/projects/{project.pk}/pictures.zip"

    names = [
        api.get(f"{address}{query}").headers["Content-Disposition"] for query in ("", ACCEPTED)
    ]

    assert [", accepted.zip" in name for name in names] == [False, True]


def test_originals_are_there_once_however_many_pictures_were_made(
    api: APIClient, operator: User, project: Project
) -> None:
    job = staged(operator, project=project)
    staged(operator, photo=job.photo, style="industrial")
    # Another photo of the same name.
    staged(operator, project=project)

    found = download(api, project, "?originals=true").namelist()

    assert found == [
        "Elm Street 5/IMG_2041.jpg",
        "Elm Street 5/IMG_2041 - bedroom, modern.webp",
        "Elm Street 5/IMG_2041 - bedroom, industrial.webp",
        "Elm Street 5/IMG_2041 (2).jpg",
        "Elm Street 5/IMG_2041 - bedroom, modern (2).webp",
    ]


def test_photos_of_one_name_stay_in_their_folders(
    api: APIClient, operator: User, project: Project
) -> None:
    for name in ("Unit 101/IMG_1.jpg", "Unit 102/IMG_1.jpg", "unit 102/img_1.jpg", "IMG_1.jpg"):
        staged(operator, project=project, name=name)

    found = download(api, project, "?originals=true").namelist()

    assert found == [
        "Elm Street 5/Unit 101/IMG_1.jpg",
        "Elm Street 5/Unit 101/IMG_1 - bedroom, modern.webp",
        "Elm Street 5/Unit 102/IMG_1.jpg",
        "Elm Street 5/Unit 102/IMG_1 - bedroom, modern.webp",
        # Where a system ignores case, this would be the one above.
        "Elm Street 5/unit 102/img_1 (2).jpg",
        "Elm Street 5/unit 102/img_1 - bedroom, modern (2).webp",
        "Elm Street 5/IMG_1.jpg",
        "Elm Street 5/IMG_1 - bedroom, modern.webp",
    ]


def test_folders_of_photos_lead_nowhere_else(
    api: APIClient, operator: User, project: Project
) -> None:
    staged(operator, project=project, name="../CON/a:b/1.jpg")

    (name,) = download(api, project).namelist()

    assert name == "Elm Street 5/folder/_CON/a_b/1 - bedroom, modern.webp"


def test_photos_of_a_batch_are_in_the_order_in_which_they_were_sent(
    api: APIClient, operator: User, project: Project
) -> None:
    names = ("2.jpg", "10.jpg", "1.jpg")
    batch = request_batch(
        [from_upload(SimpleUploadedFile(name, make_photo())) for name in names],
        StagingRequest(room_type="bedroom"),
        owner=operator,
        project=project,
    )
    # Several workers read them in.
    batch.photos.filter(name="2.jpg").update(rank_at=timezone.now() + timedelta(seconds=9))
    while preparation.prepare_waiting():
        pass
    for job in StagingJob.objects.all():
        finish(job)

    found = download(api, project).namelist()

    assert [Path(name).name.partition(" ")[0] for name in found] == ["2", "10", "1"]


@pytest.mark.parametrize(
    ("photo", "saved"),
    [
        ("IMG_1.jpg", "IMG_1 - any room, modern"),
        ("Unit 101/IMG_1.jpg", "Unit 101, IMG_1 - any room, modern"),
        ("a/b/IMG_1.jpg", "a, b, IMG_1 - any room, modern"),
        (f"{'n' * 99}/IMG_1.jpg", f"{'n' * 85}, IMG_1 - any room, modern"),
        (f"a/{'n' * 99}.jpg", f"{'n' * 90} - any room, modern"),
    ],
)
def test_a_picture_that_is_saved_by_itself_says_its_folder(photo: str, saved: str) -> None:
    assert name_picture(photo, room="default", style="modern") == saved


def test_file_that_is_missing_is_told_in_the_zip(
    api: APIClient, operator: User, project: Project
) -> None:
    gone = staged(operator, project=project, name="a.jpg")
    staged(operator, project=project, name="b.jpg")
    default_storage.delete(str(pictures_of(gone)[0].file))

    found = download(api, project)

    assert found.namelist() == [
        "Elm Street 5/b - bedroom, modern.webp",
        "Elm Street 5/missing.txt",
    ]
    assert found.read("Elm Street 5/missing.txt").decode() == (
        "These files are no longer there:\n\nElm Street 5/a - bedroom, modern.webp\n"
    )


@pytest.mark.parametrize(
    ("query", "code", "told"),
    [
        ("", 409, {"detail": "There is no picture yet.", "code": "no_picture"}),
        (
            "?verdict=accepted",
            409,
            {"detail": "There is no accepted picture yet.", "code": "no_picture"},
        ),
        (
            "?image=1",
            409,
            {
                "detail": "None of these pictures is there: they are another's, or were deleted.",
                "code": "no_picture",
            },
        ),
        ("?image=x", 400, {"image": {"0": ["A valid integer is required."]}}),
        (f"?image={2**63}", 400, None),
        ("?verdict=fine", 400, {"verdict": ['"fine" is not a valid choice.']}),
        ("?originals=perhaps", 400, {"originals": ["Must be a valid boolean."]}),
    ],
)
def test_download_that_gives_no_zip(
    api: APIClient, project: Project, query: str, code: int, told: Any
) -> None:
    answer = api.get(
        f"/api/v1/staging/projects/{project.pk}/pictures.zip{query}", HTTP_ACCEPT="application/zip"
    )

    assert (answer.status_code, answer.headers["Content-Type"]) == (code, "application/json")
    assert told in (answer.json(), None)


def test_pictures_of_another_project_are_not_to_be_had_by_id(
    api: APIClient, operator: User, stranger: User, project: Project
) -> None:
    theirs = pictures_of(staged(stranger))[0]
    staged(operator, project=project)

    answer = api.get(f"/api/v1/staging/projects/{project.pk}/pictures.zip?image={theirs.pk}")

    assert answer.status_code == 409


def test_download_by_those_who_see_the_project(
    operator: User, stranger: User, project: Project
) -> None:
    job = staged(operator, project=project)
    User.objects.create_user("sue")
    set_member(project, "sue", may_edit=False)
    subjects = (f"projects/{project.pk}", f"jobs/{job.pk}")
    addresses = [f"/api/v1/staging/{one}/pictures.zip" for one in subjects]
    clients = [client_of(User.objects.get(username="sue")), client_of(stranger), APIClient()]

    codes = []
    for client in clients:
        answers = [client.get(address) for address in addresses]
        codes.append([one.status_code for one in answers])
        for one in answers:
            # What is not read to its end would stay open.
            b"".join(one)

    assert codes == [[200, 200], [404, 404], [401, 401]]


def test_download_takes_as_many_queries_for_many_pictures(
    api: APIClient,
    operator: User,
    project: Project,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    photo = staged(operator, project=project).photo
    for _ in range(4):
        finish(stage(operator, photo=photo), pictures=3)

    # Three find the caller by token, and its last use; one the project, one the pictures.
    with django_assert_num_queries(5):
        assert len(download(api, project, "?originals=1").namelist()) == 14


def test_stream_of_a_thousand_pictures_is_never_held(tmp_path: Any) -> None:
    """Of 1,000 pictures of a megabyte, a few pieces are in memory at a time."""
    default_storage.save("big.webp", ContentFile(bytes(MB)))
    entries = [PackedFile("big.webp", f"all/{number}.webp", MB) for number in range(1000)]

    tracemalloc.start()
    sizes = [len(chunk) for chunk in stream_zip(entries, folder="all")]
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert (sum(sizes) > 1000 * MB, max(sizes)) == (True, CHUNK)
    assert most < 4 * MB


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Elm Street 5", "Elm Street 5"),
        ("Ünter den Linden – 五番", "Ünter den Linden – 五番"),
        ('a<b>c:d"e/f\\g|h?i*j', "a_b_c_d_e_f_g_h_i_j"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("  two   spaces\tand\nlines ", "two spaces and lines"),
        ("ends with dots...", "ends with dots"),
        ("CON", "_CON"),
        ("lpt1.final", "_lpt1.final"),
        ("console", "console"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("\ud800 half", "half"),
        ("family 👩\u200d👧", "family 👩\u200d👧"),
        (unicodedata.normalize("NFD", "é"), "é"),
        ("...", "pictures"),
        ("", "pictures"),
    ],
)
def test_safe_name(words: str, name: str) -> None:
    assert safe_name(words) == name


@pytest.mark.parametrize("letter", ["x", "é", "五", "👩"])
def test_safe_name_is_short_enough_for_every_file_system(letter: str) -> None:
    assert 170 < len(safe_name(letter * 300).encode()) <= 180


def test_names_of_a_long_photo_still_tell_its_room(
    api: APIClient, operator: User, project: Project
) -> None:
    for _ in range(2):
        staged(operator, project=project, name="n" * 250 + ".jpg")

    names = [name.partition("/")[2] for name in download(api, project).namelist()]

    stem = "n" * 90
    assert names == [f"{stem} - bedroom, modern.webp", f"{stem} - bedroom, modern (2).webp"]


def test_names_that_differ_in_case_alone_are_told_apart(
    api: APIClient, operator: User, project: Project
) -> None:
    for name in ("a.jpg", "A.jpg"):
        staged(operator, project=project, name=name)

    assert download(api, project).namelist() == [
        "Elm Street 5/a - bedroom, modern.webp",
        "Elm Street 5/A - bedroom, modern (2).webp",
    ]


def test_name_of_the_download_keeps_its_letters(api: APIClient, operator: User) -> None:
    project = create_project("Großer Hof / 五番", owner=operator)
    staged(operator, project=project)

    answer = api.get(f"/api/v1/staging/projects/{project.pk}/pictures.zip")
    opened(answer)

    assert answer.headers["Content-Disposition"] == (
        "attachment; filename*=utf-8''Gro%C3%9Fer%20Hof%20_%20%E4%BA%94%E7%95%AA.zip"
    )
