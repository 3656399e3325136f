from typing import Any

import pytest
from pytest_django import Settings

from modelsettings.catalog.shipped import shipped_models
from modelsettings.prior.documents import FieldReport, Outcome, judge_document, say
from modelsettings.prior.judgement import Row, families
from modelsettings.schema.comparison import UNSET

QWEN = "qwen/qwen-image-edit"
KONTEXT = "black-forest-labs/flux-kontext-max"
SEEDREAM = "bytedance/seedream-3"
SEEDREAM_4 = "bytedance/seedream-4"
GPT = "openai/gpt-image-1"
LEFT = "is what a save without this field left there."
STORED = [
    pytest.param(row, id=row.key) for family in families() for row in family.rows
]  # fmt: skip


def report(slug: str, **document: Any) -> FieldReport:
    """Return what becomes of a document's one field."""
    (found,) = judge_document(document, model=shipped_models()[slug])
    return found


@pytest.mark.parametrize(
    ("slug", "field", "value", "expected"),
    [
        (QWEN, "go_fast", False, (Outcome.TAKEN, "false", "go_fast", False)),
        (QWEN, "output_quality", 55.0, (Outcome.TAKEN, "55", "output_quality", 55)),
        (QWEN, "seed", None, (Outcome.TAKEN, "unset", "seed", UNSET)),
        (QWEN, "seed", 0, (Outcome.TAKEN, "0", "seed", 0)),
        (QWEN, "aspect_ratio", "4:3", (Outcome.CARRIED_OUT, "4:3", "aspect_ratio", "4:3")),
        (KONTEXT, "num_outputs", 3, (Outcome.CARRIED_OUT, "3", "num_outputs", 3)),
        (
            KONTEXT,
            "safety_tolerance",
            4,
            (
                Outcome.TAKEN,
                "4 With a photo as input, values above 2 are not honoured.",
                "safety_tolerance",
                4,
            ),
        ),
        (SEEDREAM_4, "num_outputs", 2, (Outcome.RENAMED, "max_images 2", "max_images", 2)),
        (
            GPT,
            "output_quality",
            120,
            (
                Outcome.CORRECTED,
                "output_compression 100: 120 is more than the maximum of 100.",
                "output_compression",
                100,
            ),
        ),
        (
            SEEDREAM,
            "guidance_scale",
            15.5,
            (Outcome.CORRECTED, "10: 15.5 is more than the maximum of 10.", "guidance_scale", 10),
        ),
        (
            SEEDREAM,
            "guidance_scale",
            0.5,
            (Outcome.CORRECTED, "1: 0.5 is less than the minimum of 1.", "guidance_scale", 1),
        ),
        (
            QWEN,
            "output_quality",
            80.5,
            (
                Outcome.CORRECTED,
                "80: 80.5 is a number, not a whole number.",
                "output_quality",
                80,
            ),
        ),
        (
            QWEN,
            "output_quality",
            "90",
            (Outcome.CORRECTED, '80: "90" is text, not a whole number.', "output_quality", 80),
        ),
        (
            QWEN,
            "go_fast",
            None,
            (
                Outcome.CORRECTED,
                "true: null is not a value here; its default is true.",
                "go_fast",
                True,
            ),
        ),
        (QWEN, "seed", "x", (Outcome.CORRECTED, 'unset: "x" is text, not a whole number.', "seed")),
        (
            GPT,
            "output_format",
            "jpg",
            (
                Outcome.CORRECTED,
                'jpeg: "jpg" is not one of png, jpeg, webp.',
                "output_format",
                "jpeg",
            ),
        ),
        (
            KONTEXT,
            "aspect_ratio",
            "5:7",
            (
                Outcome.CORRECTED,
                'match_input_image: "5:7" is not one of match_input_image, 1:1, 16:9, 9:16, 4:3, '
                "3:4, 3:2, 2:3, 4:5, 5:4, 21:9, 9:21, 2:1, 1:2.",
                "aspect_ratio",
                "match_input_image",
            ),
        ),
        # What a partial save left there is no choice of anybody's: quality 0 would be a ruin.
        (QWEN, "output_quality", 0, (Outcome.CORRECTED, f"80: 0 {LEFT}", "output_quality", 80)),
        (KONTEXT, "num_outputs", 0, (Outcome.CORRECTED, f"1: 0 {LEFT}", "num_outputs", 1)),
        (KONTEXT, "aspect_ratio", "", (Outcome.CORRECTED, f'match_input_image: "" {LEFT}')),
        (SEEDREAM, "guidance_scale", 0, (Outcome.CORRECTED, f"2.5: 0 {LEFT}")),
        (SEEDREAM, "num_inference_steps", 50, (Outcome.ABSENT, "No Seedream model publishes it.")),
        (QWEN, "frobnicate", 1, (Outcome.ABSENT, "No Qwen model publishes it.")),
        ("google/nano-banana", "go_fast", True, (Outcome.ABSENT, "google/nano-banana publishes n")),
        (GPT, "prompt", "a secret plan", (Outcome.BROUGHT, "The job brings the prompt.")),
    ],
)  # fmt: skip
def test_field_has_its_outcome(
    slug: str, field: str, value: Any, expected: tuple[Any, ...]
) -> None:
    found = report(slug, **{field: value})

    assert found.field == field
    outcome, sentence, *rest = expected
    assert (found.outcome, found.sentence[: len(sentence)]) == (outcome, sentence)
    assert [found.name, found.value][: len(rest)] == rest


@pytest.mark.parametrize(
    ("slug", "field", "variable", "sentence"),
    [
        (GPT, "openai_api_key", "", "Left behind: set OPENAI_API_KEY in the environment."),
        (GPT, "openai_api_key", "sk-there", "it comes from OPENAI_API_KEY, which is set here."),
        (QWEN, "openai_api_key", "", "Left behind: this model takes none."),
        (QWEN, "replicate_api_token", "", "Left behind: this model takes none."),
    ],
)
def test_secret_is_left_behind(
    settings: Settings, slug: str, field: str, variable: str, sentence: str
) -> None:
    settings.MODEL_SECRETS = {"OPENAI_API_KEY": variable}

    found = report(slug, **{field: "sk-a-real-key"})

    assert (found.outcome, found.name, found.value) == (Outcome.SECRET, None, UNSET)
    assert sentence in found.sentence
    assert "sk-" not in repr(found)


def test_renamed_field_beside_the_models_own_name() -> None:
    document = {"num_outputs": 2, "max_images": 3}
    _, found = judge_document(document, model=shipped_models()[SEEDREAM_4])

    assert (found.outcome, found.name) == (Outcome.ABSENT, None)
    assert found.sentence == "max_images, the model's own name for it, is stored beside it."


@pytest.mark.parametrize("row", STORED)
def test_what_was_stored_by_default_is_taken_unchanged(row: Row) -> None:
    """Of the documents that an installation begins with nothing is corrected."""
    model = shipped_models()[row.model]
    for document in (row.values, {**row.values, **row.later}):
        reports = judge_document(document, model=model)

        taken = {found.name: found.value for found in reports if found.name}
        assert {found.field for found in reports} == set(document)
        assert Outcome.CORRECTED not in {found.outcome for found in reports}
        assert {name: document[name] for name in taken if document[name] is not None} == {
            name: value for name, value in taken.items() if value is not UNSET
        }


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("webp", "webp"), (True, "true"), (None, "unset"), (UNSET, "unset"), ("", '""'),
        ("a\x1b[2J", "a\\x1b[2J"), ("x" * 90, f"{'x' * 60}…"),
    ],
)  # fmt: skip
def test_say(value: Any, said: str) -> None:
    assert say(value) == said
