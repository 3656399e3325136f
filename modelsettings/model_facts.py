"""Facts that operators set of a model: its name, its price, whether it is used, inputs' roles."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction

from modelsettings.actors import Actor
from modelsettings.errors import FieldsRefused, RequestRefused
from modelsettings.model_rows import save_model
from modelsettings.models import ReplicateModel
from modelsettings.registry import adopt_schema
from modelsettings.schema.comparison import is_same
from modelsettings.schema.published import PublishedModel

# What `change_model` takes; the default model, schema, roles and live profile have their own ways.
FACTS = ("label", "description", "position", "price", "is_enabled", "clients_may_name")


class ModelRefused(FieldsRefused):
    """Facts of a model that cannot be so; the message says which, by field."""


class ModelNotFound(RequestRefused):
    """A model that is not there."""

    status = 404


@transaction.atomic
def change_model(
    model: int, values: Mapping[str, Any], *, by: Actor, reason: str = ""
) -> ReplicateModel:
    """Change some of a model's FACTS; `model` is its primary key. Equal values leave no history.

    Raises ModelRefused and ModelNotFound.
    """
    row = _lock(model)
    if unknown := values.keys() - set(FACTS):
        raise ModelRefused({name: ["This is no fact of a model."] for name in sorted(unknown)})
    changed = {name: new for name, new in values.items() if not is_same(getattr(row, name), new)}
    if not changed:
        return row
    for name, new in changed.items():
        setattr(row, name, new)
    try:
        # Slug and roles have not changed, and the rest of the row is not the author's.
        row.clean_fields(exclude={field.name for field in row._meta.fields} - set(changed))
        row.clean()
    except ValidationError as error:
        found = error.message_dict
        raise ModelRefused(
            {"" if name == NON_FIELD_ERRORS else name: found[name] for name in found}
        ) from error
    save_model(row, by=by, reason=reason)
    return row


@transaction.atomic
def correct_roles(
    model: int, corrections: Mapping[str, str | None], *, by: Actor, reason: str = ""
) -> bool:
    """Say which inputs take the photo and the prompt; return whether anything changed.

    `corrections` are as `schema.roles.choose_roles` takes them. An input that takes a role is no
    parameter any longer, and the other way round: each profile gets a revision where this gives it
    a parameter, or takes one from it. Raises RoleRefused, CannotAdopt and ModelNotFound.
    """
    row = _lock(model)
    pinned = row.pinned_schema
    if pinned is None:
        raise ModelNotFound(f"{row.slug} has no schema.")
    published = PublishedModel(
        slug=row.slug,
        description=row.description,
        version=pinned.version,
        openapi=pinned.document,
        is_official=pinned.is_official,
        source=pinned.source,
    )
    reason = reason or "Inputs given other roles."
    return adopt_schema(published, by=by, reason=reason, corrections=corrections)


def _lock(model: int) -> ReplicateModel:
    row = ReplicateModel.objects.select_for_update(of=("self",)).filter(pk=model).first()
    if row is None:
        raise ModelNotFound("There is no such model.")
    return row
