import pytest

from modelsettings import inspection
from modelsettings.schema.flattening import JSON
from modelsettings.schema.published import PublishedModel
from tests.modelsettings.acme import PICTURE, published
from tests.modelsettings.conftest import SLUG

pytestmark = pytest.mark.django_db


def test_judge_says_what_is_left_aside() -> None:
    inputs = {
        "image": PICTURE,
        "steps": {"type": "integer", "maximum": 4, "default": 9},
        "code": {"type": "string", "pattern": r"\d\Z"},
        "lora": {"enum": []},
    }

    finding = inspection.judge(PublishedModel.from_json(published(inputs)))

    assert finding.notes == [
        "The schema refuses its own defaults of steps, so they have none.",
        "The patterns of code are checked by Replicate alone.",
        "No value fits lora: it stays unset.",
    ]
    assert finding.obstacle == f"{SLUG} cannot stage a photo. It takes no prompt."


@pytest.mark.parametrize(
    ("prop", "kind", "allowed"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 4}, "whole number", "1 to 4"),
        ({"type": "number", "exclusiveMinimum": 0}, "number", "more than 0"),
        (
            {"type": "array", "items": PICTURE, "maxItems": 3},
            "list of addresses",
            "3 or fewer entries",
        ),
        ({"enum": [1, "auto", ""]}, "whole number or text", '1, auto, ""'),
        ({"type": "boolean"}, "on or off", ""),
        ({"anyOf": [PICTURE, {"type": "integer"}]}, "address or whole number", ""),
        ({}, "anything", ""),
    ],
    ids=str,
)
def test_parameters_are_described_in_words(prop: JSON, kind: str, allowed: str) -> None:
    finding = inspection.judge(PublishedModel.from_json(published({"x": prop})))

    found = finding.parameters[0]
    assert (found.kind, found.allowed) == (kind, allowed)
