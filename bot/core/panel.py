"""What people choose and answer about nudges: the panel, what it asks, one line for all of it, and three answers.

Rules that hold here: without a yes nothing is held but for this talk; every change is shown, with when the next message
comes or why none does, and can be undone; a text is an answer only where it reads as one, and any other goes on to be
noticed as ever; nothing that is said of an answer counts, praises or blames.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from bot.core.cards import emergency_first, in_emergency
from bot.core.choices import (
    EVERY_DAY,
    MOST_OFFERED,
    WEEKDAYS,
    WEEKEND,
    day_buttons,
    days_with,
    days_words,
    echoed,
    in_rows,
    minute_at,
    time_buttons,
    unlike,
    when_words,
    zone_at,
    zone_buttons,
)
from bot.core.consent import ask_for, say
from bot.core.facts import Consented, Fact, NudgeChange, Tap
from bot.core.gap import DAY
from bot.core.kept import Course, Nudging, Purpose, Rest, Schedule
from bot.core.lines import Filling, Label, Line
from bot.core.matching import plain
from bot.core.model import Action, Button, Content, Decision, Held, Incoming, Kind, Opened, Reply
from bot.core.nudging import ASKED_AFTER, BEGIN, changed
from bot.core.schedule import clock_offsets, in_quiet
from bot.core.sequence import WALKING
from bot.core.state import Step
from bot.core.steps import NUDGE_SETTINGS, URGENT_HELP, Rows
from bot.core.times import Wanted, clock_words

TIMES: Final = (7 * 60, 8 * 60 + 30, 12 * 60 + 30, 17 * 60 + 30, 19 * 60, 20 * 60 + 30)
"""Minutes of the day that are offered, each a quarter of an hour's: others are typed."""
QUIETS: Final = ((21 * 60, 8 * 60), (22 * 60, 7 * 60), (23 * 60, 9 * 60), (0, 0))
"""Quiet hours that are offered. Equal ends are none."""
A_WEEK: Final = 7
"""Days of a pause, unless the person says another number."""
COURSES: Final = tuple(Course)
_PRESETS: Final = {8: WEEKDAYS, 9: EVERY_DAY, 10: WEEKEND}
"""Of NUDGE_DAY, beside the days themselves."""
_ASKS_DAYS: Final = 7
_MOST_WORDS: Final = 4
"""Of an answer that could not be read, to be told so. A longer text may be about anything."""
_MINUTES: Final = 24 * 60
_FROM_UTC: Final = re.compile(r"(?:(?:utc|gmt) *)?([+-]) *(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE)
COMMANDS: Final = frozenset({"nudge", "nudges"})
_ANCHORS: Final = (Line.ANCHOR_TOUCH, Line.ANCHOR_SIGHT, Line.ANCHOR_HANDS)

_RESTS: Final[Mapping[Rest, Line]] = {
    Rest.STOPPED: Line.NUDGE_STOPPED,
    Rest.SILENT: Line.NUDGE_RESTS_SILENT,
    Rest.UNREACHED: Line.NUDGE_RESTS_UNREACHED,
    Rest.ENDED: Line.NUDGE_RESTS_ENDED,
}
_ASKED: Final[Mapping[Line, Action]] = {
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
_WRONG: Final[Mapping[Action, Line]] = {
    Action.NUDGE_TIME: Line.NUDGE_TIME_WRONG,
    Action.NUDGE_DAY: Line.NUDGE_DAYS_WRONG,
    Action.NUDGE_ZONE: Line.NUDGE_ZONE_WRONG,
    Action.NUDGE_QUIET: Line.NUDGE_QUIET_WRONG,
    Action.NUDGE_COURSE: Line.NUDGE_COURSE_ASK,
}
_TAPS: Final[Mapping[Action, Tap]] = {
    Action.NUDGE_DID: Tap.DID,
    Action.NUDGE_NOT_TODAY: Tap.NOT_TODAY,
    Action.NUDGE_HARDER: Tap.HARDER,
}
_OF_A_MESSAGE: Final = frozenset({*_TAPS, Action.NUDGE_PANEL, Action.NUDGE_BEGIN, Action.NUDGE_FEWER})
"""The buttons below what the clock sends: a text that replies to one of these messages answers it."""

_HERE: Final = 1
"""The value of a button on the panel itself, which then shows what came of it in its place."""
_BACK: Final = replace(NUDGE_SETTINGS, value=_HERE)
_STOP: Final = Button(Label.NUDGE_STOP, Action.NUDGE_STOP)
_GO_ON: Final = Button(Label.NUDGE_GO_ON, Action.NUDGE_BEGIN)


# --- The rooms ----------------------------------------------------------------------------------------------------


def nudge(incoming: Incoming, held: Held, content: Content) -> Decision:
    """/nudge: the panel, or what its line asks for; from someone who has not said yes, the question first."""
    if in_emergency(held):
        return Decision(held, emergency_first(held.state))
    if held.state.minor:
        return say(held, Line.CONSENT_UNDER_16)
    wanted = content.times.line_of(incoming.words)
    if not incoming.words.strip():
        return _shown_or_asked(incoming, held, content)
    button = _button_of(plain(incoming.words), replace(held, asked_nudge=Action.NUDGE_PANEL), content)
    if button is not None:
        return _TAPPED[button.action](button.value, incoming, held, content)
    return _line(wanted, incoming, held, content)


def tapped(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """A button that is about nudges; None for any other."""
    match incoming.pressed:
        case Opened(action=action, value=value) if action in _TAPPED:
            return _TAPPED[action](value, incoming, held, content)
        case _:
            return None


def located(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """A place that was shared, from someone who agreed to nudges: its time zone alone is held."""
    if incoming.location is None or Purpose.NUDGES not in held.consents or in_emergency(held):
        return None
    zone = content.zones.located(*incoming.location)
    if zone is None:
        return _asks_zone(held, Line.NUDGE_ZONE_WRONG)
    return _set(_with(incoming, zone=zone), incoming, held, content)


def typed(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """What a text answers: what the panel asked for, or a nudge. None where it reads as neither."""
    if held.state.step is Step.DANGER_ASK or in_emergency(held):
        return None
    if content.typed.get(plain(incoming.words)) == "nudges":
        return nudge(replace(incoming, text="", earlier=()), held, content)
    if Purpose.NUDGES not in held.consents:  # a line that was put right, before the yes
        return None if held.asked_nudge is None or held.state.minor else _typed_line(incoming, held, content)
    words = plain(incoming.words)
    button = _button_of(words, held, content)
    if button is not None:
        return _TAPPED[button.action](button.value, incoming, held, content)
    in_a_walk = held.state.step in WALKING and held.asked_nudge is Action.NUDGE_PANEL  # a number answers the walk
    reader = None if in_a_walk else _READERS.get(held.asked_nudge)
    answered = None if reader is None else reader(incoming, held, content)
    return answered or _to_a_nudge(words, incoming, held, content)


def unread(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """A few words where the panel has just asked for something: what is wrong with them, and an example."""
    if held.asked_nudge is None or in_emergency(held) or plain(incoming.words) in content.typed:
        return None
    line = _WRONG.get(held.asked_nudge)
    if line is not None and len(incoming.words.split()) <= _MOST_WORDS:
        return _wrong(line, incoming, held, content)
    wanted = content.times.line_of(incoming.words)
    is_setting_too = replace(wanted, rest=()) not in {Wanted(), Wanted(stop=True), Wanted(resume=True)}
    return _not_read(wanted.rest[0], held) if is_setting_too and wanted.rest else None


def replied(incoming: Incoming, held: Held) -> Decision | None:
    """Words that reply to a nudge and are about nothing else: they were read, and that is enough."""
    if not _replies(incoming) or in_emergency(held):
        return None
    return say(held, Line.NUDGE_READ, buttons=((NUDGE_SETTINGS, URGENT_HELP),))


def stopped(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """Words that can mean nudges alone, or a plain stop where it answers one or the panel: they stop at once."""
    kept = _kept(incoming)
    if Purpose.NUDGES not in held.consents or kept.rest is not Rest.NONE:
        return None
    means_them = incoming.kind is Kind.TEXT and content.typed.get(plain(incoming.words)) == "no_more"
    names_them = means_them and held.state.step is not Step.DANGER_ASK
    is_about_them = kept.awaiting or held.asked_nudge is not None or _replies(incoming)
    is_beside = held.state.step in {Step.IDLE, Step.CLOSE} and is_about_them
    if not names_them and not (is_beside and _is_stop(incoming, content)):
        return None
    return _stop(0, incoming, held, content)


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


# --- What every decision may have beside ----------------------------------------------------------------------------


def with_nudges(decision: Decision, incoming: Incoming, content: Content) -> Decision:
    """The same with what comes after a yes, with how to stop nudges too, and with what a text in reply has answered."""
    decision = _after_a_yes(decision, incoming, content)
    agreed = Purpose.NUDGES in decision.held.consents
    if agreed and _replies(incoming) and not any(isinstance(fact, NudgeChange) for fact in decision.facts):
        decision = replace(decision, facts=(*decision.facts, NudgeChange(tap=Tap.OTHER)))
    may_come = incoming.kept is None or _kept(incoming).rest is Rest.NONE
    if agreed and decision.replies and may_come:
        decision = replace(decision, replies=tuple(map(_with_how, decision.replies)))
    if agreed and incoming.command == "start" and _kept(incoming).rest is Rest.UNREACHED:
        back = Reply((Line.NUDGE_BACK,), ((NUDGE_SETTINGS,),))
        facts = (*decision.facts, _going(NudgeChange(), incoming))
        decision = replace(decision, replies=(*decision.replies, back), facts=facts)
    return _awaiting(decision)


def _with_how(reply: Reply) -> Reply:
    stops = reply.keys[-1] in {Line.STOPPED, Line.NOTHING_TO_STOP}
    if not stops:
        return reply
    return replace(reply, keys=(*reply.keys, Line.NUDGE_STOP_HOW), buttons=(*reply.buttons, (_STOP,)))


def _after_a_yes(decision: Decision, incoming: Incoming, content: Content) -> Decision:
    """What is missing is asked for at once, or all is shown that comes of what was wished before."""
    if Consented(Purpose.NUDGES) not in decision.facts:
        return decision
    held = replace(decision.held, wished=None)
    wished = decision.held.wished or NudgeChange()
    now = _changed(wished, incoming, content)
    facts: tuple[Fact, ...] = () if wished == NudgeChange() else (wished,)
    if now.schedule.zone:
        change = _going(wished, incoming)
        after = Decision(held, (_panel(_changed(change, incoming, content), incoming.at, content),), (change,))
    elif held.zones:
        after = replace(_which(held.zones, held, content), facts=facts)
    else:
        after = replace(_asks_zone(held), facts=facts)
    return Decision(after.held, (*decision.replies, *after.replies), (*decision.facts, *after.facts))


def _awaiting(decision: Decision) -> Decision:
    """The same, with what may be typed next. Where nothing is asked for any more, what was offered is let go."""
    held = decision.held
    if not decision.replies:
        return decision
    asked = [_ASKED[line] for reply in decision.replies for line in reply.keys if line in _ASKED]
    wished = held.wished if held.asked is Purpose.NUDGES else None
    are_offered = (asked and asked[-1] is Action.NUDGE_ZONE) or decision.replies[-1].keys == (Line.ROOM_ZONE_WHICH,)
    zones = held.zones if wished or are_offered else ()
    now = replace(held, asked_nudge=asked[-1] if asked else None, wished=wished, zones=zones)
    return decision if now == held else replace(decision, held=now)


# --- What is kept, and what would come of a change ------------------------------------------------------------------


def _kept(incoming: Incoming) -> Nudging:
    kept = None if incoming.kept is None else incoming.kept.nudging
    return kept or Nudging()


def _changed(change: NudgeChange, incoming: Incoming, content: Content) -> Nudging:
    return changed(_kept(incoming), change, at=incoming.at, zones=content.zones, seed=incoming.seed)


def _with(
    incoming: Incoming,
    *,
    minute: int | None = None,
    days: frozenset[int] | None = None,
    zone: str = "",
    quiet: tuple[int, int] | None = None,
) -> NudgeChange:
    """The schedule with another time, other days, another zone or other quiet hours. A first zone begins it all."""
    old = _kept(incoming).schedule
    quiet_from, quiet_until = quiet or (old.quiet_from, old.quiet_until)
    schedule = Schedule(
        old.minute if minute is None else minute, days or old.days, zone or old.zone, quiet_from, quiet_until
    )
    change = NudgeChange(schedule=schedule)
    return _going(change, incoming) if _kept(incoming).rest is Rest.NEW and schedule.zone else change


def _going(change: NudgeChange, incoming: Incoming) -> NudgeChange:
    """The same, which also ends a rest. A pause stays: it may be the one after a card about danger."""
    if _kept(incoming).rest is Rest.ENDED:
        return replace(change, begin=True)
    return replace(change, rest=Rest.NONE)


def _set(change: NudgeChange, incoming: Incoming, held: Held, content: Content, *, in_place: bool = False) -> Decision:
    """Do it, and show what came of it; where the zone is missing, ask for it next."""
    if incoming.kept is None:
        return say(held, Line.STORE_FAILED)
    now = _changed(change, incoming, content)
    if in_place:
        return Decision(held, (replace(_panel(now, incoming.at, content), in_place=True),), (change,))
    if not now.schedule.zone and now.rest is Rest.NEW:
        asks = _asks_zone(held)
        return replace(asks, replies=(Reply((Line.NUDGE_SET,)), *asks.replies), facts=(change,))
    if held.asked_nudge is Action.NUDGE_ZONE or incoming.kind is Kind.LOCATION:  # where a keyboard may be open
        replies = (Reply((Line.NUDGE_SET,), closes_keyboard=True), _panel(now, incoming.at, content))
        return Decision(held, replies, (change,))
    return Decision(held, (_panel(now, incoming.at, content, Line.NUDGE_SET),), (change,))


# --- The panel ------------------------------------------------------------------------------------------------------


def _shown_or_asked(incoming: Incoming, held: Held, content: Content) -> Decision:
    if Purpose.NUDGES not in held.consents:
        return ask_for(Purpose.NUDGES, held)
    if incoming.kept is None:
        return say(held, Line.STORE_FAILED)
    kept = _kept(incoming)
    if not kept.schedule.zone and kept.rest is Rest.NEW:
        return _asks_zone(held)
    return Decision(held, (_panel(kept, incoming.at, content),))


def _panel(nudging: Nudging, at: int, content: Content, before: Line | None = None) -> Reply:
    """All that is set, with when the next one comes or why none does, after a word on what was changed (`before`)."""
    schedule = nudging.schedule
    when, slots = _when(nudging, at, content)
    is_moved = when is Line.NUDGE_NEXT and in_quiet(schedule)
    first = Line.NUDGE_IN_QUIET if is_moved else before
    lines = (*(() if first is None else (first,)), Line.NUDGE_PANEL, when)
    return Reply(
        lines, _rows(nudging, at), {**_settings(schedule, content), **slots, "course": _course(nudging.course)}
    )


def _settings(schedule: Schedule, content: Content) -> Mapping[str, Filling]:
    place: Filling = content.zones.place(schedule.zone) if schedule.zone else Label.NUDGE_NOWHERE
    return {
        "days": days_words(schedule.days),
        "time": clock_words(schedule.minute),
        "place": place,
        "quiet": _hours((schedule.quiet_from, schedule.quiet_until)),
    }


def _course(course: Course) -> Label:
    return Label(f"course.{course}")


def _hours(quiet: tuple[int, int]) -> Filling:
    first, last = quiet
    return Label.NUDGE_NONE if first == last else (f"{clock_words(first)} ", Label.TO, f" {clock_words(last)}")


def _when(nudging: Nudging, at: int, content: Content) -> tuple[Line, Mapping[str, Filling]]:
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
        replace(BEGIN, value=_HERE)
        if begins
        else replace(_GO_ON, value=_HERE)
        if nudging.paused_until > at
        else Button(Label.NUDGE_PAUSE, Action.NUDGE_PAUSE, A_WEEK)
    )
    stop = () if begins else ((Button(Label.NUDGE_STOP, Action.NUDGE_STOP, _HERE),),)
    return (
        (Button(Label.NUDGE_TIME, Action.NUDGE_TIME), Button(Label.NUDGE_DAYS, Action.NUDGE_DAY, _ASKS_DAYS)),
        (Button(Label.NUDGE_ZONE, Action.NUDGE_ZONE), Button(Label.NUDGE_QUIET, Action.NUDGE_QUIET)),
        (Button(Label.NUDGE_COURSE, Action.NUDGE_COURSE), turn),
        *stop,
    )


# --- What it asks ---------------------------------------------------------------------------------------------------


def _time_rows() -> Rows:
    return (*in_rows(time_buttons(TIMES, Label.NUDGE_TIME, Action.NUDGE_TIME), 3), (_BACK,))


def _day_rows(incoming: Incoming, content: Content, days: frozenset[int] | None = None) -> Rows:
    now = _kept(incoming).schedule.days if days is None else days
    buttons = day_buttons(now, Label.NUDGE_DAYS, Action.NUDGE_DAY, content)
    presets = (
        Button(Label.NUDGE_WEEKDAYS, Action.NUDGE_DAY, 8),
        Button(Label.NUDGE_EVERY_DAY, Action.NUDGE_DAY, 9),
        Button(Label.NUDGE_WEEKEND, Action.NUDGE_DAY, 10),
    )
    return (*in_rows(buttons, 4), presets, (_BACK,))


def _quiet_rows(content: Content) -> Rows:
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


def _course_rows() -> Rows:
    buttons = [Button(_course(each), Action.NUDGE_COURSE, place) for place, each in enumerate(COURSES, start=1)]
    return (tuple(buttons[:2]), tuple(buttons[2:]), (_BACK,))


def _asks_zone(held: Held, line: Line = Line.NUDGE_ZONE_ASK) -> Decision:
    """The question for the zone, with the keyboard that shares a place."""
    rows = ((Button(Label.SHARE_LOCATION, Action.LOCATE),), (NUDGE_SETTINGS,))
    return say(replace(held, zones=()), line, buttons=rows)


def _which(zones: tuple[str, ...], held: Held, content: Content) -> Decision:
    """Which of these? Of many, first what the clock shows there; where that is known, the first of them."""
    offered = unlike(zones, content)
    if len(offered) > MOST_OFFERED and held.zones != zones:
        return say(replace(held, zones=zones), Line.NUDGE_ZONE_CLOCK)
    offered = offered[:MOST_OFFERED]
    buttons = zone_buttons(offered, Label.NUDGE_ZONE, Action.NUDGE_ZONE, content)
    return say(replace(held, zones=offered), Line.NUDGE_ZONE_WHICH, buttons=tuple(in_rows(buttons, 2)))


def _wrong(line: Line, incoming: Incoming, held: Held, content: Content) -> Decision:
    """What was wrong, and an example, with the same buttons once more."""
    match _ASKED[line]:
        case Action.NUDGE_TIME:
            return say(held, line, buttons=_time_rows())
        case Action.NUDGE_DAY:
            return say(held, line, buttons=_day_rows(incoming, content))
        case Action.NUDGE_QUIET:
            return say(held, line, buttons=_quiet_rows(content))
        case Action.NUDGE_COURSE:
            return say(held, line, buttons=_course_rows())
        case _:
            return _asks_zone(held, line)


# --- Buttons --------------------------------------------------------------------------------------------------------


_Tapped = Callable[[int, Incoming, Held, Content], Decision]


def _asks_yes(handler: _Tapped) -> _Tapped:
    """The same from someone who agreed to nudges; from anyone else, the question first."""

    def guarded(value: int, incoming: Incoming, held: Held, content: Content) -> Decision:
        if in_emergency(held):
            return Decision(held, emergency_first(held.state))
        if Purpose.NUDGES not in held.consents:
            return ask_for(Purpose.NUDGES, held)
        if incoming.kept is None:
            return say(held, Line.STORE_FAILED)
        return handler(value, incoming, held, content)

    return guarded


def _asks(incoming: Incoming, held: Held, line: Line, rows: Rows) -> Decision:
    return Decision(held, (Reply((line,), rows, in_place=incoming.kind is Kind.PRESS),))


def _show(value: int, incoming: Incoming, held: Held, content: Content) -> Decision:
    shown = _panel(_kept(incoming), incoming.at, content)
    return Decision(held, (replace(shown, in_place=value == _HERE and incoming.kind is Kind.PRESS),))


def _time(value: int, incoming: Incoming, held: Held, content: Content) -> Decision:
    minute = minute_at(value)
    if minute is None:
        return _asks(incoming, held, Line.NUDGE_TIME_ASK, _time_rows())
    return _set(_with(incoming, minute=minute), incoming, held, content, in_place=True)


def _day(value: int, incoming: Incoming, held: Held, content: Content) -> Decision:
    """A day in or out, or several at once. The days stay up, so that the next can be tapped."""
    now = _kept(incoming).schedule.days
    if value in _PRESETS:
        return _set(_with(incoming, days=_PRESETS[value]), incoming, held, content, in_place=True)
    days = days_with(value, now)
    if days is None:
        return _asks(incoming, held, Line.NUDGE_DAYS_ASK, _day_rows(incoming, content))
    if not days:
        return _asks(incoming, held, Line.NUDGE_DAYS_EMPTY, _day_rows(incoming, content))
    asks = _asks(incoming, held, Line.NUDGE_DAYS_ASK, _day_rows(incoming, content, days))
    return replace(asks, facts=(_with(incoming, days=days),))


def _zone(value: int, incoming: Incoming, held: Held, content: Content) -> Decision:
    zone = zone_at(value, held.zones)
    if not zone:
        return _asks_zone(held)
    return _set(_with(incoming, zone=zone), incoming, held, content)


def _quiet(value: int, incoming: Incoming, held: Held, content: Content) -> Decision:
    if not 0 < value <= len(QUIETS):
        return _asks(incoming, held, Line.NUDGE_QUIET_ASK, _quiet_rows(content))
    return _set(_with(incoming, quiet=QUIETS[value - 1]), incoming, held, content, in_place=True)


def _length(value: int, incoming: Incoming, held: Held, content: Content) -> Decision:
    if not 0 < value <= len(COURSES):
        return _asks(incoming, held, Line.NUDGE_COURSE_ASK, _course_rows())
    change = NudgeChange(course=COURSES[value - 1])
    change = _going(change, incoming) if _kept(incoming).rest is Rest.ENDED else change
    return _set(change, incoming, held, content, in_place=True)


def _pause(value: int, incoming: Incoming, held: Held, content: Content) -> Decision:
    change = NudgeChange(paused_until=incoming.at + (value or A_WEEK) * DAY)
    return _set(change, incoming, held, content, in_place=incoming.kind is Kind.PRESS)


def _begin(value: int, incoming: Incoming, held: Held, content: Content) -> Decision:
    """On again, or on as before; without a zone, that is asked for."""
    kept = _kept(incoming)
    change = NudgeChange(begin=True)
    if not kept.schedule.zone:
        return _asks_zone(held)
    if kept.rest is Rest.NONE and kept.paused_until <= incoming.at:
        return _short(Line.NUDGE_KEPT, change, incoming, held, content)
    return _set(change, incoming, held, content, in_place=value == _HERE and incoming.kind is Kind.PRESS)


def _fewer(_: int, incoming: Incoming, held: Held, content: Content) -> Decision:
    return _short(Line.NUDGE_FEWER, _going(NudgeChange(fewer=True), incoming), incoming, held, content)


def _short(line: Line, change: NudgeChange, incoming: Incoming, held: Held, content: Content) -> Decision:
    """A word on what holds now, and when the next one comes."""
    when, slots = _when(_changed(change, incoming, content), incoming.at, content)
    return Decision(held, (Reply((line, when), ((NUDGE_SETTINGS,),), slots),), (change,))


def _stop(value: int, incoming: Incoming, held: Held, content: Content) -> Decision:
    """At once, whatever else is going on; one tap undoes it."""
    agreed = Purpose.NUDGES in held.consents
    change = NudgeChange(rest=Rest.STOPPED)
    facts: tuple[Fact, ...] = (change,) if agreed else ()
    if in_emergency(held):
        return Decision(held, emergency_first(held.state), facts)
    if not agreed:
        return say(held, Line.NOTHING_TO_STOP)
    if value == _HERE and incoming.kind is Kind.PRESS:
        return _set(change, incoming, held, content, in_place=True)
    return say(held, Line.NUDGE_STOPPED, buttons=((BEGIN, NUDGE_SETTINGS),), facts=facts)


# --- Answers to a nudge ---------------------------------------------------------------------------------------------


def _answer(tap: Tap, incoming: Incoming, held: Held) -> Decision:
    """What is said of an answer; what no longer has a yes is said all the same, and kept nowhere."""
    facts: tuple[Fact, ...] = (NudgeChange(tap=tap),) if Purpose.NUDGES in held.consents else ()
    if in_emergency(held):
        return Decision(held, emergency_first(held.state), facts)
    if tap is not Tap.HARDER:
        return say(held, Line.NUDGE_DID if tap is Tap.DID else Line.NUDGE_NOT_TODAY, facts=facts)
    steadies = Reply((Line.HARDER, _ANCHORS[incoming.seed % len(_ANCHORS)]))
    rests = Reply((Line.NUDGE_HARDER,), ((_GO_ON, URGENT_HELP),) if facts else ((URGENT_HELP,),))
    return Decision(held, (steadies, rests), facts)


def _taps(tap: Tap) -> _Tapped:
    return lambda _, incoming, held, __: _answer(tap, incoming, held)


_TAPPED: Final[Mapping[Action, _Tapped]] = {
    Action.NUDGE_PANEL: _asks_yes(_show),
    Action.NUDGE_TIME: _asks_yes(_time),
    Action.NUDGE_DAY: _asks_yes(_day),
    Action.NUDGE_ZONE: _asks_yes(_zone),
    Action.NUDGE_QUIET: _asks_yes(_quiet),
    Action.NUDGE_COURSE: _asks_yes(_length),
    Action.NUDGE_PAUSE: _asks_yes(_pause),
    Action.NUDGE_BEGIN: _asks_yes(_begin),
    Action.NUDGE_FEWER: _asks_yes(_fewer),
    Action.NUDGE_STOP: _stop,
    **{action: _taps(tap) for action, tap in _TAPS.items()},
}


def _replies(incoming: Incoming) -> bool:
    """Whether words reply to a message that the clock sent."""
    match incoming.pressed:
        case Opened(action=action) if incoming.kind is Kind.TEXT:
            return action in _OF_A_MESSAGE
        case _:
            return False


def _to_a_nudge(words: str, incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """The same answers in words: in reply to the message, or while it has none and nothing else is under way."""
    kept, replies = _kept(incoming), _replies(incoming)
    if kept.told_on and held.state.step is Step.IDLE and words == content.spoken[Label.NUDGE_DID]:  # or once more
        return _answer(Tap.DID, incoming, held) if kept.awaiting or replies else say(held, Line.NUDGE_DID)
    if not replies and not (kept.awaiting and held.state.step is Step.IDLE):
        return None
    for label, action in _BELOW_A_NUDGE.items():
        if content.spoken[label] == words:
            return _TAPPED[action](0, incoming, held, content)
    meaning = content.typed.get(words)
    to_a_practice = isinstance(incoming.pressed, Opened) and incoming.pressed.action in _TAPS
    asked_last = kept.asked and not to_a_practice and (replies or kept.ignored <= ASKED_AFTER)
    if asked_last and meaning in _ON_KEEPING:
        return _ON_KEEPING[meaning](0, incoming, held, content)
    tap = _MEANT.get(meaning or "")
    if tap is None and replies and meaning == "yes":
        tap = Tap.DID
    is_another = meaning == "another" or words == content.spoken[Label.SOMETHING_ELSE]
    if tap is None and (meaning == "no" or (replies and is_another)):
        tap = Tap.NOT_TODAY
    return None if tap is None else _answer(tap, incoming, held)


_MEANT: Final[Mapping[str, Tap]] = {
    "did_it": Tap.DID,
    "skip": Tap.NOT_TODAY,
    "missed": Tap.NOT_TODAY,
    "harder": Tap.HARDER,
    "too_hard": Tap.HARDER,
    "rate.10": Tap.HARDER,  # "it's too much"
}
_ON_KEEPING: Final[Mapping[str | None, _Tapped]] = {
    "yes": _TAPPED[Action.NUDGE_BEGIN],
    "keep": _TAPPED[Action.NUDGE_BEGIN],
    "go_on": _TAPPED[Action.NUDGE_BEGIN],
    "care.less": _TAPPED[Action.NUDGE_FEWER],
    "no": _stop,
}
"""What whole messages mean that answer whether to keep them, make them fewer, or stop them."""


def _is_stop(incoming: Incoming, content: Content) -> bool:
    """Whether it is a plain stop: /stop, or words that mean nothing else. A good night is none."""
    if incoming.command:
        return incoming.command == "stop" and not incoming.words.strip()
    wanted = content.times.line_of(incoming.words)
    return wanted == Wanted(stop=True) or plain(incoming.words) == content.spoken[Label.STOP]


_ANYWHERE: Final[Mapping[Label, tuple[Action, int]]] = {
    Label.NUDGE_ZONE: (Action.NUDGE_ZONE, 0),
    Label.NUDGE_QUIET: (Action.NUDGE_QUIET, 0),
    Label.NUDGE_PAUSE: (Action.NUDGE_PAUSE, A_WEEK),
    Label.NUDGE_GO_ON: (Action.NUDGE_BEGIN, 0),
    Label.NUDGE_BEGIN: (Action.NUDGE_BEGIN, 0),
    Label.NUDGE_STOP: (Action.NUDGE_STOP, 0),
    Label.NUDGE_KEEP: (Action.NUDGE_BEGIN, 0),
    Label.NUDGE_FEWER: (Action.NUDGE_FEWER, 0),
}
_AT_THE_PANEL: Final[Mapping[Label, tuple[Action, int]]] = {
    Label.NUDGE_TIME: (Action.NUDGE_TIME, 0),
    Label.NUDGE_DAYS: (Action.NUDGE_DAY, _ASKS_DAYS),
    Label.NUDGE_COURSE: (Action.NUDGE_COURSE, 0),
    Label.NUDGE_SETTINGS: (Action.NUDGE_PANEL, 0),
    Label.NUDGE_NO_QUIET: (Action.NUDGE_QUIET, len(QUIETS)),
    **{_course(each): (Action.NUDGE_COURSE, place) for place, each in enumerate(COURSES, start=1)},
}
"""Words of a button that are everyday ones too: they count where the panel was said last."""
_BELOW_A_NUDGE: Final[Mapping[Label, Action]] = {
    Label.NUDGE_DID: Action.NUDGE_DID,
    Label.NUDGE_NOT_TODAY: Action.NUDGE_NOT_TODAY,
    Label.NUDGE_HARDER: Action.NUDGE_HARDER,
    Label.NUDGE_SETTINGS: Action.NUDGE_PANEL,
}
"""Words that buttons of a walk have too, or the panel."""


def _button_of(words: str, held: Held, content: Content) -> Button | None:
    """The button that has these words, where it was shown."""
    tables = (_ANYWHERE, _AT_THE_PANEL) if held.asked_nudge is not None else (_ANYWHERE,)
    for table in tables:
        for label, (action, value) in table.items():
            if content.spoken[label] == words:
                return Button(label, action, value)
    return None


# --- Typed settings -------------------------------------------------------------------------------------------------


def _typed_time(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    clock = content.times.time_of(incoming.text)
    if clock is None:
        return _typed_line(incoming, held, content)
    if clock.minute is None:
        return _wrong(Line.NUDGE_TIME_WRONG, incoming, held, content)
    return _set(_with(incoming, minute=clock.minute), incoming, held, content)


def _bare(incoming: Incoming, content: Content) -> int | None:
    """The number that is all of a text, with no sign that it is a time: "8", "eight"."""
    clock = content.times.time_of(incoming.text)
    if clock is None or clock.minute is None or clock.minute % 60 or not clock.typed.isalnum():
        return None
    return clock.minute // 60


def _typed_days(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    days = content.times.days_of(incoming.text)
    if days is None and _bare(incoming, content) is not None:
        return _wrong(Line.NUDGE_DAYS_WRONG, incoming, held, content)
    if days is None:
        return _typed_line(incoming, held, content)
    if not days:
        return _wrong(Line.NUDGE_DAYS_EMPTY, incoming, held, content)
    return _set(_with(incoming, days=days), incoming, held, content)


def _typed_quiet(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    quiet = content.times.span_of(incoming.text)
    if quiet is None and content.times.time_of(incoming.text):  # one end alone
        return _wrong(Line.NUDGE_QUIET_WRONG, incoming, held, content)
    if quiet is None:
        return _typed_line(incoming, held, content)
    return _set(_with(incoming, quiet=quiet), incoming, held, content)


def _typed_course(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    weeks = _bare(incoming, content)
    if weeks is None:
        return _typed_line(incoming, held, content)
    if weeks not in {4, 8}:
        return _wrong(Line.NUDGE_COURSE_ASK, incoming, held, content)
    return _length(COURSES.index(_WEEKS[weeks]) + 1, incoming, held, content)


def _typed_zone(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """A place, or what the clock shows. After one of the two, the other narrows it down."""
    offset = _offset(incoming.text)
    if offset is not None:
        return _by_offsets([offset], incoming, held, content)
    clock = content.times.time_of(incoming.text)
    if clock is not None:
        if clock.minute is None:
            return _asks_zone(held, Line.NUDGE_ZONE_OTHER)
        return _by_clock(clock.minute, incoming, held, content)
    meaning = content.typed.get(plain(incoming.text))
    if meaning is not None:
        return _asks_zone(held) if meaning == "no_place" else None
    named = content.zones.named(incoming.text)
    if not named:
        return None
    fitting = tuple(zone for zone in named if zone in held.zones)
    if held.zones and not fitting and tuple(held.said)[-1:] == (Line.NUDGE_ZONE_COUNTRY,):
        return _asks_zone(held, Line.NUDGE_ZONE_OTHER)
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
        return _asks_zone(held, Line.NUDGE_ZONE_OTHER)
    if held.zones or len(zones) == 1:
        return _zone_of(zones, incoming, replace(held, zones=zones), content)
    return say(replace(held, zones=zones), Line.NUDGE_ZONE_COUNTRY)


def _zone_of(zones: tuple[str, ...], incoming: Incoming, held: Held, content: Content) -> Decision:
    if len(zones) > 1:
        return _which(zones, held, content)
    return _set(_with(incoming, zone=zones[0]), incoming, held, content)


def _typed_line(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """Several settings at once, or one that was not asked for; only where all of it is read."""
    wanted = content.times.line_of(incoming.text)
    said = replace(wanted, rest=())
    if said in {Wanted(), Wanted(stop=True), Wanted(resume=True)} or not all(map(content.zones.named, wanted.rest)):
        return None
    return _line(wanted, incoming, held, content)


_READERS: Final[Mapping[Action | None, Callable[[Incoming, Held, Content], Decision | None]]] = {
    Action.NUDGE_TIME: _typed_time,
    Action.NUDGE_DAY: _typed_days,
    Action.NUDGE_QUIET: _typed_quiet,
    Action.NUDGE_ZONE: _typed_zone,
    Action.NUDGE_COURSE: _typed_course,
    Action.NUDGE_PANEL: _typed_line,
}


# --- One line -------------------------------------------------------------------------------------------------------


_WEEKS: Final[Mapping[int, Course]] = {8: Course.EIGHT_WEEKS, 4: Course.FOUR_WEEKS, 0: Course.OPEN}


def _line(wanted: Wanted, incoming: Incoming, held: Held, content: Content) -> Decision:
    """All that one line asks for, or none of it where a part was not understood."""
    agreed = Purpose.NUDGES in held.consents
    named = [content.zones.named(piece) for piece in wanted.rest]
    unknown = next((piece for piece, zones in zip(wanted.rest, named, strict=True) if not zones), None)
    if unknown is None and len(named) > 1:
        unknown = wanted.rest[-1]
    if unknown is not None or wanted == Wanted():
        return _not_read(unknown or incoming.words, held)
    if wanted.clock is not None and wanted.clock.minute is None:
        return _wrong(Line.NUDGE_TIME_WRONG, incoming, held, content)
    if wanted.days is not None and not wanted.days:
        return _wrong(Line.NUDGE_DAYS_EMPTY, incoming, held, content)
    if wanted.stop:
        return _stop(0, incoming, held, content)
    zones = named[0] if named else ()
    change = _change_of(wanted, zones, incoming)
    if not agreed:
        wished = replace(held, wished=change, zones=zones if len(zones) > 1 else ())
        return ask_for(Purpose.NUDGES, wished)
    if incoming.kept is None:
        return say(held, Line.STORE_FAILED)
    if len(zones) > 1:
        return replace(_which(zones, held, content), facts=(change,))
    return _set(change, incoming, held, content)


def _change_of(wanted: Wanted, zones: tuple[str, ...], incoming: Incoming) -> NudgeChange:
    """As a fact. Who chooses a time, days or a place again after a rest wants them to come again."""
    minute = None if wanted.clock is None else wanted.clock.minute
    change = _with(
        incoming, minute=minute, days=wanted.days, zone=zones[0] if len(zones) == 1 else "", quiet=wanted.quiet
    )
    is_chosen = wanted.clock is not None or wanted.days is not None or len(zones) == 1
    if is_chosen and change.schedule is not None and change.schedule.zone:
        change = _going(change, incoming)
    return replace(
        change,
        course=None if wanted.weeks is None else _WEEKS[wanted.weeks],
        paused_until=None if wanted.pause is None else incoming.at + (wanted.pause or A_WEEK) * DAY,
        begin=change.begin or wanted.resume,
    )


def _not_read(what: str, held: Held) -> Decision:
    """Which part was not understood, in the person's own words, and an example."""
    slots = {"what": echoed(what)}
    return Decision(held, (Reply((Line.NUDGE_LINE_WRONG,), ((NUDGE_SETTINGS,),), slots),))
