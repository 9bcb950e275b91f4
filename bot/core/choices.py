"""What panels offer: times, days and zones, as buttons and as words.

Rules that hold here: a button says what it does by itself, so that a second tap undoes nothing; of what is long, the
first is offered and the rest is typed; nothing here decides.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Final

from bot.core.lines import Filling, Label
from bot.core.model import Action, Button, Content
from bot.core.times import DAY_MINUTES, clock_words

EVERY_DAY: Final = frozenset(range(7))
WEEKDAYS: Final = frozenset(range(5))
WEEKEND: Final = EVERY_DAY - WEEKDAYS
MOST_OFFERED: Final = 8
"""Zones to choose from."""
_QUARTER: Final = 15
_OUT: Final = 16
"""Beside a day: it is taken out."""
_PLACE_BITS: Final = 3
_CHECKS: Final = 31
"""A button for a zone has its place among those offered, and the remainder of its name, lest another list is up."""
_LONGEST_ECHO: Final = 40
"""Signs of what was not understood."""


def in_rows(buttons: Sequence[Button], width: int) -> Iterator[tuple[Button, ...]]:
    """These buttons, so many side by side."""
    yield from (tuple(buttons[at : at + width]) for at in range(0, len(buttons), width))


def echoed(what: str) -> str:
    """The beginning of what someone typed, as it is shown to them alone."""
    shown = " ".join("".join(sign if sign.isprintable() else " " for sign in what).split())
    return shown[:_LONGEST_ECHO]


# --- Times ----------------------------------------------------------------------------------------------------------


def time_buttons(minutes: Sequence[int], label: Label, action: Action) -> list[Button]:
    """One for each of these minutes of the day, quarters of an hour."""
    return [Button(label, action, minute // _QUARTER + 1, words=clock_words(minute)) for minute in minutes]


def minute_at(value: int) -> int | None:
    """The minute of the day that such a button has."""
    minute = (value - 1) * _QUARTER
    return minute if 0 <= minute < DAY_MINUTES else None


def when_words(at: int, zone: tzinfo, place: str, *, dated: bool) -> Filling:
    """A time (seconds since 1970, UTC) as the clocks of a place show it, with the day of the week."""
    due = datetime.fromtimestamp(at, zone)
    day: tuple[Label | str, ...] = (Label(f"weekday_long.{due.weekday()}"),)
    if dated:
        day = (*day, f" {due.day} ", Label(f"month.{due.month}"), ",")
    return (*day, f" {clock_words(due.hour * 60 + due.minute)}, {place}")


# --- Days -----------------------------------------------------------------------------------------------------------


def days_words(days: frozenset[int]) -> Filling:
    """Days of the week (0 Monday) in words."""
    named = {EVERY_DAY: Label.NUDGE_EVERY_DAY, WEEKDAYS: Label.NUDGE_WEEKDAYS, WEEKEND: Label.NUDGE_WEEKEND}
    if days in named:
        return named[days]
    parts = [part for day in sorted(days) for part in (", ", Label(f"weekday.{day}"))]
    return tuple(parts[1:])


def day_buttons(now: frozenset[int], label: Label, action: Action, content: Content) -> list[Button]:
    """One for each day of the week, which puts it in, or out where it is in `now`."""
    on = content.labels[Label.NUDGE_ON]
    names = [content.labels[Label(f"weekday.{day}")] for day in range(7)]
    return [
        Button(label, action, day + _OUT * (day in now), words=f"{name}: {on}" if day in now else name)
        for day, name in enumerate(names)
    ]


def days_with(value: int, now: frozenset[int]) -> frozenset[int] | None:
    """The days after a tap on such a button; None where it has no day."""
    day, is_out = value % _OUT, value >= _OUT
    if day not in EVERY_DAY:
        return None
    return now - {day} if is_out else now | {day}


# --- Zones ----------------------------------------------------------------------------------------------------------


def unlike(zones: Sequence[str], content: Content) -> tuple[str, ...]:
    """The first of those that are called the same."""
    places = {content.zones.place(zone): zone for zone in reversed(zones)}
    return tuple(dict.fromkeys(zone for zone in zones if places[content.zones.place(zone)] == zone))


def zone_buttons(zones: Sequence[str], label: Label, action: Action, content: Content) -> list[Button]:
    """One for each zone, of at most `MOST_OFFERED`."""
    return [
        Button(label, action, _zone_value(place, zone), words=content.zones.place(zone))
        for place, zone in enumerate(zones)
    ]


def zone_at(value: int, zones: Sequence[str]) -> str:
    """The zone of such a button among those that are offered now; "" where it was of another list."""
    place = value - 1 & (1 << _PLACE_BITS) - 1
    zone = zones[place] if value and place < len(zones) else ""
    return zone if zone and value == _zone_value(place, zone) else ""


def _zone_value(place: int, zone: str) -> int:
    return 1 + (place | sum(zone.encode()) % _CHECKS << _PLACE_BITS)
