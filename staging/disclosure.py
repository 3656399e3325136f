"""Begins and ends rules of disclosure, and puts their labels on jobs.

A rule wins over every model, profile and override, and over what a job had that is repeated or
retried. It is asked when a job is planned, repeated or retried: what is queued keeps its label.
"""

from django.db import IntegrityError, transaction
from django.utils import timezone

from modelsettings.actors import Actor
from modelsettings.errors import RequestRefused
from modelsettings.schema.delivery import DELIVERY_PARAMETERS
from modelsettings.schema.validation import SettingsRefused, SettingsValidator
from staging.models import DisclosureRule, Project, StagingJob

# As the parameter: a rule takes the labels that a profile takes.
_validator = SettingsValidator(
    {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"disclosure": {"title": "Disclosure", **DELIVERY_PARAMETERS["disclosure"]}},
        "additionalProperties": False,
    }
)


class LabelRefused(RequestRefused):
    """A label that cannot be drawn; the message says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, field="label")


class RuleChanged(RequestRefused):
    """A rule that another person set or ended in the same moment."""

    status = 409
    code = "changed_meanwhile"

    def __init__(self) -> None:
        super().__init__("Another person has just changed this rule: look at it, then try again.")


class RuleHolds(RequestRefused):
    """A job's own disclosure where a rule says another."""

    status = 409
    code = "disclosure_rule"

    def __init__(self, rule: DisclosureRule) -> None:
        whose = "of this project" if rule.project_id else "of the site"
        super().__init__(
            f"The rule {whose} puts {rule.label_in_words} on every picture: leave disclosure out, "
            "or have the rule changed.",
            field="overrides",
        )


@transaction.atomic
def set_rule(project: Project | None, label: str, *, by: Actor, reason: str = "") -> DisclosureRule:
    """Begin a rule of a project, or of the site, and end the one before.

    `label` is text, or "off" for pictures without a label. Returns the rule in force; one that says
    the same already stays. Raises LabelRefused and RuleChanged.
    """
    try:
        _validator.clean({"disclosure": label})
    except SettingsRefused as error:
        raise LabelRefused(" ".join(error.errors.get("disclosure", [str(error)]))) from error
    former = _lock(project)
    if former is not None and former.label == label:
        return former
    if former is not None:
        _end(former, by=by, reason=reason)
    rule = DisclosureRule(project=project, label=label, reason=reason, set_by=by.name)
    try:
        with transaction.atomic():
            rule.save(force_insert=True)
    except IntegrityError as error:
        raise RuleChanged from error
    return rule


@transaction.atomic
def end_rule(rule: DisclosureRule, *, by: Actor, reason: str = "") -> DisclosureRule | None:
    """End a rule; return the rule that holds in its place: the site's, or None.

    A rule that was ended, or replaced by a newer one, meanwhile stays as it is.
    """
    in_force = _lock(rule.project)
    if in_force is not None and in_force.pk == rule.pk:
        _end(in_force, by=by, reason=reason)
    return DisclosureRule.objects.find_for(rule.project_id)


def check_override(rule: DisclosureRule | None, label: object) -> None:
    """Raise RuleHolds where a job asks for another label than the rule's."""
    if rule is not None and label != rule.label:
        raise RuleHolds(rule)


def apply_rule(job: StagingJob) -> None:
    """Give a job, which the caller saves, the label of the rule that holds in its project."""
    rule = DisclosureRule.objects.find_for(job.project_id)
    job.disclosure_rule = rule.scope if rule else ""
    if rule is None:
        return
    job.delivery = {
        **job.delivery,
        "disclosure": None if rule.label == DisclosureRule.NONE else rule.label,
    }
    # A model's own input of this name is sent to it, and is no label.
    if "disclosure" in job.settings and "disclosure" not in job.input:
        job.settings = {**job.settings, "disclosure": rule.label}
        if job.overrides.get("disclosure", rule.label) != rule.label:
            job.overrides = {
                name: value for name, value in job.overrides.items() if name != "disclosure"
            }


def _lock(project: Project | None) -> DisclosureRule | None:
    """Lock the rule in force, so that of two changes at once the second sees the first."""
    rules = DisclosureRule.objects.in_force().of(project)
    return rules.select_for_update(of=("self",)).first()


def _end(rule: DisclosureRule, *, by: Actor, reason: str) -> None:
    rule.ended_at, rule.ended_by, rule.end_reason = timezone.now(), by.name, reason
    rule.save(update_fields=["ended_at", "ended_by", "end_reason"])
