"""One request by one person, undone afterwards, and what came of it as the table writes it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction

from tests.conftest import make_photo
from tests.permissions.table import PHOTO, Row, Section
from tests.permissions.world import World

_WRITE = re.compile(r'\s*(INSERT\b.*?INTO|UPDATE|DELETE FROM) "(\w+)"', re.IGNORECASE)
_PHOTO = make_photo(60, 40)
# A refusal that is counted, and the use of a token, have changed nothing.
_NOTED = {"staging_tally", "accounts_tokendetails"}


@dataclass(slots=True)
class Outcome:
    """An answer, and the tables of the database that were changed on the way to it."""

    status: int
    location: str
    text: str
    changed: set[str] = field(default_factory=set)

    def cell(self, row: Row) -> str:
        """Write it as a cell; changes that nobody expects stand in it by name."""
        is_login = self.status == 302 and self.location.startswith("/admin/login/")
        status = "login" if is_login else str(self.status)
        if not self.changed:
            return status
        return f"{status}+" if row.changes in self.changed else f"{status}!{sorted(self.changed)}"


def ask(
    world: World,
    person: str,
    section: Section,
    row: Row,
    *,
    places: Mapping[str, str] | None = None,
) -> Outcome:
    """Send a row's request, look at the answer, and undo what it did."""
    places = places or world.places
    client = world.people[person].client(is_api=section.is_api)
    address = section.address(row).format_map(places)
    content, content_type = _body(row, places, is_api=section.is_api)
    changed: set[str] = set()
    with transaction.atomic(), connection.execute_wrapper(_noting(changed)):
        sent = {"content_type": content_type} if content_type else {}
        answer: Any = getattr(client, row.method.lower())(address, content, **sent)
        text = _text_of(answer)
        transaction.set_rollback(True)
    return Outcome(answer.status_code, answer.headers.get("Location", ""), text, changed)


def written(section: Section, row: Row, places: Mapping[str, str]) -> str:
    """Return what a request says itself: its address and its body."""
    return f"{section.address(row).format_map(places)} {filled(row.body, places)}"


def _body(row: Row, places: Mapping[str, str], *, is_api: bool) -> tuple[Any, str]:
    """Return what is sent, and as what; a form has no type of its own."""
    body = filled(row.body, places)
    if row.method == "GET" or (row.body and PHOTO in row.body.values()):
        return body, ""
    if is_api:
        return (json.dumps(body) if body is not None else ""), "application/json"
    return body or {}, ""


def filled(value: Any, places: Mapping[str, str]) -> Any:
    """Return a body with its places, and with the photo where one stands for it."""
    if value == PHOTO:
        return SimpleUploadedFile("a-room.jpg", _PHOTO, content_type="image/jpeg")
    if isinstance(value, str):
        return value.format_map(places)
    if isinstance(value, Mapping):
        return {name: filled(one, places) for name, one in value.items()}
    return [filled(one, places) for one in value] if isinstance(value, list) else value


def _text_of(answer: Any) -> str:
    # A file is read to its end: closed before, it would take the database's connection with it.
    content: bytes = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode(errors="replace")


def _noting(changed: set[str]) -> Any:
    """Return a wrapper of statements that notes the tables in which a row was written."""

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        answer = execute(sql, params, many, context)
        found = _WRITE.match(sql)
        # What an INSERT that returns its id has written is not known before it is read.
        if found and (found[1].upper().startswith("INSERT") or context["cursor"].rowcount):
            changed.add(found[2])
        changed.difference_update(_NOTED)
        return answer

    return note
