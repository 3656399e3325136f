"""What people ask for, and what Replicate tells us: one module for each noun."""


class NotPossible(ValueError):
    """Something that cannot be done as things stand; the message says why. The API answers 409."""
