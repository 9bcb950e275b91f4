"""What people asked to be kept, in one SQLite file.

Rules that hold here: a person is a keyed hash and what is kept of them a sealed cell, so the file shows days, times
and counts and no more; SQLite itself refuses a row whose consent is missing, and deletes it with its consent; nothing
is written under a consent whose words have changed since; rows are upserted, since replacing one would delete its
children; what is deleted is noted beside the key, so that no backup brings it back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

import structlog

from bot.core.copies import replace
from bot.core.gap import DAY
from bot.core.kept import KEPT_DAYS, Kept, Outcome, Plan, Purpose
from bot.core.state import Change, Condition, Source
from bot.log import failure
from bot.store import StoreError
from bot.store.database import ClosedDatabase, Database, connect
from bot.store.dues import Dues, dues_of
from bot.store.keyring import Keys
from bot.store.ledger import Ledger
from bot.store.opening import (
    FILE,
    bring_up_to_date,
    existing,
    refuse_older,
    refuse_unfit,
    serving_alone,
)
from bot.store.ring import Ring
from bot.store.rooms import Rooms
from bot.store.rows import (
    EVERYWHERE,
    consent_key,
    consent_place,
    outcome_place,
    plan_place,
    row_key,
    scope_of,
)
from bot.store.sealed import told_if_shut

QUIET_DAYS: Final = 365
"""Days without a word after which all of a person goes, if they were told."""
NOTICE_DAYS: Final = 30
"""Days before that, and at least, in which they are told."""
PAGE: Final = 100
"""Rows that a sweep takes at once, so that nobody waits for it."""

_SWEEPS: Final = (
    "DELETE FROM outcome WHERE (person, walk) IN (SELECT person, walk FROM outcome WHERE until < :today LIMIT :page)",
    """
    DELETE FROM person_due WHERE (person, purpose, item) IN
    (SELECT person, purpose, number FROM plan WHERE until < :today LIMIT :page)
    """,
    "DELETE FROM plan WHERE (person, number) IN (SELECT person, number FROM plan WHERE until < :today LIMIT :page)",
    """
    DELETE FROM person_due WHERE (person, purpose, item) IN
    (SELECT person, purpose, walk FROM follow_up WHERE until < :today LIMIT :page)
    """,
    """
    DELETE FROM follow_up WHERE (person, walk) IN
    (SELECT person, walk FROM follow_up WHERE until < :today LIMIT :page)
    """,
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
     AND EXISTS (SELECT 1 FROM consent WHERE person = one.person AND purpose = 'alone' AND scope = '') LIMIT :page)
    """,
)

_SEEN: Final = "UPDATE consent SET day = ?, told = 0 WHERE person = ? AND day < ?"

log = structlog.get_logger()


class Store(Dues, Rooms):
    """What is kept of people and rooms, who are given by their Telegram ids.

    Every method raises `StoreError` when the database fails; the rest of the bot goes on without it. A time `at` is in
    seconds since 1970, UTC, and `today` in days.
    """

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
    async def beside(
        cls,
        folder: Path,
        ring: Ring,
        *,
        ledger: Ledger | None = None,
        versions: Mapping[Purpose, int] = MappingProxyType({}),
    ) -> AsyncIterator[Self]:
        """Open the store in `folder` for a while, beside a process that may serve it. Nothing is made there.

        `versions` as for `open`. Raise `StoreError` where there is none, or it is of an older version.
        """
        cls.refuse_unfit(folder, ring)
        file = existing(folder)
        with closing(connect(file)) as connection:
            refuse_older(connection)
            async with Database.over(connection, file) as database:
                yield cls(database, ring, ledger, versions)

    @classmethod
    def closed(
        cls,
        ring: Ring,
        why: StoreError,
        opened: Callable[[], Awaitable[Store]],
        *,
        ledger: Ledger | None = None,
        versions: Mapping[Purpose, int] = MappingProxyType({}),
    ) -> Self:
        """One that keeps nothing: whatever it is asked for fails, and says why, until `opened` gives one that can."""

        async def database() -> Database:
            return (await opened())._database  # noqa: SLF001 - of a store too

        return cls(ClosedDatabase(why, database), ring, ledger, versions)

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
            row = row_key(keys, person)
            if purpose is Purpose.REMEMBER:  # with which the number of days goes that someone chose
                with told_if_shut():
                    self._keep_follow_ups(database, row, KEPT_DAYS)
            sql = "DELETE FROM consent WHERE person = ? AND purpose = ? AND ? IN ('', scope)"
            database.execute(sql, (row, purpose, scope_of(keys, group)))

        await self._delete(delete, lambda keys: consent_key(row_key(keys, person), purpose, scope_of(keys, group)), at)

    async def forget(self, person: int, *, at: int) -> int:
        """Delete all that is kept of the person. Return how many rows that was."""

        def delete(database: sqlite3.Connection, keys: Keys) -> None:
            database.execute("DELETE FROM consent WHERE person = ?", (row_key(keys, person),))

        return await self._delete(delete, lambda keys: row_key(keys, person), at)

    async def left(self, person: int, chat: int, *, at: int) -> bool:
        """Delete what the person agreed to for a group that they have left. Return False where there was nothing."""

        def work(database: sqlite3.Connection) -> list[Purpose]:
            keys, row = self._own(database, person)
            sql = "SELECT purpose FROM consent WHERE person = ? AND scope = ? AND scope != ''"
            return [Purpose(purpose) for (purpose,) in database.execute(sql, (row, scope_of(keys, chat)))]

        given = await self._database.read(work)
        for purpose in given:
            await self.withdraw(person, purpose, at=at, group=chat)
        return bool(given)

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
            one = (row_key(keys, person), row_key(keys, person, walk))
            database.execute("DELETE FROM outcome WHERE person = ? AND walk = ?", one)
            database.execute("DELETE FROM person_due WHERE person = ? AND purpose = 'follow_ups' AND item = ?", one)
            database.execute("DELETE FROM follow_up WHERE person = ? AND walk = ?", one)

        return await self._delete(delete, lambda keys: row_key(keys, person, walk), at) > 0

    async def save_days(self, person: int, days: int) -> bool:
        """Keep walks for so many days from the day of each, those that are kept already too. False without consent."""

        def save(database: sqlite3.Connection, _: Keys, row: bytes) -> None:
            more = days - self._days(database, row)
            self._set(database, row, Purpose.REMEMBER, {"days": days})
            database.execute("UPDATE outcome SET until = until + ? WHERE person = ?", (more, row))
            self._keep_follow_ups(database, row, days)

        return await self._save(person, Purpose.REMEMBER, save)

    async def save_country(self, person: int, code: str) -> bool:
        """Keep the country that the person chose, in place of an earlier one. Return False without consent."""

        def save(database: sqlite3.Connection, _: Keys, row: bytes) -> None:
            self._set(database, row, Purpose.COUNTRY, {"code": code})

        return await self._save(person, Purpose.COUNTRY, save)

    # --- by the clock ---------------------------------------------------------------------------------------------

    async def quiet(self, today: int, most: int = PAGE) -> tuple[int, ...]:
        """Return people who have not written for so long that they are to be told what comes of that.

        Those of so many rows at `most`. Someone who asked never to be written to first is not among them.
        """
        oldest = today - (QUIET_DAYS - NOTICE_DAYS)

        def work(database: sqlite3.Connection) -> tuple[int, ...]:
            found = database.execute(
                "SELECT person, purpose, scope, id FROM consent AS one INDEXED BY consent_day"
                " WHERE day <= ? AND told = 0 AND id != x''"
                " AND NOT EXISTS (SELECT 1 FROM consent WHERE person = one.person AND purpose = ? AND scope = '')"
                " LIMIT ?",
                (oldest, Purpose.ALONE, most),
            )
            people = []
            for row, purpose, scope, cell in found:
                with told_if_shut():
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
                    return database.total_changes - before
            self._sweep_room(database, today, PAGE)
            return database.total_changes - before

        return await self._database.write(change, wipes=True)

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
        offers = self._offers(database, row) if any(purpose == Purpose.GROUP for purpose, *_ in given) else {}
        return Kept(
            # A yes that was copied from someone else's row is no yes: it does not open.
            tuple(
                replace(
                    self._consent(row, purpose, scope, cell),
                    offered_at=offers.get(scope, 0) if purpose == Purpose.GROUP else 0,
                )
                for purpose, scope, cell, *_ in given
            ),
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
            dues_of(dues),
            self._settings(database, row, Purpose.COUNTRY).get("code", ""),
            self._days(database, row),
            person,
            max(day for *_, day, _ in given),
            max(told for *_, told in given),
            self._nudging(database, row),
            tuple(one for one, _ in self._follow_ups(database, row).values()),
        )

    def tidy_ledger(self, at: int) -> None:
        """Make the ledger where there is none, and let go of what is old: at the start, and daily."""
        if self._ledger is None:
            return
        try:
            self._ledger.prepare(at)
        except StoreError as error:
            log.error("a backup cannot be told of what is forgotten: the ledger cannot be used", **failure(error))


def _outcome(kept: dict[str, Any]) -> Outcome:
    kept["source"] = Source(kept["source"])
    kept["conditions"] = Condition(kept["conditions"])
    kept["change"] = Change(kept["change"])
    return Outcome(**kept)
