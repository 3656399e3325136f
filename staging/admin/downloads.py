"""Pictures of jobs and projects as a ZIP, for operators, who see the work of all users."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header

from modelsettings.errors import RequestRefused
from modelsettings.refusals import tell
from staging.downloads import pick_pictures, safe_name, stream_zip, zip_folder
from staging.models import StagedImage


def zip_of(
    request: HttpRequest,
    pictures: QuerySet[StagedImage],
    *,
    folder: str,
    back: str,
    verdict: str = "",
) -> HttpResponseBase:
    """Answer with a ZIP; where no picture fits, go to the page `back` and say so there."""
    folder = zip_folder(folder, verdict=verdict)
    try:
        entries = pick_pictures(pictures, folder=folder, verdict=verdict)
    except RequestRefused as error:
        tell(error, request)
        return redirect(back)
    return StreamingHttpResponse(
        stream_zip(entries, folder=folder),
        content_type="application/zip",
        headers={
            "Content-Disposition": content_disposition_header(True, f"{safe_name(folder)}.zip")
        },
    )
