"""Every shipped model that can stage a photo does, with its own parameters and at its price."""

import json
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from modelsettings import registry
from modelsettings.catalog.shipped import shipped_models
from modelsettings.models import PublishedSchema, ReplicateModel
from staging.jobs.planning import CannotStage
from staging.models import Photo, StagingJob
from tests.processes import CATALOG
from tests.staging.conftest import Ask, Sandbox, carry_out, only, opened, pictures

PROPLABS = "proplabs/virtual-staging"
REMODELA = "remodela-ai/virtual_staging_iii"
OPENAI_KEY = "sk-openai-key-of-nobody"
PROPLABS_KEY = "r8_proplabs_token_of_nobody"
SECRETS = {"openai_api_key": OPENAI_KEY, "replicate_api_key": PROPLABS_KEY}
# Its version is not known in full, and community models are run by it.
VERSION = "ae1460d5" * 8

STAGING = [slug for slug, model in shipped_models().items() if not model.schema.obstacle]
PER_IMAGE = {
    "qwen/qwen-image-edit": 0.03,
    "qwen/qwen-image-edit-2511": 0.03,
    "black-forest-labs/flux-kontext-max": 0.08,
    "black-forest-labs/flux-kontext-pro": 0.04,
    "black-forest-labs/flux-kontext-dev": 0.025,
    "bytedance/seedream-4": 0.03,
    "bytedance/seedream-4.5": 0.04,
    "bytedance/seedream-5-lite": 0.035,
    "bytedance/seededit-3.0": 0.03,
    "google/nano-banana": 0.039,
    "google/nano-banana-pro": 0.15,
    "google/nano-banana-2": 0.067,
    "openai/gpt-image-1.5": 0.136,
    "openai/gpt-image-2": 0.128,
    PROPLABS: 0.16,
}
# For a run, a megapixel of the photo, and a megapixel of the picture.
BY_MEGAPIXELS = {
    "black-forest-labs/flux-2-pro": (0.015, 0.015, 0.015),
    "black-forest-labs/flux-2-flex": (0.0, 0.06, 0.06),
    "black-forest-labs/flux-2-max": (0.04, 0.03, 0.03),
    "black-forest-labs/flux-2-dev": (0.0, 0.012, 0.012),
}


@pytest.fixture(autouse=True)
def _secrets(settings: Settings) -> None:
    settings.MODEL_SECRETS = {
        "OPENAI_API_KEY": OPENAI_KEY,
        "PROPLABS_REPLICATE_API_KEY": PROPLABS_KEY,
    }


@pytest.fixture
def published(sandbox: Sandbox, db: None) -> Iterator[Sandbox]:
    """The sandbox, and what we know of it, once the version of every model has been read."""
    shipped = json.loads((CATALOG / "proplabs_virtual-staging.json").read_text())
    version = {**shipped["latest_version"], "id": VERSION}
    sandbox.http.post("/_sandbox/models", json={**shipped, "latest_version": version})
    PublishedSchema.objects.filter(model__slug=PROPLABS).update(version=VERSION)
    yield sandbox
    sandbox.http.post("/_sandbox/models", json=shipped)


def another_format(slug: str) -> str:
    default = shipped_models()[slug].schema.parameters["output_format"]["default"]
    return "webp" if default == "png" else "png"


def cost_of(job: StagingJob, *, usd: tuple[float, float, float]) -> float:
    (picture,) = pictures(job)
    run, input_mp, output_mp = usd
    photo_mp, picture_mp = 300 * 200 / 1e6, picture.width * picture.height / 1e6
    return run + input_mp * photo_mp + output_mp * picture_mp


def test_every_model_but_those_without_a_photo_can_stage() -> None:
    assert set(shipped_models()) - set(STAGING) == {"bytedance/seedream-3"}


@pytest.mark.parametrize("slug", STAGING)
def test_model_stages_a_photo(published: Sandbox, ask: Ask, slug: str) -> None:
    wanted = another_format(slug)

    job = carry_out(published, ask(model=slug, overrides={"output_format": wanted}))

    (picture,) = pictures(job)
    assert (job.status, only(job).error) == ("succeeded", "")
    assert (picture.format, opened(picture).format) == (wanted, wanted.upper())
    check_purchase(published, job)
    check_cost(job)


def check_purchase(sandbox: Sandbox, job: StagingJob) -> None:
    """Compare what was bought: by name or by version, the job's input, and the secrets."""
    (bought,) = sandbox.bought()
    model = shipped_models()[job.model.slug]
    # Replicate runs a community model by its version only, and hides an official one's.
    by_version = model.published.version or VERSION
    version = "hidden" if model.published.is_official else by_version
    assert (bought["model"], bought["version"]) == (model.slug, version)
    secrets = {name: SECRETS[name] for name in model.schema.secrets}
    sent = job.input_of(seed=only(job).seed, photo_url=only(job).photo_url)
    assert bought["input"] == sent | secrets
    assert bought["input"].keys() <= model.schema.inputs.keys()
    assert not secrets.keys() & job.input.keys()


def check_cost(job: StagingJob) -> None:
    slug, cost = job.model.slug, only(job).cost
    if slug in BY_MEGAPIXELS:
        assert float(cost or 0) == pytest.approx(cost_of(job, usd=BY_MEGAPIXELS[slug]), abs=1e-6)
    else:
        assert (cost and float(cost)) == PER_IMAGE.get(slug)


@pytest.mark.parametrize(("is_fast", "usd"), [(True, 0.012), (False, 0.014)])
def test_cost_depends_on_the_settings_that_the_price_names(
    sandbox: Sandbox, ask: Ask, is_fast: bool, usd: float
) -> None:
    slug = "black-forest-labs/flux-2-dev"

    job = carry_out(sandbox, ask(model=slug, overrides={"go_fast": is_fast}))

    cost = float(only(job).cost or 0)
    assert cost == pytest.approx(cost_of(job, usd=(0, usd, usd)), abs=1e-6)


def test_dedicated_model_is_told_room_and_style_in_its_own_words(
    sandbox: Sandbox, ask: Ask
) -> None:
    job = carry_out(sandbox, ask(model=REMODELA, room_type="dining_room", style="scandinavian"))

    (bought,) = sandbox.bought()
    assert bought["input"] == {
        "image": only(job).photo_url,
        "type_room": "diningRoom",
        "prompt": "scandinavian",
        "negative_prompt": "low quality, bad quality, sketches",
        "num_inference_steps": 50,
        "condition_scale": 0.5,
        "seed": 0,
    }


def test_dedicated_model_that_takes_a_secret_is_told_room_and_style(
    published: Sandbox, ask: Ask
) -> None:
    job = carry_out(published, ask(model=PROPLABS, room_type="outdoor", style="industrial"))

    (bought,) = published.bought()
    assert bought["input"] == {
        "image": only(job).photo_url,
        "replicate_api_key": PROPLABS_KEY,
        "room": "Garden",
        "furniture_style": "Urban Industrial",
        "furniture_items": "",
        "quality": "Standard",
        "resolution": "Auto",
    }


def test_dedicated_model_refuses_a_prompt_that_it_would_not_be_told(ask: Ask) -> None:
    with pytest.raises(CannotStage) as refused:
        ask(model=REMODELA, prompt="A red sofa.")

    assert str(refused.value) == f"{REMODELA} takes no prompt: it is told the room and the style."
    assert ask(model=REMODELA).prompt == ""


def test_a_quality_of_another_name_holds_where_restage_encodes(sandbox: Sandbox, ask: Ask) -> None:
    wanted = {"disclosure": "Virtually staged", "output_format": "jpeg", "output_compression": 30}

    job = carry_out(sandbox, ask(model="openai/gpt-image-1", overrides=wanted))

    (picture,) = pictures(job)
    assert (job.delivered.output_format, job.delivered.output_quality) == ("jpeg", 30)
    assert (job.status, opened(picture).format) == ("succeeded", "JPEG")


@pytest.mark.parametrize(
    ("slug", "room", "sentence"),
    [
        (
            REMODELA,
            "office",
            "remodela-ai/virtual_staging_iii knows no room office, only: living_room, bedroom, "
            "kitchen, bathroom, dining_room.",
        ),
        (
            PROPLABS,
            "entryway",
            "proplabs/virtual-staging knows no room entryway, only: living_room, bedroom, "
            "kitchen, bathroom, dining_room, office, outdoor.",
        ),
    ],
)
def test_dedicated_model_refuses_a_room_that_it_does_not_know(
    published: Sandbox, ask: Ask, slug: str, room: str, sentence: str
) -> None:
    with pytest.raises(CannotStage) as refused:
        ask(model=slug, room_type=room)

    assert str(refused.value) == sentence
    assert (Photo.objects.count(), StagingJob.objects.count(), published.bought()) == (0, 0, [])


@pytest.mark.parametrize(
    ("slug", "sentence"),
    [
        (
            "bytedance/seedream-3",
            "bytedance/seedream-3 cannot stage a photo. It takes no photo: none of its inputs is "
            "an image.",
        ),
        (
            PROPLABS,
            "proplabs/virtual-staging is run by its version, which is not known: read it from "
            "Replicate with manage.py add_model proplabs/virtual-staging.",
        ),
    ],
)
def test_model_that_cannot_stage_says_why(
    sandbox: Sandbox, ask: Ask, slug: str, sentence: str
) -> None:
    with pytest.raises(CannotStage) as refused:
        ask(model=slug)

    listed = {model.slug: model.obstacle for model in registry.list_models()}
    assert str(refused.value) == listed[slug] == sentence
    assert not Photo.objects.exists()


@pytest.mark.django_db
def test_every_other_model_has_no_obstacle() -> None:
    obstacles = {model.slug for model in registry.list_models() if model.obstacle}

    assert obstacles == {"bytedance/seedream-3", PROPLABS}
    assert ReplicateModel.objects.count() == len(shipped_models())
