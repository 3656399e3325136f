"""Draws a label, such as "Virtually staged", into a picture."""

from PIL import Image, ImageDraw, ImageFont


def draw_label(image: Image.Image, text: str) -> None:
    """Draw white text on a dark, half-transparent pill, as high as 5 % of the short side."""
    size = max(12.0, min(image.size) * 0.028)
    font = ImageFont.load_default(size)
    width_at_size = font.getlength(text) + 2.6 * size
    if width_at_size > image.width:
        size = max(1.0, size * image.width / width_at_size)
        font = ImageFont.load_default(size)

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
