"""Walks the session of docs/api.md; each answer comes as a type that the generator made of it.

An answer outside the document raises UnexpectedStatus, or what the type's `from_dict` raises.
"""

import io
import os
import time
import zipfile
from http import HTTPStatus
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

from restage_client import AuthenticatedClient
from restage_client.api.batches import staging_batches_create, staging_batches_retrieve
from restage_client.api.jobs import (
    staging_jobs_create,
    staging_jobs_destroy,
    staging_jobs_list,
    staging_jobs_rating_create,
    staging_jobs_repeat,
    staging_jobs_retrieve,
    staging_jobs_retry,
)
from restage_client.api.models import admin_models_active_retrieve, admin_models_list
from restage_client.api.photos import staging_photos_create, staging_photos_retrieve
from restage_client.api.projects import (
    staging_projects_create,
    staging_projects_destroy,
    staging_projects_members_update,
    staging_projects_pictures_download,
    staging_projects_retrieve,
)
from restage_client.api.settings import (
    admin_models_config_partial_update,
    admin_models_config_retrieve,
    admin_models_config_schema_retrieve,
)
from restage_client.api.shares import staging_jobs_shares_create, staging_shares_destroy
from restage_client.api.usage import staging_usage_retrieve
from restage_client.models import (
    AdminModelsConfigPartialUpdateBody,
    BatchRequest,
    BatchRequestRoomTypes,
    MemberRequest,
    PhotoRequest,
    ProjectRequest,
    RatingRequest,
    RepeatRequest,
    StagingJobsListStatusItem,
    StagingProjectsPicturesDownloadVerdict,
    StagingRequest,
    StagingUsageRetrieveBy,
    StoredPhotoRequest,
    VerdictEnum,
)
from restage_client.types import File

LOOKS_END_AFTER_S = 120
PHOTO = Path(os.environ["PHOTO"]).read_bytes()


def client_of(token: str) -> AuthenticatedClient:
    return AuthenticatedClient(
        base_url=os.environ["RESTAGE"],
        token=token,
        prefix="Token",
        raise_on_unexpected_status=True,
        timeout=60,
        # A proxy of the machine's has no business with a loopback address.
        httpx_args={"trust_env": False},
    )


US, MIA = client_of(os.environ["TOKEN"]), client_of(os.environ["MIA"])


def ask(
    operation: ModuleType,
    *path: object,
    expect: HTTPStatus = HTTPStatus.OK,
    client: AuthenticatedClient = US,
    **wanted: object,
) -> Any:
    """Call an operation and return what its answer was parsed to."""
    return answer_of(operation, *path, expect=expect, client=client, **wanted).parsed


def answer_of(
    operation: ModuleType,
    *path: object,
    expect: HTTPStatus,
    client: AuthenticatedClient = US,
    **wanted: object,
) -> Any:
    answer = operation.sync_detailed(*path, client=client, **wanted)
    told = f"{operation.__name__}: {answer.status_code} {answer.content[:500]!r}"
    assert answer.status_code == expect, told
    return answer


def finish(operation: ModuleType, number: UUID) -> Any:
    """Look at a job or a batch until it is finished, as `Retry-After` says."""
    until = time.monotonic() + LOOKS_END_AFTER_S
    tag: dict[str, str] = {}
    document: Any = None
    while time.monotonic() < until:
        answer = operation.sync_detailed(number, client=US, **tag)
        assert answer.status_code in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED), answer.content
        if answer.status_code == HTTPStatus.OK:
            document = answer.parsed
        if "Retry-After" not in answer.headers:
            return document
        tag = {"if_none_match": answer.headers["ETag"]}
        time.sleep(float(answer.headers["Retry-After"]))
    raise AssertionError(f"{number} is not finished after {LOOKS_END_AFTER_S} seconds: {document}")


def photo_named(name: str) -> File:
    return File(payload=io.BytesIO(PHOTO), file_name=name, mime_type="image/jpeg")


def stage(photo: UUID) -> UUID:
    """Stage a photo in two styles, one of them asked for twice with one key."""
    asked = StoredPhotoRequest(photo=photo, room_type="living_room", style="scandinavian")
    job = ask(staging_jobs_create, body=asked, expect=HTTPStatus.ACCEPTED)
    assert (job.error, job.cost, job.finished_at, job.batch) == (None, None, None, None)

    key = {"idempotency_key": "elm-12-industrial"}
    industrial = StoredPhotoRequest(photo=photo, room_type="living_room", style="industrial")
    accepted = HTTPStatus.ACCEPTED
    other = ask(staging_jobs_create, body=industrial, expect=accepted, **key)
    again = answer_of(staging_jobs_create, body=industrial, expect=accepted, **key)
    assert (again.parsed.id, again.headers["Idempotent-Replayed"]) == (other.id, "true")
    refused = StoredPhotoRequest(photo=photo, style="modern")
    unlike = HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Idempotency-Key" in ask(staging_jobs_create, body=refused, expect=unlike, **key).detail

    finish(staging_jobs_retrieve, other.id)
    done = finish(staging_jobs_retrieve, job.id)
    image = done.images[0]
    assert (done.status, done.cost, done.error) == ("succeeded", 0.03, None)
    assert (image.verdict, image.stars, image.cost) == (None, None, 0.03)
    picture = US.get_httpx_client().get(image.url)
    assert picture.headers["Content-Type"] == "image/webp"
    shown = ask(staging_photos_retrieve, photo)
    assert [variant.style for variant in shown.variants] == ["industrial", "scandinavian"]
    assert shown.original.name == "living-room.jpg"
    return UUID(str(job.id))


def judge(job: UUID) -> UUID:
    """Rate the picture and take it back again, retry in vain, repeat; return the repetition."""
    rating = RatingRequest(verdict=VerdictEnum.ACCEPTED, stars=5, note="for the brochure")
    image = ask(staging_jobs_rating_create, job, body=rating).images[0]
    assert (image.verdict, image.stars) == ("accepted", 5)
    image = ask(staging_jobs_rating_create, job, body=RatingRequest(stars=None)).images[0]
    assert (image.verdict, image.stars) == ("accepted", None)

    assert ask(staging_jobs_retry, job, expect=HTTPStatus.CONFLICT).detail
    body = RepeatRequest(seed="new")
    again = ask(staging_jobs_repeat, job, body=body, expect=HTTPStatus.ACCEPTED)
    assert again.repeats == job
    assert finish(staging_jobs_retrieve, again.id).status == "succeeded"
    return UUID(str(again.id))


def stage_many(project: UUID) -> None:
    """Stage two photos in two styles."""
    body = BatchRequest(
        project=project,
        images=[photo_named("bedroom.jpg"), photo_named("kitchen.jpg")],
        room_types=BatchRequestRoomTypes.from_dict(
            {"bedroom.jpg": "bedroom", "kitchen.jpg": "kitchen"}
        ),
        styles=["modern", "traditional"],
    )
    batch = ask(staging_batches_create, body=body, expect=HTTPStatus.ACCEPTED)
    waiting = batch.photos[0].styles[0]
    assert (batch.cost, batch.model_id, batch.seed) == (None, None, None)
    assert (waiting.job, waiting.error, batch.photos[0].error) == (None, None, None)
    done = finish(staging_batches_retrieve, batch.id)
    assert (done.done, done.total, done.cost, done.photos[0].room_type) == (4, 4, 0.12, "bedroom")
    assert done.photos[0].styles[0].job.error is None


def show(job: UUID, *, photo: UUID, project: UUID) -> None:
    """Publish a picture and revoke it; let a member see the project."""
    share = ask(staging_jobs_shares_create, job, expect=HTTPStatus.CREATED)
    assert share.revoked_at is None
    ask(staging_shares_destroy, share.id, expect=HTTPStatus.NO_CONTENT)
    assert US.get_httpx_client().get(share.url).status_code == HTTPStatus.NOT_FOUND

    ask(staging_projects_retrieve, project, client=MIA, expect=HTTPStatus.NOT_FOUND)
    may_see = MemberRequest(may_edit=False)
    ask(staging_projects_members_update, project, "mia", body=may_see, expect=HTTPStatus.CREATED)
    assert ask(staging_projects_retrieve, project, client=MIA).access == "see"
    theirs = StoredPhotoRequest(photo=photo)
    refused = ask(staging_jobs_create, body=theirs, client=MIA, expect=HTTPStatus.FORBIDDEN)
    assert refused.detail == "You may see this project, and not change it: ask its owner."


def count(project: UUID) -> None:
    """Download the accepted picture with its photo, and read what all of it cost."""
    zipped = ask(
        staging_projects_pictures_download,
        project,
        verdict=StagingProjectsPicturesDownloadVerdict.ACCEPTED,
        originals=True,
    )
    assert len(zipfile.ZipFile(zipped.payload).namelist()) == 2
    usage = ask(staging_usage_retrieve, by=StagingUsageRetrieveBy.PROJECT, project=project)
    assert (usage.rows[0].label, usage.totals.pictures, usage.totals.cost) == (
        "12 Elm Street",
        7,
        0.21,
    )
    done = [StagingJobsListStatusItem.SUCCEEDED]
    page = ask(staging_jobs_list, project=project, status=done, page_size=5)
    assert (len(page.results), page.previous) == (5, None)
    assert "cursor=" in page.next_


def tune() -> None:
    """Change one setting and unset another; read the schema of the default model's settings."""
    model = ask(admin_models_active_retrieve).value
    assert model in {listed.id for listed in ask(admin_models_list) if listed.obstacle is None}
    assert "output_quality" in ask(admin_models_config_schema_retrieve, model)["properties"]
    before = answer_of(admin_models_config_retrieve, model, expect=HTTPStatus.OK)
    body = AdminModelsConfigPartialUpdateBody.from_dict({"output_quality": 55, "seed": None})
    after = ask(
        admin_models_config_partial_update, model, body=body, if_match=before.headers["ETag"]
    )
    assert after.config["output_quality"] == 55
    assert "seed" not in after.config.additional_properties


def main() -> None:
    """Walk from a project that is made to one that is deleted."""
    named = ProjectRequest(name="12 Elm Street")
    project = ask(staging_projects_create, body=named, expect=HTTPStatus.CREATED)
    assert (project.model, project.profile, project.access) == (None, None, "owner")
    sent = PhotoRequest(image=photo_named("living-room.jpg"), project=project.id)
    photo = ask(staging_photos_create, body=sent, expect=HTTPStatus.CREATED)

    job = stage(photo.id)
    again = judge(job)
    stage_many(project.id)
    show(job, photo=photo.id, project=project.id)
    count(project.id)
    tune()

    form = StagingRequest(image=photo_named("form.jpg"), project=project.id, style="modern")
    by_form = ask(staging_jobs_create, body=form, expect=HTTPStatus.ACCEPTED)
    assert finish(staging_jobs_retrieve, by_form.id).status == "succeeded"

    ask(staging_jobs_destroy, again, expect=HTTPStatus.NO_CONTENT)
    ask(staging_projects_destroy, project.id, expect=HTTPStatus.NO_CONTENT)
    ask(staging_projects_retrieve, project.id, expect=HTTPStatus.NOT_FOUND)


if __name__ == "__main__":
    main()
