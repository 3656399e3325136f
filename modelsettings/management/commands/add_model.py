import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from shutil import get_terminal_size
from textwrap import shorten
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from modelsettings import inspection, registry
from modelsettings.actors import Actor
from modelsettings.errors import RequestRefused
from modelsettings.inspection import CannotRead, Finding
from modelsettings.management.terminal import printable
from modelsettings.models import ReplicateModel
from modelsettings.registry import ADOPTED, AlreadyThere
from modelsettings.schema.comparison import UNSET
from modelsettings.schema.published import PublishedModel
from modelsettings.schema.words import json_in_words

_BY = Actor.system("add_model")
_COLUMNS = ("parameter", "type", "default", "allowed", "carried out by")
_WIDEST = (32, 22, 24, 40, 28)

Source = tuple[str, PublishedModel | CannotRead]


@dataclass(slots=True)
class Tally:
    """The count of models by what became of them; `refused` holds pairs of name and reason."""

    added: int = 0
    adopted: int = 0
    unchanged: int = 0
    declined: int = 0
    can_stage: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def usable(self) -> int:
        return self.added + self.adopted + self.unchanged


class Command(BaseCommand):
    help = (
        "Adds published models: shows what was found before anything is saved. Where a model is "
        "there already with a schema that was put together by hand, it takes the published one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("models", nargs="*", metavar="OWNER/NAME", help="as on Replicate")
        parser.add_argument(
            "--file",
            metavar="PATH",
            type=Path,
            help="read published models from a JSON file (one, or a list) or a folder of such "
            "files, not from Replicate; OWNER/NAME then picks some of them",
        )
        parser.add_argument(
            "--image", metavar="INPUT", help='the input that takes the photo; "" for none'
        )
        parser.add_argument(
            "--prompt", metavar="INPUT", help='the input that takes the prompt; "" for none'
        )
        parser.add_argument(
            "--update",
            action="store_true",
            help="also accept what is published of a model that is there already, where nothing "
            "that is stored breaks",
        )
        parser.add_argument("--reason", default="", help="why, for the history")
        parser.add_argument("--yes", action="store_true", help="do not ask before saving")
        parser.add_argument("--dry-run", action="store_true", help="show, and save nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        slugs: list[str] = options["models"]
        if not slugs and not options["file"]:
            raise CommandError("Name a model as OWNER/NAME, or a --file.")
        corrections = {role: options[role] for role in ("image", "prompt")}
        sources = list(_read(slugs, options["file"]))
        if any(name is not None for name in corrections.values()) and len(sources) > 1:
            raise CommandError("--image and --prompt correct one model at a time.")
        # Several models of a file are shown on a line each, and saved without a question.
        is_bulk = options["file"] is not None and len(sources) > 1
        self._is_agreed = options["yes"] or is_bulk
        self._is_dry = options["dry_run"]
        self._takes_updates = options["update"]
        self._reason: str = options["reason"]
        tally = Tally()
        for name, read in sources:
            try:
                self._take(read, corrections=corrections, tally=tally, is_bulk=is_bulk)
            except RequestRefused as error:
                tally.refused.append((name, str(error)))
                if not is_bulk:
                    self.stdout.write(self.style.ERROR(f"{name}: refused. {error}"))
        self._conclude(tally, is_bulk=is_bulk or len(sources) > 1)

    def _take(
        self,
        read: PublishedModel | CannotRead,
        *,
        corrections: Mapping[str, str | None],
        tally: Tally,
        is_bulk: bool,
    ) -> None:
        """Show one model, ask, and save it."""
        if isinstance(read, CannotRead):
            raise read
        row = ReplicateModel.objects.select_related("pinned_schema").filter(slug=read.slug).first()
        is_adoptable = row is not None and registry.is_adoptable(row)
        if row is not None and not (is_adoptable or self._takes_updates):
            self.stdout.write(f"{read.slug} is there already: nothing was changed.")
            tally.unchanged += 1
            return
        finding = inspection.judge(read, corrections=corrections)
        self.stdout.write(_line(finding) if is_bulk else _written(finding))
        if row is not None and not is_bulk:
            by_hand = ", with a schema put together by hand" if is_adoptable else ""
            self.stdout.write(f"It is there already{by_hand}.")
        if self._is_dry or not self._agrees(read.slug):
            tally.declined += 1
        else:
            self._save(read, corrections=corrections, tally=tally, is_there=row is not None)
        tally.can_stage += finding.obstacle is None

    def _save(
        self,
        model: PublishedModel,
        *,
        corrections: Mapping[str, str | None],
        tally: Tally,
        is_there: bool,
    ) -> None:
        if not is_there:
            try:
                registry.add_model(model, by=_BY, reason=self._reason, corrections=corrections)
            except AlreadyThere as error:
                # Another process has added it since this one looked.
                self.stdout.write(str(error))
                tally.unchanged += 1
                return
            tally.added += 1
        elif registry.adopt_schema(
            model, by=_BY, reason=self._reason or ADOPTED, corrections=corrections
        ):
            tally.adopted += 1
        else:
            tally.unchanged += 1

    def _agrees(self, slug: str) -> bool:
        if self._is_agreed:
            return True
        if not sys.stdin.isatty():
            raise CommandError("There is no terminal to ask at: give --yes to agree beforehand.")
        return input(f"Add {slug}? [y/N] ").strip().lower() in ("y", "yes")

    def _conclude(self, tally: Tally, *, is_bulk: bool) -> None:
        if self._is_dry:
            self.stdout.write(f"Nothing was saved. {tally.declined} would be usable.")
        else:
            self.stdout.write(_counted(tally))
        if not tally.refused:
            return
        if is_bulk:
            self.stdout.write(f"Refused: {len(tally.refused)}")
            for name, reason in tally.refused:
                self.stdout.write(self.style.ERROR(f"  {name}: {reason}"))
        raise CommandError(f"Refused: {len(tally.refused)}.", returncode=1)


def _read(slugs: list[str], file: Path | None) -> Iterator[Source]:
    """Yield each model to be added, or CannotRead with the reason."""
    if file is None:
        for slug in slugs:
            try:
                yield slug, inspection.read_model(slug)
            except CannotRead as error:
                yield slug, error
        return
    try:
        found = list(inspection.read_files(file))
    except CannotRead as error:
        raise CommandError(str(error)) from error
    if not slugs:
        yield from found
        return
    yield from ((name, read) for name, read in found if name in slugs)
    for slug in slugs:
        if slug not in {name for name, _ in found}:
            yield slug, CannotRead(f"It is not in {file}.")


def _line(finding: Finding) -> str:
    use = finding.obstacle or f"{finding.model.slug} can stage a photo."
    count = len(finding.parameters)
    return f"{finding.model.slug}: {count} parameters. {use}"


def _written(finding: Finding) -> str:
    """Return what was found, for a terminal."""
    model = finding.model
    run_by = "its name" if model.is_official else "its version"
    roles = finding.roles
    version = model.version[:12] or "unknown"
    lines = [
        f"{finding.label} ({model.slug}), version {version}, run by {run_by}",
        shorten(printable(model.description), 300, placeholder=" …"),
        "",
        *_table(finding),
        "",
        f"Takes the photo:  {_taker(finding, 'image')}",
        f"Takes the prompt: {_taker(finding, 'prompt')}",
        *(f"Takes the {role}: {name}" for role, name in roles.items() if role not in _ASKED),
        f"Comes back:       {finding.output}",
        f"Stages a photo:   {'yes' if finding.obstacle is None else f'no. {finding.obstacle}'}",
        *(f"Note: {note}" for note in finding.notes),
    ]
    return "\n".join(line.rstrip() for line in lines)


_ASKED = ("image", "prompt")


def _taker(finding: Finding, role: str) -> str:
    taken = finding.roles.get(role)
    others = [name for name in finding.choices[role] if name != taken]
    could = f" (--{role} could be {', '.join(others[:8])})" if others else ""
    return f"{taken or 'no input'}{could}"


def _table(finding: Finding) -> list[str]:
    rows = [
        (
            f"{parameter.name}{' (required)' if parameter.is_required else ''}",
            parameter.kind,
            "" if parameter.default is UNSET else json_in_words(parameter.default),
            parameter.allowed,
            parameter.carried_out_by,
        )
        for parameter in finding.parameters
    ]
    if not rows:
        return ["It has no parameters."]
    cut = [[_cut(cell, most) for cell, most in zip(row, _WIDEST, strict=True)] for row in rows]
    cut.insert(0, list(_COLUMNS))
    widths = [max(len(row[place]) for row in cut) for place in range(len(_COLUMNS))]
    edge = max(get_terminal_size((160, 24)).columns, 80)
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))[
            :edge
        ].rstrip()
        for row in cut
    ]


def _cut(text: str, most: int) -> str:
    text = printable(text)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _counted(tally: Tally) -> str:
    parts = [f"{tally.added} added"]
    parts += [f"{tally.adopted} given their published schema"] if tally.adopted else []
    parts += [f"{tally.unchanged} there already"] if tally.unchanged else []
    parts += [f"{tally.declined} declined"] if tally.declined else []
    parts += [f"{len(tally.refused)} refused"] if tally.refused else []
    usable = "model is" if tally.usable == 1 else "models are"
    return (
        f"{tally.usable} {usable} usable ({', '.join(parts)}); {tally.can_stage} of those just "
        "read can stage a photo."
    )
