"""What people asked to be remembered, in one SQLite file.

Rules that hold here: a person is a keyed hash and an answer a sealed cell, so the file shows purposes and counts and no
more; SQLite itself refuses a row whose consent is missing, and deletes it with its consent; rows are upserted, since
replacing one would delete its children; a write is answered when it is on the disk, and a deletion when its bytes are
overwritten and out of the log; every failure is a `StoreError`.
"""

from __future__ import annotations

import asyncio
import errno
import hmac
import json
import os
import sqlite3
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import aiosqlite

from bot.core.model import Change, Condition, Outcome, Purpose, Source
from bot.store import SealError, StoreError, WrongKeyError
from bot.store.migrations import migrate, own_version
from bot.store.seal import Place, Sealer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path
    from typing import Self

    from bot.store.keyring import Keys

FILE: Final = "compassion.sqlite3"
_OLDEST_SQLITE: Final = (3, 37)  # the first with STRICT tables

_EVERYWHERE = ""  # the scope of a consent that is not for one group
_ROW_KEY_BYTES = 16
_KEY_MARK = Place("meta", b"key", "value")  # a cell that any other key fails to open

# FULL: what was acknowledged survives a power cut. MEMORY: no rows in temporary files outside the data folder.
_SETTINGS = """
PRAGMA busy_timeout = 5000;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA secure_delete = ON;
PRAGMA foreign_keys = ON;
PRAGMA temp_store = MEMORY;
"""

# The write-ahead log holds pages as they were before rows were deleted from them.
_EMPTY_LOG = "PRAGMA wal_checkpoint(TRUNCATE)"

_DAMAGED = "The database is damaged, or is none: put a backup in its place, or move it away to begin anew."
_FULL = "The disk of the data folder is full: make room on it."
_BUSY = "Another program is using the database: close that program."
_BARRED = "The data folder cannot be used: let this user write in it, or choose another with BOT_DATA."
_DISK = "The disk of the data folder cannot be read or written: check it, or choose another folder with BOT_DATA."
_LINES: Final = {
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_CANTOPEN: _BARRED,
    sqlite3.SQLITE_READONLY: _BARRED,
    sqlite3.SQLITE_PERM: _BARRED,
    sqlite3.SQLITE_IOERR: _DISK,
}


class _NoConsentError(StoreError):
    """SQLite refused a row whose consent is missing."""


class Store:
    """Consents, outcomes and countries of people, who are given as Telegram user ids.

    Every method raises `StoreError` when the database fails; the rest of the bot goes on without it.
    """

    def __init__(self, database: aiosqlite.Connection, keys: Keys) -> None:
        self._database = database
        self._lookup = keys.lookup
        self._sealer = Sealer([(keys.id, keys.seal)])
        self._writing = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path, keys: Keys) -> AsyncIterator[Self]:
        """Open the store in `folder`, both made owner-only where there are none, and close it at the end.

        Raise `WrongKeyError`, `NewerDatabaseError` or another `StoreError` before anything is written where the
        database was sealed with another key, is newer, is no database of ours, or cannot be used.
        """
        cls.refuse_unfit(folder, keys)
        file, sealer = folder / FILE, Sealer([(keys.id, keys.seal)])
        # Blocking, since nothing is served before: so the connection is ours to close, whatever becomes of the driver.
        with closing(_connect(file)) as connection:
            _bring_up_to_date(connection, sealer)
            database = aiosqlite.Connection(lambda: connection, iter_chunk_size=64)
            try:
                # From here on a thread runs that only `close` ends.
                yield cls(await database, keys)
            finally:
                with _in_plain_words():
                    await database.close()

    @staticmethod
    def refuse_unfit(folder: Path, keys: Keys | None) -> None:
        """Raise `StoreError` where `open` would, as far as that can be told without writing.

        `keys` is None where none were made yet.
        """
        _refuse_unfit(folder / FILE, None if keys is None else Sealer([(keys.id, keys.seal)]))

    async def consents(self, person: int) -> frozenset[Purpose]:
        """Return what the person said yes to."""
        row = self._row_key(person)
        given = await self._run("SELECT purpose, given FROM consent WHERE person = ? AND scope = ?", row, _EVERYWHERE)
        for purpose, cell in given:
            # A yes that was copied from someone else's row is no yes.
            self._sealer.open(cell, _given_place(row, purpose))
        return frozenset(Purpose(purpose) for purpose, _ in given)

    async def grant(self, person: int, purpose: Purpose, *, at: int, version: int = 1) -> None:
        """Keep a yes: to which purpose, when (seconds since 1970, UTC), and to which version of its text."""
        row = self._row_key(person)
        given = json.dumps({"version": version, "at": at}).encode()
        await self._write(
            "INSERT INTO consent (person, purpose, scope, given) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET given = excluded.given",
            row,
            purpose,
            _EVERYWHERE,
            self._sealer.seal(given, _given_place(row, purpose)),
        )

    async def withdraw(self, person: int, purpose: Purpose) -> None:
        """Delete a consent and all that was kept under it."""
        sql = "DELETE FROM consent WHERE person = ? AND purpose = ?"
        await self._write(sql, self._row_key(person), purpose, wipe=True)

    async def forget(self, person: int) -> int:
        """Delete all that is kept of the person. Return how many rows that was."""
        return await self._write("DELETE FROM consent WHERE person = ?", self._row_key(person), wipe=True)

    async def save_outcome(self, person: int, outcome: Outcome) -> bool:
        """Keep the outcome of a walk, in place of an earlier one of the same walk. Return False without consent."""
        row, walk = self._row_key(person), self._row_key(person, outcome.walk)
        answers = json.dumps(asdict(outcome), separators=(",", ":")).encode()
        try:
            await self._write(
                "INSERT INTO outcome (person, purpose, scope, walk, answers) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET answers = excluded.answers",
                row,
                Purpose.REMEMBER,
                _EVERYWHERE,
                walk,
                self._sealer.seal(answers, _answers_place(row, walk)),
            )
        except _NoConsentError:
            return False
        return True

    async def outcomes(self, person: int) -> tuple[Outcome, ...]:
        """Return the outcomes kept of the person, oldest first."""
        row = self._row_key(person)
        kept = await self._run("SELECT walk, answers FROM outcome WHERE person = ?", row)
        outcomes = (_outcome(self._sealer.open(cell, _answers_place(row, walk))) for walk, cell in kept)
        return tuple(sorted(outcomes, key=lambda outcome: (outcome.ended_at, outcome.walk)))

    async def save_country(self, person: int, code: str) -> bool:
        """Keep the country that the person chose, in place of an earlier one. Return False without consent."""
        row = self._row_key(person)
        try:
            await self._write(
                "INSERT INTO country (person, purpose, scope, code) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET code = excluded.code",
                row,
                Purpose.COUNTRY,
                _EVERYWHERE,
                self._sealer.seal(code.encode(), _country_place(row)),
            )
        except _NoConsentError:
            return False
        return True

    async def country(self, person: int) -> str:
        """Return the country kept of the person, or "" where there is none."""
        row = self._row_key(person)
        for (cell,) in await self._run("SELECT code FROM country WHERE person = ?", row):
            return self._sealer.open(cell, _country_place(row)).decode()
        return ""

    def _row_key(self, *ids: int) -> bytes:
        return hmac.digest(self._lookup, "/".join(map(str, ids)).encode(), "sha256")[:_ROW_KEY_BYTES]

    async def _write(self, sql: str, *parameters: object, wipe: bool = False) -> int:
        """Run one statement, which SQLite makes a transaction. Return the rows changed, those of cascades included."""
        async with self._writing:
            before = await self._changes()
            await self._run(sql, *parameters)
            changed = await self._changes() - before
            if wipe:
                await self._wipe()
        return changed

    async def _changes(self) -> int:
        ((changes,),) = await self._run("SELECT total_changes()")
        return int(changes)

    async def _wipe(self) -> None:
        """Let go of what the log holds of deleted rows."""
        ((busy, *_),) = await self._run(_EMPTY_LOG)
        if busy:
            raise StoreError(_BUSY)

    async def _run(self, sql: str, *parameters: object) -> list[sqlite3.Row]:
        with _in_plain_words():
            return list(await self._database.execute_fetchall(sql, parameters))


@contextmanager
def _in_plain_words() -> Iterator[None]:
    """Raise what SQLite, its driver and the system raise as one line, without their own words."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
            raise _NoConsentError("There is no consent to keep this: ask for it first.") from None
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        unknown = f"The database failed ({name}): start the bot again, and report this line if it comes back."
        raise StoreError(_LINES.get(code & 0xFF, unknown)) from None
    except OSError as error:
        raise StoreError(_FULL if error.errno in {errno.ENOSPC, errno.EDQUOT} else _BARRED) from None
    except ValueError:  # the driver's word for a closed connection
        raise StoreError("The database is closed: start the bot again.") from None


@_in_plain_words()
def _refuse_unfit(file: Path, sealer: Sealer | None) -> None:
    """Raise `StoreError` for a database that is not ours to open, or a place where none can be. Write nothing."""
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise StoreError("SQLite is older than 3.37: install a Python that has a newer one.")
    if not file.exists():
        there = next(place for place in file.absolute().parents if place.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            raise StoreError(_BARRED)
        return
    # A database that was closed is read as immutable: `mode=ro` alone would leave a log and an index beside it. One
    # that was not closed has its newest rows in the log, which an immutable reading leaves out.
    log = file.with_name(f"{FILE}-wal")
    closed = not log.exists() or not log.stat().st_size
    uri = f"{file.absolute().as_uri()}?{'mode=ro&immutable=1' if closed else 'mode=ro'}"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        if own_version(connection):
            if sealer is None:
                raise WrongKeyError("The data key has gone, and the database is sealed with it: put its copy back.")
            _check_key(connection, sealer)


def _check_key(connection: sqlite3.Connection, sealer: Sealer) -> None:
    for (mark,) in connection.execute("SELECT value FROM meta WHERE name = ?", (_KEY_MARK.row.decode(),)):
        try:
            sealer.open(mark, _KEY_MARK)
        except SealError:
            line = "The data key is not the one that the database was sealed with: give that one back."
            raise WrongKeyError(line) from None


@_in_plain_words()
def _connect(file: Path) -> sqlite3.Connection:
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)  # SQLite gives its other files the rights of this one
    return sqlite3.connect(file, isolation_level=None, check_same_thread=False)


@_in_plain_words()
def _bring_up_to_date(connection: sqlite3.Connection, sealer: Sealer) -> None:
    connection.executescript(_SETTINGS)
    migrate(connection)
    mark = sealer.seal(b"", _KEY_MARK)
    connection.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT DO NOTHING", (_KEY_MARK.row.decode(), mark))
    connection.execute(_EMPTY_LOG)  # a kill can come between a deletion and this


def _given_place(row: bytes, purpose: str) -> Place:
    return Place("consent", row + f"/{purpose}/{_EVERYWHERE}".encode(), "given")


def _answers_place(row: bytes, walk: bytes) -> Place:
    return Place("outcome", row + walk, "answers")


def _country_place(row: bytes) -> Place:
    return Place("country", row, "code")


def _outcome(answers: bytes) -> Outcome:
    kept = json.loads(answers)
    kept["source"] = Source(kept["source"])
    kept["conditions"] = Condition(kept["conditions"])
    kept["change"] = Change(kept["change"])
    return Outcome(**kept)
