import re
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

SCHEMA = "/api/v1/schema"

pytestmark = pytest.mark.django_db


def paths_of(answer: Any) -> dict[str, Any]:
    paths: dict[str, Any] = answer["paths"]
    return paths


def status_of(client: Client, address: str) -> int:
    answer = client.get(address)
    # A file that was not read to its end stays open.
    answer.close()
    return answer.status_code


def test_spectacular_finds_nothing_to_complain_about(tmp_path: Any) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "api.yml"))


def test_schema_names_every_path_of_the_settings(api: APIClient) -> None:
    paths = paths_of(api.get(SCHEMA, {"format": "json"}).json())

    ours = {path: set(paths[path]) - {"parameters"} for path in paths if "/admin/" in path}
    assert ours == {
        "/api/v1/admin/models": {"get"},
        "/api/v1/admin/models/active": {"get", "put"},
        "/api/v1/admin/models/{slug}/config": {"get", "put", "patch"},
        "/api/v1/admin/models/{slug}/config/compare": {"get"},
        "/api/v1/admin/models/{slug}/config/history": {"get"},
        "/api/v1/admin/models/{slug}/config/reset": {"post"},
        "/api/v1/admin/models/{slug}/config/rollback": {"post"},
        "/api/v1/admin/models/{slug}/config/schema": {"get"},
        "/api/v1/admin/models/{slug}/profiles": {"get", "post"},
        "/api/v1/admin/models/{slug}/profiles/{name}": {"patch"},
        "/api/v1/admin/settings": {"get"},
    }


@pytest.mark.parametrize("method", ["put", "patch"])
def test_schema_tells_the_headers_of_a_change(api: APIClient, method: str) -> None:
    paths = paths_of(api.get(SCHEMA, {"format": "json"}).json())

    found = paths["/api/v1/admin/models/{slug}/config"][method]["parameters"]
    assert {(one["name"], one["in"]) for one in found} == {
        ("slug", "path"),
        ("profile", "query"),
        ("If-Match", "header"),
        ("X-Change-Reason", "header"),
    }


def test_docs_load_from_this_host_alone(client: Client) -> None:
    answer = client.get("/api/v1/docs")

    page = answer.content.decode()
    addresses = re.findall(r"""(?:src|href)=["']([^"']+)""", page)
    assert (answer.status_code, len(addresses) > 3) == (200, True)
    assert "https://" not in page
    assert [status_of(client, address) for address in addresses] == [200] * len(addresses)
