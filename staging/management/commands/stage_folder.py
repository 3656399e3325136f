"""Stages the photos of a folder, as `POST staging/batches` does, and shows the progress."""

import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from modelsettings.errors import RequestRefused
from staging.batches.file_names import is_photo_name, tell_passed_over
from staging.batches.progress import Progress, photos_with_jobs, progress_of
from staging.batches.requesting import find_error, request_batch
from staging.batches.rooms import tell_unnamed
from staging.batches.sent import MAX_PHOTOS, Sending, choose_rooms, from_folder
from staging.jobs.request import StagingRequest
from staging.models import BatchPhoto, JobStatus, Project, StagingBatch, StagingJob
from staging.projects import create_project

LOOK_EVERY_S = 0.5
# In a log, the progress is written less often than on a terminal.
SAY_EVERY_S = 5.0
# Without progress for this long, the command asks whether a worker runs.
PATIENCE_S = 30.0
INTERRUPTED = 130


class Command(BaseCommand):
    help = (
        "Stage all photos below a folder. A photo in a folder that names a room"
        ' ("bedroom", "01 Living Room") is staged as that room.'
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--user", required=True, help="whose photos and jobs they are")
        parser.add_argument("--project", help="its name; made where there is none of this name")
        parser.add_argument("--room-type", default="", help="for photos whose folder names none")
        parser.add_argument(
            "--style", action="append", default=[], help="may be repeated; modern by default"
        )
        parser.add_argument(
            "--model", default="", help="owner/name; by default the project's, or the default"
        )
        parser.add_argument("--profile", default="", help="by default the model's live one")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be staged, and stage nothing"
        )
        parser.add_argument("--no-wait", action="store_true", help="do not wait for the pictures")

    def handle(
        self, *args: Any, folder: Path, user: str, project: str | None, room_type: str,
        style: list[str], model: str, profile: str, dry_run: bool, no_wait: bool, **options: Any,
    ) -> None:  # fmt: skip
        owner = User.objects.filter(username=user, is_active=True).first()
        if owner is None:
            raise CommandError(f"There is no active user {user}.")
        sending = find_photos(folder)
        wanted = StagingRequest(room_type=room_type, model=model, profile=profile)
        self._say_what_is_found(sending, otherwise=wanted.chosen_room)
        if dry_run:
            return
        place = _find_project(project, owner)
        batches = _request(sending, wanted, owner=owner, project=place, styles=style)
        for batch in batches:
            self.stdout.write(f"{batch}: {_page_of(batch)}")
        if not no_wait:
            try:
                self._watch(batches)
            except KeyboardInterrupt:
                sentence = "The photos are staged without this command too: see the pages above."
                self.stdout.write(f"\n{sentence}")
                raise SystemExit(INTERRUPTED) from None
        self._conclude(batches, has_waited=not no_wait)

    def _say_what_is_found(self, sending: Sending, *, otherwise: str) -> None:
        """Say which rooms the photos get, what is refused, and what is passed over."""
        errors = [(photo, find_error(photo)) for photo in sending.photos]
        rooms = choose_rooms([photo for photo, error in errors if not error], {}, otherwise)
        counted = ", ".join(
            f"{count} as {room}" for room, count in Counter(rooms.of_photos).most_common()
        )
        self.stdout.write(f"Photos: {counted or 'none'}.")
        if rooms.unnamed:
            self.stdout.write(f"{tell_unnamed(rooms.unnamed)} Staged as {otherwise}.")
        if sending.passed_over:
            self.stdout.write(tell_passed_over(sending.passed_over))
        for photo, error in errors:
            if error:
                self.stdout.write(f"Refused: {photo.name}: {error}")

    def _watch(self, batches: list[StagingBatch]) -> None:
        """Show how far the batches are, until they are done."""
        shown, said_at, moved_at, has_hinted = "", 0.0, time.monotonic(), False
        while True:
            found = list(progress_of(batches).values())
            is_finished = all(progress.is_finished for progress in found)
            told, now = progress_in_words(found), time.monotonic()
            if told != shown:
                moved_at = now
                if self.stdout.isatty():
                    self.stdout.write(f"\r{bar(found)} {told}\x1b[K", ending="")
                    shown = told
                elif is_finished or now - said_at >= SAY_EVERY_S:
                    self.stdout.write(told)
                    shown, said_at = told, now
                self.stdout.flush()
            elif now - moved_at > PATIENCE_S and not has_hinted:
                has_hinted = True
                self.stderr.write("\nNothing has moved for a while: does a worker run?")
            if is_finished:
                break
            time.sleep(LOOK_EVERY_S)
        if self.stdout.isatty():
            self.stdout.write("")

    def _conclude(self, batches: list[StagingBatch], *, has_waited: bool) -> None:
        """Print where each picture is and why photos failed; raise CommandError if any did."""
        failed: list[tuple[str, str]] = []
        pictures: list[tuple[str, str]] = []
        for batch in batches:
            for photo in photos_with_jobs(batch):
                failed += failures_of(photo)
                pictures += _pictures_of(photo)
        for name, place in pictures:
            self.stdout.write(f"{name}: {place}")
        for name, why in failed:
            self.stderr.write(f"{name}: {why}")
        if failed:
            raise CommandError(f"{len(failed)} failed, {len(pictures)} pictures are ready.")
        if has_waited:
            count = len(pictures)
            told = "The picture is ready." if count == 1 else f"All {count} pictures are ready."
            self.stdout.write(self.style.SUCCESS(told))


def _request(
    sending: Sending,
    wanted: StagingRequest,
    *,
    owner: User,
    project: Project,
    styles: Sequence[str],
) -> list[StagingBatch]:
    # What was passed over is told once, on the page of the first batch.
    starts = range(0, len(sending.photos), MAX_PHOTOS)
    try:
        return [
            request_batch(
                sending.photos[at : at + MAX_PHOTOS],
                wanted,
                owner=owner,
                project=project,
                styles=styles,
                passed_over={} if at else sending.passed_over,
            )
            for at in starts
        ]
    except RequestRefused as error:
        raise CommandError(str(error)) from error


def find_photos(folder: Path) -> Sending:
    """Return the photos below a folder, and what is passed over there. Raises CommandError."""
    if not folder.is_dir():
        raise CommandError(f"{folder} is not a folder.")
    found = from_folder(folder)
    if not any(is_photo_name(photo.name) for photo in found.photos):
        raise CommandError(
            f"There are no photos below {folder}: JPEG, PNG, WebP, HEIC, AVIF or TIFF files."
        )
    return found


def bar(found: Iterable[Progress]) -> str:
    """Draw a bar for a terminal: `[#####     ]`."""
    found = list(found)
    width = max(10, min(40, get_terminal_size().columns - 50))
    total = sum(progress.total for progress in found)
    full = sum(progress.total - progress.in_work for progress in found) * width // total
    return f"[{'#' * full}{' ' * (width - full)}]"


def progress_in_words(found: Iterable[Progress]) -> str:
    """Say how far batches are: `62 %, 124 of 200 made, 3 not made`."""
    found = list(found)
    made = sum(progress.made for progress in found)
    total = sum(progress.total for progress in found)
    not_made = sum(progress.not_made for progress in found)
    told = f"{made * 100 // total} %, {made} of {total} made"
    return f"{told}, {not_made} not made" if not_made else told


def failures_of(photo: BatchPhoto) -> Iterator[tuple[str, str]]:
    """Yield each failure of a photo: the name of what failed, and the reason."""
    if photo.error:
        yield photo.name, photo.error
    for style, error in photo.job_errors.items():
        yield f"{photo.name}, {style}", error
    for job in photo.jobs.all():
        if job.status in (
            JobStatus.FAILED, JobStatus.PARTIALLY_SUCCEEDED, JobStatus.CANCELED
        ):  # fmt: skip
            yield f"{photo.name}, {job.style}", _why(job)


def _why(job: StagingJob) -> str:
    errors = [prediction.public_error for prediction in job.predictions.all() if prediction.error]
    return errors[0] if errors else f"The job was {JobStatus(job.status).label.lower()}."


def _pictures_of(photo: BatchPhoto) -> Iterator[tuple[str, str]]:
    for job in photo.jobs.all():
        for prediction in job.predictions.all():
            for image in prediction.images.all():
                yield f"{photo.name}, {job.style}", _place_of(image.file.name or "")


def _place_of(name: str) -> str:
    try:
        return default_storage.path(name)
    except NotImplementedError:
        # Files in a bucket have names, and no paths.
        return name


def _page_of(batch: StagingBatch) -> str:
    path = reverse("admin:staging_stagingbatch_change", args=[batch.pk])
    return f"{settings.PUBLIC_URL}{path}"


def _find_project(name: str | None, owner: User) -> Project:
    if name is None:
        return Project.objects.unsorted_of(owner)
    found = list(Project.objects.edited_by(owner).filter(name=name)[:2])
    if len(found) > 1:
        raise CommandError(f"{owner} has several projects called {name}.")
    return found[0] if found else create_project(name, owner=owner)
