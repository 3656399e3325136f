"""Spending limits: what is spent, reserved and left, and setting them."""

from decimal import Decimal
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.views import ChangeList

from staging.access import seen_kinds
from staging.admin.cells import two_lines
from staging.admin.deleting import DeletingAdmin
from staging.admin.named_user import NamedUserField
from staging.admin.page_parts import user_of
from staging.admin.spending.offering import accounts_view, offer_view
from staging.models import SpendingLimit, WhenOver
from staging.spending.changing import delete_limit, save_limit
from staging.spending.headroom import NEARLY, headroom_of
from staging.templatetags.staging_spending import bar_of

_WHEN_OVER = {WhenOver.WAIT: "waits", WhenOver.REFUSE: "is refused"}


class LimitForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    account = NamedUserField(
        required=False,
        help_text="A user name, in place of a project: what this account may spend in all of them.",
    )


class LimitChangeList(ChangeList):
    """A page of limits, each with its headroom."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        found = headroom_of(self.result_list)
        for limit, headroom in zip(self.result_list, found, strict=True):
            limit.headroom = headroom
            limit.sees = seen_kinds(user_of(request))


@admin.register(SpendingLimit)
class SpendingLimitAdmin(DeletingAdmin):
    list_display = ("whose", "may_spend", "state", "use", "what_is_over", "waiting")
    list_before_template = "admin/staging/spendinglimit/before.html"
    list_after_template = "admin/staging/spendinglimit/after.html"
    list_fullwidth = True
    sortable_by = ()
    search_fields = ("project__name", "account__username")
    search_help_text = "A project's name, or a user name"
    form = LimitForm
    fields = ("project", "account", "period", "usd", "when_over")
    autocomplete_fields = ("project",)
    change_form_outer_before_template = "admin/staging/spendinglimit/headroom.html"
    actions = ("delete_selected",)
    stays = "What was spent stays counted, under Cost and time. What waits for budget goes on."

    def get_urls(self) -> list[URLPattern]:
        offered = self.admin_site.admin_view(require_POST(partial(offer_view, self)))
        accounts = self.admin_site.admin_view(partial(accounts_view, self))
        return [
            path("first/", offered, name="staging_spendinglimit_first"),
            path("accounts/", accounts, name="staging_spendinglimit_accounts"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SpendingLimit]:
        rows: QuerySet[SpendingLimit] = super().get_queryset(request)
        return rows.select_related("project", "account")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[LimitChangeList]:
        return LimitChangeList

    def get_fields(self, request: HttpRequest, obj: SpendingLimit | None = None) -> Any:
        # A limit's sums belong to its project and period, so these are shown above the form and
        # cannot be changed.
        return ("usd", "when_over") if obj else self.fields

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "project":
            # Without the links to add and change projects.
            field.widget = field.widget.widget
        return field

    def save_model(self, request: HttpRequest, obj: SpendingLimit, form: Any, change: bool) -> None:
        # Rounded as the column stores it, so that the history says "$5.00", however it was typed.
        obj.usd = obj.usd.quantize(Decimal("0.01"))
        save_limit(obj)

    def delete_one(self, row: SpendingLimit) -> None:
        delete_limit(row)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show the form, and above it what is left."""
        limit = self.get_object(request, object_id) if object_id else None
        headroom = headroom_of([limit])[0] if limit else None
        return super().changeform_view(
            request, object_id, form_url, {"headroom": headroom, **(extra_context or {})}
        )

    @display(description="Whose")
    def whose(self, limit: SpendingLimit) -> SafeString | str:
        return two_lines(limit.whose, "an account") if limit.account_id else limit.whose

    @display(description="May spend")
    def may_spend(self, limit: SpendingLimit) -> SafeString:
        until = "until midnight" if limit.period == "day" else "until the month's end"
        zone = timezone.localtime().tzname() or ""
        return two_lines(f"${limit.usd:,.2f} a {limit.period}", f"{until}, {zone}")

    @display(description="State", label={"left": "success", "nearly": "warning", "full": "danger"})
    def state(self, limit: Any) -> tuple[str, str]:
        if limit.headroom.is_full:
            return "full", limit.headroom.state
        if limit.headroom.percent >= NEARLY:
            return "nearly", limit.headroom.state
        return "left", limit.headroom.state

    @display(description="Spent, held, left")
    def use(self, limit: Any) -> str:
        return render_to_string("admin/staging/spendinglimit/bar.html", bar_of(limit.headroom))

    @display(description="A purchase that does not fit")
    def what_is_over(self, limit: SpendingLimit) -> str:
        return _WHEN_OVER[WhenOver(limit.when_over)]

    @display(description="Waiting now")
    def waiting(self, limit: Any) -> SafeString | str:
        count = limit.headroom.waiting
        if not count:
            return "nothing"
        words = "1 prediction" if count == 1 else f"{count} predictions"
        if not limit.sees["stagingjob"]:
            return words
        address = f"{reverse('admin:staging_stagingjob_changelist')}?status__exact=queued"
        return format_html('<a href="{}" class="restage-link">{}</a>', address, words)

    class Media:
        css = {"all": ["restage/admin.css"]}
