"""What the API does to a job that is there, and for whom."""

from rest_framework.test import APIClient

from tests.staging.conftest import Ask, Sandbox, carry_out

JOBS = "/api/v1/staging/jobs"


def test_api_cancel(api: APIClient, ask: Ask) -> None:
    job = ask()

    answer = api.post(f"{JOBS}/{job.pk}/cancel")

    assert (answer.status_code, answer.json()["status"]) == (202, "canceled")
    assert answer.json()["timeline"][-1]["by"] == "olga"
    again = api.post(f"{JOBS}/{job.pk}/cancel")
    assert (again.status_code, again.json()) == (
        409,
        {"detail": "This job is finished: there is nothing to cancel.", "code": "finished"},
    )


def test_api_delete(sandbox: Sandbox, api: APIClient, ask: Ask) -> None:
    job = ask()
    refused = api.delete(f"{JOBS}/{job.pk}")
    assert (refused.status_code, "cancel it first" in refused.json()["detail"]) == (409, True)
    carry_out(sandbox, job)

    assert api.delete(f"{JOBS}/{job.pk}").status_code == 204
    assert api.get(f"{JOBS}/{job.pk}").status_code == 404
