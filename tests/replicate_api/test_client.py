"""The calls: against the sandbox, and as they stand on the wire."""

from __future__ import annotations

import io
import json
import tempfile
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import httpx
import pytest
from PIL import Image

from replicate_api import errors, webhooks
from replicate_api.client import Page, RemotePrediction, ReplicateClient
from tests.replicate_api.conftest import TOKEN, ClientFactory
from tests.replicate_api.rude_server import Call, RudeServer

OFFICIAL = "acme/official-painter"
COMMUNITY = "acme/painter"
VERSION = "5c" * 32
PREDICTION = {"id": "p1", "status": "starting"}


def wait_until_finished(client: ReplicateClient, prediction: RemotePrediction) -> RemotePrediction:
    tick = threading.Event()
    for _ in range(200):
        if prediction.is_finished:
            return prediction
        tick.wait(0.02)
        prediction = client.get_prediction(prediction.id)
    raise AssertionError(f"still {prediction.status}")


def photo() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (64, 48), "beige").save(content, "PNG")
    return content.getvalue()


# With the sandbox.


def test_a_file_is_uploaded_piece_by_piece_from_its_beginning(
    client: ReplicateClient,
) -> None:
    """Also one that has no name, as temporary files have none, and was read before."""
    with tempfile.SpooledTemporaryFile() as file:
        file.write(bytes(20 * 2**20))
        tracemalloc.start()
        sent = client.upload_file(file, filename="room.png", content_type="image/png")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    kept = httpx.get(sent.url, headers={"Authorization": f"Bearer {TOKEN}"}).json()
    assert (kept["size"], most < 5 * 2**20) == (20 * 2**20, True), most


def test_a_photo_is_uploaded_staged_and_downloaded(client: ReplicateClient) -> None:
    file = client.upload_file(photo(), filename="room.png", content_type="image/png")
    created = client.create_prediction(
        model=OFFICIAL,
        version=None,
        input={"prompt": "add a sofa", "image": file.url},
        webhook=None,
        cancel_after_s=60,
    )
    finished = wait_until_finished(client, created)
    picture = client.download(finished.output_urls[0], max_bytes=10_000_000)

    assert (finished.status, finished.input) == (
        "succeeded",
        {"prompt": "add a sofa", "image": file.url},
    )
    assert picture.content_type == "image/png"
    assert Image.open(io.BytesIO(picture.content)).format == "PNG"


def test_a_community_model_runs_by_version(client: ReplicateClient) -> None:
    created = client.create_prediction(model=COMMUNITY, version=VERSION, input={"prompt": "x"})

    finished = wait_until_finished(client, created)

    assert (finished.status, finished.model, finished.version, len(finished.output_urls)) == (
        "succeeded",
        COMMUNITY,
        VERSION,
        1,
    )


def test_an_uploaded_file_is_downloaded_with_the_token(client: ReplicateClient) -> None:
    file = client.upload_file(b"a room", filename="room.txt", content_type="text/plain")

    assert file.expires_at
    assert file.expires_at > datetime.now(UTC)
    # Its address answers the file's description, and to the owner only.
    assert client.download(file.url, max_bytes=10_000).content


def test_a_prediction_is_canceled(client: ReplicateClient) -> None:
    created = client.create_prediction(model=OFFICIAL, input={"prompt": "x"})

    assert client.cancel_prediction(created.id).status == "canceled"


def test_refused_input_names_its_fields(client: ReplicateClient) -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        client.create_prediction(
            model=OFFICIAL, input={"prompt": "x", "output_format": "gif"}, webhook=None
        )

    assert [field for field, _ in caught.value.fields] == ["input.output_format"]


def test_unknown_names_are_not_found(client: ReplicateClient) -> None:
    with pytest.raises(errors.NotFound):
        client.get_prediction("nosuchprediction")
    with pytest.raises(errors.NotFound):
        client.get_model("acme/unheard-of")


def test_get_model_returns_the_published_document(client: ReplicateClient) -> None:
    published = json.loads((Path(__file__).parent / "models" / "acme_painter.json").read_text())

    model = client.get_model(COMMUNITY)

    assert (model["owner"], model["latest_version"]) == ("acme", published["latest_version"])


def test_get_account_names_the_owner(client: ReplicateClient) -> None:
    assert client.get_account()["type"] in {"user", "organization"}


def test_list_predictions_within_bounds(client: ReplicateClient) -> None:
    created = client.create_prediction(model=OFFICIAL, input={"prompt": "x"})
    assert created.created_at
    second = timedelta(seconds=1)

    around = client.list_predictions(
        created_after=created.created_at - second, created_before=created.created_at + second
    )
    before = client.list_predictions(created_before=created.created_at - timedelta(hours=1))

    assert created.id in {listed.id for listed in around.predictions}
    assert before == Page(predictions=(), next=None)


def test_a_webhook_of_the_sandbox_is_verified_and_read(
    client: ReplicateClient, rude: RudeServer
) -> None:
    arrived = threading.Event()

    def receive(call: Call) -> None:
        call.answer(200, {})
        arrived.set()

    rude.behave = receive
    secret = client.get_webhook_secret()
    created = client.create_prediction(
        model=OFFICIAL, input={"prompt": "x"}, webhook=f"{rude.url}/hook?t=1"
    )

    assert arrived.wait(5)
    call = rude.calls[0]
    assert webhooks.verify(call.body, headers=call.headers, secrets=[secret])
    told = RemotePrediction.from_json(json.loads(call.body))
    assert (told.id, told.status, told.webhook) == (
        created.id,
        "succeeded",
        f"{rude.url}/hook?t=1",
    )


def test_list_predictions_goes_on_by_cursor(client: ReplicateClient) -> None:
    def create(number: int) -> str:
        return client.create_prediction(model=OFFICIAL, input={"prompt": str(number)}).id

    with ThreadPoolExecutor(16) as pool:
        ids = set(pool.map(create, range(101)))

    first = client.list_predictions()
    second = client.list_predictions(cursor=first.next)

    listed = [prediction.id for prediction in first.predictions + second.predictions]
    assert (len(first.predictions), len(set(listed))) == (100, len(listed))
    assert ids <= set(listed)


# On the wire.


def sent_json(call: Call) -> object:
    return json.loads(call.body)


def test_create_by_model_on_the_wire(rude: RudeServer, make_client: ClientFactory) -> None:
    rude.behave = lambda call: call.answer(201, PREDICTION)

    make_client(base_url=rude.url).create_prediction(
        model="a/b",
        version=None,
        input={"prompt": "x"},
        webhook="https://restage.example/w/1",
        events=("start", "completed"),
        cancel_after_s=600,
    )

    call = rude.calls[0]
    assert call.line == "POST /v1/models/a/b/predictions HTTP/1.1"
    assert call.headers["cancel-after"] == "600s"
    assert call.headers["authorization"] == f"Bearer {TOKEN}"
    assert call.headers["accept-encoding"] == "identity"
    assert "prefer" not in call.headers
    assert sent_json(call) == {
        "input": {"prompt": "x"},
        "webhook": "https://restage.example/w/1",
        "webhook_events_filter": ["start", "completed"],
    }


def test_create_by_version_on_the_wire(rude: RudeServer, make_client: ClientFactory) -> None:
    rude.behave = lambda call: call.answer(202, PREDICTION)

    make_client(base_url=rude.url).create_prediction(
        model="a/b", version=VERSION, input={}, webhook=None, cancel_after_s=None
    )

    call = rude.calls[0]
    assert call.line == "POST /v1/predictions HTTP/1.1"
    assert "cancel-after" not in call.headers
    assert sent_json(call) == {"input": {}, "version": VERSION}


def test_cancel_after_is_at_least_what_replicate_takes(
    rude: RudeServer, make_client: ClientFactory
) -> None:
    rude.behave = lambda call: call.answer(201, PREDICTION)

    make_client(base_url=rude.url).create_prediction(model="a/b", input={}, cancel_after_s=1)

    assert rude.calls[0].headers["cancel-after"] == "5s"


def test_an_empty_input_is_still_sent(rude: RudeServer, make_client: ClientFactory) -> None:
    rude.behave = lambda call: call.answer(201, PREDICTION)

    make_client(base_url=rude.url).create_prediction(model="a/b", input={})

    assert sent_json(rude.calls[0]) == {"input": {}}


@pytest.mark.parametrize(
    "value",
    [Path("/etc/hostname"), io.BytesIO(b"x"), {1, 2}, float("nan"), object(), "half \ud83d"],
)
def test_an_input_that_is_not_json_is_never_sent(
    rude: RudeServer, make_client: ClientFactory, value: object
) -> None:
    client = make_client(base_url=rude.url)

    with pytest.raises(errors.InvalidInput, match="not JSON"):
        client.create_prediction(model="a/b", input={"image": value})

    assert rude.calls == []


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/"])
def test_the_base_url_may_name_the_version(
    rude: RudeServer, make_client: ClientFactory, suffix: str
) -> None:
    make_client(base_url=rude.url + suffix).get_account()

    assert rude.calls[0].line == "GET /v1/account HTTP/1.1"


def test_the_environment_is_not_asked_for_a_token_or_address(
    rude: RudeServer, make_client: ClientFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPLICATE_API_TOKEN", "r8_of_someone_else")
    monkeypatch.setenv("REPLICATE_BASE_URL", "http://127.0.0.1:9")

    make_client(base_url=rude.url).get_account()

    assert rude.calls[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_list_bounds_on_the_wire(rude: RudeServer, make_client: ClientFactory) -> None:
    rude.behave = lambda call: call.answer(200, {"results": [], "next": None})
    paris = timezone(timedelta(hours=2))

    make_client(base_url=rude.url).list_predictions(
        created_before=datetime(2026, 5, 1, 12, 0, 0, 500, tzinfo=paris)
    )

    assert rude.calls[0].line == (
        "GET /v1/predictions?created_before=2026-05-01T10%3A00%3A00.000500Z HTTP/1.1"
    )


def test_list_bounds_need_a_time_zone(make_client: ClientFactory) -> None:
    with pytest.raises(ValueError, match="time zone"):
        make_client().list_predictions(created_after=datetime(2026, 5, 1))  # noqa: DTZ001


@pytest.mark.parametrize("cursor", ["{other}/v1/predictions?cursor=cD0y", "cD0y"])
def test_a_cursor_sends_the_token_to_no_other_host(
    rude: RudeServer, other: RudeServer, make_client: ClientFactory, cursor: str
) -> None:
    rude.behave = lambda call: call.answer(200, {"results": []})

    make_client(base_url=rude.url).list_predictions(cursor=cursor.format(other=other.url))

    assert rude.calls[0].line == "GET /v1/predictions?cursor=cD0y HTTP/1.1"
    assert other.calls == []


def test_one_odd_prediction_does_not_break_a_page(
    rude: RudeServer, make_client: ClientFactory
) -> None:
    odd = [
        {"id": "p1", "status": "aborted", "model": "a/b", "version": "v"},
        {"id": "p2", "status": "succeeded", "model": "a/b", "version": None},
        {"id": "p3", "status": "starting"},
        {"id": "p4", "status": "of tomorrow"},
    ]
    rude.behave = lambda call: call.answer(200, {"results": odd, "next": None, "previous": None})

    page = make_client(base_url=rude.url).list_predictions()

    assert [(prediction.id, prediction.status) for prediction in page.predictions] == [
        ("p1", "aborted"),
        ("p2", "succeeded"),
        ("p3", "starting"),
        ("p4", "processing"),
    ]


def test_an_aborted_prediction_is_read(rude: RudeServer, make_client: ClientFactory) -> None:
    rude.behave = lambda call: call.answer(200, {"id": "p1", "status": "aborted"})

    assert make_client(base_url=rude.url).get_prediction("p1").status == "aborted"


@pytest.mark.parametrize(
    "document", [{}, {"latest_version": None}, {"owner": None, "default_example": {"id": 3}}]
)
def test_get_model_returns_any_object_as_published(
    rude: RudeServer, make_client: ClientFactory, document: dict[str, object]
) -> None:
    rude.behave = lambda call: call.answer(200, document)

    assert make_client(base_url=rude.url).get_model("a/b") == document


@pytest.mark.parametrize("answer", [{}, {"key": ""}, {"key": 3}, []])
def test_a_webhook_secret_without_key_is_a_bad_answer(
    rude: RudeServer, make_client: ClientFactory, answer: object
) -> None:
    rude.behave = lambda call: call.answer(200, answer)

    with pytest.raises(errors.BadAnswer):
        make_client(base_url=rude.url).get_webhook_secret()


@pytest.mark.parametrize("id_", ["", "../account", "a/b", "a?b", "p1\n"])
def test_an_id_that_is_none_is_never_sent(
    rude: RudeServer, make_client: ClientFactory, id_: str
) -> None:
    client = make_client(base_url=rude.url)

    with pytest.raises(errors.NotFound):
        client.get_prediction(id_)
    with pytest.raises(errors.NotFound):
        client.cancel_prediction(id_)

    assert rude.calls == []


@pytest.mark.parametrize("slug", ["", "a", "a/b/c", "../b", "a/b:v", "a/b?c"])
def test_a_slug_that_is_none_is_never_sent(
    rude: RudeServer, make_client: ClientFactory, slug: str
) -> None:
    client = make_client(base_url=rude.url)

    with pytest.raises(errors.NotFound):
        client.get_model(slug)
    with pytest.raises(errors.NotFound):
        client.create_prediction(model=slug, input={})

    assert rude.calls == []
