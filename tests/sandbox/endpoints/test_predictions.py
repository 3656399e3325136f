from __future__ import annotations

import re

import httpx
import pytest
from replicate.client import Client

from tests.sandbox.conftest import BODY, STAGER, Finish, Make, client_of, running_sandbox, wait_for

CREATED = {"id", "model", "version", "input", "logs", "error", "status", "created_at", "urls"}
DONE = CREATED | {"output", "started_at", "completed_at", "metrics"}


def test_create_answers_the_recorded_keys(create: Make) -> None:
    created = create()

    assert set(created) == CREATED
    assert re.fullmatch(r"[a-z0-9]{26}", created["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", created["created_at"])
    assert (created["status"], created["logs"], created["version"]) == ("starting", "", "hidden")
    assert set(created["urls"]) == {"get", "cancel", "web"}


def test_prediction_succeeds(create: Make, finish: Finish) -> None:
    over = finish(create({"num_outputs": 2}))

    assert set(over) == DONE
    assert over["status"] == "succeeded"
    assert set(over["metrics"]) == {"predict_time", "total_time", "image_count"}
    assert len(over["output"]) == 2


def test_webhook_is_echoed_only_if_sent(create: Make) -> None:
    address = "https://receiver.invalid/hook"

    created = create(webhook=address, webhook_events_filter=["completed"])

    assert created["webhook"] == address
    assert created["webhook_events_filter"] == ["completed"]


def test_create_with_prefer_holds_the_answer(api: httpx.Client) -> None:
    answer = api.post(STAGER, json=BODY, headers={"Prefer": "wait=5"})

    assert answer.status_code == 201
    assert answer.headers["preference-applied"] == "wait=5"
    assert answer.json()["status"] == "processing"
    assert len(answer.json()["output"]) == 1


def test_create_with_prefer_gives_up(api: httpx.Client) -> None:
    api.post("/_sandbox/faults", json={"on": "create", "do": "hang"})

    answer = api.post(STAGER, json=BODY, headers={"Prefer": "wait=1"})

    assert answer.status_code == 202
    assert answer.json()["output"] is None


def test_cancel_ends_a_running_prediction(api: httpx.Client, create: Make) -> None:
    api.post("/_sandbox/faults", json={"on": "create", "do": "hang"})
    created = create()

    canceled = api.post(f"/v1/predictions/{created['id']}/cancel").json()

    assert (canceled["status"], canceled["logs"], canceled["output"]) == ("canceled", None, None)


@pytest.mark.parametrize("value", ["soon", "5x", "-1"])
def test_malformed_deadline_is_refused(api: httpx.Client, value: str) -> None:
    answer = api.post(STAGER, json=BODY, headers={"Cancel-After": value})

    assert answer.status_code == 422


def test_run_by_version(api: httpx.Client) -> None:
    version = api.get("/v1/models/jane/single").json()["latest_version"]["id"]

    for named in (version, f"jane/single:{version}"):
        answer = api.post("/v1/predictions", json={"version": named, "input": {"prompt": "x"}})
        assert (answer.status_code, answer.json()["version"]) == (201, version)


@pytest.mark.parametrize("version", ["0" * 64, "nobody/nothing", "jane/single", "acme/stager:abc"])
def test_unknown_version_is_refused(api: httpx.Client, version: str) -> None:
    answer = api.post("/v1/predictions", json={"version": version, "input": {"prompt": "x"}})

    assert (answer.status_code, answer.json()["title"]) == (422, "Invalid version or not permitted")


def test_community_model_cannot_be_run_by_name(api: httpx.Client) -> None:
    answer = api.post("/v1/models/jane/single/predictions", json=BODY)

    assert answer.status_code == 404


def test_unknown_key_of_the_body_is_refused(api: httpx.Client) -> None:
    answer = api.post("/v1/predictions", json={"version": "acme/stager", "input": {}, "model": "x"})

    assert answer.status_code == 422
    assert answer.json()["invalid_fields"][0]["type"] == "additional_property_not_allowed"


def test_list_pages_newest_first(api: httpx.Client, create: Make) -> None:
    created = [create()["id"] for _ in range(103)][::-1]

    first = api.get("/v1/predictions").json()
    second = api.get(first["next"]).json()

    listed = [item["id"] for item in first["results"] + second["results"]]
    assert (len(first["results"]), listed[:103]) == (100, created)
    assert [p["id"] for p in api.get(second["previous"]).json()["results"]] == created[:100]
    assert first["previous"] is None


def test_list_filters_by_time(api: httpx.Client, create: Make) -> None:
    _, second, third = create(), create(), create()

    span = {"created_after": second["created_at"], "created_before": third["created_at"]}
    listed = api.get("/v1/predictions", params=span).json()["results"]

    assert [item["id"] for item in listed] == [second["id"]]
    assert listed[0]["input"] == second["input"]


def test_prediction_is_hidden_from_the_list(api: httpx.Client, create: Make) -> None:
    api.post("/_sandbox/faults", json={"on": "create", "do": "hide_from_list"})

    hidden, shown = create(), create()

    assert [p["id"] for p in api.get("/v1/predictions").json()["results"]] == [shown["id"]]
    assert api.get(f"/v1/predictions/{hidden['id']}").status_code == 200


def test_forgotten_prediction_is_known_to_the_record_alone(api: httpx.Client, create: Make) -> None:
    api.post("/_sandbox/faults", json={"on": "create", "do": "forget"})

    forgotten, known = create(), create()

    assert api.get(f"/v1/predictions/{forgotten['id']}").status_code == 404
    assert [p["id"] for p in api.get("/v1/predictions").json()["results"]] == [known["id"]]
    recorded = api.get("/_sandbox/record").json()["predictions"]
    assert [p["id"] for p in recorded] == [forgotten["id"], known["id"]]


def test_prediction_is_forgotten_after_a_while(api: httpx.Client, create: Make) -> None:
    api.post("/_sandbox/faults", json={"on": "create", "do": "forget", "seconds": 60})

    created = create()

    assert api.get(f"/v1/predictions/{created['id']}").status_code == 200


def test_official_client_runs_a_model(official: Client) -> None:
    output = official.run("acme/stager", input={"prompt": "a bedroom"})

    assert isinstance(output, list)
    assert str(output[0]).startswith("http://127.0.0.1:")


def test_official_client_follows_a_prediction(official: Client) -> None:
    prediction = official.models.predictions.create("acme/stager", input={"prompt": "x"})

    wait_for(prediction.reload, until=lambda _: prediction.status == "succeeded")

    assert official.predictions.list().results[0].id == prediction.id


def test_limits_and_retention() -> None:
    options = ["--token", "r8_test", "--creations-per-minute", "6", "--retention-seconds", "0.05"]
    with running_sandbox("--seconds", "0.05", *options) as origin, client_of(origin) as api:
        created = api.post(STAGER, json=BODY)
        throttled = api.post(STAGER, json=BODY)
        address = created.json()["urls"]["get"]
        purged = wait_for(lambda: api.get(address).json(), until=lambda p: "data_removed" in p)
        stranger = httpx.get(address, headers={"Authorization": "Bearer other"})

    assert throttled.status_code == 429
    assert throttled.headers["retry-after"] == str(throttled.json()["retry_after"])
    assert (purged["input"], purged["output"], purged["logs"]) == (None, None, None)
    assert stranger.status_code == 401
