"""The buttons of a job's page: a call of a service each."""

from django.contrib.auth.models import User
from django.http import Http404

from modelsettings.profile_names import shown_name
from staging.access import Right
from staging.asking import all_of
from staging.jobs.canceling import cancel_job
from staging.jobs.repeating import repeat_job, retry_job
from staging.models import StagingJob

_RIGHTS = {
    "cancel": Right.CANCEL,
    "retry": Right.REPEAT,
    "new-seed": Right.REPEAT,
    "repeat": Right.REPEAT,
}


def right_to(action: str) -> Right:
    """Return the right that a button takes. Raises Http404 where there is no such button."""
    if action not in _RIGHTS:
        raise Http404("There is no such action.")
    return _RIGHTS[action]


def act(job: StagingJob, action: str, *, by: User) -> tuple[StagingJob, str]:
    """Do what a button says; return the job to show next, and a sentence for the user.

    Raises RequestRefused.
    """
    match action:
        case "cancel":
            cancel_job(job, by=by)
            return job, "Cancelling: what waits is not bought, what runs is stopped."
        case "retry":
            retry_job(job, by=by, allow=all_of(by))
            return job, "Asked again for what is missing."
        case "new-seed":
            again = repeat_job(job, by=by, seed="new", allow=all_of(by))
            settings = f"{shown_name(again.profile_name)}, revision {again.revision}"
            return again, f"Asked again with a new start value, by {settings}."
        case "repeat":
            again = repeat_job(job, by=by, seed="same", allow=all_of(by))
            return again, "Asked for the same again, in a job."
    raise Http404("There is no such action.")
