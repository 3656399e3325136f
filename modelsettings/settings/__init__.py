"""The one way to read and change settings, for the admin, the API, tasks and commands.

reading    a profile's document, and what a job runs with
changing   every change: validated, locked, kept as a revision with author and reason
history    a profile's revisions, and comparisons of any two
conflicts  two changes that started from the same revision
search     settings across all models
"""

from modelsettings.settings.changing import (
    ProfileLocked,
    RollbackPreview,
    create_profile,
    let_clients_name,
    patch_settings,
    preview_rollback,
    rename_profile,
    reset_settings,
    roll_back,
    set_overridable,
    update_settings,
)
from modelsettings.settings.conflicts import Conflict, StaleSettings
from modelsettings.settings.reading import (
    NotOverridable,
    ProfileNotFound,
    ResolvedSettings,
    StoredSettings,
    check_overridable,
    get_settings,
    read_profile,
    resolve,
)

__all__ = [
    "Conflict",
    "NotOverridable",
    "ProfileLocked",
    "ProfileNotFound",
    "ResolvedSettings",
    "RollbackPreview",
    "StaleSettings",
    "StoredSettings",
    "check_overridable",
    "create_profile",
    "get_settings",
    "let_clients_name",
    "patch_settings",
    "preview_rollback",
    "read_profile",
    "rename_profile",
    "reset_settings",
    "resolve",
    "roll_back",
    "set_overridable",
    "update_settings",
]
