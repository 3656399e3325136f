from django.contrib.auth.models import Group
from django.db import models


class Role(models.Model):
    """A group that Restage made for a kind of work; accounts in it are bound by its permissions.

    `given` names every permission that the group ever got, as `app.codename`. None is given twice,
    so what an administrator took from the group stays away; `group` is empty once they deleted it.
    """

    key = models.CharField(max_length=20, unique=True)
    group = models.OneToOneField(Group, on_delete=models.SET_NULL, null=True, related_name="role")
    given = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.key
