"""Judging in the admin: the queue of fresh pictures, and two people at once."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from staging.jobs.judging import judge_picture
from staging.jobs.verdict_queue import MOST_COUNTED
from staging.models import Project, StagedImage, StagingJob
from tests.staging.conftest import SEEDREAM
from tests.staging.finished import finish, make_batch, stage, staged

QUEUE = "/admin/staging/stagedimage/"
QUEUE_QUERIES = 6


def image_of(job: StagingJob) -> StagedImage:
    return StagedImage.objects.get(prediction__job=job)


def judge(client: Client, image: StagedImage, **posted: str) -> Any:
    """Press a button of the picture's form, as the script sends it."""
    return client.post(
        f"{QUEUE}{image.pk}/judge/", {"seen": "", **posted}, headers={"X-Restage": "fragment"}
    )


def seen(image: StagedImage) -> str:
    """Return what a form that is drawn now says of the last verdict."""
    image.refresh_from_db()
    at = image.judged_at
    assert at
    return f"{int(at.timestamp())}.{at.microsecond:06d}"


def said(image: StagedImage) -> tuple[str, int | None, str]:
    image.refresh_from_db()
    return image.verdict, image.stars, image.note


def test_queue_shows_the_oldest_first(admin_page: Client, operator: User) -> None:
    images = [image_of(staged(operator)) for _ in range(4)]

    page = admin_page.get(QUEUE)

    assert page.context["pictures"] == images[:3]
    assert "<strong>4</strong>" in page.content.decode()


def test_queue_goes_on_behind_a_picture(admin_page: Client, operator: User) -> None:
    images = list(StagedImage.objects.filter(prediction__job=finish(stage(operator), pictures=4)))

    behind = admin_page.get(f"{QUEUE}?after={images[1].pk}")

    assert behind.context["pictures"] == images[2:]
    assert b"<html" not in behind.content


@pytest.mark.parametrize("after", ["0", "x", "9" * 18])
def test_queue_behind_no_picture_begins_anew(
    admin_page: Client, operator: User, after: str
) -> None:
    image = image_of(staged(operator))

    assert admin_page.get(f"{QUEUE}?after={after}").context["pictures"] == [image]


def test_queue_goes_on_with_the_number_that_is_left(admin_page: Client, operator: User) -> None:
    images = [image_of(staged(operator)) for _ in range(3)]

    behind = admin_page.get(f"{QUEUE}?after={images[2].pk}").content.decode()

    assert '<data data-waiting="3">' in behind


def chosen(**of: Any) -> str:
    return "&".join(f"{kind}={key}" for kind, key in of.items())


def test_queue_of_one_kind_shows_what_is_of_it_alone(admin_page: Client, operator: User) -> None:
    elm = Project.objects.create(owner=operator, name="Elm Street")
    one = staged(operator, project=elm)
    other = staged(operator, model=SEEDREAM)

    found = {
        query: [
            image.prediction.job
            for image in admin_page.get(f"{QUEUE}?{query}").context["pictures"]
        ]
        for query in (
            chosen(project=elm.pk), chosen(model=other.model_id), chosen(profile=one.profile_id),
            chosen(project=elm.pk, model=other.model_id), chosen(batch=elm.pk),
        )
    }  # fmt: skip

    assert list(found.values()) == [[one], [other], [one], [], []]


def test_queue_of_a_batch(admin_page: Client, operator: User) -> None:
    batch = make_batch(Project.objects.unsorted_of(operator), uploads=1)
    job = staged(operator)
    StagingJob.objects.filter(pk=job.pk).update(batch_photo=batch.photos.get())
    staged(operator)

    page = admin_page.get(f"{QUEUE}?batch={batch.pk}")

    assert page.context["pictures"] == [image_of(job)]
    assert "<strong>1</strong> picture waits" in page.content.decode()


def test_queue_offers_what_pictures_wait_of(admin_page: Client, operator: User) -> None:
    elm = Project.objects.create(owner=operator, name="Elm Street")
    job = staged(operator, project=elm)
    staged(operator, project=elm, model=SEEDREAM)
    staged(operator)

    filters = admin_page.get(f"{QUEUE}?model={job.model_id}").context["filters"]

    offered = {
        one.name: [(choice.label, choice.count) for choice in one.choices] for one in filters
    }
    assert offered == {
        "project": [("Elm Street", 1), ("Unsorted", 1)],
        "model": [("Qwen Image Edit", 2), ("Seedream 4", 1)],
    }


def test_long_queue_is_counted_to_its_bound_and_finds_what_is_behind(
    admin_page: Client, operator: User
) -> None:
    finish(stage(operator), pictures=MOST_COUNTED + 1)
    elm = Project.objects.create(owner=operator, name="Elm Street")
    last = image_of(staged(operator, project=elm))

    everything = admin_page.get(QUEUE).content.decode()
    of_elm = admin_page.get(f"{QUEUE}?project={elm.pk}")

    assert f"<strong>over {MOST_COUNTED}</strong> pictures wait" in everything
    assert of_elm.context["pictures"] == [last]
    page = of_elm.content.decode()
    assert "<strong>1</strong> picture waits" in page
    assert f'<option value="{elm.pk}" selected>Elm Street</option>' in page


def test_queue_offers_nothing_to_choose_of_one(admin_page: Client, operator: User) -> None:
    staged(operator)

    assert admin_page.get(QUEUE).context["filters"] == []


@pytest.mark.parametrize("kind", ["project", "batch", "model", "profile"])
@pytest.mark.parametrize("value", ["0", "x", "9" * 18])
def test_queue_of_nothing_that_is_there(admin_page: Client, kind: str, value: str) -> None:
    answer: Any = admin_page.get(QUEUE, {kind: value})

    assert answer.status_code in (200, 302)
    assert answer.status_code == 200 or answer.url == QUEUE


def test_queue_names_no_project_of_another(stranger: User, operator: User) -> None:
    hidden = Project.objects.create(owner=operator, name="Hidden")
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.add(Permission.objects.get(codename="judge_pictures"))
    browser = Client()
    browser.force_login(stranger)

    page = browser.get(f"{QUEUE}?project={hidden.pk}").content.decode()

    assert ("Hidden" in page, "the chosen one" in page) == (False, True)


def test_pages_lead_to_what_waits_of_them(admin_page: Client, operator: User) -> None:
    job = staged(operator, project=Project.objects.create(owner=operator, name="Elm Street"))
    project = f"/admin/staging/project/{job.project_id}/change/"
    profile = f"/admin/modelsettings/modelsettings/{job.profile_id}/change/"

    told = [admin_page.get(page).content.decode() for page in (project, profile)]

    assert f'{QUEUE}?project={job.project_id}">Judge 1 picture of this project' in told[0]
    assert f'{QUEUE}?profile={job.profile_id}">Judge 1 picture of this profile' in told[1]
    assert f'{QUEUE}?model={job.model_id}">Judge 1 picture of this model' in told[1]
    judge_picture(image_of(job), by=operator, verdict="accepted")
    assert "Judge 1 picture" not in admin_page.get(project).content.decode()


def test_queue_says_when_all_is_judged(admin_page: Client, operator: User) -> None:
    judge_picture(image_of(staged(operator)), by=operator, verdict="accepted")

    assert "All judged" in admin_page.get(QUEUE).content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_queue_asks_the_database_a_fixed_number_of_times(
    admin_page: Client, operator: User, count: int, django_assert_num_queries: Any
) -> None:
    for _ in range(count):
        staged(operator)

    with django_assert_num_queries(QUEUE_QUERIES):
        admin_page.get(QUEUE)


@pytest.mark.parametrize(
    ("posted", "wanted"),
    [
        ({"verdict": "accepted", "note": "fine"}, ("accepted", None, "fine")),
        ({"verdict": "rejected", "was_stars": "2"}, ("rejected", 2, "")),
        ({"stars": "4", "was_verdict": "accepted"}, ("accepted", 4, "")),
        ({"save": "note", "note": "a sofa\0"}, ("", None, "a sofa")),
        (
            {"take_back": "verdict", "was_verdict": "accepted", "was_stars": "4", "note": "a lamp"},
            ("", 4, "a lamp"),
        ),
        (
            {"take_back": "stars", "was_verdict": "accepted", "was_stars": "4", "note": "a lamp"},
            ("accepted", None, "a lamp"),
        ),
    ],
)
def test_judge_saves_what_the_form_says(
    admin_page: Client,
    operator: User,
    posted: dict[str, str],
    wanted: tuple[str, int | None, str],
) -> None:
    image = image_of(staged(operator))

    answer = judge(admin_page, image, **posted)

    assert answer.status_code == 200
    assert said(image) == wanted


@pytest.mark.parametrize("posted", [{"verdict": "great"}, {"stars": "6"}, {"stars": "45"}])
def test_judge_refuses_what_is_no_verdict(
    admin_page: Client, operator: User, posted: dict[str, str]
) -> None:
    image = image_of(staged(operator))

    answer = judge(admin_page, image, **posted)

    assert answer.status_code == 409
    assert said(image) == ("", None, "")


def test_judge_tells_the_second_of_two(admin_page: Client, operator: User, stranger: User) -> None:
    image = image_of(staged(operator))
    judge_picture(image, by=stranger, verdict="rejected")

    late = judge(admin_page, image, verdict="accepted")
    kept = said(image)
    again = judge(admin_page, image, verdict="accepted", seen=seen(image))

    assert late.status_code == 409
    assert "sam judged it meanwhile: rejected." in late.content.decode()
    assert (kept[0], again.status_code, said(image)[0]) == ("rejected", 200, "accepted")


def test_judge_tells_what_another_did_meanwhile(
    admin_page: Client, operator: User, stranger: User
) -> None:
    image = image_of(staged(operator))
    told = []

    for said_of_it in ({"stars": 1}, {"stars": None, "note": "a lamp"}, {"note": ""}):
        judge_picture(image, by=stranger, **said_of_it)
        told.append(judge(admin_page, image, verdict="accepted", seen="1.000000").content.decode())

    sentences = (
        "sam gave it 1 star meanwhile, and no verdict yet.",
        "sam wrote a note on it meanwhile.",
        "What was said of it was taken back meanwhile.",
    )
    assert [sentence in page for sentence, page in zip(sentences, told, strict=True)] == [True] * 3


def test_picture_with_stars_alone_waits_on(admin_page: Client, operator: User) -> None:
    image = image_of(staged(operator))
    judge_picture(image, by=operator, stars=4)

    page = admin_page.get(QUEUE)

    assert page.context["pictures"] == [image]
    assert "<strong>1</strong> picture waits" in page.content.decode()
    assert "4 stars; no verdict yet" in page.content.decode()


@pytest.mark.parametrize("kind", ["project", "batch"])
def test_queue_that_is_all_judged_offers_the_accepted_ones(
    admin_page: Client, operator: User, kind: str
) -> None:
    batch = make_batch(Project.objects.create(owner=operator, name="Elm Street"), uploads=1)
    job = staged(operator, project=batch.project)
    StagingJob.objects.filter(pk=job.pk).update(batch_photo=batch.photos.get())
    address = f"{QUEUE}?{kind}={batch.project_id if kind == 'project' else batch.pk}"

    before = admin_page.get(address).content.decode()
    judge_picture(image_of(job), by=operator, verdict="accepted")
    after = admin_page.get(address).content.decode()
    behind = admin_page.get(f"{address}&after={image_of(job).pk}").content.decode()

    offer = f"Download the accepted ones of this {kind} (<span>1</span>)"
    assert (offer in before, offer in after) == (False, True)
    assert 'id="restage-accepted" hidden' in before
    assert 'data-waiting="0" data-accepted="1"' in behind
    assert "restage-accepted" not in admin_page.get(QUEUE).content.decode()


def test_judge_without_a_script_goes_back(admin_page: Client, operator: User) -> None:
    job = staged(operator)
    page = f"/admin/staging/stagingjob/{job.pk}/change/"
    address = f"{QUEUE}{image_of(job).pk}/judge/"

    to_page: Any = admin_page.post(address, {"seen": "", "stars": "3", "next": page})
    assert to_page.url == page
    for other in ("https://evil.example/", "//evil.example", "foo"):
        elsewhere: Any = admin_page.post(address, {"seen": "", "next": other})
        assert elsewhere.url == QUEUE


def test_judge_of_no_picture(admin_page: Client) -> None:
    assert admin_page.post(f"{QUEUE}1/judge/").status_code == 404
    assert admin_page.get(f"{QUEUE}1/judge/").status_code == 405


def test_picture_leads_to_its_job(admin_page: Client, operator: User) -> None:
    job = staged(operator)

    answer: Any = admin_page.get(f"{QUEUE}{image_of(job).pk}/change/")

    assert answer.url == f"/admin/staging/stagingjob/{job.pk}/change/"
