"""Refusals of what an account may ask about itself."""

from typing import ClassVar

from modelsettings.errors import RequestRefused


class SessionRequired(RequestRefused):
    """A token that asks for a token: one that leaked could make another before it is revoked."""

    status: ClassVar[int] = 403
    code: ClassVar[str] = "session_required"

    def __init__(self) -> None:
        super().__init__("A token makes no tokens: sign in, and make it in that session.")
