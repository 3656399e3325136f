"""The boxes and items of a HEIC or AVIF: ISO/IEC 14496-12 (8.11) and ISO/IEC 23008-12."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import IO

from staging.images.containers import av1
from staging.images.containers.parts import (
    MAX_PARTS,
    Broken,
    Contents,
    Part,
    Rare,
    TooMuch,
    at_most,
    measure,
    read_at,
)
from staging.images.containers.views import Piece, view

# The lists of items and properties; those of 64 megapixels in tiles take some 20 kB.
_MAX_LIST = 2**20
# A picture in tiles that another one shows has two.
_MAX_NESTING = 4
_CODINGS = {b"hvc1": "HEIF", b"av01": "AVIF"}
_BRANDS = {"HEIF": b"heic", "AVIF": b"avif"}
# ISO/IEC 23008-12, annex B, and the specification of AVIF.
_STILL_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif"}
_SEQUENCES = {b"avis", b"msf1", b"hevc", b"hevx"}
_MAX_BRANDS = 256
_FILM = {b"moov", b"moof"}
# Tiles are padded: a small picture may consist of one tile that is larger.
_SPARE_PIXELS = 4_000_000


@dataclass(slots=True)
class Items:
    """The items of a file, by their ids, and which of them is the picture.

    `made_of` holds the items of which another one is made, `properties` the kind and body of each
    box that describes an item, `places` from where to where its bytes are in the file.
    """

    primary: int = 0
    kinds: dict[int, bytes] = field(default_factory=dict)
    made_of: dict[int, list[int]] = field(default_factory=dict)
    properties: dict[int, list[tuple[bytes, bytes]]] = field(default_factory=dict)
    places: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    exif_places: list[int] = field(default_factory=list)

    def count_pixels(self, item: int) -> int:
        """Return how many pixels an item says that it has; 0 where it says nothing."""
        sizes = [body[4:12] for kind, body in self.properties.get(item, []) if kind == b"ispe"]
        width, height = struct.unpack(">II", sizes[0]) if sizes else (0, 0)
        return int(width * height)


def is_heif(beginning: bytes) -> bool:
    return beginning[4:8] == b"ftyp"


def walk(file: IO[bytes], begin: int, end: int) -> Iterator[Part]:
    """Yield the boxes between two places; one that goes beyond `end` is the last."""
    position = begin
    while position + 8 <= end:
        length, kind = struct.unpack(">I4s", read_at(file, position, 8))
        body = position + 8
        if length == 1:
            length, body = int.from_bytes(read_at(file, body, 8)), position + 16
        elif length == 0:
            length = end - position
        if position + length < body:
            return
        yield Part(kind, position, body, position + length)
        position += length


def read_items(file: IO[bytes]) -> Items:
    """Return the items of a file, and its primary one; none of a film. Raises TooMuch, Broken."""
    return _read_items(file, _read_top(file))


def _read_top(file: IO[bytes]) -> list[Part]:
    return list(at_most(walk(file, 0, measure(file)), name="boxes"))


def _read_items(file: IO[bytes], top: list[Part]) -> Items:
    meta = next((part for part in top if part.kind == b"meta"), None)
    try:
        return _Reader(file).read(meta) if meta else Items()
    except (struct.error, IndexError) as error:
        raise Broken("a box is cut short") from error


def read(file: IO[bytes]) -> Contents | None:
    """Return the picture; None where it is none, but a film. Raises TooMuch, Broken and Rare."""
    top = _read_top(file)
    items = _read_items(file, top)
    size = measure(file)
    if not items.kinds:
        if read_at(file, 8, 4) in _STILL_BRANDS:
            raise Broken("no picture")
        return None
    leaves = _find_leaves(items)
    if any(end > size for item in leaves for _, end in items.places.get(item, [])):
        raise Broken("a picture is cut short")
    kinds = {items.kinds.get(item, b"") for item in leaves}
    if not kinds <= _CODINGS.keys() or len(kinds) != 1:
        name = " and ".join(sorted(kind.decode(errors="replace") for kind in kinds if kind))
        raise Rare(f"HEIF picture coded as {name or 'nothing'}")
    format_ = _CODINGS[kinds.pop()]
    # Both readers follow the brands, and those of a sequence that may lie beside the picture.
    changes = {8: _BRANDS[format_]} | dict.fromkeys(_find_brands(file, top[0]), b"mif1")
    changes |= {part.begin + 4: b"free" for part in top if part.kind in _FILM}
    exif = None
    if format_ == "AVIF":
        _check_av1(file, items)
        # Pillow fails on broken EXIF, and libheif does not.
        changes |= dict.fromkeys(items.exif_places, b"skip")
        exif = _read_exif(file, items)
    return Contents(format=format_, file=view(file, _change(size, changes)), exif=exif)


def _check_av1(file: IO[bytes], items: Items) -> None:
    """Raises Broken for pictures that have more pixels than the boxes say.

    Of all pictures in the file: one of them may be the primary one's transparency.
    """
    most = 2 * items.count_pixels(items.primary) + _SPARE_PIXELS
    for item, kind in items.kinds.items():
        if kind != b"av01":
            continue
        told = items.count_pixels(item)
        bits = view(file, items.places.get(item, []))
        try:
            found = [width * height for width, height in av1.find_sizes(bits)]
        except IndexError:
            found = []
        if not found or max(found) > told or told > most:
            raise Broken("a picture of another size")


def _read_exif(file: IO[bytes], items: Items) -> bytes | None:
    """Return the first EXIF, without the number before it: ISO/IEC 23008-12, A.2."""
    for item, kind in items.kinds.items():
        places = items.places.get(item, [])
        if kind == b"Exif" and len(places) == 1 and places[0][1] <= measure(file):
            begin, end = places[0]
            body = read_at(file, begin, min(end - begin, _MAX_LIST))
            return b"Exif\0\0" + body[4 + int.from_bytes(body[:4]) :]
    return None


def _find_brands(file: IO[bytes], ftyp: Part) -> Iterator[int]:
    """Yield the places of the first compatible brand, and of those of sequences."""
    end = min(ftyp.end, ftyp.begin + _MAX_BRANDS)
    for place in range(16, end - 3, 4):
        if place == 16 or read_at(file, place, 4) in _SEQUENCES:
            yield place


def _change(size: int, changes: dict[int, bytes]) -> Iterator[Piece]:
    """Yield the pieces of a file of which some bytes are replaced."""
    position = 0
    for place, words in sorted(changes.items()):
        yield position, place
        yield words
        position = place + len(words)
    yield position, size


def _find_leaves(items: Items) -> list[int]:
    """Return the coded items of which the picture is made.

    Raises TooMuch for a picture that is made of more than its size asks for.
    """
    leaves: list[int] = []
    tiles, pixels = 0, 0
    level = [items.primary]
    for _ in range(_MAX_NESTING + 1):
        leaves += [item for item in level if not items.made_of.get(item)]
        below = (part for item in level for part in items.made_of.get(item, []))
        level = list(islice(below, MAX_PARTS + 1))
        tiles += len(level)
        pixels += sum(items.count_pixels(item) for item in level)
        if tiles > MAX_PARTS:
            raise TooMuch(f"more than {MAX_PARTS:,} tiles")
        if pixels > 2 * items.count_pixels(items.primary) + _SPARE_PIXELS:
            raise TooMuch(f"tiles of more than {pixels / 1e6:.0f} megapixels")
    if level:
        raise TooMuch(f"pictures within pictures, more than {_MAX_NESTING} deep")
    return leaves


class _Reader:
    """Reads a `meta` box, and counts whatever it lists."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.items = Items()
        self.count = 0

    def read(self, meta: Part) -> Items:
        owned: dict[int, list[int]] = {}
        described: list[Part] = []
        for part in self._walk(meta.body + 4, meta.end):
            if part.kind == b"iprp":
                for list_ in self._walk(part.body, part.end):
                    if list_.kind == b"ipco":
                        described = list(self._walk(list_.body, list_.end))
                    elif list_.kind == b"ipma":
                        self._read_owned(self._body(list_), owned)
            elif part.kind == b"pitm":
                body = self._body(part)
                self.items.primary = _number(body, 4, 4 if body[0] else 2)
            elif part.kind == b"iinf":
                self._read_kinds(part)
            elif part.kind == b"iref":
                self._read_references(part)
            elif part.kind == b"iloc":
                self._read_locations(self._body(part))
        bodies = [
            (part.kind, read_at(self.file, part.body, min(part.end - part.body, 32)))
            for part in described
        ]
        for item, numbers in owned.items():
            self.items.properties[item] = [bodies[number - 1] for number in numbers if number]
        return self.items

    def _walk(self, begin: int, end: int) -> Iterator[Part]:
        for part in walk(self.file, begin, end):
            self._add(1, "boxes")
            yield part

    def _add(self, number: int, name: str) -> None:
        self.count += number
        if self.count > MAX_PARTS:
            raise TooMuch(f"more than {MAX_PARTS:,} {name}")

    def _body(self, part: Part) -> bytes:
        if part.end - part.body > _MAX_LIST:
            raise TooMuch("a list of more than a megabyte")
        return read_at(self.file, part.body, part.end - part.body)

    def _read_kinds(self, part: Part) -> None:
        version = self._version(part)
        for entry in self._walk(part.body + (8 if version else 6), part.end):
            body = read_at(self.file, entry.body, 12)
            # Version 2 has ids of two bytes, 3 of four; earlier ones are of other files.
            width = 4 if body[0] == 3 else 2
            kind = body[6 + width : 10 + width]
            self.items.kinds[_number(body, 4, width)] = kind
            if kind == b"Exif":
                self.items.exif_places.append(entry.body + 6 + width)

    def _read_references(self, part: Part) -> None:
        width = 4 if self._version(part) else 2
        for entry in self._walk(part.body + 4, part.end):
            body = self._body(entry)
            count = _number(body, width, 2)
            self._add(count, "references")
            if entry.kind == b"dimg":
                places = range(width + 2, width + 2 + count * width, width)
                self.items.made_of[_number(body, 0, width)] = [
                    _number(body, place, width) for place in places
                ]

    def _read_owned(self, body: bytes, owned: dict[int, list[int]]) -> None:
        width, step = (4 if body[0] else 2), (2 if body[3] & 1 else 1)
        place = 8
        for _ in range(_number(body, 4, 4)):
            item, count = _number(body, place, width), body[place + width]
            place += width + 1
            # The first bit says that the property is essential.
            owned[item] = [
                _number(body, place + step * index, step) & (0x7FFF if step == 2 else 0x7F)
                for index in range(count)
            ]
            place += step * count

    def _read_locations(self, body: bytes) -> None:
        version, width = body[0], 4 if body[0] == 2 else 2
        offset, length, base, index = body[4] >> 4, body[4] & 15, body[5] >> 4, body[5] & 15
        index = index if version else 0
        place = 6 + width
        for _ in range(_number(body, 6, width)):
            item = _number(body, place, width)
            place += width
            # Method 0: in the file, and not in the boxes or another item.
            method = _number(body, place, 2) & 15 if version else 0
            place += 4 if version else 2
            begin = _number(body, place, base)
            extents = _number(body, place + base, 2)
            place += base + 2
            # One for each item is in the count of items.
            self._add(max(0, extents - 1), "pieces")
            for _ in range(extents):
                at = place + index
                if method == 0:
                    first = begin + _number(body, at, offset)
                    end = first + _number(body, at + offset, length)
                    self.items.places.setdefault(item, []).append((first, end))
                place = at + offset + length

    def _version(self, part: Part) -> int:
        return read_at(self.file, part.body, 1)[0]


def _number(body: bytes, place: int, width: int) -> int:
    if place + width > len(body):
        raise Broken("a number is cut short")
    return int.from_bytes(body[place : place + width])
