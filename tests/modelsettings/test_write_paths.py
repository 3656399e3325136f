"""No way around the rules: a table of every path on which settings could be written.

Each row is *refused* (the path raises WriteRefused, and nothing changes), *held* (validation, lock,
history, actor and reason are seen to hold) or *reads* (it writes no settings). The last test finds
the paths by itself: one that has no row fails it.
"""

import inspect
import io
import json
import pkgutil
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command, get_commands
from django.db import models, transaction
from django.db.models import F, QuerySet
from django.db.models.deletion import Collector
from django.db.models.functions import Concat
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from modelsettings import model_facts, model_rows, profiles, registry, settings, urls, uses
from modelsettings.actors import Actor
from modelsettings.admin import model_page
from modelsettings.admin import profiles as profiles_admin
from modelsettings.errors import RequestRefused
from modelsettings.guards import WriteRefused
from modelsettings.models import ModelSettings, ProfileEvent, ReplicateModel, RoomProfile
from modelsettings.prior import importing
from modelsettings.prior.importing import import_settings
from modelsettings.prior.table import EarlierRow
from modelsettings.schema.flattening import JSON, SchemaRefused
from modelsettings.schema.published import PublishedModel
from modelsettings.settings import (
    create_profile,
    get_settings,
    let_clients_name,
    patch_settings,
    rename_profile,
    reset_settings,
    roll_back,
    set_overridable,
    update_settings,
)
from modelsettings.uses import Preview
from tests.conftest import client_of
from tests.modelsettings.acme import STAGER_INPUTS, published
from tests.modelsettings.conftest import SLUG
from tests.modelsettings.earlier import Stored, write_csv
from tests.modelsettings.rows import save_row

pytestmark = pytest.mark.django_db

BASE = f"/api/v1/admin/models/{SLUG}"
Revision = ModelSettings.history.model
REFUSALS = (RequestRefused, SchemaRefused)


class Refused(Exception):
    """What a door answered that did not do what it was asked."""


@dataclass
class World:
    """A model with a live profile at revision 2, and a draft; and who comes to write."""

    olga: User
    tmp_path: Path
    live: int = 0
    draft: int = 0
    actor: Actor = field(init=False)
    reason: str = "because"

    def __post_init__(self) -> None:
        self.actor = Actor.of(self.olga)
        self.live = get_settings(SLUG).pk
        patch_settings(self.live, {"steps": 31}, by=Actor("ann"), reason="before")
        self.draft = profiles.copy_profile(self.live, "draft", by=Actor("ann")).pk

    @property
    def row(self) -> ModelSettings:
        return ModelSettings.objects.get(pk=self.live)

    @property
    def model(self) -> ReplicateModel:
        return ReplicateModel.objects.get(slug=SLUG)

    @property
    def room(self) -> RoomProfile:
        profiles.use_for_rooms(self.live, ["kitchen"], by=self.actor)
        return RoomProfile.objects.get(profile=self.live)

    @property
    def event(self) -> ProfileEvent:
        profiles.retire(self.draft, by=self.actor)
        return ProfileEvent.objects.get(profile=self.draft)

    @property
    def past_model(self) -> Any:
        return ReplicateModel.history.filter(slug=SLUG).latest("history_id")

    def renamed(self) -> ReplicateModel:
        row = self.model
        row.label = "eve's"
        return row

    @property
    def revision(self) -> Any:
        return ModelSettings.history.filter(id=self.live).latest("revision")

    def changed(self) -> ModelSettings:
        row = self.row
        row.values = {"steps": 5000}
        return row

    def new(self) -> ModelSettings:
        now = timezone.now()
        return ModelSettings(model=self.model, name="new", values={}, updated_at=now)

    def api(self, method: str, path: str, body: Any) -> None:
        client: APIClient = client_of(self.olga)
        answer: Any = getattr(client, method)(
            path if path.startswith("/") else f"{BASE}/{path}",
            body,
            format="json",
            headers={"X-Change-Reason": self.reason},
        )
        if answer.status_code >= 400:
            raise Refused(answer.json())

    def page(self, path: str, **posted: Any) -> Any:
        """Post to a page of the admin; what it refuses it tells, and changes nothing."""
        client = Client()
        client.force_login(self.olga)
        at = path if path.startswith("/") else f"/admin/modelsettings/modelsettings/{path}"
        answer = client.post(at, posted, follow=True)
        assert answer.status_code == 200
        said = list(answer.context["messages"])
        if not any(message.level_tag == "success" for message in said):
            # On a page of Django's own, the name is of another thing.
            errors = getattr(answer.context.get("form"), "non_field_errors", list)
            raise Refused([*map(str, said), *errors()])


Write = Callable[[World], Any]


@dataclass(frozen=True)
class Held:
    """A path that may write: what it does, what it has to refuse, and who is on record for it.

    `wrong` is None where nothing can be asked wrongly. `record` gives author and reason as they
    were kept; a path that takes no reason has one of its own, or None where none is kept.
    """

    write: Write
    wrong: Write | None
    record: Callable[[World], tuple[str, Any]]
    heeds_lock: bool = True
    # Which profile it changes.
    profile: str = "live"


def newest(world: World) -> tuple[str, Any]:
    row = ModelSettings.history.order_by("-history_id").first()
    return row.updated_by, row.history_change_reason


def of_model(world: World) -> tuple[str, Any]:
    row = ReplicateModel.history.filter(slug=SLUG).order_by("-history_id").first()
    return row.updated_by, row.history_change_reason


def of_new_model(world: World) -> tuple[str, Any]:
    row = ReplicateModel.history.order_by("-history_id").first()
    assert row.slug == "acme/other"
    return row.updated_by, row.history_change_reason


def of_event(kind: str) -> Callable[[World], tuple[str, Any]]:
    def record(world: World) -> tuple[str, Any]:
        event = ProfileEvent.objects.latest("pk")
        assert (event.profile_id, event.kind) == (world.draft, kind)
        return event.changed_by, event.reason

    return record


def of_draft(column: str) -> Callable[[World], tuple[str, Any]]:
    return lambda world: (getattr(ModelSettings.objects.get(pk=world.draft), column), None)


def asks(world: World) -> dict[str, Any]:
    return {"by": world.actor, "reason": world.reason}


def grown(name: str = "stager", **inputs: Any) -> PublishedModel:
    """A published model whose schema has one parameter more."""
    more = {"extra": {"type": "integer", "default": 1}, **inputs}
    return PublishedModel.from_json(published({**STAGER_INPUTS, **more}, name=name))


BROKEN = PublishedModel.from_json(published({"prompt": {"$ref": "#/gone"}}, name="broken"))


def add_by_command(world: World, model: dict[str, Any]) -> None:
    file = world.tmp_path / "model.json"
    file.write_text(json.dumps(model))
    output = io.StringIO()
    before = ReplicateModel.objects.count()
    with suppress(Exception):
        call_command(
            "add_model", file=file, yes=True, reason=world.reason, stdout=output, stderr=output
        )
    if ReplicateModel.objects.count() == before:
        raise Refused(output.getvalue())


def earlier_rows(document: JSON | str) -> list[EarlierRow]:
    """Return the earlier system's table with one row, of the model that is tested."""
    text = document if isinstance(document, str) else json.dumps(document)
    return [EarlierRow("model_config_stager", SLUG, text, None, "eve")]


def import_by_command(world: World, document: JSON | str) -> None:
    file = write_csv(world.tmp_path, [Stored("model_config_stager", SLUG, document)])
    try:
        call_command("import_prior_settings", csv=file, overwrite=True, stdout=io.StringIO())
    except CommandError as error:
        raise Refused(str(error)) from error


def collect(row: models.Model) -> None:
    """Delete a row as a cascade does: around its own delete() and its QuerySet's."""
    collector = Collector(using="default")
    collector.collect([row])
    collector.delete()


def load_fixture(world: World, model: str, pk: int, fields: dict[str, Any]) -> None:
    file = world.tmp_path / "rows.json"
    file.write_text(json.dumps([{"model": f"modelsettings.{model}", "pk": pk, "fields": fields}]))
    call_command("loaddata", file)


WRONG = {"steps": 5000}
PRICE = [{"unit": "image", "usd": 0.04}]
HELD: dict[str, Held] = {
    # Services.
    "changing.update_settings": Held(
        lambda w: update_settings(w.live, {"steps": 32}, **asks(w)),
        lambda w: update_settings(w.live, WRONG, **asks(w)),
        newest,
    ),
    "changing.patch_settings": Held(
        lambda w: patch_settings(w.live, {"steps": 32}, **asks(w)),
        lambda w: patch_settings(w.live, WRONG, **asks(w)),
        newest,
    ),
    "changing.reset_settings": Held(
        lambda w: reset_settings(w.live, **asks(w)),
        lambda w: reset_settings(w.live, keys=["gone"], **asks(w)),
        newest,
    ),
    "changing.set_overridable": Held(
        lambda w: set_overridable(w.live, ["seed"], **asks(w)),
        lambda w: set_overridable(w.live, ["gone"], **asks(w)),
        newest,
    ),
    "changing.let_clients_name": Held(
        lambda w: let_clients_name(w.live, is_allowed=False, **asks(w)), None, newest
    ),
    "changing.roll_back": Held(
        lambda w: roll_back(w.live, 1, **asks(w)),
        lambda w: roll_back(w.live, 99, **asks(w)),
        newest,
    ),
    "changing.rename_profile": Held(
        lambda w: rename_profile(w.live, "other", **asks(w)), None, newest
    ),
    "changing.create_profile": Held(
        lambda w: create_profile(
            model=w.model.pk,
            name="new",
            values={},
            validator=get_settings(SLUG).validator,
            **asks(w),
        ),
        lambda w: create_profile(
            model=w.model.pk,
            name="new",
            values=WRONG,
            validator=get_settings(SLUG).validator,
            **asks(w),
        ),
        newest,
        heeds_lock=False,
    ),
    "profiles.copy_profile": Held(
        lambda w: profiles.copy_profile(w.live, "new", **asks(w)),
        lambda w: profiles.copy_profile(w.live, "draft", **asks(w)),
        newest,
        heeds_lock=False,
    ),
    "profiles.rename_profile": Held(
        lambda w: profiles.rename_profile(w.live, "other", **asks(w)),
        lambda w: profiles.rename_profile(w.live, "draft", **asks(w)),
        newest,
    ),
    "profiles.let_clients_name": Held(
        lambda w: profiles.let_clients_name(w.live, is_allowed=False, **asks(w)), None, newest
    ),
    "profiles.make_live": Held(
        lambda w: profiles.make_live(w.draft, **asks(w)),
        lambda w: (retired(w), profiles.make_live(w.draft, **asks(w))),
        of_model,
        heeds_lock=False,
    ),
    "profiles.use_for_rooms": Held(
        lambda w: profiles.use_for_rooms(w.draft, ["bedroom"], **asks(w)),
        lambda w: profiles.use_for_rooms(w.draft, ["x" * 41], **asks(w)),
        of_event("rooms"),
        heeds_lock=False,
    ),
    "profiles.retire": Held(
        lambda w: profiles.retire(w.draft, **asks(w)),
        lambda w: profiles.retire(w.live, **asks(w)),
        of_event("retired"),
        profile="draft",
    ),
    "profiles.restore": Held(
        lambda w: (retired(w), profiles.restore(w.draft, **asks(w))),
        None,
        of_event("restored"),
        heeds_lock=False,
    ),
    "profiles.lock": Held(
        lambda w: profiles.lock(w.draft, by="olga", reason=w.reason),
        None,
        of_draft("locked_by"),
        profile="draft",
    ),
    "profiles.unlock": Held(
        lambda w: profiles.unlock(w.draft, by="olga"),
        None,
        of_draft("locked_by"),
        profile="draft",
    ),
    "registry.add_model": Held(
        lambda w: registry.add_model(grown("other"), **asks(w)),
        lambda w: registry.add_model(BROKEN, **asks(w)),
        of_new_model,
        heeds_lock=False,
    ),
    "registry.adopt_schema": Held(
        lambda w: registry.adopt_schema(grown(), **asks(w)),
        lambda w: registry.adopt_schema(
            grown(steps={"type": "integer", "maximum": 10, "default": 5}), by=w.actor
        ),
        newest,
    ),
    "registry.choose_default": Held(
        lambda w: registry.choose_default(SLUG, **asks(w)),
        lambda w: (disabled(w), registry.choose_default(SLUG, **asks(w))),
        of_model,
        heeds_lock=False,
    ),
    # The API.
    "PUT config": Held(
        lambda w: w.api("put", "config", {"steps": 32}),
        lambda w: w.api("put", "config", WRONG),
        newest,
    ),
    "PATCH config": Held(
        lambda w: w.api("patch", "config", {"steps": 32}),
        lambda w: w.api("patch", "config", WRONG),
        newest,
    ),
    "PUT overridable": Held(
        lambda w: w.api("put", "config/overridable", {"parameters": ["seed"]}),
        lambda w: w.api("put", "config/overridable", {"parameters": ["gone"]}),
        newest,
    ),
    "POST config-reset": Held(
        lambda w: w.api("post", "config/reset", {}),
        lambda w: w.api("post", "config/reset", {"keys": ["gone"]}),
        newest,
    ),
    "POST config-rollback": Held(
        lambda w: w.api("post", "config/rollback", {"revision": 1}),
        lambda w: w.api("post", "config/rollback", {"revision": 99}),
        newest,
    ),
    "model_rows.save_model": Held(
        lambda w: model_rows.save_model(w.renamed(), **asks(w)), None, of_model, heeds_lock=False
    ),
    "model_facts.change_model": Held(
        lambda w: model_facts.change_model(w.model.pk, {"price": PRICE}, **asks(w)),
        lambda w: model_facts.change_model(w.model.pk, {"price": [{"unit": "x"}]}, **asks(w)),
        of_model,
        heeds_lock=False,
    ),
    "model_facts.correct_roles": Held(
        lambda w: model_facts.correct_roles(w.model.pk, {"image": "loras"}, **asks(w)),
        lambda w: model_facts.correct_roles(w.model.pk, {"image": "steps"}, **asks(w)),
        of_model,
        heeds_lock=False,
    ),
    "POST profiles": Held(
        lambda w: w.api("post", "profiles", {"name": "new"}),
        lambda w: w.api("post", "profiles", {"name": "draft"}),
        newest,
        heeds_lock=False,
    ),
    "PATCH profile": Held(
        lambda w: w.api("patch", "profiles/draft", {"name": "other"}),
        lambda w: w.api("patch", "profiles/draft", {"name": "default"}),
        newest,
        profile="draft",
    ),
    "PUT active-model": Held(
        lambda w: w.api("put", "/api/v1/admin/models/active", {"value": SLUG}),
        lambda w: w.api("put", "/api/v1/admin/models/active", {"value": "acme/gone"}),
        of_model,
        heeds_lock=False,
    ),
    # The admin.
    "admin save": Held(
        lambda w: save_page(w, {"steps": 32}), lambda w: save_page(w, WRONG), newest
    ),
    "admin rollback": Held(
        lambda w: w.page(f"{w.live}/rollback/1/", reason=w.reason), None, newest
    ),
    "admin reset": Held(
        lambda w: w.page(f"{w.live}/change/", action="reset", key="*", reason=w.reason),
        lambda w: w.page(f"{w.live}/change/", action="reset", key="gone"),
        newest,
    ),
    "admin undo": Held(
        lambda w: w.page(f"{w.live}/change/", action="undo", revision=1),
        lambda w: w.page(f"{w.live}/change/", action="undo", revision=7),
        newest,
    ),
    "admin naming": Held(
        lambda w: w.page(
            f"{w.live}/change/", action="naming", clients_may_name="no", reason=w.reason
        ),
        lambda w: w.page(f"{w.live}/change/", action="naming"),
        newest,
    ),
    "admin copy": Held(
        lambda w: w.page(f"{w.live}/change/", action="copy", name="new", reason=w.reason),
        lambda w: w.page(f"{w.live}/change/", action="copy", name="draft"),
        newest,
        heeds_lock=False,
    ),
    "admin rename": Held(
        lambda w: w.page(f"{w.live}/change/", action="rename", name="other", reason=w.reason),
        lambda w: w.page(f"{w.live}/change/", action="rename", name="draft"),
        newest,
    ),
    "admin make-live": Held(
        lambda w: w.page(f"{w.draft}/make-live/", **choice(uses.preview_live(w.draft), w)),
        lambda w: w.page(f"{w.draft}/make-live/", reason=w.reason, shown="1.1-2.2"),
        of_model,
        heeds_lock=False,
    ),
    "admin rooms": Held(
        lambda w: w.page(
            f"{w.draft}/change/", action="rooms", room_type="bedroom", reason=w.reason
        ),
        lambda w: w.page(f"{w.draft}/change/", action="rooms", room_type="x" * 41),
        of_event("rooms"),
        heeds_lock=False,
    ),
    "admin retire": Held(
        lambda w: w.page(f"{w.draft}/change/", action="retire", reason=w.reason),
        lambda w: w.page(f"{w.live}/change/", action="retire"),
        of_event("retired"),
        profile="draft",
    ),
    "admin restore": Held(
        lambda w: (retired(w), w.page(f"{w.draft}/change/", action="restore", reason=w.reason)),
        None,
        of_event("restored"),
        heeds_lock=False,
    ),
    "admin make-default": Held(
        lambda w: w.page(default_page(w), **choice(uses.preview_default(SLUG), w)),
        lambda w: w.page(default_page(w), reason=w.reason, shown="1.1-2.2"),
        of_model,
        heeds_lock=False,
    ),
    "admin facts": Held(
        lambda w: save_model_page(w, "facts", **{"facts-label": "Ours", "facts-is_enabled": "on"}),
        lambda w: save_model_page(w, "facts", **{"facts-label": ""}),
        of_model,
        heeds_lock=False,
    ),
    "admin price": Held(
        lambda w: save_model_page(w, "price", **{"usd-0": "0.04", "unit-0": "image"}),
        lambda w: save_model_page(w, "price", **{"usd-0": "0.04", "unit-0": "hour"}),
        of_model,
        heeds_lock=False,
    ),
    "admin roles": Held(
        lambda w: save_model_page(w, "roles", **{"roles-image": "loras"}),
        lambda w: save_model_page(w, "roles", **{"roles-image": "steps"}),
        of_model,
        heeds_lock=False,
    ),
    # Commands.
    "importing.import_settings": Held(
        lambda _w: import_settings(earlier_rows({"steps": 32}), is_overwriting=True),
        lambda _w: import_settings(earlier_rows("{")),
        newest,
    ),
    "manage.py import_prior_settings": Held(
        lambda w: import_by_command(w, {"steps": 32}),
        lambda w: import_by_command(w, "{"),
        newest,
    ),
    "manage.py add_model": Held(
        lambda w: add_by_command(w, published(STAGER_INPUTS, name="other")),
        lambda w: add_by_command(w, published({"prompt": {"$ref": "#/gone"}}, name="broken")),
        of_new_model,
        heeds_lock=False,
    ),
}


def retired(world: World) -> Any:
    profiles.retire(world.draft, by=Actor("ann"))


def disabled(world: World) -> Any:
    model = world.model
    model.is_enabled = False
    save_row(model)


def choice(preview: Preview, world: World) -> dict[str, str]:
    return {"shown": preview.tag, "reason": world.reason}


def default_page(world: World) -> str:
    return f"/admin/modelsettings/replicatemodel/{world.model.pk}/make-default/"


def save_page(world: World, changes: dict[str, Any]) -> None:
    row = world.row
    values = json.dumps({**row.values, **changes})
    posted = {"values": values, "revision": row.revision, "reason": world.reason}
    world.page(f"{world.live}/change/", **posted)


def save_model_page(world: World, action: str, **posted: str) -> None:
    """Save one of the forms of a model's part of its page."""
    address = f"/admin/modelsettings/replicatemodel/{world.model.pk}/change/"
    reason = "reason" if action == "price" else f"{action}-reason"
    world.page(address, action=action, **posted, **{reason: world.reason})


class AnImport(str):
    """The reason of an import: it has the day of the import, and who changed it there."""

    def __eq__(self, other: object) -> bool:
        return str(other).startswith("Imported from the earlier system on ")

    __hash__ = str.__hash__


IMPORTED: tuple[str, Any] = ("system:import", AnImport())
# What a path keeps for author and reason where it is not ("olga", "because").
RECORDED: dict[str, tuple[str, Any]] = {
    # A lock is a state of today, with its own reason, and is gone with it.
    "profiles.lock": ("olga", None),
    "profiles.unlock": ("", None),
    "admin undo": ("olga", "Back to revision 1."),
    "manage.py add_model": ("system:add_model", "because"),
    "importing.import_settings": IMPORTED,
    "manage.py import_prior_settings": IMPORTED,
}

ROW: dict[str, Any] = {"values": WRONG, "updated_by": "eve"}
NEW: dict[str, Any] = {"name": "new", **ROW}


def new(world: World) -> dict[str, Any]:
    return {**NEW, "model": world.model, "updated_at": timezone.now()}


REFUSED: dict[str, Write] = {
    "ModelSettings.save": lambda w: w.changed().save(),
    "ModelSettings.asave": lambda w: async_to_sync(w.changed().asave)(),
    "ModelSettings.save_base": lambda w: w.changed().save_base(raw=True),
    "ModelSettings.save_without_historical_record": lambda w: (
        w.changed().save_without_historical_record()  # type: ignore[attr-defined]  # simple-history's
    ),
    "ModelSettings.delete": lambda w: w.row.delete(),
    "ModelSettings.adelete": lambda w: async_to_sync(w.row.adelete)(),
    "ReplicateModel.save": lambda w: w.renamed().save(),
    "ReplicateModel.asave": lambda w: async_to_sync(w.renamed().asave)(),
    "ReplicateModel.save_base": lambda w: w.renamed().save_base(raw=True),
    "ReplicateModel.save_without_historical_record": lambda w: (
        w.renamed().save_without_historical_record()  # type: ignore[attr-defined]  # simple-history's
    ),
    "HistoricalReplicateModel.save": lambda w: w.past_model.save(),
    "HistoricalReplicateModel.asave": lambda w: async_to_sync(w.past_model.asave)(),
    "HistoricalReplicateModel.save_base": lambda w: w.past_model.save_base(raw=True),
    "HistoricalReplicateModel.delete": lambda w: w.past_model.delete(),
    "HistoricalReplicateModel.adelete": lambda w: async_to_sync(w.past_model.adelete)(),
    "ProfileEvent.save": lambda w: w.event.save(),
    "ProfileEvent.asave": lambda w: async_to_sync(w.event.asave)(),
    "ProfileEvent.save_base": lambda w: w.event.save_base(raw=True),
    "ProfileEvent.delete": lambda w: w.event.delete(),
    "ProfileEvent.adelete": lambda w: async_to_sync(w.event.adelete)(),
    "a model's base manager": lambda _w: ReplicateModel._base_manager.update(label="eve's"),
    "manage.py loaddata of models": lambda w: load_fixture(
        w, "replicatemodel", w.model.pk, {"slug": SLUG, "label": "eve's"}
    ),
    "ReplicateModel.delete": lambda w: w.model.delete(),
    "ReplicateModel.adelete": lambda w: async_to_sync(w.model.adelete)(),
    "RoomProfile.save": lambda w: w.room.save(),
    "RoomProfile.asave": lambda w: async_to_sync(w.room.asave)(),
    "RoomProfile.save_base": lambda w: w.room.save_base(raw=True),
    "RoomProfile.delete": lambda w: w.room.delete(),
    "RoomProfile.adelete": lambda w: async_to_sync(w.room.adelete)(),
    "HistoricalModelSettings.save": lambda w: w.revision.save(),
    "HistoricalModelSettings.asave": lambda w: async_to_sync(w.revision.asave)(),
    "HistoricalModelSettings.save_base": lambda w: w.revision.save_base(raw=True),
    "HistoricalModelSettings.delete": lambda w: w.revision.delete(),
    "HistoricalModelSettings.adelete": lambda w: async_to_sync(w.revision.adelete)(),
    "a row read from history, saved": lambda w: w.revision.instance.save(),
    "save(update_fields)": lambda w: w.changed().save(update_fields=["values"]),
    "save() of F()": lambda w: with_f(w).save(),
    "the base manager": lambda _w: ModelSettings._base_manager.update(**ROW),
    "a related manager": lambda w: w.model.profiles.update(**ROW),
    "a related manager's create": lambda w: w.model.profiles.create(**new(w)),
    "a related manager's delete": lambda w: w.model.profiles.filter(pk=w.draft).delete(),
    "a reverse relation of rooms": lambda w: w.room.profile.rooms.all().delete(),
    "update(F())": lambda _w: ModelSettings.objects.update(revision=F("revision") + 1),
    "update() of an expression": lambda _w: ModelSettings.objects.update(
        name=Concat("name", "name")
    ),
    "history.objects": lambda _w: Revision.objects.update(updated_by="eve"),
    "the history's base manager": lambda _w: Revision._base_manager.update(updated_by="eve"),
    "one profile's history": lambda w: w.row.history.update(updated_by="eve"),
    "Django's Collector": lambda w: collect(ModelSettings.objects.get(pk=w.draft)),
    "Django's Collector, of history": lambda w: collect(w.revision),
    "Django's Collector, of rooms": lambda w: collect(w.room),
    "history in bulk": lambda w: ModelSettings.history.bulk_history_create([w.row]),
    "manage.py loaddata": lambda w: load_fixture(
        w, "modelsettings", w.live, {**ROW, "model": w.model.pk, "updated_at": "2026-01-01T00:00Z"}
    ),
    "manage.py loaddata of history": lambda w: load_fixture(
        w, "historicalmodelsettings", w.revision.pk, {"id": w.live, "revision": 2, "values": {}}
    ),
    "manage.py loaddata of rooms": lambda w: load_fixture(
        w, "roomprofile", w.room.pk, {"model": w.model.pk, "room_type": "x", "profile": w.draft}
    ),
}
# The methods of a QuerySet, once for each table that they could change.
QUERYSETS: dict[str, Callable[[Any, World], Any]] = {
    "update": lambda rows, _w: rows.update(pk=F("pk")),
    "aupdate": lambda rows, _w: async_to_sync(rows.aupdate)(pk=F("pk")),
    "_update": lambda rows, _w: rows._update([]),
    "_insert": lambda rows, _w: rows._insert([], []),
    "_raw_delete": lambda rows, _w: rows._raw_delete("default"),
    "delete": lambda rows, _w: rows.delete(),
    "adelete": lambda rows, _w: async_to_sync(rows.adelete)(),
    "bulk_create": lambda rows, _w: rows.bulk_create([]),
    "abulk_create": lambda rows, _w: async_to_sync(rows.abulk_create)([]),
    "bulk_update": lambda rows, _w: rows.bulk_update([], ["pk"]),
    "abulk_update": lambda rows, _w: async_to_sync(rows.abulk_update)([], ["pk"]),
}
MAKING: dict[str, Callable[[Any, World], Any]] = {
    "create": lambda rows, w: rows.create(**new(w)),
    "acreate": lambda rows, w: async_to_sync(rows.acreate)(**new(w)),
    "get_or_create": lambda rows, w: rows.get_or_create(name="new", defaults=new(w)),
    "aget_or_create": lambda rows, w: async_to_sync(rows.aget_or_create)(
        name="new", defaults=new(w)
    ),
    "update_or_create": lambda rows, w: rows.update_or_create(pk=w.live, defaults=ROW),
    "aupdate_or_create": lambda rows, w: async_to_sync(rows.aupdate_or_create)(
        pk=w.live, defaults=ROW
    ),
}
TABLES: dict[str, Callable[[], QuerySet[Any]]] = {
    "ModelSettings": ModelSettings.objects.all,
    "RoomProfile": RoomProfile.objects.all,
    "HistoricalModelSettings": ModelSettings.history.all,
    "ReplicateModel": ReplicateModel.objects.all,
    "HistoricalReplicateModel": ReplicateModel.history.all,
    "ProfileEvent": ProfileEvent.objects.all,
}
# What writes, but no settings; or writes no more than its own tests show.
ELSEWHERE = {
    "history.delete_revisions": "tests/staging/management/test_clean_old_history.py",
    "manage.py clean_old_history": "tests/staging/management/test_clean_old_history.py",
    "manage.py check_models": "accepts by registry.adopt_schema alone",
    "registry.find_or_store_schema": "stores what was read, which no profile uses yet",
    "admin check": "accepts by registry.adopt_schema alone",
    "manage.py prune": "tests/staging/deletion/test_pruning.py",
    "manage.py stage_folder": "asks for jobs, which read settings alone",
    "manage.py set_account_limits": "writes spending limits alone",
    "manage.py watch": "writes notices alone",
    "manage.py check_replicate": "writes a report alone",
    "search.find_parameters": "adds names to a dictionary of its own",
    "model_rows.insert_model": "registry.add_model alone calls it",
    "model_rows.complete_model": "registry.add_model alone calls it",
    "model_rows.sign": "writes nothing by itself",
}


def on_rows(
    find: Callable[[], QuerySet[Any]], call: Callable[[Any, World], Any]
) -> Callable[[World], Any]:
    return lambda world: call(find(), world)


ALL_REFUSED: dict[str, Write] = {
    **REFUSED,
    **{
        f"{table}: QuerySet.{name}": on_rows(find, call)
        for table, find in TABLES.items()
        for name, call in QUERYSETS.items()
    },
    **{
        f"ModelSettings: QuerySet.{name}": on_rows(ModelSettings.objects.all, call)
        for name, call in MAKING.items()
    },
}


def with_f(world: World) -> ModelSettings:
    row = world.row
    row.revision = F("revision") + 1
    return row


def everything() -> list[Any]:
    """Return what the tables of models, profiles, rooms and history hold."""
    managers: list[Any] = [ReplicateModel.objects, ModelSettings.objects, RoomProfile.objects]
    managers += [ModelSettings.history, ReplicateModel.history, ProfileEvent.objects]
    return [list(manager.order_by("pk").values()) for manager in managers]


@pytest.fixture
def world(model: ReplicateModel, operator: User, tmp_path: Path) -> World:
    return World(operator, tmp_path)


@pytest.mark.parametrize("path", ALL_REFUSED)
def test_path_is_refused(world: World, path: str) -> None:
    if "room" in path.lower():
        assert world.room
    before = everything()

    with pytest.raises(WriteRefused, match=r"\w\.$"), transaction.atomic():
        ALL_REFUSED[path](world)

    after = everything()
    # Who chose the room was asked for anew by the row's own fixture.
    assert [rows for rows in after if rows not in before] == [] or "room" in path.lower()
    assert after[1] == before[1]
    assert after[3] == before[3]


@pytest.mark.parametrize("path", HELD)
def test_path_keeps_author_and_reason(world: World, path: str) -> None:
    before = everything()

    if path == "profiles.unlock":
        profiles.lock(world.draft, by="olga", reason="")
    HELD[path].write(world)

    assert HELD[path].record(world) == RECORDED.get(path, ("olga", "because"))
    if HELD[path].record is newest:
        assert len(everything()[3]) > len(before[3])
        rows = ModelSettings.objects.values_list("pk", "revision")
        in_history = ModelSettings.history.values_list("id", "revision")
        assert set(rows) <= set(in_history)
    if path != "profiles.unlock":
        assert everything() != before


@pytest.mark.parametrize("path", [path for path, row in HELD.items() if row.wrong])
def test_path_refuses_what_is_wrong(world: World, path: str) -> None:
    wrong = HELD[path].wrong
    assert wrong is not None
    before = ModelSettings.history.count()

    with pytest.raises((*REFUSALS, Refused)), transaction.atomic():
        wrong(world)

    assert ModelSettings.history.count() == before
    assert get_settings(SLUG).document["steps"] == 31


@pytest.mark.parametrize("path", [path for path, row in HELD.items() if row.heeds_lock])
def test_path_heeds_the_lock(world: World, path: str) -> None:
    pk = getattr(world, HELD[path].profile)
    profiles.lock(pk, by="experiment 7", reason="under test")
    before = everything()

    with pytest.raises((*REFUSALS, Refused), match="locked by experiment 7: under test"):
        HELD[path].write(world)

    assert everything() == before


def of_subjects() -> Iterator[str]:
    """Every public function that takes an actor, is an import's own, or writes."""
    writes = re.compile(r"settings_write\(|_save\w*\(|\.(save|create|update|delete)\(|_raw_delete")
    of_settings = [
        import_module(f"{settings.__name__}.{found.name}")
        for found in pkgutil.iter_modules(settings.__path__)
    ]
    for module in (*of_settings, profiles, registry, model_facts, model_rows, importing):
        noun = module.__name__.split(".")[-1]
        for name, function in inspect.getmembers(module, inspect.isfunction):
            is_ours = function.__module__ == module.__name__ and not name.startswith("_")
            takes_actor = "by" in inspect.signature(function).parameters or module is importing
            if is_ours and (takes_actor or writes.search(inspect.getsource(function))):
                yield f"{noun}.{name}"


def of_api() -> Iterator[str]:
    for route in urls.urlpatterns:
        callback: Any = route.callback
        view = getattr(callback, "view_class", None) or callback.cls
        for method in ("post", "put", "patch", "delete"):
            if hasattr(view, method):
                yield f"{method.upper()} {route.name}"


def of_querysets() -> Iterator[str]:
    """Whatever Django or we mark as writing, of each table's QuerySet."""
    for table, rows in TABLES.items():
        for name, method in inspect.getmembers(type(rows()), inspect.isfunction):
            is_made = table == "ModelSettings" or name not in MAKING
            if getattr(method, "alters_data", False) and is_made:
                yield f"{table}: QuerySet.{name}"


def of_rows() -> Iterator[str]:
    tables: list[type[models.Model]] = [ModelSettings, ReplicateModel, RoomProfile, Revision]
    tables += [ProfileEvent, ReplicateModel.history.model]
    for table in tables:
        for name, method in inspect.getmembers(table, inspect.isfunction):
            if getattr(method, "alters_data", False) or name.startswith("save"):
                yield f"{table.__name__}.{name}"


def of_commands() -> Iterator[str]:
    ours = ("modelsettings", "staging")
    return (f"manage.py {name}" for name, app in get_commands().items() if app in ours)


def of_admin() -> Iterator[str]:
    yield from ("admin save", "admin rollback")
    yield from ("admin make-live", "admin make-default")
    source = inspect.getsource(profiles_admin) + inspect.getsource(model_page)
    yield from (f"admin {name}" for name in re.findall(r'case "(\w+)":', source))


@pytest.mark.parametrize(
    "find", [of_subjects, of_api, of_querysets, of_rows, of_commands, of_admin]
)
def test_every_path_has_a_row(find: Callable[[], Iterator[str]]) -> None:
    found = set(find())
    missing = found - HELD.keys() - ALL_REFUSED.keys() - ELSEWHERE.keys()

    assert len(found) > 2
    assert not missing, (
        f"{', '.join(sorted(missing))} can write, and nothing shows that the rules hold there: "
        "give it a row in HELD (validation, lock, history, actor, reason), in REFUSED, or, where "
        "it writes no settings, in ELSEWHERE, with where that is tested."
    )


def test_no_row_outlives_its_path() -> None:
    finders = (of_subjects, of_api, of_querysets, of_rows, of_commands, of_admin)
    found = {path for find in finders for path in find()}

    assert (HELD.keys() | ELSEWHERE.keys()) - found == set()
    assert RECORDED.keys() <= HELD.keys()


def test_only_these_modules_may_write() -> None:
    """`settings_write` opens the gate, so who calls it is part of the rules."""
    root = Path(settings.__file__).parents[2]
    packages = [root / name for name in ("config", "modelsettings", "staging")]
    callers = {
        path.relative_to(root).as_posix()
        for package in packages
        for path in package.rglob("*.py")
        if "with settings_write()" in path.read_text()
    }

    assert callers == {
        "modelsettings/settings/history.py",
        "modelsettings/models.py",
        "modelsettings/profiles.py",
        "modelsettings/model_rows.py",
        "staging/library/changing.py",
        "modelsettings/settings/changing.py",
    }


def test_a_person_who_is_deleted_leaves_the_history(world: World) -> None:
    patch_settings(world.live, {"steps": 33}, by=world.actor)

    world.olga.delete()

    step = ModelSettings.history.get(id=world.live, revision=3)
    assert (step.history_user, step.updated_by) == (None, "olga")
