import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import bot.store
from bot.store import NewerDatabaseError, StoreError, migrations
from bot.store.migrations import APPLICATION, STEPS, migrate, own_version


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        yield connection


def shape(database: sqlite3.Connection) -> list[tuple[str, str]]:
    return database.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()


@pytest.mark.parametrize("version", range(len(STEPS) + 1))
def test_database_of_every_older_version_goes_up(
    database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    with monkeypatch.context() as older:
        older.setattr(migrations, "STEPS", STEPS[:version])
        migrate(database)
        assert own_version(database) == version
    migrate(database)
    assert own_version(database) == len(STEPS)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        migrate(fresh)
        assert shape(database) == shape(fresh)


def test_step_that_fails_half_way_leaves_the_version_before(
    database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(database)
    before = shape(database)
    monkeypatch.setattr(migrations, "STEPS", (*STEPS, ("CREATE TABLE half (way)", "CREATE TABLE half (way)")))
    with pytest.raises(sqlite3.OperationalError):
        migrate(database)
    database.execute("ROLLBACK")
    assert own_version(database) == len(STEPS)
    assert shape(database) == before


def test_newer_database_is_refused(database: sqlite3.Connection) -> None:
    migrate(database)
    database.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    with pytest.raises(NewerDatabaseError, match="newer version"):
        own_version(database)


@pytest.mark.parametrize(
    "made",
    [
        "CREATE TABLE notes (text)",
        "PRAGMA user_version = 1",
        f"PRAGMA user_version = {len(STEPS) + 1}",
        "PRAGMA application_id = 7; CREATE TABLE consent (person)",
    ],
)
def test_database_of_another_program_is_refused(database: sqlite3.Connection, made: str) -> None:
    database.executescript(made)
    with pytest.raises(StoreError, match="another program"):
        own_version(database)


def test_every_table_is_strict_and_without_rowid(database: sqlite3.Connection) -> None:
    migrate(database)
    tables = database.execute("SELECT name, wr, strict FROM pragma_table_list WHERE name NOT LIKE 'sqlite%'").fetchall()
    assert sorted(tables) == [("consent", 1, 1), ("country", 1, 1), ("meta", 1, 1), ("outcome", 1, 1)]
    assert database.execute("PRAGMA application_id").fetchone() == (APPLICATION,)


@pytest.mark.parametrize("scope", ["", "-100"])
@pytest.mark.parametrize("purpose", ["remember", "nudges"])
def test_outcome_needs_a_consent_to_remember_in_its_scope(
    database: sqlite3.Connection, purpose: str, scope: str
) -> None:
    database.execute("PRAGMA foreign_keys = ON")
    migrate(database)
    database.execute("INSERT INTO consent VALUES (x'01', ?, ?, x'00')", (purpose, scope))
    row = (b"\x01", purpose, "", b"\x02", b"\x00")
    if (purpose, scope) == ("remember", ""):
        database.execute("INSERT INTO outcome VALUES (?, ?, ?, ?, ?)", row)
    else:
        with pytest.raises(sqlite3.IntegrityError):
            database.execute("INSERT INTO outcome VALUES (?, ?, ?, ?, ?)", row)


@pytest.mark.parametrize("column", ["person", "purpose", "scope"])
def test_outcome_with_a_part_of_its_consent_left_out_is_refused(database: sqlite3.Connection, column: str) -> None:
    # NULL in a foreign key would escape it.
    database.execute("PRAGMA foreign_keys = ON")
    migrate(database)
    row = {"person": b"\x01", "purpose": "remember", "scope": "", column: None}
    with pytest.raises(sqlite3.IntegrityError, match="NOT NULL"):
        database.execute("INSERT INTO outcome VALUES (:person, :purpose, :scope, x'02', x'00')", row)


def test_store_replaces_no_row() -> None:
    # `INSERT OR REPLACE` deletes a row, and its children with it, before it writes the new one.
    for file in Path(bot.store.__path__[0]).glob("*.py"):
        sql = file.read_text(encoding="utf-8").upper()
        assert "OR REPLACE" not in sql
        assert "REPLACE INTO" not in sql
