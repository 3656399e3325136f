"""docs/permissions.md: the table as readers see it."""

import re

from tests.permissions import admin, api
from tests.permissions.table import Row, Section
from tests.processes import ROOT

PAGE = ROOT / "docs" / "permissions.md"
SECTIONS = (api.PUBLIC, api.STAGING, api.ACCOUNT, api.SETTINGS, *admin.SECTIONS)

_INTRODUCTION = """\
# Who may do what

Every address of Restage, with each method that it takes, and what each kind of person gets for a
request that is in order. A test sends each of these requests as each of these people; a page that
is not in the table, or a cell that is not so, fails it. (`python -m tests.permissions` writes this
page from `tests/permissions/`.)

- A number is the status of the answer. `login` is a redirect to the login page; other redirects
  are 302.
- `+` says that something was changed. Whatever carries no `+` changes nothing; a GET never does.
- **nobody** has no account, or one that was deactivated. **A stranger** has an account and nothing
  to do with the project. **Owner**, **may edit** and **may see** are the project's.
- **Staff** may enter the admin, without any permission there. **A viewer** has all `view_`
  permissions of staging and of models and settings, and `all_projects`. **Judge**, **Stager**,
  **Operator** and **Administrator** have that role (`config/accounts/roles.py` says what is in it);
  in the admin and in the staging API the Judge may see the project, and the Stager may edit it.
  **A Stager elsewhere** has nothing to do with it. In the API **an operator** is an Operator, an
  Administrator or a superuser, who has nothing to do with it either.
- What a stranger gets for what is there is, word for word, what they get for what is not.
"""


def write_page() -> str:
    return "\n".join([_INTRODUCTION, *map(_section, SECTIONS)])


def _section(section: Section) -> str:
    head = ["method", "address", *section.columns]
    lines = [f"## {section.title}", ""]
    if section.words:
        lines += [section.words, ""]
    lines += [_line(head), _line(["---"] * len(head))]
    return "\n".join([*lines, *(_row(section, row) for row in section.rows), ""])


def _row(section: Section, row: Row) -> str:
    # {app_…} and {do_…} are words, that stand where other addresses name a row.
    said = re.sub(r"\{(?:app|do)_(\w+)\}", r"\1", section.address(row))
    address = f"`{said}`"
    what = f"{address}: {row.what}" if row.what else address
    return _line([row.method, what, *row.cells.split()])


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
