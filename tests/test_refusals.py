"""The family of refusals: what each one answers, and that nothing else is taken for one."""

import ast
import importlib
import pkgutil
import re
from typing import ClassVar

import pytest
from django import forms
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

import config.accounts
import modelsettings
import staging
from modelsettings.errors import CODED, FieldsRefused, RequestRefused, family_of
from modelsettings.refusals import put_on_form
from modelsettings.settings import changing
from staging import projects
from staging.jobs import requesting
from tests.conftest import client_of, make_photo
from tests.processes import ROOT

PROJECTS = "/api/v1/staging/projects"


def import_everything() -> None:
    for package in (config.accounts, modelsettings, staging):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


def family() -> list[type[RequestRefused]]:
    return [heir for heir in family_of() if not heir.__module__.startswith("tests.")]


def test_each_refusal_has_a_status_that_says_so() -> None:
    import_everything()

    statuses = {refusal.__name__: refusal.status for refusal in family()}

    assert len(statuses) >= 18
    assert set(statuses.values()) <= {400, 402, 403, 404, 409, 412, 413, 422, 429, 503}


def test_a_refusal_that_passes_says_when() -> None:
    import_everything()

    for refusal in family():
        assert ("Retry-After" in refusal.headers) == (refusal.status in (429, 503)), refusal


def test_a_refusal_has_a_code_where_its_status_has_codes() -> None:
    import_everything()

    for refusal in family():
        assert bool(refusal.code) == (refusal.status in CODED), refusal
        assert re.fullmatch("[a-z_]*", refusal.code), refusal


def test_each_code_is_in_the_documents_table() -> None:
    """A code that a front end cannot look up says nothing to it; nor one that there is not."""
    import_everything()
    text = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (402|403|409|429) \| `([a-z_]+)` \|", text, re.MULTILINE)

    ours = {(str(refusal.status), refusal.code) for refusal in family() if refusal.code}
    assert set(rows) == ours | {("403", "permission_denied"), ("429", "throttled")}


def test_no_refusal_is_taken_for_a_fault() -> None:
    """Where ValueError or LookupError is caught, no refusal is; nor the other way round."""
    import_everything()

    faults = (ValueError, LookupError, RuntimeError, TypeError)
    assert not [refusal for refusal in family() if issubclass(refusal, faults)]


def test_no_door_lists_refusals() -> None:
    """A list of them in an `except` is one that a new refusal would have to be added to."""
    import_everything()
    names = {"RequestRefused", *(refusal.__name__ for refusal in family())}

    lists = [
        f"{path.relative_to(ROOT)}:{handler.lineno}"
        for package in ("config", "staging", "modelsettings")
        for path in (ROOT / package).rglob("*.py")
        for handler in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(handler, ast.ExceptHandler) and isinstance(handler.type, ast.Tuple)
        if len([name for name in map(name_of, handler.type.elts) if name in names]) > 1
    ]

    assert lists == []


def name_of(caught: ast.expr) -> str:
    return ast.unparse(caught).rpartition(".")[2]


class Unheard(RequestRefused):
    """A refusal that no door can know."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "moon"


def test_a_new_refusal_is_answered_by_a_door_that_does_not_know_it(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_wanted: object) -> None:
        raise Unheard("The moon is in the way.")

    monkeypatch.setattr(projects, "_choose", refuse)

    answer = api.post(PROJECTS, {"name": "Elm"}, format="json")

    told = {"detail": "The moon is in the way.", "code": "moon"}
    assert (answer.status_code, answer.json()) == (409, told)


def test_a_new_refusal_stands_on_the_form_that_does_not_know_it(
    admin_page: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_wanted: object) -> None:
        raise Unheard("The moon is in the way.")

    monkeypatch.setattr(requesting, "store_photo", refuse)

    page = admin_page.post("/admin/stage/", order())

    assert page.status_code == 200
    assert "The moon is in the way." in page.content.decode()


def order() -> dict[str, object]:
    photo = SimpleUploadedFile("room.jpg", make_photo())
    return {"images": photo, "styles": "modern", "room_type": "bedroom"}


def fail(*_args: object, **_wanted: object) -> None:
    """Fail as a bug of ours would."""
    raise ValueError("a bug of ours")


@pytest.fixture
def unguarded(operator: User, settings: Settings) -> APIClient:
    """A client to whom a fault is answered as it is in production."""
    settings.DEBUG = False
    client = client_of(operator)
    client.raise_request_exception = False
    return client


def test_a_bug_in_a_service_is_500_and_in_the_log(
    unguarded: APIClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(projects, "_choose", fail)

    answer = unguarded.post(PROJECTS, {"name": "Elm"}, format="json")

    assert answer.status_code == 500
    assert b"a bug of ours" not in answer.content
    assert [type(record.exc_info[1]) for record in caplog.records if record.exc_info] == [
        ValueError
    ]


def test_a_bug_in_a_change_of_settings_is_500(
    unguarded: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changing, "differing_keys", fail)

    answer = unguarded.patch(
        "/api/v1/admin/models/qwen/qwen-image-edit/config", {"go_fast": False}, format="json"
    )

    assert answer.status_code == 500
    assert b"a bug of ours" not in answer.content


@pytest.mark.parametrize(
    ("address", "module", "name", "posted"),
    [
        ("stage/", requesting, "store_photo", order()),
        ("staging/style/add/", "staging.library.changing", "_sign", {"key": "japandi"}),
    ],
)
def test_a_bug_behind_a_form_is_no_sentence_on_it(
    admin_page: Client,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    module: object,
    name: str,
    posted: dict[str, object],
) -> None:
    where = importlib.import_module(module) if isinstance(module, str) else module
    monkeypatch.setattr(where, name, fail)
    words = dict.fromkeys(("label", "character", "inside", "outside"), "Calm.")
    fields = {**words, "position": 5, **posted}

    with pytest.raises(ValueError, match="a bug of ours"):
        admin_page.post(f"/admin/{address}", fields)


class RoomForm(forms.Form):
    file = forms.CharField(required=False)
    style = forms.CharField(required=False)


def test_put_on_form_puts_each_sentence_at_its_field() -> None:
    form = RoomForm({})
    refused = FieldsRefused({"image": ["No."], "style": ["Neither.", "Nor."], "": ["Never."]})

    put_on_form(refused, form, names={"image": "file"})

    assert form.errors == {
        "file": ["No."],
        "style": ["Neither.", "Nor."],
        "__all__": ["Never."],
    }


def test_put_on_form_puts_on_top_what_the_form_has_no_field_for() -> None:
    form = RoomForm({})

    put_on_form(RequestRefused("Not now.", field="seed"), form)

    assert form.errors == {"__all__": ["Not now."]}
