"""The sandbox's own endpoints, outside `/v1`: faults, the record, published models."""

from __future__ import annotations

import json
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.clock import stamp
from sandbox.parts import parts_of
from sandbox.predictions import Prediction
from sandbox.problems import Problem
from sandbox.validation import Document


async def show_health(request: Request) -> JSONResponse:
    """Answer that the sandbox is up, with the address of its API."""
    return JSONResponse({"api": parts_of(request).options.api})


async def add_faults(request: Request) -> JSONResponse:
    """Activate a fault, or each fault of a list."""
    asked = await _read(request)
    faults = parts_of(request).faults
    for fault in asked if isinstance(asked, list) else [asked]:
        if not isinstance(fault, dict):
            raise Problem(422, detail="A fault is an object, such as {'on': 'get', 'do': 'drop'}.")
        faults.add(fault)
    return JSONResponse(faults.listed(), status_code=201)


async def show_faults(request: Request) -> JSONResponse:
    """List the active faults."""
    return JSONResponse(parts_of(request).faults.listed())


async def clear_faults(request: Request) -> Response:
    """End all faults."""
    parts_of(request).faults.clear()
    return Response(status_code=204)


async def show_record(request: Request) -> JSONResponse:
    """Show what happened: requests by endpoint, every prediction, every webhook sent."""
    parts = parts_of(request)
    return JSONResponse(
        {
            "requests": parts.counts,
            "predictions": [_recorded(prediction) for prediction in parts.predictions],
            "webhooks": [asdict(attempt) for attempt in parts.postman.attempts],
        }
    )


async def clear_record(request: Request) -> Response:
    """Forget the record, and with it every prediction."""
    parts = parts_of(request)
    parts.counts.clear()
    parts.predictions.clear()
    parts.postman.attempts.clear()
    return Response(status_code=204)


async def publish_model(request: Request) -> JSONResponse:
    """Publish a model, or another version of one, as when its schema drifts."""
    document = await _read(request)
    if not isinstance(document, dict) or not {"owner", "name"} <= document.keys():
        raise Problem(422, detail="A model has at least an owner and a name.")
    parts_of(request).catalogue.put(document)
    return JSONResponse(document, status_code=201)


async def _read(request: Request) -> object:
    try:
        asked: object = json.loads(await request.body())
    except ValueError as error:
        raise Problem(400, detail="The request's body is not JSON.") from error
    return asked


def _recorded(prediction: Prediction) -> Document:
    return {
        "id": prediction.id,
        "model": prediction.model.slug,
        "version": prediction.version,
        "input": prediction.input,
        "webhook": prediction.webhook,
        "created_at": stamp(prediction.created_at),
        "completed_at": stamp(prediction.completed_at) if prediction.completed_at else None,
        "status": prediction.status,
        "error": prediction.error,
        "output": prediction.output,
        "fault": prediction.fate.do if prediction.fate else None,
    }


ROUTES = [
    Route("/health", show_health),
    Route("/faults", add_faults, methods=["POST"]),
    Route("/faults", show_faults, methods=["GET"]),
    Route("/faults", clear_faults, methods=["DELETE"]),
    Route("/record", show_record, methods=["GET"]),
    Route("/record", clear_record, methods=["DELETE"]),
    Route("/models", publish_model, methods=["POST"]),
]
