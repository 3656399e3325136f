"""Marks a picture's file as made with a model, in its XMP, without changing a pixel.

XMP in PNG: PNG third edition, 11.3.3.4 (iTXt), and XMP specification part 3, 1.1.5; in JPEG: part
3, 1.1.3; in WebP: the specification of its container, "Metadata".
"""

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO

from PIL import Image

# IPTC: https://cv.iptc.org/newscodes/digitalsourcetype/
_XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about=""'
    ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    ' Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/'
    'compositeWithTrainedAlgorithmicMedia"/>'
    "</rdf:RDF></x:xmpmeta>"
    '<?xpacket end="w"?>'
).encode()


class UnknownContainer(ValueError):
    """A file that is neither PNG nor JPEG nor WebP."""


def embed(content: bytes) -> bytes:
    """Return the file with IPTC's DigitalSourceType in its XMP; earlier XMP is replaced.

    Raises UnknownContainer, and for a damaged file EOFError, struct.error, IndexError or what
    Pillow raises.
    """
    if content.startswith(b"\x89PNG"):
        return _mark_png(content)
    if content.startswith(b"\xff\xd8"):
        return _mark_jpeg(content)
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return _mark_webp(content)
    raise UnknownContainer("This is neither PNG nor JPEG nor WebP.")


def _take(content: bytes, position: int, length: int) -> bytes:
    if position + length > len(content):
        raise EOFError(f"{length} bytes at {position} go beyond the end.")
    return content[position : position + length]


def _mark_png(content: bytes) -> bytes:
    keyword = b"XML:com.adobe.xmp\0"
    # Not compressed, no language, no translated keyword.
    body = b"iTXt" + keyword + b"\0\0\0\0" + _XMP
    marked = bytearray(content[:8])
    for kind, chunk in _png_chunks(content):
        if kind == b"iTXt" and chunk[8:].startswith(keyword):
            continue
        marked += chunk
        if kind == b"IHDR":
            marked += struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return bytes(marked)


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 8
    while position < len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        yield kind, _take(content, position, length + 12)
        position += length + 12


def _mark_jpeg(content: bytes) -> bytes:
    namespace = b"http://ns.adobe.com/xap/1.0/\0"
    body = namespace + _XMP
    ours = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    kept = bytearray(content[:2])
    position, insert_at = 2, 2
    # Segments are copied up to the first that is neither APP0 to APP15 nor a comment.
    while content[position] == 0xFF and content[position + 1] in {*range(0xE0, 0xF0), 0xFE}:
        kind, length = struct.unpack_from(">BH", content, position + 1)
        segment = _take(content, position, 2 + length)
        position += 2 + length
        if kind == 0xE1 and segment[4:].startswith(namespace):
            continue
        kept += segment
        # JFIF and Exif each ask to be first: XMP comes behind both.
        if kind == 0xE0 or segment[4:].startswith(b"Exif\0"):
            insert_at = len(kept)
    return bytes(kept[:insert_at]) + ours + bytes(kept[insert_at:]) + content[position:]


def _mark_webp(content: bytes) -> bytes:
    (size,) = struct.unpack_from("<I", content, 4)
    chunks = [chunk for chunk in _webp_chunks(content[: size + 8]) if not chunk.startswith(b"XMP ")]
    if not chunks[0].startswith(b"VP8X"):
        chunks.insert(0, _extended_header(content))
    flags = chunks[0][8] | 0x04
    chunks[0] = chunks[0][:8] + bytes([flags]) + chunks[0][9:]
    chunks.append(b"XMP " + struct.pack("<I", len(_XMP)) + _XMP + b"\0" * (len(_XMP) % 2))
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _webp_chunks(content: bytes) -> Iterator[bytes]:
    position = 12
    while position < len(content):
        (length,) = struct.unpack_from("<I", content, position + 4)
        yield _take(content, position, 8 + length) + b"\0" * (length % 2)
        position += 8 + length + length % 2


def _extended_header(content: bytes) -> bytes:
    """Return the VP8X chunk that a WebP of a single picture does without."""
    image = Image.open(BytesIO(content), formats=("WEBP",))
    alpha = 0x10 if image.mode == "RGBA" else 0
    sides = b"".join(struct.pack("<I", side - 1)[:3] for side in image.size)
    return b"VP8X" + struct.pack("<I", 10) + bytes([alpha, 0, 0, 0]) + sides
