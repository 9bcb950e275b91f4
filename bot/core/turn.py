"""One turn: all that a decision about one message rests on, and the moves that every room makes.

Rules that hold here: a text is taken apart once, whoever reads it after that; a walk moves by the table of its steps,
and in no other way; every move is told as a fact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from bot.core.cards import card, emergency_first, in_emergency, tip
from bot.core.commands import COMMANDS, is_full, seed_of, stop, walked_today
from bot.core.consent import offers
from bot.core.copies import replace
from bot.core.facts import Ended, Moved, Shown
from bot.core.gap import outcome_of
from bot.core.helplines import bare_name
from bot.core.lines import Line
from bot.core.matching import Utterance, hear
from bot.core.model import Action, Content, Decision, Held, Incoming, Lane, Reply
from bot.core.reading import Answer, mirrored, take
from bot.core.sequence import advance, begin, knows
from bot.core.state import Barrier, CareFor, Danger, Event, Notice, State, Step, Tier
from bot.core.steps import again, offer, onward


@dataclass(frozen=True, slots=True)
class Heard:
    """What was typed, taken apart once for all that read it.

    `aloud` is `typed` and, of a command that is none of the bot's, its name too (/i_want_to_die). `texts` are those
    that were typed in a row, one by one, and `typed` is the same as one text.
    """

    typed: Utterance
    aloud: Utterance
    texts: tuple[Utterance, ...]


def listen(incoming: Incoming) -> Heard:
    """Hear all of a message."""
    typed = hear(incoming.words)
    texts = tuple(map(hear, incoming.texts)) if incoming.earlier else (typed,)
    unknown = incoming.command if incoming.command not in COMMANDS else ""
    aloud = hear(f"{unknown.replace('_', ' ')} {incoming.words}") if unknown else typed
    return Heard(typed, aloud, texts)


@dataclass(frozen=True)  # without slots, so that what is read can be kept
class Turn:
    """All that a decision rests on."""

    incoming: Incoming
    held: Held
    content: Content
    heard: Heard
    danger: Danger

    @property
    def state(self) -> State:
        """Where the walk stands."""
        return self.held.state

    @property
    def typed(self) -> Utterance:
        """What was typed in a row, as one text."""
        return self.heard.typed

    @cached_property
    def words(self) -> str:
        """The same in words alone, to compare with what it might be as a whole."""
        return self.typed.plain

    @cached_property
    def notice(self) -> Notice:
        """What the words are about, read once and only where it matters."""
        return self.content.reader.notice(self.heard.aloud)

    @cached_property
    def countries(self) -> tuple[str, ...]:
        """Those that all of it may name, rightly spelled."""
        return self.content.helplines.named(self.incoming.words, near=False)

    @cached_property
    def name(self) -> tuple[str, ...]:
        """The words that could be the name of a country, where one was asked for."""
        return tuple(bare_name(self.incoming.words).split())


def said_again(turn: Turn, before: Line | None = None) -> Decision:
    """The step once more, after something aside (`before`); in an emergency its number instead."""
    if in_emergency(turn.held):
        return Decision(turn.held, emergency_first(turn.state, *(() if before is None else (before,))))
    return Decision(turn.held, (again(turn.state, before),))


def moved(turn: Turn, event: Event, state: State, *replies: Reply) -> Decision:
    """What holds once the walk stands at `state`. Where it ends, keeping is offered."""
    held = replace(turn.held, state=state, walked_at=turn.incoming.at if is_full(state) else turn.held.walked_at)
    fact = Moved(turn.state.step, event, state.step)
    if state.step is Step.CLOSE:
        last = replies[-1]
        replies = (*replies[:-1], replace(last, buttons=(*last.buttons, *offers(held))))
        return Decision(held, replies, (fact, Ended(outcome_of(state, turn.incoming.at, finished=True))))
    return Decision(held, replies, (fact,))


def new_walk(turn: Turn, step: Step, notice: Notice) -> State:
    """A walk that begins at `step`, in the branch that was noticed."""
    state = begin(
        seed_of(turn.incoming, turn.held),
        step,
        source=notice.source,
        conditions=notice.conditions,
        minor=turn.state.minor,
    )
    return replace(state, again=walked_today(turn.incoming, turn.held))


def answered(turn: Turn, answer: Answer, *, heard: bool = False) -> Decision | None:
    """What an answer leads to, or None where this step has no use for it."""
    if answer.action is Action.STOP:
        return stop(turn.incoming, turn.held)
    taken = take(turn.state, answer)
    if taken is None or not knows(*taken):
        return None
    if answer.action is Action.NOT_MEANT:
        state = _for_others(advance(*taken))
        line = Line.DANGER_NO_NOW if in_emergency(turn.held) else Line.DANGER_NO
        return moved(turn, taken[1], state, Reply((line,), offer(state), lane=Lane.DANGER))
    if answer.action is Action.BARRIER:
        state = advance(*taken)
        return moved(turn, taken[1], state, tip(Barrier(answer.value), state))
    return went(turn, *taken, heard=heard)


def went(turn: Turn, before: State, event: Event, *, heard: bool = False) -> Decision:
    """Where `event` leads from `before`, the state with the answer in it. `heard` as in `onward`."""
    state = advance(before, event)
    if state.step is Step.BARRIER and event is Event.OWN:
        state = for_oneself(state)
    word = mirrored(turn.typed, turn.content) if before.step is Step.RESONANCE else ""
    decision = moved(turn, event, state, *_replies(before, event, state, heard=heard, word=word))
    if state.step is not Step.BARRIER:
        return decision
    others = event is not Event.OWN
    return replace(decision, facts=(*decision.facts, Shown(Tier.FRIEND if others else Tier.OWN)))


def _replies(before: State, event: Event, state: State, *, heard: bool, word: str) -> tuple[Reply, ...]:
    if state.step is Step.IDLE and before.step is Step.DANGER_ASK:  # what the person had stopped stays so
        return (Reply((Line.DANGER_NO,)), again(state, Line.STOPPED))
    if state.step is Step.IDLE:
        return (again(state, Line.WHOSE_MINE if event is Event.OWN else Line.BACK),)
    if state.step is Step.BARRIER and before.step is Step.DANGER_ASK:
        return card(Line.CARD_FRIEND if event is Event.NEXT else Line.CARD_ASKED, state)
    if state.step is Step.BARRIER:
        return card(Line.CARD_MINE if event is Event.OWN else Line.CARD_FORWARDED, state)
    after_no = (Reply((Line.DANGER_NO,)),) if before.step is Step.DANGER_ASK else ()
    return (*after_no, onward(before, event, state, heard=heard, word=word))


def for_oneself(state: State) -> State:
    """After a card about one's own life: a walk that had not begun is about oneself, and not about another's pain."""
    return replace(state, care_for=CareFor.MYSELF) if state.resume in {Step.ARRIVE, Step.IDLE} else state


def _for_others(state: State) -> State:
    """The same taken back, where the card was not meant."""
    return replace(state, care_for=CareFor.UNSAID) if state.resume in {Step.ARRIVE, Step.IDLE} else state
