"""Estimates the peak of memory, in bytes, that reading an image and writing it again takes.

tests/staging/images/test_memory.py compares the estimates with what Linux measures. Pillow keeps
four bytes for a pixel in colour.
"""

# The most that decoding one photo may take.
MOST_BYTES = 512 * 2**20

# Bytes a pixel while an image is decoded. libjpeg keeps all coefficients of a progressive JPEG, six
# bytes a pixel, however small it is decoded; Pillow's reader of WebP holds each pixel four times;
# an image with a palette, 16 bits or transparency is converted once more. libheif holds planes
# beside the pixels: small ones in a HEIC as cameras write it, in 4:2:0, large ones in all others.
# So does libavif; of a TIFF the file is held beside the pixels.
_DECODING = {"jpeg": 5, "progressive": 10, "png": 10, "webp": 19, "heic": 8, "full heic": 16,
             "avif": 13, "tiff": 13}  # fmt: skip
# Those that `draft` has libjpeg decode at 1/2, 1/4 or 1/8 of their size.
DRAFTED = ("jpeg", "progressive")
_COEFFICIENTS = {"progressive": 6}
# Bytes a pixel of a file that its reader holds whole, as far as _DECODING counts them.
_HELD = {"webp": 1, "heic": 1, "full heic": 1, "avif": 1, "tiff": 6}
# Bytes a pixel afterwards: two copies, as when colours are converted or the image is turned. Then
# the encoded file, twice.
_FINISHING = 10
_FILES = 10 * 2**20

# Pixels that a model's picture may have.
MAX_PICTURE_PIXELS = 50_000_000
# Photos that devices make, in millions of pixels as these count them: 64 are up to 9280 by 6944.
_MOST_MEGAPIXELS = {"jpeg": 210, "progressive": 64, "heic": 64}
_ROUNDING = 500_000
_NAMES = {"jpeg": "a JPEG", "progressive": "a progressive JPEG", "png": "a PNG", "webp": "a WebP",
          "heic": "a HEIC", "full heic": "a HEIC that is not in 4:2:0", "avif": "an AVIF",
          "tiff": "a TIFF"}  # fmt: skip


def find_excess(size: tuple[int, int], *, kind: str) -> str:
    """Say how many pixels a photo has and how many go, where it has too many; else return "".

    >>> find_excess((9000, 8030), kind="progressive")
    'This photo has 72.3 megapixels; a progressive JPEG may have 64: send a smaller one.'
    """
    pixels, most = size[0] * size[1], most_megapixels(kind)
    if pixels <= most * 1_000_000 + _ROUNDING:
        return ""
    return (
        f"This photo has {pixels / 1e6:,.1f} megapixels; {_NAMES[kind]} may have {most}:"
        " send a smaller one."
    )


def most_megapixels(kind: str) -> int:
    """Return the most that a photo may have: of what devices make, else what memory allows."""
    allowed = (MOST_BYTES - _FILES - _ROUNDING * _DECODING[kind]) // _DECODING[kind] // 1_000_000
    return _MOST_MEGAPIXELS.get(kind, allowed)


def weigh(size: tuple[int, int], *, kind: str, side: int | None) -> int:
    """Return the bytes that an image takes that is shrunk to `side`, or not shrunk (None).

    `kind` is "jpeg", "progressive", "png", "webp", "heic", "full heic", "avif" or "tiff".
    """
    width, height = size
    if side is None:
        return width * height * max(_DECODING[kind], _FINISHING + 4) + _FILES
    across, down = fit(size, side=side)
    coefficients = width * height * _COEFFICIENTS.get(kind, 0)
    if kind in DRAFTED:
        wanted = fit(size, side=draft_side(side, kind=kind))[0]
        skip = max(step for step in (1, 2, 4, 8) if step == 1 or step * wanted <= width)
        width, height = width // skip, height // skip
        across, down = fit((width, height), side=side)
    decoding = width * height * (_DECODING[kind] - _COEFFICIENTS.get(kind, 0)) + coefficients
    # Pillow shrinks across first, and then down.
    shrinking = 4 * (width * height + across * height + across * down)
    is_shrunk = (across, down) != (width, height)
    finishing = across * down * _FINISHING
    return max(decoding, shrinking if is_shrunk else 0, finishing) + _FILES


def weigh_rest(size: tuple[int, int], *, kind: str, length: int) -> int:
    """Return the bytes of a file that its pixels do not explain, and that its reader holds.

    Such as layers and further pages of a TIFF, further pictures of a HEIC, or a film behind it.
    """
    return max(0, length - size[0] * size[1] * _HELD[kind]) if kind in _HELD else 0


def draft_side(side: int, *, kind: str) -> int:
    """Return the side that a JPEG is decoded at, at least, to be shrunk to `side`.

    A progressive one may come out an eighth shorter: decoded whole, one of 7,300 by 7,300 pixels
    would not fit into the memory.
    """
    return side * 7 // 8 if kind == "progressive" else side


def fit(size: tuple[int, int], *, side: int) -> tuple[int, int]:
    """Return the sides of an image that is shrunk so that the longer one is at most `side`."""
    longest = max(*size, side)
    return max(1, size[0] * side // longest), max(1, size[1] * side // longest)
