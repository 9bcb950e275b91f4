"""Telegram's side of a webhook: it calls the bot with each update.

Rules that hold here: a lane for each chat's messages and one for each person's presses; a lane keeps its order, lanes
overtake each other; an update is confirmed by an answer of 200 to 299, and comes again after any other, in its lane's
order, as long as it is not too old. Source: https://core.telegram.org/bots/webhooks, and the source of Telegram's own
server (github.com/tdlib/telegram-bot-api, WebhookActor.cpp).
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, NamedTuple

import aiohttp

from tests.botapi.updates import Bell, Json, Updates

LONGEST_ANSWER: Final = 60
"""Seconds that an answer may take."""

LONGEST_PAUSE: Final = 60
"""Seconds until an update comes again, at most, where the bot does not ask for more."""


class Lane(NamedTuple):
    """What keeps its order: the messages of one chat, or the presses of one person."""

    kind: str
    number: int


@dataclass
class Webhook:
    """A webhook that is set. It runs from `open` to `close`; `pause` waits for so many seconds."""

    url: str
    secret: str
    most: int  # connections at a time
    updates: Updates
    bell: Bell
    pause: Callable[[float], Awaitable[None]]
    held: set[str] = field(default_factory=set)  # kinds of lanes that stand still
    errors: list[str] = field(default_factory=list)
    _busy: set[Lane] = field(default_factory=set)

    def open(self) -> None:
        """Begin to call the bot."""
        self._work = asyncio.create_task(self._run())  # noqa: TID251 - it lasts until the webhook is taken away

    async def close(self) -> None:
        """Stop calling the bot; what waits goes on waiting."""
        self._work.cancel()
        with suppress(asyncio.CancelledError):
            await self._work

    async def _run(self) -> None:
        places = asyncio.Semaphore(self.most)
        limit = aiohttp.ClientTimeout(total=LONGEST_ANSWER)
        async with aiohttp.ClientSession(timeout=limit) as session, asyncio.TaskGroup() as tasks:
            while True:
                await self.bell.until(self._free, within=None)
                for lane in self._free():
                    self._busy.add(lane)
                    tasks.create_task(self._empty(lane, session, places))

    def _free(self) -> set[Lane]:
        lanes = {lane_of(update) for update in self.updates.waiting()}
        return {lane for lane in lanes - self._busy if lane.kind not in self.held}

    def _next(self, lane: Lane) -> Json | None:
        if lane.kind in self.held:
            return None
        return next((update for update in self.updates.waiting() if lane_of(update) == lane), None)

    async def _empty(self, lane: Lane, session: aiohttp.ClientSession, places: asyncio.Semaphore) -> None:
        failures = 0
        while (update := self._next(lane)) is not None:
            async with places:
                error, later = await self._hand_over(update, session)
            if not error:
                failures = 0
                if update["update_id"] in self.updates:
                    self.updates.confirm([update["update_id"]])
                continue
            self.errors.append(error)
            self.bell.ring()
            await self.pause(later or min(2**failures, LONGEST_PAUSE))
            failures += 1
        self._busy.discard(lane)
        self.bell.ring()

    async def _hand_over(self, update: Json, session: aiohttp.ClientSession) -> tuple[str, int]:
        """Call the bot; give what went wrong, if anything did, and the seconds that it asks to be left alone for."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.secret} if self.secret else {}
        try:
            async with session.post(self.url, json=update, headers=headers, allow_redirects=False) as answer:
                await answer.read()
        except (aiohttp.ClientError, TimeoutError) as failure:
            return f"Connection failed: {type(failure).__name__}", 0
        if answer.status // 100 == HTTPStatus.OK // 100:
            return "", 0
        later = answer.headers.get("Retry-After", "")
        error = f"Wrong response from the webhook: {answer.status} {answer.reason}"
        return error, int(later) if later.isdecimal() else 0


def lane_of(update: Json) -> Lane:
    """The lane of an update."""
    if "callback_query" in update:
        return Lane("press", update["callback_query"]["from"]["id"])
    content = next(value for key, value in update.items() if key != "update_id")
    return Lane("message", content["chat"]["id"])
