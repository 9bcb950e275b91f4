"""Settings of the nudges, typed: one at a time where it was asked for, or all in one line.

Rules that hold here: a text is an answer only where it reads as one; of a line all is done, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from bot.core.choices import echoed
from bot.core.consent import ask_for, say
from bot.core.copies import replace
from bot.core.facts import NudgeChange
from bot.core.gap import DAY
from bot.core.kept import Course, Purpose
from bot.core.lines import Line
from bot.core.matching import plain
from bot.core.model import Action, Content, Decision, Held, Incoming, Reply
from bot.core.panel_buttons import choose_course, stop_them
from bot.core.panel_shown import A_WEEK, COURSES, asking_which, asking_zone, changing, going_on, said_wrong, with_times
from bot.core.schedule import clock_offsets
from bot.core.steps import NUDGE_SETTINGS
from bot.core.times import Wanted

_MINUTES: Final = 24 * 60
_FROM_UTC: Final = re.compile(r"(?:(?:utc|gmt) *)?([+-]) *(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE)
COMMANDS: Final = frozenset({"nudge", "nudges"})


def is_setting(incoming: Incoming, held: Held, content: Content) -> bool:
    """Whether all of a text reads as settings or places, where those are what is meant."""
    if incoming.forwarded or (incoming.command not in COMMANDS and held.asked_nudge is None):
        return False
    times, text = content.times, incoming.words
    if times.time_of(text) or times.days_of(text) is not None or times.span_of(text):
        return True
    wanted = times.line_of(text)
    if replace(wanted, rest=()) == Wanted():
        return bool(wanted.rest) and all(map(content.zones.named, wanted.rest))
    return all(content.zones.named(piece) or _is_slip(piece, content) for piece in wanted.rest)


def _is_slip(piece: str, content: Content) -> bool:
    """Whether it is no word that the bot looks for: beside a time, most likely one that was mistyped."""
    return not any(map(content.knows, plain(piece).split()))


def _typed_time(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    clock = content.times.time_of(incoming.text)
    if clock is None:
        return typed_line(incoming, held, content)
    if clock.minute is None:
        return said_wrong(Line.NUDGE_TIME_WRONG, incoming, held, content)
    return changing(with_times(incoming, minute=clock.minute), incoming, held, content)


def _bare(incoming: Incoming, content: Content) -> int | None:
    """The number that is all of a text, with no sign that it is a time: "8", "eight"."""
    clock = content.times.time_of(incoming.text)
    if clock is None or clock.minute is None or clock.minute % 60 or not clock.typed.isalnum():
        return None
    return clock.minute // 60


def _typed_days(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    days = content.times.days_of(incoming.text)
    if days is None and _bare(incoming, content) is not None:
        return said_wrong(Line.NUDGE_DAYS_WRONG, incoming, held, content)
    if days is None:
        return typed_line(incoming, held, content)
    if not days:
        return said_wrong(Line.NUDGE_DAYS_EMPTY, incoming, held, content)
    return changing(with_times(incoming, days=days), incoming, held, content)


def _typed_quiet(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    quiet = content.times.span_of(incoming.text)
    if quiet is None and content.times.time_of(incoming.text):  # one end alone
        return said_wrong(Line.NUDGE_QUIET_WRONG, incoming, held, content)
    if quiet is None:
        return typed_line(incoming, held, content)
    return changing(with_times(incoming, quiet=quiet), incoming, held, content)


def _typed_course(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    weeks = _bare(incoming, content)
    if weeks is None:
        return typed_line(incoming, held, content)
    if weeks not in {4, 8}:
        return said_wrong(Line.NUDGE_COURSE_ASK, incoming, held, content)
    return choose_course(COURSES.index(_WEEKS[weeks]) + 1, incoming, held, content)


def _typed_zone(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """A place, or what the clock shows. After one of the two, the other narrows it down."""
    offset = _offset(incoming.text)
    if offset is not None:
        return _by_offsets([offset], incoming, held, content)
    clock = content.times.time_of(incoming.text)
    if clock is not None:
        if clock.minute is None:
            return asking_zone(held, Line.NUDGE_ZONE_OTHER)
        return _by_clock(clock.minute, incoming, held, content)
    meaning = content.typed.get(plain(incoming.text))
    if meaning is not None:
        return asking_zone(held) if meaning == "no_place" else None
    named = content.zones.named(incoming.text)
    if not named:
        return None
    fitting = tuple(zone for zone in named if zone in held.zones)
    if held.zones and not fitting and tuple(held.said)[-1:] == (Line.NUDGE_ZONE_COUNTRY,):
        return asking_zone(held, Line.NUDGE_ZONE_OTHER)
    return _zone_of(fitting or named, incoming, held, content)


def _offset(text: str) -> int | None:
    """The minutes from UTC that a text is: "UTC+3", "gmt +5:30", "-3"."""
    found = _FROM_UTC.fullmatch(text.strip().replace("\N{MINUS SIGN}", "-"))
    if found is None:
        return None
    sign, hours, minutes = found.groups()
    return (-1 if sign == "-" else 1) * (int(hours) * 60 + int(minutes or 0))


def _by_clock(minute: int, incoming: Incoming, held: Held, content: Content) -> Decision:
    """Whose clock shows this now? It may have twelve hours. Where too many do, the country decides."""
    halves = {minute, (minute + _MINUTES // 2) % _MINUTES}
    offsets = [offset for half in sorted(halves) for offset in clock_offsets(half, incoming.at)]
    return _by_offsets(offsets, incoming, held, content)


def _by_offsets(offsets: list[int], incoming: Incoming, held: Held, content: Content) -> Decision:
    zones = tuple(zone for offset in offsets for zone in content.zones.with_offset(offset, incoming.at, held.zones))
    if not zones:
        return asking_zone(held, Line.NUDGE_ZONE_OTHER)
    if held.zones or len(zones) == 1:
        return _zone_of(zones, incoming, replace(held, zones=zones), content)
    return say(replace(held, zones=zones), Line.NUDGE_ZONE_COUNTRY)


def _zone_of(zones: tuple[str, ...], incoming: Incoming, held: Held, content: Content) -> Decision:
    if len(zones) > 1:
        return asking_which(zones, held, content)
    return changing(with_times(incoming, zone=zones[0]), incoming, held, content)


def typed_line(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """Several settings at once, or one that was not asked for; only where all of it is read."""
    wanted = content.times.line_of(incoming.text)
    said = replace(wanted, rest=())
    if said in {Wanted(), Wanted(stop=True), Wanted(resume=True)} or not all(map(content.zones.named, wanted.rest)):
        return None
    return line_read(wanted, incoming, held, content)


READERS: Final[Mapping[Action | None, Callable[[Incoming, Held, Content], Decision | None]]] = {
    Action.NUDGE_TIME: _typed_time,
    Action.NUDGE_DAY: _typed_days,
    Action.NUDGE_QUIET: _typed_quiet,
    Action.NUDGE_ZONE: _typed_zone,
    Action.NUDGE_COURSE: _typed_course,
    Action.NUDGE_PANEL: typed_line,
}


# --- One line -------------------------------------------------------------------------------------------------------


_WEEKS: Final[Mapping[int, Course]] = {8: Course.EIGHT_WEEKS, 4: Course.FOUR_WEEKS, 0: Course.OPEN}


def line_read(wanted: Wanted, incoming: Incoming, held: Held, content: Content) -> Decision:
    """All that one line asks for, or none of it where a part was not understood."""
    agreed = Purpose.NUDGES in held.consents
    named = [content.zones.named(piece) for piece in wanted.rest]
    unknown = next((piece for piece, zones in zip(wanted.rest, named, strict=True) if not zones), None)
    if unknown is None and len(named) > 1:
        unknown = wanted.rest[-1]
    if unknown is not None or wanted == Wanted():
        return not_read(unknown or incoming.words, held)
    if wanted.clock is not None and wanted.clock.minute is None:
        return said_wrong(Line.NUDGE_TIME_WRONG, incoming, held, content)
    if wanted.days is not None and not wanted.days:
        return said_wrong(Line.NUDGE_DAYS_EMPTY, incoming, held, content)
    if wanted.stop:
        return stop_them(0, incoming, held, content)
    zones = named[0] if named else ()
    change = _change_of(wanted, zones, incoming)
    if not agreed:
        wished = replace(held, wished=change, zones=zones if len(zones) > 1 else ())
        return ask_for(Purpose.NUDGES, wished)
    if incoming.kept is None:
        return say(held, Line.STORE_FAILED)
    if len(zones) > 1:
        return replace(asking_which(zones, held, content), facts=(change,))
    return changing(change, incoming, held, content)


def _change_of(wanted: Wanted, zones: tuple[str, ...], incoming: Incoming) -> NudgeChange:
    """As a fact. Who chooses a time, days or a place again after a rest wants them to come again."""
    minute = None if wanted.clock is None else wanted.clock.minute
    change = with_times(
        incoming, minute=minute, days=wanted.days, zone=zones[0] if len(zones) == 1 else "", quiet=wanted.quiet
    )
    is_chosen = wanted.clock is not None or wanted.days is not None or len(zones) == 1
    if is_chosen and change.schedule is not None and change.schedule.zone:
        change = going_on(change, incoming)
    return replace(
        change,
        course=None if wanted.weeks is None else _WEEKS[wanted.weeks],
        paused_until=None if wanted.pause is None else incoming.at + (wanted.pause or A_WEEK) * DAY,
        begin=change.begin or wanted.resume,
    )


def not_read(what: str, held: Held) -> Decision:
    """Which part was not understood, in the person's own words, and an example."""
    slots = {"what": echoed(what)}
    return Decision(held, (Reply((Line.NUDGE_LINE_WRONG,), ((NUDGE_SETTINGS,),), slots),))
