"""The members of a project, and where clients are strangers its invitations, on its page."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import display

from staging import access
from staging.access import Right
from staging.admin.cells import how_long_ago
from staging.admin.named_user import NamedUserField
from staging.admin.page_parts import user_of
from staging.models import Invitation, Project, ProjectMember


class MemberForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    user = NamedUserField(label="User name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name_fields(self)
        if self.instance.user_id:
            # The members' query has read the user; the field would query each by itself.
            self.initial["user"] = self.instance.user.username

    def clean_user(self) -> Any:
        user = self.cleaned_data["user"]
        if user.pk == self.instance.project.owner_id:
            raise forms.ValidationError("They own this project.")
        return user


class MemberInline(TabularInline):
    model = ProjectMember
    form: "type[forms.ModelForm[ProjectMember]]" = MemberForm
    fields = ("user", "may_edit")
    extra = 1
    verbose_name_plural = "Members, who see this project"

    def get_fields(self, request: HttpRequest, obj: Project | None = None) -> Any:
        # Django would link an account that cannot be changed here to its page.
        return self.fields if self.has_change_permission(request, obj) else ("named", "may_edit")

    def get_readonly_fields(self, request: HttpRequest, obj: Project | None = None) -> Any:
        return () if self.has_change_permission(request, obj) else ("named", "may_edit")

    @display(description="User name")
    def named(self, member: ProjectMember) -> str:
        return member.user.get_username()

    def has_add_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        return bool(super().has_add_permission(request, obj)) and may_change(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        return bool(super().has_change_permission(request, obj)) and may_change(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        return bool(super().has_delete_permission(request, obj)) and may_change(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProjectMember]:
        members: QuerySet[ProjectMember] = super().get_queryset(request)
        return members.select_related("user")


class KnownMemberForm(forms.ModelForm):  # type: ignore[type-arg]  # as above
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name_fields(self)


class KnownMemberInline(MemberInline):
    """Members where clients are strangers: who has accepted, and no field for another name."""

    form = KnownMemberForm
    fields = ("named", "may_edit")

    def get_readonly_fields(self, request: HttpRequest, obj: Project | None = None) -> Any:
        return ("named",) if self.has_change_permission(request, obj) else ("named", "may_edit")

    def has_add_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        return False


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg]  # as above
    class Meta:
        model = Invitation
        fields = ("username", "may_edit")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name_fields(self)

    def clean_username(self) -> str:
        name = str(self.cleaned_data["username"])
        if name == self.instance.project.owner.get_username():
            raise forms.ValidationError("They own this project.")
        return name

    def validate_unique(self) -> None:
        """Take a name that was asked before: it is asked anew."""


class InvitationInline(TabularInline):
    """Names that were asked, whether or not there is such an account.

    Who may name members may ask.
    """

    model = Invitation
    form = InvitationForm
    fields = ("username", "may_edit", "asked")
    readonly_fields = ("asked",)
    extra = 1
    verbose_name_plural = "Invitations: the account of that name is asked, for 14 days"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invitation]:
        invitations: QuerySet[Invitation] = super().get_queryset(request)
        return invitations & Invitation.objects.pending()

    @display(description="Asked")
    def asked(self, invitation: Invitation) -> SafeString | str:
        return "" if invitation._state.adding else how_long_ago(invitation.created_at)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may_members(request, "view") or _may_members(request, "change")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may_members(request, "add") and may_change(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may_members(request, "delete") and may_change(request, obj)


def _name_fields(form: "forms.ModelForm[Any]") -> None:
    """Name the fields of a row: on the screen the column's head does, for a screen reader not."""
    names = {"user": "User name", "username": "User name", "may_edit": "May edit"}
    for name, field in form.fields.items():
        if name in names:
            field.widget.attrs["aria-label"] = names[name]


def _may_members(request: HttpRequest, what: str) -> bool:
    return bool(request.user.has_perm(f"staging.{what}_projectmember"))


def may_change(request: HttpRequest, project: Project | None) -> bool:
    """Say whether a user may change a project, and with it who is in it."""
    return project is None or access.may(
        user_of(request), Right.CHANGE_PROJECT, project, in_admin=True
    )
