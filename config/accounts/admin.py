"""The admin's pages of API tokens: everybody's, and *My tokens*."""

import uuid
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from knox.models import AuthToken
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from config.accounts import tokens
from staging.admin.page_parts import ReadOnly, user_of

admin.site.unregister(AuthToken)

_ENDS = (("", "when it is revoked"), ("30", "after 30 days"), ("90", "after 90 days"))
_MINE = "admin:knox_authtoken_mine"


class NewTokenForm(forms.Form):
    """What a new token is for, and how long it works."""

    name = forms.CharField(
        label="What is it for?", max_length=100, widget=UnfoldAdminTextInputWidget
    )
    days = forms.TypedChoiceField(
        label="It ends",
        choices=(*_ENDS, ("365", "after a year")),
        coerce=int,
        empty_value=None,
        required=False,
        widget=UnfoldAdminSelectWidget,
    )


@admin.register(AuthToken)
class TokenAdmin(ReadOnly, ModelAdmin):
    """API tokens. Only their hashes are stored, so a token can be listed and revoked, not read."""

    list_display = ("user", "name", "starts_with", "created", "last_used", "expiry")
    list_select_related = ("user", "details")
    search_fields = ("user__username", "details__name")

    # Deleting is revoking, by the permission to delete.
    has_delete_permission = ModelAdmin.has_delete_permission

    @admin.display(ordering="details__name", empty_value="–")
    def name(self, token: Any) -> str | None:
        return token.details.name if hasattr(token, "details") else None

    @admin.display(ordering="token_key")
    def starts_with(self, token: Any) -> str:
        return f"{token.token_key[:8]}…"

    @admin.display(ordering="details__last_used_at", empty_value="never")
    def last_used(self, token: Any) -> Any:
        return token.details.last_used_at if hasattr(token, "details") else None

    def get_urls(self) -> list[URLPattern]:
        """Add *My tokens*, for whoever may enter the admin."""
        view = self.admin_site.admin_view
        mine = [
            path("mine/", view(never_cache(self.mine_view)), name="knox_authtoken_mine"),
            path(
                "mine/<uuid:token_id>/revoke/",
                view(require_POST(self.revoke_view)),
                name="knox_authtoken_revoke",
            ),
            path(
                "mine/revoke-all/",
                view(require_POST(self.revoke_all_view)),
                name="knox_authtoken_revoke_all",
            ),
        ]
        return [*mine, *super().get_urls()]

    def mine_view(self, request: HttpRequest) -> HttpResponse:
        """List one's own tokens, and make one, which the answer shows this once."""
        account = user_of(request)
        form = NewTokenForm(request.POST if request.method == "POST" else None)
        secret = ""
        if form.is_valid():
            days = form.cleaned_data["days"]
            ends_at = timezone.now() + timedelta(days=days) if days else None
            _, secret = tokens.create_token(
                account, name=form.cleaned_data["name"], ends_at=ends_at
            )
            form = NewTokenForm()
        context = {
            **self.admin_site.each_context(request),
            "title": "My tokens",
            "form": form,
            "secret": secret,
            "tokens": tokens.list_tokens(account),
        }
        return TemplateResponse(request, "admin/knox/authtoken/mine.html", context)

    def revoke_view(self, request: HttpRequest, token_id: uuid.UUID) -> HttpResponse:
        token = tokens.find_token(user_of(request), token_id)
        if token is None:
            messages.info(request, "This token is revoked already.")
        else:
            token.delete()
            messages.success(request, "The token is revoked: it opens nothing more.")
        return redirect(_MINE)

    def revoke_all_view(self, request: HttpRequest) -> HttpResponse:
        count = tokens.revoke_all(user_of(request))
        said = f"{count} token{'' if count == 1 else 's'} revoked." if count else "You have none."
        messages.success(request, said)
        return redirect(_MINE)
