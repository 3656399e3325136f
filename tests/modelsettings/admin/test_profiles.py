"""The settings page without a browser: what it posts is what the widget would."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from modelsettings.actors import Actor
from modelsettings.guards import settings_write
from modelsettings.models import ModelSettings
from modelsettings.schema.flattening import JSON
from modelsettings.settings import Conflict, StoredSettings, get_settings, patch_settings
from tests.modelsettings.acme import STAGER_DEFAULTS
from tests.modelsettings.conftest import SLUG, write_behind_the_services
from tests.modelsettings.widget import submit

pytestmark = pytest.mark.django_db

LIST = "/admin/modelsettings/modelsettings/"


def address(stored: StoredSettings) -> str:
    return f"{LIST}{stored.pk}/change/"


def opened(client: Client, stored: StoredSettings) -> tuple[JSON, int]:
    """Open the page; return the document that the widget would post, and the hidden revision."""
    return drawn(client.get(address(stored)))


def drawn(answer: Any) -> tuple[JSON, int]:
    form = answer.context["form"]
    schema = form["values"].field.widget.schema
    document = json.loads(form["values"].value()) if form.is_bound else form.initial["values"]
    return submit(schema, document), int(form["revision"].value())


def post(client: Client, stored: StoredSettings, document: Any, revision: int, **more: str) -> Any:
    values = document if isinstance(document, str) else json.dumps(document)
    return client.post(address(stored), {"values": values, "revision": revision, **more})


def said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def error_map(answer: Any) -> JSON:
    found: JSON = getattr(answer.context["form"].fields["values"].widget, "error_map", {})
    return found


def in_force(stored: StoredSettings) -> tuple[int, JSON]:
    row = ModelSettings.objects.get(pk=stored.pk)
    return row.revision, row.values


def session_of(user: User, *codenames: str, is_staff: bool = True) -> Client:
    user.is_staff = is_staff
    user.save()
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("method", ["get", "post"])
def test_page_sends_nobody_to_the_login(
    client: Client, stored: StoredSettings, method: str
) -> None:
    answer = getattr(client, method)(address(stored))

    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"/admin/login/?next={address(stored)}",
    )


def test_page_sends_one_who_is_no_staff_to_the_login(
    stored: StoredSettings, stranger: User
) -> None:
    client = session_of(stranger, "change_modelsettings", is_staff=False)

    assert client.get(address(stored)).status_code == 302
    assert post(client, stored, {"seed": 1}, 1).status_code == 302
    assert in_force(stored)[0] == 1


@pytest.mark.parametrize("codenames", [(), ("change_replicatemodel", "view_replicatemodel")])
def test_page_is_closed_to_a_stranger(
    stored: StoredSettings, stranger: User, codenames: tuple[str, ...]
) -> None:
    client = session_of(stranger, *codenames)

    assert client.get(address(stored)).status_code == 403
    assert post(client, stored, {"seed": 1}, 1).status_code == 403
    assert client.get(LIST).status_code == 403
    assert in_force(stored)[0] == 1


def test_page_lets_a_viewer_see_and_not_save(stored: StoredSettings, stranger: User) -> None:
    client = session_of(stranger, "view_modelsettings")

    seen = client.get(address(stored))

    assert seen.status_code == 200
    assert "Save revision" not in seen.content.decode()
    assert post(client, stored, {"seed": 1}, 1).status_code == 403
    assert in_force(stored)[0] == 1


def test_page_needs_a_csrf_token(stored: StoredSettings, operator: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)

    assert post(client, stored, {"seed": 1}, 1).status_code == 403
    assert in_force(stored)[0] == 1


@pytest.mark.parametrize("page", [f"{LIST}add/", f"{LIST}{{pk}}/delete/"])
def test_profiles_are_neither_added_nor_deleted_here(
    admin_page: Client, stored: StoredSettings, page: str
) -> None:
    assert admin_page.get(page.format(pk=stored.pk)).status_code == 403


@pytest.mark.parametrize("pk", ["1000000", "x", "-1", "%00"])
def test_page_of_what_is_not_there(admin_page: Client, stored: StoredSettings, pk: str) -> None:
    assert admin_page.get(f"{LIST}{pk}/change/").status_code == 404


def test_page_shows_model_profile_and_values(
    admin_page: Client, stored: StoredSettings, ann: Actor
) -> None:
    patch_settings(stored.pk, {"output_quality": 55}, by=ann, reason="for the web")

    page = admin_page.get(address(stored)).content.decode()

    assert all(text in page for text in (SLUG, "price unknown", "Save revision", "for the web"))
    assert "80 → <strong>55</strong>" in page


def test_page_query_count(
    admin_page: Client, stored: StoredSettings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    admin_page.get(address(stored))

    # Session, user, two of permissions; the profile, its settings, its history, its jobs; its
    # siblings: which is live, they themselves, their rooms; what uses it, twice; the rooms of the
    # prompt library; what is paused, twice; the rules of disclosure, of the site and of projects;
    # what the profile came to, how long its predictions ran, what there is to judge, twice; and of
    # its model: what was read of it, the row, its last use, its times, and estimates of its price,
    # three times.
    with django_assert_num_queries(29):
        admin_page.get(address(stored))


def test_list_query_count(
    admin_page: Client, stored: StoredSettings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    admin_page.get(LIST)
    with django_assert_num_queries(7):
        admin_page.get(LIST)


def test_page_escapes_what_it_shows(admin_page: Client, stored: StoredSettings, ann: Actor) -> None:
    patch_settings(stored.pk, {"note": "</script><b>"}, by=ann, reason="</script><b>")

    page = admin_page.get(address(stored)).content.decode()

    assert "</script><b>" not in page


def test_untouched_page_writes_nothing(admin_page: Client, stored: StoredSettings) -> None:
    document, revision = opened(admin_page, stored)

    answer = post(admin_page, stored, document, revision, reason="no change")

    assert (answer.status_code, answer.headers["Location"]) == (302, address(stored))
    assert said(answer) == ["Nothing was changed, so no revision was written."]
    assert get_settings(SLUG) == stored


@pytest.mark.parametrize(
    "values",
    [{"seed": 0, "note": "", "loras": []}, {"loras": ["https://x.example/a"], "note": "ä\n\u2028"}],
    ids=ascii,
)
def test_untouched_page_of_a_changed_document_writes_nothing(
    admin_page: Client, stored: StoredSettings, ann: Actor, values: JSON
) -> None:
    patch_settings(stored.pk, values, by=ann)
    document, revision = opened(admin_page, stored)

    post(admin_page, stored, document, revision)

    assert in_force(stored) == (2, {**STAGER_DEFAULTS, **values})


def test_untouched_page_keeps_a_value_that_left_the_enum(
    admin_page: Client, stored: StoredSettings
) -> None:
    values = {**stored.values, "output_format": "gif"}
    write_behind_the_services(stored.pk, values=values)
    with settings_write():
        ModelSettings.history.filter(id=stored.pk).update(values=values)
    document, revision = opened(admin_page, stored)

    answer = post(admin_page, stored, document, revision)

    assert document["output_format"] == "gif"
    assert error_map(answer) == {
        "output_format": ['output_format: "gif" is not one of webp, jpg, png.']
    }
    assert in_force(stored) == (1, values)


def test_save_writes_a_revision_with_its_reason(
    admin_page: Client, stored: StoredSettings, operator: User
) -> None:
    document, revision = opened(admin_page, stored)

    answer = post(
        admin_page,
        stored,
        {**document, "output_quality": 55, "seed": 42},
        revision,
        reason="smaller files",
    )

    assert (answer.status_code, answer.headers["Location"]) == (302, address(stored))
    assert said(answer) == ["Saved as revision 2. The next job with this model uses it."]
    assert in_force(stored) == (2, {**STAGER_DEFAULTS, "output_quality": 55, "seed": 42})
    step = ModelSettings.history.get(id=stored.pk, revision=2)
    assert (step.history_user, step.history_change_reason) == (operator, "smaller files")


def test_save_unsets_what_was_emptied(
    admin_page: Client, stored: StoredSettings, ann: Actor
) -> None:
    patch_settings(stored.pk, {"seed": 42, "note": "x", "loras": ["a"]}, by=ann)
    document, revision = opened(admin_page, stored)

    post(admin_page, stored, {**document, "seed": None, "note": "", "loras": []}, revision)

    assert in_force(stored) == (3, STAGER_DEFAULTS)


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        (
            {"output_quality": 120},
            {"output_quality": ["output_quality: 120 is more than the maximum of 100."]},
        ),
        (
            {"output_quality": None},
            {"output_quality": ["output_quality: null is not a value here; its default is 80."]},
        ),
        (
            {"output_format": "gif"},
            {"output_format": ['output_format: "gif" is not one of webp, jpg, png.']},
        ),
        ({"strength": "1"}, {"strength": ['strength: "1" is text, not a number.']}),
        (
            {"note": "a\0"},
            {"note": ["note: it holds the character NUL, which cannot be stored."]},
        ),
        (
            {"note": "\ud800"},
            {"note": ["note: it holds half a character (a lone surrogate), which cannot be sent."]},
        ),
        (
            {"seed": 10**400},
            {"seed": ["seed: a number of more than 60 digits is not a number that can be sent."]},
        ),
        (
            {"strength": float("nan")},
            {"strength": ["strength: nan is not a number that can be sent."]},
        ),
        (
            {"loras": [1], "output_quality": 101},
            {
                "loras": ["loras.0: 1 is a number, not text."],
                "output_quality": ["output_quality: 101 is more than the maximum of 100."],
            },
        ),
    ],
    ids=lambda value: ascii(value)[:50],
)
def test_save_shows_an_error_under_its_field(
    admin_page: Client, stored: StoredSettings, change: JSON, errors: JSON
) -> None:
    document, revision = opened(admin_page, stored)

    answer = post(admin_page, stored, {**document, **change}, revision, reason="why")

    assert (answer.status_code, error_map(answer)) == (200, errors)
    assert "Nothing was saved" in answer.content.decode()
    assert answer.context["form"]["reason"].value() == "why"
    assert in_force(stored) == (1, STAGER_DEFAULTS)


def test_save_shows_an_unknown_key_on_top(admin_page: Client, stored: StoredSettings) -> None:
    document, revision = opened(admin_page, stored)

    answer = post(admin_page, stored, {**document, "gone": 1}, revision)

    (sentence,) = answer.context["form"].non_field_errors()
    assert sentence.startswith('"gone" is not a parameter of this model')
    assert in_force(stored) == (1, STAGER_DEFAULTS)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ("{", "Enter a valid JSON."),
        ("", "The document is not an object of parameters."),
        ("[]", "The document is not an object of parameters."),
        ("null", "The document is not an object of parameters."),
        ("5", "The document is not an object of parameters."),
        ('{"loras": ' + "[" * 5000 + "]" * 5000 + "}", "The document is nested too deep."),
        ("[" * 5000, "The document is nested too deep."),
        ('{"seed": 1' + "0" * 5000 + "}", "The document holds a number that cannot be read."),
    ],
    ids=lambda value: value[:30],
)
def test_save_of_what_is_no_document_says_so(
    admin_page: Client, stored: StoredSettings, values: str, sentence: str
) -> None:
    answer = post(admin_page, stored, values, 1)

    assert (answer.status_code, answer.context["form"]["values"].errors) == (200, [sentence])
    assert sentence in answer.content.decode()
    assert in_force(stored) == (1, STAGER_DEFAULTS)


@pytest.mark.parametrize("revision", ["", "x", "1.5"])
def test_save_without_its_revision_says_so(
    admin_page: Client, stored: StoredSettings, revision: Any
) -> None:
    answer = post(admin_page, stored, {**STAGER_DEFAULTS, "seed": 1}, revision)

    assert (answer.status_code, list(answer.context["form"].errors)) == (200, ["revision"])
    assert "Nothing was saved" in answer.content.decode()
    assert in_force(stored) == (1, STAGER_DEFAULTS)


@pytest.mark.parametrize("revision", [0, -1, 99, 10**30])
def test_save_with_a_revision_that_never_was_is_a_conflict(
    admin_page: Client, stored: StoredSettings, revision: int
) -> None:
    answer = post(admin_page, stored, {**STAGER_DEFAULTS, "output_quality": 5}, revision)

    assert answer.status_code == 200
    assert [one.key for one in answer.context["form"].conflicts] == ["output_quality"]
    assert in_force(stored) == (1, STAGER_DEFAULTS)


@pytest.mark.parametrize("reason", ["x" * 501, "a\0b"])
def test_save_with_a_reason_that_cannot_be_kept(
    admin_page: Client, stored: StoredSettings, reason: str
) -> None:
    document, revision = opened(admin_page, stored)

    answer = post(admin_page, stored, {**document, "seed": 1}, revision, reason=reason)

    assert list(answer.context["form"].errors) == ["reason"]
    assert "Nothing was saved" in answer.content.decode()
    assert in_force(stored) == (1, STAGER_DEFAULTS)


def test_save_of_a_locked_profile_says_by_whom(admin_page: Client, stored: StoredSettings) -> None:
    write_behind_the_services(stored.pk, locked_by="experiment 7", lock_reason="under test")
    document, revision = opened(admin_page, stored)

    answer = post(admin_page, stored, {**document, "seed": 1}, revision)

    assert answer.context["form"].non_field_errors() == [
        "This profile is locked by experiment 7: under test."
    ]
    assert in_force(stored) == (1, STAGER_DEFAULTS)


def test_stale_save_merges_other_keys(
    admin_page: Client, stored: StoredSettings, ann: Actor
) -> None:
    document, revision = opened(admin_page, stored)
    patch_settings(stored.pk, {"output_quality": 70}, by=ann)

    answer = post(admin_page, stored, {**document, "seed": 1}, revision)

    assert said(answer) == ["Saved as revision 3. The next job with this model uses it."]
    assert in_force(stored) == (3, {**STAGER_DEFAULTS, "output_quality": 70, "seed": 1})


def test_stale_save_of_an_untouched_page_writes_nothing(
    admin_page: Client, stored: StoredSettings, ann: Actor
) -> None:
    document, revision = opened(admin_page, stored)
    patch_settings(stored.pk, {"output_quality": 70, "seed": 5}, by=ann)

    answer = post(admin_page, stored, document, revision)

    assert said(answer) == ["Nothing was changed, so no revision was written."]
    assert in_force(stored) == (2, {**STAGER_DEFAULTS, "output_quality": 70, "seed": 5})


def test_stale_save_shows_both_values_and_authors(
    admin_page: Client, stored: StoredSettings, ann: Actor
) -> None:
    document, revision = opened(admin_page, stored)
    theirs = patch_settings(stored.pk, {"output_quality": 70, "note": "hers"}, by=ann)

    answer = post(admin_page, stored, {**document, "output_quality": 55, "seed": 1}, revision)

    assert answer.context["form"].conflicts == [
        Conflict("output_quality", 55, 70, "ann", theirs.updated_at)
    ]
    assert answer.context["form"].non_field_errors() == [
        "Somebody saved revision 2 meanwhile, and changed output_quality. "
        "Look at both values, then save again."
    ]
    assert in_force(stored) == (2, {**STAGER_DEFAULTS, "output_quality": 70, "note": "hers"})


def test_stale_save_can_be_saved_again_knowingly(
    admin_page: Client, stored: StoredSettings, ann: Actor
) -> None:
    document, revision = opened(admin_page, stored)
    patch_settings(stored.pk, {"output_quality": 70, "note": "hers"}, by=ann)
    answer = post(admin_page, stored, {**document, "output_quality": 55, "seed": 1}, revision)

    merged, revision = drawn(answer)
    answer = post(admin_page, stored, merged, revision, reason="mine")

    assert said(answer) == ["Saved as revision 3. The next job with this model uses it."]
    assert in_force(stored) == (
        3,
        {**STAGER_DEFAULTS, "output_quality": 55, "seed": 1, "note": "hers"},
    )


def test_stale_save_that_unset_what_another_changed(
    admin_page: Client, stored: StoredSettings, ann: Actor
) -> None:
    patch_settings(stored.pk, {"seed": 1}, by=ann)
    document, revision = opened(admin_page, stored)
    patch_settings(stored.pk, {"seed": 2}, by=ann)

    answer = post(admin_page, stored, {**document, "seed": None}, revision)

    assert [one.key for one in answer.context["form"].conflicts] == ["seed"]
    merged, revision = drawn(answer)
    post(admin_page, stored, merged, revision)
    assert in_force(stored) == (4, STAGER_DEFAULTS)


def tick(client: Client, stored: StoredSettings, *names: str, **more: Any) -> Any:
    """Save the page, drawn at the first revision, with these boxes ticked."""
    document = submit(stored.validator.schema, STAGER_DEFAULTS)
    ticked = {"overridable": list(names), "overridable_shown": "1"}
    posted = {"values": json.dumps(document), "revision": 1, **ticked, **more}
    return client.post(address(stored), posted)


def test_ticks_say_what_clients_may_change(admin_page: Client, stored: StoredSettings) -> None:
    tick(admin_page, stored, "seed", "disclosure", reason="the label is theirs")

    saved = get_settings(SLUG)
    assert (saved.revision, saved.overridable) == (2, ["seed", "disclosure"])
    assert ModelSettings.history.latest("history_id").history_change_reason == "the label is theirs"
    page = admin_page.get(address(stored)).content.decode()
    assert "Clients may change <strong data-ticked>2</strong> of 12 parameters" in page
    assert 'Clients may change from here on: <span title="disclosure">Disclosure</span>' in page


def test_no_tick_is_a_list_without_any(admin_page: Client, stored: StoredSettings) -> None:
    tick(admin_page, stored)

    assert get_settings(SLUG).overridable == []


def test_saving_the_ticks_as_they_were_writes_nothing(
    admin_page: Client, stored: StoredSettings
) -> None:
    tick(admin_page, stored, *stored.overridable)

    assert (get_settings(SLUG).revision, get_settings(SLUG).listed) == (1, None)


def test_a_form_without_the_ticks_changes_none(admin_page: Client, stored: StoredSettings) -> None:
    document, revision = opened(admin_page, stored)
    post(admin_page, stored, {**document, "steps": 31}, revision)

    assert get_settings(SLUG).overridable == stored.overridable


def test_ticks_of_another_person_survive_a_stale_form(
    admin_page: Client, stored: StoredSettings, ann: Actor
) -> None:
    patch_settings(stored.pk, {}, by=ann, may_change={"disclosure": True})

    tick(admin_page, stored, *[name for name in stored.overridable if name != "seed"])

    found = get_settings(SLUG).overridable
    assert ("disclosure" in found, "seed" in found) == (True, False)


def test_ticks_of_another_person_survive_a_conflict_of_values(
    admin_page: Client, stored: StoredSettings, ann: Actor
) -> None:
    """The page is drawn again with both people's ticks, so that the next save undoes neither."""
    patch_settings(stored.pk, {"steps": 9}, by=ann, may_change={"disclosure": True})
    document = submit(stored.validator.schema, STAGER_DEFAULTS)
    ticked = [name for name in stored.overridable if name != "seed"]
    again = admin_page.post(
        address(stored),
        {
            "values": json.dumps({**document, "steps": 7}),
            "revision": 1,
            "overridable": ticked,
            "overridable_shown": "1",
        },
    )
    shown = again.context["form"].overridable_now
    assert ("disclosure" in shown, "seed" in shown) == (True, False)

    drawn_again, revision = drawn(again)
    admin_page.post(
        address(stored),
        {
            "values": json.dumps(drawn_again),
            "revision": revision,
            "overridable": shown,
            "overridable_shown": "1",
            "conflict": "steps",
            "keep:steps": "mine",
        },
    )

    saved = get_settings(SLUG)
    assert saved.document["steps"] == 7
    assert ("disclosure" in saved.overridable, "seed" in saved.overridable) == (True, False)


def test_a_forged_tick_is_refused(admin_page: Client, stored: StoredSettings) -> None:
    answer = tick(admin_page, stored, "gone")

    assert "Clients may change: Select a valid choice" in answer.content.decode()
    assert get_settings(SLUG).revision == 1


def test_a_profile_is_kept_from_clients(admin_page: Client, stored: StoredSettings) -> None:
    answer = admin_page.post(
        address(stored), {"action": "naming", "clients_may_name": "no"}, follow=True
    )

    page = answer.content.decode()
    assert not get_settings(SLUG).clients_may_name
    assert "Clients may not ask for this profile by its name." in page
    assert "Let clients name it" in page


def reset(client: Client, stored: StoredSettings) -> Any:
    return client.post(address(stored), {"action": "reset", "key": "steps"})


def test_reset_offers_undo(admin_page: Client, stored: StoredSettings, ann: Actor) -> None:
    patch_settings(stored.pk, {"steps": 5}, by=ann)
    answer = reset(admin_page, stored)
    page = admin_page.get(answer["Location"]).content.decode()

    assert "Undo: back to revision 2" in page
    admin_page.post(address(stored), {"action": "undo", "revision": "2"})
    revision, values = in_force(stored)
    assert (revision, values["steps"]) == (4, 5)


def test_undo_says_nothing_of_a_reset_that_was_none(
    admin_page: Client, stored: StoredSettings, ann: Actor
) -> None:
    patch_settings(stored.pk, {"steps": 5}, by=ann)

    page = admin_page.get(address(stored), {"undo": "1"}).content.decode()
    admin_page.post(address(stored), {"action": "undo", "revision": "1"})

    assert "Revision 2 is in force." in page
    assert "The reset made" not in page
    newest = ModelSettings.history.filter(id=stored.pk).latest("revision")
    assert (newest.revision, newest.history_change_reason) == (3, "Back to revision 1.")


def test_reset_is_not_undone_over_another_change(
    admin_page: Client, stored: StoredSettings, ann: Actor
) -> None:
    patch_settings(stored.pk, {"steps": 5}, by=ann)
    answer = reset(admin_page, stored)
    patch_settings(stored.pk, {"steps": 7}, by=ann)

    assert "Undo" not in admin_page.get(answer["Location"]).content.decode()
    undone = admin_page.post(address(stored), {"action": "undo", "revision": "2"})
    assert said(undone) == ["Not undone: another revision was saved since. See the history."]
    assert in_force(stored)[1]["steps"] == 7


@pytest.mark.parametrize("revision", ["", "x", "9" * 40, "-1"])
def test_undo_of_no_revision(admin_page: Client, stored: StoredSettings, revision: str) -> None:
    answer = admin_page.post(address(stored), {"action": "undo", "revision": revision})

    assert said(answer) == ["There is no revision 0."]
