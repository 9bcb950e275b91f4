"""The clock's way in: what is due is sent, once and on time, or left out.

Rules that hold here: what is due is claimed before it is sent, so that a kill loses at most one page and doubles none;
consent is looked at again just before; nobody in the midst of a talk is interrupted, or written to in their quiet
hours, and no nudge comes on a day that has another message; told to stop, what was not sent is given back; what fails
keeps nothing else from being done, and is tried again at a later round.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import tzinfo
from functools import partial
from math import ceil
from operator import attrgetter
from typing import Final

import structlog

from bot.circles import Circles
from bot.core import follow_ups, nudging
from bot.core.gap import DAY
from bot.core.kept import FollowUp, Nudging, Purpose
from bot.core.model import Content, Reply
from bot.core.nudging import LATEST
from bot.core.plans import reminder
from bot.core.ports import Fate, Outbox, Sent
from bot.core.schedule import is_quiet, local_day
from bot.respond import Responder
from bot.retention import sweep, tell_the_quiet
from bot.rounds import Rounds
from bot.store.dues import Claim
from bot.store.store import Store

ROUND: Final = 60.0
"""Seconds from one round to the next, unless something is due before."""

SOON: Final = 15 * 60
"""Seconds that a nudge waits which could not be sent, or would have interrupted."""

LATER: Final = 60 * 60
"""Seconds that a reminder or a follow-up waits."""

APART: Final = 20 * 60 * 60
"""Seconds between follow-ups of several walks, where it is not known when a day ends for the person."""

LONG: Final = 8 * DAY
"""Seconds within which everyone has a slot who does not pause."""

GRACE: Final = 4.0
"""Seconds to end a round that is under way when told to stop."""

log = structlog.get_logger()


class Nudges:
    """What the bot does by the clock, which gives seconds since 1970, UTC."""

    def __init__(  # noqa: PLR0913 the clock and the ways out are handed in
        self,
        store: Store,
        responder: Responder,
        outbox: Outbox,
        clock: Callable[[], int],
        content: Content,
        *,
        circles: Circles | None = None,
    ) -> None:
        self._store = store
        self._responder = responder
        self._outbox = outbox
        self._clock = clock
        self._content = content
        self._circles = circles
        self._stopped = asyncio.Event()
        self._is_derived = False
        self._rounds = Rounds()
        self._swept_on = 0

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[None]:
        """Go round by round while the body runs, and end the round that is under way with it."""
        rounds = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._stopped.set()
            if self._circles is not None:
                self._circles.stop()
            self._outbox.give_up()
            await asyncio.wait([rounds], timeout=GRACE)
            rounds.cancel()

    async def _run(self) -> None:
        while not self._stopped.is_set():
            await self.round()
            try:
                async with asyncio.timeout(await self._pause()):
                    await self._stopped.wait()
            except TimeoutError:
                continue

    async def _pause(self) -> float:
        """Seconds until something is due, and at most those of a round: so many where it cannot be claimed."""
        try:
            of_people = None if self._rounds.is_failing else await self._store.next_due_at()
            of_rooms = None if self._circles is None else await self._circles.next_due_at()
        except Exception as error:  # noqa: BLE001 the next round may do better
            self._rounds.failed(error)
            return ROUND
        due_at = min((at for at in (of_people, of_rooms) if at is not None), default=None)
        return ROUND if due_at is None else min(ROUND, max(0.0, due_at - self._clock()))

    async def round(self) -> None:
        """Send what is due, also in rooms; once a day tell whom all will go of, and delete what was kept long enough.

        Each of these is done whatever became of the others.
        """
        async with asyncio.TaskGroup() as group:  # a thousand nudges keep no circle waiting
            if self._circles is not None:
                group.create_task(self._circles.round())
            group.create_task(self._round())

    async def _round(self) -> None:
        tried = self._rounds.tried
        self._rounds.begin()
        self._rounds.is_failing = not await tried(self._let_go())
        self._is_derived = self._is_derived or await tried(self._derive_again())
        if await tried(self._responder.make_up()):
            await self._send_due()
        else:
            self._rounds.is_failing = True
        today = self._clock() // DAY
        if today != self._swept_on:
            told = await tried(tell_the_quiet(self._store, self._responder, self._outbox, today, self._between_notices))
            swept = await tried(sweep(self._store, self._clock()))
            derived = await tried(self._derive_late())
            self._store.tidy_ledger(self._clock())
            if told and swept and derived:
                self._swept_on = today

    async def _between_notices(self) -> bool:
        await self._send_due()
        return not self._stopped.is_set()

    # --- before that ----------------------------------------------------------------------------------------------

    async def _let_go(self) -> None:
        """Be done with what is still claimed: by a process that died, or since a round could not be finished."""
        lost = 0
        while claims := await self._store.interrupted():
            lost += len(claims)
            for claim in claims:
                _, kept = self._message(claim, claim.due_at)
                await self._finish(claim, claim.due_at, kept, follow_up=follow_ups.sent)
        if lost:
            log.warning("interrupted: these may have been sent, and are not sent again", count=lost)

    async def _derive_again(self) -> None:
        """Derive what is still to come once more, where the time zones have changed."""
        at, zones = self._clock(), self._content.zones
        await self._store.derive_again(
            zones.version, lambda kept: nudging.due_again(kept, at, zones) if kept.due_at > at else kept
        )

    async def _derive_late(self) -> None:
        """Derive the same of all who have nothing due for long: they pause, or a clock was wrong."""
        at, zones = self._clock(), self._content.zones
        await self._store.derive_late(at + LONG, lambda kept: nudging.due_again(kept, at, zones))

    # --- what is due ----------------------------------------------------------------------------------------------

    async def _send_due(self) -> None:
        """Send until nothing is due. Whether a second thing may come on one day rests on what became of the first."""
        await self._rounds.serve(self._claim, self._serve, self._give_back, attrgetter("person"))

    async def _claim(self, most: int) -> tuple[Claim, ...]:
        return () if self._stopped.is_set() else await self._store.claim(self._clock(), most)

    async def _give_back(self, claim: Claim) -> None:
        await self._store.put_off(claim, claim.due_at)

    async def _serve(self, claim: Claim) -> None:
        """Send what was claimed, put it off, or leave it out."""
        may_send, at = await self._store.may_send(claim), self._clock()  # it was claimed some messages ago
        if self._stopped.is_set():  # for the next start
            await self._give_back(claim)
        elif not may_send:
            await self._store.put_off(claim, at + DAY)
        elif not self._may_come(claim, at):
            await self._leave_out(claim, at)
        elif self._responder.is_with(claim.person) or self._is_night(claim, at):
            await self._store.put_off(claim, at + _pause(claim))
        else:
            await self._send(claim)

    def _may_come(self, claim: Claim, at: int) -> bool:
        if claim.purpose is not Purpose.NUDGES:
            return at - claim.due_at < LATEST and not self._is_second(claim, at)
        kept, zone = claim.nudging, self._zone(claim)
        if kept is None or not nudging.may_come(kept, at, self._content.zones) or at - claim.walked_at < DAY:
            return False
        return zone is None or all(local_day(zone, due.at) != local_day(zone, at) for due in claim.dues)

    def _is_second(self, claim: Claim, at: int) -> bool:
        """Whether a follow-up would be the day's second message. A reminder was asked for that hour."""
        if claim.purpose is not Purpose.FOLLOW_UPS:
            return False
        zone = self._zone(claim)
        if claim.nudging is None or zone is None:
            return at - claim.followed_at < APART
        return local_day(zone, at) <= max(claim.nudging.told_on, local_day(zone, claim.followed_at))

    def _is_night(self, claim: Claim, at: int) -> bool:
        zone = self._zone(claim)
        return claim.nudging is not None and zone is not None and is_quiet(claim.nudging.schedule, zone, at)

    def _zone(self, claim: Claim) -> tzinfo | None:
        """The person's time zone, where it is known."""
        return None if claim.nudging is None else self._content.zones.zone(claim.nudging.schedule.zone)

    async def _leave_out(self, claim: Claim, at: int) -> None:
        match claim.purpose:
            case Purpose.NUDGES:
                due_at = 0 if claim.nudging is None else claim.nudging.due_at
                left_out = partial(nudging.left_out, due_at=due_at, at=at, content=self._content)
                await self._store.finish(claim, nudging=left_out)
            case Purpose.FOLLOW_UPS:
                await self._store.finish(claim, follow_up=partial(follow_ups.left_out, at=at))
            case _:  # at the same hour of the next day
                await self._store.put_off(claim, at - (at - claim.due_at) % DAY + DAY)

    async def _send(self, claim: Claim) -> None:
        reply, kept = self._message(claim, self._clock())
        if reply is None:  # what it was about has gone
            await self._store.finish(claim)
            return
        sent = await self._outbox.send(claim.person, self._responder.addressed(claim.person, reply))
        match sent.fate:
            case Fate.LOST:
                await self._store.put_off(claim, self._again_at(claim, sent))
            case Fate.REFUSED:
                await self._finish(claim, self._clock(), nudging.unreached, follow_up=follow_ups.ended)
            case _:
                await self._finish(claim, self._clock(), kept, follow_up=follow_ups.sent)

    def _message(self, claim: Claim, at: int) -> tuple[Reply | None, Callable[[Nudging], Nudging] | None]:
        """What is sent at that time, and what comes of it for the nudges where that is more than a day served."""
        if claim.plan is not None:
            return reminder(claim.plan), None
        if claim.follow_up is not None:
            return follow_ups.asked(claim.follow_up), None
        if claim.purpose is not Purpose.NUDGES or claim.nudging is None:
            return None, None
        message = nudging.message_for(claim.nudging, self._content)
        kept = partial(nudging.sent, message=message, at=at, content=self._content)
        return nudging.worded_as(message), kept

    def _again_at(self, claim: Claim, sent: Sent) -> int:
        """When to try again: as Telegram told, or later; told to stop, at the next start."""
        return claim.due_at if self._stopped.is_set() else self._clock() + max(_pause(claim), ceil(sent.wait))

    async def _finish(
        self,
        claim: Claim,
        at: int,
        kept: Callable[[Nudging], Nudging] | None = None,
        *,
        follow_up: Callable[[FollowUp, int], FollowUp],
    ) -> None:
        """Be done with what was sent, or may have been: it was the day's message."""
        await self._store.finish(
            claim,
            nudging=kept or partial(nudging.told, at=at, content=self._content),
            follow_up=(lambda one: follow_up(one, at)) if claim.purpose is Purpose.FOLLOW_UPS else None,
        )


def _pause(claim: Claim) -> int:
    return SOON if claim.purpose is Purpose.NUDGES else LATER
