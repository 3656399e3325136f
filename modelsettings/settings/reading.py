"""The stored settings, read as a job needs them: in one query, fresh each time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import QuerySet

from modelsettings.errors import RequestRefused
from modelsettings.model_schema import ModelSchema
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.pinned_schemas import find_obstacle_to_staging, get_schema
from modelsettings.schema import delivery
from modelsettings.schema.comparison import differing_keys
from modelsettings.schema.delivery import Delivery
from modelsettings.schema.flattening import JSON
from modelsettings.schema.overridable import marked, overridable_names
from modelsettings.schema.validation import SettingsValidator


class ProfileNotFound(RequestRefused):
    """A model that is not there, or that has no such profile."""

    status = 404


class NotOverridable(RequestRefused):
    """A job's change of parameters that its profile does not let clients change."""

    status = 403
    code = "not_overridable"

    def __init__(self, names: Sequence[str]) -> None:
        told = ", ".join(names)
        super().__init__(
            f"Clients may not change {told} here: leave {'it' if len(names) == 1 else 'them'} out, "
            "or ask an operator.",
            field=names[0],
        )
        self.names = list(names)

    def body(self) -> dict[str, Any]:
        """Return the API's answer, which names the parameters."""
        return {**super().body(), "parameters": self.names}


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """One profile as it is stored, with the schema it obeys."""

    pk: int
    slug: str
    profile: str
    revision: int
    values: JSON
    # The profile's own list, or None: `overridable` has the names.
    listed: list[str] | None
    clients_may_name: bool
    updated_at: datetime
    updated_by: str
    version: str
    is_official: bool
    model_pk: int
    is_enabled: bool
    roles: Mapping[str, str]
    schema: ModelSchema

    @property
    def validator(self) -> SettingsValidator:
        return self.schema.validator

    @property
    def obstacle(self) -> str | None:
        """Why a job cannot use the model, in one sentence; None where it can."""
        return find_obstacle_to_staging(
            self.slug,
            is_enabled=self.is_enabled,
            can_be_run=self.is_official or bool(self.version),
            schema=self.schema,
        )

    @property
    def document(self) -> JSON:
        """The values in the schema's order: PostgreSQL does not keep the order of a document."""
        names = (name for name in self.validator.schema["properties"] if name in self.values)
        return {name: self.values[name] for name in names} | self.values

    @property
    def overridable(self) -> list[str]:
        """The parameters that a client's job may change."""
        return overridable_names(self.listed, self.validator.schema["properties"])

    @property
    def marked_schema(self) -> JSON:
        """The settings schema, in which each parameter says whether clients may change it."""
        return marked(self.validator.schema, self.overridable)

    @property
    def changed(self) -> list[str]:
        """The keys whose values are not their defaults."""
        return differing_keys(self.validator.defaults, self.document)


@dataclass(frozen=True, slots=True)
class ResolvedSettings:
    """The settings of one job: the whole document, and its halves for the model and for Restage."""

    stored: StoredSettings
    settings: JSON
    input: JSON
    delivery: Delivery


def get_settings(model: str | None = None, *, profile: str | None = None) -> StoredSettings:
    """Read a profile in one query, fresh each time.

    Without a name it is the model's live profile; without a model, the default for staging.
    Raises ProfileNotFound.
    """
    wanted = {"slug": model} if model else {"is_default": True}
    if profile:
        of_the_model = {f"model__{column}": value for column, value in wanted.items()}
        row = next(
            iter(_named_profiles().filter(name=profile, retired_at=None, **of_the_model)), None
        )
    else:
        row = next(iter(_live_profiles().filter(**wanted)), None)
    # A model without a live profile is found, but with no profile's key in its row.
    if row is None or row[0] is None:
        missing = f"{profile} of {model or 'the default model'}" if profile else model
        raise ProfileNotFound(f"There is no settings profile {missing or 'for staging'}.")
    return _read_row(row)


def read_profile(pk: int) -> StoredSettings:
    """Read any profile by its primary key, a retired one too. Raises ProfileNotFound."""
    row = next(iter(_named_profiles().filter(pk=pk)), None)
    if row is None:
        raise ProfileNotFound("This settings profile is gone.")
    return _read_row(row)


def _read_row(row: tuple[Any, ...]) -> StoredSettings:
    *columns, digest = row
    schema = get_schema(row[1], roles=columns[-1], digest=digest)
    return StoredSettings(*[*columns, schema])


@cache
def _live_profiles() -> QuerySet[Any, Any]:
    """Return the query of StoredSettings' columns, for `filter` to clone.

    Building it takes longer than running it, so it is built once.
    """
    return _select_columns(ReplicateModel.objects.order_by(), profile="live_profile__", model="")


@cache
def _named_profiles() -> QuerySet[Any, Any]:
    """As `_live_profiles`, but from the profile's side.

    From the model's side, a filter on its profiles would join them a second time, and the columns
    would be those of another profile.
    """
    return _select_columns(ModelSettings.objects.order_by(), profile="", model="model__")


def _select_columns(rows: QuerySet[Any], *, profile: str, model: str) -> QuerySet[Any, Any]:
    """Select the columns in the order of StoredSettings; the names are prefixes of relations."""
    return rows.values_list(
        f"{profile}pk",
        f"{model}slug",
        f"{profile}name",
        f"{profile}revision",
        f"{profile}values",
        f"{profile}overridable",
        f"{profile}clients_may_name",
        f"{profile}updated_at",
        f"{profile}updated_by",
        f"{model}pinned_schema__version",
        f"{model}pinned_schema__is_official",
        f"{model}pk",
        f"{model}is_enabled",
        f"{model}roles",
        f"{model}pinned_schema__digest",
    )


def resolve(
    model: str | None = None,
    *,
    profile: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    seed: int | None = None,
    by_client: bool = False,
    disclosure: str | None = None,
) -> ResolvedSettings:
    """Return the exact input and delivery of a job, less the photo and the prompt.

    In order of precedence: `disclosure`, the label that a rule gives to every picture; the
    request's seed, its overrides, the profile. The profile is read in one query, so the next job
    sees a change. Raises ProfileNotFound, SettingsRefused for the overrides, and NotOverridable for
    those that a client may not send.
    """
    stored = get_settings(model, profile=profile)
    changes = dict(overrides or {})
    if seed is not None:
        changes["seed"] = seed
    if by_client:
        check_overridable(stored, changes)
    wanted = stored.document | changes
    settings = stored.validator.clean(wanted)
    if disclosure is not None and delivery.is_ours(stored.validator.schema, "disclosure"):
        settings["disclosure"] = disclosure
    sent, delivered = delivery.split(stored.validator.schema, settings, label=disclosure)
    return ResolvedSettings(stored=stored, settings=settings, input=sent, delivery=delivered)


def check_overridable(stored: StoredSettings, names: Collection[str]) -> None:
    """Raise NotOverridable for parameters that a profile does not let clients change.

    A name that the model does not have is left to the validator.
    """
    kept = stored.validator.schema["properties"].keys() - set(stored.overridable)
    if refused := [name for name in names if name in kept]:
        raise NotOverridable(refused)
