"""How many took part in a circle, and what a room had in its last week: counted in memory, and of nobody.

Rules that hold here: nothing is written down and a restart forgets it; whoever is behind a count is a salted hash that
is let go of as soon as the count needs it no more, and the salt is another each week and for each circle; no more is
held than is bounded here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from bot.core.gap import DAY
from bot.core.pulse import FEWEST, Week

MOST_ROOMS: Final = 10_000
"""Rooms of which a week is counted; those that were counted longest ago go first."""

MOST_JOINED: Final = 100_000
"""People of all circles that are told apart; the circles that were pressed longest ago go first. After that a total is
still right, and someone who presses again counts again."""

_WEEK: Final = 7 * DAY
_MONDAY: Final = 4 * DAY
"""1970 began on a Thursday: the first Monday was four days later."""


class _Count:
    """How many of one thing there were, and whether enough people stand behind it."""

    __slots__ = ("_number", "_people")

    def __init__(self) -> None:
        self._number = 0
        self._people: set[bytes] | None = set()  # None: enough, so nobody is told apart any more

    def add(self, person: bytes) -> None:
        self._number += 1
        if self._people is not None:
            self._people.add(person)
            if len(self._people) >= FEWEST:
                self._people = None

    @property
    def shown(self) -> int | None:
        return self._number if self._people is None else None


@dataclass(slots=True)
class _Counted:
    offers: _Count = field(default_factory=_Count)
    joins: _Count = field(default_factory=_Count)

    def week(self, *, is_whole: bool) -> Week:
        return Week(self.offers.shown, self.joins.shown, is_whole)


class Pulse:
    """The offers and the circles of each room, in weeks from Monday to Sunday, UTC.

    `clock` gives seconds since 1970, UTC, and `salt` 16 random bytes.
    """

    def __init__(self, clock: Callable[[], int], salt: Callable[[], bytes]) -> None:
        self._clock = clock
        self._make = salt
        self._salt = salt()
        self._began = clock()
        self._week = _week_of(self._began)
        self._counted: OrderedDict[int, _Counted] = OrderedDict()
        self._last: dict[int, Week] = {}

    def offered(self, chat: int, person: int) -> None:
        """Someone of the room was offered a walk in private."""
        self._of(chat).offers.add(_hashed(self._salt, person))

    def joined(self, chat: int, person: int) -> None:
        """Someone took part in a circle of the room."""
        self._of(chat).joins.add(_hashed(self._salt, person))

    def last_week(self, chat: int) -> Week:
        """The last week of the room that is over."""
        self._turn()
        return self._last.get(chat, Week(is_whole=self._is_whole()))

    def forget(self, chat: int) -> None:
        """Let go of all that was counted of a room."""
        self._counted.pop(chat, None)
        self._last.pop(chat, None)

    def _of(self, chat: int) -> _Counted:
        self._turn()
        counted = self._counted.setdefault(chat, _Counted())
        self._counted.move_to_end(chat)
        if len(self._counted) > MOST_ROOMS:
            self._counted.popitem(last=False)
        return counted

    def _turn(self) -> None:
        week = _week_of(self._clock())
        if week <= self._week:  # a clock that was set back begins no week anew
            return
        is_next, self._week = week == self._week + 1, week
        is_whole = self._is_whole()
        over = self._counted if is_next else {}
        self._last = {chat: counted.week(is_whole=is_whole) for chat, counted in over.items()}
        self._counted = OrderedDict()
        self._salt = self._make()

    def _is_whole(self) -> bool:
        """Whether the week before this one was counted from its beginning on."""
        return self._began <= _start_of(self._week - 1)


class Totals:
    """Who took part in which circle, so that each counts once. `salt` gives 16 random bytes."""

    def __init__(self, pulse: Pulse, salt: Callable[[], bytes]) -> None:
        self._pulse = pulse
        self._make = salt
        self._circles: OrderedDict[tuple[int, int], _Joined] = OrderedDict()
        self._people = 0  # of all of them

    def joined(self, chat: int, number: int, person: int, shown: int) -> int:
        """How many took part in the circle with that message number, with this person.

        `shown` is what its button says. What is not known any more, as after a restart, goes on from there.
        """
        key = chat, number
        circle = self._circles.get(key)
        if circle is None:
            circle = self._circles[key] = _Joined(self._make(), shown)
        self._circles.move_to_end(key)
        hashed = _hashed(circle.salt, person)
        if hashed not in circle.people:
            circle.people.add(hashed)
            self._people += 1
            self._pulse.joined(chat, person)
            self._make_room()
        return circle.before + len(circle.people)

    def _make_room(self) -> None:
        while self._people > MOST_JOINED and len(self._circles) > 1:
            _, oldest = self._circles.popitem(last=False)
            self._people -= len(oldest.people)
        if self._people > MOST_JOINED:
            (circle,) = self._circles.values()
            circle.before += len(circle.people)
            circle.people.clear()
            self._people = 0

    def forget(self, chat: int) -> None:
        """Let go of all circles of a room."""
        for key in [key for key in self._circles if key[0] == chat]:
            self._people -= len(self._circles.pop(key).people)


@dataclass(slots=True)
class _Joined:
    salt: bytes
    before: int  # those who took part before this was known
    people: set[bytes] = field(default_factory=set)


def _hashed(salt: bytes, person: int) -> bytes:
    return blake2b(person.to_bytes(8, signed=True), key=salt, digest_size=8).digest()


def _week_of(at: int) -> int:
    return (at - _MONDAY) // _WEEK


def _start_of(week: int) -> int:
    return week * _WEEK + _MONDAY
