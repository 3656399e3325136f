"""The typed request: what it holds on its way from a door to the plan, and back from a batch."""

from collections.abc import Callable
from typing import Any, get_args, get_type_hints

import pytest
from django.contrib.auth.models import User

from modelsettings import profiles
from modelsettings.actors import Actor
from modelsettings.schema.validation import SettingsRefused
from modelsettings.settings import get_settings
from staging.batches.preparation import request_of
from staging.batches.requesting import request_batch
from staging.batches.sent import from_photo
from staging.jobs.planning import OverridesRefused, Plan, plan_job
from staging.jobs.repeating import repeat_job, retry_job
from staging.jobs.request import StagingRequest
from staging.jobs.requesting import request_staging
from staging.models import Project
from tests.staging.batch_requests import make_photo_row
from tests.staging.conftest import FLUX, QWEN


def types_in(hint: object) -> list[object]:
    return [hint, *(inner for part in get_args(hint) for inner in types_in(part))]


@pytest.mark.parametrize(
    "typed", [StagingRequest, plan_job, request_staging, request_batch, retry_job, repeat_job]
)
def test_no_value_on_the_way_to_a_purchase_is_untyped(typed: Callable[..., object]) -> None:
    hints = get_type_hints(typed)

    assert {name for name, hint in hints.items() if Any in types_in(hint)} == set()


def test_a_batch_wishes_for_what_was_asked(operator: User) -> None:
    draft = profiles.copy_profile(get_settings(QWEN).pk, "draft", by=Actor(name="ann"))
    photo = make_photo_row(operator)
    wanted = StagingRequest(
        room_type="bedroom",
        style="industrial",
        prompt="A red sofa.",
        prompt_mode="replace",
        model=QWEN,
        profile=draft.name,
        overrides={"output_quality": 70},
        seed=5,
    )

    batch = request_batch([from_photo(photo)], wanted, owner=operator, project=photo.project)

    batch.refresh_from_db()
    assert batch.styles == ["industrial"]
    assert request_of(batch, room_type="bedroom", style="industrial") == wanted


def test_a_batch_that_wishes_for_nothing_in_particular(operator: User) -> None:
    photo = make_photo_row(operator)

    batch = request_batch(
        [from_photo(photo)], StagingRequest(), owner=operator, project=photo.project
    )

    batch.refresh_from_db()
    assert batch.styles == ["modern"]
    assert request_of(batch, room_type="", style="") == StagingRequest()


@pytest.fixture
def project(operator: User) -> Project:
    """A project that names a model."""
    flux = get_settings(FLUX)
    return Project.objects.create(owner=operator, name="Elm Street 5", model_id=flux.model_pk)


def words(plan: Plan) -> tuple[str, str, str, str, object]:
    stored = plan.resolved.stored
    return plan.room_type, plan.style, stored.slug, stored.profile, plan.overrides


@pytest.mark.parametrize(
    ("wanted", "planned"),
    [
        (StagingRequest(), ("default", "modern", FLUX, "default", {})),
        (StagingRequest(model=QWEN), ("default", "modern", QWEN, "default", {})),
        (StagingRequest(seed=0), ("default", "modern", FLUX, "default", {"seed": 0})),
        (
            StagingRequest(room_type="bedroom", overrides={"seed": 3}, seed=5),
            ("bedroom", "modern", FLUX, "default", {"seed": 5}),
        ),
    ],
    ids=["nothing", "model", "seed", "room"],
)
def test_plan_job_chooses_what_is_not_wished_for(
    project: Project, wanted: StagingRequest, planned: tuple[object, ...]
) -> None:
    assert words(plan_job(wanted, project=project, by=project.owner)) == planned


@pytest.mark.parametrize(
    ("seed", "errors", "body"),
    [
        (
            5,
            {"seed": ["b"], "overrides.steps": ["a"], "overrides": ["c"]},
            {"seed": ["b"], "overrides": {"steps": ["a"], "non_field_errors": ["c"]}},
        ),
        (
            None,
            {"overrides.steps": ["a"], "overrides.seed": ["b"], "overrides": ["c"]},
            {"overrides": {"steps": ["a"], "seed": ["b"], "non_field_errors": ["c"]}},
        ),
    ],
    ids=["seed of the request", "seed of the overrides"],
)
def test_refused_settings_name_the_fields_of_the_request(
    seed: int | None, errors: dict[str, list[str]], body: dict[str, object]
) -> None:
    of_model = SettingsRefused({"steps": ["a"], "seed": ["b"], "": ["c"]})

    refusal = OverridesRefused(of_model, wanted=StagingRequest(seed=seed))

    assert (refusal.errors, refusal.body(), str(refusal)) == (errors, body, "a b c")


def test_settings_of_which_the_seed_alone_is_refused() -> None:
    refusal = OverridesRefused(
        SettingsRefused({"seed": ["seed: no."]}), wanted=StagingRequest(seed=5)
    )

    assert refusal.body() == {"seed": ["seed: no."]}
