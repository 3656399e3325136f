"""What people ask for, and what Replicate tells us: one module for each noun."""

from modelsettings.errors import RequestRefused


class NotPossible(RequestRefused):
    """Something that cannot be done as things stand; the message says why."""

    status = 409
