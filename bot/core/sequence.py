"""The walk as one table: from a shared beginning (resonance) to compassion.

Rules that hold here: all that moves a walk is in `TRANSITIONS`, `ANYWHERE` and `FORBIDDEN`; an event that a step does
not know changes nothing; a forbidden step is passed over by its own *skip*, so that the prohibitions of several
conditions add up; nothing is said here (see `steps`). docs/walk.md shows the same, drawn by scripts/draw_walk.py.

Source of the order of steps: the empathy-compassion gap (Quaglia 2025, after Singer & Klimecki 2014). What is
forbidden under which condition: NICE NG116 (no debriefing after a trauma), and imagine-other against imagine-self
(Batson 1997).
"""

from collections.abc import Callable, Mapping
from enum import Enum, auto
from functools import cache
from typing import Final, NamedTuple

from bot.core.copies import replace
from bot.core.state import CareFor, Condition, Event, Source, State, Step

RESUME: Final = None
"""As a row's target: go on where the walk was left."""


class Under(Enum):
    """When a row or a prohibition holds."""

    ALWAYS = auto()
    PLAIN = auto()  # none of the four below
    BEREAVED = auto()
    THERE = auto()
    NUMB = auto()
    AT_WORK = auto()
    OFF_WORK = auto()
    GUILTY = auto()
    OUTRAGED = auto()
    NOT_OUTRAGED = auto()
    HELPLESS = auto()
    FOR_THE_DEAD = auto()
    OVERWHELMED = auto()
    MYSELF = auto()
    NOBODY_YET = auto()
    SHORT = auto()
    QUIET = auto()  # not PLAIN, and not overwhelmed either: no number is asked for
    NOT_BEGUN = auto()
    ENDED = auto()  # by the person, or by a card after which it could do harm
    DANGER_OF_ANOTHER = auto()  # forwarded words, or asked for a friend
    NOT_EASED_TWICE = auto()
    HARDER_BEFORE = auto()


TRIES: Final = 2
"""So often the upset is asked while it stays high; then the bot stays, and goes no further unless asked."""

TENDER: Final = Condition.WAS_THERE | Condition.OWN_LOSS | Condition.NUMB
"""The conditions that lead away from the training, until more is asked for."""

HOLDS: Mapping[Under, Callable[[State], bool]] = {
    Under.ALWAYS: lambda _: True,
    Under.PLAIN: lambda s: s.asked or not s.conditions & (TENDER | Condition.AT_WORK),
    Under.BEREAVED: lambda s: Condition.OWN_LOSS in s.conditions and not s.asked,
    Under.THERE: lambda s: Condition.WAS_THERE in s.conditions and not s.asked,
    Under.NUMB: lambda s: Condition.NUMB in s.conditions and not s.asked,
    Under.AT_WORK: lambda s: Condition.AT_WORK in s.conditions and not s.conditions & TENDER and not s.asked,
    Under.OFF_WORK: lambda s: not HOLDS[Under.AT_WORK](s),
    Under.GUILTY: lambda s: Condition.GUILT in s.conditions,
    Under.OUTRAGED: lambda s: Condition.OUTRAGE in s.conditions,
    Under.NOT_OUTRAGED: lambda s: Condition.OUTRAGE not in s.conditions,
    Under.HELPLESS: lambda s: Condition.HELPLESS in s.conditions,
    Under.FOR_THE_DEAD: lambda s: Condition.DIED in s.conditions and s.care_for is CareFor.THEM,
    Under.OVERWHELMED: lambda s: Condition.OVERWHELM in s.conditions,
    Under.MYSELF: lambda s: s.care_for is CareFor.MYSELF,
    Under.NOBODY_YET: lambda s: s.care_for is CareFor.NOBODY_YET,
    Under.SHORT: lambda s: s.short,
    Under.QUIET: lambda s: not HOLDS[Under.PLAIN](s) and Condition.OVERWHELM not in s.conditions,
    Under.NOT_BEGUN: lambda s: s.resume is Step.ARRIVE,
    Under.ENDED: lambda s: s.resume is Step.IDLE,
    Under.DANGER_OF_ANOTHER: lambda s: s.of_another,
    Under.NOT_EASED_TWICE: lambda s: s.eases >= TRIES,
    Under.HARDER_BEFORE: lambda s: s.harder >= 1,
}


class Row(NamedTuple):
    """At `step`, on `event`, the walk goes to `to`, if `under` holds. The first row that fits wins."""

    step: Step
    event: Event
    to: Step | None  # None: RESUME
    under: Under = Under.ALWAYS


TRANSITIONS: tuple[Row, ...] = (
    # Before a walk.
    Row(Step.ASK, Event.NEXT, Step.ARRIVE),
    Row(Step.ASK, Event.OWN, Step.OWN),
    Row(Step.ASK, Event.SKIP, Step.IDLE),
    Row(Step.OWN, Event.ANOTHER, Step.ANCHOR),
    Row(Step.OWN, Event.NEXT, Step.KIND),
    Row(Step.OWN, Event.SKIP, Step.KIND),
    Row(Step.OWN, Event.PERSON, Step.OWN),
    Row(Step.WHOSE, Event.NEXT, Step.BARRIER, Under.DANGER_OF_ANOTHER),
    Row(Step.WHOSE, Event.NEXT, Step.ARRIVE),
    Row(Step.WHOSE, Event.OWN, Step.BARRIER, Under.DANGER_OF_ANOTHER),
    Row(Step.WHOSE, Event.OWN, Step.IDLE),
    Row(Step.WHOSE, Event.SKIP, Step.BARRIER, Under.DANGER_OF_ANOTHER),
    Row(Step.WHOSE, Event.SKIP, Step.IDLE),
    # Regulated, by way of arrive and ease.
    Row(Step.ARRIVE, Event.NEXT, Step.EASE),
    Row(Step.ARRIVE, Event.SKIP, Step.EASE),
    Row(Step.ARRIVE, Event.ANOTHER, Step.ANCHOR),
    Row(Step.EASE, Event.NEXT, RESUME),
    Row(Step.EASE, Event.SKIP, Step.STAY, Under.OVERWHELMED),
    Row(Step.EASE, Event.SKIP, RESUME),
    Row(Step.EASE, Event.HIGH, Step.STAY, Under.NOT_EASED_TWICE),
    Row(Step.EASE, Event.HIGH, Step.ANCHOR),
    Row(Step.ANCHOR, Event.NEXT, Step.EASE),
    Row(Step.ANCHOR, Event.SKIP, Step.EASE),
    Row(Step.ANCHOR, Event.ANOTHER, Step.ANCHOR),
    Row(Step.STAY, Event.ANOTHER, Step.STAY),
    Row(Step.STAY, Event.PERSON, Step.STAY),
    Row(Step.STAY, Event.HARDER, Step.STAY),
    Row(Step.STAY, Event.MORE, RESUME),
    # What body and day need, after own loss, being there, or numbness.
    Row(Step.NEEDS, Event.NEXT, Step.MINE),
    Row(Step.NEEDS, Event.SKIP, Step.MINE),
    # Between two tasks.
    Row(Step.MINE, Event.NEXT, Step.NEXT_TASK),
    Row(Step.MINE, Event.SKIP, Step.NEXT_TASK),
    Row(Step.NEXT_TASK, Event.NEXT, Step.VALUE),
    Row(Step.NEXT_TASK, Event.SKIP, Step.VALUE),
    # What matters, under the anger; it stands in for a word for the feeling.
    Row(Step.VALUE, Event.NEXT, Step.RESONANCE),
    Row(Step.VALUE, Event.SKIP, Step.RESONANCE),
    # The shared beginning.
    Row(Step.RESONANCE, Event.NEXT, Step.KIND),
    Row(Step.RESONANCE, Event.SKIP, Step.KIND),
    # Beneficial, other-oriented, connected.
    Row(Step.KIND, Event.NEXT, Step.WHO),
    Row(Step.KIND, Event.SKIP, Step.WHO),
    Row(Step.WHO, Event.NEXT, Step.APART),
    Row(Step.WHO, Event.SKIP, Step.APART),
    Row(Step.WHO, Event.SHORT, Step.REACH, Under.HELPLESS),
    Row(Step.WHO, Event.SHORT, Step.WISH),
    Row(Step.APART, Event.NEXT, Step.REACH, Under.HELPLESS),
    Row(Step.APART, Event.NEXT, Step.WISH),
    Row(Step.APART, Event.SKIP, Step.REACH, Under.HELPLESS),
    Row(Step.APART, Event.SKIP, Step.WISH),
    Row(Step.WISH, Event.NEXT, Step.CLOSE, Under.SHORT),
    Row(Step.WISH, Event.NEXT, Step.TOGETHER, Under.HELPLESS),
    Row(Step.WISH, Event.NEXT, Step.REACH),
    Row(Step.WISH, Event.SKIP, Step.CLOSE, Under.SHORT),
    Row(Step.WISH, Event.SKIP, Step.TOGETHER, Under.HELPLESS),
    Row(Step.WISH, Event.SKIP, Step.REACH),
    Row(Step.REACH, Event.NEXT, Step.CLOSE, Under.SHORT),
    Row(Step.REACH, Event.NEXT, Step.WISH, Under.HELPLESS),
    Row(Step.REACH, Event.NEXT, Step.TOGETHER),
    Row(Step.REACH, Event.SKIP, Step.CLOSE, Under.SHORT),
    Row(Step.REACH, Event.SKIP, Step.WISH, Under.HELPLESS),
    Row(Step.REACH, Event.SKIP, Step.TOGETHER),
    Row(Step.TOGETHER, Event.NEXT, Step.WE_CARE),
    Row(Step.TOGETHER, Event.SKIP, Step.WE_CARE),
    Row(Step.WE_CARE, Event.NEXT, Step.LOOK_BACK),
    Row(Step.WE_CARE, Event.SKIP, Step.LOOK_BACK),
    # Measure, and the end.
    Row(Step.LOOK_BACK, Event.NEXT, Step.CARE),
    Row(Step.LOOK_BACK, Event.SKIP, Step.CARE),
    Row(Step.LOOK_BACK, Event.RISE, Step.STAY),
    Row(Step.CARE, Event.NEXT, Step.CLOSE),
    Row(Step.CARE, Event.SKIP, Step.CLOSE),
    Row(Step.CLOSE, Event.MORE, Step.KIND),
    # Danger: the question, the card, what might get in the way, a plan.
    Row(Step.DANGER_ASK, Event.NEXT, Step.BARRIER, Under.DANGER_OF_ANOTHER),
    Row(Step.DANGER_ASK, Event.NEXT, Step.ARRIVE, Under.NOT_BEGUN),
    Row(Step.DANGER_ASK, Event.NEXT, Step.IDLE, Under.ENDED),
    Row(Step.DANGER_ASK, Event.NEXT, Step.EASE),
    Row(Step.DANGER_ASK, Event.OWN, Step.BARRIER),
    Row(Step.BARRIER, Event.NEXT, Step.PLAN),
    Row(Step.BARRIER, Event.SKIP, Step.HELD),
    Row(Step.PLAN, Event.NEXT, Step.HELD),
    Row(Step.PLAN, Event.SKIP, Step.HELD),
    *(
        Row(step, event, to, under)
        for step in (Step.HELD, Step.BARRIER, Step.PLAN)
        for event, to, under in (
            (Event.ANOTHER, Step.HELD, Under.ALWAYS),
            (Event.PERSON, Step.HELD, Under.ALWAYS),
            (Event.HARDER, Step.HELD, Under.ALWAYS),
            (Event.MISTAKEN, Step.HELD, Under.ALWAYS),
            (Event.MORE, Step.ARRIVE, Under.NOT_BEGUN),
            (Event.MORE, Step.ARRIVE, Under.ENDED),
            (Event.MORE, Step.EASE, Under.ALWAYS),
        )
    ),
)

AFTER_CARD: frozenset[Step] = frozenset({Step.HELD, Step.BARRIER, Step.PLAN})
"""The steps after a card. The walk goes on from there only when asked to."""

WALKING: frozenset[Step] = frozenset(Step) - {
    Step.IDLE,
    Step.ASK,
    Step.OWN,
    Step.CLOSE,
    Step.WHOSE,
    Step.DANGER_ASK,
    *AFTER_CARD,
}
"""The steps of a walk that is under way."""

_EVERY = frozenset(Step)


_STEADYING = frozenset({Step.ARRIVE, Step.EASE, Step.ANCHOR, Step.STAY})


def _at(steps: frozenset[Step], event: Event, to: Step, under: Under = Under.ALWAYS) -> tuple[Row, ...]:
    return tuple(Row(step, event, to, under) for step in sorted(steps))


ANYWHERE: tuple[Row, ...] = (
    *_at(_EVERY, Event.DANGER, Step.HELD),
    *_at(_EVERY, Event.CARD, Step.BARRIER),
    *_at(_EVERY, Event.UNCLEAR, Step.DANGER_ASK),
    *_at(_EVERY, Event.FOR_A_FRIEND, Step.DANGER_ASK),
    *_at(_EVERY, Event.PASSED_ON, Step.WHOSE),
    *_at(_EVERY - {Step.IDLE}, Event.STOP, Step.IDLE),
    *_at(WALKING - _STEADYING - {Step.NEEDS}, Event.TOLD, Step.NEEDS),
    *_at(WALKING, Event.HARDER, Step.STAY, Under.HARDER_BEFORE),
    *_at(WALKING, Event.HARDER, Step.ANCHOR),
    *_at(WALKING, Event.HIGH, Step.ANCHOR),
)
"""What holds at many steps, where the step has no row of its own."""

_TURNING = frozenset({Step.VALUE, Step.RESONANCE, Step.WHO, Step.APART, Step.WISH, Step.REACH})
_TRAINING = _TURNING | {Step.KIND, Step.WE_CARE, Step.LOOK_BACK, Step.CARE}

FORBIDDEN: tuple[tuple[Under, frozenset[Step]], ...] = (
    (Under.OVERWHELMED, _TURNING),
    (Under.THERE, _TRAINING),
    (Under.BEREAVED, _TRAINING),
    (Under.GUILTY, frozenset({Step.RESONANCE})),
    (Under.NUMB, _TRAINING | {Step.TOGETHER}),
    (Under.AT_WORK, _TRAINING | {Step.NEEDS, Step.TOGETHER}),
    (Under.OFF_WORK, frozenset({Step.MINE, Step.NEXT_TASK})),
    (Under.OUTRAGED, frozenset({Step.RESONANCE})),
    (Under.NOT_OUTRAGED, frozenset({Step.VALUE})),
    (Under.FOR_THE_DEAD, frozenset({Step.APART})),
    (Under.QUIET, frozenset({Step.EASE})),
    (Under.PLAIN, frozenset({Step.NEEDS})),
    (Under.MYSELF, _TURNING | {Step.WE_CARE, Step.CARE}),
    (Under.NOBODY_YET, frozenset({Step.APART, Step.WISH, Step.REACH})),
)
"""The steps that are passed over, in the order in which conditions come first."""

_TABLE: dict[tuple[Step, Event], list[Row]] = {}
for _row in (*TRANSITIONS, *ANYWHERE):
    _TABLE.setdefault((_row.step, _row.event), []).append(_row)

_OF_ANOTHER = frozenset({Event.FOR_A_FRIEND, Event.PASSED_ON})
_INTERRUPTIONS = frozenset({Event.DANGER, Event.CARD, Event.UNCLEAR, *_OF_ANOTHER})
_BEFORE_ACTS = frozenset({Step.ARRIVE, Step.EASE, Step.VALUE, Step.RESONANCE, Step.KIND, Step.WHO, Step.APART})


_GO_ON_AFTER = {Step.IDLE: Step.ARRIVE, Step.ASK: Step.ARRIVE, Step.WHOSE: Step.ARRIVE, Step.OWN: Step.KIND}


def begin(
    walk: int,
    step: Step = Step.ARRIVE,
    *,
    source: Source = Source.NONE,
    conditions: Condition = Condition.NONE,
    minor: bool = False,
) -> State:
    """A new walk, standing at `step` or the first after it that is allowed. `walk` is 24 random bits, not 0."""
    care_for = CareFor.MYSELF if step is Step.OWN else CareFor.UNSAID
    state = State(walk=walk, source=source, conditions=conditions, care_for=care_for, minor=minor)
    return _enter(state, allowed(state, step), another=step is Step.ARRIVE)


def advance(state: State, event: Event) -> State:
    """The state after `event`. The same state when the step does not know the event."""
    to = _target(state, event)
    if to is None:
        return state
    moved = replace(
        state,
        counter=min(state.counter + 1, 255),
        resume=_left_at(state, event, to),
        short=state.short or event is Event.SHORT,
        asked=state.asked or (event is Event.MORE and state.step is Step.CLOSE),
        danger_asked=state.danger_asked or event in _INTERRUPTIONS - {Event.PASSED_ON},
        of_another=event in _OF_ANOTHER,
        harder=min(state.harder + (event is Event.HARDER), 3),
        conditions=_without_overwhelm(state, event),
        eases=0 if state.step is Step.EASE and event is Event.NEXT else state.eases,
    )
    to = allowed(moved, to)
    return _enter(moved, to, another=to in {Step.ANCHOR, Step.ARRIVE} or event is Event.ANOTHER)


def told(state: State, conditions: Condition) -> State:
    """The state with what words in the midst of a walk have told. Helplessness comes too late for the order of acts."""
    late = Condition.NONE if state.step in _BEFORE_ACTS else Condition.HELPLESS
    now = replace(state, conditions=state.conditions | conditions & ~late)
    return replace(now, resume=Step.NEEDS) if turns(state, now) and state.step in _STEADYING else now


def turns(before: State, now: State) -> bool:
    """Whether what was told leads another way than the one that someone is on."""
    return HOLDS[Under.PLAIN](before) and not HOLDS[Under.PLAIN](now)


def allowed(state: State, step: Step) -> Step:
    """`step`, or the first one after it, by way of *skip*, that no condition forbids."""
    while step in forbidden(state.conditions, state.care_for, asked=state.asked):
        step = _passed_over(replace(state, step=step))
    return step


@cache
def forbidden(conditions: Condition, care_for: CareFor, *, asked: bool) -> frozenset[Step]:
    """The steps that someone is not led to. No more than this of a state bears on it."""
    state = State(conditions=conditions, care_for=care_for, asked=asked)
    return frozenset[Step]().union(*(steps for under, steps in FORBIDDEN if HOLDS[under](state)))


def knows(state: State, event: Event) -> bool:
    """Whether `event` means anything at this step."""
    return _target(state, event) is not None


def _target(state: State, event: Event) -> Step | None:
    rows = _TABLE.get((state.step, event), ())
    row = next((row for row in rows if HOLDS[row.under](state)), None)
    if row is None:
        return None
    return state.resume if row.to is RESUME else row.to


def _passed_over(state: State) -> Step:
    step = _target(state, Event.SKIP)
    return state.resume if step is None else step


def _left_at(state: State, event: Event, to: Step) -> Step:
    """Where the walk is to go on: an interrupted step again, an ended one by what follows it."""
    if state.of_another or state.step in _STEADYING | AFTER_CARD | {Step.DANGER_ASK}:
        return state.resume
    if event in _INTERRUPTIONS or to in AFTER_CARD:
        return _GO_ON_AFTER.get(state.step, state.step)
    if to in _STEADYING:
        return state.step if state.step is Step.WHO else _passed_over(state)  # nobody is turned to unnamed
    return state.resume


def _without_overwhelm(state: State, event: Event) -> Condition:
    eased = state.step is Step.EASE and event is Event.NEXT
    asked = state.step is Step.STAY and event is Event.MORE
    return state.conditions & ~Condition.OVERWHELM if eased or asked else state.conditions


def _enter(state: State, step: Step, *, another: bool) -> State:
    return replace(
        state,
        step=step,
        resume=Step.NEEDS if step is Step.ARRIVE else state.resume,
        anchors=min(state.anchors + another, 15),
        eases=min(state.eases + (step is Step.EASE), 3),
    )
