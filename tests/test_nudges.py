"""What the bot does by the clock: on the real store, and with an outbox that writes down what it is given."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs
from typing_extensions import override

from bot.core.export import export
from bot.core.facts import NudgeChange, Tap
from bot.core.follow_ups import begun
from bot.core.kept import KEPT_DAYS, PLAN_DAYS, FollowUp, Kept, Nudging, Outcome, Plan, Purpose, Rest, Schedule
from bot.core.lines import Label, Line
from bot.core.model import Content, Decision, Held, Lane, Reply
from bot.core.nudging import changed
from bot.core.ports import Fate, Sent
from bot.core.state import Change, Condition, Source
from bot.nudges import LATER, SOON, Nudges
from bot.respond import IDLE
from bot.store import PlaceError, StoreError
from bot.store.database import connect
from bot.store.dues import MOST_CLAIMED, Claim
from bot.store.opening import FILE
from bot.store.rows import row_key
from bot.store.store import NOTICE_DAYS, PAGE, QUIET_DAYS, Store
from bot.zones import Atlas
from tests.person import KEYS, PROMPTS, RING, Clock, Person, lines, responder_of
from tests.test_respond import FailingStore

DAY = 24 * 60 * 60
HOUR = 60 * 60
ANN, BEN = 7_071_067_811, 5_772_156_649
LISBON: Final = ZoneInfo("Europe/Lisbon")
CHOSEN: Final = Schedule(zone="Europe/Lisbon")  # 08:30 on Monday, Wednesday and Friday
PRACTICE: Final = (Line.NUDGE_FIRST, Line.NUDGE_PRACTICE)
NUDGED: Final = (ANN, PRACTICE)
LINE = "if i pass the hospital, then i write to her sister"


class Writing:
    """An outbox that writes down what it is given. Every message to those in `fates` ends like that."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, Reply]] = []
        self.fates: dict[int, Fate] = {}
        self.wait = 0.0
        self.written = asyncio.Event()

    async def send(self, chat: int, reply: Reply, *, thread: int | None = None) -> Sent:
        assert thread is None
        self.sent.append((chat, reply))
        self.written.set()
        return Sent(self.fates.get(chat, Fate.ARRIVED), wait=self.wait)

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

    async def passes_to(self, at: int) -> list[tuple[int, tuple[Line, ...]]]:
        return await self.passes(at - self.clock.at)

    async def begins(self, person: int, schedule: Schedule = CHOSEN) -> None:
        """Someone agrees to nudges, and chooses when."""
        await self.store.grant(person, Purpose.NUDGES, at=self.clock.at)
        await self.changes(person, NudgeChange(schedule=schedule, begin=True))

    async def changes(self, person: int, change: NudgeChange) -> None:
        zones = PROMPTS.content.zones
        revise = partial(changed, change=change, at=self.clock.at, zones=zones, seed=7)
        assert await self.store.revise_nudging(person, revise)

    async def follows(self, person: int, outcome: Outcome, ended_at: int) -> None:
        """Someone who agreed to follow-ups has come to the end of a walk."""
        await self.store.grant(person, Purpose.FOLLOW_UPS, at=self.clock.at)
        follow_up = begun(replace(outcome, ended_at=ended_at))
        assert follow_up is not None
        assert await self.store.save_follow_up(person, follow_up)

    def after_a_restart(self, content: Content = PROMPTS.content) -> World:
        self.responder = responder_of(self.store, self.clock)
        self.nudges = Nudges(self.store, self.responder, self.outbox, self.clock, content)
        return self

    async def nudging(self, person: int) -> Nudging:
        nudging = (await self.kept(person)).nudging
        assert nudging is not None
        return nudging

    async def kept(self, person: int) -> Kept:
        return await self.store.kept(person)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with FailingStore.open(tmp_path / "data", RING) as store:
        yield World(store)


ASKED = (ANN, (Line.FOLLOW_UP_ASK,))
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


async def test_of_many_who_have_two_things_due_no_more_than_is_meant_is_ever_claimed(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("bot.rounds.PAGE", 2)
    monkeypatch.setattr("bot.rounds.MOST_CLAIMED", 4)
    for person in range(1, 9):
        await world.plans(person, 7)
        await world.plans(person, 8)
    claimed: list[int] = []

    class Counting(Writing):
        @override
        async def send(self, chat: int, reply: Reply, *, thread: int | None = None) -> Sent:
            (number,) = database.execute("SELECT count(*) FROM person_due WHERE claimed > 0").fetchone()
            claimed.append(number)
            return await super().send(chat, reply, thread=thread)

    world.clock.at += DAY
    with closing(connect(tmp_path / "data" / FILE)) as database:
        outbox = Counting()
        await Nudges(world.store, world.responder, outbox, world.clock, PROMPTS.content).round()
    assert sorted(person for person, _ in outbox.sent) == sorted([*range(1, 9)] * 2)
    assert max(claimed) <= 4


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


async def test_what_was_about_to_be_sent_when_told_to_stop_comes_at_the_next_start(world: World) -> None:
    await world.plans(ANN)
    world.clock.at += DAY
    store = Slow(world.store)
    async with Nudges(store, world.responder, world.outbox, world.clock, PROMPTS.content).beside():
        await store.asked.wait()
        asyncio.get_running_loop().call_soon(store.goes_on.set)
    assert world.outbox.lines() == []
    assert await world.passes(0) == [REMINDED]


class Slow(Copy):
    """The same store, which takes its time to say whether something may be sent."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.asked, self.goes_on = asyncio.Event(), asyncio.Event()

    @override
    async def may_send(self, claim: Claim) -> bool:
        self.asked.set()
        await self.goes_on.wait()
        return await super().may_send(claim)


# --- nudges -------------------------------------------------------------------------------------------------------


def lisbon(day: str, hour: str) -> int:
    return round(datetime.fromisoformat(f"{day}T{hour}:00").replace(tzinfo=LISBON).timestamp())


MONDAY, TUESDAY, WEDNESDAY, FRIDAY = "2026-09-28", "2026-09-29", "2026-09-30", "2026-10-02"


@pytest.fixture
async def nudged(world: World) -> World:
    """Ann has chosen 08:30 on Monday, Wednesday and Friday in Lisbon; it is Sunday noon."""
    world.clock.at = lisbon("2026-09-27", "12:00")
    await world.begins(ANN)
    return world


async def test_nudge_comes_at_its_minute_once_and_says_what_was_drawn(nudged: World) -> None:
    assert await nudged.passes_to(lisbon(MONDAY, "08:29")) == []
    nudged.clock.at += 60
    await nudged.nudges.round()
    ((person, reply),) = nudged.outbox.sent
    assert (person, reply.keys, reply.lane) == (ANN, PRACTICE, Lane.BROADCAST)
    first = PROMPTS.text(reply)
    assert first.partition("\n\n")[2] == reply.slots["practice"]
    nudged.outbox.lines()
    assert await nudged.passes(1) == []
    assert await nudged.passes_to(lisbon(WEDNESDAY, "08:30")) == [NUDGED]
    kept = await nudged.nudging(ANN)
    assert len(kept.seen) == 2
    assert kept.due_at == lisbon(FRIDAY, "08:30")


@pytest.mark.parametrize(("late", "sent"), [(2 * HOUR - 1, [NUDGED]), (2 * HOUR, [])])
async def test_nudge_is_late_by_less_than_two_hours_or_left_out(nudged: World, late: int, sent: list[object]) -> None:
    assert await nudged.passes_to(lisbon(MONDAY, "08:30") + late) == sent
    assert (await nudged.nudging(ANN)).due_at == lisbon(WEDNESDAY, "08:30")


async def test_late_nudge_does_not_come_into_quiet_hours(world: World) -> None:
    world.clock.at = lisbon("2026-09-27", "12:00")
    await world.begins(ANN, replace(CHOSEN, minute=20 * 60 + 30))
    assert await world.passes_to(lisbon(MONDAY, "21:00")) == []
    assert await world.passes_to(lisbon(WEDNESDAY, "20:59")) == [NUDGED]


async def test_clock_that_was_a_year_ahead_and_is_set_back_takes_no_nudge(nudged: World) -> None:
    monday = lisbon(MONDAY, "08:30")
    await nudged.begins(BEN)
    assert (BEN, PRACTICE) in await nudged.passes_to(monday + 53 * 7 * DAY)
    await nudged.changes(BEN, NudgeChange(tap=Tap.HARDER))  # three days of rest
    assert (await nudged.nudging(ANN)).due_at > monday + 53 * 7 * DAY
    assert await nudged.passes_to(monday - HOUR) == []
    assert (await nudged.nudging(ANN)).due_at == (await nudged.nudging(BEN)).due_at == monday
    assert sorted(await nudged.passes_to(monday)) == [(BEN, PRACTICE), NUDGED]
    assert await nudged.passes(60) == []


async def test_long_pause_is_none_of_a_clocks_mistakes(nudged: World) -> None:
    monday = lisbon(MONDAY, "08:30")
    until = monday + 365 * DAY
    await nudged.passes_to(monday)
    await nudged.changes(ANN, NudgeChange(paused_until=until))
    before = await nudged.nudging(ANN)
    assert await nudged.passes(30 * DAY) == []
    assert await nudged.nudging(ANN) == before
    assert before.due_at > until


async def test_nudge_waits_for_whoever_is_in_the_midst_of_a_talk(nudged: World) -> None:
    await nudged.passes_to(lisbon(MONDAY, "08:29"))
    await Person(nudged.responder, ANN).commands("walk")
    assert await nudged.passes(60) == []
    assert await nudged.passes(SOON) == []
    assert await nudged.passes(SOON) == [NUDGED]


async def test_nudge_that_was_lost_comes_again_and_one_in_doubt_does_not(nudged: World) -> None:
    nudged.outbox.fates[ANN] = Fate.LOST
    assert await nudged.passes_to(lisbon(MONDAY, "08:30")) == [NUDGED]
    nudged.outbox.fates[ANN] = Fate.UNSURE
    assert await nudged.passes(SOON) == [NUDGED]
    assert await nudged.passes(SOON) == []
    assert len((await nudged.nudging(ANN)).seen) == 1


async def test_nudge_waits_as_long_as_telegram_told_for_that_chat(nudged: World) -> None:
    nudged.outbox.fates[ANN], nudged.outbox.wait = Fate.LOST, 3000.5
    assert await nudged.passes_to(lisbon(MONDAY, "08:30")) == [NUDGED]
    nudged.outbox.fates[ANN] = Fate.ARRIVED
    assert await nudged.passes(3000) == []
    assert await nudged.passes(1) == [NUDGED]


async def test_whoever_blocked_the_bot_gets_nothing_until_they_are_back(nudged: World) -> None:
    nudged.outbox.fates[ANN] = Fate.REFUSED
    assert await nudged.passes_to(lisbon(MONDAY, "08:30")) == [NUDGED]
    kept = await nudged.nudging(ANN)
    assert (kept.rest, kept.due_at) == (Rest.UNREACHED, 0)
    nudged.outbox.fates[ANN] = Fate.ARRIVED
    assert await nudged.passes_to(lisbon(WEDNESDAY, "08:30")) == []
    await nudged.changes(ANN, NudgeChange(begin=True))
    assert await nudged.passes_to(lisbon(FRIDAY, "08:30")) == [NUDGED]


async def test_silence_is_asked_about_once_and_then_ends_them(nudged: World) -> None:
    said = []
    for week in range(3):
        for day in (0, 2, 4):
            said += await nudged.passes_to(lisbon(MONDAY, "08:30") + (7 * week + day) * DAY)
    assert [lines for _, lines in said] == [
        PRACTICE,
        PRACTICE,
        (Line.NUDGE_KEEP_ASK,),
        PRACTICE,
        (Line.NUDGE_SILENT,),
    ]
    kept = await nudged.nudging(ANN)
    assert (kept.rest, kept.due_at) == (Rest.SILENT, 0)


async def test_any_answer_means_that_nothing_was_ignored(nudged: World) -> None:
    for week in range(4):  # the bot is down for most of each
        assert await nudged.passes_to(lisbon(MONDAY, "08:30") + 7 * week * DAY) == [NUDGED]
        await nudged.changes(ANN, NudgeChange(tap=Tap.NOT_TODAY))
    kept = await nudged.nudging(ANN)
    assert (kept.did, kept.not_today, kept.ignored) == (0, 4, 0)


async def test_nudge_that_waits_comes_although_the_last_one_is_answered_meanwhile(nudged: World) -> None:
    await nudged.passes_to(lisbon(MONDAY, "08:30"))
    await nudged.passes_to(lisbon(WEDNESDAY, "08:29"))
    await Person(nudged.responder, ANN).commands("walk")
    assert await nudged.passes(60) == []
    await nudged.changes(ANN, NudgeChange(tap=Tap.DID))
    assert await nudged.passes(SOON) == []
    assert await nudged.passes(SOON) == [NUDGED]
    assert await nudged.passes(SOON) == []


async def test_who_stopped_them_and_then_blocked_the_bot_has_stopped_them(nudged: World) -> None:
    await nudged.changes(ANN, NudgeChange(rest=Rest.STOPPED))
    await nudged.plans(ANN)
    nudged.outbox.fates[ANN] = Fate.REFUSED
    assert await nudged.passes(DAY) == [REMINDED]
    assert (await nudged.nudging(ANN)).rest is Rest.STOPPED


async def test_reminder_and_nudge_are_not_sent_on_one_day(nudged: World) -> None:
    await nudged.passes_to(lisbon("2026-09-27", "18:00"))
    await nudged.plans(ANN)
    assert await nudged.passes_to(lisbon(MONDAY, "08:30")) == []
    assert await nudged.passes_to(lisbon(MONDAY, "18:00")) == [REMINDED]
    assert await nudged.passes_to(lisbon(WEDNESDAY, "08:30")) == [NUDGED]


async def test_walk_of_yesterday_is_followed_up_and_not_nudged(nudged: World, outcome: Outcome) -> None:
    await nudged.follows(ANN, outcome, lisbon("2026-09-27", "20:00"))
    assert await nudged.passes_to(lisbon(MONDAY, "08:30")) == []
    assert await nudged.passes_to(lisbon(MONDAY, "20:00")) == [ASKED]
    assert await nudged.passes_to(lisbon(WEDNESDAY, "08:30")) == []
    assert await nudged.passes_to(lisbon(WEDNESDAY, "20:00")) == [ASKED]
    assert await nudged.passes_to(lisbon(FRIDAY, "08:30")) == [NUDGED]
    assert await nudged.passes_to(lisbon("2026-10-04", "20:00")) == []  # two had no answer


async def test_follow_up_does_not_come_in_quiet_hours(nudged: World, outcome: Outcome) -> None:
    await nudged.follows(ANN, outcome, lisbon("2026-09-27", "22:10"))
    said = [await nudged.passes_to(lisbon(MONDAY, "22:10") + hour * HOUR) for hour in range(11)]
    assert said == [*[[]] * 10, [ASKED]]
    assert nudged.clock.at == lisbon(TUESDAY, "08:10")


async def test_follow_ups_of_two_walks_come_on_different_days(world: World, outcome: Outcome) -> None:
    """Of someone whose time zone is not known."""
    at = world.clock.at
    for walk in (5, 6):
        await world.follows(ANN, replace(outcome, walk=walk), at + walk * HOUR)
    assert await world.passes_to(at + DAY + 5 * HOUR) == [ASKED]
    assert await world.passes_to(at + DAY + 6 * HOUR) == []
    assert await world.passes_to(at + 2 * DAY + 6 * HOUR) == [ASKED]


async def test_follow_up_in_words_that_have_changed_since_the_yes_keeps_no_nudge_away(
    tmp_path: Path, outcome: Outcome
) -> None:
    async with Store.open(tmp_path / "other", RING) as store:
        world = World(store)
        world.clock.at = lisbon("2026-09-26", "12:00")
        await world.begins(ANN)
        await world.follows(ANN, outcome, lisbon("2026-09-25", "20:00"))
        at = world.clock.at
    async with Store.open(tmp_path / "other", RING, versions={Purpose.FOLLOW_UPS: 2}) as store:
        world = World(store)
        world.clock.at = at
        said = [message for _ in range(5 * 24) for message in await world.passes(HOUR)]
    assert said == [NUDGED, NUDGED]


async def test_follow_ups_come_on_different_days_although_nudges_have_lapsed(tmp_path: Path, outcome: Outcome) -> None:
    async with Store.open(tmp_path / "other", RING) as store:
        world = World(store)
        world.clock.at = at = lisbon(MONDAY, "12:00")
        await world.begins(ANN)
        for walk in (5, 6):
            await world.follows(ANN, replace(outcome, walk=walk), at + walk * HOUR)
    async with Store.open(tmp_path / "other", RING, versions={Purpose.NUDGES: 2}) as store:
        world = World(store)
        world.clock.at = at
        assert await world.passes(DAY + 5 * HOUR) == [ASKED]
        assert await world.passes(HOUR) == []
        assert await world.passes(DAY) == [ASKED]


async def test_what_was_under_way_when_the_process_died_is_counted_and_not_sent_again(nudged: World) -> None:
    await nudged.plans(BEN)
    nudged.clock.at = lisbon(MONDAY, "12:00")
    assert len(await nudged.store.claim(nudged.clock.at)) == 2
    with capture_logs() as logged:
        assert await nudged.after_a_restart().passes(0) == []
    assert [(line["event"].partition(":")[0], line["count"]) for line in logged] == [("interrupted", 2)]
    assert await nudged.passes_to(lisbon(WEDNESDAY, "08:30")) == [NUDGED]


async def test_practice_that_was_under_way_when_the_process_died_is_not_the_next_too(nudged: World) -> None:
    nudged.clock.at = lisbon(MONDAY, "08:30")
    await nudged.store.claim(nudged.clock.at)
    await nudged.after_a_restart().passes(0)
    interrupted = (await nudged.nudging(ANN)).seen
    await nudged.passes_to(lisbon(WEDNESDAY, "08:30"))
    assert len(interrupted) == 1
    assert len((await nudged.nudging(ANN)).seen) == 2


async def test_of_two_follow_ups_that_a_stop_made_late_one_comes_a_day(nudged: World, outcome: Outcome) -> None:
    for walk, ended in ((5, "12:00"), (6, "12:30")):
        await nudged.follows(ANN, replace(outcome, walk=walk), lisbon("2026-09-27", ended))
    assert await nudged.passes_to(lisbon(MONDAY, "13:00")) == [ASKED]
    assert await nudged.passes_to(lisbon(TUESDAY, "12:30")) == [ASKED]


async def test_times_are_derived_again_where_the_zones_have_changed(
    nudged: World,
) -> None:
    class Later(Atlas):
        """Lisbon has decided to keep to Berlin's clocks."""

        @property
        @override
        def version(self) -> str:
            return "2099z"

        @override
        def zone(self, name: str) -> ZoneInfo | None:
            return super().zone("Europe/Berlin" if name == "Europe/Lisbon" else name)

    await nudged.passes(1)
    content = replace(PROMPTS.content, zones=Later(PROMPTS.content.helplines, Path()))
    assert await nudged.after_a_restart(content).passes(1) == []
    assert (await nudged.nudging(ANN)).due_at == lisbon(MONDAY, "07:30")


async def test_after_a_danger_card_nothing_is_sent_for_three_days(nudged: World, outcome: Outcome) -> None:
    await nudged.follows(ANN, outcome, lisbon("2026-09-27", "12:00"))
    await nudged.passes_to(lisbon("2026-09-27", "21:00"))
    await Person(nudged.responder, ANN).says("i want to kill myself tonight")
    assert await nudged.passes_to(lisbon(MONDAY, "12:00")) == []
    assert await nudged.passes_to(lisbon(WEDNESDAY, "08:30")) == []
    assert await nudged.passes_to(lisbon(WEDNESDAY, "21:00") - 1) == []
    exported = export(await nudged.kept(ANN), nudged.clock.at)
    assert not any(b"danger" in document.content.lower() for document in exported)


@pytest.mark.parametrize("failing", ["kept", "revise_nudging"])
async def test_after_a_card_nothing_is_sent_although_the_store_failed(nudged: World, failing: str) -> None:
    await nudged.passes_to(lisbon("2026-09-27", "21:00"))
    assert isinstance(nudged.store, FailingStore)
    nudged.store.failing = frozenset({failing})
    await Person(nudged.responder, ANN).says("i want to kill myself tonight")
    assert await nudged.passes_to(lisbon(MONDAY, "08:30")) == []
    nudged.store.failing = frozenset()
    assert await nudged.passes_to(lisbon(MONDAY, "08:31")) == []
    assert await nudged.passes_to(lisbon(WEDNESDAY, "08:30")) == []
    assert await nudged.passes_to(lisbon(FRIDAY, "08:30")) == [NUDGED]


async def test_card_comes_although_it_cannot_be_kept_that_a_nudge_was_read(nudged: World) -> None:
    nudged.clock.at = lisbon(MONDAY, "08:30")
    await nudged.nudges.round()
    ((_, reply),) = nudged.outbox.sent
    ann = Person(nudged.responder, ANN)
    await ann.commands("start")
    assert isinstance(nudged.store, FailingStore)
    nudged.store.failing = frozenset({"revise_nudging"})
    said = await ann.says("i want to kill myself tonight", replying_to=Decision(Held(), (reply,)))
    assert said.replies[0].lane is Lane.DANGER
    assert Line.STORE_FAILED not in lines(said)


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


async def test_round_that_can_claim_nothing_is_not_followed_at_once_by_the_next(world: World) -> None:
    await world.plans(ANN)
    world.clock.at += DAY
    store = Unclaimed(world.store)
    with capture_logs():
        async with Nudges(store, world.responder, world.outbox, world.clock, PROMPTS.content).beside():
            await store.tried.wait()
    assert not store.is_asked_for_the_next


async def test_data_folder_that_cannot_be_used_is_said_once_a_round(world: World) -> None:
    async def opened() -> Store:
        raise PlaceError

    store = Store.closed(RING, PlaceError(), opened)
    nudges = Nudges(store, world.responder, world.outbox, world.clock, PROMPTS.content)
    for _ in range(2):
        with capture_logs() as logged:
            await nudges.round()
        assert [(line["event"], line["error"]) for line in logged] == [("round failed", "PlaceError")]


class Unclaimed(Copy):
    """The same store, of which nothing can be claimed."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.tried = asyncio.Event()
        self.is_asked_for_the_next = False

    @override
    async def claim(self, at: int, most: int = MOST_CLAIMED) -> tuple[Claim, ...]:
        self.tried.set()
        raise StoreError("The disk of the data folder is full: make room on it.")

    @override
    async def next_due_at(self) -> int | None:
        self.is_asked_for_the_next = True
        return await super().next_due_at()


async def test_what_was_sent_and_could_not_be_written_down_goes_on_a_round_later(nudged: World) -> None:
    store = Unfinished(nudged.store)
    nudged.nudges = Nudges(store, nudged.responder, nudged.outbox, nudged.clock, PROMPTS.content)
    with capture_logs() as logged:
        assert await nudged.passes_to(lisbon(MONDAY, "08:30")) == [NUDGED]
        assert await nudged.passes(60) == []
    assert [line.get("count") for line in logged] == [None, 1]
    assert await nudged.passes_to(lisbon(WEDNESDAY, "08:30")) == [NUDGED]


class Unfinished(Copy):
    """The same store, in which the first that is sent cannot be written down."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.fails = True

    @override
    async def finish(
        self,
        claim: Claim,
        *,
        nudging: Callable[[Nudging], Nudging] | None = None,
        follow_up: Callable[[FollowUp], FollowUp] | None = None,
    ) -> None:
        if self.fails:
            self.fails = False
            raise StoreError("The disk of the data folder is full: make room on it.")
        await super().finish(claim, nudging=nudging, follow_up=follow_up)


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
