"""The names of profiles: as they are stored and sent, and as pages show them."""

import unicodedata

from modelsettings.errors import RequestRefused

# The profile that comes with each model; its name in database, API and `?profile=`.
SHIPPED = "default"
STANDARD = "Standard"


class NameKept(RequestRefused):
    """The name under which pages show the profile that came with a model."""

    def __init__(self) -> None:
        super().__init__(
            f"{STANDARD} is what pages call the profile that came with the model: choose another "
            "name.",
            field="name",
        )


def shown_name(name: str) -> str:
    """Return a profile's name as pages show it.

    >>> shown_name("default"), shown_name("winter")
    ('Standard', 'winter')
    """
    if name == SHIPPED:
        return STANDARD
    # A profile from before the name was kept for the one that comes with the model.
    return f"{name} (own)" if _is_standard(name) else name


def check_name(name: str) -> None:
    """Raise NameKept where pages would not tell a profile from the one that came with the model."""
    if _is_standard(name):
        raise NameKept


def _is_standard(name: str) -> bool:
    # Compared as people read it: full-width letters, and any case.
    return unicodedata.normalize("NFKC", name).strip().casefold() == STANDARD.casefold()
