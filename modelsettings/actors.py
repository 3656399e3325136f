"""The author of a change: a person, or a named part of the system."""

from dataclasses import dataclass
from typing import Self

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied


@dataclass(frozen=True, slots=True)
class Actor:
    """The author that a change is recorded for; `name` is what history shows."""

    name: str
    user: AbstractBaseUser | None = None

    @classmethod
    def of(cls, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Return the person, or the owner of an API token.

        Raises PermissionDenied without a login; every door has refused such a request before.
        """
        if not isinstance(user, AbstractBaseUser):
            raise PermissionDenied("Nobody is signed in.")
        return cls(name=user.get_username(), user=user)

    @staticmethod
    def is_person(name: str) -> bool:
        """Say whether history's name of an author is a person's, not that of a part of the system.

        >>> Actor.is_person("system:catalog")
        False
        """
        return not name.startswith("system:")

    @classmethod
    def system(cls, part: str) -> Self:
        """Return a named part of the system: `system:catalog`, `system:guardrail`."""
        return cls(name=f"system:{part}")


CATALOG = Actor.system("catalog")
IMPORT = Actor.system("import")
