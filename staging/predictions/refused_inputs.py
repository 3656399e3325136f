"""Says in words which inputs a model refused, and where each refused value came from."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from modelsettings.pinned_schemas import find_schema
from modelsettings.schema.comparison import UNSET
from modelsettings.schema.flattening import legible
from modelsettings.schema.parameters import title_of
from modelsettings.schema.published import is_secret
from modelsettings.schema.words import json_in_words, value_in_words
from replicate_api.errors import InvalidInput
from staging.models import StagingJob
from staging.predictions.refusal_words import cut, wanted_in_words

# The timeline keeps 500 characters of a reason.
MOST_CHARACTERS = 480
_LONGEST_NAME = 60
_LONGEST_VALUE = 60


class Origin(StrEnum):
    """Where the value of a refused input came from.

    NOT_SENT: it is required, and neither the job nor its profile had it. RESTAGE: Restage asks for
    another file format than the settings, because it encodes the picture itself. ENVIRONMENT: it is
    a secret.
    """

    PROFILE = "profile"
    OVERRIDES = "overrides"
    PHOTO = "photo"
    PROMPT = "prompt"
    ROOM = "room"
    STYLE = "style"
    RESTAGE = "restage"
    ENVIRONMENT = "environment"
    NOT_SENT = "not_sent"


_ORIGINS = {
    Origin.PROFILE: "the settings profile has {}",
    Origin.OVERRIDES: "the job asks for {}",
    Origin.PHOTO: "the photo",
    Origin.PROMPT: "the prompt",
    Origin.ROOM: "the room",
    Origin.STYLE: "the style",
    Origin.RESTAGE: "Restage sends {}, to encode the picture itself",
    Origin.ENVIRONMENT: "a secret",
    Origin.NOT_SENT: "nothing was sent",
}
_WITH_VALUE = (Origin.PROFILE, Origin.OVERRIDES, Origin.RESTAGE)
_ROLES = {"room": Origin.ROOM, "style": Origin.STYLE}


@dataclass(frozen=True, slots=True)
class RefusedInput:
    """One input that a model refused: what it would take, in words, and the value's origin.

    `value` is as the profile, the job or Restage has it; UNSET for what is not to be repeated: the
    photo's address, the prompt, a secret.
    """

    name: str
    wanted: str
    origin: Origin
    value: Any = UNSET

    def __str__(self) -> str:
        title = cut(legible(title_of(self.name)), _LONGEST_NAME)
        origin = _ORIGINS[self.origin].format(_said(self.value))
        return f"{title}: {self.wanted} ({origin})."


def find_refused(job: StagingJob, error: InvalidInput) -> list[RefusedInput]:
    """Return the inputs that an answer names; none where it names anything else.

    Then the answer's form is not known, and `error` itself says more.
    """
    schema = find_schema(job.model)
    inputs = schema.inputs if schema else {}
    found: dict[str, RefusedInput] = {}
    for field, told in error.fields:
        name, part = _name_of(field, known={*job.input, *inputs})
        if not name:
            return []
        origin = _origin_of(name, job=job, is_secret=is_secret(name, inputs.get(name, {})))
        wanted = wanted_in_words(told, field=field, may_quote=origin != Origin.ENVIRONMENT)
        wanted += f", in its part {cut(legible(part), _LONGEST_NAME)}" if part else ""
        value = job.input[name] if origin in _WITH_VALUE else UNSET
        # An input may be named once for each rule that it breaks: the first says enough.
        found.setdefault(name, RefusedInput(name, wanted, origin, value))
    return list(found.values())


def say_refused(refused: Iterable[RefusedInput]) -> str:
    """Return the sentences about refused inputs, as many as a timeline keeps.

    >>> say_refused([RefusedInput("output_quality", "at most 70", Origin.PROFILE, 80)])
    'The model refused an input. Output quality: at most 70 (the settings profile has 80).'
    """
    sentences = [str(refused_input) for refused_input in refused]
    count = len(sentences)
    text = f"The model refused {'an input' if count == 1 else f'{count} inputs'}."
    for index, sentence in enumerate(sentences):
        more = f" And {count - index} more."
        if len(text) + 1 + len(sentence) + len(more) > MOST_CHARACTERS:
            return text + more
        text = f"{text} {sentence}"
    return text


def _name_of(field: str, *, known: Collection[str]) -> tuple[str, str]:
    """Return the input that is meant, and which part of it; "" for what is no input.

    >>> _name_of("input.images.0", known=("images",))
    ('images', '0')
    """
    root, _, path = field.partition(".")
    if root != "input" or path in known:
        return path if root == "input" else "", ""
    name, _, part = path.partition(".")
    return name, part


def _origin_of(name: str, *, job: StagingJob, is_secret: bool) -> Origin:
    if is_secret:
        return Origin.ENVIRONMENT
    if name not in job.input:
        return Origin.NOT_SENT
    value = job.input[name]
    if value in (job.photo_reference, [job.photo_reference]):
        return Origin.PHOTO
    if name not in job.settings:
        # What a job brings itself, beside the photo, are words.
        roles = job.model.roles
        named = [origin for role, origin in _ROLES.items() if roles.get(role) == name]
        return named[0] if named else Origin.PROMPT
    if value != job.settings[name]:
        return Origin.RESTAGE
    return Origin.OVERRIDES if name in job.overrides else Origin.PROFILE


def _said(value: Any) -> str:
    said = json_in_words(value) if isinstance(value, list | dict | None) else value_in_words(value)
    return cut(legible(said), _LONGEST_VALUE)
