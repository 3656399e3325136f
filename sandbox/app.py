"""The ASGI application of one sandbox: its parts and its routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount, Route

from sandbox.access import require_token
from sandbox.endpoints import control, files, models, outputs, predictions
from sandbox.misbehaviour import Misbehaviour
from sandbox.options import Options
from sandbox.parts import Parts
from sandbox.problems import Problem, answer_problem


def build_app(options: Options) -> Starlette:
    """Return a new sandbox, which shares nothing with any other."""
    parts = Parts(options)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        del app
        parts.open()
        yield
        await parts.close()

    app = Starlette(
        routes=[
            Mount("/v1", routes=_api_routes(), middleware=[Middleware(require_token(options))]),
            Mount("/_sandbox", routes=control.ROUTES),
            Route("/outputs/{name:path}", outputs.show),
        ],
        middleware=[Middleware(Misbehaviour, faults=parts.faults, counts=parts.counts)],
        exception_handlers={Problem: answer_problem, HTTPException: answer_problem},
        lifespan=lifespan,
    )
    app.state.parts = parts
    return app


def _api_routes() -> list[Route]:
    return [*predictions.ROUTES, *models.ROUTES, *files.ROUTES]
