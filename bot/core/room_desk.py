"""What the panel of a group or channel shows and asks, and what it changes: for an admin of it, at this moment.

Rules that hold here: each button brings the room that it is about; every change is shown, and what members can be
touched by is told in the group each time it changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final

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
from bot.core.circle import due_at
from bot.core.copies import replace
from bot.core.facts import Fact, RoomChange
from bot.core.gap import DAY
from bot.core.kept import Noticing, Room, Schedule
from bot.core.lines import Filling, Label, Line, filled
from bot.core.model import Action, Button, Content, Decision, Door, Held, Incoming, Kind, Reply, Standing, There
from bot.core.room import HOUR, MINUTE, changed, marked, plain_title, title_of
from bot.core.steps import Rows
from bot.core.times import clock_words

NOTICINGS: Final = tuple(Noticing)
TIMES: Final = (8 * 60, 9 * 60, 12 * 60, 18 * 60, 20 * 60, 21 * 60)
"""Minutes of the day that are offered for the circle: others are typed."""
LENGTHS: Final[Mapping[Action, tuple[int, ...]]] = {
    Action.ROOM_PAUSE: (12 * HOUR, DAY, 3 * DAY, 7 * DAY),
    Action.ROOM_TIDY: (HOUR, 12 * HOUR, 24 * HOUR, 40 * HOUR, 0),
    Action.ROOM_HOLD: (DAY, 3 * DAY, 7 * DAY),
}
"""Seconds that are offered: others are typed. 0 is never."""
ASKS_DAYS: Final = 7
WEEKLY: Final = 8
DAILY: Final = 9
NO_DAYS: Final = 10
OFF: Final = 1
"""The value of a button that takes something away."""
_NAMED: Final = 2
"""Countries that a button names: of more it tells how many."""
BACK: Final = Button(Label.ROOM_BACK, Action.ROOM_PANEL)
ON: Final = Button(Label.ROOM_ON, Action.ROOM_ON)
_CARDS: Final[Mapping[Noticing, Line]] = {each: Line(f"group.card.{each}") for each in Noticing}


@dataclass(frozen=True, slots=True)
class Desk:
    """An admin, at this moment, with what is set of their group or channel."""

    incoming: Incoming
    held: Held
    content: Content
    there: There

    @property
    def room(self) -> Room:
        """What is kept of it, or what holds where nothing is."""
        return self.there.room or Room(self.there.chat)

    @property
    def is_channel(self) -> bool:
        """Whether nobody but its admins writes there."""
        return self.there.is_channel or self.room.is_channel

    @property
    def title(self) -> Filling:
        """What it is called."""
        return title_of(self.there.title or self.room.title)

    @property
    def standing(self) -> Standing:
        """How the bot stands there, as far as is known."""
        return self.there.standing or Standing(may_write=self.room.may_write, is_in=not self.room.gone_at)


# --- What is shown ------------------------------------------------------------------------------------------------


def shows(desk: Desk, *before: Line, in_place: bool = False) -> Decision:
    """The panel, or what is to be known before it is turned on; and the talk is about this room from now on."""
    held = replace(desk.held, room=desk.there.chat)
    if not desk.standing.is_in:
        return replace(gone(desk), held=held)
    if not desk.room.is_on:
        return Decision(held, _introduced(desk))
    return Decision(held, (replace(panel_of(desk, *before), in_place=in_place),))


def gone(desk: Desk) -> Decision:
    """The bot is not there any more, and how it is added."""
    add = Button(Label.ADD_CHANNEL if desk.is_channel else Label.ADD_GROUP, Action.ADD, int(desk.is_channel))
    return Decision(desk.held, (Reply((Line.ROOM_OUT,), ((add,),), {"title": desk.title}),))


def _introduced(desk: Desk) -> tuple[Reply, ...]:
    """What the bot is, what Telegram hands it there, and what it keeps: before the yes of an admin."""
    slots = {"title": desk.title}
    if desk.is_channel:
        return (Reply((Line.ROOM_CHANNEL,), slots=slots), about(desk, Line.ROOM_KEEPS, ((ON,),)))
    return (Reply((Line.ROOM_INTRO,), slots=slots), hears(desk), about(desk, Line.ROOM_KEEPS, ((ON,),)))


def hears(desk: Desk) -> Reply:
    """Which messages Telegram hands to the bot there, and which of them it drops unread."""
    return Reply((Line.ROOM_HEARS_ALL if desk.standing.reads_all else Line.ROOM_HEARS_SOME,))


def about(desk: Desk, line: Line, rows: Rows = (), slots: Mapping[str, Filling] | None = None) -> Reply:
    """A message whose buttons bring this room."""
    return Reply((line,), rows, slots or {}, state=marked(desk.there.ref))


def leading_back(replies: tuple[Reply, ...], there: There) -> tuple[Reply, ...]:
    """These messages, the last with the way back to the panel of that room."""
    *others, last = replies
    return (*others, replace(last, buttons=((BACK,),), state=marked(there.ref)))


def panel_of(desk: Desk, *before: Line) -> Reply:
    """All that is set, with when the next circle comes or why none does."""
    line, slots = _when(desk)
    waits = desk.room.noticing is Noticing.MEMBERS and not desk.standing.reads_all and not desk.is_channel
    lines = (*before, Line.ROOM_PANEL, *((Line.ROOM_WAITS,) if waits else ()), line)
    return Reply(lines, _rows(desk), {"title": desk.title, **slots}, state=marked(desk.there.ref))


def _when(desk: Desk) -> tuple[Line, Mapping[str, Filling]]:
    room, zones, at = desk.room, desk.content.zones, desk.incoming.at
    zone = zones.zone(room.circle.zone)
    if not desk.standing.may_write:
        return Line.ROOM_MUTED, {}
    if room.held_until > at:
        return Line.ROOM_HELD, {"until": _until(desk)}
    if not room.circle.days:
        return Line.ROOM_NO_CIRCLE, {}
    due = due_at(replace(room, may_write=True, gone_at=0), at, zones)
    if zone is None or not due:
        return Line.ROOM_NO_ZONE, {}
    return Line.ROOM_NEXT, {"next": when_words(due, zone, zones.place(room.circle.zone), dated=False)}


def _until(desk: Desk) -> Filling:
    name, until = desk.room.circle.zone, desk.room.held_until
    zone = desk.content.zones.zone(name)
    if zone is None:
        return when_words(until, UTC, "UTC", dated=True)
    return when_words(until, zone, desk.content.zones.place(name), dated=True)


def lasting(seconds: int) -> Filling:
    """A length in words: “3 days”, “36 hours”."""
    if not seconds:
        return Label.ROOM_NEVER
    units = ((DAY, Label.UNIT_DAY, Label.DAYS), (HOUR, Label.UNIT_HOUR, Label.UNIT_HOURS))
    for unit, one, several in units:
        if seconds % unit == 0:
            return (f"{seconds // unit} ", one if seconds == unit else several)
    return (f"{seconds // MINUTE} ", Label.UNIT_MINUTES)


def _rows(desk: Desk) -> Rows:
    """A row for each setting, with what it is set to."""
    room, circle = desk.room, desk.room.circle
    zone = desk.content.zones.place(circle.zone) if circle.zone else Label.NUDGE_NOWHERE
    is_held = room.held_until > desk.incoming.at

    def row(label: Label, action: Action, value: Filling, number: int = 0) -> tuple[Button, ...]:
        labels = desk.content.labels
        return (Button(label, action, number, words=f"{labels[label]}: {filled(value, labels)}"),)

    practice = (
        row(Label.ROOM_DAYS, Action.ROOM_DAYS, days_words(circle.days) or Label.NUDGE_NONE, ASKS_DAYS),
        row(Label.ROOM_TIME, Action.ROOM_TIME, clock_words(circle.minute)),
        row(Label.ROOM_ZONE, Action.ROOM_ZONE, zone),
    )
    rests = (
        (Button(Label.ROOM_RELEASE, Action.ROOM_RELEASE),) if is_held else (Button(Label.ROOM_HOLD, Action.ROOM_HOLD),)
    )
    ends = (Button(Label.ROOM_OFF, Action.ROOM_ON, OFF), Button(Label.ROOM_LEAVE, Action.ROOM_LEAVE))
    if desk.is_channel:
        return (*practice, rests, ends)
    topic = (
        (row(Label.ROOM_TOPIC, Action.ROOM_TOPIC, _set_or_none(room.topic)),)
        if desk.there.is_forum or room.topic
        else ()
    )
    return (
        row(Label.ROOM_NOTICING, Action.ROOM_NOTICING, Label(f"noticing.{room.noticing}")),
        row(Label.ROOM_PAUSE, Action.ROOM_PAUSE, lasting(room.pause)),
        *practice,
        *topic,
        row(Label.ROOM_ALERTS, Action.ROOM_ALERTS, _set_or_none(room.alerts)),
        row(Label.ROOM_TIDY, Action.ROOM_TIDY, lasting(room.tidy)),
        row(Label.ROOM_COUNTRIES, Action.ROOM_COUNTRIES, _those(room.countries, desk.content)),
        row(Label.ROOM_LANGUAGE, Action.ROOM_LANGUAGE, Label.ROOM_ENGLISH),
        (Button(Label.ROOM_GUIDE, Action.ROOM_GUIDE), Button(Label.ROOM_PULSE, Action.ROOM_PULSE)),
        rests,
        ends,
    )


def _set_or_none(number: int) -> Label:
    return Label.ROOM_SET if number else Label.NUDGE_NONE


def _those(codes: Sequence[str], content: Content) -> Filling:
    """Countries by their names, or how many."""
    if not codes:
        return Label.NUDGE_NONE
    if len(codes) > _NAMED:
        return (f"{len(codes)} ", Label.ROOM_OF_THEM)
    return ", ".join(content.helplines.countries[code].name for code in codes if code in content.helplines.countries)


# --- What it asks -------------------------------------------------------------------------------------------------


def asking(desk: Desk, line: Line, rows: Rows, slots: Mapping[str, Filling] | None = None) -> Decision:
    """A question with its buttons and the way back; the talk is about this room from now on."""
    reply = about(desk, line, (*rows, (BACK,)), slots)
    held = replace(desk.held, room=desk.there.chat)
    return Decision(held, (replace(reply, in_place=desk.incoming.kind is Kind.PRESS),))


def length_rows(action: Action, content: Content) -> Rows:
    """A hold's buttons have its hours, and the others their place among the lengths."""
    buttons = [
        Button(
            Label.ROOM_HOLD if action is Action.ROOM_HOLD else Label.ROOM_PAUSE,
            action,
            seconds // HOUR if action is Action.ROOM_HOLD else place,
            words=filled(lasting(seconds), content.labels),
        )
        for place, seconds in enumerate(LENGTHS[action], start=1)
    ]
    return tuple(in_rows(buttons, 2))


def time_rows() -> Rows:
    """The times that are offered."""
    return tuple(in_rows(time_buttons(TIMES, Label.ROOM_TIME, Action.ROOM_TIME), 3))


def day_rows(desk: Desk, days: frozenset[int] | None = None) -> Rows:
    """Each day, and several at once."""
    now = desk.room.circle.days if days is None else days
    presets = (
        Button(Label.ROOM_WEEKLY, Action.ROOM_DAYS, WEEKLY),
        Button(Label.NUDGE_EVERY_DAY, Action.ROOM_DAYS, DAILY),
        Button(Label.ROOM_NO_CIRCLE, Action.ROOM_DAYS, NO_DAYS),
    )
    return (*in_rows(day_buttons(now, Label.ROOM_DAYS, Action.ROOM_DAYS, desk.content), 4), presets)


def noticing_rows() -> Rows:
    """What may be read, from the least."""
    return tuple(
        (Button(Label(f"noticing.{each}"), Action.ROOM_NOTICING, place),)
        for place, each in enumerate(NOTICINGS, start=1)
    )


def asking_zone(desk: Desk, line: Line = Line.ROOM_ZONE_ASK) -> Decision:
    """Which time zone the circle goes by."""
    asks = asking(desk, line, ())
    return replace(asks, held=replace(asks.held, zones=()))


def asking_which_zone(zones: tuple[str, ...], desk: Desk) -> Decision:
    """Which of these zones."""
    offered = unlike(zones, desk.content)[:MOST_OFFERED]
    buttons = zone_buttons(offered, Label.ROOM_ZONE, Action.ROOM_ZONE, desk.content)
    asks = asking(desk, Line.ROOM_ZONE_WHICH, tuple(in_rows(buttons, 2)))
    return replace(asks, held=replace(asks.held, zones=offered))


def taking(set_: int, action: Action) -> Rows:
    """The button that takes away what is set."""
    return ((Button(Label.ROOM_TAKE_AWAY, action, OFF),),) if set_ else ()


# --- To change something ------------------------------------------------------------------------------------------


def changing(desk: Desk, **what: Any) -> Decision:  # noqa: ANN401 - the fields of RoomChange
    """Do it, and show what holds now; where the zone of a circle is missing, ask for it next."""
    now, change = once_changed(desk, **what)
    facts: tuple[Fact, ...] = (change,)
    if "circle" in what and now.room.circle.days and not now.room.circle.zone:
        return replace(asking_zone(now), facts=facts)
    is_tap = desk.incoming.kind is Kind.PRESS
    shown = shows(now, *(() if is_tap else (Line.ROOM_IS_SET,)), in_place=is_tap)
    return replace(shown, facts=facts)


def once_changed(desk: Desk, **what: Any) -> tuple[Desk, RoomChange]:  # noqa: ANN401 - as above
    """The desk as it is after a change, and the change. Its name is learned anew each time."""
    title = plain_title(desk.there.title) or None
    change = replace(RoomChange(desk.there.chat, title=title, is_channel=desk.is_channel), **what)
    room = changed(desk.there.room, change, at=desk.incoming.at, zones=desk.content.zones, seed=desk.incoming.seed)
    return replace(desk, there=replace(desk.there, room=room)), change


def with_circle(
    desk: Desk, *, minute: int | None = None, days: frozenset[int] | None = None, zone: str = ""
) -> Schedule:
    """The circle's times with another minute, other days, another zone; what is not given stays."""
    old = desk.room.circle
    return replace(
        old,
        minute=old.minute if minute is None else minute,
        days=old.days if days is None else days,
        zone=zone or old.zone,
    )


def cards_of(desk: Desk) -> tuple[Reply, ...]:
    """What the bot reads in the group and why, said there; where nothing may be written there, the admin hears it."""
    room = desk.room
    if desk.is_channel:
        return ()
    doors = (Button(Label.WRITE_PRIVATELY, Action.DOOR, Door.TALK),)
    notice = (Button(Label.WHAT_IT_NOTICES, Action.DOOR, Door.NOTICE),)
    rows = (doors, notice) if room.noticing is Noticing.MEMBERS else (doors,)
    return (
        Reply(
            (_CARDS[room.noticing], *((Line.GROUP_CARD_ALERTS,) if room.alerts else ())),
            rows,
            to=room.chat,
            thread=room.topic or None,
            stays=True,
            instead=Reply((Line.ROOM_CARD_LOST,)),
        ),
    )
