from django.conf import settings
from django.db import models

from staging.models.batch import StagingBatch
from staging.models.job import StagingJob


class IdempotencyKey(models.Model):
    """A client's name for one purchase: a request that repeats it gets the job or batch made then.

    `fingerprint` is the SHA-256 of the request, so that the same key with a different request is
    noticed.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    job = models.ForeignKey(StagingJob, on_delete=models.CASCADE, null=True, related_name="+")
    batch = models.ForeignKey(StagingBatch, on_delete=models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="one_use_of_a_key")]

    def __str__(self) -> str:
        return self.key
