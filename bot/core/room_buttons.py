"""What each button of a room's panel does.

Rules that hold here: a button that would do what holds already only shows it; what deletes is asked twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from bot.core.choices import EVERY_DAY, days_with, minute_at, zone_at
from bot.core.commands import NEVER_MIND
from bot.core.consent import say
from bot.core.copies import replace
from bot.core.facts import RoomLeft
from bot.core.kept import Noticing
from bot.core.lines import Label, Line
from bot.core.model import Action, Button, Decision, Kind, Reply
from bot.core.pulse import Week, told
from bot.core.room import HOUR, title_of
from bot.core.room_desk import (
    BACK,
    DAILY,
    LENGTHS,
    NO_DAYS,
    NOTICINGS,
    OFF,
    WEEKLY,
    Desk,
    about,
    asking,
    asking_zone,
    cards_of,
    changing,
    day_rows,
    hears,
    leading_back,
    length_rows,
    noticing_rows,
    once_changed,
    shows,
    taking,
    time_rows,
    with_circle,
)

_OF_CHANNELS: Final = frozenset(
    {
        *(Action.ROOM_PANEL, Action.ROOM_ON, Action.ROOM_DAYS, Action.ROOM_TIME, Action.ROOM_ZONE),
        *(Action.ROOM_HOLD, Action.ROOM_RELEASE, Action.ROOM_LEAVE),
    }
)
"""What there is to set in a channel, where nobody but its admins writes."""


def closing(decision: Decision) -> Decision:
    """The same, where a keyboard may be open."""
    replies = (replace(reply, closes_keyboard=not reply.buttons) for reply in decision.replies)
    return replace(decision, replies=tuple(replies))


_Tapped = Callable[[int, Desk], Decision]


def followed(action: Action, value: int, desk: Desk) -> Decision:
    """What a button does, where the bot is on there; else it only shows how to turn it on."""
    is_there = desk.room.is_on or action in {Action.ROOM_ON, Action.ROOM_LEAVE}
    if not is_there or (desk.is_channel and action not in _OF_CHANNELS):
        return shows(desk)
    return TAPPED[action](value, desk)


def show_panel(_: int, desk: Desk) -> Decision:
    """The panel, in place of what was pressed."""
    return shows(desk, in_place=desk.incoming.kind is Kind.PRESS)


def turned(value: int, desk: Desk) -> Decision:
    """An admin's yes, and the card in the group; or its end, where all stays as it was set."""
    if value == OFF and desk.room.is_on:
        off, change = once_changed(desk, is_on=False)
        shown = shows(off)
        turned_off = Reply((Line.ROOM_TURNED_OFF,), slots={"title": desk.title})
        return replace(shown, replies=(turned_off, *shown.replies), facts=(change,))
    if value == OFF or desk.room.is_on or not desk.standing.is_in:
        return show_panel(0, desk)
    now, change = once_changed(desk, is_on=True, gone_at=0, may_write=desk.standing.may_write)
    shown = shows(now, in_place=desk.incoming.kind is Kind.PRESS)
    return replace(shown, replies=(*shown.replies, *cards_of(now)), facts=(change,))


def choose_noticing(value: int, desk: Desk) -> Decision:
    """What is read there: which are there to choose, or the one that was chosen."""
    if not 0 < value <= len(NOTICINGS):
        asked = asking(desk, Line.ROOM_NOTICING_ASK, noticing_rows())
        return replace(asked, replies=(*asked.replies, hears(desk)))
    noticing = NOTICINGS[value - 1]
    if noticing is desk.room.noticing:
        shown = show_panel(0, desk)
        return replace(shown, replies=(*shown.replies, *_how(desk)))
    decision = changing(desk, noticing=noticing)
    now, _ = once_changed(desk, noticing=noticing)
    return replace(decision, replies=(*decision.replies, *_how(now), *cards_of(now)))


def _how(desk: Desk) -> tuple[Reply, ...]:
    """What members' messages need that the bot may read them, and whether it is so now."""
    if desk.room.noticing is not Noticing.MEMBERS:
        return ()
    if desk.standing.reads_all:
        return (Reply((Line.ROOM_MEMBERS_NOW,)),)
    return (Reply((Line.ROOM_MEMBERS_HOW,), ((Button(Label.ADD_ADMIN, Action.ADD, 2),),)),)


def _pause(value: int, desk: Desk) -> Decision:
    lengths = LENGTHS[Action.ROOM_PAUSE]
    if not 0 < value <= len(lengths):
        return asking(desk, Line.ROOM_PAUSE_ASK, length_rows(Action.ROOM_PAUSE, desk.content))
    return changing(desk, pause=lengths[value - 1])


def _tidy(value: int, desk: Desk) -> Decision:
    lengths = LENGTHS[Action.ROOM_TIDY]
    if not 0 < value <= len(lengths):
        return asking(desk, Line.ROOM_TIDY_ASK, length_rows(Action.ROOM_TIDY, desk.content))
    return changing(desk, tidy=lengths[value - 1])


def choose_day(value: int, desk: Desk) -> Decision:
    """A day in or out, or several at once. The days stay up, so that the next can be tapped."""
    now = desk.room.circle.days
    if value == NO_DAYS:
        return changing(desk, circle=with_circle(desk, days=frozenset()))
    if value in {WEEKLY, DAILY}:
        days = EVERY_DAY if value == DAILY else _weekly(desk)
        return changing(desk, circle=with_circle(desk, days=days))
    days_then = days_with(value, now)
    if days_then is None:
        return asking(desk, Line.ROOM_DAYS_ASK, day_rows(desk))
    after, change = once_changed(desk, circle=with_circle(desk, days=days_then))
    return replace(asking(after, Line.ROOM_DAYS_ASK, day_rows(after)), facts=(change,))


def _weekly(desk: Desk) -> frozenset[int]:
    """The first of the days, or the one that it is there now."""
    zone = desk.content.zones.zone(desk.room.circle.zone) or UTC
    today = datetime.fromtimestamp(desk.incoming.at, zone).weekday()
    return frozenset({min(desk.room.circle.days, default=today)})


def _time(value: int, desk: Desk) -> Decision:
    minute = minute_at(value)
    if minute is None:
        return asking(desk, Line.ROOM_TIME_ASK, time_rows())
    return changing(desk, circle=with_circle(desk, minute=minute))


def _zone(value: int, desk: Desk) -> Decision:
    zone = zone_at(value, desk.held.zones)
    return changing(desk, circle=with_circle(desk, zone=zone)) if zone else asking_zone(desk)


def _topic(value: int, desk: Desk) -> Decision:
    if value == OFF:
        return changing(desk, topic=0)
    return asking(desk, Line.ROOM_TOPIC_ASK, taking(desk.room.topic, Action.ROOM_TOPIC))


def _alerts(value: int, desk: Desk) -> Decision:
    if value == OFF:
        return changing(desk, alerts=0)
    return _asks_alerts(desk, Line.ROOM_ALERTS_ASK)


def _asks_alerts(desk: Desk, line: Line) -> Decision:
    """What moderators are told and what not, and then the keyboard that picks their chat."""
    explained = about(desk, line, (*taking(desk.room.alerts, Action.ROOM_ALERTS), (BACK,)))
    keys = ((Button(Label.ROOM_PICK_ALERTS, Action.ROOM_PICK),), (NEVER_MIND,))
    is_tap = desk.incoming.kind is Kind.PRESS
    replies = (replace(explained, in_place=is_tap), Reply((Line.ROOM_ALERTS_PICK,), keys))
    return Decision(replace(desk.held, room=desk.there.chat), replies)


def alerts_picked(desk: Desk) -> Decision:
    """The chat whose moderators are told: another group, where the admin is one too, and the bot may write."""
    chosen = desk.incoming.picked
    if chosen is None or not chosen.is_known:
        return closing(say(desk.held, Line.ROOM_UNKNOWN))
    may_write = chosen.standing is not None and chosen.standing.is_in and chosen.standing.may_write
    if not chosen.is_admin or chosen.is_channel or chosen.chat == desk.there.chat or not may_write:
        return _asks_alerts(desk, Line.ROOM_ALERTS_WRONG)
    found = Reply((Line.ROOM_ALERTS_SET,), slots={"title": title_of(chosen.title)}, closes_keyboard=True)
    decision = changing(desk, alerts=chosen.chat)
    now, _ = once_changed(desk, alerts=chosen.chat)
    card = cards_of(now) if chosen.chat != desk.room.alerts else ()
    return replace(decision, replies=(found, *decision.replies, *card))


def choose_hold(value: int, desk: Desk) -> Decision:
    """How long to be silent, or so many hours from now."""
    if not value:
        return asking(desk, Line.ROOM_HOLD_ASK, length_rows(Action.ROOM_HOLD, desk.content))
    return changing(desk, held_until=desk.incoming.at + value * HOUR)


def release(_: int, desk: Desk) -> Decision:
    """The end of a hold."""
    return changing(desk, held_until=0)


def choose_countries(value: int, desk: Desk) -> Decision:
    """Which countries, or none any more."""
    if value == OFF:
        return changing(desk, countries=())
    rows = taking(len(desk.room.countries), Action.ROOM_COUNTRIES)
    return asking(desk, Line.ROOM_COUNTRIES_ASK, rows)


def _language(_: int, desk: Desk) -> Decision:
    return asking(desk, Line.ROOM_LANGUAGE, ())


def pulse(_: int, desk: Desk) -> Decision:
    """The two totals of the last week."""
    return Decision(replace(desk.held, room=desk.there.chat), leading_back(told(desk.there.week or Week()), desk.there))


def leave(value: int, desk: Desk) -> Decision:
    """Two taps, and all that is kept of the room goes, and the bot with it."""
    if value != OFF:
        rows = ((Button(Label.ROOM_LEAVE_YES, Action.ROOM_LEAVE, OFF),),)
        return asking(desk, Line.ROOM_LEAVE_ASK, rows, {"title": desk.title})
    left = Reply((Line.ROOM_LEFT,), slots={"title": desk.title})
    return Decision(replace(desk.held, room=0), (left,), (RoomLeft(desk.there.chat),))


TAPPED: Final[Mapping[Action, _Tapped]] = {
    Action.ROOM_PANEL: show_panel,
    Action.ROOM_ON: turned,
    Action.ROOM_NOTICING: choose_noticing,
    Action.ROOM_PAUSE: _pause,
    Action.ROOM_DAYS: choose_day,
    Action.ROOM_TIME: _time,
    Action.ROOM_ZONE: _zone,
    Action.ROOM_TOPIC: _topic,
    Action.ROOM_ALERTS: _alerts,
    Action.ROOM_TIDY: _tidy,
    Action.ROOM_HOLD: choose_hold,
    Action.ROOM_RELEASE: release,
    Action.ROOM_LEAVE: leave,
    Action.ROOM_COUNTRIES: choose_countries,
    Action.ROOM_LANGUAGE: _language,
    Action.ROOM_PULSE: pulse,
}
