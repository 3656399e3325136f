"""The bounds of a client: what an account that may not change settings decides of its own jobs.

A client changes only the parameters that a profile lets clients change, names only the models and
profiles that clients may name, and replaces the whole prompt only by a permission of its own.
"""

from django.contrib.auth.models import User
from django.db.models import QuerySet

from modelsettings.errors import RequestRefused
from modelsettings.models import ModelSettings, ReplicateModel

_TUNE = "modelsettings.change_modelsettings"
_REPLACE_PROMPT = "staging.replace_prompt"


class MayNotName(RequestRefused):
    """A model or a profile that is there, and that clients may not name."""

    status = 403
    code = "may_not_name"


class MayNotReplacePrompt(RequestRefused):
    """A prompt in place of the rules that keep the room, by an account that may not replace it."""

    status = 403
    code = "may_not_replace_prompt"

    def __init__(self) -> None:
        super().__init__(
            "Your account may not replace the whole prompt: let your words be added to the rules "
            'that keep the room ("add"), or ask an operator for the permission.',
            field="prompt_mode",
        )


def is_client(user: User) -> bool:
    """Say whether an account is a client: one that may not change settings."""
    return not user.has_perm(_TUNE)


def may_replace_prompt(user: User) -> bool:
    return user.has_perm(_REPLACE_PROMPT)


def check_prompt(user: User, *, mode: str) -> None:
    """Raise MayNotReplacePrompt for a mode that the account may not use."""
    if mode == "replace" and not may_replace_prompt(user):
        raise MayNotReplacePrompt


def nameable_models(user: User) -> QuerySet[ReplicateModel]:
    """Return the models that an account may name; whether each can stage is another question."""
    models = ReplicateModel.objects.filter(is_enabled=True)
    return models.filter(clients_may_name=True) if is_client(user) else models


def nameable_profiles(user: User) -> QuerySet[ModelSettings]:
    """Return the profiles that an account may name, of whichever model."""
    rows = ModelSettings.objects.filter(retired_at=None, model__is_enabled=True)
    return rows.filter(clients_may_name=True) if is_client(user) else rows


def check_model_named(user: User, model: str) -> None:
    """Raise MayNotName for a model that the account may not name.

    A model that is not there is left to the code that looks it up.
    """
    kept = ReplicateModel.objects.filter(clients_may_name=False)
    if is_client(user) and kept.filter(slug=model).exists():
        raise MayNotName(
            f"Clients may not name {model}: leave the model out, or ask an operator.", field="model"
        )


def check_profile_named(user: User, profile: str, *, model: str) -> None:
    """Raise MayNotName for a profile that the account may not name; of the default model, for "".

    A profile that is not there is left to the code that looks it up.
    """
    of_the_model = {"model__slug": model} if model else {"model__is_default": True}
    kept = ModelSettings.objects.filter(clients_may_name=False, retired_at=None, **of_the_model)
    if is_client(user) and kept.filter(name=profile).exists():
        raise MayNotName(
            f"Clients may not name the profile {profile}: leave it out, or ask an operator.",
            field="profile",
        )
