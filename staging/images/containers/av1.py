"""The sizes that the bits of an AV1 picture have: AV1 Bitstream Specification, 5.3 and 5.5.

libavif decodes a picture before it compares its size with the one in the boxes.
"""

from collections.abc import Iterator
from typing import IO

from staging.images.containers.parts import Part, at_most, measure, read_at

_SEQUENCE_HEADER = b"\1"
# Longer ones have timing for players, of up to 32 layers.
_MAX_HEADER = 256


def find_sizes(file: IO[bytes]) -> Iterator[tuple[int, int]]:
    """Yield the width and height of each sequence header, the most that its frames may have.

    Raises TooMuch, and IndexError where the bits are cut short.
    """
    for part in at_most(_walk(file), name="units"):
        if part.kind == _SEQUENCE_HEADER:
            length = min(part.end - part.body, _MAX_HEADER)
            yield _read_size(_Bits(read_at(file, part.body, length)))


def _walk(file: IO[bytes]) -> Iterator[Part]:
    """Yield the open bitstream units (OBU); their kind is a byte."""
    position, size = 0, measure(file)
    while position < size:
        head = read_at(file, position, 10)
        has_extension, has_size = head[0] & 4, head[0] & 2
        body = 2 if has_extension else 1
        length = size - position - body
        if has_size:
            length = 0
            for shift in range(0, 56, 7):
                length |= (head[body] & 0x7F) << shift
                body += 1
                if not head[body - 1] & 0x80:
                    break
        end = position + body + length
        yield Part(bytes([head[0] >> 3 & 15]), position, position + body, end)
        position = end


class _Bits:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._place = 0

    def read(self, count: int) -> int:
        value = 0
        for _ in range(count):
            byte = self._content[self._place // 8]
            value = value << 1 | (byte >> (7 - self._place % 8) & 1)
            self._place += 1
        return value


def _read_size(bits: _Bits) -> tuple[int, int]:
    bits.read(4)
    if bits.read(1):
        # A reduced header of a still picture has its level alone.
        bits.read(5)
    else:
        _pass_over_timing(bits)
    across, down = bits.read(4) + 1, bits.read(4) + 1
    return bits.read(across) + 1, bits.read(down) + 1


def _pass_over_timing(bits: _Bits) -> None:
    """Read what a player needs, in the names of 5.5.1."""
    delay_bits = 0
    if bits.read(1):
        bits.read(64)
        if bits.read(1):
            _pass_over_uvlc(bits)
        if bits.read(1):
            delay_bits = bits.read(5) + 1
            bits.read(42)
    has_display_delay = bits.read(1)
    for _ in range(bits.read(5) + 1):
        bits.read(12)
        if bits.read(5) > 7:
            bits.read(1)
        if delay_bits and bits.read(1):
            bits.read(2 * delay_bits + 1)
        if has_display_delay and bits.read(1):
            bits.read(4)


def _pass_over_uvlc(bits: _Bits) -> None:
    zeros = 0
    while not bits.read(1):
        zeros += 1
    if zeros < 32:
        bits.read(zeros)
