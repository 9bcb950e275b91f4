"""All about danger: what interrupts, the one question, cards, and what still reaches someone beside a card.

Rules that hold here: the gravest danger in a message is the one that is answered; the question is asked once in a walk,
and only a clear no goes on without a card; help is never taken back by words that look like danger of another kind; no
answer leaves an open question, or a hint of danger, without saying where help is. What a card says is in `cards`.
"""

from __future__ import annotations

from typing import Final

from bot.core import panel_typed, room_typed
from bot.core.cards import (
    ASKING,
    EMERGENCIES,
    ENDING,
    card,
    card_of,
    emergency_first,
    in_emergency,
    once_more,
    says_stop,
    standing,
    stands,
    was_shown,
    where_help_is,
)
from bot.core.commands import stop
from bot.core.copies import replace
from bot.core.facts import Ended, Shown
from bot.core.gap import outcome_of
from bot.core.lines import Line
from bot.core.matching import Utterance, hear
from bot.core.model import Action, Content, Decision, Ground, Held, Incoming, Kind, Lane, Opened, Reply, Why
from bot.core.reading import Answer
from bot.core.sequence import AFTER_CARD, WALKING, advance
from bot.core.state import Barrier, Danger, Event, Notice, State, Step, Tier
from bot.core.steps import again, offer
from bot.core.turn import Heard, Turn, answered, for_oneself, moved, new_walk, said_again

_OWN_LIFE: Final = frozenset({Tier.UNCLEAR, Tier.OWN, Tier.IMMINENT})
"""What the one question is about."""


# --- What is seen ------------------------------------------------------------------------------------------------


_GRAVITY: Final = (
    Tier.NONE,
    Tier.UNCLEAR,
    Tier.EATING,
    Tier.PSYCHOSIS,
    Tier.ABUSE,
    Tier.FRIEND,
    Tier.OWN,
    Tier.THREAT,
    Tier.SOMEONE,
    Tier.MEDICAL,
    Tier.IMMINENT,
)
"""Of several texts, which one's danger is answered: the later here."""


_FRAME: Final = frozenset({"if", "then"})
"""The words that the bot itself asks for around a plan. By score they sound like a threat to oneself."""


def danger_in(incoming: Incoming, heard: Heard, held: Held, content: Content) -> Danger:
    """The gravest danger in any of the texts, or in all of them as one."""
    state = held.state
    answers = state.step in WALKING and not state.danger_asked and not incoming.forwarded
    plans = (incoming.command == "plan" or held.asked_plan) and not incoming.forwarded
    alone = heard.texts if incoming.earlier else ()
    seen = (
        Danger(),
        *(_seen(one, content, answers=answers, plans=plans) for one in (heard.aloud, *alone) if one.words),
    )
    asked = incoming, held, content
    if panel_typed.is_setting(*asked) or room_typed.is_setting(*asked):  # a score says nothing of names and numbers
        seen = tuple(
            replace(one if one.by_rule else Danger(), minor=one.age_said, age_said=one.age_said) for one in seen
        )
    gravest = max(seen, key=lambda danger: _GRAVITY.index(danger.tier))
    if gravest.tier is not Tier.NONE and not gravest.by_rule and _is_known(incoming, heard, content):
        gravest = Danger()
    return replace(
        gravest, minor=any(danger.minor for danger in seen), age_said=any(danger.age_said for danger in seen)
    )


def _seen(said: Utterance, content: Content, *, answers: bool, plans: bool) -> Danger:
    """What is seen in a text. In what may be a plan, rules go by all of it; so does the score for what is gravest."""
    seen = content.guard.read(said, answers=answers)
    if not plans or seen.by_rule or seen.tier in {Tier.NONE, *EMERGENCIES}:
        return seen
    framed = content.guard.read(hear(" ".join(word for word in said.plain.split() if word not in _FRAME)))
    return replace(seen, tier=framed.tier)


def _is_known(incoming: Incoming, heard: Heard, content: Content) -> bool:
    """Whether each text is the words of a button, or others that the bot knows as a whole."""
    return all(
        words in content.typed or words in content.spoken.values() or content.helplines.named(text, near=False)
        for text, words in zip(incoming.texts, (said.plain for said in heard.texts), strict=True)
    )


# --- What interrupts ---------------------------------------------------------------------------------------------


def danger(turn: Turn) -> Decision | None:
    """What comes before all else: the question, a card, or a few words where one stands."""
    tier, state = turn.danger.tier, turn.state
    if tier is Tier.NONE or turn.incoming.forwarded or _is_harmless(turn):
        return None
    if _says_no(turn):
        return None
    if tier is Tier.UNCLEAR and _takes_back(turn):
        return disclosed(turn)
    if stands(turn.held) and not turn.danger.by_rule and tier not in _WHILE_A_CARD_STANDS:
        return None
    if standing(turn.held) is Tier.THREAT and not turn.danger.by_rule:  # "yes i have a gun"
        return Decision(turn.held, emergency_first(state))
    stops = says_stop(turn.incoming, turn.content)
    asked = state.danger_asked and state.step not in {Step.IDLE, Step.CLOSE}  # in a walk that has not ended
    may_ask = not asked and state.step not in AFTER_CARD | {Step.DANGER_ASK}
    for_a_friend = tier is Tier.FRIEND and turn.content.answers.is_for_a_friend(turn.typed)
    if may_ask and (tier is Tier.UNCLEAR or for_a_friend):
        # To someone who asks for a friend, a clear no leads to the friend's card.
        event = Event.FOR_A_FRIEND if for_a_friend and not stops else Event.UNCLEAR
        return _interrupted(turn, event, Tier.UNCLEAR, anew=Step.IDLE if stops else None, stops=stops)
    if tier is Tier.UNCLEAR and (stops or not stands(turn.held)):
        stops &= state.step not in {Step.DANGER_ASK, Step.IDLE}
        return stop(turn.incoming, turn.held) if stops else None
    if stands(turn.held) and (tier is Tier.UNCLEAR or was_shown(tier, turn.held.said)):
        return _once_more(turn, stops=stops)
    event = Event.CARD if tier in ASKING else Event.DANGER
    return _interrupted(turn, event, tier, anew=Step.IDLE if stops or tier in ENDING else None, stops=stops)


def _is_harmless(turn: Turn) -> bool:
    """Whether all of a text, after a card, names a country or says that the card does not fit. It may look grave."""
    if turn.state.step not in AFTER_CARD:
        return False
    return turn.content.answers.is_mistaken(turn.typed) or bool(turn.countries)


def _once_more(turn: Turn, *, stops: bool) -> Decision:
    """Danger of a kind whose card stands: a tip, if that is what the words are about; else a few words."""
    state, tier = turn.state, turn.danger.tier
    now = tier in EMERGENCIES or in_emergency(turn.held)
    if stops:
        state = replace(_anew(turn, Event.CARD, Step.IDLE), step=state.step)
    elif not now and state.step is Step.BARRIER and standing(turn.held) is tier and turn.incoming.kind is Kind.TEXT:
        barrier = turn.content.answers.barrier(turn.typed)
        decision = None if barrier is None else answered(turn, Answer(Action.BARRIER, barrier))
        if decision is not None:
            return decision
    return Decision(replace(turn.held, state=state), emergency_first(state) if now else once_more(state))


def _interrupted(turn: Turn, event: Event, tier: Tier, *, anew: Step | None, stops: bool) -> Decision:
    """The question or a card, whatever was under way. It goes on afterwards if asked to, or `anew`."""
    state = advance(_with_walk(turn), event) if anew is None else _anew(turn, event, anew)
    state = for_oneself(state) if tier in {Tier.OWN, Tier.IMMINENT} else state
    decision = moved(turn, event, state, *((again(state),) if tier is Tier.UNCLEAR else card_of(tier, state)))
    stopped = stops and turn.state.step in WALKING
    ended = (Ended(outcome_of(turn.state, turn.incoming.at, finished=False)),) if stopped else ()
    return replace(decision, facts=(*decision.facts, Shown(tier), *ended))


def _anew(turn: Turn, event: Event, resume: Step) -> State:
    """After `event`, with nothing left of what was under way but what it ruled out."""
    ruled_out = Notice(conditions=turn.state.conditions | turn.notice.conditions)
    return replace(advance(new_walk(turn, Step.IDLE, ruled_out), event), resume=resume)


def _with_walk(turn: Turn) -> State:
    """The walk under way, or one that has not begun, so that it can go on after a card in the noticed branch."""
    if turn.state.step not in {Step.IDLE, Step.CLOSE}:
        return turn.state
    return new_walk(turn, Step.IDLE, turn.notice)


def passed_on(turn: Turn) -> Decision:
    """Words of danger that were forwarded: whose they are is asked before any card."""
    state = advance(_with_walk(turn), Event.PASSED_ON)
    return moved(turn, Event.PASSED_ON, state, again(state))


# --- The question ------------------------------------------------------------------------------------------------


def _says_no(turn: Turn) -> bool:
    """Whether it denies, in answer to the question, what it names: "no, i dont want to kill myself"."""
    if turn.state.step is not Step.DANGER_ASK or turn.incoming.kind is not Kind.TEXT:
        return False
    return turn.danger.tier in _OWN_LIFE and turn.content.answers.is_no(turn.typed)


def asked_back(turn: Turn) -> Decision | None:
    """What is asked about the question is answered, and it stays open."""
    if turn.content.typed.get(turn.words) == "real":
        return said_again(turn, Line.REAL)
    return said_again(turn, Line.DANGER_WHY) if turn.content.answers.asks_why(turn.typed) else None


def _takes_back(turn: Turn) -> bool:
    """Whether a no to the question is taken back: "actually i lied"."""
    return turn.state.danger_asked and any(map(turn.content.answers.takes_back, turn.incoming.texts))


def late(turn: Turn) -> Decision | None:
    """The question is open no more, and is answered: a no is taken back, or its message replied to."""
    state, answers = turn.state, turn.content.answers
    if state.step is Step.DANGER_ASK or (state.step in AFTER_CARD and was_shown(Tier.OWN, turn.held.said)):
        return None
    match turn.incoming.pressed:
        case Opened(discloses=True) if not answers.is_no(turn.typed):
            return disclosed(turn)
        case _:
            return disclosed(turn) if _takes_back(turn) else None


def disclosed(turn: Turn) -> Decision:
    """The card after the question, wherever someone stands by now; or a few words, where one stands already."""
    if turn.state.step in AFTER_CARD and was_shown(Tier.OWN, turn.held.said):
        return Decision(turn.held, once_more(turn.state))
    state = advance(_with_walk(turn), Event.CARD)
    decision = moved(turn, Event.CARD, state, *card(Line.CARD_ASKED, state))
    return replace(decision, facts=(*decision.facts, Shown(Tier.OWN)))


# --- Beside a card -----------------------------------------------------------------------------------------------


_WHILE_A_CARD_STANDS: Final = frozenset({*_OWN_LIFE, Tier.SOMEONE, Tier.MEDICAL})
"""What words alone can still say of danger then: answers about others and what they may do look like other dangers."""


def beside_a_card(turn: Turn) -> Decision | None:
    """While a card stands: that help is there, or that whom they fear is close by."""
    if not stands(turn.held) or turn.incoming.kind is not Kind.TEXT or turn.danger.by_rule:
        return None
    answers = turn.content.answers
    if answers.is_helped(turn.typed) and turn.danger.tier not in {Tier.OWN, Tier.IMMINENT}:
        return Decision(turn.held, (Reply((Line.HELD_HELPED,), offer(turn.state)),))
    near = standing(turn.held) in {Tier.ABUSE, Tier.SOMEONE} and answers.is_close_by(turn.typed)
    return Decision(turn.held, emergency_first(turn.state)) if near else None


_NAMED: Final = frozenset(Barrier) - {Barrier.NOTHING, Barrier.ELSE, Barrier.UNSAID}


def counts_now(turn: Turn, answer: Answer) -> bool:
    """Whether an answer in words is one in an emergency, too, where "ok" or "i cant do this" may mean anything."""
    if answer.action is Action.BARRIER:
        return answer.value in _NAMED
    words = turn.heard.texts[-1].plain
    steadying = answer.action in {Action.ANOTHER, Action.PERSON} and any(
        turn.content.spoken[button.label] == words for row in offer(turn.state) for button in row
    )
    return steadying or answer.action in {Action.STOP, Action.NOT_MEANT}


def is_about_danger(state: State) -> bool:
    """Whether a card stands, or a question about danger."""
    return state.step in {*AFTER_CARD, Step.DANGER_ASK} or (state.step is Step.WHOSE and state.of_another)


# --- What every decision has -------------------------------------------------------------------------------------


def never_without_help(turn: Turn, decision: Decision) -> Decision:
    """The same with help first: where the question is left open, and where danger is hinted at after it."""
    before, said = turn.state, {line for reply in decision.replies for line in reply.keys}
    if Line.CARD_LINES in said or Line.CARD_AGAIN in said:
        return decision
    if before.step is Step.DANGER_ASK:
        left = decision.held.state.step is not Step.DANGER_ASK and Line.DANGER_NO not in said
        return replace(decision, replies=(where_help_is(), *decision.replies)) if left else decision
    hinted = turn.danger.tier is Tier.UNCLEAR and not turn.incoming.forwarded and before.step not in AFTER_CARD
    if not hinted or Line.DANGER_ASK in said or Line.STOPPED in said:
        return decision
    why = replace(decision.held, why=Why(Ground.DANGER))
    return replace(decision, held=why, replies=(Reply((Line.DANGER_NEAR,), lane=Lane.DANGER), *decision.replies))


def with_minor(replies: tuple[Reply, ...]) -> tuple[Reply, ...]:
    """The same with the words for someone under 16 first, to tell them once; a card has them already."""
    told = any(Line.CARD_MINOR in reply.keys for reply in replies)
    return replies if told else (Reply((Line.CARD_MINOR,)), *replies)


def with_no_way_on(decision: Decision) -> Decision:
    """The same without a walk on offer, while a card for an emergency stands."""
    if not in_emergency(decision.held):
        return decision
    return replace(decision, replies=tuple(map(_without_a_walk, decision.replies)))


def _without_a_walk(reply: Reply) -> Reply:
    rows = (tuple(button for button in row if button.action not in {Action.MORE, Action.WALK}) for row in reply.buttons)
    return replace(reply, buttons=tuple(filter(None, rows)))
