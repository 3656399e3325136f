import uuid
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from modelsettings.masking import mask
from staging.models.job import UNFINISHED, StagingJob, job_status
from staging.models.lease import Leased, LeasedQuerySet
from staging.models.pause import PurchasePause
from staging.models.spending import NO_FIGURES, SpendingLimit
from staging.models.usage import AccountUsage, DailyTime, DailyUsage

# The columns that people read, and in which secrets are masked.
_FOR_PEOPLE = ("error", "error_code")


class PredictionStatus(models.TextChoices):
    QUEUED = "queued"
    SUBMITTING = "submitting"
    RUNNING = "running"
    COLLECTING = "collecting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


def payer(column: Callable[[str], Any] = F) -> Coalesce:
    """Return `payer_id` of a prediction in a query; `payer(OuterRef)` in a query inside of one."""
    return Coalesce(column("account"), column("job__owner"))


class PredictionQuerySet(LeasedQuerySet["Prediction"]):
    def claimable(self, now: datetime) -> "PredictionQuerySet":
        """Return the predictions that no worker holds and whose pause is over."""
        return self.free(now).filter(run_after__lte=now)

    def purchasable(self, now: datetime) -> "PredictionQuerySet":
        """Return the queued predictions that may be bought now: no pause stops them."""
        paused = PurchasePause.objects.of(model=OuterRef("job__model"), account=payer(OuterRef))
        return self.claimable(now).filter(~Exists(paused), status=PredictionStatus.QUEUED)

    def paid_by(self, account: int) -> "PredictionQuerySet":
        """Return the predictions that an account pays for, by its key."""
        return self.filter(Q(account=account) | Q(account=None, job__owner=account))

    def under_way(self) -> "PredictionQuerySet":
        """Return the predictions that are bought, or may be bought already, and have not ended."""
        bought = [status for status in UNFINISHED if status != PredictionStatus.QUEUED]
        return self.filter(status__in=bought)

    def claim(self, prediction: "Prediction") -> bool:
        """Lease a prediction for STAGING_LEASE_S; say whether it is ours."""
        # Another worker may have moved it, or put it off, since it was read.
        due = self.filter(status=prediction.status, run_after__lte=timezone.now())
        return due.take(prediction, lease=timedelta(seconds=settings.STAGING_LEASE_S))

    def prolong(self, claimed: Iterable["Prediction"]) -> None:
        """Lease claimed predictions for STAGING_LEASE_S from now, where the claims still hold."""
        until = timezone.now() + timedelta(seconds=settings.STAGING_LEASE_S)
        held = Q()
        for prediction in claimed:
            held |= Q(pk=prediction.pk, lease_number=prediction.lease_number)
        self.filter(held, lease_until__isnull=False).update(lease_until=until)

    def note(self, prediction: "Prediction", **values: Any) -> bool:
        """Write values under the claim, with no change of status; say whether that still held."""
        values = _storable_values(values)
        noted = self.held(prediction).filter(status=prediction.status).update(**values)
        if noted:
            _adopt(prediction, values)
        return bool(noted)

    # No savepoint: a caller with a transaction of its own lets any error end that transaction.
    @transaction.atomic(savepoint=False)
    def move(
        self,
        prediction: "Prediction",
        target: PredictionStatus,
        *,
        by: str,
        why: str = "",
        keep_lease: bool = False,
        pictures: int = 0,
        may_have_cost: bool = False,
        **values: Any,
    ) -> bool:
        """Change the status in one conditional UPDATE; say whether it was ours to change.

        The condition is the status and the claim as `prediction` knows them; a prediction that has
        ended never changes again. The same transaction records the transition, sets the job's
        status, and counts the end and its cost. `pictures` is the number that it succeeds with.
        Where the cost is unknown and the prediction `may_have_cost` something, its whole
        reservation counts as spent.
        """
        if prediction.status not in UNFINISHED:
            return False
        reserved, reserved_on = prediction.reserved, prediction.reserved_on
        # In its new status, no limit holds the prediction yet.
        values["held_by_limit_id"] = None
        # Back in the queue it has bought nothing: its reservation is given back below.
        if target == PredictionStatus.QUEUED:
            values |= {"reserved": None, "reserved_on": None}
        if not keep_lease:
            # A new number ends the claim: a worker that still has the old one writes nothing.
            values |= {"lease_until": None, "lease_number": prediction.lease_number + 1}
        values = {**_storable_values(values), "status": target}
        now = timezone.now()
        if target not in UNFINISHED:
            values["finished_at"] = now
        source = prediction.status
        # From here on the row is locked: a webhook and a poll of the same end come one by one, and
        # the second finds another status.
        if not self.held(prediction).filter(status=source).update(**values):
            return False
        _adopt(prediction, values)
        Transition.record(prediction, source=source, target=target, at=now, by=by, why=why)
        # Rows are locked in one order: prediction, job, the day's usage, limits.
        job = _settle_job(prediction.job_id, now)
        if target not in UNFINISHED:
            _count(prediction, job, now, pictures=pictures)
        if reserved is not None and reserved_on is not None and _ends_purchase(target):
            # A known cost counts as spent. Where it is unknown, and may not be 0, all that was
            # reserved does.
            unknown = reserved if may_have_cost or pictures else Decimal(0)
            cost = unknown if prediction.cost is None else prediction.cost
            limits = SpendingLimit.objects.of_purchase(
                project=job.project_id, account=prediction.payer_id
            )
            limits.settle(reserved=reserved, reserved_on=reserved_on, cost=cost)
        return True


class Prediction(Leased):
    """One purchase: a run at Replicate for a job. Bought at most once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey(StagingJob, on_delete=models.CASCADE, related_name="predictions")
    # The account that pays: the job's owner, or the one that retried it. Empty where an older
    # release, which does not know the column, recorded it: then the owner pays (`payer_id`).
    account = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    position = models.PositiveSmallIntegerField(default=0, help_text="Its place in the job.")
    seed = models.BigIntegerField(null=True)
    status = models.CharField(
        max_length=12, choices=PredictionStatus.choices, default=PredictionStatus.QUEUED
    )
    # Its place in the queue, as a time: that of the request, less the seconds that its priority is
    # worth. So no prediction starves: later requests, however urgent, come behind it in the end.
    rank_at = models.DateTimeField(default=timezone.now)
    run_after = models.DateTimeField(default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0, help_text="Failed calls of this step.")

    photo_url = models.CharField(max_length=500, blank=True, help_text="Where Replicate reads it.")
    photo_url_until = models.DateTimeField(null=True)
    intent_at = models.DateTimeField(null=True, help_text="When the request that buys was begun.")
    replicate_id = models.CharField(max_length=64, unique=True, null=True)
    polls = models.PositiveSmallIntegerField(default=0)
    # Replicate's id of the webhook that reported its end, for the logs. The database has the
    # default as well, for an older release that does not know the column.
    webhook_id = models.CharField(max_length=100, blank=True, default="", db_default="")
    outputs = models.JSONField(default=list)
    metrics = models.JSONField(default=dict)
    broken_downloads = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="How often a picture that was fetched was broken."
    )
    # The dollars that its purchase took out of the spending limits, and the day of their periods.
    reserved = models.DecimalField(max_digits=10, decimal_places=6, null=True)
    reserved_on = models.DateField(null=True)
    # While it is queued with one of the codes in WAITING, this is the limit that refused it last.
    # It is empty after that limit was changed or deleted, until the prediction is looked at again.
    # The database has no constraint: with one, writes to waiting predictions would lock the limits'
    # rows, and hold up purchases.
    held_by_limit = models.ForeignKey(
        SpendingLimit,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    cost = models.DecimalField(max_digits=10, decimal_places=6, null=True)
    # Purchases that were found late to be for it, each of which is counted once: Replicate's id,
    # and the dollars that the limits count until it ends, as a string; null where it has ended.
    other_purchases = models.JSONField(null=True)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.TextField(blank=True)
    # It failed or was canceled, and a retry has taken its place: it no longer counts.
    is_replaced = models.BooleanField(default=False)
    cancel_asked_at = models.DateTimeField(null=True)
    # Also empty where an older release, which does not know the column, noted the wish.
    cancel_asked_by = models.CharField(max_length=150, blank=True, default="", db_default="")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    objects = PredictionQuerySet.as_manager()

    class Meta:
        ordering = ("job", "position")
        indexes = [
            models.Index(
                fields=["status", "rank_at"],
                name="unfinished_predictions",
                condition=Q(status__in=list(UNFINISHED)),
            ),
            models.Index(
                fields=["held_by_limit"],
                name="predictions_held_by_limit",
                condition=Q(held_by_limit__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Prediction {str(self.pk)[:8]}"

    @property
    def payer_id(self) -> int:
        """The key of the account that pays for it: in a query `payer` and `paid_by`."""
        return self.account_id or self.job.owner_id

    @property
    def public_error(self) -> str:
        """Its error as everybody may read it, without the figures of a limit.

        A release before this one stored them.
        """
        return NO_FIGURES.get(self.error_code, self.error)

    @property
    def intended_at(self) -> datetime:
        """The time at which the request that buys was begun; before that, the time of creation."""
        return self.intent_at or self.created_at

    @property
    def age(self) -> timedelta:
        """The time since it was bought, or may have been."""
        return timezone.now() - self.intended_at

    @property
    def webhook_token(self) -> str:
        """The secret part of this prediction's webhook address; derived, so nowhere stored."""
        return self._webhook_token(settings.SECRET_KEY)

    def is_webhook_token(self, token: str) -> bool:
        """Say whether a token is this prediction's, by SECRET_KEY or one of its fallbacks."""
        keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        return any(constant_time_compare(token, self._webhook_token(key)) for key in keys)

    def _webhook_token(self, key: str) -> str:
        made = salted_hmac("staging.webhook", str(self.pk), secret=key, algorithm="sha256")
        return made.hexdigest()[:32]


class Transition(models.Model):
    """One change of a prediction's status, with its author, time and reason."""

    prediction = models.ForeignKey(Prediction, on_delete=models.CASCADE, related_name="transitions")
    source = models.CharField(max_length=12, blank=True)
    target = models.CharField(max_length=12)
    at = models.DateTimeField()
    by = models.CharField(max_length=100)
    why = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.source} → {self.target}"

    @classmethod
    def record(
        cls,
        prediction: Prediction,
        *,
        target: str,
        at: datetime,
        by: str,
        source: str = "",
        why: str = "",
    ) -> None:
        """Store a change of status; long names and reasons are cut to their columns."""
        cls.objects.create(
            prediction=prediction,
            source=source,
            target=target,
            at=at,
            by=by[:100],
            why=mask(_storable(why))[:500],
        )


def _ends_purchase(target: PredictionStatus) -> bool:
    """Say whether a purchase has ended with this status, or did not take place."""
    return target == PredictionStatus.QUEUED or target not in UNFINISHED


def _adopt(prediction: Prediction, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(prediction, name, value)


def _storable_values(values: dict[str, Any]) -> dict[str, Any]:
    """Return values to store, with secrets masked in the columns that people read.

    A refusal may repeat the input that it refuses. Other columns stay as they are: an address may
    hold the beginning of a secret by chance, and with a part of it masked it would be of no use.
    """
    values = {name: _storable(value) for name, value in values.items()}
    masked = {name: mask(values[name]) for name in _FOR_PEOPLE if values.get(name)}
    return values | masked


def _storable(value: Any) -> Any:
    """Return a value from Replicate in a form that PostgreSQL stores.

    JSON can hold NUL and halves of surrogate pairs; a text in PostgreSQL cannot.
    """
    if isinstance(value, str):
        return value.replace("\0", "").encode(errors="replace").decode()
    if isinstance(value, list):
        return [_storable(member) for member in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(member) for name, member in value.items()}
    return value


def _settle_job(job_pk: uuid.UUID, now: datetime) -> StagingJob:
    """Set a job's status from its predictions; the lock of its row lets one writer in at a time."""
    read = StagingJob.objects.only(
        "status", "finished_at", "owner_id", "project_id", "profile_id", "model_id", "kind"
    )
    # Locked before the predictions are read: of two that end together, the second sees both ends.
    job = read.select_for_update().get(pk=job_pk)
    counted = Prediction.objects.filter(job=job_pk, is_replaced=False)
    status = job_status(list(counted.values_list("status", flat=True)))
    finished_at = job.finished_at
    if status != job.status:
        finished_at = None if status in UNFINISHED else now
    StagingJob.objects.filter(pk=job_pk).update(
        status=status, finished_at=finished_at, changed_at=now
    )
    return job


def _count(prediction: Prediction, job: StagingJob, now: datetime, *, pictures: int) -> None:
    # What it waited for before, its turn, a limit or a pause, is no time of its model.
    ran = now - prediction.intended_at
    end: dict[str, Any] = {
        "day": timezone.localdate(now),
        "outcome": prediction.status,
        "pictures": pictures,
        "cost": prediction.cost,
        "seconds": ran.total_seconds() if pictures else 0.0,
    }
    account_pk = prediction.payer_id
    DailyUsage.count(job, **end)
    AccountUsage.count(job, account_pk=account_pk, **end)
    if pictures:
        DailyTime.count(job, day=end["day"], account_pk=account_pk, seconds=end["seconds"])


def count_cost(prediction: Prediction, cost: Decimal, *, day: date) -> None:
    """Add what a purchase has cost to the usage of a day, beside the ends that are counted there.

    Called in the transaction that notes the purchase, after the locks of prediction and job.
    """
    job = prediction.job
    found: dict[str, Any] = {
        "day": day, "outcome": "", "pictures": 0, "cost": cost, "seconds": 0.0,
    }  # fmt: skip
    DailyUsage.count(job, **found)
    AccountUsage.count(job, account_pk=prediction.payer_id, **found)


def running_time(job: StagingJob, predictions: Iterable[Prediction]) -> timedelta | None:
    """Return how long a job ran: from its first purchase to its end, without what it waited before.

    None where it has not ended, or nothing was bought.
    """
    bought = [
        prediction.intent_at
        for prediction in predictions
        if prediction.intent_at and not prediction.is_replaced
    ]
    return job.finished_at - min(bought) if job.finished_at and bought else None


def total_cost(predictions: list[Prediction]) -> Decimal | None:
    """Return the sum of the known costs; None where none is known."""
    known = [prediction.cost for prediction in predictions if prediction.cost is not None]
    return sum(known, Decimal(0)) if known else None
