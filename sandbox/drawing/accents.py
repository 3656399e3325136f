"""Rugs, lamps and pictures on the wall."""

from __future__ import annotations

import math

from sandbox.dice import Dice
from sandbox.drawing.brush import Brush, Point
from sandbox.drawing.colours import Colour, Palette, lit, mix

WARM: Colour = (255, 214, 150)


def rug(
    brush: Brush,
    *,
    x: tuple[float, float],
    z: tuple[float, float],
    colour: Colour,
    palette: Palette,
    dice: Dice,
) -> None:
    """Draw a rug with one of three patterns; an ornate style has a bordered one."""
    outline = brush.floor(*x, *z)
    brush.shadow(
        brush.floor(x[0] - 0.02, x[1] + 0.03, z[0] - 0.02, z[1]),
        blur=brush.pixels(0.02, z[0]),
        opacity=0.35,
    )
    pattern = "border" if palette.ornate else dice.pick(("plain", "stripes", "diamonds", "border"))
    brush.puff(outline, lit(colour, -0.02), rounding=brush.pixels(0.02, z[0]), depth=0.12)
    accent = mix(colour, dice.pick(palette.accents), 0.55)
    if pattern == "stripes":
        _stripes(brush, x=x, z=z, colour=accent)
    elif pattern == "diamonds":
        _diamonds(brush, x=x, z=z, colour=lit(mix(colour, accent, 0.5), -0.2))
    elif pattern == "border":
        _border(brush, x=x, z=z, colours=(accent, lit(colour, 0.3), lit(accent, -0.2)))


def _stripes(
    brush: Brush, *, x: tuple[float, float], z: tuple[float, float], colour: Colour
) -> None:
    for step in range(9):
        near = z[0] + (step + 0.42) / 9 * (z[1] - z[0])
        width = 0.05 if step % 2 else 0.02
        stripe = brush.floor(x[0] + 0.01, x[1] - 0.01, near, near + width, y=0.004)
        brush.fill(stripe, colour, opacity=0.6)


def _diamonds(
    brush: Brush, *, x: tuple[float, float], z: tuple[float, float], colour: Colour
) -> None:
    across, deep = 7, 4
    width, depth = (x[1] - x[0]) / across, (z[1] - z[0]) / deep
    for column in range(across):
        for row in range(deep):
            left, near = x[0] + column * width, z[0] + row * depth
            middle = (left + width / 2, near + depth / 2)
            corners = [
                brush.at(left, 0, middle[1]),
                brush.at(middle[0], 0, near + depth),
                brush.at(left + width, 0, middle[1]),
                brush.at(middle[0], 0, near),
            ]
            brush.line([*corners, corners[0]], colour, width=brush.pixels(0.012, near))


def _border(
    brush: Brush, *, x: tuple[float, float], z: tuple[float, float], colours: tuple[Colour, ...]
) -> None:
    field = lit(colours[0], -0.1)
    for inset, colour in ((0.08, colours[0]), (0.13, colours[1]), (0.2, colours[2]), (0.23, field)):
        inner = brush.floor(x[0] + inset, x[1] - inset, z[0] + inset, z[1] - inset, y=0)
        brush.fill(inner, colour, opacity=0.72)
    middle = ((x[0] + x[1]) / 2, (z[0] + z[1]) / 2)
    for radius, colour in ((0.42, colours[1]), (0.34, colours[2]), (0.18, colours[1])):
        points = [
            brush.at(
                middle[0] + radius * 1.6 * math.cos(t / 16 * math.pi) * (0.86 + 0.14 * (t % 2)),
                0,
                middle[1] + radius * math.sin(t / 16 * math.pi) * (0.86 + 0.14 * (t % 2)),
            )
            for t in range(32)
        ]
        brush.fill(points, colour, opacity=0.6)


def floor_lamp(brush: Brush, *, x: float, z: float, metal: Colour, tripod: bool) -> None:
    """Draw a floor lamp that is on."""
    thin = brush.pixels(0.022, z)
    brush.shadow(brush.disc(x + 0.05, 0, z, 0.2), blur=brush.pixels(0.06, z), opacity=0.4)
    if tripod:
        for foot in ((-0.26, -0.1), (0.26, -0.1), (0.0, 0.24)):
            line = [brush.at(x, 1.3, z), brush.at(x + foot[0], 0, z + foot[1])]
            brush.line(line, metal, width=thin)
    else:
        brush.fill(brush.disc(x, 0.02, z, 0.16), lit(metal, 0.2), end=lit(metal, -0.3))
        brush.line([brush.at(x, 1.35, z), brush.at(x, 0.02, z)], metal, width=thin)
    shade(brush, x=x, y=1.3, z=z, width=0.36, height=0.3)


def table_lamp(brush: Brush, *, x: float, y: float, z: float, metal: Colour) -> None:
    """Draw a small lamp, as beside a bed."""
    foot = [brush.at(x - 0.05, y + 0.2, z), brush.at(x + 0.05, y + 0.2, z)]
    foot += [brush.at(x + 0.08, y, z), brush.at(x - 0.08, y, z)]
    brush.fill(
        foot,
        lit(metal, 0.3),
        end=lit(metal, -0.3),
        sideways=True,
        rounding=brush.pixels(0.03, z),
    )
    brush.line([brush.at(x, y + 0.3, z), brush.at(x, y + 0.2, z)], metal, width=3)
    shade(brush, x=x, y=y + 0.25, z=z, width=0.28, height=0.2)


def shade(brush: Brush, *, x: float, y: float, z: float, width: float, height: float) -> None:
    """Draw a lit lamp shade and the light around it."""
    middle = y + height / 2
    for reach, opacity in ((2.1, 0.2), (1.1, 0.26)):
        halo = [
            brush.at(
                x + reach * width * math.cos(t / 12), middle + reach * width * math.sin(t / 12), z
            )
            for t in range(76)
        ]
        brush.glow(halo, WARM, blur=brush.pixels(reach * width * 0.55, z), opacity=opacity)
    low, high = width / 2, width * 0.38
    outline = [brush.at(x - high, y + height, z), brush.at(x + high, y + height, z)]
    outline += [brush.at(x + low, y, z), brush.at(x - low, y, z)]
    brush.fill(outline, (250, 226, 184), end=(255, 240, 208), rounding=brush.pixels(0.012, z))
    core = brush.card(x - low * 0.5, x + low * 0.5, y + 0.04, y + height * 0.75, z)
    brush.glow(core, (255, 250, 232), blur=brush.pixels(0.06, z), opacity=0.85)


def pendant(brush: Brush, *, x: float, z: float, metal: Colour) -> None:
    """Draw a lamp that hangs from the ceiling."""
    top = brush.at(x, 3.4, z)
    brush.line(
        [(top[0], max(-4.0, top[1])), brush.at(x, 1.95, z)],
        (40, 38, 36),
        width=brush.pixels(0.01, z),
    )
    glow = brush.disc(x, 1.6, z, 0.5)
    brush.glow(glow, WARM, blur=brush.pixels(0.25, z), opacity=0.5)
    dome = [
        brush.at(x + 0.27 * math.cos(t / 20 * math.pi), 1.7 + 0.26 * math.sin(t / 20 * math.pi), z)
        for t in range(21)
    ]
    brush.fill(dome, lit(metal, 0.25), end=lit(metal, -0.45), sideways=True)
    brush.fill(brush.disc(x, 1.7, z, 0.27), (255, 240, 206), end=(255, 226, 170))


def wall_art(
    brush: Brush, *, x: float, z: float, frames: int, metal: Colour, palette: Palette, dice: Dice
) -> None:
    """Hang one, two or three framed pictures, their middle at eye height."""
    width, height = ((1.15, 0.8), (0.62, 0.82), (0.48, 0.66))[frames - 1]
    gap = 0.1
    left = x - (frames * width + (frames - 1) * gap) / 2
    for number in range(frames):
        start = left + number * (width + gap)
        _frame(
            brush,
            x=(start, start + width),
            y=(1.72 - height / 2, 1.72 + height / 2),
            z=z,
            metal=metal,
            palette=palette,
            dice=dice,
        )


def _frame(
    brush: Brush,
    *,
    x: tuple[float, float],
    y: tuple[float, float],
    z: float,
    metal: Colour,
    palette: Palette,
    dice: Dice,
) -> None:
    drop = brush.pixels(0.03, z)
    cast = [(px + drop, py + drop * 1.3) for px, py in brush.card(*x, *y, z)]
    brush.shadow(cast, blur=drop * 1.2, opacity=0.38)
    brush.fill(brush.card(*x, *y, z), lit(metal, 0.1), end=lit(metal, -0.25))
    paper = (x[0] + 0.02, x[1] - 0.02), (y[0] + 0.02, y[1] - 0.02)
    brush.fill(brush.card(*paper[0], *paper[1], z), (248, 245, 238), end=(236, 231, 222))
    inset = 0.075
    _hills(
        brush,
        x=(x[0] + inset, x[1] - inset),
        y=(y[0] + inset, y[1] - inset),
        z=z,
        palette=palette,
        dice=dice,
    )


def _hills(
    brush: Brush,
    *,
    x: tuple[float, float],
    y: tuple[float, float],
    z: float,
    palette: Palette,
    dice: Dice,
) -> None:
    """Paint a sun over rolling hills, in the colours of the room."""
    sky = mix(palette.rugs[0], dice.pick(palette.accents), 0.18)
    brush.fill(brush.card(*x, *y, z), lit(sky, 0.25), end=sky)
    width, height = x[1] - x[0], y[1] - y[0]
    sun = (x[0] + width * dice.between(0.3, 0.7), y[0] + height * dice.between(0.6, 0.75))
    radius = min(width, height) * dice.between(0.13, 0.2)
    disc: list[Point] = [
        brush.at(sun[0] + radius * math.cos(t / 10), sun[1] + radius * math.sin(t / 10), z)
        for t in range(63)
    ]
    brush.fill(disc, dice.pick(palette.accents))
    for layer in range(3):
        level = 0.5 - 0.16 * layer
        phase, swing = dice.between(0, 6), dice.between(0.05, 0.11)
        ridge = [
            brush.at(
                x[0] + width * step / 24,
                y[0] + height * (level + swing * math.sin(phase + step / 24 * 5)),
                z,
            )
            for step in range(25)
        ]
        colour = lit(palette.accents[(layer + int(phase)) % len(palette.accents)], -0.08 * layer)
        brush.fill([*ridge, brush.at(x[1], y[0], z), brush.at(x[0], y[0], z)], colour)
