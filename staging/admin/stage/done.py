"""The line on every page of the admin that tells a person that a batch of theirs is done."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from staging.admin.page_parts import user_of
from staging.batches.telling import put_away, unseen_by

# So many are shown at once; the next come when these are put away.
MOST = 3


def done_view(request: HttpRequest) -> HttpResponse:
    """Answer the batches that are done and not put away: a part of a page."""
    here = request.headers.get("HX-Current-URL", "")
    # On the batch's own page it is seen anyway.
    unseen = unseen_by(user_of(request))
    notices = [notice for notice in unseen if str(notice.batch_id) not in here]
    return render(request, "admin/staging/stage/done.html", {"notices": notices[:MOST]})


def put_away_view(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """Put a notice away, and go on to its batch, or show what is left."""
    notice = unseen_by(user_of(request)).filter(pk=notice_id).first()
    if notice is None:
        raise Http404("There is no such notice, or no longer.")
    put_away(notice)
    if "look" in request.POST:
        return redirect("admin:staging_stagingbatch_change", notice.batch_id)
    return done_view(request) if "HX-Request" in request.headers else redirect("admin:index")
