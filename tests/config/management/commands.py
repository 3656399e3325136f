"""Commands of manage.py as a shell sees them, and tokens as the API does."""

from io import StringIO

from django.core.management import call_command
from rest_framework.test import APIClient


def printed_by(*command: str) -> str:
    output = StringIO()
    call_command(*command, stdout=output)
    return output.getvalue().strip()


def status_with(token: str) -> int:
    answer = APIClient().get("/api/v1/admin/models", headers={"Authorization": f"Token {token}"})
    return answer.status_code
