"""The admin's pages of API tokens: everybody's, *My tokens*, and the part of an account's page."""

import uuid
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from knox.models import AuthToken
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from config.accounts import tokens
from config.accounts.roles import may_manage
from staging.admin.page_parts import ReadOnly, user_of
from staging.callbacks import get_callback_secret, renew_callback_secret
from staging.notices.attention import number_of

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

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Deleting is revoking: by the permission to delete, and of no account above one's own."""
        may = bool(ModelAdmin.has_delete_permission(self, request, obj))
        return may and (obj is None or may_manage(user_of(request), obj.user))

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
        """Add *My tokens*, for each account that may enter the admin."""
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
            path(
                "mine/renew-callback-secret/",
                view(require_POST(never_cache(self.renew_view))),
                name="knox_authtoken_renew_callback_secret",
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
        return self._mine(request, form=form, secret=secret)

    def _mine(self, request: HttpRequest, **shown: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "My tokens",
            "tokens": tokens.list_tokens(user_of(request)),
            **shown,
        }
        return TemplateResponse(request, "admin/knox/authtoken/mine.html", context)

    def renew_view(self, request: HttpRequest) -> HttpResponse:
        """Renew one's own callback secret; the answer shows the new one."""
        account = user_of(request)
        until = renew_callback_secret(account, by=account.get_username())
        shown = {"callback_secret": get_callback_secret(account), "earlier_until": until}
        return self._mine(request, form=NewTokenForm(), **shown)

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
        messages.success(request, f"{number_of(count, 'token')} revoked.")
        return redirect(_MINE)


class AccessOfAccount:
    """The part of an account's page that is about its tokens and its callback secret.

    Who may change an account may revoke its tokens and renew its secret, and sees neither.
    """

    change_form_outer_after_template = "admin/auth/user/access.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view  # type: ignore[attr-defined]  # of the admin's page
        of_one = [
            path(
                "<int:user_id>/revoke-tokens/",
                view(require_POST(self.revoke_tokens_view)),
                name="auth_user_revoke_tokens",
            ),
            path(
                "<int:user_id>/renew-callback-secret/",
                view(require_POST(self.renew_secret_view)),
                name="auth_user_renew_callback_secret",
            ),
        ]
        return [*of_one, *super().get_urls()]  # type: ignore[misc]  # as above

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        account = User.objects.filter(pk=object_id).first() if object_id.isdecimal() else None
        shown = {"of_account": account, "tokens": tokens.list_tokens(account) if account else []}
        context = {**(extra_context or {}), **shown}
        answer: HttpResponse = super().change_view(  # type: ignore[misc]  # as above
            request, object_id, form_url, context
        )
        return answer

    def revoke_tokens_view(self, request: HttpRequest, user_id: int) -> HttpResponse:
        account = self._get_account(request, user_id)
        count = tokens.revoke_all(account)
        messages.success(request, f"{number_of(count, 'token')} of {account} revoked.")
        return redirect("admin:auth_user_change", user_id)

    def renew_secret_view(self, request: HttpRequest, user_id: int) -> HttpResponse:
        account = self._get_account(request, user_id)
        renew_callback_secret(account, by=user_of(request).get_username())
        messages.success(
            request,
            f"{account} has a new callback secret, and reads it in the API. For 24 hours callbacks "
            "are signed with the earlier one as well.",
        )
        return redirect("admin:auth_user_change", user_id)

    def _get_account(self, request: HttpRequest, user_id: int) -> User:
        account = get_object_or_404(User, pk=user_id)
        # Not one with a right beyond the user's own.
        if not self.has_change_permission(request, account):  # type: ignore[attr-defined]  # as above
            raise PermissionDenied
        return account
