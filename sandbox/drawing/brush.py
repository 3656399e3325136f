"""Draws shaded shapes, given in metres, as a camera standing in the room sees them.

x runs to the right of the camera, y up from the floor, z away from the camera. Everything is
drawn at twice the size and scaled down at the end, which smooths the edges.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from sandbox.drawing.colours import BLACK, Colour, lit

Point = tuple[float, float]
SCALE = 2
EYE_HEIGHT = 1.15
# The floor this far away is drawn at this height of the picture.
NEAREST_Z = 2.5
NEAREST_Y = 0.95
ZOOM = 1.12


class Brush:
    """A transparent layer, and the strokes that draw on it."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._final = size
        width, height = size[0] * SCALE, size[1] * SCALE
        self.layer = Image.new("RGBA", (width, height))
        self._focus = ZOOM * min(height, width / 1.5)
        self._centre = width / 2
        self._horizon = NEAREST_Y * height - self._focus * EYE_HEIGHT / NEAREST_Z

    def finish(self) -> Image.Image:
        """Return the layer in the size that was asked for."""
        return self.layer.reduce(SCALE).resize(self._final)

    def at(self, x: float, y: float, z: float) -> Point:
        """Return where a point of the room is on the layer."""
        return (
            self._centre + self._focus * x / z,
            self._horizon + self._focus * (EYE_HEIGHT - y) / z,
        )

    def pixels(self, metres: float, z: float) -> float:
        """Return how long a length is at a distance."""
        return self._focus * metres / z

    def card(self, left: float, right: float, bottom: float, top: float, z: float) -> list[Point]:
        """Return the corners of an upright rectangle that faces the camera."""
        return [
            self.at(left, top, z),
            self.at(right, top, z),
            self.at(right, bottom, z),
            self.at(left, bottom, z),
        ]

    def floor(
        self, left: float, right: float, near: float, far: float, y: float = 0
    ) -> list[Point]:
        """Return the corners of a rectangle that lies at height `y`."""
        return [
            self.at(left, y, far),
            self.at(right, y, far),
            self.at(right, y, near),
            self.at(left, y, near),
        ]

    def disc(self, x: float, y: float, z: float, radius: float) -> list[Point]:
        """Return the outline of a level disc."""
        turns = [2 * math.pi * i / 72 for i in range(72)]
        return [self.at(x + radius * math.cos(t), y, z + radius * math.sin(t)) for t in turns]

    def fill(
        self,
        outline: Sequence[Point],
        colour: Colour,
        *,
        end: Colour | None = None,
        sideways: bool = False,
        rounding: float = 0,
        opacity: float = 1,
    ) -> None:
        """Fill an outline, with a gradient to `end` where one is given."""
        box = self._box(outline, margin=2 + rounding)
        if box is None:
            return
        mask = _round(_mask([outline], box), rounding)
        colours = _gradient(_size(box), colour, end or colour, sideways=sideways)
        self._put(colours, mask, box, opacity=opacity)

    def puff(
        self, outline: Sequence[Point], colour: Colour, *, rounding: float, depth: float = 0.34
    ) -> None:
        """Fill an outline as upholstery: rounded, lit from above, darker towards its edge."""
        box = self._box(outline, margin=2 + rounding)
        if box is None:
            return
        mask = _round(_mask([outline], box), rounding)
        light, dark = lit(colour, 0.13), lit(colour, -depth)
        inside = mask.filter(ImageFilter.GaussianBlur(max(2.0, rounding * 0.9)))
        inside = inside.point(lambda v: max(0, min(255, (v - 118) * 2)))
        colours = Image.composite(
            _gradient(_size(box), light, lit(colour, -0.1)),
            _gradient(_size(box), lit(colour, -depth / 3), dark),
            inside,
        )
        self._put(_grain(colours), mask, box)

    def box(
        self,
        x: tuple[float, float],
        y: tuple[float, float],
        z: tuple[float, float],
        colour: Colour,
        *,
        rounding: float = 0,
        softness: float = 0,
    ) -> None:
        """Draw a box: top, the side that is seen, front. Light comes from the upper left."""
        faces: list[tuple[list[Point], Colour]] = []
        if y[1] < EYE_HEIGHT:
            faces.append((self.floor(*x, *z, y=y[1]), lit(colour, 0.16)))
        if x[0] > 0:
            faces.append((self._side(x[0], y, z), lit(colour, -0.12)))
        elif x[1] < 0:
            faces.append((self._side(x[1], y, z), lit(colour, -0.34)))
        front = self.card(*x, *y, z[0])
        whole = [*faces, (front, colour)]
        box = self._box([point for face, _ in whole for point in face], margin=2 + rounding)
        if box is None:
            return
        mask = _round(_mask([face for face, _ in whole], box), rounding)
        colours = Image.new("RGB", _size(box), colour)
        draw = ImageDraw.Draw(colours)
        for outline, shade in faces:
            draw.polygon(_moved(outline, box), fill=shade)
        front_mask = _mask([front], box)
        colours.paste(_gradient(_size(box), lit(colour, 0.03), lit(colour, -0.2)), mask=front_mask)
        if softness:
            colours = _grain(colours.filter(ImageFilter.GaussianBlur(softness)))
        self._put(colours, mask, box)

    def shadow(self, outline: Sequence[Point], *, blur: float, opacity: float) -> None:
        """Darken an outline softly."""
        self.glow(outline, BLACK, blur=blur, opacity=opacity)

    def glow(
        self, outline: Sequence[Point], colour: Colour, *, blur: float, opacity: float
    ) -> None:
        """Lay an outline over the picture with a very soft edge."""
        box = self._box(outline, margin=blur * 2.5)
        if box is None:
            return
        small = max(1, int(blur / 6))
        mask = _mask([outline], box)
        reduced = mask.reduce(small).filter(ImageFilter.GaussianBlur(blur / small))
        mask = reduced.resize(_size(box), Image.Resampling.BICUBIC)
        mask = _dithered(mask.point(lambda v: round(v * opacity)))
        self._put(Image.new("RGB", _size(box), colour), mask, box)

    def line(self, points: Sequence[Point], colour: Colour, *, width: float) -> None:
        """Draw a line of a width in pixels."""
        draw = ImageDraw.Draw(self.layer)
        thick = max(1, round(width))
        draw.line([*points], fill=(*colour, 255), width=thick, joint="curve")

    def _side(self, x: float, y: tuple[float, float], z: tuple[float, float]) -> list[Point]:
        return [
            self.at(x, y[1], z[0]),
            self.at(x, y[1], z[1]),
            self.at(x, y[0], z[1]),
            self.at(x, y[0], z[0]),
        ]

    def _box(self, outline: Iterable[Point], *, margin: float) -> tuple[int, int, int, int] | None:
        """Return the pixels around an outline that are on the layer; None if none are."""
        points = list(outline)
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        left, top = max(0, int(min(xs) - margin)), max(0, int(min(ys) - margin))
        right = min(self.layer.width, int(max(xs) + margin) + 1)
        bottom = min(self.layer.height, int(max(ys) + margin) + 1)
        return (left, top, right, bottom) if right - left > 1 and bottom - top > 1 else None

    def _put(
        self,
        colours: Image.Image,
        mask: Image.Image,
        box: tuple[int, int, int, int],
        *,
        opacity: float = 1,
    ) -> None:
        alpha = mask.point(lambda v: round(v * opacity)) if opacity < 1 else mask
        colours.putalpha(alpha)
        self.layer.alpha_composite(colours, dest=box[:2])


def _size(box: tuple[int, int, int, int]) -> tuple[int, int]:
    return box[2] - box[0], box[3] - box[1]


def _moved(outline: Iterable[Point], box: tuple[int, int, int, int]) -> list[Point]:
    return [(x - box[0], y - box[1]) for x, y in outline]


def _mask(outlines: Iterable[Sequence[Point]], box: tuple[int, int, int, int]) -> Image.Image:
    mask = Image.new("L", _size(box))
    draw = ImageDraw.Draw(mask)
    for outline in outlines:
        draw.polygon(_moved(outline, box), fill=255)
    return mask


def _round(mask: Image.Image, radius: float) -> Image.Image:
    """Round the corners of a mask: blurred pixels below a half go, those above it stay."""
    if radius <= 0:
        return mask
    blurred = mask.filter(ImageFilter.GaussianBlur(radius * 0.6))
    steep = max(2.0, radius / 2)
    return blurred.point(lambda v: max(0, min(255, round((v - 128) * steep + 128))))


def _gradient(
    size: tuple[int, int], start: Colour, end: Colour, *, sideways: bool = False
) -> Image.Image:
    """Return a picture that goes from one colour at the top (or left) to another."""
    ramp = Image.linear_gradient("L")
    if sideways:
        ramp = ramp.transpose(Image.Transpose.ROTATE_90)
    if start == end:
        return Image.new("RGB", size, start)
    return Image.composite(
        Image.new("RGB", size, end), Image.new("RGB", size, start), ramp.resize(size)
    )


def _grain(colours: Image.Image) -> Image.Image:
    """Give colours the faint grain of cloth."""
    grain = _noise(colours.size).point(lambda v: v // 18)
    return ImageChops.add(colours, Image.merge("RGB", (grain, grain, grain)), offset=-7)


def _dithered(alpha: Image.Image) -> Image.Image:
    """Break up the rings that a very soft edge would show."""
    grain = _noise(alpha.size).point(lambda v: v // 64)
    return ImageChops.multiply(
        ImageChops.add(alpha, grain, offset=-1), alpha.point(lambda v: 255 if v else 0)
    )


def _noise(size: tuple[int, int]) -> Image.Image:
    """Return noise that is the same every time; Pillow's own is not."""
    noise = Image.new("L", size)
    for left in range(0, size[0], TILE.width):
        for top in range(0, size[1], TILE.height):
            noise.paste(TILE, (left, top))
    return noise


def _tile(side: int) -> Image.Image:
    throws = hashlib.shake_256(b"grain").digest(side * side)
    return Image.frombytes("L", (side, side), throws).filter(ImageFilter.BoxBlur(0.6))


TILE = _tile(160)
