"""Reads the names of a ZIP's entries, in whatever form their packer wrote them.

A name is bytes. The entry may carry its name in UTF-8 beside them (Info-ZIP's Unicode Path). Else
what can be UTF-8 is: it may be marked so, but macOS and Linux write it without the mark, and some
programs set the mark for other bytes. Windows writes the code page of its language, which the
archive does not name: that one is guessed.
"""

import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence

# Info-ZIP, appnote.txt 4.6.9: version 1, the CRC of the name in the directory, the name in UTF-8.
_UNICODE_PATH = 0x7075
# What Windows packs with, by language, and then what other programs do. Where several fit, the
# first does: what is not told apart by its letters is likelier to be of the one before.
_CODE_PAGES = (
    "cp437", "cp850", "cp852", "cp866", "cp932", "gb2312", "cp949", "big5", "cp1252", "cp1251",
    "cp1250",
)  # fmt: skip
# So much of the names is enough to tell the code page.
_SAMPLE_BYTES = 2**14
# No system has a longer path: of such a name the end alone is kept, and not looked at.
_LONGEST_PATH = 2**10
_ASCII_BREAKS = re.compile(r"[\x00-@\[-`{-\x7f]+")
_CJK = frozenset(("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC"))


def read_names(entries: Sequence[zipfile.ZipInfo], *, is_known: Callable[[str], bool]) -> list[str]:
    """Return each entry's path with slashes.

    `is_known` says whether a folder's name is one that is expected: the code page by which the most
    of them are is the right one.
    """
    sure = [_sure_name(entry) for entry in entries]
    unsure = (raw_name(entry) for entry, name in zip(entries, sure, strict=True) if name is None)
    code_page = _guess_code_page(_sample(unsure), is_known)
    return [
        _as_path(raw_name(entry).decode(code_page, errors="replace") if name is None else name)
        for entry, name in zip(entries, sure, strict=True)
    ]


def other_forms(entry: zipfile.ZipInfo) -> tuple[str, ...]:
    """Return the paths by which other programs may call an entry, and clients that have read it."""
    raw = raw_name(entry)
    if raw.isascii() or len(raw) > _LONGEST_PATH:
        return ()
    found = {_as_path(text) for text in _decoded(raw, ("utf-8", *_CODE_PAGES))}
    return tuple(sorted(found))


def raw_name(entry: zipfile.ZipInfo) -> bytes:
    """Return the bytes of an entry's name in the directory, up to the first NUL."""
    return _whole_name(entry).partition(b"\0")[0]


def _whole_name(entry: zipfile.ZipInfo) -> bytes:
    # `archives` has zipfile read every name so, marked as UTF-8 or not.
    return entry.orig_filename.encode("cp437")


def _sure_name(entry: zipfile.ZipInfo) -> str | None:
    """Return a name that does not have to be guessed, or None."""
    if (name := _unicode_path(entry)) is not None:
        return name
    try:
        return raw_name(entry).decode()
    except UnicodeDecodeError:
        return None


def _unicode_path(entry: zipfile.ZipInfo) -> str | None:
    """Return the name of the Unicode Path field; None without one, or where it is of another name.

    A program that renames an entry and does not know the field leaves it as it was.
    """
    extra = entry.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        body, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind != _UNICODE_PATH or len(body) < 6 or body[0] != 1:
            continue
        (crc,) = struct.unpack_from("<L", body, 1)
        if crc == zlib.crc32(_whole_name(entry)):
            try:
                return body[5:].decode().partition("\0")[0]
            except UnicodeDecodeError:
                return None
    return None


def _decoded(raw: bytes, encodings: Sequence[str]) -> Iterator[str]:
    for encoding in encodings:
        try:
            yield raw.decode(encoding)
        except UnicodeDecodeError:
            continue


def _sample(names: Iterable[bytes]) -> list[bytes]:
    """Return as many names as are enough to tell the code page."""
    left = _SAMPLE_BYTES
    found = []
    for name in names:
        left -= len(name)
        if left < 0:
            break
        if len(name) <= _LONGEST_PATH:
            found.append(name)
    return found


def _guess_code_page(names: Sequence[bytes], is_known: Callable[[str], bool]) -> str:
    """Return the code page of names: that of the most known folders, then of the most words."""

    def weigh(code_page: str) -> tuple[int, int]:
        try:
            paths = [_as_path(name.decode(code_page)) for name in names]
        except UnicodeDecodeError:
            return -1, 0
        folders = {part for path in paths for part in path.split("/")[:-1]}
        words = {word for path in paths for word in _ASCII_BREAKS.split(path)}
        written = [word for word in words if not word.isascii()]
        return (
            sum(map(is_known, folders)),
            sum(1 if _is_word(word) else -1 for word in written),
        )

    # `max` returns the first of several.
    return max(_CODE_PAGES, key=weigh)


def _is_word(letters: str) -> bool:
    """Say whether letters are of one script and of one case, but for a capital in front."""
    scripts = set()
    for letter in letters:
        if unicodedata.category(letter) not in ("Ll", "Lu", "Lt", "Lo", "Lm", "Mn", "Mc"):
            return False
        script = unicodedata.name(letter, "unnamed").partition(" ")[0]
        scripts.add("CJK" if script in _CJK else script)
    # Katakana of half width come of most bytes by mistake, and of few people's names.
    is_one = len(scripts - {"COMBINING"}) == 1 and "HALFWIDTH" not in scripts
    return is_one and (letters[1:] == letters[1:].lower() or letters == letters.upper())


def _as_path(name: str) -> str:
    return name[-_LONGEST_PATH:].replace("\\", "/")
