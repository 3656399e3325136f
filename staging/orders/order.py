"""An order: photos, and how each is to be staged, as a person puts them together."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from staging.access import Right
from staging.batches.sent import SentPhoto
from staging.jobs.request import StagingRequest
from staging.models import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Photos to be staged once in each of `styles`, as `wanted` says, in a project.

    `wanted` has the room of those photos that name none. `passed_over` counts, by extension, the
    files beside the photos, of which nothing is made.
    """

    photos: Sequence[SentPhoto]
    wanted: StagingRequest
    styles: Sequence[str]
    project: Project
    passed_over: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_one_job(self) -> bool:
        """Whether it is one photo in one style: a job of its own, where more is a batch."""
        return len(self.photos) == 1 and len(self.styles) == 1

    @property
    def right(self) -> Right:
        """The right that placing it takes."""
        return Right.STAGE if self.is_one_job else Right.STAGE_MANY

    @property
    def digest(self) -> str:
        """A text that is the same for the same order only; of a new file its name and size count.

        Its content is not read: the digest is known before the file is sent, too.
        """
        wanted = self.wanted
        said = [
            str(self.project.pk),
            sorted(self.styles),
            [wanted.room_type, wanted.prompt, wanted.prompt_mode, wanted.model, wanted.profile],
            [dict(wanted.overrides), wanted.seed],
            sorted(
                [
                    photo.name,
                    photo.size,
                    photo.room_type or photo.room_otherwise,
                    str(photo.photo and photo.photo.pk),
                ]
                for photo in self.photos
            ),
        ]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
