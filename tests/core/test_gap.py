import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.gap import RISE, Gap, gap, has_risen, outcome_of, rated
from bot.core.model import NO_RATING, Change, Condition, Outcome, Source, State

RATINGS = st.integers(0, 10) | st.just(NO_RATING)
CHANGES = st.sampled_from(Change)


def ended(before: int, after: int, change: Change) -> State:
    return State(upset_before=before, upset_after=after, change=change)


@pytest.mark.parametrize(
    ("before", "after", "change", "expected"),
    [
        (8, 2, Change.MORE, Gap.CROSSED),
        (8, 7, Change.SAME, Gap.CROSSED),
        (8, 2, Change.LESS, Gap.STEPPED_BACK),
        (8, 2, Change.UNSAID, Gap.UNKNOWN),
        (5, 5, Change.MORE, Gap.STEADY),
        (5, 5 + RISE - 1, Change.LESS, Gap.STEADY),
        (5, 5 + RISE, Change.MORE, Gap.RISEN),
        (0, 10, Change.UNSAID, Gap.RISEN),
        (NO_RATING, 0, Change.MORE, Gap.UNKNOWN),
        (10, NO_RATING, Change.MORE, Gap.UNKNOWN),
        (NO_RATING, NO_RATING, Change.LESS, Gap.UNKNOWN),
    ],
)
def test_gap_by_upset_and_care(before: int, after: int, change: Change, expected: Gap) -> None:
    assert gap(ended(before, after, change)) is expected


@given(RATINGS, RATINGS, CHANGES)
def test_gap_is_crossed_only_with_less_upset_and_no_less_care(before: int, after: int, change: Change) -> None:
    eased = NO_RATING not in {before, after} and after < before
    crossed = eased and change in {Change.SAME, Change.MORE}
    assert (gap(ended(before, after, change)) is Gap.CROSSED) is crossed


@given(RATINGS, RATINGS, CHANGES)
def test_gap_is_risen_exactly_when_the_upset_has_risen(before: int, after: int, change: Change) -> None:
    state = ended(before, after, change)
    assert (gap(state) is Gap.RISEN) is has_risen(state)


@given(RATINGS)
def test_a_skipped_rating_never_counts_as_a_rise(rating: int) -> None:
    assert not has_risen(ended(rating, NO_RATING, Change.UNSAID))
    assert not has_risen(ended(NO_RATING, rating, Change.UNSAID))


def test_rated_tells_a_skip_from_zero() -> None:
    assert [rated(0), rated(10), rated(NO_RATING)] == [0, 10, None]


def test_outcome_of_keeps_the_answers_and_fills_in_nothing() -> None:
    state = State(
        walk=77,
        source=Source.WORK,
        conditions=Condition.GUILT,
        upset_before=8,
        upset_after=NO_RATING,
        change=Change.SAME,
    )
    assert outcome_of(state, 1_790_000_000, finished=True) == Outcome(
        walk=77,
        ended_at=1_790_000_000,
        source=Source.WORK,
        conditions=Condition.GUILT,
        upset_before=8,
        upset_after=None,
        change=Change.SAME,
        finished=True,
    )
