"""Addresses of lists with filters that no page makes: refused or empty, never a failure."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Field
from django.test import Client
from django.urls import reverse

from tests.staging.finished import staged

pytestmark = pytest.mark.django_db

JOBS = "/admin/staging/stagingjob/"
VALUES = ("C", "9" * 30)


@pytest.fixture
def root(db: None) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.mark.parametrize("way", ["contains", "regex", "has_key", "seed__contains", "icontains"])
def test_odd_lookup_is_refused(root: Client, way: str) -> None:
    answer = root.get(f"{JOBS}?input__{way}=C")

    assert (answer.status_code, b"This request cannot be read" in answer.content) == (400, True)


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
def test_no_lookup_of_a_list_fails(root: Client, operator: User, model: type) -> None:
    staged(operator)
    meta = model._meta  # type: ignore[attr-defined]
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    # One column of each kind.
    columns = {type(field): field for field in meta.get_fields() if isinstance(field, Field)}
    asked = [
        f"{column.name}{way}={value}"
        for column in columns.values()
        for way in ("", "__exact", "__gte", "__in", "__isnull", "__x__exact")
        for value in VALUES
    ]

    # A list that cannot be asked so leads back to itself, with a sentence.
    assert {query for query in asked if root.get(f"{address}?{query}").status_code >= 500} == set()
