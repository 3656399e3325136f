"""The admin's page of notices: the list, their deliveries, and sending a test."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from modelsettings.errors import RequestRefused
from modelsettings.refusals import tell
from staging import access
from staging.admin.cells import how_long_ago
from staging.admin.page_parts import ReadOnly, user_of
from staging.admin.paging import BoundedListAdmin
from staging.models import (
    Channel,
    DeliveryStatus,
    Notice,
    NoticeDelivery,
    NoticeKind,
    SpendingLimit,
)
from staging.notices.sending import channels
from staging.notices.watching import send_test

_THROUGH = {Channel.EMAIL: "by e-mail", Channel.WEBHOOK: "to the webhook"}


class KindFilter(DropdownFilter):
    """The kinds of the notices that are listed."""

    title = "about"
    parameter_name = "kind__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        left_out = [NoticeKind.BATCH, *_left_out(request)]
        return [choice for choice in NoticeKind.choices if choice[0] not in left_out]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Notice)
class NoticeAdmin(ReadOnly, BoundedListAdmin):
    """The list of notices. They cannot be edited: the permission to change one allows a test."""

    paged_by = "at"
    list_display = ("told_at", "state", "kind_label", "sentence", "sent")
    list_display_links = None
    list_filter = (KindFilter,)
    search_fields = ("sentence",)
    search_help_text = "A part of the sentence"
    list_before_template = "admin/staging/notice/before.html"

    def get_urls(self) -> list[URLPattern]:
        trying = self.admin_site.admin_view(require_POST(self.test_view))
        return [path("test/", trying, name="staging_notice_test"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notice]:
        # A batch's owner has its notice on every page.
        rows: QuerySet[Notice] = super().get_queryset(request).for_operators()
        return rows.exclude(kind__in=_left_out(request))

    def prepare_rows(self, rows: QuerySet[Notice]) -> QuerySet[Notice]:
        return rows.prefetch_related("deliveries")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """List notices, with the channels that they are sent through."""
        told = {
            "channels": " and ".join(_THROUGH[channel] for channel in channels()),
            "may_try": request.user.has_perm("staging.change_notice"),
        }
        listed: HttpResponse = super().changelist_view(request, told | (extra_context or {}))
        return listed

    def test_view(self, request: HttpRequest) -> HttpResponse:
        """Send a test notice."""
        if not request.user.has_perm("staging.change_notice"):
            raise PermissionDenied
        try:
            send_test(by=request.user.get_username())
        except RequestRefused as error:
            tell(error, request)
        else:
            messages.success(
                request, "A test notice is on its way: the list below shows whether it arrived."
            )
        return redirect("admin:staging_notice_changelist")

    @display(description="Told")
    def told_at(self, notice: Notice) -> SafeString:
        return how_long_ago(notice.at)

    @display(description="State", label={"stands": "danger", "test": "info"})
    def state(self, notice: Notice) -> tuple[str, str]:
        if notice.kind == NoticeKind.TEST:
            return "test", "test"
        return ("ended", "ended") if notice.over_at else ("stands", "still so")

    @display(description="About")
    def kind_label(self, notice: Notice) -> str:
        return notice.get_kind_display()

    @display(description="Sent")
    def sent(self, notice: Notice) -> SafeString | str:
        rows = list(notice.deliveries.all())
        if not rows:
            return "shown here alone"
        lines = ((delivery.get_channel_display(), _came_of(delivery)) for delivery in rows)
        told = format_html_join("", "<span>{}: {}</span>", lines)
        return format_html('<span class="restage-two">{}</span>', told)


def _left_out(request: HttpRequest) -> list[NoticeKind]:
    """Return the kinds of notices to operators that a user does not see."""
    # Those of limits say what is spent.
    sees_limits = access.may_view(user_of(request), SpendingLimit)
    return [] if sees_limits else [NoticeKind.LIMIT]


def _came_of(delivery: NoticeDelivery) -> SafeString | str:
    """Describe the state of a delivery."""
    match delivery.status:
        case DeliveryStatus.SENT if delivery.sent_at:
            return format_html("sent {}", how_long_ago(delivery.sent_at))
        case DeliveryStatus.FAILED:
            return f"given up after {delivery.tries} attempts. {delivery.error}"
    if not delivery.tries:
        return "on its way"
    return format_html("next try {}. {}", how_long_ago(delivery.run_after), delivery.error)
