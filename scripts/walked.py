"""The walk as it is really taken: the bot is asked what each answer leads to, and what it says there.

Rules that hold here: nothing is known of the table but what walking it shows; whatever a condition or an answer
changes is found by comparing ways; the same table and words give the same turns, in the same order.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from typing import Final, NamedTuple, TypeVar

from typing_extensions import override

from bot.core.decide import decide
from bot.core.facts import Moved
from bot.core.lines import Line
from bot.core.matching import Utterance
from bot.core.model import Action, Button, Content, Decision, Held, Incoming, Kind, Opened, Reply, Where
from bot.core.noticing import SOURCES, Reader
from bot.core.reading import Answer, take, typed
from bot.core.safety import Guard
from bot.core.sequence import AFTER_CARD, HOLDS, WALKING, advance, allowed, begin
from bot.core.state import NO_RATING, About, CareFor, Condition, Danger, Event, Notice, Source, State, Step
from bot.core.steps import again, offer, opening

OWN_WORDS: Final = "any other words"
ANCHORS: Final = tuple(line for line in Line if line.startswith("anchor."))
"""The steadying acts: which one comes is chance, and then the next."""
_TEXT: Final = "these are words"
"""More than one word, so that they can name a plan, and too few to be thanked for."""
_STEADYING: Final = frozenset({Step.ARRIVE, Step.EASE, Step.ANCHOR, Step.STAY})
_NOT_FOLLOWED: Final = frozenset({Action.HARDER, Action.PERSON, Action.STOP})
_DANGER: Final = frozenset({Step.DANGER_ASK, *AFTER_CARD})
_MOST: Final = 40
"""No way through the walk has so many steps: one that has goes round in a circle."""

_T = TypeVar("_T")


# --- One way from its beginning to its end ------------------------------------------------------------------------


def way(state: State, given: Mapping[Step, Answer]) -> tuple[State, ...]:
    """Every state from here to the end, when each step is followed, and answered as in `given`.

    Raises ValueError for a way without an end.
    """
    states = [state]
    while len(states) < _MOST:
        here = states[-1]
        taken = take(here, given[here.step]) if here.step in given else (here, Event.NEXT)
        further = here if taken is None else advance(*taken)
        if further is here or further.step in {here.step, Step.IDLE}:
            return tuple(states)
        states.append(further)
    raise ValueError(f"the way from {state.step.name} under {state.conditions!r} has no end")


def steps_of(states: Iterable[State]) -> tuple[Step, ...]:
    """The steps of a way."""
    return tuple(state.step for state in states)


def full() -> tuple[State, ...]:
    """The way of someone under no condition who does each step."""
    return way(begin(1), {})


def buttons_of(state: State) -> tuple[Button, ...]:
    """What is offered here, in its order."""
    return tuple(button for row in offer(state) for button in row)


# --- What is known of someone ----------------------------------------------------------------------------------------


class Fact(NamedTuple):
    """What may be known of someone beside their answers, and what a step may say in words of its own."""

    conditions: Condition = Condition.NONE
    source: Source = Source.NONE
    again: bool = False

    def with_(self, other: "Fact") -> "Fact | None":
        """Both, or None where they exclude each other."""
        if len({self.source, other.source} - {Source.NONE}) > 1:
            return None
        source = other.source if self.source is Source.NONE else self.source
        return Fact(self.conditions | other.conditions, source, self.again or other.again)

    def added_to(self, state: State) -> State | None:
        """The same place in the walk of someone of whom this is known too, or None where they are not led to it."""
        known = Fact(state.conditions, state.source, state.again).with_(self)
        if known is None:
            return None
        told = replace(state, **known._asdict())
        return told if allowed(told, told.step) is told.step else None


FACTS: Final = (
    *(Fact(conditions=condition) for condition in Condition),
    Fact(again=True),
    *(Fact(source=source) for source in Source if source is not Source.NONE),
)
"""Each alone."""


class Fit(NamedTuple):
    """A line that is said where these are known, unless one of the others is known too."""

    facts: tuple[Fact, ...]
    line: Line
    unless: tuple[Fact, ...] = ()


def fits(plain: State) -> tuple[Fit, ...]:
    """The lines of their own that a step has for what is known of someone. Where several fit, the first is said.

    `plain`: one at that step of whom nothing is known.
    """
    alone = {fact: _said(plain, fact) for fact in FACTS}
    found = [
        Fit((fact,), line, _unless(plain, fact, alone))
        for fact, line in alone.items()
        if line not in {None, usual(plain)}
    ]
    for one, other in combinations(FACTS, 2):
        both = _said(plain, one, other)
        if both not in {None, usual(plain), alone[one], alone[other]}:
            found.append(Fit((one, other), both))
    return tuple(sorted(found, key=lambda fit: sum(_comes_first(plain, other, fit) for other in found)))


def usual(plain: State) -> Line:
    """The line that is said at a step where nothing is known of someone."""
    return _lines_at(plain)[0]


def _unless(plain: State, fact: Fact, alone: Mapping[Fact, Line | None]) -> tuple[Fact, ...]:
    """What has no line of its own here, and keeps this from having one."""
    return tuple(other for other in FACTS if alone[other] == usual(plain) == _said(plain, fact, other))


def _comes_first(plain: State, fit: Fit, other: Fit) -> bool:
    return fit.line != other.line and _said(plain, *fit.facts, *other.facts) == fit.line


def _said(plain: State, *facts: Fact) -> Line | None:
    """The line that is said of these facts, else the usual one; None where they cannot be together at this step."""
    state: State | None = plain
    for fact in facts:
        state = None if state is None else fact.added_to(state)
    if state is None:
        return None
    return next((line for line in _lines_at(state) if line not in _lines_at(plain)), usual(plain))


def _lines_at(state: State) -> tuple[Line, ...]:
    reply = opening(state) if state.step is Step.ARRIVE else again(state)
    return tuple(line for line in reply.keys if line not in ANCHORS)


@cache
def unfit(condition: Condition) -> tuple[Line, ...]:
    """The steadying acts that are never offered under a condition."""
    return tuple(line for line in ANCHORS if line in _acts(Condition.NONE) - _acts(condition))


def _acts(conditions: Condition) -> frozenset[Line]:
    beginnings = (State(walk=walk, step=Step.ARRIVE, conditions=conditions) for walk in range(_MOST))
    return frozenset(line for state in beginnings for line in opening(state).keys if line in ANCHORS)


# --- What the bot does -----------------------------------------------------------------------------------------------


class _Blind(Guard):
    """Sees no danger."""

    def __init__(self) -> None:
        """Know no rules."""

    @override
    def read(self, said: Utterance, *, answers: bool = False) -> Danger:
        return Danger()


class _Seeing(Reader):
    """Sees the same in any text."""

    def __init__(self, notice: Notice) -> None:
        self._notice = notice

    @override
    def notice(self, said: Utterance) -> Notice:
        return self._notice


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer, and what came of it. `before` has the answer in it."""

    before: State
    answer: Button | str  # a button, or words that say what was done
    after: State
    replies: tuple[Reply, ...]
    moved: bool = True

    @property
    def lines(self) -> tuple[Line, ...]:
        """All that is said, in this order."""
        return tuple(line for reply in self.replies for line in reply.keys)


class Walker:
    """Asks the bot."""

    def __init__(self, content: Content) -> None:
        self._content = replace(content, guard=_Blind())

    def writes(self, state: State, notice: Notice = Notice(), *, forwarded: bool = False) -> Decision:  # noqa: B008 - frozen
        """What comes of words in which this is noticed."""
        incoming = Incoming(1, Where.PRIVATE, Kind.TEXT, at=0, text=_TEXT, forwarded=forwarded)
        return decide(incoming, Held(state), replace(self._content, reader=_Seeing(notice)))

    def presses(self, state: State, button: Button) -> Decision:
        """What comes of a button."""
        opened = Opened(state, button.action, button.value)
        return decide(Incoming(1, Where.PRIVATE, Kind.PRESS, at=0, pressed=opened), Held(state), self._content)

    def beginnings(self) -> Iterator[Turn]:
        """Every first message, by what is noticed in it: about another's suffering, each source and condition too."""
        nothing = State()
        for words, notice in OPENINGS.items():
            yield _turn(nothing, words, self.writes(nothing, notice))
            if notice.sure:
                for source in SOURCES:
                    yield _turn(nothing, words, self.writes(nothing, replace(notice, source=source)))
                for condition in Condition:
                    yield _turn(nothing, words, self.writes(nothing, replace(notice, conditions=condition)))
        yield _turn(nothing, FORWARDED, self.writes(nothing, Notice(About.WITNESS, ask=True), forwarded=True))
        command = Incoming(1, Where.PRIVATE, Kind.COMMAND, at=0, command="walk")
        yield _turn(nothing, ASKED_FOR, decide(command, Held(), self._content))

    def turns(self) -> tuple[Turn, ...]:
        """All that can be answered in any walk, but for danger."""
        found = list(self.beginnings())
        seen: set[State] = set()
        todo = [turn.after for turn in found]
        while todo:
            state = _without_what_is_past(todo.pop())
            if state in seen or state.step is Step.IDLE or state.step in _DANGER:
                continue
            seen.add(state)
            for turn in self._answers(state):
                found.append(turn)
                if isinstance(turn.answer, str) or turn.answer.action not in _NOT_FOLLOWED:
                    todo.append(turn.after)
        return tuple(found)

    def _answers(self, state: State) -> Iterator[Turn]:
        for button in buttons_of(state):
            yield self._pressed(state, button)
            if button.action is Action.HARDER:
                yield self._pressed(replace(state, harder=1), button)
        offered = {*buttons_of(state)}
        for fact in FACTS:
            if not fact.conditions and (told := fact.added_to(state)) is not None:
                yield from (self._pressed(told, button) for button in buttons_of(told) if button not in offered)
        taken = take(state, typed(state)) if state.step in WALKING else None
        yield _turn(state if taken is None else taken[0], OWN_WORDS, self.writes(state))

    def _pressed(self, state: State, button: Button) -> Turn:
        taken = take(state, Answer(button.action, button.value))
        return _turn(state if taken is None else taken[0], button, self.presses(state, button))


MOVED: Final = "words about another's suffering"
OPENINGS: Final[Mapping[str, Notice]] = {
    MOVED: Notice(About.WITNESS, ask=True, sure=True),
    "words that are probably about another's suffering": Notice(About.WITNESS, ask=True),
    "words about one's own trouble": Notice(About.OWN),
    "words of care that is settled already": Notice(About.COMPASSION),
}
"""What may be noticed in a first message, in plain words."""
FORWARDED: Final = "words of someone else, passed on"
ASKED_FOR: Final = "`/walk`, with nothing told"


def _turn(before: State, answer: Button | str, decision: Decision) -> Turn:
    moved = any(isinstance(fact, Moved) for fact in decision.facts)
    return Turn(before, answer, decision.held.state, decision.replies, moved)


def _without_what_is_past(state: State) -> State:
    """The same without what neither the way on nor the words depend on, so that there are few."""
    steadying = state.step in _STEADYING
    state = replace(
        state,
        walk=1,
        counter=0,
        resume=state.resume if steadying else Step.NEEDS,
        anchors=0,
        eases=min(state.eases, 2) if steadying else 1,
        harder=0,
        source=Source.NONE,
        upset_before=_roughly(state.upset_before),
        upset_after=state.upset_after if state.step in {Step.CARE, Step.STAY} else NO_RATING,
        **{name: type(getattr(state, name))(0) for name in ("feeling", "need", "act", "company", "change")},
    )
    for_anyone = replace(state, care_for=CareFor.UNSAID)
    return for_anyone if _circumstances(for_anyone) == _circumstances(state) else state


_STRONG, _VERY_STRONG = 5, 8


def _roughly(rating: int) -> int:
    if rating == NO_RATING:
        return rating
    return _STRONG if rating <= _STRONG else _VERY_STRONG


def _circumstances(state: State) -> tuple[bool, ...]:
    return tuple(holds(state) for holds in HOLDS.values())


# --- When which ------------------------------------------------------------------------------------------------------


def when(
    cases: Sequence[tuple[_T, Collection[str]]], outcome: Callable[[_T], bool], order: Sequence[str]
) -> tuple[str, ...] | None:
    """The circumstances that tell when `outcome` is so: () for always, None where no circumstances tell.

    Each case comes with the circumstances that hold in it. Those are named which only ever hold with the outcome,
    as few as cover all of its cases; of equals, those that stand first in `order`.
    """
    so = [number for number, (case, _) in enumerate(cases) if outcome(case)]
    if len(so) == len(cases):
        return ()
    wanted = {*so}
    holding = {name: {number for number, (_, names) in enumerate(cases) if name in names} for name in order}
    telling = {name: numbers for name, numbers in holding.items() if numbers and numbers <= wanted}
    chosen: list[str] = []
    while wanted:
        best = max(telling, key=lambda name: len(telling[name] & wanted), default=None)
        if best is None or not telling[best] & wanted:
            return None
        chosen.append(best)
        wanted -= telling[best]
    return tuple(name for name in order if name in chosen)
