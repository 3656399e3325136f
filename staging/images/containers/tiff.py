"""The entries of a TIFF's first page: TIFF 6.0, section 2, and the tags by which RAWs are known."""

import struct
from dataclasses import dataclass
from itertools import islice
from typing import IO

from staging.images.containers import jpeg
from staging.images.containers.parts import (
    MAX_PARTS,
    MAX_PROFILE,
    Broken,
    Contents,
    Rare,
    TooMuch,
    measure,
    read_at,
)
from staging.images.containers.views import Piece, view

_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_KIND, _COMPRESSION, _PHOTOMETRIC, _MAKE, _ORIENTATION = 254, 259, 262, 271, 274
_BITS, _STRIPS, _STRIP_LENGTHS, _TILES, _TILE_LENGTHS = 258, 273, 279, 324, 325
_EXIF, _COLOUR_SPACE, _INTEROPERABILITY, _RULE = 34665, 40961, 40965, 1
_PAGES_WITHIN, _SAMPLE_FORMAT, _TABLES, _PROFILE, _DNG = 330, 339, 347, 34675, 50706
# All that says where the pixels are and what they mean; nothing else is handed on.
_NEEDED = {256, 257, _BITS, _COMPRESSION, _PHOTOMETRIC, 266, _STRIPS, 277, 278, _STRIP_LENGTHS,
           284, 317, 320, 322, 323, _TILES, _TILE_LENGTHS, 332, 338, _SAMPLE_FORMAT, _TABLES, 529,
           530, 531, 532}  # fmt: skip
_MAX_STRIPS = 100_000
_MAX_VALUE = 2**20

_JPEG = 7
# None, CCITT's three, LZW, JPEG, Deflate with its older number, PackBits.
_COMPRESSIONS = {1, 2, 3, 4, 5, _JPEG, 8, 32946, 32773}
# Pillow takes 12 bits for the lower ones of 16: a picture that is nearly black.
_BITS_READ = {1, 2, 4, 8, 16}
# A sensor's pixels: CFA and LinearRaw; compressions of Sony, Nikon and Pentax.
_RAW_PHOTOMETRIC = {32803, 34892}
_RAW_COMPRESSIONS = {32767, 34713, 65535}
_RAW_BY_MAKE = {
    b"NIKON": "Nikon RAW file (NEF)",
    b"SONY": "Sony RAW file (ARW)",
    b"CANON": "Canon RAW file (CR2)",
    b"PENTAX": "Pentax RAW file (PEF)",
    b"RICOH": "Pentax RAW file (PEF)",
    b"SAMSUNG": "Samsung RAW file (SRW)",
    b"HASSELBLAD": "Hasselblad RAW file (3FR)",
    b"PHASE ONE": "Phase One RAW file (IIQ)",
    b"LEICA": "Leica RAW file",
    b"KODAK": "Kodak RAW file",
    b"MAMIYA": "Mamiya RAW file (MEF)",
}


class Raw(Exception):
    """A camera's RAW file; `args[0]` is its name."""


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: int
    count: int
    # Four bytes: the value, or where it is.
    held: bytes


def is_tiff(beginning: bytes) -> bool:
    return beginning[:4] in {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"}


def read(file: IO[bytes]) -> Contents:
    """Return the first page, without its other tags. Raises TooMuch, Broken, Rare and Raw."""
    return _Reader(file).read()


class _Reader:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        head = read_at(file, 0, 8)
        self._order = "<" if head.startswith(b"II") else ">"
        if head[2:4] in {b"+\0", b"\0+"}:
            raise Rare("BigTIFF")
        if len(head) < 8:
            raise Broken("no page")
        self._head = head

    def read(self) -> Contents:
        page = self._read_page(self._number(self._head[4:8]))
        self._refuse_raw(page)
        self._refuse_rare(page)
        self._count_pieces(page)
        kept = {tag: entry for tag, entry in page.items() if tag in _NEEDED}
        profile = page.get(_PROFILE)
        return Contents(
            format="TIFF",
            file=view(self._file, self._put_together(kept)),
            exif=self._write_exif(page),
            profile=self._bytes(profile, MAX_PROFILE) if profile else None,
        )

    def _write_exif(self, page: dict[int, _Entry]) -> bytes:
        """Return EXIF of what matters to the picture: how it is turned, and its colours."""
        colours = self._find_page(page, _EXIF)
        rule = self._find_page(colours, _INTEROPERABILITY).get(_RULE)
        turn, space = self._values(page, _ORIENTATION), self._values(colours, _COLOUR_SPACE)
        return b"Exif\0\0MM\0*" + struct.pack(
            ">I H HHIHxx HHII I H HHIHxx HHII I H HHI4s I",
            8,
            *(2, _ORIENTATION, 3, 1, turn[0] & 0xFFFF if turn else 1, _EXIF, 4, 1, 38, 0),
            *(2, _COLOUR_SPACE, 3, 1, space[0] & 0xFFFF if space else 0xFFFF),
            *(_INTEROPERABILITY, 4, 1, 68, 0),
            *(1, _RULE, 2, 4, rule.held if rule else b"", 0),
        )

    def _find_page(self, page: dict[int, _Entry], tag: int) -> dict[int, _Entry]:
        """Return the page that an entry leads to; an empty one where there is none."""
        try:
            return self._read_page(self._values(page, tag, most=1)[0])
        except (Broken, TooMuch, IndexError):
            return {}

    def _read_page(self, begin: int) -> dict[int, _Entry]:
        count = self._number(read_at(self._file, begin, 2))
        if count > MAX_PARTS:
            raise TooMuch(f"more than {MAX_PARTS:,} entries")
        table = read_at(self._file, begin + 2, 12 * count)
        page: dict[int, _Entry] = {}
        for at in range(0, len(table) - 11, 12):
            tag, kind, values = struct.unpack_from(f"{self._order}HHI", table, at)
            if kind in _WIDTHS and values:
                page.setdefault(tag, _Entry(kind, values, table[at + 8 : at + 12]))
        if not page:
            raise Broken("no page")
        return page

    def _refuse_raw(self, page: dict[int, _Entry]) -> None:
        """Raises Raw for a page that has a sensor's pixels, or whose pages within have them."""
        if _DNG in page:
            raise Raw("DNG RAW file")
        if read_at(self._file, 8, 2) == b"CR":
            raise Raw("Canon RAW file (CR2)")
        make = self._bytes(page[_MAKE], 64).upper() if _MAKE in page else b""
        name = next((told for start, told in _RAW_BY_MAKE.items() if make.startswith(start)), None)
        pages = [page]
        for begin in self._values(page, _PAGES_WITHIN, most=8):
            try:
                pages.append(self._read_page(begin))
            except (Broken, TooMuch):
                continue
        for described in pages:
            photometric = {*self._values(described, _PHOTOMETRIC, most=1)}
            compression = {*self._values(described, _COMPRESSION, most=1)}
            if photometric & _RAW_PHOTOMETRIC or compression & _RAW_COMPRESSIONS:
                raise Raw(name or "RAW file")
        # The first page of a RAW is a thumbnail, with the photo in a page within.
        if name and _PAGES_WITHIN in page and self._values(page, _KIND, most=1) == [1]:
            raise Raw(name)

    def _refuse_rare(self, page: dict[int, _Entry]) -> None:
        compression = (self._values(page, _COMPRESSION, most=1) or [1])[0]
        if compression not in _COMPRESSIONS:
            raise Rare(f"TIFF with compression {compression}")
        bits = max(self._values(page, _BITS, most=8) or [1])
        is_whole = {*self._values(page, _SAMPLE_FORMAT, most=8)} <= {1, 4}
        if bits not in _BITS_READ or not is_whole:
            raise Rare(f"TIFF of {bits} bits" + ("" if is_whole else ", not whole numbers"))
        # Pillow does not turn them round.
        if bits > 8 and self._values(page, _PHOTOMETRIC, most=1) == [0]:
            raise Rare(f"negative TIFF of {bits} bits")

    def _count_pieces(self, page: dict[int, _Entry]) -> None:
        """Raises TooMuch for strips, tiles, or JPEGs in them, that are more than a photo has."""
        begins, lengths = (_TILES, _TILE_LENGTHS) if _TILES in page else (_STRIPS, _STRIP_LENGTHS)
        if begins not in page:
            raise Broken("no pixels")
        is_jpeg = self._values(page, _COMPRESSION, most=1) == [_JPEG]
        most = MAX_PARTS if is_jpeg else _MAX_STRIPS
        if page[begins].count > most:
            raise TooMuch(f"more than {most:,} strips")
        size = measure(self._file)
        for begin, length in zip(
            self._values(page, begins), self._values(page, lengths), strict=False
        ):
            if begin + length > size:
                raise Broken("pixels are cut short")
            if not is_jpeg:
                continue
            parts = jpeg.walk(view(self._file, [(begin, begin + length)]))
            # Few as they are where each colour has its own: 4, with tables between them.
            if len(list(islice(parts, 65))) > 64:
                raise TooMuch("strips of more than 64 segments")

    def _put_together(self, page: dict[int, _Entry]) -> list[Piece]:
        """Return the file with another list of entries at its end, in the place of the first."""
        end = measure(self._file)
        entries = b"".join(
            struct.pack(f"{self._order}HHI4s", tag, entry.kind, entry.count, entry.held)
            for tag, entry in sorted(page.items())
        )
        for tag, entry in page.items():
            most = _MAX_STRIPS * 8 if tag in {_STRIPS, _STRIP_LENGTHS, _TILES, _TILE_LENGTHS} \
                else _MAX_VALUE  # fmt: skip
            self._bytes(entry, most)
        table = struct.pack(f"{self._order}H", len(page)) + entries + bytes(4)
        head = self._head[:4] + struct.pack(f"{self._order}I", end + end % 2)
        return [head, (8, end), b"\0" * (end % 2), table]

    def _values(self, page: dict[int, _Entry], tag: int, *, most: int = _MAX_STRIPS) -> list[int]:
        """Return whole numbers; none where there are none, or of another kind."""
        entry = page.get(tag)
        if entry is None or entry.kind not in {1, 3, 4, 13}:
            return []
        width = _WIDTHS[entry.kind]
        count = min(entry.count, most)
        body = entry.held
        if entry.count * width > 4:
            body = read_at(self._file, self._number(entry.held), count * width)
        letter = {1: "B", 2: "H", 4: "I"}[width]
        return list(
            struct.unpack_from(f"{self._order}{min(count, len(body) // width)}{letter}", body)
        )

    def _bytes(self, entry: _Entry, most: int) -> bytes:
        """Return a value's bytes. Raises Broken where it is longer, or not in the file."""
        length = entry.count * _WIDTHS[entry.kind]
        if length <= 4:
            return entry.held[:length]
        body = read_at(self._file, self._number(entry.held), min(length, most))
        if len(body) < length and most > 64:
            raise Broken("a value")
        return body

    def _number(self, body: bytes) -> int:
        return int.from_bytes(body, "little" if self._order == "<" else "big")
