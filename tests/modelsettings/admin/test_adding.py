"""The page that adds a model: what is shown before anything is saved."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.test import Client

from modelsettings.models import ReplicateModel
from modelsettings.schema.flattening import JSON
from modelsettings.settings import get_settings
from tests.modelsettings.acme import PICTURE, STAGER_INPUTS, published
from tests.modelsettings.conftest import SLUG, everything, reconstructed, slugs

pytestmark = pytest.mark.django_db

PAGE = "/admin/modelsettings/replicatemodel/add-from-replicate/"
BROKEN = {"prompt": {"type": "string"}, "bad": {"$ref": "#/components/schemas/Gone"}}
GONE = "bad: #/components/schemas/Gone is not among the schema's components."


@pytest.fixture
def adder(operator: User) -> Client:
    """The browser session of an operator who may add models."""
    operator.user_permissions.add(Permission.objects.get(codename="add_replicatemodel"))
    client = Client()
    client.force_login(operator)
    return client


def shown(client: Client, **asked: str) -> Any:
    return client.get(PAGE, asked)


def save(client: Client, action: str = "add", **posted: str) -> Any:
    """Press a button of the page that was shown for the model."""
    finding = shown(client, slug=posted["slug"]).context.get("finding")
    digest = finding.digest if finding else ""
    return client.post(PAGE, {"digest": digest, "action": action} | posted)


def test_page_sends_nobody_to_the_login(client: Client) -> None:
    answer = client.get(PAGE)

    assert (answer.status_code, answer.headers["Location"]) == (302, f"/admin/login/?next={PAGE}")


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("codenames", [(), ("change_replicatemodel", "change_modelsettings")])
def test_page_is_closed_to_those_who_may_not_add(
    publish: Callable[[JSON], None], stranger: User, method: str, codenames: tuple[str, ...]
) -> None:
    publish(published(name="closed"))
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    visitor = Client()
    visitor.force_login(stranger)

    answer = getattr(visitor, method)(PAGE, {"slug": "acme/closed", "action": "add"})

    assert answer.status_code == 403
    assert "acme/closed" not in slugs()


def test_page_needs_a_csrf_token(publish: Callable[[JSON], None], adder: Client) -> None:
    publish(published(name="forged"))
    adder.handler.enforce_csrf_checks = True

    assert save(adder, slug="acme/forged").status_code == 403
    assert "acme/forged" not in slugs()


def test_page_without_a_question_says_what_to_do(adder: Client) -> None:
    text = shown(adder).content.decode()

    assert "Write the name as in the model's address" in text
    assert 'role="alert"' not in text


def test_page_shows_before_it_saves(publish: Callable[[JSON], None], adder: Client) -> None:
    publish(published(name="seen"))
    before = everything()

    text = shown(adder, slug=" https://replicate.com/acme/seen ").content.decode()

    for words in ("Add Seen", "A picture.", "carried out by", "openai_api_key", "1 to 100"):
        assert words.lower() in text.lower()
    assert everything() == before


def test_page_adds_with_corrected_roles(
    publish: Callable[[JSON], None], adder: Client, operator: User
) -> None:
    publish(published(STAGER_INPUTS | {"mask": PICTURE}, name="added"))

    answer = save(adder, slug="acme/added", image="mask", prompt="note")

    row = ReplicateModel.objects.get(slug="acme/added")
    assert row.roles == {"image": "mask", "prompt": "note"}
    assert row.history.get().history_user == operator
    assert answer.headers["Location"] == (
        f"/admin/modelsettings/modelsettings/{row.live_profile_id}/change/"
    )
    said = [str(message) for message in get_messages(answer.wsgi_request)]
    assert said == ["Added is added. It can stage photos; its price is unknown until you set it."]


def test_page_judges_again_without_saving(publish: Callable[[JSON], None], adder: Client) -> None:
    publish(published(name="again"))

    answer = save(adder, "check", slug="acme/again", image="", prompt="note")

    finding = answer.context["finding"]
    assert finding.roles == {"prompt": "note"}
    assert "No input is set to take the photo" in (finding.obstacle or "")
    assert "acme/again" not in slugs()


@pytest.mark.parametrize(
    ("slug", "inputs", "more", "sentence"),
    [
        ("acme/refused", BROKEN, {}, GONE),
        ("acme/refused", STAGER_INPUTS, {"image": "steps"}, "steps cannot take the image"),
        ("acme/refused", STAGER_INPUTS, {"image": "a\0b"}, r"a\x00b cannot take the image"),
        ("acme/refused", STAGER_INPUTS, {"digest": "old"}, "not the one that was shown"),
        ("acme/none", STAGER_INPUTS, {}, "Replicate has no model acme/none"),
        ("a b", STAGER_INPUTS, {}, "is no model"),
    ],
)
def test_page_says_why_not(
    publish: Callable[[JSON], None],
    adder: Client,
    slug: str,
    inputs: JSON,
    more: dict[str, str],
    sentence: str,
) -> None:
    publish(published(inputs, name="refused"))
    before = everything()

    answer = save(adder, slug=slug, **more)

    assert answer.status_code == 200
    assert sentence in answer.context["refusal"]
    assert 'role="alert"' in answer.content.decode()
    assert everything() == before


def test_page_takes_the_published_schema_of_a_reconstructed_model(
    publish: Callable[[JSON], None], adder: Client
) -> None:
    reconstructed()
    publish(published())

    assert "Take the published schema" in shown(adder, slug=SLUG).content.decode()
    assert save(adder, "adopt", slug=SLUG).status_code == 302

    assert get_settings(SLUG).version == "5" * 64
    text = shown(adder, slug=SLUG).content.decode()
    assert "It has its published schema." in text
    assert "Take the published schema" not in text
    assert "has its published schema already" in save(adder, "adopt", slug=SLUG).context["refusal"]


def test_page_lets_nobody_change_a_schema_who_may_only_add(
    publish: Callable[[JSON], None], adder: Client, operator: User
) -> None:
    reconstructed()
    publish(published())
    operator.user_permissions.remove(Permission.objects.get(codename="change_replicatemodel"))

    assert "Take the published schema" not in shown(adder, slug=SLUG).content.decode()
    assert save(adder, "adopt", slug=SLUG).status_code == 403
    assert get_settings(SLUG).version == ""


def test_page_does_not_add_twice(
    publish: Callable[[JSON], None], adder: Client, model: ReplicateModel
) -> None:
    publish(published())

    assert save(adder, slug=SLUG).context["refusal"] == f"{SLUG} is there already."
