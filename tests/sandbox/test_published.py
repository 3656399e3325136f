from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx

from sandbox.published import PublishedModel
from tests.corpus import PUBLISHED
from tests.sandbox.conftest import client_of, photo, running_sandbox, wait_for

FILES = sorted(PUBLISHED.glob("*.json"))


def test_new_file_is_found(tmp_path: Path) -> None:
    with running_sandbox("--models", str(tmp_path)) as origin, client_of(origin) as api:
        (tmp_path / "new.json").write_text(json.dumps({"owner": "late", "name": "comer"}))

        assert api.get("/v1/models/late/comer").json()["name"] == "comer"


def test_every_published_model_runs(api: httpx.Client) -> None:
    kept = api.post("/v1/files", files={"content": ("a.jpg", photo(), "image/jpeg")}).json()
    made = {}
    for path in FILES:
        model = PublishedModel(json.loads(path.read_text()))
        body = {"version": model.version_id, "input": minimal_input(model, kept["urls"]["get"])}
        answer = api.post("/v1/predictions", json=body)
        assert answer.status_code == 201, (path.name, answer.text)
        made[answer.json()["id"]] = path.name

    over = wait_for(
        lambda: api.get("/_sandbox/record").json()["predictions"],
        until=lambda found: all(p["status"] not in ("starting", "processing") for p in found),
        at_most_s=60,
    )

    assert len(over) == len(FILES)
    assert [(made[p["id"]], p["error"]) for p in over if p["status"] != "succeeded"] == []
    assert all(p["output"] for p in over)


def minimal_input(model: PublishedModel, address: str) -> dict[str, Any]:
    """Return the required properties, and what keeps the picture small: a photo, a size."""
    given: dict[str, Any] = {}
    for name, declared in model.input_schema.properties.items():
        if declared.get("format") == "uri" and "image" in name:
            given[name] = address
        elif name in ("width", "height") and "enum" not in declared:
            given[name] = max(256, declared.get("minimum", 0))
        elif name in model.input_schema.required:
            is_address = declared.get("format") == "uri"
            given[name] = address if is_address else declared.get("default", "a room")
    return given
