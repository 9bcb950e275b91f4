"""What the panel of the nudges shows and asks, and what a change of someone's would come to.

Rules that hold here: every change is shown, with when the next message comes or why none does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.core.choices import (
    MOST_OFFERED,
    day_buttons,
    days_words,
    in_rows,
    time_buttons,
    unlike,
    when_words,
    zone_buttons,
)
from bot.core.consent import ask_for, say
from bot.core.copies import replace
from bot.core.facts import NudgeChange
from bot.core.kept import Course, Nudging, Purpose, Rest, Schedule
from bot.core.lines import Filling, Label, Line
from bot.core.model import Action, Button, Content, Decision, Held, Incoming, Kind, Reply
from bot.core.nudging import BEGIN, changed
from bot.core.schedule import in_quiet
from bot.core.steps import NUDGE_SETTINGS, Rows
from bot.core.times import clock_words

TIMES: Final = (7 * 60, 8 * 60 + 30, 12 * 60 + 30, 17 * 60 + 30, 19 * 60, 20 * 60 + 30)
"""Minutes of the day that are offered, each a quarter of an hour's: others are typed."""
QUIETS: Final = ((21 * 60, 8 * 60), (22 * 60, 7 * 60), (23 * 60, 9 * 60), (0, 0))
"""Quiet hours that are offered. Equal ends are none."""
A_WEEK: Final = 7
"""Days of a pause, unless the person says another number."""
COURSES: Final = tuple(Course)
ASKS_DAYS: Final = 7
_RESTS: Final[Mapping[Rest, Line]] = {
    Rest.STOPPED: Line.NUDGE_STOPPED,
    Rest.SILENT: Line.NUDGE_RESTS_SILENT,
    Rest.UNREACHED: Line.NUDGE_RESTS_UNREACHED,
    Rest.ENDED: Line.NUDGE_RESTS_ENDED,
}
ASKED: Final[Mapping[Line, Action]] = {
    Line.NUDGE_PANEL: Action.NUDGE_PANEL,
    Line.NUDGE_LINE_WRONG: Action.NUDGE_PANEL,
    Line.NUDGE_TIME_ASK: Action.NUDGE_TIME,
    Line.NUDGE_TIME_WRONG: Action.NUDGE_TIME,
    Line.NUDGE_DAYS_ASK: Action.NUDGE_DAY,
    Line.NUDGE_DAYS_WRONG: Action.NUDGE_DAY,
    Line.NUDGE_DAYS_EMPTY: Action.NUDGE_DAY,
    Line.NUDGE_ZONE_ASK: Action.NUDGE_ZONE,
    Line.NUDGE_ZONE_WRONG: Action.NUDGE_ZONE,
    Line.NUDGE_ZONE_WHICH: Action.NUDGE_ZONE,
    Line.NUDGE_ZONE_COUNTRY: Action.NUDGE_ZONE,
    Line.NUDGE_ZONE_CLOCK: Action.NUDGE_ZONE,
    Line.NUDGE_ZONE_OTHER: Action.NUDGE_ZONE,
    Line.NUDGE_QUIET_ASK: Action.NUDGE_QUIET,
    Line.NUDGE_QUIET_WRONG: Action.NUDGE_QUIET,
    Line.NUDGE_COURSE_ASK: Action.NUDGE_COURSE,
}
"""After one of these a text may be what was asked for."""
HERE: Final = 1
"""The value of a button on the panel itself, which then shows what came of it in its place."""
_BACK: Final = replace(NUDGE_SETTINGS, value=HERE)
STOP: Final = Button(Label.NUDGE_STOP, Action.NUDGE_STOP)
GO_ON: Final = Button(Label.NUDGE_GO_ON, Action.NUDGE_BEGIN)


# --- What is kept, and what would come of a change ------------------------------------------------------------------


def kept_of(incoming: Incoming) -> Nudging:
    """What is kept of someone's nudges, or what holds before anything is."""
    kept = None if incoming.kept is None else incoming.kept.nudging
    return kept or Nudging()


def once_changed(change: NudgeChange, incoming: Incoming, content: Content) -> Nudging:
    """What would be kept after a change."""
    return changed(kept_of(incoming), change, at=incoming.at, zones=content.zones, seed=incoming.seed)


def with_times(
    incoming: Incoming,
    *,
    minute: int | None = None,
    days: frozenset[int] | None = None,
    zone: str = "",
    quiet: tuple[int, int] | None = None,
) -> NudgeChange:
    """The schedule with another time, other days, another zone or other quiet hours. A first zone begins it all."""
    old = kept_of(incoming).schedule
    quiet_from, quiet_until = quiet or (old.quiet_from, old.quiet_until)
    schedule = Schedule(
        old.minute if minute is None else minute, days or old.days, zone or old.zone, quiet_from, quiet_until
    )
    change = NudgeChange(schedule=schedule)
    return going_on(change, incoming) if kept_of(incoming).rest is Rest.NEW and schedule.zone else change


def going_on(change: NudgeChange, incoming: Incoming) -> NudgeChange:
    """The same, which also ends a rest. A pause stays: it may be the one after a card about danger."""
    if kept_of(incoming).rest is Rest.ENDED:
        return replace(change, begin=True)
    return replace(change, rest=Rest.NONE)


def changing(
    change: NudgeChange, incoming: Incoming, held: Held, content: Content, *, in_place: bool = False
) -> Decision:
    """Do it, and show what came of it; where the zone is missing, ask for it next."""
    if incoming.kept is None:
        return say(held, Line.STORE_FAILED)
    now = once_changed(change, incoming, content)
    if in_place:
        return Decision(held, (replace(panel_of(now, incoming.at, content), in_place=True),), (change,))
    if not now.schedule.zone and now.rest is Rest.NEW:
        asks = asking_zone(held)
        return replace(asks, replies=(Reply((Line.NUDGE_SET,)), *asks.replies), facts=(change,))
    if held.asked_nudge is Action.NUDGE_ZONE or incoming.kind is Kind.LOCATION:  # where a keyboard may be open
        replies = (Reply((Line.NUDGE_SET,), closes_keyboard=True), panel_of(now, incoming.at, content))
        return Decision(held, replies, (change,))
    return Decision(held, (panel_of(now, incoming.at, content, Line.NUDGE_SET),), (change,))


# --- The panel ------------------------------------------------------------------------------------------------------


def shown_or_asked(incoming: Incoming, held: Held, content: Content) -> Decision:
    """The panel; before a yes the question for it, and before a zone the question for that."""
    if Purpose.NUDGES not in held.consents:
        return ask_for(Purpose.NUDGES, held)
    if incoming.kept is None:
        return say(held, Line.STORE_FAILED)
    kept = kept_of(incoming)
    if not kept.schedule.zone and kept.rest is Rest.NEW:
        return asking_zone(held)
    return Decision(held, (panel_of(kept, incoming.at, content),))


def panel_of(nudging: Nudging, at: int, content: Content, before: Line | None = None) -> Reply:
    """All that is set, with when the next one comes or why none does, after a word on what was changed (`before`)."""
    schedule = nudging.schedule
    when, slots = when_next(nudging, at, content)
    is_moved = when is Line.NUDGE_NEXT and in_quiet(schedule)
    first = Line.NUDGE_IN_QUIET if is_moved else before
    lines = (*(() if first is None else (first,)), Line.NUDGE_PANEL, when)
    return Reply(
        lines, _rows(nudging, at), {**_settings(schedule, content), **slots, "course": course_label(nudging.course)}
    )


def _settings(schedule: Schedule, content: Content) -> Mapping[str, Filling]:
    place: Filling = content.zones.place(schedule.zone) if schedule.zone else Label.NUDGE_NOWHERE
    return {
        "days": days_words(schedule.days),
        "time": clock_words(schedule.minute),
        "place": place,
        "quiet": _hours((schedule.quiet_from, schedule.quiet_until)),
    }


def course_label(course: Course) -> Label:
    """The name of a course."""
    return Label(f"course.{course}")


def _hours(quiet: tuple[int, int]) -> Filling:
    first, last = quiet
    return Label.NUDGE_NONE if first == last else (f"{clock_words(first)} ", Label.TO, f" {clock_words(last)}")


def when_next(nudging: Nudging, at: int, content: Content) -> tuple[Line, Mapping[str, Filling]]:
    """When the next message comes, or why none does."""
    if nudging.rest in _RESTS:
        return _RESTS[nudging.rest], {}
    zone = content.zones.zone(nudging.schedule.zone)
    if zone is None:
        return Line.NUDGE_NO_ZONE, {}
    if not nudging.due_at:
        return Line.NUDGE_NO_SLOT, {}
    is_paused = nudging.paused_until > at  # the day of the week alone could be another week's
    words = when_words(nudging.due_at, zone, content.zones.place(nudging.schedule.zone), dated=is_paused)
    return (Line.NUDGE_PAUSED if is_paused else Line.NUDGE_NEXT), {"next": words}


def _rows(nudging: Nudging, at: int) -> Rows:
    begins = nudging.rest in _RESTS
    turn = (
        replace(BEGIN, value=HERE)
        if begins
        else replace(GO_ON, value=HERE)
        if nudging.paused_until > at
        else Button(Label.NUDGE_PAUSE, Action.NUDGE_PAUSE, A_WEEK)
    )
    stop = () if begins else ((Button(Label.NUDGE_STOP, Action.NUDGE_STOP, HERE),),)
    return (
        (Button(Label.NUDGE_TIME, Action.NUDGE_TIME), Button(Label.NUDGE_DAYS, Action.NUDGE_DAY, ASKS_DAYS)),
        (Button(Label.NUDGE_ZONE, Action.NUDGE_ZONE), Button(Label.NUDGE_QUIET, Action.NUDGE_QUIET)),
        (Button(Label.NUDGE_COURSE, Action.NUDGE_COURSE), turn),
        *stop,
    )


# --- What it asks ---------------------------------------------------------------------------------------------------


def time_rows() -> Rows:
    """The times that are offered."""
    return (*in_rows(time_buttons(TIMES, Label.NUDGE_TIME, Action.NUDGE_TIME), 3), (_BACK,))


def day_rows(incoming: Incoming, content: Content, days: frozenset[int] | None = None) -> Rows:
    """Each day, and several at once."""
    now = kept_of(incoming).schedule.days if days is None else days
    buttons = day_buttons(now, Label.NUDGE_DAYS, Action.NUDGE_DAY, content)
    presets = (
        Button(Label.NUDGE_WEEKDAYS, Action.NUDGE_DAY, 8),
        Button(Label.NUDGE_EVERY_DAY, Action.NUDGE_DAY, 9),
        Button(Label.NUDGE_WEEKEND, Action.NUDGE_DAY, 10),
    )
    return (*in_rows(buttons, 4), presets, (_BACK,))


def quiet_rows(content: Content) -> Rows:
    """The quiet hours that are offered."""
    buttons = [
        Button(Label.NUDGE_NO_QUIET, Action.NUDGE_QUIET, place)
        if first == last
        else Button(
            Label.NUDGE_QUIET,
            Action.NUDGE_QUIET,
            place,
            words=f"{clock_words(first)} {content.labels[Label.TO]} {clock_words(last)}",
        )
        for place, (first, last) in enumerate(QUIETS, start=1)
    ]
    return (*in_rows(buttons, 2), (_BACK,))


def course_rows() -> Rows:
    """The courses."""
    buttons = [Button(course_label(each), Action.NUDGE_COURSE, place) for place, each in enumerate(COURSES, start=1)]
    return (tuple(buttons[:2]), tuple(buttons[2:]), (_BACK,))


def asking_zone(held: Held, line: Line = Line.NUDGE_ZONE_ASK) -> Decision:
    """The question for the zone, with the keyboard that shares a place."""
    rows = ((Button(Label.SHARE_LOCATION, Action.LOCATE),), (NUDGE_SETTINGS,))
    return say(replace(held, zones=()), line, buttons=rows)


def asking_which(zones: tuple[str, ...], held: Held, content: Content) -> Decision:
    """Which of these? Of many, first what the clock shows there; where that is known, the first of them."""
    offered = unlike(zones, content)
    if len(offered) > MOST_OFFERED and held.zones != zones:
        return say(replace(held, zones=zones), Line.NUDGE_ZONE_CLOCK)
    offered = offered[:MOST_OFFERED]
    buttons = zone_buttons(offered, Label.NUDGE_ZONE, Action.NUDGE_ZONE, content)
    return say(replace(held, zones=offered), Line.NUDGE_ZONE_WHICH, buttons=tuple(in_rows(buttons, 2)))


def said_wrong(line: Line, incoming: Incoming, held: Held, content: Content) -> Decision:
    """What was wrong, and an example, with the same buttons once more."""
    match ASKED[line]:
        case Action.NUDGE_TIME:
            return say(held, line, buttons=time_rows())
        case Action.NUDGE_DAY:
            return say(held, line, buttons=day_rows(incoming, content))
        case Action.NUDGE_QUIET:
            return say(held, line, buttons=quiet_rows(content))
        case Action.NUDGE_COURSE:
            return say(held, line, buttons=course_rows())
        case _:
            return asking_zone(held, line)
