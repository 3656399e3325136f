import json
import secrets
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.db import transaction

from config.accounts.tokens import create_token


class Command(BaseCommand):
    help = (
        "Creates an operator who may do everything, and prints name, password and an API token as "
        "JSON. One that is there already is given a new password and a further token."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the operator's name")

    def handle(self, *_args: Any, **options: Any) -> None:
        # After the transaction, which logs at its end: what is printed is the last line.
        self.stdout.write(json.dumps(_create(options["name"])))


@transaction.atomic
def _create(name: str) -> dict[str, str]:
    users = get_user_model()
    named: dict[str, Any] = {users.USERNAME_FIELD: name}
    user, _ = users.objects.get_or_create(**named)
    password = secrets.token_urlsafe(12)
    user.set_password(password)
    user.is_active = user.is_staff = user.is_superuser = True
    user.save()
    _, token = create_token(user, name="create_operator")
    return {"name": name, "password": password, "token": token}
