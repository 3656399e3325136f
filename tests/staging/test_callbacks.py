"""Telling clients of their jobs' ends: signed, at least once, and never to an inner address."""

import json
import os
import re
import signal
from collections.abc import Callable as Function
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags
from pytest_django import Settings
from rest_framework.test import APIClient
from standardwebhooks import Webhook, WebhookVerificationError

from staging import callbacks
from staging.batches.replacing import replace_photo
from staging.batches.requesting import request_batch
from staging.batches.sent import SentPhoto, from_upload
from staging.callbacks import send_again
from staging.errors import NotPossible
from staging.jobs.request import StagingRequest
from staging.models import (
    BatchPhoto,
    Callback,
    CallbackAttempt,
    CallbackSecretRenewal,
    Project,
    StagingJob,
    callback_secrets,
)
from staging.tasks import notify
from staging.worker import stopping
from tests.conftest import client_of
from tests.missing import POSTGRES, needs
from tests.replicate_api.rude_server import Call, RudeServer
from tests.staging.batch_requests import photo_file, prepare_all
from tests.staging.conftest import Ask, Sandbox, carry_out
from tests.staging.job_requests import post_json, upload

JOBS = "/api/v1/staging/jobs"
SECRET = "/api/v1/staging/callback-secret"
LIST = "/admin/staging/callback/"
LIST_QUERIES = 7


@pytest.fixture
def receiver(settings: Settings) -> Iterator[RudeServer]:
    """A client's own server, which may be called although it is on this machine."""
    settings.CALLBACK_PRIVATE_NETWORKS = [ip_network("127.0.0.1/32")]
    settings.STAGING_CALLBACK_LIMIT_S = 1
    with RudeServer.running() as server:
        yield server


@pytest.fixture
def ended(receiver: RudeServer, ask: Ask) -> Callback:
    """A callback whose job has ended."""
    return end(ask(callback_url=f"{receiver.url}/hook"))


def end(job: StagingJob, status: str = "succeeded") -> Callback:
    StagingJob.objects.filter(pk=job.pk).update(status=status, finished_at=timezone.now())
    return Callback.objects.get(job=job)


def pass_time(*, seconds: float) -> None:
    """Let what every callback waits for be nearer."""
    earlier = timedelta(seconds=seconds)
    for one in Callback.objects.all():
        values = {name: getattr(one, name) for name in ("run_after", "lease_until")}
        moved = {name: value - earlier for name, value in values.items() if value}
        Callback.objects.filter(pk=one.pk).update(**moved)


def answering(*statuses: int) -> Function[[Call], None]:
    """Answer one status after the other."""
    rest = iter(statuses)
    return lambda call: call.answer(next(rest), {})


def ids(receiver: RudeServer) -> list[str]:
    return [call.headers["webhook-id"] for call in receiver.calls]


def seen(callback: Callback) -> tuple[str, int, list[str]]:
    """Return a callback's status, its tries, and what each attempt came to."""
    callback.refresh_from_db()
    return callback.status, callback.tries, [str(one) for one in callback.attempts.all()]


def test_send_due_tells_of_a_job_that_was_staged(
    receiver: RudeServer, sandbox: Sandbox, ask: Ask, operator: User, settings: Settings
) -> None:
    job = carry_out(sandbox, ask(callback_url=f"{receiver.url}/hook?a=1"))
    settings.PUBLIC_URL = "https://restage.example"

    notify()

    (call,) = receiver.calls
    callback = Callback.objects.get()
    told = Webhook(callback_secrets(operator.pk)[0]).verify(call.body, call.headers)
    assert call.line == "POST /hook?a=1 HTTP/1.1"
    assert (call.headers["content-type"], call.headers["webhook-id"]) == (
        "application/json", str(callback.pk),
    )  # fmt: skip
    assert job.finished_at is not None
    assert told == {
        "type": "job.finished",
        "timestamp": job.finished_at.isoformat().replace("+00:00", "Z"),
        "data": {
            "id": str(job.pk),
            "status": "succeeded",
            "project": str(job.project_id),
            "photo": str(job.photo_id),
            "batch": None,
            "model_id": job.model.slug,
            "error": None,
            "url": f"https://restage.example{JOBS}/{job.pk}",
        },
    }
    assert seen(callback) == ("delivered", 1, ["200"])
    assert callback.delivered_at is not None


def test_send_due_tells_why_a_job_failed(receiver: RudeServer, sandbox: Sandbox, ask: Ask) -> None:
    sandbox.misbehave("create", "status", status=402)
    carry_out(sandbox, ask(callback_url=receiver.url))

    callbacks.send_due()

    told = json.loads(receiver.calls[0].body)["data"]
    assert (told["status"], told["error"]["code"]) == ("failed", "insufficient_credit")


@pytest.mark.parametrize("status", ["queued", "submitting", "running", "collecting"])
def test_send_due_waits_for_the_end(receiver: RudeServer, ask: Ask, status: str) -> None:
    ask(callback_url=receiver.url)
    StagingJob.objects.update(status=status)

    assert (callbacks.is_due(), callbacks.send_due(), receiver.calls) == (False, False, [])


@pytest.mark.parametrize("status", ["succeeded", "partially_succeeded", "failed", "canceled"])
def test_send_due_tells_of_every_end_once(receiver: RudeServer, ask: Ask, status: str) -> None:
    end(ask(callback_url=receiver.url), status)

    assert callbacks.is_due()
    callbacks.send_due()

    assert (callbacks.is_due(), callbacks.send_due(), len(receiver.calls)) == (False, False, 1)


def test_a_job_without_an_address_tells_nobody(ask: Ask) -> None:
    ask()

    assert Callback.objects.count() == 0


def test_send_due_grows_its_pauses_and_gives_up_after_a_day(
    receiver: RudeServer, ended: Callback
) -> None:
    receiver.behave = lambda call: call.answer(500, {})
    waited: list[float] = []

    while callbacks.send_due() or Callback.objects.filter(status="waiting").exists():
        ended.refresh_from_db()
        assert ended.run_after is not None
        waited.append((ended.run_after - timezone.now()).total_seconds())
        pass_time(seconds=waited[-1] + 1)

    expected = [5, 60, 300, 1800, 7200, 21600, 21600, 32400]
    assert all(one - 1 < found < one * 1.1 for one, found in zip(expected, waited, strict=True))
    assert seen(ended) == ("failed", 9, ["500"] * 9)
    assert set(ids(receiver)) == {str(ended.pk)}


def test_send_due_before_its_time_sends_nothing(receiver: RudeServer, ended: Callback) -> None:
    receiver.behave = answering(500, 200)
    callbacks.send_due()

    assert (callbacks.send_due(), len(receiver.calls)) == (False, 1)
    pass_time(seconds=6)
    callbacks.send_due()

    assert seen(ended) == ("delivered", 2, ["500", "200"])


def test_send_due_to_one_who_wants_no_more_ends_at_once(
    receiver: RudeServer, ended: Callback
) -> None:
    receiver.behave = lambda call: call.answer(410, {})

    callbacks.send_due()

    assert seen(ended) == ("failed", 1, ["410"])


def never(call: Call) -> None:
    call.stopped.wait(10)


def byte_by_byte(call: Call) -> None:
    call.drip(b"HTTP/1.1 200 OK\r\n" + b"x-slow: 1\r\n" * 1000)


@pytest.mark.parametrize("behave", [never, byte_by_byte])
def test_send_due_to_one_who_never_answers(
    receiver: RudeServer, ended: Callback, behave: Function[[Call], None]
) -> None:
    receiver.behave = behave

    callbacks.send_due()

    assert seen(ended) == ("waiting", 1, ["There was no answer in time."])
    assert 1 <= CallbackAttempt.objects.get().seconds < 9


def test_send_due_follows_no_redirect(receiver: RudeServer, ended: Callback) -> None:
    with RudeServer.running() as inner:
        receiver.behave = lambda call: call.answer(307, {}, location=inner.url)
        callbacks.send_due()

    assert seen(ended) == ("waiting", 1, ["307"])
    assert inner.calls == []


def test_send_due_leaves_a_huge_answer(receiver: RudeServer, ended: Callback) -> None:
    def answer(call: Call) -> None:
        call.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n")
        while not call.stopped.is_set():
            call.send(b"x" * 65_536)

    receiver.behave = answer

    callbacks.send_due()

    assert seen(ended) == ("delivered", 1, ["200"])


def test_send_due_to_a_private_address_reaches_nobody(
    receiver: RudeServer, ended: Callback, settings: Settings
) -> None:
    settings.CALLBACK_PRIVATE_NETWORKS = []
    Callback.objects.update(url=f"https://localhost.:{receiver.port}/")

    callbacks.send_due()

    assert receiver.connections == []
    sentence = "The address is a private one: name a host of the public internet."
    assert seen(ended) == ("waiting", 1, [sentence])


def test_send_due_after_a_worker_was_killed_sends_the_same_id_again(
    receiver: RudeServer, ended: Callback
) -> None:
    def kill(call: Call) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        call.stopped.wait(10)

    receiver.behave = kill
    with pytest.raises(KeyboardInterrupt):
        callbacks.send_due()
    receiver.behave = lambda call: call.answer(200, {})

    assert (callbacks.send_due(), len(receiver.calls)) == (False, 1)
    pass_time(seconds=callbacks.LEASE.total_seconds() + 1)
    callbacks.send_due()

    assert ids(receiver) == [str(ended.pk)] * 2
    assert seen(ended) == ("delivered", 1, ["200"])


def test_send_of_a_claim_that_was_lost_writes_nothing(
    receiver: RudeServer, ended: Callback
) -> None:
    late = callbacks.claim_next()
    assert late is not None
    pass_time(seconds=callbacks.LEASE.total_seconds() + 1)
    receiver.behave = lambda call: call.answer(500, {})
    callbacks.send_due()
    receiver.behave = lambda call: call.answer(200, {})

    callbacks.send(late)

    assert seen(ended) == ("waiting", 1, ["500"])


def test_send_that_breaks_off_counts_as_a_try(
    receiver: RudeServer, ended: Callback, settings: Settings
) -> None:
    settings.STAGING_CALLBACK_LIMIT_S = "soon"

    with pytest.raises(TypeError):
        callbacks.send_due()

    assert seen(ended) == ("waiting", 1, ["Restage failed (TypeError); its logs say more."])
    assert ended.run_after is not None


def test_claim_next_gives_each_callback_once(ended: Callback) -> None:
    first, second = callbacks.claim_next(), callbacks.claim_next()

    assert (first, second) == (ended, None)


@needs(POSTGRES)
@pytest.mark.django_db(transaction=True)
def test_send_due_by_two_workers_at_once_sends_each_once(receiver: RudeServer, ask: Ask) -> None:
    for _ in range(10):
        end(ask(callback_url=receiver.url))

    def work(_: int) -> None:
        try:
            callbacks.send_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, range(4)))

    callbacks.send_due()
    assert (len(receiver.calls), len(set(ids(receiver)))) == (10, 10)


@needs(POSTGRES)
@pytest.mark.django_db(transaction=True)
def test_send_due_hands_back_what_a_slow_receiver_holds(
    receiver: RudeServer, ended: Callback
) -> None:
    """As when the worker's grace period is over; the receiver may have had it, and has its id."""

    def hand_back(call: Call) -> None:
        try:
            assert stopping.hand_back() == 1
        finally:
            connection.close()
        call.answer(204, {})

    receiver.behave = hand_back
    callbacks.send_due()
    assert seen(ended) == ("waiting", 0, [])

    receiver.behave = answering(204)
    callbacks.send_due()
    assert seen(ended) == ("delivered", 1, ["204"])
    assert len(set(ids(receiver))) == 1


def test_claim_next_leaves_room_for_other_people(
    receiver: RudeServer, ask: Ask, stranger: User
) -> None:
    for _ in range(5):
        end(ask(callback_url=receiver.url))
    others = end(ask(callback_url=receiver.url))
    StagingJob.objects.filter(pk=others.job_id).update(owner=stranger)

    claimed = [callbacks.claim_next() for _ in range(4)]

    assert [one and one.job.owner.username for one in claimed] == ["olga", "olga", "sam", None]


def test_claim_next_leaves_threads_for_other_work(receiver: RudeServer, ask: Ask) -> None:
    for number in range(callbacks.AT_ONCE + 1):
        callback = end(ask(callback_url=receiver.url))
        owner = User.objects.create_user(f"user{number}")
        StagingJob.objects.filter(pk=callback.job_id).update(owner=owner)

    claimed = [callbacks.claim_next() for _ in range(callbacks.AT_ONCE + 1)]

    assert [one is None for one in claimed] == [False] * callbacks.AT_ONCE + [True]


def test_send_due_comes_back_when_its_time_is_over(receiver: RudeServer, ask: Ask) -> None:
    for _ in range(3):
        end(ask(callback_url=receiver.url))

    assert [callbacks.send_due(for_s=0) for _ in range(4)] == [True, True, True, False]
    assert len(receiver.calls) == 3


def test_rearm_tells_of_the_second_end_under_another_id(
    receiver: RudeServer, ended: Callback
) -> None:
    receiver.behave = answering(500, 200)
    callbacks.send_due()

    Callback.objects.rearm(ended.job)
    again = end(ended.job)
    callbacks.send_due()

    assert ids(receiver) == [str(ended.pk), str(again.pk)]
    assert again.pk != ended.pk
    assert seen(again) == ("delivered", 1, ["500", "200"])


def test_rearm_during_an_attempt_forgets_what_it_came_to(ended: Callback) -> None:
    claimed = callbacks.claim_next()
    assert claimed is not None
    Callback.objects.rearm(ended.job)

    callbacks.send(claimed)

    assert seen(Callback.objects.get()) == ("waiting", 0, [])


def test_rearm_of_a_job_without_a_callback_does_nothing(ask: Ask) -> None:
    Callback.objects.rearm(ask())

    assert Callback.objects.count() == 0


def test_send_again_sends_the_same_id(receiver: RudeServer, ended: Callback) -> None:
    callbacks.send_due()

    send_again(ended)
    callbacks.send_due()

    assert ids(receiver) == [str(ended.pk)] * 2
    assert seen(ended) == ("delivered", 1, ["200", "200"])


def test_send_again_of_what_was_put_off_does_not_wait(
    receiver: RudeServer, ended: Callback
) -> None:
    receiver.behave = answering(500, 200)
    callbacks.send_due()

    send_again(ended)
    callbacks.send_due()

    assert seen(ended) == ("delivered", 1, ["500", "200"])


@pytest.mark.parametrize("is_being_sent", [False, True])
def test_send_again_of_what_is_on_its_way_is_not_possible(
    ended: Callback, is_being_sent: bool
) -> None:
    Callback.objects.update(run_after=timezone.now() if is_being_sent else None)
    claimed = callbacks.claim_next() if is_being_sent else None

    with pytest.raises(NotPossible, match="on its way"):
        send_again(ended)
    assert (claimed is not None) == is_being_sent


def test_signature_is_by_every_key_while_one_is_replaced(
    receiver: RudeServer, ended: Callback, operator: User, settings: Settings
) -> None:
    (old,) = callback_secrets(operator.pk)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    new, still = callback_secrets(operator.pk)

    callbacks.send_due()

    (call,) = receiver.calls
    assert (still, new == old) == (old, False)
    assert Webhook(new).verify(call.body, call.headers) == json.loads(call.body)
    assert Webhook(old).verify(call.body, call.headers) == json.loads(call.body)


def renewed(api: APIClient) -> str:
    answer = api.post(f"{SECRET}/renew")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    secret: str = answer.json()["secret"]
    return secret


def test_renewed_secret_signs_with_the_earlier_one_for_a_day(
    receiver: RudeServer, ended: Callback, operator: User, api: APIClient
) -> None:
    old = api.get(SECRET).json()["secret"]
    new = renewed(api)

    callbacks.send_due()
    CallbackSecretRenewal.objects.update(at=timezone.now() - timedelta(hours=24))
    later = callback_secrets(operator.pk)

    (call,) = receiver.calls
    assert api.get(SECRET).json() == {"secret": new}
    for secret in (new, old):
        assert Webhook(secret).verify(call.body, call.headers) == json.loads(call.body)
    assert later == [new]


def test_renewed_twice_within_a_day_all_sign(operator: User, api: APIClient) -> None:
    """A button that was pressed twice takes no secret from a receiver that has not read it."""
    first = api.get(SECRET).json()["secret"]
    second, third = renewed(api), renewed(api)

    assert callback_secrets(operator.pk) == [third, second, first]


def test_renewed_often_bounds_the_signatures(operator: User, api: APIClient) -> None:
    made = [renewed(api) for _ in range(9)]

    assert callback_secrets(operator.pk) == made[:3:-1]


def test_renewed_secret_is_one_accounts(api: APIClient, stranger: User, operator: User) -> None:
    before = callback_secrets(stranger.pk)
    earlier, later = callback_secrets(operator.pk), [renewed(api), *callback_secrets(operator.pk)]

    assert callback_secrets(stranger.pk) == before
    assert len({*before, *earlier, *later}) == 3


def test_renewal_says_until_when_the_earlier_one_signs(api: APIClient) -> None:
    answer = api.post(f"{SECRET}/renew").json()

    until = datetime.fromisoformat(answer["earlier_until"])
    assert timedelta(hours=23) < until - timezone.now() <= timedelta(hours=24)


def test_renewal_by_nobody_is_401(db: None) -> None:
    assert APIClient().post(f"{SECRET}/renew").status_code == 401
    assert not CallbackSecretRenewal.objects.exists()


def test_signature_is_not_another_users(
    receiver: RudeServer, ended: Callback, stranger: User
) -> None:
    callbacks.send_due()

    (call,) = receiver.calls
    with pytest.raises(WebhookVerificationError):
        Webhook(callback_secrets(stranger.pk)[0]).verify(call.body, call.headers)


def test_signature_of_a_replaced_photo_is_that_of_the_batchs_owner(
    receiver: RudeServer, operator: User, stranger: User
) -> None:
    replace_photo(refused_photo(operator, url=f"{receiver.url}/hook"), good_photo(), by=stranger)
    prepare_all()
    callback = end(StagingJob.objects.get(owner=stranger))

    callbacks.send_due()

    (call,) = receiver.calls
    assert Webhook(callback_secrets(operator.pk)[0]).verify(call.body, call.headers)
    assert CallbackAttempt.objects.get().callback == callback


def test_claim_next_bounds_the_callbacks_of_a_batchs_owner_whoever_replaced_photos(
    receiver: RudeServer, operator: User, stranger: User
) -> None:
    for by in (operator, stranger, operator):
        replace_photo(refused_photo(operator, url=f"{receiver.url}/hook"), good_photo(), by=by)
    prepare_all()
    StagingJob.objects.update(status="succeeded", finished_at=timezone.now())

    claimed = [callbacks.claim_next() for _ in range(3)]

    assert [callback is None for callback in claimed] == [False, False, True]


def refused_photo(owner: User, *, url: str) -> BatchPhoto:
    """Return the photo of a batch that came broken, and was refused."""
    sent = [from_upload(photo_file("hall.jpg", b"no photo"))]
    project = Project.objects.unsorted_of(owner)
    batch = request_batch(sent, StagingRequest(), owner=owner, project=project, callback_url=url)
    prepare_all()
    return batch.photos.get(status="refused")


def good_photo() -> SentPhoto:
    return from_upload(photo_file())


def test_secret_is_the_callers_own(api: APIClient, stranger: User, operator: User) -> None:
    mine, theirs = api.get(SECRET).json(), client_of(stranger).get(SECRET).json()

    assert mine == {"secret": callback_secrets(operator.pk)[0]}
    assert theirs == {"secret": callback_secrets(stranger.pk)[0]}
    assert mine != theirs


def test_secret_of_nobody_is_401(db: None) -> None:
    assert APIClient().get(SECRET).status_code == 401


def test_post_of_a_job_keeps_its_callback(api: APIClient, settings: Settings) -> None:
    answer = api.post(JOBS, {"image": upload(), "callback_url": "https://example.com/hook"})

    assert answer.status_code == 202
    callback = Callback.objects.get()
    assert (callback.url, str(callback.job_id), callback.status) == (
        "https://example.com/hook", answer.json()["id"], "waiting",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://example.com/hook", "Write an address that begins with https://."),
        ("https://a:b@example.com/", "Write the address without a user name and a password."),
        (
            "https://127.0.0.1:8000/",
            "The address is a private one: name a host of the public internet.",
        ),
        ("https://example.com/\n\\", "This is not an address."),
        ("x" * 501, "The address is longer than 500 characters."),
        (5, "Write an address that begins with https://."),
        ([], "Not a valid string."),
        (None, "This field may not be null."),
    ],
)
def test_post_of_a_bad_callback_url_stages_nothing(api: APIClient, url: Any, sentence: str) -> None:
    answer = post_json(api, {"photo": "0" * 32, "callback_url": url})

    assert (answer.status_code, answer.json()["callback_url"]) == (400, [sentence])
    assert StagingJob.objects.count() == 0


# The admin.


def test_admin_shows_every_attempt(
    admin_page: Client, receiver: RudeServer, ended: Callback
) -> None:
    receiver.behave = answering(500, 200)
    callbacks.send_due()
    pass_time(seconds=6)

    waiting = admin_page.get(LIST).content.decode()
    callbacks.send_due()
    page = admin_page.get(f"{LIST}{ended.pk}/change/").content.decode()

    assert f"127.0.0.1:{receiver.port}" in waiting
    assert (">500<" in waiting, "Waiting" in waiting) == (True, True)
    assert answers_on(page) == ["500", "200"]
    assert "Delivered" in page


def answers_on(page: str) -> list[str]:
    """Return what the log on a callback's page says that each attempt came to."""
    cells = re.findall(r"<td[^>]*field-answer.*?</td>", page, re.DOTALL)
    return [strip_tags(cell).strip() for cell in cells]


@pytest.mark.parametrize("count", [1, 20])
def test_admin_asks_the_database_a_fixed_number_of_times(
    admin_page: Client,
    receiver: RudeServer,
    ask: Ask,
    count: int,
    django_assert_num_queries: Any,
) -> None:
    for _ in range(count):
        end(ask(callback_url=receiver.url))
    callbacks.send_due()
    admin_page.get(LIST)

    with django_assert_num_queries(LIST_QUERIES):
        admin_page.get(LIST)


def resend(client: Client, callback: Callback) -> list[int]:
    """Ask for a callback again in both ways, from the list and from its page."""
    chosen = {"action": "send_selected_again", "_selected_action": str(callback.pk)}
    return [
        client.post(LIST, chosen).status_code,
        client.post(f"{LIST}{callback.pk}/send-again/").status_code,
    ]


def test_admin_sends_again(admin_page: Client, receiver: RudeServer, ended: Callback) -> None:
    callbacks.send_due()

    assert resend(admin_page, ended) == [302, 302]
    callbacks.send_due()

    assert ids(receiver) == [str(ended.pk)] * 2


def test_admin_sends_nothing_again_by_a_link(admin_page: Client, ended: Callback) -> None:
    callbacks.send_due()

    assert admin_page.get(f"{LIST}{ended.pk}/send-again/").status_code == 405
    assert seen(ended)[0] == "delivered"


@pytest.mark.parametrize("may", [[], ["view_callback", "all_projects"]])
def test_admin_sends_again_by_permission_alone(
    client: Client, stranger: User, operator: User, ended: Callback, may: list[str]
) -> None:
    callbacks.send_due()
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.set(operator.user_permissions.filter(codename__in=may))
    client.force_login(stranger)

    page = client.get(f"{LIST}{ended.pk}/change/")
    resend(client, ended)

    assert page.status_code == (200 if may else 403)
    assert "send-again" not in page.content.decode()
    assert seen(ended)[0] == "delivered"


def test_admin_changes_nothing(admin_page: Client, ended: Callback) -> None:
    addresses = [f"{LIST}add/", f"{LIST}{ended.pk}/delete/"]

    assert [admin_page.get(one).status_code for one in addresses] == [403, 403]
