"""The admin's page of disclosure rules: those in force, setting one, ending one, earlier ones."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextInputWidget

from modelsettings.actors import Actor
from modelsettings.errors import RequestRefused
from modelsettings.models import ModelSettings
from modelsettings.refusals import put_on_form
from staging.access import may_view, projects_shown_to
from staging.admin.page_parts import ReadOnly, page_context, user_of
from staging.admin.pickers.projects import ProjectChooser
from staging.disclosure import end_rule, set_rule
from staging.models import DisclosureRule, Project
from staging.models.disclosure import DisclosureRuleQuerySet

# Earlier rules that the page shows.
MOST = 50


def _rules_shown_to(user: User) -> DisclosureRuleQuerySet:
    """Return the rules of the site, and of the projects that the admin shows to an account."""
    shown = Q(project=None) | Q(project__in=projects_shown_to(user))
    return DisclosureRule.objects.filter(shown).select_related("project")


class SiteOrProjectChooser(ProjectChooser):
    placeholder = "The whole site"


class RuleForm(forms.Form):
    """A label, and the project that it is for."""

    project = forms.ModelChoiceField(Project.objects.all(), required=False)
    label = forms.CharField(
        max_length=60,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Virtually staged"}),
        help_text="“off”: no label, also where a profile sets one.",
    )
    reason = forms.CharField(
        label="Why?", required=False, max_length=500, widget=UnfoldAdminTextInputWidget
    )

    def __init__(self, *args: Any, chooser: forms.Widget, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        project = cast("forms.ModelChoiceField[Project]", self.fields["project"])
        project.queryset = projects_shown_to(by)
        project.help_text = "Type to search. Empty: every project without a rule of its own."
        project.widget = chooser
        chooser.choices = project.choices  # type: ignore[attr-defined]  # a select has some

    def set_rule(self, *, by: Actor) -> DisclosureRule | None:
        """Set the rule. Where it is refused, return None, with the sentence at the field."""
        found = self.cleaned_data
        try:
            return set_rule(found["project"], found["label"], by=by, reason=found["reason"])
        except RequestRefused as error:
            put_on_form(error, self)
        return None


@admin.register(DisclosureRule)
class DisclosureRuleAdmin(ReadOnly, ModelAdmin):
    """Rules belong to the settings: the permissions to see and to change these open the page."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_view(user_of(request), ModelSettings)

    def get_queryset(self, request: HttpRequest) -> DisclosureRuleQuerySet:
        return _rules_shown_to(user_of(request))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the rules; set or end one."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        can_change = request.user.has_perm("modelsettings.change_modelsettings")
        if request.method == "POST" and not can_change:
            raise PermissionDenied
        if request.method == "POST" and "end" in request.POST:
            return self._end(request)
        field = DisclosureRule._meta.get_field("project")
        chooser = SiteOrProjectChooser(field, self.admin_site)
        initial = {"project": request.GET.get("project", "")}
        form = RuleForm(
            request.POST if request.method == "POST" else None,
            chooser=chooser,
            by=user_of(request),
            initial=initial,
        )
        if form.is_bound and form.is_valid() and (rule := form.set_rule(by=Actor.of(request.user))):
            messages.success(request, f"{rule}, from the next job on.")
            return redirect("admin:staging_disclosurerule_changelist")
        rules = _rules_shown_to(user_of(request))
        context = {
            **page_context(self, request, title="Disclosure"),
            "form": form,
            "media": form.media,
            "can_change": can_change,
            "rules": rules.in_force().order_by("project__name"),
            "earlier": rules.exclude(ended_at=None).order_by("-ended_at")[:MOST],
        }
        return TemplateResponse(request, "admin/staging/disclosurerule/change_list.html", context)

    def _end(self, request: HttpRequest) -> HttpResponse:
        key = request.POST["end"]
        rules = _rules_shown_to(user_of(request)).in_force()
        rule = rules.filter(pk=key).first() if key.isdecimal() and len(key) < 18 else None
        if rule is None:
            messages.info(request, "This rule has ended already.")
        else:
            now = end_rule(rule, by=Actor.of(request.user))
            decides = f"the site's rule: {now.label_in_words}" if now else "each profile"
            ended = f"The rule of {rule.whose} has ended."
            messages.success(request, f"{ended} From the next job on, what decides is {decides}.")
        return redirect("admin:staging_disclosurerule_changelist")

    class Media:
        css = {"all": ["restage/admin.css"]}
