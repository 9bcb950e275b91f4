"""Some days after a walk: how strong the upset is by then, and the care. That is where a gap widens, or does not.

Rules that hold here: a question is one tap, begins neutral on a locked screen, and can be left; two in a row without an
answer end them, and so does one tap; nobody is asked after a loss of their own or numbness; a skip stays unknown; what
is strong is met with something steady and a person before anything else is asked.

Source of the days: evidence, section 5; after being there, 1, 7 and 28 days, as section 4 has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.core.cards import emergency_first, in_emergency
from bot.core.consent import Handler, say
from bot.core.copies import replace
from bot.core.facts import Fact, FollowedUp, NudgeChange, Tap
from bot.core.gap import DAY, HIGH, RISE
from bot.core.kept import FollowUp, Outcome, Point, Purpose
from bot.core.lines import Label, Line
from bot.core.matching import Utterance, plain
from bot.core.model import Action, Button, Content, Decision, Held, Incoming, Kind, Lane, Opened, Reply
from bot.core.reading import Answer, read
from bot.core.state import NO_RATING, Change, Condition, State, Step
from bot.core.steps import BEGIN, URGENT_HELP, Rows, again
from bot.core.times import Wanted

DAYS: Final = (1, 3, 7)
DAYS_THERE: Final = (1, 7, 28)
"""After a walk of someone who was there."""
_MOST_UNANSWERED: Final = 2
_PLACE_BITS: Final = 4
_NUMBER: Final = (1 << _PLACE_BITS) - 1
"""In what a button carries, which of the three it is stands above the number that it means."""
_NOT_ASKED: Final = Condition.OWN_LOSS | Condition.NUMB
_AGO: Final[Mapping[int, Label]] = {1: Label.AGO_1, 3: Label.AGO_3, 7: Label.AGO_7, 28: Label.AGO_28}


# --- By the clock -------------------------------------------------------------------------------------------------


def begun(outcome: Outcome) -> FollowUp | None:
    """What is followed up of a walk that has ended, or None: it was left, or tender, or no upset was told.

    Someone who was there is asked for no number in the walk, and is followed up without one.
    """
    was_there = Condition.WAS_THERE in outcome.conditions
    told = was_there or outcome.upset_before is not None
    if not outcome.finished or outcome.conditions & _NOT_ASKED or not told:
        return None
    return FollowUp(
        outcome.walk,
        outcome.ended_at,
        was_there,
        outcome.upset_before,
        outcome.upset_after,
        outcome.change,
        due_at=outcome.ended_at + days_of(was_there=was_there)[0] * DAY,
    )


def days_of(*, was_there: bool) -> tuple[int, ...]:
    """So many days after a walk it is asked about."""
    return DAYS_THERE if was_there else DAYS


def asked(one: FollowUp) -> Reply:
    """The question that is due. Its first line is neutral, since it may show on a locked screen."""
    planned, day = days_of(was_there=one.was_there), _due_day(one)
    place = planned.index(day) << _PLACE_BITS
    numbers = [Button(Label.FOLLOW_UP_UPSET, Action.FOLLOW_UPSET, place | n, words=str(n)) for n in range(11)]
    skip = Button(Label.SKIP, Action.FOLLOW_UPSET, place | NO_RATING)
    rows = (tuple(numbers[:6]), tuple(numbers[6:]), (skip, Button(Label.FOLLOW_UP_END, Action.FOLLOW_END, place)))
    ago = (one.due_at - one.ended_at) // DAY
    slots = {"ago": _AGO.get(ago, Label.AGO_SOME)}
    return Reply((Line.FOLLOW_UP_ASK,), rows, slots, lane=Lane.BROADCAST, state=State(walk=one.walk))


def sent(one: FollowUp, at: int) -> FollowUp:
    """The same once the question that was due went out. Until it is answered, it counts as one without an answer."""
    day = _due_day(one)
    known = next((point for point in one.points if point.days == day), None)  # it may be answered by then
    unanswered = 0 if known else one.unanswered + 1
    due_at = 0 if unanswered >= _MOST_UNANSWERED else _next(one, day)
    points = _with(one.points, known or Point(day))
    return replace(one, points=points, unanswered=unanswered, sent_at=at, due_at=due_at)


def left_out(one: FollowUp, at: int) -> FollowUp:
    """The same, due at the same hour of a later day. What would come half as late again as it is meant is left out."""
    due_at = one.due_at + DAY * (max(0, at - one.due_at) // DAY + 1)
    last = days_of(was_there=one.was_there)[-1]
    return replace(one, due_at=0 if due_at - one.ended_at > last * DAY * 3 // 2 else due_at)


def ended(one: FollowUp, _: int) -> FollowUp:
    """The same with no more to come: the person cannot be reached."""
    return replace(one, due_at=0)


def answered(one: FollowUp, fact: FollowedUp) -> FollowUp:
    """The same with an answer in it. Where silence had ended them, the next one comes after all."""
    before = next((point for point in one.points if point.days == fact.days), Point(fact.days))
    upset = before.upset if fact.upset is None else fact.upset
    point = Point(fact.days, upset, fact.change or before.change)
    silent = one.unanswered >= _MOST_UNANSWERED
    due_at = 0 if fact.ends else _next(one, one.points[-1].days) if silent and one.points else one.due_at
    return replace(one, points=_with(one.points, point), unanswered=0, due_at=due_at)


def _due_day(one: FollowUp) -> int:
    """Which of its days is due: the last that has come by then."""
    planned = days_of(was_there=one.was_there)
    return max((day for day in planned if one.ended_at + day * DAY <= one.due_at), default=planned[0])


def _next(one: FollowUp, day: int) -> int:
    """When the one after that day is due, or 0."""
    later = (each for each in days_of(was_there=one.was_there) if each > day)
    return next((one.ended_at + each * DAY for each in later), 0)


def _with(points: tuple[Point, ...], one: Point) -> tuple[Point, ...]:
    return tuple(sorted((*(each for each in points if each.days != one.days), one), key=lambda each: each.days))


# --- What people answer -------------------------------------------------------------------------------------------


def tapped(incoming: Incoming, held: Held) -> Decision:
    """An answer by a button, which knows of which walk, and which of the three."""
    match incoming.pressed:
        case Opened(state=state, action=action, value=value):
            return _heard(action, value, state.walk, incoming, held)
        case _:
            return say(held, Line.FOLLOW_UP_GONE)


def in_words(incoming: Incoming, held: Held, said: Utterance, content: Content) -> Decision | None:
    """The same in words, which reply to the question. Words that reply to nothing are about something else."""
    match incoming.pressed:
        case Opened(action=action, value=value, state=state) if (
            action in BUTTONS and incoming.kind is Kind.TEXT and held.state.step is not Step.DANGER_ASK
        ):
            meant = Answer(Action.FOLLOW_END) if _is_stop(incoming, content) else _read(action, said, content)
            if meant is None:
                return None
            return _heard(meant.action, value & ~_NUMBER | meant.value, state.walk, incoming, held)
        case _ if Purpose.FOLLOW_UPS in held.consents and content.typed.get(said.plain) == "no_questions":
            return None if held.state.step is Step.DANGER_ASK else end_latest(incoming, held)
        case _:
            return None


def _is_stop(incoming: Incoming, content: Content) -> bool:
    """Whether it wants no more, in whatever words: "go away" is no answer about the upset."""
    meaning = content.typed.get(plain(incoming.words))
    return meaning in {"no_more", "no_questions"} or content.times.line_of(incoming.words) == Wanted(stop=True)


def _read(action: Action, said: Utterance, content: Content) -> Answer | None:
    """The answer in words: they are read as at the steps of a walk that ask the same."""
    step = Step.CARE if action is Action.FOLLOW_CARE else Step.LOOK_BACK
    answer = read(State(walk=1, step=step), said, content)
    match None if answer is None else (answer.action, answer.value):
        case (Action.RATE, rating):
            return Answer(Action.FOLLOW_UPSET, rating)
        case (Action.HARDER, _):
            return Answer(Action.FOLLOW_UPSET, _WORSE)
        case (Action.CHANGE, change):
            return Answer(Action.FOLLOW_CARE, change)
        case (Action.SKIP, _):
            return Answer(Action.FOLLOW_UPSET, NO_RATING)
        case (Action.STOP, _):
            return Answer(Action.FOLLOW_END)
        case _:
            return None


_WORSE: Final = NO_RATING - 1
"""In place of a number: "worse", which says none."""


def end_latest(incoming: Incoming, held: Held) -> Decision:
    """No more about the walk that was asked about last: typed, with no button that knows which."""
    follow_ups = () if incoming.kept is None else incoming.kept.follow_ups
    latest = max(follow_ups, key=lambda one: one.sent_at, default=None)
    return _heard(Action.FOLLOW_END, 0, 0 if latest is None else latest.walk, incoming, held)


def _heard(action: Action, value: int, walk: int, incoming: Incoming, held: Held) -> Decision:
    if in_emergency(held):
        return Decision(held, emergency_first(held.state))
    place, number = value >> _PLACE_BITS, value & _NUMBER
    follow_ups = () if incoming.kept is None or Purpose.FOLLOW_UPS not in held.consents else incoming.kept.follow_ups
    one = next((one for one in follow_ups if one.walk == walk), None)
    if one is None or place >= len(DAYS):
        unkept = say(held, Line.STORE_FAILED if incoming.kept is None else Line.FOLLOW_UP_GONE)
        strong = action is Action.FOLLOW_UPSET and (number == _WORSE or HIGH <= number <= _MOST_UPSET)
        return replace(unkept, replies=(_steady(walk, place), *unkept.replies)) if strong else unkept
    fact = FollowedUp(walk, days_of(was_there=one.was_there)[place])
    match action:
        case Action.FOLLOW_END:
            return say(held, Line.FOLLOW_UP_ENDED, facts=(replace(fact, ends=True),))
        case Action.FOLLOW_CARE:
            change = _CHANGES.get(number, Change.UNSAID)
            return say(held, Line.FOLLOW_UP_THANKS, facts=(replace(fact, change=change),))
        case _ if number == _WORSE:
            return _steadied(one, fact, held)
        case _ if number > _MOST_UPSET:
            return say(held, Line.FOLLOW_UP_SKIPPED, facts=(fact,))
        case _ if _is_strong(one, number):
            return _steadied(one, replace(fact, upset=number), held)
        case _:
            reply = Reply((Line.FOLLOW_UP_CARE,), _care(place), state=State(walk=walk))
            return Decision(held, (reply,), (replace(fact, upset=number),))


_MOST_UPSET: Final = 10
_CHANGES: Final = {change.value: change for change in Change}


def _is_strong(one: FollowUp, upset: int) -> bool:
    """High, or clearly above what the walk began with."""
    return upset >= HIGH or (one.upset_before is not None and upset - one.upset_before >= RISE)


def _care(place: int) -> Rows:
    labels = (Label.CARE_LESS, Label.CARE_SAME, Label.CARE_MORE)
    changes = (Change.LESS, Change.SAME, Change.MORE)
    high = place << _PLACE_BITS
    rows = (Button(label, Action.FOLLOW_CARE, high | change) for label, change in zip(labels, changes, strict=True))
    return (tuple(rows), (Button(Label.SKIP, Action.FOLLOW_CARE, high | Change.UNSAID),))


def _steady(walk: int, number: int) -> Reply:
    return Reply((Line.HIGH, *again(State(walk=walk, step=Step.ANCHOR, anchors=number)).keys))


def _steadied(one: FollowUp, fact: FollowedUp, held: Held) -> Decision:
    """Something steady and a person, and nothing more is asked. Practices that are sent rest for some days."""
    person = Line.CLOSE_WAS_THERE if one.was_there else Line.STAY_PERSON
    has_nudges = Purpose.NUDGES in held.consents
    facts: tuple[Fact, ...] = (fact, NudgeChange(tap=Tap.HARDER)) if has_nudges else (fact,)
    replies = (
        _steady(one.walk, len(one.points)),
        Reply((person, Line.FOLLOW_UP_REST) if has_nudges else (person,), ((BEGIN, URGENT_HELP),)),
    )
    return Decision(held, replies, facts)


BUTTONS: Final[Mapping[Action, Handler]] = {
    Action.FOLLOW_UPSET: tapped,
    Action.FOLLOW_CARE: tapped,
    Action.FOLLOW_END: tapped,
}
TYPED: Final[Mapping[Label, Handler]] = {Label.FOLLOW_UP_END: end_latest}
