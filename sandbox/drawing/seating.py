"""Sofas, armchairs, chairs and beds."""

from __future__ import annotations

from sandbox.drawing.brush import Brush
from sandbox.drawing.colours import Colour, lit, mix
from sandbox.drawing.cushions import pillow


def stand(brush: Brush, x: tuple[float, float], z: tuple[float, float]) -> None:
    """Draw the shadows under a piece of furniture: a wide faint one, a narrow dark one."""
    wide = brush.floor(x[0] - 0.1, x[1] + 0.22, z[0] - 0.16, z[1])
    brush.shadow(wide, blur=brush.pixels(0.13, z[0]), opacity=0.24)
    close = brush.floor(x[0] + 0.02, x[1] - 0.02, z[0] - 0.01, z[1])
    brush.shadow(close, blur=brush.pixels(0.045, z[0]), opacity=0.4)


def legs(
    brush: Brush, x: tuple[float, float], z: tuple[float, float], top: float, wood: Colour
) -> None:
    """Draw four tapered legs, splayed a little."""
    for depth in (z[1] - 0.08, z[0] + 0.06):
        for place, splay in ((x[0] + 0.1, -0.03), (x[1] - 0.1, 0.03)):
            outline = [
                brush.at(place - 0.03, top + 0.02, depth),
                brush.at(place + 0.03, top + 0.02, depth),
                brush.at(place + splay + 0.016, 0, depth),
                brush.at(place + splay - 0.016, 0, depth),
            ]
            brush.fill(outline, lit(wood, 0.1), end=lit(wood, -0.35), sideways=True)


def sofa(
    brush: Brush,
    *,
    x: float,
    z: float,
    width: float,
    seats: int,
    fabric: Colour,
    wood: Colour,
    pillows: tuple[Colour, ...],
) -> None:
    """Draw a sofa, or an armchair where it has one seat; `z` is its front."""
    left, right = x - width / 2, x + width / 2
    back = z + (0.88 if seats > 1 else 0.7)
    arm = 0.17 if seats > 1 else 0.13
    soft = brush.pixels(0.035, z)
    stand(brush, (left, right), (z, back))
    legs(brush, (left, right), (z, back), 0.16, wood)
    back_rest = (left + 0.04, right - 0.04)
    brush.box(back_rest, (0.2, 0.8), (back - 0.2, back), fabric, rounding=soft, softness=soft)
    brush.box(
        (left + 0.05, right - 0.05),
        (0.15, 0.31),
        (z + 0.03, back),
        lit(fabric, -0.14),
        rounding=soft / 2,
        softness=soft / 2,
    )
    each = (width - 2 * arm) / seats
    for seat in range(seats):
        start = left + arm + seat * each
        _back_cushion(brush, (start, start + each), z=back - 0.24, fabric=fabric)
    for seat in range(seats):
        start = left + arm + seat * each
        _seat_cushion(brush, (start, start + each), (z, back - 0.2), fabric=fabric)
    _pillows(brush, left=left + arm, right=right - arm, z=z + 0.42, colours=pillows)
    for side in ((left, left + arm), (right - arm, right)):
        brush.box(side, (0.15, 0.6), (z - 0.01, back), fabric, rounding=soft, softness=soft)
        front = brush.card(side[0] + 0.012, side[1] - 0.012, 0.165, 0.585, z - 0.01)
        brush.puff(front, lit(fabric, -0.02), rounding=soft, depth=0.3)


def _seat_cushion(
    brush: Brush, x: tuple[float, float], z: tuple[float, float], *, fabric: Colour
) -> None:
    soft = brush.pixels(0.04, z[0])
    gap = 0.006
    inner = (x[0] + gap, x[1] - gap)
    top = brush.floor(*inner, z[0] - 0.02, z[1], y=0.46)
    brush.puff(top, lit(fabric, 0.14), rounding=soft / 2, depth=0.22)
    front = brush.card(*inner, 0.29, 0.465, z[0] - 0.02)
    brush.puff(front, lit(fabric, 0.02), rounding=soft, depth=0.38)


def _back_cushion(brush: Brush, x: tuple[float, float], *, z: float, fabric: Colour) -> None:
    soft = brush.pixels(0.075, z)
    outline = [
        brush.at(x[0] + 0.01, 0.85, z + 0.06),
        brush.at((x[0] + x[1]) / 2, 0.875, z + 0.06),
        brush.at(x[1] - 0.01, 0.85, z + 0.06),
        brush.at(x[1] - 0.002, 0.42, z - 0.05),
        brush.at(x[0] + 0.002, 0.42, z - 0.05),
    ]
    brush.puff(outline, lit(fabric, 0.05), rounding=soft, depth=0.36)


def _pillows(
    brush: Brush, *, left: float, right: float, z: float, colours: tuple[Colour, ...]
) -> None:
    """Lean pillows on the back, alternately from the left and from the right end."""
    for number, colour in enumerate(colours):
        inset = 0.24 + (number // 2) * 0.27
        x = left + inset if number % 2 == 0 else right - inset
        size = 0.44 - 0.05 * (number // 2)
        tilt = 7 if number % 2 == 0 else -9
        pillow(brush, x=x, y=0.47, z=z - 0.06 * (number // 2), size=size, tilt=tilt, colour=colour)


def chair(
    brush: Brush, *, x: float, z: float, fabric: Colour, wood: Colour, away: bool = False
) -> None:
    """Draw a dining chair; `away` shows its back, as on the near side of a table."""
    left, right, back = x - 0.23, x + 0.23, z + 0.44
    soft = brush.pixels(0.025, z)
    stand(brush, (left, right), (z, back))
    legs(brush, (left - 0.04, right + 0.04), (z, back), 0.43, wood)
    if not away:
        rest = brush.card(left + 0.01, right - 0.01, 0.5, 0.9, back)
        brush.puff(rest, fabric, rounding=soft * 2)
    brush.box((left, right), (0.41, 0.49), (z, back), fabric, rounding=soft, softness=soft)
    if away:
        for post in (left + 0.03, right - 0.03):
            brush.box((post - 0.02, post + 0.02), (0.4, 0.6), (z, z + 0.03), wood)
        rest = brush.card(left, right, 0.52, 0.92, z)
        brush.puff(rest, fabric, rounding=soft * 2, depth=0.3)


def bed(
    brush: Brush,
    *,
    x: float,
    z: float,
    width: float,
    fabric: Colour,
    linen: Colour,
    throw: Colour,
    wood: Colour,
    pillows: tuple[Colour, ...],
) -> None:
    """Draw a double bed, its foot towards the camera at `z`."""
    left, right, head = x - width / 2, x + width / 2, z + 1.75
    soft = brush.pixels(0.05, z)
    stand(brush, (left, right), (z, head))
    legs(brush, (left, right), (z, head), 0.14, wood)
    _headboard(brush, (left - 0.06, right + 0.06), z=head, fabric=fabric)
    brush.box((left, right), (0.13, 0.34), (z, head), fabric, rounding=soft / 3, softness=soft / 4)
    body = (left + 0.02, right - 0.02)
    brush.box(body, (0.32, 0.54), (z + 0.02, head), linen, rounding=soft, softness=soft / 2)
    for place in (-0.25, 0.25):
        pillow(
            brush,
            x=x + place * width,
            y=0.52,
            z=head - 0.18,
            size=0.62,
            tilt=0,
            colour=lit(linen, 0.35),
            flat=0.7,
        )
    for number, colour in enumerate(pillows[:3]):
        place = (-0.2, 0.2, 0.0)[number] * width
        pillow(
            brush,
            x=x + place,
            y=0.53,
            z=head - 0.4 - 0.14 * (number == 2),
            size=0.46 - 0.1 * (number == 2),
            tilt=(5, -5, 0)[number],
            colour=colour,
        )
    _duvet(brush, (left - 0.03, right + 0.03), (z - 0.03, head - 0.72), linen=linen)
    _throw(brush, (left - 0.045, right + 0.045), (z + 0.12, z + 0.62), colour=throw)


def _headboard(brush: Brush, x: tuple[float, float], *, z: float, fabric: Colour) -> None:
    """Draw an upholstered board of upright panels."""
    panels = 5
    each = (x[1] - x[0]) / panels
    for panel in range(panels):
        card = brush.card(x[0] + panel * each, x[0] + (panel + 1) * each, 0.1, 1.22, z)
        brush.puff(card, fabric, rounding=brush.pixels(0.05, z), depth=0.3)


def _duvet(brush: Brush, x: tuple[float, float], z: tuple[float, float], *, linen: Colour) -> None:
    soft = brush.pixels(0.06, z[0])
    brush.box(x, (0.24, 0.6), z, linen, rounding=soft, softness=soft)
    fold = mix(linen, (255, 255, 255), 0.5)
    brush.box(x, (0.59, 0.625), (z[1] - 0.28, z[1]), fold, rounding=soft / 3, softness=soft / 4)


def _throw(brush: Brush, x: tuple[float, float], z: tuple[float, float], *, colour: Colour) -> None:
    soft = brush.pixels(0.03, z[0])
    brush.box(x, (0.36, 0.63), z, colour, rounding=soft, softness=soft)
    for step in range(6):
        depth = z[0] + 0.05 + step * 0.08
        stripe = brush.floor(x[0] + 0.02, x[1] - 0.02, depth, depth + 0.015, y=0.63)
        brush.fill(stripe, lit(colour, 0.25), opacity=0.55)
