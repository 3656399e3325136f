"""The refusal that many subjects share; each other one stands beside the code that raises it."""

from modelsettings.errors import RequestRefused


class NotPossible(RequestRefused):
    """Something that cannot be done as things stand; the message says why."""

    status = 409
