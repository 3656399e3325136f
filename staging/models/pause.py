"""Pauses, which stop purchases until an operator or an account's activation ends them."""

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from modelsettings.models import ReplicateModel


class PurchasePauseQuerySet(models.QuerySet["PurchasePause"]):
    def of(self, *, model: object, account: object) -> "PurchasePauseQuerySet":
        """Return the pauses that stop purchases of a model for an account, both by their keys.

        They are those of the model, of the account, and of everything.
        """
        of_all = Q(model=None, account=None)
        return self.filter(of_all | Q(model=model) | Q(account=account))

    def by_operators(self) -> "PurchasePauseQuerySet":
        """Return the pauses that operators began; the others are of deactivated accounts."""
        return self.filter(account=None)

    def stop(self) -> bool:
        """Say whether one of these pauses is there, in the transaction that writes a purchase.

        A pause that begins meanwhile waits for the end of that transaction: `changing.pause` locks
        the table, of which this locks a part. So after a pause has begun, nothing is written.
        """
        return bool(self.select_for_update(no_key=True).order_by().values_list("pk")[:1])


class PurchasePause(models.Model):
    """A stop to the purchases of one model, of one account, or of all; what is bought goes on.

    An account's stands while the account is deactivated.
    """

    model = models.ForeignKey(
        ReplicateModel,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: every model.",
    )
    account = models.OneToOneField(
        User, on_delete=models.CASCADE, null=True, editable=False, related_name="purchase_pause"
    )
    reason = models.CharField(max_length=200, blank=True)
    by = models.CharField(max_length=200, editable=False)
    since = models.DateTimeField(default=timezone.now, editable=False)

    objects = PurchasePauseQuerySet.as_manager()

    class Meta:
        ordering = ("since",)
        constraints = [
            models.UniqueConstraint(
                # No model has the key 0, so it stands for a pause of all models.
                Coalesce("model", 0),
                condition=Q(account=None),
                name="one_pause_by_an_operator",
            ),
            models.CheckConstraint(
                condition=Q(model=None) | Q(account=None),
                name="pause_of_a_model_or_an_account",
                violation_error_message="Choose a model or an account, not both.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account or self.model or 'All purchases'}: paused"

    def clean(self) -> None:
        """Refuse a second pause in words: a form has no field of the constraint's condition."""
        others = PurchasePause.objects.by_operators().exclude(pk=self.pk)
        if self.account is None and others.filter(model=self.model).exists():
            raise ValidationError("These purchases are paused already.")

    @property
    def whose(self) -> str:
        if self.account:
            return f"Purchases of {self.account.get_username()}"
        return f"Purchases of {self.model.label}" if self.model else "All purchases"
