"""Details of API tokens, beside knox's rows, which hold their hashes, owners and ends."""

import uuid

from django.db import models
from knox.models import AuthToken


class TokenDetails(models.Model):
    """A token's name, its last use, and the id by which it is revoked.

    A token without this row works as any other: `config.accounts.tokens` adds the row when the
    token is used or listed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The database has no constraint: an older release, which does not know this table, could not
    # delete a token. What it leaves here is deleted by `config.accounts.tasks.forget`.
    token = models.OneToOneField(
        AuthToken, on_delete=models.CASCADE, related_name="details", db_constraint=False
    )
    name = models.CharField(max_length=100, blank=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        # It has no page of its own: the permissions on tokens are knox'.
        default_permissions = ()

    def __str__(self) -> str:
        return self.name or "without a name"
