"""What people asked to be kept, in one SQLite file.

Rules that hold here: a person is a keyed hash and what is kept of them a sealed cell, so the file shows days, times
and counts and no more; SQLite itself refuses a row whose consent is missing, and deletes it with its consent; nothing
is written under a consent whose words have changed since; rows are upserted, since replacing one would delete its
children; what is deleted is noted beside the key, so that no backup brings it back.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

import structlog

from bot.core.gap import DAY
from bot.core.model import (
    KEPT_DAYS,
    PLAN_DAYS,
    Change,
    Condition,
    Consent,
    Due,
    Kept,
    Outcome,
    Plan,
    Purpose,
    Source,
)
from bot.log import failure
from bot.store import SealError, StoreError, WrongKeyError
from bot.store.database import (
    ClosedDatabase,
    Database,
    connect,
)
from bot.store.keyring import Keys
from bot.store.ledger import Ledger
from bot.store.opening import (
    FILE,
    bring_up_to_date,
    check_key,
    existing,
    read_mark,
    refuse_older,
    refuse_unfit,
    serving_alone,
)
from bot.store.ring import Ring
from bot.store.rows import (
    EVERYWHERE,
    consent_key,
    consent_place,
    outcome_place,
    plan_key,
    plan_place,
    room_place,
    row_key,
    scope_of,
    setting_place,
)
from bot.store.seal import Place

QUIET_DAYS: Final = 365
"""Days without a word after which all of a person goes, if they were told."""
NOTICE_DAYS: Final = 30
"""Days before that, and at least, in which they are told."""
LATEST: Final = 2 * 60 * 60
"""Seconds after its time in which a reminder is still sent. Later, it waits for the same hour of the next day."""
PAGE: Final = 100
"""Rows that a sweep takes at once, so that nobody waits for it."""

_SWEEPS: Final = (
    "DELETE FROM outcome WHERE (person, walk) IN (SELECT person, walk FROM outcome WHERE until < :today LIMIT :page)",
    "DELETE FROM person_due WHERE (person, item) IN (SELECT person, number FROM plan WHERE until < :today LIMIT :page)",
    "DELETE FROM plan WHERE (person, number) IN (SELECT person, number FROM plan WHERE until < :today LIMIT :page)",
    """
    DELETE FROM consent WHERE person IN
    (SELECT person FROM consent INDEXED BY consent_day WHERE day <= :quiet AND told BETWEEN 1 AND :told LIMIT :page)
    """,
    # Whose id no version knew cannot be told: they agreed before it was kept, and have not written since.
    """
    DELETE FROM consent WHERE (person, purpose, scope) IN
    (SELECT person, purpose, scope FROM consent INDEXED BY consent_day WHERE day <= :quiet AND id = x'' LIMIT :page)
    """,
    # Who asked never to be written to was not told either; and the wish itself stays until it is taken back.
    """
    DELETE FROM consent WHERE (person, purpose, scope) IN
    (SELECT person, purpose, scope FROM consent AS one WHERE day <= :quiet AND purpose != 'alone'
     AND EXISTS (SELECT 1 FROM consent WHERE person = one.person AND purpose = 'alone') LIMIT :page)
    """,
)

_SEEN: Final = "UPDATE consent SET day = ?, told = 0 WHERE person = ? AND day < ?"

log = structlog.get_logger()


class Store:
    """What is kept of people and rooms, who are given by their Telegram ids.

    Every method raises `StoreError` when the database fails; the rest of the bot goes on without it. A time `at` is in
    seconds since 1970, UTC, and `today` in days.
    """

    def __init__(self, database: Database, ring: Ring, ledger: Ledger | None, versions: Mapping[Purpose, int]) -> None:
        self._database = database
        self._ring = ring
        self._ledger = ledger
        self._versions = versions
        self._mark = b""  # the cell of the database that the keys were held to

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        folder: Path,
        ring: Ring,
        *,
        at: int = 0,
        ledger: Ledger | None = None,
        versions: Mapping[Purpose, int] = MappingProxyType({}),
    ) -> AsyncIterator[Self]:
        """Open the store in `folder` to serve, both made owner-only where there are none, and close it at the end.

        `versions` are those of the words that people agree to now, 1 where it names none. Raise `InUseError` while
        another process serves it, and `WrongKeyError`, `NewerDatabaseError` or another `StoreError` before anything is
        written where the database was sealed with another key, is newer, is no database of ours, or cannot be used.
        """
        cls.refuse_unfit(folder, ring)
        file = folder / FILE
        # Blocking, since nothing is served before: so the connection is ours to close, whatever becomes of the driver.
        with serving_alone(folder), closing(connect(file)) as connection:
            bring_up_to_date(connection, file, ring, at // DAY)
            async with Database.over(connection, file) as database:
                yield cls(database, ring, ledger, versions)

    @classmethod
    @asynccontextmanager
    async def beside(cls, folder: Path, ring: Ring, *, ledger: Ledger | None = None) -> AsyncIterator[Self]:
        """Open the store in `folder` for a while, beside a process that may serve it. Nothing is made there.

        Raise `StoreError` where there is none, or it is of an older version.
        """
        cls.refuse_unfit(folder, ring)
        file = existing(folder)
        with closing(connect(file)) as connection:
            refuse_older(connection)
            async with Database.over(connection, file) as database:
                yield cls(database, ring, ledger, MappingProxyType({}))

    @classmethod
    def closed(cls, ring: Ring, why: StoreError) -> Self:
        """One that keeps nothing: whatever it is asked for fails, and says why."""
        return cls(ClosedDatabase(why), ring, None, {})

    @staticmethod
    def refuse_unfit(folder: Path, ring: Ring | None) -> None:
        """Raise `StoreError` where `open` would, as far as that can be told without writing.

        `ring` is None where no key was made yet.
        """
        refuse_unfit(folder / FILE, ring)

    # --- of a person ----------------------------------------------------------------------------------------------

    async def kept(self, person: int) -> Kept:
        """Return all that is kept of the person."""
        return await self._database.read(lambda database: self._kept(database, person))

    async def seen(self, person: int, *, at: int) -> None:
        """Note the day on which the person wrote, where anything is kept of them."""

        def change(database: sqlite3.Connection) -> None:
            _, row = self._own(database, person)
            day = at // DAY
            database.execute(_SEEN, (day, row, day))
            unknown = "SELECT purpose, scope FROM consent WHERE person = ? AND id = x''"
            for purpose, scope in database.execute(unknown, (row,)).fetchall():
                cell = self._seal(str(person), consent_place(row, purpose, scope, "id"))
                sql = "UPDATE consent SET id = ? WHERE person = ? AND purpose = ? AND scope = ?"
                database.execute(sql, (cell, row, purpose, scope))

        await self._database.write(change)

    async def grant(self, person: int, purpose: Purpose, *, at: int, group: int = 0) -> None:
        """Keep a yes to the words of today."""

        def change(database: sqlite3.Connection) -> None:
            keys, row = self._own(database, person)
            scope = scope_of(keys, group)
            given = {"version": self._version(purpose), "at": at} | ({"group": group} if group else {})
            database.execute(
                "INSERT INTO consent (person, purpose, scope, given, id, day, told) VALUES (?, ?, ?, ?, ?, ?, 0)"
                " ON CONFLICT DO UPDATE SET given = excluded.given, id = excluded.id, day = excluded.day, told = 0",
                (
                    row,
                    purpose,
                    scope,
                    self._seal(given, consent_place(row, purpose, scope, "given")),
                    self._seal(str(person), consent_place(row, purpose, scope, "id")),
                    at // DAY,
                ),
            )
            database.execute(_SEEN, (at // DAY, row, at // DAY))  # who agrees has written

        await self._database.write(change)

    async def withdraw(self, person: int, purpose: Purpose, *, at: int, group: int = 0) -> None:
        """Delete a consent, for one group or wherever it was given, and all that was kept under it."""

        def delete(database: sqlite3.Connection, keys: Keys) -> None:
            sql = "DELETE FROM consent WHERE person = ? AND purpose = ? AND ? IN ('', scope)"
            database.execute(sql, (row_key(keys, person), purpose, scope_of(keys, group)))

        await self._delete(delete, lambda keys: consent_key(row_key(keys, person), purpose, scope_of(keys, group)), at)

    async def forget(self, person: int, *, at: int) -> int:
        """Delete all that is kept of the person. Return how many rows that was."""

        def delete(database: sqlite3.Connection, keys: Keys) -> None:
            database.execute("DELETE FROM consent WHERE person = ?", (row_key(keys, person),))

        return await self._delete(delete, lambda keys: row_key(keys, person), at)

    async def save_outcome(self, person: int, outcome: Outcome) -> bool:
        """Keep the outcome of a walk, in place of an earlier one of the same walk. Return False without consent."""

        def save(database: sqlite3.Connection, keys: Keys, row: bytes) -> None:
            walk = row_key(keys, person, outcome.walk)
            database.execute(
                "INSERT INTO outcome (person, purpose, scope, walk, answers, until) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET answers = excluded.answers, until = excluded.until",
                (
                    row,
                    Purpose.REMEMBER,
                    EVERYWHERE,
                    walk,
                    self._seal(asdict(outcome), outcome_place(row, walk)),
                    outcome.ended_at // DAY + self._days(database, row),
                ),
            )

        return await self._save(person, Purpose.REMEMBER, save)

    async def erase_outcome(self, person: int, walk: int, *, at: int) -> bool:
        """Delete what is kept of one walk. Return False where there was none."""

        def delete(database: sqlite3.Connection, keys: Keys) -> None:
            key = row_key(keys, person, walk)
            database.execute("DELETE FROM outcome WHERE person = ? AND walk = ?", (row_key(keys, person), key))

        return await self._delete(delete, lambda keys: row_key(keys, person, walk), at) > 0

    async def save_days(self, person: int, days: int) -> bool:
        """Keep walks for so many days from the day of each, those that are kept already too. False without consent."""

        def save(database: sqlite3.Connection, _: Keys, row: bytes) -> None:
            more = days - self._days(database, row)
            self._set(database, row, Purpose.REMEMBER, {"days": days})
            database.execute("UPDATE outcome SET until = until + ? WHERE person = ?", (more, row))

        return await self._save(person, Purpose.REMEMBER, save)

    async def save_country(self, person: int, code: str) -> bool:
        """Keep the country that the person chose, in place of an earlier one. Return False without consent."""

        def save(database: sqlite3.Connection, _: Keys, row: bytes) -> None:
            self._set(database, row, Purpose.COUNTRY, {"code": code})

        return await self._save(person, Purpose.COUNTRY, save)

    async def save_plan(self, person: int, plan: Plan, *, remind_at: int) -> bool:
        """Keep a plan, and when to remind of it. Return False without consent."""

        def save(database: sqlite3.Connection, keys: Keys, row: bytes) -> None:
            item = row_key(keys, person, plan.number)
            database.execute(
                "INSERT INTO plan (person, purpose, scope, number, line, until) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET line = excluded.line, until = excluded.until",
                (
                    row,
                    Purpose.PLANS,
                    EVERYWHERE,
                    item,
                    self._seal(asdict(plan), plan_place(row, item)),
                    plan.made_at // DAY + PLAN_DAYS,
                ),
            )
            database.execute(
                "INSERT INTO person_due (person, purpose, scope, item, at) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET at = excluded.at",
                (row, Purpose.PLANS, EVERYWHERE, item, remind_at),
            )

        return await self._save(person, Purpose.PLANS, save)

    async def finish_plan(self, person: int, number: int, *, at: int) -> bool:
        """Delete a plan and its reminder. Return False where there was none."""

        def delete(database: sqlite3.Connection, keys: Keys) -> None:
            row, item = row_key(keys, person), row_key(keys, person, number)
            database.execute("DELETE FROM person_due WHERE person = ? AND item = ?", (row, item))
            database.execute("DELETE FROM plan WHERE person = ? AND number = ?", (row, item))

        return await self._delete(delete, lambda keys: plan_key(row_key(keys, person, number)), at) > 0

    # --- by the clock ---------------------------------------------------------------------------------------------

    async def due_plans(self, at: int, most: int = PAGE) -> tuple[tuple[int, Plan], ...]:
        """Take the plans that it is time to remind of: whom, and of what. Each is given once, whatever comes after.

        Someone who asked never to be written to first is reminded of nothing.
        """

        def change(database: sqlite3.Connection) -> tuple[tuple[int, Plan], ...]:
            found = database.execute(
                "SELECT due.person, due.item, due.at, plan.line, consent.scope, consent.id FROM person_due AS due"
                " JOIN plan ON plan.person = due.person AND plan.number = due.item"
                " JOIN consent USING (person, purpose, scope)"
                " WHERE due.purpose = ? AND due.at <= ? AND plan.until >= ? ORDER BY due.at LIMIT ?",
                (Purpose.PLANS, at, at // DAY, most),
            ).fetchall()
            plans = []
            for row, item, due_at, line, scope, cell in found:
                late = (at - due_at) % DAY
                if late > LATEST:
                    later = "UPDATE person_due SET at = ? WHERE person = ? AND item = ?"
                    database.execute(later, (at - late + DAY, row, item))
                    continue
                database.execute("DELETE FROM person_due WHERE person = ? AND item = ?", (row, item))
                alone = "SELECT 1 FROM consent WHERE person = ? AND purpose = ?"
                if database.execute(alone, (row, Purpose.ALONE)).fetchone() is None:
                    with _told_if_shut():
                        person = self._open(cell, consent_place(row, Purpose.PLANS, scope, "id"))
                        plans.append((int(person), Plan(**self._open(line, plan_place(row, item)))))
            return tuple(plans)

        return await self._database.write(change)

    async def may_remind(self, person: int, number: int) -> bool:
        """Whether a plan that was taken is still kept, by someone who may be written to first."""

        def work(database: sqlite3.Connection) -> bool:
            keys, row = self._own(database, person)
            found = database.execute(
                "SELECT 1 FROM plan AS one WHERE person = ? AND number = ?"
                " AND NOT EXISTS (SELECT 1 FROM consent WHERE person = one.person AND purpose = ?)",
                (row, row_key(keys, person, number), Purpose.ALONE),
            )
            return found.fetchone() is not None

        return await self._database.read(work)

    async def remind_at(self, person: int, number: int, at: int) -> None:
        """Remind of a plan at that time, if it is still kept."""

        def change(database: sqlite3.Connection) -> None:
            keys, row = self._own(database, person)
            item = row_key(keys, person, number)
            database.execute(
                "INSERT INTO person_due (person, purpose, scope, item, at)"
                " SELECT person, purpose, scope, number, ? FROM plan WHERE person = ? AND number = ?"
                " ON CONFLICT DO UPDATE SET at = excluded.at",
                (at, row, item),
            )

        await self._database.write(change)

    async def quiet(self, today: int, most: int = PAGE) -> tuple[int, ...]:
        """Return people who have not written for so long that they are to be told what comes of that.

        Those of so many rows at `most`. Someone who asked never to be written to first is not among them.
        """
        oldest = today - (QUIET_DAYS - NOTICE_DAYS)

        def work(database: sqlite3.Connection) -> tuple[int, ...]:
            found = database.execute(
                "SELECT person, purpose, scope, id FROM consent AS one INDEXED BY consent_day"
                " WHERE day <= ? AND told = 0 AND id != x''"
                " AND NOT EXISTS (SELECT 1 FROM consent WHERE person = one.person AND purpose = ?) LIMIT ?",
                (oldest, Purpose.ALONE, most),
            )
            people = []
            for row, purpose, scope, cell in found:
                with _told_if_shut():
                    people.append(int(self._open(cell, consent_place(row, purpose, scope, "id"))))
            return tuple(dict.fromkeys(people))

        return await self._database.read(work)

    async def told(self, person: int, today: int) -> None:
        """Note that the person was told that all will go."""

        def change(database: sqlite3.Connection) -> None:
            _, row = self._own(database, person)
            database.execute("UPDATE consent SET told = ? WHERE person = ?", (today, row))

        await self._database.write(change)

    async def sweep(self, today: int) -> int:
        """Delete a page of what has been kept long enough, and return how many rows that was: 0 when all is swept."""

        def change(database: sqlite3.Connection) -> int:
            before = database.total_changes
            days = {"today": today, "quiet": today - QUIET_DAYS, "told": today - NOTICE_DAYS, "page": PAGE}
            for sql in _SWEEPS:
                database.execute(sql, days)
                if database.total_changes > before:
                    break
            return database.total_changes - before

        return await self._database.write(change, wipes=True)

    # --- of rooms -------------------------------------------------------------------------------------------------

    async def save_room(self, chat: int, settings: Mapping[str, object]) -> None:
        """Keep what the admins of a group or channel have set, in place of what was set before."""

        def change(database: sqlite3.Connection) -> None:
            _, row = self._room(database, chat)
            database.execute(
                "INSERT INTO room (chat, id, settings) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET settings = excluded.settings",
                (row, self._seal(str(chat), room_place(row, "id")), self._seal(settings, room_place(row, "settings"))),
            )

        await self._database.write(change)

    async def room(self, chat: int) -> Mapping[str, Any] | None:
        """Return what the admins of a group or channel have set, or None where nothing is kept of it."""

        def work(database: sqlite3.Connection) -> Mapping[str, Any] | None:
            _, row = self._room(database, chat)
            found = database.execute("SELECT settings FROM room WHERE chat = ?", (row,)).fetchone()
            settings: Mapping[str, Any] | None = self._open(found[0], room_place(row, "settings")) if found else None
            return settings

        return await self._database.read(work)

    async def forget_room(self, chat: int, *, at: int) -> None:
        """Delete what is kept of a group or channel."""

        def delete(database: sqlite3.Connection, keys: Keys) -> None:
            database.execute("DELETE FROM room WHERE chat = ?", (row_key(keys, chat),))

        await self._delete(delete, lambda keys: row_key(keys, chat), at)

    # --- within a transaction -------------------------------------------------------------------------------------

    def _kept(self, database: sqlite3.Connection, person: int) -> Kept:
        _, row = self._own(database, person)
        given = database.execute(
            "SELECT purpose, scope, given, day, told FROM consent WHERE person = ?", (row,)
        ).fetchall()
        if not given:
            return Kept()
        outcomes = database.execute("SELECT walk, answers FROM outcome WHERE person = ?", (row,))
        plans = database.execute("SELECT number, line FROM plan WHERE person = ?", (row,))
        dues = database.execute("SELECT purpose, at FROM person_due WHERE person = ?", (row,))
        return Kept(
            # A yes that was copied from someone else's row is no yes: it does not open.
            tuple(self._consent(row, purpose, scope, cell) for purpose, scope, cell, *_ in given),
            tuple(
                sorted(
                    (_outcome(self._open(cell, outcome_place(row, walk))) for walk, cell in outcomes),
                    key=lambda outcome: (outcome.ended_at, outcome.walk),
                )
            ),
            tuple(
                sorted(
                    (Plan(**self._open(cell, plan_place(row, item))) for item, cell in plans),
                    key=lambda plan: (plan.made_at, plan.number),
                )
            ),
            tuple(sorted((Due(Purpose(purpose), at) for purpose, at in dues), key=lambda due: due.at)),
            self._settings(database, row, Purpose.COUNTRY).get("code", ""),
            self._days(database, row),
            person,
            max(day for *_, day, _ in given),
            max(told for *_, told in given),
        )

    def _consent(self, row: bytes, purpose: str, scope: str, cell: bytes) -> Consent:
        given = self._open(cell, consent_place(row, purpose, scope, "given"))
        return Consent(Purpose(purpose), given["version"], given["at"], given.get("group", 0))

    def _agreed(self, database: sqlite3.Connection, row: bytes, purpose: Purpose) -> bool:
        """Whether the person said yes to this purpose, in the words of today."""
        sql = "SELECT given FROM consent WHERE person = ? AND purpose = ? AND scope = ''"
        found = database.execute(sql, (row, purpose)).fetchone()
        return found is not None and self._consent(row, purpose, "", found[0]).version == self._version(purpose)

    def _settings(self, database: sqlite3.Connection, row: bytes, purpose: Purpose) -> dict[str, Any]:
        sql = "SELECT settings FROM setting WHERE person = ? AND purpose = ? AND scope = ''"
        found = database.execute(sql, (row, purpose)).fetchone()
        settings: dict[str, Any] = self._open(found[0], setting_place(row, purpose, "")) if found else {}
        return settings

    def _days(self, database: sqlite3.Connection, row: bytes) -> int:
        """For how many days the person's walks are kept."""
        days: int = self._settings(database, row, Purpose.REMEMBER).get("days", KEPT_DAYS)
        return days

    def _set(self, database: sqlite3.Connection, row: bytes, purpose: Purpose, settings: Mapping[str, object]) -> None:
        database.execute(
            "INSERT INTO setting (person, purpose, scope, settings) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET settings = excluded.settings",
            (row, purpose, EVERYWHERE, self._seal(settings, setting_place(row, purpose, EVERYWHERE))),
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

    def tidy_ledger(self, at: int) -> None:
        """Make the ledger where there is none, and let go of what is old: at the start, and daily."""
        if self._ledger is None:
            return
        try:
            self._ledger.prepare(at)
        except StoreError as error:
            log.error("a backup cannot be told of what is forgotten: the ledger cannot be used", **failure(error))

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
def _told_if_shut() -> Iterator[None]:
    """Go on without a cell that does not open, so that one damaged row holds up nobody else."""
    try:
        yield
    except SealError as error:
        log.error("a cell does not open", **failure(error))


def _outcome(kept: dict[str, Any]) -> Outcome:
    kept["source"] = Source(kept["source"])
    kept["conditions"] = Condition(kept["conditions"])
    kept["change"] = Change(kept["change"])
    return Outcome(**kept)
