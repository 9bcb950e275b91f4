"""A copy of the database to keep elsewhere, and the way back from it.

Rules that hold here: a backup is as sealed as the database, the owner's alone, and on the disk when the call returns;
it says when it was made, sealed too, since after 30 days nobody knows any more who was forgotten since; what was
forgotten, withdrawn or deleted since goes again before the backup serves; until it can serve, what is there stays.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bot.core.gap import DAY
from bot.core.kept import Purpose
from bot.store import NewerDatabaseError, SealError, StoreError, WrongKeyError
from bot.store.database import EMPTY_LOG, SETTINGS, connect, in_plain_words
from bot.store.files import sync
from bot.store.ledger import KEPT_FOR, Ledger
from bot.store.migrations import migrate, own_version
from bot.store.opening import FILE, RESTORING, check_key, existing, read_mark, serving_alone
from bot.store.ring import Ring
from bot.store.rotate import key_ids_in
from bot.store.rows import (
    EVERYWHERE,
    consent_key,
    consent_place,
    follow_up_place,
    group_key,
    outcome_place,
    plan_key,
    plan_place,
)
from bot.store.seal import Place
from bot.store.store import Store

TAKEN: Final = Place("meta", b"backup", "value")
"""The cell of a backup that says when it was made."""

BACKED_UP: Final = "backed-up"
"""An empty file in the data folder, of the time of the last backup."""

_FOREIGN: Final = "The file is no backup that this bot made with `backup`: take one that is."
_DAMAGED: Final = "The backup is damaged, or is none: take another."
_LOG_FILES: Final = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Again:
    """How much of a backup was forgotten, withdrawn or deleted since it was made, and is so again."""

    people: int
    consents: int  # of people who were not forgotten
    walks: int  # of consents that stay, as are the plans
    plans: int
    rooms: int


@dataclass(frozen=True, slots=True)
class Restored:
    """When a backup was made (seconds since 1970, UTC), whom it holds, and what is not in it any more."""

    taken_at: int
    people: int
    again: Again


# --- Making one ---------------------------------------------------------------------------------------------------


def back_up(folder: Path, ring: Ring, target: Path, at: int) -> None:
    """Write the database in `folder`, as it is now, to a new file. Raise `StoreError` where one is at `target`."""
    Store.refuse_unfit(folder, ring)
    file = existing(folder)
    with _new(target), in_plain_words(), closing(connect(file)) as database:
        if not own_version(database):
            raise StoreError("The database is empty: nothing was kept yet.")
        try:
            _write(database, ring, target, at)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE}:
                raise StoreError("There is no room for the backup there: make some, or give another place.") from None
            raise
    with suppress(OSError):  # the backup is there all the same
        (folder / BACKED_UP).touch(mode=0o600)
        os.utime(folder / BACKED_UP, (at, at))


@contextmanager
def _new(target: Path) -> Iterator[None]:
    """Make an owner-only file to be filled, and take it away again if that fails."""
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise StoreError("There is a file of that name already: a backup replaces none, so give another.") from None
    except (OSError, ValueError):
        raise StoreError("The backup cannot be written there: give a place where this user may write.") from None
    try:
        yield
    except BaseException:
        for suffix in ("", *_LOG_FILES):
            Path(f"{target}{suffix}").unlink(missing_ok=True)
        raise


def _write(database: sqlite3.Connection, ring: Ring, target: Path, at: int) -> None:
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        # All pages in one step: a step later would begin anew whenever the bot has written meanwhile.
        copy.execute("PRAGMA synchronous = OFF")
        database.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, with no log beside it
        _refuse_damaged(copy)
        # Last: without it a backup that was cut off is none.
        copy.execute("INSERT INTO meta VALUES (?, ?)", (TAKEN.row.decode(), ring.sealer.seal(str(at).encode(), TAKEN)))
    sync(target)


# --- The way back -------------------------------------------------------------------------------------------------


def restore(folder: Path, ring: Ring, ledger: Ledger, source: Path, at: int) -> Restored:
    """Put a backup in the place of the database in `folder`, without what was forgotten since.

    Raise `InUseError` while a bot serves the folder, and another `StoreError` for a file that is damaged, another
    program's, of a newer version, sealed with a key that `ring` has not, or older than 30 days. Nothing is changed
    then.
    """
    with serving_alone(folder):
        beside = folder / RESTORING
        with in_plain_words():
            shutil.rmtree(beside, ignore_errors=True)  # that of a restoring that was killed
            beside.mkdir(mode=0o700)
        try:
            fresh = beside / "fresh"
            _fetch(source, fresh)
            restored = _prepare(fresh, ring, ledger, at)
            with in_plain_words():
                _exchange(folder / FILE, fresh, beside)
            Store.refuse_unfit(folder, ring)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    return restored


def _fetch(source: Path, fresh: Path) -> None:
    try:
        with source.open("rb") as given, os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            shutil.copyfileobj(given, file)
    except FileNotFoundError:
        raise StoreError("There is no file of that name: give the backup that is to be restored.") from None
    except (OSError, ValueError):
        line = "The backup cannot be read, or the data folder takes no copy of it: look at rights and room of both."
        raise StoreError(line) from None


def _prepare(fresh: Path, ring: Ring, ledger: Ledger, at: int) -> Restored:
    """Check the copy of a backup, bring it up to date, and take away what was forgotten since."""
    with _readable(), closing(sqlite3.connect(fresh, isolation_level=None)) as database:
        database.executescript(SETTINGS)
        _refuse_foreign(database)
        _refuse_damaged(database)
        taken = _taken(database, ring)
        if at - taken > KEPT_FOR:
            line = "The backup is older than 30 days, and nobody knows any more who was forgotten since: take a newer"
            raise StoreError(f"{line} one.")
        migrate(database, ring.sealer, at // DAY)
        database.execute("BEGIN IMMEDIATE")
        again = _forget_again(database, ring, ledger, taken)
        database.execute("DELETE FROM meta WHERE name = ?", (TAKEN.row.decode(),))
        database.execute("COMMIT")
        _refuse_damaged(database)
        (people,) = database.execute("SELECT count(DISTINCT person) FROM consent").fetchone()
        database.execute(EMPTY_LOG)
        database.execute("PRAGMA journal_mode = DELETE")
    with in_plain_words():
        sync(fresh)
    return Restored(taken, people, again)


@contextmanager
def _readable() -> Iterator[None]:
    """Tell a damaged backup from a damaged database."""
    with in_plain_words():
        try:
            yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
                raise StoreError(_DAMAGED) from None
            raise


def _refuse_foreign(database: sqlite3.Connection) -> None:
    try:
        version = own_version(database)
    except NewerDatabaseError:
        line = "The backup was made by a newer version of the bot: restore it with that version."
        raise NewerDatabaseError(line) from None
    except StoreError:
        raise StoreError(_FOREIGN) from None
    if not version:
        raise StoreError(_FOREIGN)


def _refuse_damaged(database: sqlite3.Connection) -> None:
    sound = database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    if not sound or database.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise StoreError(_DAMAGED)


def _taken(database: sqlite3.Connection, ring: Ring) -> int:
    """Return when the backup was made, and refuse one that the ring does not open."""
    line = "The backup was sealed with a data key that is not there: put that key behind those that are."
    try:
        check_key(read_mark(database), ring.sealer)
    except WrongKeyError:
        raise WrongKeyError(line) from None
    if not set(key_ids_in(database)) <= {b"", *(keys.id for keys in ring.keys)}:
        raise WrongKeyError(line)
    found = database.execute("SELECT value FROM meta WHERE name = ?", (TAKEN.row.decode(),)).fetchone()
    if found is None:
        raise StoreError(_FOREIGN)
    return int(ring.sealer.open(found[0], TAKEN))


def _exchange(file: Path, fresh: Path, beside: Path) -> None:
    """Put the copy in the place of the database, which lies beside it until that is done."""
    if file.exists():
        # What its log holds goes into it first; where that cannot be, the log goes with it.
        with suppress(StoreError, sqlite3.Error):
            connect(file).close()
        (beside / FILE).hardlink_to(file)
    for suffix in _LOG_FILES:  # SQLite would take the log of another database for that of this one
        with suppress(FileNotFoundError):
            file.with_name(f"{FILE}{suffix}").rename(beside / f"{FILE}{suffix}")
    fresh.replace(file)
    sync(file)


# --- What was forgotten since -------------------------------------------------------------------------------------


def _forget_again(database: sqlite3.Connection, ring: Ring, ledger: Ledger, taken: int) -> Again:
    """Delete every row that is not newer than its entry in the ledger."""
    forgetting = _Forgetting(database, ring, ledger, taken)
    people, consents = forgetting.consents()
    return Again(people, consents, forgetting.walks(), forgetting.plans(), forgetting.rooms())


class _Forgetting:
    def __init__(self, database: sqlite3.Connection, ring: Ring, ledger: Ledger, taken: int) -> None:
        self._database = database
        self._ring = ring
        self._ledger = ledger
        self._taken = taken

    def consents(self) -> tuple[int, int]:
        """Delete consents with all that was kept under them: of how many people all, and how many of others."""
        people: set[bytes] = set()
        withdrawn = 0
        for row, purpose, scope, cell in self._rows("SELECT person, purpose, scope, given FROM consent"):
            at = self._made(cell, consent_place(row, purpose, scope, "given"), "at")
            if self._is_gone(row, at):
                people.add(row)
            elif any(self._is_gone(what, at) for what in self._with_which_it_goes(row, purpose, scope)):
                withdrawn += 1
            else:
                continue
            sql = "DELETE FROM consent WHERE person = ? AND purpose = ? AND scope = ?"
            self._database.execute(sql, (row, purpose, scope))
        return len(people), withdrawn

    @staticmethod
    def _with_which_it_goes(row: bytes, purpose: str, scope: str) -> Iterator[bytes]:
        """What a consent goes with: itself, the same everywhere, and the group that it is for."""
        yield from (consent_key(row, purpose, where) for where in (scope, EVERYWHERE))
        if scope != EVERYWHERE:
            yield group_key(scope)

    def walks(self) -> int:
        """Delete walks that were deleted one by one, and what was asked about them in the days after."""
        after = [
            (row, walk)
            for row, walk, cell in self._rows("SELECT person, walk, answers FROM follow_up")
            if self._is_gone(walk, self._made(cell, follow_up_place(row, walk), "ended_at"))
        ]
        self._forget_dues(Purpose.FOLLOW_UPS, after)
        self._database.executemany("DELETE FROM follow_up WHERE person = ? AND walk = ?", after)
        found = [
            (row, walk)
            for row, walk, cell in self._rows("SELECT person, walk, answers FROM outcome")
            if self._is_gone(walk, self._made(cell, outcome_place(row, walk), "ended_at"))
        ]
        self._database.executemany("DELETE FROM outcome WHERE person = ? AND walk = ?", found)
        return len(found)

    def plans(self) -> int:
        """Delete plans that were done, and their reminders."""
        found = [
            (row, item)
            for row, item, cell in self._rows("SELECT person, number, line FROM plan")
            if self._is_gone(plan_key(item), self._made(cell, plan_place(row, item), "made_at"))
        ]
        self._forget_dues(Purpose.PLANS, found)
        self._database.executemany("DELETE FROM plan WHERE person = ? AND number = ?", found)
        return len(found)

    def rooms(self) -> int:
        """Delete rooms."""
        found = [(chat,) for (chat,) in self._rows("SELECT chat FROM room") if self._is_gone(chat, self._taken)]
        self._database.executemany("DELETE FROM room WHERE chat = ?", found)
        return len(found)

    def _forget_dues(self, purpose: Purpose, found: list[tuple[bytes, bytes]]) -> None:
        # A plan and a walk may have one number.
        sql = "DELETE FROM person_due WHERE person = ? AND item = ? AND purpose = ?"
        self._database.executemany(sql, [(row, item, purpose) for row, item in found])

    def _made(self, cell: bytes, place: Place, field: str) -> int:
        """Return when a row was made: by the time of the backup, whatever the clock said; no more may be known."""
        try:
            fields: dict[str, Any] = json.loads(self._ring.sealer.open(cell, place))
        except SealError:
            return self._taken
        return min(int(fields[field]), self._taken)

    def _is_gone(self, what: bytes, at: int) -> bool:
        noted = self._ledger.gone_at(what)
        return noted is not None and at <= noted

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._database.execute(sql).fetchall()
