from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from modelsettings.management.terminal import printable
from modelsettings.masking import mask
from modelsettings.prior.documents import say
from modelsettings.prior.importing import Report, RowReport, import_settings
from modelsettings.prior.table import CannotImport, read_csv, read_database


class Command(BaseCommand):
    help = (
        "Takes over the settings of the earlier system: its default model, and each model's "
        "document as the next revision of the live profile. Says of each field what becomes of it. "
        "All of it or nothing; nothing is written there."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument(
            "--database-url",
            metavar="URL",
            help="the earlier system's PostgreSQL; it may leave the password to PGPASSWORD",
        )
        source.add_argument(
            "--csv", metavar="FILE", type=Path, help="its table settings, with a line of names"
        )
        parser.add_argument("--model", metavar="OWNER/NAME", help="take over this model alone")
        parser.add_argument("--dry-run", action="store_true", help="say all, and save nothing")
        parser.add_argument(
            "--overwrite", action="store_true", help="also what a person has changed here since"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            if options["csv"]:
                rows = read_csv(options["csv"])
            else:
                rows = read_database(options["database_url"])
            report = import_settings(
                rows,
                model=options["model"],
                is_overwriting=options["overwrite"],
                is_dry_run=options["dry_run"],
            )
        except CannotImport as error:
            # Without its cause: what a library says may repeat the address.
            raise CommandError(mask(str(error))) from None
        for row in report.rows:
            self._write(row)
        self._conclude(report, is_dry_run=options["dry_run"])

    def _write(self, row: RowReport) -> None:
        self._say(f"{say(row.key)}: {row.sentence}")
        width = max((len(say(field.field)) for field in row.fields), default=0)
        for field in row.fields:
            self._say(f"  {say(field.field):{width}}  {field.outcome:22}  {field.sentence}")

    def _conclude(self, report: Report, *, is_dry_run: bool) -> None:
        if report.kept:
            self._say(
                f"Changed here since, and left alone: {'; '.join(report.kept)}. With --overwrite "
                "they take the earlier values."
            )
        if is_dry_run:
            would = f"{report.changed} would change" if report.changed else "nothing would change"
            self._say(f"Nothing was saved; {would}.")
        elif not report.changed:
            already = "" if report.kept else ": all of it is here already"
            self._say(f"Nothing was changed{already}.")
        else:
            self._say(f"{report.changed} changed.")

    def _say(self, line: str) -> None:
        # What was stored there must neither steer the terminal nor tell a secret of ours.
        self.stdout.write(mask(printable(line)))
