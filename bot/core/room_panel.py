"""What the admins of a group or channel set, in private: the ways in, and who may.

Rules that hold here: nothing is shown or changed for anyone who is not an admin at this very moment, and a button is
followed only for the room that it brings; a text is an answer only where it reads as one, and any other goes on to be
noticed as ever; nothing about the admin is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.core.cards import emergency_first, in_emergency
from bot.core.commands import which
from bot.core.consent import say
from bot.core.copies import replace
from bot.core.lines import Label, Line
from bot.core.matching import plain
from bot.core.model import Action, Content, Decision, Door, Held, Incoming, Kind, Opened, Reply
from bot.core.room import CHANGES, IN_PRIVATE, ROOM_ACTIONS, marked, picks_alerts
from bot.core.room_buttons import TAPPED, alerts_picked, closing, followed
from bot.core.room_desk import Desk, gone, shows
from bot.core.room_typed import READERS, WRONG, answer_of, said_wrong, typed_length
from bot.core.state import Step

_MOST_WORDS: Final = 5
"""Of an answer that could not be read, to be told so. A longer text may be about anything."""
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


def opened(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """The private chat was opened by a link for admins: the panel, for an admin. What it shows else is not here."""
    door = None if incoming.there is None else incoming.there.door
    if door is None or not door.is_for_admins:
        return None
    desk = _desk(incoming, held, content)
    if not isinstance(desk, Desk):
        return desk
    match door:
        case Door.SETTINGS:
            return shows(desk)
        case Door.PULSE:
            return followed(Action.ROOM_PULSE, 0, desk)
        case _:
            return None


def picked(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """A group or channel was picked: to be set up, or for its moderators to hear of danger in another."""
    if incoming.kind is not Kind.ROOM:
        return None
    desk = _desk(incoming, held, content)
    if not isinstance(desk, Desk):
        return closing(desk)
    if picks_alerts(incoming, held):
        return alerts_picked(desk)
    wanted = held.asked_room if held.asked_room in _COMMANDED.values() else None
    desk = replace(desk, held=replace(held, room=desk.there.chat))
    decision = shows(desk) if wanted is None else followed(wanted, 0, desk)
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
            if not isinstance(desk, Desk):
                return desk
            return followed(action, value, desk) if action in TAPPED else None
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
    if not isinstance(desk, Desk):
        return desk
    if command not in _COMMANDED:
        return None
    if command == "hold" and incoming.words.strip() and desk.room.is_on:
        return typed_length(Action.ROOM_HOLD, desk) or said_wrong(Action.ROOM_HOLD, desk)
    return followed(_COMMANDED[command], 0, desk)


def typed(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """What a text answers, where the panel asked for something. None where it does not read as an answer."""
    if held.asked_room is None or incoming.forwarded or held.state.step is Step.DANGER_ASK or in_emergency(held):
        return None
    words = plain(incoming.words)
    if words == content.spoken[Label.ROOM_NEVER_MIND]:
        return Decision(held, (Reply((Line.ROOM_KEPT,), closes_keyboard=True),))
    answer = answer_of(words, held, content) or READERS.get(held.asked_room)
    if answer is None or incoming.there is None or incoming.there.chat != held.room:
        return None
    there = incoming.there
    reading = answer(Desk(incoming, held, content, there))  # what it would be, from an admin
    if reading is None:
        return None
    desk = _desk(incoming, held, content)
    return reading if isinstance(desk, Desk) else desk


def unread(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """A few words where the panel has just asked for something: what is wrong with them, and an example."""
    asked, there = held.asked_room, incoming.there
    if asked is None or asked not in WRONG or in_emergency(held) or there is None or there.chat != held.room:
        return None
    if incoming.forwarded or len(incoming.words.split()) > _MOST_WORDS or plain(incoming.words) in content.typed:
        return None
    desk = _desk(incoming, held, content)
    return said_wrong(asked, desk) if isinstance(desk, Desk) else desk


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


def _desk(incoming: Incoming, held: Held, content: Content) -> Desk | Decision:
    """The desk of an admin; for anyone else what they are told, and nothing more."""
    there = incoming.there
    if in_emergency(held):
        return Decision(held, emergency_first(held.state))
    if there is not None and not there.is_known:
        is_gone = there.room is not None and there.room.gone_at
        return gone(Desk(incoming, held, content, there)) if is_gone else say(held, Line.ROOM_UNKNOWN)
    if there is None or not there.is_admin:
        return say(held, Line.ROOM_NOT_ADMIN)
    return Desk(incoming, held, content, there)


def _which(held: Held, action: Action) -> Decision:
    """Which group or channel? What was wanted of it is held until it is known."""
    if in_emergency(held):
        return Decision(held, emergency_first(held.state))
    return which(replace(held, asked_room=action))
