"""What is due: taken to be sent, sent, and due again.

Rules that hold here: something is due, then claimed, then done, and each is on the disk before the next begins, so
that a kill loses what was claimed and doubles nothing; when the next one is due is said by what is kept, never by a row
of its own; whoever changes something changes what is there at that moment.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import Any, Final

from bot.core.copies import replace
from bot.core.gap import DAY
from bot.core.kept import PLAN_DAYS, Course, Due, FollowUp, Nudging, Plan, Point, Purpose, Rest, Schedule
from bot.core.state import Change
from bot.store.keyring import Keys
from bot.store.rows import EVERYWHERE, consent_place, follow_up_place, nudging_place, plan_key, plan_place, row_key
from bot.store.sealed import Sealed, told_if_shut

MOST_CLAIMED: Final = 128
"""Rows under way at a time: so much a kill can lose."""

DUE: Final = (Purpose.NUDGES, Purpose.FOLLOW_UPS, Purpose.PLANS)
"""What may be due."""

_MARK: Final = "zones"
"""The row of `mark` with the version of the time zones that every due time was derived with."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that was taken to be sent, by this process and for as long as it lives. Times are seconds since 1970.

    `nudging` and what follows are all that bears on whether it goes out today; only a claim of that purpose has `plan`
    or `follow_up`.
    """

    person: int
    purpose: Purpose
    due_at: int
    claimed_at: int
    item: bytes
    plan: Plan | None = None
    follow_up: FollowUp | None = None
    nudging: Nudging | None = None
    dues: tuple[Due, ...] = ()  # of other things
    walked_at: int = 0  # when a walk ended that will be followed up, the latest
    followed_at: int = 0  # when a follow-up was last sent


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of one kind are due. Those of the next hour are of the next day too."""

    within_hour: int = 0
    within_day: int = 0
    overdue: int = 0
    claimed: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """How many are due, of each kind. Nobody can be told from it."""

    due: Mapping[Purpose, Counted]
    agreed: int  # people who agreed to nudges
    resting: int  # those of them with no nudge due within eight days: paused, stopped, or not set up


@dataclass(frozen=True, slots=True)
class Coming:
    """What will be due for someone, as it stands now, of all that they agree to. It does not say who they are."""

    nudging: Nudging | None
    follow_ups: tuple[FollowUp, ...]
    reminders: tuple[int, ...]  # seconds since 1970, UTC


class Dues(Sealed):
    """The part of the store that the clock works on. As there, every method raises `StoreError`."""

    # --- by the person --------------------------------------------------------------------------------------------

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
            put_due(database, row, Purpose.PLANS, item, remind_at)

        return await self._save(person, Purpose.PLANS, save)

    async def finish_plan(self, person: int, number: int, *, at: int) -> bool:
        """Delete a plan and its reminder. Return False where there was none."""

        def delete(database: sqlite3.Connection, keys: Keys) -> None:
            row, item = row_key(keys, person), row_key(keys, person, number)
            put_due(database, row, Purpose.PLANS, item, 0)
            database.execute("DELETE FROM plan WHERE person = ? AND number = ?", (row, item))

        return await self._delete(delete, lambda keys: plan_key(row_key(keys, person, number)), at) > 0

    async def revise_nudging(self, person: int, revise: Callable[[Nudging], Nudging]) -> bool:
        """Change what is kept of the person's nudges, or begin them. Return False without consent.

        Where the time of the next one stays, what was put off or claimed stays so.
        """

        def save(database: sqlite3.Connection, _: Keys, row: bytes) -> None:
            before = self._nudging(database, row)
            after = revise(before or Nudging())
            self._put_nudging(database, row, after)
            if before is None or after.due_at != before.due_at:
                put_due(database, row, Purpose.NUDGES, b"", after.due_at)

        return await self._save(person, Purpose.NUDGES, save)

    async def save_follow_up(self, person: int, follow_up: FollowUp) -> bool:
        """Keep what is to be asked about a walk, for as long as walks are kept. Return False without consent.

        Where it is kept already, what was asked and answered stays.
        """

        def save(database: sqlite3.Connection, keys: Keys, row: bytes) -> None:
            item = row_key(keys, person, follow_up.walk)
            until = follow_up.ended_at // DAY + self._days(database, row)
            found = self._follow_ups(database, row).get(item)
            known = follow_up if found is None else found[0]
            now = replace(
                known,
                upset_before=follow_up.upset_before,
                upset_after=follow_up.upset_after,
                change=follow_up.change,
            )
            self._put_follow_up(database, row, item, now, until)

        return await self._save(person, Purpose.FOLLOW_UPS, save)

    async def revise_follow_up(self, person: int, walk: int, revise: Callable[[FollowUp], FollowUp]) -> bool:
        """Change what is kept of the days after a walk, if anything is. Return False without consent."""

        def save(database: sqlite3.Connection, keys: Keys, row: bytes) -> None:
            item = row_key(keys, person, walk)
            self._revise_follow_up(database, row, item, revise)

        return await self._save(person, Purpose.FOLLOW_UPS, save)

    async def rest_follow_ups(self, person: int, until: int) -> None:
        """Send the person no follow-up before that time, and then at the hour at which it was due."""

        def change(database: sqlite3.Connection) -> None:
            _, row = self._own(database, person)
            for item, (one, kept_until) in self._follow_ups(database, row).items():
                if one.due_at and one.due_at < until:
                    days = (until - one.due_at + DAY - 1) // DAY
                    later = replace(one, due_at=one.due_at + days * DAY)
                    self._put_follow_up(database, row, item, later, kept_until)

        await self._database.write(change)

    # --- by the clock ---------------------------------------------------------------------------------------------

    async def next_due_at(self) -> int | None:
        """Return when the next thing is due, which may be past."""

        def work(database: sqlite3.Connection) -> int | None:
            found = database.execute("SELECT min(at) FROM person_due WHERE claimed = 0").fetchone()
            at: int | None = found[0]
            return at

        return await self._database.read(work)

    async def claim(self, at: int, most: int = MOST_CLAIMED) -> tuple[Claim, ...]:
        """Take what is due, the longest due first: each is given once, until it is finished or put off.

        Someone who asked never to be written to first is reminded of no plan. What else is due, as what does not open,
        is looked at again a day later: they may take it back by then.
        """

        def change(database: sqlite3.Connection) -> tuple[Claim, ...]:
            found = database.execute(
                "SELECT person, purpose, scope, item, at FROM person_due INDEXED BY person_due_at"
                " WHERE claimed = 0 AND at <= ? ORDER BY at LIMIT ?",
                (at, most),
            ).fetchall()
            self._renew(database)
            beside, claims, changes = _Beside(database, found), list[Claim](), list[tuple[object, ...]]()
            for one in found:
                row, purpose, _, item, due_at = one
                is_alone = (row, Purpose.ALONE, EVERYWHERE) in beside.consents
                if is_alone and purpose == Purpose.PLANS:
                    put_due(database, row, purpose, item, 0)
                    continue
                claimed_at, next_at = 0, at + DAY
                with told_if_shut():
                    if not is_alone:
                        claims.append(self._claim(database, one, at, beside))
                        claimed_at, next_at = at, due_at
                changes.append((claimed_at, next_at, row, purpose, EVERYWHERE, item))
            sql = "UPDATE person_due SET claimed = ?, at = ? WHERE (person, purpose, scope, item) = (?, ?, ?, ?)"
            database.executemany(sql, changes)
            return tuple(claims)

        return await self._database.write(change)

    async def interrupted(self, most: int = MOST_CLAIMED) -> tuple[Claim, ...]:
        """Return what was claimed by a process that has died: some of it may have been sent, and none was finished.

        What does not open is due again, a day later.
        """

        def change(database: sqlite3.Connection) -> tuple[Claim, ...]:
            found = database.execute(
                "SELECT person, purpose, scope, item, at, claimed FROM person_due INDEXED BY person_due_at"
                " WHERE claimed > 0 LIMIT ?",
                (most,),
            ).fetchall()
            self._renew(database)
            beside, claims = _Beside(database, found), list[Claim]()
            for *one, claimed_at in found:
                is_shut = True
                with told_if_shut():
                    claims.append(self._claim(database, tuple(one), claimed_at, beside))
                    is_shut = False
                if is_shut:
                    row, purpose, _, item, _ = one
                    put_due(database, row, purpose, item, claimed_at + DAY)
            return tuple(claims)

        return await self._database.write(change)

    async def may_send(self, claim: Claim) -> bool:
        """Whether it is still to be sent, to someone who still agrees to that, in the words of today."""

        def work(database: sqlite3.Connection) -> bool:
            row, item = self._place(database, claim)
            found = database.execute(  # one reading of all that it hangs on: this is done for each message
                "SELECT given FROM person_due JOIN consent AS one USING (person, purpose, scope)"
                " WHERE (person, purpose, scope, item, claimed) = (?, ?, ?, ?, ?)"
                " AND NOT EXISTS (SELECT 1 FROM consent WHERE person = one.person AND purpose = ? AND scope = '')",
                (row, claim.purpose, EVERYWHERE, item, claim.claimed_at, Purpose.ALONE),
            ).fetchone()
            return found is not None and self._is_of_today(row, claim.purpose, found[0])

        return await self._database.read(work)

    async def put_off(self, claim: Claim, at: int) -> None:
        """Have it due at that time instead, if it is still claimed."""

        def change(database: sqlite3.Connection) -> None:
            row, item = self._place(database, claim)
            if _holds(database, row, item, claim):
                put_due(database, row, claim.purpose, item, at)

        await self._database.write(change)

    async def finish(
        self,
        claim: Claim,
        *,
        nudging: Callable[[Nudging], Nudging] | None = None,
        follow_up: Callable[[FollowUp], FollowUp] | None = None,
    ) -> None:
        """Be done with it: what is kept of the nudges and of this walk is changed, and says what is due next.

        What was changed meanwhile is changed further, so that it is known what was sent; a follow-up that was ended
        meanwhile stays so.
        """

        def change(database: sqlite3.Connection) -> None:
            row, item = self._place(database, claim)
            holds, given, cell = database.execute(  # at once, as above
                "SELECT EXISTS (SELECT 1 FROM person_due WHERE (person, purpose, scope, item, claimed) ="
                " (:row, :purpose, :scope, :item, :claimed)),"
                " (SELECT given FROM consent WHERE (person, purpose, scope) = (:row, :nudges, :scope)),"
                " (SELECT settings FROM nudging WHERE person = :row)",
                {
                    "row": row,
                    "purpose": claim.purpose,
                    "scope": EVERYWHERE,
                    "item": item,
                    "claimed": claim.claimed_at,
                    "nudges": Purpose.NUDGES,
                },
            ).fetchone()
            is_agreed = given is not None and self._is_of_today(row, Purpose.NUDGES, given)
            kept = self._opened_nudging(row, cell) if is_agreed else None
            is_next = nudging is not None and kept is not None  # which says when there is a nudge again
            if holds and not (is_next and claim.purpose is Purpose.NUDGES):
                put_due(database, row, claim.purpose, item, 0)
            if nudging is not None and kept is not None:
                self._put_nudging(database, row, now := nudging(kept))
                put_due(database, row, Purpose.NUDGES, b"", now.due_at)
            if follow_up is not None and self._agreed(database, row, Purpose.FOLLOW_UPS):
                self._revise_follow_up(database, row, item, lambda one: follow_up(one) if one.due_at else one)

        await self._database.write(change)

    async def derive_again(self, version: str, revise: Callable[[Nudging], Nudging], page: int = 256) -> None:
        """Change what is kept of everyone's nudges, page by page, where that was not done with this version yet."""
        last: bytes | None = b""

        def is_done(database: sqlite3.Connection) -> bool:
            return (
                database.execute("SELECT 1 FROM mark WHERE name = ? AND value = ?", (_MARK, version)).fetchone()
                is not None
            )

        def change(database: sqlite3.Connection) -> bytes | None:
            rows = database.execute(
                "SELECT person FROM nudging WHERE person > ? ORDER BY person LIMIT ?", (last, page)
            ).fetchall()
            self._derive(database, [row for (row,) in rows], revise)
            if rows:
                return bytes(rows[-1][0])
            sql = "INSERT INTO mark (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
            database.execute(sql, (_MARK, version))
            return None

        if await self._database.read(is_done):
            return
        while last is not None:
            last = await self._database.write(change)

    async def derive_late(self, after: int, revise: Callable[[Nudging], Nudging], page: int = 256) -> None:
        """Change what is kept of the nudges of all whose next one is due after a time, page by page."""

        def late(database: sqlite3.Connection) -> list[bytes]:
            sql = "SELECT person FROM person_due INDEXED BY person_due_at WHERE claimed = 0 AND at > ? AND purpose = ?"
            return [row for (row,) in database.execute(sql, (after, Purpose.NUDGES))]

        rows = await self._database.read(late)
        for start in range(0, len(rows), page):
            await self._database.write(partial(self._derive, rows=rows[start : start + page], revise=revise))

    async def tally(self, at: int) -> Tally:
        """Count what is due, and who agreed to nudges."""

        def work(database: sqlite3.Connection) -> Tally:
            found = database.execute(
                "SELECT purpose, total(claimed = 0 AND at BETWEEN :at AND :at + 3600),"
                " total(claimed = 0 AND at BETWEEN :at AND :at + 86400), total(claimed = 0 AND at < :at),"
                " total(claimed > 0), total(at <= :at + 8 * 86400) FROM person_due GROUP BY purpose",
                {"at": at},
            )
            counts = {purpose: [int(number) for number in numbers] for purpose, *numbers in found}
            sql = "SELECT count(*) FROM consent WHERE purpose = ?"
            (agreed,) = database.execute(sql, (Purpose.NUDGES,)).fetchone()
            *_, soon = counts.get(Purpose.NUDGES, (0,))
            due = {Purpose(purpose): Counted(*numbers[:-1]) for purpose, numbers in counts.items()}
            return Tally(due, agreed, agreed - soon)

        return await self._database.read(work)

    async def coming(self, page: int = 256) -> AsyncIterator[Coming]:
        """Go through all that will be due, page by page, of everyone who is not to be left alone."""
        last = b""

        def work(database: sqlite3.Connection) -> tuple[bytes, list[Coming]]:
            self._renew(database)
            rows = database.execute(
                "SELECT DISTINCT person FROM person_due WHERE person > ? ORDER BY person LIMIT ?", (last, page)
            ).fetchall()
            found = []
            for (row,) in rows:
                with told_if_shut():
                    if not is_alone(database, row):
                        found.append(self._coming(database, row))
            return (rows[-1][0] if rows else b""), found

        while True:
            last, found = await self._database.read(work)
            if not last:
                return
            for one in found:
                yield one

    # --- within a transaction -------------------------------------------------------------------------------------

    def _derive(
        self, database: sqlite3.Connection, rows: Iterable[bytes], revise: Callable[[Nudging], Nudging]
    ) -> None:
        """Change what is kept of these people's nudges. What does not open stays as it is."""
        self._renew(database)
        for row in rows:
            with told_if_shut():
                before = self._nudging(database, row)
                after = before if before is None else revise(before)
                if after is not None and after != before:
                    self._put_nudging(database, row, after)
                    put_due(database, row, Purpose.NUDGES, b"", after.due_at)

    def _coming(self, database: sqlite3.Connection, row: bytes) -> Coming:
        agreed = {purpose: self._agreed(database, row, purpose) for purpose in DUE}
        follow_ups = self._follow_ups(database, row).values() if agreed[Purpose.FOLLOW_UPS] else ()
        sql = "SELECT at FROM person_due WHERE person = ? AND purpose = ?"
        reminders = database.execute(sql, (row, Purpose.PLANS)) if agreed[Purpose.PLANS] else ()
        return Coming(
            self._nudging(database, row) if agreed[Purpose.NUDGES] else None,
            tuple(one for one, _ in follow_ups),
            tuple(at for (at,) in reminders),
        )

    def _claim(self, database: sqlite3.Connection, found: tuple[Any, ...], claimed_at: int, beside: _Beside) -> Claim:
        """Open what a due row is about: its person, purpose, scope, item and time."""
        row, purpose, scope, item, due_at = found
        _, cell = beside.consents[row, purpose, scope]
        given = ((each, beside.consents.get((row, each, EVERYWHERE))) for each in DUE)
        agreed = {each for each, cells in given if cells and self._is_of_today(row, each, cells[0])}  # and these open
        plan = None
        opened = self._opened_follow_ups(row, beside.follow_ups[row])
        follow_ups = {walk: one for walk, (one, _) in opened.items()}
        if purpose == Purpose.PLANS:
            line = database.execute("SELECT line FROM plan WHERE person = ? AND number = ?", (row, item)).fetchone()
            plan = None if line is None else Plan(**self._open(line[0], plan_place(row, item)))
        others = ((other, at) for other, its, at in beside.dues[row] if (other, its) != (purpose, item))
        return Claim(
            int(self._open(cell, consent_place(row, purpose, scope, "id"))),
            Purpose(purpose),
            due_at,
            claimed_at,
            item,
            plan,
            follow_ups.get(item) if purpose == Purpose.FOLLOW_UPS else None,
            self._opened_nudging(row, beside.nudgings.get(row)),
            tuple(due for due in dues_of(others) if due.purpose in agreed),
            max((one.ended_at for one in follow_ups.values() if one.due_at), default=0),
            max((one.sent_at for one in follow_ups.values()), default=0),
        )

    def _place(self, database: sqlite3.Connection, claim: Claim) -> tuple[bytes, bytes]:
        """The row and the item of what was claimed, which may have been sealed anew since."""
        keys, row = self._own(database, claim.person)
        if claim.plan is not None:
            return row, row_key(keys, claim.person, claim.plan.number)
        if claim.follow_up is not None:
            return row, row_key(keys, claim.person, claim.follow_up.walk)
        return row, claim.item

    def _nudging(self, database: sqlite3.Connection, row: bytes) -> Nudging | None:
        found = database.execute("SELECT settings FROM nudging WHERE person = ?", (row,)).fetchone()
        return self._opened_nudging(row, None if found is None else found[0])

    def _opened_nudging(self, row: bytes, cell: bytes | None) -> Nudging | None:
        return None if cell is None else _nudging_of(self._open(cell, nudging_place(row)))

    def _put_nudging(self, database: sqlite3.Connection, row: bytes, nudging: Nudging) -> None:
        kept = _fields_of(nudging) | {"seen": sorted(nudging.seen)}
        kept["schedule"] = _fields_of(nudging.schedule) | {"days": sorted(nudging.schedule.days)}
        database.execute(
            "INSERT INTO nudging (person, purpose, scope, settings) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET settings = excluded.settings",
            (row, Purpose.NUDGES, EVERYWHERE, self._seal(kept, nudging_place(row))),
        )

    def _follow_ups(self, database: sqlite3.Connection, row: bytes) -> dict[bytes, tuple[FollowUp, int]]:
        """The days after walks, by what each is kept under, with the day until which it is; oldest first."""
        found = database.execute("SELECT walk, answers, until FROM follow_up WHERE person = ?", (row,))
        return self._opened_follow_ups(row, found)

    def _opened_follow_ups(
        self, row: bytes, found: Iterable[tuple[bytes, bytes, int]]
    ) -> dict[bytes, tuple[FollowUp, int]]:
        several = [
            (walk, (_follow_up_of(self._open(cell, follow_up_place(row, walk))), until)) for walk, cell, until in found
        ]
        return dict(sorted(several, key=lambda one: (one[1][0].ended_at, one[1][0].walk)))

    def _keep_follow_ups(self, database: sqlite3.Connection, row: bytes, days: int) -> None:
        """Keep those of the person for so many days from their walks."""
        sql = "UPDATE follow_up SET until = ? WHERE person = ? AND walk = ?"
        for item, (one, until) in self._follow_ups(database, row).items():
            if until != one.ended_at // DAY + days:
                database.execute(sql, (one.ended_at // DAY + days, row, item))

    def _revise_follow_up(
        self, database: sqlite3.Connection, row: bytes, item: bytes, revise: Callable[[FollowUp], FollowUp]
    ) -> None:
        found = self._follow_ups(database, row).get(item)
        if found is not None:
            self._put_follow_up(database, row, item, revise(found[0]), found[1])

    def _put_follow_up(
        self, database: sqlite3.Connection, row: bytes, item: bytes, follow_up: FollowUp, until: int
    ) -> None:
        database.execute(
            "INSERT INTO follow_up (person, purpose, scope, walk, answers, until) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET answers = excluded.answers, until = excluded.until",
            (
                row,
                Purpose.FOLLOW_UPS,
                EVERYWHERE,
                item,
                self._seal(asdict(follow_up), follow_up_place(row, item)),
                until,
            ),
        )
        put_due(database, row, Purpose.FOLLOW_UPS, item, follow_up.due_at)


def _holds(database: sqlite3.Connection, row: bytes, item: bytes, claim: Claim) -> bool:
    """Whether it is still as it was claimed: nobody has changed what it is about since, or ended it."""
    found = database.execute(
        "SELECT 1 FROM person_due WHERE person = ? AND purpose = ? AND scope = ? AND item = ? AND claimed = ?",
        (row, claim.purpose, EVERYWHERE, item, claim.claimed_at),
    ).fetchone()
    return found is not None


class _Beside:
    """What lies beside some due rows, still sealed: read at once, since each reading costs by itself."""

    def __init__(self, database: sqlite3.Connection, due: Sequence[tuple[Any, ...]]) -> None:
        people = tuple({row for row, *_ in due})

        def found(columns: str, table: str) -> Iterable[tuple[Any, ...]]:
            places = ", ".join("?" * len(people))
            return database.execute(f"SELECT {columns} FROM {table} WHERE person IN ({places})", people)  # noqa: S608 - ours

        self.consents = {
            (row, purpose, scope): (given, own)
            for row, purpose, scope, given, own in found("person, purpose, scope, given, id", "consent")
        }
        self.nudgings: dict[bytes, bytes] = dict(found("person, settings", "nudging"))
        self.follow_ups: defaultdict[bytes, list[tuple[bytes, bytes, int]]] = defaultdict(list)
        for row, walk, answers, until in found("person, walk, answers, until", "follow_up"):
            self.follow_ups[row].append((walk, answers, until))
        self.dues: defaultdict[bytes, list[tuple[str, bytes, int]]] = defaultdict(list)
        for row, purpose, item, at in found("person, purpose, item, at", "person_due"):
            self.dues[row].append((purpose, item, at))


def put_due(database: sqlite3.Connection, row: bytes, purpose: str, item: bytes, at: int) -> None:
    """Have something due at that time and claimed by nobody; 0 is never."""
    if at:
        database.execute(
            "INSERT INTO person_due (person, purpose, scope, item, at, claimed) VALUES (?, ?, ?, ?, ?, 0)"
            " ON CONFLICT DO UPDATE SET at = excluded.at, claimed = 0",
            (row, purpose, EVERYWHERE, item, at),
        )
    else:
        database.execute("DELETE FROM person_due WHERE person = ? AND purpose = ? AND item = ?", (row, purpose, item))


def is_alone(database: sqlite3.Connection, row: bytes) -> bool:
    """Whether the person asked never to be written to first."""
    sql = "SELECT 1 FROM consent WHERE person = ? AND purpose = ? AND scope = ''"
    return database.execute(sql, (row, Purpose.ALONE)).fetchone() is not None


def dues_of(found: Iterable[tuple[str, int]]) -> tuple[Due, ...]:
    """What is due, soonest first, by the columns of its rows."""
    return tuple(sorted((Due(Purpose(purpose), at) for purpose, at in found), key=lambda due: due.at))


def _fields_of(one: Nudging | Schedule) -> dict[str, Any]:
    """What `asdict` gives, without its copy of each value: this is done for each message that is sent."""
    return {field.name: getattr(one, field.name) for field in fields(one)}


def _nudging_of(kept: dict[str, Any]) -> Nudging:
    schedule = kept["schedule"]
    schedule["days"] = frozenset(schedule["days"])
    kept["schedule"] = Schedule(**schedule)
    kept["seen"] = frozenset(kept["seen"])
    kept["course"] = Course(kept["course"])
    kept["rest"] = Rest(kept["rest"])
    return Nudging(**kept)


def _follow_up_of(kept: dict[str, Any]) -> FollowUp:
    kept["change"] = Change(kept["change"])
    kept["points"] = tuple(Point(one["days"], one["upset"], Change(one["change"])) for one in kept["points"])
    return FollowUp(**kept)
