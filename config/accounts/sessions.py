"""Signed-in sessions of an account, and their end."""

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone


def end_sessions(account: User) -> int:
    """End every session of an account; return how many.

    A session's row does not name its account, so all that have not expired are read. A new
    password ends the others by itself: Django signs each session with the password's hash.
    """
    working = Session.objects.filter(expire_date__gt=timezone.now())
    own = [
        session.pk
        for session in working.iterator()
        if session.get_decoded().get(SESSION_KEY) == str(account.pk)
    ]
    Session.objects.filter(pk__in=own).delete()
    return len(own)
