"""What may ever be said in a group or channel, and when.

Rules that hold here: a message that may not be read is dropped before any rule reads it; nothing about a person is said
there, and everyone gets the same lines; what a button there opens is the private chat of whoever presses it; what is
about danger is answered in private where that can be, and else by one general line; before an admin has said yes there
is nothing but that line and the way to the settings; nothing is changed for anyone who is no admin at that moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from bot.core import circle, members
from bot.core.commands import ADMIN_MENU
from bot.core.consent import as_minor
from bot.core.danger import danger_in
from bot.core.lines import Label, Line
from bot.core.matching import hear
from bot.core.model import (
    Action,
    Alerted,
    Button,
    Content,
    Danger,
    Decision,
    Door,
    Held,
    Incoming,
    Joined,
    Kind,
    Lane,
    Noticing,
    Offered,
    Opened,
    Purpose,
    Refused,
    Reply,
    RoomChange,
    RoomLeft,
    Shown,
    State,
    There,
    Tier,
    Where,
    Withdrew,
)
from bot.core.room import A_HOLD, HOLDS, MINUTE, length_of, title_of
from bot.core.turn import Turn, listen

InPrivate = Callable[[Incoming, Held, Content], Decision]
"""How a message would be answered in the private chat of its writer."""


def _door(label: Label, door: Door) -> tuple[tuple[Button, ...], ...]:
    return ((Button(label, Action.DOOR, door),),)


DOOR: Final = _door(Label.WRITE_PRIVATELY, Door.TALK)
_CARD: Final = Reply((Line.GROUP_DANGER,), DOOR, lane=Lane.DANGER)
_SHORT: Final = Reply((Line.GROUP_PRIVATE,), DOOR, lane=Lane.DANGER)
_ADMIN_DOORS: Final[Mapping[str, Door]] = {
    "settings": Door.SETTINGS,
    "guide": Door.GUIDE,
    "pulse": Door.PULSE,
}
_VERIFIED: Final[Mapping[str, Action]] = {"release": Action.ROOM_RELEASE, "topic": Action.ROOM_TOPIC}
_SILENT: Final = frozenset({"stop", "no_more"})
"""Meanings of whole messages that end what the bot does, for whoever says so."""
_READ: Final = frozenset({Kind.TEXT, Kind.COMMAND, Kind.EDIT, Kind.MEDIA})


def decide_in_group(incoming: Incoming, held: Held, content: Content, in_private: InPrivate) -> Decision:
    """What is said there, or to its writer in private; or nothing. `held` is the writer's own, and is left as it is.

    It changes where danger was answered in private, and where it is known what the writer may come through the door
    with.
    """
    there = incoming.there
    if there is None:
        return Decision(held)
    match incoming.kind:
        case Kind.STANDING:
            return _stands(incoming, there, held)
        case Kind.LEFT:
            return Decision(held, facts=_ends(there))
        case Kind.PRESS:
            return _pressed(incoming, there, held, content)
    if incoming.where is not Where.GROUP or incoming.kind not in _READ or not _may_read(incoming, there):
        return Decision(held)
    return _answered(incoming, there, held, content, in_private)


def _answered(incoming: Incoming, there: There, held: Held, content: Content, in_private: InPrivate) -> Decision:
    """What comes of a message that may be read."""
    seen = _danger(incoming, held, content)
    decision = _in_danger(seen, incoming, there, held, lambda: in_private(_as_private(incoming), held, content))
    if decision is not None:
        return decision
    if seen.age_said and there.is_agreed and not incoming.forwarded:  # from then on nothing is kept
        young, withdrawn = as_minor(held, asked=False)
        return Decision(young, facts=withdrawn)
    if not incoming.addressed:
        return _offered(incoming, there, held, content)
    if incoming.kind is Kind.COMMAND:
        return _commanded(incoming, there, held, content)
    if not _is_on(there) or incoming.kind is not Kind.TEXT:
        return Decision(held)
    return _told(incoming, there, held, content)


def _is_on(there: There) -> bool:
    return there.room is not None and there.room.is_on and not there.room.gone_at


def _may_read(incoming: Incoming, there: There) -> bool:
    """Whether it is for the bot, or of a member who agreed, where the admins want that."""
    agreed = there.is_agreed and not there.unnamed and there.room is not None and there.room.reads_members
    return incoming.addressed or (agreed and not incoming.forwarded)


# --- How the bot stands ---------------------------------------------------------------------------------------------


def _stands(incoming: Incoming, there: There, held: Held) -> Decision:
    """It was added, removed, or may do other things from now on."""
    standing, room = there.standing, there.room
    if standing is None:
        return Decision(held)
    chat = there.chat
    if not standing.is_in:
        gone = room is not None and not room.gone_at
        return Decision(held, facts=(RoomChange(chat, gone_at=incoming.at),) if gone else ())
    arrived = standing.is_new and incoming.where is Where.GROUP
    replies = (Reply((Line.GROUP_ARRIVED,), _door(Label.SET_UP, Door.SETTINGS), stays=True),) if arrived else ()
    if room is None:
        return Decision(held, replies)
    change = RoomChange(chat, title=there.title or None, may_write=standing.may_write)
    if room.gone_at:  # what was set is there again with an admin's yes
        change = replace(change, gone_at=0, is_on=False)
    return Decision(held, replies, (change,))


def _ends(there: There, *, asked: bool = False) -> tuple[Withdrew, ...]:
    """What someone agreed to for this group ends."""
    given = ((Purpose.GROUP, there.is_agreed), (Purpose.APART, there.is_apart and not asked))
    return tuple(Withdrew(purpose, asked=asked, group=there.chat) for purpose, is_given in given if is_given)


# --- Buttons --------------------------------------------------------------------------------------------------------


def _pressed(incoming: Incoming, there: There, held: Held, content: Content) -> Decision:
    match incoming.pressed:
        case Opened(action=Action.DOOR, value=value) if value in {*Door}:
            door = Door(value)
            if door.is_for_admins and not there.is_admin:
                return _no_admin(there, held)
            return Decision(held, opens=door)
        case Opened(action=Action.JOIN, state=state):
            joined = circle.joined(state, there.total, content)
            replies = () if joined is None else (joined,)
            return Decision(held, replies, (Joined(there.chat),), toast=Line.CIRCLE_JOINED)
        case Opened(action=Action.ON_IT):
            link = ((_open(there.post),),) if there.post else ()
            return Decision(held, (Reply((Line.ALERT_TAKEN,), link, in_place=True, stays=True),))
        case Opened(action=Action.ROOM_HOLD | Action.ROOM_RELEASE | Action.ROOM_TOPIC | Action.ROOM_LEAVE) as opened:
            return _changed(opened, incoming, there, held) if there.is_admin else _no_admin(there, held)
        case Refused.EXPIRED:
            return Decision(held, toast=Line.GROUP_BUTTON_OLD)
        case _:
            return Decision(held)


def _no_admin(there: There, held: Held) -> Decision:
    return Decision(held, toast=Line.GROUP_FOR_ADMINS if there.is_known else Line.GROUP_ASK_LATER)


def _changed(opened: Opened, incoming: Incoming, there: There, held: Held) -> Decision:
    """What an admin without a name asked for, now that one has pressed."""
    match opened.action:
        case Action.ROOM_HOLD:
            return _rested(incoming, there, held, opened.state.walk * MINUTE)
        case Action.ROOM_RELEASE:
            return _released(there, held)
        case Action.ROOM_TOPIC:
            return _topic(there, held)
        case _:
            return Decision(held, (Reply((Line.GROUP_LEFT,), in_place=True),), (RoomLeft(there.chat),))


def _open(link: str) -> Button:
    return Button(Label.OPEN_MESSAGE, Action.OPEN, payload=link)


# --- Danger ---------------------------------------------------------------------------------------------------------


def _danger(incoming: Incoming, held: Held, content: Content) -> Danger:
    """What is seen in it. In what nobody addressed to the bot, a mere score that something is unclear counts for none.

    Of a whole day's talk some messages would have it, and each would be the direct question out of the blue.
    """
    seen = danger_in(_as_private(incoming), listen(incoming), held, content)
    if not incoming.addressed and seen.tier is Tier.UNCLEAR and not seen.by_rule:
        return replace(seen, tier=Tier.NONE)
    return seen


def _as_private(incoming: Incoming) -> Incoming:
    """The same words, as if they had been written to the bot in private."""
    kind = Kind.TEXT if incoming.kind is Kind.COMMAND else incoming.kind
    return replace(incoming, where=Where.PRIVATE, kind=kind, command="", payload="", pressed=None, there=None)


def _in_danger(
    seen: Danger, incoming: Incoming, there: There, held: Held, in_private: Callable[[], Decision]
) -> Decision | None:
    """The card in private, where the bot may write there, and else the general line; moderators hear of it."""
    if seen.tier is Tier.NONE:
        return None
    in_room = _CARD if there.may_card else _SHORT
    if incoming.forwarded or there.unnamed:
        return Decision(held, (in_room,))
    alerts = _alerts(there) if seen.by_rule or seen.tier is not Tier.UNCLEAR else ()
    facts = (Alerted(there.chat),) if alerts else ()
    if there.is_apart or Purpose.ALONE in held.consents:
        return Decision(held, (in_room, *alerts), facts)
    private = in_private()
    is_card = any(isinstance(fact, Shown) for fact in private.facts)
    if not is_card and all(reply.lane is not Lane.DANGER for reply in private.replies):
        return None  # by what was said in private it means something else
    first, *others = (replace(reply, to=incoming.person) for reply in private.replies)
    replies = (replace(first, instead=in_room), *others, *alerts)
    return replace(private, replies=replies, facts=(*private.facts, *facts))


def _alerts(there: There) -> tuple[Reply, ...]:
    """One line to the moderators, where the admins want that: a link to the message, and nothing of it."""
    room = there.room
    if room is None or not _is_on(there) or not room.alerts:
        return ()
    link = ((_open(there.post),),) if there.post else ()
    buttons = (*link, (Button(Label.ON_IT, Action.ON_IT),))
    line = Line.ALERT if there.post else Line.ALERT_NO_LINK
    slots = {"group": title_of(there.title or room.title)}
    return (Reply((line,), buttons, slots, lane=Lane.DANGER, to=room.alerts, stays=True),)


# --- Of a member who agreed -----------------------------------------------------------------------------------------


def _offered(incoming: Incoming, there: There, held: Held, content: Content) -> Decision:
    """A walk is offered in private, and nothing is said where it was written."""
    room = there.room
    is_held = room is None or room.held_until > incoming.at
    never = is_held or there.is_apart or Purpose.ALONE in held.consents or held.state.minor
    if never or incoming.kind is not Kind.TEXT:
        return Decision(held)
    notice = content.reader.notice(hear(incoming.words))
    if not notice.offer:
        return Decision(held)
    offer = replace(members.offer(there, notice, incoming.seed), to=incoming.person)
    return Decision(replace(held, room=there.chat), (offer,), (Offered(there.chat),))


# --- Of whoever addresses it ----------------------------------------------------------------------------------------


def _told(incoming: Incoming, there: There, held: Held, content: Content) -> Decision:
    """One general line. What the words are about is known when their writer comes through the door, and to nobody."""
    heard = listen(incoming)
    meaning = content.typed.get(heard.typed.plain)
    if meaning in _SILENT:
        return _stopped(incoming, there, held)
    if meaning == "thanks":  # said to a program before others, it needs no answer
        return Decision(held)
    if there.names_another:
        return Decision(held, (Reply((Line.GROUP_FOR_ANOTHER,), _door(Label.HOW_TO_HELP, Door.HOW_TO_HELP)),))
    if content.is_foreign(incoming.words):
        return Decision(held, (Reply((Line.GROUP_LANGUAGE,), DOOR),))
    return Decision(_knowing(incoming, there, held, content), (Reply((Line.GROUP_PRIVATE,), DOOR),))


def _knowing(incoming: Incoming, there: There, held: Held, content: Content) -> Held:
    room = there.room
    if room is None or room.noticing is Noticing.OFF or incoming.forwarded or there.unnamed:
        return held
    turn = Turn(incoming, held, content, listen(incoming), Danger())
    return replace(held, told=turn.notice) if turn.notice.ask else held


def _stopped(incoming: Incoming, there: There, held: Held) -> Decision:
    """It ends for the one who says it. Who had agreed to what is nobody's business there."""
    ended = () if there.unnamed else _ends(there, asked=True)
    if not ended:
        return Decision(held)
    slots = {"group": title_of(there.title)}
    return Decision(held, (Reply((Line.GROUP_STOPPED,), slots=slots, to=incoming.person),), ended)


# --- Commands -------------------------------------------------------------------------------------------------------


def _commanded(incoming: Incoming, there: There, held: Held, content: Content) -> Decision:
    command = incoming.command
    if command in ADMIN_MENU:
        may_ask = there.is_admin or there.as_room
        return _of_admins(incoming, there, held, content) if may_ask else Decision(held)
    if not _is_on(there):
        return Decision(held)
    match command:
        case "start" if incoming.text:  # a link that added the bot
            return Decision(held)
        case "stop":
            return _stopped(incoming, there, held)
        case "crisis":
            return Decision(held, (_CARD if there.may_card else _SHORT,))
        case "walk":
            return Decision(held, (Reply((Line.GROUP_PRIVATE,), _door(Label.WRITE_PRIVATELY, Door.WALK)),))
        case "howtohelp":
            return Decision(held, (Reply((Line.GROUP_HOW_TO_HELP,), _door(Label.HOW_TO_HELP, Door.HOW_TO_HELP)),))
        case _:
            return Decision(held, (Reply((Line.GROUP_PRIVATE,), DOOR),))


def _of_admins(incoming: Incoming, there: There, held: Held, content: Content) -> Decision:
    """What an admin asks for, at once; one without a name presses a button first, so that it is known to be one."""
    command, names_itself = incoming.command, not there.as_room
    if command == "leave":
        return _verify(held, Line.GROUP_LEAVE_ASK, Button(Label.GROUP_LEAVE, Action.ROOM_LEAVE, 1))
    if command in _ADMIN_DOORS or not _is_on(there):
        door = _ADMIN_DOORS.get(command, Door.SETTINGS) if _is_on(there) else Door.SETTINGS
        return Decision(held, (Reply((Line.GROUP_ADMIN,), _door(Label.OPEN_PRIVATELY, door)),))
    if command == "hold":
        length = length_of(incoming.words, HOLDS, content.times) if incoming.words.strip() else A_HOLD
        if length is None:
            return Decision(held, (Reply((Line.GROUP_HOLD_WRONG,)),))
        if names_itself:
            return _rested(incoming, there, held, length)
        return _verify(held, Line.GROUP_VERIFY, _asked(Action.ROOM_HOLD), State(walk=length // MINUTE))
    if not names_itself:
        return _verify(held, Line.GROUP_VERIFY, _asked(_VERIFIED[command]))
    return _released(there, held) if command == "release" else _topic(there, held)


def _asked(action: Action) -> Button:
    return Button(Label.VERIFY, action)


def _verify(held: Held, line: Line, button: Button, state: State | None = None) -> Decision:
    return Decision(held, (Reply((line,), ((button,),), state=state),))


def _rested(incoming: Incoming, there: There, held: Held, seconds: int) -> Decision:
    change = RoomChange(there.chat, held_until=incoming.at + seconds)
    return Decision(held, (Reply((Line.GROUP_HELD,)),), (change,))


def _released(there: There, held: Held) -> Decision:
    return Decision(held, (Reply((Line.GROUP_RELEASED,)),), (RoomChange(there.chat, held_until=0),))


def _topic(there: There, held: Held) -> Decision:
    if not there.is_forum:
        return Decision(held, (Reply((Line.GROUP_NO_TOPICS,)),))
    change = RoomChange(there.chat, topic=there.thread or 0)
    return Decision(held, (Reply((Line.GROUP_TOPIC,)),), (change,))
