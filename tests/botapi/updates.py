"""The queue of updates for one bot, and the bell that wakes whoever waits for a change.

Rules that hold here: an update goes out as it stood when it was made, by polling or to a webhook, and waits until it
is confirmed. Whoever waits, waits on the bell; a time-out only bounds the wait.
"""

import asyncio
import copy
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final

Json = dict[str, Any]

EVERY_UPDATE: Final = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "callback_query",
    "my_chat_member",
    "chat_member",
    "message_reaction",
    "message_reaction_count",
)
ONLY_IF_LISTED: Final = ("chat_member", "message_reaction", "message_reaction_count")

LIFE_OF_A_PRESS: Final = 150
"""Seconds in which a press is delivered and may be answered."""

LIFE_OF_AN_UPDATE: Final = 24 * 60 * 60

TOO_SOON: Final = 0.5
"""Seconds within which the same offset, polled again, gets one update only."""

FAR_AHEAD: Final = 10
"""An offset so far above the next id is of another numbering, and confirms nothing."""


class Refused(Exception):  # noqa: N818 - an answer of Telegram's, not a mistake of the program
    """Telegram says no: with an HTTP status, a description, and for some (429) further parameters."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(f"{status} {description}")
        self.status = status
        self.description = description
        self.parameters = parameters

    @property
    def answer(self) -> Json:
        """What Telegram sends back."""
        parameters = {"parameters": self.parameters} if self.parameters else {}
        return {"ok": False, "error_code": self.status, "description": self.description, **parameters}


class Bell:
    """Rings when anything changes; whoever waits for something looks again."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()
        self._rung = asyncio.Event()

    async def until(self, true: Callable[[], object], within: float | None) -> bool:
        """Wait until `true()`, at most `within` seconds (None: for ever); give whether it came true."""
        try:
            async with asyncio.timeout(within):
                while not true():
                    await self._rung.wait()
        except TimeoutError:
            return False
        return True


class Updates:
    """The queue of updates for one bot, and what Telegram remembers of its polling. `clock` is in seconds."""

    def __init__(self, bell: Bell, clock: Callable[[], float], first: int) -> None:
        self.allowed = [kind for kind in EVERY_UPDATE if kind not in ONLY_IF_LISTED]
        self.left_out: list[str] = []  # kinds that came and were not asked for
        self._bell = bell
        self._clock = clock
        self._next = first
        self.count = 0  # of all that came
        self._waiting: dict[int, tuple[float, Json]] = {}  # id -> when it came, the update
        self._confirmed: deque[Json] = deque(maxlen=100)
        self._repeats: set[int] = set()
        self._polls = 0
        self._polled = (0, 0.0)  # the latest offset, and when
        self._closed = False

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, number: int) -> bool:
        return number in self._waiting

    def add(self, kind: str, content: Json) -> int | None:
        """Put an update into the queue and give its id, or None where the bot does not ask for its kind."""
        if kind not in self.allowed:
            self.left_out.append(kind)
            return None
        number = self._next
        self._next += 1
        self.count += 1
        self._waiting[number] = self._clock(), {"update_id": number, kind: copy.deepcopy(content)}
        self._bell.ring()
        return number

    @property
    def last(self) -> int:
        """The id of the update that came last."""
        return self._next - 1

    def restart(self, first: int) -> None:
        """Number what comes from now on from `first`, as Telegram may after a quiet week."""
        self._next = first

    def repeat(self, count: int) -> None:
        """Give the latest confirmed updates once more, as they were, whatever the bot confirms."""
        again = {update["update_id"]: (self._clock(), update) for update in list(self._confirmed)[-count:]}
        self._waiting = again | self._waiting
        self._repeats |= again.keys()
        self._bell.ring()

    def allow(self, kinds: list[str] | None) -> None:
        """Remember what the bot asks for. None leaves it; an empty list is all that need not be listed."""
        if kinds is not None:
            self.allowed = kinds or [kind for kind in EVERY_UPDATE if kind not in ONLY_IF_LISTED]

    def forget(self) -> None:
        """Drop what waits."""
        self._waiting.clear()
        self._bell.ring()

    async def fetch(self, offset: int, limit: int, patience: float) -> list[Json]:
        """Confirm what is below `offset` and give what waits, waiting up to `patience` seconds for something.

        A negative offset forgets all but so many of the latest. A later call ends this one with 409.
        """
        self._polls += 1
        poll = self._polls
        if offset < 0:
            self.confirm(list(self._waiting)[:offset])
        elif offset <= self._next + FAR_AHEAD:
            self.confirm([one for one in self._waiting if one < offset and one not in self._repeats])
        before, self._polled = self._polled, (offset, self._clock())
        if before[0] == offset > 0 and self._clock() - before[1] < TOO_SOON:
            limit = 1
        await self._bell.until(lambda: self._closed or poll != self._polls or self.waiting(), patience)
        if poll != self._polls:
            raise Refused(
                409,
                "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
            )
        batch = [] if self._closed else self.waiting()[:limit]
        self.confirm([one["update_id"] for one in batch if one["update_id"] in self._repeats])
        return batch

    def waiting(self) -> list[Json]:
        """What waits and is not too old, the oldest first."""
        for number, (came, update) in list(self._waiting.items()):
            life = LIFE_OF_A_PRESS if "callback_query" in update else LIFE_OF_AN_UPDATE
            if self._clock() - came > life:
                del self._waiting[number]
        return [update for _, update in self._waiting.values()]

    def confirm(self, numbers: Iterable[int]) -> None:
        """Forget what the bot has had."""
        for number in numbers:
            _, update = self._waiting.pop(number)
            if number not in self._repeats:
                self._confirmed.append(update)
            self._repeats.discard(number)
        self._bell.ring()

    def close(self) -> None:
        """Let go of who polls."""
        self._closed = True
        self._bell.ring()
