"""Deletes rows that are older than RETENTION_DAYS, and files that no row names.

Workers do the same by themselves: the rows every hour, the files every day.
"""

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from staging.deletion import orphans, pruning
from staging.deletion.pruning import Pruned

# A hundred years: no job is older, and dates before year 1 do not exist.
_MOST_DAYS = 36_500


class Command(BaseCommand):
    help = (
        "Delete jobs that ended more than RETENTION_DAYS ago, old photos and batches without jobs, "
        "and old revisions of settings that no remaining job ran with; also idempotency keys older "
        "than a day, the files of deleted rows, and files that no row names, older than a day."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days", type=int, help="Delete what is older than this; RETENTION_DAYS by default."
        )
        parser.add_argument("--dry-run", action="store_true", help="Only say what would go.")
        parser.add_argument(
            "--even-most",
            action="store_true",
            help="Remove files that no row names even where they are most of a folder's files.",
        )

    def handle(
        self, *args: Any, days: int | None, dry_run: bool, even_most: bool, **options: Any
    ) -> None:
        if days is not None and not 0 <= days <= _MOST_DAYS:
            raise CommandError(f"--days is a number from 0 to {_MOST_DAYS}, not {days}.")
        if days is None:
            days = settings.RETENTION_DAYS or None
        if days is None:
            self.stdout.write("RETENTION_DAYS is 0: jobs, photos and revisions are kept for ever.")
        if dry_run:
            found = pruning.would_prune(days=days)
        else:
            found = pruning.prune(days=days, most=sys.maxsize)
        self.stdout.write(_in_words(found, days=days, dry_run=dry_run))
        # After the rows, whose files are gone by now.
        take = orphans.count_orphans if dry_run else orphans.remove_orphans
        try:
            lost = take(even_most=even_most)
        except orphans.MostAreOrphans as error:
            raise CommandError(f"{error} To remove them all the same: --even-most.") from None
        self.stdout.write(f"{_does(dry_run=dry_run)} {_count(lost, 'file')} that no row names.")


def _in_words(found: Pruned, *, days: int | None, dry_run: bool) -> str:
    counted = [
        _count(found.jobs, "job"),
        _count(found.photos, "photo"),
        _count(found.batches, "batch", "batches"),
        _count(found.revisions, "revision of settings", "revisions of settings"),
    ]
    old = "" if days is None else f"{', '.join(counted)} older than {_count(days, 'day')}, and "
    return f"{_does(dry_run=dry_run)} {old}{_count(found.keys, 'idempotency key')}."


def _does(*, dry_run: bool) -> str:
    return "Would delete" if dry_run else "Deleted"


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"
