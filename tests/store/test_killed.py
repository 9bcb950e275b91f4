"""The bot's store in a process that is killed at random, again and again, and looked at after each kill.

Rules that hold here: the process tells what it is about to write and what was acknowledged, a line each; whatever was
acknowledged has to be there, or gone, afterwards; what was under way is whole or absent; a kill comes at a moment that
chance draws. One process without threads loads the words once and forks those that are killed.
"""

import asyncio
import gc
import json
import os
import select
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from random import Random  # noqa: TID251 - seeded, so that what was done can be done again
from time import monotonic
from typing import Any, Final, TypeVar

import pytest
from typing_extensions import override

from bot.core.gap import DAY
from bot.core.lines import Label
from bot.core.model import KEPT_DAYS, Kept, Outcome, Plan, Purpose
from bot.store.opening import FILE
from bot.store.rows import row_key
from bot.store.store import Store
from tests.person import KEYS, RING, WALK, Clock, Person, buttons, is_in, responder_of

T = TypeVar("T")

FEW, MANY = 50, 250
LONGEST: Final = 0.25
"""Seconds after which, at the latest, a process is killed."""

PEOPLE: Final = tuple(range(7_071_067_811, 7_071_067_817))
GROUP: Final = -1_001_234_567_890
TABLES: Final = ("consent", "setting", "outcome", "plan")
OFF: Final = (Label.REMEMBER_OFF, Label.COUNTRY_OFF, Label.PLANS_OFF)
LENGTHS: Final = (Label.KEEP_FOR_7, Label.KEEP_FOR_30, Label.KEEP_FOR_365)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kills" in metafunc.fixturenames:
        metafunc.parametrize("kills", [FEW, MANY] if metafunc.config.getoption("long") else [FEW])


# --- In the process that is killed --------------------------------------------------------------------------------


def tell(**event: object) -> None:
    os.write(1, json.dumps(event).encode() + b"\n")


class TellingStore(Store):
    """The store, which tells what it is about to change, and when that was acknowledged."""

    reads: sqlite3.Connection

    async def _told(self, call: Awaitable[T], name: str, person: int, what: object = None, gone: str = "") -> T:
        tell(about=name, person=person, what=what, cells=[cell.hex() for cell in self._cells(person, gone, what)])
        try:
            result = await call
        except BaseException:
            tell(failed=name, person=person)
            raise
        tell(done=name, person=person)
        return result

    def _cells(self, person: int, gone: str, what: object) -> Iterator[bytes]:
        """What is to go: all of a person, all of a purpose, or one walk or plan."""
        if not gone:
            return
        row, number = row_key(KEYS, person), row_key(KEYS, person, what if isinstance(what, int) else 0)
        for table in TABLES:
            for found in self.reads.execute(f"SELECT * FROM {table} WHERE person = ?", (row,)):  # noqa: S608
                one = gone == table and number in found  # a plan and a walk may have one number
                if gone == "all" or one or (isinstance(what, list) and found[1] == what[0]):
                    yield from (cell for cell in found if isinstance(cell, bytes) and len(cell) > len(row))

    @override
    async def grant(self, person: int, purpose: Purpose, *, at: int, group: int = 0) -> None:
        await self._told(super().grant(person, purpose, at=at, group=group), "grant", person, [purpose, group])

    @override
    async def withdraw(self, person: int, purpose: Purpose, *, at: int, group: int = 0) -> None:
        call = super().withdraw(person, purpose, at=at, group=group)
        await self._told(call, "withdraw", person, [purpose, group], gone="purpose")

    @override
    async def forget(self, person: int, *, at: int) -> int:
        return await self._told(super().forget(person, at=at), "forget", person, gone="all")

    @override
    async def save_outcome(self, person: int, outcome: Outcome) -> bool:
        return await self._told(super().save_outcome(person, outcome), "save_outcome", person, asdict(outcome))

    @override
    async def erase_outcome(self, person: int, walk: int, *, at: int) -> bool:
        return await self._told(
            super().erase_outcome(person, walk, at=at), "erase_outcome", person, walk, gone="outcome"
        )

    @override
    async def save_days(self, person: int, days: int) -> bool:
        return await self._told(super().save_days(person, days), "save_days", person, days)

    @override
    async def save_country(self, person: int, code: str) -> bool:
        return await self._told(super().save_country(person, code), "save_country", person, code)

    @override
    async def save_plan(self, person: int, plan: Plan, *, remind_at: int) -> bool:
        return await self._told(super().save_plan(person, plan, remind_at=remind_at), "save_plan", person, asdict(plan))

    @override
    async def finish_plan(self, person: int, number: int, *, at: int) -> bool:
        return await self._told(super().finish_plan(person, number, at=at), "finish_plan", person, number, gone="plan")


class Someone(Person):
    """A person who does whatever comes to their mind, for as long as the bot lives."""

    async def lives(self, store: Store, clock: Clock, chance: Random) -> None:
        ways = (self._agrees, self._walks, self._stops, self._plans, self._is_done, self._takes_back, self._erases)
        while True:
            clock.at += 1
            match chance.randrange(16):
                case 0:
                    await self.commands("forget")
                    await self._taps(Label.FORGET_YES)
                case 1:
                    await self.commands("country")
                    await self.says(chance.choice(["kenya", "malta"]))
                    await self._taps(Label.COUNTRY_KEEP)
                case 2:
                    await self.commands("consent")
                    if await self._taps(Label.HOW_LONG):
                        await self._taps(chance.choice(LENGTHS))
                case 3:
                    await store.grant(self.number, Purpose.GROUP, at=clock(), group=GROUP)
                case 4:
                    await store.withdraw(self.number, Purpose.GROUP, at=clock(), group=chance.choice([0, GROUP]))
                case _:
                    await chance.choice(ways)(chance)

    async def _taps(self, label: Label) -> bool:
        """Tap that button of the latest answer, if there is one."""
        there = any(button.label is label for button in buttons(self.heard))
        if there:
            await self.presses(label)
        return there

    async def _agrees(self, _: Random) -> None:
        await self.commands("consent")
        await self._taps(Label.REMEMBER_YES)

    async def _walks(self, _: Random) -> None:
        await self.commands("stop")
        await self.walks()

    async def _stops(self, chance: Random) -> None:
        await self.commands("walk")
        for label in WALK[: chance.randrange(4)]:
            await self._taps(label)
        await self.commands("stop")

    async def _plans(self, chance: Random) -> None:
        await self.commands("plan")
        await self._taps(Label.AGREE)
        await self.says(f"if i pass the hospital, then i sit down for {chance.randrange(2, 9)} breaths")

    async def _is_done(self, _: Random) -> None:
        await self.commands("plan")
        await self._taps(Label.IF_THEN_DONE)

    async def _takes_back(self, chance: Random) -> None:
        await self.commands("consent")
        await self._taps(chance.choice(OFF))

    async def _erases(self, _: Random) -> None:
        await self.commands("history")
        if await self._taps(Label.DELETE_1):
            await self._taps(Label.DELETE_WALK)


async def reminds(store: Store, clock: Clock) -> None:
    while True:
        tell(about="due_plans")
        for person, plan in await store.due_plans(clock(), most=2):
            tell(reminded=person, plan=plan.number)
        tell(done="due_plans")
        await asyncio.sleep(0)


async def _live(folder: Path, at: int, seed: int) -> None:
    clock = Clock()
    clock.at = at
    async with TellingStore.open(folder, RING, at=at) as store:
        tell(opened=True)
        with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as store.reads:
            responder = responder_of(store, clock, first_seed=seed * 10_000 + 1)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(reminds(store, clock))
                for person in PEOPLE:
                    chance = Random(f"{seed} {person}")  # noqa: S311
                    tasks.create_task(Someone(responder, person).lives(store, clock, chance))


def serve() -> None:
    """Fork a process for each line that comes, and tell when it has ended. Runs in a process of its own."""
    gc.freeze()  # else each child would copy all that is read here, to look for what can go
    for line in sys.stdin:
        folder, at, seed = json.loads(line)
        child = os.fork()
        if not child:
            tell(pid=os.getpid())
            asyncio.run(_live(Path(folder), at, seed))
            os._exit(1)
        _, status = os.waitpid(child, 0)
        os.write(1, b"\n")  # the last line may be cut off
        tell(ended=os.waitstatus_to_exitcode(status))


# --- In the test ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Held:
    """What should be kept of one person."""

    consents: frozenset[tuple[str, int]] = frozenset()
    walks: frozenset[tuple[int, str]] = frozenset()
    plans: frozenset[tuple[int, str]] = frozenset()
    country: str = ""
    days: int = KEPT_DAYS

    def after(self, name: str, what: Any) -> "Held":  # noqa: ANN401 - as it was told
        """What should be kept after that was written."""
        agreed = {purpose for purpose, group in self.consents if not group}
        match name:
            case "grant":
                return replace(self, consents=self.consents | {(what[0], what[1])})
            case "withdraw":
                return self._without(*what)
            case "forget":
                return Held()
            case "save_outcome" if Purpose.REMEMBER in agreed:
                others = {(walk, told) for walk, told in self.walks if walk != what["walk"]}
                return replace(self, walks=frozenset({*others, (what["walk"], json.dumps(what))}))
            case "erase_outcome":
                return replace(self, walks=frozenset((walk, told) for walk, told in self.walks if walk != what))
            case "save_days" if Purpose.REMEMBER in agreed:
                return replace(self, days=what)
            case "save_country" if Purpose.COUNTRY in agreed:
                return replace(self, country=what)
            case "save_plan" if Purpose.PLANS in agreed:
                return replace(self, plans=self.plans | {(what["number"], json.dumps(what))})
            case "finish_plan":
                return replace(self, plans=frozenset((number, told) for number, told in self.plans if number != what))
            case _:
                return self

    def _without(self, purpose: str, group: int) -> "Held":
        left = frozenset(one for one in self.consents if one[0] != purpose or (group and one[1] != group))
        match purpose:
            case Purpose.REMEMBER:
                return replace(self, consents=left, walks=frozenset(), days=KEPT_DAYS)
            case Purpose.COUNTRY:
                return replace(self, consents=left, country="")
            case Purpose.PLANS:
                return replace(self, consents=left, plans=frozenset())
            case _:
                return replace(self, consents=left)

    @classmethod
    def of(cls, kept: Kept) -> "Held":
        """What is kept."""
        return cls(
            frozenset((str(one.purpose), one.group) for one in kept.consents),
            frozenset((one.walk, json.dumps(asdict(one))) for one in kept.outcomes),
            frozenset((one.number, json.dumps(asdict(one))) for one in kept.plans),
            kept.country,
            kept.days,
        )


@dataclass
class Known:
    """What is known of one person: what may be kept of them, and what is under way."""

    possible: set[Held] = field(default_factory=lambda: {Held()})
    under_way: Mapping[str, Any] | None = None


class Watch:
    """Reads what is told, and holds what is kept against it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counts: Counter[str] = Counter()
        self.known = {person: Known() for person in PEOPLE}
        self.gone: list[bytes] = []
        self.given: set[tuple[int, int]] = set()
        self.lost: set[tuple[int, int]] = set()
        self.reminding = False

    def hears(self, event: Mapping[str, Any]) -> None:
        match event:
            case {"about": "due_plans"}:
                self.reminding = True
            case {"done": "due_plans"}:
                self.reminding = False
            case {"reminded": person, "plan": number}:
                assert (person, number) not in self.given | self.lost
                self.given.add((person, number))
                self.counts["reminders"] += 1
            case {"about": _, "person": person}:
                self.known[person].under_way = event
            case {"done": name, "person": person}:
                self._ends(person, possible=False)
                self.gone += self._cells
                self.counts[f"{name} acknowledged"] += 1
            case {"failed": name, "person": person}:
                self._ends(person, possible=True)
                self.counts[f"{name} failed"] += 1
            case {"opened": _}:
                self.counts["opened"] += 1

    def _ends(self, person: int, *, possible: bool) -> None:
        one = self.known[person]
        told = one.under_way
        assert told is not None
        self._cells = [bytes.fromhex(cell) for cell in told["cells"]]
        after = {held.after(told["about"], told["what"]) for held in one.possible}
        one.possible = one.possible | after if possible else after
        one.under_way = None

    def found(self, cells: list[bytes]) -> list[bytes]:
        """Which of these cells are in any file, even in part."""
        contents = [path.read_bytes() for path in self.folder.iterdir()] if self.folder.exists() else []
        return [cell for cell in cells if any(is_in(cell, content) for content in contents)]

    async def looks(self, at: int) -> None:
        """What holds after a kill, before and after the store is opened again."""
        assert self.found(self.gone) == []
        under_way = [(known, known.under_way) for known in self.known.values() if known.under_way is not None]
        before = {id(known): set(known.possible) for known, _ in under_way}
        for person, known in self.known.items():
            if known.under_way is not None:
                self._ends(person, possible=True)
        async with Store.open(self.folder, RING, at=at) as store:
            with closing(sqlite3.connect(self.folder / FILE)) as database:
                assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                assert database.execute("PRAGMA foreign_key_check").fetchall() == []
                due = set(database.execute("SELECT person, item FROM person_due").fetchall())
            for person, known in self.known.items():
                held = Held.of(await store.kept(person))
                assert held in known.possible
                known.possible = {held}
                self._looks_at_reminders(person, held, due)
                due -= {(row_key(KEYS, person), row_key(KEYS, person, number)) for number, _ in held.plans}
            assert due == set()
            for known, told in under_way:
                self._looks_at_what_was_under_way(known, told, before[id(known)])
        self.reminding = False

    def _looks_at_what_was_under_way(self, known: Known, told: Mapping[str, Any], before: set[Held]) -> None:
        absent = known.possible <= before
        self.counts["under way and absent" if absent else "under way and whole"] += 1
        if not absent and told["cells"]:
            cells = [bytes.fromhex(cell) for cell in told["cells"]]
            assert self.found(cells) == []
            self.gone += cells

    def _looks_at_reminders(self, person: int, held: Held, due: set[tuple[bytes, bytes]]) -> None:
        for number, _ in held.plans:
            waits = (row_key(KEYS, person), row_key(KEYS, person, number)) in due
            told = (person, number) in self.given | self.lost
            assert not (waits and told)  # it would be given twice
            if not waits and not told:  # taken, and its process killed before it could be given
                assert self.reminding
                self.lost.add((person, number))
                self.counts["reminders lost"] += 1


@contextmanager
def fork_server() -> Iterator[Callable[[Path, int, int, float, Watch], None]]:
    """Give what has a process live in a folder and kills it after so many seconds."""
    program = f"from {__name__} import serve; serve()"
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdin
        assert server.stdout
        asks, tells = server.stdin, server.stdout.fileno()

        def lives(folder: Path, at: int, seed: int, seconds: float, watch: Watch) -> None:
            asks.write(json.dumps([str(folder), at, seed]).encode() + b"\n")
            asks.flush()
            rest, until, pid = b"", float("inf"), 0
            while True:
                left = max(0.0, until - monotonic())
                if not select.select([tells], [], [], None if left == float("inf") else left)[0]:
                    os.kill(pid, signal.SIGKILL)
                    until = float("inf")
                    continue
                *lines, rest = (rest + os.read(tells, 1 << 20)).split(b"\n")
                for event in filter(None, map(_event, lines)):
                    if "pid" in event:
                        pid, until = event["pid"], monotonic() + seconds
                    if "ended" in event:
                        assert event["ended"] == -signal.SIGKILL
                        return
                    watch.hears(event)

        yield lives
        asks.close()


def _event(line: bytes) -> dict[str, Any] | None:
    """What a line tells; nothing where it was cut off."""
    try:
        event: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return event


def test_what_was_acknowledged_survives_every_kill_and_what_was_forgotten_none(
    tmp_path: Path, kills: int, record_property: Callable[[str, object], None]
) -> None:
    folder, chance, clock = tmp_path / "data", Random(kills), Clock()  # noqa: S311
    watch = Watch(folder)
    with fork_server() as lives:
        for number in range(kills):
            lives(folder, clock(), number, chance.uniform(0, LONGEST), watch)
            asyncio.run(watch.looks(clock()))
            clock.at += DAY + 600
    assert watch.found(watch.gone) == []
    watch.counts["cells gone"] = len(watch.gone)
    record_property(f"{kills} kills", ", ".join(f"{name} {count}" for name, count in sorted(watch.counts.items())))
    assert not [name for name in watch.counts if name.endswith("failed")]
