"""ZIPs as people, their systems and their enemies make them."""

import io
import struct
import tracemalloc
import zipfile
from typing import Any

import pytest

from staging.batches.archives import ArchiveRefused, FileRefused, PhotoArchive, displayable
from tests.staging.batch_requests import packed

MB = 2**20


def opened(file: Any, *, max_files: int = 200, max_bytes: int = 100 * MB) -> PhotoArchive:
    return PhotoArchive(file, max_files=max_files, max_bytes=max_bytes)


def read(archive: PhotoArchive, *, max_bytes: int = MB) -> list[bytes]:
    """Return the bytes of all files that are no error."""
    contents = []
    for file in archive.files:
        if not file.error:
            with archive.open(file, max_bytes=max_bytes) as unpacked:
                contents.append(unpacked.read())
    return contents


def test_files_are_those_of_the_archive_without_litter() -> None:
    archive = opened(
        packed(
            ("bedroom/", b""),
            ("bedroom/1.JPG", b"one"),
            ("bedroom/.DS_Store", b"x"),
            ("__MACOSX/bedroom/._1.JPG", b"x"),
            (".hidden/2.jpg", b"x"),
            ("Thumbs.db", b"x"),
            ("kitchen.heic", b"two"),
        )
    )

    told = [(one.name, one.size, one.error) for one in archive.files]

    assert told == [("bedroom/1.JPG", 3, ""), ("kitchen.heic", 3, "")]
    assert read(archive) == [b"one", b"two"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("more.zip", "an archive inside the ZIP"),
        ("MORE.RAR", "an archive inside the ZIP"),
        ("plan.pdf", "not called like a photo"),
        ("room.svg", "not called like a photo"),
        ("README", "not called like a photo"),
    ],
)
def test_other_files_have_an_error(name: str, sentence: str) -> None:
    (file, photo) = opened(packed((name, b"x"), ("1.jpg", b"y"))).files

    assert (sentence in file.error, photo.error) == (True, "")


def test_a_locked_entry_says_so() -> None:
    content = bytearray(packed(("1.jpg", b"secret")).getvalue())
    # The flags stand behind the signature and the versions, in both places.
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1

    (file,) = opened(io.BytesIO(content)).files

    assert "password" in file.error


def test_an_entry_packed_without_a_bound_is_not_read() -> None:
    (file,) = opened(packed(("1.jpg", b"x" * 99), method=zipfile.ZIP_BZIP2)).files

    assert "make an ordinary ZIP" in file.error


@pytest.mark.parametrize(
    ("raw", "is_marked", "shown"),
    [
        ("Küche/café.jpg".encode(), True, "Küche/café.jpg"),
        ("Küche/café.jpg".encode(), False, "Küche/café.jpg"),
        ("Küche.jpg".encode("cp437"), False, "Küche.jpg"),
        ("部屋.jpg".encode(), True, "部屋.jpg"),
        (b"../../etc/1.jpg", False, "etc/1.jpg"),
        (b"/etc/1.jpg", False, "etc/1.jpg"),
        (b"C:\\photos\\1.jpg", False, "photos/1.jpg"),
        (b"a\x1b[31m\n.jpg", False, "a�[31m�.jpg"),
        (b"n" * 300 + b".jpg", False, "…" + "n" * 250 + ".jpg"),
    ],
)
def test_names_are_shown_and_lead_nowhere(raw: bytes, is_marked: bool, shown: str) -> None:
    placeholder = "x" * len(raw)
    content = packed((placeholder, b"x")).getvalue().replace(placeholder.encode(), raw)
    if is_marked:
        at = content.index(b"PK\x01\x02") + 8
        content = content[:at] + struct.pack("<H", 0x800) + content[at + 2 :]

    (file,) = opened(io.BytesIO(content)).files

    assert file.name == shown


@pytest.mark.parametrize("path", ["", "..", "/", "C:\\"])
def test_displayable_of_nothing_is_something(path: str) -> None:
    assert displayable(path) == "unnamed"


def zip_of_many(count: int) -> Any:
    return packed(*((f"{number}.jpg", b"x") for number in range(count)))


def with_long_directory(declared: int) -> Any:
    """Return a ZIP that says its directory has so many bytes, and has as many."""
    content = bytes(declared)
    return io.BytesIO(content + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, declared, 0, 0))


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (io.BytesIO(b""), "damaged or incomplete"),
        (io.BytesIO(b"\xff\xd8 a photo"), "damaged or incomplete"),
        (io.BytesIO(zip_of_many(9).getvalue()[:-9]), "damaged or incomplete"),
        (with_long_directory(2 * MB), "damaged or incomplete"),
        (zip_of_many(201), "holds 201 files; we take at most 200"),
        (packed(), "empty"),
        (packed(("folder/", b""), (".DS_Store", b"x")), "empty"),
        (packed(*((f"{n}.jpg", bytes(20 * MB)) for n in range(6))), "more than"),
    ],
    ids=["nothing", "photo", "no-end", "directory", "201", "empty", "litter", "bomb"],
)
def test_archives_that_are_refused(file: Any, sentence: str) -> None:
    with pytest.raises(ArchiveRefused, match=sentence):
        read(opened(file))


def test_a_directory_is_not_read_before_its_length_is_known() -> None:
    file = with_long_directory(50 * MB)
    tracemalloc.start()
    try:
        with pytest.raises(ArchiveRefused):
            opened(file)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 2 * MB


def test_a_bomb_is_left_as_soon_as_it_is_too_large() -> None:
    archive = opened(packed(("1.jpg", bytes(50 * MB)), ("2.jpg", b"fine")))
    bomb, fine = archive.files
    tracemalloc.start()
    try:
        with pytest.raises(FileRefused, match="1 MB"), archive.open(bomb, max_bytes=MB):
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 4 * MB
    with archive.open(fine, max_bytes=MB) as file:
        assert file.read() == b"fine"


def test_a_bomb_that_declares_little_yields_no_more_than_that() -> None:
    content = bytearray(packed(("1.jpg", bytes(5 * MB))).getvalue())
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = struct.pack("<L", 10)
    archive = opened(io.BytesIO(content))

    # What it unpacks to does not have the sum that stands there.
    with pytest.raises(FileRefused, match="damaged inside"):
        read(archive)


def test_a_damaged_entry_leaves_the_others() -> None:
    content = bytearray(packed(("1.jpg", b"one" * 99), ("2.jpg", b"two")).getvalue())
    content[len("1.jpg") + 30 + 2] ^= 0xFF
    archive = opened(io.BytesIO(content))
    broken, fine = archive.files

    with pytest.raises(FileRefused, match="damaged inside"), archive.open(broken, max_bytes=MB):
        pass
    with archive.open(fine, max_bytes=MB) as file:
        assert file.read() == b"two"


def test_a_name_that_begins_with_nul_is_no_photo() -> None:
    content = packed(("x.jpg", b"one")).getvalue().replace(b"x.jpg", b"\0.jpg")

    (file,) = opened(io.BytesIO(content)).files

    assert (file.name, file.error[:32]) == ("unnamed", "This is not called like a photo:")


def test_an_entry_that_lies_beyond_all_files_is_damaged() -> None:
    archive = opened(packed(("1.jpg", b"one")))
    # As ZIP64 can say it.
    archive.files[0]._info.header_offset = 2**62

    with pytest.raises(FileRefused, match="damaged inside"):
        read(archive)
