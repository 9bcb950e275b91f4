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

from bot.core.follow_ups import sent
from bot.core.gap import DAY
from bot.core.kept import KEPT_DAYS, FollowUp, Kept, Nudging, Outcome, Plan, Purpose, Room
from bot.core.lines import Label
from bot.store.dues import Claim
from bot.store.opening import FILE
from bot.store.rooms import RoomClaim
from bot.store.rows import row_key
from bot.store.store import Store
from tests.person import KEYS, PROMPTS, RING, WALK, Clock, Person, buttons, is_in, responder_of

T = TypeVar("T")

FEW, MANY = 50, 250
LONGEST: Final = 0.25
"""Seconds after which, at the latest, a process is killed."""

PEOPLE: Final = tuple(range(7_071_067_811, 7_071_067_817))
GROUP: Final = -1_001_234_567_890
TABLES: Final = ("consent", "setting", "outcome", "plan", "nudging", "follow_up")
PAGE: Final = 3
"""So many are claimed at a time."""
OFF: Final = (Label.REMEMBER_OFF, Label.COUNTRY_OFF, Label.PLANS_OFF, Label.NUDGES_OFF, Label.FOLLOW_UPS_OFF)
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
        """What is to go: all of a person, all of a purpose, or one plan, or one walk with the days after it."""
        if not gone:
            return
        row, number = row_key(KEYS, person), row_key(KEYS, person, what if isinstance(what, int) else 0)
        for table in TABLES:
            for found in self.reads.execute(f"SELECT * FROM {table} WHERE person = ?", (row,)):  # noqa: S608
                one = table in gone.split() and number in found  # a plan and a walk may have one number
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
            super().erase_outcome(person, walk, at=at), "erase_outcome", person, walk, gone="outcome follow_up"
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

    async def save_nudge(self, person: int, number: int, due_at: int) -> bool:
        """Have a nudge of this number due."""
        call = super().revise_nudging(person, lambda kept: replace(kept, seed=number, due_at=due_at))
        return await self._told(call, "save_nudge", person, number)

    @override
    async def save_follow_up(self, person: int, follow_up: FollowUp) -> bool:
        return await self._told(super().save_follow_up(person, follow_up), "save_follow_up", person, follow_up.walk)


class Someone(Person):
    """A person who does whatever comes to their mind, for as long as the bot lives."""

    async def lives(self, store: TellingStore, clock: Clock, chance: Random) -> None:
        ways = (self._agrees, self._walks, self._stops, self._plans, self._is_done, self._takes_back, self._erases)
        while True:
            clock.at += 1
            match chance.randrange(20):
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
                case 3 | 4 | 5 | 6 | 7:
                    await self._by_another_way(store, clock(), chance)
                case 8:
                    await self.says(PROMPTS.content.labels[Label.ASK_TOMORROW])
                    await self._taps(Label.AGREE)
                case _:
                    await chance.choice(ways)(chance)

    async def _by_another_way(self, store: TellingStore, at: int, chance: Random) -> None:
        """What is not done in words here: one group, and nudges, of which one is due at once."""
        match chance.randrange(5):
            case 0:
                await store.grant(self.number, Purpose.GROUP, at=at, group=GROUP)
            case 1:
                await store.withdraw(self.number, Purpose.GROUP, at=at, group=chance.choice([0, GROUP]))
            case 2:
                await store.grant(self.number, Purpose.NUDGES, at=at)
            case _:
                await store.save_nudge(self.number, chance.randrange(2**24), at)

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


def slot(claim: Claim | RoomClaim) -> str:
    """What tells a message that is due from every other."""
    if isinstance(claim, RoomClaim):
        return f"circle {claim.chat} {claim.room.seed}"
    if claim.plan is not None:
        return f"plans {claim.person} {claim.plan.number}"
    if claim.follow_up is not None:
        return f"follow_ups {claim.person} {claim.follow_up.walk} {len(claim.follow_up.points)}"
    return f"nudges {claim.person} {0 if claim.nudging is None else claim.nudging.seed}"


async def sends(store: Store, clock: Clock) -> None:
    """Be the bot's clock: claim, send and finish, and be done first with what another one had claimed."""

    def with_circle(room: Room | None) -> Room:
        """The next circle, by a number of its own, due at once."""
        return replace(room or Room(GROUP, is_on=True), seed=room.seed + 1 if room else 1, due_at=clock())

    async def finish(claim: Claim | RoomClaim) -> None:
        if isinstance(claim, RoomClaim):
            await store.finish_room(claim, with_circle)
            return

        def done(kept: Nudging) -> Nudging:
            return replace(kept, due_at=0) if kept == claim.nudging else kept

        await store.finish(
            claim,
            nudging=done if claim.purpose is Purpose.NUDGES else None,
            follow_up=lambda one: sent(one, clock()) if one == claim.follow_up else one,
        )

    claims: tuple[Claim | RoomClaim, ...]
    while claims := (*await store.interrupted(), *await store.interrupted_rooms()):
        for claim in claims:
            tell(interrupted=slot(claim))
            await finish(claim)
    await store.revise_room(GROUP, lambda room: room or with_circle(None))
    while True:
        tell(claiming=True)
        claims = (*await store.claim(clock(), most=PAGE), *await store.claim_rooms(clock()))
        tell(claimed=[slot(claim) for claim in claims])
        for claim in claims:
            if isinstance(claim, RoomClaim) or await store.may_send(claim):
                tell(sent=slot(claim))
                await finish(claim)
        await asyncio.sleep(0)


async def _live(folder: Path, at: int, seed: int) -> None:
    clock = Clock()
    clock.at = at
    async with TellingStore.open(folder, RING, at=at) as store:
        tell(opened=True)
        with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as store.reads:
            responder = responder_of(store, clock, first_seed=seed * 10_000 + 1)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(sends(store, clock))
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
    nudge: int = -1  # the number of the latest; -1: none
    follow_ups: frozenset[int] = frozenset()  # walks

    def after(self, name: str, what: Any) -> "Held":  # noqa: ANN401 - as it was told
        """What should be kept after that was written."""
        match name:
            case "grant":
                return replace(self, consents=self.consents | {(what[0], what[1])})
            case "withdraw":
                return self._without(*what)
            case "forget":
                return Held()
            case "erase_outcome":
                walks = frozenset((walk, told) for walk, told in self.walks if walk != what)
                return replace(self, walks=walks, follow_ups=self.follow_ups - {what})
            case "finish_plan":
                return replace(self, plans=frozenset((number, told) for number, told in self.plans if number != what))
            case _:
                return self._with(name, what)

    def _with(self, name: str, what: Any) -> "Held":  # noqa: ANN401 - as it was told
        agreed = {purpose for purpose, group in self.consents if not group}
        match name:
            case "save_outcome" if Purpose.REMEMBER in agreed:
                others = {(walk, told) for walk, told in self.walks if walk != what["walk"]}
                return replace(self, walks=frozenset({*others, (what["walk"], json.dumps(what))}))
            case "save_days" if Purpose.REMEMBER in agreed:
                return replace(self, days=what)
            case "save_country" if Purpose.COUNTRY in agreed:
                return replace(self, country=what)
            case "save_plan" if Purpose.PLANS in agreed:
                return replace(self, plans=self.plans | {(what["number"], json.dumps(what))})
            case "save_nudge" if Purpose.NUDGES in agreed:
                return replace(self, nudge=what)
            case "save_follow_up" if Purpose.FOLLOW_UPS in agreed:
                return replace(self, follow_ups=self.follow_ups | {what})
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
            case Purpose.NUDGES:
                return replace(self, consents=left, nudge=-1)
            case Purpose.FOLLOW_UPS:
                return replace(self, consents=left, follow_ups=frozenset())
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
            -1 if kept.nudging is None else kept.nudging.seed,
            frozenset(one.walk for one in kept.follow_ups),
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
        self.looked = 0  # at so many of them
        self.sent: set[str] = set()
        self.interrupted: set[str] = set()
        self.claimed: set[str] = set()  # by the latest process
        self.claiming = False  # as it ended

    def hears(self, event: Mapping[str, Any]) -> None:
        match event:
            case {"claiming": _}:
                self.claiming = True
            case {"claimed": slots}:
                self.claiming = False
                self.claimed = set(slots)
            case {"sent": one}:
                assert one in self.claimed
                assert one not in self.sent | self.interrupted
                self.sent.add(one)
                self.counts[f"sent: {one.split()[0]}"] += 1
            case {"interrupted": one}:
                self.interrupted.add(one)
                self.counts["interrupted"] += 1
                self.counts["interrupted and sent"] += one in self.sent
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
        assert self.found(self.gone[self.looked :]) == []  # and all of them at the end
        self.looked = len(self.gone)
        under_way = [(known, known.under_way) for known in self.known.values() if known.under_way is not None]
        before = {id(known): set(known.possible) for known, _ in under_way}
        for person, known in self.known.items():
            if known.under_way is not None:
                self._ends(person, possible=True)
        async with Store.open(self.folder, RING, at=at) as store:
            with closing(sqlite3.connect(self.folder / FILE)) as database:
                assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                assert database.execute("PRAGMA foreign_key_check").fetchall() == []
                found = database.execute("SELECT person, purpose, item, claimed FROM person_due").fetchall()
                due = {(row, purpose, item): claimed for row, purpose, item, claimed in found}
            self._looks_at_claims(await store.interrupted(), await store.interrupted_rooms())
            assert len([room async for room in store.rooms()]) <= 1
            for person, known in self.known.items():
                held = Held.of(await store.kept(person))
                assert held in known.possible
                known.possible = {held}
                self._looks_at_what_is_due(person, held, due)
            assert due == {}
            for known, told in under_way:
                self._looks_at_what_was_under_way(known, told, before[id(known)])

    def _looks_at_claims(self, claims: tuple[Claim, ...], rooms: tuple[RoomClaim, ...]) -> None:
        """What a kill leaves claimed is one page at most, and of that process."""
        slots = {slot(claim) for claim in claims} | {slot(claim) for claim in rooms}
        assert len(claims) <= PAGE
        assert len(rooms) <= 1
        assert self.claiming or slots <= self.claimed | self.interrupted
        self.counts["claimed at a kill"] += len(slots)

    def _looks_at_what_was_under_way(self, known: Known, told: Mapping[str, Any], before: set[Held]) -> None:
        absent = known.possible <= before
        self.counts["under way and absent" if absent else "under way and whole"] += 1
        if not absent and told["cells"]:
            cells = [bytes.fromhex(cell) for cell in told["cells"]]
            assert self.found(cells) == []
            self.gone += cells

    def _looks_at_what_is_due(self, person: int, held: Held, due: dict[tuple[bytes, str, bytes], int]) -> None:
        """A plan waits, or was sent, or was under way at a kill; whatever waits and is not claimed was not sent."""
        row = row_key(KEYS, person)
        for number, _ in held.plans:
            claimed = due.pop((row, "plans", row_key(KEYS, person, number)), None)
            told = f"plans {person} {number}" in self.sent | self.interrupted
            assert (claimed is None) <= told
            assert (claimed == 0) <= (not told)
        if held.nudge != -1:
            claimed = due.pop((row, "nudges", b""), None)
            assert (claimed == 0) <= (f"nudges {person} {held.nudge}" not in self.sent | self.interrupted)
        for walk in held.follow_ups:
            due.pop((row, "follow_ups", row_key(KEYS, person, walk)), None)


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
    due = ("nudges", "follow_ups", "plans", "circle")
    assert all(watch.counts[name] for name in (*(f"sent: {what}" for what in due), "interrupted"))
