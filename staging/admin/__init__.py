"""The admin's pages of the work: one module a noun. Importing them registers their pages."""

from staging.admin import (
    batches,
    callbacks,
    jobs,
    judging,
    library,
    notices,
    photos,
    projects,
    shares,
    spending,
    usage,
)

__all__ = [
    "batches",
    "callbacks",
    "jobs",
    "judging",
    "library",
    "notices",
    "photos",
    "projects",
    "shares",
    "spending",
    "usage",
]
