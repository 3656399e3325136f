"""The admin's page of cost and time: a period by day, project, model, profile or account."""

import csv
import json
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.text import Truncator
from unfold.admin import ModelAdmin

from staging import access
from staging.admin.page_parts import OfProjects, ReadOnly, page_context, user_of
from staging.models import DailyUsage, SpendingLimit
from staging.templatetags.staging_figures import usage_in_words
from staging.usage import BY, Report, Usage, every_day, report_usage

PERIODS = {"7": "7 days", "30": "30 days", "90": "90 days", "month": "This month"}
OWN = "own"
MOST_DAYS = 366
# The most rows, bars and letters of a label that the page shows; the CSV has all.
MOST_ROWS = 200
MOST_BARS = 20
MOST_LETTERS = 18
_CSV = (
    "key", "label", "pictures", "cost", "unpriced", "cost_per_picture", "median_seconds",
    "seconds_per_picture", "accepted", "rejected", "rejected_cost", "succeeded", "failed",
    "canceled",
)  # fmt: skip


class PeriodForm(forms.Form):
    """The period and grouping of the page and its CSV; by default the last 30 days, by day."""

    by = forms.ChoiceField(required=False)
    period = forms.ChoiceField(choices=[*PERIODS.items(), (OWN, "own dates")], required=False)
    since = forms.DateField(required=False, label="From")
    until = forms.DateField(required=False, label="To")

    def __init__(self, *args: Any, offered: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        by = cast("forms.ChoiceField", self.fields["by"])
        by.choices = [(name, name) for name in offered]

    def clean(self) -> dict[str, Any]:
        asked = {**self.cleaned_data}
        asked["by"] = asked.get("by") or "day"
        since, until = asked.get("since"), asked.get("until")
        if asked.get("period") != OWN:
            asked["period"] = asked.get("period") or "30"
            asked["since"], asked["until"] = _days_of(asked["period"])
        elif not (since and until):
            raise forms.ValidationError("Name the first day and the last, as 2026-11-30.")
        elif since > until:
            raise forms.ValidationError("The first day is after the last one.")
        elif (until - since).days >= MOST_DAYS:
            raise forms.ValidationError(f"Choose at most {MOST_DAYS} days.")
        return asked


@admin.register(DailyUsage)
class DailyUsageAdmin(ReadOnly, OfProjects, ModelAdmin):
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what was spent, as a page or as CSV."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        offered = [by for by in BY if by != "account" or _sees_accounts(request)]
        form = PeriodForm(request.GET, offered=offered)
        # The page shows the form's errors, and its default period.
        asked = form.cleaned_data if form.is_valid() else _usual()
        user = user_of(request)
        projects = None if access.has_all_projects(user) else access.projects_shown_to(user)
        report = report_usage(
            by=asked["by"], since=asked["since"], until=asked["until"], projects=projects
        )
        if "csv" in request.GET:
            return _csv(report)
        context = {
            **page_context(self, request, title="Cost and time"),
            "form": form,
            "errors": form.errors.values(),
            **_shown(report, period=asked["period"], offered=offered),
            "has_any": bool(report.rows) or self.get_queryset(request).exists(),
        }
        return TemplateResponse(request, "admin/staging/dailyusage/change_list.html", context)

    class Media:
        css = {"all": ["restage/admin.css"]}


def _usual() -> dict[str, Any]:
    since, until = _days_of("30")
    return {"by": "day", "period": "30", "since": since, "until": until}


def _days_of(period: str) -> tuple[date, date]:
    today = timezone.localdate()
    if period == "month":
        return today.replace(day=1), today
    return today - timedelta(days=int(period) - 1), today


def _sees_accounts(request: HttpRequest) -> bool:
    """Say whether a user may know what each account spent: as with the limits of accounts."""
    return access.may_view(user_of(request), SpendingLimit)


def _shown(report: Report, *, period: str, offered: Sequence[str]) -> dict[str, Any]:
    rows = every_day(report) if report.by == "day" else report.rows
    total = report.total
    # The chart has the days in their order, the table the latest first.
    listed = report.rows[::-1] if report.by == "day" else report.rows
    return {
        "report": report,
        "total": usage_in_words(total),
        "rows": [usage_in_words(row) for row in listed[:MOST_ROWS]],
        "count": len(report.rows),
        "ended": total.succeeded + total.failed + total.canceled,
        "charts": _charts(rows, by=report.by),
        "tabs": [(by, _address(report, period, by=by), by == report.by) for by in offered],
        "periods": [
            (words, _address(report, key), key == period) for key, words in PERIODS.items()
        ],
        "csv": f"{_address(report, period)}&csv",
    }


def _address(report: Report, period: str, *, by: str | None = None) -> str:
    asked = {"by": by or report.by, "period": period}
    if period == OWN:
        asked |= {"since": str(report.since), "until": str(report.until)}
    return f"?{urlencode(asked)}"


def _charts(rows: list[Usage], *, by: str) -> list[dict[str, str]]:
    """Return Unfold's charts: a title, a description in words, and Chart.js's document."""
    shown = rows if by == "day" else rows[:MOST_BARS]
    labels = [_short(row, by=by) for row in shown]
    drawn: list[tuple[str, str, Callable[[Usage], float | None]]] = [
        ("Cost", "US dollars", lambda row: float(row.cost)),
        (
            "Time",
            "seconds from bought to there, the median",
            lambda row: row.median_seconds,
        ),
    ]
    return [
        {
            "title": title,
            "words": f"{title} by {by}, in {unit}: the same figures as in the table below.",
            "unit": unit,
            "document": _bars(labels, unit, [figure(row) for row in shown]),
        }
        for title, unit, figure in drawn
    ]


def _bars(labels: list[str], unit: str, figures: list[float | None]) -> str:
    return json.dumps(
        {
            "labels": labels,
            "datasets": [
                {
                    "label": unit,
                    "data": [None if figure is None else round(figure, 4) for figure in figures],
                    "backgroundColor": "var(--color-primary-600)",
                    "displayYAxis": True,
                    "maxTicksXLimit": 10,
                    "maxBarThickness": 32,
                }
            ],
        }
    )


def _short(row: Usage, *, by: str) -> str:
    """Return a label short enough for the chart; the table has it whole."""
    if by != "day":
        return Truncator(row.label).chars(MOST_LETTERS)
    day = date.fromisoformat(row.key)
    return f"{day.day} {day:%b}"


def _csv(report: Report) -> HttpResponse:
    name = f"cost-and-time-by-{report.by}-{report.since}-{report.until}.csv"
    answer = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    writer = csv.writer(answer)
    writer.writerow(_CSV)
    for row in (*report.rows, report.total):
        writer.writerow(_cell(getattr(row, column)) for column in _CSV)
    return answer


def _cell(value: Any) -> Any:
    """Return a value that no spreadsheet takes for a formula: users choose projects' names."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return round(value, 6) if isinstance(value, Decimal | float) else value
