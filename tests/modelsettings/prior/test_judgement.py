"""Verdicts on the earlier settings, which hold for real jobs."""

from typing import Any

import pytest

from modelsettings.catalog.shipped import ShippedModel, read_shipped, shipped_models
from modelsettings.prior import judgement
from modelsettings.prior.judgement import Family, Fate
from modelsettings.schema.published import PublishedModel
from modelsettings.schema.validation import SettingsRefused
from modelsettings.settings import ResolvedSettings, resolve
from tests.modelsettings.acme import published

FIELDS = [
    pytest.param(family, slug, field, id=f"{slug}-{field}")
    for family in judgement.families()
    for slug in family.models
    for field in family.fields
]
STORED = [
    pytest.param(row.model, field, value, id=f"{row.key}-{field}-{value}")
    for family in judgement.families()
    for row in family.rows
    for values in (row.values, row.later)
    for field, value in values.items()
]


def resolved(slug: str, **overrides: Any) -> ResolvedSettings:
    return resolve(slug, overrides=overrides)


def another_value(verdict: judgement.Verdict) -> Any:
    """Return a value that the setting takes and that is not its default."""
    prop: Any = verdict.today
    default = prop.get("default")
    of_its_own = [
        one for one in prop.get("enum", ()) if one not in prop.get("x-restage-choices", ())
    ]
    if of_its_own:
        # Where Restage encodes, png is what the model is asked for.
        return "png" if "png" in of_its_own else next(one for one in of_its_own if one != default)
    if prop["type"] == "boolean":
        return not default
    if prop["type"] in ("integer", "number"):
        return (prop.get("minimum", 0) if abs(prop.get("minimum", 0)) < 100 else 0) + 1
    return "somebody"


@pytest.mark.django_db
@pytest.mark.parametrize(("family", "slug", "field"), FIELDS)
def test_verdict_holds_for_a_job(family: Family, slug: str, field: str) -> None:
    model = shipped_models()[slug]
    verdict = judgement.judge(field, family=family, model=model)

    match verdict.fate:
        case Fate.SENT:
            value = another_value(verdict)
            assert resolved(slug, **{field: value}).input[field] == value
        case Fate.CARRIED_OUT:
            value = another_value(verdict)
            # A quality has an effect on what is compressed.
            found = resolved(slug, **{"output_format": "webp", field: value})
            assert getattr(found.delivery, field) == value
            assert field not in found.input
        case Fate.BROUGHT | Fate.SECRET | Fate.ABSENT:
            with pytest.raises(SettingsRefused) as refused:
                resolved(slug, **{field: "anything"})
            assert list(refused.value.errors) == [field]
        case fate:
            pytest.fail(f"No shipped model has a field that is {fate}.")


@pytest.mark.django_db
@pytest.mark.parametrize(("slug", "field", "value"), STORED)
def test_stored_value_is_taken_or_refused_as_the_page_says(
    slug: str, field: str, value: Any
) -> None:
    refused = judgement.check_stored(field, value, model=shipped_models()[slug])

    if refused is None:
        assert resolved(slug, **{field: value}).settings.get(field) == value
    else:
        with pytest.raises(SettingsRefused) as error:
            resolved(slug, **{field: value})
        assert list(error.value.errors) == [field]


@pytest.mark.parametrize(
    ("slug", "field", "fate", "why"),
    [
        ("qwen/qwen-image-edit", "aspect_ratio", Fate.CARRIED_OUT, "The model publishes none."),
        ("qwen/qwen-image-edit-plus", "aspect_ratio", Fate.SENT, "As published."),
        ("black-forest-labs/flux-kontext-max", "num_outputs", Fate.CARRIED_OUT, "none."),
        ("black-forest-labs/flux-kontext-max", "output_format", Fate.SENT, "webp: made by Restage"),
        (
            "black-forest-labs/flux-kontext-dev",
            "safety_tolerance",
            Fate.ABSENT,
            "only these publish it: black-forest-labs/flux-kontext-max, black-forest-labs/flux-",
        ),
        ("bytedance/seedream-3", "guidance_scale", Fate.SENT, "Above 10 is refused."),
        (
            "bytedance/seedream-4",
            "num_inference_steps",
            Fate.ABSENT,
            "No Seedream model publishes it.",
        ),
        (
            "bytedance/seedream-4",
            "seed",
            Fate.ABSENT,
            "only these publish it: bytedance/seedream-3.",
        ),
        ("openai/gpt-image-1", "openai_api_key", Fate.SECRET, "from OPENAI_API_KEY"),
        ("openai/gpt-image-1.5", "input_images", Fate.BROUGHT, "The job brings the image."),
        ("openai/gpt-image-1", "output_compression", Fate.SENT, "As published."),
        (
            "openai/gpt-image-2",
            "input_fidelity",
            Fate.ABSENT,
            "publish it: openai/gpt-image-1, openai",
        ),
    ],
)
def test_verdict_says_why(slug: str, field: str, fate: Fate, why: str) -> None:
    family = next(one for one in judgement.families() if slug in one.models)

    verdict = judgement.judge(field, family=family, model=shipped_models()[slug])

    assert verdict.fate == fate
    assert why in verdict.why


def test_verdict_of_a_field_that_the_model_names_otherwise() -> None:
    gpt = shipped_models()["openai/gpt-image-1"]
    family = Family(label="GPT", models=(gpt.slug,), fields={"num_outputs": {}}, rows=())

    verdict = judgement.judge("num_outputs", family=family, model=gpt)

    assert (verdict.fate, verdict.name) == (Fate.RENAMED, "number_of_images")
    assert verdict.why == "The model's own name for it is number_of_images."


def test_verdict_names_bounds_and_choices_that_are_narrower() -> None:
    inputs = {
        "quality": {"type": "integer", "minimum": 10, "maximum": 50},
        "ratio": {"type": "string", "enum": ["1:1"]},
    }
    family = Family(
        label="Acme",
        models=("acme/stager",),
        fields={
            "quality": {"type": "integer", "minimum": 1, "maximum": 100},
            "ratio": {"type": "string", "enum": ["1:1", "3:2"]},
        },
        rows=(),
    )

    model = acme(inputs)

    said = [judgement.judge(field, family=family, model=model).why for field in inputs]
    assert said == [
        "Below 10 is refused. Above 50 is refused.",
        "3:2: no choice of the model's, and refused.",
    ]


def acme(inputs: dict[str, Any]) -> ShippedModel:
    return read_shipped(PublishedModel.from_json(published(inputs)))
