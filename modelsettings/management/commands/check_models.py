import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from modelsettings import updates
from modelsettings.actors import Actor
from modelsettings.management.terminal import printable
from modelsettings.models import ReplicateModel
from modelsettings.updates import Outcome, Reading

_BY = Actor.system("check_models")


class Command(BaseCommand):
    help = (
        "Reads what Replicate publishes of models now, and says what differs from what is in use "
        "here. Ends with 0 where nothing has changed, 2 where something has, and 1 where a model "
        "could not be read, whatever else has changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "models", nargs="*", metavar="OWNER/NAME", help="without one, all that are here"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        readings = []
        for model in _named(options["models"]):
            readings.append(updates.read_now(model, by=_BY))
            self._say(readings[-1])
        outcomes = [reading.outcome for reading in readings]
        counts = [f"{outcomes.count(outcome)} {outcome}" for outcome in Outcome]
        self.stdout.write(f"{', '.join(counts)}.")
        if Outcome.NOT_READ in outcomes:
            sys.exit(1)
        if Outcome.CHANGED in outcomes:
            sys.exit(2)

    def _say(self, reading: Reading) -> None:
        self.stdout.write(printable(f"{reading.slug}: {reading.sentence}"))
        for difference in reading.drift.differences:
            self.stdout.write(printable(f"  {difference.severity:13}  {difference.sentence}"))
        self.stdout.flush()


def _named(slugs: list[str]) -> list[ReplicateModel]:
    """Return the models that are named, or all. Raises CommandError for one that is not here."""
    rows = {row.slug: row for row in ReplicateModel.objects.all()}
    if unknown := [slug for slug in slugs if slug not in rows]:
        raise CommandError(f"Not among the models here: {', '.join(unknown)}.")
    return [rows[slug] for slug in dict.fromkeys(slugs)] if slugs else list(rows.values())
