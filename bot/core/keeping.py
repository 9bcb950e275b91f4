"""What is kept of a person, as the commands and buttons have it; a copy of all of it, and an end to it.

Rules that hold here: words delete only what was just asked about; what is said to be kept or gone is what the store
gave just now.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from bot.core import follow_ups
from bot.core.consent import (
    BY_GROUP,
    LENGTH_BUTTONS,
    OFF,
    QUESTIONS,
    Handler,
    agree,
    answers,
    ask_for,
    ask_in,
    consent,
    decline,
    groups_of,
    how_long,
    is_nothing,
    keep_for,
    length_typed,
    purpose_of,
    say,
    under_16,
    withdraw,
    withdraw_apart,
    withdraw_group,
    withdrawn,
)
from bot.core.copies import replace
from bot.core.export import export
from bot.core.facts import Forgot
from bot.core.history import DELETE_LABELS, erase, erase_at, erased, history, older
from bot.core.kept import KEPT_DAYS, Purpose
from bot.core.lines import Label, Line
from bot.core.matching import plain
from bot.core.model import Action, Button, Content, Decision, Held, Incoming, Kind, Lane, Opened, Reply
from bot.core.plans import ASKING, plan, plan_done, plan_stays
from bot.core.state import Step
from bot.core.steps import Rows

NUDGE_ACTIONS: Final = tuple(action for action in Action if action.name.startswith("NUDGE_"))
"""`panel` follows these for whoever agreed to nudges. From anyone else each of them asks for that."""
_DELETES: Final = frozenset({Line.FORGET_ASK, Line.FORGET_NONE, Line.HISTORY_ASK})
_OPEN: Final = _DELETES | {*QUESTIONS.values(), Line.CONSENT_AGE, Line.KEEP_FOR_ASK}
"""Words that answer one of these do so only where it was said last: typed later, they delete nothing."""
_FEW_WORDS: Final = 6
"""Of a text that may answer a nudge: “not today”."""
_NOES: Final = frozenset({"no", "skip"})
"""What whole messages mean that are a no to a question: "not now"."""
_FORGET: Final = ((Button(Label.FORGET_YES, Action.FORGET_YES), Button(Label.FORGET_NO, Action.FORGET_NO)),)


def _asked_for(incoming: Incoming, held: Held) -> Decision:
    """A button that asks for the question of a purpose, or for what it is about where that is on."""
    return _ask(purpose_of(incoming, held), incoming, held)


def _ask(purpose: Purpose | None, incoming: Incoming, held: Held) -> Decision:
    """The same for this purpose."""
    if purpose is Purpose.PLANS:
        return plan(replace(incoming, text="", earlier=()), held)
    if purpose in BY_GROUP:
        return ask_in(purpose, incoming, held)
    if purpose is None or purpose in held.consents:
        return consent(incoming, held)
    return ask_for(purpose, held)


# --- Answers in words ---------------------------------------------------------------------------------------------


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
    buttons = answers(held.asked)
    for button in (button for row in buttons for button in row):
        if words == content.spoken[button.label]:
            return BUTTONS[button.action](incoming, held)
    if meaning in _NOES:
        return decline(incoming, held)
    yes = meaning == "yes" or (meaning == "did_it" and held.state.step in {Step.IDLE, Step.CLOSE})  # "ok", "done"
    return say(held, Line.CONSENT_AGE, buttons=buttons) if yes else None


# --- Privacy, a copy, and to be forgotten -------------------------------------------------------------------------


def privacy(_: Incoming, held: Held) -> Decision:
    """What is kept, for how long, where, who can see it, and the person's rights."""
    kept = (Line.PRIVACY_KEPT, Line.PRIVACY_LONG, Line.PRIVACY_GROUPS)
    lines = (*kept, Line.PRIVACY_WHERE, Line.PRIVACY_WHO, Line.PRIVACY_RIGHTS)
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
        return say(held, Line.STORE_FAILED)
    if is_nothing(incoming.kept):
        return say(held, Line.EXPORT_NONE)
    first, second = export(incoming.kept, incoming.at)
    return Decision(held, (Reply((Line.EXPORT_FILES,), attached=first), Reply((Line.EXPORT_TABLE,), attached=second)))


def forget(incoming: Incoming, held: Held) -> Decision:
    """The first of two taps, with how much there is."""
    if incoming.kept is not None and is_nothing(incoming.kept):
        return say(held, Line.FORGET_NONE, buttons=_FORGET)
    return Decision(held, (_counted(incoming, Line.FORGET_KEEPS, Line.FORGET_ASK, buttons=_FORGET),))


def forgotten(incoming: Incoming, _: Held) -> Decision:
    """The second tap: nothing is left, in memory or in the store."""
    return Decision(Held(), (_counted(incoming, Line.FORGET_WENT, Line.FORGET_DONE),), (Forgot(),))


def _counted(incoming: Incoming, count: Line, line: Line, buttons: Rows = ()) -> Reply:
    kept = incoming.kept
    if kept is None or is_nothing(kept):
        return Reply((line,), buttons)
    groups = len(groups_of(kept))
    slots = {
        "walks": str(len(kept.outcomes)),
        "plans": str(len(kept.plans)),
        "after": str(len(kept.follow_ups)),
        "settings": str(bool(kept.country) + (kept.days != KEPT_DAYS) + (kept.nudging is not None)),
        "dues": str(len(kept.dues)),
        "groups": str(groups),
        "yeses": str(len(kept.consents) - groups),
    }
    return Reply((count, line), buttons, slots)


def stays(_: Incoming, held: Held) -> Decision:
    """The second tap was no."""
    return say(replace(held, erasing=0), Line.FORGET_KEPT)


def awaiting(decision: Decision) -> Decision:
    """The same, with what may come next: the line of a plan, or the answer to a question about what is kept."""
    if not decision.replies:
        return decision
    said = [line for reply in decision.replies for line in reply.keys]
    asked = any(line in ASKING for line in said)
    question = said[-1] if said[-1] in _OPEN else None
    return replace(decision, held=replace(decision.held, asked_plan=asked, question=question))


# --- What is sent without a message before it ---------------------------------------------------------------------


def inactive_notice() -> Reply:
    """The one notice before all that is kept of someone who no longer writes is deleted."""
    return Reply((Line.INACTIVE_NOTICE,), lane=Lane.BROADCAST)


# --- The tables ---------------------------------------------------------------------------------------------------

COMMANDS: Final[Mapping[str, Handler]] = {
    "history": history,
    "plan": plan,
    "nudge": partial(_ask, Purpose.NUDGES),
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
    Action.WITHDRAW_APART: withdraw_apart,
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
    **dict.fromkeys(NUDGE_ACTIONS, partial(_ask, Purpose.NUDGES)),
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
    Label.ASK_TOMORROW: partial(_ask, Purpose.FOLLOW_UPS),
    Label.ALONE: partial(_ask, Purpose.ALONE),
    Label.ASK_AGAIN: consent,
    **{label: partial(withdrawn, purpose) for purpose, label in OFF.items()},
    Label.GROUP_OFF: withdraw_group,
    Label.HOW_LONG: how_long,
    **{button.label: partial(length_typed, button.value) for button in LENGTH_BUTTONS},
    Label.FORGET_YES: forget,
    Label.FORGET_NO: stays,
    Label.OLDER: older,
    **{label: partial(erase_at, place) for place, label in enumerate(DELETE_LABELS)},
    Label.DELETE_WALK: erased,
    Label.IF_THEN_DONE: plan_done,
    Label.IF_THEN_KEEP: plan_stays,
}
"""The same buttons by their words, for whoever types them."""
_LOOKS: Final = frozenset({*COMMANDS, "progress", "nudges", "no_more", "no_questions"}) - {"privacy"}
_LOOKS_TOO: Final = (Label.SHOW, Label.SHOW_WALKS, Label.SHOW_AFTER, *follow_ups.TYPED)


def looks_back(incoming: Incoming, held: Held, content: Content) -> bool:
    """Whether the answer may rest on what is kept of the person, so that the shell has to look."""
    match incoming.pressed:
        case Opened(action=action) if action in follow_ups.BUTTONS:  # tapped, or replied to in words
            return True
        case Opened(action=action) if incoming.kind is Kind.PRESS:
            return action in BUTTONS or action in {Action.SHOW_WALKS, Action.SHOW_AFTER}
    if incoming.kind is Kind.PRESS:  # one that is not followed
        return False
    if Purpose.NUDGES in held.consents and _may_be_about_nudges(incoming, held):
        return True
    words = plain(incoming.words)
    named = any(content.spoken[label] == words for label in (*TYPED, *_LOOKS_TOO))
    named = named or content.typed.get(words) in _LOOKS
    return incoming.command in _LOOKS or named or held.asked_plan or held.question is not None


def _may_be_about_nudges(incoming: Incoming, held: Held) -> bool:
    """Whether it may be an answer to a nudge, or a setting of them, from someone who agreed to those."""
    if incoming.kind is Kind.LOCATION or incoming.command in {"start", "stop"} or held.asked_nudge is not None:
        return True
    replies = isinstance(incoming.pressed, Opened) and incoming.pressed.action in NUDGE_ACTIONS
    return replies or (not incoming.command and len(incoming.words.split()) <= _FEW_WORDS)
