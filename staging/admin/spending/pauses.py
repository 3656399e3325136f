"""Pausing purchases, of all models or of one, and letting them go on."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from staging.admin.named_user import NamedUserField
from staging.admin.page_parts import MadeOnce, is_path, page_context, user_of
from staging.jobs.handing_over import (
    MOST_CANCELED,
    cancel_queue,
    count_unread,
    find_queues,
    hand_over,
    queue_of,
)
from staging.models import PurchasePause
from staging.notices.attention import number_of
from staging.spending.changing import pause, resume


class HandOverForm(forms.Form):
    """The account that takes over what another has queued."""

    to = NamedUserField(label="Hand it over to", required=True)


@admin.register(PurchasePause)
class PurchasePauseAdmin(MadeOnce, ModelAdmin):
    """The pauses in force. Ending a pause needs the permission to delete it."""

    fields = ("model", "reason")
    add_form_template = "admin/staging/purchasepause/add_form.html"

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "model":
            # Without the links to add and change models.
            field.widget = field.widget.widget
            field.empty_label = "All purchases, of every model"
        return field

    def get_urls(self) -> list[URLPattern]:
        resuming = path(
            "<int:pause_id>/resume/",
            self.admin_site.admin_view(require_POST(self.resume_view)),
            name="staging_purchasepause_resume",
        )
        queue = path(
            "<int:pause_id>/queue/",
            self.admin_site.admin_view(self.queue_view),
            name="staging_purchasepause_queue",
        )
        return [resuming, queue, *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: PurchasePause, form: Any, change: bool) -> None:
        made = pause(model=obj.model, by=request.user.get_username(), reason=obj.reason)
        obj.pk, obj.by, obj.since = made.pk, made.by, made.since

    def response_add(
        self, request: HttpRequest, obj: PurchasePause, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Say what the pause does, and go to the list, which shows it."""
        messages.success(request, f"{obj.whose} are paused. What is bought already goes on.")
        return redirect("admin:staging_purchasepause_changelist")

    def resume_view(self, request: HttpRequest, pause_id: int) -> HttpResponse:
        """End a pause, and go back to the page whose button it was."""
        if not request.user.has_perm("staging.delete_purchasepause"):
            raise PermissionDenied
        operators = PurchasePause.objects.by_operators().select_related("model")
        paused = operators.filter(pk=pause_id).first()
        if paused is None:
            messages.info(
                request, "These purchases go on already: another operator ended the pause."
            )
        else:
            self.log_deletions(request, [paused])
            resume(paused)
            messages.success(request, f"{paused.whose} go on.")
        back = request.POST.get("next", "")
        if not is_path(back):
            back = reverse("admin:staging_purchasepause_changelist")
        return redirect(back)

    def queue_view(self, request: HttpRequest, pause_id: int) -> HttpResponse:
        """Show what a deactivated account has queued; hand it over, or cancel it."""
        held = PurchasePause.objects.filter(pk=pause_id).select_related("account").first()
        if not self.has_view_permission(request):
            raise PermissionDenied
        if held is None or held.account is None:
            messages.info(request, "This account is active again: what it has queued goes on.")
            return redirect("admin:staging_purchasepause_changelist")
        form = HandOverForm()
        if request.method == "POST":
            if not request.user.has_perm("staging.delete_purchasepause"):
                raise PermissionDenied
            if "cancel" in request.POST:
                return self._cancel_queue(request, held.account)
            form = HandOverForm(request.POST)
            if form.is_valid():
                return self._hand_over(request, held.account, to=form.cleaned_data["to"])
        context = {
            **page_context(self, request, title=f"What {held.account} has queued"),
            "form": form,
            "pause": held,
            "count": queue_of(held.account).count(),
            "unread": count_unread(held.account),
            "most_canceled": MOST_CANCELED,
            "may_change": request.user.has_perm("staging.delete_purchasepause"),
        }
        return TemplateResponse(request, "admin/staging/purchasepause/queue.html", context)

    def _hand_over(self, request: HttpRequest, account: User, *, to: User) -> HttpResponse:
        count = hand_over(account, to=to, by=user_of(request))
        messages.success(request, f"{number_of(count, 'prediction')} handed over to {to}.")
        return redirect("admin:staging_purchasepause_changelist")

    def _cancel_queue(self, request: HttpRequest, account: User) -> HttpResponse:
        """Cancel a part of it; the page shows what is left."""
        count = cancel_queue(account, by=user_of(request))
        messages.success(request, f"{number_of(count, 'prediction')} canceled.")
        return redirect(request.path)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what is paused, and the switches."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **page_context(self, request, title="Paused purchases"),
            "pauses": [
                *PurchasePause.objects.by_operators().select_related("model"),
                *(queue.pause for queue in find_queues()),
            ],
        }
        return TemplateResponse(request, "admin/staging/purchasepause/change_list.html", context)

    class Media:
        css = {"all": ["restage/admin.css"]}
