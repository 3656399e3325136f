"""What an account chose last, and what of it can still be chosen."""

import pytest
from django.contrib.auth.models import User

from modelsettings.guards import settings_write
from staging.habits import Choices, recall, remember
from staging.models import RoomType, Style

pytestmark = pytest.mark.django_db


def test_recall_of_an_account_that_chose_nothing_yet(operator: User) -> None:
    assert recall(operator) == Choices("default", ("modern",), None)


def test_recall_gives_the_last_choices_of_that_account(operator: User, stranger: User) -> None:
    remember(operator, Choices("bedroom", ("modern",), 4))
    remember(operator, Choices("office", ("industrial", "modern"), None))
    remember(stranger, Choices("kitchen", ("modern",), 2))

    assert recall(operator) == Choices("office", ("modern", "industrial"), None)


def test_recall_leaves_out_what_was_retired_since(operator: User) -> None:
    remember(operator, Choices("office", ("industrial", "modern"), 2))
    with settings_write():
        RoomType.objects.filter(key="office").update(is_active=False)
        Style.objects.filter(key="modern").update(is_active=False)

    assert recall(operator) == Choices("default", ("industrial",), 2)
