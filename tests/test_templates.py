"""What holds for every template."""

from django.conf import settings


def test_relative_times_have_the_exact_one_on_hover() -> None:
    folder = settings.BASE_DIR / "templates"
    bare = [path.name for path in folder.rglob("*.html") if "|naturaltime" in path.read_text()]

    assert bare == ["time.html"]
