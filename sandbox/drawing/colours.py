"""Colours, and the palettes of the styles that a prompt can name."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (18, 16, 15)


def mix(base: Colour, added: Colour, share: float) -> Colour:
    """Return `base` with a `share` (0 to 1) of `added` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(base, added, strict=True))
    return red, green, blue


def lit(colour: Colour, amount: float) -> Colour:
    """Return the colour in more light, or in less where `amount` is negative."""
    return mix(colour, WHITE, amount) if amount > 0 else mix(colour, BLACK, -amount)


@dataclass(frozen=True, kw_only=True)
class Palette:
    """The materials of a style; the seed picks one of each."""

    fabrics: tuple[Colour, ...]
    accents: tuple[Colour, ...]
    woods: tuple[Colour, ...]
    rugs: tuple[Colour, ...]
    metals: tuple[Colour, ...]
    ornate: bool = False


OAK, WALNUT, EBONY, CHERRY = (193, 150, 101), (112, 74, 48), (52, 44, 40), (126, 62, 38)
BRASS, STEEL, IRON = (190, 150, 84), (158, 162, 166), (44, 44, 46)

PALETTES = {
    "scandinavian": Palette(
        fabrics=((203, 202, 196), (222, 214, 200), (156, 170, 172)),
        accents=((206, 164, 120), (120, 142, 128), (214, 178, 170), (92, 112, 122)),
        woods=(OAK, (212, 176, 130)),
        rugs=((232, 227, 216), (216, 210, 198)),
        metals=(IRON, BRASS),
    ),
    "industrial": Palette(
        fabrics=((122, 74, 46), (74, 72, 72), (142, 94, 58)),
        accents=((176, 106, 62), (70, 84, 88), (190, 164, 128), (48, 50, 54)),
        woods=((128, 88, 58), WALNUT),
        rugs=((110, 104, 100), (142, 128, 112)),
        metals=(IRON,),
    ),
    "modern": Palette(
        fabrics=((72, 88, 102), (196, 190, 180), (60, 98, 92)),
        accents=((212, 158, 70), (232, 226, 214), (188, 98, 72), (38, 48, 58)),
        woods=(WALNUT, (150, 106, 70)),
        rugs=((214, 208, 200), (184, 184, 184)),
        metals=(BRASS, STEEL),
    ),
    "traditional": Palette(
        fabrics=((134, 52, 48), (52, 72, 96), (92, 98, 66)),
        accents=((204, 166, 92), (228, 212, 180), (104, 40, 44), (58, 84, 72)),
        woods=(CHERRY, (96, 56, 36)),
        rugs=((142, 56, 50), (56, 66, 94)),
        metals=(BRASS,),
        ornate=True,
    ),
    "minimalist": Palette(
        fabrics=((226, 223, 217), (176, 174, 170), (206, 198, 188)),
        accents=((148, 144, 138), (238, 234, 226), (118, 122, 116)),
        woods=((206, 178, 142), EBONY),
        rugs=((236, 233, 227),),
        metals=(IRON, STEEL),
    ),
    "coastal": Palette(
        fabrics=((236, 232, 222), (150, 182, 198), (204, 216, 214)),
        accents=((64, 110, 146), (228, 206, 166), (238, 240, 236), (112, 164, 164)),
        woods=((206, 178, 138), (226, 214, 194)),
        rugs=((222, 212, 188), (196, 210, 216)),
        metals=(BRASS, STEEL),
    ),
    "farmhouse": Palette(
        fabrics=((224, 214, 198), (132, 146, 142), (186, 168, 148)),
        accents=((146, 92, 70), (98, 118, 100), (236, 228, 212), (82, 92, 106)),
        woods=((164, 120, 80), (140, 100, 66)),
        rugs=((206, 192, 168), (170, 150, 130)),
        metals=(IRON,),
    ),
    "bohemian": Palette(
        fabrics=((186, 104, 66), (60, 112, 108), (206, 156, 84)),
        accents=((196, 72, 84), (226, 174, 74), (72, 118, 132), (156, 94, 126)),
        woods=((158, 106, 62), OAK),
        rugs=((176, 84, 68), (206, 170, 120)),
        metals=(BRASS,),
        ornate=True,
    ),
    "luxury": Palette(
        fabrics=((42, 76, 72), (226, 216, 200), (66, 56, 88)),
        accents=((206, 168, 96), (240, 234, 224), (122, 52, 70)),
        woods=(EBONY, WALNUT),
        rugs=((226, 220, 210), (120, 116, 122)),
        metals=((212, 172, 98),),
    ),
}
SYNONYMS = {
    "scandi": "scandinavian",
    "nordic": "scandinavian",
    "japandi": "minimalist",
    "minimal": "minimalist",
    "loft": "industrial",
    "classic": "traditional",
    "victorian": "traditional",
    "mid-century": "modern",
    "midcentury": "modern",
    "contemporary": "modern",
    "beach": "coastal",
    "hamptons": "coastal",
    "rustic": "farmhouse",
    "country": "farmhouse",
    "boho": "bohemian",
    "luxur": "luxury",
    "glam": "luxury",
    "art deco": "luxury",
}


def palette_of(prompt: str) -> Palette:
    """Return the palette of the style that a prompt names first; modern without one."""
    text = prompt.lower()
    words = {**{name: name for name in PALETTES}, **SYNONYMS}
    found = [(text.index(word), style) for word, style in words.items() if word in text]
    return PALETTES[min(found)[1] if found else "modern"]
