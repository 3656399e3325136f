"""The audit trail of the API: the page's changes, with the page's filters, in pages."""

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from modelsettings import profiles, registry
from modelsettings.actors import Actor
from modelsettings.model_rows import save_model
from modelsettings.models import ReplicateModel
from modelsettings.settings import get_settings, patch_settings
from tests.staging.conftest import QWEN

pytestmark = pytest.mark.django_db

CHANGES = "/api/v1/admin/changes"
SEEDREAM = "bytedance/seedream-4"
ANN = Actor("ann")


def test_changes_are_answered_whole(api: APIClient) -> None:
    live = get_settings(QWEN).pk
    patch_settings(live, {"output_quality": 55}, by=ANN, reason="smaller")

    answer = api.get(CHANGES, {"by": "ann"}).json()

    (change,) = answer["results"]
    assert answer["next"] is None
    assert change == {
        "at": change["at"],
        "by": "ann",
        "reason": "smaller",
        "kinds": ["settings"],
        "model_id": QWEN,
        "title": "Qwen Image Edit",
        "part": "Standard, revision 2",
        "done": "",
        "lines": [{"key": "output_quality", "label": "Output quality", "old": 80, "new": 55}],
    }


def test_reason_of_a_choice_comes_from_its_header(api: APIClient) -> None:
    body = {"value": "bytedance/seedream-4"}
    headers = {"X-Change-Reason": "cheaper%20by%20half"}
    api.put("/api/v1/admin/models/active", body, format="json", headers=headers)

    (change,) = api.get(CHANGES, {"kind": "default"}).json()["results"]

    assert (change["by"], change["reason"]) == ("olga", "cheaper by half")


def test_values_are_those_that_are_stored(api: APIClient) -> None:
    live = get_settings(QWEN).pk
    profiles.make_live(profiles.copy_profile(live, "draft", by=ANN).pk, by=ANN)
    profiles.make_live(live, by=ANN)
    registry.choose_default(SEEDREAM, by=ANN)

    answers = [
        api.get(CHANGES, {"kind": "live", "by": "ann"}),
        api.get(CHANGES, {"kind": "default"}),
        # The same choice, of the model that is the default no longer.
        api.get(CHANGES, {"kind": "default", "model": QWEN}),
    ]

    changes = [change for answer in answers for change in answer.json()["results"]]
    lines = [line for change in changes for line in change["lines"]]
    assert [(line["key"], line["old"], line["new"]) for line in lines] == [
        ("live_profile", "draft", "default"),
        ("live_profile", "default", "draft"),
        ("is_default", QWEN, SEEDREAM),
        ("is_default", QWEN, SEEDREAM),
    ]


def test_default_that_there_was_not_is_null(api: APIClient) -> None:
    row = ReplicateModel.objects.get(slug=QWEN)
    row.is_default = False
    save_model(row, by=ANN)

    (change,) = api.get(CHANGES, {"kind": "default", "model": QWEN}).json()["results"]

    assert [(line["old"], line["new"]) for line in change["lines"]] == [(QWEN, None)]


def test_next_leads_through_all(api: APIClient) -> None:
    live = get_settings(QWEN).pk
    for seed in range(5):
        patch_settings(live, {"seed": seed}, by=ANN)
    address: Any = f"{CHANGES}?by=ann&page_size=2&day={timezone.localdate()}"
    found = []
    while address:
        answer = api.get(address).json()
        found += [change["part"] for change in answer["results"]]
        address = answer["next"]

    assert found == [f"Standard, revision {number}" for number in (6, 5, 4, 3, 2)]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"cursor": "x"}, "cursor"),
        ({"kind": "x"}, "kind"),
        # Of the page alone.
        ({"kind": "disclosure"}, "kind"),
        ({"kind": "spending"}, "kind"),
        ({"day": "yesterday"}, "day"),
        ({"person": "ann"}, "person"),
        ({"by": "a\0b"}, "by"),
        ({"page_size": "1000"}, "page_size"),
    ],
)
def test_query_that_is_wrong(api: APIClient, query: Any, field: str) -> None:
    answer = api.get(CHANGES, query)

    assert (answer.status_code, list(answer.json())) == (400, [field])
