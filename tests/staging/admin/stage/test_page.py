"""The Stage page: what it opens with, what it sends, what it refuses, and who may use it."""

import html
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from modelsettings import profiles
from modelsettings.actors import Actor
from modelsettings.models import ReplicateModel
from modelsettings.settings import get_settings, set_overridable
from staging import finding
from staging.models import Habit, Photo, Project, StagingBatch, StagingJob
from tests.modelsettings.rows import save_row
from tests.staging.batch_requests import make_photo_row, photo_file, stored_files, zip_file
from tests.staging.conftest import FLUX, QWEN, SEEDREAM

pytestmark = pytest.mark.django_db

STAGE = "/admin/stage/"
FORECAST = f"{STAGE}forecast/"
NOBODY = "00000000-0000-0000-0000-000000000000"
FRAGMENT = {"X-Restage": "fragment"}
NANO = "google/nano-banana"
REMODELA = "remodela-ai/virtual_staging_iii"
PAGE_QUERIES = 17


def send(browser: Client, *, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    asked = {"images": [photo_file()], "styles": ["modern"], "room_type": "bedroom", **fields}
    return browser.post(STAGE, asked, headers=headers)


def draft(browser: Client, *names: str, **fields: Any) -> str:
    """Return what a draft with new files of these names comes to, without its tags."""
    said = {
        "styles": ["modern"],
        "room_type": "bedroom",
        "file_name": names,
        "file_size": ["9"] * len(names),
        "file_room": [""] * len(names),
        **fields,
    }
    return browser.post(FORECAST, said).content.decode()


def directory_of(*files: tuple[str, bytes]) -> SimpleUploadedFile:
    """Return the end of a ZIP, as a draft sends it."""
    content = zip_file(*files).read()
    return SimpleUploadedFile("photos.zip", content[content.index(b"PK\1\2") :])


def choices_of(form: Any, name: str) -> list[str]:
    """Return the values of a select, those of its groups too."""
    found = []
    for value, label in form.fields[name].choices:
        found += [inner for inner, _ in label] if isinstance(label, list) else [value]
    return [str(value) for value in found]


def test_page_opens_with_nothing_named(admin_page: Client) -> None:
    form = admin_page.get(STAGE).context["form"]

    values = {name: form[name].value() for name in ("model", "profile", "prompt", "seed", "count")}
    assert values == {"model": None, "profile": None, "prompt": None, "seed": None, "count": ""}
    assert (form["room_type"].value(), form["styles"].value()) == ("default", ["modern"])


def test_one_photo_is_a_job_and_leads_to_its_page(admin_page: Client, operator: User) -> None:
    answer = send(admin_page)

    job = StagingJob.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/admin/staging/stagingjob/{job.pk}/change/")
    assert (job.owner, job.room_type, job.style, job.overrides) == (
        operator, "bedroom", "modern", {},
    )  # fmt: skip
    assert job.project == Project.objects.unsorted_of(operator)


def test_many_are_a_batch_that_names_neither_model_nor_profile(admin_page: Client) -> None:
    answer = send(
        admin_page,
        images=[photo_file("1.jpg"), zip_file(("Bathroom/2.jpg", b"x"), ("3.jpg", b"x"))],
        file_room=["office", "kitchen"],
    )

    batch = StagingBatch.objects.get()
    assert answer.url == f"/admin/staging/stagingbatch/{batch.pk}/change/"
    assert (batch.model, batch.profile_name, batch.overrides) == (None, "", {})
    assert list(batch.photos.values_list("name", "room_type")) == [
        ("1.jpg", "office"), ("3.jpg", "kitchen"), ("Bathroom/2.jpg", "bathroom"),
    ]  # fmt: skip


def test_photos_that_are_there_bring_their_project(admin_page: Client, operator: User) -> None:
    project = Project.objects.create(owner=operator, name="Elm Street")
    photos = [make_photo_row(operator, project) for _ in range(2)]

    send(admin_page, images=[], photo=[photo.pk for photo in photos], photo_room=["", "kitchen"])

    batch = StagingBatch.objects.get()
    assert batch.project == project
    assert list(batch.photos.values_list("photo", "room_type")) == [
        (photos[0].pk, "bedroom"), (photos[1].pk, "kitchen"),
    ]  # fmt: skip


def test_a_chosen_profile_brings_its_model(admin_page: Client) -> None:
    send(admin_page, profile=f"{NANO}:default", count="2", seed="", prompt="no plants")

    job = StagingJob.objects.select_related("model").get()
    assert (job.model.slug, job.profile_name, job.predictions.count()) == (NANO, "default", 2)
    assert "no plants" in job.prompt


def test_it_remembers_room_styles_and_count_and_begins_the_rest_anew(admin_page: Client) -> None:
    send(
        admin_page,
        styles=["industrial"],
        room_type="office",
        count="2",
        prompt="no plants",
        model=NANO,
    )

    form = admin_page.get(STAGE).context["form"]

    assert [form[name].value() for name in ("room_type", "styles", "count")] == [
        "office", ["industrial"], 2,
    ]  # fmt: skip
    assert [form[name].value() for name in ("prompt", "model", "profile")] == [None, None, None]


def test_styles_of_last_time_are_said_to_be_so(admin_page: Client) -> None:
    assert "Ticked as last time." not in admin_page.get(STAGE).content.decode()
    send(admin_page, styles=["industrial"])

    assert "Ticked as last time." in admin_page.get(STAGE).content.decode()
    asked_for = admin_page.get(STAGE, {"style": "modern"}).content.decode()
    assert "Ticked as last time." not in asked_for


def test_address_fills_the_form(admin_page: Client, operator: User) -> None:
    photo = make_photo_row(operator)
    said = {
        "photo": str(photo.pk),
        "project": str(photo.project_id),
        "room_type": "office",
        "style": ["industrial", "modern"],
        "model": SEEDREAM,
        "profile": "default",
    }

    form = admin_page.get(STAGE, said).context["form"]

    assert form.stored == [(photo, "")]
    assert form["model"].value() == SEEDREAM
    assert form["profile"].value() == f"{SEEDREAM}:default"
    assert form["styles"].value() == ["industrial", "modern"]


@pytest.mark.parametrize(
    "said",
    [
        {"project": "5"},
        {"project": NOBODY},
        {"photo": ["x", NOBODY]},
        {"model": "no/model", "profile": "no"},
        {"style": "baroque", "room_type": "hangar"},
    ],
)
def test_page_opens_for_what_is_not_there(admin_page: Client, said: dict[str, Any]) -> None:
    assert admin_page.get(STAGE, said).status_code == 200


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"images": []}, "images", "Choose photos"),
        ({"styles": []}, "styles", "Choose at least one style."),
        ({"styles": ["baroque-ish"]}, "styles", "baroque-ish is not one of"),
        ({"room_type": "hangar"}, "room_type", "hangar is not one of"),
        ({"file_room": ["hangar"]}, "images", "One of these rooms is not there any more"),
        ({"images": [photo_file("a.ZIP", b"no")]}, "images", "not a ZIP that can be read"),
        ({"images": [photo_file("a.jpg", b"no")]}, "images", "not an image"),
        ({"images": [photo_file("a.jpg", b"")]}, "images", "a.jpg: This file is empty"),
        ({"photo": ["0" * 32]}, "images", "is not there any more"),
        ({"project": "12"}, "project", "not a valid"),
        ({"seed": "x"}, "seed", "whole number"),
        ({"model": SEEDREAM, "seed": "5"}, "seed", "seed"),
        ({"model": QWEN, "profile": f"{SEEDREAM}:default"}, "profile", "another model"),
        ({"model": "adirik/interior-design-none"}, "model", "not one of"),
        ({"model": REMODELA, "prompt": "A red sofa."}, "model", "takes no prompt"),
        ({"count": "5"}, "count", "5 is not one of"),
        ({"count": "2", "model": SEEDREAM}, "count", "decides the number by settings of its own"),
    ],
)
def test_a_wrong_form_says_so_at_its_field_and_stores_nothing(
    admin_page: Client, fields: dict[str, Any], field: str, sentence: str
) -> None:
    for file in fields.get("images", []):
        file.seek(0)
    answer = send(admin_page, **fields)

    errors = answer.context["form"].errors
    assert (answer.status_code, list(errors)) == (200, [field])
    assert sentence in str(errors[field])
    assert (StagingBatch.objects.count(), StagingJob.objects.count(), stored_files()) == (0, 0, [])


def test_a_refused_form_says_that_files_must_be_chosen_again(admin_page: Client) -> None:
    page = send(admin_page, styles=[]).content.decode()

    assert "Choose the files again" in page


def test_a_script_gets_the_errors_or_the_address(admin_page: Client) -> None:
    refused = send(admin_page, headers=FRAGMENT, styles=[])
    placed = send(admin_page, headers=FRAGMENT)

    assert (refused.status_code, refused.json()) == (
        400, {"errors": {"styles": ["Choose at least one style."]}},
    )  # fmt: skip
    job = StagingJob.objects.get()
    assert placed.json() == {"url": f"/admin/staging/stagingjob/{job.pk}/change/"}


def test_the_same_again_is_asked_about(admin_page: Client) -> None:
    send(admin_page)

    asked = send(admin_page)

    job = StagingJob.objects.get()
    page = asked.content.decode()
    assert "You sent the same" in page
    assert f"/admin/staging/stagingjob/{job.pk}/change/" in page
    send(admin_page, again="on")
    assert StagingJob.objects.count() == 2


def test_photos_of_two_projects_and_of_another_project_are_refused(
    admin_page: Client, operator: User
) -> None:
    elm, oak = (Project.objects.create(owner=operator, name=name) for name in ("Elm", "Oak"))
    first, second = make_photo_row(operator, elm), make_photo_row(operator, oak)

    both = send(admin_page, images=[], photo=[first.pk, second.pk])
    other = send(admin_page, images=[], photo=[first.pk], project=str(oak.pk))

    assert "several projects" in str(both.context["form"].errors["images"])
    assert "are in Elm" in str(other.context["form"].errors["project"])


def test_a_disabled_model_of_the_project_is_told_on_top(admin_page: Client, operator: User) -> None:
    model = ReplicateModel.objects.get(slug=FLUX)
    model.is_enabled = False
    save_row(model)
    project = Project.objects.create(owner=operator, name="Elm Street 5", model=model)

    answer = send(admin_page, project=str(project.pk))

    assert answer.context["form"].errors == {"model": [f"{FLUX} is disabled."]}


def test_models_that_cannot_stage_are_not_offered(admin_page: Client) -> None:
    model = ReplicateModel.objects.get(slug=FLUX)
    model.is_enabled = False
    save_row(model)

    form = admin_page.get(STAGE).context["form"]

    offered = choices_of(form, "model")
    assert FLUX not in offered
    assert {"", QWEN, SEEDREAM} <= set(offered)
    assert f"{FLUX}:default" not in choices_of(form, "profile")


def test_forecast_counts_and_names_what_is_used(admin_page: Client) -> None:
    page = draft(admin_page, "1.jpg", "2.jpg", styles=["modern", "industrial"])

    assert (
        "<strong>4 pictures</strong> of 2 photos: Modern, Industrial; about <strong>$0.12</strong>"
        in page
    )
    assert "It fits: no spending limit binds it." in page
    assert f'data-model="{QWEN}"' in page
    assert [kind.objects.count() for kind in (Project, Photo, Habit)] == [0, 0, 0]


def test_forecast_counts_the_photos_of_a_zip_by_their_folders(admin_page: Client) -> None:
    profile = profiles.copy_profile(get_settings(QWEN).pk, "fast", by=Actor.system("test"))
    profiles.use_for_rooms(profile.pk, ["kitchen"], by=Actor.system("test"))

    page = draft(
        admin_page,
        directory=[
            directory_of(("01 Kitchen/1.jpg", b"x"), ("2.jpg", b"x"), ("__MACOSX/._2.jpg", b"x"))
        ],
        archive_room=["office"],
    )

    assert "2 pictures</strong> of 2 photos" in page
    assert "<strong>fast</strong>, revision 1 (for kitchen)" in page


def test_forecast_says_what_the_names_in_a_zip_say(admin_page: Client) -> None:
    directory = directory_of(
        ("Bedroom 2/1.jpg", b"x"),
        ("Foo/2.jpg", b"x"),
        ("Foo/3.jpg", b"x"),
        ("Foo/3.json", b"x"),
        ("4.jpg", b"x"),
        ("._4.jpg", b"x"),
    )

    page = html.unescape(draft(admin_page, directory=[directory], room_type="kitchen"))

    assert "4 pictures</strong> of 4 photos" in page
    assert "By their folders: Bedroom (1 photo)." in page
    assert (
        "No room was found for Foo (2 photos). Staged as kitchen, unless you choose a room for"
        " them." in page
    )
    assert "1 other file was passed over: 1 .json." in page
    assert '[{"photos": 4, "words": "4 photos"}]' in page


def test_forecast_says_nothing_of_folders_whose_zip_has_a_room(admin_page: Client) -> None:
    directory = directory_of(("Foo/2.jpg", b"x"))

    page = draft(admin_page, directory=[directory], archive_room=["office"])

    assert ("1 picture</strong>" in page, "No room was found" in page) == (True, False)


def test_forecast_refuses_a_zip_before_it_is_sent(admin_page: Client) -> None:
    empty = SimpleUploadedFile("house.zip", b"")
    side = directory_of(("1.json", b"x"), ("2.mov", b"x"))

    told = [html.unescape(draft(admin_page, directory=[end])) for end in (empty, side)]

    assert "house.zip: This is not a ZIP that can be read" in told[0]
    assert "photos.zip: There is no photo in this ZIP: it holds 1 .json, 1 .mov." in told[1]


def test_forecast_knows_a_zip_that_was_sent_a_moment_ago(admin_page: Client) -> None:
    files = [(f"Zimmer/{name}", photo_file().read()) for name in ("1.jpg", "é.jpg", "2.mov")]
    send(admin_page, images=[zip_file(*files)], file_room=["office"])

    page = draft(admin_page, directory=[directory_of(*files)], archive_room=["office"])

    assert "You sent the same" in page


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"styles": []}, "Choose at least one style."),
        ({"model": REMODELA, "prompt": "Red."}, "takes no prompt"),
        ({"file_size": ["0"]}, "1 of the files is no photo"),
    ],
)
def test_forecast_says_what_is_wrong(admin_page: Client, fields: dict[str, Any], told: str) -> None:
    assert told in draft(admin_page, "1.jpg", **fields)


def test_forecast_knows_what_was_sent_a_moment_ago(admin_page: Client) -> None:
    file = photo_file("1.jpg")
    send(admin_page, images=[file])

    page = draft(admin_page, "1.jpg", file_size=[str(file.size)])

    assert "You sent the same" in page


def let(account: User, *permissions: str) -> User:
    account.is_staff = True
    account.save()
    account.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return User.objects.get(pk=account.pk)


@pytest.fixture
def stager(stranger: User) -> User:
    return let(stranger, "add_stagingjob", "add_stagingbatch", "view_photo")


def test_a_stager_names_what_clients_may_name_and_replaces_no_prompt(
    client: Client, stager: User
) -> None:
    model = ReplicateModel.objects.get(slug=SEEDREAM)
    model.clients_may_name = False
    save_row(model)
    client.force_login(stager)

    form = client.get(STAGE).context["form"]

    assert SEEDREAM not in choices_of(form, "model")
    assert "prompt_mode" not in form.fields
    answer = send(client, prompt="Mine alone.", prompt_mode="replace")
    assert answer.status_code == 302
    assert StagingJob.objects.get().prompt != "Mine alone."


def test_an_operator_may_replace_the_prompt(admin_page: Client) -> None:
    send(admin_page, prompt="Mine alone.", prompt_mode="replace")

    assert StagingJob.objects.get().prompt == "Mine alone."


def test_a_number_that_clients_may_not_choose_is_told_at_the_field(
    client: Client, stager: User
) -> None:
    set_overridable(get_settings(QWEN).pk, ["seed"], by=Actor.system("test"))
    Habit.objects.create(account=stager, room_type="bedroom", styles=["modern"], count=2)
    client.force_login(stager)

    assert client.get(STAGE).context["form"]["count"].value() == ""
    answer = send(client, count="2")
    assert "You may not choose the number" in str(answer.context["form"].errors["count"])


def test_who_may_stage_single_photos_alone_is_told_so(client: Client, stranger: User) -> None:
    client.force_login(let(stranger, "add_stagingjob"))

    refused = send(client, images=[photo_file(), photo_file("2.jpg")])

    assert "may not stage batches of photos" in str(refused.context["form"].errors)
    assert send(client).status_code == 302


def test_photos_of_others_are_neither_offered_nor_taken(
    client: Client, stager: User, operator: User
) -> None:
    own, other = make_photo_row(stager), make_photo_row(operator)
    client.force_login(stager)

    offered = client.get(f"{STAGE}photos/").context["page"].object_list
    answer = send(client, images=[], photo=[other.pk])

    assert list(offered) == [own]
    assert "is not there any more" in str(answer.context["form"].errors["images"])
    assert client.get(STAGE, {"photo": str(other.pk)}).context["form"].stored == []


def test_photos_are_found_by_their_names_and_their_projects(
    admin_page: Client, operator: User
) -> None:
    elm, oak = (Project.objects.create(owner=operator, name=name) for name in ("Elm", "Oak"))
    first, second = make_photo_row(operator, elm), make_photo_row(operator, oak)
    Photo.objects.filter(pk=second.pk).update(original_name="kitchen.jpg")

    def found(**said: str) -> list[Photo]:
        return list(admin_page.get(f"{STAGE}photos/", said).context["page"].object_list)

    assert found() == [second, first]
    assert [found(q=words) for words in ("KITCH", "elm", "nothing")] == [[second], [first], []]
    assert [found(q=words) for words in ("oak kitchen", "elm kitchen")] == [[second], []]
    assert found(project=str(elm.pk)) == [first]
    assert found(project="x", page="99") == [second, first]


def test_photos_are_found_by_their_names_among_the_newest(
    admin_page: Client, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "MOST_SEARCHED", 1)
    _, newer = make_photo_row(operator), make_photo_row(operator)
    Photo.objects.update(original_name="kitchen.jpg")

    answer = admin_page.get(f"{STAGE}photos/", {"q": "kitchen"})

    assert list(answer.context["page"].object_list) == [newer]


@pytest.mark.parametrize("permission", ["", "view_photo", "view_stagingjob"])
def test_page_is_closed_to_who_may_not_stage(
    client: Client, stranger: User, permission: str
) -> None:
    client.force_login(let(stranger, permission))

    answers = [
        client.get(STAGE), send(client), client.post(FORECAST), client.get(f"{STAGE}photos/"),
    ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [403] * 4
    assert not StagingJob.objects.exists()


@pytest.mark.parametrize("count", [1, 5])
def test_page_asks_the_database_a_fixed_number_of_times(
    admin_page: Client, operator: User, count: int, django_assert_num_queries: Any
) -> None:
    project = Project.objects.create(owner=operator, name="Elm")
    photos = [str(make_photo_row(operator, project).pk) for _ in range(count)]
    admin_page.get(STAGE)

    with django_assert_num_queries(PAGE_QUERIES):
        admin_page.get(STAGE, {"photo": photos})
