"""API tokens: who makes, sees and revokes them, how long they work, and when they were used."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from config.accounts import tokens
from config.accounts.models import TokenDetails
from config.accounts.tasks import forget
from staging.models import callback_secrets
from tests.conftest import client_of

TOKENS = "/api/v1/tokens"
MINE = "/admin/knox/authtoken/mine/"

pytestmark = pytest.mark.django_db


def client_with(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


@pytest.fixture
def session(stranger: User) -> APIClient:
    """A signed-in session, whose requests have to bring the CSRF token."""
    client = APIClient()
    client.force_login(stranger)
    return client


def make(session: APIClient, **fields: Any) -> Any:
    return session.post(TOKENS, {"name": "front end", **fields}, format="json")


def test_post_makes_a_token_that_works(session: APIClient) -> None:
    answer = make(session)

    made = answer.json()
    assert made.keys() == {"id", "token"}
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    assert client_with(made["token"]).get("/api/v1/staging/jobs").status_code == 200
    (listed,) = session.get(TOKENS).json()
    assert listed.pop("created_at") < listed.pop("last_used_at")
    assert listed == {
        "id": made["id"],
        "name": "front end",
        "starts_with": made["token"][:8],
        "ends_at": None,
        "is_this": False,
    }


def test_post_by_a_token_is_refused(stranger: User) -> None:
    answer = make(client_of(stranger))

    assert (answer.status_code, answer.json()) == (
        403,
        {
            "detail": "A token makes no tokens: sign in, and make it in that session.",
            "code": "session_required",
        },
    )
    assert AuthToken.objects.count() == 1


def test_post_from_a_page_of_another_site_is_refused(stranger: User) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(stranger)

    assert make(client).status_code == 403
    assert not AuthToken.objects.exists()


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"name": ""}, {"name": ["This field may not be blank."]}),
        ({"ends_at": "2020-01-01T00:00:00Z"}, {"ends_at": ["Name a time to come, or none."]}),
        ({"days": 3}, {"days": ["There is no field of this name: choose from name, ends_at."]}),
    ],
)
def test_post_that_is_wrong_makes_none(
    session: APIClient, fields: dict[str, Any], error: dict[str, Any]
) -> None:
    answer = make(session, **fields)

    assert (answer.status_code, answer.json()) == (400, error)
    assert not AuthToken.objects.exists()


def test_token_works_until_its_end(stranger: User) -> None:
    token, secret = tokens.create_token(stranger, ends_at=timezone.now() + timedelta(days=1))
    client = client_with(secret)
    before = client.get(TOKENS).status_code
    AuthToken.objects.filter(pk=token.pk).update(expiry=timezone.now() - timedelta(seconds=1))

    assert (before, client.get(TOKENS).status_code) == (200, 401)


def test_get_lists_ones_own(stranger: User, operator: User) -> None:
    tokens.create_token(operator, name="another's")
    tokens.create_token(stranger, name="old", ends_at=timezone.now() - timedelta(days=1))
    # Made by an older release, which has no names.
    AuthToken.objects.create(stranger)
    _, secret = tokens.create_token(stranger, name="script")

    listed = client_with(secret).get(TOKENS).json()

    shown = [(row["name"], row["is_this"], bool(row["last_used_at"])) for row in listed]
    assert shown == [("script", True, True), ("", False, False)]
    assert listed[0]["starts_with"] == secret[:8]
    assert secret not in str(listed)


def test_delete_revokes_ones_own(stranger: User) -> None:
    client = client_of(stranger)
    token, secret = tokens.create_token(stranger)

    answer = client.delete(f"{TOKENS}/{token.details.pk}")

    assert (answer.status_code, client_with(secret).get(TOKENS).status_code) == (204, 401)
    assert client.get(TOKENS).status_code == 200


def test_delete_of_anothers_is_404(stranger: User, operator: User) -> None:
    token, secret = tokens.create_token(operator)

    assert client_of(stranger).delete(f"{TOKENS}/{token.details.pk}").status_code == 404
    assert client_with(secret).get(TOKENS).status_code == 200


def test_use_is_noted_once_a_minute(stranger: User, django_assert_num_queries: Any) -> None:
    token, secret = tokens.create_token(stranger)
    details = TokenDetails.objects.filter(token=token)
    client_with(secret).get(TOKENS)
    first = details.get().last_used_at
    client_with(secret).get(TOKENS)
    second = details.get().last_used_at
    details.update(last_used_at=timezone.now() - tokens.USE_NOTED_EVERY)
    client_with(secret).get(TOKENS)

    assert first is not None
    assert first == second
    assert (details.get().last_used_at or first) > first
    with django_assert_num_queries(1):
        tokens.note_use(token)


def test_use_of_a_token_without_details_is_noted(stranger: User) -> None:
    token, _ = AuthToken.objects.create(stranger)

    tokens.note_use(token)

    assert TokenDetails.objects.get(token=token).last_used_at is not None


def test_forget_deletes_what_has_ended(stranger: User) -> None:
    tokens.create_token(stranger, ends_at=timezone.now())
    kept, _ = tokens.create_token(stranger, ends_at=timezone.now() + timedelta(days=1))
    gone, _ = tokens.create_token(stranger)
    # As an older release deletes: it does not know the details.
    AuthToken.objects.filter(pk=gone.pk)._raw_delete(using="default")

    forget()

    assert list(AuthToken.objects.all()) == [kept]
    assert [details.token_id for details in TokenDetails.objects.all()] == [kept.pk]


@pytest.fixture
def clerk(db: None) -> Client:
    """The window of staff without any permission."""
    client = Client()
    client.force_login(User.objects.create_user("carl", is_staff=True))
    return client


def test_my_tokens_shows_a_new_token_once(clerk: Client) -> None:
    made = clerk.post(MINE, {"name": "script", "days": "30"})
    again = clerk.get(MINE)

    token = AuthToken.objects.get()
    secret = made.context["secret"]
    assert client_with(secret).get(TOKENS).status_code == 200
    assert (secret in made.content.decode(), secret in again.content.decode()) == (True, False)
    assert (token.details.name, token.user.username) == ("script", "carl")
    assert timedelta(days=29) < token.expiry - timezone.now() <= timedelta(days=30)
    assert "no-store" in made.headers["Cache-Control"]


def test_my_tokens_makes_none_without_a_name(clerk: Client) -> None:
    answer = clerk.post(MINE, {"name": "", "days": ""})

    assert list(answer.context["form"].errors) == ["name"]
    assert not AuthToken.objects.exists()


def test_my_tokens_revokes_one_and_all(clerk: Client, stranger: User) -> None:
    carl = User.objects.get(username="carl")
    first, _ = tokens.create_token(carl)
    for _ in range(2):
        tokens.create_token(carl)
    others, _ = tokens.create_token(stranger)

    clerk.post(f"{MINE}{first.details.pk}/revoke/")
    one_gone = AuthToken.objects.filter(user=carl).count()
    clerk.post(f"{MINE}{others.details.pk}/revoke/")
    clerk.post(f"{MINE}revoke-all/")

    assert one_gone == 2
    assert list(AuthToken.objects.all()) == [others]


def test_list_of_all_shows_those_without_details(admin_client: Client, stranger: User) -> None:
    AuthToken.objects.create(stranger)
    tokens.create_token(stranger, name="script")

    page = admin_client.get("/admin/knox/authtoken/").content.decode()

    assert page.count("never") == 2
    assert "script" in page


def test_page_of_an_account_revokes_and_renews(admin_client: Client, stranger: User) -> None:
    page = f"/admin/auth/user/{stranger.pk}/"
    tokens.create_token(stranger, name="nightly")
    before = callback_secrets(stranger.pk)[0]

    shown = admin_client.get(f"{page}change/").content.decode()
    revoked = admin_client.post(f"{page}revoke-tokens/", follow=True).content.decode()
    renewed = admin_client.post(f"{page}renew-callback-secret/", follow=True).content.decode()

    assert "nightly" in shown
    assert "1 token of sam revoked." in revoked
    assert "It has no API token." in revoked
    assert not AuthToken.objects.exists()
    assert callback_secrets(stranger.pk)[0] != before
    assert callback_secrets(stranger.pk)[0] not in renewed


@pytest.mark.parametrize("action", ["revoke-tokens", "renew-callback-secret"])
def test_page_of_an_account_is_not_for_who_may_only_see_it(
    clerk: Client, stranger: User, action: str
) -> None:
    carl = User.objects.get(username="carl")
    carl.user_permissions.add(Permission.objects.get(codename="view_user"))
    tokens.create_token(stranger)

    answer = clerk.post(f"/admin/auth/user/{stranger.pk}/{action}/")
    page = clerk.get(f"/admin/auth/user/{stranger.pk}/change/").content.decode()

    assert (answer.status_code, AuthToken.objects.count()) == (403, 1)
    assert "API tokens and callbacks" not in page


def test_changed_password_shows_the_tokens_that_remain(clerk: Client) -> None:
    carl = User.objects.get(username="carl")
    tokens.create_token(carl, name="nightly")

    page = clerk.get("/admin/password_change/done/").content.decode()

    assert "nightly" in page
    assert "Revoke all" in page


def test_my_tokens_renews_the_callback_secret(clerk: Client) -> None:
    carl = User.objects.get(username="carl")
    before = callback_secrets(carl.pk)

    page = clerk.post(f"{MINE}renew-callback-secret/").content.decode()

    assert callback_secrets(carl.pk)[0] in page
    assert callback_secrets(carl.pk)[1:] == before
