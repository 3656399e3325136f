"""The models that matter: the default, those used lately, those that a project names."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from modelsettings import updates
from modelsettings.models import ReplicateModel
from modelsettings.updates import Update
from staging.models import Project, StagingJob

# A model that no job has named for so long is of no news.
DAYS = 30


def find_updates() -> list[Update]:
    """Return the updates that wait, of the models that matter."""
    waiting = updates.waiting_updates()
    in_use = _keys_in_use() if waiting else set()
    return [update for update in waiting if update.model.pk in in_use]


def find_unread(now: datetime) -> list[ReplicateModel]:
    """Return the models that matter and could not be read for days, with their readings."""
    unread = updates.list_unread(now)
    in_use = _keys_in_use() if unread else set()
    return [row for row in unread if row.pk in in_use]


def _keys_in_use() -> set[int]:
    """Return the models that matter by key, in one query; the index is job_by_model."""
    since = timezone.now() - timedelta(days=DAYS)
    is_used = Exists(StagingJob.objects.filter(model=OuterRef("pk"), created_at__gte=since))
    is_named = Exists(Project.objects.filter(model=OuterRef("pk")))
    rows = ReplicateModel.objects.filter(Q(is_default=True) | is_used | is_named)
    return set(rows.values_list("pk", flat=True))
