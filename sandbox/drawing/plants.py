"""Plants in pots."""

from __future__ import annotations

import math

from sandbox.dice import Dice
from sandbox.drawing.brush import Brush, Point
from sandbox.drawing.colours import Colour, lit

GREENS: tuple[Colour, ...] = ((58, 96, 60), (74, 114, 68), (48, 84, 58), (92, 128, 76))


def leaf(
    brush: Brush, at: Point, *, length: float, angle: float, colour: Colour, width: float = 0.42
) -> None:
    """Draw a pointed leaf that grows from `at`; the angle in degrees, 90 is upwards."""
    turn = math.radians(angle)
    along, across = (math.cos(turn), -math.sin(turn)), (math.sin(turn), math.cos(turn))
    dark, bright = [], []
    for step in range(11):
        share = step / 10
        half = length * width / 2 * math.sin(math.pi * share**0.8)
        droop = length * 0.12 * share * share
        x, y = at[0] + along[0] * length * share, at[1] + along[1] * length * share + droop
        dark.append((x + across[0] * half, y + across[1] * half))
        bright.append((x - across[0] * half, y - across[1] * half))
    spine = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in zip(dark, bright, strict=True)]
    brush.fill([*dark, *reversed(spine)], lit(colour, -0.18))
    brush.fill([*bright, *reversed(spine)], lit(colour, 0.12))
    brush.line(spine, lit(colour, 0.3), width=max(1.0, length * 0.012))


def plant(brush: Brush, *, x: float, z: float, height: float, pot: Colour, dice: Dice) -> None:
    """Draw a tall leafy plant in a tapered pot."""
    brush.shadow(brush.disc(x + 0.08, 0, z, 0.3), blur=brush.pixels(0.09, z), opacity=0.42)
    _pot(brush, x=x, z=z, colour=pot)
    stems = []
    for number in range(5):
        lean = (number - 2) * 0.1 + dice.between(-0.04, 0.04)
        top = height * dice.between(0.78, 1.0) - abs(lean) * 0.5
        stems.append((lean, top))
        brush.line(
            [brush.at(x + lean * 0.2, 0.36, z), brush.at(x + lean, top, z)],
            (88, 78, 52),
            width=brush.pixels(0.014, z),
        )
    leaves = []
    for lean, top in stems:
        for step in range(7):
            share = 0.3 + 0.7 * step / 6
            side = 1 if step % 2 else -1
            steep = 90 - side * (74 - 44 * share) - lean * 60 + dice.between(-12, 12)
            leaves.append((lean * (0.2 + 0.8 * share), 0.36 + (top - 0.36) * share, steep, share))
    for number, (aside, high, steep, share) in enumerate(leaves):
        size = brush.pixels(0.34 - 0.1 * share + dice.between(-0.03, 0.04), z)
        colour = lit(dice.pick(GREENS), -0.2 + 0.28 * number / len(leaves))
        leaf(brush, brush.at(x + aside, high, z), length=size, angle=steep, colour=colour)


def _pot(brush: Brush, *, x: float, z: float, colour: Colour) -> None:
    body = [brush.at(x - 0.2, 0.38, z), brush.at(x + 0.2, 0.38, z)]
    body += [brush.at(x + 0.14, 0.0, z - 0.05), brush.at(x - 0.14, 0.0, z - 0.05)]
    brush.fill(
        body,
        lit(colour, 0.18),
        end=lit(colour, -0.45),
        sideways=True,
        rounding=brush.pixels(0.03, z),
    )
    brush.fill(brush.disc(x, 0.38, z, 0.2), lit(colour, 0.2), end=lit(colour, -0.1))
    brush.fill(brush.disc(x, 0.375, z, 0.175), (58, 44, 34), end=(40, 30, 24))
