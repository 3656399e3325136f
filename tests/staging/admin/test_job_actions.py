"""What the API does to a job that is there, and for whom."""

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from staging.models import ProjectMember, StagingJob
from tests.conftest import client_of
from tests.staging.conftest import Ask, Sandbox, carry_out, only

JOBS = "/api/v1/staging/jobs"


def test_api_cancel(api: APIClient, ask: Ask) -> None:
    job = ask()

    answer = api.post(f"{JOBS}/{job.pk}/cancel")

    assert (answer.status_code, answer.json()["status"]) == (202, "canceled")
    assert answer.json()["timeline"][-1]["by"] == "olga"
    again = api.post(f"{JOBS}/{job.pk}/cancel")
    assert (again.status_code, again.json()) == (
        409, {"detail": "This job is finished: there is nothing to cancel."},
    )  # fmt: skip


@pytest.mark.parametrize("action", ["cancel", "retry", "repeat", "rating"])
def test_api_of_anothers_job(stranger: User, ask: Ask, action: str) -> None:
    job = ask()
    address = f"{JOBS}/{job.pk}/{action}"
    theirs, said = client_of(stranger), {"verdict": "accepted"}

    assert APIClient().post(address).status_code == 401
    assert theirs.post(address, said, format="json").status_code == 404
    ProjectMember.objects.create(project=job.project, user=stranger)
    assert theirs.post(address, said, format="json").status_code == 403
    assert theirs.delete(f"{JOBS}/{job.pk}").status_code == 403
    assert (only(job).status, StagingJob.objects.count()) == ("queued", 1)


def test_api_delete(sandbox: Sandbox, api: APIClient, ask: Ask) -> None:
    job = ask()
    refused = api.delete(f"{JOBS}/{job.pk}")
    assert (refused.status_code, "cancel it first" in refused.json()["detail"]) == (409, True)
    carry_out(sandbox, job)

    assert api.delete(f"{JOBS}/{job.pk}").status_code == 204
    assert api.get(f"{JOBS}/{job.pk}").status_code == 404
