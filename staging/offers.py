"""The models that an account may ask for, with profiles, parameters to change, and prices."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from modelsettings import catalog, registry
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.pinned_schemas import get_schema
from modelsettings.schema.delivery import is_ours
from modelsettings.schema.flattening import JSON
from modelsettings.schema.overridable import overridable_names
from staging.clients import is_client, nameable_models, nameable_profiles
from staging.models import DisclosureRule, PriceEstimate, Project
from staging.spending.estimating import typical_cost


@dataclass(frozen=True, slots=True)
class ProfileOffer:
    """A profile, and what a job that uses it may change.

    `parameters` is a JSON Schema of these parameters, `values` what they are without a change.
    `price` is that of a typical photo, one picture, in dollars; None where it is unknown.
    """

    name: str
    may_name: bool
    is_live: bool
    room_types: list[str]
    price: Decimal | None
    parameters: JSON
    values: JSON


@dataclass(frozen=True, slots=True)
class ModelOffer:
    """A model that can stage; `rooms` and `styles` are those that it knows, None for any."""

    slug: str
    label: str
    description: str
    is_default: bool
    may_name: bool
    takes_prompt: bool
    rooms: list[str] | None
    styles: list[str] | None
    profiles: list[ProfileOffer]


def offers_to(user: User) -> list[ModelOffer]:
    """Return the models that an account may name or gets without naming them, the default first.

    The account gets without a name what is the default, live, chosen for a room, or chosen by a
    project that it sees.
    """
    seen = Project.objects.seen_by(user)
    named_models = set(nameable_models(user).values_list("pk", flat=True))
    named_profiles = set(nameable_profiles(user).values_list("pk", flat=True))
    of_projects = set(seen.exclude(model=None).values_list("model", "profile"))
    profiles = _profiles_by_model()
    changes_all = not is_client(user)
    kept = {"disclosure"} if DisclosureRule.objects.in_force().of(None).exists() else set()
    estimates = dict(PriceEstimate.objects.values_list("model", "usd"))
    offers = []
    for model in registry.list_models():
        may_name = model.pk in named_models
        is_chosen = model.is_default or any(model.pk == key for key, _ in of_projects)
        if model.obstacle or not (may_name or is_chosen):
            continue
        offers.append(
            _offer(
                model,
                may_name=may_name,
                profiles=[
                    _offer_profile(
                        row,
                        model=model,
                        # A job names a profile with its model, or else one of the default model.
                        may_name=row.pk in named_profiles and (may_name or model.is_default),
                        changes_all=changes_all,
                        kept=kept,
                        estimates=estimates,
                    )
                    for row in profiles.get(model.pk, [])
                    if row.pk in named_profiles
                    or row.pk == model.live_profile_id
                    or row.rooms.all()
                    or (model.pk, row.pk) in of_projects
                ],
            )
        )
    return sorted(offers, key=lambda offer: not offer.is_default)


def _profiles_by_model() -> Mapping[int, list[ModelSettings]]:
    found: dict[int, list[ModelSettings]] = {}
    in_use = ModelSettings.objects.filter(retired_at=None).prefetch_related("rooms")
    for row in in_use.order_by("name"):
        found.setdefault(row.model_id, []).append(row)
    return found


def _offer(model: ReplicateModel, *, may_name: bool, profiles: list[ProfileOffer]) -> ModelOffer:
    overlay = catalog.find_overlay(model.slug)
    return ModelOffer(
        slug=model.slug,
        label=model.label,
        description=model.description,
        is_default=model.is_default,
        may_name=may_name,
        takes_prompt="prompt" in model.roles,
        rooms=list(overlay.rooms) if "room" in model.roles else None,
        styles=list(overlay.styles) if "style" in model.roles else None,
        profiles=sorted(profiles, key=lambda profile: not profile.is_live),
    )


def _offer_profile(
    row: ModelSettings,
    *,
    model: ReplicateModel,
    may_name: bool,
    changes_all: bool,
    kept: set[str],
    estimates: Mapping[int, Decimal],
) -> ProfileOffer:
    pinned: Any = model.pinned_schema
    schema = get_schema(model.slug, roles=model.roles, digest=pinned.digest).validator.schema
    properties: Mapping[str, JSON] = schema["properties"]
    names = [
        name
        for name in (properties if changes_all else overridable_names(row.overridable, properties))
        if name not in kept or not is_ours(schema, name)
    ]
    return ProfileOffer(
        name=row.name,
        may_name=may_name,
        is_live=row.pk == model.live_profile_id,
        room_types=sorted(room.room_type for room in row.rooms.all()),
        price=typical_cost(model, settings=row.values, estimates=estimates),
        parameters=schema | {"properties": {name: properties[name] for name in names}},
        values={name: row.values[name] for name in names if name in row.values},
    )
