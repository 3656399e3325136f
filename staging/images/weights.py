"""Estimates the peak of memory, in bytes, that reading an image and writing it again takes.

tests/staging/images/test_memory.py compares the estimates with what Linux measures. Pillow keeps
four bytes for a pixel in colour.
"""

# Bytes a pixel while an image is decoded. libjpeg keeps all coefficients of a progressive JPEG;
# Pillow's reader of WebP holds each pixel four times; an image with a palette, 16 bits or
# transparency is converted once more.
_DECODING = {"jpeg": 5, "progressive": 10, "png": 10, "webp": 19, "heic": 10}
# Bytes a pixel afterwards: two copies, as when colours are converted or the image is turned. Then
# the encoded file, twice.
_FINISHING = 10
_FILES = 10 * 2**20


def weigh(size: tuple[int, int], *, kind: str, side: int | None) -> int:
    """Return the bytes that an image takes that is shrunk to `side`, or not shrunk (None).

    `kind` is "jpeg", "progressive", "png", "webp" or "heic".
    """
    width, height = size
    decoding = width * height * _DECODING[kind]
    if side is None:
        return max(decoding, width * height * (_FINISHING + 4)) + _FILES
    across, down = fit(size, side=side)
    if kind == "jpeg":
        # `draft` has libjpeg decode a JPEG at 1/2, 1/4 or 1/8 of its size.
        skip = max(step for step in (1, 2, 4, 8) if step == 1 or step * across <= width)
        width, height = width // skip, height // skip
        decoding //= skip**2
    # Pillow shrinks across first, and then down.
    shrinking = 4 * (width * height + across * height + across * down)
    is_shrunk = (across, down) != (width, height)
    finishing = across * down * _FINISHING
    return max(decoding, shrinking if is_shrunk else 0, finishing) + _FILES


def fit(size: tuple[int, int], *, side: int) -> tuple[int, int]:
    """Return the sides of an image that is shrunk so that the longer one is at most `side`."""
    longest = max(*size, side)
    return max(1, size[0] * side // longest), max(1, size[1] * side // longest)
