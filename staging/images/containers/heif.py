"""The boxes and items of a HEIC or AVIF: ISO/IEC 14496-12 (8.11) and ISO/IEC 23008-12."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import IO

from staging.images.containers.parts import (
    MAX_PARTS,
    Broken,
    Part,
    TooMuch,
    at_most,
    measure,
    read_at,
)

# The lists of items and properties; those of 64 megapixels in tiles take some 20 kB.
_MAX_LIST = 2**20
# A picture in tiles that another one shows has two.
_MAX_NESTING = 4
# Tiles are padded: a small picture may consist of one tile that is larger.
_SPARE_PIXELS = 4_000_000


@dataclass(slots=True)
class Items:
    """The items of a file, by their ids, and which of them is the picture.

    `made_of` holds the items of which another one is made, `properties` the kind and body of each
    box that describes an item.
    """

    primary: int = 0
    kinds: dict[int, bytes] = field(default_factory=dict)
    made_of: dict[int, list[int]] = field(default_factory=dict)
    properties: dict[int, list[tuple[bytes, bytes]]] = field(default_factory=dict)

    def pixels(self, item: int) -> int:
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
    """Read what a file says of its items. Raises TooMuch and Broken."""
    top = list(at_most(walk(file, 0, measure(file)), name="boxes"))
    meta = next((part for part in top if part.kind == b"meta"), None)
    if meta is None:
        return Items()
    try:
        return _Reader(file).read(meta)
    except (struct.error, IndexError) as error:
        raise Broken("an item's box is cut short") from error


def check_cost(items: Items) -> None:
    """Raises TooMuch for a picture that is made of more than its size asks for."""
    tiles, pixels = 0, 0
    level = [items.primary]
    for _ in range(_MAX_NESTING):
        below = (part for item in level for part in items.made_of.get(item, []))
        level = list(islice(below, MAX_PARTS + 1))
        tiles += len(level)
        pixels += sum(items.pixels(item) for item in level)
        if tiles > MAX_PARTS:
            raise TooMuch(f"more than {MAX_PARTS:,} tiles")
        if pixels > 2 * items.pixels(items.primary) + _SPARE_PIXELS:
            raise TooMuch(f"tiles of more than {pixels / 1e6:.0f} megapixels")
    if any(items.made_of.get(item) for item in level):
        raise TooMuch(f"pictures within pictures, more than {_MAX_NESTING} deep")


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
                self._count_locations(self._body(part))
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
            self.items.kinds[_number(body, 4, width)] = body[6 + width : 10 + width]

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

    def _count_locations(self, body: bytes) -> None:
        version, sizes = body[0], [body[4] >> 4, body[4] & 15, body[5] >> 4, body[5] & 15]
        width = 4 if version == 2 else 2
        count, place = _number(body, 6, width), 6 + width
        for _ in range(count):
            place += width + (2 if version else 0) + 2 + sizes[2]
            extents = _number(body, place, 2)
            # One for each item is in the count of items.
            self._add(max(0, extents - 1), "pieces")
            place += 2 + extents * (sizes[0] + sizes[1] + (sizes[3] if version else 0))

    def _version(self, part: Part) -> int:
        return read_at(self.file, part.body, 1)[0]


def _number(body: bytes, place: int, width: int) -> int:
    if place + width > len(body):
        raise Broken("a number is cut short")
    return int.from_bytes(body[place : place + width])
