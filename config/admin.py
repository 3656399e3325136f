"""The admin's pages of accounts and roles; those of API tokens: config.accounts.admin."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import F, QuerySet
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from config.accounts.admin import AccessOfAccount
from config.accounts.roles import (
    WORDS,
    let_in,
    may_manage,
    may_manage_group,
    offered_groups,
    offered_permissions,
)
from staging.admin.page_parts import user_of

admin.site.unregister(User)
admin.site.unregister(Group)

_ROLES: tuple[str, Any] = (
    "Roles",
    {
        "fields": ("groups",),
        "description": "A role says what an account may do, and lets it into the admin. An account "
        "without one works through the API, in projects that it owns or is a member of.",
    },
)


class RolesField(ModelMultipleChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """Roles as boxes to tick, each with the work that it is for; then other groups."""

    def label_from_instance(self, group: Any) -> str:
        key = group.role.key if hasattr(group, "role") else ""
        return f"{group.name}: {WORDS[key]}" if key in WORDS else str(group.name)


class AccountForm(UserChangeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = format_html(
            'Stored as a hash, which nobody can read. <a href="{}" class="restage-link">Set '
            "another password</a>",
            "../password/",
        )


@admin.register(User)
class AccountAdmin(AccessOfAccount, UserAdmin, ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Accounts. Those who manage them give no right that they lack, and change none above them."""

    form = AccountForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    # Boxes to tick: Django's two lists side by side are no good to a screen reader.
    filter_horizontal = ()
    list_display = ("username", "email", "roles", "is_active", "last_login")
    list_filter = ("groups", "is_active", "is_staff")
    list_select_related = ()
    fieldsets = (
        (None, {"fields": ("username", "password", "is_active")}),
        _ROLES,
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        (
            "Single permissions, beside the roles",
            {"classes": ("collapse",), "fields": ("is_staff", "is_superuser", "user_permissions")},
        ),
        ("Dates", {"classes": ("collapse",), "fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "usable_password", "password1", "password2")}),
        _ROLES,
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description="Roles")
    def roles(self, account: User) -> str:
        names = [group.name for group in account.groups.all()]
        return ", ".join(["superuser"] * account.is_superuser + names) or "none"

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        found = super().get_fieldsets(request, obj)
        if user_of(request).is_superuser:
            return found
        return [
            (
                name,
                {
                    **shown,
                    "fields": [field for field in shown["fields"] if field != "is_superuser"],
                },
            )
            for name, shown in found
        ]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = bool(super().has_change_permission(request, obj))
        return may and (obj is None or may_manage(user_of(request), obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = bool(super().has_delete_permission(request, obj))
        return may and (obj is None or may_manage(user_of(request), obj))

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "groups":
            # Without the links to add and change groups.
            field.widget = field.widget.widget
        return field

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            return RolesField(
                # Those of ours first, in their order.
                offered_groups(user_of(request))
                .select_related("role")
                .order_by(F("role").asc(nulls_last=True), "name"),
                required=False,
                label="Roles",
                widget=UnfoldAdminCheckboxSelectMultipleWidget,
            )
        field: Any = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field is not None and db_field.name == "user_permissions":
            shown = _held_by(request)
            field.queryset = _listed(offered_permissions(user_of(request), also=shown))
            field.widget = UnfoldAdminCheckboxSelectMultipleWidget(choices=field.choices)
            field.help_text = "For what no role has. A role is easier to look after."
        return field

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        had_groups = form.instance.groups.exists()
        super().save_related(request, form, formsets, change)
        let_in(form.instance, had_groups=had_groups)

    class Media:
        css = {"all": ["restage/admin.css"]}


@admin.register(Group)
class RoleAdmin(GroupAdmin, ModelAdmin):
    """Roles, those that Restage makes and an administrator's own."""

    filter_horizontal = ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = bool(super().has_change_permission(request, obj))
        return may and (obj is None or may_manage_group(user_of(request), obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = bool(super().has_delete_permission(request, obj))
        return may and (obj is None or may_manage_group(user_of(request), obj))

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field is not None and db_field.name == "permissions":
            shown = _held_by(request, of_group=True)
            field.queryset = _listed(offered_permissions(user_of(request), also=shown))
            field.widget = UnfoldAdminCheckboxSelectMultipleWidget(choices=field.choices)
            field.help_text = ""
        return field

    class Media:
        css = {"all": ["restage/admin.css"]}


def _held_by(request: HttpRequest, *, of_group: bool = False) -> list[int]:
    """Return the keys of the permissions that the account or group of this page has already."""
    match = request.resolver_match
    pk = match.kwargs.get("object_id", "") if match else ""
    if not pk.isdecimal():
        return []
    column = "group" if of_group else "user"
    return list(Permission.objects.filter(**{column: int(pk)}).values_list("pk", flat=True))


def _listed(permissions: QuerySet[Permission]) -> QuerySet[Permission]:
    return permissions.select_related("content_type")
