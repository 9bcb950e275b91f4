"""What the bot does by the clock in groups and channels: on the real store, with an outbox that writes down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from bot.adapters.edits import Edits
from bot.circles import SOON, Circles
from bot.core import circle
from bot.core.button import open_payload
from bot.core.facts import NudgeChange
from bot.core.kept import Purpose, Room, Schedule
from bot.core.lines import Line
from bot.core.model import Action, Door, Opened, Refused, Reply
from bot.core.nudging import LATEST, changed
from bot.core.ports import Fate, Sent
from bot.nudges import ROUND, Nudges
from bot.pulse import Pulse, Totals
from bot.store import StoreError
from bot.store.dues import MOST_CLAIMED
from bot.store.store import Store
from bot.zones import Atlas
from tests.person import PROMPTS, RING, Clock, responder_of
from tests.test_respond import FailingStore

DAY = 24 * 60 * 60
HOUR = 60 * 60
GROUP, OTHER, CHANNEL = -1_001_111, -1_002_222, -1_003_333
TOPIC = 77
LISBON: Final = ZoneInfo("Europe/Lisbon")
DAILY: Final = Schedule(18 * 60, frozenset(range(7)), "Europe/Lisbon", 0, 0)
WEEKLY: Final = replace(DAILY, days=frozenset({5}))
CIRCLE: Final = (Line.CIRCLE, Line.CIRCLE_PRACTICE)


def at(text: str) -> int:
    """Seconds since 1970 of a time in Lisbon."""
    return int(datetime.fromisoformat(text).replace(tzinfo=LISBON).timestamp())


SATURDAY: Final = at("2026-11-28 18:00")


class Writing:
    """A way out that writes down what it is given. What goes to those in `fates` ends like that."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, Reply, int | None]] = []
        self.deleted: list[tuple[int, int]] = []
        self.fates: dict[int, Sent] = {}
        self.gate: asyncio.Event | None = None  # where it is set, nothing goes out before it opens
        self.began = asyncio.Event()

    async def send(self, chat: int, reply: Reply, *, thread: int | None = None) -> Sent:
        self.began.set()
        if self.gate is not None:
            await self.gate.wait()
        self.sent.append((chat, reply, thread))
        return self.fates.get(chat, Sent(Fate.ARRIVED, len(self.sent)))

    async def edit(self, chat: int, number: int, reply: Reply) -> Sent | None:
        raise NotImplementedError

    async def delete(self, chat: int, number: int) -> None:
        self.deleted.append((chat, number))

    async def leave(self, chat: int) -> None:
        raise NotImplementedError

    def give_up(self) -> None:
        """Nothing waits here."""


class World:
    """A store, the clock's way into its rooms, and what came of it."""

    def __init__(self, store: Store) -> None:
        self.clock = Clock()
        self.clock.at = SATURDAY - DAY - HOUR
        self.store = store
        self.outbox = Writing()
        self.known: dict[int, Room] = {}
        self.restarts()

    def restarts(self) -> None:
        self.responder = responder_of(self.store, self.clock)
        self.circles = Circles(self.store, self.responder, self.outbox, self.clock, PROMPTS.content, kept=self.keep)

    def keep(self, room: Room) -> None:
        self.known[room.chat] = room

    async def sets(self, chat: int = GROUP, schedule: Schedule = DAILY, **changes: object) -> Room:
        """Admins set something, and what follows from it is derived."""

        def revise(kept: Room | None) -> Room:
            room = replace(kept or Room(chat, is_on=True, seed=7, circle=schedule), **changes)  # type: ignore[arg-type]
            return circle.due_again(room, self.clock.at, PROMPTS.content.zones)

        return await self.store.revise_room(chat, revise)

    async def passes_to(self, moment: int) -> list[tuple[int, int | None]]:
        """Let time pass, and go one round: where something was posted."""
        self.clock.at = moment
        await self.circles.round()
        posted = [(chat, thread) for chat, reply, thread in self.outbox.sent if reply.keys == CIRCLE]
        assert len(posted) == len(self.outbox.sent)
        self.outbox.sent.clear()
        return posted

    async def room(self, chat: int = GROUP) -> Room:
        room = await self.store.room(chat)
        assert room is not None
        return room


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with FailingStore.open(tmp_path / "data", RING) as store:
        yield World(store)


# --- the circle -----------------------------------------------------------------------------------------------------


async def test_circle_is_posted_once_at_its_time_each_day_and_all_are_told_of_it(world: World) -> None:
    await world.sets()
    assert await world.passes_to(SATURDAY - DAY - 1) == []
    assert await world.passes_to(SATURDAY - DAY) == [(GROUP, None)]
    assert await world.passes_to(SATURDAY - DAY + 1) == []
    assert await world.passes_to(SATURDAY + 5) == [(GROUP, None)]
    room = await world.room()
    assert room.due_at == SATURDAY + DAY
    assert len(room.seen) == 2
    assert world.known[GROUP] == room


async def test_group_has_it_in_its_topic_and_a_channel_as_a_post_of_its_own_days(world: World) -> None:
    await world.sets(topic=TOPIC)
    await world.sets(CHANNEL, WEEKLY, is_channel=True)
    assert await world.passes_to(SATURDAY - DAY) == [(GROUP, TOPIC)]
    assert sorted(await world.passes_to(SATURDAY)) == [(CHANNEL, None), (GROUP, TOPIC)]
    assert await world.passes_to(SATURDAY + DAY) == [(GROUP, TOPIC)]


async def test_buttons_are_the_rooms_own_and_say_that_nobody_took_part_yet(world: World) -> None:
    await world.sets()
    world.clock.at = SATURDAY
    await world.circles.round()
    ((_, reply, _),) = world.outbox.sent
    (join,), (door,) = reply.buttons
    assert (door.action, door.value) == (Action.DOOR, Door.TALK)
    key = RING.buttons()[0]
    opened = open_payload(key, GROUP, SATURDAY, join.payload)
    assert isinstance(opened, Opened)
    assert (opened.action, opened.state.walk) == (Action.JOIN, 0)
    assert reply.picks == (opened.state.counter, 0)
    assert open_payload(key, OTHER, SATURDAY, join.payload) is Refused.UNREADABLE
    again = circle.joined(opened.state, 1, PROMPTS.content)
    assert again is not None
    assert PROMPTS.text(again).startswith(PROMPTS.text(reply))  # the very same words, and how many took part


async def test_clocks_that_change_keep_the_local_time(world: World) -> None:
    world.clock.at = at("2027-03-26 12:00")
    await world.sets()
    for day in ("2027-03-26", "2027-03-27", "2027-03-28", "2027-03-29"):
        moment = at(f"{day} 18:00")
        assert await world.passes_to(moment - 1) == []
        assert await world.passes_to(moment) == [(GROUP, None)]


async def test_clock_that_was_a_year_ahead_and_is_set_back_takes_no_circle(world: World) -> None:
    await world.sets()
    assert await world.passes_to(SATURDAY + 365 * DAY) == [(GROUP, None)]
    assert await world.passes_to(SATURDAY - HOUR) == []
    assert world.known[GROUP].due_at == SATURDAY
    assert await world.passes_to(SATURDAY) == [(GROUP, None)]
    assert await world.passes_to(SATURDAY + HOUR) == []
    assert await world.passes_to(SATURDAY + DAY) == [(GROUP, None)]


async def test_held_room_rests_and_has_its_circle_again_after_it(world: World) -> None:
    await world.sets()
    await world.sets(held_until=SATURDAY + DAY)
    assert await world.passes_to(SATURDAY - DAY) == []
    assert await world.passes_to(SATURDAY) == []
    assert await world.passes_to(SATURDAY + 2 * DAY) == [(GROUP, None)]
    await world.sets(held_until=SATURDAY + 9 * DAY)
    await world.sets(held_until=0)
    assert await world.passes_to(SATURDAY + 3 * DAY) == [(GROUP, None)]


async def test_hold_that_comes_after_it_was_claimed_still_holds_it(world: World) -> None:
    await world.sets()
    world.clock.at = SATURDAY
    held = await world.sets()
    claims = await world.store.claim_rooms(SATURDAY)
    assert [claim.chat for claim in claims] == []  # it is derived from now on
    assert held.due_at == SATURDAY + DAY
    world.clock.at = SATURDAY + DAY
    real = world.store.claim_rooms

    async def claims_and_then_holds(moment: int, most: int = MOST_CLAIMED) -> object:
        claimed = await real(moment, most)
        await world.store.revise_room(GROUP, lambda kept: replace(kept or Room(GROUP), held_until=moment + DAY))
        return claimed

    world.store.claim_rooms = claims_and_then_holds  # type: ignore[assignment,method-assign]
    assert await world.passes_to(SATURDAY + DAY) == []
    assert (await world.room()).due_at > SATURDAY + 2 * DAY


@pytest.mark.parametrize("change", [{"is_on": False}, {"gone_at": SATURDAY}, {"may_write": False}])
async def test_nothing_comes_where_it_was_turned_off_kicked_or_muted(world: World, change: dict[str, Any]) -> None:
    await world.sets()
    await world.sets(**change)
    assert await world.passes_to(SATURDAY) == []
    await world.sets(is_on=True, gone_at=0, may_write=True)
    assert await world.passes_to(SATURDAY + DAY) == [(GROUP, None)]


async def test_room_that_was_left_gets_nothing(world: World) -> None:
    await world.sets()
    await world.store.forget_room(GROUP, at=world.clock.at)
    assert await world.passes_to(SATURDAY) == []
    assert await world.store.room(GROUP) is None


async def test_late_one_is_left_out_and_no_second_comes_that_day(world: World) -> None:
    await world.sets(schedule=WEEKLY)
    assert await world.passes_to(SATURDAY + LATEST) == []
    assert (await world.room()).due_at == SATURDAY + 7 * DAY
    assert await world.passes_to(SATURDAY + 7 * DAY + LATEST - 1) == [(GROUP, None)]
    await world.sets(schedule=replace(WEEKLY, minute=23 * 60))
    await world.sets(circle=replace(WEEKLY, minute=23 * 60))
    assert await world.passes_to(SATURDAY + 7 * DAY + 5 * HOUR) == []


async def test_room_with_no_days_left_has_nothing_due(world: World) -> None:
    await world.sets()
    await world.sets(circle=replace(DAILY, days=frozenset()))
    assert await world.store.next_room_due_at() is None
    assert await world.passes_to(SATURDAY) == []


async def test_refused_one_is_the_last_until_it_may_be_written_to(world: World) -> None:
    await world.sets()
    world.outbox.fates[GROUP] = Sent(Fate.REFUSED)
    assert await world.passes_to(SATURDAY) == [(GROUP, None)]
    assert world.known[GROUP].may_write is False
    assert (await world.room()).due_at == 0
    assert await world.passes_to(SATURDAY + DAY) == []
    del world.outbox.fates[GROUP]
    await world.sets(may_write=True)
    assert await world.passes_to(SATURDAY + 2 * DAY) == [(GROUP, None)]


async def test_lost_one_comes_a_quarter_of_an_hour_later_or_not_at_all(world: World) -> None:
    await world.sets(schedule=WEEKLY)
    world.outbox.fates[GROUP] = Sent(Fate.LOST)
    tries = [SATURDAY + number * SOON for number in range(8)]
    for moment in tries:
        assert await world.passes_to(moment - 1) == []
        assert await world.passes_to(moment) == [(GROUP, None)]
    assert await world.passes_to(tries[-1] + SOON) == []
    room = await world.room()
    assert (room.due_at, room.seen) == (SATURDAY + 7 * DAY, frozenset())


async def test_lost_one_waits_as_long_as_telegram_wants(world: World) -> None:
    await world.sets()
    world.outbox.fates[GROUP] = Sent(Fate.LOST, wait=SOON + 7.5)
    await world.passes_to(SATURDAY)
    world.outbox.fates.clear()
    assert await world.passes_to(SATURDAY + SOON + 7) == []
    assert await world.passes_to(SATURDAY + SOON + 8) == [(GROUP, None)]


async def test_one_that_may_have_arrived_is_not_posted_again(world: World) -> None:
    await world.sets()
    world.outbox.fates[GROUP] = Sent(Fate.UNSURE)
    assert await world.passes_to(SATURDAY) == [(GROUP, None)]
    assert await world.passes_to(SATURDAY + SOON) == []
    assert len((await world.room()).seen) == 1


async def test_room_that_fails_keeps_no_other_from_its_circle(world: World) -> None:
    await world.sets()
    await world.sets(OTHER)
    real = world.outbox.send

    async def fails_for_one(chat: int, reply: Reply, *, thread: int | None = None) -> Sent:
        if chat == GROUP:
            raise StoreError
        return await real(chat, reply, thread=thread)

    world.outbox.send = fails_for_one  # type: ignore[method-assign]
    with capture_logs() as logs:
        assert await world.passes_to(SATURDAY) == [(OTHER, None)]
    assert [entry["event"] for entry in logs] == ["round failed"]
    assert str(GROUP) not in str(logs)


async def test_more_rooms_than_are_claimed_at_once_all_have_theirs(world: World) -> None:
    rooms = [-1_000_000 - number for number in range(MOST_CLAIMED + 9)]
    for chat in rooms:
        await world.sets(chat)
    posted = [chat for chat, _ in await world.passes_to(SATURDAY)]
    assert sorted(posted) == sorted(rooms)


# --- stops and restarts ---------------------------------------------------------------------------------------------


async def test_kill_after_the_claim_doubles_nothing_and_the_next_day_has_its_own(world: World) -> None:
    await world.sets()
    world.clock.at = SATURDAY
    assert len(await world.store.claim_rooms(SATURDAY)) == 1  # and then the process is killed
    world.restarts()
    with capture_logs() as logs:
        assert await world.passes_to(SATURDAY + 60) == []
    assert [(entry["event"], entry["count"]) for entry in logs] == [
        ("interrupted: these may have been posted, and are not posted again", 1)
    ]
    assert len((await world.room()).seen) == 1
    assert await world.passes_to(SATURDAY + DAY) == [(GROUP, None)]


async def test_group_that_moves_while_its_circle_is_under_way_has_no_second(world: World) -> None:
    await world.sets()
    world.clock.at = SATURDAY
    world.outbox.gate = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(world.circles.round())
        await world.outbox.began.wait()
        await world.store.move_room(GROUP, OTHER, at=SATURDAY)
        world.outbox.gate.set()
    world.outbox.gate = None
    assert [chat for chat, *_ in world.outbox.sent] == [GROUP]
    world.outbox.sent.clear()
    assert await world.passes_to(SATURDAY + 60) == []
    assert await world.passes_to(SATURDAY + DAY) == [(OTHER, None)]


async def test_told_to_stop_it_gives_back_what_was_not_posted(world: World) -> None:
    await world.sets()
    await world.sets(OTHER)
    world.outbox.fates = {chat: Sent(Fate.LOST) for chat in (GROUP, OTHER)}
    world.circles.stop()
    assert await world.passes_to(SATURDAY) == []
    world.clock.at = SATURDAY
    world.outbox.gate = asyncio.Event()
    world.restarts()
    async with asyncio.TaskGroup() as group:
        group.create_task(world.circles.round())
        await world.outbox.began.wait()
        world.circles.stop()
        world.outbox.gate.set()
    world.outbox.sent.clear()
    world.outbox.fates.clear()
    world.restarts()
    assert sorted(await world.passes_to(SATURDAY + 60)) == [(OTHER, None), (GROUP, None)]


async def test_zones_that_have_changed_move_what_is_to_come(world: World) -> None:
    await world.sets()

    class Moved(Atlas):
        def __init__(self) -> None:
            """As the others, an hour later."""

        def zone(self, _: str) -> ZoneInfo | None:
            return ZoneInfo("Atlantic/Azores")

    content = replace(PROMPTS.content, zones=Moved())
    world.circles = Circles(world.store, world.responder, world.outbox, world.clock, content, kept=world.keep)
    assert await world.passes_to(SATURDAY - DAY - 60) == []
    assert (await world.room()).due_at == SATURDAY - DAY + HOUR == world.known[GROUP].due_at


# --- who took part --------------------------------------------------------------------------------------------------


async def test_hundred_who_take_part_on_two_devices_each_are_a_hundred_and_few_edits_also_after_a_restart(
    world: World,
) -> None:
    await world.sets()
    world.clock.at = SATURDAY
    await world.circles.round()
    ((_, shown, _),) = world.outbox.sent
    edited: list[Reply] = []

    async def edit(chat: int, number: int, reply: Reply) -> Sent:
        assert (chat, number) == (GROUP, 5)
        edited.append(reply)
        return Sent(Fate.ARRIVED, number)

    def counting() -> Totals:
        return Totals(Pulse(world.clock, lambda: bytes(16)), lambda: bytes(16))

    edits = Edits(edit, lambda _: asyncio.sleep(0))
    totals = counting()
    for person in (*range(60), *range(60), *range(60, 100)):
        if person == 60:
            await asyncio.sleep(0)
            totals, shown = counting(), edited[-1]  # a restart: what the button says is all that is left
            assert shown.slots["total"] == "60"
        assert shown.state is not None
        total = totals.joined(GROUP, 5, person, shown.state.walk)
        reply = circle.joined(shown.state, total, PROMPTS.content)
        if reply is not None:
            edits.put(GROUP, 5, reply)
    for _ in range(5):
        await asyncio.sleep(0)
    assert edited[-1].slots["total"] == "100"
    assert edited[-1].slots["words"] == shown.slots["words"]
    assert len(edited) <= 4


# --- tidying --------------------------------------------------------------------------------------------------------


async def test_own_answers_are_deleted_in_time_also_after_a_restart(world: World) -> None:
    await world.sets(schedule=WEEKLY, tidy=HOUR)
    await world.store.note_own(GROUP, 41, at=world.clock.at + HOUR)
    await world.store.note_own(GROUP, 42, at=world.clock.at + 2 * HOUR)
    await world.passes_to(world.clock.at + HOUR - 1)
    assert world.outbox.deleted == []
    await world.passes_to(world.clock.at + 1)
    assert world.outbox.deleted == [(GROUP, 41)]
    world.clock.at += HOUR
    assert len(await world.store.claim_rooms(world.clock.at)) == 1  # killed before it was deleted, or after
    world.restarts()
    await world.passes_to(world.clock.at)
    await world.passes_to(world.clock.at + HOUR)
    assert world.outbox.deleted == [(GROUP, 41), (GROUP, 42)]


# --- beside the nudges ----------------------------------------------------------------------------------------------


async def test_round_of_nudges_has_the_circles_in_it_and_neither_waits_for_the_other(world: World) -> None:
    nudges = Nudges(world.store, world.responder, world.outbox, world.clock, PROMPTS.content, circles=world.circles)
    await world.sets()
    schedule = Schedule(18 * 60, frozenset(range(7)), "Europe/Lisbon")
    await world.store.grant(7, Purpose.NUDGES, at=world.clock.at)
    change = NudgeChange(schedule=schedule, begin=True)
    await world.store.revise_nudging(
        7, lambda kept: changed(kept, change, at=world.clock.at, zones=PROMPTS.content.zones, seed=7)
    )
    assert await nudges._pause() == ROUND  # noqa: SLF001 what it waits is what this is about
    world.clock.at = SATURDAY - DAY - 10
    assert await nudges._pause() == 10  # noqa: SLF001
    world.clock.at = SATURDAY - DAY
    await nudges.round()
    assert sorted(chat for chat, *_ in world.outbox.sent) == [GROUP, 7]
    world.clock.at = SATURDAY - 10
    await world.store.withdraw(7, Purpose.NUDGES, at=world.clock.at)
    assert await nudges._pause() == 10  # noqa: SLF001
    assert await world.store.next_due_at() is None


async def test_nudges_that_stop_stop_the_circles(world: World) -> None:
    nudges = Nudges(world.store, world.responder, world.outbox, world.clock, PROMPTS.content, circles=world.circles)
    async with nudges.beside():
        pass
    await world.sets()
    assert await world.passes_to(SATURDAY) == []


async def test_store_that_fails_is_asked_again_at_the_next_round(world: World) -> None:
    await world.sets()
    assert isinstance(world.store, FailingStore)
    real = world.store.claim_rooms

    async def fails(_: int, __: int = MOST_CLAIMED) -> object:
        raise StoreError

    world.store.claim_rooms = fails  # type: ignore[assignment,method-assign]
    assert await world.passes_to(SATURDAY) == []
    assert await world.circles.next_due_at() is None  # or the pause would be none at all
    world.store.claim_rooms = real  # type: ignore[method-assign]
    assert await world.passes_to(SATURDAY + 60) == [(GROUP, None)]
    assert await world.circles.next_due_at() == SATURDAY + DAY
