"""What the admins of a group or channel set, in private: the panel, what it asks, and one line for the circle's times.

Rules that hold here: nothing is shown or changed for anyone who is not an admin at this very moment, and a button is
followed only for the room that it brings; what members can be touched by is told in the group each time it changes;
a text is an answer only where it reads as one, and any other goes on to be noticed as ever; nothing about the admin is
kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from bot.core.cards import emergency_first, in_emergency
from bot.core.choices import (
    EVERY_DAY,
    MOST_OFFERED,
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
from bot.core.circle import due_at
from bot.core.commands import NEVER_MIND, which
from bot.core.consent import say
from bot.core.facts import Fact, RoomChange, RoomLeft
from bot.core.gap import DAY
from bot.core.kept import Noticing, Room, Schedule
from bot.core.lines import Filling, Label, Line, filled
from bot.core.matching import plain
from bot.core.model import Action, Button, Content, Decision, Door, Held, Incoming, Kind, Opened, Reply, Standing, There
from bot.core.pulse import Week, told
from bot.core.room import (
    A_HOLD,
    CHANGES,
    HOLDS,
    HOUR,
    IN_PRIVATE,
    MINUTE,
    PAUSES,
    ROOM_ACTIONS,
    TIDIES,
    changed,
    length_of,
    marked,
    picks_alerts,
    plain_title,
    title_of,
)
from bot.core.state import Step
from bot.core.steps import Rows
from bot.core.times import Wanted, clock_words

NOTICINGS: Final = tuple(Noticing)
TIMES: Final = (8 * 60, 9 * 60, 12 * 60, 18 * 60, 20 * 60, 21 * 60)
"""Minutes of the day that are offered for the circle: others are typed."""
LENGTHS: Final[Mapping[Action, tuple[int, ...]]] = {
    Action.ROOM_PAUSE: (12 * HOUR, DAY, 3 * DAY, 7 * DAY),
    Action.ROOM_TIDY: (HOUR, 12 * HOUR, 24 * HOUR, 40 * HOUR, 0),
    Action.ROOM_HOLD: (DAY, 3 * DAY, 7 * DAY),
}
"""Seconds that are offered: others are typed. 0 is never."""
MOST_COUNTRIES: Final = 6
"""Whose helplines the guide shows."""
_BOUNDS: Final[Mapping[Action, tuple[int, int]]] = {
    Action.ROOM_PAUSE: PAUSES,
    Action.ROOM_TIDY: TIDIES,
    Action.ROOM_HOLD: HOLDS,
}
_ASKS_DAYS: Final = 7
_WEEKLY: Final = 8
_DAILY: Final = 9
_NO_DAYS: Final = 10
_OFF: Final = 1
"""The value of a button that takes something away."""
_NAMED: Final = 2
"""Countries that a button names: of more it tells how many."""
_MOST_WORDS: Final = 5
"""Of an answer that could not be read, to be told so. A longer text may be about anything."""

_BACK: Final = Button(Label.ROOM_BACK, Action.ROOM_PANEL)
_ON: Final = Button(Label.ROOM_ON, Action.ROOM_ON)

_ASKED: Final[Mapping[Line, Action]] = {
    Line.ROOM_PANEL: Action.ROOM_PANEL,
    Line.ROOM_LANGUAGE: Action.ROOM_PANEL,
    Line.ROOM_KEEPS: Action.ROOM_ON,
    Line.ROOM_NOTICING_ASK: Action.ROOM_NOTICING,
    Line.ROOM_PAUSE_ASK: Action.ROOM_PAUSE,
    Line.ROOM_PAUSE_WRONG: Action.ROOM_PAUSE,
    Line.ROOM_DAYS_ASK: Action.ROOM_DAYS,
    Line.ROOM_DAYS_WRONG: Action.ROOM_DAYS,
    Line.ROOM_TIME_ASK: Action.ROOM_TIME,
    Line.ROOM_TIME_WRONG: Action.ROOM_TIME,
    Line.ROOM_ZONE_ASK: Action.ROOM_ZONE,
    Line.ROOM_ZONE_WRONG: Action.ROOM_ZONE,
    Line.ROOM_ZONE_WHICH: Action.ROOM_ZONE,
    Line.ROOM_TOPIC_ASK: Action.ROOM_TOPIC,
    Line.ROOM_ALERTS_ASK: Action.ROOM_ALERTS,
    Line.ROOM_ALERTS_WRONG: Action.ROOM_ALERTS,
    Line.ROOM_TIDY_ASK: Action.ROOM_TIDY,
    Line.ROOM_TIDY_WRONG: Action.ROOM_TIDY,
    Line.ROOM_HOLD_ASK: Action.ROOM_HOLD,
    Line.ROOM_HOLD_WRONG: Action.ROOM_HOLD,
    Line.ROOM_COUNTRIES_ASK: Action.ROOM_COUNTRIES,
    Line.ROOM_COUNTRIES_WRONG: Action.ROOM_COUNTRIES,
    Line.ROOM_LEAVE_ASK: Action.ROOM_LEAVE,
}
"""After one of these a text may be what was asked for."""
_COMMANDED: Final[Mapping[str, Action]] = {**CHANGES, "pulse": Action.ROOM_PULSE}
_CARDS: Final[Mapping[Noticing, Line]] = {each: Line(f"group.card.{each}") for each in Noticing}
_OF_CHANNELS: Final = frozenset(
    {
        *(Action.ROOM_PANEL, Action.ROOM_ON, Action.ROOM_DAYS, Action.ROOM_TIME, Action.ROOM_ZONE),
        *(Action.ROOM_HOLD, Action.ROOM_RELEASE, Action.ROOM_LEAVE),
    }
)
"""What there is to set in a channel, where nobody but its admins writes."""


@dataclass(frozen=True, slots=True)
class _Desk:
    """An admin, at this moment, with what is set of their group or channel."""

    incoming: Incoming
    held: Held
    content: Content
    there: There

    @property
    def room(self) -> Room:
        return self.there.room or Room(self.there.chat)

    @property
    def is_channel(self) -> bool:
        return self.there.is_channel or self.room.is_channel

    @property
    def title(self) -> Filling:
        return title_of(self.there.title or self.room.title)

    @property
    def standing(self) -> Standing:
        return self.there.standing or Standing(may_write=self.room.may_write, is_in=not self.room.gone_at)


# --- The rooms ----------------------------------------------------------------------------------------------------


def opened(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """The private chat was opened by a link for admins: the panel, for an admin. What it shows else is not here."""
    door = None if incoming.there is None else incoming.there.door
    if door is None or not door.is_for_admins:
        return None
    desk = _desk(incoming, held, content)
    if not isinstance(desk, _Desk):
        return desk
    match door:
        case Door.SETTINGS:
            return _shown(desk)
        case Door.PULSE:
            return _followed(Action.ROOM_PULSE, 0, desk)
        case _:
            return None


def picked(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """A group or channel was picked: to be set up, or for its moderators to hear of danger in another."""
    if incoming.kind is not Kind.ROOM:
        return None
    desk = _desk(incoming, held, content)
    if not isinstance(desk, _Desk):
        return _closing(desk)
    if picks_alerts(incoming, held):
        return _alerts_picked(desk)
    wanted = held.asked_room if held.asked_room in _COMMANDED.values() else None
    desk = replace(desk, held=replace(held, room=desk.there.chat))
    decision = _shown(desk) if wanted is None else _followed(wanted, 0, desk)
    found = Reply((Line.ROOM_PICKED,), slots={"title": desk.title}, closes_keyboard=True)
    return replace(decision, replies=(found, *decision.replies))


def tapped(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """A button that is about a room; None for any other, and for those that another room of this house answers."""
    match incoming.pressed:
        case Opened(action=action, value=value, state=state) if action in ROOM_ACTIONS:
            there = incoming.there
            if there is None or state != marked(there.ref):  # it brings none, or one that is not known any more
                return None if action is Action.ROOM_PANEL else _which(held, action)
            desk = _desk(incoming, held, content)
            if not isinstance(desk, _Desk):
                return desk
            return _followed(action, value, desk) if action in _TAPPED else None
        case _:
            return None


def commanded(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """A command for admins, in private: about the room that the talk is about. None where it is answered elsewhere."""
    command = incoming.command
    if command not in IN_PRIVATE:
        return None
    if incoming.there is None or incoming.there.chat != held.room:
        return _which(held, _COMMANDED.get(command, Action.ROOM_PANEL))
    desk = _desk(incoming, held, content)
    if not isinstance(desk, _Desk):
        return desk
    if command not in _COMMANDED:
        return None
    if command == "hold" and incoming.words.strip() and desk.room.is_on:
        return _typed_length(Action.ROOM_HOLD, desk) or _wrong(Action.ROOM_HOLD, desk)
    return _followed(_COMMANDED[command], 0, desk)


def typed(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """What a text answers, where the panel asked for something. None where it does not read as an answer."""
    if held.asked_room is None or incoming.forwarded or held.state.step is Step.DANGER_ASK or in_emergency(held):
        return None
    words = plain(incoming.words)
    if words == content.spoken[Label.ROOM_NEVER_MIND]:
        return Decision(held, (Reply((Line.ROOM_KEPT,), closes_keyboard=True),))
    answer = _answer(words, held, content) or _READERS.get(held.asked_room)
    if answer is None or incoming.there is None or incoming.there.chat != held.room:
        return None
    there = incoming.there
    reading = answer(_Desk(incoming, held, content, there))  # what it would be, from an admin
    if reading is None:
        return None
    desk = _desk(incoming, held, content)
    return reading if isinstance(desk, _Desk) else desk


def unread(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """A few words where the panel has just asked for something: what is wrong with them, and an example."""
    asked, there = held.asked_room, incoming.there
    if asked is None or asked not in _WRONG or in_emergency(held) or there is None or there.chat != held.room:
        return None
    if incoming.forwarded or len(incoming.words.split()) > _MOST_WORDS or plain(incoming.words) in content.typed:
        return None
    desk = _desk(incoming, held, content)
    return _wrong(asked, desk) if isinstance(desk, _Desk) else desk


def is_setting(incoming: Incoming, held: Held, content: Content) -> bool:
    """Whether all of a text reads as a setting of a room, where one was asked for: names and numbers."""
    if incoming.forwarded or (held.asked_room is None and incoming.command != "hold"):
        return False
    times, text = content.times, incoming.words
    if times.length_of(text) is not None or times.switch_of(text) is not None or times.days_of(text) is not None:
        return True
    wanted = times.line_of(text)
    return all(map(content.zones.named, wanted.rest)) if wanted != Wanted() else bool(_countries(text, content)[0])


def with_room(decision: Decision) -> Decision:
    """The same, with what may be typed next about the room that the talk is about."""
    if not decision.replies:
        return decision
    said = [line for reply in decision.replies if not reply.to for line in reply.keys]
    asked = [_ASKED[line] for line in said if line in _ASKED]
    held = decision.held
    waits = Line.ROOM_WHICH in said  # for the room, and then for what was wanted of it
    now = held.asked_room if waits else asked[-1] if asked else None
    return decision if now is held.asked_room else replace(decision, held=replace(held, asked_room=now))


# --- Who may ------------------------------------------------------------------------------------------------------


def _desk(incoming: Incoming, held: Held, content: Content) -> _Desk | Decision:
    """The desk of an admin; for anyone else what they are told, and nothing more."""
    there = incoming.there
    if in_emergency(held):
        return Decision(held, emergency_first(held.state))
    if there is not None and not there.is_known:
        is_gone = there.room is not None and there.room.gone_at
        return _out(_Desk(incoming, held, content, there)) if is_gone else say(held, Line.ROOM_UNKNOWN)
    if there is None or not there.is_admin:
        return say(held, Line.ROOM_NOT_ADMIN)
    return _Desk(incoming, held, content, there)


def _closing(decision: Decision) -> Decision:
    """The same, where a keyboard may be open."""
    replies = (replace(reply, closes_keyboard=not reply.buttons) for reply in decision.replies)
    return replace(decision, replies=tuple(replies))


def _which(held: Held, action: Action) -> Decision:
    """Which group or channel? What was wanted of it is held until it is known."""
    if in_emergency(held):
        return Decision(held, emergency_first(held.state))
    return which(replace(held, asked_room=action))


# --- What is shown ------------------------------------------------------------------------------------------------


def _shown(desk: _Desk, *before: Line, in_place: bool = False) -> Decision:
    """The panel, or what is to be known before it is turned on; and the talk is about this room from now on."""
    held = replace(desk.held, room=desk.there.chat)
    if not desk.standing.is_in:
        return replace(_out(desk), held=held)
    if not desk.room.is_on:
        return Decision(held, _introduced(desk))
    return Decision(held, (replace(_panel(desk, *before), in_place=in_place),))


def _out(desk: _Desk) -> Decision:
    """The bot is not there any more, and how it is added."""
    add = Button(Label.ADD_CHANNEL if desk.is_channel else Label.ADD_GROUP, Action.ADD, int(desk.is_channel))
    return Decision(desk.held, (Reply((Line.ROOM_OUT,), ((add,),), {"title": desk.title}),))


def _introduced(desk: _Desk) -> tuple[Reply, ...]:
    """What the bot is, what Telegram hands it there, and what it keeps: before the yes of an admin."""
    slots = {"title": desk.title}
    if desk.is_channel:
        return (Reply((Line.ROOM_CHANNEL,), slots=slots), _of(desk, Line.ROOM_KEEPS, ((_ON,),)))
    return (Reply((Line.ROOM_INTRO,), slots=slots), _hears(desk), _of(desk, Line.ROOM_KEEPS, ((_ON,),)))


def _hears(desk: _Desk) -> Reply:
    """Which messages Telegram hands to the bot there, and which of them it drops unread."""
    return Reply((Line.ROOM_HEARS_ALL if desk.standing.reads_all else Line.ROOM_HEARS_SOME,))


def _of(desk: _Desk, line: Line, rows: Rows = (), slots: Mapping[str, Filling] | None = None) -> Reply:
    """A message whose buttons bring this room."""
    return Reply((line,), rows, slots or {}, state=marked(desk.there.ref))


def leading_back(replies: tuple[Reply, ...], there: There) -> tuple[Reply, ...]:
    """These messages, the last with the way back to the panel of that room."""
    *others, last = replies
    return (*others, replace(last, buttons=((_BACK,),), state=marked(there.ref)))


def _panel(desk: _Desk, *before: Line) -> Reply:
    """All that is set, with when the next circle comes or why none does."""
    line, slots = _when(desk)
    waits = desk.room.noticing is Noticing.MEMBERS and not desk.standing.reads_all and not desk.is_channel
    lines = (*before, Line.ROOM_PANEL, *((Line.ROOM_WAITS,) if waits else ()), line)
    return Reply(lines, _rows(desk), {"title": desk.title, **slots}, state=marked(desk.there.ref))


def _when(desk: _Desk) -> tuple[Line, Mapping[str, Filling]]:
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


def _until(desk: _Desk) -> Filling:
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


def _rows(desk: _Desk) -> Rows:
    """A row for each setting, with what it is set to."""
    room, circle = desk.room, desk.room.circle
    zone = desk.content.zones.place(circle.zone) if circle.zone else Label.NUDGE_NOWHERE
    is_held = room.held_until > desk.incoming.at

    def row(label: Label, action: Action, value: Filling, number: int = 0) -> tuple[Button, ...]:
        labels = desk.content.labels
        return (Button(label, action, number, words=f"{labels[label]}: {filled(value, labels)}"),)

    practice = (
        row(Label.ROOM_DAYS, Action.ROOM_DAYS, days_words(circle.days) or Label.NUDGE_NONE, _ASKS_DAYS),
        row(Label.ROOM_TIME, Action.ROOM_TIME, clock_words(circle.minute)),
        row(Label.ROOM_ZONE, Action.ROOM_ZONE, zone),
    )
    rests = (
        (Button(Label.ROOM_RELEASE, Action.ROOM_RELEASE),) if is_held else (Button(Label.ROOM_HOLD, Action.ROOM_HOLD),)
    )
    ends = (Button(Label.ROOM_OFF, Action.ROOM_ON, _OFF), Button(Label.ROOM_LEAVE, Action.ROOM_LEAVE))
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


def _asks(desk: _Desk, line: Line, rows: Rows, slots: Mapping[str, Filling] | None = None) -> Decision:
    reply = _of(desk, line, (*rows, (_BACK,)), slots)
    held = replace(desk.held, room=desk.there.chat)
    return Decision(held, (replace(reply, in_place=desk.incoming.kind is Kind.PRESS),))


def _length_rows(action: Action, content: Content) -> Rows:
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


def _time_rows() -> Rows:
    return tuple(in_rows(time_buttons(TIMES, Label.ROOM_TIME, Action.ROOM_TIME), 3))


def _day_rows(desk: _Desk, days: frozenset[int] | None = None) -> Rows:
    now = desk.room.circle.days if days is None else days
    presets = (
        Button(Label.ROOM_WEEKLY, Action.ROOM_DAYS, _WEEKLY),
        Button(Label.NUDGE_EVERY_DAY, Action.ROOM_DAYS, _DAILY),
        Button(Label.ROOM_NO_CIRCLE, Action.ROOM_DAYS, _NO_DAYS),
    )
    return (*in_rows(day_buttons(now, Label.ROOM_DAYS, Action.ROOM_DAYS, desk.content), 4), presets)


def _noticing_rows() -> Rows:
    return tuple(
        (Button(Label(f"noticing.{each}"), Action.ROOM_NOTICING, place),)
        for place, each in enumerate(NOTICINGS, start=1)
    )


def _asks_zone(desk: _Desk, line: Line = Line.ROOM_ZONE_ASK) -> Decision:
    asks = _asks(desk, line, ())
    return replace(asks, held=replace(asks.held, zones=()))


def _asks_which_zone(zones: tuple[str, ...], desk: _Desk) -> Decision:
    offered = unlike(zones, desk.content)[:MOST_OFFERED]
    buttons = zone_buttons(offered, Label.ROOM_ZONE, Action.ROOM_ZONE, desk.content)
    asks = _asks(desk, Line.ROOM_ZONE_WHICH, tuple(in_rows(buttons, 2)))
    return replace(asks, held=replace(asks.held, zones=offered))


def _taking(set_: int, action: Action) -> Rows:
    """The button that takes away what is set."""
    return ((Button(Label.ROOM_TAKE_AWAY, action, _OFF),),) if set_ else ()


_WRONG: Final[Mapping[Action, Callable[[_Desk], Decision]]] = {
    Action.ROOM_PANEL: _shown,
    Action.ROOM_NOTICING: lambda desk: _asks(desk, Line.ROOM_NOTICING_ASK, _noticing_rows()),
    Action.ROOM_PAUSE: lambda desk: _asks(desk, Line.ROOM_PAUSE_WRONG, _length_rows(Action.ROOM_PAUSE, desk.content)),
    Action.ROOM_DAYS: lambda desk: _asks(desk, Line.ROOM_DAYS_WRONG, _day_rows(desk)),
    Action.ROOM_TIME: lambda desk: _asks(desk, Line.ROOM_TIME_WRONG, _time_rows()),
    Action.ROOM_ZONE: lambda desk: _asks_zone(desk, Line.ROOM_ZONE_WRONG),
    Action.ROOM_TIDY: lambda desk: _asks(desk, Line.ROOM_TIDY_WRONG, _length_rows(Action.ROOM_TIDY, desk.content)),
    Action.ROOM_HOLD: lambda desk: _asks(desk, Line.ROOM_HOLD_WRONG, _length_rows(Action.ROOM_HOLD, desk.content)),
    Action.ROOM_COUNTRIES: lambda desk: _asks(
        desk,
        Line.ROOM_COUNTRIES_WRONG,
        _taking(len(desk.room.countries), Action.ROOM_COUNTRIES),
        {"what": echoed(_countries(desk.incoming.words, desk.content)[1])},
    ),
}
"""What was wrong, and an example, with the same buttons once more."""


def _wrong(action: Action, desk: _Desk) -> Decision:
    return _WRONG[action](desk)


# --- To change something ------------------------------------------------------------------------------------------


def _set(desk: _Desk, **what: Any) -> Decision:  # noqa: ANN401 - the fields of RoomChange
    """Do it, and show what holds now; where the zone of a circle is missing, ask for it next."""
    now, change = _after(desk, **what)
    facts: tuple[Fact, ...] = (change,)
    if "circle" in what and now.room.circle.days and not now.room.circle.zone:
        return replace(_asks_zone(now), facts=facts)
    is_tap = desk.incoming.kind is Kind.PRESS
    shown = _shown(now, *(() if is_tap else (Line.ROOM_IS_SET,)), in_place=is_tap)
    return replace(shown, facts=facts)


def _after(desk: _Desk, **what: Any) -> tuple[_Desk, RoomChange]:  # noqa: ANN401 - as above
    """The desk as it is after a change, and the change. Its name is learned anew each time."""
    title = plain_title(desk.there.title) or None
    change = replace(RoomChange(desk.there.chat, title=title, is_channel=desk.is_channel), **what)
    room = changed(desk.there.room, change, at=desk.incoming.at, zones=desk.content.zones, seed=desk.incoming.seed)
    return replace(desk, there=replace(desk.there, room=room)), change


def _with_circle(
    desk: _Desk, *, minute: int | None = None, days: frozenset[int] | None = None, zone: str = ""
) -> Schedule:
    old = desk.room.circle
    return replace(
        old,
        minute=old.minute if minute is None else minute,
        days=old.days if days is None else days,
        zone=zone or old.zone,
    )


def _card(desk: _Desk) -> tuple[Reply, ...]:
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


# --- Buttons ------------------------------------------------------------------------------------------------------

_Tapped = Callable[[int, _Desk], Decision]


def _followed(action: Action, value: int, desk: _Desk) -> Decision:
    """What a button does, where the bot is on there; else it only shows how to turn it on."""
    is_there = desk.room.is_on or action in {Action.ROOM_ON, Action.ROOM_LEAVE}
    if not is_there or (desk.is_channel and action not in _OF_CHANNELS):
        return _shown(desk)
    return _TAPPED[action](value, desk)


def _show(_: int, desk: _Desk) -> Decision:
    return _shown(desk, in_place=desk.incoming.kind is Kind.PRESS)


def _turned(value: int, desk: _Desk) -> Decision:
    """An admin's yes, and the card in the group; or its end, where all stays as it was set."""
    if value == _OFF and desk.room.is_on:
        off, change = _after(desk, is_on=False)
        shown = _shown(off)
        turned_off = Reply((Line.ROOM_TURNED_OFF,), slots={"title": desk.title})
        return replace(shown, replies=(turned_off, *shown.replies), facts=(change,))
    if value == _OFF or desk.room.is_on or not desk.standing.is_in:
        return _show(0, desk)
    now, change = _after(desk, is_on=True, gone_at=0, may_write=desk.standing.may_write)
    shown = _shown(now, in_place=desk.incoming.kind is Kind.PRESS)
    return replace(shown, replies=(*shown.replies, *_card(now)), facts=(change,))


def _noticing(value: int, desk: _Desk) -> Decision:
    if not 0 < value <= len(NOTICINGS):
        asked = _asks(desk, Line.ROOM_NOTICING_ASK, _noticing_rows())
        return replace(asked, replies=(*asked.replies, _hears(desk)))
    noticing = NOTICINGS[value - 1]
    if noticing is desk.room.noticing:
        shown = _show(0, desk)
        return replace(shown, replies=(*shown.replies, *_how(desk)))
    decision = _set(desk, noticing=noticing)
    now, _ = _after(desk, noticing=noticing)
    return replace(decision, replies=(*decision.replies, *_how(now), *_card(now)))


def _how(desk: _Desk) -> tuple[Reply, ...]:
    """What members' messages need that the bot may read them, and whether it is so now."""
    if desk.room.noticing is not Noticing.MEMBERS:
        return ()
    if desk.standing.reads_all:
        return (Reply((Line.ROOM_MEMBERS_NOW,)),)
    return (Reply((Line.ROOM_MEMBERS_HOW,), ((Button(Label.ADD_ADMIN, Action.ADD, 2),),)),)


def _pause(value: int, desk: _Desk) -> Decision:
    lengths = LENGTHS[Action.ROOM_PAUSE]
    if not 0 < value <= len(lengths):
        return _asks(desk, Line.ROOM_PAUSE_ASK, _length_rows(Action.ROOM_PAUSE, desk.content))
    return _set(desk, pause=lengths[value - 1])


def _tidy(value: int, desk: _Desk) -> Decision:
    lengths = LENGTHS[Action.ROOM_TIDY]
    if not 0 < value <= len(lengths):
        return _asks(desk, Line.ROOM_TIDY_ASK, _length_rows(Action.ROOM_TIDY, desk.content))
    return _set(desk, tidy=lengths[value - 1])


def _day(value: int, desk: _Desk) -> Decision:
    """A day in or out, or several at once. The days stay up, so that the next can be tapped."""
    now = desk.room.circle.days
    if value == _NO_DAYS:
        return _set(desk, circle=_with_circle(desk, days=frozenset()))
    if value in {_WEEKLY, _DAILY}:
        days = EVERY_DAY if value == _DAILY else _weekly(desk)
        return _set(desk, circle=_with_circle(desk, days=days))
    days_then = days_with(value, now)
    if days_then is None:
        return _asks(desk, Line.ROOM_DAYS_ASK, _day_rows(desk))
    after, change = _after(desk, circle=_with_circle(desk, days=days_then))
    return replace(_asks(after, Line.ROOM_DAYS_ASK, _day_rows(after)), facts=(change,))


def _weekly(desk: _Desk) -> frozenset[int]:
    """The first of the days, or the one that it is there now."""
    zone = desk.content.zones.zone(desk.room.circle.zone) or UTC
    today = datetime.fromtimestamp(desk.incoming.at, zone).weekday()
    return frozenset({min(desk.room.circle.days, default=today)})


def _time(value: int, desk: _Desk) -> Decision:
    minute = minute_at(value)
    if minute is None:
        return _asks(desk, Line.ROOM_TIME_ASK, _time_rows())
    return _set(desk, circle=_with_circle(desk, minute=minute))


def _zone(value: int, desk: _Desk) -> Decision:
    zone = zone_at(value, desk.held.zones)
    return _set(desk, circle=_with_circle(desk, zone=zone)) if zone else _asks_zone(desk)


def _topic(value: int, desk: _Desk) -> Decision:
    if value == _OFF:
        return _set(desk, topic=0)
    return _asks(desk, Line.ROOM_TOPIC_ASK, _taking(desk.room.topic, Action.ROOM_TOPIC))


def _alerts(value: int, desk: _Desk) -> Decision:
    if value == _OFF:
        return _set(desk, alerts=0)
    return _asks_alerts(desk, Line.ROOM_ALERTS_ASK)


def _asks_alerts(desk: _Desk, line: Line) -> Decision:
    """What moderators are told and what not, and then the keyboard that picks their chat."""
    explained = _of(desk, line, (*_taking(desk.room.alerts, Action.ROOM_ALERTS), (_BACK,)))
    keys = ((Button(Label.ROOM_PICK_ALERTS, Action.ROOM_PICK),), (NEVER_MIND,))
    is_tap = desk.incoming.kind is Kind.PRESS
    replies = (replace(explained, in_place=is_tap), Reply((Line.ROOM_ALERTS_PICK,), keys))
    return Decision(replace(desk.held, room=desk.there.chat), replies)


def _alerts_picked(desk: _Desk) -> Decision:
    """The chat whose moderators are told: another group, where the admin is one too, and the bot may write."""
    chosen = desk.incoming.picked
    if chosen is None or not chosen.is_known:
        return _closing(say(desk.held, Line.ROOM_UNKNOWN))
    may_write = chosen.standing is not None and chosen.standing.is_in and chosen.standing.may_write
    if not chosen.is_admin or chosen.is_channel or chosen.chat == desk.there.chat or not may_write:
        return _asks_alerts(desk, Line.ROOM_ALERTS_WRONG)
    found = Reply((Line.ROOM_ALERTS_SET,), slots={"title": title_of(chosen.title)}, closes_keyboard=True)
    decision = _set(desk, alerts=chosen.chat)
    now, _ = _after(desk, alerts=chosen.chat)
    card = _card(now) if chosen.chat != desk.room.alerts else ()
    return replace(decision, replies=(found, *decision.replies, *card))


def _hold(value: int, desk: _Desk) -> Decision:
    if not value:
        return _asks(desk, Line.ROOM_HOLD_ASK, _length_rows(Action.ROOM_HOLD, desk.content))
    return _set(desk, held_until=desk.incoming.at + value * HOUR)


def _release(_: int, desk: _Desk) -> Decision:
    return _set(desk, held_until=0)


def _choose_countries(value: int, desk: _Desk) -> Decision:
    if value == _OFF:
        return _set(desk, countries=())
    rows = _taking(len(desk.room.countries), Action.ROOM_COUNTRIES)
    return _asks(desk, Line.ROOM_COUNTRIES_ASK, rows)


def _language(_: int, desk: _Desk) -> Decision:
    return _asks(desk, Line.ROOM_LANGUAGE, ())


def _pulse(_: int, desk: _Desk) -> Decision:
    return Decision(replace(desk.held, room=desk.there.chat), leading_back(told(desk.there.week or Week()), desk.there))


def _leave(value: int, desk: _Desk) -> Decision:
    """Two taps, and all that is kept of the room goes, and the bot with it."""
    if value != _OFF:
        rows = ((Button(Label.ROOM_LEAVE_YES, Action.ROOM_LEAVE, _OFF),),)
        return _asks(desk, Line.ROOM_LEAVE_ASK, rows, {"title": desk.title})
    left = Reply((Line.ROOM_LEFT,), slots={"title": desk.title})
    return Decision(replace(desk.held, room=0), (left,), (RoomLeft(desk.there.chat),))


_TAPPED: Final[Mapping[Action, _Tapped]] = {
    Action.ROOM_PANEL: _show,
    Action.ROOM_ON: _turned,
    Action.ROOM_NOTICING: _noticing,
    Action.ROOM_PAUSE: _pause,
    Action.ROOM_DAYS: _day,
    Action.ROOM_TIME: _time,
    Action.ROOM_ZONE: _zone,
    Action.ROOM_TOPIC: _topic,
    Action.ROOM_ALERTS: _alerts,
    Action.ROOM_TIDY: _tidy,
    Action.ROOM_HOLD: _hold,
    Action.ROOM_RELEASE: _release,
    Action.ROOM_LEAVE: _leave,
    Action.ROOM_COUNTRIES: _choose_countries,
    Action.ROOM_LANGUAGE: _language,
    Action.ROOM_PULSE: _pulse,
}


# --- Typed settings -----------------------------------------------------------------------------------------------

_Typed = Callable[[_Desk], Decision | None]

_LABELS: Final[Mapping[Label, tuple[Action, int]]] = {
    Label.ROOM_NOTICING: (Action.ROOM_NOTICING, 0),
    Label.ROOM_PAUSE: (Action.ROOM_PAUSE, 0),
    Label.ROOM_DAYS: (Action.ROOM_DAYS, _ASKS_DAYS),
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
    Label.ROOM_OFF: (Action.ROOM_ON, _OFF),
}
"""Words of a button count where the panel, or what it asks, was said last."""
_OF_A_QUESTION: Final[Mapping[Action, Mapping[Label, int]]] = {
    Action.ROOM_ON: {Label.ROOM_ON: 0},
    Action.ROOM_NOTICING: {Label(f"noticing.{each}"): place for place, each in enumerate(NOTICINGS, start=1)},
    Action.ROOM_DAYS: {Label.ROOM_WEEKLY: _WEEKLY, Label.NUDGE_EVERY_DAY: _DAILY, Label.ROOM_NO_CIRCLE: _NO_DAYS},
    Action.ROOM_TOPIC: {Label.ROOM_TAKE_AWAY: _OFF},
    Action.ROOM_ALERTS: {Label.ROOM_TAKE_AWAY: _OFF},
    Action.ROOM_COUNTRIES: {Label.ROOM_TAKE_AWAY: _OFF},
    Action.ROOM_LEAVE: {Label.ROOM_LEAVE_YES: _OFF},
}
"""The same for buttons below one question alone."""


def _answer(words: str, held: Held, content: Content) -> _Typed | None:
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
    return lambda desk: _followed(action, value, desk)


def _said(desk: _Desk) -> bool | None:
    """Yes and on, or no and off."""
    meaning = desk.content.typed.get(plain(desk.incoming.words))
    if meaning in {"yes", "no"}:
        return meaning == "yes"
    return desk.content.times.switch_of(desk.incoming.text)


def _typed_on(desk: _Desk) -> Decision | None:
    match _said(desk):
        case True:
            return _turned(0, desk)
        case False:
            return say(desk.held, Line.ROOM_KEPT)
        case _:
            return None


def _typed_noticing(desk: _Desk) -> Decision | None:
    """“On” is the less of what may be read, unless more is on already."""
    match _said(desk):
        case True if desk.room.noticing is Noticing.OFF:
            return _noticing(NOTICINGS.index(Noticing.MENTIONS) + 1, desk)
        case True:
            return _show(0, desk)
        case False:
            return _noticing(NOTICINGS.index(Noticing.OFF) + 1, desk)
        case _:
            return None


def _typed_length(action: Action, desk: _Desk) -> Decision | None:
    length = length_of(desk.incoming.text, _BOUNDS[action], desk.content.times)
    if length is None and desk.content.times.length_of(desk.incoming.text) is not None:
        return _wrong(action, desk)
    match action:
        case Action.ROOM_PAUSE:
            return None if length is None else _set(desk, pause=length)
        case Action.ROOM_TIDY:
            if _said(desk) is not None and length is None:
                length = LENGTHS[action][2] if _said(desk) else 0
            return None if length is None else _set(desk, tidy=length)
        case _:
            if _said(desk) is False:
                return _release(0, desk)
            length = A_HOLD if length is None and _said(desk) else length
            return None if length is None else _set(desk, held_until=desk.incoming.at + length)


def _lengths(action: Action) -> _Typed:
    return lambda desk: _typed_length(action, desk)


def _typed_circle(desk: _Desk) -> Decision | None:
    """Days, a time and a place in one line, or one of them; only where all of it is read."""
    wanted = desk.content.times.line_of(desk.incoming.text)
    only = replace(Wanted(), clock=wanted.clock, days=wanted.days, rest=wanted.rest)
    if wanted != only or replace(only, rest=()) == Wanted() or len(wanted.rest) > 1:
        return None
    zones = desk.content.zones.named(wanted.rest[0]) if wanted.rest else ()
    if wanted.rest and not zones:
        return None
    if wanted.clock is not None and wanted.clock.minute is None:
        return _wrong(Action.ROOM_TIME, desk)
    minute = None if wanted.clock is None else wanted.clock.minute
    circle = _with_circle(desk, minute=minute, days=wanted.days, zone=zones[0] if len(zones) == 1 else "")
    if len(zones) > 1:
        after, change = _after(desk, circle=circle)
        return replace(_asks_which_zone(zones, after), facts=(change,))
    return _set(desk, circle=circle)


def _typed_days(desk: _Desk) -> Decision | None:
    days = desk.content.times.days_of(desk.incoming.text)
    if days is not None:
        return _set(desk, circle=_with_circle(desk, days=days))
    match _said(desk):
        case True:
            return _day(_WEEKLY, desk) if not desk.room.circle.days else _show(0, desk)
        case False:
            return _day(_NO_DAYS, desk)
        case _:
            return _typed_circle(desk)


def _typed_time(desk: _Desk) -> Decision | None:
    clock = desk.content.times.time_of(desk.incoming.text)
    if clock is None:
        return _typed_circle(desk)
    return _wrong(Action.ROOM_TIME, desk) if clock.minute is None else _time_of(clock.minute, desk)


def _time_of(minute: int, desk: _Desk) -> Decision:
    return _set(desk, circle=_with_circle(desk, minute=minute))


def _typed_zone(desk: _Desk) -> Decision | None:
    """A place; after one that has several zones, another narrows it down."""
    text = desk.incoming.text
    named = desk.content.zones.named(text) if plain(text) not in desk.content.typed else ()
    if not named:
        return _typed_circle(desk)
    zones = tuple(zone for zone in named if zone in desk.held.zones) or named
    if len(zones) > 1:
        return _asks_which_zone(zones, desk)
    return _set(desk, circle=_with_circle(desk, zone=zones[0]))


def _off_or_none(action: Action) -> _Typed:
    """A word that takes away what is set."""
    return lambda desk: _TAPPED[action](_OFF, desk) if _said(desk) is False else None


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


def _typed_countries(desk: _Desk) -> Decision | None:
    codes, _ = _countries(desk.incoming.text, desk.content)
    if codes:
        return _set(desk, countries=codes[:MOST_COUNTRIES])
    return _choose_countries(_OFF, desk) if _said(desk) is False else None


def _typed_leave(desk: _Desk) -> Decision | None:
    match _said(desk):
        case True:
            return _leave(_OFF, desk)
        case False:
            return say(desk.held, Line.ROOM_KEPT)
        case _:
            return None


_READERS: Final[Mapping[Action | None, _Typed]] = {
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
