"""Serves output files: no token needed, as at replicate.delivery."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sandbox.misbehaviour import stream_blanks
from sandbox.outputs import TYPES
from sandbox.parts import parts_of
from sandbox.problems import Problem


async def show(request: Request) -> Response:
    """Answer one output file, or what a fault put in its place."""
    found, content = parts_of(request).outputs.get(request.path_params["name"])
    media_type = TYPES[found.ending]
    match found.fault and found.fault.do:
        case "broken_output":
            return Response(content[: len(content) // 2], media_type=media_type)
        case "missing_output":
            raise Problem(404)
        case "html_output":
            return HTMLResponse("<html>not a picture</html>")
        case "redirect_output" if found.fault:
            return RedirectResponse(found.fault.address or "http://127.0.0.1:9/", status_code=302)
        case "huge_output" if found.fault:
            return stream_blanks(found.fault.size, media_type=media_type)
    return Response(content, media_type=media_type)
