"""Writes docs/parameters.md, or says whether it is up to date."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from modelsettings.parameters_page import write_page


class Command(BaseCommand):
    help = "Write docs/parameters.md from the shipped schemas."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        default = Path(settings.BASE_DIR) / "docs" / "parameters.md"
        parser.add_argument("--file", type=Path, default=default, help="another file to write")
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail where it is out of date"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        page = write_page()
        if not options["check"]:
            path.write_text(page)
            self.stdout.write(f"Written: {path}")
        elif not path.exists() or path.read_text() != page:
            raise CommandError(f"{path} is out of date: run manage.py document_parameters.")
