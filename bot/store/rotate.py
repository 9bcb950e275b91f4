"""Everything sealed anew with the newest key, beside the bot that serves.

Rules that hold here: a person or a room goes over whole or not at all, so that a kill loses nothing and the next run
goes on; nobody waits long for a transaction, and everyone may write between two; the id tells whether a row key is of
the newest secret, since cells alone may be newer than their row; what does not open stays as it is, and is counted.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

from bot.store import SealError
from bot.store.database import connect, empty_log, in_plain_words
from bot.store.opening import FILE, KEY_MARK, existing, read_mark, refuse_older
from bot.store.ring import Ring
from bot.store.rows import (
    consent_place,
    follow_up_place,
    nudging_place,
    outcome_place,
    plan_place,
    room_place,
    row_key,
    scope_of,
    setting_place,
)
from bot.store.seal import Place
from bot.store.store import Store

MOST_ROWS: Final = 50
"""Rows after which a transaction ends. It can have more: all of one person's go over together."""

CELLS: Final = (
    ("meta", "value"),
    ("consent", "given"),
    ("consent", "id"),
    ("setting", "settings"),
    ("outcome", "answers"),
    ("plan", "line"),
    ("nudging", "settings"),
    ("follow_up", "answers"),
    ("room", "id"),
    ("room", "settings"),
    ("country", "code"),  # until version 2
)
"""Every column that is sealed."""

_Row = tuple[Any, ...]

_ANEW: Final = {
    "consent": (
        "INSERT INTO consent (person, purpose, scope, given, id, day, told) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET given = excluded.given, id = excluded.id"
    ),
    "setting": (
        "INSERT INTO setting (person, purpose, scope, settings) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET settings = excluded.settings"
    ),
    "outcome": (
        "INSERT INTO outcome (person, purpose, scope, walk, answers, until) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET answers = excluded.answers"
    ),
    "plan": (
        "INSERT INTO plan (person, purpose, scope, number, line, until) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET line = excluded.line"
    ),
    "nudging": (
        "INSERT INTO nudging (person, purpose, scope, settings) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET settings = excluded.settings"
    ),
    "follow_up": (
        "INSERT INTO follow_up (person, purpose, scope, walk, answers, until) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET answers = excluded.answers"
    ),
    "person_due": "INSERT INTO person_due (person, purpose, scope, item, at, claimed) VALUES (?, ?, ?, ?, ?, ?)",
    "room": (
        "INSERT INTO room (chat, id, settings, gone) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET id = excluded.id, settings = excluded.settings"
    ),
    "group_due": "INSERT INTO group_due (chat, kind, item, at, claimed) VALUES (?, ?, ?, ?, ?)",
}
"""How a row comes to its new place, or is sealed anew where it is."""


_NUMBERED: Final = (
    ("outcome", "walk", "answers", outcome_place),
    ("plan", "number", "line", plan_place),
    ("follow_up", "walk", "answers", follow_up_place),
)
"""What a person may have several of, and for some days: by which number, in which cell, sealed for which place."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a run did: nothing was left to do where it neither began anew nor sealed anything."""

    begun: bool  # the mark was sealed anew, for the bot that serves
    anew: int  # people and rooms
    shut: int  # those that do not open, and stay as they were


def rotate(
    folder: Path, ring: Ring, *, pause: Callable[[], None], progress: Callable[[int, int], None] = lambda *_: None
) -> Rotated:
    """Seal all in `folder` anew with the newest key of `ring`, under the row keys of that one.

    `pause` is called between two transactions, for the writer of the bot that serves. `progress` is told how many
    people and rooms are done, of how many.
    """
    Store.refuse_unfit(folder, ring)
    with in_plain_words(), closing(connect(existing(folder))) as database:
        refuse_older(database)
        rotation = _Rotation(database, ring)
        begun = rotation.mark()
        # Whoever comes from here on is written with the newest key: the bot has seen the mark.
        people = [row for (row,) in database.execute("SELECT DISTINCT person FROM consent")]
        rooms = [row for (row,) in database.execute("SELECT chat FROM room")]
        todo = chain(((rotation.person, row) for row in people), ((rotation.room, row) for row in rooms))
        for done in rotation.run(todo):
            progress(done, len(people) + len(rooms))
            pause()
        error = empty_log(database)
        if error is not None:
            raise error
        return Rotated(begun, rotation.anew, rotation.shut)


def key_ids_in(database: sqlite3.Connection) -> Counter[bytes]:
    """Count the cells of an open database by the id of their key."""
    counts: Counter[bytes] = Counter()
    for table, column in CELLS:
        if _has(database, table, column):
            counted = database.execute(
                f"SELECT iif(substr({column}, 1, 1) = x'02', substr({column}, 2, 4), x''), count(*)"  # noqa: S608
                f" FROM {table} WHERE {column} != x'' GROUP BY 1"
            )
            counts.update(dict(counted.fetchall()))
    return counts


def use_of_keys(folder: Path) -> Counter[bytes]:
    """Count the cells in `folder` by the id of their key, and b"" for each that may need any. None without a database.

    Nobody can tell which key the row key of a person is of whose id is not known.
    """
    if not (folder / FILE).exists():
        return Counter()
    with in_plain_words(), closing(connect(folder / FILE)) as database:
        counts = key_ids_in(database)
        if _has(database, "consent", "id"):
            counts[b""] += database.execute("SELECT count(*) FROM consent WHERE id = x''").fetchone()[0]
        return +counts


def _has(database: sqlite3.Connection, table: str, column: str) -> bool:
    return database.execute("SELECT 1 FROM pragma_table_info(?) WHERE name = ?", (table, column)).fetchone() is not None


class _Rotation:
    """One run over one database."""

    def __init__(self, database: sqlite3.Connection, ring: Ring) -> None:
        self._database = database
        self._ring = ring
        self.anew = 0
        self.shut = 0

    def mark(self) -> bool:
        """Have the bot that serves read the keys again. Return False where it was told already."""
        self._database.execute("BEGIN IMMEDIATE")
        mark = read_mark(self._database)
        begun = not self._ring.sealer.is_newest(mark)
        if begun:
            fresh = self._cell(mark, KEY_MARK, KEY_MARK)
            self._database.execute("UPDATE meta SET value = ? WHERE name = ?", (fresh, KEY_MARK.row.decode()))
        self._database.execute("COMMIT")
        return begun

    def run(self, todo: Iterable[tuple[Callable[[bytes], int], bytes]]) -> Iterator[int]:
        """Do all, and give after each transaction how many are done."""
        rows = done = 0
        for work, row in todo:
            if not self._database.in_transaction:
                self._database.execute("BEGIN IMMEDIATE")
            rows += self._try(work, row)
            done += 1
            if rows >= MOST_ROWS:
                self._database.execute("COMMIT")
                rows = 0
                yield done
        if self._database.in_transaction:
            self._database.execute("COMMIT")
            yield done

    def _try(self, work: Callable[[bytes], int], row: bytes) -> int:
        self._database.execute("SAVEPOINT one")
        try:
            rows = work(row)
        except SealError:
            self._database.execute("ROLLBACK TO one")
            self.shut += 1
            rows = 1
        else:
            self.anew += rows > 0
        self._database.execute("RELEASE one")
        # Reading costs too: whoever is sealed anew already counts as one row.
        return max(rows, 1)

    def person(self, old: bytes) -> int:
        """Seal anew all of a person, under a new row key where their id is known. Return how many rows that were."""
        consents = self._rows("SELECT purpose, scope, given, id, day, told FROM consent WHERE person = ?", old)
        person = self._whose(old, consents)
        newest = self._ring.newest
        row = old if person is None else row_key(newest, person)
        scopes: dict[str, str] = {}
        rows = 0
        for purpose, scope, given, cell, day, told in consents:
            at = consent_place(old, purpose, scope, "given")
            group = self._opened(given, at).get("group", 0)
            scopes[scope] = to = scope if person is None else scope_of(newest, group)
            place, id_place = consent_place(row, purpose, to, "given"), consent_place(row, purpose, to, "id")
            if cell:
                known = self._cell(cell, consent_place(old, purpose, scope, "id"), id_place)
            else:
                known = b"" if person is None else self._ring.sealer.seal(str(person).encode(), id_place)
            fresh = (row, purpose, to, self._cell(given, at, place), known, day, told)
            rows += self._write("consent", (old, purpose, scope, given, cell, day, told), fresh)
        items: dict[bytes, bytes] = {}
        rows += self._settings(old, row, scopes) + self._nudging(old, row) + self._numbered(old, row, person, items)
        rows += self._dues(old, row, scopes, items)
        if row != old:
            self._database.execute("DELETE FROM consent WHERE person = ?", (old,))
        return rows

    def room(self, old: bytes) -> int:
        """Seal anew what is kept of a room, under a new row key. What people agreed to for it goes over with them."""
        rows = 0
        for cell, settings, gone in self._rows("SELECT id, settings, gone FROM room WHERE chat = ?", old):
            row = row_key(self._ring.newest, self._opened(cell, room_place(old, "id")))
            fresh = (
                row,
                self._cell(cell, room_place(old, "id"), room_place(row, "id")),
                self._cell(settings, room_place(old, "settings"), room_place(row, "settings")),
                gone,
            )
            rows += self._write("room", (old, cell, settings, gone), fresh)
            for due in self._rows("SELECT kind, item, at, claimed FROM group_due WHERE chat = ?", old):
                rows += self._write("group_due", (old, *due), (row, *due))
            if row != old:
                self._database.execute("DELETE FROM room WHERE chat = ?", (old,))
        return rows

    def _whose(self, row: bytes, consents: Iterable[_Row]) -> int | None:
        ids = (
            self._opened(cell, consent_place(row, purpose, scope, "id"))
            for purpose, scope, _, cell, *_ in consents
            if cell
        )
        person: int | None = next(ids, None)
        return person

    def _settings(self, old: bytes, row: bytes, scopes: dict[str, str]) -> int:
        rows = 0
        for purpose, scope, cell in self._rows("SELECT purpose, scope, settings FROM setting WHERE person = ?", old):
            to = scopes[scope]
            fresh = self._cell(cell, setting_place(old, purpose, scope), setting_place(row, purpose, to))
            rows += self._write("setting", (old, purpose, scope, cell), (row, purpose, to, fresh))
        return rows

    def _numbered(self, old: bytes, row: bytes, person: int | None, items: dict[bytes, bytes]) -> int:
        """Seal anew what a person has several of, and note in `items` what each is kept under from now on."""
        rows = 0
        for table, number, column, place in _NUMBERED:
            sql = f"SELECT purpose, scope, {number}, {column}, until FROM {table} WHERE person = ?"  # noqa: S608 - ours
            for purpose, scope, item, cell, until in self._rows(sql, old):
                at = place(old, item)
                to = item if person is None else row_key(self._ring.newest, person, self._opened(cell, at)[number])
                items[item] = to
                fresh = (row, purpose, scope, to, self._cell(cell, at, place(row, to)), until)
                rows += self._write(table, (old, purpose, scope, item, cell, until), fresh)
        return rows

    def _nudging(self, old: bytes, row: bytes) -> int:
        rows = 0
        for purpose, scope, cell in self._rows("SELECT purpose, scope, settings FROM nudging WHERE person = ?", old):
            fresh = (row, purpose, scope, self._cell(cell, nudging_place(old), nudging_place(row)))
            rows += self._write("nudging", (old, purpose, scope, cell), fresh)
        return rows

    def _dues(self, old: bytes, row: bytes, scopes: dict[str, str], items: dict[bytes, bytes]) -> int:
        """Have what is due lie with what it is about."""
        rows = 0
        sql = "SELECT purpose, scope, item, at, claimed FROM person_due WHERE person = ?"
        for purpose, scope, item, at, claimed in self._rows(sql, old):
            moved = (row, purpose, scopes[scope], items.get(item, item), at, claimed)
            rows += self._write("person_due", (old, purpose, scope, item, at, claimed), moved)
        return rows

    def _rows(self, sql: str, row: bytes) -> list[_Row]:
        return self._database.execute(sql, (row,)).fetchall()

    def _write(self, table: str, before: _Row, fresh: _Row) -> int:
        if fresh == before:
            return 0
        self._database.execute(_ANEW[table], fresh)
        return 1

    def _opened(self, cell: bytes, at: Place) -> Any:  # noqa: ANN401 - JSON is any
        return json.loads(self._ring.sealer.open(cell, at))

    def _cell(self, cell: bytes, at: Place, to: Place) -> bytes:
        sealer = self._ring.sealer
        return cell if at == to and sealer.is_newest(cell) else sealer.seal(sealer.open(cell, at), to)
