"""Measurements, each a command: python -m benchmarks.NAME. Both sides are timed in one run."""

import os

import django

os.environ.setdefault("DEBUG", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()
