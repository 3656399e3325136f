"""Makes the pictures: the furnished photo, in the size and format that were asked for."""

from __future__ import annotations

import hashlib
import io
import threading
from collections import OrderedDict

from PIL import Image, ImageOps, UnidentifiedImageError

from sandbox.drawing import draw_staged_room
from sandbox.photos import RunFailed
from sandbox.picture_requests import PictureRequest

# A photo larger than this is scaled down: models answer about a megapixel or two.
LONGEST = 1536
LARGEST = 4096
CACHE_BYTES = 128 * 1024 * 1024


class Studio:
    """Makes pictures and keeps them: the same request is drawn once."""

    def __init__(self) -> None:
        self._taken: OrderedDict[tuple[str, PictureRequest], bytes] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def take(self, photo: bytes | None, request: PictureRequest) -> bytes:
        """Return the encoded picture; raise RunFailed where the photo cannot be read."""
        key = (hashlib.sha256(photo or b"").hexdigest(), request)
        with self._lock:
            if key in self._taken:
                self._taken.move_to_end(key)
                return self._taken[key]
        content = _encode(_picture(photo, request), request)
        self._keep(key, content)
        return content

    def _keep(self, key: tuple[str, PictureRequest], content: bytes) -> None:
        with self._lock:
            self._taken[key] = content
            self._size += len(content)
            while self._size > CACHE_BYTES:
                _, oldest = self._taken.popitem(last=False)
                self._size -= len(oldest)


def _picture(photo: bytes | None, request: PictureRequest) -> Image.Image:
    opened = _open(photo) if photo else None
    size, enlarged = _sizes(opened, request)
    picture = draw_staged_room(
        opened,
        size=size,
        prompt=request.prompt,
        seed=request.seed,
        variation=request.variation,
    )
    if enlarged != size:
        picture = picture.resize(enlarged, Image.Resampling.BICUBIC)
    return picture


def _open(photo: bytes | None) -> Image.Image:
    try:
        opened = Image.open(io.BytesIO(photo or b""))
        return ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise RunFailed("The input image could not be read: it is not a picture.") from error


def _sizes(
    photo: Image.Image | None, request: PictureRequest
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the size to draw in, LONGEST at most, and the size of the answer."""
    if request.width and request.height:
        final = (request.width, request.height)
    else:
        own = photo.size if photo else (1216, 832)
        final = _cropped(own, ratio=request.ratio)
        if request.pixels:
            longest = round((request.pixels * max(final) / min(final)) ** 0.5)
        else:
            longest = request.longest or min(LONGEST, max(final))
        final = _scaled(final, longest=min(longest, LARGEST))
    drawn = final if max(final) <= LONGEST else _scaled(final, longest=LONGEST)
    return drawn, final


def _cropped(size: tuple[int, int], *, ratio: float | None) -> tuple[int, int]:
    width, height = size
    if ratio is None:
        return size
    if width / height > ratio:
        return max(1, round(height * ratio)), height
    return width, max(1, round(width / ratio))


def _scaled(size: tuple[int, int], *, longest: int) -> tuple[int, int]:
    scale = longest / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _encode(picture: Image.Image, request: PictureRequest) -> bytes:
    content = io.BytesIO()
    match request.format:
        case "jpg":
            picture.save(content, "JPEG", quality=request.quality)
        case "webp":
            picture.save(content, "WEBP", quality=request.quality, method=2)
        case _:
            picture.save(content, "PNG", compress_level=4)
    return content.getvalue()
