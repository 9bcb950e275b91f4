"""The real bot lives among many people and groups, while calls fail and it is killed: all holds, and nothing grows.

Rules that hold here: the bot is a process that is only looked at from outside; by polling in one life, by webhook in
the next. `--soak 30` is the long form, of so many minutes; without it a few people hurry through the same.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random  # noqa: TID251 - seeded, so that a failure can be looked at again
from statistics import median, quantiles
from typing import Final, NamedTuple

import pytest
from aiohttp import ClientError, ClientSession

from bot.core.kept import Noticing, Nudging, Plan, Purpose, Rest, Room, Schedule
from bot.core.lines import Line
from bot.store.opening import FILE
from bot.store.ring import ring_of
from bot.store.store import Store
from tests.botapi import Call, Dropped, Group, Hang, Person, Server
from tests.botapi.faults import Fault
from tests.botapi.updates import Refused
from tests.person import PROMPTS, files_under, purposes
from tests.ports import free_port
from tests.soaking import (
    Circle,
    Course,
    Guest,
    Stroller,
    Tally,
    is_in_danger,
    is_remembered,
    sets_nudges,
    stops,
    tells,
    types,
)
from tests.test_faults import BOUND, PATIENCE, SECRET, Bot, Trouble, may_be_repeated, serving, settings_of
from tests.test_faults import Size as Faults

FIRST: Final = 7_155_170_001
"""The first person's id: it would be found where it is kept in the clear."""

DAY: Final = 24 * 60 * 60
MB: Final = 2**20
RATE: Final = 30  # messages a second: what is free at Telegram
WARM: Final = 10 * 60.0
"""Seconds of a life after which all that the bot remembers for a while is full."""

GROWN: Final = 1.02
"""How many times what it had in the first quarter of its longest life, once warm, the process may have in the last."""

LARGEST_LOG: Final = 4 * MB  # of the database
SOON: Final = 6
"""Seconds from the start until something is due for those who hurry: the bot is there again after its kill."""

QUICK: Final = 30.0
"""Seconds within which a card has come, whatever failed on its way and though the bot was killed."""


@dataclass(frozen=True)
class Size:
    """Who is there, and how much goes wrong."""

    strollers: int
    typists: int
    endangered: int
    remembered: int
    nudged: int
    silent: int  # who agreed to something before, and wait for it
    groups: int  # of three people each
    strangers: int  # groups whose admins never said yes
    times: int  # that each does something, where it does not go by minutes
    ends: tuple[tuple[float, signal.Signals], ...]  # of a life: after which part of all, and by what
    faults: Faults

    @property
    def people(self) -> int:
        alone = (self.strollers, self.typists, self.endangered, self.remembered, self.nudged, self.silent)
        return sum(alone) + 3 * self.groups


SHORT: Final = Size(
    strollers=4,
    typists=1,
    endangered=1,
    remembered=1,
    nudged=4,
    silent=4,
    groups=2,
    strangers=1,
    times=3,
    ends=((0.5, signal.SIGKILL),),
    faults=Faults(people=0, rounds=0, kills=1, polls=1, hangs=0, share=1 / 12),
)
LONG: Final = Size(
    strollers=45,
    typists=30,
    endangered=15,
    remembered=10,
    nudged=20,
    silent=20,
    groups=20,
    strangers=2,
    times=0,
    ends=((0.10, signal.SIGKILL), (0.18, signal.SIGKILL), (0.26, signal.SIGTERM), (0.34, signal.SIGKILL)),
    faults=Faults(people=0, rounds=0, kills=4, polls=60, hangs=10, share=1 / 20, of_polls=1 / 20),
)


class Sample(NamedTuple):
    """The process at one moment: bytes of memory, what it holds open, and the seconds of a processor so far."""

    at: float
    memory: int
    threads: int
    files: int
    tasks: int
    log: int  # bytes of the database's log
    processor: float


@dataclass
class Life:
    """Of the bot, from a start to its end."""

    way: str
    began: float
    samples: list[Sample] = field(default_factory=list)

    def warm(self) -> list[Sample]:
        """What was seen once it was warm."""
        return [one for one in self.samples if one.at - self.began >= WARM]

    def quarters(self, name: str) -> tuple[float, float]:
        """The median of something over the first quarter of that, and over the last."""
        seen = [getattr(one, name) for one in self.warm()]
        quarter = len(seen) // 4
        return median(seen[:quarter]), median(seen[-quarter:])


class House:
    """Whoever is there, and the lives of the bot."""

    def __init__(self, telegram: Server, home: Path, size: Size, minutes: float) -> None:
        self.telegram = telegram
        self.home = home
        self.size = size
        self.random = Random(size.people)  # noqa: S311 - no secret
        self.course = Course(telegram.world, self.random, minutes=minutes, times=size.times)
        self.tally = Tally(lambda: f"{self.lives[-1].way}, {'calls fail' if self.is_stormy() else 'no call fails'}")
        self.lives: list[Life] = []
        self._settings = {way: {**settings_of(way), "BOT_SEND_RATE": str(RATE)} for way in ("polling", "webhook")}
        self._settings["polling"]["BOT_LISTEN"] = f"127.0.0.1:{free_port()}"
        self._numbers = iter(range(FIRST, FIRST + size.people))
        self.strollers = [Stroller(self._person(), self._seeded(), self.tally) for _ in range(size.strollers)]
        self.typists = self._guests(size.typists)
        self.endangered = self._guests(size.endangered)
        self.remembered = self._guests(size.remembered)
        self.nudged = self._guests(size.nudged)
        self.silent = self._guests(size.silent)
        self.circles = [self._circle(number) for number in range(size.groups)]
        alone = {self.typists[0].person: "creator"}
        self.strangers = [
            telegram.group(-1_000_000_700_000 - number, "Elsewhere", alone, bot="left")  # type: ignore[arg-type]
            for number in range(size.strangers)
        ]

    @property
    def guests(self) -> list[Guest]:
        """All but the strollers."""
        in_groups = [guest for one in self.circles for guest in (one.admin, one.member, one.other)]
        return [*self.typists, *self.endangered, *self.remembered, *self.nudged, *self.silent, *in_groups]

    @property
    def everyone(self) -> list[Guest | Stroller]:
        """All of them."""
        return [*self.strollers, *self.guests]

    @property
    def awaiting(self) -> list[Guest]:
        """To whom something comes by the clock, unless a kill or a fault keeps it from them."""
        set_up_now = self.nudged[::4] if self.course.minutes else []
        return [*set_up_now, *(guest for guest in self.silent if not guest.is_free_from)]

    def is_stormy(self) -> bool:
        """Whether calls fail: at all times, or in the long form in one minute of three."""
        minute = (self.telegram.world.clock() - self.course.began) // 60
        return not self.course.minutes or minute % 3 == 1

    def next_life(self) -> dict[str, str]:
        """Begin one, and give its settings."""
        way = "webhook" if len(self.lives) % 2 else "polling"
        self.lives.append(Life(way, self.telegram.world.clock()))
        return self._settings[way]

    def address(self, life: Life) -> str:
        """Where the bot listens in that life."""
        return self._settings[life.way]["BOT_LISTEN"]

    async def agreed_earlier(self) -> None:
        """Let some have agreed before, to practices or to plans, of which something is due within this run."""
        content, now, within = PROMPTS.content, int(self.course.began), 60 * self.course.minutes
        async with Store.open(self.home / "data", ring_of(SECRET), versions=content.versions) as store:
            await store.derive_again(content.zones.version, lambda kept: kept)
            for number, guest in enumerate(self.silent):
                due_at = now + int(within * self.random.uniform(0.15, 0.9) or SOON)
                person, purpose = guest.person.id, Purpose.PLANS if number % 4 == 2 else Purpose.NUDGES
                await store.grant(person, purpose, at=now - DAY)
                if purpose is Purpose.PLANS:
                    await store.save_plan(person, Plan(1, now - DAY, "if I sit down, then I write"), remind_at=due_at)
                else:
                    schedule = Schedule(due_at % DAY // 60, frozenset(range(7)), "Etc/UTC", 0, 0)
                    nudging = Nudging(schedule, seed=1 + number, rest=Rest.NONE, due_at=due_at)
                    await store.revise_nudging(person, lambda _, nudging=nudging: nudging)  # type: ignore[misc]
                guest.agreed = {purpose}
                guest.person.bot_is = "member"
            for circle in self.circles if not within else ():
                chat, member = circle.group.id, circle.member
                await store.revise_room(chat, lambda _, chat=chat: Room(chat, is_on=True, noticing=Noticing.MEMBERS))  # type: ignore[misc]
                await store.grant(member.person.id, Purpose.GROUP, at=now - DAY, group=chat)
                member.agreed = {Purpose.GROUP}
                for guest in (circle.admin, member, circle.other):
                    guest.person.bot_is = "member"

    async def is_set_up(self) -> None:
        """Let admins set the bot up, a few at a time, before anything fails, where that was not done earlier."""
        few = asyncio.Semaphore(4)

        async def one(circle: Circle) -> None:
            async with few:
                await circle.is_set_up()

        async with asyncio.TaskGroup() as tasks:
            for circle in self.circles if self.course.minutes else ():
                tasks.create_task(one(circle))
        for group in self.strangers:
            await self.typists[0].person.adds_bot(group)

    async def live(self) -> None:
        """Let everyone do what they do, until it is over."""
        course = self.course
        async with asyncio.TaskGroup() as tasks:
            for stroller in self.strollers:
                tasks.create_task(stroller.stays(course))
            for guest in self.typists:
                tasks.create_task(types(guest, course))
            for guest in self.endangered:
                tasks.create_task(is_in_danger(guest, course))
            for guest in self.remembered:
                tasks.create_task(is_remembered(guest, course))
            for number, guest in enumerate(self.nudged):
                tasks.create_task(sets_nudges(guest, course, number))
            for guest in self.silent[3::4]:
                tasks.create_task(stops(guest))
            for circle in self.circles:
                tasks.create_task(circle.stays(course))
            for group in self.strangers:
                tasks.create_task(talks(self.typists[0].person, group, course))

    def bears_a_kill(self, at: float) -> None:
        for one in self.everyone:
            one.bears_a_kill(at)

    def _person(self) -> Person:
        number = next(self._numbers)
        return self.telegram.person(number, f"Person {number}")

    def _seeded(self) -> Random:
        return Random(self.random.random())  # noqa: S311 - no secret

    def _guests(self, most: int) -> list[Guest]:
        return [Guest(self._person(), self._seeded(), self.tally) for _ in range(most)]

    def _circle(self, number: int) -> Circle:
        admin, member, other = self._guests(3)
        standing = {admin.person: "creator", member.person: "member", other.person: "member"}
        group = self.telegram.group(
            -1_000_000_500_000 - number,
            "Carers' evening",
            standing,  # type: ignore[arg-type]
            bot="left" if self.course.minutes else "administrator",
        )
        return Circle(group, admin, member, other)


async def talks(person: Person, group: Group, course: Course) -> None:
    """Talk, also to the bot, where no admin has said yes."""
    async for _ in course.moments(10):
        await person.says("lunch at one?", to=group, wait=False)
        await person.says(f"@{group.world.bot['username']} are you there?", to=group, wait=False)


async def look_at(bot: Bot, house: House, every: float, is_over: asyncio.Event) -> None:
    """Take samples of the process until it is over, where the system tells of it."""
    async with ClientSession() as session:
        while not is_over.is_set():
            life = house.lives[-1]
            with suppress(OSError, ClientError, KeyError):  # it has just died, or is about to come
                life.samples.append(await sample(bot, house, session, house.address(life)))
            with suppress(TimeoutError):
                await asyncio.wait_for(is_over.wait(), every)


async def sample(bot: Bot, house: House, session: ClientSession, address: str) -> Sample:
    async with session.get(f"http://{address}/metrics") as answer:
        metrics = dict(line.rsplit(" ", 1) for line in (await answer.text()).splitlines() if line[0] != "#")
    process, log = Path(f"/proc/{bot.pid}"), house.home / "data" / f"{FILE}-wal"
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    ticks = (process / "stat").read_text().rpartition(")")[2].split()[11:13]
    return Sample(
        at=house.telegram.world.clock(),
        memory=int(status["VmRSS"].split()[0]) * 1024,
        threads=int(status["Threads"]),
        files=len(list((process / "fd").iterdir())),
        tasks=int(float(metrics["bot_tasks"])),
        log=log.stat().st_size if log.exists() else 0,
        processor=sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"),
    )


async def end_lives(house: House, bot: Bot) -> None:
    """Kill the bot, or tell it to end, and start it again, by the other way."""
    world, course, calls = house.telegram.world, house.course, house.telegram.calls
    moments = house.size.times * (house.size.strollers + house.size.typists + house.size.endangered)
    for part, how in house.size.ends:
        if course.minutes:
            await asyncio.sleep(course.left - 60 * course.minutes * (1 - part))
        else:
            await world.until(lambda part=part: course.moments_gone >= part * moments, "enough is done")  # type: ignore[misc]
        assert await bot.end(how) == (0 if how is signal.SIGTERM else -how)
        ended_at, known = world.clock(), len(calls)
        bot.comes_by(house.next_life())
        await bot.start()
        await world.until(lambda known=known: _starts(calls[known:]), "it comes again")  # type: ignore[misc]
        house.bears_a_kill(ended_at)


def _starts(calls: list[Call]) -> bool:
    return any(call.method == "getMe" for call in calls)


@pytest.fixture
def minutes(request: pytest.FixtureRequest) -> float:
    return float(request.config.getoption("soak"))


async def test_all_holds_and_nothing_grows_while_many_live_with_it(
    minutes: float, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    size, is_over = LONG if minutes else SHORT, asyncio.Event()
    async with asyncio.timeout(60 * minutes + 10 * PATIENCE), Server(patience=PATIENCE) as telegram:
        house = House(telegram, tmp_path, size, minutes)
        await house.agreed_earlier()
        async with serving(telegram, tmp_path, house.next_life()) as bot:
            await house.is_set_up()
            house.course.begins()
            trouble = Trouble(size.faults, house.random)
            telegram.trouble = lambda call: trouble(call) if house.is_stormy() else None
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(look_at(bot, house, 10 if minutes else 0.5, is_over))
                tasks.create_task(end_lives(house, bot))
                await house.live()
                await telegram.until(lambda: not missed(house, bot), "all that is due has come")
                is_over.set()
    told = dict(figures(house, bot))
    (tmp_path / "figures").write_text("".join(f"{name}: {figure}\n" for name, figure in told.items()))
    for name, figure in told.items():
        record_property(name, figure)
    assert [*problems(house, bot), *[problem async for problem in kept_wrongly(house)]] == []


@pytest.mark.parametrize(
    ("what", "each", "found"),
    [
        ("memory", 0, []),
        ("memory", MB // 10, ["memory went"]),
        ("tasks", 1, ["tasks went"]),
        ("log", MB // 10, ["the database's"]),
    ],
)
def test_what_grows_by_a_little_every_ten_seconds_is_told_after_twenty_minutes(
    what: str, each: int, found: list[str]
) -> None:
    first = Sample(at=0, memory=107 * MB, threads=3, files=20, tasks=5, log=MB // 10, processor=1)
    life = Life("polling", 0)
    for number in range(120):
        grown = {what: getattr(first, what) + each * number}
        life.samples.append(first._replace(at=10.0 * number, **grown))
    assert [" ".join(told.split()[:2]) for told in growth([life])] == found


# --- what has to hold -----------------------------------------------------------------------------------------------


def interrupted(bot: Bot) -> int:
    """How many messages by the clock kills may have lost, as the bot says itself."""
    return sum(int(str(line["count"])) for line in bot.log() if str(line["event"]).startswith("interrupted"))


def missed(house: House, bot: Bot) -> list[str]:
    """Who got nothing though it was due, and no failed call and no kill is to blame."""
    nothing = [guest.person for guest in house.awaiting if not guest.by_the_clock()]
    if not nothing:
        return []
    failed = {int(call.parameters["chat_id"]) for call in house.telegram.calls_of("sendMessage") if call.fault}
    names = [person.name for person in nothing if person.id not in failed]
    return names if len(names) > interrupted(bot) else []


def problems(house: House, bot: Bot) -> Iterator[str]:
    """What is not as it should be, but for what is kept."""
    kills, ambiguous = len(house.size.ends), may_be_repeated(house.telegram)
    for stroller in house.strollers:
        yield from stroller.problems(kills, ambiguous)
    for guest in house.guests:
        yield from (f"lost after {seconds:.1f} s" for seconds in guest.lost if seconds < BOUND)
    for guest in (*house.nudged, *house.silent):
        came = guest.by_the_clock()
        if len(came) > 1:
            yield f"{len(came)} messages by the clock to {guest.person.name}"
        if guest.is_free_from and any(message.order > guest.is_free_from for message in came):
            yield f"a message by the clock after a stop to {guest.person.name}"
    for circle in house.circles:
        yield from circle.problems()
    for group in house.strangers:
        unasked = (one.text for one in group.hears() if not tells(one, Line.GROUP_ARRIVED))
        yield from (f"where no admin said yes: {text!r}" for text in unasked)
    yield from (f"a card after {seconds:.1f} s" for seconds in house.tally.cards if seconds > QUICK)
    yield from (f"in the log: {line}" for line in bot.log() if line["level"] in {"error", "critical"})
    yield from growth(house.lives)


def growth(lives: list[Life]) -> Iterator[str]:
    """What the process has more and more of, in its longest life, once it is warm."""
    largest = max((one.log for life in lives for one in life.samples), default=0)
    if largest > LARGEST_LOG:
        yield f"the database's log had {largest / MB:.1f} MB"
    life = max(lives, key=lambda life: len(life.warm()))
    if len(life.warm()) < 16:
        return
    for name in ("memory", "threads", "files", "tasks"):
        first, last = life.quarters(name)
        if last > first * GROWN + (0 if name == "memory" else 10):  # which come and go with what is under way
            yield f"{name} went from {first} to {last}"


async def kept_wrongly(house: House) -> AsyncIterator[str]:
    """What is kept of anyone beyond what they agreed to, or in the clear; what is not; a database that is damaged."""
    with closing(sqlite3.connect(house.home / "data" / FILE)) as database:
        if (found := database.execute("PRAGMA integrity_check").fetchall()) != [("ok",)]:
            yield f"the database: {found}"
        ((rows,),) = database.execute("SELECT count(*) FROM consent").fetchall()
    content = b"".join(files_under(house.home / "data").values())
    agreed = {one.person: set[Purpose]() for one in house.strollers} | {one.person: one.agreed for one in house.guests}
    async with Store.open(house.home / "data", ring_of(SECRET), versions=PROMPTS.content.versions) as store:
        for person, yes in agreed.items():
            kept = await purposes(store, person.id)
            if kept != yes:
                yield f"{person.name} agreed to {sorted(yes)}, and kept is {sorted(kept)}"
            if str(person.id).encode() in content:
                yield f"{person.name} is in the clear"
    if rows != sum(map(len, agreed.values())):
        yield f"{rows} consents are kept"


# --- what is told of it ---------------------------------------------------------------------------------------------


def figures(house: House, bot: Bot) -> Iterator[tuple[str, object]]:
    """The counts, to be read."""
    tally, world, ends = house.tally, house.telegram.world, Counter(how.name for _, how in house.size.ends)
    yield "people", house.size.people
    yield "groups", house.size.groups
    yield "updates", world.updates.count
    yield "of these, talk in groups", sum(circle.talk for circle in house.circles)
    yield "messages of the bot", sum(len(chat.hears()) for chat in world.chats.values())
    yield "answered", f"{tally.done.total()}: {_counted(tally.done)}"
    for when, took in sorted(tally.took.items()):
        yield f"seconds to an answer ({when})", _spread(took)
    yield "seconds to a card", _spread(tally.cards)
    yield "ended by", _counted(ends)
    yield "lost by that, and done again", sum(len(one.lost) for one in house.everyone)
    yield "by the clock, due", len(house.awaiting)
    yield "by the clock, came", sum(bool(guest.by_the_clock()) for guest in house.awaiting)
    yield "by the clock, may be lost by a kill", interrupted(bot)
    yield "failed calls", _counted(Counter(_kind(call.fault) for call in house.telegram.calls if call.fault))
    for number, life in enumerate(house.lives, start=1):
        if life.samples:
            yield f"life {number}, {life.way}", _lived(life)


def _lived(life: Life) -> str:
    last, minutes = life.samples[-1], (life.samples[-1].at - life.began) / 60
    memory = [one.memory / MB for one in life.samples]
    told = [f"{minutes:.1f} min", f"memory {memory[0]:.1f} to {memory[-1]:.1f} MB, most {max(memory):.1f}"]
    for name in ("threads", "files", "tasks"):
        seen = [getattr(one, name) for one in life.samples]
        told.append(f"{name} {min(seen)} to {max(seen)}")
    told.append(f"log of the database at most {max(one.log for one in life.samples) // 1024} kB")
    told.append(f"processor {last.processor / (last.at - life.began):.1%}")
    if len(life.warm()) >= 16:
        first, later = (part / MB for part in life.quarters("memory"))
        hours = 0.75 * (life.warm()[-1].at - life.warm()[0].at) / 3600
        told.append(f"once warm {first:.2f} to {later:.2f} MB, {(later - first) / hours:+.2f} MB an hour")
        each = {int((one.at - life.began) // 60): one.memory / MB for one in reversed(life.samples)}
        told.append("memory by minutes " + " ".join(f"{each[minute]:.1f}" for minute in sorted(each)))
    return "; ".join(told)


def _spread(seconds: list[float]) -> str:
    cuts = quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else seconds * 99
    return f"p50 {cuts[49]:.3f}, p99 {cuts[98]:.3f}, most {max(seconds):.3f}, of {len(seconds)}"


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


def _kind(fault: Fault) -> str:
    match fault:
        case Refused(status=status):
            return str(status)
        case Dropped(after=after) | Hang(after=after):
            return f"{type(fault).__name__.lower()} {'after' if after else 'before'} it took effect"
        case _:
            return "a page"
