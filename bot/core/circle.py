"""The circle: one short practice for a whole group or channel at the time that its admins chose, and who took part.

Rules that hold here: local time, zone and days are the truth, and `due_at` is derived from them; at most one circle a
local day, and none while the room is held, may not be written to, or is gone; none comes twice before all have come;
how many took part is a number, and nobody is in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.core.copies import replace
from bot.core.course import Circle, mixed
from bot.core.kept import Room
from bot.core.lines import Label, Line
from bot.core.model import Action, Button, Content, Door, Lane, Reply
from bot.core.nudging import LATEST
from bot.core.schedule import Zones, believed, local_day, next_due
from bot.core.state import State

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_SHOWN: Final = 2**24 - 1
"""A total stays there: it travels in its button, in the place of a walk's 24 bits."""


# --- when -----------------------------------------------------------------------------------------------------------


def due_at(room: Room, after: int, zones: Zones) -> int:
    """When the next circle comes after a time; 0: none does. Both are seconds since 1970, UTC."""
    zone = zones.zone(room.circle.zone)
    if zone is None or not _may_post(room):
        return 0
    return next_due(room.circle, zone, max(after, room.held_until), believed(room.told_on, zone, after)) or 0


def due_again(room: Room, after: int, zones: Zones) -> Room:
    """The same with the time of the next circle, as it is derived from a time on.

    A day further ahead than it can be is none: a clock was wrong.
    """
    zone = zones.zone(room.circle.zone)
    told_on = room.told_on if zone is None else believed(room.told_on, zone, after)
    return replace(room, told_on=told_on, due_at=due_at(room, after, zones))


def may_come(room: Room, at: int, zones: Zones) -> bool:
    """Whether the circle that is due may be posted at that time: not late, not held, not the day's second."""
    zone = zones.zone(room.circle.zone)
    if zone is None or not _may_post(room) or not room.circle.days or room.held_until > at:
        return False
    return 0 < room.due_at <= at < room.due_at + LATEST and local_day(zone, at) > room.told_on


def _may_post(room: Room) -> bool:
    return room.is_on and room.may_write and not room.gone_at


# --- what is posted -------------------------------------------------------------------------------------------------


def message(room: Room, content: Content) -> Reply | None:
    """The circle that comes next; None where there is no practice for it."""
    practice = _draw(room, content.circles)
    return None if practice is None else _worded_as(practice)


def posted(room: Room, at: int, content: Content) -> Room:
    """What is kept once the circle that comes next was posted, or may have been."""
    zone, practice = content.zones.zone(room.circle.zone), _draw(room, content.circles)
    if practice is not None:
        names = {each.name for each in content.circles}
        seen = room.seen & names
        room = replace(room, seen=(frozenset() if seen == names else seen) | {practice.name})
    if zone is not None:
        room = replace(room, told_on=max(room.told_on, local_day(zone, at)))
    return due_again(room, at, content.zones)


def left_out(room: Room, due: int, at: int, content: Content) -> Room:
    """The same where the circle of that slot was not posted: the next that is not too late comes."""
    if room.due_at != due:  # the admins have chosen anew since
        return room
    return due_again(room, max(at - LATEST, due), content.zones)


def unreached(room: Room) -> Room:
    """The same where nothing may be written there, until Telegram says otherwise."""
    return replace(room, may_write=False, due_at=0)


def _draw(room: Room, circles: Sequence[Circle]) -> Circle | None:
    """In an order by the room's seed, the first that it has not had in this round."""
    deck = sorted(circles, key=lambda circle: mixed(room.seed, circle.name))
    return next((circle for circle in deck if circle.name not in room.seen), deck[0] if deck else None)


def _worded_as(practice: Circle, total: int = 0) -> Reply:
    # The wording is the practice's own, so that it is the same whenever the total is put in anew.
    reply = Reply(
        (Line.CIRCLE, Line.CIRCLE_PRACTICE),
        (
            (Button(Label.CIRCLE_JOIN, Action.JOIN),),
            (Button(Label.WRITE_PRIVATELY, Action.DOOR, Door.TALK),),
        ),
        {"words": practice.words},
        picks=(practice.number, 0),
        lane=Lane.BROADCAST,
        state=State(counter=practice.number),
        stays=True,
    )
    return with_total(reply, total)


# --- who took part --------------------------------------------------------------------------------------------------


def joined(pressed: State, total: int, content: Content) -> Reply | None:
    """The circle with how many took part by now, in place of the one below which “I took part” was pressed.

    None where it says so already, or is of a practice that is there no more. `pressed` is the button's state.
    """
    practice = next((each for each in content.circles if each.number == pressed.counter), None)
    if practice is None or min(total, MOST_SHOWN) <= pressed.walk:
        return None
    return replace(_worded_as(practice, total), in_place=True)


def with_total(reply: Reply, total: int) -> Reply:
    """A circle that says how many took part, from the first of them on."""
    if total <= 0 or reply.state is None:
        return reply
    total = min(total, MOST_SHOWN)
    return replace(
        reply,
        keys=(*reply.keys, Line.CIRCLE_TOTAL),
        slots={**reply.slots, "total": str(total)},
        picks=(*reply.picks, reply.state.counter),
        state=replace(reply.state, walk=total),
    )
