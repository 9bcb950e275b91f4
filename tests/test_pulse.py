"""Who took part, counted in memory and of nobody: totals of a circle, and a room's last whole week."""

import gc
from itertools import count

import pytest

from bot import pulse as module
from bot.core.gap import DAY
from bot.core.lines import Line
from bot.core.pulse import FEWEST, Week, told
from bot.pulse import Pulse, Totals
from tests.person import PROMPTS

WEEK = 7 * DAY
MONDAY = 1_790_553_600  # 2026-09-28, 00:00 UTC
GROUP, OTHER = -100_1, -100_2


class Counting:
    """What counts, with a clock that a test moves on."""

    def __init__(self, at: int = MONDAY) -> None:
        self.at = at
        salts = count(1)
        self.salt = lambda: next(salts).to_bytes(16)
        self.pulse = Pulse(lambda: self.at, self.salt)
        self.totals = Totals(self.pulse, self.salt)

    def offers(self, people: range, chat: int = GROUP) -> None:
        for person in people:
            self.pulse.offered(chat, person)

    def joins(self, people: range, number: int = 5, chat: int = GROUP) -> list[int]:
        return [self.totals.joined(chat, number, person, 0) for person in people]

    def after_a_week(self, chat: int = GROUP) -> Week:
        self.at += WEEK
        return self.pulse.last_week(chat)


def test_week_is_shown_from_ten_people_on_each_total_by_itself() -> None:
    counting = Counting()
    counting.offers(range(FEWEST))
    counting.joins(range(FEWEST - 1))
    assert counting.after_a_week() == Week(offers=10, joins=None, is_whole=True)


def test_the_same_person_ten_times_is_one_person() -> None:
    counting = Counting()
    for _ in range(30):
        counting.offers(range(9))
    for number in range(30):
        counting.joins(range(9), number)
    assert counting.after_a_week() == Week(None, None, is_whole=True)


def test_totals_count_on_after_ten_people() -> None:
    counting = Counting()
    counting.offers(range(12))
    counting.offers(range(12))
    for number in (1, 2, 3):
        counting.joins(range(11), number)
    assert counting.after_a_week() == Week(offers=24, joins=33, is_whole=True)


def test_week_under_way_is_never_shown() -> None:
    counting = Counting()
    counting.offers(range(50))
    counting.at += WEEK - 1
    assert counting.pulse.last_week(GROUP).offers is None
    counting.at += 1
    counting.offers(range(20))
    assert counting.pulse.last_week(GROUP).offers == 50


def test_week_before_the_last_is_gone() -> None:
    counting = Counting()
    counting.offers(range(50))
    assert counting.after_a_week().offers == 50
    assert counting.after_a_week().offers is None
    counting.offers(range(50))
    counting.at += WEEK
    assert counting.after_a_week().offers is None


def test_rooms_are_counted_apart() -> None:
    counting = Counting()
    counting.offers(range(50))
    counting.offers(range(9), OTHER)
    assert counting.after_a_week(OTHER) == Week(None, None, is_whole=True)


def test_week_that_was_not_counted_from_its_beginning_says_so() -> None:
    counting = Counting(MONDAY + 1)
    counting.offers(range(50))
    assert counting.after_a_week() == Week(offers=50, is_whole=False)
    assert counting.after_a_week().is_whole


def test_weeks_begin_on_monday_and_a_clock_set_back_begins_none_anew() -> None:
    counting = Counting(MONDAY - 1)
    counting.offers(range(20))
    counting.at = MONDAY
    assert counting.pulse.last_week(GROUP).offers == 20
    counting.at = MONDAY - 5
    counting.offers(range(20))
    assert counting.pulse.last_week(GROUP).offers == 20
    counting.at = MONDAY + WEEK
    assert counting.pulse.last_week(GROUP).offers == 20


def test_forgotten_room_has_no_week_and_no_totals() -> None:
    counting = Counting()
    counting.offers(range(20))
    counting.joins(range(20))
    counting.pulse.forget(GROUP)
    counting.totals.forget(GROUP)
    assert counting.joins(range(1)) == [1]
    assert counting.after_a_week() == Week(None, None, is_whole=True)


def held_of(counting: Counting) -> set[bytes]:
    """Every hash that can be reached from what counts."""
    reached, found = [counting.pulse, counting.totals], set()
    for one in reached:
        for each in gc.get_referents(one):
            if isinstance(each, bytes) and len(each) == 8:
                found.add(each)
            elif isinstance(each, dict | set | list | tuple) or type(each).__module__ == module.__name__:
                reached.append(each)
    return found


def test_nobody_is_held_once_a_count_needs_them_no_more_and_each_week_has_a_salt_of_its_own() -> None:
    counting = Counting()
    counting.offers(range(9))
    before = held_of(counting)
    counting.offers(range(9))
    assert held_of(counting) == before
    assert len(before) == 9
    counting.after_a_week()
    assert held_of(counting) == set()
    counting.offers(range(9))
    assert len(held_of(counting)) == 9
    assert not held_of(counting) & before
    counting.offers(range(9, 10))
    assert held_of(counting) == set()


def test_the_same_people_are_other_hashes_in_another_circle() -> None:
    counting = Counting()
    counting.offers(range(10))
    counting.joins(range(10), number=1)
    counting.joins(range(10), number=2)
    assert len(held_of(counting)) == 20


def test_rooms_that_are_counted_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROOMS", 3)
    counting = Counting()
    for chat in (1, 2, 3, 1, 4):
        counting.offers(range(10), chat)
    assert [counting.after_a_week(1).offers, *(counting.pulse.last_week(chat).offers for chat in (2, 3, 4))] == [
        20,
        None,
        10,
        10,
    ]


# --- the totals of circles ------------------------------------------------------------------------------------------


def test_each_counts_once_in_a_circle_whatever_the_device() -> None:
    counting = Counting()
    assert counting.joins(range(3)) == [1, 2, 3]
    assert counting.joins(range(3)) == [3, 3, 3]


def test_circles_and_rooms_are_counted_apart() -> None:
    counting = Counting()
    counting.joins(range(3))
    assert counting.joins(range(2), number=6) == [1, 2]
    assert counting.joins(range(2), chat=OTHER) == [1, 2]


def test_total_goes_on_from_the_button_after_a_restart() -> None:
    counting = Counting()
    assert [counting.totals.joined(GROUP, 5, person, 40) for person in (1, 2, 2)] == [41, 42, 42]
    assert counting.totals.joined(GROUP, 5, 3, 41) == 43  # what it shows may be behind


def test_people_of_all_circles_are_bounded_and_the_oldest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_JOINED", 6)
    counting = Counting()
    counting.joins(range(3), number=1)
    counting.joins(range(3), number=2)
    assert counting.joins(range(1), number=3) == [1]
    assert counting.joins(range(3), number=2) == [3, 3, 3]
    assert counting.totals.joined(GROUP, 1, 0, 3) == 4  # it is not known any more, and goes on from its button
    assert counting.joins(range(10), number=4)[-1] == 10


# --- in words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("week", "lines", "slots"),
    [
        (
            Week(12, 30, is_whole=True),
            (Line.PULSE, Line.PULSE_OFFERS, Line.PULSE_JOINS),
            {"offers": "12", "joins": "30"},
        ),
        (Week(None, 30, is_whole=True), (Line.PULSE, Line.PULSE_OFFERS_FEW, Line.PULSE_JOINS), {"joins": "30"}),
        (Week(), (Line.PULSE, Line.PULSE_OFFERS_FEW, Line.PULSE_JOINS_FEW, Line.PULSE_PART), {}),
    ],
)
def test_week_is_told_with_what_may_be_shown_alone(week: Week, lines: tuple[Line, ...], slots: dict[str, str]) -> None:
    (reply,) = told(week)
    assert (reply.keys, reply.slots) == (lines, slots)
    assert all(number in PROMPTS.text(reply) for number in slots.values())
