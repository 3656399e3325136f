"""The models that matter: the default, those used lately, those that a project names."""

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from modelsettings.models import ReplicateModel
from staging.models import Project, StagingJob

# A model that no job has named for so long is of no news.
DAYS = 30


def keys_of_models_in_use() -> set[int]:
    """Return the models that matter by key, in one query; the index is job_by_model."""
    since = timezone.now() - timedelta(days=DAYS)
    is_used = Exists(StagingJob.objects.filter(model=OuterRef("pk"), created_at__gte=since))
    is_named = Exists(Project.objects.filter(model=OuterRef("pk")))
    rows = ReplicateModel.objects.filter(Q(is_default=True) | is_used | is_named)
    return set(rows.values_list("pk", flat=True))
