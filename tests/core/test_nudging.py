"""What becomes of someone's nudges, by what they choose and what the clock sends. tests/test_nudges.py has the rest."""

import datetime as dt
from dataclasses import replace
from typing import Final

import pytest

from bot.core.course import draw
from bot.core.facts import NudgeChange
from bot.core.kept import Course, Nudging, Rest, Schedule
from bot.core.nudging import LATEST, Kind, Message, changed, due_again, left_out, may_come, sent, told
from bot.prompts import load

CONTENT: Final = load().content
ZONES: Final = CONTENT.zones
DAY: Final = 24 * 60 * 60
DUE: Final = int(dt.datetime(2026, 9, 21, 7, 30, tzinfo=dt.UTC).timestamp())
"""A Monday, when it is 08:30 in Lisbon."""
WAITING: Final = Nudging(Schedule(zone="Europe/Lisbon"), rest=Rest.NONE, due_at=DUE)


@pytest.mark.parametrize(
    ("nudging", "late", "may"),
    [
        (WAITING, 0, True),
        (WAITING, LATEST - 1, True),
        (WAITING, LATEST, False),
        (replace(WAITING, paused_until=DUE + 60), 59, False),
        (replace(WAITING, paused_until=DUE + 60), 60, True),
        (replace(WAITING, due_at=0), 0, False),
        (replace(WAITING, told_on=dt.date(2026, 9, 20).toordinal()), 0, True),
        (replace(WAITING, told_on=dt.date(2026, 9, 21).toordinal()), 0, False),
        (replace(WAITING, schedule=replace(WAITING.schedule, quiet_from=510, quiet_until=540)), 0, False),
        (replace(WAITING, schedule=replace(WAITING.schedule, zone="Nowhere/Else")), 0, False),
    ],
)
def test_a_message_comes_neither_late_nor_in_a_pause_nor_in_quiet_hours_nor_twice_a_day(
    nudging: Nudging, late: int, *, may: bool
) -> None:
    assert may_come(nudging, DUE + late, ZONES) is may


def test_the_day_that_counts_is_that_of_the_place_where_someone_lives() -> None:
    after_midnight = replace(WAITING, schedule=Schedule(zone="Pacific/Auckland"))
    evening = int(dt.datetime(2026, 9, 21, 20, tzinfo=dt.UTC).timestamp())  # 08:00 on Tuesday in Auckland
    assert told(after_midnight, at=evening, content=CONTENT).told_on == dt.date(2026, 9, 22).toordinal()
    assert told(WAITING, at=evening, content=CONTENT).told_on == dt.date(2026, 9, 21).toordinal()


def test_another_course_begins_at_its_beginning() -> None:
    midway = replace(WAITING, theme=3, in_theme=2)
    begun = changed(midway, NudgeChange(course=Course.FOUR_WEEKS), at=DUE - DAY, zones=ZONES, seed=7)
    assert (begun.course, begun.theme, begun.in_theme) == (Course.FOUR_WEEKS, 0, 0)
    same = changed(midway, NudgeChange(course=midway.course), at=DUE - DAY, zones=ZONES, seed=7)
    assert (same.theme, same.in_theme) == (3, 2)


def test_what_was_sent_is_drawn_and_waits_for_an_answer() -> None:
    practice = draw(WAITING, CONTENT.practices)
    assert practice is not None
    after = sent(WAITING, Message(Kind.PRACTICE, practice), at=DUE, content=CONTENT)
    assert (after.awaiting, after.ignored) == (True, 0)
    assert draw(after, CONTENT.practices) != practice
    assert after.due_at == DUE + 2 * DAY  # Wednesday


@pytest.mark.parametrize(("late", "then"), [(LATEST, 2 * DAY), (2 * DAY, 2 * DAY), (2 * DAY + LATEST, 4 * DAY)])
def test_after_one_that_was_left_out_the_next_that_is_not_too_late_comes(late: int, then: int) -> None:
    after = left_out(WAITING, due_at=DUE, at=DUE + late, content=CONTENT)
    assert after == replace(WAITING, due_at=DUE + then)
    chosen_anew = due_again(WAITING, DUE, ZONES)
    assert left_out(chosen_anew, due_at=DUE, at=DUE + late, content=CONTENT) is chosen_anew
