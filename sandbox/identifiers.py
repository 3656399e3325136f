"""Identifiers in the shape of Replicate's: 26 lower-case characters of base 32."""

from __future__ import annotations

import secrets

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id() -> str:
    """Return an id such as `hdwst0bb05rgp0cf0p29mzk2am`."""
    return "".join(secrets.choice(ALPHABET) for _ in range(26))
