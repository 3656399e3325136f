"""`manage.py stage_folder`: as somebody runs it, on a terminal and in a script."""

import io
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection

from staging.models import BatchPhoto, Project, ProjectMember, StagedImage, StagingBatch
from tests import databases
from tests.conftest import make_photo
from tests.processes import ROOT, wait_for
from tests.staging.batch_requests import carry_out_all
from tests.staging.conftest import Sandbox


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two photos, and what lies about beside them."""
    files = {
        "hall.jpg": make_photo(),
        "Living Room/1.JPG": make_photo(),
        "plan.pdf": b"x",
        ".hidden/2.jpg": b"x",
        "Living Room/._1.JPG": b"x",
    }
    for name, content in files.items():
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "photos"


class Terminal(io.StringIO):
    """What a command writes to; calls back at each line, which a worker can use."""

    def __init__(self, on_write: Callable[[], None] = lambda: None, *, tty: bool = False) -> None:
        super().__init__()
        self._on_write, self._tty = on_write, tty

    def isatty(self) -> bool:
        return self._tty

    def write(self, text: str) -> int:
        self._on_write()
        return super().write(text)


def run(folder: Path, *options: str, out: Any = None) -> tuple[str, str]:
    """Return what the command writes, and what it complains of."""
    out, err = out or io.StringIO(), io.StringIO()
    call_command("stage_folder", str(folder), "--user", "olga", *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.mark.parametrize("tty", [False, True])
def test_a_folder_is_staged(sandbox: Sandbox, operator: User, folder: Path, tty: bool) -> None:
    def work() -> None:
        if StagingBatch.objects.exists():
            carry_out_all(sandbox)

    out = Terminal(work, tty=tty)

    told, complaints = run(
        folder, "--style", "modern", "--style", "scandinavian", "--room-type", "bedroom",
        "--project", "Elm Street", out=out,
    )  # fmt: skip

    batch = StagingBatch.objects.get()
    assert list(batch.photos.values_list("name", "room_type")) == [
        ("hall.jpg", "bedroom"), ("Living Room/1.JPG", "living_room"),
    ]  # fmt: skip
    assert (batch.project.name, batch.owner, complaints) == ("Elm Street", operator, "")
    assert f"/admin/staging/stagingbatch/{batch.pk}/change/" in told
    assert "100 %, 4 of 4 made" in told
    assert ("[####" in told) is tty
    assert "All 4 pictures are ready." in told
    for image in StagedImage.objects.all():
        assert default_storage.path(image.file.name or "") in told


def test_it_says_beforehand_what_it_finds_in_a_folder_as_in_a_zip(
    operator: User, folder: Path
) -> None:
    names = (
        "Unit 9/01 Bedroom/1.jpg", "Unit 10/Foo/10.jpg", "Unit 10/Foo/9.jpg", "Unit 10/Foo/9.json",
        "Unit 10/Foo/9.CR2", "Unit 10/@eaDir/9.jpg", "Unit 10/Foo/10.DNG.xmp",
    )  # fmt: skip
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")

    dry, _ = run(folder, "--dry-run", "--project", "Elm Street")
    nothing = StagingBatch.objects.count(), Project.objects.count()
    told, _ = run(folder, "--no-wait")

    assert dry.splitlines() == [
        "Photos: 3 as default, 1 as living_room, 1 as bedroom.",
        "No room was found for Unit 10/Foo (2 photos). Staged as default.",
        "4 other files were passed over: 1 .cr2, 1 .json, 1 .pdf, 1 .xmp.",
    ]
    assert (nothing, told.startswith(dry)) == ((0, 0), True)
    batch = StagingBatch.objects.get()
    assert list(batch.photos.values_list("name", flat=True)) == [
        "hall.jpg", "Living Room/1.JPG", "Unit 9/01 Bedroom/1.jpg", "Unit 10/Foo/9.jpg",
        "Unit 10/Foo/10.jpg",
    ]  # fmt: skip
    assert batch.passed_over == {".pdf": 1, ".json": 1, ".cr2": 1, ".xmp": 1}
    assert batch.folders_without_room == {"Unit 10/Foo": 2}


def test_what_is_refused_is_said_beforehand_and_counted_as_no_photo(
    operator: User, folder: Path
) -> None:
    (folder / "plan.gif").write_bytes(b"x")
    (folder / "empty.jpg").write_bytes(b"")

    told, _ = run(folder, "--dry-run")

    assert told.splitlines() == [
        "Photos: 1 as default, 1 as living_room.",
        "1 other file was passed over: 1 .pdf.",
        "Refused: empty.jpg: This file is empty: send it again.",
        "Refused: plan.gif: This is not called like a photo: we take JPEG, PNG, WebP, HEIC, AVIF"
        " and TIFF.",
    ]


def test_what_failed_is_told_and_the_exit_code_says_so(
    sandbox: Sandbox, operator: User, folder: Path
) -> None:
    (folder / "broken.jpg").write_bytes(make_photo()[:800])
    (folder / "empty.jpg").write_bytes(b"")
    err = io.StringIO()

    with pytest.raises(CommandError, match="2 failed, 2 pictures are ready") as refusal:
        call_command(
            "stage_folder", str(folder), "--user", "olga", stderr=err,
            stdout=Terminal(lambda: carry_out_all(sandbox)),
        )  # fmt: skip

    assert refusal.value.returncode == 1
    assert "broken.jpg: This photo is damaged or incomplete" in err.getvalue()
    assert "empty.jpg: This file is empty" in err.getvalue()


def test_no_wait_leaves_at_once(operator: User, folder: Path) -> None:
    told, _ = run(folder, "--no-wait")

    assert told.splitlines()[2:] == [
        f"{batch}: /admin/staging/stagingbatch/{batch.pk}/change/"
        for batch in StagingBatch.objects.all()
    ]
    assert BatchPhoto.objects.filter(status="waiting").count() == 2


def test_more_than_200_photos_are_several_batches(operator: User, tmp_path: Path) -> None:
    for number in range(201):
        (tmp_path / f"{number:03}.jpg").write_bytes(b"x")

    run(tmp_path, "--no-wait")

    assert sorted(batch.photos.count() for batch in StagingBatch.objects.all()) == [1, 200]


def test_a_project_of_that_name_is_used(operator: User, stranger: User, folder: Path) -> None:
    theirs = Project.objects.create(owner=stranger, name="Elm Street")
    ProjectMember.objects.create(project=theirs, user=operator, may_edit=True)

    run(folder, "--project", "Elm Street", "--no-wait")

    assert StagingBatch.objects.get().project == theirs


def test_a_project_that_may_only_be_seen_is_not_used(
    operator: User, stranger: User, folder: Path
) -> None:
    theirs = Project.objects.create(owner=stranger, name="Elm Street")
    ProjectMember.objects.create(project=theirs, user=operator, may_edit=False)

    run(folder, "--project", "Elm Street", "--no-wait")

    assert StagingBatch.objects.get().project.owner == operator


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--style", "baroque-ish"], "baroque-ish"),
        (["--room-type", "hangar"], "hangar"),
        (["--model", "nobody/nothing"], "nobody/nothing"),
        (["--profile", "no such"], "no such"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(
    operator: User, folder: Path, options: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(folder, *options)

    assert (StagingBatch.objects.count(), default_storage.exists("uploads")) == (0, False)


def test_a_folder_that_is_none_and_one_without_photos(operator: User, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is not a folder"):
        run(tmp_path / "nowhere")
    with pytest.raises(CommandError, match="no photos below"):
        run(tmp_path)


def test_a_user_who_is_nobody(db: None, folder: Path) -> None:
    with pytest.raises(CommandError, match="no active user nadia"):
        call_command("stage_folder", str(folder), "--user", "nadia")


@pytest.fixture
def terminal() -> Iterator[tuple[int, list[bytes]]]:
    """A terminal: its end for a command, and what has been written there."""
    ours, theirs = pty.openpty()
    written: list[bytes] = []

    def read() -> None:
        try:
            while chunk := os.read(ours, 4096):
                written.append(chunk)
        except OSError:
            # Nobody has the other end open any more.
            return

    reader = threading.Thread(target=read)
    reader.start()
    yield theirs, written
    os.close(theirs)
    reader.join(5)
    os.close(ours)


@pytest.mark.django_db(transaction=True)
def test_interrupted_it_leaves_the_batch_going(
    operator: User, folder: Path, tmp_path: Path, terminal: tuple[int, list[bytes]]
) -> None:
    end, written = terminal
    url = databases.of_this_test(tmp_path)
    env = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings",
           "MEDIA_ROOT": default_storage.path("")}  # fmt: skip
    command = [sys.executable, "manage.py", "stage_folder", str(folder), "--user", "olga"]
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=end, stderr=end)

    wait_for(lambda: b"0 %, 0 of 2 made" in b"".join(written))
    process.send_signal(signal.SIGINT)

    assert process.wait(20) == 130
    wait_for(lambda: b"staged without this command too" in b"".join(written))
    if connection.vendor != "sqlite":
        assert BatchPhoto.objects.filter(status="waiting").count() == 2
