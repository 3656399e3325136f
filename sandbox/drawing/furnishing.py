"""Furnishes a room, by the words of the prompt and the seed."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageStat

from sandbox.dice import Dice
from sandbox.drawing.arrangements import Scene, arrangement_of
from sandbox.drawing.brush import Brush
from sandbox.drawing.colours import palette_of

# The spread of grey values (0 to 255) below which a wall is even, also if papered or badly lit.
_EVEN = 14.0


def furnish(room: Image.Image, *, prompt: str, seed: int, variation: str) -> Image.Image:
    """Return the picture of the room with furniture in it; the photo stays as it is."""
    layer = _furniture(room.size, prompt.lower(), seed, variation, _has_bare_wall(room))
    furnished = room.convert("RGBA")
    furnished.alpha_composite(_in_the_light_of(room, layer))
    return furnished.convert("RGB")


@lru_cache(maxsize=16)
def _furniture(
    size: tuple[int, int],
    prompt: str,
    seed: int,
    variation: str,
    has_bare_wall: bool,
) -> Image.Image:
    """Draw the furniture alone: photos of one size share it."""
    palette = palette_of(prompt)
    dice = Dice("furniture", seed, prompt)
    scene = Scene(
        brush=Brush(size),
        palette=palette,
        dice=dice,
        details=Dice("details", seed, prompt, variation),
        fabric=dice.pick(palette.fabrics),
        wood=dice.pick(palette.woods),
        metal=dice.pick(palette.metals),
        side=dice.pick((1, -1)),
        has_bare_wall=has_bare_wall,
    )
    arrangement_of(prompt)(scene)
    return scene.brush.finish()


def _has_bare_wall(room: Image.Image) -> bool:
    """Return whether the wall behind the sofa is even, without a window or a door."""
    width, height = room.size
    wall = room.crop((int(0.38 * width), int(0.22 * height), int(0.7 * width), int(0.42 * height)))
    return ImageStat.Stat(wall.convert("L")).stddev[0] < _EVEN


def _in_the_light_of(room: Image.Image, layer: Image.Image) -> Image.Image:
    """Darken or warm the furniture a little, as the room itself is lit."""
    level = ImageStat.Stat(room.resize((16, 16))).mean
    red, green, blue, alpha = layer.split()
    bands = [
        band.point([min(255, round(v * _factor(mean))) for v in range(256)])
        for band, mean in zip((red, green, blue), level, strict=True)
    ]
    return Image.merge("RGBA", (*bands, alpha))


def _factor(mean: float) -> float:
    return 0.72 + 0.32 * min(1.0, mean / 190)
