"""How a data folder and its database stand, for whoever runs the bot.

Rules that hold here: a bot that serves the folder is not held up: what is asked of the database takes a moment and is
given up after that; what is tried in the folder is a file of its own, and is taken away again.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bot.store import PlaceError
from bot.store.backup import BACKED_UP
from bot.store.database import SETTINGS, in_plain_words
from bot.store.migrations import STEPS, own_version
from bot.store.opening import BEFORE, FILE, RESTORING, reading

SQLITE: Final = sqlite3.sqlite_version

_LONGEST: Final = 2.0
"""Seconds that a database is looked through. A bot that deletes meanwhile has to wait for the end of it."""

_STEPS_BETWEEN: Final = 10_000
"""Steps of SQLite between two looks at the clock."""

_UNLOCKED: Final = "The file system of the data folder cannot lock files: choose a local disk with BOT_DATA."


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of a database. Sizes are in bytes, times in seconds since 1970."""

    size: int
    in_log: int
    is_older: bool  # than this version of the bot
    is_sound: bool | None  # None: too large to be looked through in a moment
    is_unfinished: bool  # a change of its version, or a restoring, was interrupted
    backed_up_at: int | None  # None: never, as far as is known


@in_plain_words()
def examine(folder: Path) -> Found | None:
    """Look at the database in `folder`, or return None where there is none. Raise `StoreError` where it is no use."""
    file = folder / FILE
    if not file.exists():
        return None
    with reading(file) as database:
        is_older = own_version(database) < len(STEPS)
        is_sound = _is_sound(database)
    log, backed_up = file.with_name(f"{FILE}-wal"), folder / BACKED_UP
    return Found(
        size=file.stat().st_size,
        in_log=log.stat().st_size if log.exists() else 0,
        is_older=is_older,
        is_sound=is_sound,
        is_unfinished=(folder / BEFORE).exists() or (folder / RESTORING).exists(),
        backed_up_at=int(backed_up.stat().st_mtime) if backed_up.exists() else None,
    )


def _is_sound(database: sqlite3.Connection) -> bool | None:
    end = time.monotonic() + _LONGEST
    database.set_progress_handler(lambda: time.monotonic() > end, _STEPS_BETWEEN)
    try:
        return database.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)]
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return None
    finally:
        database.set_progress_handler(None, 0)


@in_plain_words()
def try_out(folder: Path) -> None:
    """Write and lock a database of its own in `folder`. Raise `PlaceError` where that cannot be done."""
    with TemporaryDirectory(prefix=".tried-", dir=folder) as beside:
        _try_lock(Path(beside) / "lock")
        with closing(sqlite3.connect(Path(beside) / FILE, isolation_level=None)) as database:
            database.executescript(SETTINGS)
            ((mode,),) = database.execute("PRAGMA journal_mode").fetchall()
            if mode != "wal":
                raise PlaceError(_UNLOCKED)
            database.execute("CREATE TABLE tried (it BLOB)")
            database.execute("INSERT INTO tried VALUES (zeroblob(65536))")


def _try_lock(path: Path) -> None:
    """Lock a file, and see that who comes next is kept out."""
    flags = os.O_RDWR | os.O_CREAT
    with os.fdopen(os.open(path, flags, 0o600)) as first, os.fdopen(os.open(path, flags)) as second:
        try:
            fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        except OSError:
            raise PlaceError(_UNLOCKED) from None
    raise PlaceError(_UNLOCKED)
