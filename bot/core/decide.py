"""The one entry point of the core, its order of precedence, and the rooms that are not about danger.

Rules that hold here: danger comes first, whatever else a text may be; what people do is never an exception; the same
message and the same held state give the same decision. A room answers a turn or leaves it to the next. Those about
danger are in `danger`, and what all of them use in `turn`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from bot.core import follow_ups, members, room_panel
from bot.core.cards import (
    emergency_first,
    in_emergency,
    stands,
    urgent,
    was_mistaken,
)
from bot.core.commands import (
    BUTTONS,
    COMMANDS,
    TYPED_BUTTONS,
    breathe,
    crisis,
    settle,
    stop,
    unknown,
)
from bot.core.consent import as_minor, asked_anew, with_versions
from bot.core.copies import replace
from bot.core.danger import (
    asked_back,
    beside_a_card,
    counts_now,
    danger,
    danger_in,
    disclosed,
    is_about_danger,
    late,
    never_without_help,
    passed_on,
    with_minor,
    with_no_way_on,
)
from bot.core.groups import decide_in_group
from bot.core.helplines import placed, rows_of
from bot.core.keeping import awaiting, in_words, with_operator
from bot.core.kept import Purpose
from bot.core.lines import DANGER, Label, Line
from bot.core.model import (
    Action,
    Button,
    Content,
    Decision,
    Ground,
    Held,
    Incoming,
    Kind,
    Opened,
    Refused,
    Reply,
    Where,
    Why,
)
from bot.core.panel import located, nudge, replied, stopped, tapped, unread, with_nudges
from bot.core.panel import typed as typed_to_nudges
from bot.core.plans import keep_plan
from bot.core.reading import Answer, read, typed
from bot.core.sequence import AFTER_CARD, WALKING, knows, told, turns
from bot.core.state import About, Condition, Event, Notice, State, Step, Tier
from bot.core.steps import BEGIN, URGENT_HELP, again, offer, opening, stay_with
from bot.core.turn import Turn, answered, listen, moved, new_walk, said_again, went

_ASKING_COMMANDS: Final = frozenset({"crisis", "country", "consent", "forget", "plan", "nudge"})
"""After these the open question is not put once more: they say where help is, or ask something themselves."""
_ASKING_WORDS: Final = frozenset(
    {
        *("am", "are", "can", "could", "did", "do", "does", "has", "have", "how", "is", "should", "was", "were"),
        *("what", "when", "where", "which", "who", "whose", "why", "will", "would"),
    }
)
_ALSO_CALLED: Final = {"nudges": "nudge"}
_WORDS_OF_A_NAME: Final = 3
_ONLY_AN_ANSWER: Final = frozenset({"skip", "not_sure", "yes", "no", "did_it"})
"""Meanings of whole messages that are about nothing where nothing was asked: "idk"."""
_FEW_WORDS: Final = 6
_MANY_WORDS: Final = 5
"""A text of so many, where a button was expected, is acknowledged, and "my mum died" is; "the old man" is not."""
_SWEAR: Final = ((Button(Label.STOP, Action.STOP), Button(Label.STAY, Action.STAY)),)


def decide(incoming: Incoming, held: Held, content: Content) -> Decision:
    """What to hold from now on, what to say, and what happened."""
    if incoming.where is not Where.PRIVATE:
        return decide_in_group(incoming, held, content, _decide_in_private)
    return _decide_in_private(incoming, held, content)


def _decide_in_private(incoming: Incoming, held: Held, content: Content) -> Decision:
    heard = listen(incoming)
    seen = danger_in(incoming, heard, held, content)
    taken_at_their_word = bool(held.consents | held.lapsed) and not seen.age_said
    found_minor = seen.minor and not incoming.forwarded and not held.state.minor and not taken_at_their_word
    is_minor = held.state.minor or found_minor
    now, withdrawn = as_minor(held, asked=False) if is_minor else (held, ())  # again, where the store failed before
    turn = Turn(incoming, now, content, heard, seen)
    room, decision = next((room, decision) for room in _PRECEDENCE if (decision := room(turn)) is not None)
    if room is not _short_help and (decision.held.unread or decision.held.told):
        decision = replace(decision, held=replace(decision.held, unread=0, told=None))
    decision = never_without_help(turn, _explained(turn, room, decision))
    replies = with_minor(decision.replies) if found_minor else decision.replies
    if seen.tier is not Tier.NONE or is_about_danger(now.state):
        replies = urgent(*replies)
    if replies is not decision.replies or withdrawn:
        decision = replace(decision, replies=replies, facts=(*withdrawn, *decision.facts))
    decision = room_panel.with_room(with_nudges(decision, incoming, content))
    decision = awaiting(with_versions(with_operator(placed(decision, content, incoming.at), content), content))
    return with_no_way_on(worded(incoming, held, decision))


# --- What is not said in words of one's own ------------------------------------------------------------------------


def _edited(turn: Turn) -> Decision | None:
    if turn.incoming.kind is not Kind.EDIT:
        return None
    was_no = not turn.held.noes.isdisjoint(turn.incoming.numbers)
    if was_no and not turn.content.answers.is_no(turn.typed):
        return disclosed(turn)
    return Decision(turn.held)


def _located(turn: Turn) -> Decision | None:
    return located(turn.incoming, turn.held, turn.content)


def _picked(turn: Turn) -> Decision | None:
    return room_panel.picked(turn.incoming, turn.held, turn.content)


def _unseen(turn: Turn) -> Decision | None:
    unseen = turn.incoming.kind in {Kind.MEDIA, Kind.LOCATION}
    return Decision(turn.held, (Reply((Line.MEDIA,)),)) if unseen else None


def _command(turn: Turn) -> Decision | None:
    if turn.incoming.kind is not Kind.COMMAND:
        return None
    command = _ALSO_CALLED.get(turn.incoming.command, turn.incoming.command)
    named = _named(turn, near=command == "country") if command in {"country", "crisis"} else None
    hinted = turn.danger.tier is not Tier.NONE  # nothing that follows a command is kept then
    incoming = replace(turn.incoming, text="", earlier=()) if hinted else turn.incoming
    asked = incoming, turn.held, turn.content
    of_a_room = room_panel.opened(*asked) or room_panel.commanded(*asked)
    of_a_room = of_a_room or members.opened(turn) or members.commanded(turn)
    if of_a_room is not None:
        decision = of_a_room
    elif command == "nudge":
        decision = nudge(*asked)
    else:
        stops = stopped(*asked)
        decision = named or stops or COMMANDS.get(command, unknown)(incoming, turn.held)
    state = decision.held.state
    if state.step is not Step.DANGER_ASK or command in _ASKING_COMMANDS:
        return decision
    return replace(decision, replies=(*decision.replies, again(state)))


def _press(turn: Turn) -> Decision | None:
    if turn.incoming.kind is not Kind.PRESS:
        return None
    match turn.incoming.pressed:
        case Opened(discloses=True) if turn.state.step is not Step.DANGER_ASK:
            return disclosed(turn)
        case Opened(action=action, value=value):
            return _pressed(turn, Answer(action, value))
        case Refused.TWICE:
            return Decision(turn.held, toast=Line.TWICE)
        case Refused.STALE:
            return said_again(turn, Line.STALE)
        case Refused.EXPIRED:
            return said_again(turn, Line.EXPIRED)
        case _:
            return said_again(turn, Line.UNREADABLE)


def _pressed(turn: Turn, answer: Answer) -> Decision:
    asked = turn.incoming, turn.held, turn.content
    beside = tapped(*asked) or room_panel.tapped(*asked) or members.tapped(turn)
    if beside is not None:
        return beside
    handler = BUTTONS.get(answer.action)
    if handler is not None:
        return asked_anew(turn.incoming, turn.held, turn.content) or handler(turn.incoming, turn.held)
    if answer.action is Action.STAY:
        return said_again(turn)
    return answered(turn, answer) or said_again(turn, Line.STALE)


def _forwarded(turn: Turn) -> Decision | None:
    """Whose words are these? That comes before any card about oneself."""
    if not turn.incoming.forwarded:
        return None
    if turn.danger.tier is not Tier.NONE:
        return passed_on(turn)
    if turn.state.step in WALKING | {Step.DANGER_ASK}:
        return said_again(turn, Line.HEARD)
    if not turn.notice.ask:
        return _in_another_language(turn) or _short_help(turn)
    state = new_walk(turn, Step.WHOSE, turn.notice)
    return moved(turn, Event.NEXT, state, again(state))


def _followed(turn: Turn) -> Decision | None:
    """An answer in words to a question some days after a walk, which it replies to."""
    return follow_ups.in_words(turn.incoming, turn.held, turn.typed, turn.content)


def _keeping(turn: Turn) -> Decision | None:
    """A yes or a no to what the bot has just asked about keeping. Where danger was asked about, that stays open."""
    decision = None if turn.held.question is None else in_words(turn.incoming, turn.held, turn.content)
    if decision is None or decision.held.state.step is not Step.DANGER_ASK:
        return decision
    return replace(decision, replies=(*decision.replies, again(decision.held.state)))


def _room(turn: Turn) -> Decision | None:
    """An answer to what the panel of a group or channel asked. What could speak of danger is none."""
    if turn.danger.tier is not Tier.NONE:
        return None
    return room_panel.typed(turn.incoming, turn.held, turn.content)


def _nudge(turn: Turn) -> Decision | None:
    """An answer to a nudge, or to what their panel asked. What could speak of danger is none."""
    if turn.danger.tier is not Tier.NONE:
        return None
    asked = turn.incoming, turn.held, turn.content
    return stopped(*asked) or typed_to_nudges(*asked)


def _country(turn: Turn) -> Decision | None:
    """The name of a country, where the bot has just asked for it; and if rightly spelled, at any step after a card."""
    if not turn.held.asked_country:
        return _named(turn, near=False) if turn.state.step in AFTER_CARD else None
    return _named(turn, near=not all(map(turn.content.knows, turn.name)))  # "begin" is near to Benin


def _named(turn: Turn, *, near: bool = True) -> Decision | None:
    incoming, helplines = turn.incoming, turn.content.helplines
    whole = helplines.named(incoming.words) if near else turn.countries
    match whole or (helplines.named(incoming.text, near=near) if incoming.earlier else ()):
        case ():
            return None
        case (code,):
            return settle(turn.held, code)
        case several:
            return Decision(turn.held, (Reply((Line.COUNTRY_WHICH,), rows_of(several, helplines)),))


def _aside(turn: Turn) -> Decision | None:
    if turn.state.step is Step.DANGER_ASK:
        return asked_back(turn)
    if turn.state.step in AFTER_CARD and turn.words == turn.content.spoken[Label.BEGIN]:  # the same as the button there
        return None if in_emergency(turn.held) else answered(turn, Answer(Action.MORE))
    if turn.state.step in WALKING and turn.words == turn.content.spoken[Label.STAY]:
        return said_again(turn)
    for label, handler in TYPED_BUTTONS.items():
        if turn.content.spoken[label] == turn.words:
            return handler(turn.incoming, turn.held)
    return _meant(turn, turn.content.typed.get(turn.words))


def _meant(turn: Turn, meaning: str | None) -> Decision | None:
    """What answers words that mean the same at any step."""
    match meaning:
        case "thanks":
            return _thanked(turn)
        case "real":
            return said_again(turn, Line.REAL)
        case "private":
            return said_again(turn, Line.PRIVATE)
        case "breathing":
            return breathe(turn.incoming, turn.held)
        case "privacy" | "consent" | "export" | "history" | "forget":
            return COMMANDS[meaning](turn.incoming, turn.held)
        case "swear" | "urgent" if in_emergency(turn.held):
            return Decision(turn.held, emergency_first(turn.state))
        case "urgent" if not stands(turn.held):
            return crisis(turn.incoming, turn.held)
        case "swear":
            return Decision(turn.held, (Reply((Line.SWEAR,), _SWEAR),))
        case "stop" | "no_more":
            return stop(turn.incoming, turn.held)
        case _:
            return None


def _thanked(turn: Turn) -> Decision:
    now, after_card = in_emergency(turn.held), stands(turn.held) or turn.state.danger_asked
    line = Line.HELD_THANKS_NOW if now else Line.HELD_THANKS if after_card else Line.THANKS
    if turn.state.step not in WALKING:
        buttons = offer(turn.state) if turn.state.step in AFTER_CARD else ()
        return Decision(turn.held, (Reply((line,), buttons),))
    return replace(stop(turn.incoming, turn.held), replies=(Reply((line,)),))


# --- Words ---------------------------------------------------------------------------------------------------------


def _read(turn: Turn) -> Answer | None:
    """The answer in what was typed: to stop, wherever it stands; else the last of several."""
    whole = turn.state.step is Step.DANGER_ASK  # "no" and then "well, yes" is no clear no
    texts = (turn.typed,) if whole else turn.heard.texts
    answers = [answer for said in texts if (answer := read(turn.state, said, turn.content)) is not None]
    return next((answer for answer in answers if answer.action is Action.STOP), answers[-1] if answers else None)


def _plan(turn: Turn) -> Decision | None:
    """The line of a plan, where the bot has just asked for one. What could speak of danger is none."""
    asked = turn.held.asked_plan and Purpose.PLANS in turn.held.consents and turn.state.step is not Step.DANGER_ASK
    if not asked or turn.danger.tier is not Tier.NONE or in_emergency(turn.held):
        return None
    is_line = turn.words not in turn.content.typed and any(map(str.isalpha, turn.words))
    return keep_plan(turn.incoming, turn.held) if is_line else None


def _answer(turn: Turn) -> Decision | None:
    answer = None if turn.state.step is Step.IDLE else _read(turn)
    if answer is None or (in_emergency(turn.held) and not counts_now(turn, answer)):
        return None
    if turn.state.step in WALKING and turn.words not in turn.content.typed:  # an answer that may tell more
        state = told(turn.state, turn.notice.conditions)
        led = _led_elsewhere(turn, state)
        if led is not None:
            return led
        turn = replace(turn, held=replace(turn.held, state=state))
    decision = answered(turn, answer)
    if decision is None and turn.state.step is Step.CLOSE and answer.action is Action.NEXT:
        return Decision(turn.held, (Reply((Line.BACK,)),))
    if decision is None or turn.state.step is not Step.DANGER_ASK or answer.action is not Action.NEXT:
        return decision
    return replace(decision, held=replace(decision.held, noes=frozenset(turn.incoming.numbers)))


def _led_elsewhere(turn: Turn, state: State) -> Decision | None:
    """Where words in the midst of a walk lead, if not on: `state` knows what they told."""
    if Condition.OVERWHELM in turn.notice.conditions:
        return went(turn, state, Event.HIGH)
    if turns(turn.state, state) and knows(state, Event.TOLD):
        return went(turn, state, Event.TOLD, heard=True)
    return None


def _foreign(turn: Turn) -> Decision | None:
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


def _in_another_language(turn: Turn) -> Decision | None:
    """What says so, with the buttons of this step."""
    if not turn.content.is_foreign(turn.incoming.words):
        return None
    return Decision(turn.held, (Reply((Line.LANGUAGE,), offer(turn.state)),))


def _walk(turn: Turn) -> Decision | None:
    state = turn.state
    if in_emergency(turn.held):
        return Decision(turn.held, emergency_first(state))
    if was_mistaken(turn.held):  # what is written now may be what was meant
        return None
    if state.step in {Step.STAY, Step.HELD}:
        return Decision(turn.held, (stay_with(state, done=turn.content.typed.get(turn.words) == "did_it"),))
    if state.step not in WALKING and not is_about_danger(state):
        return None
    conditions = turn.notice.conditions
    state = told(state, conditions)
    led = _led_elsewhere(turn, state) if state.step in WALKING else None
    if led is not None:
        return led
    turn = replace(turn, held=replace(turn.held, state=state))
    asks = turn.words.partition(" ")[0] in _ASKING_WORDS and "?" in turn.incoming.text
    if asks and state.step in WALKING:
        return said_again(turn, Line.QUESTION)
    if state.step in WALKING and not any(map(str.isalnum, turn.words)):  # a heart means something to people alone
        return answered(turn, Answer(Action.SKIP))
    heard = bool(conditions) or len(turn.words.split()) >= _MANY_WORDS
    return answered(turn, typed(state), heard=heard)


def _noticed(turn: Turn) -> Decision | None:
    if turn.content.typed.get(turn.words) in _ONLY_AN_ANSWER:
        return None
    notice, was_asked = turn.notice, turn.state.step is Step.ASK
    in_haste = Condition.AT_WORK in notice.conditions and (notice.ask or notice.about is not About.NONE)
    known = Condition.OWN_LOSS in notice.conditions or in_haste
    if notice.about is About.OWN and not known:
        return _opened(turn, Step.OWN, notice)
    settled = notice.about is About.COMPASSION and Condition.OUTRAGE not in notice.conditions
    if settled and not was_asked and not known:
        state = new_walk(turn, Step.REACH, notice)
        return moved(turn, Event.NEXT, state, Reply((Line.AFFIRM, Line.ABOUT)), again(state))
    if notice.about is About.NONE and not notice.ask and not known and not _tells_of_harm(turn):
        return None
    sure = notice.sure or known or was_asked  # nobody is asked twice
    return _opened(turn, Step.ARRIVE if sure else Step.ASK, notice)


def _tells_of_harm(turn: Turn) -> bool:
    """Whether too few words to be weighed tell of a death, or any of having been there, or of one's own people."""
    short = len(turn.words.split()) <= _FEW_WORDS
    told_of = Condition.WAS_THERE | Condition.OWN_PEOPLE | (Condition.DIED if short else Condition.NONE)
    return bool(turn.notice.conditions & told_of)


def _opened(turn: Turn, step: Step, notice: Notice) -> Decision:
    state = new_walk(turn, step, notice)
    return moved(turn, Event.NEXT, state, opening(state) if step is Step.ARRIVE else again(state))


def _no_country(turn: Turn) -> Decision | None:
    """What looks like a name and is none that is known, where the bot has just asked for a country."""
    if not turn.held.asked_country or in_emergency(turn.held):
        return None
    words = [word for word in turn.name if word.isalpha()]
    is_name = 0 < len(words) <= _WORDS_OF_A_NAME and not any(map(turn.content.knows, words))
    return Decision(turn.held, (Reply((Line.COUNTRY_UNKNOWN,)),)) if is_name else None


def _no_setting(turn: Turn) -> Decision | None:
    asked = turn.incoming, turn.held, turn.content
    return unread(*asked) or room_panel.unread(*asked)


def _in_reply(turn: Turn) -> Decision | None:
    return replied(turn.incoming, turn.held)


def _no_country_after_card(turn: Turn) -> Decision | None:
    return _no_country(turn) if turn.state.step in AFTER_CARD else None


def _short_help(turn: Turn) -> Decision:
    """For the second and the third text in a row that says nothing to a program: the buttons, and a person."""
    unread = min(turn.held.unread, len(_UNREAD) - 1)
    held = replace(turn.held, unread=unread + 1, told=turn.notice)
    return Decision(held, (Reply((_UNREAD[unread],), _WAYS[bool(unread)]),))


_UNREAD: Final = (Line.HELP, Line.HELP_AGAIN, Line.HELP_PERSON)
_WAYS: Final = (((BEGIN,),), ((BEGIN, URGENT_HELP),))


_Room = Callable[[Turn], Decision | None]

_PRECEDENCE: Final[tuple[_Room, ...]] = (
    beside_a_card,
    danger,
    _edited,
    _located,
    _picked,
    _unseen,
    _command,
    _press,
    _forwarded,
    _followed,
    _keeping,
    _room,
    _nudge,
    _country,
    _aside,
    late,
    _plan,
    _answer,
    _foreign,
    _no_country_after_card,
    _walk,
    _noticed,
    _no_country,
    _no_setting,
    _in_reply,
    _short_help,
)
"""The first that has an answer gives it."""

_GROUNDS: Final[Mapping[_Room, Ground]] = {
    danger: Ground.DANGER,
    _forwarded: Ground.FORWARDED,
    _followed: Ground.ANSWER,
    _keeping: Ground.ANSWER,
    _room: Ground.ANSWER,
    _nudge: Ground.ANSWER,
    _no_setting: Ground.ANSWER,
    _in_reply: Ground.ANSWER,
    _country: Ground.ANSWER,
    _aside: Ground.KNOWN,
    late: Ground.ANSWER,
    _plan: Ground.ANSWER,
    _answer: Ground.ANSWER,
    _foreign: Ground.LANGUAGE,
    _walk: Ground.ANSWER,
    _no_country: Ground.ANSWER,
    _no_country_after_card: Ground.ANSWER,
}
"""What those go by that look for one thing in a text."""


# --- What every decision has -------------------------------------------------------------------------------------


def _explained(turn: Turn, room: _Room, decision: Decision) -> Decision:
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


def worded(incoming: Incoming, before: Held, decision: Decision) -> Decision:
    """Choose wordings: while something is held of someone, none comes twice before all have come.

    Where nothing is held, a walk's number chooses, which differs from that of the walk before where that is known. What
    is about danger, or belongs to no walk, begins at the message's chance. Wordings that a reply
    comes with stay.
    """
    held = decision.held
    said = dict(before.said)
    replies = []
    for reply in decision.replies:
        if reply.picks:
            replies.append(reply)
            continue
        picks = tuple(
            said.get(line, incoming.seed if line in DANGER else held.state.walk or incoming.seed) for line in reply.keys
        )
        for line, pick in zip(reply.keys, picks, strict=True):
            said.pop(line, None)  # what was said last stands last
            said[line] = pick + 1
        replies.append(replace(reply, picks=picks))
    return replace(decision, held=replace(held, said=said), replies=tuple(replies))
