"""The admin's page of invitations: each account of the staff answers its own."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from modelsettings.errors import RequestRefused
from staging.admin.page_parts import ReadOnly, page_context, user_of
from staging.invitations import accept_invitation, decline_invitation
from staging.models import Invitation

# An account has few; who is asked more often answers these first.
MOST_SHOWN = 100

Answer = Callable[..., object]


@admin.register(Invitation)
class InvitationAdmin(ReadOnly, ModelAdmin):
    """What the account that looks was asked, and no other's: so it needs no permission."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                f"<uuid:invitation_id>/{name}/",
                self.admin_site.admin_view(require_POST(view)),
                name=f"staging_invitation_{name}",
            )
            for name, view in (("accept", self.accept_view), ("decline", self.decline_view))
        ]
        return [*own, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """List what waits for an answer of the account."""
        waiting = Invitation.objects.waiting_for(user_of(request))
        context = {
            **page_context(self, request, title="Invitations"),
            "invitations": waiting.select_related("project__owner")[:MOST_SHOWN],
        }
        return render(request, "admin/staging/invitation/list.html", context)

    def accept_view(self, request: HttpRequest, invitation_id: uuid.UUID) -> HttpResponse:
        """Become a member of the project."""
        done = "You are a member of {project} now."
        return _answer(request, invitation_id, accept_invitation, done=done)

    def decline_view(self, request: HttpRequest, invitation_id: uuid.UUID) -> HttpResponse:
        """Decline, unseen by the owner who asked."""
        done = "Declined: {project}. Its owner is not told."
        return _answer(request, invitation_id, decline_invitation, done=done)


def _answer(
    request: HttpRequest, invitation_id: uuid.UUID, answer: Answer, *, done: str
) -> HttpResponse:
    user: User = user_of(request)
    waiting = Invitation.objects.waiting_for(user).select_related("project")
    invitation = get_object_or_404(waiting, pk=invitation_id)
    try:
        answer(invitation, by=user)
    except RequestRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done.format(project=invitation.project))
    return redirect("admin:staging_invitation_changelist")
