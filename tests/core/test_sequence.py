"""The table of the walk, checked over every place that it can come to, not over samples."""

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import cache
from itertools import combinations

import pytest

from bot.core.sequence import AFTER_CARD, HOLDS, TENDER, TRANSITIONS, WALKING, Row, advance, begin, knows
from bot.core.state import CareFor, Condition, Event, State, Step
from tests.core.places import FITTING, STEADYING, Place, Way, ways

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
    back = defaultdict(list)
    for place, found in leading(*events).items():
        for way in found:
            back[way.to].append(place)
    comes: set[Place] = set()
    todo = [place for place in ways() if place.step in goals]
    while todo:
        place = todo.pop()
        if place not in comes:
            comes.add(place)
            todo += back[place]
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
    rows: dict[tuple[Step, Event], list[Row]] = defaultdict(list)
    for row in TRANSITIONS:
        rows[row.step, row.event].append(row)
    decide = set()
    for place, found in ways().items():
        state = place.state()
        for event in {way.event for way in found}:
            decide.add(next((row for row in rows[place.step, event] if HOLDS[row.under](state)), None))
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


@pytest.mark.parametrize(
    ("event", "to"),
    [
        (Event.DANGER, Step.HELD),
        (Event.CARD, Step.BARRIER),
        (Event.UNCLEAR, Step.DANGER_ASK),
        (Event.FOR_A_FRIEND, Step.DANGER_ASK),
        (Event.PASSED_ON, Step.WHOSE),
    ],
)
def test_danger_interrupts_from_everywhere_and_takes_nothing_from_the_walk(event: Event, to: Step) -> None:
    for place in ways():
        before = place.state()
        after = advance(before, event)
        assert after.step is to
        kept = replace(
            after,
            step=before.step,
            resume=before.resume,
            counter=before.counter,
            danger_asked=before.danger_asked,
            of_another=before.of_another,
        )
        assert kept == before
        assert after.resume in {before.step, before.resume, Step.ARRIVE, Step.KIND}


def test_forwarded_danger_is_asked_about_and_the_walk_is_kept() -> None:
    for place, found in leading(Event.PASSED_ON).items():
        assert {way.to.of_another for way in found} <= {True}
        if place.step in LED_ON:
            assert {way.to.resume for way in found} <= {place.step}
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
                assert advance(state, event) is state


def test_an_event_that_a_step_knows_counts_one_up_and_keeps_the_walk() -> None:
    anywhere = {(place.step, event): place for place, found in ways().items() for event, _ in found}
    for (_, event), place in anywhere.items():
        state = place.state()
        after = advance(state, event)
        assert (after.counter, after.walk) == (1, state.walk)


FULL = (
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
"""The steps of WALK.md, with two for looking back."""
FORMS = {
    Condition.NONE: FULL,
    Condition.GUILT: tuple(step for step in FULL if step is not Step.RESONANCE),
    Condition.OUTRAGE: (*FULL[:2], Step.VALUE, *FULL[3:]),
    Condition.HELPLESS: (*FULL[:6], Step.REACH, Step.WISH, *FULL[8:]),
    Condition.DIED: FULL,  # for those left behind; for the dead themselves, APART is passed over
    Condition.OVERWHELM: FULL,
    Condition.AT_WORK: (Step.ARRIVE, Step.MINE, Step.NEXT_TASK, Step.CLOSE),
    Condition.WAS_THERE: (Step.ARRIVE, Step.NEEDS, Step.TOGETHER, Step.CLOSE),
    Condition.OWN_LOSS: (Step.ARRIVE, Step.NEEDS, Step.TOGETHER, Step.CLOSE),
    Condition.NUMB: (Step.ARRIVE, Step.NEEDS, Step.CLOSE),
}


def went(state: State, *, short: bool = False) -> tuple[Step, ...]:
    """Tell the steps of someone who goes on and on, or chooses the short way where it is offered."""
    steps = [state.step]
    while state.step is not Step.CLOSE:
        state = advance(state, Event.SHORT if short and knows(state, Event.SHORT) else Event.NEXT)
        steps.append(state.step)
    return tuple(steps)


@pytest.mark.parametrize("condition", FORMS)
def test_the_form_of_a_walk_is_that_of_its_condition(condition: Condition) -> None:
    assert went(begin(1, conditions=condition)) == FORMS[condition]


def test_nobody_is_asked_what_the_dead_need() -> None:
    who = replace(begin(1, conditions=Condition.DIED), step=Step.WHO)
    asked = {each: advance(replace(who, care_for=each), Event.NEXT).step for each in CareFor}
    assert asked[CareFor.THEM] is Step.WISH
    assert asked[CareFor.LEFT_BEHIND] is asked[CareFor.OTHERS_LIKE_THEM] is Step.APART


def test_prohibitions_of_several_conditions_add_up() -> None:
    both = Condition.OUTRAGE | Condition.GUILT
    assert went(begin(1, conditions=both)) == (*FULL[:2], Step.VALUE, *FULL[3:])
    at_work_and_there = Condition.AT_WORK | Condition.WAS_THERE
    assert went(begin(1, conditions=at_work_and_there)) == FORMS[Condition.WAS_THERE]
    assert went(begin(1, conditions=Condition.NUMB | Condition.OWN_LOSS)) == FORMS[Condition.NUMB]


def test_no_walk_is_longer_than_it_may_be() -> None:
    beginnings = [place for place in ways() if place.step is Step.ARRIVE]
    assert max(len(longest(place)) for place in beginnings) == 13
    short = {longest(way.to) for found in leading(Event.SHORT).values() for way in found}
    before = max(len(steps) for steps in (FULL[: FULL.index(Step.WHO) + 1],))
    assert before + max(map(len, short)) == 7
    for number in range(len(FITTING)):
        for others in combinations(set(FITTING) - {Condition.AT_WORK}, number):
            assert len(went(begin(1, conditions=Condition.AT_WORK | Condition(sum(others))))) == 4


def test_nothing_comes_round_again_without_a_fresh_rise_or_being_asked_for() -> None:
    onward = leading(*ONWARD, Event.OWN)
    done: set[Place] = set()
    for place in ways():
        _no_circle(place, onward, done, ())


def _no_circle(place: Place, onward: dict[Place, list[Way]], done: set[Place], path: tuple[Place, ...]) -> None:
    assert place not in path
    if place not in done:
        for way in onward[place]:
            if way.to != place or place.step not in {Step.IDLE, Step.OWN}:
                _no_circle(way.to, onward, done, (*path, place))
        done.add(place)


def test_counts_of_the_model_are_told(record_property: Callable[[str, object], None]) -> None:
    places, all_ways = len(ways()), sum(map(len, ways().values()))
    record_property("the table of the walk", f"{len(TRANSITIONS)} rows, {places:,} places, {all_ways:,} ways on")
    assert all_ways > places > len(Step)
