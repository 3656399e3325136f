"""What holds for every template."""

import re

from django.conf import settings

FOLDER = settings.BASE_DIR / "templates"


def test_relative_times_have_the_exact_one_on_hover() -> None:
    bare = [path.name for path in FOLDER.rglob("*.html") if "|naturaltime" in path.read_text()]

    assert bare == ["time.html"]


def test_what_stands_before_a_full_stop_ends_without_a_space() -> None:
    before = re.compile(r'{% include "([^"]+)"[^%]*%}[.,:;!?)”]')
    names = {name for path in FOLDER.rglob("*.html") for name in before.findall(path.read_text())}

    assert names
    assert [name for name in names if (FOLDER / name).read_text()[-1].isspace()] == []
