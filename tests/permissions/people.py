"""Everybody who asks, by the word that the table has for them."""

from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q
from django.test import Client
from knox.models import AuthToken

PASSWORD = "a-password-of-somebody"

_WORK = Q(content_type__app_label__in=("staging", "modelsettings"))
# Beside these: "owner", "edits" and "sees" of the project, "stranger", and "newcomer", who come
# with no permission of Django's; and "nobody", who has no account.
_STAFF = {
    # Lets into the admin, and shows nothing there.
    "clerk": Q(pk=None),
    "viewer": _WORK & (Q(codename__startswith="view_") | Q(codename="all_projects")),
    # Was an operator, a member who may edit, and is deactivated.
    "dismissed": _WORK,
}
# Staff by their role. The judge may see the project, the stager may edit it, and "elsewhere" is a
# stager who has nothing to do with it.
_ROLES = {
    "judge": "Judge",
    "stager": "Stager",
    "elsewhere": "Stager",
    "operator": "Operator",
    "administrator": "Administrator",
}
_OTHERS = ("owner", "edits", "sees", "stranger", "newcomer")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a browser session and an API token; nobody has neither."""

    user: User | None = None
    session: str = ""
    token: str = ""

    def client(self, *, is_api: bool) -> Client:
        """Return a client of their own, which no request before has touched."""
        if not self.user:
            return Client(raise_request_exception=False)
        headers = {"Authorization": f"Token {self.token}"} if is_api else {}
        client = Client(raise_request_exception=False, headers=headers)
        if not is_api:
            client.cookies["sessionid"] = self.session
        return client


def make_people() -> dict[str, Person]:
    users = {name: User.objects.create_user(name, password=PASSWORD) for name in _OTHERS}
    for name, may in _STAFF.items():
        users[name] = User.objects.create_user(name, password=PASSWORD, is_staff=True)
        users[name].user_permissions.set(Permission.objects.filter(may))
    for name, role in _ROLES.items():
        users[name] = User.objects.create_user(name, password=PASSWORD, is_staff=True)
        users[name].groups.add(Group.objects.get(role__key=role))
    users["superuser"] = User.objects.create_superuser("superuser", password=PASSWORD)
    people = {name: _log_in(user) for name, user in users.items()}
    User.objects.filter(username="dismissed").update(is_active=False)
    return {"nobody": Person(), **people}


def _log_in(user: User) -> Person:
    client = Client()
    client.force_login(user)
    _, token = AuthToken.objects.create(user)
    return Person(user, session=client.cookies["sessionid"].value, token=token)
