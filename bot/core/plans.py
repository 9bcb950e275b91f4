"""Plans of one's own: an if-then line, kept until done, and the one reminder of it.

Rules that hold here: without a yes nothing of a line is held; the words are the person's own, in whatever form; what
reminds of one is neutral on a locked screen.
"""

from __future__ import annotations

from typing import Final
from unicodedata import category

from bot.core.cards import emergency_first, in_emergency
from bot.core.consent import ask_for, pressed, say
from bot.core.copies import replace
from bot.core.facts import PlanDone, Planned
from bot.core.kept import Kept, Plan, Purpose
from bot.core.lines import Label, Line
from bot.core.model import Action, Button, Decision, Held, Incoming, Lane, Reply

MOST_PLANS: Final = 5
LONGEST_PLAN: Final = 200
"""Characters."""
ASKING: Final = frozenset({Line.IF_THEN_ASK, Line.IF_THEN_LONG})
"""After one of these a text may be the line of a plan."""


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
        asked = say(held, Line.STORE_FAILED)
    else:
        asked = say(held, Line.IF_THEN_MANY if len(plans) >= MOST_PLANS else Line.IF_THEN_ASK)
    return replace(asked, replies=(*shown, *asked.replies))


def keep_plan(incoming: Incoming, held: Held) -> Decision:
    """The line of a plan, in the person's own words, from someone who said yes to that."""
    text = _one_line(incoming.words)
    if incoming.kept is None:
        return say(held, Line.STORE_FAILED)
    if len(incoming.kept.plans) >= MOST_PLANS:
        return say(held, Line.IF_THEN_MANY)
    if len(text) > LONGEST_PLAN:
        return say(held, Line.IF_THEN_LONG)
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
        return say(held, Line.STORE_FAILED)
    value, plans = pressed(incoming), incoming.kept.plans
    if value is None and len(plans) != 1:
        return plan(replace(incoming, text="", earlier=()), held)
    one = next((one for one in plans if value in {None, one.number & 0xFF}), None)
    if one is None:
        return say(held, Line.IF_THEN_GONE)
    return Decision(held, (Reply((Line.IF_THEN_DONE,), slots={"plan": one.text}),), (PlanDone(one.number),))


def plan_stays(incoming: Incoming, held: Held) -> Decision:
    """It is not done yet, which is as good an answer. Where it is gone, that is said."""
    if incoming.kept is None:
        return say(held, Line.STORE_FAILED)
    value = pressed(incoming)
    is_kept = any(value in {None, one.number & 0xFF} for one in incoming.kept.plans)
    return say(held, Line.IF_THEN_STAYS if is_kept else Line.IF_THEN_GONE)


def reminder(one: Plan) -> Reply:
    """What reminds of a plan, a day later. Its first line is neutral, since it may show on a locked screen."""
    return Reply((Line.IF_THEN_REMINDER,), (_buttons_of(one),), {"plan": one.text}, lane=Lane.BROADCAST)
