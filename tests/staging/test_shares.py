"""Public pages of before and after: for whoever has the address, until it is revoked."""

import re
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from staging.models import ProjectMember, Share, StagedImage, StagingJob
from staging.shares import draw_qr_code, revoke_share, share_picture, shares_of
from tests.conftest import client_of
from tests.staging.conftest import Ask, Sandbox, carry_out, pictures

JOBS = "/api/v1/staging/jobs"
SHARES = "/api/v1/staging/shares"
LIST = "/admin/staging/share/"
LIST_QUERIES = 6
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; "
    "script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
# A picture has the styles of the browser's own page around it.
PICTURE_HEADERS = {
    **HEADERS,
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox; style-src 'unsafe-inline'",
}


@pytest.fixture
def job(sandbox: Sandbox, ask: Ask) -> StagingJob:
    """A finished job with one picture."""
    return carry_out(sandbox, ask(prompt="with a secret sauna"))


@pytest.fixture
def share(job: StagingJob, operator: User) -> Share:
    return share_picture(pictures(job)[0], by=operator)


def address(share: Share, rest: str = "") -> str:
    return f"/s/{share.pk.hex}/{share.token}{rest}"


def content(answer: Any) -> bytes:
    found: bytes = answer.getvalue()
    return found


def make_member(job: StagingJob, user: User, *, may_edit: bool) -> APIClient:
    ProjectMember.objects.create(project=job.project, user=user, may_edit=may_edit)
    return client_of(user)


def test_page_shows_both_pictures_to_anybody(client: Client, share: Share) -> None:
    answer = client.get(address(share))

    page = answer.content.decode()
    assert (answer.status_code, {name: answer.headers[name] for name in HEADERS}) == (200, HEADERS)
    sources = re.findall(r'<img src="([^"]+)"', page)
    assert sources == [address(share, "/before"), address(share, "/after")]
    assert "Virtually staged" in page
    assert "was staged virtually" in page
    assert "original photo" in page


def test_page_sets_no_cookie(admin_page: Client, client: Client, share: Share) -> None:
    for one in (admin_page, client):
        answers = [one.get(address(share, rest)) for rest in ("", "/before", "/qr.svg", "/none")]
        assert [(dict(answer.cookies), "Vary" in answer) for answer in answers] == [({}, False)] * 4
        content(answers[1])


def test_page_shows_nothing_else(
    client: Client, share: Share, job: StagingJob, operator: User
) -> None:
    job.photo.original_name = "smith-family-bedroom.jpg"
    job.photo.save()
    page = client.get(address(share)).content.decode()

    image = share.image
    hidden = [
        "smith", "sauna", "olga", "living_room", "modern", "qwen", "sandbox", "Unsorted",
        str(job.pk), str(job.photo_id), str(image.prediction_id), str(image.file), "0.03",
        str(share.pk), "photos/", "pictures/", "media/", "/admin", "/api",
    ]  # fmt: skip
    assert [word for word in hidden if word.lower() in page.lower()] == []
    assert re.findall(r"<a\b", page) == []
    files = set(re.findall(r'(?:src|href|content)="(/[^"]*|http[^"]*)"', page))
    ours = {one for one in files if one.startswith("/static/restage/")}
    assert {re.sub(r"^http://testserver", "", one) for one in files - ours} == {
        address(share), address(share, "/before"), address(share, "/after"),
    }  # fmt: skip
    assert len(ours) == 3


def test_page_says_the_label_of_the_picture(client: Client, share: Share, job: StagingJob) -> None:
    job.delivery["disclosure"] = "Virtuell <möbliert>"
    job.save()

    page = client.get(address(share)).content.decode()

    assert '<p class="label">Virtuell &lt;möbliert&gt;</p>' in page


def test_pictures_are_those_that_are_stored(client: Client, share: Share, job: StagingJob) -> None:
    answers = {name: client.get(address(share, f"/{name}")) for name in ("before", "after")}

    stored = {"before": job.photo.file, "after": share.image.file}
    found = {name: (one.headers["Content-Type"], content(one)) for name, one in answers.items()}
    kinds = {"before": "image/jpeg", "after": "image/webp"}
    for name, file in stored.items():
        with file.open("rb") as opened:
            assert found[name] == (kinds[name], opened.read())
    for one in answers.values():
        assert {name: one.headers[name] for name in HEADERS} == PICTURE_HEADERS
    names = [one.headers["Content-Disposition"] for one in answers.values()]
    assert names == ['inline; filename="before.jpg"', 'inline; filename="after.webp"']


def test_head_of_a_picture_sends_no_bytes(client: Client, share: Share) -> None:
    answer = client.head(address(share, "/after"))

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/webp")
    assert int(answer.headers["Content-Length"]) == share.image.size


def test_picture_that_is_not_stored_any_more_is_missing(client: Client, share: Share) -> None:
    share.image.file.storage.delete(str(share.image.file))

    assert client.get(address(share, "/after")).status_code == 404


def test_qr_code_leads_to_the_page(client: Client, share: Share, settings: Settings) -> None:
    answer = client.get(address(share, "/qr.svg"))

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/svg+xml")
    assert {name: answer.headers[name] for name in HEADERS} == PICTURE_HEADERS
    assert answer.content == draw_qr_code(f"http://testserver{address(share)}")
    assert b"<script" not in answer.content
    settings.PUBLIC_URL = "https://restage.example"
    public = client.get(address(share, "/qr.svg")).content
    assert public == draw_qr_code(f"https://restage.example{address(share)}")


def everything_wrong(share: Share, other: Share) -> list[str]:
    """Return addresses that nobody was given."""
    key, token = share.pk.hex, share.token
    return [
        "/s/",
        f"/s/{key}",
        f"/s/{key}/",
        f"/s/{key}/{token}/",
        f"/s/{key}/{token}/else",
        f"/s/{key}/{token[:-1]}",
        f"/s/{key}/{token}a",
        f"/s/{key}/{token.swapcase()}",
        f"/s/{key}/{other.token}",
        f"/s/{other.pk.hex}/{token}",
        f"/s/{key.upper()}/{token}",
        f"/s/{share.pk}/{token}",
        f"/s/{{{key}}}/{token}",
        f"/s/{uuid.uuid4().hex}/{token}",
        f"/s/{key}/é",
        f"/s/{key}/%00",
        "/s/nothing/at-all",
        f"/s/{key}/{token[:-1]}/after",
        f"/s/{key}/{token[:-1]}/before",
        f"/s/{key}/{token[:-1]}/qr.svg",
    ]


def test_wrong_revoked_and_unknown_are_one_page(
    client: Client, share: Share, job: StagingJob, operator: User
) -> None:
    other = share_picture(pictures(job)[0], by=operator)
    gone = share_picture(pictures(job)[0], by=operator)
    revoke_share(gone, by=operator)
    addresses = everything_wrong(share, other)[1:]
    addresses += [address(gone, rest) for rest in ("", "/before", "/after", "/qr.svg")]

    answers = [client.get(one) for one in addresses]

    assert {one.status_code for one in answers} == {404}
    assert {one.content for one in answers} == {answers[0].content}
    for one in answers:
        # Another for each request, whatever is asked for.
        del one.headers["X-Request-ID"]
    told = {tuple(sorted(one.headers.items())) for one in answers}
    assert len(told) == 1
    assert {name: answers[0].headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch", "options"])
def test_page_can_only_be_read(client: Client, share: Share, method: str) -> None:
    answer: HttpResponse = getattr(client, method)(address(share))

    assert answer.status_code == 405


def test_token_survives_a_change_of_keys(client: Client, share: Share, settings: Settings) -> None:
    given = address(share)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]

    kept = client.get(given).status_code
    settings.SECRET_KEY_FALLBACKS = []

    assert (kept, client.get(given).status_code) == (200, 404)


def test_revoke_share_is_for_ever(client: Client, share: Share, operator: User) -> None:
    revoke_share(share, by=operator)
    first = share.revoked_at
    revoke_share(share, by=operator)
    again = share_picture(share.image, by=operator)

    share.refresh_from_db()
    assert (share.revoked_at, first is None) == (first, False)
    answers = [client.get(address(one)).status_code for one in (share, again)]
    assert answers == [404, 200]


def test_page_ends_with_its_picture(client: Client, share: Share) -> None:
    given = address(share)
    StagedImage.objects.all().delete()

    assert client.get(given).status_code == 404


# The API.


def test_post_makes_a_page(api: APIClient, client: Client, job: StagingJob) -> None:
    answer = api.post(f"{JOBS}/{job.pk}/shares")

    share = Share.objects.get()
    assert (answer.status_code, answer.json()) == (
        201,
        {
            "id": str(share.pk),
            "image": pictures(job)[0].pk,
            "url": f"http://testserver{address(share)}",
            "qr_url": f"http://testserver{address(share, '/qr.svg')}",
            "created_at": answer.json()["created_at"],
            "revoked_at": None,
        },
    )
    assert api.get(f"{JOBS}/{job.pk}/shares").json() == [answer.json()]
    assert [client.get(answer.json()[one]).status_code for one in ("url", "qr_url")] == [200, 200]


def test_post_answers_with_the_public_address(
    api: APIClient, job: StagingJob, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://restage.example"

    url = api.post(f"{JOBS}/{job.pk}/shares").json()["url"]

    assert url == f"https://restage.example{address(Share.objects.get())}"


def test_post_of_a_job_with_two_pictures_names_one(
    sandbox: Sandbox, api: APIClient, ask: Ask
) -> None:
    job = carry_out(sandbox, ask(overrides={"num_outputs": 2}))
    made = pictures(job)

    unclear = api.post(f"{JOBS}/{job.pk}/shares")
    clear = api.post(f"{JOBS}/{job.pk}/shares", {"image": made[1].pk}, format="json")

    sentence = "This job has 2 pictures: name one by its id."
    assert (unclear.status_code, unclear.json()) == (400, {"image": [sentence]})
    assert (clear.status_code, clear.json()["image"]) == (201, made[1].pk)


@pytest.mark.parametrize("image", [0, -1, 2**63, 2**80, "one", 1.5, [], None, True])
def test_post_of_a_bad_image_shares_nothing(api: APIClient, job: StagingJob, image: Any) -> None:
    answer = api.post(f"{JOBS}/{job.pk}/shares", {"image": image}, format="json")

    assert (answer.status_code, list(answer.json())) == (400, ["image"])
    assert Share.objects.count() == 0


def test_post_of_another_jobs_picture_shares_nothing(
    sandbox: Sandbox, api: APIClient, job: StagingJob, ask: Ask
) -> None:
    other = carry_out(sandbox, ask())

    answer = api.post(f"{JOBS}/{job.pk}/shares", {"image": pictures(other)[0].pk}, format="json")

    sentence = "This job has no such picture."
    assert (answer.status_code, answer.json()) == (400, {"image": [sentence]})


def test_post_of_a_job_without_a_picture_is_409(api: APIClient, ask: Ask) -> None:
    answer = api.post(f"{JOBS}/{ask().pk}/shares")

    told = {"detail": "This job has no picture yet.", "code": "no_picture"}
    assert (answer.status_code, answer.json()) == (409, told)


def test_delete_revokes(api: APIClient, client: Client, job: StagingJob, share: Share) -> None:
    answers = [api.delete(f"{SHARES}/{share.pk}").status_code for _ in range(2)]

    assert answers == [204, 204]
    assert client.get(address(share)).status_code == 404
    (listed,) = api.get(f"{JOBS}/{job.pk}/shares").json()
    assert listed["revoked_at"] is not None


@pytest.mark.parametrize(
    ("member", "answers"),
    [(None, [404, 404, 404]), (False, [200, 403, 403]), (True, [200, 201, 204])],
)
def test_api_for_strangers_and_members(
    stranger: User, job: StagingJob, share: Share, member: bool | None, answers: list[int]
) -> None:
    client = client_of(stranger)
    if member is not None:
        make_member(job, stranger, may_edit=member)

    found = [
        client.get(f"{JOBS}/{job.pk}/shares").status_code,
        client.post(f"{JOBS}/{job.pk}/shares").status_code,
        client.delete(f"{SHARES}/{share.pk}").status_code,
    ]

    assert found == answers
    share.refresh_from_db()
    assert (share.revoked_at is not None) == (member is True)


@pytest.mark.parametrize("count", [1, 10])
def test_list_asks_the_database_a_fixed_number_of_times(
    api: APIClient,
    job: StagingJob,
    operator: User,
    count: int,
    django_assert_num_queries: Any,
) -> None:
    for _ in range(count):
        share_picture(pictures(job)[0], by=operator)

    # Who asks, by token and its last use; their rights; the job; its shares.
    with django_assert_num_queries(7):
        assert len(api.get(f"{JOBS}/{job.pk}/shares").json()) == count


# The admin.


def test_admin_shares_and_revokes(admin_page: Client, client: Client, job: StagingJob) -> None:
    made = admin_page.post(f"{LIST}of/{pictures(job)[0].pk}/")
    share = shares_of(job).get()
    opened = client.get(address(share)).status_code
    revoked = admin_page.post(f"{LIST}{share.pk}/revoke/")

    back = f"/admin/staging/stagingjob/{job.pk}/change/#shares"
    assert [(one.status_code, one.headers["Location"]) for one in (made, revoked)] == [
        (302, back), (302, back),
    ]  # fmt: skip
    assert (opened, client.get(address(share)).status_code) == (200, 404)


def test_admin_revokes_from_the_list(admin_page: Client, client: Client, share: Share) -> None:
    chosen = {"action": "revoke_selected", "_selected_action": str(share.pk)}

    before = admin_page.get(LIST).content.decode()
    admin_page.post(LIST, chosen)
    after = admin_page.get(LIST).content.decode()

    assert (address(share) in before, address(share) in after) == (True, False)
    assert client.get(address(share)).status_code == 404


@pytest.mark.parametrize("count", [1, 20])
def test_admin_asks_the_database_a_fixed_number_of_times(
    admin_page: Client,
    job: StagingJob,
    operator: User,
    count: int,
    django_assert_num_queries: Any,
) -> None:
    for _ in range(count):
        share_picture(pictures(job)[0], by=operator)
    admin_page.get(LIST)

    with django_assert_num_queries(LIST_QUERIES):
        admin_page.get(LIST)


@pytest.mark.parametrize("may", [[], ["view_share", "all_projects"]])
def test_admin_shares_and_revokes_by_permission_alone(
    client: Client,
    stranger: User,
    operator: User,
    job: StagingJob,
    share: Share,
    may: list[str],
) -> None:
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.set(operator.user_permissions.filter(codename__in=may))
    client.force_login(stranger)

    page = client.get(f"{LIST}{share.pk}/change/")
    client.post(LIST, {"action": "revoke_selected", "_selected_action": str(share.pk)})
    forms = [
        client.post(f"{LIST}of/{pictures(job)[0].pk}/").status_code,
        client.post(f"{LIST}{share.pk}/revoke/").status_code,
    ]

    assert (page.status_code, forms) == (200 if may else 403, [403, 403])
    assert list(Share.objects.values_list("pk", "revoked_at")) == [(share.pk, None)]


def test_admin_changes_nothing_by_a_link(admin_page: Client, share: Share) -> None:
    addresses = [f"{LIST}add/", f"{LIST}{share.pk}/delete/"]
    forms = [f"{LIST}of/{share.image_id}/", f"{LIST}{share.pk}/revoke/"]

    assert [admin_page.get(one).status_code for one in addresses] == [403, 403]
    assert [admin_page.get(one).status_code for one in forms] == [405, 405]


def test_job_page_names_the_pages(admin_page: Client, share: Share, job: StagingJob) -> None:
    gone = share_picture(share.image, by=share.created_by)  # type: ignore[arg-type]
    Share.objects.filter(pk=gone.pk).update(revoked_at=timezone.now())

    page = admin_page.get(f"/admin/staging/stagingjob/{job.pk}/change/").content.decode()

    assert f"http://testserver{address(share)}" in page
    assert f'src="{address(share, "/qr.svg")}"' in page
    assert (address(gone) in page, "was revoked" in page) == (False, True)
