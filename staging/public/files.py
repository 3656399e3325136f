"""Stored files, served under signed addresses that need no session."""

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from staging import links


@require_safe
def media(request: HttpRequest, name: str) -> FileResponse:
    """Serve a stored file under an address that `links.link_to` made."""
    download_as = request.GET.get("download_as", "")
    signature = request.GET.get("signature", "")
    try:
        links.check_link(name, signature=signature, download_as=download_as)
        file = default_storage.open(name)
    except (links.LinkRefused, FileNotFoundError):
        raise Http404("There is no such file, or its address is no longer valid.") from None
    answer = FileResponse(
        file,
        content_type=links.media_type(name),
        as_attachment=bool(download_as),
        filename=download_as or name.rpartition("/")[2],
    )
    # The file under a name never changes, though its address does.
    answer.headers["Cache-Control"] = "private, max-age=3600, immutable"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    if request.method == "HEAD":
        # A HEAD request gets the headers of the file without its bytes.
        file.close()
        answer.streaming_content = ()
    return answer
