"""When something is due for a person: local time, zone and days are the truth, and the time in UTC follows from them.

Rules that hold here: exactly one slot for each chosen local day, never in quiet hours, and each later than the one of
the day before; a day that the zone leaves out, or leaves nothing of but quiet hours, has none. A zone is a `tzinfo`
that is handed in, and is asked for nothing but its offset at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, tzinfo
from typing import Final, Protocol

from bot.core.kept import Schedule

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_EPOCH: Final = date(1970, 1, 1).toordinal()
_MINUTES: Final = 24 * 60  # of a day

_WEST: Final = -12 * 60
_EAST: Final = 14 * 60
"""Minutes from UTC of the clocks that are furthest behind and ahead."""

_STEP: Final = 6 * _HOUR
"""Clocks of one zone are never changed twice within this: the tests hold it for every zone from 2020 to 2035."""

_AHEAD: Final = 22
"""Days that are looked at: someone with one day a week has three, should a zone leave out one of them, or two."""

_LEAP: Final = 2
"""Local days by which someone falls back who crosses the date line at its widest."""

QUARTER: Final = 15
"""Minutes: every offset of the present is a multiple of this."""


class Zones(Protocol):
    """What is known of the world's time zones, by their IANA names."""

    @property
    def version(self) -> str:
        """Of the zones' data: times are derived again where it is another than before."""

    def zone(self, name: str) -> tzinfo | None:
        """The zone of this very name."""

    def named(self, text: str) -> tuple[str, ...]:
        """The zones that a text may mean: by an IANA name, a city, or a country; of several, ask which."""

    def of_country(self, code: str) -> tuple[str, ...]:
        """The zones of a country, by its two letters, the most used first as far as it is known."""

    def located(self, latitude: float, longitude: float) -> str | None:
        """The zone of a place, in degrees."""

    def with_offset(self, offset: int, at: int, among: tuple[str, ...] = ()) -> tuple[str, ...]:
        """The zones, of all or of some, whose clocks are this many minutes from UTC at a time."""

    def place(self, zone: str) -> str:
        """What people call a zone: “Lisbon”, “New York”."""


def next_due(schedule: Schedule, zone: tzinfo, after: int, last_day: int = 0) -> int | None:
    """The first slot after a time, on a chosen local day after another; None where there is none.

    `after` and the result are seconds since 1970, UTC. `last_day` is a `date.toordinal`.

    A slot is the first moment of a local day that is not before the chosen minute and not in quiet hours: so one that
    the clocks leave out moves to the first that they show, and one that they show twice is the first of the two. Where
    a day has no such moment, it is the last minute before.
    """
    first = max(local_day(zone, after), last_day + 1)
    for day in range(first, first + _AHEAD):
        if (day - 1) % 7 in schedule.days:
            slot = _slot(schedule, zone, day)
            if slot is not None and slot > after:
                return slot
    return None


def after_move(schedule: Schedule, zone: tzinfo, at: int, last_day: int, owed: int) -> int | None:
    """As `next_due`, for someone who came from another zone at this time, so that no day is lost on the way.

    `owed` is the local day, in the zone that they left, of what was due there; 0 where nothing was. Where it is the day
    that the new zone has, or one before, and the slot of this day is over in the new zone, the next minute of the day
    that is not quiet takes its place.
    """
    day = local_day(zone, at)
    if last_day < day and 0 < owed <= day and (day - 1) % 7 in schedule.days:
        slot = _slot(schedule, zone, day)
        if slot is not None and slot <= at:
            soon = at - at % _MINUTE + _MINUTE
            for start, end, _ in _open(schedule, zone, day):
                if soon < end:
                    return max(start, soon)
    return next_due(schedule, zone, at, last_day)


def local_day(zone: tzinfo, at: int) -> int:
    """The local day at a time, as a `date.toordinal`."""
    return _EPOCH + (at + _offset(zone, at)) // _DAY


def believed(last_day: int, zone: tzinfo, at: int) -> int:
    """A local day on which something came; 0 where it is further ahead than anyone travels: a clock was wrong then."""
    return last_day if last_day <= local_day(zone, at) + _LEAP else 0


def is_quiet(schedule: Schedule, zone: tzinfo, at: int) -> bool:
    """Whether a time lies in the quiet hours, by the clocks of the zone."""
    return _is_within((at + _offset(zone, at)) % _DAY // _MINUTE, schedule)


def in_quiet(schedule: Schedule) -> bool:
    """Whether the chosen minute lies in the quiet hours, so that every slot is another than was chosen."""
    return _is_within(schedule.minute, schedule)


def clock_offsets(minute: int, at: int) -> tuple[int, ...]:
    """How many minutes from UTC a clock may be that shows this minute of the day at a time, and is right to 7 minutes.

    Two, a day apart, where it may be one of those furthest behind, or furthest ahead.
    """
    away = minute + 0.5 - at / _MINUTE
    nearest = round(away / QUARTER) * QUARTER % _MINUTES
    return tuple(offset for offset in (nearest - _MINUTES, nearest) if _WEST <= offset <= _EAST)


def _is_within(minute: int, schedule: Schedule) -> bool:
    """Whether a minute of the day lies in the quiet hours, which may go past midnight."""
    start, end = schedule.quiet_from, schedule.quiet_until
    return start <= minute < end if start <= end else minute >= start or minute < end


def _slot(schedule: Schedule, zone: tzinfo, day: int) -> int | None:
    """The slot of a local day."""
    stretches = tuple(_open(schedule, zone, day))
    wanted = (day - _EPOCH) * _DAY + schedule.minute * _MINUTE
    for start, end, offset in stretches:
        slot = max(start, wanted - offset)
        if slot < end:
            return slot
    latest = max(stretches, key=lambda stretch: (stretch[1] + stretch[2], -stretch[1]), default=None)
    return None if latest is None else latest[1] - _MINUTE


def _open(schedule: Schedule, zone: tzinfo, day: int) -> Iterator[tuple[int, int, int]]:
    """The stretches of a local day that are not quiet, in order: from, until (UTC), and the clocks' offset."""
    midnight = (day - _EPOCH) * _DAY
    quiet, loud = schedule.quiet_from * _MINUTE, schedule.quiet_until * _MINUTE
    if quiet == loud:
        hours: tuple[tuple[int, int], ...] = ((0, _DAY),)
    elif quiet < loud:
        hours = ((0, quiet), (loud, _DAY))
    else:
        hours = ((loud, quiet),)
    for begin, finish, offset in _offsets(zone, midnight - _EAST * _MINUTE - _HOUR, midnight + _DAY - _WEST * _MINUTE):
        for opens, closes in hours:
            start, end = max(begin, midnight + opens - offset), min(finish, midnight + closes - offset)
            if start < end:
                yield start, end, offset


def _offsets(zone: tzinfo, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The stretches of a time between two changes of the clocks: from, until, and their offset in seconds."""
    begin, offset = start, _offset(zone, start)
    for probe in range(start + _STEP, end + _STEP, _STEP):
        after = _offset(zone, probe)
        if after != offset:
            change = _change(zone, probe - _STEP, probe)
            yield begin, change, offset
            begin, offset = change, after
    yield begin, end, offset


def _change(zone: tzinfo, before: int, after: int) -> int:
    """The second at which the offset becomes another, between two times that differ in it."""
    old = _offset(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: tzinfo, at: int) -> int:
    """How far the clocks of a zone are from UTC at a time, in seconds."""
    offset = datetime.fromtimestamp(at, zone).utcoffset()
    return 0 if offset is None else offset.days * _DAY + offset.seconds
