import pytest

from modelsettings import inspection, registry
from modelsettings.actors import Actor
from modelsettings.schema.flattening import JSON
from modelsettings.schema.published import PublishedModel
from modelsettings.settings import get_settings
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


def test_judge_refuses_a_model_whose_own_example_is_a_film() -> None:
    """Adding it keeps the verdict: what is stored tells it too."""
    address = "https://replicate.delivery/pbxt/x/output.mp4"
    model = PublishedModel.from_json(published() | {"default_example": {"output": address}})

    finding = inspection.judge(model)
    registry.add_model(model, by=Actor.system("test"))

    refusal = f"{SLUG} cannot stage a photo. It does not answer with a picture."
    assert finding.output == "A file; the model's own example is a film."
    assert finding.obstacle == refusal
    assert get_settings(SLUG).obstacle == refusal
