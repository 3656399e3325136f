"""A session that ends or a connection that breaks while a page is open: told, and nothing lost."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from modelsettings.models import ModelSettings, ReplicateModel
from staging.models import Project
from tests.browser.conftest import add_published, sign_in
from tests.browser.pages import violations_of
from tests.browser.sessions import end_session, sign_in_again, told
from tests.browser.settings_pages import KINDS, open_settings, profile_of, publish
from tests.conftest import make_photo
from tests.staging.finished import stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ENDED = "You are signed out"
LOST = "Restage cannot be reached"


@pytest.fixture
def kinds(operator: User) -> ReplicateModel:
    return add_published(publish(KINDS))


def test_settings_typed_before_the_session_ended_are_saved_after_it(
    page: Page, kinds: ReplicateModel
) -> None:
    open_settings(page, kinds)
    page.get_by_role("spinbutton", name="Steps").fill("55")
    page.get_by_label("Why this change?").fill("finer lines")
    end_session()

    page.get_by_role("button", name="Save revision").click()

    expect(told(page)).to_have_text(
        "You are signed out, so nothing was sent. What you typed stays here: sign in, then press "
        "“Save revision” again."
    )
    expect(page.get_by_role("link", name="Sign in")).to_be_focused()
    sign_in_again(page)
    expect(told(page)).to_have_text(
        "You are signed in again. Press “Save revision” again.",
    )
    expect(page.get_by_role("spinbutton", name="Steps")).to_have_value("55")
    page.get_by_role("button", name="Save revision").click()
    expect(page.get_by_text("Saved as revision 2")).to_be_visible()
    saved = profile_of(kinds)
    assert (saved.values["steps"], saved.revision) == (55, 2)
    assert ModelSettings.history.filter(id=saved.pk).count() == 2


def test_files_chosen_before_the_session_ended_are_sent_after_it(
    page: Page, tmp_path: Path, operator: User
) -> None:
    photo = tmp_path / "hall.jpg"
    photo.write_bytes(make_photo())
    page.goto("/admin/stage/")
    page.locator("input[type=file]").set_input_files(photo)
    end_session()
    page.locator("#content-main [type=submit]").first.click()
    expect(told(page)).to_contain_text(ENDED)

    sign_in_again(page)
    expect(told(page)).to_contain_text("You are signed in again.")
    page.locator("#content-main [type=submit]").first.click()

    expect(page).to_have_url(re.compile(r"/stagingjob/[0-9a-f-]{36}/change/"))


def test_form_of_djangos_own_page_keeps_what_was_typed(page: Page, operator: User) -> None:
    page.goto("/admin/staging/project/add/")
    page.get_by_label("Name").fill("Elm Street 5")
    end_session()
    page.get_by_role("button", name="Save", exact=True).click()
    sign_in_again(page)
    expect(told(page)).to_contain_text("Press “Save” again.")

    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("was added successfully")).to_be_visible()
    assert Project.objects.filter(name="Elm Street 5", owner=operator).exists()


def test_form_is_sent_though_another_tab_signed_in_meanwhile(page: Page, operator: User) -> None:
    """Signing in changes the token of the forms, by which this page's would be refused."""
    page.goto("/admin/staging/project/add/")
    page.get_by_label("Name").fill("Elm Street 5")
    end_session()
    page.context.clear_cookies()
    other = page.context.new_page()
    other.goto("/admin/login/")
    other.get_by_label("Username").fill("olga")
    other.get_by_label("Password").fill("secret")
    other.get_by_role("button", name="Sign in").click()
    expect(other).to_have_url(re.compile("/admin/$"))

    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("was added successfully")).to_be_visible()


def test_page_of_one_account_sends_nothing_as_another(
    page: Page, stranger: User, live_server: Any
) -> None:
    User.objects.filter(pk=stranger.pk).update(is_staff=True, is_superuser=True)
    page.goto("/admin/staging/project/add/")
    page.get_by_label("Name").fill("Elm Street 5")
    page.context.clear_cookies()
    sign_in(page.context, live_server.url, user=stranger)

    page.get_by_role("button", name="Save", exact=True).click()

    expect(told(page)).to_contain_text("sam is signed in by now")
    expect(page.get_by_role("link", name="Load it as sam")).to_be_visible()
    assert not Project.objects.filter(name="Elm Street 5").exists()


def test_live_page_stays_and_goes_on_by_itself(page: Page, operator: User) -> None:
    job = stage(operator)
    page.goto(f"/admin/staging/stagingjob/{job.pk}/change/")
    end_session()

    expect(told(page)).to_contain_text(ENDED)
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    sign_in_again(page)
    expect(told(page)).to_be_hidden()
    page.get_by_role("button", name="Cancel").click()

    expect(page.get_by_role("heading", name="canceled")).to_be_visible()


def test_live_page_tells_that_another_account_signed_in(
    page: Page, operator: User, stranger: User, live_server: Any
) -> None:
    """A background request that succeeds again says nothing of who asked it."""
    User.objects.filter(pk=stranger.pk).update(is_staff=True, is_superuser=True)
    job = stage(operator)
    page.goto(f"/admin/staging/stagingjob/{job.pk}/change/")
    end_session()
    expect(told(page)).to_contain_text(ENDED)

    sign_in(page.context, live_server.url, user=stranger)

    expect(told(page)).to_contain_text("sam is signed in by now")


def test_what_failed_is_told_until_it_succeeds_itself(page: Page, operator: User) -> None:
    address = f"/admin/staging/stagingjob/{stage(operator).pk}/change/"
    page.route("**/done/", lambda route: route.fulfill(status=500))
    page.goto(address)
    expect(told(page)).to_contain_text("Restage answered with an error (500)")

    # The page itself is drawn anew meanwhile.
    for _ in range(2):
        page.wait_for_event("response", lambda answer: answer.url.endswith(address))
    expect(told(page)).to_be_visible()
    page.unroute("**/done/")
    page.evaluate("htmx.ajax('GET', '/admin/stage/done/', { source: '#restage-done' })")

    expect(told(page)).to_be_hidden()


def test_preview_is_drawn_after_signing_in(page: Page, operator: User) -> None:
    page.goto("/admin/staging/style/add/")
    end_session()
    text = page.locator("#library-form textarea").first

    text.fill("a room full of plants")

    expect(told(page)).to_contain_text(ENDED)
    sign_in_again(page)
    expect(page.locator("#library-preview")).to_contain_text("a room full of plants")


def test_forecast_says_that_the_session_ended(page: Page) -> None:
    page.goto("/admin/stage/")
    end_session()

    page.get_by_label("Industrial").check()

    expect(told(page)).to_contain_text(ENDED)


def test_search_says_that_the_session_ended(page: Page) -> None:
    page.goto("/admin/")
    end_session()

    page.keyboard.press("Control+k")
    page.get_by_role("dialog").get_by_role("combobox").press_sequentially("jobs")

    expect(told(page)).to_contain_text(ENDED)


def test_search_for_a_project_says_that_the_session_ended(page: Page) -> None:
    page.goto("/admin/stage/")
    page.locator(".select2-selection").first.click()
    end_session()

    page.locator(".select2-search__field").press_sequentially("elm")

    expect(told(page)).to_contain_text(ENDED)


def test_lost_connection_is_told_and_the_form_waits_for_it(own_page: Page) -> None:
    own_page.goto("/admin/staging/project/add/")
    own_page.get_by_label("Name").fill("Elm Street 5")
    own_page.context.set_offline(True)

    own_page.get_by_role("button", name="Save", exact=True).click()

    expect(told(own_page)).to_contain_text(LOST)
    own_page.context.set_offline(False)
    expect(told(own_page)).to_have_text("Restage is reached again. Press “Save” again.")
    own_page.get_by_role("button", name="Save", exact=True).click()
    expect(own_page.get_by_text("was added successfully")).to_be_visible()


def test_live_page_goes_on_when_the_connection_is_back(own_page: Page, operator: User) -> None:
    job = stage(operator)
    own_page.goto(f"/admin/staging/stagingjob/{job.pk}/change/")

    own_page.context.set_offline(True)
    expect(told(own_page)).to_contain_text(LOST)
    own_page.context.set_offline(False)

    expect(told(own_page)).to_be_hidden()


def test_signing_out_needs_no_session(page: Page) -> None:
    page.goto("/admin/")
    end_session()

    page.locator("form[action$='/logout/']").evaluate("form => form.requestSubmit()")

    expect(page).to_have_url(re.compile("/admin/login/"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_accessibility_violation(page: Page, scheme: Any, width: int) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto("/admin/staging/project/add/")
    page.get_by_label("Name").fill("Elm Street 5")
    end_session()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(told(page)).to_contain_text(ENDED)

    part = "#restage-session"
    found = violations_of(page, "session-ended", scheme=scheme, width=width, part=part)

    assert found is None
