"""What a room's panel asked for, typed: the words of its buttons, lengths, days, times, places, countries.

Rules that hold here: a text is an answer only where all of it reads as one; what is wrong with one is said, with an
example.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from bot.core.choices import echoed
from bot.core.consent import say
from bot.core.copies import replace
from bot.core.kept import Noticing
from bot.core.lines import Label, Line
from bot.core.matching import plain
from bot.core.model import Action, Content, Decision, Held, Incoming
from bot.core.room import A_HOLD, HOLDS, PAUSES, TIDIES, length_of
from bot.core.room_buttons import (
    TAPPED,
    choose_countries,
    choose_day,
    choose_noticing,
    followed,
    leave,
    release,
    show_panel,
    turned,
)
from bot.core.room_desk import (
    ASKS_DAYS,
    DAILY,
    LENGTHS,
    NO_DAYS,
    NOTICINGS,
    OFF,
    WEEKLY,
    Desk,
    asking,
    asking_which_zone,
    asking_zone,
    changing,
    day_rows,
    length_rows,
    noticing_rows,
    once_changed,
    shows,
    taking,
    time_rows,
    with_circle,
)
from bot.core.times import Wanted

MOST_COUNTRIES: Final = 6
"""Whose helplines the guide shows."""
_BOUNDS: Final[Mapping[Action, tuple[int, int]]] = {
    Action.ROOM_PAUSE: PAUSES,
    Action.ROOM_TIDY: TIDIES,
    Action.ROOM_HOLD: HOLDS,
}


def is_setting(incoming: Incoming, held: Held, content: Content) -> bool:
    """Whether all of a text reads as a setting of a room, where one was asked for: names and numbers."""
    if incoming.forwarded or (held.asked_room is None and incoming.command != "hold"):
        return False
    times, text = content.times, incoming.words
    if times.length_of(text) is not None or times.switch_of(text) is not None or times.days_of(text) is not None:
        return True
    wanted = times.line_of(text)
    return all(map(content.zones.named, wanted.rest)) if wanted != Wanted() else bool(_countries(text, content)[0])


WRONG: Final[Mapping[Action, Callable[[Desk], Decision]]] = {
    Action.ROOM_PANEL: shows,
    Action.ROOM_NOTICING: lambda desk: asking(desk, Line.ROOM_NOTICING_ASK, noticing_rows()),
    Action.ROOM_PAUSE: lambda desk: asking(desk, Line.ROOM_PAUSE_WRONG, length_rows(Action.ROOM_PAUSE, desk.content)),
    Action.ROOM_DAYS: lambda desk: asking(desk, Line.ROOM_DAYS_WRONG, day_rows(desk)),
    Action.ROOM_TIME: lambda desk: asking(desk, Line.ROOM_TIME_WRONG, time_rows()),
    Action.ROOM_ZONE: lambda desk: asking_zone(desk, Line.ROOM_ZONE_WRONG),
    Action.ROOM_TIDY: lambda desk: asking(desk, Line.ROOM_TIDY_WRONG, length_rows(Action.ROOM_TIDY, desk.content)),
    Action.ROOM_HOLD: lambda desk: asking(desk, Line.ROOM_HOLD_WRONG, length_rows(Action.ROOM_HOLD, desk.content)),
    Action.ROOM_COUNTRIES: lambda desk: asking(
        desk,
        Line.ROOM_COUNTRIES_WRONG,
        taking(len(desk.room.countries), Action.ROOM_COUNTRIES),
        {"what": echoed(_countries(desk.incoming.words, desk.content)[1])},
    ),
}
"""What was wrong, and an example, with the same buttons once more."""


def said_wrong(action: Action, desk: Desk) -> Decision:
    """What was wrong with an answer, and an example."""
    return WRONG[action](desk)


_Typed = Callable[[Desk], Decision | None]
_LABELS: Final[Mapping[Label, tuple[Action, int]]] = {
    Label.ROOM_NOTICING: (Action.ROOM_NOTICING, 0),
    Label.ROOM_PAUSE: (Action.ROOM_PAUSE, 0),
    Label.ROOM_DAYS: (Action.ROOM_DAYS, ASKS_DAYS),
    Label.ROOM_TIME: (Action.ROOM_TIME, 0),
    Label.ROOM_ZONE: (Action.ROOM_ZONE, 0),
    Label.ROOM_TOPIC: (Action.ROOM_TOPIC, 0),
    Label.ROOM_ALERTS: (Action.ROOM_ALERTS, 0),
    Label.ROOM_TIDY: (Action.ROOM_TIDY, 0),
    Label.ROOM_COUNTRIES: (Action.ROOM_COUNTRIES, 0),
    Label.ROOM_LANGUAGE: (Action.ROOM_LANGUAGE, 0),
    Label.ROOM_PULSE: (Action.ROOM_PULSE, 0),
    Label.ROOM_HOLD: (Action.ROOM_HOLD, 0),
    Label.ROOM_RELEASE: (Action.ROOM_RELEASE, 0),
    Label.ROOM_LEAVE: (Action.ROOM_LEAVE, 0),
    Label.ROOM_BACK: (Action.ROOM_PANEL, 0),
    Label.ROOM_OFF: (Action.ROOM_ON, OFF),
}
"""Words of a button count where the panel, or what it asks, was said last."""
_OF_A_QUESTION: Final[Mapping[Action, Mapping[Label, int]]] = {
    Action.ROOM_ON: {Label.ROOM_ON: 0},
    Action.ROOM_NOTICING: {Label(f"noticing.{each}"): place for place, each in enumerate(NOTICINGS, start=1)},
    Action.ROOM_DAYS: {Label.ROOM_WEEKLY: WEEKLY, Label.NUDGE_EVERY_DAY: DAILY, Label.ROOM_NO_CIRCLE: NO_DAYS},
    Action.ROOM_TOPIC: {Label.ROOM_TAKE_AWAY: OFF},
    Action.ROOM_ALERTS: {Label.ROOM_TAKE_AWAY: OFF},
    Action.ROOM_COUNTRIES: {Label.ROOM_TAKE_AWAY: OFF},
    Action.ROOM_LEAVE: {Label.ROOM_LEAVE_YES: OFF},
}
"""The same for buttons below one question alone."""


def answer_of(words: str, held: Held, content: Content) -> _Typed | None:
    """What the button does that has these words."""
    asked = held.asked_room
    shown = {} if asked is None else _OF_A_QUESTION.get(asked, {})
    for label, value in shown.items():
        if asked is not None and content.spoken[label] == words:
            return _does(asked, value)
    for label, (action, value) in _LABELS.items():
        if asked is not Action.ROOM_ON and content.spoken[label] == words:
            return _does(action, value)
    return None


def _does(action: Action, value: int) -> _Typed:
    return lambda desk: followed(action, value, desk)


def _said(desk: Desk) -> bool | None:
    """Yes and on, or no and off."""
    meaning = desk.content.typed.get(plain(desk.incoming.words))
    if meaning in {"yes", "no"}:
        return meaning == "yes"
    return desk.content.times.switch_of(desk.incoming.text)


def _typed_on(desk: Desk) -> Decision | None:
    match _said(desk):
        case True:
            return turned(0, desk)
        case False:
            return say(desk.held, Line.ROOM_KEPT)
        case _:
            return None


def _typed_noticing(desk: Desk) -> Decision | None:
    """“On” is the less of what may be read, unless more is on already."""
    match _said(desk):
        case True if desk.room.noticing is Noticing.OFF:
            return choose_noticing(NOTICINGS.index(Noticing.MENTIONS) + 1, desk)
        case True:
            return show_panel(0, desk)
        case False:
            return choose_noticing(NOTICINGS.index(Noticing.OFF) + 1, desk)
        case _:
            return None


def typed_length(action: Action, desk: Desk) -> Decision | None:
    """A length, or on and off; None where it is neither."""
    length = length_of(desk.incoming.text, _BOUNDS[action], desk.content.times)
    if length is None and desk.content.times.length_of(desk.incoming.text) is not None:
        return said_wrong(action, desk)
    match action:
        case Action.ROOM_PAUSE:
            return None if length is None else changing(desk, pause=length)
        case Action.ROOM_TIDY:
            if _said(desk) is not None and length is None:
                length = LENGTHS[action][2] if _said(desk) else 0
            return None if length is None else changing(desk, tidy=length)
        case _:
            if _said(desk) is False:
                return release(0, desk)
            length = A_HOLD if length is None and _said(desk) else length
            return None if length is None else changing(desk, held_until=desk.incoming.at + length)


def _lengths(action: Action) -> _Typed:
    return lambda desk: typed_length(action, desk)


def _typed_circle(desk: Desk) -> Decision | None:
    """Days, a time and a place in one line, or one of them; only where all of it is read."""
    wanted = desk.content.times.line_of(desk.incoming.text)
    only = replace(Wanted(), clock=wanted.clock, days=wanted.days, rest=wanted.rest)
    if wanted != only or replace(only, rest=()) == Wanted() or len(wanted.rest) > 1:
        return None
    zones = desk.content.zones.named(wanted.rest[0]) if wanted.rest else ()
    if wanted.rest and not zones:
        return None
    if wanted.clock is not None and wanted.clock.minute is None:
        return said_wrong(Action.ROOM_TIME, desk)
    minute = None if wanted.clock is None else wanted.clock.minute
    circle = with_circle(desk, minute=minute, days=wanted.days, zone=zones[0] if len(zones) == 1 else "")
    if len(zones) > 1:
        after, change = once_changed(desk, circle=circle)
        return replace(asking_which_zone(zones, after), facts=(change,))
    return changing(desk, circle=circle)


def _typed_days(desk: Desk) -> Decision | None:
    days = desk.content.times.days_of(desk.incoming.text)
    if days is not None:
        return changing(desk, circle=with_circle(desk, days=days))
    match _said(desk):
        case True:
            return choose_day(WEEKLY, desk) if not desk.room.circle.days else show_panel(0, desk)
        case False:
            return choose_day(NO_DAYS, desk)
        case _:
            return _typed_circle(desk)


def _typed_time(desk: Desk) -> Decision | None:
    clock = desk.content.times.time_of(desk.incoming.text)
    if clock is None:
        return _typed_circle(desk)
    return said_wrong(Action.ROOM_TIME, desk) if clock.minute is None else _time_of(clock.minute, desk)


def _time_of(minute: int, desk: Desk) -> Decision:
    return changing(desk, circle=with_circle(desk, minute=minute))


def _typed_zone(desk: Desk) -> Decision | None:
    """A place; after one that has several zones, another narrows it down."""
    text = desk.incoming.text
    named = desk.content.zones.named(text) if plain(text) not in desk.content.typed else ()
    if not named:
        return _typed_circle(desk)
    zones = tuple(zone for zone in named if zone in desk.held.zones) or named
    if len(zones) > 1:
        return asking_which_zone(zones, desk)
    return changing(desk, circle=with_circle(desk, zone=zones[0]))


def _off_or_none(action: Action) -> _Typed:
    """A word that takes away what is set."""
    return lambda desk: TAPPED[action](OFF, desk) if _said(desk) is False else None


def _countries(text: str, content: Content) -> tuple[tuple[str, ...], str]:
    """The countries of a list, by their codes, and the first piece that names none, or several."""
    codes: list[str] = []
    named = content.helplines.named(text)
    pieces = [text] if len(named) == 1 else [piece for part in text.split(",") for piece in part.split(" and ")]
    for piece in filter(None, map(str.strip, pieces)):
        found = content.helplines.named(piece)
        if len(found) != 1:
            return (), piece
        codes += found
    return tuple(dict.fromkeys(codes)), ""


def _typed_countries(desk: Desk) -> Decision | None:
    codes, _ = _countries(desk.incoming.text, desk.content)
    if codes:
        return changing(desk, countries=codes[:MOST_COUNTRIES])
    return choose_countries(OFF, desk) if _said(desk) is False else None


def _typed_leave(desk: Desk) -> Decision | None:
    match _said(desk):
        case True:
            return leave(OFF, desk)
        case False:
            return say(desk.held, Line.ROOM_KEPT)
        case _:
            return None


READERS: Final[Mapping[Action | None, _Typed]] = {
    Action.ROOM_PANEL: _typed_circle,
    Action.ROOM_ON: _typed_on,
    Action.ROOM_NOTICING: _typed_noticing,
    Action.ROOM_PAUSE: _lengths(Action.ROOM_PAUSE),
    Action.ROOM_DAYS: _typed_days,
    Action.ROOM_TIME: _typed_time,
    Action.ROOM_ZONE: _typed_zone,
    Action.ROOM_TOPIC: _off_or_none(Action.ROOM_TOPIC),
    Action.ROOM_ALERTS: _off_or_none(Action.ROOM_ALERTS),
    Action.ROOM_TIDY: _lengths(Action.ROOM_TIDY),
    Action.ROOM_HOLD: _lengths(Action.ROOM_HOLD),
    Action.ROOM_COUNTRIES: _typed_countries,
    Action.ROOM_LEAVE: _typed_leave,
}
