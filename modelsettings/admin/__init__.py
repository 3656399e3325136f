"""The admin's pages of models and their settings.

models     the list of models
adding     reading a published model, and adding it
profiles   a profile: its form, its panel, what can be done with it
history    its past: revisions, comparison, rollback
search     settings across all models
"""

from modelsettings.admin import models, profiles

__all__ = ["models", "profiles"]
