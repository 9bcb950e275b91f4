"""The shape of the database, as numbered steps.

Rules that hold here: a step that was released is never changed, only followed by another; each is one
transaction; `PRAGMA user_version` counts those taken. Every table is STRICT, so that a column holds what it says,
and WITHOUT ROWID, so that a row lies in one place and is deleted from one place. What a column of its own tells
without the key is a day, a time, which table of a purpose it is, or the number of a message of the bot's own; all else
is a keyed hash or sealed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Final

from bot.core.gap import DAY
from bot.core.kept import KEPT_DAYS
from bot.store import NewerDatabaseError, StoreError
from bot.store.seal import Place, Sealer

APPLICATION: Final = 0x636F6D70  # SQLite's `application_id`: this database is ours

Reseal = Callable[[sqlite3.Connection, Sealer, int], None]
"""What a step does that SQL cannot, as the cells have to be opened. The last is the day (since 1970, UTC)."""


def _date_rows(database: sqlite3.Connection, sealer: Sealer, today: int) -> None:
    """Say of each walk until when it is kept, and put each country where settings are."""
    database.execute("UPDATE consent SET day = ?", (today,))
    for person, walk, cell in database.execute("SELECT person, walk, answers FROM outcome").fetchall():
        ended_at = json.loads(sealer.open(cell, Place("outcome", person + walk, "answers")))["ended_at"]
        until = ended_at // DAY + KEPT_DAYS
        database.execute("UPDATE outcome SET until = ? WHERE person = ? AND walk = ?", (until, person, walk))
    for person, cell in database.execute("SELECT person, code FROM country").fetchall():
        code = sealer.open(cell, Place("country", person, "code")).decode()
        sealed = sealer.seal(json.dumps({"code": code}).encode(), Place("setting", person + b"/country/", "settings"))
        database.execute("INSERT INTO setting VALUES (?, 'country', '', ?)", (person, sealed))
    database.execute("DROP TABLE country")


STEPS: Final[tuple[tuple[str | Reseal, ...], ...]] = (
    (
        f"PRAGMA application_id = {APPLICATION}",
        """
        CREATE TABLE meta (
            name TEXT NOT NULL PRIMARY KEY,
            value BLOB NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE consent (
            person BLOB NOT NULL,
            purpose TEXT NOT NULL,
            scope TEXT NOT NULL,
            given BLOB NOT NULL,
            PRIMARY KEY (person, purpose, scope)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE outcome (
            person BLOB NOT NULL,
            purpose TEXT NOT NULL CHECK (purpose = 'remember'),
            scope TEXT NOT NULL,
            walk BLOB NOT NULL,
            answers BLOB NOT NULL,
            PRIMARY KEY (person, purpose, scope, walk),
            FOREIGN KEY (person, purpose, scope) REFERENCES consent ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID
        """,
    ),
    (
        """
        CREATE TABLE country (
            person BLOB NOT NULL,
            purpose TEXT NOT NULL CHECK (purpose = 'country'),
            scope TEXT NOT NULL,
            code BLOB NOT NULL,
            PRIMARY KEY (person, purpose, scope),
            FOREIGN KEY (person, purpose, scope) REFERENCES consent ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID
        """,
    ),
    (
        "ALTER TABLE consent ADD COLUMN id BLOB NOT NULL DEFAULT x''",
        "ALTER TABLE consent ADD COLUMN day INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE consent ADD COLUMN told INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX consent_day ON consent (day)",
        "ALTER TABLE outcome ADD COLUMN until INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX outcome_until ON outcome (until)",
        """
        CREATE TABLE setting (
            person BLOB NOT NULL,
            purpose TEXT NOT NULL,
            scope TEXT NOT NULL,
            settings BLOB NOT NULL,
            PRIMARY KEY (person, purpose, scope),
            FOREIGN KEY (person, purpose, scope) REFERENCES consent ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE plan (
            person BLOB NOT NULL,
            purpose TEXT NOT NULL CHECK (purpose = 'plans'),
            scope TEXT NOT NULL,
            number BLOB NOT NULL,
            line BLOB NOT NULL,
            until INTEGER NOT NULL,
            PRIMARY KEY (person, purpose, scope, number),
            FOREIGN KEY (person, purpose, scope) REFERENCES consent ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX plan_until ON plan (until)",
        """
        CREATE TABLE person_due (
            person BLOB NOT NULL,
            purpose TEXT NOT NULL,
            scope TEXT NOT NULL,
            item BLOB NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (person, purpose, scope, item),
            FOREIGN KEY (person, purpose, scope) REFERENCES consent ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX person_due_at ON person_due (at)",
        """
        CREATE TABLE room (
            chat BLOB NOT NULL PRIMARY KEY,
            id BLOB NOT NULL,
            settings BLOB NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        _date_rows,
    ),
    (
        "ALTER TABLE person_due ADD COLUMN claimed INTEGER NOT NULL DEFAULT 0",
        "DROP INDEX person_due_at",
        "CREATE INDEX person_due_at ON person_due (claimed, at)",
        """
        CREATE TABLE nudging (
            person BLOB NOT NULL,
            purpose TEXT NOT NULL CHECK (purpose = 'nudges'),
            scope TEXT NOT NULL,
            settings BLOB NOT NULL,
            PRIMARY KEY (person, purpose, scope),
            FOREIGN KEY (person, purpose, scope) REFERENCES consent ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE follow_up (
            person BLOB NOT NULL,
            purpose TEXT NOT NULL CHECK (purpose = 'follow_ups'),
            scope TEXT NOT NULL,
            walk BLOB NOT NULL,
            answers BLOB NOT NULL,
            until INTEGER NOT NULL,
            PRIMARY KEY (person, purpose, scope, walk),
            FOREIGN KEY (person, purpose, scope) REFERENCES consent ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX follow_up_until ON follow_up (until)",
        """
        CREATE TABLE mark (
            name TEXT NOT NULL PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
    ),
    (
        "CREATE INDEX consent_scope ON consent (scope, purpose) WHERE scope != ''",
        "ALTER TABLE room ADD COLUMN gone INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX room_gone ON room (gone)",
        """
        CREATE TABLE group_due (
            chat BLOB NOT NULL,
            kind TEXT NOT NULL,
            item BLOB NOT NULL,
            at INTEGER NOT NULL,
            claimed INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (chat, kind, item),
            FOREIGN KEY (chat) REFERENCES room ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX group_due_at ON group_due (claimed, at)",
    ),
)


def own_version(database: sqlite3.Connection) -> int:
    """Return how many steps the database has taken, 0 when it is empty. Write nothing.

    Raise `NewerDatabaseError` for a newer one, `StoreError` for another program's.
    """
    version = _pragma(database, "user_version")
    (tables,) = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if (version or tables) and _pragma(database, "application_id") != APPLICATION:
        raise StoreError("The database belongs to another program: choose another data folder with BOT_DATA.")
    if version > len(STEPS):
        raise NewerDatabaseError(
            "The database was written by a newer version of the bot: start that version, or put an older copy back."
        )
    return version


def is_behind(database: sqlite3.Connection) -> bool:
    """Whether rows of an older version may have to be changed."""
    return 0 < _pragma(database, "user_version") < len(STEPS)


def migrate(database: sqlite3.Connection, sealer: Sealer, today: int) -> None:
    """Take each step that the database has not taken. `database` is in autocommit mode; `today` is a day since 1970.

    A transaction is begun even where no step is missing, so that a database that cannot be written is told now.
    """
    for number, step in enumerate(STEPS, start=1):
        database.execute("BEGIN IMMEDIATE")
        if _pragma(database, "user_version") < number:
            for part in step:
                if isinstance(part, str):
                    database.execute(part)
                else:
                    part(database, sealer, today)
            database.execute(f"PRAGMA user_version = {number}")
        database.execute("COMMIT")


def _pragma(database: sqlite3.Connection, name: str) -> int:
    (value,) = database.execute(f"PRAGMA {name}").fetchone()
    return int(value)
