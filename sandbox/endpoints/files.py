"""The endpoints of files."""

from __future__ import annotations

import json
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.files import LARGEST, UploadedFile, file_object
from sandbox.parts import parts_of
from sandbox.problems import Problem

# More than multipart adds around the content.
ENVELOPE = 1024 * 1024


async def upload(request: Request) -> JSONResponse:
    """Keep the file sent as `content`."""
    if int(request.headers.get("content-length", "0")) > LARGEST + ENVELOPE:
        raise Problem(413)
    async with request.form() as form:
        content = form.get("content")
        if not isinstance(content, UploadFile):
            raise Problem(400, detail="Missing content")
        kept = parts_of(request).files.add(
            await content.read(),
            name=str(form.get("filename") or content.filename or "file"),
            content_type=str(
                form.get("type") or content.content_type or "application/octet-stream"
            ),
            metadata=await _metadata(form.get("metadata")),
        )
    return JSONResponse(_shown(request, kept), status_code=201)


async def show(request: Request) -> JSONResponse:
    """Show one file."""
    return JSONResponse(_shown(request, parts_of(request).files.get(request.path_params["id"])))


async def show_list(request: Request) -> JSONResponse:
    """List the files, newest first, on one page."""
    files = parts_of(request).files.newest_first()
    results = [_shown(request, uploaded) for uploaded in files]
    return JSONResponse({"next": None, "previous": None, "results": results})


async def delete(request: Request) -> Response:
    """Remove one file: 204, empty, text/plain, as recorded."""
    parts_of(request).files.delete(request.path_params["id"])
    return Response(status_code=204, media_type="text/plain")


async def download(request: Request) -> Response:
    """Answer the content of a file.

    Replicate takes a signature in the query here (owner, expiry, signature); the sandbox
    takes the token, as everywhere.
    """
    files = parts_of(request).files
    uploaded = files.get(request.path_params["id"])
    return Response(files.content(uploaded.id), media_type=uploaded.content_type)


def _shown(request: Request, uploaded: UploadedFile) -> dict[str, Any]:
    return file_object(uploaded, api=parts_of(request).options.api)


async def _metadata(given: UploadFile | str | None) -> dict[str, Any]:
    """Read the metadata, which the client sends as a part of type application/json."""
    text = await given.read() if isinstance(given, UploadFile) else given
    try:
        metadata = json.loads(text or "{}")
    except ValueError as error:
        raise Problem(400, detail="metadata is not JSON.") from error
    if not isinstance(metadata, dict):
        raise Problem(400, detail="metadata is not an object.")
    return metadata


ROUTES = [
    Route("/files", upload, methods=["POST"]),
    Route("/files", show_list, methods=["GET"]),
    Route("/files/{id}", show, methods=["GET"]),
    Route("/files/{id}", delete, methods=["DELETE"]),
    Route("/files/{id}/download", download),
]
