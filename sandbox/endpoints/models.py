"""The endpoints of models, and the small ones that the official clients read besides."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.parts import parts_of
from sandbox.problems import Problem
from sandbox.published import PublishedModel
from sandbox.validation import Document

PAGE = 100
COLLECTION: Document = {
    "name": "All models",
    "slug": "all",
    "description": "Every model that this sandbox has.",
    "full_description": None,
}


async def show_account(request: Request) -> JSONResponse:
    """Show the account of the token."""
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
    """List every model, newest first, 100 a page."""
    models = parts_of(request).catalogue.newest_first()
    start = _start(request.query_params.get("cursor"))
    page = _page([model.shown for model in models[start : start + PAGE]])
    if start + PAGE < len(models):
        page["next"] = _address(request, start=start + PAGE)
    if start:
        page["previous"] = _address(request, start=start - PAGE)
    return JSONResponse(page)


async def search(request: Request) -> JSONResponse:
    """List the models that match a text, newest first; Replicate ranks them instead.

    The official JavaScript client sends the text as JSON, in quotes, though it says text/plain.
    """
    text = (await request.body()).decode(errors="replace").strip().strip('"')
    found = parts_of(request).catalogue.search(text)
    return JSONResponse(_page([model.shown for model in found[:PAGE]]))


async def show(request: Request) -> JSONResponse:
    """Show one model as its file has it."""
    return JSONResponse(_model(request).shown)


async def show_versions(request: Request) -> JSONResponse:
    """List the versions of a model; official ones show none.

    docs/replicate-facts/http.md, "Models and their schemas".
    """
    return JSONResponse(_page([_version(_model(request))]))


async def show_version(request: Request) -> JSONResponse:
    """Show the one version that is known."""
    version = _version(_model(request))
    if version["id"] != request.path_params["version"]:
        raise Problem(404)
    return JSONResponse(version)


async def show_hardware(request: Request) -> JSONResponse:
    """List two kinds of hardware, of those recorded; nothing in the sandbox depends on them."""
    del request
    return JSONResponse([{"sku": "cpu", "name": "CPU"}, {"sku": "gpu-t4", "name": "Nvidia T4 GPU"}])


async def show_collections(request: Request) -> JSONResponse:
    """List the collections, of which there is one."""
    del request
    return JSONResponse(_page([COLLECTION]))


async def show_collection(request: Request) -> JSONResponse:
    """Show the one collection, with every model in it."""
    if request.path_params["slug"] != COLLECTION["slug"]:
        raise Problem(404)
    models = parts_of(request).catalogue.newest_first()
    return JSONResponse({**COLLECTION, "models": [model.shown for model in models]})


async def show_nothing(request: Request) -> JSONResponse:
    """Answer an empty list, for objects that a sandbox does not have."""
    del request
    return JSONResponse(_page([]))


def _model(request: Request) -> PublishedModel:
    model = parts_of(request).catalogue.find("{owner}/{name}".format(**request.path_params))
    if model is None:
        raise Problem(404)
    return model


def _version(model: PublishedModel) -> Document:
    if model.is_official or model.shown_version is None:
        raise Problem(404, detail="This model does not expose a list of versions")
    return model.shown_version


def _page(results: list[Document]) -> Document:
    return {"next": None, "previous": None, "results": results}


def _start(cursor: str | None) -> int:
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdigit()):
        raise Problem(404, detail="Invalid cursor.")
    return int(cursor)


def _address(request: Request, *, start: int) -> str:
    return f"{parts_of(request).options.api}/models?cursor={start}"


ROUTES = [
    Route("/account", show_account),
    Route("/webhooks/default/secret", show_secret),
    Route("/models", show_list),
    Route("/models", search, methods=["QUERY"]),
    Route("/models/{owner}/{name}", show),
    Route("/models/{owner}/{name}/versions", show_versions),
    Route("/models/{owner}/{name}/versions/{version}", show_version),
    Route("/hardware", show_hardware),
    Route("/collections", show_collections),
    Route("/collections/{slug}", show_collection),
    Route("/deployments", show_nothing),
    Route("/trainings", show_nothing),
]
