"""What is read from Replicate's JSON, and what is too broken to read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from replicate_api.answers import Page, RemoteFile, RemotePrediction
from replicate_api.errors import BadAnswer

LEAST = {"id": "hdwst0bb05rgp0cf0p29mzk2am", "status": "starting"}


def read(**fields: object) -> RemotePrediction:
    return RemotePrediction.from_json(LEAST | fields)


def test_prediction_from_the_least() -> None:
    assert read() == RemotePrediction(
        id="hdwst0bb05rgp0cf0p29mzk2am",
        status="starting",
        model="",
        version=None,
        input=None,
        output=None,
        output_urls=(),
        error=None,
        created_at=None,
        started_at=None,
        completed_at=None,
        metrics={},
        webhook=None,
        webhook_events_filter=None,
        deadline=None,
        data_removed=False,
    )


def test_prediction_from_a_whole_answer() -> None:
    prediction = read(
        status="succeeded",
        model="black-forest-labs/flux-kontext-pro",
        version="hidden",
        input={"prompt": "a sofa"},
        output="https://replicate.delivery/x/out.png",
        error=None,
        created_at="2025-06-08T10:00:00.123456789Z",
        started_at="2025-06-08T10:00:01+02:00",
        completed_at="2025-06-08T10:00:02",
        metrics={"predict_time": 1.5},
        webhook="https://restage.example/w/1",
        webhook_events_filter=["completed", 3],
        deadline="2025-06-08T10:10:00Z",
        data_removed=True,
        a_field_of_tomorrow=1,
    )

    assert prediction == RemotePrediction(
        id="hdwst0bb05rgp0cf0p29mzk2am",
        status="succeeded",
        model="black-forest-labs/flux-kontext-pro",
        version="hidden",
        input={"prompt": "a sofa"},
        output="https://replicate.delivery/x/out.png",
        output_urls=("https://replicate.delivery/x/out.png",),
        error=None,
        created_at=datetime(2025, 6, 8, 10, 0, 0, 123456, tzinfo=UTC),
        started_at=datetime(2025, 6, 8, 8, 0, 1, tzinfo=UTC),
        completed_at=datetime(2025, 6, 8, 10, 0, 2, tzinfo=UTC),
        metrics={"predict_time": 1.5},
        webhook="https://restage.example/w/1",
        webhook_events_filter=("completed",),
        deadline=datetime(2025, 6, 8, 10, 10, tzinfo=UTC),
        data_removed=True,
    )


@pytest.mark.parametrize(
    ("status", "is_finished"),
    [
        ("starting", False),
        ("processing", False),
        ("succeeded", True),
        ("failed", True),
        ("canceled", True),
        ("aborted", True),
    ],
)
def test_prediction_is_finished(status: str, is_finished: bool) -> None:
    prediction = read(status=status)

    assert (prediction.status, prediction.is_finished) == (status, is_finished)


def test_an_unknown_status_counts_as_processing(caplog: pytest.LogCaptureFixture) -> None:
    assert read(status="paused").status == "processing"
    assert "unknown status 'paused'" in caplog.text


@pytest.mark.parametrize(
    ("output", "urls"),
    [
        (["https://a/1.png", "http://b/2.png"], ("https://a/1.png", "http://b/2.png")),
        (["https://a/1.png", None, 3, "text"], ("https://a/1.png",)),
        ("a caption", ()),
        ({"image": "https://a/1.png"}, ()),
        (None, ()),
    ],
)
def test_prediction_output_urls(output: object, urls: tuple[str, ...]) -> None:
    prediction = read(output=output)

    assert (prediction.output, prediction.output_urls) == (output, urls)


@pytest.mark.parametrize(
    "odd",
    [
        {"model": None},
        {"version": None},
        {"version": 3},
        {"input": []},
        {"metrics": None},
        {"created_at": "yesterday"},
        {"created_at": 3},
        {"webhook": {}},
        {"webhook_events_filter": "completed"},
        {"deadline": 5},
        {"data_removed": "no"},
        {"logs": 3, "urls": None},
    ],
)
def test_prediction_reads_odd_fields_as_absent(odd: dict[str, object]) -> None:
    assert read(**odd) == read()


def test_prediction_keeps_an_error_that_is_no_text() -> None:
    assert read(error={"code": "E1001"}).error == '{"code": "E1001"}'


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        "text",
        {},
        {"id": "p1"},
        {"status": "starting"},
        LEAST | {"id": ""},
        LEAST | {"id": 3},
        LEAST | {"id": "../account"},
        LEAST | {"status": None},
        LEAST | {"status": ""},
    ],
)
def test_prediction_without_id_or_status_is_a_bad_answer(answer: object) -> None:
    with pytest.raises(BadAnswer):
        RemotePrediction.from_json(answer)


def test_page_reads_each_prediction() -> None:
    page = Page.from_json({"results": [LEAST], "next": "https://x/v1/predictions?cursor=2"})

    assert page == Page(predictions=(read(),), next="https://x/v1/predictions?cursor=2")


@pytest.mark.parametrize(
    "answer",
    [{}, {"results": None}, {"results": [{}]}, {"results": [LEAST, 3]}, {"results": [], "next": 3}],
)
def test_page_leaves_no_prediction_out(answer: object) -> None:
    with pytest.raises(BadAnswer):
        Page.from_json(answer)


def test_file_from_an_answer() -> None:
    answer = {"id": "f1", "urls": {"get": "https://a/f1"}, "expires_at": "2025-06-08T10:00:00Z"}

    assert RemoteFile.from_json(answer) == RemoteFile(
        id="f1", url="https://a/f1", expires_at=datetime(2025, 6, 8, 10, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    "answer", [{}, {"id": "f1"}, {"id": "f1", "urls": {}}, {"urls": {"get": "x"}}]
)
def test_file_without_id_or_address_is_a_bad_answer(answer: object) -> None:
    with pytest.raises(BadAnswer):
        RemoteFile.from_json(answer)
