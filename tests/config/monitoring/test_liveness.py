import pytest
from django.test import Client
from pytest_django import Settings


@pytest.mark.parametrize("host", ["restage.example.com", "10.0.0.7:8000"])
def test_liveness_answers_under_any_name_without_redirect(
    client: Client, settings: Settings, host: str
) -> None:
    settings.ALLOWED_HOSTS = ["restage.example.com"]
    settings.SECURE_SSL_REDIRECT = True

    answer = client.get("/livez", headers={"Host": host})

    assert (answer.status_code, answer.content) == (200, b"ok")


def test_liveness_leaves_other_pages_alone(client: Client, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["restage.example.com"]

    assert client.get("/livez/", headers={"Host": "10.0.0.7"}).status_code == 400
