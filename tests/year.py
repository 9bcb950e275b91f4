"""A year as people live it, and what goes wrong in it: drawn from seeds, so that it can be lived through again.

Rules that hold here: nothing of the bot is read; what someone does of their own accord stands in their plan, and what
they do about a message is told by its number; times lie on a grid by what happens at them, so that nothing that
matters hangs on a second: what is due by the clock at 0 of a quarter of an hour, walks and plans at 225, whatever else
people do at 450, the bot's starts and the ends of troubles at 675.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random  # noqa: TID251 - seeded, so that a failure can be looked at again
from typing import Final, NamedTuple

MINUTE: Final = 60
QUARTER: Final = 15 * MINUTE
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
AT_WALKS, AT_ACTS, AT_STOPS, AT_STARTS = 225, 450, 600, 675
"""Seconds of a quarter of an hour."""

FIRST: Final = int(datetime(2026, 9, 21, tzinfo=UTC).timestamp())
"""A Monday, some days before clocks in the south go forward, and five weeks before clocks in the north go back."""

WINTER: Final = ((2026, 10, 25), (2027, 3, 28))
"""From when until when Lisbon has no summer time."""
PEOPLE: Final = 50
ZONES: Final = (
    "Europe/Lisbon",
    "America/New_York",
    "Australia/Lord_Howe",  # by half an hour
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Honolulu",
    "Africa/Casablanca",  # by Ramadan
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Africa/Cairo",  # at midnight
    "Antarctica/Troll",  # by two hours
    "Pacific/Chatham",
)
AWKWARD: Final = {
    "Europe/Lisbon": 1 * 60 + 30,
    "America/New_York": 2 * 60 + 30,
    "Australia/Lord_Howe": 2 * 60 + 15,
    "Pacific/Auckland": 2 * 60 + 30,
    "Africa/Casablanca": 2 * 60 + 15,
    "America/St_Johns": 2 * 60 + 15,
    "Africa/Cairo": 15,
    "Antarctica/Troll": 2 * 60,
    "Pacific/Chatham": 3 * 60,
}
"""Minutes of the day that clocks leave out or show twice."""
TIMES: Final = (6 * 60 + 45, 8 * 60, 8 * 60 + 30, 12 * 60 + 30, 17 * 60 + 15, 20 * 60 + 45, 23 * 60 + 45)
DAYS: Final = ((0, 2, 4), (0, 1, 2, 3, 4), (0, 1, 2, 3, 4, 5, 6), (1, 3, 5), (6,), (5, 6))
QUIETS: Final = ((21 * 60, 8 * 60), (22 * 60, 7 * 60), (23 * 60, 6 * 60), (0, 0), (12 * 60, 13 * 60))
COURSES: Final = ("8 weeks", "8 weeks", "4 weeks", "open")
CHOICES: Final[Mapping[str, Sequence[object]]] = {
    "time": TIMES,
    "days": DAYS,
    "zone": ZONES,
    "quiet": QUIETS,
    "course": COURSES,
}


class Setting(NamedTuple):
    """What someone chooses."""

    minute: int
    days: tuple[int, ...]
    zone: str
    quiet: tuple[int, int]
    course: str


class Act(NamedTuple):
    """Something that someone does at a time."""

    at: int
    what: str
    value: object = None


class Trouble(NamedTuple):
    """Something that goes wrong, from a time until another; for one chat, or for all (0)."""

    start: int
    end: int
    what: str
    chat: int = 0


DOWN: Final = ("stopped", "given back", "drained", "killed", "killed, arrived")
"""The bot is not there: between two rounds; while messages wait, which come at the next start; while some are under
way, and end; killed while messages are under way that never arrive, or that arrived."""
OUT: Final = ("refused", "broken", "dropped", "flooded", "busy")
"""Telegram is out of reach; answers 500; takes the message and breaks the connection; tells all to wait; tells one."""


@dataclass(frozen=True)
class Troubles:
    """All of them, one after the other."""

    of: tuple[Trouble, ...]
    starts: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts", tuple(one.start for one in self.of))

    def at(self, at: int, chat: int = 0) -> Trouble | None:
        """The one that there is at a time: from its very start, until its end."""
        place = bisect_right(self.starts, at) - 1
        if place < 0 or at >= self.of[place].end or self.of[place].chat not in {0, chat}:
            return None
        return self.of[place]

    def started_between(self, after: int, until: int) -> bool:
        """Whether the bot began again after a time, and not after another."""
        return any(one.what in DOWN and after < one.end <= until for one in self.of)

    def free(self, at: int, phase: int) -> int:
        """When someone does what they meant to do then: they cannot while the bot or Telegram is away."""
        there = self.at(at)
        return at if there is None or there.what in {"busy", "flooded"} else on_grid(there.end + QUARTER, phase)


class Person:
    """Someone: what they choose at first, what they do of their own accord, and how they answer."""

    def __init__(self, number: int, last: int, troubles: Troubles) -> None:
        self.number = number
        self.temper = ("keen", "usual", "usual", "sparse", "silent")[number % 5]
        random = Random(f"person {number}")  # noqa: S311 - no secret
        zone = ZONES[number % len(ZONES)]
        minute = AWKWARD.get(zone, 8 * 60 + 30) if number % 3 == 0 else random.choice(TIMES)
        quiet = (0, 0) if number % 3 == 0 else random.choice(QUIETS) if number % 4 else QUIETS[0]
        first = Setting(minute, random.choice(DAYS), zone, quiet, random.choice(COURSES))
        if number % 10 in {1, 2}:  # some are due at the same time
            first = Setting(8 * 60 + 30, DAYS[0], "Europe/Lisbon", QUIETS[0], "open")
        begins = on_grid(FIRST + random.randrange(2 * DAY), AT_ACTS)
        self.acts = [Act(troubles.free(begins, AT_ACTS), "begin", first)]
        self.away: list[tuple[int, int]] = []  # the bot is blocked
        self.shaken: list[int] = []  # a card was shown
        at = begins
        while (at := at + random.randrange(2 * DAY, 16 * DAY)) < last:
            at = self._does(random, at, troubles)

    def answer(self, nth: int, kind: str, arrived: int, troubles: Troubles) -> Act | None:
        """What they do about their nth message, of this kind, that arrived then."""
        random = Random(f"answer {self.number} {nth}")  # noqa: S311 - no secret
        what, after = self._answer(random, kind), random.randrange(QUARTER, 20 * HOUR)
        if kind == "silent":
            after *= 10
        at = troubles.free(on_grid(arrived + after, AT_ACTS), AT_ACTS)
        if not what or self.is_away(at) or any(0 <= at - card <= 2 * HOUR for card in self.shaken):
            return None
        return Act(at, what)

    def is_away(self, at: int) -> bool:
        """Whether they have blocked the bot at that time."""
        return any(start <= at < end for start, end in self.away)

    def _answer(self, random: Random, kind: str) -> str:
        shares = {"keen": 0.97, "usual": 0.7, "sparse": 0.3, "silent": 0.0}
        if kind in {"silent", "course end"}:
            return random.choice(["on", "on", "fewer" if kind == "course end" else "on", ""])
        if random.random() > shares[self.temper]:
            return ""
        match kind.partition(" ")[0]:
            case "practice":
                return random.choice(["did"] * 12 + ["not today"] * 6 + ["harder"])
            case "keep?":
                return random.choice(["on", "on", "fewer", "stop"])
            case "follow-up":
                return random.choice(["4", "2", "skip", "9", "end"])
            case _:
                return ""

    def _does(self, random: Random, at: int, troubles: Troubles) -> int:
        """Plan something, and give when it is over."""
        ways = ("time", "days", "zone", "zone", "quiet", "course", "pause", "stop", "danger", "walk", "walk", "walks")
        what = random.choice((*ways, "plan", "plan", "block", "withdraw", "resume", "resume", "help"))
        phase = AT_WALKS if what in {"walk", "walks", "plan"} else AT_ACTS
        at = troubles.free(on_grid(at, phase), phase)
        later = troubles.free(on_grid(at + random.randrange(3 * DAY, 20 * DAY), AT_ACTS), AT_ACTS)
        match what:
            case "time" | "days" | "zone" | "quiet" | "course":
                self.acts.append(Act(at, what, random.choice(CHOICES[what])))
            case "walks":  # and half an hour later another
                self.acts.append(Act(at, "walk"))
                self.acts.append(Act(troubles.free(at + 3 * QUARTER, AT_WALKS), "walk"))
            case "danger":
                self.acts.append(Act(at, what))
                self.shaken.append(at)
            case "stop":
                self.acts += [Act(at, what), Act(later, "resume")]
                return later
            case "block":
                self.acts += [Act(at, what), Act(later, "back")]
                self.away.append((at, later))
                return later
            case "withdraw":
                self.acts += [Act(at, what), Act(later, "begin", self.acts[0].value)]
                return later
            case _:
                self.acts.append(Act(at, what))
        return at


@dataclass(frozen=True)
class Year:
    """Everyone's plan, and all that goes wrong, until a time."""

    last: int
    troubles: Troubles
    people: tuple[Person, ...]


def lived(days: int) -> Year:
    """So many days of it."""
    last = FIRST + days * DAY
    troubles = Troubles(tuple(_troubles(last)))
    return Year(last, troubles, tuple(Person(number, last, troubles) for number in range(1, PEOPLE + 1)))


def on_grid(at: int, phase: int) -> int:
    """The same quarter of an hour, at so many seconds of it."""
    return at // QUARTER * QUARTER + phase


def _troubles(last: int) -> Iterator[Trouble]:
    """One kind after the other, of one length after the other, some days apart."""
    random = Random("troubles")  # noqa: S311 - no secret
    lengths = {
        "stopped": (0, 40 * MINUTE, 3 * DAY),
        "given back": (0, 40 * MINUTE, 5 * HOUR),
        "drained": (0, 40 * MINUTE),
        "killed": (0, 40 * MINUTE, 5 * HOUR, DAY),
        "killed, arrived": (0, 40 * MINUTE, 5 * HOUR),
        "refused": (30 * MINUTE, 5 * HOUR, 2 * DAY),
        "broken": (30 * MINUTE, 5 * HOUR, 2 * DAY),
        "dropped": (30 * MINUTE, 5 * HOUR),
        "flooded": (30 * MINUTE, 5 * HOUR),
        "busy": (0, 40 * MINUTE, 5 * HOUR),
    }
    at, turn = FIRST + 3 * DAY, 0
    while at < last:
        for what, several in lengths.items():
            start = _popular(at) if turn % 4 else on_grid(at + random.randrange(DAY), 0)
            length, chat = several[turn % len(several)], 0
            if what == "stopped":
                start += AT_STOPS
            if what in OUT and not (what in {"flooded", "busy"} and length == 0):
                start -= QUARTER - AT_STARTS
            if what == "busy":
                chat = random.choice([one for one in range(1, PEOPLE + 1) if one % 10 in {1, 2}])
                if length == 0:  # for half a minute alone
                    yield Trouble(start, start + 30, what, chat)
                    at, turn = start + DAY, turn + 1
                    continue
            end = on_grid(start + length, AT_STARTS)
            yield Trouble(start, end, what, chat)
            at, turn = end + random.randrange(HOUR, 2 * DAY), turn + 1


def _popular(at: int) -> int:
    """The next time at which many are due: 08:30 in Lisbon on a Monday, Wednesday or Friday."""
    while True:
        day = datetime.fromtimestamp(at, UTC)
        is_winter = WINTER[0] <= (day.year, day.month, day.day) < WINTER[1]
        slot = at // DAY * DAY + (8 if is_winter else 7) * HOUR + 30 * MINUTE
        if slot > at + QUARTER and day.weekday() in DAYS[0]:
            return slot
        at = at // DAY * DAY + DAY
