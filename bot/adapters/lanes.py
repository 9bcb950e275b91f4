"""Which message goes out next, and when: the lanes, and Telegram's limits.

Rules that hold here: the more urgent lane goes first, everywhere; within a chat, what is of one lane goes in the
order in which it was asked for, one at a time, and waits for nothing less urgent. Nothing is sent here, and there
is no clock: a time is handed in, in seconds of a clock that never goes back.

Source of the limits: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from typing import Final

from bot.core.model import Lane

FREE_RATE: Final = 30
"""Messages in any second, over all chats."""

SPACING: Final = 1.0
"""Seconds from one message to the next in a chat, once its burst is used up."""

BURST: Final = 3
"""Messages that a chat which was quiet gets at once."""

GROUP: Final = (20, 60.0)
"""Messages in so many seconds to one group."""

AT_ONCE: Final = 128
"""Broadcasts under way at a time, so that the rest of the connections stay free for people who wait."""

CATCH_UP: Final = 0.2
"""Seconds of lateness that broadcasts make up for, since timers are late."""

PAST: Final = -math.inf


class Window:
    """At most `most` messages in any `seconds`, and some of these places only for the more urgent lanes."""

    __slots__ = ("_places", "_seconds", "_taken")

    def __init__(self, most: int, seconds: float) -> None:
        self._seconds = seconds
        self._taken: deque[float] = deque(maxlen=most)
        replies = max(1, most - 1)
        self._places = (most, replies, max(1, replies - max(2, most // 50)))  # by lane

    @property
    def rests_at(self) -> float:
        """When it is empty again."""
        return self._taken[-1] + self._seconds if self._taken else PAST

    def places(self, lane: Lane) -> int:
        """How many messages of that lane alone may go in `seconds`."""
        return self._places[lane]

    def free_at(self, lane: Lane) -> float:
        """When the next message of that lane may go."""
        over = len(self._taken) - self._places[lane]
        return self._taken[over] + self._seconds if over >= 0 else PAST

    def take(self, now: float) -> None:
        """Count one."""
        self._taken.append(now)


@dataclass(eq=False, slots=True)
class Ticket:
    """A message's place. Smaller numbers were given out earlier."""

    chat: int
    lane: Lane
    number: int
    not_before: float = PAST
    waits: bool = True


class _Chat:
    """What waits and what is under way to one chat, and how it stands with its limits."""

    __slots__ = ("_group", "_rested_at", "_waiting", "held_until", "under_way")

    def __init__(self, chat: int) -> None:
        self._waiting: list[tuple[Lane, int, Ticket]] = []
        self._rested_at = PAST  # when the whole burst is there again
        self._group = Window(*GROUP) if chat < 0 else None  # an id below 0 is a group's or a channel's
        self.under_way: list[Lane] = []
        self.held_until = PAST

    @property
    def head(self) -> Ticket | None:
        """The next to go: of the most urgent lane, the first."""
        while self._waiting and not self._waiting[0][2].waits:
            heappop(self._waiting)
        return self._waiting[0][2] if self._waiting else None

    @property
    def rests_at(self) -> float:
        """When nothing of what was sent bears on what may be sent."""
        return max(self._rested_at, self.held_until, self._group.rests_at if self._group else PAST)

    def add(self, ticket: Ticket) -> None:
        heappush(self._waiting, (ticket.lane, ticket.number, ticket))

    def free_at(self, ticket: Ticket) -> float:
        """When a message may go; infinity while it has to wait for another to end."""
        if any(lane <= ticket.lane for lane in self.under_way):
            return math.inf
        group = self._group.free_at(ticket.lane) if self._group else PAST
        return max(ticket.not_before, self.held_until, self._rested_at - (BURST - 1) * SPACING, group)

    def take(self, now: float) -> None:
        self._rested_at = max(self._rested_at, now) + SPACING
        if self._group:
            self._group.take(now)


class Lanes:
    """A queue for each lane and chat. `rate`: messages in any second over all chats.

    Every call costs O(log n) of what waits; a chat with nothing to remember takes no memory.
    """

    def __init__(self, rate: int = FREE_RATE) -> None:
        self._window = Window(rate, 1.0)
        self._held_until = PAST
        self._next_broadcast = PAST
        self._broadcasts = 0  # under way
        self._numbers = count()
        self._chats: dict[int, _Chat] = {}
        # All three may tell of what has changed since, so what they say is looked at again when its time has come.
        self._ready: list[tuple[Lane, int, Ticket]] = []
        self._later: list[tuple[float, int]] = []  # when something may go to a chat
        self._resting: list[tuple[float, int]] = []  # when a chat may be forgotten

    def ask(self, chat: int, lane: Lane) -> Ticket:
        """Take a place."""
        ticket = Ticket(chat, lane, next(self._numbers))
        self._add(ticket)
        return ticket

    def again(self, ticket: Ticket, not_before: float) -> None:
        """Put a message that was under way back into its old place: it goes once more, but not before that time."""
        self._end(ticket)
        ticket.not_before, ticket.waits = not_before, True
        self._add(ticket)

    def leave(self, ticket: Ticket) -> None:
        """Give a place up: the message has gone, or whoever sent it has."""
        if ticket.waits:
            ticket.waits = False
        else:
            self._end(ticket)
        self._line_up(ticket.chat)
        heappush(self._resting, (self._chats[ticket.chat].rests_at, ticket.chat))

    def hold(self, chat: int | None, until: float) -> None:
        """Let nothing go to a chat, or for None to any, until that time."""
        if chat is None:
            self._held_until = max(self._held_until, until)
            return
        held = self._chats.setdefault(chat, _Chat(chat))
        held.held_until = max(held.held_until, until)
        heappush(self._resting, (held.rests_at, chat))

    def held_until(self, chat: int | None) -> float:
        """Until when nothing may go to a chat, or for None to any, because Telegram said so."""
        known = None if chat is None else self._chats.get(chat)
        return max(self._held_until, known.held_until if known else PAST)

    def turns(self, now: float) -> list[Ticket]:
        """Give whatever may go now, the most urgent first. It counts as under way until `leave` or `again`."""
        while self._later and self._later[0][0] <= now:
            self._line_up(heappop(self._later)[1], now)
        while self._resting and self._resting[0][0] <= now:
            self._forget(heappop(self._resting)[1], now)
        going = []
        while self._ready and self._free_at(self._ready[0][0]) <= now:
            ticket = heappop(self._ready)[2]
            chat = self._chats.get(ticket.chat)
            if chat is None or chat.head is not ticket:
                continue
            if chat.free_at(ticket) <= now:
                self._begin(ticket, chat, now)
                going.append(ticket)
            else:
                self._line_up(ticket.chat, now)
        return going

    def due(self) -> float:
        """When to ask for `turns` again; infinity where only a call of another method can bring one on."""
        ready = self._free_at(self._ready[0][0]) if self._ready else math.inf
        later = max(self._later[0][0], self._held_until) if self._later else math.inf
        return min(ready, later)

    def __len__(self) -> int:
        """How many chats are remembered."""
        return len(self._chats)

    def _add(self, ticket: Ticket) -> None:
        self._chats.setdefault(ticket.chat, _Chat(ticket.chat)).add(ticket)
        self._line_up(ticket.chat)

    def _line_up(self, number: int, now: float = PAST) -> None:
        """Note when a chat's next message may go. Where one is under way, its end is what to wait for."""
        chat = self._chats.get(number)
        if chat is None or chat.head is None:
            return
        free_at = chat.free_at(chat.head)
        if free_at <= now:
            heappush(self._ready, (chat.head.lane, chat.head.number, chat.head))
        elif free_at < math.inf:
            heappush(self._later, (free_at, number))

    def _forget(self, number: int, now: float) -> None:
        chat = self._chats.get(number)
        if chat and chat.head is None and not chat.under_way and chat.rests_at <= now:
            del self._chats[number]

    def _free_at(self, lane: Lane) -> float:
        free_at = max(self._held_until, self._window.free_at(lane))
        if lane is not Lane.BROADCAST:
            return free_at
        return math.inf if self._broadcasts == AT_ONCE else max(free_at, self._next_broadcast)

    def _begin(self, ticket: Ticket, chat: _Chat, now: float) -> None:
        ticket.waits = False
        chat.under_way.append(ticket.lane)
        chat.take(now)
        self._window.take(now)
        self._broadcasts += ticket.lane is Lane.BROADCAST
        under_way = self._next_broadcast > now - CATCH_UP
        if ticket.lane is Lane.BROADCAST or under_way:
            # A reply puts it off too, or both together would fill the places of a second early in it, again and again.
            due = self._next_broadcast if under_way else now
            self._next_broadcast = min(due + 1 / self._window.places(Lane.BROADCAST), now + 1)

    def _end(self, ticket: Ticket) -> None:
        self._chats[ticket.chat].under_way.remove(ticket.lane)
        self._broadcasts -= ticket.lane is Lane.BROADCAST
