"""Authentication of the API's requests by a token, whose use is noted."""

from typing import Any

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox import auth

from config.accounts.tokens import note_use


class TokenAuthentication(auth.TokenAuthentication):  # type: ignore[misc]  # knox has no types
    """Knox' authentication, which also notes when a token was used."""

    def validate_user(self, auth_token: Any) -> tuple[Any, Any]:
        found: tuple[Any, Any] = super().validate_user(auth_token)
        note_use(auth_token)
        return found


class TokenScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]  # when a class is made
    """Describes our authentication in the OpenAPI document as drf-spectacular describes knox'."""

    target_class = "config.accounts.authentication.TokenAuthentication"
