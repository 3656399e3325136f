"""The project: settings, addresses, the Celery application; it may import every other package."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
