"""People who live with the bot for a while, in private and in groups: what each does, and what has to come of it.

Rules that hold here: whoever is to be answered waits for it, and does it once more where a kill lost it; each answer
is known by its lines; what is drawn is drawn from a seed.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial
from itertools import count, cycle
from random import Random  # noqa: TID251 - seeded, so that a failure can be looked at again
from typing import Final
from zoneinfo import ZoneInfo

from typing_extensions import override

from bot.core.kept import Purpose
from bot.core.lines import Label, Line
from tests.botapi import Chat, Group, Message, Person
from tests.botapi.people import Media
from tests.botapi.world import World
from tests.test_faults import OPENING, Done, Walker
from tests.test_group_life import enters, is_set_up, members_are_noticed
from tests.test_group_machine import IN_GROUPS
from tests.test_telegram import WORDS, label

CARDS: Final = frozenset(line for line in Line if line.startswith(("card.", "danger.ask")))
OWN: Final = "i want to kill myself"
DANGERS: Final = (OWN, "i am going to kill myself tonight", "my friend says she will kill herself")
TALK: Final = ("lunch at one?", "the bus was late again", "who has the keys for tomorrow", "good night everyone")
HEAVY: Final = "another child died tonight and i keep seeing her eyes"
WALK: Final = ("did it", "5", "sad", "did it", "them", "comfort", "did it", "nothing", "no one", "did it", "2", "more")
COMMANDS: Final = ("/why", "/crisis", "/breathe", "/progress", "/privacy", "/howtohelp", "/country germany")
SENT: Final[tuple[Media, ...]] = ("sticker", "voice", "photo", "document", "location")
CITIES: Final = {"Lisbon": "Europe/Lisbon", "Tokyo": "Asia/Tokyo", "Los Angeles": "America/Los_Angeles"}
"""In one of them it is day, whenever this runs."""

APART: Final = 200.0
"""Seconds between two mentions by one member, so that the bot's limits leave none unanswered."""


@dataclass
class Tally:
    """What was done, and how long the answers took, in seconds, by what `now` says of the time that they came at."""

    now: Callable[[], str]
    done: Counter[str] = field(default_factory=Counter)
    took: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    cards: list[float] = field(default_factory=list)

    def note(self, what: str, seconds: float) -> None:
        self.done[what] += 1
        self.took[self.now()].append(seconds)
        if what == "danger":
            self.cards.append(seconds)


class Course:
    """When people do things: for so many minutes at their own pace, or for none so many times, as fast as it goes."""

    def __init__(self, world: World, random: Random, *, minutes: float, times: int) -> None:
        self.minutes = minutes
        self.moments_gone = 0
        self._world = world
        self._random = random
        self._times = times
        self.begins()

    def begins(self) -> None:
        """From now on."""
        self.began = self._world.clock()

    @property
    def left(self) -> float:
        """Seconds until the end."""
        return self.began + 60 * self.minutes - self._world.clock()

    async def moments(self, apart: float, *, hurried: int | None = None) -> AsyncIterator[None]:
        """So many seconds apart, half as many to half as many again; so many where it is to be quick."""
        for _ in count() if self.minutes else range(hurried or self._times):
            if self.minutes:
                await asyncio.sleep(min(max(self.left, 0), apart * (0.5 + self._random.random())))
                if self.left <= 0:
                    return
            yield
            self.moments_gone += 1
            self._world.bell.ring()


class Stroller(Walker):
    """Someone who walks by buttons, timed."""

    def __init__(self, person: Person, random: Random, tally: Tally) -> None:
        super().__init__(person, random)
        self._tally = tally

    async def stays(self, course: Course) -> None:
        """Take a step now and then."""
        async for _ in course.moments(15):
            await self.lives(1, one_lane=False, tell=lambda: None)

    @override
    async def _first_answer(self, done: Done, before: int) -> int:
        number = await super()._first_answer(done, before)
        if number:
            self._tally.note("walk", self.person.world.clock() - done.at)
        return number


class Guest:
    """Someone who does one thing after the other, and waits for what comes of each."""

    def __init__(self, person: Person, random: Random, tally: Tally) -> None:
        self.person = person
        self.random = random
        self.lost: list[float] = []  # seconds that something was under way when a kill lost it
        self.agreed: set[Purpose] = set()
        self.is_free_from = 0  # the place among all messages from which on the clock may bring nothing, where not 0
        self._tally = tally
        self._waits: tuple[Done, Chat] | None = None

    async def does(
        self, what: str, act: Callable[[], Awaitable[object]], *expected: Line, where: Chat | None = None
    ) -> Message:
        """Do it until it is answered by one of these lines, or by anything where none is expected."""
        world, chat = self.person.world, where or self.person
        while True:
            fits = partial(_is_answer, place=world.last_place, expected=expected)
            await act()
            done = Done(what, "", fits, world.updates.last, world.clock())
            self._waits = done, chat
            await world.until(
                lambda done=done: done.lost or _answer(done, chat),  # type: ignore[misc]
                f"{self.person.name} waits for {', '.join(expected) or 'anything'} after {what} in {chat}",
            )
            self._waits = None
            if (answer := _answer(done, chat)) is not None:
                self._tally.note(what, world.clock() - done.at)
                return answer

    def bears_a_kill(self, at: float) -> None:
        """See whether the bot took something from Telegram and will not answer it, since it was killed."""
        if self._waits is None:
            return
        done, chat = self._waits
        if done.update not in self.person.world.updates and _answer(done, chat) is None:
            done.lost = True
            self.lost.append(at - done.at)
            self.person.world.bell.ring()

    async def says(self, text: str, *expected: Line, what: str = "text", to: Chat | None = None) -> Message:
        """Write it, and wait for the answer in the same place."""
        return await self.does(what, lambda: self.person.says(text, to=to, wait=False), *expected, where=to)

    async def presses(self, message: Message, name: Label, *expected: Line) -> Message:
        """Press a button that a message has, or once had."""
        return await self.does(
            "button", lambda: self.person.presses_button(message, label(name), wait=False), *expected
        )

    def by_the_clock(self) -> list[Message]:
        """What came without having been asked for at that moment: practices, and reminders of plans."""
        return [one for one in self.person.hears() if tells(one, Line.NUDGE_FIRST, Line.IF_THEN_REMINDER)]


def tells(message: Message, *lines: Line) -> bool:
    """Whether a message has a paragraph that is a wording of one of these lines; any has, where there are none."""
    return not lines or any(_pattern(line).search(message.text) for line in lines)


@cache
def _pattern(line: Line) -> re.Pattern[str]:
    wordings = "|".join(re.sub(r"\\\{\w+\\\}", ".+?", re.escape(wording)) for wording in WORDS.lines[line])
    return re.compile(f"^(?:{wordings})", re.MULTILINE)


def _is_answer(message: Message, *, place: int, expected: tuple[Line, ...]) -> bool:
    return message.order > place and tells(message, *expected)


def _answer(done: Done, chat: Chat) -> Message | None:
    return next(filter(done.is_answered_by, reversed(chat.hears())), None)


# --- in private -----------------------------------------------------------------------------------------------------


async def types(guest: Guest, course: Course) -> None:
    """Walk by words, and do whatever else people do in between."""
    words, person = cycle((OPENING, *WALK)), guest.person
    async for _ in course.moments(15):
        match guest.random.randrange(8):
            case 0:
                await guest.says(guest.random.choice(COMMANDS), what="command")
            case 1:
                await guest.does("media", partial(person.sends, guest.random.choice(SENT), wait=False))
            case 2:
                await person.says("I keep thinking of them", wait=False)
                await person.says("all of it, every night", wait=False)
                await guest.says("and I could do nothing", what="burst")
            case 3:
                await guest.does("forward", partial(person.forwards, HEAVY, written_by="Somebody", wait=False))
            case _:
                await guest.says(next(words))


async def is_in_danger(guest: Guest, course: Course) -> None:
    """Say what no one should have to say, at a walk's step or out of the blue."""
    async for _ in course.moments(30, hurried=1):
        if guest.random.random() < 0.5:
            await guest.says(guest.random.choice((OPENING, "/walk", "no", "/stop")))
        await guest.says(guest.random.choice(DANGERS), *CARDS, what="danger")


async def is_remembered(guest: Guest, course: Course) -> None:
    """Say yes to walks being remembered, look at what is kept, and have all of it deleted; again and again."""
    async for _ in course.moments(40, hurried=1):
        asked = await guest.says("/consent", Line.CONSENT_ASK, Line.CONSENT_ON, what="command")
        if tells(asked, Line.CONSENT_ASK):
            await guest.presses(asked, Label.REMEMBER_YES)
        guest.agreed = {Purpose.REMEMBER}
        await guest.says(OPENING)
        await guest.says("stop")
        await guest.says("/export", what="command")
        if guest.random.random() < 0.5:
            await forgets(guest)


async def sets_nudges(guest: Guest, course: Course, number: int) -> None:
    """Have practices come at a time of this run; of four, one stops them, one withdraws and one has all forgotten.

    Who waits for theirs says nothing meanwhile, since the bot interrupts nobody, and answers when it has come.
    """
    zone, city = _where_it_is_day(course.began)
    later = course.minutes * guest.random.uniform(0.4, 0.85) if course.minutes else 20
    at = datetime.fromtimestamp(course.began, zone) + timedelta(minutes=later)
    asked = await guest.says(
        f"/nudge {at:%H:%M} {city} every day", Line.CONSENT_ASK_NUDGES, Line.NUDGE_PANEL, what="command"
    )
    if tells(asked, Line.CONSENT_ASK_NUDGES):
        await guest.presses(asked, Label.AGREE)
    guest.agreed = {Purpose.NUDGES}
    match number % 4:
        case 1:
            await stops(guest)
        case 2:
            shown = await guest.says("/consent", Line.CONSENT_ON_NUDGES, what="command")
            await guest.presses(shown, Label.NUDGES_OFF)
            guest.is_free_from, guest.agreed = guest.person.world.last_place, set()
        case 3:
            await forgets(guest)
            guest.is_free_from = guest.person.world.last_place
    async for _ in course.moments(20, hurried=1):
        if guest.by_the_clock() and guest.by_the_clock()[0].buttons:
            await guest.presses(guest.by_the_clock()[0], Label.NUDGE_DID)
            return


async def stops(guest: Guest) -> None:
    """Have no more practices come."""
    await guest.says("/nudge stop", Line.NUDGE_STOPPED, Line.NUDGE_PANEL, what="command")
    guest.is_free_from = guest.person.world.last_place


async def forgets(guest: Guest) -> None:
    """Have all deleted."""
    asked = await guest.says("/forget", Line.FORGET_ASK, Line.FORGET_NONE, what="command")
    if tells(asked, Line.FORGET_ASK):
        await guest.presses(asked, Label.FORGET_YES)
    guest.agreed = set()


def _where_it_is_day(at: float) -> tuple[ZoneInfo, str]:
    hours = {city: datetime.fromtimestamp(at, ZoneInfo(zone)).hour for city, zone in CITIES.items()}
    city = min(hours, key=lambda city: abs(hours[city] - 14))
    return ZoneInfo(CITIES[city]), city


# --- in groups ------------------------------------------------------------------------------------------------------


class Circle:
    """A group: one who runs it, one who agreed to be noticed, and one who did not."""

    def __init__(self, group: Group, admin: Guest, member: Guest, other: Guest) -> None:
        self.group = group
        self.admin = admin
        self.member = member
        self.other = other
        self.talk = 0  # messages that are not for the bot
        self._name = f"@{group.world.bot['username']}"
        self._mentioned: dict[Guest, float] = {}

    async def is_set_up(self) -> None:
        """Its admin adds the bot, says yes, and lets it notice who agrees; a member does. Nothing may fail yet."""
        admin, member, other = (guest.person for guest in (self.admin, self.member, self.other))
        door = await is_set_up(admin, member, self.group, self._name)
        await enters(other, door, Label.WRITE_PRIVATELY)
        await members_are_noticed(admin, member, other, self.group)
        self.member.agreed = {Purpose.GROUP}

    async def stays(self, course: Course) -> None:
        """Talk with each other, and now and then with the bot."""
        async for _ in course.moments(10, hurried=2):
            for number in range(10):
                person = (self.member if number % 2 else self.other).person
                self.talk += 1
                await person.says(self.other.random.choice(TALK), to=self.group, wait=False)
            await self._goes_on()

    async def _goes_on(self) -> None:
        match self.other.random.randrange(8):
            case 0:
                await self.member.person.says(HEAVY, to=self.group, wait=False)
            case 1:
                await self._is_in_danger(self.member, OWN)
            case 2:
                await self._is_in_danger(self.other, f"{self._name} {OWN}")
            case 3:
                await self.admin.says("/hold 1h", Line.ADMIN_HELD, what="admin", to=self.group)
                await self.admin.says("/release", Line.ADMIN_RELEASED, what="admin", to=self.group)
            case 4:
                await self.admin.says("/pulse", Line.ADMIN_PULSE, what="admin", to=self.group)
            case _:
                await self._mentions(self.other.random.choice((self.member, self.other)))

    async def _is_in_danger(self, guest: Guest, text: str) -> None:
        """Say so in the group: the card comes in private."""
        await guest.does("danger", partial(guest.person.says, text, to=self.group, wait=False), *CARDS)

    async def _mentions(self, guest: Guest) -> None:
        now = self.group.world.clock()
        if now - self._mentioned.get(guest, -APART) < APART:
            return
        self._mentioned[guest] = now
        await guest.says(f"{self._name} what is this?", Line.GROUP_PRIVATE, what="mention", to=self.group)

    def problems(self) -> Iterator[str]:
        """What was said in the group that may not be."""
        names = [guest.person.name for guest in (self.admin, self.member, self.other)]
        for message in self.group.hears():
            if not tells(message, *IN_GROUPS):
                yield f"in a group: {message.text!r}"
            if any(name in message.text for name in names):
                yield f"a name in a group: {message.text!r}"
