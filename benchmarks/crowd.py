"""A year of an agency's work, made by the database itself: jobs by the million in a minute or two.

Rows are inserted by `INSERT … SELECT` over numbers, so that none goes through Python. Jobs come at
one rate, however many there are: more of them reach further back.
"""

# ruff: noqa: S608
# Every statement here consists of names and numbers of this module.

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, models

from modelsettings.models import ModelSettings
from staging.models import (
    Callback,
    DailyUsage,
    Photo,
    Prediction,
    Project,
    ProjectMember,
    RoomType,
    Share,
    StagedImage,
    StagingJob,
    Style,
)

OWNERS = 40
JOBS_A_PROJECT = 100
JOBS_A_PHOTO = 4
SECONDS_APART = 30
JOBS_OF_LITTLE = 30
_PRIME = 1_000_003
# Far apart, so that numbers drawn with one salt say nothing of those drawn with another.
_STEPS = {1: 7919, 2: 350_377, 3: 611_953, 4: 15_485, 5: 822_347, 6: 98_807}


@dataclass(frozen=True, slots=True)
class Dialect:
    """The expressions that differ between the databases."""

    uuid: str
    ago: str
    instr: str


_DIALECTS = {
    "postgresql": Dialect(
        uuid="gen_random_uuid()",
        ago="now() - ({0}) * interval '1 second'",
        instr="(ARRAY[{1}])[1 + {0}]",
    ),
    "sqlite": Dialect(
        uuid="lower(hex(randomblob(16)))",
        ago="strftime('%Y-%m-%d %H:%M:%f', 'now', (-1 * ({0})) || ' seconds')",
        instr="",
    ),
}


def people() -> None:
    """Make the owners of projects, the owner of one small project, and a member of some."""
    names = [*(f"owner {number}" for number in range(OWNERS)), "little", "member"]
    User.objects.bulk_create(User(username=name) for name in names)


def fill(jobs: int) -> None:
    """Make that many jobs, with projects, photos, predictions, pictures and usage."""
    says = _DIALECTS[connection.vendor]
    _number_rows("bench_owner", User, where="username LIKE 'owner %%'", order="id")
    _make_projects(says, max(1, jobs // JOBS_A_PROJECT))
    _make_photos(says, max(1, jobs // JOBS_A_PHOTO))
    _make_jobs(says, jobs)
    _give_jobs_to_little(jobs)
    _make_predictions(says)
    _make_pictures()
    _tell_jobs_their_verdicts()
    _make_callbacks(says)
    _make_shares(says)
    _make_usage()
    _let_member_see_projects()
    for name in ("bench_owner", "bench_project", "bench_photo"):
        _run(f"DROP TABLE {name}")
    _run("ANALYZE")


def _make_projects(says: Dialect, count: int) -> None:
    # Skewed: few owners have most of the projects.
    owner = f"(SELECT id FROM bench_owner WHERE n = {_skewed('i', OWNERS, salt=1)})"
    _insert(
        Project,
        _numbers(count),
        id=says.uuid, owner_id=owner, name="'Project ' || i", created_at=says.ago.format("i * 60"),
    )  # fmt: skip
    _number_rows("bench_project", Project, where="name LIKE 'Project %%'", order="name, id")


def _make_photos(says: Dialect, count: int) -> None:
    projects = Project.objects.filter(name__startswith="Project ").count()
    _run(
        f"CREATE TEMP TABLE bench_photo AS SELECT i AS n, {says.uuid} AS id,"
        f" {_skewed('i', projects, salt=2)} AS project_n FROM ({_numbers(count)}) AS numbers"
    )
    _run("CREATE INDEX bench_photo_n ON bench_photo (n)")
    source = (
        "SELECT bench_photo.id AS photo_id, bench_photo.n AS i, project.id AS project_id,"
        " project.owner_id FROM bench_photo"
        " JOIN bench_project ON bench_project.n = bench_photo.project_n"
        f" JOIN {_table(Project)} AS project ON project.id = bench_project.id"
    )
    age = f"i * {JOBS_A_PHOTO * SECONDS_APART}"
    _insert(
        Photo,
        source,
        id="photo_id", owner_id="owner_id", project_id="project_id",
        file="'photos/' || i || '.jpg'", thumbnail="'photos/' || i || '-thumbnail.webp'",
        original_name="'IMG_' || i || '.jpg'", width="4000", height="3000", size="3000000",
        original_width="4000", original_height="3000", original_size="3000000",
        sha256="''", created_at=says.ago.format(age),
    )  # fmt: skip


def _make_jobs(says: Dialect, count: int) -> None:
    source = (
        f"SELECT numbers.i, photo.id AS photo_id, photo.project_id, photo.owner_id"
        f" FROM ({_numbers(count)}) AS numbers"
        f" JOIN bench_photo ON bench_photo.n = 1 + (numbers.i - 1) / {JOBS_A_PHOTO}"
        f" JOIN {_table(Photo)} AS photo ON photo.id = bench_photo.id"
    )
    profiles = ModelSettings.objects.filter(name="default").order_by("model__position")[:12]
    rows = list(profiles.values_list("pk", "model_id"))
    at, ended = says.ago.format(f"i * {SECONDS_APART}"), says.ago.format(f"i * {SECONDS_APART} - 9")
    which = _skewed("i", len(rows), salt=3)
    status = (
        "CASE WHEN i <= 5 THEN 'running' WHEN i % 50 = 7 THEN 'failed'"
        " WHEN i % 100 = 11 THEN 'canceled' WHEN i % 100 = 12 THEN 'partially_succeeded'"
        " ELSE 'succeeded' END"
    )
    _insert(
        StagingJob,
        source,
        id=says.uuid, owner_id="owner_id", project_id="project_id", photo_id="photo_id",
        room_type=_choose(which_of=RoomType.objects.values_list("key", flat=True), salt=4),
        style=_choose(which_of=Style.objects.values_list("key", flat=True), salt=5),
        prompt="'A real-estate photograph of a room, furnished.'",
        model_id=_case(which, [model for _, model in rows]),
        profile_id=_case(which, [profile for profile, _ in rows]),
        profile_name="'default'", revision=f"1 + {_skewed('i', 20, salt=6)}",
        settings="'{}'", overrides="'{}'", input="'{}'", delivery="'{}'", status=status,
        created_at=at, changed_at=at, finished_at=f"CASE WHEN i <= 5 THEN NULL ELSE {ended} END",
    )  # fmt: skip


def _give_jobs_to_little(count: int) -> None:
    """Give the user `little` about JOBS_OF_LITTLE jobs, old and new, however many there are."""
    little = User.objects.get(username="little")
    project = Project.objects.create(owner=little, name="Little project")
    jobs = StagingJob.objects.order_by("-created_at").values_list("pk", "photo_id")
    chosen = [jobs[place] for place in range(7, count, max(1, count // JOBS_OF_LITTLE))]
    StagingJob.objects.filter(pk__in=[job for job, _ in chosen]).update(
        owner=little, project=project
    )
    Photo.objects.filter(pk__in=[photo for _, photo in chosen]).update(
        owner=little, project=project
    )


def _make_predictions(says: Dialect) -> None:
    # A partially succeeded job has several predictions; here it has one.
    status = "CASE WHEN status = 'partially_succeeded' THEN 'succeeded' ELSE status END"
    _insert(
        Prediction,
        f"SELECT id AS job_id, status, created_at, finished_at FROM {_table(StagingJob)}",
        id=says.uuid, job_id="job_id", position="0", status=status, rank_at="created_at",
        run_after="created_at", outputs="'[]'", metrics="'{}'", created_at="created_at",
        finished_at="finished_at", cost="CASE WHEN status = 'succeeded' THEN 0.03 ELSE NULL END",
    )  # fmt: skip


def _make_pictures() -> None:
    """Make a picture for each success; of twenty, five are accepted and one is rejected."""
    source = (
        "SELECT prediction.id AS prediction_id, prediction.finished_at AS at,"
        " row_number() OVER (ORDER BY prediction.id) AS i"
        f" FROM {_table(Prediction)} AS prediction WHERE prediction.status = 'succeeded'"
    )
    verdict = "CASE WHEN i % 20 < 5 THEN 'accepted' WHEN i % 20 = 5 THEN 'rejected' ELSE '' END"
    _insert(
        StagedImage,
        source,
        prediction_id="prediction_id", position="0", file="'pictures/' || i || '.webp'",
        thumbnail="'pictures/' || i || '-thumbnail.webp'", width="1536", height="1024",
        format="'webp'", size="200000", sha256="''", created_at="at", verdict=verdict, note="''",
        judged_at="CASE WHEN i % 20 < 6 THEN at ELSE NULL END",
    )  # fmt: skip


def _tell_jobs_their_verdicts() -> None:
    for flag, verdict in (("has_accepted", "accepted"), ("has_rejected", "rejected")):
        judged = Prediction.objects.filter(images__verdict=verdict).values("job")
        StagingJob.objects.filter(pk__in=judged).update(**{flag: True})


def _make_callbacks(says: Dialect) -> None:
    """Make a callback for every other job; few of them failed."""
    source = (
        "SELECT job.id AS job_id, job.created_at AS at, row_number() OVER (ORDER BY job.id) AS i"
        f" FROM {_table(StagingJob)} AS job"
    )
    _insert(
        Callback,
        f"SELECT * FROM ({source}) AS numbered WHERE i % 2 = 0",
        id=says.uuid, job_id="job_id", url="'https://crm.example/done'", tries="1",
        status="CASE WHEN i % 5000 = 0 THEN 'failed' ELSE 'delivered' END", created_at="at",
    )  # fmt: skip


def _make_shares(says: Dialect) -> None:
    """Make a share for every tenth picture."""
    _insert(
        Share,
        f"SELECT id AS image_id, created_at AS at FROM {_table(StagedImage)} WHERE id % 10 = 0",
        id=says.uuid, image_id="image_id", created_at="at",
    )  # fmt: skip


def _make_usage() -> None:
    day = "CAST(created_at AS date)" if connection.vendor == "postgresql" else "date(created_at)"
    source = (
        f"SELECT {day} AS day, project_id, model_id, profile_id, count(*) AS made"
        f" FROM {_table(StagingJob)} GROUP BY 1, 2, 3, 4"
    )
    _insert(
        DailyUsage,
        source,
        day="day", project_id="project_id", project_name="'a project'", model_id="model_id",
        profile_id="profile_id", succeeded="made", pictures="made", cost="made * 0.03",
        seconds="made * 9.0",
    )  # fmt: skip


def _let_member_see_projects() -> None:
    member = User.objects.get(username="member")
    projects = Project.objects.filter(name__startswith="Project ").order_by("name", "pk")[:20]
    ProjectMember.objects.bulk_create(
        ProjectMember(project=project, user=member) for project in projects
    )


def _numbers(count: int) -> str:
    return (
        "WITH RECURSIVE counting(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM counting"
        f" WHERE i < {count}) SELECT i FROM counting"
    )


def _mixed(number: str, *, salt: int) -> str:
    """Return a number below _PRIME that jumps about as `number` grows, unlike other salts'."""
    step = _STEPS[salt]
    return f"((CAST({number} AS bigint) * {step}) % {_PRIME})"


def _skewed(number: str, count: int, *, salt: int) -> str:
    """Return a number below `count`, the low ones far more often."""
    mixed = _mixed(number, salt=salt)
    return f"({count} * {mixed} * {mixed} / {_PRIME * _PRIME})"


def _case(which: str, values: Any) -> str:
    whens = " ".join(f"WHEN {place} THEN {value}" for place, value in enumerate(values))
    return f"(CASE {which} {whens} END)"


def _choose(*, which_of: Any, salt: int) -> str:
    words = [f"'{word}'" for word in which_of]
    return _case(_skewed("i", len(words), salt=salt), words)


def _number_rows(name: str, model: type[models.Model], *, where: str, order: str) -> None:
    _run(
        f"CREATE TEMP TABLE {name} AS SELECT row_number() OVER (ORDER BY {order}) - 1 AS n, id"
        f" FROM {_table(model)} WHERE {where.replace('%%', '%')}"
    )
    _run(f"CREATE INDEX {name}_n ON {name} (n)")


def _insert(model: type[models.Model], source: str, **columns: str) -> None:
    """Insert what `source` selects; a column without an expression takes its field's default."""
    names, expressions, defaults = [], [], []
    for field in model._meta.concrete_fields:
        if isinstance(field, models.AutoField):
            continue
        names.append(connection.ops.quote_name(str(field.column)))
        if field.attname in columns:
            expressions.append(_typed(field, columns[field.attname]))
        else:
            expressions.append(_typed(field, "%s"))
            defaults.append(field.get_db_prep_save(field.get_default(), connection))
    selected = ", ".join(expressions).replace(" % ", " %% ")
    body = source.replace(" % ", " %% ").replace("LIKE 'owner %'", "LIKE 'owner %%'")
    _run(
        f"INSERT INTO {_table(model)} ({', '.join(names)}) SELECT {selected}"
        f" FROM ({body}) AS rows_to_insert",
        defaults,
    )


def _typed(field: "models.Field[Any, Any]", expression: str) -> str:
    if connection.vendor == "postgresql":
        return f"CAST({expression} AS {field.db_type(connection)})".replace("serial", "integer")
    return expression.replace("%Y-%m-%d %H:%M:%f", "%%Y-%%m-%%d %%H:%%M:%%f")


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _run(statement: str, parameters: list[Any] | Mapping[str, Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
