"""What is kept of groups and channels: what their admins have set, what is due in them, and who agreed to what there.

Rules that hold here: a yes that is for one group goes with that group; what is due follows from what is set, is due,
then claimed, then done, and is gone where the bot is off or was removed; whoever changes a room changes what stands
there at that moment; nobody is written to because of a group but by their own yes for it, and no sooner than its pause.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final

from bot.core.copies import replace
from bot.core.gap import DAY
from bot.core.kept import Noticing, Purpose, Room
from bot.store.dues import MOST_CLAIMED, is_alone
from bot.store.keyring import Keys
from bot.store.rows import consent_place, room_place, row_key, scope_of
from bot.store.sealed import Sealed, told_if_shut

GONE_DAYS: Final = 30
"""Days after which all that is kept of a room goes that the bot was removed from."""

_ITEM_BYTES: Final = 8


class RoomDue(StrEnum):
    """What may be due in a room."""

    CIRCLE = "circle"
    TIDY = "tidy"  # a message of the bot's own, which is to be deleted


@dataclass(frozen=True, slots=True)
class RoomClaim:
    """Something that was taken to be done in a room, by this process and for as long as it lives.

    Times are seconds since 1970. Where the room has moved since, it goes on with the new id in place of `chat`.
    """

    chat: int
    kind: RoomDue
    item: bytes
    due_at: int
    claimed_at: int
    room: Room

    @property
    def number(self) -> int:
        """Telegram's number of the message that is to be deleted."""
        return int.from_bytes(self.item)


class Rooms(Sealed):
    """The part of the store that is about groups and channels, given by their Telegram ids. As there, it may fail."""

    # --- what admins have set -------------------------------------------------------------------------------------

    async def rooms(self, page: int = 256) -> AsyncIterator[Room]:
        """Go through all rooms, page by page. What does not open is told, and left out."""
        last = b""

        def work(database: sqlite3.Connection) -> tuple[bytes, list[Room]]:
            self._renew(database)
            rows = database.execute(
                "SELECT chat, id, settings FROM room WHERE chat > ? ORDER BY chat LIMIT ?", (last, page)
            ).fetchall()
            found = []
            for row, cell, settings in rows:
                with told_if_shut():
                    found.append(self._opened_room(row, cell, settings))
            return (rows[-1][0] if rows else b""), found

        while True:
            last, found = await self._database.read(work)
            if not last:
                return
            for room in found:
                yield room

    async def room(self, chat: int) -> Room | None:
        """Return what is kept of a group or channel, or None where nothing is."""
        return await self._database.read(lambda database: self._kept_room(database, self._room(database, chat)[1]))

    async def revise_room(self, chat: int, revise: Callable[[Room | None], Room]) -> Room:
        """Change what is kept of a group or channel, or begin it, and return what stands then.

        Where the time of the next circle stays, what was put off or claimed stays so.
        """

        def change(database: sqlite3.Connection) -> Room:
            _, row = self._room(database, chat)
            before = self._kept_room(database, row)
            after = revise(before)
            if after != before:
                self._put_room(database, row, after)
                if before is None or _circle_at(after) != _circle_at(before):
                    _put_due(database, row, RoomDue.CIRCLE, b"", _circle_at(after))
            return after

        return await self._database.write(change)

    async def forget_room(self, chat: int, *, at: int) -> None:
        """Delete what is kept of a group or channel, and what anyone agreed to for it."""

        def delete(database: sqlite3.Connection, keys: Keys) -> None:
            row = row_key(keys, chat)
            database.execute("DELETE FROM room WHERE chat = ?", (row,))
            database.execute("DELETE FROM consent WHERE scope = ? AND scope != ''", (row.hex(),))

        await self._delete(delete, lambda keys: row_key(keys, chat), at)

    async def move_room(self, old: int, new: int, *, at: int) -> None:
        """Have all that is kept of a group stand under its new id, as often as that is told. What stands there stays.

        The old id is noted as forgotten: a backup from before knows nothing of what is withdrawn under the new one.
        """

        def change(database: sqlite3.Connection) -> None:
            self._renew(database)
            before = database.total_changes
            self._move_settings(database, old, new)
            for keys in self._ring.keys:
                self._move_consents(database, keys, old, new)
            if database.total_changes > before:
                self._note([row_key(keys, old) for keys in self._ring.keys], at)

        await self._database.write(change, wipes=True)
        await self._move_alerts(old, new)

    # --- what members agreed to -----------------------------------------------------------------------------------

    async def members(self, chat: int) -> frozenset[int]:
        """Who agreed, in the words of today, to be noticed there. Those are left out who are to be left alone."""

        def work(database: sqlite3.Connection) -> frozenset[int]:
            people = set()
            for row, scope, given, cell in self._consents_for(database, chat, Purpose.GROUP):
                with told_if_shut():
                    is_agreed = self._is_of_today(row, Purpose.GROUP, given, scope)
                    if cell and is_agreed and not is_alone(database, row):
                        people.add(self._whose(row, Purpose.GROUP, scope, cell))
            return frozenset(people)

        return await self._database.read(work)

    async def apart(self, chat: int) -> frozenset[int]:
        """Who is never to be written to because of that group."""

        def work(database: sqlite3.Connection) -> frozenset[int]:
            people = set()
            for row, scope, _, cell in self._consents_for(database, chat, Purpose.APART):
                with told_if_shut():
                    if cell:
                        people.add(self._whose(row, Purpose.APART, scope, cell))
            return frozenset(people)

        return await self._database.read(work)

    async def offered(self, person: int, group: int, *, at: int, pause: int) -> bool:
        """Note that the person is written to now because of a group. Return False where that may not be.

        It may not without their yes for this group, where they asked for no such thing, and where they were written to
        because of any group less than `pause` seconds ago.
        """

        def change(database: sqlite3.Connection) -> bool:
            keys, row = self._own(database, person)
            scope = scope_of(keys, group)
            if not self._agreed(database, row, Purpose.GROUP, scope) or is_alone(database, row):
                return False
            apart = "SELECT 1 FROM consent WHERE person = ? AND purpose = ? AND scope IN ('', ?)"
            if database.execute(apart, (row, Purpose.APART, scope)).fetchone() is not None:
                return False
            if any(at - before < pause for before in self._offers(database, row).values()):
                return False
            self._set(database, row, Purpose.GROUP, {"offered_at": at}, scope)
            return True

        return await self._database.write(change)

    # --- by the clock ---------------------------------------------------------------------------------------------

    async def note_own(self, chat: int, number: int, *, at: int) -> bool:
        """Have a message of the bot's own deleted at that time. Return False where nothing is kept of the room."""

        def change(database: sqlite3.Connection) -> bool:
            _, row = self._room(database, chat)
            room = self._kept_room(database, row)
            if room is None or not _is_served(room):
                return False
            _put_due(database, row, RoomDue.TIDY, number.to_bytes(_ITEM_BYTES), at)
            return True

        return await self._database.write(change)

    async def next_room_due_at(self) -> int | None:
        """Return when the next thing is due in any room, which may be past."""

        def work(database: sqlite3.Connection) -> int | None:
            at: int | None = database.execute("SELECT min(at) FROM group_due WHERE claimed = 0").fetchone()[0]
            return at

        return await self._database.read(work)

    async def claim_rooms(self, at: int, most: int = MOST_CLAIMED) -> tuple[RoomClaim, ...]:
        """Take what is due, the longest due first: each is given once, until it is finished or put off.

        What does not open is looked at again a day later.
        """

        def change(database: sqlite3.Connection) -> tuple[RoomClaim, ...]:
            found = database.execute(
                "SELECT chat, kind, item, at FROM group_due INDEXED BY group_due_at"
                " WHERE claimed = 0 AND at <= ? ORDER BY at LIMIT ?",
                (at, most),
            ).fetchall()
            rooms = self._rooms_of(database, {row for row, *_ in found})
            claims, changes = [], []
            for row, kind, item, due_at in found:
                room = rooms.get(row)
                if room is not None:
                    claims.append(RoomClaim(room.chat, RoomDue(kind), item, due_at, at, room))
                changes.append((at, due_at, row, kind, item) if room is not None else (0, at + DAY, row, kind, item))
            sql = "UPDATE group_due SET claimed = ?, at = ? WHERE (chat, kind, item) = (?, ?, ?)"
            database.executemany(sql, changes)
            return tuple(claims)

        return await self._database.write(change)

    async def interrupted_rooms(self, most: int = MOST_CLAIMED) -> tuple[RoomClaim, ...]:
        """Return what was claimed by a process that has died: some of it may have been done, and none was finished.

        What does not open is due again, a day later.
        """

        def change(database: sqlite3.Connection) -> tuple[RoomClaim, ...]:
            found = database.execute(
                "SELECT chat, kind, item, at, claimed FROM group_due INDEXED BY group_due_at WHERE claimed > 0 LIMIT ?",
                (most,),
            ).fetchall()
            rooms, claims = self._rooms_of(database, {row for row, *_ in found}), []
            for row, kind, item, due_at, claimed_at in found:
                room = rooms.get(row)
                if room is not None:
                    claims.append(RoomClaim(room.chat, RoomDue(kind), item, due_at, claimed_at, room))
                else:
                    _put_due(database, row, kind, item, claimed_at + DAY)
            return tuple(claims)

        return await self._database.write(change)

    async def put_off_room(self, claim: RoomClaim, at: int) -> None:
        """Have it due at that time instead, if it is still claimed."""

        def change(database: sqlite3.Connection) -> None:
            _, row = self._room(database, claim.chat)
            if _holds(database, row, claim):
                _put_due(database, row, claim.kind, claim.item, at)

        await self._database.write(change)

    async def finish_room(self, claim: RoomClaim, revise: Callable[[Room], Room] | None = None) -> Room | None:
        """Be done with it, and return what stands then: what is kept of the room says when the next circle is.

        What was changed meanwhile is changed further, so that it is known what was sent.
        """

        def change(database: sqlite3.Connection) -> Room | None:
            _, row = self._room(database, claim.chat)
            if _holds(database, row, claim):
                _put_due(database, row, claim.kind, claim.item, 0)
            before = self._kept_room(database, row)
            if before is None or revise is None:
                return before
            after = revise(before)
            self._put_room(database, row, after)
            if claim.kind is RoomDue.CIRCLE or _circle_at(after) != _circle_at(before):
                _put_due(database, row, RoomDue.CIRCLE, b"", _circle_at(after))
            return after

        return await self._database.write(change)

    # --- within a transaction -------------------------------------------------------------------------------------

    def _kept_room(self, database: sqlite3.Connection, row: bytes) -> Room | None:
        found = database.execute("SELECT chat, id, settings FROM room WHERE chat = ?", (row,)).fetchone()
        return None if found is None else self._opened_room(*found)

    def _opened_room(self, row: bytes, cell: bytes, settings: bytes) -> Room:
        chat = self._open(cell, room_place(row, "id"))
        return _room_of(int(chat), self._open(settings, room_place(row, "settings")))

    def _rooms_of(self, database: sqlite3.Connection, rows: Iterable[bytes]) -> dict[bytes, Room]:
        """Those of these rooms that open."""
        self._renew(database)
        rooms = {}
        for row in rows:
            with told_if_shut():
                room = self._kept_room(database, row)
                if room is not None:
                    rooms[row] = room
        return rooms

    def _put_room(self, database: sqlite3.Connection, row: bytes, room: Room) -> None:
        kept = asdict(room) | {"seen": sorted(room.seen)}
        kept["circle"]["days"] = sorted(room.circle.days)
        del kept["chat"]
        database.execute(
            "INSERT INTO room (chat, id, settings, gone) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET settings = excluded.settings, gone = excluded.gone",
            (
                row,
                self._seal(str(room.chat), room_place(row, "id")),
                self._seal(kept, room_place(row, "settings")),
                room.gone_at // DAY,
            ),
        )
        if not _is_served(room):
            database.execute("DELETE FROM group_due WHERE chat = ?", (row,))

    def _move_settings(self, database: sqlite3.Connection, old: int, new: int) -> None:
        (_, row), (_, to) = self._room(database, old), self._room(database, new)
        room = self._kept_room(database, row)
        if room is None:
            return
        if self._kept_room(database, to) is None:
            self._put_room(database, to, replace(room, chat=new))
            # Numbers of messages mean nothing under the new id. A circle that is under way stays so.
            database.execute(
                "INSERT INTO group_due (chat, kind, item, at, claimed)"
                " SELECT ?, kind, item, at, claimed FROM group_due WHERE chat = ? AND kind = ?",
                (to, row, RoomDue.CIRCLE),
            )
        database.execute("DELETE FROM room WHERE chat = ?", (row,))

    def _move_consents(self, database: sqlite3.Connection, keys: Keys, old: int, new: int) -> None:
        scope, to = scope_of(keys, old), scope_of(keys, new)
        found = database.execute(
            "SELECT person, purpose, given, id, day, told FROM consent WHERE scope = ? AND scope != ''", (scope,)
        ).fetchall()
        for row, purpose, given, cell, day, told in found:
            with told_if_shut():
                words = self._open(given, consent_place(row, purpose, scope, "given")) | {"group": new}
                person = cell and self._seal(
                    str(self._whose(row, purpose, scope, cell)), consent_place(row, purpose, to, "id")
                )
                offers = self._offers(database, row)
                fresh = self._seal(words, consent_place(row, purpose, to, "given"))
                database.execute(
                    "INSERT INTO consent (person, purpose, scope, given, id, day, told) VALUES (?, ?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT DO NOTHING",
                    (row, purpose, to, fresh, person, day, told),
                )
                if purpose == Purpose.GROUP and scope in offers:
                    latest = max(offers[scope], offers.get(to, 0))
                    self._set(database, row, Purpose.GROUP, {"offered_at": latest}, to)
                one = (row, purpose, scope)
                database.execute("DELETE FROM consent WHERE (person, purpose, scope) = (?, ?, ?)", one)

    async def _move_alerts(self, old: int, new: int) -> None:
        """Have rooms whose moderators hear of danger in the old group tell the new one."""

        def change(database: sqlite3.Connection, chat: int) -> None:
            _, row = self._room(database, chat)
            room = self._kept_room(database, row)
            if room is not None and room.alerts == old:
                self._put_room(database, row, replace(room, alerts=new))

        async for room in self.rooms():
            if room.alerts == old:
                await self._database.write(partial(change, chat=room.chat))

    def _sweep_room(self, database: sqlite3.Connection, today: int, page: int) -> None:
        """Delete a page of what is left of a room that the bot was removed from long ago, and then the room itself."""
        self._renew(database)
        sql = "SELECT chat, id FROM room WHERE gone BETWEEN 1 AND ? LIMIT 1"
        found = database.execute(sql, (today - GONE_DAYS,)).fetchone()
        if found is None:
            return
        rows = {found[0]}
        with told_if_shut():
            chat = int(self._open(found[1], room_place(found[0], "id")))
            rows |= {row_key(keys, chat) for keys in self._ring.keys}
        before = database.total_changes
        for row in rows:
            database.execute(
                "DELETE FROM consent WHERE (person, purpose, scope) IN"
                " (SELECT person, purpose, scope FROM consent WHERE scope = ? AND scope != '' LIMIT ?)",
                (row.hex(), page),
            )
        if database.total_changes == before:
            database.execute("DELETE FROM room WHERE chat = ?", (found[0],))
            self._note(sorted(rows), today * DAY)

    def _consents_for(
        self, database: sqlite3.Connection, chat: int, purpose: Purpose
    ) -> Iterable[tuple[bytes, str, bytes, bytes]]:
        """What was agreed to for one group: by whom, with the scope, and both cells."""
        self._renew(database)
        sql = "SELECT person, scope, given, id FROM consent WHERE scope = ? AND scope != '' AND purpose = ?"
        for keys in self._ring.keys:
            yield from database.execute(sql, (scope_of(keys, chat), purpose)).fetchall()

    def _whose(self, row: bytes, purpose: Purpose, scope: str, cell: bytes) -> int:
        return int(self._open(cell, consent_place(row, purpose, scope, "id")))


def _is_served(room: Room) -> bool:
    """Whether anything may be due there."""
    return room.is_on and not room.gone_at


def _circle_at(room: Room) -> int:
    """When the next circle is due; 0 is never."""
    return room.due_at if _is_served(room) else 0


def _put_due(database: sqlite3.Connection, row: bytes, kind: str, item: bytes, at: int) -> None:
    """Have something due at that time and claimed by nobody; 0 is never."""
    if at:
        database.execute(
            "INSERT INTO group_due (chat, kind, item, at, claimed) VALUES (?, ?, ?, ?, 0)"
            " ON CONFLICT DO UPDATE SET at = excluded.at, claimed = 0",
            (row, kind, item, at),
        )
    else:
        database.execute("DELETE FROM group_due WHERE (chat, kind, item) = (?, ?, ?)", (row, kind, item))


def _holds(database: sqlite3.Connection, row: bytes, claim: RoomClaim) -> bool:
    """Whether it is still as it was claimed."""
    sql = "SELECT 1 FROM group_due WHERE (chat, kind, item, claimed) = (?, ?, ?, ?)"
    return database.execute(sql, (row, claim.kind, claim.item, claim.claimed_at)).fetchone() is not None


def _room_of(chat: int, kept: dict[str, Any]) -> Room:
    """A room of any age: what it does not have yet is as for a new one."""
    fresh = Room(chat)
    circle = kept.pop("circle", {})
    if "days" in circle:
        circle["days"] = frozenset(circle["days"])
    for name, kind in (("noticing", Noticing), ("seen", frozenset), ("countries", tuple)):
        if name in kept:
            kept[name] = kind(kept[name])
    return replace(fresh, **kept, circle=replace(fresh.circle, **circle))
