"""The admin's side bar."""

from typing import Any, cast

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import reverse, reverse_lazy

from staging import access
from staging.access import Right
from staging.models import Invitation

# What the page of the prompt library shows.
_LIBRARY = ("staging.view_roomtype", "staging.view_style")
# The app and the kind of rows of pages whose names do not say them.
_KINDS = {"staging_disclosurerule_changelist": ("modelsettings", "modelsettings")}

# Pages that stand under another's item, by the beginnings of their addresses.
_BELONGS = {
    "/admin/modelsettings/modelsettings/": "modelsettings_replicatemodel_changelist",
    "/admin/staging/roomtype/": "staging_library",
    "/admin/staging/style/": "staging_library",
    "/admin/staging/prompttemplate/": "staging_library",
    "/admin/staging/promptrules/": "staging_library",
    "/admin/modelsettings/modelsettings/search/": "modelsettings_modelsettings_search",
}


def sidebar(_request: HttpRequest) -> list[dict[str, Any]]:
    """Return Unfold's navigation: an operator's daily pages first, accounts last."""
    return [
        {
            "title": "Staging",
            "items": [
                {
                    "title": "Stage",
                    "icon": "auto_awesome",
                    "link": reverse_lazy("stage"),
                    "permission": lambda request: access.may_stage(request.user),
                },
                _item("Jobs", "photo_library", "staging_stagingjob_changelist"),
                _item("Batches", "burst_mode", "staging_stagingbatch_changelist"),
                _item(
                    "Judge",
                    "thumbs_up_down",
                    "staging_stagedimage_changelist",
                    needs=Right.JUDGE.permissions,
                ),
                _item("Photos", "image", "staging_photo_changelist"),
                _item("Projects", "folder_open", "staging_project_changelist"),
                *([_invitations()] if settings.CLIENTS_ARE_STRANGERS else []),
                _item("Shares", "share", "staging_share_changelist"),
                _item("Callbacks", "webhook", "staging_callback_changelist"),
                _item("Prompt library", "menu_book", "staging_library", all_of=_LIBRARY),
            ],
        },
        {
            "title": "Spending",
            "items": [
                _item("Cost and time", "payments", "staging_dailyusage_changelist"),
                _item("Spending limits", "savings", "staging_spendinglimit_changelist"),
                _item("Price estimates", "sell", "staging_priceestimate_changelist"),
                _item("Paused purchases", "pause_circle", "staging_purchasepause_changelist"),
                _item("Notices", "notifications", "staging_notice_changelist"),
            ],
        },
        {
            "title": "Settings",
            "items": [
                _item("Models", "tune", "modelsettings_replicatemodel_changelist"),
                _item("Disclosure", "label", "staging_disclosurerule_changelist"),
                _item("Search settings", "search", "modelsettings_modelsettings_search"),
                {
                    **_item("Recent changes", "history", "modelsettings_modelsettings_changelist"),
                    "link": reverse_lazy("changes"),
                },
            ],
        },
        {
            "title": "Accounts",
            "separator": True,
            "collapsible": True,
            "items": [
                _item("Users", "person", "auth_user_changelist"),
                _item("Roles", "group", "auth_group_changelist"),
                {
                    **_item("API tokens", "key", "knox_authtoken_changelist"),
                    "active": _is_on_all_tokens,
                },
                _own("My tokens", "passkey", "knox_authtoken_mine"),
            ],
        },
    ]


def find_entry(request: HttpRequest) -> tuple[str, dict[str, Any]] | None:
    """Return the menu's section and item to which the page of a request belongs, or None."""
    path = request.path
    # The longest beginning names the page, here and below.
    if beginning := max(filter(path.startswith, _BELONGS), key=len, default=""):
        path = reverse(f"admin:{_BELONGS[beginning]}")
    found = [
        (section["title"], item)
        for section in sidebar(request)
        for item in section["items"]
        if path.startswith(str(item["link"]))
    ]
    return max(found, key=lambda entry: len(str(entry[1]["link"])), default=None)


def is_open(item: dict[str, Any], request: HttpRequest) -> bool:
    """Say whether the page of an item opens to the user."""
    return bool(item.get("permission", lambda _: True)(request))


def _is_on_all_tokens(request: HttpRequest) -> bool:
    """Say whether a page of all accounts' tokens is open.

    Unfold goes by the beginning of the address alone, which one's own tokens share.
    """
    all_tokens, own = (reverse(f"admin:knox_authtoken_{page}") for page in ("changelist", "mine"))
    return request.path.startswith(all_tokens) and not request.path.startswith(own)


def _invitations() -> dict[str, Any]:
    item = _own("Invitations", "mail", "staging_invitation_changelist")
    return {**item, "badge": "config.dashboard.navigation.count_invitations"}


def count_invitations(request: HttpRequest) -> str:
    """Return how many invitations wait for the user, as the item's badge; none is no badge."""
    count = Invitation.objects.waiting_for(cast("User", request.user)).count()
    return str(count) if count else ""


def _item(
    title: str,
    icon: str,
    page: str,
    *,
    needs: tuple[str, ...] = (),
    all_of: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Return an item, shown to users for whom the page opens: who have one of the permissions that
    it `needs`, or `all_of` them.

    The permission to change rows includes seeing them, as everywhere in the admin.
    """
    app, kind = _KINDS.get(page) or page.split("_")[:2]
    may = needs or (f"{app}.view_{kind}", f"{app}.change_{kind}")

    def opens(request: HttpRequest) -> bool:
        if all_of:
            return request.user.has_perms(all_of)
        return any(request.user.has_perm(permission) for permission in may)

    link = reverse_lazy(f"admin:{page}")
    return {"title": title, "icon": icon, "link": link, "permission": opens}


def _own(title: str, icon: str, page: str) -> dict[str, Any]:
    """Return the item of a page that shows everybody what is theirs."""
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{page}")}
