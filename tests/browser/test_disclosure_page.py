"""The page of disclosure rules as an operator uses it."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from modelsettings.actors import Actor
from staging.disclosure import set_rule
from staging.models import DisclosureRule
from staging.projects import create_project
from tests.browser.pages import find_violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = "/admin/staging/disclosurerule/"


def test_a_projects_rule_is_set_and_ended(page: Page, operator: User) -> None:
    project = create_project("12 Elm Street", owner=operator)
    page.goto(f"/admin/staging/project/{project.pk}/change/")
    page.get_by_role("link", name="Set one for this project").click()
    expect(page.locator(".select2-selection__rendered")).to_contain_text("12 Elm Street")

    page.get_by_label("Label").fill("Virtually staged")
    page.get_by_label("Why?").fill("the law")
    page.get_by_role("button", name="Set the rule").click()
    expect(page.get_by_role("cell", name="“Virtually staged”")).to_be_visible()
    assert DisclosureRule.objects.get().project == project

    page.get_by_role("button", name="End the rule of 12 Elm Street").click()
    expect(page.get_by_role("heading", name="Earlier rules")).to_be_visible()
    assert not DisclosureRule.objects.in_force().exists()


def test_no_accessibility_violation(page: Page, operator: User) -> None:
    assert find_violations(page, [PAGE]) == {}
    ann = Actor("ann")
    set_rule(None, "AI", by=ann)
    set_rule(None, "Virtually staged", by=ann, reason="the lawyers' words")
    set_rule(create_project("12 Elm Street", owner=operator), "off", by=ann)

    assert find_violations(page, [PAGE]) == {}
