"""The clock's way in: what is due is sent, and what has been kept long enough goes.

Rules that hold here: a reminder is claimed before it is sent, so that a kill loses at most one page and doubles none;
nobody in the midst of a talk is interrupted; nobody's rows go unless they were told, asked never to be written to, or
cannot be told, as their id is not known; a sweep takes a page at a time, so that no writer waits for it; what fails
keeps nothing else from being done, and is tried again at a later round.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog

from bot.core.gap import DAY
from bot.core.keeping import inactive_notice
from bot.core.model import Fate, Outbox, Plan
from bot.core.plans import reminder
from bot.log import failure
from bot.respond import Responder
from bot.store.store import Store

ROUND: Final = 60.0
"""Seconds from one round to the next."""

LATER: Final = 60 * 60
"""Seconds that a reminder waits which could not be sent, or would have interrupted."""

GRACE: Final = 4.0
"""Seconds to end a round that is under way when told to stop."""

log = structlog.get_logger()


class Nudges:
    """What the bot does by the clock, which gives seconds since 1970, UTC."""

    def __init__(self, store: Store, responder: Responder, outbox: Outbox, clock: Callable[[], int]) -> None:
        self._store = store
        self._responder = responder
        self._outbox = outbox
        self._clock = clock
        self._stopped = asyncio.Event()
        self._swept_on = 0

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[None]:
        """Go round by round while the body runs, and end the round that is under way with it."""
        rounds = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._stopped.set()
            await asyncio.wait([rounds], timeout=GRACE)
            rounds.cancel()

    async def _run(self) -> None:
        while not self._stopped.is_set():
            await self.round()
            try:
                async with asyncio.timeout(ROUND):
                    await self._stopped.wait()
            except TimeoutError:
                continue

    async def round(self) -> None:
        """Remind of what is due; and once a day tell whom all will go of, and delete what was kept long enough.

        Each of these is done whatever became of the others.
        """
        await _tried(self._remind())
        today = self._clock() // DAY
        if today != self._swept_on:
            told = await _tried(self._tell_the_quiet(today))
            swept = await _tried(sweep(self._store, self._clock()))
            self._store.tidy_ledger(self._clock())
            if told and swept:
                self._swept_on = today

    async def _remind(self) -> None:
        while not self._stopped.is_set() and (plans := await self._store.due_plans(self._clock())):
            for person, plan in plans:
                await _tried(self._remind_of(person, plan))

    async def _remind_of(self, person: int, plan: Plan) -> None:
        if self._stopped.is_set():  # the rest of the page, for the next start
            await self._store.remind_at(person, plan.number, self._clock())
            return
        sent = None
        if not await self._store.may_remind(person, plan.number):  # it was taken some messages ago
            return
        if not self._responder.is_with(person):
            sent = await self._outbox.send(person, self._responder.addressed(person, reminder(plan)))
        if sent is None or sent.fate is Fate.LOST:
            await self._store.remind_at(person, plan.number, self._clock() + LATER)

    async def _tell_the_quiet(self, today: int) -> None:
        lost: set[int] = set()
        while people := [person for person in await self._store.quiet(today) if person not in lost]:
            for person in people:
                if self._stopped.is_set():
                    return
                sent = await self._outbox.send(person, self._responder.addressed(person, inactive_notice()))
                if sent.fate is Fate.LOST:  # which is tried again tomorrow
                    lost.add(person)
                else:  # who has blocked the bot can be told no more than that
                    await self._store.told(person, today)
            await _tried(self._remind())  # which waits for a page of them at most


async def _tried(part: Awaitable[None]) -> bool:
    """Whether it came to its end. The next round may do better."""
    try:
        await part
    except Exception as error:  # noqa: BLE001 one part that fails keeps no other from its work
        log.error("round failed", **failure(error))
        return False
    return True


async def sweep(store: Store, at: int) -> None:
    """Delete what has been kept long enough at that time, page by page."""
    while await store.sweep(at // DAY):
        pass
