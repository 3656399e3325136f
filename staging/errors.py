"""What many subjects share: the refusal of what is not possible, and the words for a bug of ours.

Each other refusal stands beside the code that raises it.
"""

from modelsettings.errors import RequestRefused


class NotPossible(RequestRefused):
    """Something that cannot be done as things stand; the message says why."""

    status = 409


def own_fault(error: Exception) -> str:
    """Return what people are told of an error of ours: its text may name what is not theirs."""
    return f"Restage failed ({type(error).__name__}); its logs say more."
