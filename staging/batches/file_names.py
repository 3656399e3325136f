"""Tells by its name what a file beside photos is: to be staged, to be answered, or passed over.

The same rules hold for a ZIP and for a folder on disk. Names are paths with slashes.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

_PHOTOS = "jpg jpeg jpe jfif png webp heic heif hif avif tif tiff"
PHOTO_EXTENSIONS = frozenset(f".{extension}" for extension in _PHOTOS.split())
_ARCHIVE_EXTENSIONS = frozenset((".zip", ".7z", ".rar", ".tar", ".gz", ".tgz"))
# Films, sound, documents, and what phones, cameras, photo services and editors write beside a
# photo. Pictures of other formats are not among them: their sender wants an answer.
_SIDE = """
    3gp avi insv lrv m2ts m4v mkv mov mp mp4 mpg mpeg mts webm wmv
    aac aif aiff m4a mp3 ogg wav wma
    csv doc docx htm html key log md numbers odt ods pages pdf ppt pptx rtf tsv txt xls xlsx
    aae bim cos ctg dop exif gpx ini json lrcat lrdata nks on1 plist pp3 thm vrd xml xmp
    bak bat cmd crc db exe lnk lock md5 nfo sfv sha1 sha256 sqlite tmp url webloc
"""
_RAW = """
    3fr arw cr2 cr3 crw dcr dng erf fff gpr iiq kdc mef mos mrw nef nrw orf pef raf raw rw2 rwl
    sr2 srf srw x3f
"""
_SIDE_EXTENSIONS = frozenset(f".{extension}" for extension in _SIDE.split())
_RAW_EXTENSIONS = frozenset(f".{extension}" for extension in _RAW.split())
# Hidden files and folders that operating systems and storage servers leave, and that get packed
# unnoticed; beside them, all whose name begins with a dot.
_LITTER_FILES = frozenset(("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"))
_LITTER_FOLDERS = frozenset(("__macosx", "$recycle.bin", "system volume information", "@eadir"))
_NUMBER = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Sorted:
    """The files of a ZIP or folder: those that are answered one by one, and those passed over.

    `kept` holds their places in the list that was sorted, in the order in which people count:
    `2.jpg` before `10.jpg`, a folder's files before its folders. `passed_over` counts side files by
    their extension.
    """

    kept: list[int]
    passed_over: dict[str, int]


def sort_out(names: Sequence[str]) -> Sorted:
    """Sort files by their names. What an operating system left is in neither part."""
    photos = {_stem(name) for name in names if is_photo_name(name)}
    kept, passed_over = [], Counter[str]()
    for place, name in enumerate(names):
        if is_litter_name(name):
            continue
        extension = _extension(name)
        # A camera that writes both formats writes them side by side, and the photo is enough.
        is_double = extension in _RAW_EXTENSIONS and _stem(name) in photos
        if extension in _SIDE_EXTENSIONS or is_double:
            passed_over[extension] += 1
        else:
            kept.append(place)
    kept.sort(key=lambda place: natural_key(names[place]))
    return Sorted(kept, dict(passed_over.most_common()))


def find_name_error(name: str) -> str:
    """Return why a file with this name is no photo that can be taken, or "" where it may be."""
    extension = _extension(name)
    if extension in _ARCHIVE_EXTENSIONS:
        return "This is an archive among the photos: unpack it and send its photos."
    if extension in _RAW_EXTENSIONS:
        return "This is a camera's RAW file, without its JPEG beside it: export it as a JPEG."
    if extension not in PHOTO_EXTENSIONS:
        return "This is not called like a photo: we take JPEG, PNG, WebP, HEIC, AVIF and TIFF."
    return ""


def is_photo_name(name: str) -> bool:
    """Say whether a file's name ends like that of a photo."""
    return _extension(name) in PHOTO_EXTENSIONS


def is_litter_name(name: str) -> bool:
    """Say whether a path is of a file that an operating system left: .DS_Store, __MACOSX/…"""
    parts = [part.lower() for part in name.split("/") if part not in ("", ".", "..")]
    return any(part.startswith(".") or part in _LITTER_FOLDERS for part in parts) or (
        bool(parts) and parts[-1] in _LITTER_FILES
    )


def tell_passed_over(counts: Mapping[str, int]) -> str:
    """Say what was passed over, in one sentence, or "".

    >>> tell_passed_over({".json": 105, ".mov": 2})
    '107 other files were passed over: 105 .json, 2 .mov.'
    """
    if not counts:
        return ""
    total = sum(counts.values())
    were = "file was" if total == 1 else "files were"
    return f"{total} other {were} passed over: {in_words(counts)}."


def in_words(counts: Mapping[str, int]) -> str:
    """Count by extension, the most first: `105 .json, 2 .mov`."""
    ordered = sorted(counts.items(), key=lambda counted: (-counted[1], counted[0]))
    return ", ".join(f"{count} {extension}" for extension, count in ordered)


def natural_key(path: str) -> Any:
    """Return a key that sorts paths as people count, a folder's own files before its folders."""
    *folders, name = path.split("/")
    return [(1, _counted(folder)) for folder in folders] + [(0, _counted(name))]


def _counted(word: str) -> tuple[list[Any], str]:
    # Split so, text and numbers take turns: two words are compared piece by piece. A number is
    # compared by its length, then by its digits: nothing is computed of a name of 60,000 digits.
    pieces: list[Any] = _NUMBER.split(word.casefold())
    numbers = [number.lstrip("0") for number in pieces[1::2]]
    pieces[1::2] = [(len(number), number) for number in numbers]
    return pieces, word


def _extension(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _stem(name: str) -> str:
    path = PurePosixPath(name)
    return str(path.parent / path.stem).casefold()
