"""A request for pictures of a photo: the room, the style, the prompt, the model, its settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from staging.prompts import DEFAULT_ROOM, DEFAULT_STYLE


@dataclass(frozen=True, slots=True, kw_only=True)
class StagingRequest:
    """The wanted pictures, in the same form from the API, a page or a batch.

    The photo, its project, the owner and the callback's address are arguments beside it.

    An empty text leaves the choice to us. The room is then any, the style modern, and `plan_job`
    takes the project's model and profile, or else the default model and the room's profile. `seed`
    leaves the choice with None, because 0 is a seed. No text is ever None.

    >>> StagingRequest(room_type="bedroom", overrides={"num_outputs": 2}, seed=7)
    """

    room_type: str = ""
    style: str = ""
    # A client's own prompt, and its use: "add" it to the rules, or "replace" them.
    prompt: str = ""
    prompt_mode: str = "add"
    model: str = ""
    profile: str = ""
    # JSON values as the client sent them: the model's own schema checks them.
    overrides: Mapping[str, object] = field(default_factory=dict)
    seed: int | None = None

    @property
    def chosen_room(self) -> str:
        """The requested room, or the key for any room."""
        return self.room_type or DEFAULT_ROOM

    @property
    def chosen_style(self) -> str:
        """The requested style, or modern."""
        return self.style or DEFAULT_STYLE
