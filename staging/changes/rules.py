"""Changes of rules of disclosure, and of limits, estimates and pauses."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q, QuerySet

from modelsettings.models import ModelSettings
from staging import access
from staging.changes.entries import Change, Kind, Line, Wanted
from staging.changes.sources import Source
from staging.models import DisclosureRule, PriceEstimate, PurchasePause, SpendingLimit

_LIST = "staging_disclosurerule_changelist"


class RulesBegun(Source):
    """Rules of disclosure as they were set: a rule is never edited."""

    kinds = frozenset({Kind.DISCLOSURE})
    at = "set_at"
    by = "set_by"
    shows = (ModelSettings,)
    is_of_api = False

    def rows(self, wanted: Wanted, user: User) -> QuerySet[Any]:
        return _rules_of(user)

    def describe(self, rows: Sequence[Any]) -> list[Change]:
        return [
            Change(
                at=row.set_at,
                by=row.set_by,
                reason=row.reason,
                kinds=(Kind.DISCLOSURE,),
                title=row.whose,
                lines=[Line("label", "Label", None, row.label, ("none", row.label_in_words))],
                done="rule set",
                page=(_LIST, None),
            )
            for row in rows
        ]


class RulesEnded(RulesBegun):
    """Rules of disclosure as they ended."""

    at = "ended_at"
    by = "ended_by"

    def rows(self, wanted: Wanted, user: User) -> QuerySet[Any]:
        return _rules_of(user).filter(ended_at__isnull=False)

    def describe(self, rows: Sequence[Any]) -> list[Change]:
        return [
            Change(
                at=row.ended_at,
                by=row.ended_by,
                reason=row.end_reason,
                kinds=(Kind.DISCLOSURE,),
                title=row.whose,
                lines=[Line("label", "Label", row.label, None, (row.label_in_words, "none"))],
                done="rule ended",
                page=(_LIST, None),
            )
            for row in rows
        ]


def _rules_of(user: User) -> QuerySet[DisclosureRule]:
    """Return the rules of the site, and those of projects that the user sees in the admin."""
    rows = DisclosureRule.objects.select_related("project")
    if access.has_all_projects(user):
        return rows
    return rows.filter(Q(project=None) | Q(project__in=access.projects_shown_to(user)))


class Spending(Source):
    """Limits, estimates and pauses, as the admin logs them: with their author, without a reason."""

    kinds = frozenset({Kind.SPENDING})
    at = "action_time"
    by = "user__username"
    tables: tuple[type[Model], ...] = (SpendingLimit, PriceEstimate, PurchasePause)
    shows = tables
    is_of_api = False

    def rows(self, wanted: Wanted, user: User) -> QuerySet[Any]:
        kinds = ContentType.objects.get_for_models(*self.tables)
        shown = [kind for table, kind in kinds.items() if access.may_view(user, table)]
        rows = LogEntry.objects.filter(content_type__in=shown)
        return rows.select_related("user", "content_type")

    def describe(self, rows: Sequence[Any]) -> list[Change]:
        return [
            Change(
                at=row.action_time,
                by=row.user.get_username(),
                reason="",
                kinds=(Kind.SPENDING,),
                title=row.object_repr,
                part=row.content_type.name,
                done=row.get_change_message(),
                page=(f"staging_{row.content_type.model}_changelist", None),
            )
            for row in rows
        ]
