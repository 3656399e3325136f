"""The admin's side bar."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy


def sidebar(_request: HttpRequest) -> list[dict[str, Any]]:
    """Return Unfold's navigation: what an operator works with first, accounts last."""
    return [
        {
            "title": "Staging",
            "items": [
                _item("Jobs", "photo_library", "staging_stagingjob_changelist"),
                _item("Projects", "folder_open", "staging_project_changelist"),
            ],
        },
        {
            "title": "Models",
            "items": [
                _item("Models", "tune", "modelsettings_replicatemodel_changelist"),
                _item("Search settings", "search", "modelsettings_modelsettings_search"),
            ],
        },
        {
            "title": "Accounts",
            "separator": True,
            "collapsible": True,
            "items": [
                _item("Users", "person", "auth_user_changelist"),
                _item("Groups", "group", "auth_group_changelist"),
                _item("API tokens", "key", "knox_authtoken_changelist"),
            ],
        },
    ]


def _item(title: str, icon: str, page: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{page}")}
