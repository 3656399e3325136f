"""Forecasts what an order comes to before it is placed: pictures, dollars, models, and limits."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.contrib.auth.models import User

from modelsettings.models import ReplicateModel
from staging import access
from staging.batches.requesting import check_count, find_error
from staging.batches.sent import Rooms, SentPhoto, choose_rooms
from staging.jobs.planning import Plan, plan_job
from staging.orders.order import Order
from staging.orders.placing import Twin, find_twin
from staging.spending.estimating import TYPICAL_PHOTO
from staging.spending.fitting import Fit, fit_into_limits, total
from staging.spending.outlay import Outlay, outlay_of_settings


@dataclass(frozen=True, slots=True)
class Use:
    """A model with a profile that an order will use, and the rooms for which it does.

    `rooms` is empty where it is used for all of them.
    """

    model: ReplicateModel
    profile: str
    revision: int
    rooms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What an order comes to.

    Without any photo, it is that of a typical one. `photos` counts those that may be photos,
    `refused` the others. `rooms` is what their folders say, and `passed_over` counts the files
    beside them. `twin` is the same order, placed before.
    """

    photos: int
    refused: int
    styles: int
    pictures: int
    outlay: Outlay
    uses: list[Use]
    fit: Fit
    twin: Twin | None
    rooms: Rooms
    passed_over: Mapping[str, int]


def forecast(order: Order, *, by: User, token: str = "") -> Forecast:
    """Return what an order comes to; `token` is that of the form that would place it.

    Raises BatchRefused, RightMissing and MayOnlySee, and what `plan_job` raises.
    """
    check_count(order.photos)
    if order.photos:
        access.check(by, order.right, order.project, in_admin=True)
    good = [photo for photo in order.photos if not find_error(photo)]
    counted = good or [SentPhoto(name="")]
    chosen = choose_rooms(counted, {}, order.wanted.chosen_room)
    rooms = chosen.of_photos
    plans = _plan_rooms(order, rooms, by=by)
    models = ReplicateModel.objects.select_related("pinned_schema").in_bulk(
        {plan.resolved.stored.model_pk for plan in plans.values()}
    )
    outlay = _outlay(counted, rooms, plans, models, times=len(order.styles))
    return Forecast(
        photos=len(good),
        refused=len(order.photos) - len(good),
        styles=len(order.styles),
        pictures=sum(plans[room].pictures for room in rooms) * len(order.styles),
        outlay=outlay,
        uses=_uses(plans, models),
        fit=fit_into_limits(outlay, project=order.project.pk, account=by),
        twin=find_twin(order, by=by, token=token) if order.photos else None,
        rooms=chosen,
        passed_over=order.passed_over,
    )


def _plan_rooms(order: Order, rooms: list[str], *, by: User) -> dict[str, Plan]:
    """Plan each room, and each style once: which of them a model knows does not depend on both."""

    def plan(room: str, style: str) -> Plan:
        wanted = replace(order.wanted, room_type=room, style=style)
        return plan_job(wanted, project=order.project, by=by)

    first, *more = order.styles
    for style in more:
        plan(rooms[0], style)
    return {room: plan(room, first) for room in dict.fromkeys(rooms)}


def _outlay(
    photos: list[SentPhoto],
    rooms: list[str],
    plans: Mapping[str, Plan],
    models: Mapping[int, ReplicateModel],
    *,
    times: int,
) -> Outlay:
    """Add up the photos' outlays; of a file that is not read yet, a typical size counts."""
    counts: dict[tuple[str, tuple[int, int]], int] = {}
    for photo, room in zip(photos, rooms, strict=True):
        size = (photo.photo.width, photo.photo.height) if photo.photo else TYPICAL_PHOTO
        counts[room, size] = counts.get((room, size), 0) + times
    return total(
        [(_outlay_of_plan(plans[room], models, size=size), n) for (room, size), n in counts.items()]
    )


def _outlay_of_plan(
    plan: Plan, models: Mapping[int, ReplicateModel], *, size: tuple[int, int]
) -> Outlay:
    resolved = plan.resolved
    model = models[resolved.stored.model_pk]
    return outlay_of_settings(model, resolved.settings, predictions=plan.predictions, size=size)


def _uses(plans: Mapping[str, Plan], models: Mapping[int, ReplicateModel]) -> list[Use]:
    """Return each model and profile once, with its rooms where these differ in it."""
    found: dict[int, list[str]] = {}
    stored = {plan.resolved.stored.pk: plan.resolved.stored for plan in plans.values()}
    for room, plan in plans.items():
        found.setdefault(plan.resolved.stored.pk, []).append(room)
    return [
        Use(
            models[stored[key].model_pk],
            stored[key].profile,
            stored[key].revision,
            tuple(rooms) if len(found) > 1 else (),
        )
        for key, rooms in found.items()
    ]
