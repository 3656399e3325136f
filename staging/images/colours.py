"""Converts pixels of any colour space to sRGB."""

from PIL import Image

from staging.images.colour_claims import ColourClaims
from staging.images.icc_profiles import apply_profile

# Narrow range: black is 16, white 235 (ITU-R BT.709, 3.5).
_WIDENED = [min(max(round((value - 16) * 255 / 219), 0), 255) for value in range(256)]


def to_eight_bits(image: Image.Image) -> Image.Image:
    """Return L, LA, RGB, RGBA or CMYK: the modes that can be resized and colour-managed."""
    if image.mode.startswith("I"):
        # convert("L") clips at 255 where it should divide.
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if image.mode in {"L", "RGB", "CMYK"} and not image.has_transparency_data:
        return image
    if image.mode in {"LA", "RGBA"}:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def to_srgb(image: Image.Image, claims: ColourClaims) -> Image.Image:
    """Return RGB or RGBA in sRGB.

    By the file's own profile; where that is broken or of another kind, by what the file says
    otherwise; and where it says nothing, the colours are taken for sRGB.
    """
    alpha = image.getchannel("A") if image.mode in {"LA", "RGBA"} else None
    colours = image.convert(image.mode[:-1]) if alpha else image
    if claims.is_narrow_range:
        colours = colours.point(_WIDENED * len(colours.getbands()))
    result = apply_profile(colours, claims.embedded) if claims.embedded else None
    if result is None:
        # Made of inks: what names a space of light means other pixels than these.
        named = None if colours.mode == "CMYK" else claims.named
        colours = colours.convert("RGB")
        result = (apply_profile(colours, named) if named else None) or colours
    if alpha:
        result.putalpha(alpha)
    return result


def flatten(image: Image.Image) -> Image.Image:
    """Return the image opaque, on white."""
    if image.mode not in {"LA", "RGBA"}:
        return image
    canvas = Image.new(image.mode[:-1], image.size, "white")
    canvas.paste(image, mask=image.getchannel("A"))
    return canvas
