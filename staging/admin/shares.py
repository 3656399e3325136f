"""The admin's pages of shares, and the two forms by which a job's page makes and revokes them."""

import uuid
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.decorators import display

from staging import access, finding
from staging.access import Right
from staging.admin.cells import how_long_ago, link_where
from staging.admin.deleting import do_with_each
from staging.admin.page_parts import OfProjects, ReadOnly, user_of
from staging.admin.paging import BoundedListAdmin
from staging.models import Project, Share, StagedImage
from staging.shares import revoke_share, share_picture


@admin.register(Share)
class ShareAdmin(ReadOnly, OfProjects, BoundedListAdmin):
    """The list of public pages. A page is made on the page of its picture's job."""

    in_project = "image__prediction__job__project"
    list_display = ("made", "created_by", "job", "page", "revoked")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    named_by = staticmethod(finding.shares_named)
    search_help_text = finding.HELP_OF_SHARES
    list_select_related = ("created_by", "image__prediction__job")
    fields = readonly_fields = ("id", "job", "page", "made", "made_by", "revoked")
    actions = ("revoke_selected",)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Say whether a user may revoke.

        A share cannot be edited, so the permission to change one is used for this.
        """
        return access.holds(user_of(request), Right.REVOKE)

    def project_of(self, row: Share) -> Project:
        return row.image.prediction.job.project

    @admin.action(description="Revoke, for ever", permissions=["revoke"])
    def revoke_selected(self, request: HttpRequest, shares: QuerySet[Share]) -> None:
        def revoke(share: Share) -> None:
            self.check_may(request, Right.REVOKE, share)
            revoke_share(share, by=user_of(request))

        do_with_each(request, shares, revoke, done="Revoked, and no longer shown")

    def get_urls(self) -> list[URLPattern]:
        share = self.admin_site.admin_view(require_POST(self.share_one))
        revoke = self.admin_site.admin_view(require_POST(self.revoke_one))
        own = [
            path("of/<int:image_id>/", share, name="staging_share_picture"),
            path("<uuid:share_id>/revoke/", revoke, name="staging_share_revoke"),
        ]
        return [*own, *super().get_urls()]

    def share_one(self, request: HttpRequest, image_id: int) -> HttpResponse:
        """Make a public page of a picture, and go back to its job."""
        user = user_of(request)
        if not access.holds(user, Right.SHARE):
            raise PermissionDenied
        images = StagedImage.objects.select_related("prediction__job__project")
        shown = access.rows_shown_to(images, user, project="prediction__job__project")
        image = get_object_or_404(shown, pk=image_id)
        if not access.may(user, Right.SHARE, image.prediction.job.project, in_admin=True):
            raise PermissionDenied
        share_picture(image, by=user)
        return _to_job(image)

    def revoke_one(self, request: HttpRequest, share_id: uuid.UUID) -> HttpResponse:
        """Revoke a public page, and go back to its job."""
        if not self.has_revoke_permission(request):
            raise PermissionDenied
        share = get_object_or_404(self.get_queryset(request), pk=share_id)
        if not self.may(request, Right.REVOKE, share):
            raise PermissionDenied
        revoke_share(share, by=user_of(request))
        return _to_job(share.image)

    @display(description="Made")
    def made(self, share: Share) -> SafeString:
        return how_long_ago(share.created_at)

    @display(description="Made by")
    def made_by(self, share: Share) -> str:
        # Django would link to the account's page, which few may open.
        return share.created_by.get_username() if share.created_by else "nobody known"

    @display(description="Revoked")
    def revoked(self, share: Share) -> SafeString | str:
        return how_long_ago(share.revoked_at) if share.revoked_at else "no"

    @display(description="Job")
    def job(self, share: Any) -> SafeString:
        job = share.image.prediction.job
        return link_where(share.sees["stagingjob"], _address_of(job.pk), job)

    @display(description="Page")
    def page(self, share: Share) -> SafeString | str:
        if share.revoked_at:
            return "gone"
        address = reverse("share", args=[share.pk.hex, share.token])
        return format_html('<a href="{}" target="_blank" rel="noopener">Open the page</a>', address)


def _address_of(job_id: uuid.UUID) -> str:
    return reverse("admin:staging_stagingjob_change", args=[job_id])


def _to_job(image: StagedImage) -> HttpResponse:
    return redirect(f"{_address_of(image.prediction.job_id)}#shares")
