"""ZIPs by the byte, as packers write them and zipfile cannot."""

import io
import struct
import unicodedata
import zlib
from dataclasses import dataclass

IS_UTF8 = 0x800
DOS_FOLDER = 0x10


@dataclass(frozen=True)
class Entry:
    """An entry, stored; `local` is its name before its bytes, where that is another one."""

    name: bytes
    content: bytes = b"x"
    local: bytes | None = None
    flags: int = 0
    extra: bytes = b""
    attributes: int = 0


def zip_of(*entries: Entry) -> io.BytesIO:
    files, directory = bytearray(), bytearray()
    for entry in entries:
        crc, size = zlib.crc32(entry.content), len(entry.content)
        shared = struct.pack("<3H2H3L", 20, entry.flags, 0, 0, 0, crc, size, size)
        local = entry.name if entry.local is None else entry.local
        directory += struct.pack("<4sH", b"PK\1\2", 20) + shared
        directory += struct.pack(
            "<5H2L", len(entry.name), len(entry.extra), 0, 0, 0, entry.attributes, len(files)
        )
        directory += entry.name + entry.extra
        files += b"PK\3\4" + shared + struct.pack("<2H", len(local), 0) + local + entry.content
    end = struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, len(entries), len(entries), len(directory), len(files), 0
    )
    return io.BytesIO(bytes(files + directory) + end)


def unicode_path(name: str, *, of: bytes) -> bytes:
    """Return Info-ZIP's field with a name in UTF-8, beside the bytes `of` in the directory."""
    body = struct.pack("<BL", 1, zlib.crc32(of)) + name.encode()
    return struct.pack("<HH", 0x7075, len(body)) + body


def decomposed(name: str) -> bytes:
    """Return a name as macOS writes it."""
    return unicodedata.normalize("NFD", name).encode()
