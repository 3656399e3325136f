"""Items of the first page: everything that needs an operator, each with its page.

`staging.notices` finds the troubles of the work and puts them into words. A missing token and
updates of models are found here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from modelsettings.models import ReplicateModel
from modelsettings.schema.severities import Severity
from staging import models_in_use
from staging.models import CallbackStatus, JobStatus, Project
from staging.notices import attention
from staging.notices.attention import QueueTrouble, Trouble

_GIVEN_UP = f"?status__exact={CallbackStatus.FAILED}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that needs an operator; `detail` quotes an example of the failure.

    `where` names its photos and projects, and `hint` tells an administrator what to do. `needs`
    names a kind of rows, `app.kind`: only users who may see these rows see the item. By `state` and
    `last_at` it can be put aside (`staging.notices.aside`), unless it `stays`.
    """

    key: str
    sentence: str
    detail: str = ""
    hint: str = ""
    where: str = ""
    link: str = ""
    is_urgent: bool = False
    needs: str = ""
    stays: bool = False
    state: str = field(default="", compare=False)
    last_at: datetime | None = field(default=None, compare=False)

    @property
    def seen(self) -> str:
        """How far it has come, in a word, which the button that puts it aside sends back."""
        return f"{self.state} {self.last_at.isoformat() if self.last_at else ''}"

    def is_for(self, user: User | AnonymousUser) -> bool:
        """Say whether a user may see the item; a permission to change rows includes seeing them."""
        app, _, kind = self.needs.partition(".")
        may = (f"{app}.view_{kind}", f"{app}.change_{kind}")
        return not self.needs or any(user.has_perm(permission) for permission in may)


def find_items(today: date, *, projects: QuerySet[Project] | None = None) -> list[Item]:
    """Return all items; those that stop all work come first. With `projects`, only theirs."""
    if projects is not None:
        return [
            *_of_jobs(attention.find_failures(today, projects=projects)),
            *_undelivered(today, projects=projects),
            *_of_batches(attention.find_refused_photos(today, projects=projects)),
        ]
    return [
        *_missing_token(),
        *_of_jobs(attention.find_missing_worker(), else_link=_jobs(JobStatus.QUEUED)),
        *_of_kind("notice", attention.find_standing_notices()),
        *_of_kind("purchasepause", attention.find_pauses()),
        *_of_queues(attention.find_queues_of_deactivated()),
        *_of_kind("spendinglimit", attention.find_limits()),
        *_of_kind("priceestimate", attention.find_missing_estimates()),
        *_of_jobs(attention.find_undecided(today)),
        *_of_jobs(attention.find_failures(today)),
        *_of_jobs(attention.find_tries()),
        *_updates(),
        *_unread(),
        *_undelivered(today),
        *_of_batches(attention.find_refused_photos(today)),
        *_of_kind("notice", attention.find_unsent_notices(today)),
    ]


def _undelivered(today: date, *, projects: QuerySet[Project] | None = None) -> list[Item]:
    found = attention.find_undelivered_callbacks(today, projects=projects)
    return _of_kind("callback", found, query=_GIVEN_UP)


def _missing_token() -> list[Item]:
    if settings.REPLICATE_API_TOKEN:
        return []
    return [
        Item(
            key="token",
            sentence="Restage has no access to Replicate: jobs wait, and fail after ten minutes.",
            hint="Set REPLICATE_API_TOKEN, and start Restage again.",
            is_urgent=True,
            stays=True,
        )
    ]


def _updates() -> list[Item]:
    """Return an item for each model in use of which an update waits."""
    return [
        Item(
            key=f"drift-{update.model.pk}",
            sentence=update.sentence,
            link=_page_of(update.model),
            needs="modelsettings.modelsettings",
            is_urgent=update.severity == Severity.BREAKS,
            state=update.drift.fingerprint,
        )
        for update in models_in_use.find_updates()
    ]


def _unread() -> list[Item]:
    """Return an item for the models in use that could not be read for days."""
    found = models_in_use.find_unread(timezone.now())
    if not found:
        return []
    names = ", ".join(row.label for row in found[:3])
    more = f", and {len(found) - 3} more" if len(found) > 3 else ""
    return [
        Item(
            key="unread-models",
            sentence=f"Not read from Replicate for two days: {names}{more}. Whether anything "
            "has changed is not known.",
            detail=found[0].reading.why_not,
            link=_page_of(found[0]),
            needs="modelsettings.modelsettings",
            state=" ".join(str(row.pk) for row in found),
        )
    ]


def _page_of(model: ReplicateModel) -> str:
    address = reverse("admin:modelsettings_modelsettings_change", args=[model.live_profile_id])
    return f"{address}#model"


def _of_kind(kind: str, found: Iterable[Trouble], *, query: str = "") -> list[Item]:
    """Return items that lead to the list of a kind of rows, for users who may see these rows."""
    link = f"{reverse(f'admin:staging_{kind}_changelist')}{query}"
    return [_item(trouble, link=link, needs=f"staging.{kind}") for trouble in found]


def _of_queues(found: Iterable[QueueTrouble]) -> list[Item]:
    return [
        _item(
            trouble,
            link=reverse("admin:staging_purchasepause_queue", args=[trouble.pause]),
            needs="staging.purchasepause",
        )
        for trouble in found
    ]


def _of_batches(found: Iterable[Trouble]) -> list[Item]:
    return [
        _item(
            trouble,
            link=reverse("admin:staging_stagingbatch_change", args=trouble.rows),
            needs="staging.stagingbatch",
        )
        for trouble in found
    ]


def _of_jobs(found: Iterable[Trouble], *, else_link: str = "") -> list[Item]:
    """Return items that lead to their one job, or to the list of jobs that failed since then."""
    return [_item(trouble, link=_link_to_jobs(trouble) or else_link) for trouble in found]


def _link_to_jobs(trouble: Trouble) -> str:
    if len(trouble.rows) == 1:
        return reverse("admin:staging_stagingjob_change", args=trouble.rows)
    if trouble.since:
        return _jobs(JobStatus.FAILED, created_from=trouble.since.isoformat())
    return ""


def _jobs(status: JobStatus, **wanted: str) -> str:
    query = urlencode({"status__exact": status.value, **wanted})
    return f"{reverse('admin:staging_stagingjob_changelist')}?{query}"


def _item(trouble: Trouble, *, link: str, needs: str = "") -> Item:
    return Item(
        key=trouble.key,
        sentence=trouble.sentence,
        detail=trouble.detail,
        hint=trouble.hint,
        where=trouble.where,
        link=link,
        is_urgent=trouble.is_urgent,
        needs=needs,
        state=trouble.state,
        last_at=trouble.last_at,
    )
