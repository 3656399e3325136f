"""Recent changes: each kind with author and reason, the filter, pages, and what they cost."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db.models import QuerySet
from django.utils import timezone

from modelsettings import model_facts, profiles, registry
from modelsettings.actors import Actor
from modelsettings.guards import settings_write
from modelsettings.model_rows import save_model
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.settings import get_settings, let_clients_name, patch_settings, set_overridable
from modelsettings.settings.history import delete_revisions, get_content
from staging.changes.entries import Change, Kind, Place, Wanted
from staging.changes.listing import API_KINDS, list_changes, offered_kinds
from staging.disclosure import end_rule, set_rule
from staging.library.changing import change_entry, create_entry, newest_change
from staging.models import PromptRules, PromptTemplate, RoomType, Style
from tests.staging.conftest import QWEN

pytestmark = pytest.mark.django_db

ANN, BOB = Actor("ann"), Actor("bob")
SEEDREAM = "bytedance/seedream-4"
OURS = Wanted(with_shipped=False)


def changes(user: User, **wanted: Any) -> list[Change]:
    return list_changes(user, Wanted(**{"with_shipped": False, **wanted})).changes


def only(user: User, **wanted: Any) -> tuple[str, str, str, str, list[tuple[str, str, str]]]:
    """Return the one change there is: author, reason, what of, what was done, and its lines."""
    (change,) = changes(user, **wanted)
    lines = [(line.label, *line.shown) for line in change.lines]
    return change.by, change.reason, f"{change.title}, {change.part}", change.done, lines


def model() -> ReplicateModel:
    return ReplicateModel.objects.get(slug=QWEN)


def live() -> int:
    return get_settings(QWEN).pk


def draft() -> int:
    return profiles.copy_profile(live(), "draft", by=ANN).pk


def change_style(key: str, **values: Any) -> Style:
    style = Style.objects.get(key=key)
    started = newest_change(style).pk
    change_entry(style, values, by=ANN, reason="calmer", started_from=started)
    return style


def test_nothing_but_what_came_with_restage(operator: User) -> None:
    assert changes(operator) == []
    shipped = list_changes(operator, Wanted(), most=500).changes
    assert {change.by for change in shipped} == {"system:catalog", "system:library"}
    assert {change.done for change in shipped} == {"added"}
    assert sum(change.model is not None for change in shipped) == 27


def test_change_of_settings(operator: User) -> None:
    patch_settings(live(), {"output_quality": 55, "seed": 4}, by=ANN, reason="smaller")

    by, reason, what, done, lines = only(operator)
    assert (by, reason, what, done) == (
        "ann",
        "smaller",
        "Qwen Image Edit, Standard, revision 2",
        "",
    )
    assert sorted(lines) == [("Output quality", "80", "55"), ("Seed", "unset", "4")]


def test_live_profile(operator: User) -> None:
    profiles.make_live(draft(), by=BOB, reason="calmer")

    told = only(operator, kind=Kind.LIVE)
    assert told == (
        "bob", "calmer", "Qwen Image Edit, ", "", [("Live profile", "Standard", "draft")],
    )  # fmt: skip
    assert only(operator, kind=Kind.SETTINGS)[3] == "new profile"


def test_default_model_is_one_change(operator: User) -> None:
    registry.choose_default(SEEDREAM, by=ANN, reason="cheaper")

    line = ("Default for staging", "Qwen Image Edit", "Seedream 4")
    assert only(operator) == ("ann", "cheaper", "Seedream 4, ", "", [line])
    # Also where one asks for the model that is the default no longer.
    assert only(operator, model=QWEN) == ("ann", "cheaper", "Qwen Image Edit, ", "", [line])
    assert only(operator, kind=Kind.DEFAULT)[0] == "ann"


def test_rooms_of_a_profile(operator: User) -> None:
    profiles.use_for_rooms(live(), ["living_room"], by=ANN, reason="calmer")

    told = only(operator, kind=Kind.ROOMS)
    line = ("Living room", "the live profile", "Standard")
    assert told == ("ann", "calmer", "Qwen Image Edit, Standard", "", [line])


def test_retirement_and_return(operator: User) -> None:
    profile = draft()
    profiles.retire(profile, by=ANN, reason="unused")
    profiles.restore(profile, by=BOB)

    told = [(one.by, one.reason, one.done) for one in changes(operator, kind=Kind.RETIRED)]
    assert told == [("bob", "", "taken back into use"), ("ann", "unused", "retired")]


@pytest.mark.parametrize(
    ("values", "kind", "line"),
    [
        ({"is_enabled": False}, Kind.ENABLED, ("Enabled", "yes", "no")),
        (
            {"price": [{"unit": "image", "usd": 0.04}]},
            Kind.PRICE,
            ("Price", "$0.04 a picture", "$0.05 a picture"),
        ),
        ({"clients_may_name": False}, Kind.CLIENTS, ("Clients may name it", "yes", "no")),
        ({"label": "Ours"}, Kind.MODEL, ("Name", "Seedream 4", "Ours")),
    ],
)
def test_fact_of_a_model(operator: User, values: Any, kind: Kind, line: Any) -> None:
    row = ReplicateModel.objects.get(slug=SEEDREAM)
    model_facts.change_model(row.pk, {"price": [{"unit": "image", "usd": 0.04}]}, by=BOB)
    if kind == Kind.PRICE:
        values = {"price": [{"unit": "image", "usd": 0.05}]}
    model_facts.change_model(row.pk, values, by=ANN, reason="because")

    told = only(operator, kind=kind, by="ann")
    assert (told[0], told[1], told[4]) == ("ann", "because", [line])
    # No other kind has it.
    others = [other for other in Kind if other != kind and changes(operator, kind=other, by="ann")]
    assert others == []


def test_roles_of_inputs(operator: User) -> None:
    row = model()
    row.roles = {**row.roles, "style": "negative_prompt"}
    save_model(row, by=ANN, reason="it takes it")

    assert only(operator, kind=Kind.ROLES)[4] == [("Input of the style", "none", "negative_prompt")]


def test_what_clients_may_do(operator: User) -> None:
    set_overridable(live(), ["seed"], by=ANN, reason="for a test")
    let_clients_name(live(), is_allowed=False, by=BOB)
    patch_settings(live(), {"seed": 3}, by=BOB)

    named, listed = changes(operator, kind=Kind.CLIENTS)
    assert [(line.label, *line.shown) for line in named.lines] == [
        ("Clients may name it", "yes", "no")
    ]
    assert ("Clients may change Output quality", "yes", "no") in [
        (line.label, *line.shown) for line in listed.lines
    ]
    assert [one.by for one in changes(operator, kind=Kind.SETTINGS)] == ["bob"]


def rewrite_revision(number: int, **values: Any) -> None:
    with settings_write():
        ModelSettings.history.filter(id=live(), revision=number).update(**values)


def test_revision_whose_predecessor_was_deleted(operator: User) -> None:
    """It is found as what it is shown as, and given nothing of the revisions in between."""
    for seed in (1, 2, 3):
        patch_settings(live(), {"seed": seed}, by=ANN)
    # As clean_old_history leaves it: a job ran with the second, the fourth is in force.
    delete_revisions(ModelSettings.history.filter(id=live(), revision=3))

    found = changes(operator, kind=Kind.SETTINGS, by="ann")

    assert [(one.part, one.done, len(one.lines)) for one in found] == [
        ("Standard, revision 4", "the revision before is no longer kept", 0),
        ("Standard, revision 2", "", 1),
    ]
    assert changes(operator, kind=Kind.CLIENTS) == []


def test_revision_that_changed_nothing(operator: User) -> None:
    patch_settings(live(), {"seed": 1}, by=ANN)
    rewrite_revision(2, values=get_content(live(), revision=1)[0])

    (change,) = changes(operator, kind=Kind.SETTINGS)

    assert (change.kinds, change.done, change.lines) == ((Kind.SETTINGS,), "saved", [])


def test_list_that_allows_the_same_is_of_clients(operator: User) -> None:
    """The list of what clients may change is another one, though it comes to the same today."""
    set_overridable(live(), ["seed"], by=ANN)
    set_overridable(live(), None, by=BOB)
    rewrite_revision(2, overridable=["seed", "gone"])
    rewrite_revision(3, overridable=["seed"])

    (change,) = changes(operator, kind=Kind.CLIENTS, by="bob")

    assert (change.kinds, change.done) == ((Kind.CLIENTS,), "saved")
    assert changes(operator, kind=Kind.SETTINGS) == []


def test_model_saved_as_it_was(operator: User) -> None:
    save_model(model(), by=ANN, reason="again")

    (change,) = changes(operator, kind=Kind.MODEL)

    assert (change.by, change.done, change.kinds) == ("ann", "saved", (Kind.MODEL,))


def test_first_live_profile_is_no_change_of_it(operator: User) -> None:
    row = model()
    patch_settings(live(), {"seed": 1}, by=ANN)
    with settings_write():
        ReplicateModel.history.filter(id=row.pk).update(live_profile=None)
    save_model(row, by=ANN)

    assert changes(operator, kind=Kind.LIVE) == []
    (change,) = changes(operator, kind=Kind.MODEL)
    assert (change.kinds, change.done) == ((Kind.MODEL,), "saved")


def test_every_change_is_found_by_each_of_its_kinds(operator: User) -> None:
    profiles.make_live(draft(), by=BOB)
    registry.choose_default(SEEDREAM, by=ANN)
    model_facts.change_model(model().pk, {"is_enabled": False, "label": "Ours"}, by=ANN)
    save_model(model(), by=ANN)
    set_overridable(live(), ["seed"], by=ANN)
    patch_settings(live(), {"seed": 1}, by=ANN, may_change={"seed": False})
    delete_revisions(ModelSettings.history.filter(id=live(), revision=2))
    whole = list_changes(operator, Wanted(), most=500).changes

    for kind in Kind:
        found = list_changes(operator, Wanted(kind=kind), most=500).changes
        assert found == [one for one in whole if kind in one.kinds], kind


def test_library(operator: User) -> None:
    change_style("modern", character="Calm.")
    room, style = RoomType.objects.get(key="kitchen"), Style.objects.get(key="modern")
    pair = PromptTemplate(room_type=room, style=style, furnishing="A table.")
    create_entry(pair, by=BOB, reason="ours")
    rules = PromptRules.objects.get(is_outside=False)
    started = newest_change(rules).pk
    change_entry(rules, {"placement": "Low."}, by=ANN, started_from=started)

    told = [(one.kinds, one.by, one.reason, one.title, one.done) for one in changes(operator)]
    assert told == [
        ((Kind.RULES,), "ann", "", "Inside", ""),
        ((Kind.PROMPT,), "bob", "ours", "Kitchen, Modern", "added"),
        ((Kind.STYLE,), "ann", "calmer", "Modern", ""),
    ]
    (line,) = changes(operator, kind=Kind.STYLE)[0].lines
    assert (line.key, line.label, line.new) == ("character", "Character", "Calm.")


def test_rules_of_disclosure(operator: User) -> None:
    rule = set_rule(None, "Virtually staged", by=ANN, reason="the law")
    end_rule(rule, by=BOB, reason="no longer")

    told = [(one.by, one.reason, one.done) for one in changes(operator, kind=Kind.DISCLOSURE)]
    assert told == [("bob", "no longer", "rule ended"), ("ann", "the law", "rule set")]


def test_limits_as_the_admin_logs_them(operator: User, admin_page: Any) -> None:
    admin_page.post(
        "/admin/staging/spendinglimit/add/", {"period": "day", "usd": "5", "when_over": "wait"}
    )

    (change,) = changes(operator, kind=Kind.SPENDING)
    assert (change.by, change.part, change.done) == ("olga", "spending limit", "Added.")


def test_filter_by_person_model_and_day(operator: User) -> None:
    patch_settings(live(), {"seed": 1}, by=ANN)
    patch_settings(live(), {"seed": 2}, by=BOB)
    patch_settings(get_settings(SEEDREAM).pk, {"size": "4K"}, by=ANN)
    today = timezone.localdate()

    assert len(changes(operator)) == 3
    assert [one.model for one in changes(operator, by="ann")] == [SEEDREAM, QWEN]
    assert [one.by for one in changes(operator, model=QWEN)] == ["bob", "ann"]
    assert [one.by for one in changes(operator, model=QWEN, by="bob")] == ["bob"]
    assert len(changes(operator, day=today)) == 3
    assert changes(operator, day=today - timedelta(days=1)) == []
    assert changes(operator, day=date.max) == changes(operator, day=date.min) == []
    assert changes(operator, by="nobody") == changes(operator, model="acme/gone") == []


def pages(user: User, most: int, **wanted: Any) -> Iterator[list[Change]]:
    after: Place | None = None
    while True:
        page = list_changes(user, Wanted(**wanted), after=after, most=most)
        yield page.changes
        if page.next is None:
            return
        after = Place.read(str(page.next))
        assert after is not None


@pytest.mark.parametrize("most", [1, 7, 50])
def test_pages_hold_each_change_once(operator: User, most: int) -> None:
    """Also where rows of several tables have the same time."""
    for seed in range(5):
        patch_settings(live(), {"seed": seed}, by=ANN)
    at = datetime(2026, 5, 1, tzinfo=UTC)
    for history in (ModelSettings.history, ReplicateModel.history, Style.history):
        QuerySet(history.model).update(history_date=at)
    whole = list_changes(operator, Wanted(), most=500).changes

    found = [change for page in pages(operator, most) for change in page]

    assert len(whole) > 40
    assert found == whole


@pytest.mark.parametrize(
    "text", ["", "x", "~~", "2026-05-01~1~1", "2026-13-01T00:00Z~1~1", "9" * 40]
)
def test_place_that_is_none(text: str) -> None:
    assert Place.read(text) is None


def test_costs_the_same_however_much_there_is(
    operator: User, django_assert_max_num_queries: Any
) -> None:
    profile = draft()

    def make_everything(number: int) -> None:
        patch_settings(profile, {"seed": number}, by=ANN)
        profiles.make_live([profile, live()][number % 2], by=ANN)
        registry.choose_default([SEEDREAM, QWEN][number % 2], by=ANN)
        profiles.use_for_rooms(profile, ["kitchen"][: number % 2], by=ANN)
        change_style("modern", character=f"Calm {number}.")
        set_rule(None, f"Staged {number}", by=ANN)

    for number in range(2):
        make_everything(number)
    user = User.objects.get(pk=operator.pk)
    offered_kinds(user)
    list_changes(user, OURS, most=50)
    # A query for each of the ten tables, and the rows that theirs refer to.
    with django_assert_max_num_queries(18) as few:
        list_changes(user, OURS, most=50)
    for number in range(2, 6):
        make_everything(number)

    with django_assert_max_num_queries(18) as many:
        found = list_changes(user, OURS, most=50).changes

    assert len(many) == len(few)
    assert len(found) > 25


def test_each_sees_what_its_permissions_show(db: None) -> None:
    user = User.objects.create_user("vera", is_staff=True)
    patch_settings(live(), {"seed": 1}, by=ANN)
    change_style("modern", character="Calm.")

    def told(*codenames: str) -> list[str]:
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        return [one.title for one in changes(User.objects.get(pk=user.pk))]

    assert told() == []
    assert told("view_modelsettings") == ["Qwen Image Edit"]
    assert told("view_style") == ["Modern"]
    assert told("view_style", "view_modelsettings") == ["Modern", "Qwen Image Edit"]
    kinds = dict(offered_kinds(User.objects.get(pk=user.pk)))
    assert (Kind.STYLE.value in kinds, Kind.ROOM.value in kinds) == (True, False)


def test_the_api_has_neither_projects_nor_limits(operator: User) -> None:
    set_rule(None, "Virtually staged", by=ANN)

    assert list_changes(operator, OURS, for_api=True).changes == []
    assert set(Kind) - {Kind(value) for value, _ in API_KINDS} == {Kind.DISCLOSURE, Kind.SPENDING}
    assert len(list_changes(operator, OURS).changes) == 1
