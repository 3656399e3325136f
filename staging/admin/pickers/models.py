"""The picker of a model and of one of its profiles: those that an account may name, and can use."""

from typing import Any, cast

from django import forms
from django.contrib.auth.models import User
from unfold.widgets import UnfoldAdminSelectWidget

from modelsettings.profile_names import shown_name
from staging.offers import ModelOffer, ProfileOffer, offers_to
from staging.templatetags.staging_pictures import dollars

# The first choice, with which nothing is sent. A script names the model that this is.
UNNAMED_MODEL = "As it is set for the project or the site"
UNNAMED_PROFILE = "As it is set for the project, the room or the model"


class ModelFields(forms.Form):
    """A model that can stage, and a profile of it; both may be left as they are set.

    A profile's value is `slug:name`, so that it brings its model along.
    """

    model = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget())
    profile = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget())

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        self.offers = offers_to(by)
        models = [(offer.slug, _label_of(offer)) for offer in self.offers if offer.may_name]
        profiles = [
            (offer.label, choices) for offer in self.offers if (choices := _profiles_of(offer))
        ]
        cast("forms.ChoiceField", self.fields["model"]).choices = [("", UNNAMED_MODEL), *models]
        cast("forms.ChoiceField", self.fields["profile"]).choices = [
            ("", UNNAMED_PROFILE),
            *profiles,
        ]

    def clean(self) -> dict[str, Any]:
        """Take the model from the profile, which names it; the two must fit."""
        cleaned = super().clean() or {}
        slug, _, name = cleaned.get("profile", "").rpartition(":")
        if name and cleaned.get("model") not in ("", None, slug):
            self.add_error("profile", "This profile is another model's.")
        elif name:
            cleaned |= {"model": slug, "profile": name}
        return cleaned


def chosen_in_address(offers: list[ModelOffer], *, model: str, profile: str) -> dict[str, str]:
    """Return the fields' values for a model and a profile that an address names, where offered."""
    offer = next((offer for offer in offers if offer.slug == model and offer.may_name), None)
    if offer is None:
        return {}
    names = [row.name for row in offer.profiles if row.may_name]
    return {"model": model, "profile": f"{model}:{profile}" if profile in names else ""}


def _label_of(offer: ModelOffer) -> str:
    """Name a model, with what a picture of a typical photo costs."""
    live = next((profile for profile in offer.profiles if profile.is_live), None)
    return f"{offer.label}, {_price_of(live)}"


def _profiles_of(offer: ModelOffer) -> list[tuple[str, str]]:
    # A profile is chosen together with its model.
    if not offer.may_name:
        return []
    return [
        (f"{offer.slug}:{profile.name}", _label_of_profile(profile))
        for profile in offer.profiles
        if profile.may_name
    ]


def _label_of_profile(profile: ProfileOffer) -> str:
    live = " (live)" if profile.is_live else ""
    return f"{shown_name(profile.name)}{live}, {_price_of(profile)}"


def _price_of(profile: ProfileOffer | None) -> str:
    if profile is None or profile.price is None:
        return "cost unknown"
    return f"about {dollars(profile.price)} a picture"
