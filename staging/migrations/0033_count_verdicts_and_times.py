"""Counts verdicts and running times of what there is; takes the waits out of the days' seconds.

Until now a day's seconds ran from the request. From now on they run from the purchase, so that what
a job waited for is no time of its model. What was deleted since keeps its seconds.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import migrations
from django.db.models import Count, F
from django.utils import timezone

VERDICTS = ("accepted", "rejected")
# The rows that one statement writes.
BATCH = 1000


def count_verdicts(apps: Any, _schema_editor: Any) -> None:
    images = apps.get_model("staging", "StagedImage").objects.filter(
        verdict__in=VERDICTS, prediction__finished_at__isnull=False
    )
    made = Count("prediction__images")
    rows = images.order_by().annotate(made=made).values_list(
        "verdict", "made", "prediction__cost", "prediction__finished_at", "prediction__account",
        "prediction__job__owner", "prediction__job__project", "prediction__job__profile",
        "prediction__job__kind",
    )
    by_project: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    by_account: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for verdict, made, cost, end, payer, owner, project, profile, kind in rows.iterator():
        day = timezone.localdate(end)
        added: dict[str, Any] = {verdict: 1}
        if verdict == "rejected":
            added["rejected_cost"] = round((cost or Decimal(0)) / made, 6)
        by_project[day, project, profile].update(added)
        by_account[day, payer or owner, project, profile, kind].update(added)
    _add(apps, by_project, by_account)


def count_times(apps: Any, _schema_editor: Any) -> None:
    waited_in_project: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    waited_of_account: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    times: Counter[tuple[Any, ...]] = Counter()
    for (
        asked, bought, end, payer, owner, project, model, profile, kind
    ) in _succeeded(apps).iterator():
        day, account = timezone.localdate(end), payer or owner
        waits = {"seconds": -(bought - asked).total_seconds()}
        waited_in_project[day, project, profile].update(waits)
        waited_of_account[day, account, project, profile, kind].update(waits)
        took_ms = two_digits((end - bought).total_seconds())
        times[day, account, project, model, profile, took_ms] += 1
    _add(apps, waited_in_project, waited_of_account)
    DailyTime = apps.get_model("staging", "DailyTime")
    DailyTime.objects.bulk_create(_rows(DailyTime, times), batch_size=BATCH)


def count_waits_again(apps: Any, _schema_editor: Any) -> None:
    waited_in_project: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    waited_of_account: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for (
        asked, bought, end, payer, owner, project, _model, profile, kind
    ) in _succeeded(apps).iterator():
        day = timezone.localdate(end)
        waits = {"seconds": (bought - asked).total_seconds()}
        waited_in_project[day, project, profile].update(waits)
        waited_of_account[day, payer or owner, project, profile, kind].update(waits)
    _add(apps, waited_in_project, waited_of_account)


def two_digits(seconds: float) -> int:
    milliseconds = max(1, round(seconds * 1000))
    step = 10 ** max(0, len(str(milliseconds)) - 2)
    return round(milliseconds / step) * step


def _succeeded(apps: Any) -> Any:
    ended = apps.get_model("staging", "Prediction").objects.filter(
        status="succeeded", intent_at__isnull=False, finished_at__isnull=False
    )
    return ended.order_by().values_list(
        "created_at", "intent_at", "finished_at", "account", "job__owner", "job__project",
        "job__model", "job__profile", "job__kind",
    )


def _rows(DailyTime: Any, times: Counter[tuple[Any, ...]]) -> Iterable[Any]:
    for (day, account, project, model, profile, took_ms), number in times.items():
        yield DailyTime(
            day=day, account_id=account, project_id=project, model_id=model, profile_id=profile,
            took_ms=took_ms, number=number,
        )


def _add(apps: Any, by_project: dict[Any, Any], by_account: dict[Any, Any]) -> None:
    """Add to the rows of usage; what no row counts, because it ended before, stays uncounted."""
    daily, accounts = (
        apps.get_model("staging", noun).objects for noun in ("DailyUsage", "AccountUsage")
    )
    for (day, project, profile), added in by_project.items():
        _add_to(daily.filter(day=day, project=project, profile=profile), added)
    for (day, account, project, profile, kind), added in by_account.items():
        of_day = accounts.filter(day=day, account=account, project=project, profile=profile)
        _add_to(of_day.filter(kind=kind), added)


def _add_to(rows: Any, added: dict[str, Any]) -> None:
    rows.update(**{name: F(name) + more for name, more in added.items()})


class Migration(migrations.Migration):
    dependencies = [("staging", "0032_verdicts_and_times_of_days")]

    operations = [
        # Backwards the columns go, and with them what was counted.
        migrations.RunPython(count_verdicts, migrations.RunPython.noop),
        migrations.RunPython(count_times, count_waits_again),
    ]
