"""What is there in the end: the rows, the files, what Replicate saw, the logs."""

import hashlib
import io
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from PIL import Image
from psycopg.rows import dict_row

from tests.chaos.ground import Ground

UNFINISHED = ("queued", "submitting", "running", "collecting")


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """One creation at Replicate. `fate` is the sandbox's fault that it was made under."""

    id: str
    webhook: str | None
    addresses: frozenset[str]
    created_at: datetime
    fate: str | None


@dataclass(frozen=True, kw_only=True)
class Step:
    """One transition."""

    source: str
    target: str
    at: datetime
    by: str


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One stored picture: its row, and what lies in its file."""

    position: int
    file: str
    thumbnail: str
    format: str
    sha256: str
    is_whole: bool


@dataclass(frozen=True, kw_only=True)
class Row:
    """One prediction, and all that belongs to it; `output_format` is what its job asked for."""

    id: str
    job: str
    model: str
    output_format: str
    status: str
    code: str
    error: str
    replicate_id: str | None
    steps: list[Step]
    pictures: list[Picture]
    files: frozenset[str]
    purchases: list[Purchase]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All of one round: `unknown` are purchases that no row is the owner of."""

    jobs: dict[str, str]
    rows: list[Row]
    unknown: list[Purchase]


def unfinished(ground: Ground, jobs: list[str]) -> int:
    """Count the jobs that have not ended; all of them, where the database is away."""
    statement = "select count(*) from staging_stagingjob where id = any(%s::uuid[])"
    try:
        with psycopg.connect(ground.postgres.url) as database:
            found = database.execute(f"{statement} and status = any(%s)", [jobs, list(UNFINISHED)])
            count: int = found.fetchall()[0][0]
            return count
    except psycopg.OperationalError:
        return len(jobs)


def gather(ground: Ground, jobs: list[str]) -> Evidence:
    """Read everything that there is of these jobs, which are all of this round."""
    purchases = [
        _purchase(one) for one in ground.sandbox.get("/_sandbox/record").json()["predictions"]
    ]
    with psycopg.connect(ground.postgres.url, row_factory=dict_row) as database:
        told = database.execute(_PREDICTIONS, [jobs]).fetchall()
        steps, pictures = (
            _by_prediction(database.execute(statement, [jobs]).fetchall())
            for statement in (_STEPS, _PICTURES)
        )
        status = "select id::text, status from staging_stagingjob where id = any(%s::uuid[])"
        statuses = {one["id"]: one["status"] for one in database.execute(status, [jobs])}
    owners = {one: _owner(one, told) for one in purchases}
    rows = [
        Row(
            **{name: row[name] for name in _TOLD},
            replicate_id=row["replicate_id"],
            steps=[Step(**step) for step in steps[row["id"]]],
            pictures=[_picture(ground.media, one) for one in pictures[row["id"]]],
            files=_files(ground.media, row["id"]),
            purchases=[one for one in purchases if owners[one] == row["id"]],
        )
        for row in told
    ]
    unknown = [one for one in purchases if owners[one] is None]
    return Evidence(jobs=statuses, rows=rows, unknown=unknown)


def logs(ground: Ground) -> dict[str, str]:
    """Return what every process has logged, by file."""
    return {file.name: file.read_text(errors="replace") for file in ground.folder.glob("*.log")}


_TOLD = ("id", "job", "model", "output_format", "status", "code", "error")
_PREDICTIONS = """
    select p.id::text, p.job_id::text as job, m.slug as model, p.status, p.error_code as code,
           p.error, p.replicate_id, p.photo_url, j.settings->>'output_format' as output_format
    from staging_prediction p
    join staging_stagingjob j on j.id = p.job_id
    join modelsettings_replicatemodel m on m.id = j.model_id
    where p.job_id = any(%s::uuid[]) order by p.id
"""
_STEPS = """
    select t.prediction_id::text as prediction, t.source, t.target, t.at, t.by
    from staging_transition t join staging_prediction p on p.id = t.prediction_id
    where p.job_id = any(%s::uuid[]) order by t.id
"""
_PICTURES = """
    select i.prediction_id::text as prediction, i.position, i.file, i.thumbnail, i.format,
           i.size, i.sha256
    from staging_stagedimage i join staging_prediction p on p.id = i.prediction_id
    where p.job_id = any(%s::uuid[]) order by i.id
"""


def _by_prediction(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row.pop("prediction")].append(row)
    return found


def _purchase(one: dict[str, Any]) -> Purchase:
    return Purchase(
        id=one["id"],
        webhook=one["webhook"],
        addresses=frozenset(value for value in one["input"].values() if isinstance(value, str)),
        created_at=datetime.fromisoformat(one["created_at"]),
        fate=one["fault"],
    )


def _owner(purchase: Purchase, rows: list[dict[str, Any]]) -> str | None:
    """Return the prediction that a purchase was made for: its webhook's, or its photo's."""
    for row in rows:
        if row["id"] in (purchase.webhook or ""):
            return str(row["id"])
        if not purchase.webhook and row["photo_url"] in purchase.addresses:
            return str(row["id"])
    return None


def _files(media: Path, prediction: str) -> frozenset[str]:
    found = (media / "pictures" / prediction).glob("*")
    return frozenset(str(file.relative_to(media)) for file in found)


def _picture(media: Path, row: dict[str, Any]) -> Picture:
    facts = row["format"], row.pop("size"), row["sha256"]
    is_whole = _is_whole(media, row["file"], facts=facts) and _decodes(media / row["thumbnail"])
    return Picture(is_whole=is_whole, **row)


def _decodes(file: Path) -> bool:
    try:
        Image.open(file).load()
    except OSError:
        return False
    return True


def _is_whole(media: Path, name: str, *, facts: tuple[str, int, str]) -> bool:
    """Say whether a file is what its row says: the format, the size, every byte."""
    if not _decodes(media / name):
        return False
    content = (media / name).read_bytes()
    found = Image.open(io.BytesIO(content)).format or ""
    is_named = name.endswith({"jpeg": ".jpg"}.get(facts[0], f".{facts[0]}"))
    digest = hashlib.sha256(content).hexdigest()
    return is_named and (found.lower(), len(content), digest) == facts
