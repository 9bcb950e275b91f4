"""Telegram's updates in: the one place of ordering.

Rules that hold here: people are handled side by side, each person in order; texts that one person typed in a row are
handed on together; a flood is shed for its sender alone, and of texts, which are read for danger, far more may wait
than of anything else; an update is confirmed to Telegram when it and all before it are handled or `PATIENCE` has
passed, so what a crash interrupts comes again, and what comes meanwhile waits for no one; an update that cannot be read
is left out, and holds up no other; an outage is said once in the log; of an update, only its kind and times are logged,
and of what is not for the bot nothing.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from secrets import token_hex
from typing import Any, Final, TypeVar, cast

import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars
from telegram import Bot, Update
from telegram.constants import ChatType
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.log import failure
from bot.metrics import HANDLING, UPDATES

T = TypeVar("T")
Json = dict[str, Any]

BATCH: Final = 100
POLL: Final = 30  # seconds that Telegram lets a poll wait for something to come
PATIENCE: Final = 5.0  # seconds until an update is confirmed all the same
AGAIN: Final = PATIENCE / 8
"""Seconds until what is not handled yet is fetched again, with what came since.

The same poll within half a second gets one update alone. Source: github.com/tdlib/telegram-bot-api, Client.cpp.
"""

GRACE: Final = 8.0
"""Seconds to finish what is under way when told to stop. Containers are killed after 10, and closing takes time too."""

RECENT: Final = 10_000
"""So many updates are remembered by their id, so that one which comes again is not answered again."""

MOST_WAITING: Final = 1_000
"""Updates of all people together, waiting or being handled, beyond which Telegram is asked to wait."""

MOST_TEXTS: Final = 500
MOST_OTHERS: Final = 20
"""So many texts of one person wait, and so many others; what comes on top is shed, for that person alone."""

LONGEST_BURST: Final = 16_384
"""Characters that are read together at most, for while they are read everyone waits."""

TOO_LONG: Final = 3 * POLL
"""Seconds without an answer to a poll after which the bot is not ready any more."""

REFUSED_FOR: Final = 120.0
"""Seconds that a token has to be refused which was good before: Telegram may be mistaken for a moment."""

_UNREAD: Final = UPDATES.labels("unread")
_SLACK: Final = 5  # seconds over `POLL` until a poll counts as lost
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
    typed: bool  # whether it is words that may be read together with others
    since: float  # by the loop's clock
    done: asyncio.Future[None]


class Intake:
    """Hands updates to `handle`, each person's in order, until `stop` is set. `run` fetches them by long polling.

    `lets` says of an update's JSON whether it is for the bot: what is not is left out before anything is made of it.
    """

    def __init__(
        self,
        bot: Bot,
        handle: Callable[[Update | Burst], Awaitable[None]],
        stop: asyncio.Event,
        lets: Callable[[Json], bool] = lambda _: True,
    ) -> None:
        self._bot = bot
        self._lets = lets
        self._handle = handle
        self._stop = stop
        self._waiting: dict[int, deque[_Waiting]] = {}  # by person
        self._serving: set[asyncio.Task[None]] = set()
        self._recent: OrderedDict[int, asyncio.Future[None]] = OrderedDict()  # by the update's id
        self._fetched: dict[int, tuple[asyncio.Future[None] | None, float]] = {}  # by id, until they are confirmed
        self._offset: int | None = None  # what is before it is confirmed by the next poll
        self._ready_until = -math.inf
        self._backlog = 0  # updates that wait or are being handled

    @property
    def is_ready(self) -> bool:
        """Whether updates are welcome: Telegram answers, not too many wait, and nobody has said stop."""
        answered = asyncio.get_running_loop().time() < self._ready_until
        return answered and self._backlog < MOST_WAITING and not self._stop.is_set()

    def read(self, content: Json) -> Update | None:
        """Read an update that is for the bot. What is not is counted; what cannot be read is said in the log."""
        if not self._lets(content):
            _UNREAD.inc()
            return None
        return read(content, self._bot)

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
        typed = _is_typed(update)
        if sum(waiting.typed is typed for waiting in queue) >= (MOST_TEXTS if typed else MOST_OTHERS):
            UPDATES.labels("shed").inc()
            done.set_result(None)
        else:
            queue.append(_Waiting(update, typed, loop.time(), done))
            self._backlog += 1
        return done

    async def run(self, allowed: list[str]) -> None:
        """Poll until told to stop, then finish and confirm what is under way.

        Raise RefusedError where Telegram does not know the token any more.
        """
        loop = asyncio.get_running_loop()
        self._ready_until = loop.time() + TOO_LONG
        try:
            while True:
                wait = 0 if self._fetched else POLL
                batch = await insist(partial(self._fetch, allowed, BATCH, wait), self._stop, REFUSED_FOR)
                self._ready_until = loop.time() + TOO_LONG
                self._take_in(batch, loop.time())
                if under_way := [done for done, _ in self._fetched.values() if done is not None and not done.done()]:
                    await _unless(self._stop, asyncio.wait(under_way, timeout=AGAIN))
                self._let_go(loop.time() - PATIENCE)
        except StoppedError:
            await self._finish()
            self._let_go(math.inf)
            await self._confirm(allowed)

    async def wait(self, is_called: Callable[[], Awaitable[bool]]) -> None:
        """Let a webhook `take` updates in until told to stop, then finish what is under way.

        Now and then Telegram is asked `is_called`: whether it still calls here. Where it does not, or does not answer,
        the bot is not ready. Raise RefusedError where Telegram does not know the token any more.
        """
        loop, is_here = asyncio.get_running_loop(), True
        self._ready_until = loop.time() + TOO_LONG
        try:
            while True:
                await _unless(self._stop, asyncio.sleep(POLL))
                was_here, is_here = is_here, await insist(is_called, self._stop, REFUSED_FOR)
                if is_here:
                    self._ready_until = loop.time() + TOO_LONG
                elif was_here:
                    log.error("Telegram calls elsewhere: another program uses this token")
        except StoppedError:
            await self._finish()

    def _take_in(self, batch: list[Json], at: float) -> None:
        """Take what was fetched for the first time: what is not confirmed comes with each poll."""
        for content in batch:
            number = int(content["update_id"])
            if number not in self._fetched:
                update = self.read(content)
                self._fetched[number] = None if update is None else self.take(update), at

    def _let_go(self, since: float) -> None:
        """Have the next poll confirm all up to the first that is not handled, and was fetched after that time."""
        for number, (done, at) in tuple(self._fetched.items()):
            if done is not None and not done.done() and at > since:
                return
            del self._fetched[number]
            self._offset = number + 1

    async def _finish(self) -> None:
        if self._serving:
            await asyncio.wait(self._serving, timeout=GRACE)

    async def _fetch(self, allowed: list[str], most: int, wait: int) -> list[Json]:
        asked = {"offset": self._offset, "limit": most, "timeout": wait, "allowed_updates": allowed}
        # Not by `get_updates`: one update that the library cannot read would keep it from handing over any, for ever.
        fetched: list[Json] = await self._bot._post("getUpdates", asked, read_timeout=wait + _SLACK)  # noqa: SLF001
        return fetched

    async def _serve(self, person: int, queue: deque[_Waiting]) -> None:
        while queue:
            batch = _next(queue)
            updates = tuple(waiting.update for waiting in batch)
            began = asyncio.get_running_loop().time()
            clear_contextvars()
            waited = round((began - batch[0].since) * 1000)
            bind_contextvars(id=token_hex(4), updates=len(updates), waited=waited, outcome="handled")
            await self._attempt(updates[0] if len(updates) == 1 else Burst(updates))
            took = asyncio.get_running_loop().time() - began
            log.info("update", milliseconds=round(took * 1000))
            UPDATES.labels(get_contextvars()["outcome"]).inc(len(updates))
            HANDLING.observe(took)
            self._backlog -= len(batch)
            for waiting in batch:
                waiting.done.set_result(None)
        del self._waiting[person]

    async def _attempt(self, update: Update | Burst) -> None:
        try:
            await self._handle(update)
        except Exception as error:  # noqa: BLE001 one update never ends the rest
            tell_failure(error)

    async def _confirm(self, allowed: list[str]) -> None:
        if self._offset is not None:
            try:
                await self._fetch(allowed, 1, 0)  # confirms; nothing is taken
            except TelegramError as error:
                log.warning("not confirmed", **failure(error))


def tell_failure(error: BaseException | None) -> None:
    """Log what an update failed of, and leave it for the line of that update that it failed."""
    bind_contextvars(outcome="failed")
    log.error("update failed", **(failure(error) if error else {}))


def read(content: Json, bot: Bot) -> Update | None:
    """Read an update, or say in the log that it cannot be read."""
    try:
        update = Update.de_json(content, bot)
        _person(update), _is_typed(update)  # what is asked of it later must not fail there
    except Exception as error:  # noqa: BLE001 the library raises whatever a missing field leads to
        log.error("unreadable update", **failure(error))
        UPDATES.labels("unreadable").inc()
        return None
    return update


def _person(update: Update) -> int:
    """Whose update it is. All who write in the name of a group or channel have one user: told apart by that name."""
    sender, chat = update.effective_sender, update.effective_chat
    return int(sender.id if sender else chat.id if chat else 0)  # the library does not check that it is a number


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
    """Take the next update of a queue, or all texts up to the next that is none, or that would be too long."""
    batch = [queue.popleft()]
    length = _length(batch[0])
    while queue and batch[0].typed and queue[0].typed and length + _length(queue[0]) <= LONGEST_BURST:
        length += _length(queue[0])
        batch.append(queue.popleft())
    return batch


def _length(waiting: _Waiting) -> int:
    message = waiting.update.message
    return len(message.text or "") if message else 0


async def insist(call: Callable[[], Awaitable[T]], stop: asyncio.Event, patience: float = 0.0) -> T:
    """Call until it works, with growing pauses and one line in the log.

    Raise StoppedError when told to stop, RefusedError where Telegram does not know the token for `patience` seconds.
    """
    pause, failing, refused = 1.0, False, 0.0
    while True:
        try:
            answer = await _unless(stop, call())
        except TelegramError as error:
            is_refused = isinstance(error, InvalidToken)
            if is_refused and refused >= patience:
                raise RefusedError from None
            if not failing:
                log.warning(
                    "another program polls"
                    if isinstance(error, Conflict)
                    else "Telegram refuses the token"
                    if is_refused
                    else "Telegram is out of reach",
                    **failure(error),
                )
            failing = True
            if isinstance(error, RetryAfter):
                pause = max(pause, cast("timedelta", error.retry_after).total_seconds())
            await _unless(stop, asyncio.sleep(pause))
            refused += pause if is_refused else 0.0
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
