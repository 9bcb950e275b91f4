"""A yes to keep something: asked, given, shown, and taken back.

Rules that hold here: each purpose is asked by itself, in one question and with the age, when it first matters and
never before help; a yes is to the words that were shown; taking it back takes one tap, and what was kept goes with it;
without any yes all else works.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from bot.core.copies import replace
from bot.core.facts import Chose, Consented, Ended, Fact, KeepFor, Withdrew
from bot.core.gap import outcome_of
from bot.core.kept import Kept, Purpose
from bot.core.lines import Filling, Label, Line
from bot.core.model import Action, Button, Content, Decision, Held, Incoming, Kind, Opened, Reply, There
from bot.core.room import marked, plain_title, title_of
from bot.core.sequence import HOLDS, Under
from bot.core.state import NO_RATING, Act, Condition, Step
from bot.core.steps import NUDGE_SETTINGS, Rows

Handler = Callable[[Incoming, Held], Decision]
BY_GROUP: Final = frozenset({Purpose.GROUP, Purpose.APART})
"""What is agreed to for one group at a time."""
PURPOSES: Final = tuple(Purpose)
"""A button that is about one of them has its place here."""
_PLACE_BITS: Final = 3
_PLACES: Final = (1 << _PLACE_BITS) - 1
_VERSIONS: Final = 0xFF >> _PLACE_BITS
"""In what a yes carries, the version of its words stands above the place of its purpose."""
QUESTIONS: Final[Mapping[Purpose, Line]] = {
    Purpose.REMEMBER: Line.CONSENT_ASK,
    Purpose.COUNTRY: Line.COUNTRY_KEEP,
    Purpose.PLANS: Line.CONSENT_ASK_PLANS,
    Purpose.NUDGES: Line.CONSENT_ASK_NUDGES,
    Purpose.FOLLOW_UPS: Line.CONSENT_ASK_FOLLOW_UPS,
    Purpose.GROUP: Line.CONSENT_ASK_GROUP,
    Purpose.ALONE: Line.CONSENT_ASK_ALONE,
    Purpose.APART: Line.CONSENT_ASK_APART,
}
"""The words that a yes is to: prompts/<language>/consents.yaml has their versions."""
LENGTHS: Final = (7, 30, 90, 180, 365)
"""Days that a walk may be kept."""
_WRITES_FIRST: Final = (Purpose.NUDGES, Purpose.FOLLOW_UPS, Purpose.GROUP)
"""What ends when someone wants to be left alone. A plan stays, without its reminder."""
_ON: Final[Mapping[Purpose, Line]] = {
    purpose: Line(f"consent.on.{purpose}") for purpose in Purpose if purpose not in BY_GROUP
}
_YES: Final = {Purpose.REMEMBER: Label.REMEMBER_YES, Purpose.COUNTRY: Label.COUNTRY_KEEP}
_NO: Final = {Purpose.REMEMBER: Label.REMEMBER_NO, Purpose.COUNTRY: Label.COUNTRY_FOR_NOW}
OFF: Final[Mapping[Purpose, Label]] = {
    Purpose.REMEMBER: Label.REMEMBER_OFF,
    Purpose.COUNTRY: Label.COUNTRY_OFF,
    Purpose.PLANS: Label.PLANS_OFF,
    Purpose.NUDGES: Label.NUDGES_OFF,
    Purpose.FOLLOW_UPS: Label.FOLLOW_UPS_OFF,
    Purpose.GROUP: Label.GROUPS_OFF,
    Purpose.ALONE: Label.ALONE_OFF,
    Purpose.APART: Label.APART_OFF,
}


def _about(label: Label, action: Action, purpose: Purpose) -> Button:
    return Button(label, action, PURPOSES.index(purpose))


REMEMBER: Final = _about(Label.REMEMBER, Action.ASK_FOR, Purpose.REMEMBER)
_PLAN: Final = _about(Label.IF_THEN, Action.ASK_FOR, Purpose.PLANS)
_FOLLOW_UP: Final = _about(Label.ASK_TOMORROW, Action.ASK_FOR, Purpose.FOLLOW_UPS)
APART: Final = _about(Label.APART, Action.ASK_FOR, Purpose.APART)
_ALONE: Final = _about(Label.ALONE, Action.ASK_FOR, Purpose.ALONE)
_GROUP_OFF: Final = Button(Label.GROUP_OFF, Action.WITHDRAW_GROUP)
_APART_OFF: Final = Button(Label.APART_OFF, Action.WITHDRAW_APART)
_HOW_LONG: Final = Button(Label.HOW_LONG, Action.HOW_LONG)


def say(held: Held, *lines: Line, buttons: Rows = (), facts: tuple[Fact, ...] = ()) -> Decision:
    """One message of these lines."""
    return Decision(held, (Reply(lines, buttons),), facts)


def pressed(incoming: Incoming) -> int | None:
    """The value of the pressed button. Typed words have none, even those that reply to a message with buttons."""
    match incoming.pressed:
        case Opened(value=value) if incoming.kind is Kind.PRESS:
            return value
        case _:
            return None


def purpose_of(incoming: Incoming, held: Held) -> Purpose | None:
    """Which purpose a button is about; a typed answer is to what was asked last."""
    value = pressed(incoming)
    return held.asked if value is None else _at(value)


def _at(place: int) -> Purpose | None:
    return PURPOSES[place] if place < len(PURPOSES) else None


# --- To ask, and to agree -----------------------------------------------------------------------------------------


def ask_for(purpose: Purpose, held: Held, *, anew: bool = False) -> Decision:
    """The question of a purpose, with the age. It begins with a word for it where its words have changed (`anew`)."""
    if held.state.minor:
        return say(held, Line.CONSENT_UNDER_16)
    if purpose is Purpose.COUNTRY and not held.country:
        return say(held, Line.COUNTRY_ASK)
    changed = (Line.CONSENT_CHANGED,) if anew or purpose in held.lapsed else ()
    return say(replace(held, asked=purpose), *changed, QUESTIONS[purpose], buttons=answers(purpose))


def ask_in(purpose: Purpose, incoming: Incoming, held: Held, *, anew: bool = False) -> Decision:
    """The same for one group: the one that the talk is about from now on. Its buttons bring it."""
    there = _meant(incoming)
    if there is None:
        return ask_for(purpose, held if incoming.there is None else replace(held, room=0), anew=anew)
    asked = ask_for(purpose, replace(held, room=there.chat), anew=anew)
    return replace(asked, replies=tuple(replace(reply, state=marked(there.ref)) for reply in asked.replies))


def _meant(incoming: Incoming) -> There | None:
    """The group that a button brings, and no other that the talk is about; without a button, that."""
    there = incoming.there
    match incoming.pressed:
        case Opened(state=state) if there is not None and incoming.kind is Kind.PRESS and state != marked(there.ref):
            return None
        case _:
            return there


def answers(purpose: Purpose) -> Rows:
    """The buttons below the question of a purpose."""
    return (
        (_about(_YES.get(purpose, Label.AGREE), Action.AGREE, purpose),),
        (
            Button(Label.UNDER_16, Action.UNDER_16),
            _about(_NO.get(purpose, Label.DECLINE), Action.DECLINE, purpose),
        ),
    )


def with_versions(decision: Decision, content: Content) -> Decision:
    """The same, each yes with the version of the words that it stands under: a button outlives the words for a day."""

    def dated(button: Button) -> Button:
        if button.action is not Action.AGREE:
            return button
        return replace(button, value=button.value | _version(PURPOSES[button.value], content) << _PLACE_BITS)

    if not any(button.action is Action.AGREE for reply in decision.replies for row in reply.buttons for button in row):
        return decision
    replies = (
        replace(reply, buttons=tuple(tuple(map(dated, row)) for row in reply.buttons)) for reply in decision.replies
    )
    return replace(decision, replies=tuple(replies))


def _version(purpose: Purpose, content: Content) -> int:
    """As much of it as a button has room for; 0 is the first."""
    return content.versions.get(purpose, 1) - 1 & _VERSIONS


def asked_anew(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """The question in its words of today, where a yes to older ones was tapped."""
    value = pressed(incoming)
    match incoming.pressed:
        case Opened(action=Action.AGREE) if value is not None and (purpose := _at(value & _PLACES)) is not None:
            if value >> _PLACE_BITS == _version(purpose, content):
                return None
            ask = partial(ask_in, purpose, incoming) if purpose in BY_GROUP else partial(ask_for, purpose)
            return ask(held, anew=True)
        case _:
            return None


def agree(incoming: Incoming, held: Held) -> Decision:
    """Yes, and 16 or older. After half an hour there is no country any more that it could be about."""
    value = pressed(incoming)
    purpose = held.asked if value is None else _at(value & _PLACES)
    if purpose is None:
        return consent(incoming, held)
    if held.state.minor or (purpose is Purpose.COUNTRY and not held.country):
        return ask_for(purpose, held)
    if purpose in BY_GROUP:
        return _agree_in(purpose, incoming, held)
    now = replace(held, consents=held.consents | {purpose}, lapsed=held.lapsed - {purpose})
    yes = Consented(purpose)
    match purpose:
        case Purpose.REMEMBER:  # the walk that has just ended is kept too
            return say(now, Line.CONSENT_YES, facts=(yes, *_just_ended(incoming, held)))
        case Purpose.COUNTRY:
            return say(now, Line.COUNTRY_KEPT, facts=(yes, Chose(held.country)))
        case Purpose.PLANS:
            return say(now, Line.CONSENT_YES_PLANS, Line.IF_THEN_ASK, facts=(yes,))
        case Purpose.FOLLOW_UPS:  # the walk that has just ended is followed up too
            facts = (yes, *_just_ended(incoming, held))
            return _may_write_first(say(now, Line.CONSENT_YES_FOLLOW_UPS, facts=facts))
        case Purpose.NUDGES:
            return _may_write_first(say(now, Line.CONSENT_YES_NUDGES, facts=(yes,)))
        case _:  # alone
            ended_too = [each for each in _WRITES_FIRST if each in held.consents | held.lapsed]
            now = replace(now, consents=now.consents - {*ended_too}, lapsed=now.lapsed - {*ended_too})
            return say(now, Line.CONSENT_YES_ALONE, facts=(yes, *map(Withdrew, ended_too)))


def _agree_in(purpose: Purpose, incoming: Incoming, held: Held) -> Decision:
    """Yes for one group; where the words had changed and nobody says which, for each that there was a yes for.

    Being noticed there and never being written to because of it end each other. Where nothing is kept of the group,
    as after the bot was sent away, nothing would ever end a yes.
    """
    there = _meant(incoming)
    if there is not None and there.room is None:
        return say(held, Line.ROOM_KEPT)
    if purpose is Purpose.GROUP and there is not None and there.room is not None and not there.room.reads_members:
        return Decision(held, (Reply((Line.NOTICE_OFF_THERE,), slots={"title": title_of(there.title)}),))
    group = there.chat if there is not None else held.room if incoming.there is None else 0
    groups = (group,) if group else groups_of(incoming.kept, purpose)
    if not groups:
        return consent(incoming, held)
    other = Purpose.APART if purpose is Purpose.GROUP else Purpose.GROUP
    over = tuple(each for each in groups if _is_on_in(other, each, incoming, held))
    left = {*groups_of(incoming.kept, other)} - {*over}
    now = replace(held, consents=held.consents | {purpose}, lapsed=held.lapsed - {purpose})
    if over and not left:
        now = replace(now, consents=now.consents - {other}, lapsed=now.lapsed - {other})
    facts: tuple[Fact, ...] = tuple(Consented(purpose, each) for each in groups)
    facts = (*facts, *(Withdrew(other, group=each) for each in over))
    if purpose is Purpose.APART:
        return say(now, Line.CONSENT_YES_APART, facts=facts)
    return _may_write_first(say(now, Line.CONSENT_YES_GROUP, facts=facts))


def _is_on_in(purpose: Purpose, group: int, incoming: Incoming, held: Held) -> bool:
    """Whether it is on for this group; where that is not known, whether it is for any."""
    if incoming.kept is not None:
        return group in groups_of(incoming.kept, purpose)
    return purpose in held.consents | held.lapsed


def _just_ended(incoming: Incoming, held: Held) -> tuple[Fact, ...]:
    """The end of the walk that has just ended, once more: as it is kept, where it is."""
    if held.state.step is not Step.CLOSE:
        return ()
    kept = () if incoming.kept is None else incoming.kept.outcomes
    before = next((one for one in kept if one.walk == held.state.walk), None)
    return (Ended(before or outcome_of(held.state, incoming.at, finished=True)),)


def _may_write_first(decision: Decision) -> Decision:
    """The same, a yes to messages, which ends the wish that none may come first."""
    held, alone = decision.held, {Purpose.ALONE}
    if alone.isdisjoint(held.consents | held.lapsed):
        return decision
    now = replace(held, consents=held.consents - alone, lapsed=held.lapsed - alone)
    replies = (Reply((Line.NUDGE_ALONE_ENDED,)), *decision.replies)
    return Decision(now, replies, (Withdrew(Purpose.ALONE), *decision.facts))


def decline(incoming: Incoming, held: Held) -> Decision:
    """No is as good an answer."""
    purpose = purpose_of(incoming, held)
    held = replace(held, asked=None)
    if purpose in held.lapsed:
        return say(held, Line.CONSENT_NO_NEW)
    return say(held, Line.COUNTRY_FOR_NOW if purpose is Purpose.COUNTRY else Line.CONSENT_NO)


def under_16(incoming: Incoming, held: Held) -> Decision:
    """Nothing is kept of someone under 16, whatever is known of what was; every step stays open."""
    if incoming.kept is not None:
        there = {consent.purpose for consent in incoming.kept.consents}
    else:
        there = set() if held.consents | held.lapsed else set(Purpose)
    held, withdrawn = as_minor(replace(held, lapsed=held.lapsed | there), asked=True)
    return say(held, Line.CONSENT_UNDER_16, facts=withdrawn)


def as_minor(held: Held, *, asked: bool) -> tuple[Held, tuple[Fact, ...]]:
    """The same person, known to be under 16, and the consents that end with that, `asked` for or not."""
    withdrawn = tuple(Withdrew(purpose, asked) for purpose in sorted(held.consents | held.lapsed))
    young = replace(held.state, minor=True)
    return replace(held, state=young, consents=frozenset(), lapsed=frozenset()), withdrawn


def offers(held: Held) -> Rows:
    """The ways to *remember* and then to follow-ups, and to a plan, at the end of a walk, for someone who may.

    Never in grief; and a question some days later only where the walk asked for the upset.
    """
    state = held.state
    grieves = Condition.OWN_LOSS in state.conditions or not HOLDS[Under.PLAIN](state)
    if state.step is not Step.CLOSE or grieves or state.minor:
        return ()
    if Purpose.REMEMBER not in held.consents:
        later: Rows = ((REMEMBER,),)
    else:
        asks = Purpose.FOLLOW_UPS not in held.consents and state.upset_before != NO_RATING
        later = ((_FOLLOW_UP,),) if asks else ()
    return (*later, (_PLAN,)) if state.act not in {Act.UNSAID, Act.HOLD} else later


# --- To show what is on, and to take it back ----------------------------------------------------------------------


def consent(incoming: Incoming, held: Held) -> Decision:
    """What was agreed to, each with its way out; and the first question, where that was not answered with a yes."""
    if held.state.minor:
        return say(held, Line.CONSENT_UNDER_16)
    if incoming.kept is None and not held.consents | held.lapsed:  # nobody knows whether there is anything
        return say(held, Line.STORE_FAILED)
    replies = (
        *_those_on(incoming, held),
        *_groups_on(incoming, held),
        *_apart_on(incoming, held),
        *_those_lapsed(held),
    )
    if replies and Purpose.ALONE not in held.consents:
        replies = (*replies[:-1], replace(replies[-1], buttons=(*replies[-1].buttons, (_ALONE,))))
    if Purpose.REMEMBER in held.consents:
        return Decision(held, replies)
    if not replies and incoming.kept is not None and is_nothing(incoming.kept):
        replies = (Reply((Line.CONSENT_NONE,)),)
    asked = ask_for(Purpose.REMEMBER, held)
    return replace(asked, replies=(*replies, *asked.replies))


def _off(purpose: Purpose) -> Button:
    return _about(OFF[purpose], Action.WITHDRAW, purpose)


def _those_on(incoming: Incoming, held: Held) -> tuple[Reply, ...]:
    on = [purpose for purpose in _ON if purpose in held.consents]
    if not on:
        return ()
    beside = {Purpose.REMEMBER: _HOW_LONG, Purpose.NUDGES: NUDGE_SETTINGS}
    rows = tuple((_off(each), beside[each]) if each in beside else (_off(each),) for each in on)
    slots = {"days": _days(None if incoming.kept is None else incoming.kept.days)}
    return (Reply((Line.CONSENT_ON, *(_ON[each] for each in on)), rows, slots),)


def _days(days: int | None) -> Filling:
    return Label.DAYS_CHOSEN if days is None else (str(days), " ", Label.DAYS)


def _groups_on(incoming: Incoming, held: Held) -> tuple[Reply, ...]:
    if Purpose.GROUP not in held.consents:
        return ()
    groups = groups_of(incoming.kept)
    if not groups:
        return (Reply((Line.CONSENT_ON_GROUPS,), ((_off(Purpose.GROUP),),)),)
    return tuple(_on_in(incoming, group, Line.CONSENT_ON_GROUP, _GROUP_OFF) for group in groups)


def _apart_on(incoming: Incoming, held: Held) -> tuple[Reply, ...]:
    if Purpose.APART not in held.consents:
        return ()
    groups = groups_of(incoming.kept, Purpose.APART)
    if not groups:
        return (Reply((Line.CONSENT_ON_APART,), ((_off(Purpose.APART),),), {"title": Label.ROOM_SOME}),)
    return tuple(_on_in(incoming, group, Line.CONSENT_ON_APART, _APART_OFF) for group in groups)


def _on_in(incoming: Incoming, group: int, line: Line, off: Button) -> Reply:
    """What is on for one group, by its title, with the way out."""
    title = plain_title(incoming.titles.get(group, "")) or Label.ROOM_SOME
    return Reply((line,), ((replace(off, value=group & 0xFF),),), {"title": title})


def groups_of(kept: Kept | None, purpose: Purpose = Purpose.GROUP) -> tuple[int, ...]:
    """The groups that there is a yes for, by their ids."""
    given = () if kept is None else kept.consents
    return tuple(sorted(each.group for each in given if each.purpose is purpose and each.group))


def _those_lapsed(held: Held) -> tuple[Reply, ...]:
    return tuple(
        Reply(
            (Line.CONSENT_LAPSED,),
            ((_about(Label.ASK_AGAIN, Action.ASK_FOR, each), _off(each)),),
            {"what": Label(f"what.{each}")},
        )
        for each in PURPOSES
        if each in held.lapsed
    )


def withdraw(incoming: Incoming, held: Held) -> Decision:
    """One tap, and the rows of the purpose go with it."""
    purpose = purpose_of(incoming, held)
    return consent(incoming, held) if purpose is None else withdrawn(purpose, incoming, held)


def withdrawn(purpose: Purpose, _: Incoming, held: Held) -> Decision:
    """What comes of taking it back."""
    now = replace(held, consents=held.consents - {purpose}, lapsed=held.lapsed - {purpose})
    line = Line.COUNTRY_FOR_NOW if purpose is Purpose.COUNTRY else Line.CONSENT_OFF
    return say(now, line, facts=(Withdrew(purpose),))


def withdraw_group(incoming: Incoming, held: Held) -> Decision:
    """The same for one group. Typed, with several groups, they are shown."""
    return _withdraw_in(Purpose.GROUP, incoming, held)


def withdraw_apart(incoming: Incoming, held: Held) -> Decision:
    """The same for the wish never to be written to because of it."""
    return _withdraw_in(Purpose.APART, incoming, held)


def _withdraw_in(purpose: Purpose, incoming: Incoming, held: Held) -> Decision:
    if incoming.kept is None:
        return say(held, Line.STORE_FAILED)
    groups, value = groups_of(incoming.kept, purpose), pressed(incoming)
    ended = [group for group in groups if value == group & 0xFF or (value is None and len(groups) == 1)]
    if not ended:
        return consent(incoming, held)
    if len(ended) == len(groups):
        held = replace(held, consents=held.consents - {purpose}, lapsed=held.lapsed - {purpose})
    return say(held, Line.CONSENT_OFF, facts=tuple(Withdrew(purpose, group=group) for group in ended))


# --- How long -----------------------------------------------------------------------------------------------------

LENGTH_BUTTONS: Final = tuple(
    Button(Label(f"keep_for.{days}"), Action.KEEP_FOR, place) for place, days in enumerate(LENGTHS)
)


def how_long(incoming: Incoming, held: Held) -> Decision:
    """The question for how many days a walk is kept."""
    if Purpose.REMEMBER not in held.consents:
        return ask_for(Purpose.REMEMBER, held)
    days = _days(None if incoming.kept is None else incoming.kept.days)
    rows = (LENGTH_BUTTONS[:1], LENGTH_BUTTONS[1:3], LENGTH_BUTTONS[3:])
    return Decision(held, (Reply((Line.KEEP_FOR_ASK,), rows, {"days": days}),))


def keep_for(incoming: Incoming, held: Held) -> Decision:
    """So many days; what is older goes."""
    place = pressed(incoming)
    return how_long(incoming, held) if place is None else _kept_for(place, incoming, held)


def length_typed(place: int, incoming: Incoming, held: Held) -> Decision:
    """The same, typed. "One week" answers other questions too, and a shorter time deletes."""
    asked = held.question is Line.KEEP_FOR_ASK
    return _kept_for(place, incoming, held) if asked else how_long(incoming, held)


def _kept_for(place: int, incoming: Incoming, held: Held) -> Decision:
    if Purpose.REMEMBER not in held.consents or place >= len(LENGTHS):
        return how_long(incoming, held)
    days = LENGTHS[place]
    return Decision(held, (Reply((Line.KEEP_FOR_SET,), slots={"days": _days(days)}),), (KeepFor(days),))


def is_nothing(kept: Kept) -> bool:
    """Whether nothing is kept: no row is there without a yes."""
    return not kept.consents
