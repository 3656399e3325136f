"""Measures how fast published models are added, and how many of them can be used.

    python -m benchmarks.onboarding [--models N] [--json]

`add_model --file` reads the corpus of real published models (tests/corpus), and then copies of it
under other names, into a throw-away database beside the one that DATABASE_URL names.
"""

import argparse
import io
import json
import re
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command
from django.db import connection

from benchmarks.measure import report
from benchmarks.settings import throw_away_database
from modelsettings.models import ReplicateModel
from modelsettings.registry import list_models
from tests.corpus import PUBLISHED

WANTED = {"usable_share": "1"}


def measure(documents: list[dict[str, Any]], *, models: int) -> dict[str, float]:
    """Add the corpus, then as many copies; return models a second and the share usable."""
    shipped = _stageable()
    with tempfile.TemporaryDirectory() as folder:
        corpus, copies = Path(folder) / "corpus.json", Path(folder) / "copies.json"
        corpus.write_text(json.dumps(documents))
        copies.write_text(json.dumps(list(_renamed(documents, models))))
        corpus_s, corpus_usable = _add(corpus)
        copies_s, copies_usable = _add(copies)
    read = len(documents) + models
    usable = corpus_usable + copies_usable
    return {
        "models_per_s": usable / (corpus_s + copies_s),
        "usable_share": usable / read,
        "corpus_models_per_s": corpus_usable / corpus_s,
        "copies_models_per_s": copies_usable / copies_s,
        "models_read": read,
        "models_refused": read - usable,
        "models_that_stage": _stageable() - shipped,
    }


def _stageable() -> int:
    return sum(model.obstacle is None for model in list_models())


def _renamed(documents: list[dict[str, Any]], models: int) -> list[dict[str, Any]]:
    """Return copies under other names, each with a schema of its own: none is compiled twice."""
    copies = []
    for number, document in enumerate(islice(cycle(documents), models)):
        copy = json.loads(json.dumps(document))
        copy["name"] = f"{document['name']}-{number}"
        copy["latest_version"]["openapi_schema"]["info"] = {"title": f"Copy {number}"}
        copies.append(copy)
    return copies


def _add(file: Path) -> tuple[float, int]:
    """Return the seconds that `add_model --file` takes, and how many models it added."""
    before = ReplicateModel.objects.count()
    output = io.StringIO()
    begin = time.perf_counter()
    try:
        call_command("add_model", file=file, stdout=output)
    except CommandError:
        # Some models were refused: their names are printed, and the caller counts them.
        print(re.sub("(?s).*(?=Refused: )", "", output.getvalue()))
    seconds = time.perf_counter() - begin
    return seconds, ReplicateModel.objects.count() - before


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures how published models are added.")
    parser.add_argument("--models", type=int, default=500, help="copies of the corpus (500)")
    parser.add_argument("--json", action="store_true", help="print one object of figures last")
    options = parser.parse_args()
    documents = [json.loads(path.read_text()) for path in sorted(PUBLISHED.glob("*.json"))]
    with throw_away_database():
        figures = measure(documents, models=options.models)
    title = f"Onboarding on {connection.vendor}, {len(documents)} models and their copies"
    report(title, figures, wanted=WANTED, as_json=options.json)


if __name__ == "__main__":
    main()
