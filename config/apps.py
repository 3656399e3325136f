from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class RestageConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        # Importing the module registers the checks.
        from config import checks  # noqa: F401, PLC0415

        # Needs the models, which are not there when this module is imported.
        from config.accounts.roles import make_roles_after_migrate  # noqa: PLC0415

        # Django sends the signal for apps with tables alone, and staging has that of the roles.
        staging = apps.get_app_config("staging")
        post_migrate.connect(make_roles_after_migrate, sender=staging)
