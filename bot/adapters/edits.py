"""Edits that may be many at once: of each message the latest is made, and the others are left out.

Rules that hold here: of one chat's messages one is edited at a time, and the next no sooner than `PAUSE` seconds later,
so that a hundred presses in a minute leave half of what Telegram lets the bot write there for answers; what was put
last is made in the end, unless the bot stops before: then whoever presses next brings it up to date.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, Protocol

from bot.core.model import Reply
from bot.core.ports import Sent

PAUSE: Final = 6.0
"""Seconds. Of the 20 messages a minute that a group may get, edits take 10 at most."""


class _Edit(Protocol):
    async def __call__(self, chat: int, number: int, reply: Reply) -> Sent | None: ...


class Edits:
    """Makes the latest edit of each message by `edit`, which raises nothing. `pause` waits for so many seconds."""

    def __init__(self, edit: _Edit, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._edit = edit
        self._pause = pause
        self._waiting: dict[int, dict[int, Reply]] = {}  # by chat where something is under way, and by number
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[None]:
        """Have no edit wait longer than the body runs."""
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()

    def put(self, chat: int, number: int, reply: Reply) -> None:
        """Have a message edited, unless a later edit of it comes before its turn."""
        if chat not in self._waiting:
            self._waiting[chat] = {}
            task = asyncio.create_task(self._make(chat))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._waiting[chat][number] = reply

    async def _make(self, chat: int) -> None:
        waiting = self._waiting[chat]
        try:
            while waiting:
                number = next(iter(waiting))
                reply = waiting.pop(number)
                sent = await self._edit(chat, number, reply)
                wait = 0.0 if sent is None else sent.wait
                if wait:  # told to wait, and then it can be
                    waiting.setdefault(number, reply)
                await self._pause(max(PAUSE, wait))
        finally:
            del self._waiting[chat]
