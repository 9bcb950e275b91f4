"""The file of the database: whether it may be opened, by whom, and how it comes up to date.

Rules that hold here: what is not ours, or sealed with another key, is refused before anything is written; one process
serves a folder; what is changed is copied before, and the copy goes when it has come about.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import structlog

from bot.store import InUseError, PlaceError, SealError, StoreError, WrongKeyError
from bot.store.database import BARRED, EMPTY_LOG, in_plain_words, rebuild_in_small_pages
from bot.store.files import make_folder
from bot.store.migrations import STEPS, is_behind, migrate, own_version
from bot.store.ring import Ring
from bot.store.seal import Place, Sealer

FILE: Final = "compassion.sqlite3"
LOCK: Final = "serving.lock"
BEFORE: Final = f"{FILE}-before"
"""The copy that is kept while the database is brought up to date."""

RESTORING: Final = "restoring"
"""The folder in which a backup becomes the database, and what that was before is kept until then."""

KEY_MARK: Final = Place("meta", b"key", "value")
"""A cell that any other key fails to open."""

_OLDEST_SQLITE: Final = (3, 37)  # the first with STRICT tables

log = structlog.get_logger()


@in_plain_words()
def refuse_unfit(file: Path, ring: Ring | None) -> None:
    """Raise `StoreError` for a database that is not ours to open, or a place where none can be. Write nothing."""
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise StoreError("SQLite is older than 3.37: install a Python that has a newer one.")
    if not file.exists():
        there = next(place for place in file.absolute().parents if place.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            raise PlaceError(BARRED)
        return
    with reading(file) as connection:
        if own_version(connection):
            if ring is None:
                raise WrongKeyError("The data key has gone, and the database is sealed with it: put its copy back.")
            check_key(read_mark(connection), ring.sealer)


@contextmanager
def reading(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a database to read it, and leave nothing beside it that was not there."""
    # A database that was closed is read as immutable: `mode=ro` alone would leave a log and an index beside it. One
    # that was not closed has its newest rows in the log, which an immutable reading leaves out; where the log is empty,
    # whoever has it open may write all the same, and its index says so. One that was killed while it was rebuilt is
    # half one and half the other until SQLite, which has to write for it, takes it back.
    rest = {suffix: file.with_name(f"{FILE}-{suffix}") for suffix in ("wal", "shm", "journal")}
    left = [suffix for suffix, path in rest.items() if path.exists() and path.stat().st_size]
    mode = "mode=rw" if "journal" in left else "mode=ro" if left else "mode=ro&immutable=1"
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?{mode}", uri=True)) as connection:
        yield connection


def existing(folder: Path) -> Path:
    """Return the database in `folder`. Raise `StoreError` where there is none."""
    if not (folder / FILE).exists():
        raise StoreError("There is no database in the data folder: nothing was kept yet, or BOT_DATA names another.")
    return folder / FILE


@in_plain_words()
def refuse_older(connection: sqlite3.Connection) -> None:
    """Raise `StoreError` for a database that the next start of the bot has to bring up to date."""
    if own_version(connection) < len(STEPS):
        raise StoreError("The database is of an older version: start the bot once, and try again.")


@contextmanager
def serving_alone(folder: Path) -> Iterator[None]:
    """Hold what only one process can hold; it lets go of it in whatever way it ends."""
    with in_plain_words():
        make_folder(folder)
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            line = "Another process serves this data folder: end that one first, or choose another with BOT_DATA."
            raise InUseError(line) from None
        yield
    finally:
        os.close(handle)


@in_plain_words()
def is_served(folder: Path) -> bool:
    """Whether a process serves the folder. Nothing is written, and none that serves notices."""
    try:
        handle = os.open(folder / LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


@in_plain_words()
def bring_up_to_date(connection: sqlite3.Connection, file: Path, ring: Ring, today: int) -> None:
    """Bring an open database to the newest version, with the mark of its key, and empty its log."""
    copy = file.with_name(BEFORE)
    if is_behind(connection):
        _copy(connection, copy)
        try:
            migrate(connection, ring.sealer, today)
        except (sqlite3.Error, StoreError):
            connection.rollback()
            log.error("migration failed")
            raise
    else:
        migrate(connection, ring.sealer, today)
    rebuild_in_small_pages(connection)
    # Those of a start and of a restoring that were killed, too: people in them may be forgotten since.
    copy.unlink(missing_ok=True)
    shutil.rmtree(file.parent / RESTORING, ignore_errors=True)
    place = KEY_MARK.row.decode()
    connection.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO NOTHING", (place, ring.sealer.seal(b"", KEY_MARK))
    )
    connection.execute(EMPTY_LOG)  # a kill can come between a deletion and this


def _copy(connection: sqlite3.Connection, copy: Path) -> None:
    """Keep the file as it is, for whoever has to go back to it."""
    copy.unlink(missing_ok=True)
    copy.touch(mode=0o600)
    with closing(sqlite3.connect(copy)) as target:
        connection.backup(target)


def read_mark(connection: sqlite3.Connection) -> bytes:
    """Return the cell that only the right key opens, or b"" where there is none yet."""
    found = connection.execute("SELECT value FROM meta WHERE name = ?", (KEY_MARK.row.decode(),)).fetchone()
    return found[0] if found else b""


def check_key(mark: bytes, sealer: Sealer) -> None:
    """Raise `WrongKeyError` where the database was sealed with another key."""
    try:
        if mark:
            sealer.open(mark, KEY_MARK)
    except SealError:
        line = "The data key is not the one that the database was sealed with: give that one back."
        raise WrongKeyError(line) from None
