from __future__ import annotations

import json

import httpx

from tests.sandbox.conftest import MODELS


def test_model_is_its_file(api: httpx.Client) -> None:
    published = json.loads((MODELS / "acme_stager.json").read_text())

    assert api.get("/v1/models/acme/stager").json() == published


def test_official_model_shows_no_versions(api: httpx.Client) -> None:
    answer = api.get("/v1/models/acme/stager/versions")

    assert answer.status_code == 404
    assert answer.json()["detail"] == "This model does not expose a list of versions"


def test_community_model_shows_its_version(api: httpx.Client) -> None:
    listed = api.get("/v1/models/jane/single/versions").json()["results"]

    shown = api.get(f"/v1/models/jane/single/versions/{listed[0]['id']}").json()

    assert shown == listed[0]


def test_unknown_model(api: httpx.Client) -> None:
    assert api.get("/v1/models/nobody/nothing").status_code == 404
