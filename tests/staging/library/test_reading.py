"""The library's rooms and styles, by the keys that the earlier system had."""

from itertools import product

import pytest
from rest_framework.test import APIClient

from staging.library import reading
from staging.models import StagingJob
from tests.staging.job_requests import post, upload

pytestmark = pytest.mark.django_db

# What was asked for there, and the choice that it gave.
ROOMS = {
    **{
        key: key
        for key in (
            "living_room", "bedroom", "kitchen", "bathroom", "dining_room", "office", "entryway",
            "outdoor", "default",
        )
    },
    "": "default",
}  # fmt: skip
STYLES = {
    **{
        key: key
        for key in ("modern", "contemporary", "traditional", "industrial", "scandinavian")
    },
    "": "modern",
}  # fmt: skip
EARLIER = list(product(ROOMS, STYLES))


@pytest.mark.parametrize(("room_type", "style"), EARLIER)
def test_earlier_keys_give_the_same_choice(api: APIClient, room_type: str, style: str) -> None:
    answer = post(api, image=upload(), room_type=room_type, style=style)

    job = StagingJob.objects.get()
    chosen = (ROOMS[room_type], STYLES[style])
    assert answer.status_code == 202
    assert (job.room_type, job.style) == chosen
    assert job.prompt == reading.prompt_for(room_type=chosen[0], style=chosen[1])


def test_earlier_requests_without_the_keys(api: APIClient) -> None:
    post(api, image=upload())

    job = StagingJob.objects.get()
    assert (job.room_type, job.style) == ("default", "modern")


def test_earlier_choices_have_prompts_of_their_own() -> None:
    chosen = {(ROOMS[room], STYLES[style]) for room, style in EARLIER}

    prompts = {reading.prompt_for(room_type=room, style=style) for room, style in chosen}
    assert len(prompts) == 9 * 5
