"""The endpoints of predictions."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import datetime, timedelta
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.clock import now, read
from sandbox.faults import FATES
from sandbox.parts import Parts, parts_of
from sandbox.predictions import (
    Prediction,
    listed_object,
    prediction_object,
    waited_object,
)
from sandbox.problems import Problem, invalid_version
from sandbox.published import PublishedModel
from sandbox.validation import Document, check_keys, invalid_input
from sandbox.webhooks import EVENTS, check_address

BODY_KEYS = {"input", "webhook", "webhook_events_filter", "stream"}
# 60 at most, though a published pattern lets 61 to 99 through: docs/replicate-facts/http.md,
# "Creating a prediction".
PREFER = re.compile(r"wait(?:=([1-9]|[1-5][0-9]|60))?")
CANCEL_AFTER = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?")


async def create(request: Request) -> JSONResponse:
    """Run a model by version."""
    parts = parts_of(request)
    parts.creations.take()
    body = await _read_body(request, allowed=BODY_KEYS | {"version"})
    version = body.get("version")
    if not isinstance(version, str):
        raise invalid_input([_required("version")])
    model = parts.catalogue.find_version(version)
    if model is None:
        raise invalid_version()
    return await _run(request, model=model, body=body)


async def create_for_model(request: Request) -> JSONResponse:
    """Run an official model by name; others must be run by version.

    docs/replicate-facts/http.md, "Creating a prediction".
    """
    parts = parts_of(request)
    parts.creations.take()
    body = await _read_body(request, allowed=BODY_KEYS)
    model = parts.catalogue.find("{owner}/{name}".format(**request.path_params))
    if model is None or model.is_official is False:
        raise Problem(404)
    return await _run(request, model=model, body=body)


async def show(request: Request) -> JSONResponse:
    """Show one prediction."""
    parts = parts_of(request)
    return JSONResponse(_shown(parts, parts.predictions.get(request.path_params["id"])))


async def cancel(request: Request) -> JSONResponse:
    """Cancel a prediction; one that is over is shown as it is."""
    parts = parts_of(request)
    prediction = parts.predictions.get(request.path_params["id"])
    parts.runs.cancel(prediction)
    return JSONResponse(_shown(parts, prediction))


async def show_list(request: Request) -> JSONResponse:
    """List predictions, newest first, 100 a page."""
    parts = parts_of(request)
    query = request.query_params
    shown, older, newer = parts.predictions.page(
        cursor=query.get("cursor"),
        after=_moment(query.get("created_after"), name="created_after"),
        before=_moment(query.get("created_before"), name="created_before"),
    )
    # Every prediction here was made through the API, so `source=web` finds none.
    if query.get("source") == "web":
        shown, older, newer = [], None, None
    options = parts.options
    results = [listed_object(p, api=options.api, retention_s=options.retention_s) for p in shown]
    page = {
        "next": _page_address(request, cursor=older),
        "previous": _page_address(request, cursor=newer),
        "results": results,
    }
    return JSONResponse(page)


async def _run(request: Request, *, model: PublishedModel, body: Document) -> JSONResponse:
    parts = parts_of(request)
    given = body.get("input")
    if not isinstance(given, dict):
        raise invalid_input([_required("input")])
    model.input_schema.check(given, refuse_unknown=parts.options.refuse_unknown_keys)
    webhook, events = _webhook(body)
    wait_s = _wait_s(request.headers.get("prefer", ""))
    prediction = Prediction(
        model=model,
        version=model.version_id,
        input=given,
        webhook=webhook,
        webhook_events_filter=events,
        deadline=_deadline(
            request.headers.get("cancel-after"), shortest_s=parts.options.shortest_deadline_s
        ),
        fate=parts.faults.take("create", FATES, model=model.slug),
    )
    parts.predictions.add(prediction)
    parts.runs.begin(prediction)
    if wait_s is None:
        return JSONResponse(_shown(parts, prediction), status_code=201)
    return await _answer_when_over(request, prediction, wait_s=wait_s)


async def _answer_when_over(
    request: Request, prediction: Prediction, *, wait_s: float
) -> JSONResponse:
    """Hold the answer until the prediction is over, but no longer than was asked.

    The 201 for a finished one was recorded; the 202 for an unfinished one is in the published
    description alone: docs/replicate-facts/http.md, "Creating a prediction".
    """
    try:
        async with asyncio.timeout(wait_s):
            await prediction.settled.wait()
    except TimeoutError:
        pass
    options = parts_of(request).options
    return JSONResponse(
        waited_object(prediction, api=options.api, retention_s=options.retention_s),
        status_code=201 if prediction.is_over else 202,
        headers={"preference-applied": request.headers["prefer"]},
    )


def _shown(parts: Parts, prediction: Prediction) -> Document:
    options = parts.options
    return prediction_object(prediction, api=options.api, retention_s=options.retention_s)


async def _read_body(request: Request, *, allowed: set[str]) -> Document:
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise Problem(400, detail="The request's body is not JSON.") from error
    if not isinstance(body, dict):
        raise Problem(422, detail="The request's body is not an object.")
    check_keys(body, allowed=allowed)
    return body


def _required(key: str) -> dict[str, str]:
    return {"type": "required", "field": "(root)", "description": f"{key} is required"}


def _webhook(body: Document) -> tuple[str | None, list[str] | None]:
    address = body.get("webhook")
    events = body.get("webhook_events_filter")
    if address is not None:
        check_address(str(address))
    if events is not None and not (isinstance(events, list) and set(events) <= set(EVENTS)):
        raise Problem(422, detail=f"webhook_events_filter takes {', '.join(EVENTS)}.")
    return address, events


def _wait_s(prefer: str) -> float | None:
    """Return how long to hold the answer; None for an asynchronous create."""
    matched = PREFER.fullmatch(prefer.strip())
    if not prefer or not matched:
        return None
    return float(matched[1] or 60)


def _deadline(header: str | None, *, shortest_s: float) -> datetime | None:
    """Read `30s`, `5m`, `1h30m45s` or bare seconds, counted from now.

    Replicate's answer to a malformed or too short value is not known; the sandbox refuses it.
    """
    if header is None:
        return None
    matched = CANCEL_AFTER.fullmatch(header.strip())
    hours, minutes, seconds = (int(part or 0) for part in (matched.groups() if matched else "000"))
    total_s = hours * 3600 + minutes * 60 + seconds
    if not matched or total_s < shortest_s:
        raise Problem(422, detail=f"Cancel-After must be a duration of at least {shortest_s:g}s.")
    return now() + timedelta(seconds=total_s)


def _moment(text: str | None, *, name: str) -> datetime | None:
    try:
        return read(text) if text else None
    except ValueError as error:
        raise Problem(422, detail=f"{name} must be an ISO 8601 date-time.") from error


def _page_address(request: Request, *, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    query = {k: v for k, v in request.query_params.items() if k != "cursor"}
    return f"{parts_of(request).options.api}/predictions?{urlencode({**query, 'cursor': cursor})}"


ROUTES = [
    Route("/predictions", create, methods=["POST"]),
    Route("/predictions", show_list, methods=["GET"]),
    Route("/predictions/{id}", show),
    Route("/predictions/{id}/cancel", cancel, methods=["POST"]),
    Route("/models/{owner}/{name}/predictions", create_for_model, methods=["POST"]),
]
