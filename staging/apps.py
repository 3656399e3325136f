from django.apps import AppConfig
from django.db.models.signals import post_migrate


class StagingConfig(AppConfig):
    name = "staging"

    def ready(self) -> None:
        # Needs the models, which are not there when this module is imported.
        from staging.library.changing import load_library_after_migrate  # noqa: PLC0415

        post_migrate.connect(load_library_after_migrate, sender=self)
