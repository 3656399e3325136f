"""Budgets are not told to strangers: who may not see a limit's figures reads whether it fits."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from rest_framework.test import APIClient

from staging.batches import preparation
from staging.batches.requesting import request_batch
from staging.batches.sent import from_photo
from staging.callbacks import message_of
from staging.jobs.request import StagingRequest
from staging.models import (
    BatchPhoto,
    Prediction,
    Project,
    ProjectMember,
    SpendingLimit,
    StagingJob,
    Transition,
)
from staging.predictions import submission
from tests.conftest import client_of
from tests.staging.batch_requests import make_photo_row
from tests.staging.conftest import QWEN, Sandbox, only
from tests.staging.finished import stage
from tests.staging.limits import limit, unprice

pytestmark = pytest.mark.django_db

PLAIN = "It does not fit today: ask an operator, who can raise the limit."
UNKNOWN = "Nobody knows what this model costs: ask an operator to estimate it."
FIGURES = "{} may spend $0.02 a day: $0.02 is left, which is too little."
API = "/api/v1/staging"
# What all amounts of these tests have in common, and no price has.
AMOUNT = "0.02"


@pytest.fixture
def mia() -> User:
    """Somebody with an account, a project of her own, and no permission."""
    return User.objects.create_user("mia", password="secret")


@pytest.fixture
def place(mia: User, stranger: User) -> Project:
    """Mia's project, in which sam may stage as well."""
    project = Project.objects.create(owner=mia, name="12 Elm Street")
    ProjectMember.objects.create(project=project, user=stranger, may_edit=True)
    return project


def error_for(user: User, job: StagingJob) -> Any:
    return client_of(user).get(f"{API}/jobs/{job.pk}").json()["error"]


def may(user: User, *names: str) -> User:
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))
    return User.objects.get(pk=user.pk)


@pytest.mark.parametrize(
    ("whose", "knowing"),
    [
        ("all", {"olga"}),
        ("project", {"olga", "mia"}),
        ("account", {"olga", "sam"}),
    ],
)
def test_waiting_job_tells_figures_to_those_who_may_know_them(
    sandbox: Sandbox,
    operator: User,
    mia: User,
    stranger: User,
    place: Project,
    whose: str,
    knowing: set[str],
) -> None:
    limits: dict[str, tuple[str, dict[str, Any]]] = {
        "all": ("All projects", {}),
        "project": ("12 Elm Street", {"project": place}),
        "account": ("sam", {"account": stranger}),
    }
    named, of = limits[whose]
    limit(AMOUNT, **of)
    ProjectMember.objects.create(project=place, user=operator)
    job = stage(stranger, project=place, model=QWEN)
    submission.submit_waiting()

    found = {user.username: error_for(user, job) for user in (operator, mia, stranger)}

    assert found == {
        name: {
            "code": "over_limit",
            "detail": FIGURES.format(named) if name in knowing else PLAIN,
        }
        for name in ("olga", "mia", "sam")
    }
    listed = client_of(stranger).get(f"{API}/jobs").json()["results"][0]["error"]
    assert listed == found["sam"]


def test_nobody_knows_the_cost(sandbox: Sandbox, stranger: User) -> None:
    limit(AMOUNT)
    unprice()
    job = stage(stranger, model=QWEN)
    submission.submit_waiting()

    assert error_for(stranger, job) == {"code": "no_estimate", "detail": UNKNOWN}


@pytest.mark.parametrize("holds", ["view_spendinglimit", "change_spendinglimit"])
def test_refusal_tells_figures_to_those_who_may_know_them(
    sandbox: Sandbox, stranger: User, holds: str
) -> None:
    photo = make_photo_row(stranger)
    limit(AMOUNT, when_over="refuse")

    def ask(user: User) -> Any:
        sent = {"photo": str(photo.pk), "model": QWEN}
        answer = client_of(user).post(f"{API}/jobs", sent, format="json")
        return answer.status_code, answer.json()["detail"]

    assert ask(stranger) == (402, PLAIN)
    assert ask(may(stranger, holds)) == (
        402,
        "All projects may spend $0.02 a day: $0.02 is left, and this may cost $0.030.",
    )


def test_nothing_that_is_stored_or_sent_has_figures(sandbox: Sandbox, operator: User) -> None:
    """Not even of what an operator asked for: others see the project, the batch, the callback."""
    limit(AMOUNT)
    job = stage(operator, model=QWEN, callback_url="")
    submission.submit_waiting()
    SpendingLimit.objects.update(when_over="refuse")
    Prediction.objects.update(run_after=job.created_at)
    submission.submit_waiting()
    photo = make_photo_row(operator)
    request_batch(
        [from_photo(photo)], StagingRequest(model=QWEN), owner=operator, project=photo.project
    )
    preparation.prepare_waiting()

    assert (only(job).status, only(job).error) == ("failed", PLAIN)
    assert BatchPhoto.objects.get().job_errors == {"modern": PLAIN}
    stored = [*Transition.objects.values_list("why", flat=True), json.dumps(message_of(job))]
    assert not [text for text in stored if AMOUNT in text]


def test_what_an_older_release_stored_is_not_told(sandbox: Sandbox, stranger: User) -> None:
    limit(AMOUNT)
    job = stage(stranger, model=QWEN)
    submission.submit_waiting()
    Prediction.objects.update(error="All projects may spend $0.02 a day", status="failed")

    assert error_for(stranger, job) == {"code": "over_limit", "detail": PLAIN}
    assert message_of(job)["data"]["error"]["detail"] == PLAIN


def test_batch_and_its_pages_tell_no_figures(
    sandbox: Sandbox, mia: User, stranger: User, place: Project, api: APIClient
) -> None:
    limit(AMOUNT)
    photo = make_photo_row(mia, place)
    batch = request_batch([from_photo(photo)], StagingRequest(model=QWEN), owner=mia, project=place)
    preparation.prepare_waiting()
    submission.submit_waiting()
    job = StagingJob.objects.get()
    names = [f"view_{kind}" for kind in ("stagingjob", "stagingbatch", "photo", "project")]
    clerk = may(User.objects.create_user("judge", is_staff=True), *names)
    ProjectMember.objects.create(project=place, user=clerk)
    client = Client()
    client.force_login(clerk)

    (style,) = client_of(stranger).get(f"{API}/batches/{batch.pk}").json()["photos"][0]["styles"]
    pages = [
        client.get(f"/admin/staging/{page}")
        for page in (
            "stagingjob/",
            f"stagingjob/{job.pk}/change/",
            f"stagingbatch/{batch.pk}/change/",
            f"photo/{photo.pk}/change/",
            f"project/{place.pk}/change/",
        )
    ]

    assert style["job"]["error"]["detail"] == PLAIN
    assert [page.status_code for page in pages] == [200] * len(pages)
    assert not [page for page in pages if AMOUNT in page.content.decode()]
    assert "does not fit today" in pages[-1].content.decode()
