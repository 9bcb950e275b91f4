"""The clock's way into groups and channels: the circle is posted once and on time or left out, what is old tidied away.

Rules that hold here: what is due is claimed before it is posted, so that a kill loses at most what was claimed and
doubles nothing; what the admins have set is looked at again just before, so that nothing is posted into a room that is
held; told to stop, what was not posted is given back; what fails keeps nothing else from being done.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import ceil
from typing import Final

import structlog

from bot.core import circle
from bot.core.gap import DAY
from bot.core.kept import Room
from bot.core.model import Content
from bot.core.ports import Fate, RoomOutbox, Sent
from bot.respond import Responder
from bot.rooms import GoneError
from bot.rounds import Rounds
from bot.store.rooms import RoomClaim, RoomDue
from bot.store.store import Store

SOON: Final = 15 * 60
"""Seconds that a circle waits which could not be posted."""

log = structlog.get_logger()


class Circles:
    """What is done in groups and channels by the clock, which gives seconds since 1970, UTC.

    `kept` is told what is kept of a room, whenever that has changed here.
    """

    def __init__(  # noqa: PLR0913 the clock and whoever holds the rooms are handed in
        self,
        store: Store,
        responder: Responder,
        outbox: RoomOutbox,
        clock: Callable[[], int],
        content: Content,
        *,
        kept: Callable[[Room], None],
    ) -> None:
        self._store = store
        self._responder = responder
        self._outbox = outbox
        self._clock = clock
        self._content = content
        self._kept = kept
        self._is_stopped = False
        self._rounds = Rounds()
        self._derived_on = 0

    def stop(self) -> None:
        """Begin nothing more, and give back what was not begun."""
        self._is_stopped = True

    async def next_due_at(self) -> int | None:
        """When the next thing is due; None where nothing is, or what is due cannot be claimed now."""
        return None if self._rounds.is_failing else await self._store.next_room_due_at()

    async def round(self) -> None:
        """Do what is due, until nothing is: what was left out may be due again at once. Raises nothing."""
        tried = self._rounds.tried
        self._rounds.begin()
        await tried(self._responder.rooms.renew())
        self._responder.rooms.limits.tell()
        await tried(self._responder.rooms.make_up())
        self._rounds.is_failing = not await tried(self._let_go())
        today = self._clock() // DAY
        if today != self._derived_on and await tried(self._derive_again()):
            self._derived_on = today
        await self._rounds.serve(self._claim, self._serve, self._give_back)

    # --- before that ----------------------------------------------------------------------------------------------

    async def _let_go(self) -> None:
        """Be done with what is still claimed: by a process that died, or since a round could not be finished."""
        lost = 0
        while claims := await self._store.interrupted_rooms():
            for claim in claims:
                if claim.kind is RoomDue.TIDY:  # to delete it twice does no more
                    await self._give_back(claim)
                else:
                    lost += 1
                    await self._finish(claim, partial(circle.posted, at=claim.claimed_at, content=self._content))
        if lost:
            log.warning("interrupted: these may have been posted, and are not posted again", count=lost)

    async def _derive_again(self) -> None:
        """Derive once more when the next circles come: the time zones may have changed, or a clock was wrong."""
        at, zones = self._clock(), self._content.zones

        def again(kept: Room | None) -> Room:
            if kept is None:
                raise GoneError
            return circle.due_again(kept, at, zones) if kept.due_at > at else kept

        async for room in self._store.rooms():
            if room.due_at > at and circle.due_at(room, at, zones) != room.due_at:
                try:
                    self._kept(await self._store.revise_room(room.chat, again))
                except GoneError:
                    continue

    # --- what is due ----------------------------------------------------------------------------------------------

    async def _claim(self, most: int) -> tuple[RoomClaim, ...]:
        return () if self._is_stopped else await self._store.claim_rooms(self._clock(), most)

    async def _give_back(self, claim: RoomClaim) -> None:
        await self._store.put_off_room(claim, claim.due_at)

    async def _serve(self, claim: RoomClaim) -> None:
        if self._is_stopped:  # for the next start
            await self._give_back(claim)
        elif claim.kind is RoomDue.TIDY:
            await self._outbox.delete(claim.chat, claim.number)
            await self._store.finish_room(claim)
        else:
            await self._post(claim)

    async def _post(self, claim: RoomClaim) -> None:
        """Post what was claimed, put it off, or leave it out."""
        room, at = await self._store.room(claim.chat), self._clock()  # it was claimed some messages ago
        if room is None:  # it has gone, or moved: there it is let go of
            return
        reply = circle.message(room, self._content)
        if reply is None or not circle.may_come(room, at, self._content.zones):
            left_out = partial(circle.left_out, due=claim.room.due_at, at=at, content=self._content)
            await self._finish(claim, left_out)
            return
        reply = self._responder.addressed(room.chat, reply)
        sent = await self._outbox.send(room.chat, reply, thread=room.topic or None)
        match sent.fate:
            case Fate.LOST:
                await self._store.put_off_room(claim, self._again_at(claim, sent))
            case Fate.REFUSED:
                await self._finish(claim, circle.unreached)
            case _:
                await self._finish(claim, partial(circle.posted, at=self._clock(), content=self._content))

    def _again_at(self, claim: RoomClaim, sent: Sent) -> int:
        """When to try again: as Telegram told, or later; told to stop, at the next start."""
        return claim.due_at if self._is_stopped else self._clock() + max(SOON, ceil(sent.wait))

    async def _finish(self, claim: RoomClaim, revise: Callable[[Room], Room]) -> None:
        room = await self._store.finish_room(claim, revise)
        if room is not None:
            self._kept(room)
