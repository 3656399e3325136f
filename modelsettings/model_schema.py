"""A published schema as it is used here: its inputs, their roles, its settings; no database."""

from collections.abc import Mapping
from dataclasses import dataclass

from modelsettings.schema import flattening, parameters, published
from modelsettings.schema.flattening import JSON
from modelsettings.schema.parameters import Tuning
from modelsettings.schema.roles import choose_roles, find_obstacle
from modelsettings.schema.validation import SettingsValidator


@dataclass(frozen=True, slots=True)
class ModelSchema:
    """What a published schema means here, for one model.

    `flat` is the input as one self-contained JSON Schema; `roles` names the input that takes each
    thing a job brings; `validator` checks documents against what an operator may tune. `obstacle`
    says why this schema cannot stage a photo, whatever else is known of the model. `makes_many`
    says that it answers with a list.
    """

    flat: JSON
    roles: Mapping[str, str]
    validator: SettingsValidator
    makes_pictures: bool
    makes_many: bool
    obstacle: str | None

    @property
    def inputs(self) -> Mapping[str, JSON]:
        """The published inputs, by name."""
        properties: Mapping[str, JSON] = self.flat["properties"]
        return properties

    @property
    def settings(self) -> JSON:
        """The settings schema: what an operator may tune, and who carries it out."""
        return self.validator.schema

    @property
    def parameters(self) -> Mapping[str, JSON]:
        """What an operator may tune, by name."""
        properties: Mapping[str, JSON] = self.settings["properties"]
        return properties

    @property
    def takes_many_images(self) -> bool:
        return self.inputs.get(self.roles.get("image", ""), {}).get("type") == "array"

    @property
    def secrets(self) -> list[str]:
        """The names of the secret inputs, in their published order."""
        return [name for name, prop in self.inputs.items() if published.is_secret(name, prop)]

    @property
    def required_secrets(self) -> list[str]:
        return [name for name in self.secrets if name in self.flat["required"]]


def read_schema(openapi: JSON, *, roles: Mapping[str, str], tuning: Tuning) -> ModelSchema:
    """Return what a schema means under roles that are chosen already. Raises SchemaRefused."""
    return _assemble(openapi, flattening.flatten(openapi), roles=roles, tuning=tuning)


def choose_schema(
    openapi: JSON,
    *,
    known: Mapping[str, str],
    tuning: Tuning,
    corrections: Mapping[str, str | None] | None = None,
) -> ModelSchema:
    """Return what a schema means under the roles that `roles.choose_roles` finds in it.

    Raises SchemaRefused and RoleRefused.
    """
    flat = flattening.flatten(openapi)
    roles = choose_roles(flat, known=known, corrections=corrections or {})
    return _assemble(openapi, flat, roles=roles, tuning=tuning)


def _assemble(
    openapi: JSON, flat: JSON, *, roles: Mapping[str, str], tuning: Tuning
) -> ModelSchema:
    makes_pictures = published.makes_pictures(openapi)
    settings = parameters.settings_schema(
        flat, roles=roles, makes_pictures=makes_pictures, tuning=tuning
    )
    return ModelSchema(
        flat=flat,
        roles=roles,
        validator=SettingsValidator(settings),
        makes_pictures=makes_pictures,
        makes_many=published.output_of(openapi).get("type") != "string",
        obstacle=find_obstacle(flat, roles=roles, makes_pictures=makes_pictures),
    )
