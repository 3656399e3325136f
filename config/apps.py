from django.apps import AppConfig


class RestageConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        # Importing the module registers the checks.
        from config import checks  # noqa: F401, PLC0415
