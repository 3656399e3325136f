import uuid

from django.conf import settings
from django.core import signing
from django.db import models

from staging.models.picture import StagedImage


class Share(models.Model):
    """A public page of one picture, before and after, until it is revoked.

    Its address is derived from its id and SECRET_KEY, so a copy of the database does not open it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    image = models.ForeignKey(StagedImage, on_delete=models.CASCADE, related_name="shares")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = [models.Index(fields=["-created_at"], name="share_by_age")]

    def __str__(self) -> str:
        return f"Share {str(self.pk)[:8]}"

    @property
    def token(self) -> str:
        """The secret part of the page's address."""
        return _signer().signature(str(self.pk))

    @staticmethod
    def is_token(share_id: uuid.UUID, token: str) -> bool:
        """Say whether a token is this id's, by SECRET_KEY or one of its fallbacks."""
        try:
            _signer().unsign(f"{share_id}~{token}")
        except signing.BadSignature:
            return False
        return True


def _signer() -> signing.Signer:
    # Made for each use: a signer reads the keys only when it is made.
    return signing.Signer(salt="staging.share", sep="~")
