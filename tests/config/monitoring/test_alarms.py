"""The alarms of docs/alarms.yml: on figures that there are, each explained, each able to sound."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User
from prometheus_client.core import Metric

from config.monitoring.metrics import Figures
from staging.models import SpendingLimit
from tests.missing import PROMTOOL, needs
from tests.processes import ROOT

ALARMS = ROOT / "docs" / "alarms.yml"
SELECTED = re.compile(r"(restage_\w+)(?:\{(\w+)=~?\"([^\"]+)\"\})?")
# `| NotReady: `database` | means | do |`, with the alarm's name up to what tells its kinds apart.
EXPLAINED = re.compile(r"^\| ([A-Z]\w+)[,:]? ?.*\|.*\|.*\|$", re.MULTILINE)


@pytest.fixture(scope="module")
def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(ALARMS.read_text())["groups"]
    return list(group["rules"])


@pytest.mark.django_db
def test_alarms_ask_for_figures_that_there_are(rules: list[dict[str, Any]], operator: User) -> None:
    SpendingLimit.objects.create(usd=1, period="day")
    families: list[Metric] = list(Figures().collect())
    there = {
        (sample.name, label, value)
        for family in families
        for sample in family.samples
        for label, value in [("", ""), *sample.labels.items()]
    }
    asked = {
        (name, label, value)
        for rule in rules
        for name, label, values in SELECTED.findall(rule["expr"])
        for value in values.split("|")
    }

    assert asked - there == set()


def test_every_alarm_is_explained(rules: list[dict[str, Any]]) -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    section = page.partition("## What each alarm means")[2].partition("\n## ")[0]

    explained = list(dict.fromkeys(EXPLAINED.findall(section)))

    assert explained == [rule["alert"].removeprefix("Restage") for rule in rules]


@needs(PROMTOOL)
@pytest.mark.parametrize("what", ["check", "test"])
def test_prometheus_takes_the_alarms(what: str) -> None:
    file = ALARMS if what == "check" else Path(__file__).parent / "alarms.yml"

    done = subprocess.run(["promtool", what, "rules", file], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
