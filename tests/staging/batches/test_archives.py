"""ZIPs as people, their systems and their enemies make them."""

import io
import struct
import tempfile
import time
import tracemalloc
import zipfile
from contextlib import suppress
from typing import Any

import pytest

from staging.batches.archives import ArchiveRefused, FileRefused, PhotoArchive, displayable
from tests.staging.batch_requests import packed
from tests.staging.zips import DOS_FOLDER, IS_UTF8, Entry, decomposed, unicode_path, zip_of

MB = 2**20
# Of the code pages in which a name is written in letters, that of a known room is taken.
ROOMS = ("Küche", "Łazienka")


def opened(
    file: Any, *, max_files: int = 200, max_bytes: int = 100 * MB, is_directory_alone: bool = False
) -> PhotoArchive:
    return PhotoArchive(
        file,
        max_files=max_files,
        max_bytes=max_bytes,
        is_known_folder=ROOMS.__contains__,
        is_directory_alone=is_directory_alone,
    )


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
            ("Icon\r", b"x"),
            ("@eaDir/1.jpg/SYNOPHOTO_THUMB_XL.jpg", b"x"),
            ("kitchen.heic", b"two"),
        )
    )

    told = [(file.name, file.size, file.error) for file in archive.files]

    assert told == [("kitchen.heic", 3, ""), ("bedroom/1.JPG", 3, "")]
    assert (read(archive), archive.passed_over) == ([b"two", b"one"], {})


def test_side_files_are_passed_over_and_count_in_no_limit() -> None:
    photos = [(f"IMG_{number}.jpg", b"x") for number in range(105)]
    notes = [(f"IMG_{number}.jpg.json", bytes(MB)) for number in range(105)]
    others = [("IMG_1.MOV", b"x"), ("IMG_2.AAE", b"x"), ("plan.pdf", b"x"), ("Album.html", b"x")]

    archive = opened(packed(*photos, *notes, *others), max_files=105, max_bytes=MB)

    assert [file.name for file in archive.files] == [name for name, _ in photos]
    assert archive.passed_over == {".json": 105, ".mov": 1, ".aae": 1, ".pdf": 1, ".html": 1}


def test_a_raw_file_is_passed_over_beside_its_photo_alone() -> None:
    archive = opened(
        packed(("a/1.CR2", b"x"), ("a/1.jpg", b"x"), ("b/1.CR2", b"x"), ("2.dng", b"x"))
    )

    told = {file.name: file.error.partition(":")[0] for file in archive.files}

    raw = "This is a camera's RAW file, without its JPEG beside it"
    assert told == {"a/1.jpg": "", "b/1.CR2": raw, "2.dng": raw}
    assert archive.passed_over == {".cr2": 1}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("more.zip", "an archive among the photos"),
        ("MORE.RAR", "an archive among the photos"),
        ("room.svg", "not called like a photo"),
        ("room.gif", "not called like a photo"),
        ("README", "not called like a photo"),
    ],
)
def test_other_files_have_an_error(name: str, sentence: str) -> None:
    found = {file.name: file.error for file in opened(packed((name, b"x"), ("1.jpg", b"y"))).files}

    assert (sentence in found[name], found["1.jpg"]) == (True, "")


def test_files_are_in_the_order_in_which_people_count() -> None:
    names = [
        "IMG_2.jpg", "Unit 9/1.jpg", "Unit 101/IMG_10.jpg", "Unit 101/img_9.jpg", "IMG_10.jpg",
        "Unit 101/IMG_1.jpg", "Unit 101/Bath/1.jpg", "a.jpg",
    ]  # fmt: skip

    archive = opened(packed(*((name, b"x") for name in reversed(names))))

    assert [file.name for file in archive.files] == [
        "a.jpg", "IMG_2.jpg", "IMG_10.jpg", "Unit 9/1.jpg", "Unit 101/IMG_1.jpg",
        "Unit 101/img_9.jpg", "Unit 101/IMG_10.jpg", "Unit 101/Bath/1.jpg",
    ]  # fmt: skip


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
        ("Küche.jpg".encode("cp437"), True, "Küche.jpg"),
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


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        (Entry(decomposed("Küche/Séjour.jpg"), flags=IS_UTF8), "Küche/Séjour.jpg"),
        (Entry(decomposed("Küche/Séjour.jpg")), "Küche/Séjour.jpg"),
        (Entry("Küche\\1.jpg".encode("cp850")), "Küche/1.jpg"),
        (Entry("Salão/1.jpg".encode("cp850")), "Salão/1.jpg"),
        (Entry("Łazienka/1.jpg".encode("cp852")), "Łazienka/1.jpg"),
        (Entry("Кухня/План.jpg".encode("cp866")), "Кухня/План.jpg"),
        (Entry("Спальня/1.jpg".encode("cp866")), "Спальня/1.jpg"),
        (Entry("部屋/表.jpg".encode("cp932")), "部屋/表.jpg"),
        (Entry("リビング\\写真.jpg".encode("cp932")), "リビング/写真.jpg"),
        (Entry("卧室/照片.jpg".encode("gb2312")), "卧室/照片.jpg"),
        (Entry("Küche/1.jpg".encode("cp1252")), "Küche/1.jpg"),
        (
            Entry(b"Kche/1.jpg", extra=unicode_path("Küche/1.jpg", of=b"Kche/1.jpg")),
            "Küche/1.jpg",
        ),
        (
            Entry(b"new/1.jpg", extra=unicode_path("Küche/1.jpg", of=b"old/1.jpg")),
            "new/1.jpg",
        ),
        (Entry(b"a\\b/1.jpg"), "a/b/1.jpg"),
        (Entry(b"a/1.jpg", local=b"a\\1.jpg"), "a/1.jpg"),
        (
            Entry("Küche/1.jpg".encode(), local="Küche/1.jpg".encode("cp850"), flags=0),
            "Küche/1.jpg",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_names_are_read_in_the_form_of_their_packer(entry: Entry, path: str) -> None:
    archive = opened(zip_of(entry))

    assert ([file.name for file in archive.files], read(archive)) == ([path], [b"x"])


def test_one_code_page_is_told_by_all_names_of_an_archive() -> None:
    names = ["Гостиная/1.jpg", "Ванная/2.jpg", "ПЛАН.jpg", "я.jpg"]

    archive = opened(zip_of(*(Entry(name.encode("cp866")) for name in names)))

    assert {file.name for file in archive.files} == set(names)


def test_a_name_is_known_in_the_forms_of_other_programs() -> None:
    (file,) = opened(zip_of(Entry("Кухня/1.jpg".encode("cp866")))).files

    # As zipfile shows it, and as a Western Windows does.
    raw = "Кухня/1.jpg".encode("cp866")
    assert {raw.decode("cp437"), raw.decode("cp850"), "Кухня/1.jpg"} <= set(file.other_names)


@pytest.mark.parametrize(
    "folder",
    [
        Entry(b"Bedroom/", b""),
        Entry(b"Bedroom\\", b""),
        Entry(b"Bedroom", b"", attributes=DOS_FOLDER),
        Entry(b"Bedroom", b"", attributes=0o040755 << 16),
        Entry(b"Bedroom", b""),
        Entry(b"Bedroom.jpg", b"", attributes=DOS_FOLDER),
    ],
)
def test_a_folder_is_no_photo_however_it_is_written(folder: Entry) -> None:
    archive = opened(zip_of(folder, Entry(b"Bedroom/1.jpg"), Entry(b"2.jpg", b"")))

    assert [(file.name, file.error) for file in archive.files] == [
        ("2.jpg", ""), ("Bedroom/1.jpg", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "names",
    [
        [b"%d.jpg" % number for number in range(10_000)],
        [f"Кухня/{number:05}.json".encode("cp866") for number in range(10_000)],
        ["я/".encode("cp866") * 4000 + b"%d.jpg" % number for number in range(120)],
        ["яЖ1 ".encode("cp866") * 7000 + b"/%d.jpg" % number for number in range(30)],
        [b"9" * 60_000 + b"%d.jpg" % number for number in range(16)],
    ],
    ids=["photos", "side-files", "deep", "long", "digits"],
)
def test_a_directory_of_the_longest_length_costs_little(names: list[bytes]) -> None:
    file = zip_of(Entry(b"a.jpg"), *(Entry(name, b"") for name in names))
    tracemalloc.start()
    began = time.process_time()
    try:
        with suppress(ArchiveRefused):
            opened(file)
        peak, took = tracemalloc.get_traced_memory()[1], time.process_time() - began
    finally:
        tracemalloc.stop()

    # Of which tracing takes the most.
    assert (took < 8, peak < 60 * MB) == (True, True), (took, peak / MB)


def test_the_end_of_a_zip_says_what_is_in_it() -> None:
    content = packed(("Bedroom/1.jpg", bytes(MB)), ("1.json", b"x")).getvalue()
    start = content.index(b"PK\1\2")

    for end in (content[start:], content[start - 50 :]):
        archive = opened(io.BytesIO(end), is_directory_alone=True)
        assert [(file.name, file.size, file.error) for file in archive.files] == [
            ("Bedroom/1.jpg", MB, "")
        ]
        assert archive.passed_over == {".json": 1}


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
        (zip_of_many(201), "holds 201 photos; we take at most 200"),
        (packed(), "empty"),
        (packed(("folder/", b""), (".DS_Store", b"x")), "empty"),
        (packed(("1.json", b"x"), ("2.JSON", b"x"), ("3.mov", b"x")), "holds 2 .json, 1 .mov"),
        (packed(*((f"{n}.jpg", bytes(20 * MB)) for n in range(6))), "more than"),
    ],
    ids=["nothing", "photo", "no-end", "directory", "201", "empty", "litter", "side-files", "bomb"],
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


@pytest.mark.parametrize("offset", [2**62, 2**64 - 1])
def test_an_entry_that_lies_beyond_all_files_is_damaged(offset: int) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(packed(("1.jpg", b"one")).getvalue())
        archive = opened(file)
        # As ZIP64 can say it.
        archive.files[0]._info.header_offset = offset

        with pytest.raises(FileRefused, match="damaged inside"):
            read(archive)


def test_a_name_that_is_not_the_utf8_it_says_costs_no_photo() -> None:
    raw = "Küche/1.jpg".encode("cp850")
    archive = opened(
        zip_of(
            Entry(raw, b"first", flags=IS_UTF8),
            Entry("Łazienka/2.jpg".encode(), b"second", flags=IS_UTF8),
            Entry(b"\xed\xa0\x80.jpg", b"half a surrogate", flags=IS_UTF8),
        )
    )

    contents = {}
    for file in archive.files:
        with archive.open(file, max_bytes=100) as unpacked:
            contents[file.name] = unpacked.read()

    assert contents["Küche/1.jpg"] == b"first"
    assert contents["Łazienka/2.jpg"] == b"second"
    assert b"half a surrogate" in contents.values()
