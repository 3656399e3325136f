"""A secret goes from the environment onto the wire, and is found nowhere else."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from config import logs
from modelsettings import registry
from modelsettings.masking import mask
from modelsettings.models import PublishedSchema
from staging.jobs.planning import CannotStage
from staging.models import Photo, Prediction, StagingJob
from staging.predictions import polling, settlement, submission
from tests.conftest import client_of, make_photo
from tests.staging.conftest import Ask, Sandbox, carry_out, only, remote

GPT = "openai/gpt-image-1"
PROPLABS = "proplabs/virtual-staging"
# As no pattern of tokens knows it: what hides it must know its value.
SECRET = "open-sesame-of-nobody-4711"
TOKEN = "r8_a_token_of_nobody"
TOLD = f"The key {SECRET} is wrong, and the token {TOKEN} as well."
MASKED = "The key *** is wrong, and the token *** as well."


@pytest.fixture(autouse=True)
def _secret(settings: Settings) -> None:
    settings.MODEL_SECRETS = {"OPENAI_API_KEY": SECRET, "PROPLABS_REPLICATE_API_KEY": ""}


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What is logged, as it would be written."""
    root = logging.getLogger()
    formatters = [handler.formatter for handler in root.handlers]
    ours = next(one for one in formatters if isinstance(one, structlog.stdlib.ProcessorFormatter))
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(ours)
    root.addHandler(handler)
    yield handler.stream
    root.removeHandler(handler)


@pytest.fixture
def page_of_ada(db: None) -> Client:
    """A browser session of somebody who may see every page of the admin."""
    client = Client()
    client.force_login(User.objects.create_superuser("ada", password="secret"))
    return client


def dump() -> str:
    """Return every row of every table."""
    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - its own table's name
            rows += [f"{table}: {row}" for row in cursor.fetchall()]
    return "\n".join(rows)


def api_answers(api: APIClient, job: StagingJob) -> dict[str, str]:
    model = f"/api/v1/admin/models/{job.model.slug}"
    paths = [
        *("/api/v1/staging/jobs", f"/api/v1/staging/jobs/{job.pk}", "/api/v1/admin/models"),
        *(f"{model}/config", f"{model}/config/schema", f"{model}/config/history"),
        *(f"{model}/profiles", "/api/v1/admin/settings?key=quality"),
    ]
    answers = {path: api.get(path) for path in paths}
    assert {path: one.status_code for path, one in answers.items()} == dict.fromkeys(paths, 200)
    return {path: one.content.decode() for path, one in answers.items()}


def admin_pages(page: Client) -> dict[str, str]:
    """Return the admin's lists, and the page of the newest row of each."""
    pages = {"/admin/": page.get("/admin/").content.decode()}
    for model in admin.site._registry:
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        newest = model._default_manager.order_by("pk").last()
        for address in [path, *([f"{path}{newest.pk}/change/"] if newest else [])]:
            pages[address] = page.get(address, follow=True).content.decode()
    return pages


def test_secret_is_on_the_wire_and_nowhere_else(
    sandbox: Sandbox, ask: Ask, logged: io.StringIO, operator: User, page_of_ada: Client
) -> None:
    job = carry_out(sandbox, ask(model=GPT))

    (bought,) = sandbox.bought()
    assert bought["input"]["openai_api_key"] == SECRET
    assert job.status == "succeeded"
    assert SECRET not in dump()
    assert "bought" in logged.getvalue()
    assert SECRET not in logged.getvalue()
    for path, text in {**api_answers(client_of(operator), job), **admin_pages(page_of_ada)}.items():
        assert SECRET not in text, path


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"do": "status", "status": 422, "detail": TOLD}, id="refused"),
        pytest.param({"do": "status", "status": 429, "detail": TOLD}, id="throttled"),
        pytest.param({"do": "status", "status": 401, "detail": TOLD}, id="unauthenticated"),
        pytest.param({"do": "status", "status": 500, "detail": TOLD}, id="uncertain"),
        pytest.param({"do": "fail", "error": TOLD}, id="failed"),
    ],
)
def test_secret_in_what_replicate_tells_is_masked(
    sandbox: Sandbox,
    ask: Ask,
    logged: io.StringIO,
    operator: User,
    page_of_ada: Client,
    fault: dict[str, Any],
) -> None:
    job = ask(model=GPT)
    sandbox.misbehave("create", **fault)

    submission.submit_waiting()
    sandbox.finish()
    job.predictions.update(run_after=job.created_at)
    polling.poll_running()

    stored = dump()
    assert "The key *** is wrong" in stored
    pages = {**api_answers(client_of(operator), job), **admin_pages(page_of_ada)}
    for name, text in {"database": stored, "log": logged.getvalue(), **pages}.items():
        assert SECRET not in text, name
        assert TOKEN not in text, name


def test_secret_in_an_invalid_field_is_masked(sandbox: Sandbox, ask: Ask) -> None:
    job = ask(model=GPT)
    job.input = {**job.input, "quality": SECRET, SECRET: 1}
    job.save()

    submission.submit_waiting()

    prediction = only(job)
    assert prediction.error_code == "invalid_input"
    assert SECRET not in prediction.error
    assert "***" in prediction.error


def test_secret_in_a_webhook_is_masked(ask: Ask) -> None:
    job = ask(model=GPT)
    Prediction.objects.filter(job=job).update(status="running", replicate_id="r1")

    settlement.settle(only(job), remote(only(job), "failed", error=TOLD), by="webhook")

    assert only(job).error == MASKED
    assert [step.why for step in only(job).transitions.all()] == ["", MASKED]


def test_address_that_holds_a_secrets_beginning_is_kept(ask: Ask, settings: Settings) -> None:
    settings.EMAIL_HOST_PASSWORD = "replicate-mail-2026"
    address = "https://replicate.delivery/a/out-0.webp"
    prediction = only(ask())

    Prediction.objects.note(prediction, photo_url=address, outputs=[address])

    kept = only(prediction.job)
    assert (kept.photo_url, kept.outputs) == (address, [address])


@pytest.mark.parametrize(
    ("told", "masked"),
    [
        (f"key={SECRET}&more", "key=***&more"),
        (f"{SECRET}{SECRET}", "******"),
        (f"It was cut off: {SECRET[:15]}", "It was cut off: ***"),
        ("open-ses is a word, open-se none", "*** is a word, open-se none"),
        (f"Bearer {TOKEN}", "Bearer ***"),
        ("Nothing of it.", "Nothing of it."),
        ("", ""),
    ],
)
def test_mask_replaces_what_is_configured(settings: Settings, told: str, masked: str) -> None:
    settings.REPLICATE_API_TOKEN = TOKEN

    assert mask(told) == masked


def test_mask_leaves_a_secret_that_is_none(settings: Settings) -> None:
    settings.MODEL_SECRETS, settings.REPLICATE_API_TOKEN = {"OPENAI_API_KEY": "a"}, ""

    assert mask("a photo of a room") == "a photo of a room"


def test_log_masks_the_value_of_a_secret() -> None:
    assert logs.mask_secrets(None, "info", {"event": TOLD})["event"] == MASKED


@pytest.fixture
def without_secrets(settings: Settings, db: None) -> None:
    settings.MODEL_SECRETS = {"OPENAI_API_KEY": "", "PROPLABS_REPLICATE_API_KEY": ""}
    # Its version is not known in full, which would be said first.
    PublishedSchema.objects.filter(model__slug=PROPLABS).update(version="ae1460d5" * 8)


MISSING = [
    (GPT, f"{GPT} requires the secret openai_api_key: set OPENAI_API_KEY in the environment."),
    (
        PROPLABS,
        f"{PROPLABS} requires the secret replicate_api_key: set PROPLABS_REPLICATE_API_KEY in the "
        "environment.",
    ),
]


@pytest.mark.usefixtures("without_secrets")
@pytest.mark.parametrize(("slug", "sentence"), MISSING)
def test_model_whose_secret_is_missing_says_so(
    api: APIClient, ask: Ask, slug: str, sentence: str
) -> None:
    listed = {one["id"]: one["obstacle"] for one in api.get("/api/v1/admin/models").json()}

    assert listed[slug] == sentence
    with pytest.raises(CannotStage) as refused:
        ask(model=slug)
    assert str(refused.value) == sentence


@pytest.mark.usefixtures("without_secrets")
@pytest.mark.parametrize(("slug", "sentence"), MISSING)
def test_job_for_a_model_whose_secret_is_missing_is_refused(
    api: APIClient, slug: str, sentence: str
) -> None:
    image = SimpleUploadedFile("room.jpg", make_photo(), "image/jpeg")

    answer = api.post("/api/v1/staging/jobs", {"image": image, "model": slug}, format="multipart")

    assert (answer.status_code, answer.json()) == (400, {"model": [sentence]})
    assert not Photo.objects.exists()


@pytest.mark.usefixtures("without_secrets")
def test_model_whose_secret_may_be_missing_stages_without(sandbox: Sandbox, ask: Ask) -> None:
    job = carry_out(sandbox, ask(model="openai/gpt-image-1.5"))

    (bought,) = sandbox.bought()
    assert job.status == "succeeded"
    assert "openai_api_key" not in bought["input"]
    assert "openai/gpt-image-1.5" not in {
        model.slug for model in registry.list_models() if model.obstacle
    }


@pytest.mark.parametrize("how", ["put", "patch"])
def test_secret_is_no_setting(api: APIClient, how: str) -> None:
    path = f"/api/v1/admin/models/{GPT}/config"

    answer = getattr(api, how)(path, {"openai_api_key": SECRET}, format="json")

    assert answer.status_code == 400
    assert "openai_api_key" in json.dumps(answer.json())
    assert SECRET not in answer.content.decode()
    assert SECRET not in dump()
