"""Makes and sends notices, as `staging.tasks.watch` does every minute while a worker is alive."""

from typing import Any

from django.core.management.base import BaseCommand

from staging.models import Notice
from staging.tasks import watch


class Command(BaseCommand):
    help = (
        "Make notices of what operators have to know now, send those that are due, and print those"
        " that are not over. For a timer beside the workers: when all of them are dead, none of"
        " them can report it."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        watch()
        for notice in Notice.objects.for_operators().filter(over_at=None).order_by("at"):
            self.stdout.write(notice.sentence)
