"""What is kept of a person: asking for it, showing it, taking it back; and their own plans.

Rules that hold here: each purpose is asked by itself, in one question and with the age, when it first matters and
never before help; a yes is to the words that were shown; taking it back takes one tap, and what was kept goes with it;
nothing is deleted by its place in a list alone, nor a walk at one tap; without any yes all else works.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final
from unicodedata import category

from bot.core.cards import emergency_first, in_emergency
from bot.core.export import export
from bot.core.gap import DAY, outcome_of
from bot.core.lines import Filling, Label, Line
from bot.core.matching import plain
from bot.core.model import (
    KEPT_DAYS,
    Act,
    Action,
    Button,
    Change,
    Chose,
    Condition,
    Consented,
    Content,
    Decision,
    Ended,
    Erased,
    Fact,
    Forgot,
    Held,
    Incoming,
    KeepFor,
    Kept,
    Kind,
    Lane,
    Opened,
    Outcome,
    Plan,
    PlanDone,
    Planned,
    Purpose,
    Reply,
    Source,
    Step,
    Withdrew,
)
from bot.core.sequence import HOLDS, Under
from bot.core.steps import Rows

Handler = Callable[[Incoming, Held], Decision]

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
}
"""The words that a yes is to: prompts/<language>/consents.yaml has their versions."""

_DELETES: Final = frozenset({Line.FORGET_ASK, Line.FORGET_NONE, Line.HISTORY_ASK})
_OPEN: Final = _DELETES | {*QUESTIONS.values(), Line.CONSENT_AGE, Line.KEEP_FOR_ASK}
"""Words that answer one of these do so only where it was said last: typed later, they delete nothing."""

LENGTHS: Final = (7, 30, 90, 180, 365)
"""Days that a walk may be kept."""

MOST_PLANS: Final = 5
LONGEST_PLAN: Final = 200
"""Characters."""

_PAGE: Final = 5
_WRITES_FIRST: Final = (Purpose.NUDGES, Purpose.FOLLOW_UPS, Purpose.GROUP)
"""What ends when someone wants to be left alone. A plan stays, without its reminder."""

_ON: Final[Mapping[Purpose, Line]] = {
    purpose: Line(f"consent.on.{purpose}") for purpose in Purpose if purpose is not Purpose.GROUP
}
_YES: Final = {Purpose.REMEMBER: Label.REMEMBER_YES, Purpose.COUNTRY: Label.COUNTRY_KEEP}
_NOES: Final = frozenset({"no", "skip"})
"""What whole messages mean that are a no to a question: "not now"."""
_NO: Final = {Purpose.REMEMBER: Label.REMEMBER_NO, Purpose.COUNTRY: Label.COUNTRY_FOR_NOW}
_OFF: Final[Mapping[Purpose, Label]] = {
    Purpose.REMEMBER: Label.REMEMBER_OFF,
    Purpose.COUNTRY: Label.COUNTRY_OFF,
    Purpose.PLANS: Label.PLANS_OFF,
    Purpose.NUDGES: Label.NUDGES_OFF,
    Purpose.FOLLOW_UPS: Label.FOLLOW_UPS_OFF,
    Purpose.GROUP: Label.GROUPS_OFF,
    Purpose.ALONE: Label.ALONE_OFF,
}


def _about(label: Label, action: Action, purpose: Purpose) -> Button:
    return Button(label, action, PURPOSES.index(purpose))


REMEMBER: Final = _about(Label.REMEMBER, Action.ASK_FOR, Purpose.REMEMBER)
_PLAN: Final = _about(Label.IF_THEN, Action.ASK_FOR, Purpose.PLANS)
_ALONE: Final = _about(Label.ALONE, Action.ASK_FOR, Purpose.ALONE)
_HOW_LONG: Final = Button(Label.HOW_LONG, Action.HOW_LONG)
_FORGET: Final = ((Button(Label.FORGET_YES, Action.FORGET_YES), Button(Label.FORGET_NO, Action.FORGET_NO)),)


def _say(held: Held, *lines: Line, buttons: Rows = (), facts: tuple[Fact, ...] = ()) -> Decision:
    return Decision(held, (Reply(lines, buttons),), facts)


def _pressed(incoming: Incoming) -> int | None:
    """The value of the pressed button. Typed words have none, even those that reply to a message with buttons."""
    match incoming.pressed:
        case Opened(value=value) if incoming.kind is Kind.PRESS:
            return value
        case _:
            return None


def _purpose(incoming: Incoming, held: Held) -> Purpose | None:
    """Which purpose a button is about; a typed answer is to what was asked last."""
    value = _pressed(incoming)
    if value is None:
        return held.asked
    return PURPOSES[value] if value < len(PURPOSES) else None


# --- To ask, and to agree -----------------------------------------------------------------------------------------


def ask_for(purpose: Purpose, held: Held, *, anew: bool = False) -> Decision:
    """The question of a purpose, with the age. It begins with a word for it where its words have changed (`anew`)."""
    if held.state.minor:
        return _say(held, Line.CONSENT_UNDER_16)
    if purpose is Purpose.COUNTRY and not held.country:
        return _say(held, Line.COUNTRY_ASK)
    changed = (Line.CONSENT_CHANGED,) if anew or purpose in held.lapsed else ()
    return _say(replace(held, asked=purpose), *changed, QUESTIONS[purpose], buttons=_answers(purpose))


def _answers(purpose: Purpose) -> Rows:
    return (
        (_about(_YES.get(purpose, Label.AGREE), Action.AGREE, purpose),),
        (
            Button(Label.UNDER_16, Action.UNDER_16),
            _about(_NO.get(purpose, Label.DECLINE), Action.DECLINE, purpose),
        ),
    )


def _asked_for(incoming: Incoming, held: Held) -> Decision:
    """A button that asks for the question of a purpose, or for what it is about where that is on."""
    purpose = _purpose(incoming, held)
    if purpose is Purpose.PLANS:
        return plan(replace(incoming, text="", earlier=()), held)
    if purpose is None or purpose in held.consents:
        return consent(incoming, held)
    return ask_for(purpose, held)


def _ask(purpose: Purpose, incoming: Incoming, held: Held) -> Decision:
    """The same, typed."""
    pressed = Opened(held.state, Action.ASK_FOR, PURPOSES.index(purpose))
    return _asked_for(replace(incoming, kind=Kind.PRESS, pressed=pressed), held)


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
    value = _pressed(incoming)
    match incoming.pressed:
        case Opened(action=Action.AGREE) if value is not None and value & _PLACES < len(PURPOSES):
            purpose = PURPOSES[value & _PLACES]
            return None if value >> _PLACE_BITS == _version(purpose, content) else ask_for(purpose, held, anew=True)
        case _:
            return None


def agree(incoming: Incoming, held: Held) -> Decision:
    """Yes, and 16 or older. After half an hour there is no country any more that it could be about."""
    value = _pressed(incoming)
    purpose = held.asked if value is None else dict(enumerate(PURPOSES)).get(value & _PLACES)
    if purpose is None:
        return consent(incoming, held)
    if held.state.minor or (purpose is Purpose.COUNTRY and not held.country):
        return ask_for(purpose, held)
    now = replace(held, consents=held.consents | {purpose}, lapsed=held.lapsed - {purpose})
    yes = Consented(purpose)
    match purpose:
        case Purpose.REMEMBER:  # the walk that has just ended is kept too
            at_close = held.state.step is Step.CLOSE
            ended = (Ended(outcome_of(held.state, incoming.at, finished=True)),) if at_close else ()
            return _say(now, Line.CONSENT_YES, facts=(yes, *ended))
        case Purpose.COUNTRY:
            return _say(now, Line.COUNTRY_KEPT, facts=(yes, Chose(held.country)))
        case Purpose.PLANS:
            return _say(now, Line.CONSENT_YES_PLANS, Line.IF_THEN_ASK, facts=(yes,))
        case Purpose.ALONE:
            ended_too = [each for each in _WRITES_FIRST if each in held.consents | held.lapsed]
            now = replace(now, consents=now.consents - {*ended_too}, lapsed=now.lapsed - {*ended_too})
            return _say(now, Line.CONSENT_YES_ALONE, facts=(yes, *map(Withdrew, ended_too)))
        case _:
            return _say(now, Line.CONSENT_YES_OTHER, facts=(yes,))


def decline(incoming: Incoming, held: Held) -> Decision:
    """No is as good an answer."""
    purpose = _purpose(incoming, held)
    held = replace(held, asked=None)
    if purpose in held.lapsed:
        return _say(held, Line.CONSENT_NO_NEW)
    return _say(held, Line.COUNTRY_FOR_NOW if purpose is Purpose.COUNTRY else Line.CONSENT_NO)


def in_words(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """A yes or a no to what was asked last about keeping. A yes alone does not tell the age, so both are asked for."""
    words = plain(incoming.words)
    meaning = content.typed.get(words)
    if held.question in _DELETES:
        if meaning == "yes" or words == content.spoken[Label.FORGET_YES]:
            return (erased if held.question is Line.HISTORY_ASK else forgotten)(incoming, held)
        return stays(incoming, held) if meaning in _NOES or words == content.spoken[Label.FORGET_NO] else None
    if held.asked is None or held.question not in {QUESTIONS[held.asked], Line.CONSENT_AGE}:
        return None
    buttons = _answers(held.asked)
    for button in (button for row in buttons for button in row):
        if words == content.spoken[button.label]:
            return BUTTONS[button.action](incoming, held)
    if meaning in _NOES:
        return decline(incoming, held)
    yes = meaning == "yes" or (meaning == "did_it" and held.state.step in {Step.IDLE, Step.CLOSE})  # "ok", "done"
    return _say(held, Line.CONSENT_AGE, buttons=buttons) if yes else None


def under_16(incoming: Incoming, held: Held) -> Decision:
    """Nothing is kept of someone under 16, whatever is known of what was; every step stays open."""
    if incoming.kept is not None:
        there = {consent.purpose for consent in incoming.kept.consents}
    else:
        there = set() if held.consents | held.lapsed else set(Purpose)
    held, withdrawn = as_minor(replace(held, lapsed=held.lapsed | there), asked=True)
    return _say(held, Line.CONSENT_UNDER_16, facts=withdrawn)


def as_minor(held: Held, *, asked: bool) -> tuple[Held, tuple[Fact, ...]]:
    """The same person, known to be under 16, and the consents that end with that, `asked` for or not."""
    withdrawn = tuple(Withdrew(purpose, asked) for purpose in sorted(held.consents | held.lapsed))
    young = replace(held.state, minor=True)
    return replace(held, state=young, consents=frozenset(), lapsed=frozenset()), withdrawn


def offers(held: Held) -> Rows:
    """The ways to *remember* and to a plan, at the end of a walk, for someone who may. Never in grief."""
    state = held.state
    grieves = Condition.OWN_LOSS in state.conditions or not HOLDS[Under.PLAIN](state)
    if state.step is not Step.CLOSE or grieves or state.minor:
        return ()
    remember = () if Purpose.REMEMBER in held.consents else ((REMEMBER,),)
    return (*remember, (_PLAN,)) if state.act not in {Act.UNSAID, Act.HOLD} else remember


# --- To show what is on, and to take it back ----------------------------------------------------------------------


def consent(incoming: Incoming, held: Held) -> Decision:
    """What was agreed to, each with its way out; and the first question, where that was not answered with a yes."""
    if held.state.minor:
        return _say(held, Line.CONSENT_UNDER_16)
    if incoming.kept is None and not held.consents | held.lapsed:  # nobody knows whether there is anything
        return _say(held, Line.STORE_FAILED)
    replies = (*_those_on(incoming, held), *_groups_on(incoming, held), *_those_lapsed(held))
    if replies and Purpose.ALONE not in held.consents:
        replies = (*replies[:-1], replace(replies[-1], buttons=(*replies[-1].buttons, (_ALONE,))))
    if Purpose.REMEMBER in held.consents:
        return Decision(held, replies)
    if not replies and incoming.kept is not None and _is_nothing(incoming.kept):
        replies = (Reply((Line.CONSENT_NONE,)),)
    asked = ask_for(Purpose.REMEMBER, held)
    return replace(asked, replies=(*replies, *asked.replies))


def _off(purpose: Purpose) -> Button:
    return _about(_OFF[purpose], Action.WITHDRAW, purpose)


def _those_on(incoming: Incoming, held: Held) -> tuple[Reply, ...]:
    on = [purpose for purpose in _ON if purpose in held.consents]
    if not on:
        return ()
    rows = tuple((_off(each), _HOW_LONG) if each is Purpose.REMEMBER else (_off(each),) for each in on)
    slots = {"days": _days(None if incoming.kept is None else incoming.kept.days)}
    return (Reply((Line.CONSENT_ON, *(_ON[each] for each in on)), rows, slots),)


def _days(days: int | None) -> Filling:
    return Label.DAYS_CHOSEN if days is None else (str(days), " ", Label.DAYS)


def _groups_on(incoming: Incoming, held: Held) -> tuple[Reply, ...]:
    if Purpose.GROUP not in held.consents:
        return ()
    groups = _groups(incoming.kept)
    if not groups:
        return (Reply((Line.CONSENT_ON_GROUPS,), ((_off(Purpose.GROUP),),)),)
    buttons = (Button(Label.GROUP_OFF, Action.WITHDRAW_GROUP, group & 0xFF) for group in groups)
    return tuple(
        Reply((Line.CONSENT_ON_GROUP,), ((button,),), {"number": str(number)})
        for number, button in enumerate(buttons, start=1)
    )


def _groups(kept: Kept | None) -> tuple[int, ...]:
    given = () if kept is None else kept.consents
    return tuple(sorted(each.group for each in given if each.purpose is Purpose.GROUP and each.group))


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
    purpose = _purpose(incoming, held)
    return consent(incoming, held) if purpose is None else _withdrawn(purpose, incoming, held)


def _withdrawn(purpose: Purpose, _: Incoming, held: Held) -> Decision:
    now = replace(held, consents=held.consents - {purpose}, lapsed=held.lapsed - {purpose})
    line = Line.COUNTRY_FOR_NOW if purpose is Purpose.COUNTRY else Line.CONSENT_OFF
    return _say(now, line, facts=(Withdrew(purpose),))


def withdraw_group(incoming: Incoming, held: Held) -> Decision:
    """The same for one group. Typed, with several groups, they are shown."""
    if incoming.kept is None:
        return _say(held, Line.STORE_FAILED)
    groups, value = _groups(incoming.kept), _pressed(incoming)
    ended = [group for group in groups if value == group & 0xFF or (value is None and len(groups) == 1)]
    if not ended:
        return consent(incoming, held)
    if len(ended) == len(groups):
        held = replace(held, consents=held.consents - {Purpose.GROUP})
    return _say(held, Line.CONSENT_OFF, facts=tuple(Withdrew(Purpose.GROUP, group=group) for group in ended))


# --- How long -----------------------------------------------------------------------------------------------------

_LENGTHS: Final = tuple(Button(Label(f"keep_for.{days}"), Action.KEEP_FOR, place) for place, days in enumerate(LENGTHS))


def how_long(incoming: Incoming, held: Held) -> Decision:
    """The question for how many days a walk is kept."""
    if Purpose.REMEMBER not in held.consents:
        return ask_for(Purpose.REMEMBER, held)
    days = _days(None if incoming.kept is None else incoming.kept.days)
    rows = (_LENGTHS[:1], _LENGTHS[1:3], _LENGTHS[3:])
    return Decision(held, (Reply((Line.KEEP_FOR_ASK,), rows, {"days": days}),))


def keep_for(incoming: Incoming, held: Held) -> Decision:
    """So many days; what is older goes."""
    place = _pressed(incoming)
    return how_long(incoming, held) if place is None else _kept_for(place, incoming, held)


def _length_typed(place: int, incoming: Incoming, held: Held) -> Decision:
    """The same, typed. "One week" answers other questions too, and a shorter time deletes."""
    asked = held.question is Line.KEEP_FOR_ASK
    return _kept_for(place, incoming, held) if asked else how_long(incoming, held)


def _kept_for(place: int, incoming: Incoming, held: Held) -> Decision:
    if Purpose.REMEMBER not in held.consents or place >= len(LENGTHS):
        return how_long(incoming, held)
    days = LENGTHS[place]
    return Decision(held, (Reply((Line.KEEP_FOR_SET,), slots={"days": _days(days)}),), (KeepFor(days),))


# --- Privacy, a copy, and to be forgotten -------------------------------------------------------------------------


def privacy(_: Incoming, held: Held) -> Decision:
    """What is kept, for how long, where, who can see it, and the person's rights."""
    lines = (Line.PRIVACY_KEPT, Line.PRIVACY_LONG, Line.PRIVACY_WHERE, Line.PRIVACY_WHO, Line.PRIVACY_RIGHTS)
    return Decision(held, tuple(Reply((line,)) for line in lines))


def with_operator(decision: Decision, content: Content) -> Decision:
    """The same with who runs the bot, where that is set."""
    operator = ", ".join(filter(None, (content.operator, content.contact)))
    if not operator or not any(reply.keys == (Line.PRIVACY_WHO,) for reply in decision.replies):
        return decision
    named = Reply((Line.PRIVACY_OPERATOR,), slots={"operator": operator})
    replies = (named if reply.keys == (Line.PRIVACY_WHO,) else reply for reply in decision.replies)
    return replace(decision, replies=tuple(replies))


def copies(incoming: Incoming, held: Held) -> Decision:
    """All that is kept, in two files, at once."""
    if incoming.kept is None:
        return _say(held, Line.STORE_FAILED)
    if _is_nothing(incoming.kept):
        return _say(held, Line.EXPORT_NONE)
    first, second = export(incoming.kept, incoming.at)
    return Decision(held, (Reply((Line.EXPORT_FILES,), attached=first), Reply((Line.EXPORT_TABLE,), attached=second)))


def _is_nothing(kept: Kept) -> bool:
    return not kept.consents


def forget(incoming: Incoming, held: Held) -> Decision:
    """The first of two taps, with how much there is."""
    if incoming.kept is not None and _is_nothing(incoming.kept):
        return _say(held, Line.FORGET_NONE, buttons=_FORGET)
    return Decision(held, (_counted(incoming, Line.FORGET_KEEPS, Line.FORGET_ASK, buttons=_FORGET),))


def forgotten(incoming: Incoming, _: Held) -> Decision:
    """The second tap: nothing is left, in memory or in the store."""
    return Decision(Held(), (_counted(incoming, Line.FORGET_WENT, Line.FORGET_DONE),), (Forgot(),))


def _counted(incoming: Incoming, count: Line, line: Line, buttons: Rows = ()) -> Reply:
    kept = incoming.kept
    if kept is None or _is_nothing(kept):
        return Reply((line,), buttons)
    groups = len(_groups(kept))
    slots = {
        "walks": str(len(kept.outcomes)),
        "plans": str(len(kept.plans)),
        "settings": str(bool(kept.country) + (kept.days != KEPT_DAYS)),
        "dues": str(len(kept.dues)),
        "groups": str(groups),
        "yeses": str(len(kept.consents) - groups),
    }
    return Reply((count, line), buttons, slots)


def stays(_: Incoming, held: Held) -> Decision:
    """The second tap was no."""
    return _say(replace(held, erasing=0), Line.FORGET_KEPT)


# --- Walk by walk -------------------------------------------------------------------------------------------------

_EPOCH: Final = dt.date(1970, 1, 1).toordinal()
_CHECK_BITS: Final = 5
_CHECKED: Final = (1 << _CHECK_BITS) - 1
_DELETE: Final = tuple(Label(f"delete.{number}") for number in range(1, _PAGE + 1))
_ENDED: Final[Mapping[Change, Label]] = {
    Change.LESS: Label.ENDED_LESS,
    Change.SAME: Label.ENDED_SAME,
    Change.MORE: Label.ENDED_MORE,
}


def _no_history(incoming: Incoming, held: Held) -> Decision | None:
    """What is said where there are no walks to show."""
    if held.state.minor:
        return _say(held, Line.CONSENT_UNDER_16)
    if incoming.kept is None:
        return _say(held, Line.STORE_FAILED)
    if Purpose.REMEMBER not in held.consents | held.lapsed:
        return _say(held, Line.PROGRESS_OFF, buttons=((REMEMBER,),))
    return None if incoming.kept.outcomes else _say(held, Line.PROGRESS_NONE)


def _newest_first(incoming: Incoming) -> tuple[Outcome, ...]:
    return () if incoming.kept is None else incoming.kept.outcomes[::-1]


def history(incoming: Incoming, held: Held) -> Decision:
    """The walks that are kept, newest first, a page of them."""
    return _history(_pressed(incoming) or 0, incoming, held)


def _older(incoming: Incoming, held: Held) -> Decision:
    """Typed: the page after the one that was shown last."""
    numbers = [one.walk for one in _newest_first(incoming)]
    shown = held.listed and held.listed[-1] in numbers
    return _history(numbers.index(held.listed[-1]) // _PAGE + 1 if shown else 0, incoming, held)


def _history(page: int, incoming: Incoming, held: Held) -> Decision:
    if (none := _no_history(incoming, held)) is not None:
        return none
    walks = _newest_first(incoming)
    page = page if page * _PAGE < len(walks) else 0
    start = page * _PAGE
    shown = walks[start : start + _PAGE]
    rows: Rows = tuple(
        (Button(_DELETE[place], Action.ERASE, place << _CHECK_BITS | one.walk & _CHECKED),)
        for place, one in enumerate(shown)
    )
    if start + _PAGE < len(walks):
        rows = (*rows, (Button(Label.OLDER, Action.HISTORY, page + 1),))
    told = [part for place, one in enumerate(shown) for part in ("\n" * bool(place), f"{place + 1}. ", *_told(one))]
    now = replace(held, listed=tuple(one.walk for one in shown))
    return Decision(now, (Reply((Line.HISTORY_PAGE,), rows, {"walks": tuple(told)}),))


def _day(at: int) -> tuple[Label | str, ...]:
    day = dt.date.fromordinal(_EPOCH + at // DAY)
    return (f"{day.day} ", Label(f"month.{day.month}"))


def _told(one: Outcome) -> tuple[Label | str, ...]:
    """A walk in at most eight words: its day, one word for it, the upset before and after, care at its end."""
    parts: list[tuple[Label | str, ...]] = []
    if one.source is not Source.NONE:
        parts.append((Label(f"met.{one.source}"),))
    elif one.conditions:
        parts.append((Label(f"told.{str(next(iter(one.conditions)).name).lower()}"),))
    if one.upset_before is not None and one.upset_after is not None:
        parts.append((f"{one.upset_before} ", Label.TO, f" {one.upset_after}"))
    if one.change is not Change.UNSAID:
        parts.append((_ENDED[one.change],))
    rest = [piece for place, part in enumerate(parts) for piece in (", " if place else ": ", *part)]
    return (*_day(one.ended_at), *rest)


def erase(incoming: Incoming, held: Held) -> Decision:
    """Delete one walk? Where it is not known any more which one is meant, they are shown again."""
    value = _pressed(incoming)
    if value is None:
        return history(incoming, held)
    place, check = value >> _CHECK_BITS, value & _CHECKED
    fits = place < len(held.listed) and held.listed[place] & _CHECKED == check
    return _erase(place if fits else _PAGE, incoming, held)


def _erase(place: int, incoming: Incoming, held: Held) -> Decision:
    walk = held.listed[place] if place < len(held.listed) else 0
    one = next((one for one in _newest_first(incoming) if one.walk == walk), None)
    if one is None:
        return _history(0, incoming, held)
    rows = ((Button(Label.DELETE_WALK, Action.ERASE_YES, walk & 0xFF), Button(Label.FORGET_NO, Action.FORGET_NO)),)
    return Decision(replace(held, erasing=walk), (Reply((Line.HISTORY_ASK,), rows, {"day": _day(one.ended_at)}),))


def erased(incoming: Incoming, held: Held) -> Decision:
    """Yes, this walk: the one that was asked about last, and no other."""
    walk, value = held.erasing, _pressed(incoming)
    one = next((one for one in _newest_first(incoming) if one.walk == walk), None)
    if one is None or value not in {None, walk & 0xFF}:
        return _history(0, incoming, held)
    reply = Reply((Line.HISTORY_DONE,), slots={"day": _day(one.ended_at)})
    return Decision(replace(held, erasing=0), (reply,), (Erased(walk),))


# --- Plans --------------------------------------------------------------------------------------------------------

_ASKING_PLAN: Final = frozenset({Line.IF_THEN_ASK, Line.IF_THEN_LONG})
"""After one of these a text may be the line of a plan."""


def awaiting(decision: Decision) -> Decision:
    """The same, with what may come next: the line of a plan, or the answer to a question about what is kept."""
    if not decision.replies:
        return decision
    said = [line for reply in decision.replies for line in reply.keys]
    asked = any(line in _ASKING_PLAN for line in said)
    question = said[-1] if said[-1] in _OPEN else None
    return replace(decision, held=replace(decision.held, asked_plan=asked, question=question))


def _buttons_of(one: Plan) -> tuple[Button, Button]:
    number = one.number & 0xFF
    return (
        Button(Label.IF_THEN_DONE, Action.PLAN_DONE, number),
        Button(Label.IF_THEN_KEEP, Action.PLAN_KEEP, number),
    )


def plan(incoming: Incoming, held: Held) -> Decision:
    """Keep what follows the command, or show the plans and ask for one. Without a yes nothing of it is held."""
    if in_emergency(held):
        return Decision(held, emergency_first(held.state))
    if Purpose.PLANS in held.consents and _one_line(incoming.words):
        return keep_plan(incoming, held)
    plans = () if incoming.kept is None else incoming.kept.plans
    shown = tuple(Reply((Line.IF_THEN_SHOWN,), ((_buttons_of(one)[0],),), {"plan": one.text}) for one in plans)
    if Purpose.PLANS not in held.consents:
        asked = ask_for(Purpose.PLANS, held)
    elif incoming.kept is None:
        asked = _say(held, Line.STORE_FAILED)
    else:
        asked = _say(held, Line.IF_THEN_MANY if len(plans) >= MOST_PLANS else Line.IF_THEN_ASK)
    return replace(asked, replies=(*shown, *asked.replies))


def keep_plan(incoming: Incoming, held: Held) -> Decision:
    """The line of a plan, in the person's own words, from someone who said yes to that."""
    text = _one_line(incoming.words)
    if incoming.kept is None:
        return _say(held, Line.STORE_FAILED)
    if len(incoming.kept.plans) >= MOST_PLANS:
        return _say(held, Line.IF_THEN_MANY)
    if len(text) > LONGEST_PLAN:
        return _say(held, Line.IF_THEN_LONG)
    made = Plan(_number(incoming.seed, incoming.kept), incoming.at, text)
    line = Line.IF_THEN_KEPT_ALONE if Purpose.ALONE in held.consents | held.lapsed else Line.IF_THEN_KEPT
    reply = Reply((line,), ((_buttons_of(made)[0],),), {"plan": text})
    return Decision(held, (reply,), (Planned(made),))


def _one_line(words: str) -> str:
    """The words without breaks, and without what steers a screen or cannot be written down."""
    return "".join(sign for sign in " ".join(words.split()) if category(sign) not in {"Cc", "Cs"})


def _number(seed: int, kept: Kept) -> int:
    """A number whose last byte tells it from the others: that is all that a button has room for."""
    taken = {one.number & 0xFF for one in kept.plans}
    return next(seed ^ step for step in range(256) if (seed ^ step) & 0xFF not in taken)


def plan_done(incoming: Incoming, held: Held) -> Decision:
    """A plan is done, and goes. Typed, with several plans, they are shown."""
    if incoming.kept is None:
        return _say(held, Line.STORE_FAILED)
    value, plans = _pressed(incoming), incoming.kept.plans
    if value is None and len(plans) != 1:
        return plan(replace(incoming, text="", earlier=()), held)
    one = next((one for one in plans if value in {None, one.number & 0xFF}), None)
    if one is None:
        return _say(held, Line.IF_THEN_GONE)
    return Decision(held, (Reply((Line.IF_THEN_DONE,), slots={"plan": one.text}),), (PlanDone(one.number),))


def plan_stays(incoming: Incoming, held: Held) -> Decision:
    """It is not done yet, which is as good an answer. Where it is gone, that is said."""
    if incoming.kept is None:
        return _say(held, Line.STORE_FAILED)
    value = _pressed(incoming)
    is_kept = any(value in {None, one.number & 0xFF} for one in incoming.kept.plans)
    return _say(held, Line.IF_THEN_STAYS if is_kept else Line.IF_THEN_GONE)


# --- What is sent without a message before it ---------------------------------------------------------------------


def reminder(one: Plan) -> Reply:
    """What reminds of a plan, a day later. Its first line is neutral, since it may show on a locked screen."""
    return Reply((Line.IF_THEN_REMINDER,), (_buttons_of(one),), {"plan": one.text}, lane=Lane.BROADCAST)


def inactive_notice() -> Reply:
    """The one notice before all that is kept of someone who no longer writes is deleted."""
    return Reply((Line.INACTIVE_NOTICE,), lane=Lane.BROADCAST)


# --- The tables ---------------------------------------------------------------------------------------------------

COMMANDS: Final[Mapping[str, Handler]] = {
    "history": history,
    "plan": plan,
    "privacy": privacy,
    "consent": consent,
    "export": copies,
    "forget": forget,
}

BUTTONS: Final[Mapping[Action, Handler]] = {
    Action.AGREE: agree,
    Action.DECLINE: decline,
    Action.UNDER_16: under_16,
    Action.WITHDRAW: withdraw,
    Action.WITHDRAW_GROUP: withdraw_group,
    Action.ASK_FOR: _asked_for,
    Action.HOW_LONG: how_long,
    Action.KEEP_FOR: keep_for,
    Action.FORGET_YES: forgotten,
    Action.FORGET_NO: stays,
    Action.HISTORY: history,
    Action.ERASE: erase,
    Action.ERASE_YES: erased,
    Action.PLAN_DONE: plan_done,
    Action.PLAN_KEEP: plan_stays,
}

TYPED: Final[Mapping[Label, Handler]] = {
    Label.REMEMBER_YES: agree,
    Label.COUNTRY_KEEP: agree,
    Label.AGREE: agree,
    Label.UNDER_16: under_16,
    Label.REMEMBER_NO: decline,
    Label.COUNTRY_FOR_NOW: decline,
    Label.DECLINE: decline,
    Label.REMEMBER: partial(_ask, Purpose.REMEMBER),
    Label.IF_THEN: partial(_ask, Purpose.PLANS),
    Label.ALONE: partial(_ask, Purpose.ALONE),
    Label.ASK_AGAIN: consent,
    **{label: partial(_withdrawn, purpose) for purpose, label in _OFF.items()},
    Label.GROUP_OFF: withdraw_group,
    Label.HOW_LONG: how_long,
    **{button.label: partial(_length_typed, button.value) for button in _LENGTHS},
    Label.FORGET_YES: forget,
    Label.FORGET_NO: stays,
    Label.OLDER: _older,
    **{label: partial(_erase, place) for place, label in enumerate(_DELETE)},
    Label.DELETE_WALK: erased,
    Label.IF_THEN_DONE: plan_done,
    Label.IF_THEN_KEEP: plan_stays,
}
"""The same buttons by their words, for whoever types them."""

_LOOKS: Final = frozenset({*COMMANDS, "progress"}) - {"privacy"}
_LOOKS_TOO: Final = (Label.SHOW, Label.SHOW_WALKS)


def looks_back(incoming: Incoming, held: Held, content: Content) -> bool:
    """Whether the answer may rest on what is kept of the person, so that the shell has to look."""
    match incoming.pressed:
        case Opened(action=action) if incoming.kind is Kind.PRESS:
            return action in BUTTONS or action is Action.SHOW_WALKS
    words = plain(incoming.words)
    named = any(content.spoken[label] == words for label in (*TYPED, *_LOOKS_TOO))
    named = named or content.typed.get(words) in _LOOKS
    return incoming.command in _LOOKS or named or held.asked_plan or held.question is not None
