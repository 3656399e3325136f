"""Arrangements of furniture, one for each kind of room."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.dice import Dice
from sandbox.drawing import accents, seating, tables
from sandbox.drawing.brush import Brush
from sandbox.drawing.colours import Colour, Palette, lit
from sandbox.drawing.plants import plant

LINEN: Colour = (236, 232, 224)
WALL_Z = 5.3


@dataclass(frozen=True)
class Scene:
    """The brush, materials and dice of an arrangement.

    `dice` depend on the seed and the prompt, `details` on every other parameter as well.
    """

    brush: Brush
    palette: Palette
    dice: Dice
    details: Dice
    fabric: Colour
    wood: Colour
    metal: Colour
    # 1 or -1: the whole arrangement may be mirrored.
    side: int
    # False where the photo shows a window or a door: no picture hangs there.
    has_bare_wall: bool

    def some_accents(self, count: int) -> tuple[Colour, ...]:
        """Return accent colours, each once before any comes again."""
        first = int(self.dice.between(0, 4))
        colours = self.palette.accents
        return tuple(colours[(first + number) % len(colours)] for number in range(count))


def _living(scene: Scene) -> None:
    """Sofa, armchair, rug, coffee table, lamp, plant and pictures."""
    brush, dice, side = scene.brush, scene.dice, scene.side
    x = -0.25 * side + dice.between(-0.12, 0.12)
    width = dice.between(2.15, 2.4)
    _pictures(scene, x=x)
    plant(
        brush,
        x=x - side * (width / 2 + 0.42),
        z=4.75,
        height=dice.between(1.35, 1.6),
        pot=dice.pick(((214, 208, 198), (92, 94, 96), (176, 112, 82))),
        dice=dice,
    )
    accents.floor_lamp(
        brush, x=x + side * (width / 2 + 0.3), z=4.85, metal=scene.metal, tripod=dice.chance(0.5)
    )
    accents.rug(
        brush,
        x=(x - 1.35, x + 1.35),
        z=(2.72, 4.3),
        colour=dice.pick(scene.palette.rugs),
        palette=scene.palette,
        dice=dice,
    )
    seating.sofa(
        brush,
        x=x,
        z=3.95,
        width=width,
        seats=dice.pick((2, 3)),
        fabric=scene.fabric,
        wood=scene.wood,
        pillows=scene.some_accents(dice.pick((2, 3, 4))),
    )
    if dice.chance(0.65):
        seating.sofa(
            brush,
            x=x + side * 1.58,
            z=3.3,
            width=0.78,
            seats=1,
            fabric=dice.pick(scene.palette.accents),
            wood=scene.wood,
            pillows=(),
        )
    _coffee_table(scene, x=x + dice.between(-0.1, 0.1))


def _coffee_table(scene: Scene, *, x: float) -> None:
    brush, dice, top = scene.brush, scene.dice, 0.4
    if dice.chance(0.6):
        tables.round_table(
            brush, x=x, z=3.22, radius=0.46, height=top, wood=scene.wood, metal=scene.metal
        )
    else:
        tables.long_table(
            brush,
            x=(x - 0.56, x + 0.56),
            z=(2.98, 3.48),
            height=top,
            wood=scene.wood,
            metal=scene.metal,
        )
    tables.vase(brush, x=x - 0.17, y=top, z=3.32, colour=(226, 220, 210), dice=scene.details)
    tables.books(brush, x=x + 0.15, y=top, z=3.1, covers=scene.some_accents(2))


def _bedroom(scene: Scene) -> None:
    """Bed, bedside tables with lamps, rug, plant and pictures."""
    brush, dice, side = scene.brush, scene.dice, scene.side
    x = dice.between(-0.2, 0.2)
    _pictures(scene, x=x)
    plant(
        brush,
        x=x + side * 1.95,
        z=4.7,
        height=1.4,
        pot=dice.pick(scene.palette.accents),
        dice=dice,
    )
    accents.rug(
        brush,
        x=(x - 1.6, x + 1.6),
        z=(2.75, 4.1),
        colour=dice.pick(scene.palette.rugs),
        palette=scene.palette,
        dice=dice,
    )
    for place in (-1.2, 1.2):
        tables.drawers(
            brush,
            x=(x + place - 0.24, x + place + 0.24),
            z=(4.3, 4.7),
            wood=scene.wood,
            metal=scene.metal,
        )
        accents.table_lamp(brush, x=x + place, y=0.5, z=4.5, metal=scene.metal)
    pillows = scene.some_accents(4)
    seating.bed(
        brush,
        x=x,
        z=3.1,
        width=1.7,
        fabric=scene.fabric,
        linen=LINEN,
        throw=pillows[3],
        wood=scene.wood,
        pillows=pillows[:3],
    )


def _dining(scene: Scene) -> None:
    """Table, six chairs, a lamp above, rug and pictures."""
    brush, dice = scene.brush, scene.dice
    x = dice.between(-0.2, 0.2)
    _pictures(scene, x=x)
    plant(
        brush,
        x=x - scene.side * 1.9,
        z=4.6,
        height=1.5,
        pot=dice.pick(scene.palette.accents),
        dice=dice,
    )
    accents.rug(
        brush,
        x=(x - 1.6, x + 1.6),
        z=(2.75, 4.5),
        colour=dice.pick(scene.palette.rugs),
        palette=scene.palette,
        dice=dice,
    )
    for place in (-0.62, 0.0, 0.62):
        seating.chair(brush, x=x + place, z=4.0, fabric=scene.fabric, wood=scene.wood)
    tables.long_table(brush, x=(x - 1.05, x + 1.05), z=(3.2, 4.1), height=0.74, wood=scene.wood)
    tables.vase(brush, x=x, y=0.74, z=3.65, colour=(228, 222, 212), dice=scene.details)
    tables.bowl(brush, x=x + 0.45, y=0.74, z=3.6, colour=scene.some_accents(1)[0])
    for place in (-0.5, 0.5):
        seating.chair(brush, x=x + place, z=2.95, fabric=scene.fabric, wood=scene.wood, away=True)
    accents.pendant(brush, x=x, z=3.65, metal=scene.metal)


def _office(scene: Scene) -> None:
    """Desk with screen and lamp, chair, rug, plant and pictures."""
    brush, dice, side = scene.brush, scene.dice, scene.side
    x = dice.between(-0.25, 0.25)
    _pictures(scene, x=x)
    plant(
        brush,
        x=x + side * 1.35,
        z=4.6,
        height=1.45,
        pot=dice.pick(scene.palette.accents),
        dice=dice,
    )
    accents.rug(
        brush,
        x=(x - 1.3, x + 1.3),
        z=(2.75, 4.2),
        colour=dice.pick(scene.palette.rugs),
        palette=scene.palette,
        dice=dice,
    )
    tables.long_table(
        brush,
        x=(x - 0.95, x + 0.95),
        z=(3.8, 4.5),
        height=0.74,
        wood=scene.wood,
        metal=scene.metal,
    )
    tables.screen(brush, x=x, y=0.74, z=4.25)
    accents.table_lamp(brush, x=x - side * 0.72, y=0.74, z=4.2, metal=scene.metal)
    tables.books(brush, x=x + side * 0.66, y=0.74, z=4.1, covers=scene.some_accents(3))
    seating.chair(brush, x=x + 0.1, z=3.35, fabric=scene.fabric, wood=scene.metal, away=True)
    seating.sofa(
        brush,
        x=x - side * 1.6,
        z=3.3,
        width=0.8,
        seats=1,
        fabric=dice.pick(scene.palette.accents),
        wood=scene.wood,
        pillows=(),
    )


def _outdoor(scene: Scene) -> None:
    """Slatted sofa and armchairs, a low table and planters."""
    brush, dice = scene.brush, scene.dice
    x = dice.between(-0.2, 0.2)
    for place in (-1.6, 1.6):
        plant(brush, x=x + place, z=4.7, height=1.3, pot=(94, 96, 98), dice=dice)
    accents.rug(
        brush,
        x=(x - 1.4, x + 1.4),
        z=(2.72, 4.3),
        colour=dice.pick(scene.palette.rugs),
        palette=scene.palette,
        dice=dice,
    )
    seating.sofa(
        brush,
        x=x,
        z=3.95,
        width=2.0,
        seats=2,
        fabric=lit(LINEN, -0.08),
        wood=scene.wood,
        pillows=scene.some_accents(3),
    )
    for place in (-1.5, 1.5):
        seating.sofa(
            brush,
            x=x + place,
            z=3.25,
            width=0.76,
            seats=1,
            fabric=lit(LINEN, -0.08),
            wood=scene.wood,
            pillows=scene.some_accents(1),
        )
    tables.long_table(brush, x=(x - 0.5, x + 0.5), z=(3.0, 3.5), height=0.36, wood=scene.wood)
    tables.bowl(brush, x=x, y=0.36, z=3.25, colour=scene.some_accents(1)[0])


def _pictures(scene: Scene, *, x: float) -> None:
    frames = scene.dice.pick((1, 2, 3))
    if not scene.has_bare_wall:
        return
    accents.wall_art(
        scene.brush,
        x=x,
        z=WALL_Z,
        frames=frames,
        metal=scene.metal,
        palette=scene.palette,
        dice=scene.details,
    )


ROOMS: dict[str, Callable[[Scene], None]] = {
    r"living|lounge|sofa|family room": _living,
    r"bed": _bedroom,
    r"dining|kitchen": _dining,
    r"office|study|desk|workspace": _office,
    r"outdoor|patio|terrace|balcony|garden|deck": _outdoor,
}


def arrangement_of(prompt: str) -> Callable[[Scene], None]:
    """Return the arrangement of the room that a prompt names first; a living room without."""
    found = [
        (match.start(), arrangement)
        for words, arrangement in ROOMS.items()
        if (match := re.search(words, prompt))
    ]
    return min(found, key=lambda place: place[0])[1] if found else _living
