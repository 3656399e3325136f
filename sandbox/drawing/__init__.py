"""The drawing of a staged room: furniture by the words of the prompt, in a photo or an empty room.

`draw_staged_room` is all that other modules use.
"""

from __future__ import annotations

from PIL import Image, ImageOps

from sandbox.drawing.furnishing import furnish
from sandbox.drawing.rooms import empty_room


def draw_staged_room(
    photo: Image.Image | None, *, size: tuple[int, int], prompt: str, seed: int, variation: str
) -> Image.Image:
    """Return a picture of this size; the same arguments give the same picture.

    `variation` changes details alone, such as the pictures on the wall.
    """
    room = ImageOps.fit(photo, size, Image.Resampling.LANCZOS) if photo else empty_room(size)
    return furnish(room, prompt=prompt, seed=seed, variation=variation)
