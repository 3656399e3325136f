"""The page that finds settings across models: what it refuses, and what it says above results."""

import pytest
from django.test import Client

from modelsettings.settings import StoredSettings

pytestmark = pytest.mark.django_db

SEARCH = "/admin/modelsettings/modelsettings/search/"
EXAMPLE = "where is Output quality below 70?"


def test_a_value_that_is_not_used_is_told_at_its_field(
    admin_page: Client, stored: StoredSettings
) -> None:
    answer = admin_page.get(SEARCH, {"key": "steps", "test": "set", "value": "90"})

    assert answer.context["refusal"].startswith("“90” is not used by “is set”")
    page = answer.content.decode()
    assert 'aria-describedby="search-refusal"' in page
    assert " found" not in page


def test_the_example_stands_before_a_search_only(
    admin_page: Client, stored: StoredSettings
) -> None:
    assert EXAMPLE in admin_page.get(SEARCH).content.decode()
    searched = admin_page.get(SEARCH, {"key": "steps", "test": "lt", "value": "90"})
    assert EXAMPLE not in searched.content.decode()
