"""Names photos and their projects, as sentences have them."""

from collections.abc import Iterable

# A photo's name, and its project's.
Place = tuple[str, str]

MOST_NAMED = 3


def name_places(places: Iterable[Place]) -> str:
    """Name photos by their projects, the first ones, and count the others.

    >>> name_places([("bath.jpg", "Elm Street 5"), ("hall.jpg", "Elm Street 5"), ("", "Mill Lane")])
    'bath.jpg and hall.jpg in Elm Street 5, a photo in Mill Lane'
    """
    found = list(dict.fromkeys(places))
    by_project: dict[str, list[str]] = {}
    for photo, project in found[:MOST_NAMED]:
        by_project.setdefault(project, []).append(photo or "a photo")
    named = [f"{_listed(photos)} in {project}" for project, photos in by_project.items()]
    more = len(found) - MOST_NAMED
    return ", ".join([*named, *([f"and {more:,} more"] if more > 0 else [])])


def _listed(names: list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
