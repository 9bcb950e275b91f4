"""The one entry point of the core, and its order of precedence.

Rules that hold here: danger comes first, whatever else a text may be; what people do is never an exception; the same
message and the same held state give the same decision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

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
    tip,
    urgent,
    was_mistaken,
    was_shown,
    where_help_is,
)
from bot.core.commands import (
    BUTTONS,
    COMMANDS,
    TYPED_BUTTONS,
    as_minor,
    crisis,
    remember_offer,
    settle,
    stop,
    unknown,
)
from bot.core.gap import outcome_of
from bot.core.groups import decide_in_group
from bot.core.helplines import bare_name, placed, rows_of
from bot.core.lines import DANGER, Label, Line
from bot.core.matching import Utterance, hear, plain
from bot.core.model import (
    About,
    Action,
    Barrier,
    Button,
    CareFor,
    Condition,
    Content,
    Danger,
    Decision,
    Ended,
    Event,
    Ground,
    Held,
    Incoming,
    Kind,
    Lane,
    Moved,
    Notice,
    Opened,
    Refused,
    Reply,
    Shown,
    State,
    Step,
    Tier,
    Where,
    Why,
)
from bot.core.sequence import AFTER_CARD, WALKING, advance, begin, knows
from bot.core.steps import BEGIN, Answer, again, offer, onward, opening, read, stay_with, take, typed

_OWN_LIFE: Final = frozenset({Tier.UNCLEAR, Tier.OWN, Tier.IMMINENT})
"""What the one question is about."""
_ASKING_COMMANDS: Final = frozenset({"crisis", "country", "consent", "forget"})
"""After these the open question is not put once more: they say where help is, or ask something themselves."""
_TENDER: Final = Condition.OWN_LOSS | Condition.WAS_THERE | Condition.NUMB
_WORDS_OF_A_NAME: Final = 3
_SWEAR: Final = ((Button(Label.STOP, Action.STOP), Button(Label.STAY, Action.STAY)),)


@dataclass(frozen=True)  # without slots, so that what is noticed can be kept
class _Turn:
    """All that a decision rests on."""

    incoming: Incoming
    held: Held
    content: Content
    said: Utterance
    danger: Danger

    @property
    def state(self) -> State:
        return self.held.state

    @cached_property
    def notice(self) -> Notice:
        """What the words are about, read once and only where it matters."""
        return self.content.reader.notice(self.said)


def decide(incoming: Incoming, held: Held, content: Content) -> Decision:
    """What to hold from now on, what to say, and what happened."""
    if incoming.where is Where.GROUP:
        return decide_in_group(incoming, held, content)
    said = hear(_read_aloud(incoming))
    danger = _danger_in(incoming, said, content)
    taken_at_their_word = bool(held.consents) and not danger.age_said
    found_minor = danger.minor and not incoming.forwarded and not held.state.minor and not taken_at_their_word
    is_minor = held.state.minor or found_minor
    now, withdrawn = as_minor(held, asked=False) if is_minor else (held, ())  # again, where the store failed before
    turn = _Turn(incoming, now, content, said, danger)
    room, decision = next((room, decision) for room in _PRECEDENCE if (decision := room(turn)) is not None)
    decision = _never_without_help(turn, _explained(turn, room, decision))
    replies = _with_minor(decision.replies) if found_minor else decision.replies
    if danger.tier is not Tier.NONE or _stands(now.state):
        replies = urgent(*replies)
    decision = replace(decision, replies=replies, facts=(*withdrawn, *decision.facts))
    return _with_no_way_on(worded(incoming, held, placed(decision, content, incoming.at)))


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


def _read_aloud(incoming: Incoming) -> str:
    """What was typed; of a command that is none of the bot's, its name too (/i_want_to_die)."""
    unknown = incoming.command if incoming.command not in COMMANDS else ""
    return f"{unknown.replace('_', ' ')} {incoming.words}" if unknown else incoming.words


def _danger_in(incoming: Incoming, said: Utterance, content: Content) -> Danger:
    """The gravest danger in any of the texts, or in all of them as one, which is what is `said`."""
    alone = map(hear, incoming.texts) if incoming.earlier else ()
    seen = (Danger(), *(content.guard.read(one) for one in (said, *alone) if one.words))
    gravest = max(seen, key=lambda danger: _GRAVITY.index(danger.tier))
    if gravest.tier is not Tier.NONE and not gravest.by_rule and _is_known(incoming, content):
        gravest = Danger()
    return replace(
        gravest, minor=any(danger.minor for danger in seen), age_said=any(danger.age_said for danger in seen)
    )


def _is_known(incoming: Incoming, content: Content) -> bool:
    """Whether each text is the words of a button, or others that the bot knows as a whole."""
    return all(
        words in content.typed or words in content.spoken.values() or content.helplines.named(text, near=False)
        for text, words in zip(incoming.texts, map(plain, incoming.texts), strict=True)
    )


# --- Danger -----------------------------------------------------------------------------------------------------


def _danger(turn: _Turn) -> Decision | None:
    tier, state = turn.danger.tier, turn.state
    if tier is Tier.NONE or turn.incoming.forwarded or _is_harmless(turn):
        return None
    if _says_no(turn):
        return None
    if tier is Tier.UNCLEAR and _takes_back(turn):
        return _disclosed(turn)
    if stands(turn.held) and not turn.danger.by_rule and tier not in _WHILE_A_CARD_STANDS:
        return None
    if standing(turn.held) is Tier.THREAT and not turn.danger.by_rule:  # "yes i have a gun"
        return Decision(turn.held, emergency_first(state))
    stops = says_stop(turn.incoming, turn.content)
    asked = state.danger_asked and state.step not in {Step.IDLE, Step.CLOSE}  # in a walk that has not ended
    may_ask = not asked and state.step not in AFTER_CARD | {Step.DANGER_ASK}
    for_a_friend = tier is Tier.FRIEND and turn.content.answers.is_for_a_friend(turn.incoming.words)
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


_WHILE_A_CARD_STANDS: Final = frozenset({*_OWN_LIFE, Tier.SOMEONE, Tier.MEDICAL})
"""What words alone can still say of danger then: answers about others and what they may do look like other dangers."""


def _beside_a_card(turn: _Turn) -> Decision | None:
    """While a card stands: that help is there, or that whom they fear is close by."""
    if not stands(turn.held) or turn.incoming.kind is not Kind.TEXT or turn.danger.by_rule:
        return None
    answers, words = turn.content.answers, turn.incoming.words
    if answers.is_helped(words) and turn.danger.tier not in {Tier.OWN, Tier.IMMINENT}:
        return Decision(turn.held, (Reply((Line.HELD_HELPED,), offer(turn.state)),))
    near = standing(turn.held) in {Tier.ABUSE, Tier.SOMEONE} and answers.is_close_by(words)
    return Decision(turn.held, emergency_first(turn.state)) if near else None


def _says_no(turn: _Turn) -> bool:
    """Whether it denies, in answer to the question, what it names: "no, i dont want to kill myself"."""
    if turn.state.step is not Step.DANGER_ASK or turn.incoming.kind is not Kind.TEXT:
        return False
    return turn.danger.tier in _OWN_LIFE and turn.content.answers.is_no(turn.incoming.words)


def _takes_back(turn: _Turn) -> bool:
    """Whether a no to the question is taken back: "actually i lied"."""
    return turn.state.danger_asked and any(map(turn.content.answers.takes_back, turn.incoming.texts))


def _disclosed(turn: _Turn) -> Decision:
    """The card after the question, wherever someone stands by now; or a few words, where one stands already."""
    if turn.state.step in AFTER_CARD and was_shown(Tier.OWN, turn.held.said):
        return Decision(turn.held, once_more(turn.state))
    state = advance(_with_walk(turn), Event.CARD)
    decision = _moved(turn, Event.CARD, state, *card(Line.CARD_ASKED, state))
    return replace(decision, facts=(*decision.facts, Shown(Tier.OWN)))


def _is_harmless(turn: _Turn) -> bool:
    """Whether all of a text, after a card, names a country or says that the card does not fit. It may look grave."""
    words, content = turn.incoming.words, turn.content
    harmless = content.answers.is_mistaken(words) or content.helplines.named(words, near=False)
    return turn.state.step in AFTER_CARD and bool(harmless)


def _once_more(turn: _Turn, *, stops: bool) -> Decision:
    """Danger of a kind whose card stands: a tip, if that is what the words are about; else a few words."""
    state, tier = turn.state, turn.danger.tier
    now = tier in EMERGENCIES or in_emergency(turn.held)
    if stops:
        state = replace(_anew(turn, Event.CARD, Step.IDLE), step=state.step)
    elif not now and state.step is Step.BARRIER and standing(turn.held) is tier and turn.incoming.kind is Kind.TEXT:
        barrier = turn.content.answers.barrier(turn.incoming.words)
        decision = None if barrier is None else _answered(turn, Answer(Action.BARRIER, barrier))
        if decision is not None:
            return decision
    return Decision(replace(turn.held, state=state), emergency_first(state) if now else once_more(state))


def _interrupted(turn: _Turn, event: Event, tier: Tier, *, anew: Step | None, stops: bool) -> Decision:
    """The question or a card, whatever was under way. It goes on afterwards if asked to, or `anew`."""
    state = advance(_with_walk(turn), event) if anew is None else _anew(turn, event, anew)
    state = _for_oneself(state) if tier in {Tier.OWN, Tier.IMMINENT} else state
    decision = _moved(turn, event, state, *((again(state),) if tier is Tier.UNCLEAR else card_of(tier, state)))
    stopped = stops and turn.state.step in WALKING
    ended = (Ended(outcome_of(turn.state, turn.incoming.at, finished=False)),) if stopped else ()
    return replace(decision, facts=(*decision.facts, Shown(tier), *ended))


def _anew(turn: _Turn, event: Event, resume: Step) -> State:
    """After `event`, with nothing left of what was under way but what it ruled out."""
    ruled_out = Notice(conditions=turn.state.conditions | turn.notice.conditions)
    return replace(advance(_new_walk(turn, Step.IDLE, ruled_out), event), resume=resume)


def _stands(state: State) -> bool:
    """Whether a card stands, or a question about danger."""
    return state.step in {*AFTER_CARD, Step.DANGER_ASK} or (state.step is Step.WHOSE and state.of_another)


def _for_oneself(state: State) -> State:
    """After a card about one's own life: a walk that had not begun is about oneself, and not about another's pain."""
    return replace(state, care_for=CareFor.MYSELF) if state.resume in {Step.ARRIVE, Step.IDLE} else state


def _for_others(state: State) -> State:
    """The same taken back, where the card was not meant."""
    return replace(state, care_for=CareFor.UNSAID) if state.resume in {Step.ARRIVE, Step.IDLE} else state


def _with_minor(replies: tuple[Reply, ...]) -> tuple[Reply, ...]:
    """The same with the words for someone under 16 first, to tell them once; a card has them already."""
    told = any(Line.CARD_MINOR in reply.keys for reply in replies)
    return replies if told else (Reply((Line.CARD_MINOR,)), *replies)


def _with_walk(turn: _Turn) -> State:
    """The walk under way, or one that has not begun, so that it can go on after a card in the noticed branch."""
    if turn.state.step not in {Step.IDLE, Step.CLOSE}:
        return turn.state
    return _new_walk(turn, Step.IDLE, turn.notice)


# --- What is not said in words of one's own ------------------------------------------------------------------------


def _edited(turn: _Turn) -> Decision | None:
    if turn.incoming.kind is not Kind.EDIT:
        return None
    was_no = not turn.held.noes.isdisjoint(turn.incoming.numbers)
    if was_no and not turn.content.answers.is_no(turn.incoming.words):
        return _disclosed(turn)
    return Decision(turn.held)


def _unseen(turn: _Turn) -> Decision | None:
    return Decision(turn.held, (Reply((Line.MEDIA,)),)) if turn.incoming.kind is Kind.MEDIA else None


def _command(turn: _Turn) -> Decision | None:
    if turn.incoming.kind is not Kind.COMMAND:
        return None
    command = turn.incoming.command
    named = _named(turn) if command == "country" else None
    decision = named or COMMANDS.get(command, unknown)(turn.incoming, turn.held)
    state = decision.held.state
    if state.step is not Step.DANGER_ASK or command in _ASKING_COMMANDS:
        return decision
    return replace(decision, replies=(*decision.replies, again(state)))


def _press(turn: _Turn) -> Decision | None:
    if turn.incoming.kind is not Kind.PRESS:
        return None
    match turn.incoming.pressed:
        case Opened(discloses=True) if turn.state.step is not Step.DANGER_ASK:
            return _disclosed(turn)
        case Opened(action=action, value=value):
            return _pressed(turn, Answer(action, value))
        case Refused.TWICE:
            return Decision(turn.held, toast=Line.TWICE)
        case Refused.STALE:
            return _again(turn, Line.STALE)
        case Refused.EXPIRED:
            return _again(turn, Line.EXPIRED)
        case _:
            return _again(turn, Line.UNREADABLE)


def _pressed(turn: _Turn, answer: Answer) -> Decision:
    handler = BUTTONS.get(answer.action)
    if handler is not None:
        return handler(turn.incoming, turn.held)
    if answer.action is Action.STAY:
        return _again(turn)
    return _answered(turn, answer) or _again(turn, Line.STALE)


def _forwarded(turn: _Turn) -> Decision | None:
    """Whose words are these? That comes before any card about oneself."""
    if not turn.incoming.forwarded:
        return None
    in_danger = turn.danger.tier is not Tier.NONE
    if not in_danger and turn.state.step in WALKING | {Step.DANGER_ASK}:
        return _again(turn, Line.HEARD)
    if not in_danger and not turn.notice.ask:
        return _in_another_language(turn) or _short_help(turn)
    event = Event.PASSED_ON if in_danger else Event.NEXT
    state = advance(_with_walk(turn), event) if in_danger else _new_walk(turn, Step.WHOSE, turn.notice)
    return _moved(turn, event, state, again(state))


def _country(turn: _Turn) -> Decision | None:
    """The name of a country, where the bot has just asked for it; and if rightly spelled, at any step after a card."""
    if not turn.held.asked_country:
        return _named(turn, near=False) if turn.state.step in AFTER_CARD else None
    words = bare_name(turn.incoming.words).split()
    return _named(turn, near=not all(map(turn.content.knows, words)))  # "begin" is near to Benin


def _named(turn: _Turn, *, near: bool = True) -> Decision | None:
    helplines = turn.content.helplines
    match helplines.named(turn.incoming.words, near=near) or helplines.named(turn.incoming.text, near=near):
        case ():
            return None
        case (code,):
            return settle(turn.held, code)
        case several:
            return Decision(turn.held, (Reply((Line.COUNTRY_WHICH,), rows_of(several, helplines)),))


def _aside(turn: _Turn) -> Decision | None:
    words = plain(turn.incoming.words)
    if turn.state.step is Step.DANGER_ASK:
        return _asked_back(turn, words)
    if turn.state.step in AFTER_CARD and words == turn.content.spoken[Label.BEGIN]:  # the same as the button there
        return None if in_emergency(turn.held) else _answered(turn, Answer(Action.MORE))
    for label, action in TYPED_BUTTONS.items():
        if turn.content.spoken[label] == words:
            return BUTTONS[action](turn.incoming, turn.held)
    return _meant(turn, turn.content.typed.get(words))


def _meant(turn: _Turn, meaning: str | None) -> Decision | None:
    """What answers words that mean the same at any step."""
    match meaning:
        case "thanks":
            return _thanked(turn)
        case "real":
            return _again(turn, Line.REAL)
        case "swear" | "urgent" if in_emergency(turn.held):
            return Decision(turn.held, emergency_first(turn.state))
        case "urgent" if not stands(turn.held):
            return crisis(turn.incoming, turn.held)
        case "swear":
            return Decision(turn.held, (Reply((Line.SWEAR,), _SWEAR),))
        case "stop":
            return stop(turn.incoming, turn.held)
        case _:
            return None


def _asked_back(turn: _Turn, words: str) -> Decision | None:
    """What is asked about the question is answered, and it stays open."""
    if turn.content.typed.get(words) == "real":
        return _again(turn, Line.REAL)
    return _again(turn, Line.DANGER_WHY) if turn.content.answers.asks_why(words) else None


def _thanked(turn: _Turn) -> Decision:
    now, after_card = in_emergency(turn.held), stands(turn.held) or turn.state.danger_asked
    line = Line.HELD_THANKS_NOW if now else Line.HELD_THANKS if after_card else Line.THANKS
    if turn.state.step not in WALKING:
        buttons = offer(turn.state) if turn.state.step in AFTER_CARD else ()
        return Decision(turn.held, (Reply((line,), buttons),))
    return replace(stop(turn.incoming, turn.held), replies=(Reply((line,)),))


# --- Words ---------------------------------------------------------------------------------------------------------


def _late(turn: _Turn) -> Decision | None:
    """The question is open no more, and is answered: a no is taken back, or its message replied to."""
    state, answers = turn.state, turn.content.answers
    if state.step is Step.DANGER_ASK or (state.step in AFTER_CARD and was_shown(Tier.OWN, turn.held.said)):
        return None
    match turn.incoming.pressed:
        case Opened(discloses=True) if not answers.is_no(turn.incoming.words):
            return _disclosed(turn)
        case _:
            return _disclosed(turn) if _takes_back(turn) else None


def _read(turn: _Turn) -> Answer | None:
    """The answer in what was typed: to stop, wherever it stands; else the last of several."""
    whole = turn.state.step is Step.DANGER_ASK  # "no" and then "well, yes" is no clear no
    texts = (turn.incoming.words,) if whole else turn.incoming.texts
    answers = [answer for text in texts if (answer := read(turn.state, text, turn.content)) is not None]
    return next((answer for answer in answers if answer.action is Action.STOP), answers[-1] if answers else None)


def _answer(turn: _Turn) -> Decision | None:
    answer = _read(turn)
    if answer is None or turn.state.step is Step.IDLE or (in_emergency(turn.held) and not _counts_now(turn, answer)):
        return None
    decision = _answered(turn, answer)
    if decision is None or turn.state.step is not Step.DANGER_ASK or answer.action is not Action.NEXT:
        return decision
    return replace(decision, held=replace(decision.held, noes=frozenset(turn.incoming.numbers)))


_NAMED: Final = frozenset(Barrier) - {Barrier.NOTHING, Barrier.ELSE, Barrier.UNSAID}


def _counts_now(turn: _Turn, answer: Answer) -> bool:
    """Whether an answer in words is one in an emergency, too, where "ok" or "i cant do this" may mean anything."""
    if answer.action is Action.BARRIER:
        return answer.value in _NAMED
    words = plain(turn.incoming.text)
    steadying = answer.action in {Action.ANOTHER, Action.PERSON} and any(
        turn.content.spoken[button.label] == words for row in offer(turn.state) for button in row
    )
    return steadying or answer.action in {Action.STOP, Action.NOT_MEANT}


def _foreign(turn: _Turn) -> Decision | None:
    """Asked only where no walk opens on the words; and what is no clear no to the question about danger is none."""
    if turn.state.step is Step.DANGER_ASK or _is_read_clearly(turn.notice):
        return None
    return _in_another_language(turn)


def _is_read_clearly(notice: Notice) -> bool:
    """Whether it is about another's suffering or a loss, so that hardly any of it can be another language."""
    match notice.about:
        case About.WITNESS:
            return notice.ask
        case About.OWN | About.NONE:
            return Condition.OWN_LOSS in notice.conditions
        case about:
            return about is About.COMPASSION


def _in_another_language(turn: _Turn) -> Decision | None:
    """What says so, with the buttons of this step."""
    if not turn.content.is_foreign(turn.incoming.words):
        return None
    return Decision(turn.held, (Reply((Line.LANGUAGE,), offer(turn.state)),))


def _walk(turn: _Turn) -> Decision | None:
    state = turn.state
    if in_emergency(turn.held):
        return Decision(turn.held, emergency_first(state))
    if was_mistaken(turn.held):  # what is written now may be what was meant
        return None
    if state.step in {Step.STAY, Step.HELD}:
        return Decision(turn.held, (stay_with(state),))
    if state.step not in WALKING and not _stands(state):
        return None
    conditions = turn.notice.conditions
    state = replace(state, conditions=state.conditions | conditions & (_TENDER | Condition.OVERWHELM))
    turn = replace(turn, held=replace(turn.held, state=state))
    if Condition.OVERWHELM in conditions and state.step in WALKING:
        return _went(turn, state, Event.HIGH)
    return _answered(turn, typed(state), heard=True)


def _answered(turn: _Turn, answer: Answer, *, heard: bool = False) -> Decision | None:
    """What an answer leads to, or None where this step has no use for it."""
    if answer.action is Action.STOP:
        return stop(turn.incoming, turn.held)
    taken = take(turn.state, answer)
    if taken is None or not knows(*taken):
        return None
    if answer.action is Action.NOT_MEANT:
        state = _for_others(advance(*taken))
        line = Line.DANGER_NO_NOW if in_emergency(turn.held) else Line.DANGER_NO
        return _moved(turn, taken[1], state, Reply((line,), offer(state), lane=Lane.DANGER))
    if answer.action is Action.BARRIER:
        state = advance(*taken)
        return _moved(turn, taken[1], state, tip(Barrier(answer.value), state))
    return _went(turn, *taken, heard=heard)


def _went(turn: _Turn, before: State, event: Event, *, heard: bool = False) -> Decision:
    state = advance(before, event)
    if state.step is Step.BARRIER and event is Event.OWN:
        state = _for_oneself(state)
    decision = _moved(turn, event, state, *_replies(before, event, state, heard=heard))
    if state.step is not Step.BARRIER:
        return decision
    others = event is not Event.OWN
    return replace(decision, facts=(*decision.facts, Shown(Tier.FRIEND if others else Tier.OWN)))


def _replies(before: State, event: Event, state: State, *, heard: bool) -> tuple[Reply, ...]:
    if state.step is Step.IDLE and before.step is Step.DANGER_ASK:  # what the person had stopped stays so
        return (Reply((Line.DANGER_NO,)), again(state, Line.STOPPED))
    if state.step is Step.IDLE:
        return (again(state, Line.WHOSE_MINE if event is Event.OWN else Line.BACK),)
    if state.step is Step.BARRIER and before.step is Step.DANGER_ASK:
        return card(Line.CARD_FRIEND if event is Event.NEXT else Line.CARD_ASKED, state)
    if state.step is Step.BARRIER:
        return card(Line.CARD_MINE if event is Event.OWN else Line.CARD_FORWARDED, state)
    after_no = (Reply((Line.DANGER_NO,)),) if before.step is Step.DANGER_ASK else ()
    return (*after_no, onward(before, event, state, heard=heard))


def _noticed(turn: _Turn) -> Decision | None:
    notice = turn.notice
    bereaved = Condition.OWN_LOSS in notice.conditions
    if notice.about is About.OWN and not bereaved:
        return _opened(turn, Step.OWN, notice)
    if notice.about is About.COMPASSION:
        state = _new_walk(turn, Step.REACH, notice)
        return _moved(turn, Event.NEXT, state, Reply((Line.AFFIRM, Line.ABOUT)), again(state))
    if notice.about is About.NONE and not notice.ask and not bereaved:
        return None
    return _opened(turn, Step.ARRIVE if notice.sure or bereaved else Step.ASK, notice)


def _opened(turn: _Turn, step: Step, notice: Notice) -> Decision:
    state = _new_walk(turn, step, notice)
    return _moved(turn, Event.NEXT, state, opening(state) if step is Step.ARRIVE else again(state))


def _no_country(turn: _Turn) -> Decision | None:
    """What looks like a name and is none that is known, where the bot has just asked for a country."""
    if not turn.held.asked_country or in_emergency(turn.held):
        return None
    words = [word for word in bare_name(turn.incoming.words).split() if word.isalpha()]
    is_name = 0 < len(words) <= _WORDS_OF_A_NAME and not any(map(turn.content.knows, words))
    return Decision(turn.held, (Reply((Line.COUNTRY_UNKNOWN,)),)) if is_name else None


def _no_country_after_card(turn: _Turn) -> Decision | None:
    return _no_country(turn) if turn.state.step in AFTER_CARD else None


def _short_help(turn: _Turn) -> Decision:
    return Decision(turn.held, (Reply((Line.HELP,), ((BEGIN,),)),))


_Room = Callable[[_Turn], Decision | None]

_PRECEDENCE: Final[tuple[_Room, ...]] = (
    _beside_a_card,
    _danger,
    _edited,
    _unseen,
    _command,
    _press,
    _forwarded,
    _country,
    _aside,
    _late,
    _answer,
    _foreign,
    _no_country_after_card,
    _walk,
    _noticed,
    _no_country,
    _short_help,
)
"""The first that has an answer gives it."""

_GROUNDS: Final[Mapping[_Room, Ground]] = {
    _danger: Ground.DANGER,
    _forwarded: Ground.FORWARDED,
    _country: Ground.ANSWER,
    _aside: Ground.KNOWN,
    _late: Ground.ANSWER,
    _answer: Ground.ANSWER,
    _foreign: Ground.LANGUAGE,
    _walk: Ground.ANSWER,
    _no_country: Ground.ANSWER,
    _no_country_after_card: Ground.ANSWER,
}
"""What those go by that look for one thing in a text."""


# --- What every decision has -------------------------------------------------------------------------------------


def _never_without_help(turn: _Turn, decision: Decision) -> Decision:
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


def _new_walk(turn: _Turn, step: Step, notice: Notice) -> State:
    return begin(
        turn.incoming.seed,
        step,
        source=notice.source,
        conditions=notice.conditions,
        minor=turn.state.minor,
    )


def _explained(turn: _Turn, room: _Room, decision: Decision) -> Decision:
    """The same, with what /why goes by; it is the last text's until another comes."""
    if room in _GROUNDS:
        why = Why(_GROUNDS[room])
    elif room in {_noticed, _short_help}:
        opened = decision.held.state.step if room is _noticed else None
        why = Why(_ground(turn.notice, opened), turn.notice.reasons)
    else:
        return decision
    return replace(decision, held=replace(decision.held, why=why))


def _ground(notice: Notice, opened: Step | None) -> Ground:
    match opened:
        case Step.ASK:
            return Ground.UNSURE
        case Step.ARRIVE:
            return Ground.LOSS if Condition.OWN_LOSS in notice.conditions else Ground.WITNESS
        case _:
            return Ground(notice.about)


def _again(turn: _Turn, before: Line | None = None) -> Decision:
    if in_emergency(turn.held):
        return Decision(turn.held, emergency_first(turn.state, *(() if before is None else (before,))))
    return Decision(turn.held, (again(turn.state, before),))


def _moved(turn: _Turn, event: Event, state: State, *replies: Reply) -> Decision:
    held = replace(turn.held, state=state)
    moved = Moved(turn.state.step, event, state.step)
    if state.step is Step.CLOSE:
        last = replies[-1]
        replies = (*replies[:-1], replace(last, buttons=(*last.buttons, *remember_offer(held))))
        return Decision(held, replies, (moved, Ended(outcome_of(state, turn.incoming.at, finished=True))))
    return Decision(held, replies, (moved,))


def worded(incoming: Incoming, before: Held, decision: Decision) -> Decision:
    """Choose wordings: none comes twice in a walk before all have come, nor one about danger in any walk that is held.

    Where nothing is held of someone, what is about danger begins at the message's chance, so that a restart or half an
    hour does not bring the same words again.
    """
    held = decision.held
    same = held.state.walk == before.state.walk
    said = {line: following for line, following in before.said.items() if same or line in DANGER}
    replies = []
    for reply in decision.replies:
        picks = tuple(said.get(line, incoming.seed if line in DANGER else held.state.walk) for line in reply.keys)
        for line, pick in zip(reply.keys, picks, strict=True):
            said.pop(line, None)  # what was said last stands last
            said[line] = pick + 1
        replies.append(replace(reply, picks=picks))
    return replace(decision, held=replace(held, said=said), replies=tuple(replies))


def _with_no_way_on(decision: Decision) -> Decision:
    """The same without a walk on offer, while a card for an emergency stands."""
    if not in_emergency(decision.held):
        return decision
    return replace(decision, replies=tuple(map(_without_a_walk, decision.replies)))


def _without_a_walk(reply: Reply) -> Reply:
    rows = (tuple(button for button in row if button.action not in {Action.MORE, Action.WALK}) for row in reply.buttons)
    return replace(reply, buttons=tuple(filter(None, rows)))
