"""The search for a project, by its name."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect

# Of a project that the user may see at most.
CLOSED = "You may not stage in this project: ask its owner, or choose another."


class ProjectChooser(AutocompleteSelect):
    """Django's search for a row, with a placeholder that says what an empty choice means.

    Without a placeholder the search has no accessible name.
    """

    placeholder = "Your own, not sorted"

    def build_attrs(
        self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        attrs = super().build_attrs(base_attrs, extra_attrs)
        return attrs | {"data-placeholder": self.placeholder, "style": "width: 100%"}

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> Any:
        # The value in an address or in a forged form may be no id at all.
        return super().optgroups(name, [item for item in value if _is_id(item)], attrs)


def _is_id(value: str) -> bool:
    try:
        uuid.UUID(value)
    except ValueError:
        return not value
    return True
