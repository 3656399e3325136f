from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "config.accounts"

    def ready(self) -> None:
        # Importing the module connects its signals.
        from config.accounts import events  # noqa: F401, PLC0415
