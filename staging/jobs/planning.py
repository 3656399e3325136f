"""Decides what a request leaves open about its job: the model, its settings, the prompt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User

from modelsettings import catalog, profiles
from modelsettings.errors import RequestRefused
from modelsettings.schema.delivery import is_ours
from modelsettings.schema.validation import SettingsRefused
from modelsettings.settings import ProfileNotFound, ResolvedSettings, StoredSettings, resolve
from staging.clients import check_model_named, check_profile_named, check_prompt, is_client
from staging.disclosure import check_override
from staging.jobs.request import StagingRequest
from staging.library.reading import prompt_for
from staging.models import DisclosureRule, Project
from staging.prompts import DEFAULT_ROOM
from staging.spending.estimating import pictures_asked


class CannotStage(RequestRefused):
    """A model or a profile that cannot stage a photo as requested; the message says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, field="model")


class OverridesRefused(RequestRefused):
    """Settings of a request that its model does not take: its seed, or some of its overrides.

    `errors` has an override's sentences under `overrides.output_quality`. `body`, the API's answer,
    has them one level deeper: `{"overrides": {"output_quality": […]}}`.
    """

    def __init__(self, refused: SettingsRefused, *, wanted: StagingRequest) -> None:
        super().__init__(str(refused))
        names_seed = wanted.seed is not None
        self._of_request = {
            key: found for key, found in refused.errors.items() if key == "seed" and names_seed
        }
        self._of_overrides = {
            key: found for key, found in refused.errors.items() if key not in self._of_request
        }

    @property
    def errors(self) -> Mapping[str, list[str]]:
        overrides = {
            f"overrides.{key}" if key else "overrides": found
            for key, found in self._of_overrides.items()
        }
        return {**self._of_request, **overrides}

    def body(self) -> dict[str, Any]:
        overrides = {key or "non_field_errors": found for key, found in self._of_overrides.items()}
        return {**self._of_request, **({"overrides": overrides} if overrides else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that decides a job's pictures, but for the photo.

    `words` are the inputs of the model that take text, by name.
    """

    room_type: str
    style: str
    prompt: str
    words: Mapping[str, str]
    resolved: ResolvedSettings
    overrides: Mapping[str, object] = field(default_factory=dict)
    # Whose rule of disclosure holds, as a job remembers it.
    disclosure_rule: str = ""

    @property
    def predictions(self) -> int:
        """How many predictions the job is carried out by."""
        return self.resolved.delivery.num_outputs

    @property
    def pictures(self) -> int:
        """How many pictures the job asks for: a prediction may be asked for several."""
        each = pictures_asked(self.resolved.stored.schema, settings=self.resolved.settings)
        return self.predictions * each


def plan_job(wanted: StagingRequest, *, project: Project, by: User) -> Plan:
    """Decide everything now, so that later changes of settings or library do not touch the job.

    Raises CannotStage, OverridesRefused, and PromptRefused for a room or a style that there is not;
    NotOverridable, MayNotName and MayNotReplacePrompt for what a client may not decide; RuleHolds
    for another disclosure than a rule's. Each names the field of the request that is wrong.
    """
    check_prompt(by, mode=wanted.prompt_mode)
    if wanted.model:
        check_model_named(by, wanted.model)
    if wanted.profile:
        check_profile_named(by, wanted.profile, model=wanted.model)
    room_type, style = wanted.chosen_room, wanted.chosen_style
    text = prompt_for(
        room_type=room_type, style=style, custom=wanted.prompt, mode=wanted.prompt_mode
    )
    model, profile = _choose_profile(wanted, project=project, room_type=room_type)
    rule = DisclosureRule.objects.find_for(project.pk)
    resolved = _resolve(wanted, model=model, profile=profile, by=by, rule=rule)
    schema = resolved.stored.validator.schema
    if "disclosure" in wanted.overrides and is_ours(schema, "disclosure"):
        check_override(rule, wanted.overrides["disclosure"])
    if resolved.stored.obstacle:
        raise CannotStage(resolved.stored.obstacle)
    if "prompt" not in resolved.stored.roles:
        text = _without_prompt(resolved.stored, wanted.prompt)
    _check_seeds(resolved, wanted=wanted)
    seed = {} if wanted.seed is None else {"seed": wanted.seed}
    return Plan(
        room_type=room_type,
        style=style,
        prompt=text,
        words=_words_for(resolved.stored, room_type=room_type, style=style, prompt=text),
        resolved=resolved,
        overrides={**wanted.overrides, **seed},
        disclosure_rule=rule.scope if rule else "",
    )


def _without_prompt(stored: StoredSettings, prompt: str) -> str:
    """Return the empty prompt of a model that takes none. Raises CannotStage for a custom one."""
    if prompt:
        raise CannotStage(f"{stored.slug} takes no prompt: it is told the room and the style.")
    return ""


def _choose_profile(
    wanted: StagingRequest, *, project: Project, room_type: str
) -> tuple[str, str | None]:
    """Return the model, "" for the default one, and the profile, None for the live one.

    The request comes first, then its project, then the profile that is chosen for the room.
    """
    # A request that names either gets nothing of its project: the project's profile belongs to the
    # project's model.
    model, profile = wanted.model, wanted.profile
    if not model and not profile and project.model is not None:
        model = project.model.slug
        profile = project.profile.name if project.profile else ""
    return model, profile or profiles.find_for_room(model, room_type)


def _resolve(
    wanted: StagingRequest,
    *,
    model: str,
    profile: str | None,
    by: User,
    rule: DisclosureRule | None,
) -> ResolvedSettings:
    """Return the settings of a job. Raises CannotStage, OverridesRefused and NotOverridable."""
    try:
        return resolve(
            model,
            profile=profile,
            overrides=wanted.overrides,
            seed=wanted.seed,
            by_client=is_client(by),
            disclosure=rule.label if rule else None,
        )
    except ProfileNotFound as error:
        raise CannotStage(str(error)) from error
    except SettingsRefused as error:
        raise OverridesRefused(error, wanted=wanted) from error


def _words_for(
    stored: StoredSettings, *, room_type: str, style: str, prompt: str
) -> dict[str, str]:
    """Return the inputs that take the job's words: a prompt, or the model's own room and style.

    Raises CannotStage for a room or a style that a dedicated staging model does not know.
    """
    overlay = catalog.find_overlay(stored.slug)
    words = {stored.roles["prompt"]: prompt} if "prompt" in stored.roles else {}
    for role, word, known in (
        ("room", room_type, overlay.rooms),
        ("style", style, overlay.styles),
    ):
        if role in stored.roles:
            if word not in known:
                choices = ", ".join(known) or "none"
                if word == DEFAULT_ROOM:
                    raise CannotStage(f"{stored.slug} asks for a room_type, one of: {choices}.")
                raise CannotStage(f"{stored.slug} knows no {role} {word}, only: {choices}.")
            words[stored.roles[role]] = known[word]
    return words


def _check_seeds(resolved: ResolvedSettings, *, wanted: StagingRequest) -> None:
    """Refuse where the later pictures of a job would take seeds beyond the model's maximum."""
    seed, count = resolved.input.get("seed"), resolved.delivery.num_outputs
    most = resolved.stored.validator.schema["properties"].get("seed", {}).get("maximum")
    if seed is not None and most is not None and seed + count - 1 > most:
        last = seed + count - 1
        sentence = f"seed: {count} pictures take seeds up to {last}, beyond the maximum of {most}."
        raise OverridesRefused(SettingsRefused({"seed": [sentence]}), wanted=wanted)
