"""The table of the walk, checked over every place that it can come to, not over samples."""

from collections.abc import Collection
from functools import cache

import pytest

from bot.core.model import CareFor, Condition, Event, Step
from bot.core.sequence import AFTER_CARD, HOLDS, TENDER, TRANSITIONS, WALKING, advance, begin, knows
from tests.core.places import STEADYING, Place, Way, ways

ONWARD = frozenset({Event.NEXT, Event.SKIP, Event.SHORT})
TURNING_TO_THEM = frozenset({Step.APART, Step.WISH, Step.REACH})
LED_ON = WALKING - STEADYING - {Step.NEEDS}
TRAINING = LED_ON - {Step.TOGETHER, Step.MINE, Step.NEXT_TASK}

BETWEEN_TASKS = frozenset({Step.MINE, Step.NEXT_TASK})
RULED_OUT = {
    Condition.OVERWHELM: TURNING_TO_THEM | {Step.VALUE, Step.RESONANCE, Step.WHO},
    Condition.WAS_THERE: TURNING_TO_THEM | BETWEEN_TASKS | {Step.VALUE, Step.RESONANCE},
    Condition.OWN_LOSS: TURNING_TO_THEM | BETWEEN_TASKS | {Step.VALUE, Step.RESONANCE},
    Condition.NUMB: LED_ON,
    Condition.GUILT: frozenset({Step.RESONANCE}),  # its word is known, and kindness comes first
    Condition.OUTRAGE: frozenset({Step.RESONANCE}),  # what matters under it is asked instead
}
"""The steps that a condition rules out, wherever it is known on entering. All but OVERWHELM, GUILT and OUTRAGE hold
until someone asks for more."""
ALWAYS = Condition.OVERWHELM | Condition.GUILT | Condition.OUTRAGE


def leading(*events: Event) -> dict[Place, list[Way]]:
    """Every place with the ways on from it by these events."""
    return {place: [way for way in found if way.event in events] for place, found in ways().items()}


def coming_to(goals: Collection[Step], events: Collection[Event]) -> set[Place]:
    """Every place from which these events can lead to one of those steps."""
    comes = {place for place in ways() if place.step in goals}
    grown = True
    while grown:
        before = len(comes)
        comes |= {place for place, found in leading(*events).items() if any(way.to in comes for way in found)}
        grown = len(comes) > before
    return comes


@cache
def longest(place: Place) -> tuple[Step, ...]:
    """The steps of the longest way to the end that is offered without being asked for, one message each."""
    if place.step in {Step.CLOSE, Step.IDLE, Step.STAY}:
        return (place.step,)
    further = [longest(way.to) for way in ways()[place] if way.event in ONWARD]
    return (place.step, *max(further, key=len))


def test_every_step_is_reached_under_some_condition() -> None:
    assert {place.step for place in ways()} == set(Step)


def test_every_row_of_the_table_decides_somewhere() -> None:
    decide = {
        next((row for row in TRANSITIONS if row[:2] == (place.step, event) and HOLDS[row.under](place.state())), None)
        for place, found in ways().items()
        for event, _ in found
    }
    assert set(TRANSITIONS) - decide == set()


def test_every_step_can_end_without_stopping() -> None:
    ending = coming_to({Step.CLOSE, Step.IDLE}, set(Event) - {Event.STOP})
    assert set(ways()) - ending == set()


def test_what_is_offered_first_always_ends_without_asking_for_more() -> None:
    ending = coming_to({Step.CLOSE, Step.STAY}, ONWARD)
    assert {place for place in ways() if place.step in WALKING} - ending == set()


def test_stop_leads_to_idle_at_once_from_everywhere() -> None:
    for place, found in leading(Event.STOP).items():
        assert {way.to.step for way in found} == (set() if place.step is Step.IDLE else {Step.IDLE})


def test_harder_leads_to_an_anchor_first_and_then_to_staying() -> None:
    for place, found in leading(Event.HARDER).items():
        if place.step in WALKING:
            first = Step.STAY if place.harder or place.step is Step.STAY else Step.ANCHOR
            assert {way.to.step for way in found} == {first}


def test_danger_leads_to_the_card_from_everywhere() -> None:
    for found in leading(Event.DANGER).values():
        assert {way.to.step for way in found} == {Step.HELD}


def test_a_card_that_asks_leads_to_what_is_in_the_way_from_everywhere() -> None:
    for found in leading(Event.CARD).values():
        assert {way.to.step for way in found} == {Step.BARRIER}


def test_the_unclear_leads_to_the_question_from_everywhere() -> None:
    for found in leading(Event.UNCLEAR, Event.FOR_A_FRIEND).values():
        assert {way.to.step for way in found} == {Step.DANGER_ASK}


def test_forwarded_danger_is_asked_about_from_everywhere_and_the_walk_is_kept() -> None:
    for place, found in leading(Event.PASSED_ON).items():
        assert {(way.to.step, way.to.of_another) for way in found} == {(Step.WHOSE, True)}
        if place.step in LED_ON:
            assert {way.to.resume for way in found} == {place.step}
        for _, asked in found:
            assert {way.to.resume for way in ways()[asked] if way.to.step is Step.BARRIER} == {asked.resume}


def test_whose_danger_it_is_is_asked_only_at_the_question() -> None:
    assert {place.step for place in ways() if place.of_another} == {Step.WHOSE, Step.DANGER_ASK}


def test_forwarded_words_are_no_direct_question() -> None:
    assert not advance(begin(1), Event.PASSED_ON).danger_asked
    assert advance(begin(1), Event.FOR_A_FRIEND).danger_asked


def test_a_no_to_the_question_does_not_hurry_on_someone_who_is_being_steadied() -> None:
    for place, found in leading(Event.UNCLEAR).items():
        for _, asked in found if place.step in STEADYING else ():
            assert not [way.to for way in ways()[asked] if way.event is Event.NEXT and way.to.step in TRAINING]


def test_the_card_is_left_only_by_asking_to_go_on_or_by_stopping() -> None:
    for place, found in ways().items():
        if place.step in AFTER_CARD:
            assert {way.event for way in found if way.to.step not in AFTER_CARD} <= {
                Event.MORE,
                Event.STOP,
                Event.UNCLEAR,
                Event.FOR_A_FRIEND,
                Event.PASSED_ON,
            }


def test_staying_goes_on_only_when_asked() -> None:
    for place, found in ways().items():
        if place.step is Step.STAY:
            assert {way.event for way in found if way.to.step in LED_ON} <= {Event.MORE}


@pytest.mark.parametrize("condition", RULED_OUT)
def test_nobody_comes_to_a_step_that_a_condition_rules_out(condition: Condition) -> None:
    for found in ways().values():
        for _, place in found:
            waived = place.asked and condition not in ALWAYS
            assert condition not in place.conditions or waived or place.step not in RULED_OUT[condition]


@pytest.mark.parametrize("care_for", [CareFor.MYSELF, CareFor.NOBODY_YET])
def test_nobody_is_turned_to_who_was_not_named(care_for: CareFor) -> None:
    assert not [place for place in ways() if place.care_for is care_for and place.step in TURNING_TO_THEM]


def test_own_loss_being_there_numbness_and_haste_are_asked_for_no_number() -> None:
    for place in ways():
        tender = place.conditions & (TENDER | Condition.AT_WORK) and not place.asked
        assert not (tender and place.step in {Step.LOOK_BACK, Step.CARE})
        assert not (tender and place.step is Step.EASE) or Condition.OVERWHELM in place.conditions


def test_what_has_eased_is_overwhelming_no_more() -> None:
    eased = advance(advance(begin(1, conditions=Condition.OVERWHELM), Event.NEXT), Event.NEXT)
    assert (eased.step, eased.conditions) == (Step.RESONANCE, Condition.NONE)


def test_an_event_that_a_step_does_not_know_changes_nothing() -> None:
    for place in ways():
        state = place.state()
        for event in Event:
            if not knows(state, event):
                assert advance(state, event) == state


def test_an_event_that_a_step_knows_counts_one_up_and_keeps_the_walk() -> None:
    anywhere = {(place.step, event): place.state() for place, found in ways().items() for event, _ in found}
    for (_, event), state in anywhere.items():
        after = advance(state, event)
        assert (after.counter, after.walk) == (1, state.walk)


def test_a_full_walk_is_at_most_thirteen_messages() -> None:
    full = longest(Place.of(begin(1)))
    assert full == (
        Step.ARRIVE,
        Step.EASE,
        Step.RESONANCE,
        Step.KIND,
        Step.WHO,
        Step.APART,
        Step.WISH,
        Step.REACH,
        Step.TOGETHER,
        Step.WE_CARE,
        Step.LOOK_BACK,
        Step.CARE,
        Step.CLOSE,
    )
    assert max(len(longest(place)) for place in ways() if place.step is Step.ARRIVE) == len(full) == 13


def test_a_short_walk_is_at_most_seven_messages() -> None:
    full = longest(Place.of(begin(1)))
    short = {longest(way.to) for found in leading(Event.SHORT).values() for way in found}
    assert max(short, key=len) == (Step.WISH, Step.CLOSE)
    assert full.index(Step.WHO) + 1 + 2 == 7
