"""Delivery parameters, which Restage carries out where a model has none of its own."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from modelsettings.schema.flattening import JSON

# Whitespace, which is drawn as one space, and the ranges of which the font (staging.images.labels)
# has every letter. In place of any other it would draw a box, into what may be a legal notice.
_LABEL = (
    r"^[ \t\n\r!-~\u00A0-\u00AC\u00AE-\u024F\u0370-\u0377\u037A-\u037F\u0384-\u038A\u038C"
    r"\u038E-\u03A1\u03A3-\u0525\u1E00-\u1EFB\u2010-\u2027\u2030-\u205E\u20A0-\u20B5\u20B8-\u20BA\u20BD"
    r"\u2116\u2122]*$"
)


# The parameters that Restage carries out where a model has none of its own for them.
DELIVERY_PARAMETERS: dict[str, JSON] = {
    "num_outputs": {
        "type": "integer",
        "title": "Number of outputs",
        "default": 1,
        "minimum": 1,
        "maximum": 4,
        "description": "How many pictures to make. Each is a prediction of its own; "
        "where a seed is set, they take seed, seed + 1, …",
    },
    "aspect_ratio": {
        "type": "string",
        "default": "match_input_image",
        "enum": ["match_input_image", "1:1", "16:9", "4:3", "3:2"],
        "description": "Crops the finished picture around its centre.",
    },
    "output_format": {
        "type": "string",
        "default": "webp",
        "enum": ["webp", "png", "jpg"],
        "description": "The file format of the finished picture.",
    },
    "output_quality": {
        "type": "integer",
        "default": 90,
        "minimum": 1,
        "maximum": 100,
        "description": "Encoder quality of the finished picture; png ignores it.",
    },
    "disclosure": {
        "type": "string",
        "default": "off",
        "minLength": 1,
        "maxLength": 60,
        "pattern": _LABEL,
        # The characters that the pattern lets through, in words.
        "x-characters": "Latin, Greek and Cyrillic letters, digits, punctuation and currency signs",
        "description": 'A label in a corner of the picture, such as "Virtually staged"; '
        '"off" leaves it out.',
    },
}
_LOSSY = {"webp", "jpg", "jpeg"}
_ENCODED = {*_LOSSY, "png"}


@dataclass(frozen=True, slots=True)
class Delivery:
    """What Restage does itself for one job; None leaves the model's picture as it comes."""

    num_outputs: int = 1
    aspect_ratio: str | None = None
    output_format: str | None = None
    output_quality: int | None = None
    disclosure: str | None = None

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        return cls(**document)

    def to_json(self) -> JSON:
        return asdict(self)


def is_ours(schema: JSON, name: str) -> bool:
    """Say whether Restage carries the parameter out, not the model."""
    return bool(schema["properties"].get(name, {}).get("x-applied-by") == "restage")


def split(
    schema: JSON, values: Mapping[str, Any], *, label: str | None = None
) -> tuple[JSON, Delivery]:
    """Part a valid document into what the model is sent and what Restage does itself.

    `label` is that of a rule of disclosure, which is drawn whatever the document says, also where
    `disclosure` is an input of the model itself.

    Where Restage encodes, the model is asked for its lossless format, so that nothing is
    compressed twice.
    """
    sent = {name: value for name, value in values.items() if not is_ours(schema, name)}
    ours = {name: value for name, value in values.items() if is_ours(schema, name)}
    ratio = ours.get("aspect_ratio", "match_input_image")
    label = ours.get("disclosure", "off") if label is None else label
    wanted, quality = values.get("output_format"), values.get(_find_quality(schema))
    # A model's own output_format may be no text.
    wanted = wanted if isinstance(wanted, str) else None
    encoding = schema["properties"].get("output_format", {})
    we_encode = (
        "output_format" in ours
        or wanted in encoding.get("x-restage-choices", ())
        or ("output_quality" in ours and wanted in _LOSSY)
        or ratio != "match_input_image"
        or label != "off"
    )
    if we_encode and "output_format" in sent:
        sent["output_format"] = _find_lossless_choice(encoding) or sent["output_format"]
    return sent, Delivery(
        num_outputs=ours.get("num_outputs", 1),
        aspect_ratio=None if ratio == "match_input_image" else ratio,
        # None also for a format that we cannot write: the picture then keeps its own.
        output_format=wanted if we_encode and wanted in _ENCODED else None,
        # A model's own quality may begin at 0; our encoders take 1 at least.
        output_quality=min(max(quality, 1), 100) if we_encode and type(quality) is int else None,
        disclosure=None if label == "off" else label,
    )


def complete(properties: JSON, *, taken: set[str], native: Mapping[str, str]) -> JSON:
    """Return the parameters that a model lacks; widen its own `output_format` by ours.

    `properties` are the model's own; `taken` names what a job brings; `native` names the model's
    own parameter for a delivery parameter that has another name there.
    """
    added: JSON = {}
    for name, prop in DELIVERY_PARAMETERS.items():
        if name in properties:
            if name == "output_format":
                _add_formats(properties[name])
        elif name not in taken and native.get(name) not in properties:
            added[name] = {**prop, "x-applied-by": "restage"}
    return added


def _add_formats(prop: JSON) -> None:
    offered = prop.get("enum")
    if prop.get("type") != "string" or not offered:
        return
    # A choice may be of any type, and so no member of a set.
    known = ["jpg" if choice == "jpeg" else choice for choice in offered]
    added = [
        choice for choice in DELIVERY_PARAMETERS["output_format"]["enum"] if choice not in known
    ]
    if added:
        prop["enum"] = [*offered, *added]
        prop["x-restage-choices"] = added


def _find_quality(schema: JSON) -> str:
    """Return the model's name for the quality, which our own encoders obey as well."""
    for name, prop in schema["properties"].items():
        if prop.get("x-delivers") == "output_quality":
            return str(name)
    return "output_quality"


def _find_lossless_choice(encoding: JSON) -> str | None:
    choices = encoding.get("enum", ())
    added = encoding.get("x-restage-choices", ())
    offered = [choice for choice in choices if choice not in added]
    if "png" in offered:
        return "png"
    default: str | None = encoding.get("default")
    return default if default in offered else next(iter(offered), None)
