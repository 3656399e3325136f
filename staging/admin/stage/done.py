"""The line on every page of the admin that tells a person that a batch of theirs is done."""

import re
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from staging.admin.page_parts import user_of
from staging.batches.telling import put_away, unseen_by

# So many are shown at once; the next come when these are put away.
MOST = 3
_BATCH_PAGE = re.compile(r"/stagingbatch/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/change/")


def done_view(request: HttpRequest) -> HttpResponse:
    """Answer the batches that are done and not put away: a part of a page.

    On the page of the batch itself its owner sees that it is done, so its notice is put away.
    """
    user = user_of(request)
    if page := _BATCH_PAGE.search(request.headers.get("HX-Current-URL", "")):
        put_away(UUID(page[1]), by=user)
    return render(request, "admin/staging/stage/done.html", {"notices": unseen_by(user)[:MOST]})


def put_away_view(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """Put a notice away, and go on to its batch, or show what is left."""
    user = user_of(request)
    batch_pk = unseen_by(user).filter(pk=notice_id).values_list("batch", flat=True).first()
    if batch_pk is None:
        raise Http404("There is no such notice, or no longer.")
    put_away(batch_pk, by=user)
    if "look" in request.POST:
        return redirect("admin:staging_stagingbatch_change", batch_pk)
    return done_view(request) if "HX-Request" in request.headers else redirect("admin:index")
