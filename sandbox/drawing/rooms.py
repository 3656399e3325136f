"""An empty room, for models that are given no photo."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFilter

from sandbox.dice import Dice
from sandbox.drawing.brush import EYE_HEIGHT, NEAREST_Y, NEAREST_Z, ZOOM, Point

FLOOR = 0.69
WINDOW = (0.08, 0.13, 0.3, 0.6)


@lru_cache(maxsize=8)
def empty_room(size: tuple[int, int]) -> Image.Image:
    """Draw a room with a window on the left and a floor of boards."""
    width, height = size[0] * 2, size[1] * 2
    room = Image.composite(
        Image.new("RGB", (width, height), (216, 210, 200)),
        Image.new("RGB", (width, height), (238, 234, 227)),
        Image.linear_gradient("L").transpose(Image.Transpose.ROTATE_90).resize((width, height)),
    )
    _floor(room)
    _window(room)
    skirting = height * FLOOR
    ImageDraw.Draw(room).rectangle(
        (0, skirting - height * 0.022, width, skirting), fill=(244, 242, 238)
    )
    return _light(room).reduce(2)


def _floor(room: Image.Image) -> None:
    """Lay boards that run towards the far wall."""
    width, height = room.size
    draw = ImageDraw.Draw(room)
    top, dice = height * FLOOR, Dice("boards")
    eye = height * (NEAREST_Y - ZOOM * EYE_HEIGHT / NEAREST_Z)
    boards = 34
    spread = (height - eye) / (top - eye)
    for board in range(-boards, boards):
        shade = dice.between(-12, 12)
        colour = tuple(round(part + shade) for part in (184, 146, 108))
        near = [width / 2 + (board + step) * width / 26 * spread for step in (0, 1)]
        far = [width / 2 + (board + step) * width / 26 for step in (0, 1)]
        outline: list[Point] = [(far[0], top), (far[1], top), (near[1], height), (near[0], height)]
        draw.polygon(outline, fill=colour)
        draw.line([outline[0], outline[3]], fill=(150, 114, 82), width=2)


def _window(room: Image.Image) -> None:
    width, height = room.size
    left, top, right, bottom = (
        share * side for share, side in zip(WINDOW, (width, height, width, height), strict=True)
    )
    frame = round(height * 0.012)
    draw = ImageDraw.Draw(room)
    draw.rectangle((left - frame, top - frame, right + frame, bottom + frame), fill=(250, 249, 246))
    sky = Image.composite(
        Image.new("RGB", (round(right - left), round(bottom - top)), (236, 243, 240)),
        Image.new("RGB", (round(right - left), round(bottom - top)), (176, 208, 232)),
        Image.linear_gradient("L").resize((round(right - left), round(bottom - top))),
    )
    room.paste(sky, (round(left), round(top)))
    middle = ((left + right) / 2, (top + bottom) / 2)
    half = frame / 2
    draw.rectangle((middle[0] - half, top, middle[0] + half, bottom), fill=(250, 249, 246))
    draw.rectangle((left, middle[1] - half, right, middle[1] + half), fill=(250, 249, 246))


def _light(room: Image.Image) -> Image.Image:
    """Let daylight fall from the window onto the floor."""
    width, height = room.size
    beam = Image.new("L", room.size)
    ImageDraw.Draw(beam).polygon(
        [
            (width * 0.18, height * 0.72),
            (width * 0.42, height * 0.72),
            (width * 0.62, height * 0.97),
            (width * 0.26, height * 0.97),
        ],
        fill=70,
    )
    small = beam.reduce(8).filter(ImageFilter.GaussianBlur(width / 600))
    beam = small.resize(room.size, Image.Resampling.BICUBIC)
    return Image.composite(Image.new("RGB", room.size, (255, 240, 214)), room, beam)
