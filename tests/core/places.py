"""Every place that a walk can come to: the transition table, walked from each beginning under every condition."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import Final, NamedTuple, Self

from bot.core.model import CareFor, Condition, Event, State, Step
from bot.core.sequence import AFTER_CARD, TRIES, WALKING, advance, begin, knows
from bot.core.steps import take, typed

CONDITIONS: Final = (Condition.OVERWHELM, Condition.WAS_THERE, Condition.OWN_LOSS, Condition.NUMB)
"""Those that change steps."""
STEADYING: Final = frozenset({Step.ARRIVE, Step.EASE, Step.ANCHOR, Step.STAY})

_BEGINNINGS = (Step.ARRIVE, Step.ASK, Step.OWN, Step.WHOSE, Step.REACH, Step.IDLE)
_RESUMING = STEADYING | AFTER_CARD | {Step.DANGER_ASK, Step.WHOSE}  # elsewhere a walk leaves before it resumes
_NOT_TOWARD = (CareFor.MYSELF, CareFor.NOBODY_YET)


class Place(NamedTuple):
    """A state without what no transition depends on."""

    step: Step
    resume: Step
    short: bool
    asked: bool
    conditions: Condition
    care_for: CareFor  # UNSAID for any that turns to someone else
    eases: int
    harder: int
    of_another: bool

    @classmethod
    def of(cls, state: State) -> Self:
        conditions = Condition(sum(each for each in CONDITIONS if each in state.conditions))
        if state.step is Step.IDLE:  # what comes after is a walk of its own
            state = State()
        return cls(
            state.step,
            state.resume if state.step in _RESUMING else Step.NEEDS,
            state.short,
            state.asked,
            conditions,
            state.care_for if state.care_for in _NOT_TOWARD else CareFor.UNSAID,
            min(state.eases, TRIES),
            min(state.harder, 1),
            state.of_another,
        )

    def state(self) -> State:
        """Give the state of a walk that stands here."""
        return State(
            walk=0 if self.step is Step.IDLE else 1,
            step=self.step,
            resume=self.resume,
            short=self.short,
            asked=self.asked,
            conditions=self.conditions,
            care_for=self.care_for,
            eases=self.eases,
            harder=self.harder,
            of_another=self.of_another,
        )


class Way(NamedTuple):
    """What leads from a place to another."""

    event: Event
    to: Place


@cache
def ways() -> Mapping[Place, tuple[Way, ...]]:
    """Give every place that can be reached, with every way that leads on from it."""
    found: dict[Place, tuple[Way, ...]] = {}
    todo = [Place.of(state) for state in _beginnings()]
    while todo:
        place = todo.pop()
        if place not in found:
            moves = _moves(place.state()) if place.step is not Step.IDLE else _interruptions(place.state())
            found[place] = tuple({Way(event, Place.of(advance(state, event))) for state, event in moves})
            todo += (way.to for way in found[place])
    return found


def _beginnings() -> Iterator[State]:
    for number in range(len(CONDITIONS) + 1):
        for chosen in combinations(CONDITIONS, number):
            for step in _BEGINNINGS:
                yield begin(1, step, conditions=Condition(sum(chosen)))
            new = begin(1, Step.IDLE, conditions=Condition(sum(chosen)))
            for event in (Event.UNCLEAR, Event.CARD, Event.DANGER):  # what was under way was stopped
                yield replace(advance(new, event), resume=Step.IDLE)


def _interruptions(state: State) -> Iterator[tuple[State, Event]]:
    yield state, Event.DANGER
    yield state, Event.CARD
    yield state, Event.UNCLEAR
    yield state, Event.FOR_A_FRIEND
    yield state, Event.PASSED_ON


def _moves(state: State) -> Iterator[tuple[State, Event]]:
    """Say all that can happen at this step: each event that it knows, each choice, each paragraph that tells more."""
    yield from ((state, event) for event in Event if knows(state, event))
    if state.step is Step.WHO:
        yield from ((replace(state, care_for=care_for), Event.NEXT) for care_for in _NOT_TOWARD)
    if state.step in WALKING - {Step.STAY} or state.step is Step.DANGER_ASK:
        for condition in CONDITIONS:
            told = replace(state, conditions=state.conditions | condition)
            if condition is Condition.OVERWHELM and state.step in WALKING:
                yield told, Event.HIGH
            elif (taken := take(told, typed(told))) is not None:
                yield taken
