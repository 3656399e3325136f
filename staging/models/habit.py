"""Habits: the room, the styles and the number of pictures that an account asked for last."""

from typing import Any

from django.contrib.auth.models import User
from django.db import models


class Habit(models.Model):
    """An account's last choices on the Stage page; `styles` is a list of their keys.

    `count` is empty where the profile decided how many pictures are made.
    """

    account = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+")
    room_type = models.CharField(max_length=40)
    styles: "models.JSONField[list[str], Any]" = models.JSONField(default=list)
    count = models.PositiveSmallIntegerField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Habit of account {self.account_id}"
