"""One SQLite file: how it is opened, read beside its writer, and written by all who wait together.

Rules that hold here: a write is answered when it is on the disk, and a deletion when its bytes are overwritten and out
of the log; of those who are committed together, one that fails takes nobody along; a read sees one moment; every
failure is a `StoreError`, in plain words.
"""

from __future__ import annotations

import errno
import sqlite3
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any, Final, Generic, Self, TypeVar, cast

import aiosqlite
from typing_extensions import override

from bot.store import NoConsentError, PlaceError, StoreError

T = TypeVar("T")

Work = Callable[[sqlite3.Connection], T]
"""What is done on the database's own thread, inside one transaction."""

MOST_TOGETHER: Final = 256
"""Writes in one transaction, so that nobody waits long for the others."""

# FULL: what was acknowledged survives a power cut. MEMORY: no rows in temporary files outside the data folder.
SETTINGS: Final = """
PRAGMA busy_timeout = 5000;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA secure_delete = ON;
PRAGMA foreign_keys = ON;
PRAGMA temp_store = MEMORY;
"""

# The write-ahead log holds pages as they were before rows were deleted from them.
EMPTY_LOG: Final = "PRAGMA wal_checkpoint(TRUNCATE)"
_TRIES: Final = 250
_UNTIL_NEXT: Final = 0.02  # seconds

_DAMAGED = "The database is damaged, or is none: put a backup in its place, or move it away to begin anew."
_FULL = "The disk of the data folder is full: make room on it."
BUSY: Final = "Another program is using the database: close that program."
BARRED: Final = "The data folder cannot be used: let this user write in it, or choose another with BOT_DATA."
_DISK = "The disk of the data folder cannot be read or written: check it, or choose another folder with BOT_DATA."
_ERRORS: Final = {
    sqlite3.SQLITE_NOTADB: (StoreError, _DAMAGED),
    sqlite3.SQLITE_CORRUPT: (StoreError, _DAMAGED),
    sqlite3.SQLITE_BUSY: (StoreError, BUSY),
    sqlite3.SQLITE_LOCKED: (StoreError, BUSY),
    sqlite3.SQLITE_FULL: (PlaceError, _FULL),
    sqlite3.SQLITE_CANTOPEN: (PlaceError, BARRED),
    sqlite3.SQLITE_READONLY: (PlaceError, BARRED),
    sqlite3.SQLITE_PERM: (PlaceError, BARRED),
    sqlite3.SQLITE_IOERR: (PlaceError, _DISK),
}


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Raise what SQLite, its driver and the system raise as one line, without their own words."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
            raise NoConsentError("There is no consent to keep this: ask for it first.") from None
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        unknown = f"The database failed ({name}): start the bot again, and report this line if it comes back."
        kind, line = _ERRORS.get(code & 0xFF, (StoreError, unknown))
        raise kind(line) from None
    except OSError as error:
        raise PlaceError(_FULL if error.errno in {errno.ENOSPC, errno.EDQUOT} else BARRED) from None
    except ValueError:  # the driver's word for a closed connection
        raise StoreError("The database is closed: start the bot again.") from None


@in_plain_words()
def connect(file: Path) -> sqlite3.Connection:
    """Open the file, made owner-only where there is none, and so its folder."""
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)  # SQLite gives its other files the rights of this one
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    try:
        connection.executescript(SETTINGS)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


class _Connection(aiosqlite.Connection):
    """A connection whose thread runs whole functions: one hop for a transaction of many statements."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(lambda: connection, iter_chunk_size=64)

    async def call(self, work: Work[T]) -> T:
        """Run `work` on the thread of this connection."""
        run = cast("Callable[..., Any]", self._execute)
        result: T = await run(lambda: work(self._conn))
        return result


class _Write(Generic[T]):
    """A change that waits to be committed, and what came of it."""

    __slots__ = ("change", "error", "result", "wipes")

    def __init__(self, change: Work[T], *, wipes: bool) -> None:
        self.change = change
        self.wipes = wipes
        self.result: T | None = None
        self.error: Exception | None = None


class Database:
    """A reading and a writing connection to one file, each with a thread of its own."""

    def __init__(self, reading: _Connection, writing: _Connection) -> None:
        self._reading = reading
        self._writing = writing
        self._waiting: deque[_Write[Any]] = deque()

    @classmethod
    @asynccontextmanager
    async def over(cls, writing: sqlite3.Connection, file: Path) -> AsyncIterator[Self]:
        """Serve `writing`, an open connection to `file` that stays the caller's to close, and a second one to read."""
        with closing(connect(file)) as reading:
            reading.execute("PRAGMA query_only = ON")
            threads = [_Connection(reading), _Connection(writing)]
            opened: list[_Connection] = []
            try:
                for thread in threads:
                    opened.append(thread)
                    await thread  # from here on a thread runs that only `close` ends
                yield cls(*threads)
            finally:
                with in_plain_words():
                    for thread in reversed(opened):
                        await thread.close()

    async def read(self, work: Work[T]) -> T:
        """Return what `work` finds, all of it at one moment."""
        with in_plain_words():
            return await self._reading.call(lambda database: _at_one_moment(database, work))

    async def write(self, change: Work[T], *, wipes: bool = False) -> T:
        """Make a change, committed with those that wait with it, and return what it gives once it is on the disk.

        `wipes`: it deletes, so that the log is emptied too.
        """
        mine = _Write(change, wipes=wipes)
        self._waiting.append(mine)
        with in_plain_words():
            # Whoever comes first commits all who wait; the others find it done when their turn comes.
            await self._writing.call(self._commit)
            if mine.error is not None:
                raise mine.error
        return cast("T", mine.result)

    def _commit(self, database: sqlite3.Connection) -> None:
        together = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_TOGETHER))]
        if not together:
            return
        if len(together) == 1 or not _commit_together(database, together):
            for one in together:
                _commit_alone(database, one)
        wiping = [one for one in together if one.wipes and one.error is None]
        if wiping:
            error = empty_log(database)
            for one in wiping:
                one.error = error


class ClosedDatabase(Database):
    """One that could not be opened: it keeps nothing, and says why."""

    def __init__(self, why: StoreError) -> None:
        self._why = why

    @override
    async def read(self, work: Work[T]) -> T:
        raise self._why

    @override
    async def write(self, change: Work[T], *, wipes: bool = False) -> T:
        raise self._why


def _at_one_moment(database: sqlite3.Connection, work: Work[T]) -> T:
    database.execute("BEGIN")
    try:
        return work(database)
    finally:
        database.execute("ROLLBACK")


def _commit_together(database: sqlite3.Connection, together: list[_Write[Any]]) -> bool:
    """Commit all in one transaction, each free to fail by itself. Return False where none of it came about."""
    try:
        database.execute("BEGIN IMMEDIATE")
        for one in together:
            _try_beside_others(database, one)
        database.execute("COMMIT")
    except sqlite3.Error:
        if database.in_transaction:
            database.execute("ROLLBACK")
        return False
    return True


def _try_beside_others(database: sqlite3.Connection, one: _Write[Any]) -> None:
    database.execute("SAVEPOINT one")
    try:
        one.result, one.error = one.change(database), None
    except Exception as error:
        if not database.in_transaction:  # SQLite has given up the whole of it
            raise sqlite3.OperationalError from error
        database.execute("ROLLBACK TO one")
        one.error = error
    database.execute("RELEASE one")


def _commit_alone(database: sqlite3.Connection, one: _Write[Any]) -> None:
    try:
        database.execute("BEGIN IMMEDIATE")
        one.result, one.error = one.change(database), None
        database.execute("COMMIT")
    except Exception as error:  # noqa: BLE001 it is raised where the change was asked for
        one.error = error
        if database.in_transaction:
            database.execute("ROLLBACK")


def empty_log(database: sqlite3.Connection) -> Exception | None:
    """Let go of what the log holds of deleted rows, and say what kept it from that."""
    busy = False
    for _ in range(_TRIES):
        try:
            ((busy, in_log, _),) = database.execute(EMPTY_LOG).fetchall()
        except sqlite3.Error as error:
            return error
        if not busy or in_log >= 0:
            break
        # Another process is about to: SQLite waits for those who read and write, but not for that.
        time.sleep(_UNTIL_NEXT)
    return StoreError(BUSY) if busy else None
