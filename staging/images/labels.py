"""Draws a label, such as "Virtually staged", into a picture.

Pillow's own font has ASCII alone, and draws boxes for all else. Ours is DejaVu Sans 2.37, made
smaller with fonttools to what a label may hold (`x-characters` of the parameter `disclosure`):

    pyftsubset DejaVuSans.ttf --no-hinting --notdef-outline \
    --layout-features=kern,mark,mkmk,ccmp --unicodes=\
    U+20-7E,U+A0-24F,U+370-3FF,U+400-52F,U+1E00-1EFF,U+2010-2027,U+2030-205E,U+20A0-20CF,U+2116,U+2122
"""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FONT = Path(__file__).with_name("fonts") / "DejaVuSans.ttf"


def draw_label(image: Image.Image, text: str) -> None:
    """Draw white text on a dark, half-transparent pill, as high as 5 % of the short side."""
    size = max(12.0, min(image.size) * 0.028)
    font = ImageFont.truetype(FONT, size)
    width_at_size = font.getlength(text) + 2.6 * size
    if width_at_size > image.width:
        size = max(1.0, size * image.width / width_at_size)
        font = ImageFont.truetype(FONT, size)

    width, height = round(font.getlength(text) + 1.6 * size), round(1.8 * size)
    margin = round(size / 2)
    left, top = margin, max(0, image.height - margin - height)

    # Drawn four times as large and shrunk: Pillow does not smooth the edges of its shapes.
    pill = Image.new("L", (width * 4, height * 4))
    ImageDraw.Draw(pill).rounded_rectangle((0, 0, width * 4 - 1, height * 4 - 1), height * 2, 160)
    image.paste("black", (left, top), pill.resize((width, height), Image.Resampling.BOX))
    letters = Image.new("L", (width, height))
    ImageDraw.Draw(letters).text((width / 2, height / 2), text, 255, font, anchor="mm")
    image.paste("white", (left, top), letters)
