"""The endpoints of models, and the two that stand alone: account and webhook secret."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.parts import parts_of
from sandbox.problems import Problem
from sandbox.published import PublishedModel
from sandbox.validation import Document


async def show_account(request: Request) -> JSONResponse:
    """Show whose token it is."""
    del request
    return JSONResponse(
        {
            "type": "organization",
            "username": "sandbox",
            "name": "Local sandbox",
            "avatar_url": None,
            "github_url": None,
        }
    )


async def show_secret(request: Request) -> JSONResponse:
    """Show the key that webhooks are signed with."""
    return JSONResponse({"key": parts_of(request).postman.secret})


async def show_list(request: Request) -> JSONResponse:
    """List every model that was read, on one page."""
    return JSONResponse(_page([model.document for model in parts_of(request).catalogue]))


async def show(request: Request) -> JSONResponse:
    """Show one model exactly as its file has it."""
    return JSONResponse(_model(request).document)


async def show_versions(request: Request) -> JSONResponse:
    """List the versions of a model; official ones show none (facts)."""
    return JSONResponse(_page([_version(_model(request))]))


async def show_version(request: Request) -> JSONResponse:
    """Show the one version that is known."""
    version = _version(_model(request))
    if version["id"] != request.path_params["version"]:
        raise Problem(404)
    return JSONResponse(version)


def _model(request: Request) -> PublishedModel:
    model = parts_of(request).catalogue.find("{owner}/{name}".format(**request.path_params))
    if model is None:
        raise Problem(404)
    return model


def _version(model: PublishedModel) -> Document:
    if model.is_official or model.latest_version is None:
        raise Problem(404, detail="This model does not expose a list of versions")
    return model.latest_version


def _page(results: list[Document]) -> Document:
    return {"next": None, "previous": None, "results": results}


ROUTES = [
    Route("/account", show_account),
    Route("/webhooks/default/secret", show_secret),
    Route("/models", show_list),
    Route("/models/{owner}/{name}", show),
    Route("/models/{owner}/{name}/versions", show_versions),
    Route("/models/{owner}/{name}/versions/{version}", show_version),
]
