"""Telegram's updates in: the one place of ordering.

Rules that hold here: people are handled side by side, each person in order; texts that one person typed in a row are
handed on together; a flood is shed for its sender alone, commands and presses before texts, which are read for danger;
a batch is confirmed to Telegram when all of it is handled or `PATIENCE` has passed, so what a crash interrupts comes
again; an outage is said once in the log; of an update, only its kind and times are logged.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from typing import Final, TypeVar, cast

import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars
from telegram import Bot, Update
from telegram.constants import ChatType
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.log import failure
from bot.metrics import HANDLING, UPDATES

T = TypeVar("T")

BATCH: Final = 100
POLL: Final = timedelta(seconds=30)
PATIENCE: Final = 5.0  # seconds until a batch is confirmed all the same
GRACE: Final = 10.0  # seconds to finish what is under way when the bot is told to stop
RECENT: Final = 10_000
"""So many updates are remembered by their id, so that one which comes again is not answered again."""

MOST_TEXTS: Final = 500
MOST_OTHERS: Final = 20
"""So many updates of one person wait, texts or others; what comes on top is shed, for that person alone."""

TOO_LONG: Final = 3 * POLL.total_seconds()
"""Seconds without an answer from Telegram after which the bot is not ready any more."""

_LONGEST_PAUSE: Final = 60.0

log = structlog.get_logger()


class RefusedError(Exception):
    """Telegram does not know the token."""


class StoppedError(Exception):
    """The bot was told to stop while it waited for Telegram."""


@dataclass(frozen=True, slots=True)
class Burst:
    """Texts that one person typed in a row, two or more, to be answered once."""

    updates: tuple[Update, ...]


@dataclass(frozen=True, slots=True)
class _Waiting:
    update: Update
    since: float  # by the loop's clock
    done: asyncio.Future[None]


class Intake:
    """Hands updates to `handle`, each person's in order, until `stop` is set. `run` fetches them by long polling."""

    def __init__(self, bot: Bot, handle: Callable[[Update | Burst], Awaitable[None]], stop: asyncio.Event) -> None:
        self._bot = bot
        self._handle = handle
        self._stop = stop
        self._waiting: dict[int, deque[_Waiting]] = {}  # by person
        self._serving: set[asyncio.Task[None]] = set()
        self._recent: OrderedDict[int, asyncio.Future[None]] = OrderedDict()  # by the update's id
        self._offset: int | None = None
        self._polled_at = -math.inf
        self.backlog = 0  # updates that wait behind the ones being handled

    @property
    def is_current(self) -> bool:
        """Whether the last poll that Telegram answered is not long ago."""
        return asyncio.get_running_loop().time() - self._polled_at < TOO_LONG

    def take(self, update: Update) -> asyncio.Future[None]:
        """Queue an update behind its person's earlier ones. The future is done when it was handled, or shed."""
        known = self._recent.get(update.update_id)
        if known is not None:
            UPDATES.labels("repeat").inc()
            return known
        loop = asyncio.get_running_loop()
        done = self._recent[update.update_id] = loop.create_future()
        while len(self._recent) > RECENT:
            self._recent.popitem(last=False)
        person = _person(update)
        queue = self._waiting.get(person)
        if queue is None:
            queue = self._waiting[person] = deque()
            task = asyncio.create_task(self._serve(person, queue))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        if len(queue) >= (MOST_TEXTS if _is_typed(update) else MOST_OTHERS):
            UPDATES.labels("shed").inc()
            done.set_result(None)
        else:
            queue.append(_Waiting(update, loop.time(), done))
            self.backlog += 1
        return done

    async def run(self, allowed: list[str]) -> None:
        """Poll until told to stop, then finish and confirm what is under way.

        Raise RefusedError where Telegram does not know the token any more.
        """
        try:
            while True:
                updates = await insist(lambda: self._fetch(allowed, POLL), self._stop)
                self._polled_at = asyncio.get_running_loop().time()
                handled = [self.take(update) for update in updates]
                if handled:
                    await asyncio.wait(handled, timeout=PATIENCE)
                    self._offset = updates[-1].update_id + 1
        except StoppedError:
            await self.finish()
            await self._confirm(allowed)

    async def finish(self) -> None:
        """Wait for what is under way, at most `GRACE`."""
        if self._serving:
            await asyncio.wait(self._serving, timeout=GRACE)

    async def _fetch(self, allowed: list[str], wait: timedelta) -> tuple[Update, ...]:
        return await self._bot.get_updates(self._offset, BATCH, wait, allowed_updates=allowed)

    async def _serve(self, person: int, queue: deque[_Waiting]) -> None:
        while queue:
            batch = _next(queue)
            self.backlog -= len(batch)
            updates = tuple(waiting.update for waiting in batch)
            began = asyncio.get_running_loop().time()
            clear_contextvars()
            bind_contextvars(id=token_hex(4), updates=len(updates), waited=round((began - batch[0].since) * 1000))
            outcome = await self._attempt(updates[0] if len(updates) == 1 else Burst(updates))
            took = asyncio.get_running_loop().time() - began
            log.info("update", outcome=outcome, milliseconds=round(took * 1000))
            UPDATES.labels(outcome).inc(len(updates))
            HANDLING.observe(took)
            for waiting in batch:
                waiting.done.set_result(None)
        del self._waiting[person]

    async def _attempt(self, update: Update | Burst) -> str:
        try:
            await self._handle(update)
        except Exception as error:  # noqa: BLE001 one update never ends the rest
            log.error("update failed", **failure(error))
            return "failed"
        return "handled"

    async def _confirm(self, allowed: list[str]) -> None:
        if self._offset is not None:
            try:
                await self._bot.get_updates(self._offset, 1, 0, allowed_updates=allowed)  # confirms; nothing is taken
            except TelegramError as error:
                log.warning("not confirmed", **failure(error))


def _person(update: Update) -> int:
    user, chat = update.effective_user, update.effective_chat
    return user.id if user else chat.id if chat else 0


def _is_typed(update: Update) -> bool:
    """Whether an update is words that may be read together with others: private, and neither command nor forward."""
    message = update.message
    return (
        message is not None
        and message.chat.type == ChatType.PRIVATE
        and bool(message.text)
        and not str(message.text).startswith("/")
        and message.forward_origin is None
    )


def _next(queue: deque[_Waiting]) -> list[_Waiting]:
    """Take the next update of a queue, or all texts up to the next that is none."""
    batch = [queue.popleft()]
    if _is_typed(batch[0].update):
        while queue and _is_typed(queue[0].update):
            batch.append(queue.popleft())
    return batch


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
