"""The admin's pages of callbacks: the messages of a job's end, and every attempt to send them."""

import uuid
from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.admin import TabularInline
from unfold.decorators import display

from modelsettings.errors import RequestRefused
from modelsettings.refusals import tell
from staging import access, finding
from staging.access import Right
from staging.admin.cells import how_long_ago, link_where
from staging.admin.page_parts import OfProjects, ReadOnly, user_of
from staging.admin.paging import BoundedListAdmin
from staging.callbacks import send_again
from staging.models import Callback, CallbackAttempt, CallbackStatus, Project

_COLOURS = {
    CallbackStatus.WAITING: "info",
    CallbackStatus.DELIVERED: "success",
    CallbackStatus.FAILED: "danger",
}


class AttemptInline(ReadOnly, TabularInline):
    model = CallbackAttempt
    fields = readonly_fields = ("sent", "answer", "took")
    verbose_name_plural = "attempts, the first one first"
    hide_title = True
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # A user who may see a callback may see its attempts.
        return access.may_view(user_of(request), Callback)

    @display(description="Sent")
    def sent(self, attempt: CallbackAttempt) -> SafeString:
        return how_long_ago(attempt.at)

    @display(description="Answer")
    def answer(self, attempt: CallbackAttempt) -> str:
        return str(attempt)

    @display(description="Took")
    def took(self, attempt: CallbackAttempt) -> str:
        return f"{attempt.seconds:.2f} s"


@admin.register(Callback)
class CallbackAdmin(ReadOnly, OfProjects, BoundedListAdmin):
    in_project = "job__project"
    list_display = (
        "made", "job", "host", "status_badge", "tries", "last_answer", "next_try",
    )  # fmt: skip
    list_filter = ("status",)
    named_by = staticmethod(finding.callbacks_named)
    search_help_text = finding.HELP_OF_CALLBACKS
    list_select_related = ("job",)
    fields = readonly_fields = (
        "id", "job_link", "address", "status", "tries", "next_try", "made", "delivered",
    )  # fmt: skip
    inlines = (AttemptInline,)
    actions = ("send_selected_again",)
    change_form_outer_before_template = "admin/staging/callback/send_again.html"

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Say whether a user may send again.

        A callback cannot be edited, so the permission to change one is used for this.
        """
        return access.holds(user_of(request), Right.SEND_CALLBACK)

    def project_of(self, row: Callback) -> Project:
        return row.job.project

    def prepare_rows(self, rows: QuerySet[Callback]) -> QuerySet[Callback]:
        return rows.prefetch_related("attempts")

    @admin.action(description="Send again", permissions=["send"])
    def send_selected_again(self, request: HttpRequest, callbacks: QuerySet[Callback]) -> None:
        count = 0
        for callback in callbacks:
            if not self.may(request, Right.SEND_CALLBACK, callback):
                continue
            try:
                send_again(callback)
            except RequestRefused:
                continue
            count += 1
        left = callbacks.count() - count
        waiting = f" {left} wait already, or are not yours to send." if left else ""
        self.message_user(request, f"{count} will be sent again.{waiting}")

    def get_urls(self) -> list[URLPattern]:
        send = self.admin_site.admin_view(require_POST(self.send_one_again))
        own = path("<uuid:callback_id>/send-again/", send, name="staging_callback_send_again")
        return [own, *super().get_urls()]

    def send_one_again(self, request: HttpRequest, callback_id: uuid.UUID) -> HttpResponse:
        """Send the callback of this page once more."""
        if not self.has_send_permission(request):
            raise PermissionDenied
        callback = get_object_or_404(self.get_queryset(request), pk=callback_id)
        if not self.may(request, Right.SEND_CALLBACK, callback):
            raise PermissionDenied
        try:
            send_again(callback)
        except RequestRefused as error:
            tell(error, request)
        else:
            self.message_user(request, "It is sent again, under the same id.")
        return redirect("admin:staging_callback_change", callback_id)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        callback = self.get_object(request, object_id) if object_id else None
        may_send = bool(callback) and self.may(request, Right.SEND_CALLBACK, callback)
        answer: HttpResponse = super().changeform_view(
            request, object_id, form_url, {**(extra_context or {}), "may_send": may_send}
        )
        return answer

    @display(description="Status", label=dict(_COLOURS))
    def status_badge(self, callback: Callback) -> tuple[str, str]:
        return callback.status, CallbackStatus(callback.status).label

    @display(description="Made")
    def made(self, callback: Callback) -> SafeString:
        return how_long_ago(callback.created_at)

    @display(description="Delivered")
    def delivered(self, callback: Callback) -> SafeString | str:
        return how_long_ago(callback.delivered_at) if callback.delivered_at else "not yet"

    @display(description="Address")
    def address(self, callback: Callback) -> str:
        return callback.url

    @display(description="Host")
    def host(self, callback: Callback) -> str:
        return urlsplit(callback.url).netloc

    @display(description="Last answer")
    def last_answer(self, callback: Callback) -> str:
        attempts = callback.attempts.all()
        return str(list(attempts)[-1]) if attempts else "none yet"

    @display(description="Next try")
    def next_try(self, callback: Callback) -> Any:
        if callback.status != CallbackStatus.WAITING:
            return "none"
        if not callback.job.is_finished:
            return "when the job has ended"
        return how_long_ago(callback.run_after) if callback.run_after else "now"

    @display(description="Job")
    def job_link(self, callback: Any) -> SafeString:
        address = reverse("admin:staging_stagingjob_change", args=[callback.job_id])
        return link_where(callback.sees["stagingjob"], address, callback.job)
