"""What each button of the nudges does: those of the panel, and the answers below a nudge, tapped or in words.

Rules that hold here: without a yes a button asks for it first; nothing that is said of an answer counts, praises or
blames.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from bot.core.cards import emergency_first, in_emergency
from bot.core.choices import EVERY_DAY, WEEKDAYS, WEEKEND, days_with, minute_at, zone_at
from bot.core.consent import ask_for, say
from bot.core.copies import replace
from bot.core.facts import Fact, NudgeChange, Tap
from bot.core.gap import DAY
from bot.core.kept import Purpose, Rest
from bot.core.lines import Label, Line
from bot.core.model import Action, Button, Content, Decision, Held, Incoming, Kind, Opened, Reply
from bot.core.nudging import ASKED_AFTER, BEGIN
from bot.core.panel_shown import (
    A_WEEK,
    ASKS_DAYS,
    COURSES,
    GO_ON,
    HERE,
    QUIETS,
    asking_zone,
    changing,
    course_label,
    course_rows,
    day_rows,
    going_on,
    kept_of,
    once_changed,
    panel_of,
    quiet_rows,
    time_rows,
    when_next,
    with_times,
)
from bot.core.state import Step
from bot.core.steps import NUDGE_SETTINGS, URGENT_HELP, Rows

_PRESETS: Final = {8: WEEKDAYS, 9: EVERY_DAY, 10: WEEKEND}
"""Of NUDGE_DAY, beside the days themselves."""
_ANCHORS: Final = (Line.ANCHOR_TOUCH, Line.ANCHOR_SIGHT, Line.ANCHOR_HANDS)
_TAPS: Final[Mapping[Action, Tap]] = {
    Action.NUDGE_DID: Tap.DID,
    Action.NUDGE_NOT_TODAY: Tap.NOT_TODAY,
    Action.NUDGE_HARDER: Tap.HARDER,
}
_OF_A_MESSAGE: Final = frozenset({*_TAPS, Action.NUDGE_PANEL, Action.NUDGE_BEGIN, Action.NUDGE_FEWER})
"""The buttons below what the clock sends: a text that replies to one of these messages answers it."""


_Tapped = Callable[[int, Incoming, Held, Content], Decision]


def _asks_yes(handler: _Tapped) -> _Tapped:
    """The same from someone who agreed to nudges; from anyone else, the question first."""

    def guarded(value: int, incoming: Incoming, held: Held, content: Content) -> Decision:
        if in_emergency(held):
            return Decision(held, emergency_first(held.state))
        if Purpose.NUDGES not in held.consents:
            return ask_for(Purpose.NUDGES, held)
        if incoming.kept is None:
            return say(held, Line.STORE_FAILED)
        return handler(value, incoming, held, content)

    return guarded


def asking(incoming: Incoming, held: Held, line: Line, rows: Rows) -> Decision:
    """A question with its buttons, in place of what was pressed."""
    return Decision(held, (Reply((line,), rows, in_place=incoming.kind is Kind.PRESS),))


def show_panel(value: int, incoming: Incoming, held: Held, content: Content) -> Decision:
    """The panel, in place of itself where its own button was pressed."""
    shown = panel_of(kept_of(incoming), incoming.at, content)
    return Decision(held, (replace(shown, in_place=value == HERE and incoming.kind is Kind.PRESS),))


def _time(value: int, incoming: Incoming, held: Held, content: Content) -> Decision:
    minute = minute_at(value)
    if minute is None:
        return asking(incoming, held, Line.NUDGE_TIME_ASK, time_rows())
    return changing(with_times(incoming, minute=minute), incoming, held, content, in_place=True)


def _day(value: int, incoming: Incoming, held: Held, content: Content) -> Decision:
    """A day in or out, or several at once. The days stay up, so that the next can be tapped."""
    now = kept_of(incoming).schedule.days
    if value in _PRESETS:
        return changing(with_times(incoming, days=_PRESETS[value]), incoming, held, content, in_place=True)
    days = days_with(value, now)
    if days is None:
        return asking(incoming, held, Line.NUDGE_DAYS_ASK, day_rows(incoming, content))
    if not days:
        return asking(incoming, held, Line.NUDGE_DAYS_EMPTY, day_rows(incoming, content))
    asks = asking(incoming, held, Line.NUDGE_DAYS_ASK, day_rows(incoming, content, days))
    return replace(asks, facts=(with_times(incoming, days=days),))


def _zone(value: int, incoming: Incoming, held: Held, content: Content) -> Decision:
    zone = zone_at(value, held.zones)
    if not zone:
        return asking_zone(held)
    return changing(with_times(incoming, zone=zone), incoming, held, content)


def _quiet(value: int, incoming: Incoming, held: Held, content: Content) -> Decision:
    if not 0 < value <= len(QUIETS):
        return asking(incoming, held, Line.NUDGE_QUIET_ASK, quiet_rows(content))
    return changing(with_times(incoming, quiet=QUIETS[value - 1]), incoming, held, content, in_place=True)


def choose_course(value: int, incoming: Incoming, held: Held, content: Content) -> Decision:
    """Which course, or the one that was chosen."""
    if not 0 < value <= len(COURSES):
        return asking(incoming, held, Line.NUDGE_COURSE_ASK, course_rows())
    change = NudgeChange(course=COURSES[value - 1])
    change = going_on(change, incoming) if kept_of(incoming).rest is Rest.ENDED else change
    return changing(change, incoming, held, content, in_place=True)


def _pause(value: int, incoming: Incoming, held: Held, content: Content) -> Decision:
    change = NudgeChange(paused_until=incoming.at + (value or A_WEEK) * DAY)
    return changing(change, incoming, held, content, in_place=incoming.kind is Kind.PRESS)


def begin_again(value: int, incoming: Incoming, held: Held, content: Content) -> Decision:
    """On again, or on as before; without a zone, that is asked for."""
    kept = kept_of(incoming)
    change = NudgeChange(begin=True)
    if not kept.schedule.zone:
        return asking_zone(held)
    if kept.rest is Rest.NONE and kept.paused_until <= incoming.at:
        return in_short(Line.NUDGE_KEPT, change, incoming, held, content)
    return changing(change, incoming, held, content, in_place=value == HERE and incoming.kind is Kind.PRESS)


def _fewer(_: int, incoming: Incoming, held: Held, content: Content) -> Decision:
    return in_short(Line.NUDGE_FEWER, going_on(NudgeChange(fewer=True), incoming), incoming, held, content)


def in_short(line: Line, change: NudgeChange, incoming: Incoming, held: Held, content: Content) -> Decision:
    """A word on what holds now, and when the next one comes."""
    when, slots = when_next(once_changed(change, incoming, content), incoming.at, content)
    return Decision(held, (Reply((line, when), ((NUDGE_SETTINGS,),), slots),), (change,))


def stop_them(value: int, incoming: Incoming, held: Held, content: Content) -> Decision:
    """At once, whatever else is going on; one tap undoes it."""
    agreed = Purpose.NUDGES in held.consents
    change = NudgeChange(rest=Rest.STOPPED)
    facts: tuple[Fact, ...] = (change,) if agreed else ()
    if in_emergency(held):
        return Decision(held, emergency_first(held.state), facts)
    if not agreed:
        return say(held, Line.NOTHING_TO_STOP)
    if value == HERE and incoming.kind is Kind.PRESS:
        return changing(change, incoming, held, content, in_place=True)
    return say(held, Line.NUDGE_STOPPED, buttons=((BEGIN, NUDGE_SETTINGS),), facts=facts)


# --- Answers to a nudge ---------------------------------------------------------------------------------------------


def answered(tap: Tap, incoming: Incoming, held: Held) -> Decision:
    """What is said of an answer; what no longer has a yes is said all the same, and kept nowhere."""
    facts: tuple[Fact, ...] = (NudgeChange(tap=tap),) if Purpose.NUDGES in held.consents else ()
    if in_emergency(held):
        return Decision(held, emergency_first(held.state), facts)
    if tap is not Tap.HARDER:
        return say(held, Line.NUDGE_DID if tap is Tap.DID else Line.NUDGE_NOT_TODAY, facts=facts)
    steadies = Reply((Line.HARDER, _ANCHORS[incoming.seed % len(_ANCHORS)]))
    rests = Reply((Line.NUDGE_HARDER,), ((GO_ON, URGENT_HELP),) if facts else ((URGENT_HELP,),))
    return Decision(held, (steadies, rests), facts)


def _taps(tap: Tap) -> _Tapped:
    return lambda _, incoming, held, __: answered(tap, incoming, held)


TAPPED: Final[Mapping[Action, _Tapped]] = {
    Action.NUDGE_PANEL: _asks_yes(show_panel),
    Action.NUDGE_TIME: _asks_yes(_time),
    Action.NUDGE_DAY: _asks_yes(_day),
    Action.NUDGE_ZONE: _asks_yes(_zone),
    Action.NUDGE_QUIET: _asks_yes(_quiet),
    Action.NUDGE_COURSE: _asks_yes(choose_course),
    Action.NUDGE_PAUSE: _asks_yes(_pause),
    Action.NUDGE_BEGIN: _asks_yes(begin_again),
    Action.NUDGE_FEWER: _asks_yes(_fewer),
    Action.NUDGE_STOP: stop_them,
    **{action: _taps(tap) for action, tap in _TAPS.items()},
}


def replies_to_one(incoming: Incoming) -> bool:
    """Whether words reply to a message that the clock sent."""
    match incoming.pressed:
        case Opened(action=action) if incoming.kind is Kind.TEXT:
            return action in _OF_A_MESSAGE
        case _:
            return False


def to_a_nudge(words: str, incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """The same answers in words: in reply to the message, or while it has none and nothing else is under way."""
    kept, replies = kept_of(incoming), replies_to_one(incoming)
    if kept.told_on and held.state.step is Step.IDLE and words == content.spoken[Label.NUDGE_DID]:  # or once more
        return answered(Tap.DID, incoming, held) if kept.awaiting or replies else say(held, Line.NUDGE_DID)
    if not replies and not (kept.awaiting and held.state.step is Step.IDLE):
        return None
    for label, action in _BELOW_A_NUDGE.items():
        if content.spoken[label] == words:
            return TAPPED[action](0, incoming, held, content)
    meaning = content.typed.get(words)
    to_a_practice = isinstance(incoming.pressed, Opened) and incoming.pressed.action in _TAPS
    asked_last = kept.asked and not to_a_practice and (replies or kept.ignored <= ASKED_AFTER)
    if asked_last and meaning in _ON_KEEPING:
        return _ON_KEEPING[meaning](0, incoming, held, content)
    tap = _MEANT.get(meaning or "")
    if tap is None and replies and meaning == "yes":
        tap = Tap.DID
    is_another = meaning == "another" or words == content.spoken[Label.SOMETHING_ELSE]
    if tap is None and (meaning == "no" or (replies and is_another)):
        tap = Tap.NOT_TODAY
    return None if tap is None else answered(tap, incoming, held)


_MEANT: Final[Mapping[str, Tap]] = {
    "did_it": Tap.DID,
    "skip": Tap.NOT_TODAY,
    "missed": Tap.NOT_TODAY,
    "harder": Tap.HARDER,
    "too_hard": Tap.HARDER,
    "rate.10": Tap.HARDER,  # "it's too much"
}
_ON_KEEPING: Final[Mapping[str | None, _Tapped]] = {
    "yes": TAPPED[Action.NUDGE_BEGIN],
    "keep": TAPPED[Action.NUDGE_BEGIN],
    "go_on": TAPPED[Action.NUDGE_BEGIN],
    "care.less": TAPPED[Action.NUDGE_FEWER],
    "no": stop_them,
}
"""What whole messages mean that answer whether to keep them, make them fewer, or stop them."""
_ANYWHERE: Final[Mapping[Label, tuple[Action, int]]] = {
    Label.NUDGE_ZONE: (Action.NUDGE_ZONE, 0),
    Label.NUDGE_QUIET: (Action.NUDGE_QUIET, 0),
    Label.NUDGE_PAUSE: (Action.NUDGE_PAUSE, A_WEEK),
    Label.NUDGE_GO_ON: (Action.NUDGE_BEGIN, 0),
    Label.NUDGE_BEGIN: (Action.NUDGE_BEGIN, 0),
    Label.NUDGE_STOP: (Action.NUDGE_STOP, 0),
    Label.NUDGE_KEEP: (Action.NUDGE_BEGIN, 0),
    Label.NUDGE_FEWER: (Action.NUDGE_FEWER, 0),
}
_AT_THE_PANEL: Final[Mapping[Label, tuple[Action, int]]] = {
    Label.NUDGE_TIME: (Action.NUDGE_TIME, 0),
    Label.NUDGE_DAYS: (Action.NUDGE_DAY, ASKS_DAYS),
    Label.NUDGE_COURSE: (Action.NUDGE_COURSE, 0),
    Label.NUDGE_SETTINGS: (Action.NUDGE_PANEL, 0),
    Label.NUDGE_NO_QUIET: (Action.NUDGE_QUIET, len(QUIETS)),
    **{course_label(each): (Action.NUDGE_COURSE, place) for place, each in enumerate(COURSES, start=1)},
}
"""Words of a button that are everyday ones too: they count where the panel was said last."""
_BELOW_A_NUDGE: Final[Mapping[Label, Action]] = {
    Label.NUDGE_DID: Action.NUDGE_DID,
    Label.NUDGE_NOT_TODAY: Action.NUDGE_NOT_TODAY,
    Label.NUDGE_HARDER: Action.NUDGE_HARDER,
    Label.NUDGE_SETTINGS: Action.NUDGE_PANEL,
}
"""Words that buttons of a walk have too, or the panel."""


def button_of(words: str, held: Held, content: Content) -> Button | None:
    """The button that has these words, where it was shown."""
    tables = (_ANYWHERE, _AT_THE_PANEL) if held.asked_nudge is not None else (_ANYWHERE,)
    for table in tables:
        for label, (action, value) in table.items():
            if content.spoken[label] == words:
                return Button(label, action, value)
    return None
