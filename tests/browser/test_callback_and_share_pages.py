"""Who was told of a job's end, who sees its pictures, and the list of models."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from modelsettings.models import ReplicateModel
from staging.models import Callback, CallbackAttempt, Share
from staging.shares import share_picture
from tests.browser.pages import find_violations, pictured
from tests.staging.finished import staged

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CALLBACKS = "/admin/staging/callback/"
SHARES = "/admin/staging/share/"
MODELS = "/admin/modelsettings/replicatemodel/"


@pytest.fixture
def callback(operator: User) -> Callback:
    """One that was given up, to a long address without a place to break."""
    url = f"https://crm.example/{'done' * 90}"
    made = Callback.objects.create(job=staged(operator), url=url, status="failed", tries=1)
    CallbackAttempt.objects.create(callback=made, at=timezone.now(), status_code=503, seconds=0.25)
    return made


@pytest.fixture
def share(operator: User) -> Share:
    return share_picture(pictured(operator), by=operator)


def test_callback_is_sent_again_from_its_log(page: Page, callback: Callback) -> None:
    page.goto(CALLBACKS)
    page.locator("tr.data-row a").first.click()
    expect(page.locator(".field-answer").filter(has_text="503")).to_be_visible()

    page.get_by_role("button", name="Send again").click()

    expect(page.get_by_text("It is sent again, under the same id.")).to_be_visible()
    callback.refresh_from_db()
    assert callback.status == "waiting"


def test_share_is_shown_with_its_code_and_revoked_from_the_list(page: Page, share: Share) -> None:
    page.goto(f"/admin/staging/stagingjob/{share.image.prediction.job_id}/change/")
    code = page.get_by_alt_text("QR code of the public page")
    assert code.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }")

    page.goto(SHARES)
    page.locator(f"input[value='{share.pk}']").check()
    page.locator("select[name=action]").select_option("revoke_selected", force=True)
    page.get_by_role("button", name="Run").click()

    expect(page.get_by_text("Revoked, and no longer shown: 1.")).to_be_visible()
    expect(page.locator("tr.data-row")).to_contain_text("gone")


def test_no_accessibility_violation(page: Page, callback: Callback, share: Share) -> None:
    model = ReplicateModel.objects.earliest("pk")
    pages = [CALLBACKS, f"{CALLBACKS}{callback.pk}/change/", SHARES]
    pages += [MODELS, f"{MODELS}{model.pk}/change/"]
    assert find_violations(page, pages) == {}
