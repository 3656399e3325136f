"""Limits in one click: the first one of all, offered on the first page; one for every account."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.models import ADDITION, LogEntry
from django.core.exceptions import PermissionDenied
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSelectWidget

from staging.admin.page_parts import page_context, user_of
from staging.models import Period, SpendingLimit, WhenOver
from staging.spending.account_limits import MOST_USD, accounts_without, limit_accounts
from staging.spending.first_limit import set_first_limit

_LIST = "admin:staging_spendinglimit_changelist"


class AccountLimitsForm(forms.Form):
    """The limit that every account gets which has none of that period."""

    period = forms.ChoiceField(choices=Period.choices, widget=UnfoldAdminSelectWidget)
    usd = forms.DecimalField(
        label="Dollars",
        decimal_places=2,
        max_digits=10,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(MOST_USD)],
        widget=UnfoldAdminDecimalFieldWidget,
    )
    when_over = forms.ChoiceField(
        label="A purchase that does not fit",
        choices=WhenOver.choices,
        widget=UnfoldAdminSelectWidget,
    )


def offer_view(page: "ModelAdmin[SpendingLimit]", request: HttpRequest) -> HttpResponse:
    """Set the limit that the first page offers, and say how to undo it."""
    if not page.has_add_permission(request):
        raise PermissionDenied
    limit = set_first_limit()
    if limit is None:
        messages.info(request, "There is a limit already: another operator was quicker.")
    else:
        page.log_addition(request, limit, [{"added": {}}])
        undo = reverse("admin:staging_spendinglimit_delete", args=[limit.pk])
        change = reverse("admin:staging_spendinglimit_change", args=[limit.pk])
        ways = [(change, "Change it")]
        if page.has_delete_permission(request):
            ways.append((undo, "undo it"))
        links = format_html_join(" or ", '<a class="underline" href="{}">{}</a>', ways)
        told = "All projects together may spend ${} a day now. {}."
        messages.success(request, format_html(told, limit.usd, links))
    return redirect("admin:index")


def accounts_view(page: "ModelAdmin[SpendingLimit]", request: HttpRequest) -> HttpResponse:
    """Ask for a limit, and set it for every account that has none of that period."""
    if not page.has_add_permission(request):
        raise PermissionDenied
    form = AccountLimitsForm(request.POST or None, initial={"period": Period.DAY})
    if form.is_valid():
        found = form.cleaned_data
        made = limit_accounts(
            usd=found["usd"], period=Period(found["period"]), when_over=WhenOver(found["when_over"])
        )
        said: list[dict[str, dict[str, str]]] = [{"added": {}}]
        LogEntry.objects.log_actions(user_of(request).pk, made, ADDITION, said)
        messages.success(request, _in_words(len(made), found["usd"], found["period"]))
        return redirect(_LIST)
    context: dict[str, Any] = {
        **page_context(page, request, title="A limit for every account"),
        "form": form,
        "media": form.media,
        "without": [(period.value, accounts_without(period).count()) for period in Period],
    }
    return TemplateResponse(request, "admin/staging/spendinglimit/accounts.html", context)


def _in_words(count: int, usd: Decimal, period: str) -> str:
    if not count:
        return f"Every account has a limit of a {period} already: nothing was changed."
    accounts = "1 account" if count == 1 else f"{count:,} accounts"
    return f"{accounts} may spend ${usd:,.2f} a {period} each now. Others keep the limit they have."
