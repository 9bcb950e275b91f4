"""What the answers of a walk say about the gap between empathic distress and compassion.

Rules that hold here: upset alone is the wrong measure, since turning away lowers it too; a skipped answer is unknown
and never filled in; nothing here is a test that someone could fail.
"""

from enum import StrEnum
from typing import Final

from bot.core.model import NO_RATING, Change, Outcome, State

HIGH: Final = 7
"""From here on (0..10) the upset is steadied before anything else. Source: evidence, section 3, S4."""

RISE: Final = 2
"""So much more upset than before is a rise. Source: evidence, "Rising distress rule"."""


class Gap(StrEnum):
    """Where the person stands at the end, by their own answers."""

    CROSSED = "crossed"  # upset lower, care the same or more
    STEPPED_BACK = "stepped_back"  # upset lower, care less: stepping back can be right
    STEADY = "steady"
    RISEN = "risen"
    UNKNOWN = "unknown"


def rated(rating: int) -> int | None:
    """The rating (0..10), or None where it was skipped."""
    return None if rating == NO_RATING else rating


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
        return Gap.UNKNOWN
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
