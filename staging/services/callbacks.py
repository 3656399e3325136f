"""Callbacks: what a client may name as its own address, and sending once more."""

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from staging import public_http
from staging.models import Callback, callback_secrets
from staging.services import NotPossible
from staging.worker.wake import Step, wake


def check_callback_url(url: str) -> None:
    """Raise public_http.AddressRefused for an address that is never called.

    This sees what is written alone; what a name leads to is checked at each attempt.
    """
    public_http.check_url(url, private_networks=settings.CALLBACK_PRIVATE_NETWORKS)


def get_callback_secret(user: User) -> str:
    """Return what verifies the callbacks of a user's jobs, as `whsec_…`."""
    return callback_secrets(user.pk)[0]


def send_again(callback: Callback) -> None:
    """Send a message once more that was delivered, given up or put off, under the id that it had.

    Raises NotPossible for one that is due anyway, or that waits for its job's end.
    """
    with transaction.atomic():
        if not Callback.objects.send_again(callback):
            raise NotPossible("It is on its way, or waits for the end of its job.")
        transaction.on_commit(lambda: wake(Step.NOTIFY))
