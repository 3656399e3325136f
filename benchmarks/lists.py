"""Measures lists with a million jobs beside the same lists with a thousand.

    python -m benchmarks.lists [--few N] [--many N] [--rounds N] [--only TEXT] [--json]

Two throw-away databases are made beside the one that DATABASE_URL names. Each page is fetched
whole, with its queries and its template, from both in turns. The figures are ratios of medians: of
the large database to the small one.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from benchmarks import crowd
from benchmarks.measure import print_json, print_table, time_side_by_side
from benchmarks.settings import throw_away_database
from modelsettings.models import ModelSettings
from staging.admin.paging import MOST_COUNTED, BoundedListAdmin
from staging.models import Photo, Project, StagingJob

JOBS = "/admin/staging/stagingjob/"
PHOTOS = "/admin/staging/photo/"
JUDGE = "/admin/staging/stagedimage/"
API = "/api/v1/staging/"
WANTED = 2.0
LAST_PAGE = str(MOST_COUNTED // BoundedListAdmin.list_per_page)

Call = Callable[[], object]


def measure(few: int, many: int, *, rounds: int, only: str = "") -> dict[str, tuple[float, float]]:
    """Return for each page the median seconds with few and with many jobs."""
    with two_databases(few, many) as use:
        calls = {}
        for size in ("few", "many"):
            use(size)
            calls[size] = _calls(partial(use, size))
        found = {}
        for name in (name for name in calls["few"] if only in name):
            pair = (calls["few"][name], calls["many"][name])
            found[name] = tuple(time_side_by_side(*pair, rounds=rounds, warm_up=2))
            print(f"  {name}", flush=True)
        return found  # type: ignore[return-value]  # two functions, two medians


@contextmanager
def two_databases(few: int, many: int) -> Iterator[Callable[[str], None]]:
    """Make a small and a large database; yield a function that selects one by name."""
    with tempfile.TemporaryDirectory() as folder:
        if connection.vendor == "sqlite":
            connection.settings_dict["TEST"]["NAME"] = str(Path(folder) / "few.sqlite3")
        with throw_away_database():
            crowd.people()
            User.objects.create_superuser("operator")
            own = connections["default"]
            if own.vendor == "sqlite":
                # Cloning copies the database's file alone, so the write-ahead log is merged first.
                with own.cursor() as cursor:
                    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            own.creation.clone_test_db(suffix="many", verbosity=0)
            settings = own.creation.get_test_db_clone_settings("many")
            there = {"few": own, "many": own.__class__(settings, alias="default")}

            def use(size: str) -> None:
                connections["default"] = there[size]

            try:
                for size, count in (("few", few), ("many", many)):
                    use(size)
                    print(f"Making {count:,} jobs", flush=True)
                    crowd.fill(count)
                yield use
            finally:
                there["many"].close()
                use("few")
                own.creation.destroy_test_db(own.settings_dict["NAME"], verbosity=0, suffix="many")


def _calls(use: Call) -> dict[str, Call]:
    """Return a call for each page, with addresses from the database that is selected now."""
    client = Client()
    client.force_login(User.objects.get(username="operator"))
    calls = {name: _get(use, client, address) for name, address in _pages().items()}
    for name, who in _api_users().items():
        api = APIClient()
        api.force_authenticate(who)
        calls[f"API jobs: {name}"] = _get(use, api, f"{API}jobs")
        calls[f"API photos: {name}"] = _get(use, api, f"{API}photos")
    return calls


def _get(use: Call, client: Client, address: str) -> Call:
    def call() -> None:
        use()
        answer = client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status_code} {answer.content[:300]!r}")

    return call


def _pages() -> dict[str, str]:
    alone = _filters()
    pairs = (
        ("status", "model"), ("status", "rare model"), ("room", "style"),
        ("rare room", "rare style"), ("small project", "status"), ("owner of much", "status"),
        ("owner of little", "status"),
        ("model", "style"), ("profile", "room"), ("day", "status"), ("large project", "rejected"),
        ("owner of much", "rejected"), ("rare model", "rejected"), ("owner of much", "rare model"),
        ("owner of much", "rare style"), ("day", "owner of much"), ("status", "rejected"),
    )  # fmt: skip
    asked: dict[str, dict[str, str]] = {"all": {}, "last numbered page": {"p": LAST_PAGE}}
    asked |= {"an id's beginning": {"q": str(StagingJob.objects.all()[500].pk)[:8]}} | alone
    asked |= {f"{first} and {second}": alone[first] | alone[second] for first, second in pairs}
    pages = {f"jobs: {name}": f"{JOBS}?{urlencode(query)}" for name, query in asked.items()}
    some = Photo.objects.all()[100]
    return pages | {
        "photos: all": PHOTOS,
        "photos: large project": f"{PHOTOS}?{urlencode(alone['large project'])}",
        "photos: small project": f"{PHOTOS}?{urlencode(alone['small project'])}",
        "photos: owner of little": f"{PHOTOS}?{urlencode(alone['owner of little'])}",
        "one photo": f"{PHOTOS}{some.pk}/change/",
        "one job": f"{JOBS}{StagingJob.objects.all()[10].pk}/change/",
        "projects": "/admin/staging/project/",
        "one project": f"/admin/staging/project/{some.project_id}/change/",
        "shares": "/admin/staging/share/",
        "callbacks": "/admin/staging/callback/",
        "callbacks: status": "/admin/staging/callback/?status__exact=failed",
        "judge": JUDGE,
        "judge: large project": f"{JUDGE}?project={alone['large project']['project__id__exact']}",
        "judge: small project": f"{JUDGE}?project={alone['small project']['project__id__exact']}",
        "judge: model": f"{JUDGE}?model={alone['model']['model__id__exact']}",
        "judge: rare profile": f"{JUDGE}?profile={alone['rare profile']['profile__exact']}",
        "a profile's page, rare": (
            f"/admin/modelsettings/modelsettings/{alone['rare profile']['profile__exact']}/change/"
        ),
        "first page": "/admin/",
    }


def _filters() -> dict[str, dict[str, str]]:
    jobs = StagingJob.objects.order_by()
    profiles = list(ModelSettings.objects.filter(name="default").order_by("model__position")[:12])
    names = Project.objects.filter(name__startswith="Project ").order_by("name", "pk")
    rooms, styles = (
        sorted(set(jobs[:2000].values_list(n, flat=True))) for n in ("room_type", "style")
    )
    rank = {word: jobs.filter(room_type=word)[:1000].count() for word in rooms}
    look = {word: jobs.filter(style=word)[:1000].count() for word in styles}
    by_room, by_style = sorted(rooms, key=rank.__getitem__), sorted(styles, key=look.__getitem__)
    today = timezone.localdate()
    little = Project.objects.get(name="Little project")
    return {
        "status": {"status__exact": "failed"},
        "model": {"model__id__exact": str(profiles[0].model_id)},
        "rare model": {"model__id__exact": str(profiles[-1].model_id)},
        "profile": {"profile__exact": str(profiles[0].pk)},
        "rare profile": {"profile__exact": str(profiles[-1].pk)},
        "revision": {"profile__exact": str(profiles[0].pk), "revision__exact": "3"},
        "room": {"room_type": by_room[-1]},
        "rare room": {"room_type": by_room[0]},
        "style": {"style": by_style[-1]},
        "rare style": {"style": by_style[0]},
        "large project": {"project__id__exact": str(names[0].pk)},
        "small project": {"project__id__exact": str(little.pk)},
        "owner of much": {"owner__id__exact": str(_owner(0).pk)},
        "owner of little": {"owner__id__exact": str(User.objects.get(username="little").pk)},
        "accepted": {"verdict": "accepted"},
        "rejected": {"verdict": "rejected"},
        "day": {"created_from": str(today), "created_to": str(today)},
    }


def _api_users() -> dict[str, User]:
    return {
        "an owner with many": _owner(0),
        "an owner with few": User.objects.get(username="little"),
        "a member": User.objects.get(username="member"),
    }


def _owner(number: int) -> User:
    return User.objects.get(username=f"owner {number}")


def show(found: dict[str, tuple[float, float]], *, as_json: bool) -> None:
    """Print the table, the worst ratios first, and the worst alone at the end."""
    ratios = {name: many / few for name, (few, many) in found.items()}
    rows = [("page", "few, ms", "many, ms", "ratio", "wanted")]
    for name in sorted(ratios, key=ratios.__getitem__, reverse=True):
        few, many = found[name]
        rows.append(
            (name, f"{few * 1e3:.1f}", f"{many * 1e3:.1f}", f"{ratios[name]:.2f}", f"≤ {WANTED:g}")
        )
    print_table(rows)
    worst = max(ratios, key=ratios.__getitem__)
    print(f"\nThe worst: {worst}, {ratios[worst]:.2f}")
    if as_json:
        print_json({"worst_ratio": ratios[worst], **{f"ratio {k}": v for k, v in ratios.items()}})


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures whether lists stay fast.")
    parser.add_argument("--few", type=int, default=1000, help="jobs of the small side (1000)")
    parser.add_argument("--many", type=int, default=1_000_000, help="of the large one (1000000)")
    parser.add_argument("--rounds", type=int, default=15, help="calls of each side (15)")
    parser.add_argument("--only", default="", metavar="TEXT", help="pages with that in their name")
    parser.add_argument("--json", action="store_true", help="print one object of figures last")
    options = parser.parse_args()
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        found = measure(options.few, options.many, rounds=options.rounds, only=options.only)
    print(f"\nLists on {connection.vendor}, {options.few:,} and {options.many:,} jobs, medians\n")
    show(found, as_json=options.json)


if __name__ == "__main__":
    main()
