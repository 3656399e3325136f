import json
import secrets
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from config.accounts.roles import ROLES, group_of
from config.accounts.tokens import create_token


class Command(BaseCommand):
    help = (
        "Creates an account with the role of an operator, or with another, and prints name, "
        "password and an API token as JSON. One that is there already is given the role, a new "
        "password and a further token."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the operator's name")
        parser.add_argument("--role", choices=ROLES, default="Operator")

    def handle(self, *_args: Any, **options: Any) -> None:
        # After the transaction, which logs at its end: what is printed is the last line.
        self.stdout.write(json.dumps(_create(options["name"], role=options["role"])))


@transaction.atomic
def _create(name: str, *, role: str) -> dict[str, str]:
    group = group_of(role)
    if group is None:
        raise CommandError(f"The role {role} was deleted: choose another, or use createsuperuser.")
    users = get_user_model()
    named: dict[str, Any] = {users.USERNAME_FIELD: name}
    user, _ = users.objects.get_or_create(**named)
    password = secrets.token_urlsafe(12)
    user.set_password(password)
    user.is_active = user.is_staff = True
    user.save()
    user.groups.add(group)
    _, token = create_token(user, name="create_operator")
    return {"name": name, "password": password, "token": token}
