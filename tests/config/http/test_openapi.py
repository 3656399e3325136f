import re
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

SCHEMA = "/api/v1/schema"
TAGS = {
    "accounts", "batches", "callbacks", "jobs", "models", "photos", "profiles", "projects",
    "prompts", "settings", "shares", "usage",
}  # fmt: skip
COMPONENTS = """
    AccessEnum AccessRefusal AccessRefusalCodeEnum ActiveModel ActiveModelRequest AskedMember
    Batch BatchJob BatchPhoto BatchPhotoStatusEnum BatchRequest BatchStyle BatchSummary
    BatchSummaryPage CallbackSecret Change ChangeKindEnum ChangedValue Comparison Config Conflict
    Detail DisclosureRule
    Error Errors History Hit Invitation InvitationPage Job JobCounts JobPage Limit Limits
    Member MemberRequest Model ModelOffer NewDisclosureRuleRequest NewProfileRequest NewToken
    OfEnum Offers Original OverridableChange OverridableRequest PaceRefusal
    PaceRefusalCodeEnum PatchedProfileChangeRequest PatchedProjectRequest PaymentRefusal
    PaymentRefusalCodeEnum PendingInvitation PeriodEnum Photo PhotoCounts PhotoPage
    PhotoRequest PhotoWithVariants PicturesAMinute Profile ProfileOffer Project ProjectDetail
    ProjectPage ProjectRequest ProjectRule ProjectTotals Prompt PromptModeEnum RatingRequest
    RecentChange RecentChangeList RenewedSecret RepeatRequest
    ResetRequest Revision RollbackRequest RoomType ScopeEnum Share
    ShareRequest StagedImage StagingRequest Stale StateRefusal StateRefusalCodeEnum StatusEnum
    Step StoredPhotoRequest StoredPhotosRequest Style Token TokenRequest Usage UsageRow
    Variant VerdictEnum WhenOverEnum
"""

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
        "/api/v1/admin/disclosure-rules": {"get", "post"},
        "/api/v1/admin/disclosure-rules/{rule_id}": {"delete"},
        "/api/v1/admin/models": {"get"},
        "/api/v1/admin/models/active": {"get", "put"},
        "/api/v1/admin/models/{slug}/config": {"get", "put", "patch"},
        "/api/v1/admin/models/{slug}/config/compare": {"get"},
        "/api/v1/admin/models/{slug}/config/history": {"get"},
        "/api/v1/admin/models/{slug}/config/overridable": {"put"},
        "/api/v1/admin/models/{slug}/config/reset": {"post"},
        "/api/v1/admin/models/{slug}/config/rollback": {"post"},
        "/api/v1/admin/models/{slug}/config/schema": {"get"},
        "/api/v1/admin/models/{slug}/profiles": {"get", "post"},
        "/api/v1/admin/models/{slug}/profiles/{name}": {"patch"},
        "/api/v1/admin/changes": {"get"},
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


def operations_of(api: APIClient) -> dict[str, Any]:
    """Return the document's operations, by `GET /api/v1/…`."""
    paths = paths_of(api.get(SCHEMA, {"format": "json"}).json())
    return {
        f"{method.upper()} {path}": operation
        for path, operations in paths.items()
        for method, operation in operations.items()
    }


def test_schema_says_of_each_operation_what_it_does(api: APIClient) -> None:
    operations = operations_of(api)

    names = [one["operationId"] for one in operations.values()]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch("[a-z_]+", name)] == []
    assert [where for where, one in operations.items() if not one.get("summary")] == []
    assert {tag for one in operations.values() for tag in one["tags"]} == TAGS


def test_schema_has_one_shape_for_each_error(api: APIClient) -> None:
    told = {
        (status, answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2])
        for operation in operations_of(api).values()
        for status, answer in operation["responses"].items()
        if status >= "400"
    }

    assert told == {
        ("400", "Errors"),
        ("412", "Stale"),
        *((status, "Detail") for status in ("401", "404", "413", "415", "422", "503")),
        ("402", "PaymentRefusal"),
        ("403", "AccessRefusal"),
        ("409", "StateRefusal"),
        ("429", "PaceRefusal"),
    }


def test_schema_lists_the_codes_of_refusals(api: APIClient) -> None:
    components = api.get(SCHEMA, {"format": "json"}).json()["components"]["schemas"]

    assert components["PaymentRefusalCodeEnum"]["enum"] == ["no_estimate", "over_limit"]
    assert components["PaceRefusalCodeEnum"]["enum"] == ["throttled"]
    assert {"may_only_see", "permission_denied"} <= {*components["AccessRefusalCodeEnum"]["enum"]}


@pytest.mark.parametrize(
    ("operation", "statuses"),
    [
        ("GET /api/v1/staging/styles", "200 401"),
        ("GET /api/v1/staging/projects/{project_id}", "200 401 404"),
        ("GET /api/v1/staging/jobs", "200 400 401"),
        ("GET /api/v1/admin/models", "200 401 403"),
        ("GET /api/v1/staging/jobs/{job_id}", "200 304 401 404"),
        ("POST /api/v1/staging/projects", "201 400 401 403 413 415"),
        ("DELETE /api/v1/staging/jobs/{job_id}", "204 401 403 404 409"),
        (
            "PATCH /api/v1/admin/models/{slug}/config",
            "200 400 401 403 404 409 412 413 415",
        ),
    ],
)
def test_schema_tells_the_errors_of_an_operation(
    api: APIClient, operation: str, statuses: str
) -> None:
    assert " ".join(operations_of(api)[operation]["responses"]) == statuses


def test_schema_says_that_an_answer_is_whole(api: APIClient) -> None:
    schemas = api.get(SCHEMA, {"format": "json"}).json()["components"]["schemas"]

    assert schemas["Job"]["required"] == sorted(schemas["Job"]["properties"])
    assert "required" not in schemas["RatingRequest"]
    assert schemas["RatingRequest"]["additionalProperties"] is False


def test_schema_takes_a_photo_as_a_file(api: APIClient) -> None:
    schemas = api.get(SCHEMA, {"format": "json"}).json()["components"]["schemas"]

    image = schemas["PhotoRequest"]["properties"]["image"]
    assert (image["type"], image["format"]) == ("string", "binary")


def test_schema_keeps_the_names_that_generated_clients_import(api: APIClient) -> None:
    schemas = api.get(SCHEMA, {"format": "json"}).json()["components"]["schemas"]

    assert set(schemas) == set(COMPONENTS.split())


def test_schema_is_about_the_server_that_it_came_from(api: APIClient) -> None:
    document = api.get(SCHEMA, {"format": "json"}).json()

    assert [server["url"] for server in document["servers"]] == ["/"]
