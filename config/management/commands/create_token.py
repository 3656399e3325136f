from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.accounts.tokens import create_token

_MOST_DAYS = 3650


class Command(BaseCommand):
    help = "Creates an API token of a user and prints it: once, since only its hash is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="the user's name")
        parser.add_argument("--name", default="", help="what the token is for, to know it again")
        parser.add_argument("--days", type=int, help="how long it works; otherwise until revoked")

    def handle(self, *_args: Any, **options: Any) -> None:
        users = get_user_model()
        try:
            user = users.objects.get_by_natural_key(options["user"])
        except users.DoesNotExist:
            raise CommandError(f"There is no user {options['user']}.") from None
        if not user.is_active:
            raise CommandError(f"{options['user']} is not active: the token would be refused.")
        days = options["days"]
        if days is not None and not 1 <= days <= _MOST_DAYS:
            raise CommandError(f"--days is a number from 1 to {_MOST_DAYS}, not {days}.")
        ends_at = None if days is None else timezone.now() + timedelta(days=days)
        _, token = create_token(user, name=options["name"][:100], ends_at=ends_at)
        self.stdout.write(token)
