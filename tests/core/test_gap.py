from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.gap import (
    DAY,
    HIGH,
    MOST_WALKS,
    RISE,
    AfterDays,
    Answered,
    Gap,
    Moment,
    OneWalk,
    OverDays,
    Span,
    after_figure,
    days_figure,
    gap,
    has_risen,
    outcome_of,
    rated,
    span_of,
    walk_figure,
)
from bot.core.kept import FollowUp, Outcome, Point
from bot.core.state import NO_RATING, Change, Condition, Feeling, Source, State, Step

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
        (8, 2, Change.UNSAID, Gap.EASED),
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


# --- What can be shown ----------------------------------------------------------------------------------------------

NOW = 1_790_000_000
TENDER = (Condition.OWN_LOSS, Condition.GUILT, Condition.NUMB, Condition.WAS_THERE)
CLOSED = State(walk=5, step=Step.CLOSE, upset_before=8, upset_after=3, change=Change.MORE)


def kept(  # noqa: PLR0913 - one for each of its answers
    before: int | None = 8,
    after: int | None = 3,
    change: Change = Change.MORE,
    *,
    ago: int = 2 * DAY,
    conditions: Condition = Condition.NONE,
    finished: bool = True,
) -> Outcome:
    return Outcome(1, NOW - ago, Source.NONE, conditions, before, after, change, finished)


def test_picture_of_a_walk_has_its_own_answers() -> None:
    assert walk_figure(CLOSED) == OneWalk(8, 3, Change.MORE)
    assert walk_figure(replace(CLOSED, change=Change.UNSAID)) == OneWalk(8, 3, Change.UNSAID)


@pytest.mark.parametrize(
    "state",
    [
        *(replace(CLOSED, conditions=condition) for condition in TENDER),
        *(replace(CLOSED, conditions=condition, asked=True) for condition in TENDER),
        *(replace(CLOSED, feeling=feeling) for feeling in (Feeling.GUILTY, Feeling.NUMB)),
        replace(CLOSED, upset_before=NO_RATING),
        replace(CLOSED, upset_after=NO_RATING),
        replace(CLOSED, upset_after=9),
        replace(CLOSED, upset_after=10),
        replace(CLOSED, danger_asked=True),
        *(replace(CLOSED, step=step) for step in Step if step is not Step.CLOSE),
    ],
)
def test_no_picture_of_a_walk_after_what_rules_it_out(state: State) -> None:
    assert walk_figure(state) is None


@pytest.mark.parametrize("condition", [each for each in Condition if each not in TENDER])
def test_other_conditions_leave_the_picture(condition: Condition) -> None:
    assert walk_figure(replace(CLOSED, conditions=condition)) is not None


def test_picture_over_days_keeps_the_order_and_fills_in_nothing() -> None:
    outcomes = [kept(after=6, change=Change.LESS), kept(after=None), kept(change=Change.UNSAID)]
    assert days_figure(outcomes, NOW) == OverDays(
        (Answered(6, Change.LESS), Answered(None, Change.MORE), Answered(3, Change.UNSAID))
    )


@pytest.mark.parametrize("condition", [Condition.OWN_LOSS, Condition.NUMB, Condition.WAS_THERE])
def test_walk_outside_the_training_is_in_no_line(condition: Condition) -> None:
    figure = days_figure([kept(after=1), kept(after=9, conditions=condition | Condition.HELPLESS)], NOW)
    assert figure == OverDays((Answered(1, Change.MORE),))
    assert days_figure([kept(conditions=condition)], NOW) is None


def test_walk_that_was_left_before_it_was_asked_breaks_no_line() -> None:
    left = kept(after=None, change=Change.UNSAID, finished=False)
    assert days_figure([kept(), left], NOW) == days_figure([kept()], NOW)
    assert days_figure([kept(), replace(left, finished=True)], NOW) != days_figure([kept()], NOW)


def test_rise_of_another_day_is_not_left_out() -> None:
    risen = kept(before=2, after=9, change=Change.UNSAID, finished=False)
    assert days_figure([risen], NOW) == OverDays((Answered(9, Change.UNSAID),))


@pytest.mark.parametrize("ago", [0, DAY - 1])
@pytest.mark.parametrize("hard", [*(kept(conditions=each) for each in TENDER), kept(before=2, after=3)])
def test_no_picture_over_days_within_a_day_of_what_rules_it_out(hard: Outcome, ago: int) -> None:
    later = kept(ago=0)
    assert days_figure([kept(), replace(hard, ended_at=NOW - ago)], NOW) is None
    assert days_figure([kept(), replace(hard, ended_at=NOW - ago), later], NOW) is None
    assert days_figure([kept(), replace(hard, ended_at=NOW - DAY)], NOW) is not None


@pytest.mark.parametrize("outcomes", [[], [kept(before=5, after=None, change=Change.UNSAID)]])
def test_no_picture_over_days_without_an_answer(outcomes: list[Outcome]) -> None:
    assert days_figure(outcomes, NOW) is None


def test_picture_over_days_has_the_latest_walks() -> None:
    figure = days_figure([kept(after=at % 11) for at in range(2 * MOST_WALKS)], NOW)
    assert figure is not None
    assert [walk.upset for walk in figure.walks] == [at % 11 for at in range(MOST_WALKS, 2 * MOST_WALKS)]


def test_span_counts_every_walk_and_averages_only_what_has_both_numbers() -> None:
    outcomes = [
        kept(8, 3, Change.MORE),
        kept(7, 2, Change.SAME),
        kept(10, None, Change.LESS),
        kept(None, 0, Change.UNSAID),
        kept(9, 9, Change.MORE, conditions=Condition.OWN_LOSS),
    ]
    assert span_of(outcomes) == Span(walks=5, before=8, after=3, less=1, same=1, more=1)


def test_span_without_numbers_has_none() -> None:
    assert span_of([kept(None, 3, Change.UNSAID)]) == Span(1, None, None, 0, 0, 0)


# --- The days after -------------------------------------------------------------------------------------------------


def followed(*points: Point, before: int | None = 8, after: int | None = 4, change: Change = Change.SAME) -> FollowUp:
    return FollowUp(1, NOW - 9 * DAY, False, before, after, change, points, sent_at=NOW - 2 * DAY)  # noqa: FBT003


def moments(*follow_ups: FollowUp) -> list[tuple[int | None, int | None, int | None]]:
    figure = after_figure(follow_ups, (), NOW)
    return [] if figure is None else [(one.days, one.upset, one.care) for one in figure.moments]


def test_days_after_a_walk_go_on_from_its_beginning_and_each_answer_about_care_is_a_step() -> None:
    one = followed(Point(1, 5, Change.MORE), Point(3, 3, Change.SAME), Point(7, 2, Change.MORE), change=Change.MORE)
    assert moments(one) == [(None, 8, 0), (0, 4, 1), (1, 5, 2), (3, 3, 2), (7, 2, 3)]
    less = followed(Point(1, 5, Change.LESS), Point(3, 3, Change.LESS), change=Change.LESS)
    assert moments(less) == [(None, 8, 0), (0, 4, -1), (1, 5, -2), (3, 3, -3)]


def test_what_was_skipped_some_days_after_stays_unknown() -> None:
    one = followed(Point(1), Point(3, 3, Change.UNSAID), Point(7, None, Change.MORE))
    assert moments(one) == [(None, 8, 0), (0, 4, 0), (1, None, None), (3, 3, None), (7, None, 1)]


def test_lines_begin_and_end_where_something_was_answered() -> None:
    assert moments(followed(Point(1, 5), Point(3))) == [(None, 8, 0), (0, 4, 0), (1, 5, None)]
    there = followed(Point(1, 5, Change.MORE), Point(7, 3, Change.SAME), before=None, after=None, change=Change.UNSAID)
    assert moments(there) == [(1, 5, 1), (7, 3, 1)]


def test_care_that_was_never_answered_has_no_line() -> None:
    assert moments(followed(Point(1, 5), change=Change.UNSAID)) == [(None, 8, None), (0, 4, None), (1, 5, None)]


@pytest.mark.parametrize(
    "follow_ups",
    [(), (followed(),), (followed(Point(1), Point(3)),), (followed(Point(1, 5), before=None, after=None),)],
)
def test_no_picture_of_days_after_without_answers_at_two_times(follow_ups: tuple[FollowUp, ...]) -> None:
    no_care = tuple(replace(one, change=Change.UNSAID) for one in follow_ups)
    assert after_figure(no_care, (), NOW) is None


def test_days_after_several_walks_are_their_means() -> None:
    one = followed(Point(1, 5, Change.MORE), Point(3, 2, Change.MORE), before=9, after=5)
    other = followed(Point(1, 2, Change.SAME), Point(7, 1, Change.SAME), before=6, after=4)
    third = followed(Point(1, 3, Change.MORE), before=6, after=3)
    figure = after_figure((one, other, third, followed(Point(1))), (), NOW)
    assert figure is not None
    assert figure.walks == 3
    assert figure.moments == (
        Moment(None, 7, 0),
        Moment(0, 4, 0),
        Moment(1, 3, 1),
        Moment(3, 2, 2),
        Moment(7, 1, 0),
    )


@pytest.mark.parametrize("change", [Change.LESS, Change.MORE])
def test_half_a_step_of_care_is_drawn_as_none(change: Change) -> None:
    figure = after_figure((followed(Point(1, 5, change)), followed(Point(1, 5, Change.SAME))), (), NOW)
    assert figure is not None
    assert figure.moments[-1].care == 0


@pytest.mark.parametrize("upset", [HIGH, 9])
def test_no_picture_of_days_after_within_a_day_of_a_rise(upset: int) -> None:
    for one in (followed(Point(1, upset)), followed(Point(1, 4), before=3)):
        assert after_figure((replace(one, sent_at=NOW - DAY + 1),), (), NOW) is None
        assert after_figure((replace(one, sent_at=NOW - DAY),), (), NOW) is not None


@pytest.mark.parametrize("hard", [*(kept(conditions=each) for each in TENDER), kept(before=2, after=3)])
def test_no_picture_of_days_after_within_a_day_of_a_walk_that_rules_it_out(hard: Outcome) -> None:
    one = followed(Point(1, 5))
    assert after_figure((one,), (replace(hard, ended_at=NOW - DAY + 1),), NOW) is None
    assert isinstance(after_figure((one,), (replace(hard, ended_at=NOW - DAY),), NOW), AfterDays)


def test_picture_of_days_after_has_the_latest_walks() -> None:
    old = followed(Point(1, 9), before=9, after=9)
    figure = after_figure((old, *[followed(Point(1, 1))] * MOST_WALKS), (), NOW)
    assert figure is not None
    assert (figure.walks, figure.moments[0].upset) == (MOST_WALKS, 8)
