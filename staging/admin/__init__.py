"""The admin's pages of photos, jobs and spending, a module for each noun.

Importing a module registers its pages."""

from staging.admin import (
    batches,
    callbacks,
    disclosure,
    invitations,
    jobs,
    judging,
    library,
    models,
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
    "disclosure",
    "invitations",
    "jobs",
    "judging",
    "library",
    "models",
    "notices",
    "photos",
    "projects",
    "shares",
    "spending",
    "usage",
]
