import copy
import json
from pathlib import Path
from typing import Any

import pytest

from modelsettings.schema.drift import Drift, compare
from modelsettings.schema.flattening import JSON
from tests.modelsettings.acme import PICTURE, STAGER_INPUTS, openapi

BASE: JSON = {
    "prompt": {"type": "string"},
    "image": PICTURE,
    "steps": {"type": "integer", "minimum": 1, "maximum": 100, "default": 30},
}
QUALITY: JSON = {"type": "integer", "minimum": 1, "maximum": 100, "default": 80}


def drift_of(inputs: JSON, **parts: Any) -> Drift:
    """Return how a model with these inputs beside the base differs from the base alone."""
    return compare(openapi(BASE), openapi(BASE | inputs, **parts))


def told(drift: Drift) -> list[tuple[str, str]]:
    return [(str(found.severity), found.sentence) for found in drift.differences]


def without(*names: str) -> JSON:
    return {name: prop for name, prop in BASE.items() if name not in names}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"maximum": 70}, ("breaks", "Steps: at most 100 → at most 70.")),
        ({"minimum": 0}, ("documentation", "Steps: at least 1 → at least 0.")),
        ({"default": 50}, ("documentation", "Steps: default 30 → 50.")),
        ({"multipleOf": 5}, ("breaks", "Steps: any step → a multiple of 5.")),
        ({"type": "number"}, ("documentation", "Steps: whole number → number.")),
        (
            {"deprecated": True},
            ("documentation", "Steps: deprecated now, so it is sent only where it was set."),
        ),
    ],
    ids=str,
)
def test_compare_says_a_change_in_the_words_of_the_form(
    change: JSON, expected: tuple[str, str]
) -> None:
    assert told(drift_of({"steps": BASE["steps"] | change})) == [expected]


def test_compare_of_a_switch() -> None:
    ours, theirs = ({"go_fast": {"type": "boolean", "default": on}} for on in (True, False))

    drift = compare(openapi(BASE | ours), openapi(BASE | theirs))

    assert told(drift) == [("documentation", "Go fast: default on → off.")]


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        ({"default": "a"}, {}, [("documentation", "Word: default a → none.")]),
        ({}, {"pattern": "^a"}, [("breaks", "Word: it has to be written in one form now.")]),
        ({}, {"maxLength": 9}, [("breaks", "Word: any length → 9 or fewer characters.")]),
        ({"enum": ["a", "b"]}, {"enum": ["a"]}, [("breaks", "Word: choices gone: b.")]),
        ({}, {"enum": ["a"]}, [("breaks", "Word: any value → one of a.")]),
        ({"nullable": True}, {}, [("documentation", "Word: null is no longer taken.")]),
        ({"enum": ["a"]}, {"enum": ["a", "b"]}, [("documentation", "Word: choices added: b.")]),
        ({"enum": ["a"]}, {}, [("documentation", "Word: one of a → any value.")]),
    ],
    ids=str,
)
def test_compare_finds_what_other_checkers_miss(
    was: JSON, now: JSON, expected: list[tuple[str, str]]
) -> None:
    ours, theirs = ({"word": {"type": "string"} | prop} for prop in (was, now))

    assert told(compare(openapi(BASE | ours), openapi(BASE | theirs))) == expected


def test_compare_of_choices_by_reference_with_a_plain_text() -> None:
    ours = {"word": {"allOf": [{"$ref": "#/components/schemas/word"}]}}
    components = {"word": {"type": "string", "enum": ["a"], "title": "word"}}
    theirs = {"word": {"type": "string"}}

    drift = compare(openapi(BASE | ours, components=components), openapi(BASE | theirs))

    assert told(drift) == [("documentation", "Word: one of a → any value.")]


@pytest.mark.parametrize(
    ("inputs", "required", "expected"),
    [
        (
            {"strength": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.5}},
            [],
            [("pictures", "Strength: new: 0 to 1, default 0.5.")],
        ),
        (
            {"mask_words": {"type": "string"}},
            ["mask_words"],
            [
                ("breaks", "Mask words: required now, without a default."),
                ("pictures", "Mask words: new: text, no default."),
            ],
        ),
        # Cog lists as required what has no default: a default among them asks nothing of anybody.
        (
            {"strength": {"type": "number", "default": 0.5}},
            ["strength"],
            [("pictures", "Strength: new: number, default 0.5.")],
        ),
    ],
    ids=["with a default", "required", "required with a default"],
)
def test_compare_of_a_new_input(
    inputs: JSON, required: list[str], expected: list[tuple[str, str]]
) -> None:
    assert told(drift_of(inputs, required=required)) == expected


def test_compare_of_an_input_that_is_gone() -> None:
    drift = compare(openapi(BASE), openapi(without("steps")))

    assert told(drift) == [("breaks", "Steps: gone.")]


def test_compare_of_an_input_that_becomes_required() -> None:
    ours = BASE | {"word": {"type": "string"}}

    drift = compare(openapi(ours), openapi(ours, required=["word", "prompt", "image"]))

    assert told(drift) == [("breaks", "Word: required now, without a default.")]


@pytest.mark.parametrize(
    ("name", "prop", "severity"),
    [
        ("output_quality", QUALITY, "pictures"),
        ("output_quality", QUALITY | {"maximum": 95}, "breaks"),
        ("aspect_ratio", {"type": "string", "enum": ["1:1", "4:3"]}, "breaks"),
        # Restage adds its own formats to a model's.
        ("output_format", {"type": "string", "enum": ["png"]}, "pictures"),
    ],
)
def test_compare_of_a_new_input_for_what_restage_did(name: str, prop: JSON, severity: str) -> None:
    assert [str(found.severity) for found in drift_of({name: prop}).differences] == [severity]


@pytest.mark.parametrize(
    ("prop", "severity"),
    [(QUALITY, "pictures"), (QUALITY | {"minimum": 0}, "breaks")],
    ids=["fits", "does not fit"],
)
def test_compare_of_an_input_that_restage_goes_on_with(prop: JSON, severity: str) -> None:
    drift = compare(openapi(BASE | {"output_quality": prop}), openapi(BASE))

    assert [str(found.severity) for found in drift.differences] == [severity]


@pytest.mark.parametrize(
    ("gone", "severity"), [("jpg", "documentation"), ("jpeg", "breaks"), ("avif", "breaks")]
)
def test_compare_of_a_format_that_restage_encodes(gone: str, severity: str) -> None:
    ours, theirs = (
        openapi(BASE | {"output_format": {"type": "string", "enum": choices}})
        for choices in (["webp", gone], ["webp"])
    )

    assert [str(found.severity) for found in compare(ours, theirs).differences] == [severity]


def test_compare_of_the_default_of_what_is_deprecated() -> None:
    """It is not stored, so it may change pictures, unlike that of any other input."""
    ours, theirs = (
        openapi(BASE | {"steps": {"type": "integer", "deprecated": True, "default": steps}})
        for steps in (30, 50)
    )

    assert told(compare(ours, theirs)) == [("pictures", "Steps: default 30 → 50.")]


def test_compare_of_roles() -> None:
    lost = compare(openapi(BASE), openapi(without("prompt")))
    moved = compare(openapi(BASE), openapi(without("prompt") | {"text": {"type": "string"}}))
    gained = compare(openapi(without("prompt")), openapi(BASE))

    assert told(lost) == [
        ("breaks", "Prompt: gone."),
        ("breaks", "No input takes the prompt any more: it was prompt."),
    ]
    assert ("breaks", "The prompt is taken by text, no longer by prompt.") in told(moved)
    assert ("pictures", "The prompt is taken by prompt now.") in told(gained)


def test_compare_keeps_the_roles_in_use() -> None:
    """A correction of a person holds while its input is there."""
    inputs = BASE | {"backdrop": PICTURE}

    drift = compare(openapi(inputs), openapi(inputs), roles={"image": "backdrop"})

    assert drift == Drift()


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        (PICTURE, {"type": "string"}, ("breaks", "It no longer answers with pictures.")),
        ({"type": "string"}, PICTURE, ("documentation", "It answers with pictures now.")),
        (
            PICTURE,
            {"type": "array", "items": PICTURE},
            ("pictures", "It answers with a list, no longer with one picture."),
        ),
    ],
    ids=["lost", "gained", "many"],
)
def test_compare_of_outputs(was: JSON, now: JSON, expected: tuple[str, str]) -> None:
    drift = compare(openapi(BASE, output=was), openapi(BASE, output=now))

    assert told(drift) == [expected]


@pytest.mark.parametrize(
    ("versions", "runs_by_version", "expected"),
    [
        (("a" * 64, "b" * 64), True, [("pictures", "Version aaaaaaaa → bbbbbbbb.")]),
        (("a" * 64, "b" * 64), False, []),
        (("a" * 64, "a" * 64), True, []),
        # It was not known until now.
        (("", "b" * 64), True, []),
    ],
    ids=["another", "runs by name", "the same", "unknown"],
)
def test_compare_of_versions(
    versions: tuple[str, str], runs_by_version: bool, expected: list[tuple[str, str]]
) -> None:
    ours, theirs = versions

    drift = compare(
        openapi(BASE),
        openapi(BASE),
        ours_version=ours,
        theirs_version=theirs,
        runs_by_version=runs_by_version,
    )

    assert told(drift) == expected


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        (["image"], ["image"], []),
        (["image"], ["second"], [("breaks", "Price per picture → per second.")]),
        (["image"], [], [("breaks", "Price per picture → not known.")]),
        (
            [],
            ["input_mp", "output_mp"],
            [("documentation", "Price not known → per megapixel sent and per megapixel made.")],
        ),
    ],
    ids=str,
)
def test_compare_of_price_units(
    was: list[str], now: list[str], expected: list[tuple[str, str]]
) -> None:
    ours, theirs = ([{"unit": unit, "usd": 0.03} for unit in units] for units in (was, now))

    drift = compare(openapi(BASE), openapi(BASE), ours_price=ours, theirs_price=theirs)

    assert told(drift) == expected


def test_compare_of_another_order() -> None:
    drift = compare(openapi(BASE), openapi(dict(reversed(BASE.items()))))

    assert told(drift) == [("documentation", "The parameters stand in another order.")]


def test_compare_leaves_out_the_default_of_a_secret() -> None:
    drift = drift_of({"api_key": {"type": "string", "default": "sk-never-shown"}})

    assert "sk-never-shown" not in json.dumps([found.to_json() for found in drift.differences])
    assert "sk-never-shown" not in str(drift)


def test_compare_lists_the_worst_first() -> None:
    changed = {"steps": BASE["steps"] | {"default": 40, "maximum": 50}, "word": {"type": "string"}}

    drift = drift_of(changed)

    assert [str(found.severity) for found in drift.differences] == [
        "breaks",
        "pictures",
        "documentation",
    ]
    assert drift.worst == "breaks"
    assert drift.differences[0].to_json() == {
        "key": "steps",
        "part": "",
        "keyword": "maximum",
        "effect": "tightened",
        "old": 100,
        "new": 50,
        "severity": "breaks",
        "sentence": "Steps: at most 100 → at most 50.",
    }


def test_compare_says_which_part_of_an_input_differs() -> None:
    ours = copy.deepcopy(STAGER_INPUTS)
    ours["loras"]["items"] = {"type": "string"}

    drift = compare(openapi(ours), openapi(STAGER_INPUTS))

    assert told(drift) == [("breaks", "Loras, entries: any text → an address.")]


def test_fingerprint_stays_while_nothing_more_changes() -> None:
    change = {"steps": BASE["steps"] | {"default": 40}}
    prints = [
        drift_of(inputs).fingerprint
        for inputs in (
            change,
            copy.deepcopy(change),
            {"steps": BASE["steps"] | {"default": 41}},
            change | {"word": {"type": "string"}},
        )
    ]

    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_a_model_does_not_differ_from_itself(corpus: list[Path]) -> None:
    for path in corpus:
        ours = json.loads(path.read_text())["latest_version"]["openapi_schema"]
        again = json.loads(json.dumps(ours, sort_keys=True))

        assert compare(ours, again) == Drift(), path.name
        assert compare(ours, _with_inline_choices(ours)) == Drift(), path.name
        assert compare(_with_inline_choices(ours), ours) == Drift(), path.name


def _with_inline_choices(openapi: JSON) -> JSON:
    """Return a schema as newer versions of Cog write it: choices stand at their input."""
    written: JSON = copy.deepcopy(openapi)
    components = written["components"]["schemas"]
    for name, prop in components["Input"]["properties"].items():
        for part in prop.pop("allOf", ()):
            choices = components.pop(part["$ref"].rpartition("/")[2])
            prop |= {"type": choices["type"], "enum": choices["enum"]}
            prop["title"] = name.replace("_", " ").title()
    return written
