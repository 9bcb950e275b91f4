"""Measure what one machine holds: python -m scripts.capacity prints a table, in about five minutes.

Rules that hold here: what is kept is made by the store's own methods, sealed, in a folder that goes at the end; memory
and time are those of a fresh process, the middle ones of three, with all that the bot reads before it serves; time is
the processor's, so that it does not hang on what else the machine does.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Awaitable, Callable
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from bot import prompts
from bot.app import now
from bot.core.gap import DAY
from bot.core.kept import Noticing, Nudging, Outcome, Purpose, Rest, Room, Schedule
from bot.core.state import Change, Condition, Source
from bot.store import database
from bot.store.opening import FILE
from bot.store.ring import ring_of
from bot.store.store import Store

PEOPLE: Final = 100_000
GROUPS: Final = 5_000
MEMBERS: Final = 20_000
WALKS: Final = 9
"""Of some people, beyond the first."""

SOME: Final = PEOPLE // 10
FIRST: Final = 7_000_000_000
FIRST_GROUP: Final = -1_002_000_000_000
OPENING: Final = "lost a patient today and i cant stop seeing her sons face"
KEY: Final = bytes(range(32))
SCHEDULE: Final = Schedule(8 * 60 + 30, frozenset(range(7)), "Europe/Lisbon", 21 * 60, 8 * 60)

READY: Final = """
import asyncio, time
from bot import app, prompts, settings
from bot.adapters import delivery, intake, listen, telegram_bot, transport

async def main():
    given = settings.load()
    async with app.responder(given, prompts.load(), given.bot_data) as answers:
        await answers.rooms.ready()
        print(time.process_time(), open("/proc/self/statm").read(), flush=True)
        input()

asyncio.run(main())
"""
WALKING: Final = f"""
import asyncio, time
from bot import app, prompts, settings
from bot.adapters import delivery, intake, listen, telegram_bot, transport
from bot.core.model import Incoming, Kind, Where

async def main():
    given = settings.load()
    async with app.responder(given, prompts.load(), given.bot_data) as answers:
        await answers.rooms.ready()
        before = time.process_time()
        for person in range({FIRST}, {FIRST + SOME}):
            await answers.respond(Incoming(person, Where.PRIVATE, Kind.TEXT, at=0, text="{OPENING}"))
        print(time.process_time() - before, open("/proc/self/statm").read(), flush=True)
        input()

asyncio.run(main())
"""
"""Some of these people begin a walk, one after the other, and are held in memory."""


class Stage(NamedTuple):
    """What more is kept, by how many, and how one of them is made."""

    what: str
    numbers: range
    one: Callable[[Store, int], Awaitable[object]]


def walked(walk: int) -> Outcome:
    """What is kept of a whole walk."""
    return Outcome(walk, now(), Source.NEWS, Condition.NONE, 7, 4, Change.MORE, finished=True)


async def remembered(store: Store, person: int) -> None:
    """Keep a yes to being remembered, and a walk."""
    await store.grant(person, Purpose.REMEMBER, at=now())
    await store.save_outcome(person, walked(1))


async def walks_again(store: Store, number: int) -> None:
    """Keep a walk more of someone."""
    await store.save_outcome(FIRST + number // WALKS, walked(2 + number % WALKS))


async def nudged(store: Store, person: int) -> None:
    """Keep a yes to nudges, with one due in a day."""
    await store.grant(person, Purpose.NUDGES, at=now())
    nudging = Nudging(SCHEDULE, seed=person % 2**24 or 1, rest=Rest.NONE, due_at=now() + DAY)
    await store.revise_nudging(person, lambda _: nudging)


async def set_up(store: Store, chat: int) -> None:
    """Keep a group that notices members, with a circle each day."""
    room = Room(
        chat, "An evening of carers", is_on=True, noticing=Noticing.MEMBERS, circle=SCHEDULE, due_at=now() + DAY
    )
    await store.revise_room(chat, lambda _: room)


async def agreed(store: Store, number: int) -> None:
    """Keep a member's yes to being noticed in one of the groups."""
    group = FIRST_GROUP - number % GROUPS
    await store.grant(FIRST + number, Purpose.GROUP, at=now(), group=group)


STAGES: Final = (
    Stage("people who are remembered, with one walk each", range(FIRST, FIRST + PEOPLE), remembered),
    Stage("walks more", range(SOME * WALKS), walks_again),
    Stage("of these people, who have nudges", range(FIRST, FIRST + PEOPLE // 2), nudged),
    Stage("groups", range(FIRST_GROUP - GROUPS + 1, FIRST_GROUP + 1), set_up),
    Stage("members who agreed to be noticed there", range(MEMBERS), agreed),
)


async def main() -> None:
    """Fill a store step by step, and print what comes of it."""
    with TemporaryDirectory() as name:
        folder = Path(name) / "data"
        await fill(folder, Stage("nothing", range(0), remembered))
        before = (folder / FILE).stat().st_size
        lines = [await told("an empty database", folder)]
        for stage in STAGES:
            await fill(folder, stage)
            size, many = (folder / FILE).stat().st_size, len(stage.numbers)
            lines.append(await told(f"+ {many:,} {stage.what}", folder, f"{(size - before) / many:,.0f}"))
            before = size
        lines += [await walking(folder), await copied(folder)]
    print("| Kept | Bytes each | Database, MB | Ready after, s | Memory, MB |", "| --- " * 5 + "|", *lines, sep="\n")


async def fill(folder: Path, stage: Stage) -> None:
    """Keep what a stage adds, many at a time as the bot does it."""
    async with Store.open(folder, ring_of(KEY), versions=prompts.load().content.versions) as store:
        for first in range(0, len(stage.numbers), database.MOST_TOGETHER):
            together = stage.numbers[first : first + database.MOST_TOGETHER]
            await asyncio.gather(*(stage.one(store, number) for number in together))


async def told(what: str, folder: Path, one: str = "") -> str:
    """Tell how large the database is, and how a fresh process begins with it."""
    started = [await start(READY, folder) for _ in range(3)]
    seconds, memory = (median(figures) for figures in zip(*started, strict=True))
    return f"| {what} | {one} | {(folder / FILE).stat().st_size / 2**20:.1f} | {seconds:.2f} | {memory / 2**20:.1f} |"


async def walking(folder: Path) -> str:
    """Tell what it takes to have some people begin a walk, and to know where they are."""
    _, before = await start(READY, folder)
    seconds, after = await start(WALKING, folder)
    each = f"{(after - before) / SOME:,.0f} of memory"
    return f"| {SOME:,} of them begin a walk, in {seconds:.1f} s | {each} | | | {after / 2**20:.1f} |"


async def start(program: str, folder: Path) -> tuple[float, int]:
    """The processor's seconds that a fresh process says it took, and the bytes of memory that it has then."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdin=PIPE, stdout=PIPE, env=environment(folder)
    )
    assert process.stdout is not None  # noqa: S101 asked for above
    seconds, _, pages, *_ = (await process.stdout.readline()).split()
    await process.communicate(b"\n")
    return float(seconds), int(pages) * os.sysconf("SC_PAGE_SIZE")


async def copied(folder: Path) -> str:
    """Tell how much of the processor's time a backup of all of it takes, and how large it is."""
    before, copy = getrusage(RUSAGE_CHILDREN), folder.parent / "copy"
    command = (sys.executable, "-m", "bot", "backup", str(copy))
    process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, env=environment(folder))
    if await process.wait():
        raise SystemExit("The backup failed")
    after = getrusage(RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return f"| a backup of all that, made in {seconds:.1f} s | | {copy.stat().st_size / 2**20:.1f} | | |"


def environment(folder: Path) -> dict[str, str]:
    """What a process is told of the store."""
    given = {"BOT_DATA": str(folder), "BOT_DATA_KEY": KEY.hex(), "BOT_LEDGER_FILE": str(folder.parent / "forgotten")}
    return os.environ | given


if __name__ == "__main__":
    asyncio.run(main())
