from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "config.accounts"

    def ready(self) -> None:
        # Importing the modules connects their signals.
        from config.accounts import deactivation, events  # noqa: F401, PLC0415
