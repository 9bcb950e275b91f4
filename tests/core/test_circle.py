"""The circle: when it comes, which practice it has, and how many took part."""

from dataclasses import replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import circle
from bot.core.course import Circle
from bot.core.gap import DAY
from bot.core.kept import Noticing, Room, Schedule
from bot.core.lines import Label, Line
from bot.core.model import Action, Content, Door, Lane, Reply
from bot.core.nudging import LATEST
from bot.core.schedule import local_day
from bot.core.state import State
from bot.prompts import load

CONTENT: Final[Content] = load().content
ZONES: Final = CONTENT.zones
LISBON: Final = ZoneInfo("Europe/Lisbon")
HOUR: Final = 60 * 60
WEEKLY: Final = Schedule(18 * 60, frozenset({5}), "Europe/Lisbon", 0, 0)
DAILY: Final = replace(WEEKLY, days=frozenset(range(7)))
ROOM: Final = Room(-100_1, is_on=True, circle=DAILY, seed=7)


def at(text: str) -> int:
    """Seconds since 1970 of a time in Lisbon."""
    return int(datetime.fromisoformat(text).replace(tzinfo=LISBON).timestamp())


SATURDAY: Final = at("2026-11-28 18:00")


def due(room: Room) -> Room:
    """The room on the Saturday, when its circle is due."""
    return circle.due_again(room, SATURDAY - 1, ZONES)


# --- when -----------------------------------------------------------------------------------------------------------


def test_circle_is_due_at_the_local_time_of_the_next_chosen_day() -> None:
    room = replace(ROOM, circle=WEEKLY)
    assert circle.due_at(room, at("2026-11-24 09:00"), ZONES) == SATURDAY
    assert circle.due_at(room, SATURDAY, ZONES) == SATURDAY + 7 * DAY


@pytest.mark.parametrize(
    "room",
    [
        replace(ROOM, is_on=False),
        replace(ROOM, gone_at=SATURDAY),
        replace(ROOM, may_write=False),
        replace(ROOM, circle=replace(DAILY, days=frozenset())),
        replace(ROOM, circle=replace(DAILY, zone="")),
        replace(ROOM, circle=replace(DAILY, zone="Nowhere/Land")),
    ],
)
def test_no_circle_is_due_where_it_is_off_gone_muted_without_days_or_zone(room: Room) -> None:
    assert circle.due_at(room, SATURDAY - HOUR, ZONES) == 0
    assert not circle.may_come(replace(room, due_at=SATURDAY), SATURDAY, ZONES)


def test_what_members_are_noticed_for_does_not_touch_the_circle() -> None:
    assert due(replace(ROOM, noticing=Noticing.OFF)).due_at == SATURDAY


def test_circle_that_was_posted_counts_as_seen_where_its_zone_is_known_no_more() -> None:
    room = circle.posted(replace(ROOM, circle=replace(DAILY, zone="Nowhere/Land"), due_at=SATURDAY), SATURDAY, CONTENT)
    assert (len(room.seen), room.told_on, room.due_at) == (1, ROOM.told_on, 0)


def test_hold_moves_the_circle_beyond_its_end() -> None:
    held = replace(ROOM, held_until=SATURDAY + 3 * DAY + HOUR)
    assert due(held).due_at == SATURDAY + 4 * DAY
    assert not circle.may_come(replace(held, due_at=SATURDAY), SATURDAY, ZONES)


def test_no_second_circle_comes_on_a_local_day() -> None:
    room = circle.posted(due(ROOM), SATURDAY, CONTENT)
    assert room.told_on == local_day(LISBON, SATURDAY)
    later = replace(room, circle=replace(DAILY, minute=20 * 60))
    assert circle.due_at(later, SATURDAY, ZONES) == SATURDAY + DAY + 2 * HOUR
    assert not circle.may_come(replace(later, due_at=SATURDAY + HOUR), SATURDAY + HOUR, ZONES)


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [  # Lisbon goes to summer time on 2027-03-28 at 01:00, and back on 2026-10-25 at 02:00
        (replace(DAILY, minute=90), "2027-03-28 00:30", "2027-03-28 02:00"),
        (replace(DAILY, minute=90), "2026-10-25 00:30", "2026-10-25 01:30"),
        (DAILY, "2027-03-27 19:00", "2027-03-28 18:00"),
        (DAILY, "2026-10-24 19:00", "2026-10-25 18:00"),
    ],
)
def test_clocks_that_change_move_no_circle_from_its_local_time_and_double_none(
    schedule: Schedule, after: str, expected: str
) -> None:
    room = replace(ROOM, circle=schedule)
    assert circle.due_at(room, at(after), ZONES) == at(expected)
    posted = circle.posted(replace(room, due_at=at(expected)), at(expected), CONTENT)
    assert local_day(LISBON, posted.due_at) == local_day(LISBON, at(expected)) + 1


def test_circle_that_is_late_by_two_hours_is_left_out_for_the_next() -> None:
    room = due(ROOM)
    assert circle.may_come(room, SATURDAY + LATEST - 1, ZONES)
    assert not circle.may_come(room, SATURDAY + LATEST, ZONES)
    after = circle.left_out(room, room.due_at, SATURDAY + LATEST, CONTENT)
    assert (after.due_at, after.seen, after.told_on) == (SATURDAY + DAY, frozenset(), 0)


def test_circle_that_was_due_in_a_long_stop_comes_where_the_latest_slot_is_fresh() -> None:
    after = circle.left_out(due(ROOM), SATURDAY, SATURDAY + 3 * DAY + HOUR, CONTENT)
    assert after.due_at == SATURDAY + 3 * DAY


def test_what_admins_chose_meanwhile_is_not_left_out() -> None:
    room = replace(due(ROOM), due_at=SATURDAY + HOUR)
    assert circle.left_out(room, SATURDAY, SATURDAY + LATEST, CONTENT) == room


def test_room_that_refuses_gets_no_more_circles() -> None:
    room = circle.unreached(due(ROOM))
    assert (room.may_write, room.due_at, circle.due_at(room, SATURDAY, ZONES)) == (False, 0, 0)


@given(
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(0, 24 * 60 - 1),
    st.sampled_from(["Europe/Lisbon", "Pacific/Apia", "America/New_York", "Africa/Cairo"]),
    st.integers(SATURDAY, SATURDAY + 400 * DAY),
)
def test_each_local_day_has_one_circle_at_most_however_long(
    days: frozenset[int], minute: int, zone: str, begin: int
) -> None:
    room = circle.due_again(replace(ROOM, circle=Schedule(minute, days, zone, 0, 0)), begin, ZONES)
    told = []
    for _ in range(20):
        assert circle.may_come(room, room.due_at, ZONES)
        told.append(local_day(ZoneInfo(zone), room.due_at))
        room = circle.posted(room, room.due_at, CONTENT)
    assert told == sorted({*told})
    assert {(day - 1) % 7 for day in told} <= days


# --- what is posted -------------------------------------------------------------------------------------------------


def shown(room: Room, content: Content = CONTENT) -> Circle:
    reply = circle.message(room, content)
    assert reply is not None
    return next(each for each in content.circles if each.words == reply.slots["words"])


def test_message_has_the_practice_and_two_buttons_and_says_nobody_yet() -> None:
    reply = circle.message(ROOM, CONTENT)
    assert reply is not None
    assert reply.keys == (Line.CIRCLE, Line.CIRCLE_PRACTICE)
    assert (reply.lane, reply.stays, reply.to) == (Lane.BROADCAST, True, 0)
    (join,), (door,) = reply.buttons
    assert (join.label, join.action) == (Label.CIRCLE_JOIN, Action.JOIN)
    assert (door.label, door.action, door.value) == (Label.WRITE_PRIVATELY, Action.DOOR, Door.TALK)
    assert reply.state == State(walk=0, counter=shown(ROOM).number)


@given(st.integers(0, 2**24 - 1), st.integers(0, 100))
def test_no_practice_comes_again_before_all_have_come(seed: int, skipped: int) -> None:
    room, names = replace(due(ROOM), seed=seed), []
    for _ in range(skipped % len(CONTENT.circles)):
        room = circle.posted(room, room.due_at, CONTENT)
    for _ in range(3 * len(CONTENT.circles)):
        names.append(shown(room).name)
        room = circle.posted(room, room.due_at, CONTENT)
    size = len(CONTENT.circles)
    assert all(len({*names[start : start + size]}) == size for start in range(2 * size))


def test_rooms_have_orders_of_their_own() -> None:
    assert len({shown(replace(ROOM, seed=seed)).name for seed in range(60)}) > 10


def test_practices_that_were_taken_out_are_forgotten_and_new_ones_come() -> None:
    room = replace(ROOM, seen=frozenset({*(each.name for each in CONTENT.circles[1:]), "c200"}))
    assert shown(room) == CONTENT.circles[0]
    assert circle.posted(room, SATURDAY, CONTENT).seen == {each.name for each in CONTENT.circles}


def test_nothing_is_posted_where_there_are_no_practices() -> None:
    none = replace(CONTENT, circles=())
    assert circle.message(ROOM, none) is None
    assert circle.posted(ROOM, SATURDAY, none).seen == frozenset()


# --- who took part --------------------------------------------------------------------------------------------------


def pressed(reply: Reply, total: int) -> Reply | None:
    assert reply.state is not None
    return circle.joined(reply.state, total, CONTENT)


def test_total_is_put_in_place_below_the_same_words() -> None:
    reply = circle.message(ROOM, CONTENT)
    assert reply is not None
    first = pressed(reply, 1)
    assert first is not None
    assert first.in_place
    assert first.keys == (*reply.keys, Line.CIRCLE_TOTAL)
    assert first.slots == {**reply.slots, "total": "1"}
    assert first.picks[:2] == reply.picks
    assert first.buttons == reply.buttons
    hundredth = pressed(first, 100)
    assert hundredth is not None
    assert hundredth == replace(
        first, slots={**first.slots, "total": "100"}, state=replace(first.state or State(), walk=100)
    )


def test_total_that_is_shown_already_changes_nothing() -> None:
    reply = circle.message(ROOM, CONTENT)
    assert reply is not None
    four = pressed(reply, 4)
    assert four is not None
    assert pressed(four, 4) is None
    assert pressed(four, 3) is None


def test_total_below_a_practice_that_is_gone_changes_nothing() -> None:
    assert circle.joined(State(counter=255), 4, CONTENT) is None


def test_total_never_outgrows_its_button() -> None:
    reply = circle.message(ROOM, CONTENT)
    assert reply is not None
    most = circle.with_total(reply, 2**30)
    assert most.state is not None
    assert most.state.walk == circle.MOST_SHOWN == 2**24 - 1
    assert pressed(most, 2**30) is None


def test_no_total_is_said_before_anyone_took_part() -> None:
    reply = circle.message(ROOM, CONTENT)
    assert reply is not None
    assert circle.with_total(reply, 0) == reply
