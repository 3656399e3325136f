from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ModelSettingsConfig(AppConfig):
    name = "modelsettings"
    verbose_name = "Model settings"

    def ready(self) -> None:
        # Needs the models, which are not there when this module is imported.
        from modelsettings.registry import load_catalog_after_migrate  # noqa: PLC0415

        post_migrate.connect(load_catalog_after_migrate, sender=self)
