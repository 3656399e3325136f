"""Writes docs/parameters.md: what became of the earlier settings, and what there is today.

Run it as `python -m tests.modelsettings.parameters_page` after a change of the catalogue;
a test compares the page with what it would write.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from modelsettings.catalog.shipped import ShippedModel, shipped_models
from modelsettings.prior import judgement
from modelsettings.prior.judgement import Family, Fate, Row
from modelsettings.schema import delivery
from modelsettings.schema.flattening import JSON
from modelsettings.schema.words import bounds_in_words
from tests.processes import ROOT

PAGE = ROOT / "docs" / "parameters.md"
_LONGEST = 60

_HEAD = """\
# Parameters

Written by `python -m tests.modelsettings.parameters_page` from the published schemas that Restage
ships (`modelsettings/catalog/`), its overlay, and the settings of the earlier system
(`modelsettings/prior/earlier.toml`). A test compares this page with them.

The shipped schemas are reconstructed from copies, and Replicate changes schemas without notice:
the model's settings page shows those of the version that is pinned in your installation.

## The earlier system's settings

What became of each of its fields, model by model, and how often:

{fates}

A value that today's bounds refuse is named and refused, never clamped. Encoders take a quality of
1 at least: where Restage encodes, a model's own quality of 0 counts as 1.
"""
_FATES = {
    Fate.SENT: "the published model has the parameter; it goes to Replicate under that name",
    Fate.CARRIED_OUT: "the published model has none, and Restage does it",
    Fate.RENAMED: "the published model has it under another name",
    Fate.BROUGHT: "no setting: each job has its own",
    Fate.SECRET: "no setting: it comes from the environment",
    Fate.ABSENT: "the published model has none, and nothing else could carry it out",
}
_TODAY = """\
## Every model's settings

*By* is who carries a parameter out: the model, or Restage.
"""


def write_page() -> str:
    """Return the whole page, as Markdown."""
    counts = Counter(
        judgement.judge(field, family=family, model=shipped_models()[slug]).fate
        for family in judgement.families()
        for slug in family.models
        for field in family.fields
    )
    fates = "\n".join(f"- **{one}** ({counts[one]}): {_FATES[one]}" for one in _FATES)
    parts = [_HEAD.format(fates=fates)]
    for family in judgement.families():
        parts += [f"### {family.label}\n"]
        parts += [_judged(family, shipped_models()[slug]) for slug in family.models]
        parts += [_stored(row) for row in family.rows]
    parts.append(_TODAY)
    parts += map(_described, shipped_models().values())
    return "\n".join(parts)


def _judged(family: Family, model: ShippedModel) -> str:
    rows = []
    for field, then in family.fields.items():
        verdict = judgement.judge(field, family=family, model=model)
        now = verdict.today or {}
        then_and_now = (_default(then), _range(then), _default(now), _range(now))
        rows.append((_code(field), *then_and_now, verdict.fate, verdict.why))
    head = ("Field", "Default then", "Bounds then", "Default today", "Bounds today")
    unable = (
        f"\nIt cannot stage a photo. {model.schema.obstacle}\n" if model.schema.obstacle else ""
    )
    return f"#### {model.slug}\n{unable}\n{_table((*head, 'Verdict', 'Why'), rows)}"


def _stored(row: Row) -> str:
    model = shipped_models()[row.model]
    rows = []
    for values in (row.values, row.later):
        for field, value in values.items():
            refused = judgement.check_stored(field, value, model=model)
            rows.append((_code(field), _code(value), refused or _say_taken(field, value, model)))
    head = ("Field", "Stored by default", "Today")
    return f"`{row.key}`, for {row.model}:\n\n{_table(head, rows)}"


def _say_taken(field: str, value: Any, model: ShippedModel) -> str:
    if value is None:
        return "Taken: unset."
    return f"Taken. {model.schema.parameters[field].get('x-note', '')}".strip()


def _described(model: ShippedModel) -> str:
    takes = [f"the {role} in `{name}`" for role, name in model.schema.roles.items()]
    lines = [f"Takes {', '.join(takes)}."] if takes else []
    for name in model.schema.secrets:
        need = "Requires" if name in model.schema.flat["required"] else "May be given"
        lines.append(f"{need} the secret `{name}`, from `{model.overlay.secrets[name]}`.")
    if model.schema.obstacle:
        lines.append(f"It cannot stage a photo. {model.schema.obstacle}")
    rows = [
        (_code(name), _kind(prop), _default(prop), _range(prop), _by(model, name, prop))
        for name, prop in model.schema.parameters.items()
    ]
    head = ("Parameter", "Type", "Default", "Bounds or choices", "By")
    title = f"### {model.overlay.label}: {model.slug}"
    return f"{title}\n\n{' '.join(lines)}\n\n{_table(head, rows)}"


def _by(model: ShippedModel, name: str, prop: JSON) -> str:
    if delivery.is_ours(model.schema.settings, name):
        return "Restage"
    added = prop.get("x-restage-choices")
    return f"the model; Restage: {', '.join(added)}" if added else "the model"


def _kind(prop: JSON) -> str:
    kind = str(prop.get("type", "any"))
    if kind == "array":
        items = prop.get("items") or {}
        return f"array of {items.get('format') or items.get('type', 'any')}"
    return kind


def _default(prop: JSON) -> str:
    return _code(prop["default"]) if "default" in prop else ""


def _range(prop: JSON) -> str:
    if "enum" in prop:
        return ", ".join(map(_code, prop["enum"]))
    if bounds := bounds_in_words(prop):
        return ", ".join(bounds)
    if "maxLength" in prop:
        lengths = f"{prop.get('minLength', 0)} to {prop['maxLength']} characters"
        return f"{lengths}: {prop['x-characters']}" if "x-characters" in prop else lengths
    return ""


def _code(value: Any) -> str:
    """Return a value as code; a word as it is, all else as JSON writes it."""
    is_word = isinstance(value, str) and value
    text = str(value) if is_word else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return f"`{text if len(text) <= _LONGEST else f'{text[:_LONGEST]}…'}`"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "".join(_lines([head, ("---",) * len(head), *rows]))


def _lines(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for row in rows:
        cells = (cell.replace("|", "\\|").strip() for cell in row)
        yield f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    PAGE.write_text(write_page())
