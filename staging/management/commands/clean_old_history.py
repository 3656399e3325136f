"""Deletes old revisions of settings; replaces simple-history's command, which goes by age alone."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from modelsettings.settings import history
from staging.deletion.pruning import unused_revisions
from staging.models import StagingJob

# A hundred years: no history is older, and dates before year 1 do not exist.
_MOST_DAYS = 36_500


class Command(BaseCommand):
    help = (
        "Delete old revisions of settings profiles, but neither the revision in force nor one that "
        "a job ran with."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days", type=int, default=365, help="Delete what is older than this (default: 365)."
        )
        parser.add_argument("--dry-run", action="store_true", help="Only say what would go.")

    @transaction.atomic
    def handle(self, *args: Any, days: int, dry_run: bool, **options: Any) -> None:
        if not 0 <= days <= _MOST_DAYS:
            raise CommandError(f"--days is a number from 0 to {_MOST_DAYS}, not {days}.")
        before = timezone.now() - timedelta(days=days)
        there = history.old_revisions(before=before).count()
        unused = unused_revisions(before, jobs=StagingJob.objects.all())
        deleted = history.delete_revisions(unused)
        if dry_run:
            transaction.set_rollback(True)
        self.stdout.write(
            f"{'Would delete' if dry_run else 'Deleted'} {deleted} revisions older than {days} "
            f"days; kept {there - deleted} of them, which are in force or that a job ran with."
        )
