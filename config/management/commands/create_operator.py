import json
import secrets
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.db import transaction
from knox.models import AuthToken


class Command(BaseCommand):
    help = (
        "Creates an operator who may do everything, and prints name, password and an API token as "
        "JSON. One that is there already is given a new password and a further token."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the operator's name")

    @transaction.atomic
    def handle(self, *_args: Any, **options: Any) -> None:
        users = get_user_model()
        user, _ = users.objects.get_or_create(
            **{users.USERNAME_FIELD: options["name"]},
        )
        password = secrets.token_urlsafe(12)
        user.set_password(password)
        user.is_active = user.is_staff = user.is_superuser = True
        user.save()
        _, token = AuthToken.objects.create(user=user)
        made = {"name": options["name"], "password": password, "token": token}
        self.stdout.write(json.dumps(made))
