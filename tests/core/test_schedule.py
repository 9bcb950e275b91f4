from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.kept import Schedule
from bot.core.schedule import after_move, clock_offsets, in_quiet, is_quiet, local_day, next_due
from tests.core.clocks import BEHAVIOURS, FIRST, LAST, NAMES, Change, changes, zone

DAY = 86400
EVERY_DAY = frozenset(range(7))
LONDON = zone("Europe/London")
ANY_TIME = Schedule(days=EVERY_DAY, quiet_from=0, quiet_until=0)

zones = st.sampled_from(sorted(BEHAVIOURS.values())).map(zone)
minutes = st.integers(0, 1439)
schedules = st.builds(
    Schedule,
    minute=minutes,
    days=st.frozensets(st.integers(0, 6), min_size=1),
    quiet_from=st.one_of(st.just(0), minutes),
    quiet_until=st.one_of(st.just(0), minutes),
)
times = st.one_of(
    st.integers(FIRST, LAST),
    st.builds(
        lambda at, away: at + away,
        st.sampled_from(sorted({each.at for _, several in BEHAVIOURS for each in several})),
        st.integers(-2 * DAY, 2 * DAY),
    ),
)


# --- What a local day is, minute by minute ---------------------------------------------------------------------


def shown(at: int, zone: tzinfo) -> tuple[int, int]:
    """The local day and its minute."""
    local = datetime.fromtimestamp(at, zone)
    return local.toordinal(), local.hour * 60 + local.minute


def quiet_minutes(schedule: Schedule) -> frozenset[int]:
    minute, found = schedule.quiet_from, set()
    while minute != schedule.quiet_until:
        found.add(minute)
        minute = (minute + 1) % 1440
    return frozenset(found)


def pick(walked: list[tuple[int, int]], schedule: Schedule) -> int | None:
    """The slot of a day, of which every minute (as shown, and its time) is given in the order of time."""
    quiet = quiet_minutes(schedule)
    loud = [(minute, at) for minute, at in walked if minute not in quiet]
    for minute, at in loud:
        if minute >= schedule.minute:
            return at
    last = max((minute for minute, _ in loud), default=None)
    return next((at for minute, at in loud if minute == last), None)


@cache
def walked_around(second: int, before: int, after: int) -> Mapping[int, list[tuple[int, int]]]:
    """The days around a change at a second of 1970-01-11, by their distance from that day."""
    change, days = 10 * DAY + second, defaultdict(list)
    for at in range(7 * DAY, 14 * DAY, 60):
        local = at + (before if at < change else after)
        days[local // DAY - 10].append((local % DAY // 60, at - 10 * DAY))
    return days


@cache
def expected(second: int, before: int, after: int, schedule: Schedule) -> Mapping[int, int | None]:
    days = walked_around(second, before, after)
    return {day: pick(days[day], schedule) for day in (-2, -1, 0, 1)}


def awkward(change: Change) -> Iterator[Schedule]:
    """Schedules that meet a change: in what it leaves out or shows twice, at its edges, and at those of the day."""
    first, second = sorted((change.at + offset) % DAY // 60 for offset in (change.before, change.after))
    edges = {0, 510, 1439, first - 1, first, first + 30, second - 1, second, second + 1}
    for quiet in ((0, 0), (21 * 60, 8 * 60)):
        yield from (Schedule(minute % 1440, EVERY_DAY, "", *quiet) for minute in sorted(edges))
    for start, end in ((first + 15, first + 45), (second, first), (first, second + 5)):
        for minute in (first + 30, second):
            yield Schedule(minute % 1440, EVERY_DAY, "", start % 1440, end % 1440)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "names" in metafunc.fixturenames:
        sets = {"behaviours": sorted(BEHAVIOURS.values())}
        if metafunc.config.getoption("long"):
            sets["all"] = list(NAMES)
        metafunc.parametrize("names", sets.values(), ids=sets.keys())


def test_every_zone_behaves_as_one_of_those_that_are_looked_at() -> None:
    assert len(NAMES) > 590
    assert {changes(name) for name in NAMES} == set(BEHAVIOURS)
    assert sum(len(several) for _, several in BEHAVIOURS) > 1000


def test_clocks_are_never_changed_twice_within_a_day() -> None:
    for _, several in BEHAVIOURS:
        assert all(later.at - earlier.at > DAY for earlier, later in pairwise(several))


def test_slots_are_those_of_a_walk_minute_by_minute_around_every_change(names: list[str]) -> None:
    for name in names:
        for change in changes(name)[1]:
            today, second = divmod(change.at, DAY)
            for schedule in awkward(change):
                slots = expected(second, change.before, change.after, schedule)
                wanted = [at + today * DAY for _, at in sorted(slots.items()) if at is not None]
                found: list[int] = []
                after = wanted[0] - 1
                while len(found) < len(wanted):
                    after = next_due(schedule, zone(name), after) or 0
                    found.append(after)
                assert found == wanted, (name, change, schedule)


@pytest.mark.parametrize(("quiet_from", "quiet_until"), [(9 * 60, 17 * 60), (22 * 60, 7 * 60)])
def test_quiet_hours_begin_with_their_first_minute_and_end_before_their_last(quiet_from: int, quiet_until: int) -> None:
    quiet = Schedule(quiet_from=quiet_from, quiet_until=quiet_until)
    edges = (quiet_from - 1, quiet_from, quiet_until - 1, quiet_until)
    assert [is_quiet(quiet, UTC, 60 * minute) for minute in edges] == [False, True, True, False]
    assert [in_quiet(replace(quiet, minute=minute)) for minute in edges] == [False, True, True, False]


@given(schedules, zones, times)
def test_slots_are_those_of_a_walk_minute_by_minute_anywhere(schedule: Schedule, zone: tzinfo, after: int) -> None:
    days = defaultdict(list)
    start = after - after % 60
    for at in range(start - 50 * 3600, start + 26 * 3600, 60):
        day, minute = shown(at, zone)
        days[day].append((minute, at))
    today = shown(after, zone)[0]
    for day in (today - 1, today):
        wanted = pick(days[day], schedule)
        due = next_due(replace(schedule, days=EVERY_DAY), zone, days[day][0][1] - 1, day - 1)
        assert due is not None
        assert due == wanted or (wanted is None and shown(due, zone)[0] == day + 1)


# --- What holds for any schedule, in any zone ------------------------------------------------------------------


def chosen(schedule: Schedule, first: int, last: int) -> list[int]:
    return [day for day in range(first, last + 1) if (day - 1) % 7 in schedule.days]


def left_out_at_most_one(days: set[int], schedule: Schedule) -> None:
    """A change of the clocks may leave nothing of a day but quiet hours, where there is little else of them."""
    assert not days or (len(days) == 1 and len(quiet_minutes(schedule)) >= 1440 - 60)


@given(schedules, zones, times)
def test_each_chosen_day_has_one_slot_that_is_not_quiet_and_each_is_later(
    schedule: Schedule, zone: tzinfo, start: int
) -> None:
    after, days = start, [shown(start, zone)[0]]
    while after < start + 60 * DAY:
        due = next_due(schedule, zone, after)
        assert due is not None
        assert due > after
        assert not is_quiet(schedule, zone, due)
        days.append(shown(due, zone)[0])
        after = due
    wanted = chosen(schedule, days[0] + 1, days[-1])
    left_out_at_most_one(set(wanted) - set(days), schedule)
    assert [day for day in days[1:] if day > days[0]] == [day for day in wanted if day in days]


@given(schedules, zones, times, st.lists(st.one_of(st.integers(-3 * DAY, 10 * DAY), st.integers(-3600, 7200))))
def test_a_clock_that_jumps_serves_no_day_twice_and_then_each_day_again(
    schedule: Schedule, zone: tzinfo, now: int, jumps: list[int]
) -> None:
    served, due = [0], next_due(schedule, zone, now) or 0
    for jump in jumps:
        now += jump
        if now >= due:
            served.append(shown(due, zone)[0])
            later = next_due(schedule, zone, now, served[-1]) or 0
            assert later > due
            due = later
    steady = max(now, due)
    first = shown(steady, zone)[0] + 1
    while steady < now + 15 * DAY:
        served.append(shown(due, zone)[0])
        steady = due = next_due(schedule, zone, steady, served[-1]) or 0
    assert all(earlier < later for earlier, later in pairwise(served))
    left_out_at_most_one(set(chosen(schedule, first, served[-1])) - set(served), schedule)


@given(schedules, times, st.lists(st.tuples(st.integers(1, 3 * DAY), zones), min_size=1, max_size=5))
def test_someone_who_moves_gets_each_day_that_they_come_to_once(
    schedule: Schedule, now: int, stays: list[tuple[int, tzinfo]]
) -> None:
    quiet, where = quiet_minutes(schedule), stays[0][1]
    given_up: set[int] = set()
    served, due = [shown(now, where)[0]], next_due(schedule, where, now, shown(now, where)[0]) or 0
    for stay, to in (*stays, (4 * DAY, LONDON)):
        owed, today = local_day(where, due), shown(now, to)[0]
        due = after_move(schedule, to, now, served[-1], owed) or 0
        before, where, leaves = served[-1], to, now + stay
        given_up.update(range(owed, today))  # the new zone is past them
        soon = range(now - now % 60 + 60, now + 26 * 3600, 60)
        if all(day != today or minute in quiet for day, minute in (shown(at, to) for at in soon)):
            given_up.add(today)  # there is nothing left of it but quiet hours
        while due < leaves:
            assert not is_quiet(schedule, where, due)
            served.append(shown(due, where)[0])
            due = next_due(schedule, where, due, served[-1]) or 0
        seen = [shown(at, where) for at in range(now - now % 60 + 60, leaves, 600)]
        came_to = {day for day, minute in seen if minute >= schedule.minute and minute not in quiet and day > before}
        assert came_to & set(chosen(schedule, before, max(came_to, default=0))) <= given_up | set(served)
        now = leaves
    assert all(earlier < later for earlier, later in pairwise(served))


# --- One by one ------------------------------------------------------------------------------------------------


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("name", "minute", "after", "due"),
    [
        pytest.param("Europe/London", 510, "2026-11-23T08:00", "2026-11-23T08:30", id="today"),
        pytest.param("Europe/London", 510, "2026-11-23T08:30", "2026-11-24T08:30", id="after"),
        pytest.param("Europe/London", 90, "2026-03-28T12:00", "2026-03-29T01:00", id="left-out"),
        pytest.param("Europe/London", 90, "2026-10-24T12:00", "2026-10-25T00:30", id="twice"),
        pytest.param("Europe/London", 90, "2026-10-25T00:30", "2026-10-26T01:30", id="not-the-second"),
        pytest.param("America/Nuuk", 1410, "2026-03-28T12:00", "2026-03-29T00:59", id="end-of-day-left-out"),
        pytest.param("America/Nuuk", 0, "2026-03-28T12:00", "2026-03-29T01:00", id="midnight-left-out"),
        pytest.param("America/Nuuk", 1410, "2026-10-24T12:00", "2026-10-25T00:30", id="end-of-day-twice"),
        pytest.param("Australia/Lord_Howe", 135, "2026-10-03T10:00", "2026-10-03T15:30", id="half-an-hour-left-out"),
        pytest.param("Asia/Kathmandu", 510, "2026-11-23T00:00", "2026-11-23T02:45", id="quarters"),
    ],
)
def test_next_due_is_the_first_moment_that_the_clocks_show(name: str, minute: int, after: str, due: str) -> None:
    assert next_due(replace(ANY_TIME, minute=minute), zone(name), utc(after)) == utc(due)


@pytest.mark.parametrize(
    ("quiet_from", "quiet_until", "minute", "due"),
    [
        pytest.param(1260, 480, 420, "2026-11-23T08:00", id="before-they-end"),
        pytest.param(1260, 480, 1260, "2026-11-23T20:59", id="evening-of-the-same-day"),
        pytest.param(1260, 480, 1259, "2026-11-23T20:59", id="just-before"),
        pytest.param(600, 720, 660, "2026-11-23T12:00", id="within-the-day"),
        pytest.param(60, 60, 60, "2026-11-23T01:00", id="none"),
        pytest.param(1, 0, 720, "2026-11-23T00:00", id="all-but-a-minute"),
    ],
)
def test_next_due_is_moved_out_of_quiet_hours_within_its_day(
    quiet_from: int, quiet_until: int, minute: int, due: str
) -> None:
    schedule = Schedule(minute, EVERY_DAY, "", quiet_from, quiet_until)
    assert next_due(schedule, LONDON, utc("2026-11-22T23:59")) == utc(due)
    assert in_quiet(schedule) is (minute != 1259 and quiet_from != quiet_until)


def test_next_due_is_on_chosen_days_after_the_last() -> None:
    monday = utc("2026-11-23T00:00")
    last = datetime(2026, 11, 25, tzinfo=UTC).toordinal()
    assert next_due(Schedule(), LONDON, monday, last - 1) == utc("2026-11-25T08:30")
    assert next_due(Schedule(), LONDON, monday, last) == utc("2026-11-27T08:30")
    assert next_due(Schedule(days=frozenset({2})), LONDON, monday, last) == utc("2026-12-02T08:30")


def test_next_due_is_none_without_days() -> None:
    assert next_due(Schedule(days=frozenset()), LONDON, utc("2026-11-23T00:00")) is None


def test_a_day_that_is_left_with_nothing_but_quiet_hours_is_passed_over() -> None:
    sundays = Schedule(minute=90, days=frozenset({6}), quiet_from=120, quiet_until=60)
    assert next_due(sundays, LONDON, utc("2026-03-23T00:00")) == utc("2026-04-05T00:30")


def test_local_day_is_that_of_the_zone() -> None:
    at = utc("2026-11-23T11:00")
    monday = datetime(2026, 11, 23, tzinfo=UTC).toordinal()
    assert local_day(zone("Pacific/Kiritimati"), at) == monday + 1
    assert local_day(LONDON, at) == monday
    assert local_day(zone("Pacific/Pago_Pago"), at - 1) == monday - 1


@pytest.mark.parametrize(
    ("left", "to", "at", "due"),
    [
        # Monday's was had in Tokyo: Los Angeles, where it is still Monday's morning, brings none.
        pytest.param("Asia/Tokyo", "America/Los_Angeles", "2026-11-23T12:00", "2026-11-24T16:30", id="west"),
        # Tuesday's was to come in Los Angeles, and is over in Tokyo.
        pytest.param("America/Los_Angeles", "Asia/Tokyo", "2026-11-24T03:00", "2026-11-24T03:01", id="east"),
        pytest.param("America/Los_Angeles", "Asia/Tokyo", "2026-11-23T20:00", "2026-11-23T23:30", id="east-by-night"),
        # It is quiet in Tokyo for the rest of Tuesday.
        pytest.param("America/Los_Angeles", "Asia/Tokyo", "2026-11-24T12:30", "2026-11-24T23:30", id="east-late"),
    ],
)
def test_after_move_no_day_comes_twice_and_none_is_lost(left: str, to: str, at: str, due: str) -> None:
    schedule, now = Schedule(days=EVERY_DAY), utc(at)
    began = utc("2026-11-22T12:00")
    pending, last_day = began, 0
    while pending <= now:
        pending = next_due(schedule, zone(left), pending, last_day) or 0
        last_day = local_day(zone(left), pending) if pending <= now else last_day
    assert after_move(schedule, zone(to), now, last_day, local_day(zone(left), pending)) == utc(due)


def test_after_move_brings_nothing_at_once_where_nothing_was_due() -> None:
    now = utc("2026-11-24T03:00")
    assert after_move(Schedule(days=EVERY_DAY), zone("Asia/Tokyo"), now, 0, 0) == utc("2026-11-24T23:30")


@pytest.mark.parametrize(
    ("shown", "at", "offsets"),
    [
        pytest.param(510, "2026-11-23T08:30:40", (0,), id="utc"),
        pytest.param(510, "2026-11-23T08:36", (0,), id="six-minutes-slow"),
        pytest.param(510, "2026-11-23T08:24", (0,), id="six-minutes-fast"),
        pytest.param(5, "2026-11-22T18:20", (345,), id="over-midnight"),
        pytest.param(0, "2026-11-23T12:00", (-720, 720), id="half-a-day"),
        pytest.param(120, "2026-11-23T12:00", (-600, 840), id="furthest-ahead"),
        pytest.param(180, "2026-11-23T12:00", (-540,), id="further-than-any"),
    ],
)
def test_clock_offsets_are_those_that_a_clock_may_have(shown: int, at: str, offsets: tuple[int, ...]) -> None:
    assert clock_offsets(shown, utc(at)) == offsets


@given(zones, times, st.integers(-419, 419))
def test_clock_offsets_hold_that_of_any_zone(zone: tzinfo, at: int, wrong_by: int) -> None:
    offset = datetime.fromtimestamp(at, zone).utcoffset()
    assert offset is not None
    seconds = int(offset.total_seconds())
    assert seconds // 60 in clock_offsets((at + seconds + wrong_by) % DAY // 60, at)
