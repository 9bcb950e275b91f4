"""Telegram's updates in: the one place of ordering.

Rules that hold here: people are handled side by side, each person in order; a batch is confirmed to Telegram when all
of it is handled or `PATIENCE` has passed, so what a crash interrupts comes again; an outage is said once in the log;
nothing of an update is logged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeVar, cast

import structlog
from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.log import failure

T = TypeVar("T")

BATCH: Final = 100
POLL: Final = timedelta(seconds=30)
PATIENCE: Final = 5.0  # seconds until a batch is confirmed all the same
GRACE: Final = 10.0  # seconds to finish what is under way when the bot is told to stop
_LONGEST_PAUSE: Final = 60.0

log = structlog.get_logger()


class RefusedError(Exception):
    """Telegram does not know the token."""


class StoppedError(Exception):
    """The bot was told to stop while it waited for Telegram."""


class Intake:
    """Fetches updates by long polling and hands each to `handle`, until `stop` is set."""

    def __init__(self, bot: Bot, handle: Callable[[Update], Awaitable[None]], stop: asyncio.Event) -> None:
        self._bot = bot
        self._handle = handle
        self._stop = stop
        self._last: dict[int, asyncio.Task[None]] = {}  # person -> the latest of their updates under way
        self._offset: int | None = None

    async def run(self, allowed: list[str]) -> None:
        """Poll until told to stop, then finish and confirm what is under way.

        Raise RefusedError where Telegram does not know the token any more.
        """
        try:
            while True:
                updates = await insist(lambda: self._fetch(allowed, POLL), self._stop)
                tasks = [self._begin(update) for update in updates]
                if tasks:
                    await asyncio.wait(tasks, timeout=PATIENCE)
                    self._offset = updates[-1].update_id + 1
        except StoppedError:
            await self._finish(allowed)

    async def _fetch(self, allowed: list[str], wait: timedelta) -> tuple[Update, ...]:
        return await self._bot.get_updates(self._offset, BATCH, wait, allowed_updates=allowed)

    def _begin(self, update: Update) -> asyncio.Task[None]:
        user, chat = update.effective_user, update.effective_chat
        person = user.id if user else chat.id if chat else 0
        task = asyncio.create_task(self._after(self._last.get(person), update))
        self._last[person] = task
        task.add_done_callback(lambda done: self._last.pop(person) if self._last.get(person) is done else None)
        return task

    async def _after(self, earlier: asyncio.Task[None] | None, update: Update) -> None:
        if earlier is not None:
            await asyncio.wait([earlier])
        try:
            await self._handle(update)
        except Exception as error:  # noqa: BLE001 one update never ends the rest
            log.error("update failed", **failure(error))

    async def _finish(self, allowed: list[str]) -> None:
        if self._last:
            await asyncio.wait(self._last.values(), timeout=GRACE)
        if self._offset is not None:
            try:
                await self._bot.get_updates(self._offset, 1, 0, allowed_updates=allowed)  # confirms; nothing is taken
            except TelegramError as error:
                log.warning("not confirmed", **failure(error))


async def insist(call: Callable[[], Awaitable[T]], stop: asyncio.Event) -> T:
    """Call until it works, with growing pauses and one line in the log.

    Raise StoppedError when told to stop, RefusedError where Telegram does not know the token.
    """
    pause, failing = 1.0, False
    while True:
        try:
            answer = await _unless(stop, call())
        except InvalidToken:
            raise RefusedError from None
        except TelegramError as error:
            if not failing:
                another = isinstance(error, Conflict)
                log.warning("another program polls" if another else "Telegram is out of reach", **failure(error))
            failing = True
            if isinstance(error, RetryAfter):
                pause = max(pause, cast("timedelta", error.retry_after).total_seconds())
            await _unless(stop, asyncio.sleep(pause))
            pause = min(pause * 2, _LONGEST_PAUSE)
        else:
            if failing:
                log.info("Telegram is back")
            return answer


async def _unless(stop: asyncio.Event, call: Awaitable[T]) -> T:
    """Wait for `call`, or raise StoppedError as soon as `stop` is set."""
    told = asyncio.ensure_future(stop.wait())
    work = asyncio.ensure_future(call)
    try:
        await asyncio.wait({told, work}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise StoppedError
        return work.result()
    finally:
        for task in (told, work):
            task.cancel()
        await asyncio.gather(told, work, return_exceptions=True)
