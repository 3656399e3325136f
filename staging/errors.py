"""The refusals that many packages share, and the sentence that users read about a bug of ours.

Every other refusal is defined beside the code that raises it.
"""

from modelsettings.errors import RequestRefused


class NotPossible(RequestRefused):
    """An action that is not possible in the present state; the message says why."""

    status = 409
    code = "not_possible"


class Unfinished(NotPossible):
    """An action that has to wait until a job, or the reading of a batch's photos, has ended."""

    code = "unfinished"


class Finished(NotPossible):
    """An action on a job of which nothing is left to do."""

    code = "finished"


class GoneMeanwhile(NotPossible):
    """An action on a row that another request deleted in the same moment."""

    code = "deleted"


class NoPicture(NotPossible):
    """An action on pictures, of which there are none."""

    code = "no_picture"


class ModelUnusable(NotPossible):
    """A purchase from a model that cannot be used; the message says why."""

    code = "model_unusable"


class MayOnlySee(RequestRefused):
    """A change by an account that may only see the project."""

    status = 403
    code = "may_only_see"

    def __init__(self) -> None:
        super().__init__("You may see this project, and not change it: ask its owner.")


class NotTheOwner(RequestRefused):
    """What only the owner of a project may do, asked by another."""

    status = 403
    code = "not_the_owner"

    def __init__(self) -> None:
        super().__init__("Only the owner of this project may do that.")


def own_fault(error: Exception) -> str:
    """Return the sentence that users read about an error of ours.

    The error's own text is not in it, because that may name things of other users.
    """
    return f"Restage failed ({type(error).__name__}); its logs say more."
