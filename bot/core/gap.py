"""What the answers of a walk say about the gap between empathic distress and compassion.

Rules that hold here: upset alone is the wrong measure, since turning away lowers it too; a skipped answer is unknown
and never filled in; nothing here is a test that someone could fail. A picture is shown on request alone, and none after
grief, guilt, numbness, being there, or a rise.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import dropwhile
from typing import Final

from bot.core.kept import FollowUp, Outcome, Point
from bot.core.sequence import TENDER
from bot.core.state import NO_RATING, Change, Condition, Feeling, State, Step

HIGH: Final = 7
"""From here on (0..10) the upset is steadied before anything else. Source: evidence, section 3, S4."""

RISE: Final = 2
"""So much more upset than before is a rise. Source: evidence, "Rising distress rule"."""


class Gap(StrEnum):
    """Where the person stands at the end, by their own answers."""

    CROSSED = "crossed"  # upset lower, care the same or more
    EASED = "eased"  # upset lower, and care not answered or not asked
    STEPPED_BACK = "stepped_back"  # upset lower, care less: stepping back can be right
    STEADY = "steady"
    RISEN = "risen"
    UNKNOWN = "unknown"


def rated(rating: int) -> int | None:
    """The rating (0..10), or None where it was skipped."""
    return None if rating == NO_RATING else rating


def rises(state: State, rating: int) -> bool:
    """Whether `rating` is clearly higher than the latest before it; or high, where there is none."""
    before = rated(state.upset_now)
    return rating >= HIGH if before is None else rating - before >= RISE


def has_risen(state: State) -> bool:
    """Whether the upset is clearly higher than when the walk began."""
    before, now = rated(state.upset_before), rated(state.upset_after)
    return before is not None and now is not None and now - before >= RISE


def gap(state: State) -> Gap:
    """What the close says."""
    before, now = rated(state.upset_before), rated(state.upset_after)
    if has_risen(state):
        return Gap.RISEN
    if before is None or now is None:
        return Gap.UNKNOWN
    if now >= before:
        return Gap.STEADY
    if state.change is Change.UNSAID:
        return Gap.EASED
    return Gap.STEPPED_BACK if state.change is Change.LESS else Gap.CROSSED


def outcome_of(state: State, at: int, *, finished: bool) -> Outcome:
    """What *remember* keeps of a walk that ended `at` (seconds since 1970, UTC)."""
    return Outcome(
        walk=state.walk,
        ended_at=at,
        source=state.source,
        conditions=state.conditions,
        upset_before=rated(state.upset_before),
        upset_after=rated(state.upset_after),
        change=state.change,
        finished=finished,
    )


# --- What can be shown ------------------------------------------------------------------------------------------

DAY: Final = 24 * 60 * 60  # seconds
WEEK: Final = 7 * DAY

MOST_WALKS: Final = 30
"""In one picture: the latest."""

_UNSHOWN: Final = TENDER | Condition.GUILT
"""After these no picture is shown. A tender walk is no training besides, so it is in no line and no figure."""


@dataclass(frozen=True, slots=True)
class OneWalk:
    """One walk from its beginning to its end. `before` and `after` are the upset, 0..10."""

    before: int
    after: int
    change: Change


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered at the end of one walk: the upset (0..10), and the care. A skip is None, and UNSAID."""

    upset: int | None
    change: Change


@dataclass(frozen=True, slots=True)
class OverDays:
    """Walks in their order, the oldest first: the distance of their two lines is the gap."""

    walks: tuple[Answered, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """What was answered at one time of walks: the mean upset (0..10), and the mean of steps that care has gone.

    `days`: 0 is the end of a walk, and None is before it. What nobody answered then is None.
    """

    days: int | None
    upset: int | None
    care: int | None


@dataclass(frozen=True, slots=True)
class AfterDays:
    """Walks and the days after them, the earliest time first: the distance of the two lines is the gap."""

    walks: int
    moments: tuple[Moment, ...]


Figure = OneWalk | OverDays | AfterDays


@dataclass(frozen=True, slots=True)
class Span:
    """What is told in words of the walks of some days. `before` and `after` are means of the walks that have both."""

    walks: int
    before: int | None
    after: int | None
    less: int
    same: int
    more: int


def walk_figure(state: State) -> OneWalk | None:
    """The picture of a walk that has come to its close, or None where there is none, or none may be shown.

    None either where danger was asked about in that walk: what comes after that stays plain.
    """
    before, after = rated(state.upset_before), rated(state.upset_after)
    if state.step is not Step.CLOSE or is_tender(state) or state.danger_asked:
        return None
    return None if before is None or after is None or after > before else OneWalk(before, after, state.change)


def is_tender(state: State) -> bool:
    """Whether what this person is going through now rules every picture out."""
    risen = state.rose or has_risen(state)
    return bool(state.conditions & _UNSHOWN) or state.feeling in {Feeling.GUILTY, Feeling.NUMB} or risen


def days_figure(outcomes: Iterable[Outcome], at: int) -> OverDays | None:
    """The picture over days, at that time (seconds since 1970, UTC), or None as for one walk.

    A walk that was left before its end was not asked, so it is in no line; one that was, and skipped, breaks both.
    """
    outcomes = tuple(outcomes)
    if any(_was_hard(outcome) for outcome in outcomes if at - outcome.ended_at < DAY):
        return None
    asked = [one for one in outcomes if not one.conditions & TENDER and (one.finished or one.upset_after is not None)]
    walks = tuple(Answered(one.upset_after, one.change) for one in asked[-MOST_WALKS:])
    return OverDays(walks) if any(walk.upset is not None or walk.change for walk in walks) else None


def after_figure(follow_ups: Iterable[FollowUp], outcomes: Iterable[Outcome], at: int) -> AfterDays | None:
    """The picture of the days after walks, at that time (seconds since 1970, UTC), or None as over days.

    None either within a day of an answer that told of a rise. Where nothing was answered the lines break; they begin
    and end where something was.
    """
    follow_ups = tuple(one for one in follow_ups if any(map(_tells, one.points)))[-MOST_WALKS:]
    hard = any(_was_hard(outcome) for outcome in outcomes if at - outcome.ended_at < DAY)
    if not follow_ups or hard or any(_has_risen_since(one) for one in follow_ups if at - one.sent_at < DAY):
        return None
    walks = [_told_by(one) for one in follow_ups]
    latest = max(days for walk in walks for days, told in walk.items() if days and told != (None, None))
    times = sorted({days for walk in walks for days in walk if days <= latest})
    told = (_moment(days, [walk[days] for walk in walks if days in walk]) for days in times)
    moments = tuple(dropwhile(lambda one: one.upset is None and one.care is None, told))
    return AfterDays(len(walks), moments) if len(moments) > 1 else None


def _moment(days: int, answers: Sequence[tuple[int | None, int | None]]) -> Moment:
    upset = _mean([upset for upset, _ in answers if upset is not None])
    care = _mean_step([care for _, care in answers if care is not None])
    return Moment(None if days == _BEFORE else days, upset, care)


_BEFORE: Final = -1
_STEPS: Final = {Change.LESS: -1, Change.SAME: 0, Change.MORE: 1}


def _tells(point: Point) -> bool:
    return point.upset is not None or point.change is not Change.UNSAID


def _has_risen_since(one: FollowUp) -> bool:
    upset = one.points[-1].upset
    return upset is not None and (upset >= HIGH or (one.upset_before is not None and upset > one.upset_before))


def _told_by(one: FollowUp) -> dict[int, tuple[int | None, int | None]]:
    """Upset and care of one walk by the days since. Each answer about care is a step from the answer before it."""
    answers = [(0, one.upset_after, one.change), *((point.days, point.upset, point.change) for point in one.points)]
    begins = one.upset_before is not None and any(change is not Change.UNSAID for _, _, change in answers)
    told: dict[int, tuple[int | None, int | None]] = {_BEFORE: (one.upset_before, 0 if begins else None)}
    level = 0
    for days, upset, change in answers:
        level += _STEPS.get(change, 0)
        told[days] = (upset, None if change is Change.UNSAID else level)
    return told


def _was_hard(outcome: Outcome) -> bool:
    before, after = outcome.upset_before, outcome.upset_after
    return bool(outcome.conditions & _UNSHOWN) or (before is not None and after is not None and after > before)


def span_of(outcomes: Iterable[Outcome]) -> Span:
    """What is told of these walks. All are counted; the answers are those of walks within the training."""
    outcomes = tuple(outcomes)
    inside = [one for one in outcomes if not one.conditions & TENDER]
    both = [
        (one.upset_before, one.upset_after)
        for one in inside
        if one.upset_before is not None and one.upset_after is not None
    ]
    changes = [one.change for one in inside]
    return Span(
        len(outcomes),
        _mean([before for before, _ in both]),
        _mean([after for _, after in both]),
        changes.count(Change.LESS),
        changes.count(Change.SAME),
        changes.count(Change.MORE),
    )


def _mean(ratings: list[int]) -> int | None:
    """The mean as a whole number, a half upwards."""
    return (2 * sum(ratings) + len(ratings)) // (2 * len(ratings)) if ratings else None


def _mean_step(steps: list[int]) -> int | None:
    """The mean as a whole number, a half toward 0: no step is drawn that was not mostly gone."""
    if not steps:
        return None
    total, count = abs(sum(steps)), len(steps)
    whole = (2 * total + count - 1) // (2 * count)
    return whole if sum(steps) > 0 else -whole
