"""Items of the first page: each thing that needs an operator, and the page that it leads to."""

import copy
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from config.dashboard.attention import Item, find_items
from modelsettings import updates
from modelsettings.actors import Actor
from modelsettings.models import PublishedSchema, ReplicateModel, SchemaReading
from staging.models import (
    BatchPhoto,
    Callback,
    CreationPace,
    DeliveryStatus,
    Notice,
    NoticeDelivery,
    NoticeKind,
    Prediction,
    Project,
    SpendingLimit,
    StagingBatch,
    StagingJob,
)
from staging.notices import watching
from staging.notices.conditions import find_conditions
from staging.predictions import submission
from staging.spending.changing import pause
from tests.config.dashboard.days import end, fail
from tests.staging.conftest import QWEN, Ask, Sandbox, ask, sandbox
from tests.staging.limits import limit, spend, unprice

__all__ = ["ask", "sandbox"]

pytestmark = pytest.mark.django_db

JOBS = "/admin/staging/stagingjob/"
LIMITS = "/admin/staging/spendinglimit/"
NOTICES = "/admin/staging/notice/"


def items() -> list[Item]:
    return find_items(timezone.localdate())


def sentences() -> list[str]:
    return [item.sentence for item in items()]


def page_of(job: StagingJob) -> str:
    return f"{JOBS}{job.pk}/change/"


def failed_today() -> str:
    return f"{JOBS}?status__exact=failed&created_from={timezone.localdate().isoformat()}"


def make_late(job: StagingJob) -> None:
    earlier = timezone.now() - timedelta(minutes=5)
    StagingJob.objects.filter(pk=job.pk).update(created_at=earlier)
    job.predictions.update(run_after=earlier)


def test_no_item_where_all_is_well(ask: Ask) -> None:
    end(ask())
    ask()

    assert items() == []


def test_missing_token(settings: Settings) -> None:
    settings.REPLICATE_API_TOKEN = ""

    assert items() == [
        Item(
            key="token",
            sentence="Restage has no access to Replicate: jobs wait, and fail after ten minutes.",
            hint="Set REPLICATE_API_TOKEN, and start Restage again.",
            is_urgent=True,
            stays=True,
        )
    ]


def test_missing_worker_where_jobs_wait(ask: Ask) -> None:
    make_late(ask())
    missed = items()
    CreationPace.take(1)

    assert missed == [
        Item(
            key="worker",
            sentence="Jobs wait, and no worker takes them: an administrator has to start one.",
            hint="Start celery -A config worker, and celery -A config beat.",
            link=f"{JOBS}?status__exact=queued",
            is_urgent=True,
        )
    ]
    assert items() == []


def test_worker_is_not_missed_while_purchases_are_paused(ask: Ask) -> None:
    make_late(ask())
    stands = pause(by="olga", reason="the prompts are wrong")

    assert items() == [
        Item(
            key=f"pause-{stands.pk}",
            sentence="All purchases are paused by olga.",
            detail="the prompts are wrong",
            link="/admin/staging/purchasepause/",
            needs="staging.purchasepause",
        )
    ]


def test_pause_of_a_model(db: None) -> None:
    pause(model=ReplicateModel.objects.get(slug=QWEN), by="olga")

    assert sentences() == ["Purchases of Qwen Image Edit are paused by olga."]


def test_queue_of_a_deactivated_account(ask: Ask, operator: User, stranger: User) -> None:
    job = ask(overrides={"num_outputs": 2})
    held = pause(account=operator, by="root")
    pause(account=stranger, by="root")

    assert items() == [
        Item(
            key=f"queue-{held.pk}",
            sentence=(
                "2 predictions of olga wait: the account was deactivated."
                " Hand over what it has queued, or cancel it."
            ),
            link=f"/admin/staging/purchasepause/{held.pk}/queue/",
            is_urgent=True,
            needs="staging.purchasepause",
        )
    ]
    job.predictions.update(status="canceled")
    assert items() == []


@pytest.mark.parametrize("kind", [NoticeKind.STANDSTILL, NoticeKind.FAILURES])
def test_notice_that_stands(db: None, kind: NoticeKind) -> None:
    watching.tell(kind, "waiting", "Nothing moves.")
    stands = items()
    Notice.objects.update(over_at=timezone.now())

    assert stands == [
        Item(
            key="notice-waiting",
            sentence="Nothing moves.",
            link=NOTICES,
            is_urgent=True,
            needs="staging.notice",
        )
    ]
    assert items() == []


def test_notice_of_a_limit_is_not_shown_beside_the_limit(db: None) -> None:
    limit("1")
    spend("0.9")
    watching.look()

    assert sentences() == ["All projects have used 90 % of $1.00 a day: $0.10 is left."]


@pytest.mark.parametrize(
    ("spent", "said"),
    [
        ("0.80", "All projects have used 80 % of $1.00 a day: $0.20 is left."),
        # No room for one more picture at $0.03.
        ("0.98", "All projects have too little left of $1.00 a day: new purchases wait for the"
         " next day."),
    ],
)  # fmt: skip
def test_limit_that_is_nearly_used(db: None, spent: str, said: str) -> None:
    pk = limit("1").pk
    spend(spent)

    assert items() == [
        Item(key=f"limit-{pk}", sentence=said, link=LIMITS, needs="staging.spendinglimit")
    ]


def test_limit_that_something_waits_for(sandbox: Sandbox, ask: Ask) -> None:
    pk = limit("0.02").pk
    ask(model=QWEN)
    submission.submit_waiting()

    assert items() == [
        Item(
            key=f"limit-{pk}",
            sentence=(
                "All projects have too little left of $0.02 a day: 1 prediction waits for budget."
            ),
            link=LIMITS,
            is_urgent=True,
            needs="staging.spendinglimit",
        )
    ]


@pytest.mark.parametrize("usd", ["0", "1"])
@pytest.mark.parametrize("spent", ["0", "0.79", "0.8", "0.97", "0.98", "1", "1.2"])
def test_page_and_notices_are_of_one_mind_about_limits(db: None, usd: str, spent: str) -> None:
    limit(usd)
    spend(spent)

    assert sentences() == [condition.sentence for condition in find_conditions(timezone.now())]


def test_model_that_waits_for_an_estimate(sandbox: Sandbox, ask: Ask) -> None:
    limit("1")
    ask(model=QWEN)
    model = unprice()
    submission.submit_waiting()
    one = items()
    ask(model=QWEN)
    submission.submit_waiting()

    assert one == [
        Item(
            key=f"estimate-{model.pk}",
            sentence="1 prediction of Qwen Image Edit waits for an estimate of what it costs.",
            link="/admin/staging/priceestimate/",
            is_urgent=True,
            needs="staging.priceestimate",
        )
    ]
    assert sentences() == [
        "2 predictions of Qwen Image Edit wait for an estimate of what it costs."
    ]


def test_undecided_purchase_is_kept(ask: Ask) -> None:
    job = ask()
    fail(job, "undecided")
    StagingJob.objects.update(created_at=timezone.now() - timedelta(days=2))

    assert items() == [
        Item(
            key="undecided",
            sentence="1 purchase undecided: whether it was made is not known. Look at Replicate's"
            " list, then retry or leave it.",
            where="a photo in Unsorted",
            link=page_of(job),
            is_urgent=True,
        )
    ]


def test_undecided_purchases_lead_to_those_of_thirty_days(ask: Ask) -> None:
    fail(ask(), "undecided")
    fail(ask(), "undecided")

    (item,) = items()

    assert item.sentence == (
        "2 purchases undecided: whether they were made is not known. Look at Replicate's list,"
        " then retry or leave it."
    )
    first = timezone.localdate() - timedelta(days=30)
    assert item.link == f"{JOBS}?status__exact=failed&created_from={first.isoformat()}"


def test_undecided_purchase_that_was_tried_again(ask: Ask) -> None:
    fail(ask(), "undecided")
    Prediction.objects.update(is_replaced=True)

    assert items() == []


def test_failures_are_grouped_by_reason(ask: Ask) -> None:
    late = ask()
    fail(late, "deadline", error="It took 601 s.")
    new = ask()
    fail(new, "something_new")
    for _ in range(2):
        fail(ask(), "model_failed")

    assert items() == [
        Item(
            key="failed-model_failed",
            sentence="2 jobs failed: the model failed.",
            detail="E005: flagged.",
            where="a photo in Unsorted",
            link=failed_today(),
        ),
        Item(
            key="failed-something_new",
            sentence="1 job failed: something_new.",
            detail="E005: flagged.",
            where="a photo in Unsorted",
            link=page_of(new),
        ),
        Item(
            key="failed-deadline",
            sentence="1 job failed: it took too long.",
            detail="It took 601 s.",
            where="a photo in Unsorted",
            link=page_of(late),
        ),
    ]


def test_failure_before_today_is_forgotten(ask: Ask) -> None:
    fail(ask(), "model_failed")
    StagingJob.objects.update(created_at=timezone.now() - timedelta(days=2))

    assert items() == []


def test_prediction_that_waits_for_another_try(ask: Ask) -> None:
    job = ask()
    Prediction.objects.update(error="Replicate asks for credit.")

    assert items() == [
        Item(
            key="stuck",
            sentence="1 prediction waiting for another try.",
            detail="Replicate asks for credit.",
            where="a photo in Unsorted",
            link=page_of(job),
        )
    ]


@pytest.mark.parametrize("code", ["over_limit", "no_estimate"])
def test_prediction_that_waits_under_a_limit_is_not_tried_again(ask: Ask, code: str) -> None:
    ask()
    Prediction.objects.update(error="No room.", error_code=code)

    assert "1 prediction waiting for another try." not in sentences()


def publish_update(slug: str) -> ReplicateModel:
    """Have an update wait that leaves less than the stored output quality of 80."""
    model = ReplicateModel.objects.select_related("pinned_schema").get(slug=slug)
    assert model.pinned_schema
    document = copy.deepcopy(model.pinned_schema.document)
    inputs = document["components"]["schemas"]["Input"]["properties"]
    inputs["output_quality"] |= {"default": 50, "maximum": 50}
    schema = PublishedSchema.objects.create(
        model=model, digest=slug, version="2", document=document
    )
    now = timezone.now()
    SchemaReading.objects.create(model=model, tried_at=now, read_at=now, schema=schema)
    return model


@pytest.mark.usefixtures("operator")
def test_update_of_the_default_model() -> None:
    model = publish_update(QWEN)

    assert items() == [
        Item(
            key=f"drift-{model.pk}",
            sentence="Qwen Image Edit has an update: it breaks what is stored.",
            link=f"/admin/modelsettings/modelsettings/{model.live_profile_id}/change/#model",
            needs="modelsettings.modelsettings",
            is_urgent=True,
        )
    ]


@pytest.mark.usefixtures("operator")
def test_ignored_update_is_no_item() -> None:
    updates.ignore(publish_update(QWEN), by=Actor("ann"))

    assert items() == []


def test_update_of_a_model_that_is_not_used_is_no_item(operator: User) -> None:
    model = publish_update("black-forest-labs/flux-kontext-dev")
    before = sentences()

    Project.objects.create(name="Elm Street", owner=operator, model=model)

    assert before == []
    assert sentences() == [f"{model.label} has an update: it breaks what is stored."]


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize(("days", "is_told"), [(1, False), (3, True)])
def test_model_that_could_not_be_read(days: int, is_told: bool) -> None:
    now = timezone.now()
    SchemaReading.objects.create(
        model=ReplicateModel.objects.get(slug=QWEN),
        tried_at=now,
        why_not="Replicate refuses the token.",
        read_at=now - timedelta(days=days),
    )

    found = [(item.sentence, item.detail) for item in items()]

    sentence = (
        "Not read from Replicate for two days: Qwen Image Edit. Whether anything has changed"
        " is not known."
    )
    assert found == ([(sentence, "Replicate refuses the token.")] if is_told else [])


@pytest.mark.parametrize(
    "change",
    [
        {"status": "waiting"},
        {"status": "failed", "created_at": timezone.now() - timedelta(days=2)},
    ],
)
def test_callback_that_needs_nothing(ask: Ask, change: dict[str, Any]) -> None:
    callback = Callback.objects.create(job=ask(), url="https://client.example/hook")
    Callback.objects.filter(pk=callback.pk).update(**change)

    assert items() == []


def test_callback_that_was_given_up(ask: Ask) -> None:
    Callback.objects.create(job=ask(), url="https://client.example/hook", status="failed")

    assert items() == [
        Item(
            key="callbacks",
            sentence="1 callback not delivered to the address its client named.",
            where="a photo in Unsorted",
            link="/admin/staging/callback/?status__exact=failed",
            needs="staging.callback",
        )
    ]


def test_photos_that_a_batch_refused(ask: Ask) -> None:
    job = ask()
    batch = StagingBatch.objects.create(owner=job.owner, project=job.project, styles=["modern"])
    for position, status in enumerate(["refused", "staged", "refused", "waiting"]):
        BatchPhoto.objects.create(
            batch=batch,
            position=position,
            name=f"{position}.jpg",
            room_type="bedroom",
            status=status,
        )

    assert items() == [
        Item(
            key=f"batch-{batch.pk}",
            sentence="2 photos of a batch refused.",
            where="0.jpg and 2.jpg in Unsorted",
            link=reverse("admin:staging_stagingbatch_change", args=[batch.pk]),
            needs="staging.stagingbatch",
        )
    ]


def test_notice_that_was_given_up(db: None) -> None:
    notice = watching.tell(NoticeKind.TEST, "test", "This is a test.", is_over=True)
    assert notice
    NoticeDelivery.objects.create(
        notice=notice, channel="email", status=DeliveryStatus.FAILED, error="No such host."
    )

    assert items() == [
        Item(
            key="notices",
            sentence="1 notice could not be sent.",
            detail="No such host.",
            link=NOTICES,
            needs="staging.notice",
        )
    ]


def test_mail_to_a_batchs_owner_that_was_given_up_is_no_notice_to_operators(ask: Ask) -> None:
    project = ask().project
    batch = StagingBatch.objects.create(owner=project.owner, project=project, styles=["modern"])
    watching.tell_of_batch(batch, "It is done.")
    NoticeDelivery.objects.create(
        notice=Notice.objects.get(), channel="email", status=DeliveryStatus.FAILED, error="No host."
    )

    assert items() == []


def test_notice_that_was_sent_needs_nothing(db: None) -> None:
    watching.tell(NoticeKind.TEST, "test", "This is a test.", is_over=True)

    assert items() == []


def test_stopped_work_comes_before_the_rest(ask: Ask, settings: Settings) -> None:
    settings.REPLICATE_API_TOKEN = ""
    make_late(ask())
    fail(ask(), "model_failed")
    fail(ask(), "undecided")
    spent = limit("1")
    SpendingLimit.objects.filter(pk=spent.pk).update(spent="0.9")
    watching.tell(NoticeKind.STANDSTILL, "waiting", "Nothing moves.")
    job = ask()
    job.predictions.update(error="Replicate asks for credit.")
    Callback.objects.create(job=job, url="https://client.example/hook", status="failed")

    assert [item.key for item in items()] == [
        "token", "worker", "notice-waiting", f"limit-{spent.pk}", "undecided",
        "failed-model_failed", "stuck", "callbacks",
    ]  # fmt: skip


@pytest.mark.usefixtures("operator")
def test_update_makes_one_notice() -> None:
    publish_update("black-forest-labs/flux-kontext-dev")
    publish_update(QWEN)

    watching.look()
    watching.look()

    sentence = "Qwen Image Edit has an update: it breaks what is stored."
    assert list(Notice.objects.values_list("kind", "sentence")) == [(NoticeKind.UPDATE, sentence)]
    assert sentences() == [sentence]
