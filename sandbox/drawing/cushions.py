"""Loose pillows."""

from __future__ import annotations

import math

from sandbox.drawing.brush import Brush, Point
from sandbox.drawing.colours import Colour


def pillow(
    brush: Brush,
    *,
    x: float,
    y: float,
    z: float,
    size: float,
    tilt: float,
    colour: Colour,
    flat: float = 0.94,
) -> None:
    """Draw a pillow that stands on height `y`; `tilt` in degrees, `flat` height by width."""
    soft = brush.pixels(0.045, z)
    outline = _outline(brush, x=x, y=y + size * flat / 2, z=z, size=size, tilt=tilt, flat=flat)
    below = [(px + soft * 0.4, py + soft * 0.5) for px, py in outline]
    brush.shadow(below, blur=soft * 0.8, opacity=0.3)
    brush.puff(outline, colour, rounding=soft * 0.7, depth=0.4)


def _outline(
    brush: Brush, *, x: float, y: float, z: float, size: float, tilt: float, flat: float
) -> list[Point]:
    """Return a square with its sides drawn in, as a filled pillow has."""
    turn = math.radians(tilt)
    points = []
    for step in range(80):
        angle = 2 * math.pi * step / 80
        cosine, sine = math.cos(angle), math.sin(angle)
        square = 1 / max(abs(cosine), abs(sine))
        reach = size / 2 * (0.9 * square + 0.1) * (1 - 0.1 * math.cos(2 * angle) ** 2)
        along, up = reach * cosine, reach * sine * flat
        points.append(
            brush.at(
                x + along * math.cos(turn) - up * math.sin(turn),
                y + along * math.sin(turn) + up * math.cos(turn),
                z,
            )
        )
    return points
