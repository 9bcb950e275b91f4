"""What may ever be said in a group, and when; and what is said to someone in private because of it.

Rules that hold here: a message that may not be read is dropped before any rule reads it; what is said in the group is
the same for everyone, speaks to the room, and names, quotes, tags or rates nobody; what is held of someone changes
nothing of it; without an admin's yes all is silent, but for danger that is told to the bot; what is for admins is done
only for who is one at this moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from bot.core.circle import joined
from bot.core.commands import COMMANDS
from bot.core.copies import replace
from bot.core.facts import Alerted, Fact, Joined, Offered, RoomChange, RoomLeft, Withdrew
from bot.core.kept import Noticing, Purpose, Room
from bot.core.lines import Label, Line
from bot.core.matching import hear, plain
from bot.core.model import (
    Action,
    Button,
    Content,
    Decision,
    Door,
    Held,
    Incoming,
    Kind,
    Lane,
    Opened,
    Reply,
    There,
    Where,
)
from bot.core.room import A_HOLD, CHANGES, HOLDS, IN_A_GROUP, MINUTE, length_of, marked, title_of
from bot.core.room_desk import lasting
from bot.core.state import About, Danger, Notice, State, Step, Tier
from bot.core.steps import BEGIN, Rows

Private = Callable[[Incoming, Held, Content], Decision]
"""What answers a message that was written in private."""


def _door(label: Label, door: Door) -> Rows:
    return ((Button(label, Action.DOOR, door),),)


DOOR: Final = _door(Label.WRITE_PRIVATELY, Door.TALK)
_HOW_TO_HELP: Final = _door(Label.HOW_TO_HELP, Door.HOW_TO_HELP)
_DOORS: Final[Mapping[str, tuple[Line, Rows]]] = {
    "settings": (Line.ADMIN_SETTINGS, _door(Label.OPEN_SETTINGS, Door.SETTINGS)),
    "guide": (Line.ADMIN_GUIDE, _door(Label.OPEN_GUIDE, Door.GUIDE)),
    "pulse": (Line.ADMIN_PULSE, _door(Label.OPEN_PULSE, Door.PULSE)),
}
"""Commands of admins that are answered in private: whoever presses is asked about there."""
_WITHOUT_A_YES: Final = frozenset({"settings", "leave"})
_STOPS: Final = frozenset({"stop", "no_more"})
_NEEDS_NO_ANSWER: Final = frozenset({"thanks", "swear", "yes", "no"})
"""Meanings of whole messages that a program need not answer before others."""
_AT_REST: Final = frozenset({Step.IDLE, Step.CLOSE, Step.ASK, Step.OWN})
"""Where nothing is under way in private that an offer would break into."""


@dataclass(frozen=True)  # without slots, so that what is read can be kept
class _Here:
    """One message in a group or channel, and all that its answer rests on."""

    incoming: Incoming
    held: Held
    content: Content
    in_private: Private
    there: There

    @property
    def room(self) -> Room | None:
        """What is kept of it, where an admin has said yes."""
        room = self.there.room
        return room if room is not None and room.is_on and not room.gone_at else None

    @property
    def rests(self) -> bool:
        """Whether nothing is to come by itself."""
        return self.room is None or self.room.held_until > self.incoming.at

    @property
    def may_tell(self) -> bool:
        """Whether the bot may write to this person because of the group."""
        wishes = self.held.consents | self.held.lapsed
        return not (self.there.unnamed or self.there.is_apart or Purpose.ALONE in wishes)

    @property
    def may_read(self) -> bool:
        """Whether any rule may read it: it is for the bot, or by someone who agreed to that."""
        if self.incoming.where is not Where.GROUP:
            return False
        agreed = self.there.is_agreed and self.may_tell and self.room is not None and self.room.reads_members
        return self.incoming.addressed or (agreed and not self.incoming.forwarded)

    @cached_property
    def seen(self) -> tuple[Danger, ...]:
        """What each of its texts, and all of them as one, say about danger."""
        incoming = self.incoming
        unknown = incoming.command.replace("_", " ") if incoming.command not in {*COMMANDS, *IN_A_GROUP} else ""
        texts = {*incoming.texts, f"{unknown} {incoming.words}".strip()}
        seen = tuple(self.content.guard.read(hear(text)) for text in sorted(texts) if text)
        if incoming.command not in IN_A_GROUP:
            return seen
        return tuple(danger for danger in seen if danger.by_rule)  # lengths, to which a score says nothing

    @cached_property
    def notice(self) -> Notice:
        """What it is about."""
        return self.content.reader.notice(hear(_without_names(self.incoming.words)))

    @property
    def title(self) -> Label | str:
        """What the group is called."""
        return title_of(self.there.title or ("" if self.there.room is None else self.there.room.title))


def decide_in_group(incoming: Incoming, held: Held, content: Content, in_private: Private) -> Decision:
    """What is said in a group or channel, to its members in private, and what happened."""
    here = _Here(incoming, held, content, in_private, incoming.there or There(0))
    match incoming.kind:
        case Kind.STANDING:
            return _stands(here)
        case Kind.LEFT:
            return _left(here)
        case Kind.PRESS:
            return _pressed(here)
    if not here.may_read:
        return Decision(held)
    decision = _danger(here)
    if decision is None:
        decision = _answered(here) if incoming.addressed else _unprompted(here)
        decision = _young(here, decision)
    return decision


def _without_names(text: str) -> str:
    """The text without the names that it mentions, the bot's own among them."""
    return " ".join(word for word in text.split() if not word.startswith("@"))


def _say(here: _Here, line: Line, buttons: Rows = (), facts: tuple[Fact, ...] = ()) -> Decision:
    return Decision(here.held, (Reply((line,), buttons),), facts)


def _to(here: _Here, line: Line, buttons: Rows = (), state: State | None = None) -> Reply:
    """A message to the writer, in private, that names the group."""
    seed = here.incoming.seed
    return Reply((line,), buttons, {"title": here.title}, (seed,), to=here.incoming.person, state=state)


# --- How the bot stands there -------------------------------------------------------------------------------------


def _stands(here: _Here) -> Decision:
    """It was added, removed, muted, or given other rights. Nothing is kept of a room without an admin's yes."""
    there, room = here.there, here.there.room
    standing = there.standing
    if standing is None:
        return Decision(here.held)
    if not standing.is_in:
        change = RoomChange(there.chat, is_on=False, gone_at=here.incoming.at)
        return Decision(here.held, facts=() if room is None or room.gone_at else (change,))
    change = RoomChange(there.chat, title=there.title or None, may_write=standing.may_write, gone_at=0)
    facts = () if room is None else (change,)
    arrived = not standing.was_in and here.room is None
    if arrived and there.is_channel and not there.unnamed:
        rows = ((Button(Label.CHANNEL_SETTINGS, Action.ROOM_PANEL, 1),),)
        return Decision(here.held, (_to(here, Line.CHANNEL_ADDED, rows),), facts)
    if not arrived or there.is_channel or not standing.may_write:
        return Decision(here.held, facts=facts)
    return _say(here, Line.GROUP_ARRIVED, _door(Label.SET_IT_UP, Door.SETTINGS), facts)


def _left(here: _Here) -> Decision:
    """A member left: what they agreed to there ends."""
    ended = (Purpose.GROUP, here.there.is_agreed), (Purpose.APART, here.there.is_apart)
    chat = here.there.chat
    return Decision(here.held, facts=tuple(Withdrew(each, asked=False, group=chat) for each, held in ended if held))


# --- Buttons in the group -----------------------------------------------------------------------------------------


def _pressed(here: _Here) -> Decision:
    """Anyone may press what anyone else was shown: nothing of it is about a person."""
    there = here.there
    match here.incoming.pressed:
        case Opened(action=Action.DOOR, value=value):
            return _opened(here, next((door for door in Door if door == value), None))
        case Opened(action=Action.JOIN, state=state) if here.room is not None:
            circle = joined(state, there.total, here.content)
            replies = () if circle is None else (circle,)
            return Decision(here.held, replies, (Joined(there.chat),), toast=Line.JOINED)
        case Opened(action=Action.ON_IT):
            return Decision(here.held, (Reply((Line.ALERT_TAKEN,), _link(there), in_place=True, stays=True),))
        case Opened(action=action, state=state) if action in CHANGES.values():
            return _verified(here, action, state)
        case _:
            return Decision(here.held)


def _opened(here: _Here, door: Door | None) -> Decision:
    if door is not None and door.is_for_admins and not here.there.is_admin:
        return _refused(here)
    return Decision(here.held, opens=door)


def _refused(here: _Here) -> Decision:
    return Decision(here.held, toast=Line.ADMIN_ONLY if here.there.is_known else Line.ROOM_UNKNOWN)


def _verified(here: _Here, action: Action, state: State) -> Decision:
    """What an admin wanted who wrote in the name of the group: whoever presses has to be one."""
    if not here.there.is_admin:
        return _refused(here)
    if here.room is None and action is not Action.ROOM_LEAVE:
        return Decision(here.held)
    decision = _changed(here, action, state.walk * MINUTE)
    return replace(decision, replies=tuple(replace(reply, in_place=True) for reply in decision.replies))


# --- Danger -------------------------------------------------------------------------------------------------------


def _card(here: _Here) -> Reply:
    """Where help is, for the room; a short line where that was said a while ago."""
    line = Line.GROUP_DANGER if here.there.may_card else Line.GROUP_DANGER_AGAIN
    return Reply((line,), DOOR, lane=Lane.DANGER)


def _danger(here: _Here) -> Decision | None:
    """The writer's own card in private, or where that cannot be, help for the room; and moderators may hear of it."""
    tiers = {danger.tier for danger in here.seen if _is_spoken_to(here.incoming) or _is_plain(danger)} - {Tier.NONE}
    if not tiers:
        return None
    if here.room is None or here.incoming.forwarded:
        return Decision(here.held, (_card(here),))
    alert, told = _alert(here) if tiers - {Tier.UNCLEAR} else ((), ())
    if not here.may_tell:
        return Decision(here.held, (_card(here), *alert), told)
    decision = _read_in_private(here)
    first, *others = decision.replies or (Reply((Line.CRISIS,), to=here.incoming.person, lane=Lane.DANGER),)
    by_itself = here.there.may_card and bool(tiers - {Tier.UNCLEAR}) and not here.rests
    instead = _card(here) if here.incoming.addressed or by_itself else None
    replies = (replace(first, instead=instead), *others, *alert)
    return replace(decision, replies=replies, facts=(*decision.facts, *told))


def _is_spoken_to(incoming: Incoming) -> bool:
    """Whether the words are for the bot, and say more than how long it is to rest."""
    return incoming.addressed and incoming.command not in IN_A_GROUP


def _is_plain(danger: Danger) -> bool:
    """Whether it counts where nobody spoke to the bot: what words merely add up to does not, if it is but unclear.

    Of 284 real comments about other things 62 add up to it, and each would be the direct question out of the blue.
    """
    return danger.by_rule or danger.tier is not Tier.UNCLEAR


def _read_in_private(here: _Here) -> Decision:
    """What the same words, read for danger and age alone, are answered with in private."""
    read = replace(here.incoming, where=Where.PRIVATE, kind=Kind.EDIT, there=None, payload="", pressed=None, numbers=())
    decision = here.in_private(read, here.held, here.content)
    to = here.incoming.person
    return replace(decision, replies=tuple(replace(reply, to=to) for reply in decision.replies))


def _alert(here: _Here) -> tuple[tuple[Reply, ...], tuple[Fact, ...]]:
    """A link for the moderators, where an admin wanted that: nobody's name, and no words."""
    if here.room is None or here.room.alerts in {0, here.there.chat}:
        return (), ()
    rows = (*_link(here.there), (Button(Label.ON_IT, Action.ON_IT),))
    slots = {"title": here.title}
    alert = Reply((Line.ALERT,), rows, slots, lane=Lane.DANGER, to=here.room.alerts, stays=True)
    return (alert,), (Alerted(here.there.chat),)


def _link(there: There) -> Rows:
    """The button that opens a message, where there can be a link to it."""
    return ((Button(Label.OPEN_MESSAGE, Action.OPEN, payload=there.post),),) if there.post else ()


def _young(here: _Here, decision: Decision) -> Decision:
    """The same with what someone is told, in private, who has said to be under 16; and nothing is kept of them."""
    if not any(danger.minor for danger in here.seen) or here.held.state.minor:
        return decision
    if here.room is None or here.incoming.forwarded or here.there.unnamed:
        return decision
    young = _read_in_private(here)
    if not young.held.state.minor:
        return decision
    said = tuple(reply for reply in decision.replies if not reply.to)
    told = young.replies if here.may_tell else ()
    facts = (fact for fact in decision.facts if not isinstance(fact, Offered))
    return replace(young, replies=(*said, *told), facts=(*young.facts, *facts))


# --- What is not for the bot, by someone who agreed ---------------------------------------------------------------


def _unprompted(here: _Here) -> Decision:
    """To its writer alone, in private: an offer, or nothing. Nothing appears in the group."""
    held = here.held
    if here.incoming.kind is not Kind.TEXT or here.rests or held.state.step not in _AT_REST or held.state.minor:
        return Decision(held)
    if not here.notice.offer:
        return Decision(held)
    chat, notice = here.there.chat, here.notice
    rows = (
        (BEGIN, Button(Label.NOT_NOW, Action.OFFER_NO)),
        (Button(Label.STOP_THERE, Action.WITHDRAW_GROUP, chat & 0xFF),),
    )
    state = State(here.incoming.seed, step=Step.ASK, source=notice.source, conditions=notice.conditions)
    return Decision(held, (_to(here, Line.OFFER, rows, state),), (Offered(chat),))


# --- What is for the bot ------------------------------------------------------------------------------------------


def _answered(here: _Here) -> Decision:
    """One line for everyone, with the way to the private chat."""
    incoming = here.incoming
    if incoming.kind is Kind.COMMAND and incoming.command in IN_A_GROUP:
        return _commanded_by_admin(here)
    if incoming.command == "crisis":
        return Decision(here.held, (_card(here),))
    if here.room is None or incoming.kind not in {Kind.TEXT, Kind.COMMAND}:
        return Decision(here.held)
    is_stop = incoming.kind is Kind.TEXT and _is_stop(here)
    if incoming.command == "stop" or is_stop:
        return _stopped(here)
    if incoming.command == "start" and incoming.words.strip():  # by a link that added it
        return Decision(here.held)
    if here.there.names_another:
        return _say(here, Line.GROUP_NOBODY_SENT, _HOW_TO_HELP)
    if incoming.kind is Kind.COMMAND:
        return _commanded(here)
    if here.content.typed.get(plain(_without_names(incoming.words))) in _NEEDS_NO_ANSWER:
        return Decision(here.held)
    if here.content.is_foreign(incoming.text):
        return _say(here, Line.GROUP_LANGUAGE, DOOR)
    return replace(_say(here, Line.GROUP_PRIVATE, DOOR), held=_with_notice(here))


def _commanded(here: _Here) -> Decision:
    """A command starts nothing in public: it shows the way."""
    match here.incoming.command:
        case "walk":
            return _say(here, Line.GROUP_WALK, _door(Label.WALK_PRIVATELY, Door.WALK))
        case "howtohelp":
            return _say(here, Line.GROUP_HOW_TO_HELP, _HOW_TO_HELP)
        case _:
            return _say(here, Line.GROUP_PRIVATE, DOOR)


def _with_notice(here: _Here) -> Held:
    """What is held of the writer, with what the words were about, in case they come through the door."""
    incoming, room = here.incoming, here.room
    if incoming.forwarded or here.there.unnamed or room is None or room.noticing is Noticing.OFF:
        return here.held
    is_witness = here.notice.about is About.WITNESS and (here.notice.ask or here.notice.offer)
    return replace(here.held, told=here.notice) if is_witness else here.held


def _is_stop(here: _Here) -> bool:
    words = plain(_without_names(here.incoming.words))
    return here.content.typed.get(words) in _STOPS or words == here.content.spoken[Label.STOP]


def _stopped(here: _Here) -> Decision:
    """“Stop” is about the one who says it: nothing of it is seen in the group."""
    there = here.there
    if there.unnamed:
        return Decision(here.held)
    was_agreed = there.is_agreed or Purpose.GROUP in here.held.lapsed
    facts = (Withdrew(Purpose.GROUP, group=there.chat),) if was_agreed else ()
    if not here.may_tell:
        return Decision(here.held, facts=facts)
    line = Line.NOTICE_STOPPED_THERE if there.is_agreed else Line.NOTICE_NOT_THERE
    return Decision(here.held, (_to(here, line, state=marked(there.ref)),), facts)


# --- For admins ---------------------------------------------------------------------------------------------------


def _commanded_by_admin(here: _Here) -> Decision:
    """For anyone else there is silence. Nobody can be told from who writes in the name of the group: a press tells."""
    there, command = here.there, here.incoming.command
    if not (there.is_admin or there.as_room) or (here.room is None and command not in _WITHOUT_A_YES):
        return Decision(here.held)
    if command in _DOORS:
        return _say(here, *_DOORS[command])
    action, length = CHANGES[command], 0
    if action is Action.ROOM_HOLD:
        wanted = _length(here)
        if wanted is None:
            return _say(here, Line.ADMIN_HOLD_WRONG)
        length = wanted
    if action is Action.ROOM_TOPIC and not there.is_forum:
        return _say(here, Line.ADMIN_NO_TOPICS)
    if there.as_room:
        button = Button(Label.VERIFY, action)
        line = Line.ADMIN_LEAVE_ASK if action is Action.ROOM_LEAVE else Line.ADMIN_VERIFY
        return Decision(here.held, (Reply((line,), ((button,),), state=State(length // MINUTE)),))
    if action is Action.ROOM_LEAVE:
        leave = Button(Label.ROOM_LEAVE_YES, action)
        return Decision(here.held, (Reply((Line.ADMIN_LEAVE_ASK,), ((leave,),), state=State()),))
    return _changed(here, action, length)


def _length(here: _Here) -> int | None:
    text = here.incoming.words.strip()
    return length_of(text, HOLDS, here.content.times) if text else A_HOLD


def _changed(here: _Here, action: Action, length: int) -> Decision:
    chat = here.there.chat
    match action:
        case Action.ROOM_HOLD:
            held = Reply((Line.ADMIN_HELD,), slots={"length": lasting(length)})
            return Decision(here.held, (held,), (RoomChange(chat, held_until=here.incoming.at + length),))
        case Action.ROOM_RELEASE:
            return _say(here, Line.ADMIN_RELEASED, facts=(RoomChange(chat, held_until=0),))
        case Action.ROOM_TOPIC:
            return _say(here, Line.ADMIN_TOPIC, facts=(RoomChange(chat, topic=here.there.thread or 0),))
        case _:
            return _say(here, Line.ADMIN_LEFT, facts=(RoomLeft(chat),))
