"""Within a transaction: whose rows these are, what is in their cells, and whether they may be written.

Rules that hold here: whoever has rows keeps them under the keys that they were made with, until these are rotated;
nothing is written under a consent that is missing or whose words have changed since; what is deleted is noted beside
the key, so that no backup brings it back.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import structlog

from bot.core.kept import KEPT_DAYS, Consent, Purpose
from bot.log import failure
from bot.store import SealError, StoreError, WrongKeyError
from bot.store.database import Database
from bot.store.keyring import Keys
from bot.store.ledger import Ledger
from bot.store.opening import check_key, read_mark
from bot.store.ring import Ring
from bot.store.rows import EVERYWHERE, consent_place, row_key, setting_place
from bot.store.seal import Place

log = structlog.get_logger()


class Sealed:
    """What every part of the store stands on."""

    def __init__(self, database: Database, ring: Ring, ledger: Ledger | None, versions: Mapping[Purpose, int]) -> None:
        self._database = database
        self._ring = ring
        self._ledger = ledger
        self._versions = versions
        self._mark = b""  # the cell of the database that the keys were held to

    def _consent(self, row: bytes, purpose: str, scope: str, cell: bytes) -> Consent:
        given = self._open(cell, consent_place(row, purpose, scope, "given"))
        return Consent(Purpose(purpose), given["version"], given["at"], given.get("group", 0))

    def _agreed(self, database: sqlite3.Connection, row: bytes, purpose: Purpose, scope: str = EVERYWHERE) -> bool:
        """Whether the person said yes to this purpose, in the words of today."""
        sql = "SELECT given FROM consent WHERE person = ? AND purpose = ? AND scope = ?"
        found = database.execute(sql, (row, purpose, scope)).fetchone()
        return found is not None and self._is_of_today(row, purpose, found[0], scope)

    def _is_of_today(self, row: bytes, purpose: Purpose, given: bytes, scope: str = EVERYWHERE) -> bool:
        """Whether a yes is to the words of today."""
        return self._consent(row, purpose, scope, given).version == self._version(purpose)

    def _settings(
        self, database: sqlite3.Connection, row: bytes, purpose: Purpose, scope: str = EVERYWHERE
    ) -> dict[str, Any]:
        sql = "SELECT settings FROM setting WHERE person = ? AND purpose = ? AND scope = ?"
        found = database.execute(sql, (row, purpose, scope)).fetchone()
        settings: dict[str, Any] = self._open(found[0], setting_place(row, purpose, scope)) if found else {}
        return settings

    def _offers(self, database: sqlite3.Connection, row: bytes) -> dict[str, int]:
        """When the person was last written to because of a group (seconds since 1970, UTC), by its scope."""
        sql = "SELECT scope, settings FROM setting WHERE person = ? AND purpose = ?"
        found = database.execute(sql, (row, Purpose.GROUP)).fetchall()
        return {
            scope: self._open(cell, setting_place(row, Purpose.GROUP, scope))["offered_at"] for scope, cell in found
        }

    def _days(self, database: sqlite3.Connection, row: bytes) -> int:
        """For how many days the person's walks are kept."""
        days: int = self._settings(database, row, Purpose.REMEMBER).get("days", KEPT_DAYS)
        return days

    def _set(
        self,
        database: sqlite3.Connection,
        row: bytes,
        purpose: Purpose,
        settings: Mapping[str, object],
        scope: str = EVERYWHERE,
    ) -> None:
        database.execute(
            "INSERT INTO setting (person, purpose, scope, settings) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET settings = excluded.settings",
            (row, purpose, scope, self._seal(settings, setting_place(row, purpose, scope))),
        )

    async def _save(
        self, person: int, purpose: Purpose, save: Callable[[sqlite3.Connection, Keys, bytes], None]
    ) -> bool:
        """Keep something under a consent, by the keys and the row of the person. Return False where there is none."""

        def change(database: sqlite3.Connection) -> bool:
            keys, row = self._own(database, person)
            if not self._agreed(database, row, purpose):
                return False
            save(database, keys, row)
            return True

        return await self._database.write(change)

    async def _delete(
        self, delete: Callable[[sqlite3.Connection, Keys], None], gone: Callable[[Keys], bytes], at: int
    ) -> int:
        """Delete rows under every key, and note what goes. Return the rows changed, those of cascades included."""

        def change(database: sqlite3.Connection) -> int:
            self._renew(database)
            before = database.total_changes
            for keys in self._ring.keys:
                delete(database, keys)
            deleted = database.total_changes - before
            if deleted:  # of someone of whom nothing is kept, nothing is noted either
                self._note([gone(keys) for keys in self._ring.keys], at)
            return deleted

        return await self._database.write(change, wipes=True)

    def _note(self, gone: Sequence[bytes], at: int) -> None:
        """Have a backup forget it too. What cannot be noted is deleted all the same."""
        if self._ledger is None:
            return
        try:
            self._ledger.note_all((one, at) for one in gone)
        except StoreError as error:
            log.error("ledger failed", **failure(error))

    def _own(self, database: sqlite3.Connection, person: int) -> tuple[Keys, bytes]:
        """The keys that the person's rows were made with, and what they are kept under; the newest for new ones."""
        return self._found(database, "SELECT 1 FROM consent WHERE person = ? LIMIT 1", person)

    def _room(self, database: sqlite3.Connection, chat: int) -> tuple[Keys, bytes]:
        return self._found(database, "SELECT 1 FROM room WHERE chat = ?", chat)

    def _found(self, database: sqlite3.Connection, sql: str, one: int) -> tuple[Keys, bytes]:
        self._renew(database)
        rows = [(keys, row_key(keys, one)) for keys in self._ring.keys]
        older = (pair for pair in rows[1:] if database.execute(sql, (pair[1],)).fetchone() is not None)
        return next(older, rows[0])

    def _renew(self, database: sqlite3.Connection) -> None:
        """Read the keys again where the database has been sealed with others since."""
        mark = read_mark(database)
        if mark != self._mark:
            self._ring.renew()
            try:
                check_key(mark, self._ring.sealer)
            except WrongKeyError:
                line = "The database was sealed anew with a key that this bot was not given: start it again with that"
                raise WrongKeyError(f"{line} one in front.") from None
            self._mark = mark

    def _seal(self, value: object, place: Place) -> bytes:
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        return self._ring.sealer.seal(text.encode(errors="surrogatepass"), place)

    def _open(self, cell: bytes, place: Place) -> Any:  # noqa: ANN401 - JSON is any
        return json.loads(self._ring.sealer.open(cell, place))

    def _version(self, purpose: Purpose) -> int:
        return self._versions.get(purpose, 1)


@contextmanager
def told_if_shut() -> Iterator[None]:
    """Go on without a cell that does not open, so that one damaged row holds up nobody else."""
    try:
        yield
    except SealError as error:
        log.error("a cell does not open", **failure(error))
