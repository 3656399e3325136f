"""The admin's pages of what may be spent: limits, estimates, pauses, and what others say of it."""

import html
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from modelsettings.models import ReplicateModel
from modelsettings.schema.form_schema import form_document
from modelsettings.settings import get_settings
from staging.models import (
    DailyUsage,
    Prediction,
    PriceEstimate,
    Project,
    PurchasePause,
    SpendingLimit,
    StagingJob,
)
from staging.predictions import submission
from staging.spending.changing import pause, save_limit
from tests.staging.conftest import QWEN, Ask, Sandbox, only
from tests.staging.finished import make_usage
from tests.staging.limits import limit, unprice, used
from tests.staging.pages import shown

pytestmark = pytest.mark.django_db

LIMITS = "/admin/staging/spendinglimit/"
ESTIMATES = "/admin/staging/priceestimate/"
PAUSES = "/admin/staging/purchasepause/"
PRICE = Decimal("0.03")


@pytest.fixture
def waiting(sandbox: Sandbox, ask: Ask) -> StagingJob:
    """A job that waits for room under a limit of a day of all."""
    limit("0.02")
    job = ask(model=QWEN)
    submission.submit_waiting()
    assert only(job).error_code == "over_limit"
    return job


def test_empty_list_says_what_to_do_first(admin_page: Client) -> None:
    page = shown(admin_page, LIMITS)

    assert "No limit yet: everything that is asked for is bought" in page
    assert "Add a limit" in page


def test_list_says_what_is_spent_reserved_and_left(
    admin_page: Client, sandbox: Sandbox, ask: Ask
) -> None:
    limit("50.00")
    SpendingLimit.objects.update(spent=Decimal("4.12"))
    ask(model=QWEN)
    submission.submit_waiting()

    page = shown(admin_page, LIMITS)

    assert "All projects $50.00 a day" in page
    assert "8 % used $4.12 spent, $0.03 held, $45.85 left waits nothing" in page


def test_list_writes_large_sums_readably(admin_page: Client) -> None:
    limit("12500")

    page = shown(admin_page, LIMITS)

    assert "$12,500.00 a day" in page
    assert "$12,500.00 left" in page


def test_list_shows_a_period_that_is_over_as_unused(admin_page: Client) -> None:
    limit("50.00")
    yesterday = timezone.localdate() - timedelta(days=1)
    SpendingLimit.objects.update(spent=Decimal("49"), begins_on=yesterday)

    assert "0 % used $0.00 spent, $0.00 held, $50.00 left" in shown(admin_page, LIMITS)


def test_list_says_used_up_where_nothing_is_left(admin_page: Client) -> None:
    limit("0")

    assert "used up $0.00 spent, $0.00 held, $0.00 left" in shown(admin_page, LIMITS)


def test_list_says_how_many_wait(admin_page: Client, waiting: StagingJob) -> None:
    limit("5", period="month")

    page = shown(admin_page, LIMITS)

    assert "too little left $0.00 spent, $0.00 held, $0.02 left waits 1 prediction" in page
    assert "0 % used $0.00 spent, $0.00 held, $5.00 left waits nothing" in page


@pytest.mark.usefixtures("sandbox")
def test_list_costs_the_same_however_many_there_are(
    admin_page: Client, operator: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    limit("1")
    admin_page.get(LIMITS)
    with django_assert_num_queries(LIST_QUERIES):
        admin_page.get(LIMITS)
    for number in range(5):
        project = Project.objects.create(owner=operator, name=f"Elm Street {number}")
        limit("1", project=project)

    with django_assert_num_queries(LIST_QUERIES):
        admin_page.get(LIMITS)


# Session and account 2, permissions 2, limits 2, the default's price 2, what waits 1, pauses 2,
# changes 1.
LIST_QUERIES = 13


def test_add_counts_what_its_period_cost_so_far(
    admin_page: Client, sandbox: Sandbox, ask: Ask
) -> None:
    ask(model=QWEN)
    submission.submit_waiting()

    answer = admin_page.post(f"{LIMITS}add/", {"period": "day", "usd": "2", "when_over": "wait"})

    assert answer.status_code == 302
    assert used(SpendingLimit.objects.get()) == (0, PRICE)
    assert str(LogEntry.objects.get()) == "Added “All projects, $2.00 a day”."


def test_add_for_a_project_is_preselected(admin_page: Client, operator: User) -> None:
    project = Project.objects.create(owner=operator, name="12 Elm Street")

    page = admin_page.get(f"{LIMITS}add/?project={project.pk}").content.decode()

    assert f'<option value="{project.pk}" selected' in page


def test_add_for_an_account(admin_page: Client, stranger: User) -> None:
    answer = admin_page.post(
        f"{LIMITS}add/", {"account": "sam", "period": "day", "usd": "2", "when_over": "wait"}
    )

    assert answer.status_code == 302
    assert SpendingLimit.objects.get().account == stranger
    page = shown(admin_page, LIMITS)
    assert "sam an account" in page
    assert "$2.00 a day" in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"account": "nobody"}, "There is nobody called nobody."),
        ({"account": "sam"}, "Choose a project or an account, not both."),
    ],
)
def test_add_for_an_account_is_refused_in_words(
    admin_page: Client, stranger: User, wrong: dict[str, str], said: str
) -> None:
    project = Project.objects.create(owner=stranger, name="12 Elm Street")
    sent = {"project": str(project.pk), "period": "day", "usd": "2", "when_over": "wait"}

    assert said in shown_after(admin_page, sent | wrong)


def test_first_page_offers_a_limit_in_one_click(admin_page: Client, operator: User) -> None:
    own = Project.objects.unsorted_of(operator)
    make_usage(own, day=timezone.localdate(), succeeded=1, cost="31.20")

    assert "No spending limit is set" in shown(admin_page, "/admin/")
    answer = admin_page.post(f"{LIMITS}first/", follow=True)

    limit = SpendingLimit.objects.get()
    assert (str(limit), limit.period) == ("All projects, $70.00 a day", "day")
    assert f'href="{LIMITS}{limit.pk}/delete/">undo it</a>' in answer.content.decode()
    assert str(LogEntry.objects.get()) == "Added “All projects, $70 a day”."
    assert "No spending limit is set" not in shown(admin_page, "/admin/")


def test_first_limit_is_not_set_beside_another(admin_page: Client, stranger: User) -> None:
    limit("5", account=stranger, period="month")

    assert "No spending limit is set" not in shown(admin_page, "/admin/")
    admin_page.post(f"{LIMITS}first/")

    assert SpendingLimit.objects.count() == 1


def test_first_limit_is_offered_to_those_who_may_add_limits(stranger: User) -> None:
    stranger.is_staff = True
    stranger.save()
    client = Client()
    client.force_login(stranger)

    assert "No spending limit is set" not in client.get("/admin/").content.decode()
    assert client.post(f"{LIMITS}first/").status_code == 403


def test_first_limit_of_a_site_without_a_past(admin_page: Client) -> None:
    assert "Limit all projects to $20 a day" in shown(admin_page, "/admin/")


def test_a_limit_for_every_account(admin_page: Client, operator: User, stranger: User) -> None:
    limit("5", account=operator)

    assert "1 account has no limit of a day." in shown(admin_page, f"{LIMITS}accounts/")
    sent = {"period": "day", "usd": "20", "when_over": "refuse"}
    answer = admin_page.post(f"{LIMITS}accounts/", sent, follow=True)

    page = html.unescape(answer.content.decode())
    assert "1 account may spend $20.00 a day each now. Others keep the limit they have." in page
    limits = SpendingLimit.objects.order_by("account__username")
    assert list(limits.values_list("account__username", "usd", "when_over")) == [
        ("olga", Decimal(5), "wait"), ("sam", Decimal(20), "refuse"),
    ]  # fmt: skip
    assert str(LogEntry.objects.get()) == "Added “sam, $20.00 a day”."


def test_a_limit_for_every_account_is_refused_in_words(admin_page: Client) -> None:
    sent = {"period": "day", "usd": "-1", "when_over": "wait"}

    page = html.unescape(admin_page.post(f"{LIMITS}accounts/", sent).content.decode())

    assert "Ensure this value is greater than or equal to 0." in page
    assert not SpendingLimit.objects.exists()


def test_second_limit_of_a_period_is_refused_in_words(admin_page: Client) -> None:
    limit("1")

    page = shown_after(admin_page, {"period": "day", "usd": "2", "when_over": "wait"})

    assert "There is a limit of this period: change that one." in page


def shown_after(client: Client, posted: dict[str, str]) -> str:
    answer = client.post(f"{LIMITS}add/", posted)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def test_higher_limit_lets_go_on_what_waits(
    admin_page: Client,
    waiting: StagingJob,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    pk = SpendingLimit.objects.get().pk

    with django_capture_on_commit_callbacks(execute=True) as wakes:
        admin_page.post(f"{LIMITS}{pk}/change/", {"usd": "5", "when_over": "wait"})
    submission.submit_waiting()

    assert (len(wakes), only(waiting).status) == (1, "running")


def test_change_keeps_whose_it_is(admin_page: Client, operator: User) -> None:
    """Its sums are of that project and period."""
    one = limit("1")
    other = Project.objects.create(owner=operator, name="Other")
    posted = {"usd": "2", "when_over": "refuse", "project": str(other.pk), "period": "month"}

    admin_page.post(f"{LIMITS}{one.pk}/change/", posted)

    one.refresh_from_db()
    assert (str(one), one.when_over) == ("All projects, $2.00 a day", "refuse")


def test_delete_lets_go_on_what_waits(
    admin_page: Client,
    waiting: StagingJob,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    pk = SpendingLimit.objects.get().pk
    assert "What waits for budget goes on." in shown(admin_page, f"{LIMITS}{pk}/delete/")

    with django_capture_on_commit_callbacks(execute=True):
        admin_page.post(f"{LIMITS}{pk}/delete/", {"post": "yes"})
    submission.submit_waiting()

    assert (SpendingLimit.objects.count(), only(waiting).status) == (0, "running")


def test_latest_changes_stand_below(admin_page: Client) -> None:
    admin_page.post(f"{LIMITS}add/", {"period": "day", "usd": "2", "when_over": "wait"})

    assert "Added: All projects, $2.00 a day olga" in shown(admin_page, LIMITS)


def test_latest_changes_are_those_that_one_may_see(admin_page: Client, stranger: User) -> None:
    added = {"period": "day", "usd": "4321", "when_over": "wait"}
    admin_page.post(f"{LIMITS}add/", added)
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.add(Permission.objects.get(codename="view_purchasepause"))
    viewer = Client()
    viewer.force_login(stranger)

    page = viewer.get(PAUSES).content.decode()

    assert "4321" not in page
    assert "4321" in admin_page.get(PAUSES).content.decode()


def test_project_page_shows_its_limits(admin_page: Client, operator: User) -> None:
    project = Project.objects.create(owner=operator, name="12 Elm Street")
    other = Project.objects.create(owner=operator, name="Other")
    limit("50")
    limit("5", project=project)
    limit("7", project=other)

    page = shown(admin_page, f"/admin/staging/project/{project.pk}/change/")

    assert "All projects together, $50.00 a day $0.00 spent, $0.00 held, $50.00 left" in page
    assert "This project, $5.00 a day" in page
    assert "$7.00" not in page


def test_job_page_says_why_it_waits(admin_page: Client, waiting: StagingJob) -> None:
    page = shown(admin_page, f"/admin/staging/stagingjob/{waiting.pk}/change/")

    assert "Waits for budget. All projects may spend $0.02 a day: $0.02 is left" in page
    assert "Failed" not in page


def test_job_in_the_api_says_why_it_waits(api: Client, waiting: StagingJob) -> None:
    error = api.get(f"/api/v1/staging/jobs/{waiting.pk}").json()["error"]

    assert error == {
        "code": "over_limit",
        "detail": "All projects may spend $0.02 a day: $0.02 is left, which is too little.",
    }


def test_first_page_says_what_is_left_today(admin_page: Client, ask: Ask) -> None:
    ask(model=QWEN)
    limit("50")
    SpendingLimit.objects.update(spent=Decimal("4.12"), reserved=Decimal("0.6"))

    page = shown(admin_page, "/admin/")

    assert "Spent today $4.12 of $50.00 $0.60 held, $45.28 left ; $0.00 in 7 days" in page


def test_first_page_hides_the_limit_from_those_who_may_not_see_it(ask: Ask, stranger: User) -> None:
    ask(model=QWEN)
    limit("50")
    SpendingLimit.objects.update(spent=Decimal(49))
    stranger.is_staff = True
    stranger.save()
    may = ("view_stagingjob", "view_dailyusage", "all_projects")
    stranger.user_permissions.set(Permission.objects.filter(codename__in=may))
    client = Client()
    client.force_login(stranger)

    page = shown(client, "/admin/")

    assert ("Spent today $0.00" in page, "$50" in page) == (True, False)


def test_estimates_list_the_models_without_a_price(admin_page: Client) -> None:
    model = unprice()
    assert model.live_profile_id
    DailyUsage.objects.create(
        day=timezone.localdate(), project_id=Project().pk, project_name="Gone", model=model,
        profile_id=model.live_profile_id, succeeded=3, unpriced=1, cost=Decimal("0.08"),
    )  # fmt: skip

    page = shown(admin_page, ESTIMATES)

    assert "Qwen Image Edit price unknown $0.04 on average none: waits under a limit" in page
    assert "Seedream 4" not in page


def test_estimate_lets_go_on_what_waits_for_it(
    admin_page: Client,
    sandbox: Sandbox,
    ask: Ask,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    limit("1")
    job = ask(model=QWEN)
    model = unprice()
    submission.submit_waiting()
    page = shown(admin_page, f"/admin/staging/stagingjob/{job.pk}/change/")
    assert "Waits for an estimate. All projects may spend $1.00 a day, and nobody knows" in page

    with django_capture_on_commit_callbacks(execute=True):
        answer = admin_page.post(f"{ESTIMATES}add/", {"model": str(model.pk), "usd": "0.25"})
    submission.submit_waiting()

    assert (answer.status_code, only(job).status) == (302, "running")
    assert "$0.25 a prediction" in shown(admin_page, ESTIMATES)


def test_estimate_below_nothing_is_refused(admin_page: Client) -> None:
    answer = admin_page.post(f"{ESTIMATES}add/", {"model": str(unprice().pk), "usd": "-0.25"})

    assert list(answer.context["adminform"].form.errors) == ["usd"]
    assert not PriceEstimate.objects.exists()


def test_estimate_is_deleted(admin_page: Client) -> None:
    estimate = PriceEstimate.objects.create(model=unprice(), usd=1)

    admin_page.post(f"{ESTIMATES}{estimate.pk}/delete/", {"post": "yes"})

    assert not PriceEstimate.objects.exists()


def price_by(client: Client, **changed: object) -> str:
    """Return what the settings page says a photo costs by the changed values of its form."""
    stored = get_settings(QWEN)
    document = form_document(stored.validator.schema, {**stored.document, **changed})
    address = f"{ESTIMATES}of-settings/{stored.pk}/"
    answer = client.post(address, {"values": json.dumps(document)})
    assert answer.status_code == 200
    return answer.content.decode()


def test_settings_that_are_not_saved_have_a_price(admin_page: Client) -> None:
    assert price_by(admin_page) == "A typical photo: about $0.03."
    by_four = "A typical photo: about $0.12 by these settings, $0.03 as saved."
    assert price_by(admin_page, num_outputs=4) == by_four


def test_settings_that_are_wrong_have_no_price(admin_page: Client) -> None:
    assert price_by(admin_page, output_quality=900) == (
        "What a photo costs is shown once all values are right."
    )
    stored = get_settings(QWEN)
    for written in ("", "[]", "{", "[" * 99999, '{"a":' + "9" * 5000 + "}"):
        answer = admin_page.post(f"{ESTIMATES}of-settings/{stored.pk}/", {"values": written})
        assert answer.status_code == 200, written[:10]


def test_settings_of_a_model_without_a_price(admin_page: Client) -> None:
    unprice()

    said = "What a photo costs by these settings is not known beforehand."
    assert price_by(admin_page) == said


def test_price_of_settings_is_for_those_who_see_them(client: Client, stranger: User) -> None:
    User.objects.filter(pk=stranger.pk).update(is_staff=True)
    client.force_login(stranger)

    address = f"{ESTIMATES}of-settings/{get_settings(QWEN).pk}/"
    assert client.post(address, {"values": "{}"}).status_code == 403


def test_pause_all_and_resume(
    admin_page: Client,
    sandbox: Sandbox,
    ask: Ask,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    admin_page.post(f"{PAUSES}add/", {"model": "", "reason": "the prompts are wrong"})
    job = ask(model=QWEN)
    submission.submit_waiting()
    stands = PurchasePause.objects.get()
    assert (stands.by, stands.model, only(job).status) == ("olga", None, "queued")

    with django_capture_on_commit_callbacks() as wakes:
        answer = admin_page.post(f"{PAUSES}{stands.pk}/resume/", {"next": "/admin/"})
    submission.submit_waiting()

    assert (answer.headers["Location"], len(wakes)) == ("/admin/", 1)
    assert only(job).status == "running"
    assert "Resumed: All purchases: paused olga" in shown(admin_page, PAUSES)


def test_pause_of_one_model(admin_page: Client, sandbox: Sandbox, ask: Ask) -> None:
    model = ReplicateModel.objects.get(slug=QWEN)
    form = admin_page.get(f"{PAUSES}add/?model={model.pk}").content.decode()
    assert f'<option value="{model.pk}" selected>' in form

    admin_page.post(f"{PAUSES}add/", {"model": str(model.pk), "reason": ""})
    job = ask(model=QWEN)
    submission.submit_waiting()

    assert only(job).status == "queued"
    settings_page = f"/admin/modelsettings/modelsettings/{model.live_profile_id}/change/"
    said = "Purchases of Qwen Image Edit are paused by olga,"
    for page in (PAUSES, settings_page, f"/admin/staging/stagingjob/{job.pk}/change/"):
        assert said in shown(admin_page, page)
    # What pauses one model is in the list of what needs somebody.
    assert "Purchases of Qwen Image Edit are paused by olga." in shown(admin_page, "/admin/")


@pytest.mark.parametrize("page", ["/admin/", "/admin/staging/stagingjob/", LIMITS, PAUSES])
def test_pages_say_that_all_purchases_are_paused(admin_page: Client, ask: Ask, page: str) -> None:
    ask()
    pause(by="olga", reason="wrong prompts")

    words = shown(admin_page, page)

    assert "All purchases are paused by olga," in words
    assert ": wrong prompts. What is asked for waits; what is bought already goes on." in words


def test_second_pause_is_refused_in_words(admin_page: Client) -> None:
    pause(by="mia", reason="first")

    page = shown(admin_page, f"{PAUSES}add/")
    again = admin_page.post(f"{PAUSES}add/", {"model": "", "reason": "second"}).content.decode()

    assert "Pause purchases?" in page
    assert "These purchases are paused already." in again
    assert PurchasePause.objects.get().by == "mia"


def test_pause_keeps_who_was_first() -> None:
    pause(by="mia", reason="first")

    assert pause(by="olga", reason="second").by == "mia"


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example", "foo"])
def test_resume_of_what_goes_on_already(admin_page: Client, back: str) -> None:
    answer = admin_page.post(f"{PAUSES}7/resume/", {"next": back})

    assert answer.headers["Location"] == PAUSES
    assert "another operator ended the pause" in admin_page.get(PAUSES).content.decode()


def test_resume_lets_what_waited_begin_to_wait(ask: Ask, admin_page: Client) -> None:
    """Else it would be said to have stood still since it was asked for."""
    prediction = only(ask())
    Prediction.objects.update(run_after=timezone.now() - timedelta(hours=2))
    stands = pause(by="olga")

    admin_page.post(f"{PAUSES}{stands.pk}/resume/")

    prediction.refresh_from_db()
    assert prediction.run_after > timezone.now() - timedelta(minutes=1)


def test_limit_of_a_project_goes_with_it(operator: User) -> None:
    project = Project.objects.create(owner=operator, name="12 Elm Street")
    save_limit(SpendingLimit(project=project, period="day", usd=Decimal(5)))

    project.delete()

    assert not SpendingLimit.objects.exists()
