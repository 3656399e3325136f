"""Figures for Prometheus, read back by its own parser."""

import copy
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from config.monitoring.metrics import MOST_LIMITS
from modelsettings.models import PublishedSchema, ReplicateModel, SchemaReading
from staging.models import (
    CreationPace,
    DailyUsage,
    Heartbeat,
    Prediction,
    Project,
    SpendingLimit,
    Tallied,
    Tally,
)
from tests.missing import POSTGRES, needs
from tests.staging.finished import stage

pytestmark = pytest.mark.django_db

TOKEN = "a-token-of-twenty-or-more"
Figures = dict[tuple[str, str], float]


@pytest.fixture(autouse=True)
def _token(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN


def ask_metrics(client: Client, *, token: str = TOKEN) -> Any:
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}"})


def figures(client: Client) -> Figures:
    """Return every sample by its name and its labels, as in `day all`."""
    answer = ask_metrics(client)
    assert answer.status_code == 200, answer.content
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (sample.name.removeprefix("restage_"), " ".join(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def changed(client: Client, before: Figures) -> Figures:
    after = figures(client)
    return {name: value for name, value in after.items() if value != before[name]}


def test_metrics_are_not_there_without_a_token(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""

    assert ask_metrics(client, token="").status_code == 404


@pytest.mark.parametrize(
    "sent", ["", TOKEN, f"Bearer {TOKEN}x", "Bearer ", "Bearer \udce4", "Bearer ä"]
)
def test_metrics_refuse_another_token(client: Client, sent: str) -> None:
    answer = client.get("/metrics", HTTP_AUTHORIZATION=sent)

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert b"restage_" not in answer.content


def test_metrics_answer_under_any_name(client: Client, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["restage.example.com"]
    settings.SECURE_SSL_REDIRECT = True
    headers = {"Authorization": f"Bearer {TOKEN}", "Host": "10.0.0.7:8000"}

    assert client.get("/metrics", headers=headers).status_code == 200


def test_metrics_of_an_empty_installation_are_all_there(client: Client) -> None:
    found = figures(client)

    assert {name for name, value in found.items() if value} == {("pace_tokens", "")}
    assert {name for name, _ in found} == {
        "predictions", "oldest_prediction_seconds", "jobs", "submits_total", "rate_limited_total",
        "uncertain_purchases_total", "webhooks_total", "predictions_ended_total",
        "cost_usd_total", "unpriced_total", "pictures_total", "pace_tokens",
        "pace_blocked_seconds", "callbacks_due", "workers", "spending_limits", "sweeps_total",
        "model_updates", "models_unread",
    }  # fmt: skip


def test_metrics_of_what_waits(client: Client, operator: User) -> None:
    before = figures(client)
    stage(operator, overrides={"num_outputs": 2})
    job = stage(operator)
    job.predictions.update(status="running", created_at=F("created_at") - timedelta(minutes=5))

    found = changed(client, before)

    ages = {
        state: found.pop(("oldest_prediction_seconds", state)) for state in ("queued", "running")
    }
    assert ages["queued"] < 60 < 300 <= ages["running"] < 360
    assert found == {
        ("predictions", "queued"): 2, ("predictions", "running"): 1, ("jobs", "queued"): 2,
    }  # fmt: skip


def test_metrics_of_what_happened(client: Client, operator: User) -> None:
    before = figures(client)
    for _ in range(3):
        Tally.add(Tallied.BOUGHT)
    Tally.add(Tallied.WEBHOOK_BAD_SIGNATURE)
    DailyUsage.count(
        stage(operator),
        day=timezone.localdate(),
        outcome="succeeded",
        pictures=2,
        cost=Decimal("0.08"),
        seconds=3.0,
    )
    Prediction.objects.all().delete()

    found = changed(client, before)

    assert {name: value for name, value in found.items() if name[0] != "jobs"} == {
        ("submits_total", "bought"): 3,
        ("webhooks_total", "bad_signature"): 1,
        ("predictions_ended_total", "succeeded"): 1,
        ("pictures_total", ""): 2,
        ("cost_usd_total", ""): 0.08,
    }


def test_metrics_of_what_is_bought_count_from_the_purchase(client: Client, operator: User) -> None:
    now = timezone.now()
    for state in ("queued", "running"):
        stage(operator).predictions.update(
            status=state, created_at=now - timedelta(hours=2), intent_at=now - timedelta(hours=1)
        )

    found = figures(client)

    assert found["oldest_prediction_seconds", "queued"] >= 7200
    assert 3600 <= found["oldest_prediction_seconds", "running"] < 7200


def limit(usd: str, project: Project | None = None, **given: Any) -> SpendingLimit:
    wanted = {"period": "day", **given}
    return SpendingLimit.objects.create(usd=Decimal(usd), project=project, **wanted)


def test_metrics_of_spending_limits(client: Client, operator: User) -> None:
    project = Project.objects.create(owner=operator, name="Elm Street")
    limit("50", spent=Decimal("4.12"), reserved=Decimal("0.06"))
    limit("5", project, period="month", spent=Decimal("4.5"))

    found = {name: value for name, value in figures(client).items() if "spending" in name[0]}

    own = f"month {project.pk}"
    assert found == {
        ("spending_limit_usd", "day all"): 50, ("spending_limit_usd", own): 5,
        ("spending_spent_usd", "day all"): 4.12, ("spending_spent_usd", own): 4.5,
        ("spending_reserved_usd", "day all"): 0.06, ("spending_reserved_usd", own): 0,
        ("spending_limits", ""): 2,
    }  # fmt: skip


def test_metrics_of_a_limit_forget_a_period_that_is_over(client: Client) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    limit("50", spent=Decimal(49), reserved=Decimal(1), begins_on=yesterday)

    found = figures(client)

    assert found["spending_spent_usd", "day all"] == 0
    assert found["spending_reserved_usd", "day all"] == 0


def test_metrics_of_many_limits_show_the_fullest(client: Client, operator: User) -> None:
    projects = Project.objects.bulk_create(
        Project(owner=operator, name=f"{number}") for number in range(MOST_LIMITS)
    )
    limit("500")
    for left, project in enumerate(projects):
        limit(f"{left}", project)
    with CaptureQueriesContext(connection) as asked:
        found = figures(client)

    shown = {of for name, of in found if name == "spending_limit_usd"}
    assert shown == {"day all"} | {f"day {project.pk}" for project in projects[:-1]}
    assert found["spending_limits", ""] == MOST_LIMITS + 1
    assert [query["sql"] for query in asked if "staging_project" in query["sql"]] == []


def test_metrics_of_pace_and_workers(client: Client, settings: Settings) -> None:
    settings.STAGING_CREATIONS_PER_MINUTE = 600
    before = figures(client)
    CreationPace.block(30)
    now = timezone.now()
    for moved_at in (now, now - timedelta(hours=1)):
        Heartbeat.objects.create(
            id=uuid.uuid4(), name="a", started_at=now, seen_at=now, moved_at=moved_at
        )

    found = changed(client, before)

    assert 0 <= found.pop(("pace_tokens", "")) <= 10
    assert 25 < found.pop(("pace_blocked_seconds", "")) <= 30
    assert found == {("workers", "ready"): 1, ("workers", "late"): 1}


def test_every_tally_is_a_metric(client: Client) -> None:
    before = figures(client)
    for tallied in Tallied:
        Tally.add(tallied)

    assert changed(client, before) == {
        (f"{name}_total", label): 1 for name, label in (one.value for one in Tallied)
    }


@needs(POSTGRES)
def test_metrics_read_no_finished_row(client: Client, operator: User) -> None:
    """With a planner that may not scan a table, each query still has an index to go by."""
    stage(operator)
    with CaptureQueriesContext(connection) as asked:
        figures(client)
    plans = {}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for query in asked.captured_queries:
            cursor.execute(f"EXPLAIN {query['sql']}")
            plans[query["sql"]] = "\n".join(line for (line,) in cursor.fetchall())

    of_predictions = [plan for sql, plan in plans.items() if 'FROM "staging_prediction"' in sql]
    of_jobs = [plan for sql, plan in plans.items() if 'FROM "staging_stagingjob"' in sql]
    assert [("unfinished_predictions" in plan) for plan in of_predictions] == [True]
    assert [("job_by_status" in plan) for plan in of_jobs] == [True]


def test_updates_of_models_in_use(client: Client) -> None:
    model = ReplicateModel.objects.select_related("pinned_schema").get(is_default=True)
    other = ReplicateModel.objects.filter(is_default=False)[0]
    assert model.pinned_schema
    document = copy.deepcopy(model.pinned_schema.document)
    document["components"]["schemas"]["Input"]["properties"]["glow"] = {"type": "boolean"}
    newer = PublishedSchema.objects.create(model=model, digest="newer", document=document)
    before = figures(client)
    now = timezone.now()
    SchemaReading.objects.create(model=model, tried_at=now, read_at=now, schema=newer)
    long_ago = now - timedelta(days=3)
    SchemaReading.objects.create(model=other, tried_at=now, read_at=long_ago, why_not="Away.")

    with_update = figures(client)
    SchemaReading.objects.update(why_not="Away.", read_at=long_ago)
    unread = figures(client)

    assert (before["model_updates", "pictures"], before["models_unread", ""]) == (0, 0)
    assert {of: with_update["model_updates", of] for of in ("breaks", "pictures")} == {
        "breaks": 0,
        "pictures": 1,
    }
    assert (with_update["models_unread", ""], unread["models_unread", ""]) == (0, 1)
