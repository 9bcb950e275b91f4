"""What is kept of a group or channel: what becomes of it with a change, and how a button says which one is meant.

Rules that hold here: local time, zone and days are the truth, and `due_at` is derived from them; a title is shown as
text, whatever signs it has; whether someone is an admin is asked anew for everything that is for admins alone.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from bot.core.circle import due_at
from bot.core.copies import replace
from bot.core.facts import RoomChange
from bot.core.gap import DAY
from bot.core.kept import Room
from bot.core.lines import Label
from bot.core.model import Action, Door, Held, Incoming, Kind, Opened, Where
from bot.core.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.core.schedule import Zones
    from bot.core.times import Times

HOUR: Final = 60 * 60
MINUTE: Final = 60
PAUSES: Final = HOUR, 30 * DAY
"""The shortest and the longest pause between two offers to one person."""
TIDIES: Final = 10 * MINUTE, 40 * HOUR
"""After how long the bot may delete its own answers: Telegram lets it until 48 hours."""
HOLDS: Final = HOUR, 90 * DAY
A_HOLD: Final = DAY
"""Of a hold, unless the admin says how long."""
ROOM_ACTIONS: Final = frozenset(action for action in Action if action.name.startswith("ROOM_"))
"""What is for admins alone. Their buttons bring a room in the place of a walk."""
CHANGES: Final[Mapping[str, Action]] = {
    "hold": Action.ROOM_HOLD,
    "release": Action.ROOM_RELEASE,
    "leave": Action.ROOM_LEAVE,
    "topic": Action.ROOM_TOPIC,
}
"""Commands for admins that change something, in a group at once."""
IN_PRIVATE: Final = frozenset({*CHANGES, "pulse", "guide"})
"""Commands for admins that in private are about the room that the talk is about."""
IN_A_GROUP: Final = IN_PRIVATE | {"settings"}
_FOR_ALERTS: Final = Action.ROOM_ALERTS
_MOST_SIGNS: Final = 40
_MOST_TYPED: Final = 120
"""Signs of a text that may answer what the panel asked."""
_REF_BITS: Final = 8
_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Signs that show nothing and count as letters all the same."""
_SPACES: Final = frozenset({"Cc", "Zl", "Zp", "Zs"})
_UNSEEN: Final = frozenset({"Cf", "Cs", "Co", "Cn"})
"""What turns the direction of a text, has no width, or is no sign at all."""


# --- What is kept ---------------------------------------------------------------------------------------------------


def changed(room: Room | None, change: RoomChange, *, at: int, zones: Zones, seed: int) -> Room:
    """What is kept after a change `at` (seconds since 1970, UTC). `seed` orders the practices of a room that is new."""
    before = room or Room(change.chat, seed=seed)
    now = replace(before, **change.said)
    if all(getattr(now, name) == getattr(before, name) for name in _MOVES):  # one that waits comes all the same
        return now
    return replace(now, due_at=due_at(now, at, zones))


_MOVES: Final = ("is_on", "circle", "held_until", "may_write", "gone_at")
"""What changes when the next circle comes."""


def length_of(text: str, bounds: tuple[int, int], times: Times) -> int | None:
    """The seconds that a text says, where they lie within these bounds, both included."""
    length = times.length_of(text)
    return length if length is not None and bounds[0] <= length <= bounds[1] else None


# --- What it is called ----------------------------------------------------------------------------------------------


def plain_title(text: str) -> str:
    """A title without signs that are not seen or turn the text, on one line, of 40 signs at most."""
    kinds = ((sign, unicodedata.category(sign)) for sign in text)
    seen = (" " if kind in _SPACES or sign in _BLANK else sign for sign, kind in kinds if kind not in _UNSEEN)
    return " ".join("".join(seen).split())[:_MOST_SIGNS].rstrip()


def title_of(text: str) -> Label | str:
    """The same as it fills a line: never empty."""
    return plain_title(text) or Label.ROOM_UNNAMED


# --- Which is meant -------------------------------------------------------------------------------------------------


def marked(ref: int) -> State:
    """The state that a button about a room brings: its 32 bits stand in the place of a walk's number."""
    return State(walk=ref >> _REF_BITS, counter=ref & (1 << _REF_BITS) - 1)


def ref_of(state: State) -> int:
    """The room that such a state tells."""
    return state.walk << _REF_BITS | state.counter


def picks_alerts(incoming: Incoming, held: Held) -> bool:
    """Whether the group that was picked is the one whose moderators are to hear of danger in `held.room`."""
    return incoming.kind is Kind.ROOM and held.asked_room is _FOR_ALERTS and bool(held.room)


def needs_rights(incoming: Incoming, held: Held) -> bool:
    """Whether it has to be asked, before this is decided, who the admins are: at this moment, by Telegram."""
    match incoming.kind:
        case Kind.PRESS:
            return _is_for_admins(incoming)
        case Kind.ROOM:
            return True
        case Kind.COMMAND if incoming.where is Where.PRIVATE:
            door = None if incoming.there is None else incoming.there.door
            return (door is not None and door.is_for_admins) or (incoming.command in IN_PRIVATE and bool(held.room))
        case Kind.COMMAND:
            return incoming.addressed and incoming.command in IN_A_GROUP
        case Kind.TEXT if incoming.where is Where.PRIVATE:
            return held.asked_room is not None and bool(held.room) and len(incoming.words) <= _MOST_TYPED
        case _:
            return False


def _is_for_admins(incoming: Incoming) -> bool:
    match incoming.pressed:
        case Opened(action=Action.DOOR, value=value):
            return any(value == door and door.is_for_admins for door in Door)
        case Opened(action=action):
            return action in ROOM_ACTIONS
        case _:
            return False
