"""The part of a model's page beside its settings: its name, use, price and inputs."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from modelsettings import model_facts, updates
from modelsettings.actors import Actor
from modelsettings.admin.price_form import PriceForm
from modelsettings.errors import RequestRefused
from modelsettings.model_schema import ModelSchema
from modelsettings.models import ReplicateModel
from modelsettings.pinned_schemas import find_schema
from modelsettings.refusals import put_on_form
from modelsettings.schema.parameters import title_of
from modelsettings.schema.roles import role_choices
from modelsettings.settings import StoredSettings
from modelsettings.updates import Outcome, Reading

# The roles that can be given to another input, and what each takes.
ROLES = {"image": "Takes the photo", "prompt": "Takes the prompt"}
# What is saved is said at the model's part of the page, where the browser goes then.
SAID_AT = "model"


class ComparedForm(forms.Form):
    """A form that knows what it was drawn with, and so which of its fields a person changed.

    The others are not saved: another person may have changed them since.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, field in self.fields.items():
            field.show_hidden_initial = name != "reason"

    @property
    def changes(self) -> dict[str, Any]:
        """The values that a person changed, of a valid form.

        What came without the value that it was drawn with, no browser sent: it is taken as meant.
        """
        changed = self.changed_data
        return {
            field.name: self.cleaned_data[field.name]
            for field in self
            if field.name != "reason"
            and (field.name in changed or field.html_initial_name not in self.data)
        }


def _reason(question: str) -> forms.CharField:
    """Return the field that asks why; each form on the page asks in words of its own."""
    widget = UnfoldAdminTextInputWidget
    return forms.CharField(label=question, required=False, max_length=500, widget=widget)


class FactsForm(ComparedForm):
    """A model's name and use."""

    label = forms.CharField(label="Name", max_length=200, widget=UnfoldAdminTextInputWidget)
    description = forms.CharField(
        required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )
    is_enabled = forms.BooleanField(
        label="Jobs may use it", required=False, widget=UnfoldBooleanSwitchWidget
    )
    clients_may_name = forms.BooleanField(
        label="Clients may name it",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Without it they get this model only where it is the default, or where their "
        "project has it.",
    )
    reason = _reason("Why this name and use?")


class RolesForm(ComparedForm):
    """The inputs that take the photo and the prompt."""

    reason = _reason("Why these inputs?")
    field_order = (*ROLES, "reason")

    def __init__(self, schema: ModelSchema | None, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for role, words in ROLES.items() if schema else ():
            names = role_choices(schema.flat, role) if schema else []
            choices = [*((name, title_of(name)) for name in names), ("", "no input")]
            self.fields[role] = forms.ChoiceField(
                label=words, choices=choices, required=False, widget=UnfoldAdminSelectWidget
            )
            self.fields[role].show_hidden_initial = True
        self.order_fields(self.field_order)


def model_context(
    request: HttpRequest,
    model: ReplicateModel,
    *,
    stored: StoredSettings,
    refused: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what the part of a model draws; `refused` are forms to be drawn again, by name.

    `stored` is one of its profiles.
    """
    schema = stored.schema
    drawn: dict[str, Any] = {
        "facts_form": FactsForm(initial=_facts_of(model), prefix="facts"),
        "price_form": PriceForm(model.price, schema.parameters),
        "roles_form": RolesForm(schema, initial=model.roles, prefix="roles"),
    }
    roles = [(words, model.roles.get(role, "")) for role, words in ROLES.items()]
    others = [
        (f"Takes the {role}", name) for role, name in model.roles.items() if role not in ROLES
    ]
    return {
        "model": model,
        "stored": stored,
        **_published(model),
        "roles": [*roles, *others],
        "can_change_model": request.user.has_perm("modelsettings.change_replicatemodel"),
        "can_add_model": request.user.has_perm("modelsettings.add_replicatemodel"),
        **drawn,
        **(refused or {}),
    }


def save_part(request: HttpRequest, model: ReplicateModel) -> dict[str, Any] | None:
    """Save the form that was sent; return it, to be drawn again, where it was refused."""
    match request.POST.get("action"):
        case "facts":
            return _save_facts(request, model)
        case "price":
            return _save_price(request, model)
        case "roles":
            return _save_roles(request, model)
        case "check":
            say_reading(request, updates.read_now(model, by=Actor.of(request.user)))
            return None
    messages.info(request, "Nothing was sent that could be saved.", extra_tags=SAID_AT)
    return None


def say_reading(request: HttpRequest, reading: Reading) -> None:
    """Say on the next page what reading a model anew came to."""
    level = {
        Outcome.UNCHANGED: messages.SUCCESS,
        Outcome.CHANGED: messages.WARNING,
        Outcome.NOT_READ: messages.ERROR,
    }[reading.outcome]
    lead = "Not read from Replicate" if reading.outcome == Outcome.NOT_READ else "Read"
    messages.add_message(request, level, f"{lead}: {reading.sentence}", extra_tags=SAID_AT)


def _published(model: ReplicateModel) -> dict[str, Any]:
    """Return what is known of the model at Replicate: when it was read, and what differs."""
    row = updates.with_readings(ReplicateModel.objects.filter(pk=model.pk)).get()
    reading, pinned = updates.find_reading(row), row.pinned_schema
    is_confirmed = updates.is_confirmed(row)
    # A model that was added from Replicate was read then.
    read_at = (reading and reading.read_at) or (pinned and is_confirmed and pinned.read_at)
    return {
        "reading": reading,
        "read_at": read_at,
        "is_confirmed": is_confirmed,
        "update": updates.find_update(row),
    }


def _facts_of(model: ReplicateModel) -> dict[str, Any]:
    return {name: getattr(model, name) for name in FactsForm.base_fields if name != "reason"}


def _save_facts(request: HttpRequest, model: ReplicateModel) -> dict[str, Any] | None:
    form = FactsForm(request.POST, prefix="facts")
    if form.is_valid():
        if not form.changes:
            _say_unchanged(request)
            return None
        try:
            row = model_facts.change_model(model.pk, form.changes, **_signed(request, form))
        except RequestRefused as error:
            put_on_form(error, form)
        else:
            messages.success(request, f"{row.label} is saved.", extra_tags=SAID_AT)
            return None
    return {"facts_form": _with_focus(form)}


def _save_price(request: HttpRequest, model: ReplicateModel) -> dict[str, Any] | None:
    schema = find_schema(model)
    form = PriceForm(model.price, schema.parameters if schema else {}, request.POST)
    if form.is_valid():
        if form.is_unchanged:
            _say_unchanged(request)
            return None
        by = Actor.of(request.user)
        try:
            model_facts.change_model(model.pk, {"price": form.price}, by=by, reason=form.reason)
        except RequestRefused as error:
            form.error = str(error)
        else:
            words = f"The price of {model.label} is saved."
            messages.success(request, words, extra_tags=SAID_AT)
            return None
    return {"price_form": form}


def _save_roles(request: HttpRequest, model: ReplicateModel) -> dict[str, Any] | None:
    form = RolesForm(find_schema(model), request.POST, prefix="roles")
    if form.is_valid():
        if not form.changes:
            _say_unchanged(request)
            return None
        try:
            model_facts.correct_roles(model.pk, form.changes, **_signed(request, form))
        except RequestRefused as error:
            form.add_error(None, str(error))
        else:
            words = f"The inputs of {model.label} are saved."
            messages.success(request, words, extra_tags=SAID_AT)
            return None
    return {"roles_form": _with_focus(form)}


def _say_unchanged(request: HttpRequest) -> None:
    messages.info(request, "Nothing was changed.", extra_tags=SAID_AT)


def _with_focus(form: forms.Form) -> forms.Form:
    """Have the browser go to the first field that is wrong; what is wrong with all is on top."""
    if not form.non_field_errors():
        wrong = next(name for name in form.fields if name in form.errors)
        form.fields[wrong].widget.attrs["autofocus"] = True
    return form


def _signed(request: HttpRequest, form: forms.Form) -> dict[str, Any]:
    return {"by": Actor.of(request.user), "reason": form.cleaned_data["reason"]}
