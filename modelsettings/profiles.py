"""A model's profiles: making one from another, choosing the live one, retiring, locking."""

from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.utils import timezone

from modelsettings.actors import Actor
from modelsettings.errors import RequestRefused
from modelsettings.guards import settings_write
from modelsettings.model_rows import save_model
from modelsettings.models import (
    EventKind,
    ModelSettings,
    ProfileEvent,
    ReplicateModel,
    RoomProfile,
)
from modelsettings.profile_names import shown_name
from modelsettings.settings import (
    ProfileLocked,
    ProfileNotFound,
    StoredSettings,
    changing,
    create_profile,
    read_profile,
)
from modelsettings.uses import check_shown, preview_live


class ProfileRefused(RequestRefused):
    """A name that is taken or empty, or a profile that is needed as it is."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, field="name")


def list_profiles(slug: str, *, with_retired: bool = False) -> list[ModelSettings]:
    """Return a model's profiles, the live one first, each with its `is_live` and `room_types`."""
    live = ReplicateModel.objects.filter(slug=slug).values_list("live_profile", flat=True).first()
    rows = ModelSettings.objects.filter(model__slug=slug).prefetch_related("rooms")
    if not with_retired:
        rows = rows.filter(retired_at=None)
    found = sorted(rows, key=lambda row: (row.pk != live, row.name))
    for row in found:
        row.is_live = row.pk == live
        row.room_types = sorted(room.room_type for room in row.rooms.all())
    return found


def copy_profile(profile: int, name: str, *, by: Actor, reason: str = "") -> ModelSettings:
    """Make a new profile from this one; without a reason, history says from which.

    Raises ProfileRefused, ProfileNotFound, and SettingsRefused for what its schema no longer takes.
    """
    source = read_profile(profile)
    name = _checked(name)
    reason = reason or f"Made from {shown_name(source.profile)}, revision {source.revision}."
    try:
        with transaction.atomic():
            return create_profile(
                model=source.model_pk,
                name=name,
                values=source.values,
                overridable=source.listed,
                clients_may_name=source.clients_may_name,
                validator=source.validator,
                by=by,
                reason=reason,
            )
    except IntegrityError:
        raise ProfileRefused(f"This model has a profile {name} already.") from None


def rename_profile(profile: int, name: str, *, by: Actor, reason: str = "") -> StoredSettings:
    """Rename a profile, as a revision of its own. Raises ProfileRefused, ProfileLocked."""
    try:
        with transaction.atomic():
            return changing.rename_profile(profile, _checked(name), by=by, reason=reason)
    except IntegrityError:
        raise ProfileRefused(f"This model has a profile {name} already.") from None


def let_clients_name(
    profile: int, *, is_allowed: bool, by: Actor, reason: str = ""
) -> StoredSettings:
    """Say whether clients may name a profile, as a revision of its own. Raises ProfileLocked."""
    return changing.let_clients_name(profile, is_allowed=is_allowed, by=by, reason=reason)


@transaction.atomic
def make_live(profile: int, *, by: Actor, reason: str = "", shown: str | None = None) -> None:
    """Let the site's jobs use this profile from now on.

    `shown` is the tag of the preview that the author saw. Raises ProfileRefused for a retired one,
    and ChangedMeanwhile where the preview would be another now.
    """
    # The model before its profile, as an accepted schema locks them. The profile is locked so that
    # it cannot be retired meanwhile.
    model = ReplicateModel.objects.select_for_update(of=("self",)).filter(profiles=profile).first()
    chosen = _lock(profile)
    _check_in_use(chosen)
    if model is None:
        raise ProfileNotFound("This settings profile is gone.")
    if model.live_profile_id == chosen.pk:
        return
    if shown is not None:
        check_shown(preview_live(profile), shown)
    model.live_profile = chosen
    save_model(model, by=by, reason=reason)


@transaction.atomic
def use_for_rooms(
    profile: int, room_types: Collection[str], *, by: Actor, reason: str = ""
) -> None:
    """Let jobs of these rooms use this profile, whichever is live for the site.

    Rooms that used it and are not named go back to the live one. What changes nothing leaves no
    event. Raises ProfileRefused.
    """
    # The model first, which rows of its rooms refer to, as an accepted schema locks them.
    list(ReplicateModel.objects.select_for_update(of=("self",)).filter(profiles=profile))
    chosen = _lock(profile)
    if room_types:
        _check_in_use(chosen)
    for room_type in room_types:
        _check_room(room_type)
    now = timezone.now()
    before = _rooms_of(chosen.model_id)
    given = [room for room in dict.fromkeys(room_types) if before.get(room) != chosen.name]
    taken = [
        room for room, name in before.items() if name == chosen.name and room not in room_types
    ]
    if not given and not taken:
        return
    with settings_write():
        RoomProfile.objects.filter(profile=chosen, room_type__in=taken).delete()
        for room_type in given:
            RoomProfile.objects.update_or_create(
                model_id=chosen.model_id,
                room_type=room_type,
                defaults={"profile": chosen, "chosen_by": by.name, "chosen_at": now},
            )
    rooms = {room: [before.get(room), chosen.name] for room in given}
    rooms |= {room: [chosen.name, None] for room in taken}
    _note(chosen, EventKind.ROOMS, by=by, reason=reason, rooms=rooms)


def _rooms_of(model: int) -> dict[str, str]:
    """Return the names of the profiles that a model's rooms use instead of the live one."""
    rows = RoomProfile.objects.filter(model=model).order_by("room_type")
    return dict(rows.values_list("room_type", "profile__name"))


def find_for_room(slug: str | None, room_type: str) -> str | None:
    """Return the name of the profile that a room's jobs use, or None for the live one."""
    wanted = {"model__slug": slug} if slug else {"model__is_default": True}
    found = RoomProfile.objects.filter(room_type=room_type, **wanted)
    return found.values_list("profile__name", flat=True).first()


@transaction.atomic
def retire(profile: int, *, by: Actor, reason: str = "") -> None:
    """Take a profile out of use; its history stays. The live one cannot be retired."""
    row = _lock(profile)
    if row.retired_at is not None:
        return
    if ReplicateModel.objects.filter(live_profile=row).exists():
        raise ProfileRefused("This profile is live: make another profile live first.")
    if row.rooms.exists():
        raise ProfileRefused(
            "This profile is used for rooms: choose another profile for them first."
        )
    if row.locked_by:
        raise ProfileLocked(by=row.locked_by, reason=row.lock_reason)
    row.retired_at, row.retired_by = timezone.now(), by.name
    _save_state(row, "retired_at", "retired_by")
    _note(row, EventKind.RETIRED, by=by, reason=reason)


@transaction.atomic
def restore(profile: int, *, by: Actor, reason: str = "") -> None:
    """Take a retired profile back into use."""
    row = _lock(profile)
    if row.retired_at is None:
        return
    row.retired_at, row.retired_by = None, ""
    _save_state(row, "retired_at", "retired_by")
    _note(row, EventKind.RESTORED, by=by, reason=reason)


@transaction.atomic
def lock(profile: int, *, by: str, reason: str) -> None:
    """Lock a profile's values and name. Raises ProfileLocked where another holder has them."""
    row = _lock(profile)
    if row.locked_by and row.locked_by != by:
        raise ProfileLocked(by=row.locked_by, reason=row.lock_reason)
    row.locked_by, row.lock_reason = by, reason
    _save_state(row, "locked_by", "lock_reason")


@transaction.atomic
def unlock(profile: int, *, by: str) -> None:
    """Give a lock back. Raises ProfileLocked where another holder has it."""
    row = _lock(profile)
    if row.locked_by and row.locked_by != by:
        raise ProfileLocked(by=row.locked_by, reason=row.lock_reason)
    row.locked_by = row.lock_reason = ""
    _save_state(row, "locked_by", "lock_reason")


def _lock(profile: int) -> ModelSettings:
    row = ModelSettings.objects.select_for_update().filter(pk=profile).first()
    if row is None:
        raise ProfileNotFound("This settings profile is gone.")
    return row


def _save_state(row: ModelSettings, *fields: str) -> None:
    """Save columns that are no part of a revision, without a row of history."""
    row.skip_history_when_saving = True
    with settings_write():
        row.save(update_fields=fields)


def _note(
    profile: ModelSettings,
    kind: EventKind,
    *,
    by: Actor,
    reason: str,
    rooms: dict[str, list[str | None]] | None = None,
) -> None:
    """Write what became of a profile, in the transaction in which it did."""
    event = ProfileEvent(
        profile=profile,
        kind=kind,
        rooms=rooms or {},
        changed_at=timezone.now(),
        changed_by=by.name,
        reason=reason,
    )
    with settings_write():
        event.save(force_insert=True)


def _check_in_use(profile: ModelSettings) -> None:
    if profile.retired_at is not None:
        raise ProfileRefused("This profile is retired: take it back into use first.")


def _check_room(room_type: str) -> None:
    if not room_type.strip() or len(room_type) > 40 or "\0" in room_type:
        raise ProfileRefused("A room is named in up to 40 characters, such as living_room.")


def _checked(name: str) -> str:
    name = " ".join(name.split())
    # As the last part of an address, `.` and `..` lead to another page.
    is_path = "/" in name or name in (".", "..")
    if not name or len(name) > 100 or "\0" in name or is_path:
        raise ProfileRefused("Give the profile a name of up to 100 characters, without a slash.")
    return name
