"""A model's one page: its name and use, its price as rows, its inputs as choices."""

from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import Settings

from modelsettings import model_facts, updates
from modelsettings.actors import Actor
from modelsettings.models import ReplicateModel, SchemaReading
from modelsettings.schema.flattening import JSON
from modelsettings.settings import StoredSettings, get_settings
from tests.modelsettings.acme import STAGER_INPUTS, published
from tests.modelsettings.conftest import SLUG

pytestmark = pytest.mark.django_db


def session_of(user: User, *codenames: str, is_staff: bool = True) -> Client:
    user.is_staff = is_staff
    user.save()
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def address_of(model: ReplicateModel) -> str:
    return f"/admin/modelsettings/replicatemodel/{model.pk}/change/"


def drawn(form: forms.Form) -> dict[str, Any]:
    """Return what a browser sends of a form that it got, as it is."""
    sent: dict[str, Any] = {}
    for field in form:
        value = field.value()
        sent[field.html_initial_name] = "" if value is None else str(value)
        if value is not False:
            sent[field.html_name] = "on" if value is True else value or ""
    return sent


def change_facts(client: Client, model: ReplicateModel, **fields: str) -> Any:
    facts = {"label": "Ours", "is_enabled": "on", "clients_may_name": "on"} | fields
    return client.post(
        address_of(model),
        {"action": "facts", **{f"facts-{name}": value for name, value in facts.items()}},
    )


def change_price(client: Client, model: ReplicateModel, *rows: tuple[Any, ...], **more: str) -> Any:
    """Send rows of dollars, unit and conditions."""
    posted: dict[str, Any] = {"action": "price", **more}
    for number, (usd, unit, *conditions) in enumerate(rows):
        posted |= {f"usd-{number}": usd, f"unit-{number}": unit, f"when-{number}": conditions}
    return client.post(address_of(model), posted)


def test_address_of_a_model_leads_to_its_one_page(
    admin_page: Client, stored: StoredSettings, model: ReplicateModel
) -> None:
    answer = admin_page.get(address_of(model))

    settings = f"/admin/modelsettings/modelsettings/{stored.pk}/change/"
    assert (answer.status_code, answer["Location"]) == (302, f"{settings}#model")
    page = admin_page.get(settings).content.decode()
    assert all(words in page for words in ("This model", "Save price", "Save inputs"))
    assert f"/admin/modelsettings/replicatemodel/{model.pk}/make-default/" in page


def test_name_and_use_are_saved_with_the_reason(admin_page: Client, model: ReplicateModel) -> None:
    answer = change_facts(admin_page, model, reason="as our clients call it", is_enabled="")

    model.refresh_from_db()
    assert (answer.status_code, model.label, model.is_enabled) == (302, "Ours", False)
    step = ReplicateModel.history.filter(slug=SLUG).latest("history_id")
    assert (step.updated_by, step.history_change_reason) == ("olga", "as our clients call it")


def test_default_is_not_disabled(admin_page: Client) -> None:
    default = ReplicateModel.objects.get(is_default=True)

    answer = change_facts(admin_page, default, is_enabled="", reason="too dear")

    form = answer.context["facts_form"]
    assert form.errors == {
        "is_enabled": ["It is the default for staging: choose another default first."]
    }
    # What was typed is kept.
    assert form["reason"].value() == "too dear"
    default.refresh_from_db()
    assert default.is_enabled is True


def test_price_is_saved_as_rows(admin_page: Client, model: ReplicateModel) -> None:
    answer = change_price(
        admin_page,
        model,
        ("0.03", "image", '["go_fast", true]'),
        ("0.05", "image", '["go_fast", false]', '["output_format", "png"]'),
        ("", "image"),
        ("1", "run", ""),
        reason="as published",
    )

    model.refresh_from_db()
    assert (answer.status_code, model.price) == (
        302,
        [
            {"unit": "image", "usd": 0.03, "when": {"go_fast": True}},
            {"unit": "image", "usd": 0.05, "when": {"go_fast": False, "output_format": "png"}},
            {"unit": "run", "usd": 1.0},
        ],
    )
    step = ReplicateModel.history.filter(slug=SLUG).latest("history_id")
    assert step.history_change_reason == "as published"


def test_saving_the_rows_as_they_are_drawn_changes_nothing(
    admin_page: Client, stored: StoredSettings, model: ReplicateModel, ann: Actor
) -> None:
    price = [
        {"unit": "second", "usd": 0.00014, "when": {"steps": 30, "gone": "4K"}},
        {"unit": "input_mp", "usd": 0.1},
    ]
    model_facts.change_model(model.pk, {"price": price}, by=ann)
    before = ReplicateModel.history.count()
    page = admin_page.get(f"/admin/modelsettings/modelsettings/{stored.pk}/change/")
    drawn = [
        (row.usd, row.unit, *(one.value for one in chain(*row.selects) if one.is_chosen))
        for row in page.context["price_form"].rows
    ]

    change_price(admin_page, model, *drawn)

    model.refresh_from_db()
    assert (model.price, ReplicateModel.history.count()) == (price, before)


def test_older_form_takes_back_no_name_of_another(
    admin_page: Client, stored: StoredSettings, model: ReplicateModel, ann: Actor
) -> None:
    """Two people open the page; each changes one fact of it."""
    page = admin_page.get(f"/admin/modelsettings/modelsettings/{stored.pk}/change/")
    form = drawn(page.context["facts_form"])
    model_facts.change_model(model.pk, {"label": "Theirs"}, by=ann)

    answer = admin_page.post(
        address_of(model), {"action": "facts", **form, "facts-description": "for kitchens"}
    )

    model.refresh_from_db()
    assert (answer.status_code, model.label, model.description) == (302, "Theirs", "for kitchens")


@pytest.mark.parametrize("action", ["facts", "price", "roles"])
def test_older_form_in_which_nothing_was_changed_changes_nothing(
    admin_page: Client, stored: StoredSettings, model: ReplicateModel, ann: Actor, action: str
) -> None:
    model_facts.change_model(model.pk, {"price": [{"unit": "image", "usd": 0.03}]}, by=ann)
    settings = f"/admin/modelsettings/modelsettings/{stored.pk}/change/"
    page = admin_page.get(settings)
    price = {"usd-0": "0.03", "unit-0": "image", "was": page.context["price_form"].was}
    form = price if action == "price" else drawn(page.context[f"{action}_form"])
    theirs = {"label": "Theirs", "price": [{"unit": "image", "usd": 0.5}]}
    model_facts.change_model(model.pk, theirs, by=ann)
    model_facts.correct_roles(model.pk, {"prompt": "negative_prompt"}, by=ann)
    before = ReplicateModel.history.count()

    answer = admin_page.post(address_of(model), {"action": action, **form}, follow=True)

    assert "Nothing was changed." in answer.content.decode()
    assert ReplicateModel.history.count() == before


def test_no_row_is_no_price(admin_page: Client, model: ReplicateModel, ann: Actor) -> None:
    model_facts.change_model(model.pk, {"price": [{"unit": "image", "usd": 0.03}]}, by=ann)

    change_price(admin_page, model, ("", "image"))

    model.refresh_from_db()
    assert model.price == []


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (("cheap", "image"), "“cheap” is no number of dollars: write it as 0.03."),
        (("0,03", "image"), "“0,03” is no number of dollars: write it as 0.03."),
        (("-1", "image"), "usd is a number of dollars, 0 or more."),
        (("nan", "image"), "usd is a number of dollars, 0 or more."),
        (("1", "hour"), "A unit is one of run, image, second, input_mp, output_mp."),
        (
            ("1", "image", '["go_fast", true]', '["go_fast", false]'),
            "Go fast cannot have two values at once: use two rows.",
        ),
    ],
)
def test_wrong_row_is_told_and_kept(
    admin_page: Client, model: ReplicateModel, row: tuple[str, ...], sentence: str
) -> None:
    answer = change_price(admin_page, model, row, reason="a try")

    form = answer.context["price_form"]
    assert sentence in [form.error, *(row.error for row in form.rows)]
    assert (form.rows[0].usd, form.reason) == (row[0], "a try")
    assert sentence in answer.content.decode().replace("&quot;", '"')
    model.refresh_from_db()
    assert model.price == []


@pytest.mark.parametrize("condition", ["[", "5", "[1, 2, 3]", '["go_fast"', "[" * 5000])
def test_forged_condition_is_no_fault_of_ours(
    admin_page: Client, model: ReplicateModel, condition: str
) -> None:
    assert change_price(admin_page, model, ("1", "image", condition)).status_code in (200, 302)


def test_inputs_are_corrected_by_choice(admin_page: Client, model: ReplicateModel) -> None:
    choices = {"action": "roles", "roles-image": "image", "roles-prompt": "negative_prompt"}
    answer = admin_page.post(address_of(model), {**choices, "roles-reason": "it is the other"})

    model.refresh_from_db()
    assert answer.status_code == 302
    assert model.roles == {"image": "image", "prompt": "negative_prompt"}
    assert "prompt" in get_settings(SLUG).schema.parameters
    step = ReplicateModel.history.filter(slug=SLUG).latest("history_id")
    assert (step.updated_by, step.history_change_reason) == ("olga", "it is the other")
    # The value that the profile had for it is gone, by a revision of its own.
    saved = get_settings(SLUG)
    assert (saved.revision, "negative_prompt" in saved.values) == (2, False)


def test_an_input_that_cannot_take_the_photo_is_no_choice(
    admin_page: Client, model: ReplicateModel
) -> None:
    choices = {"action": "roles", "roles-image": "steps", "roles-prompt": "prompt"}
    answer = admin_page.post(address_of(model), choices)

    assert "image" in answer.context["roles_form"].errors
    model.refresh_from_db()
    assert model.roles["image"] == "image"


def test_inputs_that_would_lose_values_are_refused(
    admin_page: Client, model: ReplicateModel
) -> None:
    default = ReplicateModel.objects.get(is_default=True)
    choices = {"action": "roles", "roles-image": "", "roles-prompt": "prompt"}
    answer = admin_page.post(address_of(default), choices)

    assert "could stage no longer" in str(answer.context["roles_form"].non_field_errors())


def test_unknown_action_saves_nothing(admin_page: Client, model: ReplicateModel) -> None:
    assert admin_page.post(address_of(model), {"action": "x"}).status_code == 302
    assert admin_page.get("/admin/modelsettings/replicatemodel/0/change/").status_code in (302, 404)


def test_model_page_is_closed_to_a_viewer_of_settings(
    model: ReplicateModel, stranger: User
) -> None:
    client = session_of(stranger, "view_modelsettings", "change_modelsettings")

    assert change_facts(client, model).status_code == 403
    page = client.get(
        f"/admin/modelsettings/modelsettings/{model.live_profile_id}/change/"
    ).content.decode()
    assert "This model" in page
    assert "Save price" not in page


def test_model_without_its_settings_for_those_who_see_only_models(
    model: ReplicateModel, stranger: User
) -> None:
    client = session_of(stranger, "view_replicatemodel")

    page = client.get(address_of(model))

    assert page.status_code == 200
    assert "This model" in page.content.decode()
    assert "Save revision" not in page.content.decode()


def test_the_list_draws_name_and_slug_as_two_lines(admin_page: Client) -> None:
    page = admin_page.get("/admin/modelsettings/replicatemodel/").content.decode()

    assert 'class="restage-two"' in page
    assert "restage/admin.css" in page


def test_check_reads_the_model_and_shows_what_differs(
    admin_page: Client, model: ReplicateModel, publish: Callable[[JSON], None]
) -> None:
    steps = STAGER_INPUTS["steps"] | {"maximum": 40}
    publish(published(STAGER_INPUTS | {"steps": steps}))

    page = admin_page.post(address_of(model), {"action": "check"}, follow=True).content.decode()

    assert "Read: an update waits: it breaks what is stored." in page
    assert "Steps: at most 100 → at most 40." in page
    assert "Read from Replicate" in page
    reading = SchemaReading.objects.get(model=model)
    assert reading.tried_by == "olga"


def test_list_says_what_is_known_of_each_model(
    admin_page: Client,
    model: ReplicateModel,
    publish: Callable[[JSON], None],
    settings: Settings,
) -> None:
    publish(published(STAGER_INPUTS | {"new": {"type": "boolean"}}))
    gone = ReplicateModel.objects.get(slug="qwen/qwen-image-edit")
    updates.read_now(model, by=Actor("ann"))
    settings.REPLICATE_BASE_URL = "http://127.0.0.1:9"
    chosen = {"action": "check_for_updates", "_selected_action": [gone.pk]}

    page = admin_page.post(
        "/admin/modelsettings/replicatemodel/", chosen, follow=True
    ).content.decode()

    assert "Read from Replicate: 1 not read." in page
    assert "Replicate cannot be reached" in page
    assert "update: may change pictures" in page
    assert "not confirmed yet" in page
    assert page.count("not read") >= 2


def test_check_is_refused_to_a_viewer(stranger: User, model: ReplicateModel) -> None:
    viewer = session_of(stranger, "view_replicatemodel")

    answer = viewer.post(address_of(model), {"action": "check"})

    assert answer.status_code == 403
    assert not SchemaReading.objects.exists()
