"""The shape of the database, as numbered steps.

Rules that hold here: a step that was released is never changed, only followed by another; each is one
transaction; `PRAGMA user_version` counts those taken. Every table is STRICT, so that a column holds what it says,
and WITHOUT ROWID, so that a row lies in one place and is deleted from one place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.store import NewerDatabaseError, StoreError

if TYPE_CHECKING:
    import sqlite3

APPLICATION = 0x636F6D70  # SQLite's `application_id`: this database is ours

STEPS: tuple[tuple[str, ...], ...] = (
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


def migrate(database: sqlite3.Connection) -> None:
    """Take each step that the database has not taken. `database` is in autocommit mode.

    A transaction is begun even where no step is missing, so that a database that cannot be written is told now.
    """
    for number, step in enumerate(STEPS, start=1):
        database.execute("BEGIN IMMEDIATE")
        if _pragma(database, "user_version") < number:
            for statement in step:
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {number}")
        database.execute("COMMIT")


def _pragma(database: sqlite3.Connection, name: str) -> int:
    (value,) = database.execute(f"PRAGMA {name}").fetchone()
    return int(value)
