"""Every place that a walk can come to: the transition table, walked from each beginning under every condition."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import Final, NamedTuple, Self

from bot.core.reading import take, typed
from bot.core.sequence import AFTER_CARD, TENDER, TRIES, WALKING, advance, begin, knows, told
from bot.core.state import CareFor, Condition, Event, State, Step

CONDITIONS: Final = (
    Condition.OVERWHELM,
    Condition.WAS_THERE,
    Condition.OWN_LOSS,
    Condition.NUMB,
    Condition.AT_WORK,
    Condition.GUILT,
    Condition.OUTRAGE,
    Condition.HELPLESS,
    Condition.DIED,
)
"""Those that change steps."""
FITTING: Final = (Condition.AT_WORK, Condition.GUILT, Condition.OUTRAGE, Condition.HELPLESS, Condition.DIED)
"""Those that change the order, or single steps."""
LIMITS: Final = {"fitting": 1}
"""Of `FITTING` so many are held at once, and fewer while danger interrupts. All of them only under `--long`."""
INTERRUPTIONS: Final = frozenset({Event.DANGER, Event.CARD, Event.UNCLEAR, Event.FOR_A_FRIEND, Event.PASSED_ON})
STEADYING: Final = frozenset({Step.ARRIVE, Step.EASE, Step.ANCHOR, Step.STAY})

_BEGINNINGS = (Step.ARRIVE, Step.ASK, Step.OWN, Step.WHOSE, Step.REACH, Step.IDLE)
_APART = AFTER_CARD | {Step.DANGER_ASK, Step.WHOSE}
_RESUMING = STEADYING | _APART  # elsewhere a walk leaves before it resumes
_NOT_TOWARD = (CareFor.MYSELF, CareFor.NOBODY_YET)
_ENDING = frozenset({Step.TOGETHER, Step.WE_CARE, Step.LOOK_BACK, Step.CARE})
_AFTER_WHO = frozenset({Step.APART, Step.WISH, Step.REACH}) | _ENDING
_AFTER_FEELING = frozenset({Step.KIND, Step.WHO}) | _AFTER_WHO


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
        if state.step is Step.IDLE:  # what comes after is a walk of its own
            state = State()
        apart = state.step in _APART  # interruptions leave both as they are, which `test_sequence` holds
        at = state.resume if state.step in _RESUMING else state.step
        conditions = state.conditions & _ahead(at, asked=state.asked, is_tender=bool(state.conditions & TENDER))
        return cls(
            state.step,
            state.resume if state.step in _RESUMING else Step.NEEDS,
            state.short,
            state.asked,
            conditions,
            state.care_for if state.care_for in _NOT_TOWARD else CareFor.UNSAID,
            0 if apart else min(state.eases, TRIES),
            0 if apart else min(state.harder, 1),
            state.of_another,
        )

    def state(self) -> State:
        """Give a state of a walk that stands here."""
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


@cache
def _ahead(at: Step, *, asked: bool, is_tender: bool) -> Condition:
    """Say which conditions still make a difference, wherever the walk goes from here."""
    ahead = Condition(sum(CONDITIONS))
    if at in _AFTER_FEELING or at is Step.CLOSE or is_tender:  # from there by MORE, to KIND
        ahead &= ~(Condition.GUILT | Condition.OUTRAGE)
    if at in _AFTER_WHO:
        ahead &= ~Condition.DIED
    if at in _ENDING:
        ahead &= ~Condition.HELPLESS
    if asked or is_tender:
        ahead &= ~Condition.AT_WORK
    return ahead


class Way(NamedTuple):
    """What leads from a place to another."""

    event: Event
    to: Place


@cache
def ways() -> Mapping[Place, tuple[Way, ...]]:
    """Give every place that can be reached, with every way that leads on from it."""
    most = LIMITS["fitting"]
    found: dict[Place, tuple[Way, ...]] = {}
    todo = [Place.of(state) for state in _beginnings(most)]
    while todo:
        place = todo.pop()
        if place not in found:
            moves = _moves(place.state(), most) if place.step is not Step.IDLE else _interruptions(place.state())
            found[place] = tuple({Way(event, Place.of(advance(state, event))) for state, event in moves})
            todo += (way.to for way in found[place])
    return found


def is_known(state: State) -> bool:
    """Whether the walk can come to stand there. Of several fitting conditions, one has to account for it."""
    others = state.conditions & ~Condition(sum(FITTING))
    one_each = (others | each for each in (Condition.NONE, *FITTING) if each in state.conditions)
    if any(Place.of(replace(state, conditions=conditions)) in ways() for conditions in one_each):
        return True
    # Fewer of them are held while danger interrupts, so that what it interrupted has to be known.
    interrupted = state.step in _APART and state.resume not in _APART
    return interrupted and is_known(replace(state, step=state.resume, resume=Step.NEEDS))


def _beginnings(most: int) -> Iterator[State]:
    for number in range(len(CONDITIONS) + 1):
        for chosen in combinations(CONDITIONS, number):
            if len(set(chosen) & set(FITTING)) > most:
                continue
            for step in _BEGINNINGS:
                yield begin(1, step, conditions=Condition(sum(chosen)))
            new = begin(1, Step.IDLE, conditions=Condition(sum(chosen)))
            for event in (Event.UNCLEAR, Event.CARD, Event.DANGER):  # what was under way was stopped
                yield replace(advance(new, event), resume=Step.IDLE)
            for resume in (Step.ARRIVE, Step.IDLE):  # a card about one's own life: a walk would be about oneself
                yield replace(advance(new, Event.CARD), resume=resume, care_for=CareFor.MYSELF)


def _interruptions(state: State) -> Iterator[tuple[State, Event]]:
    yield from ((state, event) for event in sorted(INTERRUPTIONS))


def _moves(state: State, most: int) -> Iterator[tuple[State, Event]]:
    """Say all that can happen at this step: each event that it knows, each choice, each paragraph that tells more."""
    fitted = sum(each in state.conditions for each in FITTING)
    known = (event for event in Event if knows(state, event))
    yield from ((state, event) for event in known if fitted < most or event not in INTERRUPTIONS)
    if state.step is Step.WHO:
        yield from ((replace(state, care_for=care_for), Event.NEXT) for care_for in (CareFor.THEM, *_NOT_TOWARD))
    if state.step in WALKING - {Step.STAY} or state.step is Step.DANGER_ASK:
        for condition in CONDITIONS:
            knowing = told(state, condition)
            if sum(each in knowing.conditions for each in FITTING) > most:
                continue
            if condition is Condition.OVERWHELM and state.step in WALKING:
                yield knowing, Event.HIGH
            elif (taken := take(knowing, typed(knowing))) is not None:
                yield taken
