"""A wish for pictures of a photo: the room, the style, the words, the model and its settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from staging.prompts import DEFAULT_ROOM, DEFAULT_STYLE


@dataclass(frozen=True, slots=True, kw_only=True)
class StagingRequest:
    """The pictures that are wished for, whichever door the wish comes through.

    It says nothing of the place: the photo, the project, who asks and who is told of the end are
    arguments beside it.

    An empty text wishes for nothing in particular. Then the room is any and the style modern, and
    `plan_job` takes the project's model and profile, or else the default model and the profile of
    the room. `seed` is None for nothing in particular, because 0 is a seed. No text is ever None.

    >>> StagingRequest(room_type="bedroom", overrides={"num_outputs": 2}, seed=7)
    """

    room_type: str = ""
    style: str = ""
    # A customer's own words, and whether they are added to the rules ("add") or replace them.
    prompt: str = ""
    prompt_mode: str = "add"
    model: str = ""
    profile: str = ""
    # Values of JSON as they came: the model's own schema judges them.
    overrides: Mapping[str, object] = field(default_factory=dict)
    seed: int | None = None

    @property
    def chosen_room(self) -> str:
        """The room to stage: the one that is wished for, else any."""
        return self.room_type or DEFAULT_ROOM

    @property
    def chosen_style(self) -> str:
        """The style to stage in: the one that is wished for, else modern."""
        return self.style or DEFAULT_STYLE
