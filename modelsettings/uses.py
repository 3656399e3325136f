"""Uses of profiles: which jobs use one, and what another live profile or default would change."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from modelsettings.errors import RequestRefused
from modelsettings.models import ModelSettings, ReplicateModel, RoomProfile
from modelsettings.profile_names import shown_name
from modelsettings.schema.comparison import Change, diff
from modelsettings.schema.overridable import OverridableChange, find_change
from modelsettings.settings import ProfileNotFound, StoredSettings, get_settings, read_profile


class ChangedMeanwhile(RequestRefused):
    """A choice between profiles or models that are no longer what its author was shown."""

    status = 409
    code = "changed_meanwhile"

    def __init__(self) -> None:
        super().__init__(
            "Another person has changed this meanwhile, so nothing was done: look again at what "
            "would change."
        )


@dataclass(frozen=True, slots=True)
class ProfileUse:
    """Which jobs use a profile; `live` is the name of the model's live profile."""

    name: str
    live: str
    is_live: bool
    is_default: bool
    is_retired: bool
    rooms: list[str]

    @property
    def words(self) -> str:
        """One sentence on which jobs use the profile.

        >>> ProfileUse("draft", "default", False, True, False, ["dining_room"]).words
        'The next job for the dining room uses it; for other rooms Standard is live.'
        """
        if self.is_retired:
            return "It is retired, so no job uses it."
        if self.is_live:
            return f"The next job{'' if self.is_default else ' with this model'} uses it."
        live = shown_name(self.live)
        if self.rooms:
            return (
                f"The next job for {self.rooms_in_words} uses it; for other rooms {live} is live."
            )
        return f"{live} is live: only jobs that name this profile, or whose project does, use it."

    @property
    def can_be_live(self) -> bool:
        return not self.is_live and not self.is_retired

    @property
    def rooms_in_words(self) -> str:
        rooms = [f"the {room.replace('_', ' ')}" for room in self.rooms]
        return " and ".join(filter(None, (", ".join(rooms[:-1]), *rooms[-1:])))


@dataclass(frozen=True, slots=True)
class Side:
    """A model with the profile that its jobs use, as one of the two that are compared."""

    label: str
    price: list[Any]
    stored: StoredSettings
    # The model's rooms with profiles of their own, and these profiles' names.
    rooms: list[tuple[str, str]]

    @property
    def profile(self) -> str:
        return f"{shown_name(self.stored.profile)}, revision {self.stored.revision}"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a choice would change: each parameter that differs between what is used and what would.

    `old` is None where nothing is used now. `tag` names all that was shown, prices and rooms
    too, so that the choice is refused where any of it has changed meanwhile.
    """

    old: Side | None
    new: Side
    tag: str

    @property
    def changes(self) -> list[Change]:
        old: Mapping[str, Any] = self.old.stored.document if self.old else {}
        return diff(old, self.new.stored.document)

    @property
    def overridable(self) -> OverridableChange | None:
        """What clients may change of the same model; of another it is another list."""
        if self.old is None or self.old.stored.slug != self.new.stored.slug:
            return None
        names = self.new.stored.validator.schema["properties"]
        return find_change(self.old.stored.listed, self.new.stored.listed, names)


def find_use(profile: int) -> ProfileUse:
    """Say which jobs use a profile, by its primary key. Raises ProfileNotFound."""
    columns = ("name", "retired_at", "model__live_profile", "model__live_profile__name")
    rows = ModelSettings.objects.filter(pk=profile)
    found = rows.values_list(*columns, "model__is_default").first()
    if found is None:
        raise ProfileNotFound("This settings profile is gone.")
    name, retired_at, live, live_name, is_default = found
    rooms = RoomProfile.objects.filter(profile=profile).order_by("room_type")
    return ProfileUse(
        name=name,
        live=live_name or "",
        is_live=live == profile,
        is_default=is_default,
        is_retired=retired_at is not None,
        rooms=list(rooms.values_list("room_type", flat=True)),
    )


def preview_live(profile: int) -> Preview:
    """Say what making a profile live would change. Raises ProfileNotFound."""
    new = read_profile(profile)
    model = ReplicateModel.objects.get(pk=new.model_pk)
    old = read_profile(model.live_profile_id) if model.live_profile_id else None
    return _preview(_side(model, old) if old else None, _side(model, new))


def preview_default(slug: str) -> Preview:
    """Say what making a model the default for staging would change. Raises ProfileNotFound."""
    found = ReplicateModel.objects.filter(Q(slug=slug) | Q(is_default=True))
    rows = {row.slug: row for row in found}
    if slug not in rows:
        raise ProfileNotFound(f"There is no model {slug}.")
    former = next((row for row in rows.values() if row.is_default), None)
    old = _side(former, get_settings(former.slug)) if former else None
    return _preview(old, _side(rows[slug], get_settings(slug)))


def _side(model: ReplicateModel, stored: StoredSettings) -> Side:
    rooms = RoomProfile.objects.filter(model=model).order_by("room_type")
    named = rooms.values_list("room_type", "profile__name")
    return Side(model.label, model.price, stored, list(named))


def _preview(old: Side | None, new: Side) -> Preview:
    shown = [
        (side.stored.pk, side.stored.revision, side.label, side.price, side.rooms)
        for side in (old, new)
        if side
    ]
    tag = hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()
    return Preview(old=old, new=new, tag=tag)


def check_shown(preview: Preview, shown: str) -> None:
    """Raise ChangedMeanwhile where another preview was shown."""
    if preview.tag != shown:
        raise ChangedMeanwhile
