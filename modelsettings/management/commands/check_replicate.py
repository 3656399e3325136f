import io
import os
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from PIL import Image

from modelsettings.candidates import (
    Candidate,
    CannotBeTried,
    choose_candidate,
    describe_differences,
    subject_of,
)
from modelsettings.catalog.shipped import shipped_models
from modelsettings.schema.flattening import SchemaRefused
from modelsettings.schema.published import PublishedModel
from replicate_api.assumptions import try_all
from replicate_api.assumptions.outcomes import Outcome
from replicate_api.assumptions.purchases import MAX_PURCHASES
from replicate_api.assumptions.trial import Trial, Wait
from replicate_api.assumptions.webhook_receiver import WebhookReceiver
from replicate_api.client import ReplicateClient
from replicate_api.errors import ReplicateError, UnusableToken

_MARKS = {"held": "SUCCESS", "failed": "ERROR", "not tried": "WARNING"}
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class Command(BaseCommand):
    help = (
        "Tries what Restage believes of Replicate, on two predictions at most, and writes down "
        "what held, what failed and what was not tried. Says what it may cost before it begins."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do not ask before spending")
        parser.add_argument("--model", metavar="OWNER/NAME", help="default: the cheapest")
        parser.add_argument(
            "--report",
            metavar="FOLDER",
            type=Path,
            default=settings.DATA_DIR,
            help="where the dated report is written (%(default)s)",
        )
        parser.add_argument(
            "--webhook-url",
            metavar="URL",
            help="an https address that reaches --listen, for example a tunnel's",
        )
        parser.add_argument(
            "--listen", metavar="[HOST:]PORT", help="where webhooks are received meanwhile"
        )
        parser.add_argument(
            "--burst",
            metavar="N",
            type=int,
            default=0,
            help="send up to N creates without an input, which buy nothing, until a 429 comes",
        )
        parser.add_argument(
            "--wait",
            action="store_true",
            help=f"stay until all has expired, {Wait().watched_s / 60:.0f} minutes at most",
        )
        parser.add_argument(
            "--patience",
            metavar="SECONDS",
            type=float,
            default=180.0,
            help="how long something may take to finish, arrive or be listed (%(default)g)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        models = {slug: model.published for slug, model in shipped_models().items()}
        try:
            candidate = choose_candidate(models, options["model"])
        except CannotBeTried as error:
            raise CommandError(str(error)) from error
        report = _report_path(options["report"])
        self._ask(candidate, is_agreed=options["yes"])
        receiving = receive_webhooks(options["webhook_url"], options["listen"])
        with _client() as client, receiving as (receiver, webhook):
            trial = Trial(
                client=client,
                subject=subject_of(_live(client, candidate.model)),
                photo=_photo(),
                models=tuple(models),
                compare=lambda answer: describe_differences(models, answer),
                webhook=webhook,
                receiver=receiver,
                patience_s=options["patience"],
                burst=options["burst"],
                wait=Wait() if options["wait"] else None,
            )
            outcomes = self._try(trial)
        report.write_text(_written(outcomes, candidate=candidate), encoding="utf-8")
        self.stdout.write(f"\n{_counted(outcomes)} The report: {report}")
        if any(outcome.result == "failed" for outcome in outcomes):
            raise CommandError("Replicate does not do all that Restage believes.", returncode=1)

    def _ask(self, candidate: Candidate, *, is_agreed: bool) -> None:
        self.stdout.write(
            f"This buys at most {MAX_PURCHASES} predictions of {candidate.model.slug} at "
            f"{settings.REPLICATE_BASE_URL}, for ${candidate.cost:.2f} at most by the catalogue's "
            "price. What Replicate ought to refuse has a deadline of 5 seconds."
        )
        if is_agreed:
            return
        if not sys.stdin.isatty():
            raise CommandError("There is no terminal to ask at: give --yes to agree beforehand.")
        if input("Go on? [y/N] ").strip().lower() not in ("y", "yes"):
            raise CommandError("Nothing was tried and nothing was bought.")

    def _try(self, trial: Trial) -> list[Outcome]:
        """Return the outcomes, each printed as it comes, and cancel predictions that still run."""
        outcomes = []
        try:
            for outcome in try_all(trial):
                outcomes.append(_cleaned(outcome, secrets=(_token(), trial.secret)))
                self._print(outcomes[-1])
        except KeyboardInterrupt:
            raise CommandError("Stopped; no report was written.", returncode=130) from None
        finally:
            if running := trial.purchases.cancel_running():
                self.stderr.write(f"May run on until its deadline: {', '.join(running)}.")
        return outcomes

    def _print(self, outcome: Outcome) -> None:
        style = getattr(self.style, _MARKS[outcome.result])
        self.stdout.write(f"{style(f'{outcome.result:9}')}  {outcome.name}")
        self.stdout.write(f"{'':11}{outcome.detail}")
        self.stdout.flush()


def _token() -> str:
    return str(settings.REPLICATE_API_TOKEN).strip()


@contextmanager
def _client() -> Iterator[ReplicateClient]:
    try:
        client = ReplicateClient(
            token=_token(),
            base_url=settings.REPLICATE_BASE_URL,
            timeout_s=settings.STAGING_REQUEST_LIMIT_S,
        )
    except UnusableToken as error:
        raise CommandError(f"REPLICATE_API_TOKEN: {error}") from error
    with closing(client):
        yield client


def _live(client: ReplicateClient, ours: PublishedModel) -> PublishedModel:
    """Return the model as published now, so that a changed input fails one check, not all."""
    try:
        live = PublishedModel.from_json(client.get_model(ours.slug))
        subject_of(live)
    except (ReplicateError, SchemaRefused, KeyError):
        return ours
    return live


def _photo() -> bytes:
    """Return a small JPEG of an empty room."""
    image = Image.new("RGB", (256, 192), (228, 225, 218))
    image.paste((168, 130, 92), (0, 120, 256, 192))
    output = io.BytesIO()
    image.save(output, "JPEG", quality=80)
    return output.getvalue()


@contextmanager
def receive_webhooks(
    webhook_url: str | None, listen: str | None
) -> Iterator[tuple[WebhookReceiver | None, str | None]]:
    """Yield the receiver of webhooks, and the address that Replicate is given; each may be None."""
    if webhook_url and not listen:
        raise CommandError("--webhook-url needs --listen, the port that the address reaches.")
    is_local = urlsplit(settings.REPLICATE_BASE_URL).hostname in _LOOPBACK
    if not webhook_url and not is_local:
        # Replicate's list shows the address all the same; the site answers it with 404.
        public = settings.PUBLIC_URL
        yield None, f"{public}/check-replicate" if public else None
        return
    host, port = _listen_address(listen or "0")
    try:
        opened = WebhookReceiver.opened(host=host, port=port)
        with opened as receiver:
            base = (webhook_url or f"http://{host}:{receiver.port}").rstrip("/")
            yield receiver, f"{base}{receiver.path}"
    except OSError as error:
        raise CommandError(f"--listen {listen}: {error.strerror}.") from error


def _listen_address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        raise CommandError(f"--listen is a port, or host:port, not {listen!r}.")
    return host.strip("[]") or "127.0.0.1", int(port)


def _report_path(folder: Path) -> Path:
    """Return the report's path. Raises CommandError, before money is spent, if it is unwritable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"--report {folder}: {error.strerror}.") from error
    if not os.access(folder, os.W_OK):
        raise CommandError(f"--report {folder}: nothing can be written there.")
    stem, number = f"replicate-{timezone.localdate():%Y-%m-%d}", 1
    path = folder / f"{stem}.md"
    # An earlier report was paid for: it is never overwritten.
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}.md"
    return path


def _cleaned(outcome: Outcome, *, secrets: tuple[str, ...]) -> Outcome:
    """Return the outcome on one line, without secrets, whatever Replicate wrote in an error."""
    detail = " ".join(outcome.detail.split())
    for secret in filter(None, secrets):
        detail = detail.replace(secret, "[secret]")
    detail = "".join(character for character in detail if character.isprintable())
    return Outcome(name=outcome.name, result=outcome.result, detail=detail)


def _counted(outcomes: list[Outcome]) -> str:
    counts = Counter(outcome.result for outcome in outcomes)
    return f"{counts['held']} held, {counts['failed']} failed, {counts['not tried']} not tried."


def _written(outcomes: list[Outcome], *, candidate: Candidate) -> str:
    """Return the report in Markdown."""
    rows = [
        f"| **{outcome.result}** | {_cell(outcome.name)} | {_cell(outcome.detail)} |"
        if outcome.result == "failed"
        else f"| {outcome.result} | {_cell(outcome.name)} | {_cell(outcome.detail)} |"
        for outcome in outcomes
    ]
    return "\n".join(
        [
            f"# Replicate, tried on {timezone.localdate():%Y-%m-%d}",
            "",
            f"At {settings.REPLICATE_BASE_URL}, with {candidate.model.slug}, for at most "
            f"${candidate.cost:.2f} by the catalogue's price; ended at "
            f"{timezone.localtime():%H:%M %Z}.",
            "",
            _counted(outcomes),
            "",
            "| | believed | found |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
