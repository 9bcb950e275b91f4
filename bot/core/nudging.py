"""What becomes of someone's nudges: by what they choose and answer, and by what the clock sends.

Rules that hold here: local time, zone and days are the truth, and `due_at` is derived from them at every change; at
most one message a local day; silence is answered once with a question and then with an end, never with more messages;
everything can be undone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from bot.core.copies import replace
from bot.core.course import Practice, draw, drawn
from bot.core.facts import NudgeChange, Tap
from bot.core.gap import DAY
from bot.core.kept import Nudging, Rest
from bot.core.lines import Label, Line
from bot.core.model import Action, Button, Content, Lane, Reply
from bot.core.schedule import Zones, after_move, believed, is_quiet, local_day, next_due
from bot.core.steps import NUDGE_SETTINGS
from bot.core.times import LONGEST

if TYPE_CHECKING:
    from bot.core.steps import Rows

LATEST: Final = 2 * 60 * 60
"""Seconds: what is late by so much is not sent any more."""
RESTED: Final = 3 * DAY
"""Seconds of rest after something made it harder, and after a card about danger. Source: evidence, delivery rules."""
ASKED_AFTER: Final = 2
"""Messages in a row without an answer, after which the question is put whether to go on."""
ENDED_AFTER: Final = 4
"""So many, and nothing is sent any more."""


class Kind(Enum):
    """What a slot may hold."""

    PRACTICE = auto()
    KEEP_ASK = auto()  # keep, fewer, or stop?
    SILENT = auto()  # it ends by itself, and says so once
    COURSE_END = auto()


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent at a slot. Only a practice has one."""

    kind: Kind
    practice: Practice | None = None


# --- By the person ------------------------------------------------------------------------------------------------

_ANSWERS: Final = tuple(NudgeChange(tap=tap) for tap in (Tap.DID, Tap.NOT_TODAY, Tap.OTHER))
"""They change nothing about when the next one comes."""


def changed(nudging: Nudging, change: NudgeChange, *, at: int, zones: Zones, seed: int) -> Nudging:
    """What is kept after someone changed something `at` (seconds since 1970, UTC). `seed` orders a deck that is new."""
    now = replace(nudging, seed=nudging.seed or seed)
    if change.schedule is not None:
        now = replace(now, schedule=change.schedule)
    if change.fewer:
        now = replace(now, schedule=replace(now.schedule, days=frozenset({min(now.schedule.days)})))
    if change.course is not None and change.course is not now.course:
        now = replace(now, course=change.course, theme=0, in_theme=0)
    if change.tap is not None:
        now = _tapped(now, change.tap, at)
    if change.paused_until is not None:
        now = replace(now, paused_until=change.paused_until)
    if change.rest is not None:
        now = replace(now, rest=change.rest)
    if change.begin:
        now = _begun(now)
    if change in _ANSWERS and 0 <= at - nudging.due_at < LATEST:  # one that waits comes all the same
        return _answered(now)
    now = due_again(_answered(now), at, zones)
    left, zone = zones.zone(nudging.schedule.zone), zones.zone(now.schedule.zone)
    was_due = nudging.due_at if now.due_at and now.paused_until <= at else 0
    if was_due and left is not None and zone is not None and left != zone:
        moved = after_move(now.schedule, zone, at, now.told_on, local_day(left, was_due))
        now = replace(now, due_at=moved or 0)
    return now


def _tapped(nudging: Nudging, tap: Tap, at: int) -> Nudging:
    """A second tap below the same message counts nothing."""
    counts = nudging.awaiting
    match tap:
        case Tap.DID:
            return replace(nudging, did=nudging.did + counts)
        case Tap.NOT_TODAY:
            return replace(nudging, not_today=nudging.not_today + counts)
        case Tap.HARDER:
            return rested(nudging, at)
        case Tap.OTHER:
            return nudging


def rested(nudging: Nudging, at: int) -> Nudging:
    """The same with three days of rest from then on."""
    return replace(nudging, paused_until=max(nudging.paused_until, at + RESTED))


def _begun(nudging: Nudging) -> Nudging:
    if nudging.rest is Rest.ENDED:  # and what was not seen comes first
        nudging = replace(nudging, theme=0, in_theme=0)
    return replace(nudging, rest=Rest.NONE, paused_until=0)


def _answered(nudging: Nudging) -> Nudging:
    return replace(nudging, awaiting=False, asked=False, ignored=0)


def due_again(nudging: Nudging, at: int, zones: Zones) -> Nudging:
    """The same with the time of the next message, as it is derived `at` that time.

    A day and a pause that lie further ahead than they can be set are none: a clock was wrong.
    """
    zone = zones.zone(nudging.schedule.zone)
    if zone is None or nudging.rest is not Rest.NONE:
        return replace(nudging, due_at=0)
    told_on = believed(nudging.told_on, zone, at)
    paused_until = nudging.paused_until if nudging.paused_until <= at + LONGEST * DAY else 0
    due_at = next_due(nudging.schedule, zone, max(at, paused_until), told_on) or 0
    return replace(nudging, told_on=told_on, paused_until=paused_until, due_at=due_at)


# --- By the clock -------------------------------------------------------------------------------------------------


def may_come(nudging: Nudging, at: int, zones: Zones) -> bool:
    """Whether the message that is due may be sent at that time: not late, not in quiet hours, not the day's second."""
    zone = zones.zone(nudging.schedule.zone)
    if zone is None or not nudging.due_at or at - nudging.due_at >= LATEST or nudging.paused_until > at:
        return False
    return not is_quiet(nudging.schedule, zone, at) and local_day(zone, at) > nudging.told_on


def message_for(nudging: Nudging, content: Content) -> Message:
    """What comes next."""
    ignored = nudging.ignored + nudging.awaiting
    if ignored >= ENDED_AFTER:
        return Message(Kind.SILENT)
    if ignored >= ASKED_AFTER and not nudging.asked:
        return Message(Kind.KEEP_ASK)
    practice = draw(nudging, content.practices)
    return Message(Kind.COURSE_END) if practice is None else Message(Kind.PRACTICE, practice)


_LINES: Final = {
    Kind.KEEP_ASK: Line.NUDGE_KEEP_ASK,
    Kind.SILENT: Line.NUDGE_SILENT,
    Kind.COURSE_END: Line.NUDGE_COURSE_END,
}
_KEEP: Final = Button(Label.NUDGE_KEEP, Action.NUDGE_BEGIN)
_FEWER: Final = Button(Label.NUDGE_FEWER, Action.NUDGE_FEWER)
_STOP: Final = Button(Label.NUDGE_STOP, Action.NUDGE_STOP)
BEGIN: Final = Button(Label.NUDGE_BEGIN, Action.NUDGE_BEGIN)
_BUTTONS: Final[dict[Kind, Rows]] = {
    Kind.PRACTICE: (
        (Button(Label.NUDGE_DID, Action.NUDGE_DID), Button(Label.NUDGE_NOT_TODAY, Action.NUDGE_NOT_TODAY)),
        (Button(Label.NUDGE_HARDER, Action.NUDGE_HARDER), NUDGE_SETTINGS),
    ),
    Kind.KEEP_ASK: ((_KEEP, _FEWER), (_STOP,)),
    Kind.SILENT: ((BEGIN, NUDGE_SETTINGS),),
    Kind.COURSE_END: ((BEGIN, _FEWER), (NUDGE_SETTINGS,)),
}


def worded_as(message: Message) -> Reply:
    """The message itself. Its first line is neutral, since it may show on a locked screen."""
    if message.practice is None:
        return Reply((_LINES[message.kind],), _BUTTONS[message.kind], lane=Lane.BROADCAST)
    slots = {"practice": message.practice.words}
    return Reply((Line.NUDGE_FIRST, Line.NUDGE_PRACTICE), _BUTTONS[message.kind], slots, lane=Lane.BROADCAST)


def sent(nudging: Nudging, message: Message, *, at: int, content: Content) -> Nudging:
    """What is kept once a message went out, or may have."""
    now = replace(nudging, ignored=nudging.ignored + nudging.awaiting, awaiting=True)
    match message.kind:
        case Kind.PRACTICE if message.practice is not None:
            now = drawn(now, message.practice, content.practices)
        case Kind.KEEP_ASK:
            now = replace(now, asked=True)
        case Kind.SILENT:
            now = replace(_answered(now), rest=Rest.SILENT)
        case _:
            now = replace(_answered(now), rest=Rest.ENDED)
    return told(now, at=at, content=content)


def told(nudging: Nudging, *, at: int, content: Content) -> Nudging:
    """The same after any message that the bot sent first: it was this day's."""
    zone = content.zones.zone(nudging.schedule.zone)
    day = nudging.told_on if zone is None else max(nudging.told_on, local_day(zone, at))
    return due_again(replace(nudging, told_on=day), at, content.zones)


def left_out(nudging: Nudging, *, due_at: int, at: int, content: Content) -> Nudging:
    """The same where the one of that slot was not sent: the next that is not too late comes, with the same practice."""
    if nudging.due_at != due_at:  # the person has chosen anew since
        return nudging
    return due_again(nudging, max(at - LATEST, nudging.due_at), content.zones)


def unreached(nudging: Nudging) -> Nudging:
    """The same where the person has blocked the bot, or has gone. What they stopped before does not come back."""
    return replace(nudging, rest=Rest.UNREACHED, due_at=0) if nudging.rest is Rest.NONE else nudging
