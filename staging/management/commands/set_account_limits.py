"""Sets a spending limit for every account that has none, as the admin's page does."""

from argparse import ArgumentParser, ArgumentTypeError
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from modelsettings.errors import RequestRefused
from staging.models import Period, WhenOver
from staging.spending.account_limits import limit_accounts


class Command(BaseCommand):
    help = "Set a spending limit for every active account that has none of that period."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--usd", type=_dollars, required=True, help="Dollars, such as 20 or 7.5."
        )
        parser.add_argument("--period", choices=Period.values, required=True)
        parser.add_argument(
            "--when-over",
            choices=WhenOver.values,
            default=WhenOver.WAIT.value,
            help="Let what is over it wait for the next period, or refuse it; wait by default.",
        )

    def handle(self, *args: Any, usd: Decimal, period: str, when_over: str, **options: Any) -> None:
        try:
            made = limit_accounts(usd=usd, period=Period(period), when_over=WhenOver(when_over))
        except RequestRefused as error:
            raise CommandError(str(error)) from error
        count = f"{len(made)} account{'' if len(made) == 1 else 's'}"
        self.stdout.write(f"Set ${usd:.2f} a {period} for {count}; others had one already.")


def _dollars(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ArgumentTypeError(f"{text} is no number of dollars.") from None
