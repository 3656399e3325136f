"""The refusal that many packages share, and the sentence that users read about a bug of ours.

Every other refusal is defined beside the code that raises it.
"""

from modelsettings.errors import RequestRefused


class NotPossible(RequestRefused):
    """An action that is not possible in the present state; the message says why."""

    status = 409


def own_fault(error: Exception) -> str:
    """Return the sentence that users read about an error of ours.

    The error's own text is not in it, because that may name things of other users.
    """
    return f"Restage failed ({type(error).__name__}); its logs say more."
