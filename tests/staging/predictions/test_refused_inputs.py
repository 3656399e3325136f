"""Inputs that a model refuses: said in words, with the origin of each value."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from modelsettings.models import ReplicateModel
from replicate_api.errors import InvalidInput
from staging.models import PurchasePause, StagingJob
from staging.predictions import submission
from staging.predictions.refused_inputs import Origin, RefusedInput, find_refused, say_refused
from tests.processes import CATALOG
from tests.staging.conftest import QWEN, Ask, Sandbox, carry_out, only

GPT = "openai/gpt-image-1"

Publish = Callable[..., None]
# In both forms, the same has to be said.
FORMS = pytest.mark.parametrize("form", ["", "fastapi"], ids=["invalid_fields", "fastapi"])


@pytest.fixture
def publish(sandbox: Sandbox) -> Iterator[Publish]:
    """Publish a model with other inputs, by name; None takes one away. The test undoes it.

    `form` is that of its refusals, "" Replicate's own.
    """
    changed = []

    def put(
        slug: str, *, form: str = "", required: str = "", **inputs: dict[str, Any] | None
    ) -> None:
        shipped = json.loads((CATALOG / f"{slug.replace('/', '_')}.json").read_text())
        changed.append(shipped)
        document = copy.deepcopy(shipped)
        published = document["latest_version"]["openapi_schema"]["components"]["schemas"]["Input"]
        for name, prop in inputs.items():
            published["properties"].pop(name, None)
            if prop is not None:
                published["properties"][name] = prop
        published["required"] = [*published.get("required", []), *filter(None, [required])]
        answer = sandbox.http.post(
            "/_sandbox/models", json={**document, "x-sandbox-refusals": form}
        )
        answer.raise_for_status()

    yield put
    for shipped in changed:
        sandbox.http.post("/_sandbox/models", json=shipped).raise_for_status()


def refusal_of(job: StagingJob, *, sandbox: Sandbox) -> str:
    """Return what a job says once its model has refused its input."""
    submission.submit_waiting()
    prediction = only(job)
    assert (prediction.status, prediction.error_code) == ("failed", "invalid_input")
    assert sandbox.bought() == []
    return prediction.error


# The model's new inputs, what a job asks for, and what it says then.
REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "profile": (
        {"output_quality": {"type": "integer", "maximum": 70}},
        {},
        "Output quality: at most 70 (the settings profile has 80).",
    ),
    "overrides": (
        {"output_quality": {"type": "integer", "maximum": 70}},
        {"overrides": {"output_quality": 90}},
        "Output quality: at most 70 (the job asks for 90).",
    ),
    "an override that the profile has as well": (
        {"output_quality": {"type": "integer", "maximum": 70}},
        {"overrides": {"output_quality": 80}},
        "Output quality: at most 70 (the job asks for 80).",
    ),
    "seed": (
        {"seed": {"type": "integer", "maximum": 6}},
        {"seed": 7},
        "Seed: at most 6 (the job asks for 7).",
    ),
    "photo": ({"image": {"type": "integer"}}, {}, "Image: whole number expected (the photo)."),
    "prompt": (
        {"prompt": {"type": "string", "maxLength": 5}},
        {"prompt": "A secret garden"},
        "Prompt: 5 or fewer characters (the prompt).",
    ),
    "restage": (
        {"output_format": {"type": "string", "enum": ["webp", "jpg"]}},
        {"overrides": {"disclosure": "Virtually staged"}},
        "Output format: one of webp, jpg (Restage sends png, to encode the picture itself).",
    ),
    "gone": (
        {"go_fast": None},
        {},
        "Go fast: the model has no such input (the settings profile has on).",
    ),
    "new": (
        {"mood": {"type": "string"}, "required": "mood"},
        {},
        "Mood: required (nothing was sent).",
    ),
}


@FORMS
@pytest.mark.parametrize(("inputs", "wanted", "sentence"), REFUSED.values(), ids=REFUSED)
def test_refusal_says_the_origin_of_the_value(
    sandbox: Sandbox,
    publish: Publish,
    ask: Ask,
    inputs: dict[str, Any],
    wanted: dict[str, Any],
    sentence: str,
    form: str,
) -> None:
    job = ask(**wanted)
    publish(QWEN, form=form, **inputs)

    told = refusal_of(job, sandbox=sandbox)

    assert told == f"The model refused an input. {sentence}"


@FORMS
def test_refusal_names_each_input(sandbox: Sandbox, publish: Publish, ask: Ask, form: str) -> None:
    job = ask(overrides={"output_quality": 90})
    publish(
        QWEN,
        form=form,
        output_quality={"type": "integer", "maximum": 70},
        go_fast={"type": "string"},
    )

    told = refusal_of(job, sandbox=sandbox)

    intro, *sentences = told.removesuffix(".").split(". ")
    assert intro == "The model refused 2 inputs"
    assert sorted(sentences) == [
        "Go fast: text expected (the settings profile has on)",
        "Output quality: at most 70 (the job asks for 90)",
    ]


@FORMS
def test_refusal_repeats_no_secret(
    sandbox: Sandbox, settings: Settings, publish: Publish, ask: Ask, form: str
) -> None:
    settings.MODEL_SECRETS = {"OPENAI_API_KEY": "short", "PROPLABS_REPLICATE_API_KEY": ""}
    job = ask(model=GPT)
    publish(GPT, form=form, openai_api_key={"type": "string", "enum": ["other"]})

    told = refusal_of(job, sandbox=sandbox)

    assert told == "The model refused an input. Openai api key: only other (a secret)."


def test_refused_override_fails_its_job_alone(sandbox: Sandbox, publish: Publish, ask: Ask) -> None:
    publish(QWEN, output_quality={"type": "integer", "maximum": 80})
    refused, healthy = ask(overrides={"output_quality": 90}), ask()

    assert carry_out(sandbox, healthy).status == "succeeded"

    refused.refresh_from_db()
    assert refused.status == "failed"
    assert not PurchasePause.objects.exists()
    assert len(sandbox.bought()) == 1


@FORMS
def test_refusal_is_told_by_the_api_the_timeline_and_the_page(
    sandbox: Sandbox, publish: Publish, ask: Ask, api: APIClient, admin_page: Client, form: str
) -> None:
    job = ask()
    publish(QWEN, form=form, output_quality={"type": "integer", "maximum": 70})
    told = refusal_of(job, sandbox=sandbox)

    document = api.get(f"/api/v1/staging/jobs/{job.pk}").json()
    page = admin_page.get(f"/admin/staging/stagingjob/{job.pk}/change/", follow=True)

    assert "at most 70 (the settings profile has 80)." in told
    assert document["error"] == {"code": "invalid_input", "detail": told}
    assert document["timeline"][-1]["why"] == told
    assert page.content.decode().count(told) == 2


@pytest.mark.parametrize("detail", ["Out of paint", "- input: what an input"])
def test_refusal_in_another_form_is_shown_as_it_came(
    sandbox: Sandbox, ask: Ask, detail: str
) -> None:
    sandbox.misbehave("create", "status", status=422, detail=detail)
    job = ask()

    submission.submit_waiting()

    assert only(job).error == f"Replicate answered 422: {detail}"


@pytest.fixture
def job(operator: User) -> StagingJob:
    """A job that is not stored, with a room and a style of its model's own."""
    model = ReplicateModel.objects.get(slug=QWEN)
    model.roles = {**model.roles, "room": "room", "style": "look"}
    return StagingJob(
        model=model,
        settings={"strength": 3, "tags": ["a", "b"], "mask": None},
        input={"strength": 3, "tags": ["a", "b"], "mask": None, "room": "Hall", "look": "Old"}
        | {"instructions": "Stage it"},
    )


@pytest.mark.parametrize(
    ("field", "refused", "sentence"),
    [
        (
            "input.tags.1",
            RefusedInput("tags", "wrong, in its part 1", Origin.PROFILE, ["a", "b"]),
            'Tags: wrong, in its part 1 (the settings profile has ["a", "b"]).',
        ),
        (
            "input.mask",
            RefusedInput("mask", "wrong", Origin.PROFILE, None),
            "Mask: wrong (the settings profile has null).",
        ),
        ("input.room", RefusedInput("room", "wrong", Origin.ROOM), "Room: wrong (the room)."),
        ("input.look", RefusedInput("look", "wrong", Origin.STYLE), "Look: wrong (the style)."),
        (
            "input.instructions",
            RefusedInput("instructions", "wrong", Origin.PROMPT),
            "Instructions: wrong (the prompt).",
        ),
        (
            "input.api_key",
            RefusedInput("api_key", "not accepted", Origin.ENVIRONMENT),
            "Api key: not accepted (a secret).",
        ),
    ],
)
def test_find_refused(job: StagingJob, field: str, refused: RefusedInput, sentence: str) -> None:
    (found,) = find_refused(job, InvalidInput(fields=((field, "wrong"),)))

    assert (found, str(found)) == (refused, sentence)


@pytest.mark.parametrize(
    "fields",
    [
        (),
        (("input.strength", "wrong"), ("webhook", "wrong")),
        (("input", "wrong"),),
        (("", "wrong"),),
        (("input.", "wrong"),),
    ],
)
def test_find_refused_leaves_what_names_no_input(
    job: StagingJob, fields: tuple[tuple[str, str], ...]
) -> None:
    assert find_refused(job, InvalidInput(fields=fields)) == []


def test_find_refused_takes_the_first_word_on_each_input(job: StagingJob) -> None:
    fields = (("input.strength", "wrong"), ("input.strength", "and again"))

    assert find_refused(job, InvalidInput(fields=fields)) == [
        RefusedInput("strength", "wrong", Origin.PROFILE, 3)
    ]


def test_say_refused_says_no_more_than_a_timeline_keeps() -> None:
    long = "n\0" * 90
    refused = [
        RefusedInput(f"{long}{number}", "w" * 120, Origin.PROFILE, "v" * 999)
        for number in range(50)
    ]

    told = say_refused(refused)

    assert len(told) <= 480
    assert told.startswith("The model refused 50 inputs. N\\x00n\\x00n")
    assert told.endswith("…). And 49 more.")
