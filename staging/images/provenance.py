"""Marks a picture's file as made with a model, in its XMP, without changing a pixel.

XMP in PNG: PNG third edition, 11.3.3.4 (iTXt), and XMP specification part 3, 1.1.5; in JPEG: part
3, 1.1.3; in WebP: the specification of its container, "Metadata".
"""

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import IO

from staging.images.containers import jpeg, png, webp
from staging.images.containers.parts import Broken, Part, measure, read_at

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

    Of a PNG or WebP, bytes behind its end are left out, and wrong lengths of the file are put
    right. Raises UnknownContainer, and Broken for a damaged file.
    """
    file = BytesIO(content)
    if content.startswith(png.SIGNATURE):
        return png.SIGNATURE + b"".join(_mark_png(file))
    if content.startswith(b"\xff\xd8"):
        return _mark_jpeg(file)
    if webp.is_webp(content):
        return _mark_webp(file)
    raise UnknownContainer("This is neither PNG nor JPEG nor WebP.")


def _take(file: IO[bytes], part: Part) -> bytes:
    if part.end > measure(file):
        raise Broken("a part is cut short")
    return read_at(file, part.begin, part.end - part.begin)


def _mark_png(file: IO[bytes]) -> Iterator[bytes]:
    keyword = b"XML:com.adobe.xmp\0"
    # Not compressed, no language, no translated keyword.
    body = b"iTXt" + keyword + b"\0\0\0\0" + _XMP
    kind = b""
    for part in png.walk(file):
        kind, chunk = part.kind, _take(file, part)
        if kind == b"iTXt" and chunk[8:].startswith(keyword):
            continue
        yield chunk
        if kind == b"IHDR":
            yield struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    if kind != b"IEND":
        raise Broken("no end")


def _mark_jpeg(file: IO[bytes]) -> bytes:
    namespace = b"http://ns.adobe.com/xap/1.0/\0"
    body = namespace + _XMP
    ours = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    kept = [b"\xff\xd8"]
    position, insert_at = 2, 1
    # Segments are copied up to the first that is no application's and no comment. They are as long
    # as they say: this file is written for readers that follow that.
    while (head := read_at(file, position, 4))[:1] == b"\xff" and head[1:2] in jpeg.APPLICATIONS:
        part = Part(head[1:2], position, position + 4, position + 2 + int.from_bytes(head[2:]))
        segment, position = _take(file, part), part.end
        if head[:2] == b"\xff\xe1" and segment[4:].startswith(namespace):
            continue
        kept.append(segment)
        # JFIF and Exif each ask to be first: XMP comes behind both.
        if head[1] == 0xE0 or segment[4:].startswith(b"Exif\0"):
            insert_at = len(kept)
    if len(head) < 4:
        raise Broken("no pixels")
    return b"".join([*kept[:insert_at], ours, *kept[insert_at:], read_at(file, position, -1)])


def _mark_webp(file: IO[bytes]) -> bytes:
    chunks = [_take(file, part) for part in _find_webp_chunks(file)]
    if not chunks[0].startswith(b"VP8X"):
        chunks.insert(0, webp.extended_header(file))
    flags = chunks[0][8] | 0x04
    chunks[0] = chunks[0][:8] + bytes([flags]) + chunks[0][9:]
    chunks.append(b"XMP " + struct.pack("<I", len(_XMP)) + _XMP)
    body = b"WEBP" + b"".join(chunk + b"\0" * (len(chunk) % 2) for chunk in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _find_webp_chunks(file: IO[bytes]) -> Iterator[Part]:
    """Yield the chunks without XMP, up to one that is cut short behind the picture."""
    size = measure(file)
    has_picture = False
    for part in webp.walk(file):
        if part.end > size and has_picture and part.kind not in webp.PICTURES:
            return
        has_picture |= part.kind in webp.PICTURES
        if part.kind != b"XMP ":
            yield part
    if not has_picture:
        raise Broken("no pixels")
