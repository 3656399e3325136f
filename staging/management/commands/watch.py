"""Tells operators what stands; `staging.tasks.watch` does it every minute, while a worker lives."""

from typing import Any

from django.core.management.base import BaseCommand

from staging.models import Notice
from staging.tasks import watch


class Command(BaseCommand):
    help = (
        "Make notices of what operators have to know now, send what is due, and print what stands."
        " For a timer beside the workers: where none of them lives, none can tell."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        watch()
        for notice in Notice.objects.filter(over_at=None).order_by("at"):
            self.stdout.write(notice.sentence)
