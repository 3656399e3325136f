"""Pages as tests of the browser use them: their pictures, their keyboard, and what axe says."""

import io
import itertools
import os
import re
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image
from playwright.sync_api import Page

from staging.models import Prediction, PredictionStatus, StagedImage, StagingJob
from staging.predictions import collection, polling, submission
from tests import processes
from tests.staging.finished import staged

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (390, 1440)


def with_pictures(job: StagingJob) -> StagingJob:
    """Give a finished job pictures that a browser can draw."""
    for image in StagedImage.objects.filter(prediction__job=job):
        output = io.BytesIO()
        Image.new("RGB", (300, 200), (90, 130, 160)).save(output, "WEBP")
        for name in (str(image.file), str(image.thumbnail)):
            default_storage.delete(name)
            default_storage.save(name, ContentFile(output.getvalue()))
    return job


def pictured(owner: User, **wanted: Any) -> StagedImage:
    """Return a fresh picture of a finished job."""
    job = with_pictures(staged(owner, **wanted))
    return StagedImage.objects.get(prediction__job=job)


def find_violations(page: Page, addresses: list[str]) -> dict[tuple[str, str, int], object]:
    """Return what axe says of each page in each theme and width, and which scrolls sideways.

    Where SCREENSHOTS names a folder, a picture of each is put into it.
    """
    found: dict[tuple[str, str, int], object] = {}
    for scheme, address in itertools.product(SCHEMES, addresses):
        # A page takes its theme when it is loaded.
        set_look(page, scheme=scheme, width=WIDTHS[0])
        page.goto(address)
        page.wait_for_load_state("load")
        for width in WIDTHS:
            if violations := violations_of(page, address, scheme=scheme, width=width):
                found[address, scheme, width] = violations
    return found


def set_look(page: Page, *, scheme: Any, width: int) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})


def violations_of(
    page: Page, name: str, *, scheme: Any, width: int, part: str = "#content-main"
) -> object:
    """Return what axe says of a part of the open page, and whether the page scrolls sideways."""
    set_look(page, scheme=scheme, width=width)
    told = ask_axe(page, part)
    is_wide = page.evaluate("document.documentElement.scrollWidth") > width
    if folder := os.environ.get("SCREENSHOTS"):
        # The ids of rows change from run to run, and their pictures would pile up.
        name = re.sub(r"[0-9a-f-]{32,36}|\b\d+\b", "one", name).strip("/")
        name = re.sub(r"[^\w-]+", "-", name)
        page.screenshot(path=Path(folder, f"{name}-{scheme}-{width}.png"), full_page=True)
    return (told, "scrolls sideways" if is_wide else "") if told or is_wide else None


def ask_axe(page: Page, context: str | dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Return the rules that a part of the open page breaks, each with the first elements."""
    # What passes is not written down: to send it here takes longer than to judge it.
    options = {
        "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
        "resultTypes": ["violations", "incomplete"],
    }
    answer = Axe().run(page, context=context, options=options).response
    broken = [(rule["id"], rule["nodes"]) for rule in answer["violations"]]
    # Text in the colour of its background, which axe takes for hidden on purpose.
    unseen = [node for rule in answer["incomplete"] for node in rule["nodes"] if is_unseen(node)]
    if unseen:
        broken.append(("unseen-text", unseen))
    return [(rule, [node["html"][:160] for node in nodes[:3]]) for rule, nodes in broken]


def is_unseen(node: dict[str, Any]) -> bool:
    """Say whether an element that axe does not judge has text in the colour of its background."""
    return any((check["data"] or {}).get("messageKey") == "equalRatio" for check in node["any"])


def work_off(job: StagingJob) -> None:
    """Do what the workers do, until the job is done."""
    submission.submit_waiting()
    Prediction.objects.update(run_after=job.created_at)
    processes.wait_for(lambda: _poll(job))
    collection.collect_waiting()


def _poll(job: StagingJob) -> bool:
    running = Prediction.objects.filter(status=PredictionStatus.RUNNING)
    running.update(run_after=job.created_at)
    return bool(polling.poll_running())


def press_through_to(page: Page, name: str) -> None:
    """Press Tab until the element with that accessible name has the focus."""
    for _ in range(120):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(document.activeElement.ariaLabel || document.activeElement.labels?.[0]?.innerText"
            " || document.activeElement.innerText || '').trim()"
        )
        if focused == name:
            return
    raise AssertionError(f"Tab does not lead to {name!r}.")
