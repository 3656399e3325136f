from django.apps import AppConfig


class RestageConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        # Registers the checks.
        from config import checks  # noqa: F401, PLC0415
