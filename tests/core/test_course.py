"""The deck: which practice comes next, whatever course, days and seed."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from bot.core.course import THEMES, Contrast, Practice, draw, drawn
from bot.core.kept import Course, Nudging, Schedule
from bot.prompts import load

PRACTICES: Final = load().content.practices
SEEDS: Final = st.integers(0, 2**24 - 1)
DAYS: Final = st.frozensets(st.integers(0, 6), min_size=1)
COURSES: Final = st.sampled_from(Course)


def nudged(nudging: Nudging) -> Iterator[tuple[Practice, Nudging]]:
    """Each practice that is sent, with the place after it."""
    while practice := draw(nudging, PRACTICES):
        nudging = drawn(nudging, practice, PRACTICES)
        yield practice, nudging


def begun(nudging: Nudging, course: Course) -> Nudging:
    return replace(nudging, course=course, theme=0, in_theme=0)


def on(days: frozenset[int] | int, course: Course = Course.EIGHT_WEEKS, seed: int = 0) -> Nudging:
    return Nudging(Schedule(days=days if isinstance(days, frozenset) else frozenset(range(days))), course, seed)


def sent(nudging: Nudging, number: int = 10_000) -> list[Practice]:
    return [practice for practice, _ in islice(nudged(nudging), number)]


@given(DAYS, SEEDS, st.sampled_from([Course.EIGHT_WEEKS, Course.FOUR_WEEKS]))
def test_course_has_each_theme_for_as_many_practices_as_a_week_has_days(
    days: frozenset[int], seed: int, course: Course
) -> None:
    themes = [practice.theme for practice in sent(on(days, course, seed))]
    assert themes == [theme for theme in THEMES[course] for _ in days]


def test_four_weeks_are_the_themes_of_the_curriculum() -> None:
    assert THEMES[Course.FOUR_WEEKS] == (1, 2, 4, 6)


@given(DAYS, SEEDS, st.sampled_from([Course.EIGHT_WEEKS, Course.FOUR_WEEKS]))
def test_no_practice_comes_twice_in_a_course(days: frozenset[int], seed: int, course: Course) -> None:
    practices = sent(on(days, course, seed))
    assert len(practices) == len({*practices})


@given(DAYS, SEEDS)
def test_none_comes_twice_before_its_whole_theme_has_come_however_long(days: frozenset[int], seed: int) -> None:
    by_theme: dict[int, list[str]] = {}
    for practice in sent(on(days, Course.OPEN, seed), 300):
        by_theme.setdefault(practice.theme, []).append(practice.name)
    for names in by_theme.values():
        rounds = [names[at : at + 7] for at in range(0, len(names), 7)]
        assert all(len(each) == len({*each}) for each in rounds)
        assert all({*each} == {*rounds[0]} for each in rounds if len(each) == len(rounds[0]) == 7)


@given(DAYS, SEEDS)
def test_open_course_goes_through_all_themes_again_and_again(days: frozenset[int], seed: int) -> None:
    themes = [practice.theme for practice in sent(on(days, Course.OPEN, seed), 16 * len(days))]
    assert themes == 2 * [theme for theme in range(1, 9) for _ in days]


@given(SEEDS, st.lists(st.tuples(DAYS, COURSES, st.booleans(), st.integers(0, 12)), max_size=8))
def test_any_changes_of_days_and_course_leave_a_place_that_draws_what_was_seen_least(
    seed: int, changes: list[tuple[frozenset[int], Course, bool, int]]
) -> None:
    nudging = on(3, seed=seed)
    times: Counter[str] = Counter()
    for days, course, changes_course, number in changes:
        nudging = replace(nudging, schedule=replace(nudging.schedule, days=days))
        if changes_course:
            nudging = begun(nudging, course)
        for practice, after in islice(nudged(nudging), number):
            theme = [times[each.name] for each in PRACTICES if each.theme == practice.theme]
            assert times[practice.name] == min(theme)
            times[practice.name] += 1
            nudging = after
        assert 0 <= nudging.theme <= len(THEMES[nudging.course])
        assert 0 <= nudging.in_theme < 7
        assert nudging.seen <= {practice.name for practice in PRACTICES}


def test_fewer_days_end_a_theme_that_had_as_many_already() -> None:
    *_, (_, nudging) = islice(nudged(on(5)), 3)
    assert nudging.in_theme == 3
    practice = draw(replace(nudging, schedule=Schedule(days=frozenset({0, 1}))), PRACTICES)
    assert practice
    assert practice.theme == 2


def test_fewer_days_in_the_last_theme_end_the_course() -> None:
    *_, (_, nudging) = islice(nudged(on(5)), 5 * 8 - 1)
    assert draw(nudging, PRACTICES)
    assert draw(replace(nudging, schedule=Schedule(days=frozenset({6}))), PRACTICES) is None


def test_more_days_give_the_theme_more() -> None:
    *_, (_, nudging) = islice(nudged(on(2)), 1)
    week = replace(nudging, schedule=Schedule(days=frozenset(range(7))))
    assert [practice.theme for practice in sent(week, 8)] == [1] * 6 + [2] * 2


def test_no_days_are_read_as_one() -> None:
    assert [practice.theme for practice in sent(on(frozenset()))] == [*range(1, 9)]


def test_another_course_begins_anew_and_brings_first_what_was_not_seen() -> None:
    *_, (_, nudging) = islice(nudged(on(3)), 3)
    again = sent(begun(nudging, Course.FOUR_WEEKS))
    assert [practice.theme for practice in again] == [theme for theme in (1, 2, 4, 6) for _ in range(3)]
    assert not {practice.name for practice in again} & nudging.seen


def test_course_that_has_ended_draws_nothing_until_another_is_begun() -> None:
    *_, (_, nudging) = nudged(on(1))
    assert draw(nudging, PRACTICES) is None
    assert draw(begun(nudging, Course.OPEN), PRACTICES)


@given(SEEDS)
def test_same_seed_draws_the_same(seed: int) -> None:
    assert sent(on(3, seed=seed)) == sent(on(3, seed=seed))


def test_seeds_give_many_orders_and_each_practice_its_turn() -> None:
    orders = {tuple(practice.name for practice in sent(on(7, seed=seed), 7)) for seed in range(300)}
    assert len(orders) > 250
    first = Counter(names[0] for names in orders)
    assert set(first) == {f"1{letter}" for letter in "abcdefg"}
    assert min(first.values()) > 20


@given(st.integers(2, 7), SEEDS)
def test_every_contrast_comes_in_four_weeks_from_two_days_a_week_on(days: int, seed: int) -> None:
    assert {practice.contrast for practice in sent(on(days, Course.FOUR_WEEKS, seed))} == {*Contrast}


@given(st.integers(1, 7), SEEDS)
def test_every_contrast_comes_in_eight_weeks(days: int, seed: int) -> None:
    assert {practice.contrast for practice in sent(on(days, seed=seed))} == {*Contrast}


@given(SEEDS)
def test_theme_begins_with_its_own_contrast_and_changes_then(seed: int) -> None:
    week = [practice.contrast for practice in sent(on(2, Course.FOUR_WEEKS, seed))][4:6]
    assert week == [Contrast.CONNECTED, Contrast.OTHER]
