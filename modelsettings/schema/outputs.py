"""The pictures that settings ask a model for, at least and at most: how many, and how large.

Models do not publish what they make, so it is read from the names and the choices of their
parameters. What is known of real models, from what they and their makers publish:

- "1 MP" and "1K" are as many pixels as 1024 by 1024 have. The sides are rounded to a multiple of 16
  to 64, and some ratios have a size of their own: the largest known is 384 by 3072 at "1K", an
  eighth more than the name says.
- A width and a height count where a parameter says `custom`; then no other size does.
- A model that follows the photo does so between a smallest and a largest size of its own.

How Replicate rounds the megapixels that it charges for is not published. Resellers of the same
models charge for one megapixel at least, so a bound is never below one.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from modelsettings.schema.flattening import JSON
from modelsettings.schema.published import is_address

MEGAPIXEL = 10**6
# The pixels of a size that is called "1 MP" or "1K".
_NAMED = 1024 * 1024
_SLACK = 1.125
_ROUNDED_TO = 64
# The largest picture of a model that says nothing about it: the largest that a model which stages
# rooms is known to make. No model comes near the numbers after it: a schema that allows more does
# not say how much, and a setting beyond them is refused by the model.
_LARGEST = 4096 * 4096
LONGEST_SIDE = 2**14
_MOST_PICTURES = 1000
_MOST_ENLARGED = 64.0
# A size that is given by one side is that of the shorter side, or of the longer one; the ratio of
# the picture is not always told. This is the widest usual one.
_WIDEST = 21 / 9

_SIZES = re.compile(
    r"((output|image|target|picture|img)_)?(resolution|size|megapixels?|dimensions)(_mp)?"
)
_CUSTOM = "custom"
_RATIOS = ("aspect_ratio", "output_aspect_ratio")
_FACTORS = re.compile(
    r"(up|out)?scale(_factor)?|(upscal(e|ing)|upsampl(e|ing)|resiz(e|ing)|enlarge)_(scale|factor)"
)
_COUNTS = re.compile(
    r"(num|number|count)(_of)?_(images?|outputs?|samples?|pictures?|results?|variations?)(_per_\w+)?"
    r"|(images?|outputs?|samples?)_(count|number|per_\w+)|max_images|batch_(size|count)|samples|n"
)
# A count, and the parameter and its choice that switch it off.
_SWITCHES = {"max_images": ("sequential_image_generation", "disabled")}

_BY_SIDES = re.compile(r"(\d{2,5})\s*[x*]\s*(\d{2,5})")
_BY_NAME = re.compile(r"\b(\d{1,3}(?:\.\d+)?)\s*(mp|megapixels?|k)\b", re.IGNORECASE)
_BY_SIDE = re.compile(r"(\d{3,5})(?:p|px)?")
_BY_NUMBER = re.compile(r"\d{1,3}(?:\.\d+)?")
_OF_THE_PHOTO = re.compile(r"match|original|input|source|same", re.IGNORECASE)


class Size(NamedTuple):
    """The pixels of one picture: about how many, and how many at most."""

    about: float
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The pictures that one prediction is asked for.

    `parameters` are the model's own, by name, without what a job brings; `photo` is the width and
    the height of the photo that is sent, `largest` that of the largest picture that the model is
    known to make, and `makes_many` says whether it answers with a list.
    """

    parameters: Mapping[str, JSON]
    settings: Mapping[str, Any]
    photo: tuple[int, int]
    makes_many: bool
    largest: tuple[int, int] | None = None

    @property
    def pictures(self) -> tuple[int, int]:
        """The number of pictures: about, and at most."""
        about = most = 1
        for name, prop in self.parameters.items() if self.makes_many else ():
            if not _COUNTS.fullmatch(name) or self._is_off(name):
                continue
            default = _whole(prop.get("default")) or 1
            value = _whole(self.settings.get(name))
            about *= value or default
            most *= value or _largest(prop, below=_MOST_PICTURES) or default
        return min(about, _MOST_PICTURES), min(most, _MOST_PICTURES)

    @property
    def megapixels(self) -> tuple[float, float]:
        """The megapixels of one picture: about, and at most."""
        sizes = list(self._sizes())
        about = max(size.about for size in sizes) / MEGAPIXEL
        return about, max(1.0, about, max(size.most for size in sizes) / MEGAPIXEL)

    @property
    def settings_with_defaults(self) -> JSON:
        """The settings, with the model's default for each that is not set."""
        defaults = {
            name: prop["default"] for name, prop in self.parameters.items() if "default" in prop
        }
        return defaults | {n: value for n, value in self.settings.items() if value is not None}

    @property
    def other_images(self) -> int:
        """The number of images that the settings send beside the photo, by their addresses."""
        sent = (
            value if isinstance(value, list) else [value]
            for name, value in self.settings.items()
            if value and is_address(self.parameters.get(name, {}))
        )
        return sum(map(len, sent))

    def _is_off(self, count: str) -> bool:
        name, off = _SWITCHES.get(count, ("", None))
        return name in self.parameters and self.settings.get(name) == off

    def _sizes(self) -> Iterator[Size]:
        """Yield the sizes that a picture may have: the largest of them counts."""
        told = [name for name in self.parameters if _SIZES.fullmatch(name) or name in _RATIOS]
        if any(self.settings.get(name) == _CUSTOM for name in told):
            yield self._custom()
            return
        named = [size for name in told if (size := self._read(name))]
        yield from named
        offers_custom = any(_CUSTOM in self.parameters[name].get("enum", ()) for name in told)
        if not named and {"width", "height"} <= self.parameters.keys() and not offers_custom:
            # Whether they decide, or the photo, differs between models.
            yield from (self._custom(), self._of_the_photo())
        elif not named:
            yield self._unknown()
        for name, prop in self.parameters.items():
            # Older models call their guidance `scale`.
            if _FACTORS.fullmatch(name) and "guidance" not in prop.get("description", "").lower():
                yield self._enlarged(_factor(self.settings.get(name), prop))

    def _read(self, name: str) -> Size | None:
        """Return the size that a parameter stands for; None where it only tells a ratio."""
        value, prop = self.settings.get(name), self.parameters[name]
        if value is not None:
            return self._size(name, value)
        # It is unset, so the model chooses: its default, or any other of its choices.
        default, choices = prop.get("default"), prop.get("enum", ())
        about = (self._size(name, default) if default else None) or self._unknown()
        if _CUSTOM in choices:
            most = max(self._custom().most, self._unknown().most)
        elif name in _RATIOS and not any(map(_BY_SIDES.search, map(str, choices))):
            return None
        else:
            most = self._unknown().most
        return Size(min(about.about, most), most)

    def _size(self, name: str, value: object) -> Size | None:
        """Return the size that a value names; None for a ratio."""
        if size := self._told(name, value):
            return size
        if name in _RATIOS:
            return None
        follows_photo = _OF_THE_PHOTO.search(str(value))
        return self._of_the_photo() if follows_photo else self._unknown()

    def _told(self, name: str, value: object) -> Size | None:
        """Return the size that a value tells by itself: "1024x1536", "2 MP", "4K", 2048."""
        text = str(value)
        if exact := _BY_SIDES.search(text):
            return _exact(int(exact[1]), int(exact[2]))
        if name in _RATIOS:
            return None
        if by_name := _BY_NAME.search(text):
            number = float(by_name[1])
            return self._named(number**2 if by_name[2].lower() == "k" else number)
        if "mega" in name and _BY_NUMBER.fullmatch(text):
            return self._named(float(text))
        if by_side := _BY_SIDE.fullmatch(text):
            side = min(int(by_side[1]), LONGEST_SIDE)
            longer = max(_WIDEST, max(self.photo) / min(self.photo))
            return Size(side**2, side**2 * longer * _SLACK)
        return None

    def _named(self, megapixels: float) -> Size:
        return self._held_down(Size(megapixels * _NAMED, megapixels * _NAMED * _SLACK))

    def _of_the_photo(self) -> Size:
        size = _exact(*self.photo)
        return self._held_down(Size(size.about, max(size.most, _NAMED)))

    def _enlarged(self, factor: float) -> Size:
        size = _exact(*self.photo)
        return Size(size.about * factor**2, size.most * factor**2)

    def _custom(self) -> Size:
        width, height = self._side("width"), self._side("height")
        return Size(width[0] * height[0], _rounded(width[1]) * _rounded(height[1]))

    def _side(self, name: str) -> tuple[int, int]:
        """Return the pixels of a side: about, and at most."""
        if value := _whole(self.settings.get(name)):
            side = min(value, LONGEST_SIDE)
            return side, side
        prop = self.parameters.get(name, {})
        longest = _largest(prop, below=LONGEST_SIDE) or math.isqrt(_LARGEST)
        return min(_whole(prop.get("default")) or math.isqrt(_NAMED), longest), longest

    def _unknown(self) -> Size:
        """Return the size where nothing tells it: about a megapixel, at most what is possible."""
        most = self._held_down(Size(0, self._ceiling())).most
        return Size(min(_NAMED, most), most)

    def _ceiling(self) -> float:
        """Return the pixels of the largest picture that the schema allows."""
        choices = [
            self._told(name, choice)
            for name, prop in self.parameters.items()
            if _SIZES.fullmatch(name) or name in _RATIOS
            for choice in prop.get("enum", ())
        ]
        sizes = [size.most for size in choices if size is not None]
        sides = [
            _largest(self.parameters.get(name, {}), below=LONGEST_SIDE)
            for name in ("width", "height")
        ]
        if sides[0] and sides[1]:
            sizes.append(_rounded(sides[0]) * _rounded(sides[1]))
        return max(_exact(*self.photo).most, *(sizes or [_LARGEST]))

    def _held_down(self, size: Size) -> Size:
        """Return the size, or the largest that the model is known to make."""
        if self.largest is None:
            return size
        width, height = self.largest
        return Size(min(size.about, width * height), min(size.most, width * height))


def _exact(width: int, height: int) -> Size:
    width, height = min(width, LONGEST_SIDE), min(height, LONGEST_SIDE)
    return Size(width * height, _rounded(width) * _rounded(height))


def _rounded(side: int) -> int:
    return math.ceil(side / _ROUNDED_TO) * _ROUNDED_TO


def _largest(prop: JSON, *, below: int) -> int | None:
    """Return the largest whole number that a schema allows; None where it allows any."""
    limit = prop.get("maximum", prop.get("exclusiveMaximum"))
    allowed = [_whole(choice) or 0 for choice in prop.get("enum", ())] or [_whole(limit) or 0]
    return max(allowed) if 0 < max(allowed) < below else None


def _factor(value: object, prop: JSON) -> float:
    for number in (value, prop.get("maximum"), prop.get("default")):
        if isinstance(number, int | float) and not isinstance(number, bool):
            return min(max(1.0, number), _MOST_ENLARGED)
    return 1.0


def _whole(value: object) -> int | None:
    """Return a whole number of one or more, also where it is written as a text; else None."""
    if isinstance(value, str) and value.isdecimal():
        value = int(value[:9])
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 1:
        return None
    return int(value)
