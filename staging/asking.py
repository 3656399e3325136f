"""Bounds the pictures that an account may ask for in a minute, by all doors together.

Each account has a bucket in the database, which all processes share. A request for more pictures
than the bucket holds passes when it is full, and leaves it in debt.
"""

from collections.abc import Callable
from functools import partial
from math import ceil

from django.conf import settings
from django.contrib.auth.models import User

from modelsettings.errors import RequestRefused
from staging.models import AskingPace

# Raises TooManyPictures unless an account may ask for so many pictures now.
Allow = Callable[[int], None]


class TooManyPictures(RequestRefused):
    """A request for more pictures than the account may ask for at this moment."""

    status = 429
    code = "throttled"
    headers = {"Retry-After": "60"}

    def __init__(self, *, wait_s: float) -> None:
        seconds = max(1, ceil(wait_s))
        self.headers = {"Retry-After": str(seconds)}
        most = settings.COSTLY_REQUESTS_PER_MINUTE
        again = "in a second" if seconds == 1 else f"in {seconds} seconds"
        super().__init__(f"You may ask for {most} pictures a minute, and have: ask again {again}.")


def any_number(_pictures: int) -> None:
    """Allow any number of pictures: for commands, and for operators in the admin."""


def check(account: User) -> None:
    """Take one picture out of an account's bucket for a request whose body is not read yet.

    Raises TooManyPictures where the bucket is empty or in debt. So a request that turns out wrong,
    or that was sent before with its Idempotency-Key, counts as one picture.
    """
    _take(1, account=account)


def rest_of(account: User) -> Allow:
    """Return what takes the pictures of a request for which `check` has taken one."""
    return partial(_take, account=account, taken=1)


def all_of(account: User) -> Allow:
    """Return what takes the pictures of a request by a form, which an operator fills freely."""
    if account.has_perm("modelsettings.change_modelsettings"):
        return any_number
    return partial(_take, account=account)


def _take(pictures: int, *, account: User, taken: int = 0) -> None:
    if settings.COSTLY_REQUESTS_PER_MINUTE and pictures > taken:
        wait_s = AskingPace.take(account, pictures, taken=taken)
        if wait_s:
            raise TooManyPictures(wait_s=wait_s)
