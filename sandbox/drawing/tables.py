"""Tables, desks and the things on them."""

from __future__ import annotations

import math

from sandbox.dice import Dice
from sandbox.drawing.brush import Brush
from sandbox.drawing.colours import Colour, lit
from sandbox.drawing.plants import leaf
from sandbox.drawing.seating import stand


def round_table(
    brush: Brush, *, x: float, z: float, radius: float, height: float, wood: Colour, metal: Colour
) -> None:
    """Draw a round table on three slim legs; `z` is its middle."""
    brush.shadow(brush.disc(x + 0.08, 0, z, radius * 1.02), blur=brush.pixels(0.1, z), opacity=0.26)
    for angle in (100, 215, 335):
        turn = math.radians(angle)
        reach = (radius * 0.86 * math.cos(turn), radius * 0.86 * math.sin(turn))
        foot = brush.at(x + reach[0], 0, z + reach[1])
        head = brush.at(x + reach[0] * 0.72, height, z + reach[1] * 0.72)
        brush.line([head, foot], metal, width=brush.pixels(0.028, z))
    under = brush.disc(x, height - 0.045, z, radius)
    brush.fill(under, lit(wood, -0.12), end=lit(wood, -0.5), sideways=True)
    # Between the two discs the edge has the height of the board.
    for step in range(1, 9):
        ring = brush.disc(x, height - 0.045 + step * 0.005, z, radius)
        brush.fill(ring, lit(wood, -0.05), end=lit(wood, -0.42), sideways=True)
    brush.fill(brush.disc(x, height, z, radius), lit(wood, 0.3), end=wood)
    _grain_lines(brush, x=x, z=z, radius=radius, height=height, wood=wood)


def _grain_lines(
    brush: Brush, *, x: float, z: float, radius: float, height: float, wood: Colour
) -> None:
    for step in range(-6, 7):
        depth = z + step / 7 * radius
        half = math.sqrt(max(0.0, radius**2 - (depth - z) ** 2)) * 0.96
        line = brush.floor(x - half, x + half, depth - 0.004, depth + 0.002, y=height)
        brush.fill(line, lit(wood, -0.16), opacity=0.35)


def long_table(
    brush: Brush,
    *,
    x: tuple[float, float],
    z: tuple[float, float],
    height: float,
    wood: Colour,
    metal: Colour | None = None,
) -> None:
    """Draw a rectangular table or desk; legs of metal where one is given, else of wood."""
    stand(brush, x, z)
    leg = metal or lit(wood, -0.15)
    thick = 0.035 if metal else 0.07
    for depth in (z[1] - 0.08, z[0] + 0.03):
        for left in (x[0] + 0.05, x[1] - 0.05 - thick):
            brush.box((left, left + thick), (0, height), (depth, depth + thick), leg)
    brush.box(x, (height - 0.055, height), z, wood, rounding=brush.pixels(0.008, z[0]))
    for step in range(1, 7):
        depth = z[0] + step / 7 * (z[1] - z[0])
        line = brush.floor(x[0] + 0.01, x[1] - 0.01, depth - 0.003, depth + 0.002, y=height)
        brush.fill(line, lit(wood, -0.18), opacity=0.26)


def books(brush: Brush, *, x: float, y: float, z: float, covers: tuple[Colour, ...]) -> None:
    """Draw a small pile of books."""
    for number, cover in enumerate(covers[:3]):
        half, shift = 0.15 - number * 0.018, (number % 2) * 0.02 - 0.01
        low = y + number * 0.03
        sides = (x + shift - half, x + shift + half)
        brush.box(sides, (low, low + 0.028), (z - 0.09, z + 0.1), cover)
        pages = brush.card(sides[0] + 0.01, sides[1] - 0.004, low + 0.006, low + 0.022, z - 0.091)
        brush.fill(pages, (240, 234, 222), end=(214, 206, 190))


def vase(
    brush: Brush, *, x: float, y: float, z: float, colour: Colour, dice: Dice, height: float = 0.2
) -> None:
    """Draw a vase with a few twigs."""
    for number in range(7):
        lean = (number - 3) * 0.05 + dice.between(-0.02, 0.02)
        tall = height + dice.between(0.14, 0.3)
        tip = brush.at(x + lean, y + tall, z)
        brush.line([brush.at(x, y + height, z), tip], (92, 104, 70), width=brush.pixels(0.007, z))
        for share in (0.55, 0.78, 1.0):
            at = brush.at(x + lean * share, y + height + (tall - height) * share, z)
            side = 60 if number % 2 else 120
            leaf(
                brush,
                at,
                length=brush.pixels(0.085, z),
                angle=side - lean * 260 + share * 20,
                colour=(112 + number * 5, 132 + number * 4, 92),
                width=0.36,
            )
    profile = ((0.0, 0.05), (0.35, 0.085), (0.6, 0.08), (0.85, 0.035), (1.0, 0.045))
    right = [brush.at(x + half, y + share * height, z) for share, half in profile]
    left = [brush.at(x - half, y + share * height, z) for share, half in reversed(profile)]
    outline = [*right, *left]
    brush.fill(
        outline,
        lit(colour, 0.28),
        end=lit(colour, -0.34),
        sideways=True,
        rounding=brush.pixels(0.015, z),
    )


def bowl(brush: Brush, *, x: float, y: float, z: float, colour: Colour) -> None:
    """Draw a shallow bowl."""
    rim = brush.disc(x, y + 0.075, z, 0.13)
    front = [brush.at(x + 0.13, y + 0.075, z), brush.at(x + 0.05, y, z)]
    front += [brush.at(x - 0.05, y, z), brush.at(x - 0.13, y + 0.075, z)]
    brush.fill(
        front,
        lit(colour, 0.1),
        end=lit(colour, -0.4),
        sideways=True,
        rounding=brush.pixels(0.012, z),
    )
    brush.fill(rim, lit(colour, -0.3), end=lit(colour, 0.16))


def screen(brush: Brush, *, x: float, y: float, z: float) -> None:
    """Draw a computer's screen on its foot."""
    brush.box((x - 0.12, x + 0.12), (y, y + 0.012), (z - 0.08, z + 0.08), (170, 172, 174))
    brush.box((x - 0.025, x + 0.025), (y, y + 0.14), (z, z + 0.02), (150, 152, 154))
    edge = brush.pixels(0.012, z)
    frame = brush.card(x - 0.34, x + 0.34, y + 0.12, y + 0.52, z - 0.02)
    brush.fill(frame, (38, 40, 44), rounding=edge)
    inside = brush.card(x - 0.325, x + 0.325, y + 0.14, y + 0.505, z - 0.021)
    brush.fill(inside, (150, 178, 196), end=(78, 104, 132))


def drawers(
    brush: Brush, *, x: tuple[float, float], z: tuple[float, float], wood: Colour, metal: Colour
) -> None:
    """Draw a bedside table with two drawers."""
    stand(brush, x, z)
    brush.box(x, (0.1, 0.5), z, wood, rounding=brush.pixels(0.01, z[0]))
    for low in (0.13, 0.32):
        front = brush.card(x[0] + 0.025, x[1] - 0.025, low, low + 0.16, z[0] - 0.002)
        brush.fill(front, lit(wood, 0.1), end=lit(wood, -0.08))
        middle = (x[0] + x[1]) / 2
        knob = brush.card(middle - 0.035, middle + 0.035, low + 0.09, low + 0.105, z[0] - 0.01)
        brush.fill(knob, lit(metal, 0.2), end=lit(metal, -0.3))
    for left in (x[0] + 0.03, x[1] - 0.06):
        brush.box((left, left + 0.03), (0, 0.1), (z[0] + 0.02, z[0] + 0.05), lit(wood, -0.3))
