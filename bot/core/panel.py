"""What people choose and answer about nudges: the ways in.

Rules that hold here: without a yes nothing is held but for this talk; every change can be undone; a text is an answer
only where it reads as one, and any other goes on to be noticed as ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.core.cards import emergency_first, in_emergency
from bot.core.consent import say
from bot.core.copies import replace
from bot.core.facts import Consented, Fact, NudgeChange, Tap
from bot.core.kept import Purpose, Rest
from bot.core.lines import Label, Line
from bot.core.matching import plain
from bot.core.model import Action, Content, Decision, Held, Incoming, Kind, Opened, Reply
from bot.core.panel_buttons import TAPPED, button_of, replies_to_one, stop_them, to_a_nudge
from bot.core.panel_shown import (
    ASKED,
    STOP,
    asking_which,
    asking_zone,
    changing,
    going_on,
    kept_of,
    once_changed,
    panel_of,
    said_wrong,
    shown_or_asked,
    with_times,
)
from bot.core.panel_typed import READERS, line_read, not_read, typed_line
from bot.core.sequence import WALKING
from bot.core.state import Step
from bot.core.steps import NUDGE_SETTINGS, URGENT_HELP
from bot.core.times import Wanted

_MOST_WORDS: Final = 4
"""Of an answer that could not be read, to be told so. A longer text may be about anything."""
_WRONG: Final[Mapping[Action, Line]] = {
    Action.NUDGE_TIME: Line.NUDGE_TIME_WRONG,
    Action.NUDGE_DAY: Line.NUDGE_DAYS_WRONG,
    Action.NUDGE_ZONE: Line.NUDGE_ZONE_WRONG,
    Action.NUDGE_QUIET: Line.NUDGE_QUIET_WRONG,
    Action.NUDGE_COURSE: Line.NUDGE_COURSE_ASK,
}


def nudge(incoming: Incoming, held: Held, content: Content) -> Decision:
    """/nudge: the panel, or what its line asks for; from someone who has not said yes, the question first."""
    if in_emergency(held):
        return Decision(held, emergency_first(held.state))
    if held.state.minor:
        return say(held, Line.CONSENT_UNDER_16)
    wanted = content.times.line_of(incoming.words)
    if not incoming.words.strip():
        return shown_or_asked(incoming, held, content)
    button = button_of(plain(incoming.words), replace(held, asked_nudge=Action.NUDGE_PANEL), content)
    if button is not None:
        return TAPPED[button.action](button.value, incoming, held, content)
    return line_read(wanted, incoming, held, content)


def tapped(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """A button that is about nudges; None for any other."""
    match incoming.pressed:
        case Opened(action=action, value=value) if action in TAPPED:
            return TAPPED[action](value, incoming, held, content)
        case _:
            return None


def located(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """A place that was shared, from someone who agreed to nudges: its time zone alone is held."""
    if incoming.location is None or Purpose.NUDGES not in held.consents or in_emergency(held):
        return None
    zone = content.zones.located(*incoming.location)
    if zone is None:
        return asking_zone(held, Line.NUDGE_ZONE_WRONG)
    return changing(with_times(incoming, zone=zone), incoming, held, content)


def typed(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """What a text answers: what the panel asked for, or a nudge. None where it reads as neither."""
    if held.state.step is Step.DANGER_ASK or in_emergency(held):
        return None
    if content.typed.get(plain(incoming.words)) == "nudges":
        return nudge(replace(incoming, text="", earlier=()), held, content)
    if Purpose.NUDGES not in held.consents:  # a line that was put right, before the yes
        return None if held.asked_nudge is None or held.state.minor else typed_line(incoming, held, content)
    words = plain(incoming.words)
    button = button_of(words, held, content)
    if button is not None:
        return TAPPED[button.action](button.value, incoming, held, content)
    in_a_walk = held.state.step in WALKING and held.asked_nudge is Action.NUDGE_PANEL  # a number answers the walk
    reader = None if in_a_walk else READERS.get(held.asked_nudge)
    answered = None if reader is None else reader(incoming, held, content)
    return answered or to_a_nudge(words, incoming, held, content)


def unread(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """A few words where the panel has just asked for something: what is wrong with them, and an example."""
    if held.asked_nudge is None or in_emergency(held) or plain(incoming.words) in content.typed:
        return None
    line = _WRONG.get(held.asked_nudge)
    if line is not None and len(incoming.words.split()) <= _MOST_WORDS:
        return said_wrong(line, incoming, held, content)
    wanted = content.times.line_of(incoming.words)
    is_setting_too = replace(wanted, rest=()) not in {Wanted(), Wanted(stop=True), Wanted(resume=True)}
    return not_read(wanted.rest[0], held) if is_setting_too and wanted.rest else None


def replied(incoming: Incoming, held: Held) -> Decision | None:
    """Words that reply to a nudge and are about nothing else: they were read, and that is enough."""
    if not replies_to_one(incoming) or in_emergency(held):
        return None
    return say(held, Line.NUDGE_READ, buttons=((NUDGE_SETTINGS, URGENT_HELP),))


def stopped(incoming: Incoming, held: Held, content: Content) -> Decision | None:
    """Words that can mean nudges alone, or a plain stop where it answers one or the panel: they stop at once."""
    kept = kept_of(incoming)
    if Purpose.NUDGES not in held.consents or kept.rest is not Rest.NONE:
        return None
    means_them = incoming.kind is Kind.TEXT and content.typed.get(plain(incoming.words)) == "no_more"
    names_them = means_them and held.state.step is not Step.DANGER_ASK
    is_about_them = kept.awaiting or held.asked_nudge is not None or replies_to_one(incoming)
    is_beside = held.state.step in {Step.IDLE, Step.CLOSE} and is_about_them
    if not names_them and not (is_beside and _is_stop(incoming, content)):
        return None
    return stop_them(0, incoming, held, content)


# --- What every decision may have beside ----------------------------------------------------------------------------


def with_nudges(decision: Decision, incoming: Incoming, content: Content) -> Decision:
    """The same with what comes after a yes, with how to stop nudges too, and with what a text in reply has answered."""
    decision = _after_a_yes(decision, incoming, content)
    agreed = Purpose.NUDGES in decision.held.consents
    if agreed and replies_to_one(incoming) and not any(isinstance(fact, NudgeChange) for fact in decision.facts):
        decision = replace(decision, facts=(*decision.facts, NudgeChange(tap=Tap.OTHER)))
    may_come = incoming.kept is None or kept_of(incoming).rest is Rest.NONE
    if agreed and decision.replies and may_come:
        decision = replace(decision, replies=tuple(map(_with_how, decision.replies)))
    if agreed and incoming.command == "start" and kept_of(incoming).rest is Rest.UNREACHED:
        back = Reply((Line.NUDGE_BACK,), ((NUDGE_SETTINGS,),))
        facts = (*decision.facts, going_on(NudgeChange(), incoming))
        decision = replace(decision, replies=(*decision.replies, back), facts=facts)
    return _awaiting(decision)


def _with_how(reply: Reply) -> Reply:
    stops = reply.keys[-1] in {Line.STOPPED, Line.NOTHING_TO_STOP}
    if not stops:
        return reply
    return replace(reply, keys=(*reply.keys, Line.NUDGE_STOP_HOW), buttons=(*reply.buttons, (STOP,)))


def _after_a_yes(decision: Decision, incoming: Incoming, content: Content) -> Decision:
    """What is missing is asked for at once, or all is shown that comes of what was wished before."""
    if Consented(Purpose.NUDGES) not in decision.facts:
        return decision
    held = replace(decision.held, wished=None)
    wished = decision.held.wished or NudgeChange()
    now = once_changed(wished, incoming, content)
    facts: tuple[Fact, ...] = () if wished == NudgeChange() else (wished,)
    if now.schedule.zone:
        change = going_on(wished, incoming)
        after = Decision(held, (panel_of(once_changed(change, incoming, content), incoming.at, content),), (change,))
    elif held.zones:
        after = replace(asking_which(held.zones, held, content), facts=facts)
    else:
        after = replace(asking_zone(held), facts=facts)
    return Decision(after.held, (*decision.replies, *after.replies), (*decision.facts, *after.facts))


def _awaiting(decision: Decision) -> Decision:
    """The same, with what may be typed next. Where nothing is asked for any more, what was offered is let go."""
    held = decision.held
    if not decision.replies:
        return decision
    asked = [ASKED[line] for reply in decision.replies for line in reply.keys if line in ASKED]
    wished = held.wished if held.asked is Purpose.NUDGES else None
    are_offered = (asked and asked[-1] is Action.NUDGE_ZONE) or decision.replies[-1].keys == (Line.ROOM_ZONE_WHICH,)
    zones = held.zones if wished or are_offered else ()
    now = replace(held, asked_nudge=asked[-1] if asked else None, wished=wished, zones=zones)
    return decision if now == held else replace(decision, held=now)


def _is_stop(incoming: Incoming, content: Content) -> bool:
    """Whether it is a plain stop: /stop, or words that mean nothing else. A good night is none."""
    if incoming.command:
        return incoming.command == "stop" and not incoming.words.strip()
    wanted = content.times.line_of(incoming.words)
    return wanted == Wanted(stop=True) or plain(incoming.words) == content.spoken[Label.STOP]
