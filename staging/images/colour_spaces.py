"""Colour spaces of red, green and blue, as the ICC profiles by which pixels are converted."""

import struct
from typing import NamedTuple

Point = tuple[float, float]
Vector = tuple[float, float, float]

# Curves from stored values to light, as parameters of ICC's parametric curves (ICC.1, 10.18):
# (g,) is x ^ g; (g, a, b) is (a x + b) ^ g; (g, a, b, c, d) is the same from d on, and c x below.
Curve = tuple[float, ...]
SRGB_CURVE: Curve = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)

D65: Point = (0.3127, 0.3290)
# The white of ICC profiles: D50, as XYZ.
_PROFILE_WHITE: Vector = (0.9642, 1.0, 0.8249)
# A tenth: candlelight has less blue, and no photo is of its white.
_LEAST_OF_WHITE = 0.1
_ROUNDING = 1e-4
# Bradford's cone responses, from XYZ; ICC.1 names it for the adaptation of whites, annex E.
_BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))


class Primaries(NamedTuple):
    """The chromaticities x, y of a space's red, green, blue and white."""

    red: Point
    green: Point
    blue: Point
    white: Point = D65


SRGB = Primaries((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
# Adobe RGB (1998) Color Image Encoding, 4.3.1.
ADOBE_RGB = Primaries((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
ADOBE_RGB_CURVE: Curve = (563 / 256,)


def build_profile(primaries: Primaries, curve: Curve) -> bytes | None:
    """Return an ICC profile (ICC.1, version 4), or None where the primaries span no space."""
    columns = _to_profile_white(primaries)
    if columns is None:
        return None
    tags = {b"wtpt": _xyz(_PROFILE_WHITE)}
    kind = {1: 0, 3: 1, 5: 3}[len(curve)]
    for name, column in zip("rgb", columns, strict=True):
        tags[f"{name}XYZ".encode()] = _xyz(column)
        tags[f"{name}TRC".encode()] = struct.pack(">4s4xHxx", b"para", kind) + _fixed(*curve)
    table, bodies = struct.pack(">I", len(tags)), b""
    begin = 128 + 4 + 12 * len(tags)
    for tag, body in tags.items():
        table += struct.pack(">4sII", tag, begin + len(bodies), len(body))
        bodies += body
    header = struct.pack(">I4xI4s4s4s12x4s28x", begin + len(bodies), 0x04200000, b"mntr", b"RGB ",
                         b"XYZ ", b"acsp")  # fmt: skip
    return (header + _fixed(*_PROFILE_WHITE)).ljust(128, b"\0") + table + bodies


def _to_profile_white(primaries: Primaries) -> tuple[Vector, Vector, Vector] | None:
    """Return red, green and blue as XYZ, adapted to the white of ICC profiles."""
    red, green, blue, white = ((x, y, 1 - x - y) for x, y in primaries)
    if min(*red, *green, *blue) < -_ROUNDING or min(white) < _LEAST_OF_WHITE:
        return None
    white = _scale(white, 1 / white[1])
    # The amounts of the primaries that make white: Cramer's rule.
    whole = _determinant(red, green, blue)
    if abs(whole) < 1e-6:
        return None
    amounts = (
        _determinant(white, green, blue) / whole,
        _determinant(red, white, blue) / whole,
        _determinant(red, green, white) / whole,
    )
    # White must lie between the primaries.
    if min(amounts) <= 0:
        return None
    cones_from, cones_to = _transform(_BRADFORD, white), _transform(_BRADFORD, _PROFILE_WHITE)

    def adapt(colour: Vector) -> Vector:
        red_cone, green_cone, blue_cone = _transform(_BRADFORD, colour)
        return _from_cones(
            (
                red_cone * cones_to[0] / cones_from[0],
                green_cone * cones_to[1] / cones_from[1],
                blue_cone * cones_to[2] / cones_from[2],
            )
        )

    scaled = map(_scale, (red, green, blue), amounts)
    first, second, third = map(adapt, scaled)
    return first, second, third


def _from_cones(cones: Vector) -> Vector:
    """Return the XYZ of Bradford's cone responses: Cramer's rule again."""
    x, y, z = zip(*_BRADFORD, strict=True)
    whole = _determinant(x, y, z)
    return (
        _determinant(cones, y, z) / whole,
        _determinant(x, cones, z) / whole,
        _determinant(x, y, cones) / whole,
    )


def _determinant(a: Vector, b: Vector, c: Vector) -> float:
    """Return the determinant of the matrix with these columns."""
    return (
        a[0] * (b[1] * c[2] - b[2] * c[1])
        - b[0] * (a[1] * c[2] - a[2] * c[1])
        + c[0] * (a[1] * b[2] - a[2] * b[1])
    )


def _transform(rows: tuple[Vector, Vector, Vector], vector: Vector) -> Vector:
    first, second, third = (
        sum(factor * value for factor, value in zip(row, vector, strict=True)) for row in rows
    )
    return first, second, third


def _scale(vector: Vector, factor: float) -> Vector:
    return vector[0] * factor, vector[1] * factor, vector[2] * factor


def _xyz(values: Vector) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*values)


def _fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)
