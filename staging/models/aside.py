"""Troubles of the first page that an operator has put aside, for everybody."""

from django.db import models
from django.utils import timezone


class PutAside(models.Model):
    """A trouble that no operator has to look after for now.

    `key` names the trouble. `state` and `last_at` say how far it had come: it is shown again when
    its state is another, or when it has happened again since `last_at`.
    """

    key = models.CharField(max_length=120, unique=True)
    state = models.CharField(max_length=120, blank=True)
    last_at = models.DateTimeField(null=True)
    by = models.CharField(max_length=150)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "put aside"
        default_permissions = ()

    def __str__(self) -> str:
        return self.key
