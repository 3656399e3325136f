"""Reading a model anew: what is kept, what waits, what is accepted by itself, what is ignored."""

import copy
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone
from pytest_django import Settings

from modelsettings import model_facts, registry, updates
from modelsettings.actors import Actor
from modelsettings.models import IgnoredUpdate, PublishedSchema, ReplicateModel, SchemaReading
from modelsettings.schema.flattening import JSON
from modelsettings.schema.published import PublishedModel
from modelsettings.schema.severities import Severity
from modelsettings.updates import NoUpdate, Outcome
from tests.modelsettings.acme import STAGER_INPUTS, published
from tests.modelsettings.conftest import SLUG, everything, reconstructed

pytestmark = pytest.mark.django_db

Publish = Callable[[JSON], None]
TIGHTER = {"output_quality": STAGER_INPUTS["output_quality"] | {"maximum": 70}}
WIDER = {"steps": STAGER_INPUTS["steps"] | {"maximum": 200}}
TOLD = {"note": STAGER_INPUTS["note"] | {"description": "A note."}}


def changed(*changes: JSON, **parts: Any) -> JSON:
    inputs = copy.deepcopy(STAGER_INPUTS)
    for change in changes:
        inputs |= change
    return published(inputs, **parts)


def misbehave(url: str, **fault: Any) -> None:
    httpx.post(f"{url}/_sandbox/faults", json={"on": "model", **fault}).raise_for_status()


def reading_of(model: ReplicateModel) -> SchemaReading:
    return SchemaReading.objects.get(model=model)


def test_unchanged_model_has_no_update(model: ReplicateModel, ann: Actor, publish: Publish) -> None:
    publish(published())
    before = everything()

    found = updates.read_now(model, by=ann)

    reading = reading_of(model)
    assert (found.outcome, found.sentence) == (Outcome.UNCHANGED, "nothing has changed.")
    assert everything() == before
    assert updates.waiting_update(model) is None
    assert (reading.tried_by, reading.why_not, reading.schema) == ("ann", "", model.pinned_schema)
    assert reading.read_at == reading.tried_at


@pytest.mark.parametrize(
    ("change", "severity", "sentence"),
    [
        (TIGHTER, Severity.BREAKS, "Output quality: at most 100 → at most 70."),
        (WIDER, Severity.DOCUMENTATION, "Steps: at most 100 → at most 200."),
        ({"x": {"type": "boolean"}}, Severity.PICTURES, "X: new: on or off, no default."),
    ],
)
def test_changed_model_waits(
    model: ReplicateModel,
    ann: Actor,
    publish: Publish,
    change: JSON,
    severity: Severity,
    sentence: str,
) -> None:
    publish(changed(change))

    found = updates.read_now(model, by=ann)

    update = updates.waiting_update(model)
    assert update
    assert (found.outcome, update.severity, update.is_ignored) == (
        Outcome.CHANGED,
        severity,
        False,
    )
    assert update.drift.differences[0].sentence == sentence
    assert update.schema.document == changed(change)["latest_version"]["openapi_schema"]
    model.refresh_from_db()
    assert model.pinned_schema_id != update.schema.pk
    assert updates.waiting_updates() == [update]


def test_update_is_stored_once_and_gone_when_it_is_taken_back(
    model: ReplicateModel, ann: Actor, publish: Publish
) -> None:
    publish(changed(TIGHTER))
    updates.read_now(model, by=ann)
    updates.read_now(model, by=ann)
    stored = PublishedSchema.objects.filter(model=model).count()

    publish(published())
    found = updates.read_now(model, by=ann)

    assert (stored, found.outcome) == (2, Outcome.UNCHANGED)
    assert updates.waiting_updates() == []


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"do": "drop"}, "Replicate's answer did not come, or broke off: try again later."),
        ({"do": "truncate"}, "Replicate's answer did not come, or broke off: try again later."),
        (
            {"do": "status", "status": 401},
            "Replicate refuses the token: set REPLICATE_API_TOKEN in the environment.",
        ),
        (
            {"do": "status", "status": 404},
            f"Replicate has no model {SLUG}, or not for this token's account.",
        ),
        ({"do": "status", "status": 503}, "Replicate did not answer as it should"),
        ({"do": "garbage"}, "Replicate did not answer as it should"),
    ],
    ids=lambda each: each.get("do") if isinstance(each, dict) else "",
)
def test_failed_reading_says_why_and_keeps_the_earlier_one(
    model: ReplicateModel,
    ann: Actor,
    bob: Actor,
    publish: Publish,
    sandbox_url: str,
    fault: JSON,
    sentence: str,
) -> None:
    publish(changed(TIGHTER))
    updates.read_now(model, by=ann)
    earlier = reading_of(model)
    misbehave(sandbox_url, **fault)

    found = updates.read_now(model, by=bob)

    later = reading_of(model)
    assert found.outcome == Outcome.NOT_READ
    assert found.sentence.startswith(sentence)
    assert later.why_not == found.sentence
    assert (later.read_at, later.schema) == (earlier.read_at, earlier.schema)
    assert later.tried_at
    assert later.tried_at > (earlier.tried_at or timezone.now())
    assert later.tried_by == "bob"
    assert updates.waiting_update(model)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"latest_version": None}, "The published model has no latest_version"),
        (published({"bad": {"$ref": "#/components/schemas/Gone"}}), "bad: #/components/schemas"),
    ],
    ids=["no version", "broken schema"],
)
def test_schema_that_cannot_be_read_is_no_change_and_not_unchanged(
    model: ReplicateModel, ann: Actor, publish: Publish, document: JSON, sentence: str
) -> None:
    publish(published() | document)

    found = updates.read_now(model, by=ann)

    assert found.outcome == Outcome.NOT_READ
    assert found.sentence.startswith(sentence)
    assert reading_of(model).read_at is None
    assert updates.waiting_update(model) is None


def test_answer_of_an_earlier_request_does_not_replace_a_later_one(
    model: ReplicateModel, ann: Actor, publish: Publish
) -> None:
    publish(changed(TIGHTER))
    updates.read_now(model, by=ann)
    ahead = timezone.now() + timedelta(minutes=1)
    SchemaReading.objects.update(tried_at=ahead, read_at=ahead)

    publish(published())
    updates.read_now(model, by=ann)

    assert reading_of(model).tried_at == ahead
    assert updates.waiting_update(model)


def test_answer_of_an_earlier_request_is_not_accepted_by_itself(
    model: ReplicateModel, ann: Actor, publish: Publish, settings: Settings
) -> None:
    settings.ACCEPT_DOCUMENTATION_UPDATES = True
    publish(changed(TOLD))
    updates.read_now(model, by=ann)
    in_use = ReplicateModel.objects.get(pk=model.pk).pinned_schema
    ahead = timezone.now() + timedelta(minutes=1)
    SchemaReading.objects.update(tried_at=ahead, read_at=ahead)

    publish(published())
    found = updates.read_now(model, by=ann)

    assert ReplicateModel.objects.get(pk=model.pk).pinned_schema == in_use
    assert updates.waiting_update(model) is None
    assert (found.outcome, found.sentence) == (Outcome.UNCHANGED, "nothing has changed.")


def test_first_live_read_replaces_a_reconstructed_schema(ann: Actor, publish: Publish) -> None:
    model = reconstructed()
    publish(changed(WIDER))
    confirmed = updates.is_confirmed(model)

    found = updates.read_now(model, by=ann)

    model = ReplicateModel.objects.get(pk=model.pk)
    assert (confirmed, updates.is_confirmed(model)) == (False, True)
    assert (found.outcome, found.sentence) == (Outcome.CHANGED, "its update was accepted.")
    assert updates.waiting_update(model) is None
    assert (model.updated_by, model.history.first().history_change_reason) == (
        "ann",
        updates.FIRST_READ,
    )


def test_first_live_read_that_breaks_something_waits(ann: Actor, publish: Publish) -> None:
    model = reconstructed()
    publish(changed(TIGHTER))

    found = updates.read_now(model, by=ann)

    update = updates.waiting_update(model)
    assert found.outcome == Outcome.CHANGED
    assert update
    assert update.severity == Severity.BREAKS


@pytest.mark.parametrize(
    ("may", "change", "waits"),
    [(False, TOLD, True), (True, TOLD, False), (True, TIGHTER, True), (True, {"x": {}}, True)],
)
def test_documentation_alone_is_accepted_by_a_setting(
    model: ReplicateModel,
    ann: Actor,
    publish: Publish,
    settings: Settings,
    may: bool,
    change: JSON,
    waits: bool,
) -> None:
    settings.ACCEPT_DOCUMENTATION_UPDATES = may
    publish(changed(change))

    updates.read_now(model, by=ann)

    assert (updates.waiting_update(model) is not None) is waits
    revisions = model.profiles.values_list("revision", flat=True)
    assert list(revisions) == [1]


def test_ignored_update_comes_back_when_it_changes_again(
    model: ReplicateModel, ann: Actor, publish: Publish
) -> None:
    publish(changed(TIGHTER))
    updates.read_now(model, by=ann)

    updates.ignore(model, by=ann, reason="We send 60.")
    ignored = updates.waiting_update(model)
    again = updates.read_now(model, by=ann)
    publish(changed(TIGHTER, WIDER))
    later = updates.read_now(model, by=ann)

    assert ignored
    assert (ignored.is_ignored, again.outcome) == (True, Outcome.UNCHANGED)
    assert later.outcome == Outcome.CHANGED
    assert [update.model for update in updates.waiting_updates()] == [model]
    assert IgnoredUpdate.objects.values_list("ignored_by", "reason").get() == (
        "ann",
        "We send 60.",
    )


def test_ignored_update_is_taken_back(
    model: ReplicateModel, ann: Actor, bob: Actor, publish: Publish
) -> None:
    publish(changed(TIGHTER))
    updates.read_now(model, by=ann)
    updates.ignore(model, by=ann)
    updates.ignore(model, by=ann)

    taken_back = [updates.stop_ignoring(model, by=bob), updates.stop_ignoring(model, by=bob)]

    assert taken_back == [True, False]
    assert len(updates.waiting_updates()) == 1
    assert IgnoredUpdate.objects.get().ended_by == "bob"


def test_update_that_is_not_there_or_another_is_not_ignored(
    model: ReplicateModel, ann: Actor, publish: Publish
) -> None:
    with pytest.raises(NoUpdate, match="no update that waits"):
        updates.ignore(model, by=ann)
    publish(changed(TIGHTER))
    updates.read_now(model, by=ann)
    with pytest.raises(NoUpdate, match="another by now"):
        updates.ignore(model, by=ann, fingerprint="0" * 64)


def test_model_added_after_its_last_check_has_no_update(
    model: ReplicateModel, ann: Actor, publish: Publish
) -> None:
    publish(changed(TIGHTER))
    updates.read_now(model, by=ann)
    newest = PublishedModel.from_json(changed(WIDER))

    registry.adopt_schema(newest, by=ann)

    assert updates.waiting_update(model) is None


def test_schema_of_before_that_is_read_and_accepted_again_has_no_update(
    model: ReplicateModel, ann: Actor, publish: Publish
) -> None:
    registry.adopt_schema(PublishedModel.from_json(changed(WIDER)), by=ann)
    publish(changed(WIDER))
    updates.read_now(model, by=ann)

    registry.adopt_schema(PublishedModel.from_json(published()), by=ann)

    assert updates.waiting_update(model) is None


def test_roles_that_are_corrected_leave_the_update_waiting(
    model: ReplicateModel, ann: Actor, publish: Publish
) -> None:
    publish(changed(WIDER))
    updates.read_now(model, by=ann)

    model_facts.correct_roles(model.pk, {"prompt": "note"}, by=ann)

    assert updates.waiting_update(model)


def test_new_version_of_a_model_that_runs_by_version_waits(ann: Actor, publish: Publish) -> None:
    document = published() | {"is_official": False}
    model = registry.add_model(PublishedModel.from_json(document), by=ann)
    publish(document | {"latest_version": document["latest_version"] | {"id": "6" * 64}})

    updates.read_now(model, by=ann)

    update = updates.waiting_update(model)
    assert update
    assert (update.severity, update.schema.version) == (Severity.PICTURES, "6" * 64)
