"""Every read call of the official Python client, which refuses what is not shaped as it expects."""

from __future__ import annotations

import inspect
import io
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import httpx
import pytest
from replicate.client import Client
from replicate.model import Model

from tests.processes import CATALOG
from tests.sandbox.conftest import MODELS, client_of, photo, running_sandbox

SLUGS = {
    "{owner}/{name}".format(**json.loads(path.read_text()))
    for folder in (CATALOG, MODELS)
    for path in folder.glob("*.json")
}
COMMUNITY = "jane/single"
COMMUNITY_VERSION = json.loads((MODELS / "jane_single.json").read_text())["latest_version"]["id"]
# The methods of the client's namespaces that read.
READS = {"get", "list", "search", "current", "secret"}
NAMESPACES = [
    *("accounts", "collections", "deployments", "files", "hardware", "models"),
    *("predictions", "trainings", "webhooks"),
]


@pytest.fixture(scope="module")
def stocked() -> Iterator[Client]:
    """The official client, at a sandbox with the catalogue, a prediction and a file in it."""
    with (
        running_sandbox("--seconds", "0.05", "--models", str(CATALOG)) as origin,
        # The client never closes its connections, so they are opened here.
        httpx.HTTPTransport() as transport,
    ):
        client = Client(api_token="r8_test", base_url=origin, transport=transport)
        client.models.predictions.create("acme/stager", input={"prompt": "a bedroom"})
        client.files.create(io.BytesIO(photo()), filename="a.jpg")
        yield client


def slugs(models: Iterable[Model]) -> set[str]:
    return {model.id for model in models}


CALLS: dict[str, tuple[Callable[[Client], object], object]] = {
    "accounts.current": (lambda c: c.accounts.current().username, "sandbox"),
    "collections.list": (lambda c: [found.slug for found in c.collections.list()], ["all"]),
    "collections.get": (
        lambda c: {model.id for model in c.collections.get("all").models or []},
        SLUGS,
    ),
    "deployments.list": (lambda c: len(c.deployments.list()), 0),
    "files.list": (lambda c: [kept.name for kept in c.files.list()], ["a.jpg"]),
    "files.get": (lambda c: c.files.get(c.files.list()[0].id).name, "a.jpg"),
    "hardware.list": (lambda c: c.hardware.list()[0].sku, "cpu"),
    "models.list": (lambda c: slugs(c.models.list()), SLUGS),
    "models.search": (lambda c: slugs(c.models.search("acme STAG")), {"acme/stager"}),
    "models.get": (lambda c: {c.models.get(slug).id for slug in SLUGS}, SLUGS),
    "models.versions.list": (
        lambda c: [version.id for version in c.models.get(COMMUNITY).versions.list()],
        [COMMUNITY_VERSION],
    ),
    "models.versions.get": (
        lambda c: c.models.get(COMMUNITY).versions.get(COMMUNITY_VERSION).cog_version,
        "0.16.0",
    ),
    "predictions.list": (lambda c: [made.model for made in c.predictions.list()], ["acme/stager"]),
    "predictions.get": (
        lambda c: c.predictions.get(c.predictions.list()[0].id).model,
        "acme/stager",
    ),
    "trainings.list": (lambda c: len(c.trainings.list()), 0),
    "webhooks.default.secret": (lambda c: c.webhooks.default.secret().key[:6], "whsec_"),
}
# The sandbox has none of them, so that there is nothing to get: 404.
ABSENT = {"deployments.get", "trainings.get"}


@pytest.mark.parametrize("name", CALLS)
def test_read_call_is_answered(stocked: Client, name: str) -> None:
    call, expected = CALLS[name]

    assert call(stocked) == expected


def test_every_read_call_is_walked(stocked: Client) -> None:
    namespaces = {name: getattr(stocked, name) for name in NAMESPACES}
    namespaces["models.versions"] = stocked.models.get(COMMUNITY).versions
    namespaces["webhooks.default"] = stocked.webhooks.default

    found = {
        f"{name}.{method}"
        for name, namespace in namespaces.items()
        for method, _ in inspect.getmembers(namespace, inspect.ismethod)
        if method in READS
    }

    assert found == CALLS.keys() | ABSENT


def test_community_models_of_the_catalogue_list_their_versions(stocked: Client) -> None:
    published = [json.loads(path.read_text()) for path in CATALOG.glob("*.json")]
    expected = {
        "{owner}/{name}".format(**model): [model["latest_version"]["id"]]
        for model in published
        if not model["is_official"]
    }

    found = {
        slug: [version.id for version in stocked.models.get(slug).versions.list()]
        for slug in expected
    }

    assert len(expected) == 6
    assert found == expected


def test_models_are_listed_a_hundred_a_page(tmp_path: Path) -> None:
    for number in range(205):
        model = {"owner": "many", "name": f"m{number}", "run_count": number}
        (tmp_path / f"{number}.json").write_text(json.dumps(model))

    with running_sandbox("--models", str(tmp_path)) as origin, client_of(origin) as api:
        pages = [api.get("/v1/models").json()]
        while pages[-1]["next"]:
            pages.append(api.get(pages[-1]["next"]).json())
        back = api.get(pages[-1]["previous"]).json()

    names = [model["name"] for page in pages for model in page["results"]]
    assert [len(page["results"]) for page in pages[:2]] == [100, 100]
    assert {f"m{number}" for number in range(205)} < set(names)
    assert len(names) == len(set(names))
    assert back == pages[-2]


def test_javascript_client_quotes_what_it_searches_for(api: httpx.Client) -> None:
    answer = api.request("QUERY", "/v1/models", content='"stager"')

    assert [model["name"] for model in answer.json()["results"]] == ["stager"]
