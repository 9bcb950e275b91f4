"""What the bot does by the clock: on the real store, and with an outbox that writes down what it is given."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typing_extensions import override

from bot.core.lines import Label, Line
from bot.core.model import (
    KEPT_DAYS,
    PLAN_DAYS,
    Change,
    Condition,
    Fate,
    Kept,
    Lane,
    Outcome,
    Plan,
    Purpose,
    Reply,
    Sent,
    Source,
)
from bot.nudges import LATER, Nudges
from bot.respond import IDLE
from bot.store import StoreError
from bot.store.database import connect
from bot.store.dues import MOST_CLAIMED, Claim
from bot.store.opening import FILE
from bot.store.rows import row_key
from bot.store.store import NOTICE_DAYS, PAGE, QUIET_DAYS, Store
from tests.person import KEYS, PROMPTS, RING, Clock, Person, responder_of
from tests.test_respond import FailingStore

DAY = 24 * 60 * 60
HOUR = 60 * 60
ANN, BEN = 7_071_067_811, 5_772_156_649
LINE = "if i pass the hospital, then i write to her sister"


class Writing:
    """An outbox that writes down what it is given. Every message to those in `fates` ends like that."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, Reply]] = []
        self.fates: dict[int, Fate] = {}
        self.written = asyncio.Event()

    async def send(self, chat: int, reply: Reply, *, thread: int | None = None) -> Sent:
        assert thread is None
        self.sent.append((chat, reply))
        self.written.set()
        return Sent(self.fates.get(chat, Fate.ARRIVED))

    def give_up(self) -> None:
        """Nothing waits here."""

    def lines(self) -> list[tuple[int, tuple[Line, ...]]]:
        """To whom, and what, since it was last asked."""
        said = [(chat, reply.keys) for chat, reply in self.sent]
        self.sent.clear()
        return said


class World:
    """A store, what answers on it, and the clock's way in."""

    def __init__(self, store: Store) -> None:
        self.clock = Clock()
        self.store = store
        self.responder = responder_of(store, self.clock)
        self.outbox = Writing()
        self.nudges = Nudges(store, self.responder, self.outbox, self.clock, PROMPTS.content)

    async def passes(self, seconds: int) -> list[tuple[int, tuple[Line, ...]]]:
        """Let time pass, and go one round."""
        self.clock.at += seconds
        await self.nudges.round()
        return self.outbox.lines()

    async def plans(self, person: int, number: int = 7) -> None:
        await self.store.grant(person, Purpose.PLANS, at=self.clock.at)
        await self.store.save_plan(person, Plan(number, self.clock.at, LINE), remind_at=self.clock.at + DAY)

    async def kept(self, person: int) -> Kept:
        return await self.store.kept(person)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with FailingStore.open(tmp_path / "data", RING) as store:
        yield World(store)


REMINDED = (ANN, (Line.IF_THEN_REMINDER,))
TOLD = (ANN, (Line.INACTIVE_NOTICE,))


# --- reminders ----------------------------------------------------------------------------------------------------


async def test_plan_is_reminded_of_once_a_day_later_in_its_own_words(world: World) -> None:
    await world.plans(ANN)
    assert await world.passes(DAY - 1) == []
    world.clock.at += 1
    await world.nudges.round()
    ((person, reply),) = world.outbox.sent
    assert (person, reply.lane) == (ANN, Lane.BROADCAST)
    assert LINE in PROMPTS.text(reply)
    assert LINE not in PROMPTS.text(reply).splitlines()[0]
    world.outbox.lines()
    assert await world.passes(DAY) == []
    assert [plan.text for plan in (await world.kept(ANN)).plans] == [LINE]


async def test_button_of_a_reminder_says_that_the_plan_is_done(world: World) -> None:
    await world.plans(ANN)
    await world.passes(DAY - 1)
    world.clock.at += 1
    await world.nudges.round()
    ((_, reply),) = world.outbox.sent
    done = next(button for row in reply.buttons for button in row if button.label is Label.IF_THEN_DONE)
    ann = Person(world.responder, ANN)
    assert (await ann.presses_data(done.payload)).replies[0].keys == (Line.IF_THEN_DONE,)
    assert (await world.kept(ANN)).plans == ()


async def test_reminder_interrupts_nobody_and_comes_later(world: World) -> None:
    await world.plans(ANN)
    world.clock.at += DAY - 10
    await Person(world.responder, ANN).commands("walk")
    assert await world.passes(10) == []
    assert await world.passes(IDLE) == []
    assert await world.passes(LATER - IDLE) == [REMINDED]


@pytest.mark.parametrize("fate", [Fate.ARRIVED, Fate.UNSURE, Fate.REFUSED])
async def test_reminder_that_arrived_or_may_have_or_cannot_is_not_sent_again(world: World, fate: Fate) -> None:
    await world.plans(ANN)
    world.outbox.fates[ANN] = fate
    assert await world.passes(DAY) == [REMINDED]
    assert await world.passes(LATER) == []


async def test_reminder_that_was_lost_is_sent_again(world: World) -> None:
    await world.plans(ANN)
    world.outbox.fates[ANN] = Fate.LOST
    assert await world.passes(DAY) == [REMINDED]
    world.outbox.fates[ANN] = Fate.ARRIVED
    assert await world.passes(LATER - 1) == []
    assert await world.passes(1) == [REMINDED]


async def test_reminder_after_a_long_outage_waits_for_its_hour(world: World) -> None:
    await world.plans(ANN)
    assert await world.passes(DAY + 3 * HOUR) == []
    assert await world.passes(21 * HOUR - 1) == []
    assert await world.passes(1) == [REMINDED]


async def test_plan_that_is_done_or_taken_back_is_reminded_of_no_more(world: World) -> None:
    await world.plans(ANN)
    await world.plans(BEN)
    await world.store.finish_plan(ANN, 7, at=world.clock.at)
    await world.store.withdraw(BEN, Purpose.PLANS, at=world.clock.at)
    assert await world.passes(DAY) == []


async def test_who_wants_to_be_left_alone_is_reminded_of_nothing(world: World) -> None:
    await world.plans(ANN)
    await world.store.grant(ANN, Purpose.ALONE, at=world.clock.at)
    assert await world.passes(DAY) == []


@pytest.mark.parametrize("changed", ["forgotten", "withdrawn", "done", "alone"])
async def test_reminder_that_was_taken_is_not_sent_where_it_is_no_longer_wanted(world: World, changed: str) -> None:
    for person in (ANN, BEN):
        await world.plans(person)

    async def change(person: int, at: int) -> None:
        match changed:
            case "forgotten":
                await world.store.forget(person, at=at)
            case "withdrawn":
                await world.store.withdraw(person, Purpose.PLANS, at=at)
            case "done":
                await world.store.finish_plan(person, 7, at=at)
            case _:
                await world.store.grant(person, Purpose.ALONE, at=at)

    class Taken(Copy):
        @override
        async def claim(self, at: int, most: int = MOST_CLAIMED) -> tuple[Claim, ...]:
            claims = await super().claim(at, most)
            if claims:
                await change(BEN, at)
            return claims

    world.clock.at += DAY
    await Nudges(Taken(world.store), world.responder, world.outbox, world.clock, PROMPTS.content).round()
    assert world.outbox.lines() == [REMINDED]


class Copy(Store):
    """Another way to the same store."""

    def __init__(self, store: Store) -> None:
        self.__dict__ |= store.__dict__


async def test_plan_that_was_kept_long_enough_is_reminded_of_no_more(world: World) -> None:
    await world.plans(ANN)
    assert await world.passes((PLAN_DAYS + 1) * DAY) == []


async def test_more_reminders_than_a_page_are_all_sent(world: World) -> None:
    people = range(1, 251)
    for person in people:
        await world.plans(person)
    assert sorted(person for person, _ in await world.passes(DAY)) == list(people)


async def test_reminders_that_a_stop_leaves_over_come_at_the_next_start(world: World) -> None:
    for person in (ANN, BEN):
        await world.plans(person)
    world.clock.at += DAY

    outbox = Waiting()
    async with Nudges(world.store, world.responder, outbox, world.clock, PROMPTS.content).beside():
        await outbox.written.wait()
    assert set(outbox.given_up) == {Fate.LOST}
    assert sorted(await world.passes(60)) == sorted([REMINDED, (BEN, REMINDED[1])])


class Waiting(Writing):
    """An outbox in which every message waits for its turn until it is given up."""

    def __init__(self) -> None:
        super().__init__()
        self.turn = asyncio.Event()
        self.given_up: list[Fate] = []

    @override
    async def send(self, chat: int, reply: Reply, *, thread: int | None = None) -> Sent:
        self.written.set()
        await self.turn.wait()
        self.given_up.append(Fate.LOST)
        return Sent(Fate.LOST)

    @override
    def give_up(self) -> None:
        self.turn.set()


# --- what has been kept long enough -------------------------------------------------------------------------------


async def test_walks_and_plans_go_after_their_time(world: World, outcome: Outcome) -> None:
    await world.store.grant(ANN, Purpose.REMEMBER, at=world.clock.at)
    await world.store.save_outcome(ANN, outcome)
    await world.plans(ANN)
    await world.passes(DAY)
    await world.passes(13 * DAY)
    assert len((await world.kept(ANN)).plans) == 1
    await world.passes(DAY)
    assert (await world.kept(ANN)).plans == ()
    await world.passes(75 * DAY)
    assert (await world.kept(ANN)).outcomes == (outcome,)
    await world.passes(DAY)
    assert (await world.kept(ANN)).outcomes == ()


@pytest.fixture
def outcome(world: World) -> Outcome:
    return Outcome(5, world.clock.at, Source.NEWS, Condition.NONE, 8, 3, Change.MORE, finished=True)


async def test_who_has_not_written_for_a_year_is_told_once_and_then_gone(world: World) -> None:
    await world.store.grant(ANN, Purpose.REMEMBER, at=world.clock.at)
    told_on = QUIET_DAYS - NOTICE_DAYS
    assert await world.passes((told_on - 1) * DAY) == []
    assert await world.passes(DAY) == [TOLD]
    assert await world.passes((NOTICE_DAYS - 1) * DAY) == []
    assert (await world.kept(ANN)).consents
    assert await world.passes(DAY) == []
    assert await world.kept(ANN) == Kept()


async def test_nobody_is_deleted_who_could_not_be_told(world: World) -> None:
    await world.store.grant(ANN, Purpose.REMEMBER, at=world.clock.at)
    world.outbox.fates[ANN] = Fate.LOST
    for _ in range(4):
        assert await world.passes(QUIET_DAYS * DAY) == [TOLD]
    world.outbox.fates[ANN] = Fate.REFUSED
    assert await world.passes(DAY) == [TOLD]
    await world.passes((NOTICE_DAYS - 1) * DAY)
    assert (await world.kept(ANN)).consents
    await world.passes(DAY)
    assert await world.kept(ANN) == Kept()


async def test_more_quiet_people_than_a_page_are_told_on_one_day_and_hold_up_no_reminder(world: World) -> None:
    people = range(1, 251)
    for person in people:
        await world.store.grant(person, Purpose.REMEMBER, at=world.clock.at)
    world.clock.at += (QUIET_DAYS - NOTICE_DAYS) * DAY
    await world.store.grant(ANN, Purpose.PLANS, at=world.clock.at)
    await world.store.save_plan(ANN, Plan(7, world.clock.at, LINE), remind_at=world.clock.at + 1)

    class Slow(Writing):
        @override
        async def send(self, chat: int, reply: Reply, *, thread: int | None = None) -> Sent:
            world.clock.at += 1
            return await super().send(chat, reply, thread=thread)

    outbox = Slow()
    await Nudges(world.store, world.responder, outbox, world.clock, PROMPTS.content).round()
    said = outbox.lines()
    assert sorted(person for person, line in said if line == TOLD[1]) == list(people)
    assert said.index(REMINDED) == PAGE


async def test_writing_again_after_the_notice_keeps_all(world: World) -> None:
    await world.store.grant(ANN, Purpose.REMEMBER, at=world.clock.at)
    assert await world.passes((QUIET_DAYS - NOTICE_DAYS) * DAY) == [TOLD]
    await Person(world.responder, ANN).says("hello")
    assert await world.passes(NOTICE_DAYS * DAY) == []
    assert (await world.kept(ANN)).consents
    assert await world.passes((QUIET_DAYS - 2 * NOTICE_DAYS) * DAY) == [TOLD]


async def test_who_wants_to_be_left_alone_is_not_told_and_the_wish_stays(world: World) -> None:
    for purpose in (Purpose.REMEMBER, Purpose.ALONE):
        await world.store.grant(ANN, purpose, at=world.clock.at)
    assert await world.passes((QUIET_DAYS - 1) * DAY) == []
    assert len((await world.kept(ANN)).consents) == 2
    assert await world.passes(DAY) == []
    assert [one.purpose for one in (await world.kept(ANN)).consents] == [Purpose.ALONE]


# --- round by round -----------------------------------------------------------------------------------------------


async def test_rounds_go_on_after_one_that_failed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.nudges.ROUND", 0.0)
    await world.plans(ANN)
    world.clock.at += DAY
    with capture_logs() as logged:
        async with Nudges(Broken(world.store), world.responder, world.outbox, world.clock, PROMPTS.content).beside():
            await world.outbox.written.wait()
    assert world.outbox.lines() == [REMINDED]
    assert [(line["event"], line["error"]) for line in logged] == [("round failed", "StoreError")]


async def test_what_was_kept_long_enough_goes_although_no_reminder_can_be_taken(world: World, outcome: Outcome) -> None:
    await world.store.grant(ANN, Purpose.REMEMBER, at=world.clock.at)
    await world.store.save_outcome(ANN, outcome)
    world.clock.at += (KEPT_DAYS + 1) * DAY
    await Nudges(Broken(world.store), world.responder, world.outbox, world.clock, PROMPTS.content).round()
    assert (await world.kept(ANN)).outcomes == ()


async def test_who_cannot_be_told_goes_after_the_same_time(world: World, tmp_path: Path) -> None:
    for person in (ANN, BEN):
        await world.store.grant(person, Purpose.COUNTRY, at=world.clock.at)
    with closing(connect(tmp_path / "data" / FILE)) as database:
        database.execute("UPDATE consent SET id = x'' WHERE person = ?", (row_key(KEYS, BEN),))
    await world.passes((QUIET_DAYS - 1) * DAY)
    assert (await world.kept(BEN)).consents
    await world.passes(DAY)
    assert await world.kept(BEN) == Kept()
    assert (await world.kept(ANN)).consents


class Broken(Copy):
    """The same store, whose first claim fails."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.fails = True

    @override
    async def claim(self, at: int, most: int = MOST_CLAIMED) -> tuple[Claim, ...]:
        if self.fails:
            self.fails = False
            raise StoreError("The disk of the data folder is full: make room on it.")
        return await super().claim(at, most)


async def test_row_that_does_not_open_holds_up_nobody_else(world: World, tmp_path: Path) -> None:
    for person in (ANN, BEN):
        await world.plans(person)
    with closing(sqlite3.connect(tmp_path / "data" / FILE, isolation_level=None)) as database:
        ((first,), (other,)) = database.execute("SELECT id FROM consent ORDER BY person").fetchall()
        database.execute("UPDATE consent SET id = ? WHERE id = ?", (other, first))
    with capture_logs() as logged:
        assert len(await world.passes(DAY)) == 1
        assert len(await world.passes((QUIET_DAYS - NOTICE_DAYS) * DAY)) == 1
    assert {line["event"] for line in logged} == {"a cell does not open"}
