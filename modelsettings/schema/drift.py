"""The differences between two published schemas of a model, each with its severity.

Both sides are flattened, so nested entries, references and `allOf` are compared by what they mean.
What each change of a keyword comes to says `severities`.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelsettings.schema import delivery, flattening, published
from modelsettings.schema.comparison import UNSET, or_null
from modelsettings.schema.drift_words import difference_in_words
from modelsettings.schema.flattening import JSON
from modelsettings.schema.parameters import title_of
from modelsettings.schema.property_drift import Found, compare_properties, is_within
from modelsettings.schema.roles import choose_roles
from modelsettings.schema.severities import Effect, Severity, severity_of

_ROLE_WORDS = {"image": "the photo", "prompt": "the prompt"}
_NO_PICTURES = "no pictures"
_UNIT_WORDS = {
    "run": "run",
    "image": "picture",
    "second": "second",
    "input_mp": "megapixel sent",
    "output_mp": "megapixel made",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference; `key` names the input, "" the model, and `part` what is inside the input.

    `old` and `new` are published values, UNSET where there is none; `words` say the difference
    without the input's name.
    """

    key: str
    part: str
    keyword: str
    effect: Effect
    old: Any
    new: Any
    severity: Severity
    words: str

    @property
    def sentence(self) -> str:
        """The whole difference: `Output quality: at most 100 → at most 70.`"""
        if not self.key:
            return f"{self.words[0].upper()}{self.words[1:]}."
        place = ", ".join(filter(None, (title_of(self.key), self.part)))
        return f"{place}: {self.words}."

    def to_json(self) -> JSON:
        return {
            "key": self.key,
            "part": self.part,
            "keyword": self.keyword,
            "effect": str(self.effect),
            "old": or_null(self.old),
            "new": or_null(self.new),
            "severity": str(self.severity),
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True)
class Drift:
    """Every difference between two published schemas, the worst first; empty where none is."""

    differences: tuple[Difference, ...] = ()

    @property
    def worst(self) -> Severity | None:
        return self.differences[0].severity if self.differences else None

    @property
    def fingerprint(self) -> str:
        """The SHA-256, in hex, of what differs: it stays while the provider changes nothing more.

        The words are left out, so that another release of Restage does not bring back what was
        ignored.
        """
        left_out = {"sentence", "severity"}
        written = sorted(
            json.dumps(
                {k: v for k, v in difference.to_json().items() if k not in left_out},
                sort_keys=True,
            )
            for difference in self.differences
        )
        return hashlib.sha256("\n".join(written).encode()).hexdigest()

    def __bool__(self) -> bool:
        return bool(self.differences)


def compare(
    ours: JSON,
    theirs: JSON,
    *,
    ours_version: str = "",
    theirs_version: str = "",
    runs_by_version: bool = True,
    ours_price: Sequence[Mapping[str, Any]] | None = None,
    theirs_price: Sequence[Mapping[str, Any]] | None = None,
    roles: Mapping[str, str] | None = None,
) -> Drift:
    """Return how two OpenAPI documents of a model differ, as published.

    `roles` are those in use, where they are not those that the schema tells. A model that runs by
    name runs its newest version whatever is accepted here, so its version is no difference; nor is
    one that was not known, or a price that one side does not tell. Raises SchemaRefused and
    RoleRefused.

    >>> [difference.sentence for difference in compare(ours, theirs).differences]
    ['Output quality: at most 100 → at most 95.']
    """
    old, new = flattening.flatten(ours), flattening.flatten(theirs)
    before = choose_roles(old, known=roles or {}, corrections={})
    after = choose_roles(new, known=before, corrections={})
    found = [
        *_in_inputs(old, new, before=before, after=after),
        *_in_order(old, new),
        *_in_roles(before, after),
        *_in_output(ours, theirs),
    ]
    if runs_by_version and ours_version and theirs_version not in ("", ours_version):
        words = f"version {ours_version[:8]} → {theirs_version[:8]}"
        found.append(_of_model("version", Effect.CHANGED, ours_version, theirs_version, words))
    if ours_price is not None and theirs_price is not None:
        found += _in_units(ours_price, theirs_price)
    rank = list(Severity).index
    return Drift(tuple(sorted(found, key=lambda difference: rank(difference.severity))))


def _in_inputs(
    old: JSON, new: JSON, *, before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[Difference]:
    was, now = old["properties"], new["properties"]
    needed = _needed(old, roles=before)
    needs = _needed(new, roles=after)
    for name in was:
        if name not in now:
            yield _in_gone(name, was[name])
    for name, prop in now.items():
        if name not in was:
            yield from _in_new(name, prop, is_needed=name in needs)
            continue
        for found in compare_properties(name, was[name], prop):
            yield _of_input(name, found, severity=_severity(name, found, prop))
        if (name in needed) is not (name in needs):
            effect = Effect.ADDED if name in needs else Effect.REMOVED
            yield _of_input(name, Found("required", effect, name in needed, name in needs))


def _needed(flat: JSON, *, roles: Mapping[str, str]) -> set[str]:
    """Return the inputs that a profile has to give: required, without a default, of no role."""
    properties = flat["properties"]
    return {name for name in flat["required"] if "default" not in properties[name]} - set(
        roles.values()
    )


def _in_gone(name: str, prop: JSON) -> Difference:
    """Return an input that is gone; Restage goes on with it where it knows how."""
    ours = delivery.DELIVERY_PARAMETERS.get(name)
    fits = ours is not None and is_within(_widened(name, prop), ours)
    found = Found("input", Effect.REMOVED, _unsecret(name, prop), UNSET)
    return _of_input(name, found, severity=Severity.PICTURES if fits else None)


def _in_new(name: str, prop: JSON, *, is_needed: bool) -> Iterator[Difference]:
    """Yield a new input; where it takes over what Restage did, a stored value has to fit it."""
    found = Found("input", Effect.ADDED, UNSET, _unsecret(name, prop))
    ours = delivery.DELIVERY_PARAMETERS.get(name)
    fits = ours is None or is_within(ours, _widened(name, prop))
    yield _of_input(name, found, severity=None if fits else Severity.BREAKS)
    if is_needed:
        yield _of_input(name, Found("required", Effect.ADDED, False, True))


def _severity(name: str, found: Found, new: JSON) -> Severity | None:
    """Return the severity where it is another than the table's, or None."""
    if found.keyword == "default" and new.get("deprecated"):
        # Such a default is not stored: it reaches the model only by its own doing.
        return Severity.PICTURES
    if (name, found.keyword, found.part) == ("output_format", "enum", ()) and "enum" in new:
        # Restage encodes the formats that a model does not offer.
        choices = _widened(name, new)["enum"]
        if found.old is not UNSET and all(choice in choices for choice in found.old):
            return Severity.DOCUMENTATION
    return None


def _widened(name: str, prop: JSON) -> JSON:
    """Return an input with the choices that Restage adds to it."""
    properties = {name: dict(prop)}
    delivery.complete(properties, taken=set(), native={})
    return properties[name]


def _unsecret(name: str, prop: JSON) -> JSON:
    """Return an input without the default of a secret, which is shown nowhere."""
    is_secret = published.is_secret(name, prop)
    return {key: value for key, value in prop.items() if not (is_secret and key == "default")}


def _in_order(old: JSON, new: JSON) -> Iterator[Difference]:
    before = [name for name in old["properties"] if name in new["properties"]]
    after = [name for name in new["properties"] if name in old["properties"]]
    if before != after:
        words = "the parameters stand in another order"
        yield _of_model("order", Effect.CHANGED, before, after, words)


def _in_roles(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Difference]:
    for role in {**old, **new}:
        was, now = old.get(role, UNSET), new.get(role, UNSET)
        if was == now:
            continue
        thing = _ROLE_WORDS.get(role, f"the {role}")
        if was is UNSET:
            effect, words = Effect.ADDED, f"{thing} is taken by {now} now"
        elif now is UNSET:
            effect, words = Effect.REMOVED, f"no input takes {thing} any more: it was {was}"
        else:
            effect, words = Effect.CHANGED, f"{thing} is taken by {now}, no longer by {was}"
        yield _of_model("role", effect, was, now, words, part=role)


def _in_output(ours: JSON, theirs: JSON) -> Iterator[Difference]:
    was, now = _output(ours), _output(theirs)
    if was == now:
        return
    if now == _NO_PICTURES:
        effect, words = Effect.REMOVED, "it no longer answers with pictures"
    elif was == _NO_PICTURES:
        effect, words = Effect.ADDED, "it answers with pictures now"
    else:
        effect, words = Effect.CHANGED, f"it answers with {now}, no longer with {was}"
    yield _of_model("output", effect, was, now, words)


def _output(openapi: JSON) -> str:
    if not published.makes_pictures(openapi):
        return _NO_PICTURES
    return "one picture" if published.output_of(openapi).get("type") == "string" else "a list"


def _in_units(
    ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]]
) -> Iterator[Difference]:
    was = sorted({str(entry["unit"]) for entry in ours})
    now = sorted({str(entry["unit"]) for entry in theirs})
    if was != now:
        effect = Effect.ADDED if not was else Effect.CHANGED if now else Effect.REMOVED
        words = f"price {_units_in_words(was)} → {_units_in_words(now)}"
        yield _of_model("price_unit", effect, was, now, words)


def _units_in_words(units: list[str]) -> str:
    words = " and ".join(f"per {_UNIT_WORDS.get(unit, unit)}" for unit in units)
    return words or "not known"


def _of_input(key: str, found: Found, *, severity: Severity | None = None) -> Difference:
    return Difference(
        key=key,
        part=", ".join(found.part),
        keyword=found.keyword,
        effect=found.effect,
        old=found.old,
        new=found.new,
        severity=severity or severity_of(found.keyword, found.effect),
        words=difference_in_words(found),
    )


def _of_model(
    keyword: str, effect: Effect, old: Any, new: Any, words: str, *, part: str = ""
) -> Difference:
    return Difference(
        key="",
        part=part,
        keyword=keyword,
        effect=effect,
        old=old,
        new=new,
        severity=severity_of(keyword, effect),
        words=words,
    )
