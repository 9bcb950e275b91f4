"""One SQLite file: how it is opened, read beside its writer, and written by all who wait together.

Rules that hold here: a write is answered when it is on the disk, and a deletion when its bytes are overwritten and out
of the log; of those who are committed together, one that fails takes nobody along; a read sees one moment; every
failure is a `StoreError`, in plain words.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, Generic, Self, TypeVar, cast

import aiosqlite
import structlog
from typing_extensions import override

from bot.store import NoConsentError, PlaceError, StoreError
from bot.store.files import NO_ROOM, make_folder

T = TypeVar("T")

Work = Callable[[sqlite3.Connection], T]
"""What is done on the database's own thread, inside one transaction."""

MOST_TOGETHER: Final = 256
"""Writes in one transaction, so that nobody waits long for the others."""

PAGE_BYTES: Final = 512
"""So that a sealed cell never lies in a page whose rows SQLite moves about, but in pages of its own.

`secure_delete` overwrites the place that a row was deleted from, and pages of their own whole. A copy that was left
behind when rows moved to another page it does not know of.
"""

# FULL: what was acknowledged survives a power cut. MEMORY: no rows in temporary files outside the data folder.
SETTINGS: Final = f"""
PRAGMA page_size = {PAGE_BYTES};
PRAGMA busy_timeout = 5000;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA secure_delete = ON;
PRAGMA foreign_keys = ON;
PRAGMA temp_store = MEMORY;
"""

TRIED_AFTER: Final = 60.0
"""Seconds after which it is tried again to open a database that could not be opened."""

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

log = structlog.get_logger()


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Raise what SQLite, its driver and the system raise as one line, without their own words."""
    try:
        yield
    except (sqlite3.Error, OSError, ValueError) as error:
        raise _in_plain_words(error) from None


def _in_plain_words(error: Exception) -> StoreError:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
            return NoConsentError("There is no consent to keep this: ask for it first.")
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        unknown = f"The database failed ({name}): start the bot again, and report this line if it comes back."
        kind, line = _ERRORS.get(code & 0xFF, (StoreError, unknown))
        return kind(line)
    if isinstance(error, OSError):
        return PlaceError(_FULL if error.errno in NO_ROOM else BARRED)
    return StoreError("The database is closed: start the bot again.")  # the driver's word for it is ValueError


@in_plain_words()
def connect(file: Path) -> sqlite3.Connection:
    """Open the file, made owner-only where there is none, and so its folder."""
    if not file.exists():
        make_folder(file.parent)
        file.touch(mode=0o600)  # SQLite gives its other files the rights of this one
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    try:
        connection.executescript(SETTINGS)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def rebuild_in_small_pages(connection: sqlite3.Connection) -> None:
    """Write a database anew that was made in pages of another size."""
    ((size,),) = connection.execute("PRAGMA page_size").fetchall()
    if size != PAGE_BYTES:
        connection.execute("PRAGMA journal_mode = DELETE")  # with a log, the size cannot change
        connection.executescript(f"PRAGMA page_size = {PAGE_BYTES}; VACUUM;")
        connection.executescript(SETTINGS)


class _Connection(aiosqlite.Connection):
    """A connection whose thread runs whole functions: one hop for a transaction of many statements."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(lambda: connection, iter_chunk_size=64)

    def post(self, work: Work[None]) -> None:
        """Have `work`, which raises nothing, run on the thread of this connection, and wait for nothing."""
        self._tx.put_nowait((None, partial(work, self._conn)))


class _Call(Generic[T]):
    """What waits to be done on a database's thread, and what came of it."""

    __slots__ = ("done", "error", "result", "wipes", "work")

    def __init__(self, work: Work[T], done: asyncio.Future[None], *, wipes: bool) -> None:
        self.work = work
        self.done = done
        self.wipes = wipes
        self.result: T | None = None
        self.error: Exception | None = None


class _Thread:
    """A connection, and all who wait for it: they are served together, and those who come meanwhile after that.

    One hand-over for many: each costs both threads a wait for the other.
    """

    def __init__(self, connection: _Connection, serve: Callable[[sqlite3.Connection, list[_Call[Any]]], None]) -> None:
        self._connection = connection
        self._serve = serve
        self._waiting: list[_Call[Any]] = []
        self._serving = False  # or about to

    async def call(self, work: Work[T], *, wipes: bool = False) -> T:
        """Have `work` done, and return what it gives."""
        loop = asyncio.get_running_loop()
        mine = _Call(work, loop.create_future(), wipes=wipes)
        self._waiting.append(mine)
        if not self._serving:
            self._serving = True
            loop.call_soon(self._begin, loop)  # when all who are about to ask have come
        try:
            await mine.done
            if mine.error is not None:
                raise mine.error
        except (sqlite3.Error, OSError, ValueError) as error:
            raise _in_plain_words(error) from None
        return cast("T", mine.result)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Serve all who still wait, and deletions whether or not anyone does."""
        wanted = [one for one in self._waiting if one.wipes or not one.done.cancelled()]
        together, self._waiting = wanted[:MOST_TOGETHER], wanted[MOST_TOGETHER:]

        def serve(database: sqlite3.Connection) -> None:
            self._serve(database, together)
            loop.call_soon_threadsafe(self._end, loop, together)

        try:
            self._connection.post(serve)
        except ValueError as closed:
            for one in together:
                one.error = closed
            self._end(loop, together)

    def _end(self, loop: asyncio.AbstractEventLoop, together: list[_Call[Any]]) -> None:
        for one in together:
            if not one.done.done():
                one.done.set_result(None)
        self._serving = bool(self._waiting)
        if self._serving:
            loop.call_soon(self._begin, loop)


class Database:
    """A reading and a writing connection to one file, each with a thread of its own."""

    def __init__(self, reading: _Connection, writing: _Connection) -> None:
        self._reading = _Thread(reading, _read_all)
        self._writing = _Thread(writing, _commit)

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
        return await self._reading.call(work)

    async def write(self, change: Work[T], *, wipes: bool = False) -> T:
        """Make a change, committed with those that wait with it, and return what it gives once it is on the disk.

        `wipes`: it deletes, so that the log is emptied too. Where the caller gives up before it was begun, only a
        deletion is made all the same.
        """
        return await self._writing.call(change, wipes=wipes)


class ClosedDatabase(Database):
    """One that could not be opened: it says why, and is opened as soon as it can be.

    `opened` opens it or raises `StoreError`. That is tried when something is asked for, once in `TRIED_AFTER` seconds
    of `now`.
    """

    def __init__(
        self, why: StoreError, opened: Callable[[], Awaitable[Database]], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._why = why
        self._opened = opened
        self._now = now
        self._tried_at = now()
        self._database: Database | None = None

    @override
    async def read(self, work: Work[T]) -> T:
        return await (await self._there()).read(work)

    @override
    async def write(self, change: Work[T], *, wipes: bool = False) -> T:
        return await (await self._there()).write(change, wipes=wipes)

    async def _there(self) -> Database:
        if self._database is None and self._now() - self._tried_at >= TRIED_AFTER:
            self._tried_at = self._now()
            try:
                self._database = await self._opened()
                log.warning("the data folder can be used again")
            except StoreError as error:
                self._why = error
        if self._database is None:
            # Of its own for each call: one that is raised again and again would hold the traces of all.
            raise type(self._why)(*self._why.args)
        return self._database


def _read_all(database: sqlite3.Connection, together: list[_Call[Any]]) -> None:
    """Let each see the same moment, and fail alone."""
    try:
        database.execute("BEGIN")
    except sqlite3.Error as error:
        for one in together:
            one.error = error
        return
    for one in together:
        try:
            _try(database, one)
        except Exception as error:  # noqa: BLE001 it is raised where it was asked for
            one.error = error
    with suppress(sqlite3.Error):  # whoever comes next is told that it cannot be read
        database.execute("ROLLBACK")


def _commit(database: sqlite3.Connection, together: list[_Call[Any]]) -> None:
    # A savepoint for each costs as much as a small change, so it is made only where one of them has failed.
    ways = (_try, _try_beside_others) if len(together) > 1 else ()
    if not any(_commit_together(database, together, way) for way in ways):
        for one in together:
            _commit_alone(database, one)
    wiping = [one for one in together if one.wipes and one.error is None]
    if wiping:
        error = empty_log(database)
        for one in wiping:
            one.error = error


def _commit_together(
    database: sqlite3.Connection,
    together: list[_Call[Any]],
    way: Callable[[sqlite3.Connection, _Call[Any]], None],
) -> bool:
    """Commit all in one transaction. Return False where nothing is known of them, and nothing came of them."""
    try:
        database.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        for one in together:  # who would wait one after the other, and for as long
            one.error = error
        return True
    try:
        for one in together:
            way(database, one)
        database.execute("COMMIT")
    except Exception:  # noqa: BLE001 it comes again where each is tried apart
        if database.in_transaction:
            database.execute("ROLLBACK")
        return False
    return True


def _try(database: sqlite3.Connection, one: _Call[Any]) -> None:
    one.result, one.error = one.work(database), None


def _try_beside_others(database: sqlite3.Connection, one: _Call[Any]) -> None:
    database.execute("SAVEPOINT one")
    try:
        _try(database, one)
    except Exception as error:
        if not database.in_transaction:  # SQLite has given up the whole of it
            raise sqlite3.OperationalError from error
        database.execute("ROLLBACK TO one")
        one.error = error
    database.execute("RELEASE one")


def _commit_alone(database: sqlite3.Connection, one: _Call[Any]) -> None:
    try:
        database.execute("BEGIN IMMEDIATE")
        _try(database, one)
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
