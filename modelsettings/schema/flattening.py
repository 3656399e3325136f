"""Makes one self-contained input schema from the OpenAPI document that a model publishes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs

JSON = dict[str, Any]

# The keywords of JSON Schema and Cog that have a meaning here; the rest is dropped.
_KEYWORDS = (
    "type", "title", "description", "default", "enum", "minimum", "maximum",
    "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern",
    "format", "minItems", "maxItems", "uniqueItems", "required", "additionalProperties",
    "writeOnly", "deprecated", "x-order", "x-cog-secret",
)  # fmt: skip
# Keywords that hold a text: a value of another type is dropped.
_TEXTS = ("title", "description", "format")
# Keywords that hold true or false: a value of another type counts as Python sees it.
_MARKS = ("writeOnly", "uniqueItems", "deprecated")
# Bounds on what a schema may unfold to. The largest known schema has 70 inputs, of one part each.
MOST_INPUTS = 500
_MOST_PARTS = 50_000
DEEPEST = 30
_LONGEST_NAME = 200
_WHOLE = ("default", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


class SchemaRefused(ValueError):
    """A published schema that cannot be used; the message names the property."""


def flatten(openapi: Mapping[str, Any]) -> JSON:
    """Return the input schema: references inlined, null marked, properties in `x-order`.

    A property that may be null carries `x-nullable` and a type without null: in settings, absence
    is the only way to say nothing. A default that its own bounds refuse is dropped.

    Raises SchemaRefused when a reference is missing, runs in a circle or unfolds beyond all use, or
    a property's schema is not a JSON Schema.
    """
    inliner = Inliner(openapi)
    properties, required = inliner.gather_input()
    if len(properties) > MOST_INPUTS:
        raise SchemaRefused(f"It has {len(properties):,} inputs; {MOST_INPUTS} are the most.")
    for name in properties:
        _check_name(name)
    inlined = {
        name: _usable(name, inliner.inline(part, path=(name,))) for name, part in properties.items()
    }
    names = sorted(inlined, key=lambda name: _place(inlined[name]))
    return {
        "type": "object",
        "properties": {name: inlined[name] for name in names},
        "required": [name for name in required if name in inlined],
        "additionalProperties": False,
    }


def read_input(openapi: Mapping[str, Any]) -> tuple[JSON, list[str]]:
    """Return the input's properties as they are published, and the required names.

    Raises SchemaRefused where there is no Input.
    """
    return Inliner(openapi).gather_input()


def legible(text: str) -> str:
    """Return the text with escapes for characters that cannot be shown: NUL, ESC, half a pair.

    >>> legible("a\0b")
    'a\\x00b'
    """
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _check_name(name: str) -> None:
    """Refuse a name of an input that a form or an error could not show."""
    if not name.strip():
        raise SchemaRefused("One of the inputs has an empty name.")
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise SchemaRefused(f"{legible(name[:60])}: its name is too long or cannot be printed.")


class Inliner:
    """Unfolds the references of one schema, and refuses those that unfold beyond all use."""

    def __init__(self, openapi: Mapping[str, Any]) -> None:
        components = openapi.get("components")
        schemas = components.get("schemas") if isinstance(components, dict) else None
        self.components: JSON = schemas if isinstance(schemas, dict) else {}
        self._parts_left = _MOST_PARTS

    def gather_input(self) -> tuple[JSON, list[str]]:
        """Return the properties of Input as they are published, and the required names.

        Input may itself be a reference, or all of several components.
        """
        if not isinstance(self.components.get("Input"), dict):
            raise SchemaRefused("The schema has no components.schemas.Input.")
        properties: JSON = {}
        required: list[str] = []
        self._gather(self.components["Input"], properties, required, path=("Input",))
        return properties, list(dict.fromkeys(required))

    def _gather(
        self, node: Any, properties: JSON, required: list[str], *, path: tuple[str, ...]
    ) -> None:
        self._check(node, path)
        for part, deeper in self._parts_of(node, path):
            self._gather(part, properties, required, path=deeper)
        own, names = node.get("properties") or {}, node.get("required") or []
        if not isinstance(own, dict) or not isinstance(names, list):
            raise SchemaRefused(
                "The properties of Input are not an object, or required is not a list."
            )
        if not own and (node.get("anyOf") or node.get("oneOf")):
            raise SchemaRefused("Input: it is one of several schemas, which no form can ask for.")
        properties |= own
        required += [name for name in names if isinstance(name, str)]

    def inline(self, node: Any, *, path: tuple[str, ...]) -> JSON:
        """Return the node without `$ref`, `allOf` or null.

        `path` is the property's name, for the errors, and the references that led here.
        """
        self._check(node, path)
        # What is merged later wins: the node's own keywords over those of its variants and parts.
        merged: JSON = {}
        for part, deeper in self._parts_of(node, path):
            _merge(merged, self.inline(part, path=deeper))
        variants = node.get("anyOf") or node.get("oneOf")
        if variants:
            _merge(merged, self._join_variants(variants, path=path))
        own = _own_keywords(node, path)
        if isinstance(node.get("items"), dict):
            own["items"] = self.inline(node["items"], path=(*path, ""))
        if isinstance(node.get("properties"), dict):
            own["properties"] = {
                name: self.inline(part, path=(*path, ""))
                for name, part in node["properties"].items()
            }
        if node.get("nullable"):
            own["x-nullable"] = True
        _merge(merged, own)
        # The types of an enum's choices are compared last, when null is no longer among them.
        return _with_fitting_type(_without_null(_with_numeric_bounds(merged)))

    def _check(self, node: Any, path: tuple[str, ...]) -> None:
        _check_shape(node, path)
        # Counted over the whole schema: a few references that double at each level unfold to
        # millions of parts.
        self._parts_left -= 1 + len(node.get("enum", ()))
        if self._parts_left < 0:
            raise SchemaRefused(
                f"{path[0]}: its schema unfolds to more than {_MOST_PARTS:,} parts."
            )

    def _parts_of(self, node: JSON, path: tuple[str, ...]) -> Iterator[tuple[Any, tuple[str, ...]]]:
        """Yield the nodes that `$ref` and `allOf` bring in, each with the path that leads there."""
        reference = node.get("$ref")
        if reference is not None:
            name = str(reference).rpartition("/")[2].replace("~1", "/").replace("~0", "~")
            if name not in self.components:
                raise SchemaRefused(
                    f"{path[0]}: {legible(str(reference)[:200])} is not among the schema's "
                    "components."
                )
            # The path begins with the property's name, which may be a component's as well.
            if name in path[1:]:
                raise SchemaRefused(f"{path[0]}: its references run in a circle.")
            yield self.components[name], (*path, name)
        # Levels of nesting without a reference count as "": the path's length is the depth.
        for part in node.get("allOf", ()):
            yield part, (*path, "")

    def _join_variants(self, variants: list[Any], *, path: tuple[str, ...]) -> JSON:
        """Join `anyOf`: null becomes a mark, a single variant replaces it, several stay."""
        inlined = [self.inline(part, path=(*path, "")) for part in variants]
        given = [part for part in inlined if part.get("type") != "null"]
        joined: JSON = {"x-nullable": True} if len(given) < len(inlined) else {}
        if not given:
            return {"type": "null"}
        if len(given) == 1:
            return given[0] | joined
        return {"anyOf": given} | joined


def _check_shape(node: Any, path: tuple[str, ...]) -> None:
    if not isinstance(node, dict):
        raise SchemaRefused(f"{path[0]}: its schema is not an object.")
    for key in ("enum", "allOf", "anyOf", "oneOf"):
        if not isinstance(node.get(key, []), list):
            raise SchemaRefused(f"{path[0]}: its {key} is not a list.")
    if len(path) > DEEPEST:
        raise SchemaRefused(f"{path[0]}: its schema is nested more than {DEEPEST} deep.")


def _merge(merged: JSON, part: JSON) -> None:
    """Add a part of an `allOf`: its keywords win; properties and required names add up."""
    for key in ("properties", "required"):
        if key in merged and key in part:
            both = (merged[key], part[key])
            part = part | {key: both[0] | both[1] if key == "properties" else [*both[0], *both[1]]}
    merged |= part


def _own_keywords(node: JSON, path: tuple[str, ...]) -> JSON:
    """Return the node's own keywords; a text of another type is left out."""
    own = {key: node[key] for key in _KEYWORDS if key in node}
    for key in _TEXTS:
        if not isinstance(own.get(key, ""), str):
            del own[key]
    for key in _MARKS:
        if key in own:
            own[key] = bool(own[key])
    if "required" in own:
        # Draft 3 wrote `required: true` at the property itself.
        names = own.pop("required")
        if isinstance(names, list):
            own["required"] = [name for name in names if isinstance(name, str)]
    if "const" in node:
        own["enum"] = [node["const"]]
    if isinstance(own.get("pattern"), str) and not _is_checkable(own["pattern"]):
        _check_python_pattern(own.pop("pattern"), path)
        own["x-unchecked-pattern"] = node["pattern"]
    return own


def _is_checkable(pattern: str) -> bool:
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern})
    except (jsonschema_rs.ValidationError, ValueError):
        return False
    return True


def _check_python_pattern(pattern: str, path: tuple[str, ...]) -> None:
    """Refuse a pattern that Python cannot read either.

    Cog's patterns are Python's. The validator cannot read some of them, such as `(?P<a>b)`: those
    are checked by Replicate alone, and the model can be used all the same.
    """
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise SchemaRefused(
            f'{path[0]}: its schema is not a JSON Schema ("{legible(pattern[:60])}" is not a '
            '"regex").'
        ) from error


def _without_null(prop: JSON) -> JSON:
    """Move null out of type, enum and default into the mark `x-nullable`."""
    kind = prop.get("type")
    if isinstance(kind, list):
        # A type of null alone stays: it is one of several variants, or a property without values.
        kinds = [name for name in kind if name != "null"] or ["null"]
        if len(kinds) < len(kind):
            prop["x-nullable"] = True
        prop["type"] = kinds[0] if len(kinds) == 1 else kinds
    if None in prop.get("enum", ()):
        choices = [choice for choice in prop.pop("enum") if choice is not None]
        prop |= {"enum": choices, "x-nullable": True} if choices else {"type": "null"}
    if prop.get("enum") == []:
        # Nothing can be chosen: a property without values, which stays unset.
        prop["type"] = "null"
    if "enum" in prop and "type" not in prop:
        kinds = sorted({type_of(choice) for choice in prop["enum"]})
        prop["type"] = kinds[0] if len(kinds) == 1 else kinds
    if "default" in prop and prop["default"] is None:
        del prop["default"]
    return prop


def _with_fitting_type(prop: JSON) -> JSON:
    """Take the type from the choices where none of them is of the type that the schema names."""
    kinds = prop.get("type")
    if prop.get("enum") and kinds is not None:
        named = set(map(str, kinds)) if isinstance(kinds, list) else {str(kinds)}
        found = {type_of(choice) for choice in prop["enum"]}
        if "number" not in named and not named & found:
            prop["type"] = sorted(found) if len(found) > 1 else found.pop()
    return prop


def _with_numeric_bounds(prop: JSON) -> JSON:
    """Turn draft 4's `exclusiveMinimum: true` (OpenAPI 3.0) into the number of later drafts."""
    for exclusive, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(prop.get(exclusive), bool) and prop.pop(exclusive) and plain in prop:
            prop[exclusive] = prop.pop(plain)
    return prop


def _place(prop: JSON) -> float:
    order = prop.get("x-order")
    return order if isinstance(order, int | float) and abs(order) < 1e9 else 1000


def type_of(value: Any) -> str:
    """Return JSON Schema's name for the type of a value."""
    names: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return names.get(type(value), "array" if isinstance(value, list) else "object")


def _usable(name: str, prop: JSON) -> JSON:
    """Return the property, checked; its default is dropped where its own schema refuses it."""
    try:
        validator = jsonschema_rs.Draft202012Validator(prop)
    except (jsonschema_rs.ValidationError, ValueError) as error:
        sentence = str(error).splitlines()[0]
        raise SchemaRefused(f"{name}: its schema is not a JSON Schema ({sentence}).") from error
    default = prop.get("default")
    if "default" in prop and not (_is_sendable(default) and validator.is_valid(default)):
        prop = {key: value for key, value in prop.items() if key != "default"}
    if prop.get("type") == "integer":
        # JSON knows one kind of number: 5.0 is a whole one.
        prop |= {key: int(prop[key]) for key in _WHOLE if is_whole_float(prop.get(key))}
    return prop


def _is_sendable(value: Any, *, depth: int = 0) -> bool:
    """Say whether settings may hold a value: no number beyond a double, not too deep."""
    if isinstance(value, int):
        return abs(value) < 2**1023
    if isinstance(value, list | dict):
        parts = value.values() if isinstance(value, dict) else value
        return depth < 20 and all(_is_sendable(part, depth=depth + 1) for part in parts)
    return True


def is_whole_float(value: Any) -> bool:
    """Say whether a value is a whole number written with a point, such as 5.0."""
    return isinstance(value, float) and value.is_integer()
