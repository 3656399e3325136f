"""The prompt library: its rows, who may change them, what became of them, and what they say."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from modelsettings.actors import Actor
from modelsettings.guards import WriteRefused, settings_write
from modelsettings.schema.text_comparison import Piece, compare_texts
from staging import prompts
from staging.library import changing
from staging.library.changing import (
    LibraryRefused,
    StaleEntry,
    change_entry,
    create_entry,
    newest_change,
)
from staging.library.reading import prompt_for, room_types, styles
from staging.models import PromptRules, PromptTemplate, RoomType, StagingJob, Style
from staging.models.library import Entry
from staging.prompts import PromptRefused
from tests.conftest import client_of
from tests.missing import POSTGRES, needs
from tests.staging.conftest import Ask

pytestmark = pytest.mark.django_db

ANN, BOB = Actor.system("ann"), Actor.system("bob")
SHIPPED = prompts.read_shipped()
API = "/api/v1/staging"
ADMIN = "/admin/staging"
MATRIX_QUERIES = 8
JAPANDI = {
    "key": "japandi",
    "label": "Japandi",
    "character": "Japandi means calm, low and few.",
    "inside": "Use pale oak and paper.",
    "outside": "Use cedar and stone.",
    "is_active": "on",
    "position": "100",
}


def add_japandi(**more: Any) -> Style:
    words = {key: JAPANDI[key] for key in ("key", "label", "character", "inside", "outside")}
    return create_entry(Style(**{**words, **more}), by=ANN, reason="asked for by a client")


def change(entry: Entry, **values: Any) -> bool:
    """Change a row as its newest reader would."""
    return change_entry(entry, values, by=BOB, started_from=newest_change(entry).pk)


def history_of(entry: Any) -> list[tuple[str, str]]:
    rows = changing.list_changes(entry)
    return [(row.updated_by, row.history_change_reason or "") for row in rows]


def form_of(entry: Any, **changed: Any) -> dict[str, Any]:
    """Return what a browser sends of an entry's page."""
    values = {name: getattr(entry, name) for name in changing.text_fields(type(entry))}
    sent = {**values, "started_from": newest_change(entry).pk, **changed}
    return {name: value for name, value in sent.items() if value is not False}


def page_of(entry: Any, page: str = "change") -> str:
    return f"{ADMIN}/{entry._meta.model_name}/{entry.pk}/{page}/"


# What ships.


def test_library_is_there_after_migrate() -> None:
    assert list(room_types().values_list("key", flat=True)) == list(SHIPPED.rooms)
    assert list(styles().values_list("key", flat=True)) == list(SHIPPED.styles)
    assert [str(one) for one in PromptRules.objects.all()] == ["Inside", "Outside"]
    bedroom = RoomType.objects.get(key="bedroom")
    assert bedroom.words() == SHIPPED.rooms["bedroom"]
    assert history_of(bedroom) == [("system:library", "Created by system:library.")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", ["first", "after a flush"])
def test_library_is_there_in_a_test_with_transactions(time: str) -> None:
    assert prompt_for(room_type="bedroom", style="modern").startswith("This is a real-estate")
    assert RoomType.history.count() == len(SHIPPED.rooms)


@pytest.mark.parametrize("table", [RoomType, Style, PromptRules, PromptTemplate])
@pytest.mark.parametrize(
    "write",
    [
        lambda rows: rows.update(updated_by="eve"),
        lambda rows: rows.delete(),
        lambda rows: rows.bulk_create([]),
        lambda rows: rows.bulk_update([], ["updated_by"]),
    ],
    ids=["update", "delete", "bulk_create", "bulk_update"],
)
def test_write_around_history_is_refused(table: Any, write: Any) -> None:
    before = list(table.objects.values())

    with pytest.raises(WriteRefused, match=r"changing instead|retire it\.$"):
        write(table.objects.all())

    assert list(table.objects.values()) == before


def test_load_library_makes_what_is_missing_and_nothing_else() -> None:
    change(RoomType.objects.get(key="bedroom"), furniture="One hammock.")
    with settings_write():
        Style.objects.filter(key="modern").delete()

    made = [changing.load_library(), changing.load_library()]

    assert made == [1, 0]
    assert RoomType.objects.get(key="bedroom").furniture == "One hammock."
    assert Style.objects.get(key="modern").words() == SHIPPED.styles["modern"]


@pytest.mark.django_db(transaction=True)
def test_load_library_waits_for_its_tables() -> None:
    call_command("migrate", "staging", "0004", verbosity=0)
    call_command("migrate", "staging", verbosity=0)

    assert RoomType.objects.count() == len(SHIPPED.rooms)


# What a request gets.


@pytest.mark.parametrize("room_type", SHIPPED.rooms)
@pytest.mark.parametrize("style", SHIPPED.styles)
def test_prompt_for_says_what_ships(room_type: str, style: str) -> None:
    room = SHIPPED.rooms[room_type]
    rules = SHIPPED.outside if room.is_outside else SHIPPED.inside

    assert prompt_for(room_type=room_type, style=style) == prompts.build_prompt(
        room=room, style=SHIPPED.styles[style], rules=rules
    )


def test_prompt_for_without_room_and_style_is_any_room_and_modern() -> None:
    assert prompt_for() == prompt_for(room_type="default", style="modern")


def test_prompt_for_reads_what_is_stored_now(django_assert_num_queries: Any) -> None:
    change(PromptRules.objects.get(is_outside=False), rules="Keep the walls.")

    with django_assert_num_queries(2):
        prompt = prompt_for(room_type="office", style="modern", custom="a red desk")

    assert prompt.split("\n\n")[1] == "Keep the walls."
    assert prompt.split("\n\n")[2].endswith(": a red desk")


def test_prompt_for_a_pair_with_words_of_its_own() -> None:
    room, style = RoomType.objects.get(key="office"), Style.objects.get(key="modern")
    own = create_entry(PromptTemplate(room_type=room, style=style, furnishing="A desk."), by=ANN)

    with_own = prompt_for(room_type="office", style="modern").split("\n\n")
    change(own, furnishing="")
    without = prompt_for(room_type="office", style="modern").split("\n\n")

    assert with_own == [*without[:2], "A desk.", without[-1]]
    assert without[2].startswith(SHIPPED.rooms["office"].furniture)


@pytest.mark.parametrize(
    ("asked", "field", "sentence"),
    [
        ({"room_type": "garage"}, "room_type", 'There is no room type "garage": choose one of'),
        ({"room_type": "garage\0"}, "room_type", "living_room, bedroom, kitchen, bathroom"),
        ({"style": "baroque"}, "style", 'There is no style "baroque": choose one of modern, '),
        ({"mode": "shout"}, "prompt_mode", 'no prompt mode "shout": choose one of add, replace'),
        ({"mode": "replace"}, "prompt", "needs a prompt of your own"),
    ],
)
def test_prompt_for_names_what_is_allowed(asked: dict[str, str], field: str, sentence: str) -> None:
    with pytest.raises(PromptRefused, match=sentence) as caught:
        prompt_for(**asked)

    assert caught.value.field == field


def test_retired_rows_cannot_be_asked_for() -> None:
    change(Style.objects.get(key="industrial"), is_active=False)

    with pytest.raises(PromptRefused, match="modern, contemporary, traditional, scandinavian"):
        prompt_for(style="industrial")
    assert "industrial" not in styles().values_list("key", flat=True)


@pytest.mark.parametrize("room_type", SHIPPED.rooms)
def test_a_new_style_goes_with_every_room(room_type: str) -> None:
    add_japandi()

    furnishing = prompt_for(room_type=room_type, style="japandi").split("\n\n")[-2]

    place = "Use cedar and stone." if room_type == "outdoor" else "Use pale oak and paper."
    assert furnishing.endswith(f"Japandi means calm, low and few. {place}")


def test_a_job_keeps_its_prompt_when_the_library_changes(ask: Ask) -> None:
    add_japandi()
    job = ask(style="japandi")

    change(Style.objects.get(key="japandi"), character="Japandi means red.")

    job.refresh_from_db()
    assert "calm, low and few" in job.prompt
    assert "in Japandi style" in str(job.input["prompt"])


# Changes.


def test_change_entry_writes_history_with_author_and_reason(operator: User) -> None:
    bedroom = RoomType.objects.get(key="bedroom")

    changed = change_entry(
        bedroom,
        {"furniture": "One hammock.", "label": "Bedroom"},
        by=Actor.of(operator),
        reason="lighter",
        started_from=newest_change(bedroom).pk,
    )

    newest = newest_change(bedroom)
    assert changed
    assert (newest.furniture, newest.history_user, newest.updated_by) == (
        "One hammock.",
        operator,
        "olga",
    )
    assert history_of(bedroom)[0] == ("olga", "lighter")


def test_change_entry_without_a_change_leaves_no_history() -> None:
    bedroom = RoomType.objects.get(key="bedroom")

    assert not change(bedroom, furniture=bedroom.furniture)
    assert len(history_of(bedroom)) == 1


def test_change_entry_refuses_what_started_from_an_older_change() -> None:
    bedroom = RoomType.objects.get(key="bedroom")
    opened = newest_change(bedroom).pk
    change(bedroom, furniture="One hammock.")

    with pytest.raises(StaleEntry, match="system:bob changed this meanwhile"):
        change_entry(bedroom, {"furniture": "Two."}, by=ANN, started_from=opened)

    assert RoomType.objects.get(key="bedroom").furniture == "One hammock."


@pytest.mark.parametrize(
    ("model", "key", "values", "field", "sentence"),
    [
        (RoomType, "bedroom", {"key": "sleep"}, "key", "cannot be changed"),
        (RoomType, "bedroom", {"furniture": ""}, "furniture", "cannot be blank"),
        (RoomType, "bedroom", {"furniture": "x" * 4001}, "furniture", "at most 4,000 characters"),
        (RoomType, "default", {"is_active": False}, "is_active", "it must stay"),
        (Style, "modern", {"is_active": False}, "is_active", "it must stay"),
        (Style, "modern", {"position": -1}, "position", "greater than or equal to 0"),
    ],
)
def test_change_entry_refuses_what_no_row_may_hold(
    model: Any, key: str, values: dict[str, Any], field: str, sentence: str
) -> None:
    entry = model.objects.get(key=key)

    with pytest.raises(LibraryRefused, match=sentence) as caught:
        change(entry, **values)

    assert list(caught.value.errors) == [field]
    assert len(history_of(entry)) == 1


@pytest.mark.parametrize(
    "key", ["", "Japandi", "japAndi", "2go", "a b", "ä", "modern", "a" * 41, "a\n"]
)
def test_create_entry_refuses_a_key_that_a_request_could_not_name(key: str) -> None:
    with pytest.raises(LibraryRefused) as caught:
        add_japandi(key=key)

    assert list(caught.value.errors) == ["key"]


def test_create_entry_refuses_a_second_furnishing_of_a_pair() -> None:
    room, style = RoomType.objects.get(key="office"), Style.objects.get(key="modern")
    create_entry(PromptTemplate(room_type=room, style=style, furnishing="A desk."), by=ANN)

    with pytest.raises(LibraryRefused, match="already exists"):
        create_entry(PromptTemplate(room_type=room, style=style, furnishing="Two."), by=BOB)


def test_roll_back_is_a_change_of_its_own() -> None:
    bedroom = RoomType.objects.get(key="bedroom")
    shipped = newest_change(bedroom)
    change(bedroom, furniture="One hammock.", label="Sleeping room")

    changing.roll_back(
        bedroom, shipped.pk, by=ANN, reason="worse", started_from=newest_change(bedroom).pk
    )

    bedroom.refresh_from_db()
    assert bedroom.words() == SHIPPED.rooms["bedroom"]
    assert history_of(bedroom) == [
        ("system:ann", "worse"),
        ("system:bob", ""),
        ("system:library", "Created by system:library."),
    ]


def test_roll_back_to_a_change_of_another_row() -> None:
    other = newest_change(RoomType.objects.get(key="office"))
    bedroom = RoomType.objects.get(key="bedroom")

    with pytest.raises(changing.ChangeNotFound, match="no such change"):
        changing.roll_back(bedroom, other.pk, by=ANN, started_from=newest_change(bedroom).pk)


def test_compare_texts_shows_what_was_replaced_and_cuts_what_stays() -> None:
    stays = " ".join(f"w{n}" for n in range(40))

    assert compare_texts(f"{stays} a red desk.", f"{stays} a blue desk.") == [
        Piece("same", "… " + " ".join(f"w{n}" for n in range(29, 40)) + " a "),
        Piece("removed", "red "),
        Piece("added", "blue "),
        Piece("same", "desk."),
    ]


# The API.


def test_get_rooms_and_styles(api: APIClient) -> None:
    change(RoomType.objects.get(key="office"), is_active=False)
    add_japandi()

    rooms, found = api.get(f"{API}/room-types").json(), api.get(f"{API}/styles").json()

    assert rooms[0] == {"key": "living_room", "label": "Living room", "is_outside": False}
    assert [one["key"] for one in rooms] == [key for key in SHIPPED.rooms if key != "office"]
    assert found[-1] == {"key": "japandi", "label": "Japandi"}


def test_get_prompt_shows_what_a_job_would_have(api: APIClient, ask: Ask) -> None:
    wanted = {"room_type": "bedroom", "style": "modern", "prompt": "a red bed"}

    answer = api.get(f"{API}/prompt", wanted)

    assert (answer.status_code, answer.json()) == (200, {"prompt": ask(**wanted).prompt})


@pytest.mark.parametrize(
    ("asked", "field", "sentence"),
    [
        ({"room_type": "garage"}, "room_type", "choose one of living_room, "),
        ({"style": "baroque"}, "style", "choose one of modern, "),
        ({"prompt_mode": "shout"}, "prompt_mode", "not a valid choice"),
        ({"prompt_mode": "replace"}, "prompt", "needs a prompt of your own"),
        ({"prompt": "x" * 5001}, "prompt", "5000"),
        ({"prompt": "a\0b"}, "prompt", "Null characters"),
    ],
)
def test_get_prompt_that_cannot_be_made(
    api: APIClient, asked: dict[str, str], field: str, sentence: str
) -> None:
    answer = api.get(f"{API}/prompt", asked)

    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert sentence in answer.json()[field][0]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"room_type": "garage"}, "room_type"),
        ({"style": "baroque"}, "style"),
        ({"prompt_mode": "replace"}, "prompt"),
    ],
)
def test_job_with_words_that_are_not_in_the_library(
    api: APIClient, ask: Ask, asked: dict[str, str], field: str
) -> None:
    photo = str(ask().photo_id)

    answer = api.post(f"{API}/jobs", {"photo": photo, **asked}, format="json")

    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert StagingJob.objects.count() == 1


@pytest.mark.parametrize("path", ["room-types", "styles", "prompt"])
def test_library_is_for_those_with_an_account(client: Client, stranger: User, path: str) -> None:
    assert client.get(f"{API}/{path}").status_code == 401
    assert client_of(stranger).get(f"{API}/{path}").status_code == 200


# The admin.


def test_matrix_shows_every_pair_and_marks_words_of_its_own(
    admin_page: Client, django_assert_num_queries: Any
) -> None:
    room, style = RoomType.objects.get(key="office"), Style.objects.get(key="modern")
    create_entry(PromptTemplate(room_type=room, style=style, furnishing="A desk."), by=ANN)
    admin_page.get(f"{ADMIN}/roomtype/library/")

    with django_assert_num_queries(MATRIX_QUERIES):
        page = admin_page.get(f"{ADMIN}/roomtype/library/").content.decode()
    chosen = admin_page.get(f"{ADMIN}/roomtype/library/?room_type=office&style=modern")

    assert page.count("?room_type=") == 45
    assert page.count("<small>own furnishing</small>") == 1
    assert "Change the furnishing of its own" in chosen.content.decode()
    assert chosen.context["prompt"] == prompt_for(room_type="office", style="modern")


@pytest.mark.parametrize("model", [RoomType, Style, PromptRules])
def test_pages_of_an_entry(admin_page: Client, model: Any) -> None:
    entry = model.objects.all()[0]

    answers = [
        admin_page.get(f"{ADMIN}/{model._meta.model_name}/"),
        admin_page.get(page_of(entry)),
        admin_page.get(page_of(entry, "history")),
        admin_page.get(page_of(entry, f"roll-back/{newest_change(entry).pk}")),
    ]

    assert [one.status_code for one in answers] == [200] * 4
    assert "This is a real-estate photograph of" in answers[1].content.decode()


def test_post_adds_a_style_that_can_be_asked_for(
    admin_page: Client, api: APIClient, photo_bytes: bytes, ask: Ask
) -> None:
    made = admin_page.post(f"{ADMIN}/style/add/", {**JAPANDI, "reason": "asked for"})

    japandi = Style.objects.get(key="japandi")
    assert (made.status_code, made["Location"]) == (302, page_of(japandi))
    assert history_of(japandi) == [("olga", "asked for")]
    photo = str(ask().photo_id)
    answer = api.post(f"{API}/jobs", {"photo": photo, "style": "japandi"}, format="json")
    assert answer.status_code == 202
    assert "in Japandi style" in StagingJob.objects.get(pk=answer.json()["id"]).prompt


def test_post_that_is_wrong_keeps_what_was_written(admin_page: Client) -> None:
    answer = admin_page.post(f"{ADMIN}/style/add/", {**JAPANDI, "key": "Jap andi"})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Nothing was saved" in page
    assert "Use pale oak and paper." in page
    assert not Style.objects.filter(label="Japandi").exists()


@pytest.mark.parametrize("key", ["Japandi", "9japandi", "jap.andi"])
def test_admin_page_says_one_rule_of_a_key(admin_page: Client, key: str) -> None:
    answer = admin_page.post(f"{ADMIN}/style/add/", {**JAPANDI, "key": key})

    rule = "Write small letters, digits, - and _, a letter first."
    assert answer.context["form"].errors == {"key": [rule]}


def test_a_style_without_words_for_outside_furnishes_a_terrace(admin_page: Client) -> None:
    admin_page.post(f"{ADMIN}/style/add/", {**JAPANDI, "outside": ""})

    terrace = prompt_for(room_type="outdoor", style="japandi", custom="", mode="add")

    assert f"{JAPANDI['character']}\n" in terrace


@pytest.mark.parametrize("text", ["x" * 4001, ""])
def test_post_of_a_text_that_is_refused(admin_page: Client, text: str) -> None:
    bedroom = RoomType.objects.get(key="bedroom")

    answer = admin_page.post(page_of(bedroom), form_of(bedroom, furniture=text))

    assert list(answer.context["form"].errors) == ["furniture"]
    assert history_of(bedroom)[0][0] == "system:library"


def test_post_keeps_line_ends_as_one_character(admin_page: Client) -> None:
    bedroom = RoomType.objects.get(key="bedroom")

    admin_page.post(page_of(bedroom), form_of(bedroom, furniture="A bed.\r\nA lamp."))
    admin_page.post(page_of(bedroom), form_of(bedroom, furniture="A bed.\r\nA lamp."))

    assert RoomType.objects.get(key="bedroom").furniture == "A bed.\nA lamp."
    assert len(history_of(bedroom)) == 2


def test_post_of_a_stale_page_is_refused_and_keeps_the_words(admin_page: Client) -> None:
    bedroom = RoomType.objects.get(key="bedroom")
    sent = form_of(bedroom, furniture="Mine.")
    change(bedroom, furniture="Theirs.", purpose="To rest.")

    refused = admin_page.post(page_of(bedroom), sent)
    form = refused.context["form"]
    again = {**sent, "purpose": form["purpose"].value(), "started_from": form.data["started_from"]}
    saved = admin_page.post(page_of(bedroom), again)

    page = refused.content.decode()
    assert "system:bob changed this meanwhile, so nothing was saved." in page
    assert (form["furniture"].value(), form["purpose"].value()) == ("Mine.", "To rest.")
    assert [one.label for one in form.overlaps] == ["Furniture"]
    assert saved.status_code == 302
    bedroom.refresh_from_db()
    assert (bedroom.furniture, bedroom.purpose) == ("Mine.", "To rest.")


def test_post_cannot_retire_what_must_stay(admin_page: Client) -> None:
    default = RoomType.objects.get(key="default")

    answer = admin_page.post(page_of(default), form_of(default, is_active=False))

    assert "A request that names no room gets this one: it must stay." in answer.content.decode()
    assert RoomType.objects.get(key="default").is_active


def test_pair_is_given_words_of_its_own(admin_page: Client) -> None:
    address = f"{ADMIN}/prompttemplate/add/?room_type=office&style=modern"

    shown = admin_page.get(address)
    admin_page.post(address, {"furnishing": "A desk.", "reason": "sparse"})
    again = admin_page.get(address)

    own = PromptTemplate.objects.get()
    assert shown.context["form"]["furnishing"].value().startswith(SHIPPED.rooms["office"].furniture)
    assert (again.status_code, again["Location"]) == (302, page_of(own))
    assert history_of(own) == [("olga", "sparse")]
    admin_page.post(page_of(own), form_of(own, furnishing=""))
    assert "A desk." not in prompt_for(room_type="office", style="modern")


@pytest.mark.parametrize("query", ["", "?room_type=office", "?room_type=no&style=no"])
def test_pair_that_there_is_not(admin_page: Client, query: str) -> None:
    assert admin_page.get(f"{ADMIN}/prompttemplate/add/{query}").status_code == 404


@pytest.mark.parametrize(
    ("kind", "sent", "part"),
    [
        ("style", {**JAPANDI, "with_room": "outdoor"}, "calm, low and few. Use cedar and stone."),
        ("style", {"label": "", "character": "Half written"}, "Half written"),
        ("roomtype", {"label": "Attic", "noun": "an attic", "furniture": "A chair."}, "A chair."),
    ],
)
def test_preview_shows_what_is_not_saved(
    admin_page: Client, kind: str, sent: dict[str, str], part: str
) -> None:
    answer = admin_page.post(f"{ADMIN}/{kind}/preview/", sent)

    assert answer.status_code == 200
    assert part in answer.content.decode()
    assert (Style.objects.count(), RoomType.objects.count()) == (5, 9)


def test_preview_of_rules_and_of_a_pair(admin_page: Client) -> None:
    outside = PromptRules.objects.get(is_outside=True)
    rules = admin_page.post(
        page_of(outside, "preview"), {"rules": "Keep it.", "placement": "Last.", "with_style": "?"}
    )
    pair = admin_page.post(
        f"{ADMIN}/prompttemplate/preview/?room_type=office&style=modern", {"furnishing": "A desk."}
    )

    assert rules.context["prompt"].split("\n\n")[1] == "Keep it."
    assert "an outdoor space" in rules.context["prompt"]
    assert pair.context["prompt"].split("\n\n")[2] == "A desk."


def test_pages_escape_what_was_written(admin_page: Client) -> None:
    bedroom = RoomType.objects.get(key="bedroom")
    script = "<script>alert(1)</script>"
    change(bedroom, furniture=script, label="<i>bed</i>")

    pages = [
        admin_page.get(page_of(bedroom)),
        admin_page.get(page_of(bedroom, "history")),
        admin_page.get(page_of(bedroom, f"roll-back/{changing.list_changes(bedroom)[1].pk}")),
        admin_page.get(f"{ADMIN}/roomtype/"),
        admin_page.get(f"{ADMIN}/roomtype/library/?room_type=bedroom&style=modern"),
        admin_page.post(page_of(bedroom, "preview"), {"furniture": script}),
    ]

    assert [script in one.content.decode() for one in pages] == [False] * 6
    assert ["<i>bed" in one.content.decode() for one in pages] == [False] * 6


def test_rollback_page_refuses_what_has_changed_since(admin_page: Client) -> None:
    bedroom = RoomType.objects.get(key="bedroom")
    first = newest_change(bedroom).pk
    change(bedroom, furniture="One hammock.")
    seen = newest_change(bedroom).pk
    change(bedroom, furniture="Two.")
    address = page_of(bedroom, f"roll-back/{first}")

    stale = admin_page.post(address, {"started_from": seen})
    done = admin_page.post(address, {"started_from": newest_change(bedroom).pk, "reason": "worse"})

    assert (stale["Location"], done["Location"]) == (address, page_of(bedroom))
    assert history_of(bedroom)[0] == ("olga", "worse")
    assert len(history_of(bedroom)) == 4


def test_nothing_can_be_deleted(admin_page: Client) -> None:
    bedroom = RoomType.objects.get(key="bedroom")

    assert admin_page.get(page_of(bedroom, "delete")).status_code == 403
    assert admin_page.get(f"{ADMIN}/promptrules/add/").status_code == 403


def test_operator_without_permission_to_change_may_look(stranger: User, client: Client) -> None:
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(stranger)
    bedroom = RoomType.objects.get(key="bedroom")
    first = newest_change(bedroom).pk

    looks = [page_of(bedroom), page_of(bedroom, "history"), f"{ADMIN}/roomtype/library/"]
    posts = [page_of(bedroom), page_of(bedroom, f"roll-back/{first}"), f"{ADMIN}/style/add/"]
    preview = client.post(
        page_of(bedroom, "preview"), {"furniture": "Mine.", "with_style": "modern"}
    )

    assert [client.get(one).status_code for one in looks] == [200] * 3
    assert [client.post(one, form_of(bedroom)).status_code for one in posts] == [403] * 3
    assert preview.context["prompt"] == prompt_for(room_type="bedroom", style="modern")


@pytest.mark.django_db(transaction=True)
@needs(POSTGRES)
def test_change_entry_lets_one_of_two_writers_through() -> None:
    bedroom = RoomType.objects.get(key="bedroom")
    opened = newest_change(bedroom).pk

    def write(text: str) -> bool:
        try:
            return change_entry(bedroom, {"furniture": text}, by=ANN, started_from=opened)
        except StaleEntry:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(write, ["One.", "Two."]))

    assert sorted(done) == [False, True]
    assert len(history_of(bedroom)) == 2


@pytest.mark.parametrize("change", [0, 10**30])
def test_rollback_page_of_no_change(admin_page: Client, change: int) -> None:
    bedroom = RoomType.objects.get(key="bedroom")

    assert admin_page.get(page_of(bedroom, f"roll-back/{change}")).status_code == 404
    assert admin_page.post(page_of(bedroom, f"roll-back/{change}")).status_code == 404
