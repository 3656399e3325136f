"""The admin's pages of what may be spent: limits, estimates, pauses."""

from staging.admin.spending import estimates, limits, pauses

__all__ = ["estimates", "limits", "pauses"]
