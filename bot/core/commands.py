"""The commands, and the buttons that are not of a walk.

Rules that hold here: every command is in `COMMANDS`, which also fills Telegram's menu; the bare commands /stop and
/forget are just that. What is about keeping is in `keeping`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from bot.core import follow_ups, keeping
from bot.core.cards import emergency_first, in_emergency, stands
from bot.core.consent import Handler, ask_for, pressed, say
from bot.core.copies import replace
from bot.core.facts import Chose, Ended, Moved, Withdrew
from bot.core.gap import DAY, outcome_of
from bot.core.helplines import PLACES
from bot.core.kept import Purpose
from bot.core.lines import Label, Line
from bot.core.model import Action, Animation, Button, Decision, Ground, Held, Incoming, Kind, Lane, Opened, Reply
from bot.core.progress import progress, show, show_after, show_walks
from bot.core.sequence import AFTER_CARD, HOLDS, TENDER, WALKING, Under, advance, begin
from bot.core.state import NO_RATING, CareFor, Condition, Event, Reason, Source, State, Step
from bot.core.steps import BEGIN, again, opening

_DROP_COUNTRY: Final = ((Button(Label.COUNTRY_DROP, Action.COUNTRY_DROP),),)
_COMMAND: Final = re.compile(r"/([A-Za-z0-9_]+)(?:@\w+)?(?![\w/@])\s*")  # "/stop." stops too
_PLACES: Final = ("first", "second", "third")
_SPOKE_OF: Final = ((), (Line.SPOKE_OF_ONE,), (Line.SPOKE_OF_TWO,), (Line.SPOKE_OF_THREE,))
"""The line that names so many reasons, and its slots in their order."""
_LIGHT: Final = frozenset({Reason.EVERYDAY, Reason.PLAY})
"""All that is told as a reason to have found nothing: nobody hears that a death weighed too little."""
_WORDINGS: Final = 60
"""A multiple of each number of wordings that a line may have, from 2 to 6."""
_MOST_WALKS: Final = 2**24 // _WORDINGS * _WORDINGS - _WORDINGS
"""So that what is chosen anew still fits in 24 bits."""
_ADD_GROUP: Final = Button(Label.ADD_GROUP, Action.ADD)
_OF_ROOMS: Final = (
    (Button(Label.GROUP_SETTINGS, Action.ROOM_PANEL, 0),),
    (Button(Label.CHANNEL_SETTINGS, Action.ROOM_PANEL, 1),),
    (_ADD_GROUP, Button(Label.ADD_CHANNEL, Action.ADD, 1)),
)
_KEYS: Final = (
    Button(Label.ROOM_PICK_GROUP, Action.ROOM_PICK, 0),
    Button(Label.ROOM_PICK_CHANNEL, Action.ROOM_PICK, 1),
)
NEVER_MIND: Final = Button(Label.ROOM_NEVER_MIND, Action.ROOM_PANEL)
"""A key of the same keyboard."""
_NOT_SAID_AGAIN: Final = frozenset({Step.IDLE, Step.CLOSE, Step.DANGER_ASK})
"""Nothing is under way; and the open question is put again after every command that asks nothing."""


def start(_: Incoming, held: Held) -> Decision:
    """What it is, how to begin, and how to have it in a group."""
    return say(held, Line.START, buttons=((BEGIN,), (_ADD_GROUP,)))


def help_(_: Incoming, held: Held) -> Decision:
    """What can be done here."""
    return say(held, Line.HELP, buttons=((BEGIN,),))


def walk(incoming: Incoming, held: Held) -> Decision:
    """A new walk, whatever was before."""
    conditions, source = _known(incoming, held)
    state = begin(seed_of(incoming, held), source=source, conditions=conditions, minor=held.state.minor)
    unanswered = held.state.step is Step.DANGER_ASK
    state = replace(state, again=walked_today(incoming, held), danger_asked=unanswered)
    if stands(held) and held.state.care_for is CareFor.MYSELF:  # after a card about one's own life
        state = replace(state, care_for=CareFor.MYSELF)
    moved = Moved(held.state.step, Event.NEXT, state.step)
    return Decision(replace(held, state=state), (opening(state, told=_offered(incoming) is not None),), (moved,))


def _known(incoming: Incoming, held: Held) -> tuple[Condition, Source]:
    """What a walk that is asked for goes by: a text just before it that opened none, or a loss that still holds."""
    if held.told is not None:
        return held.told.conditions, held.told.source
    offered = _offered(incoming)
    if offered is not None:  # which may stand beside another walk
        return offered.conditions, offered.source
    if held.state.step is Step.ASK:
        return held.state.conditions, held.state.source
    return held.state.conditions & TENDER, Source.NONE


def _offered(incoming: Incoming) -> State | None:
    """What an offer went by that was taken up: it was made since something was told in a group."""
    match incoming.pressed:
        case Opened(action=Action.WALK, state=state) if incoming.kind is Kind.PRESS and state.step is Step.ASK:
            return state
        case _:
            return None


def walked_today(incoming: Incoming, held: Held) -> bool:
    """Whether a full walk came to its end within a day, by what is held or by the button that was pressed.

    The hour where the person lives is not known, so that "the same day" is a day and a night.
    """
    match incoming.pressed:
        case Opened(state=state) if is_full(state):
            return True
        case _:
            return bool(held.walked_at) and incoming.at - held.walked_at < DAY


def is_full(state: State) -> bool:
    """Whether a walk stands at the close of the full way, from an upset that was told to care for someone else."""
    toward = state.upset_before != NO_RATING and state.care_for is not CareFor.MYSELF
    return state.step is Step.CLOSE and toward and not state.short and HOLDS[Under.PLAIN](state)


def seed_of(incoming: Incoming, held: Held) -> int:
    """A new walk's number. By its remainder wordings are chosen, so it is one more than that of the walk before."""
    before = held.state.walk or held.walked
    if not before:
        return incoming.seed
    chance = incoming.seed % _MOST_WALKS
    return chance - chance % _WORDINGS + (before + 1) % _WORDINGS or _WORDINGS


def crisis(_: Incoming, held: Held) -> Decision:
    """Where urgent help is."""
    return Decision(held, (Reply((Line.CRISIS,), lane=Lane.DANGER),))


def stop(incoming: Incoming, held: Held) -> Decision:
    """End the walk at once, with no question. Where none is under way, noticing in groups ends."""
    before = held.state
    state = advance(before, Event.STOP)
    if state is before:
        group = {Purpose.GROUP}
        if group & (held.consents | held.lapsed):
            held = replace(held, consents=held.consents - group, lapsed=held.lapsed - group)
            return say(held, Line.NOTICE_STOPPED, facts=(Withdrew(Purpose.GROUP),))
        return say(held, Line.NOTHING_TO_STOP)
    ended = (Ended(outcome_of(before, incoming.at, finished=False)),) if before.step in WALKING else ()
    line = Line.HELD_STOPPED_NOW if in_emergency(held) else Line.HELD_STOPPED if stands(held) else Line.STOPPED
    facts = (Moved(before.step, Event.STOP, state.step), *ended)
    return replace(say(replace(held, state=state), line), facts=facts)


def breathe(_: Incoming, held: Held) -> Decision:
    """A slow pace to breathe at, and the step once more.

    Only for whoever asks, and never offered: attention to the breath can make panic, trauma and asthma worse, so the
    senses are what steadies here. In a review of 58 trials (PMC10741869) what worked took five minutes or more, so the
    words speak of a moment's help.
    """
    if in_emergency(held):
        return Decision(held, emergency_first(held.state))
    paced = Reply((Line.BREATHING,), attached=Animation.BREATHING)
    return Decision(held, (paced,) if held.state.step in _NOT_SAID_AGAIN else (paced, again(held.state)))


def why(_: Incoming, held: Held) -> Decision:
    """In plain words, why the last text was answered as it was. None of its own words are known any more."""
    if held.why is None:
        return say(held, Line.WHY_NOTHING)
    ground, reasons = held.why.ground, held.why.reasons
    if ground is Ground.NONE:
        reasons = tuple(reason for reason in reasons if reason in _LIGHT)
    slots = {name: Label(f"reason.{reason}") for name, reason in zip(_PLACES, reasons, strict=False)}
    lines = (Line(f"why.{ground}"), *_SPOKE_OF[len(slots)], Line.BY_WORDS)
    return Decision(held, (Reply(lines, slots=slots),))


def country(_: Incoming, held: Held) -> Decision:
    """Which country? Its buttons are made where the countries are known."""
    return say(held, Line.COUNTRY_ASK, buttons=_DROP_COUNTRY if held.country else ())


def settle(held: Held, code: str) -> Decision:
    """The lines of a country, and how long it is held. Whether to keep it is asked of nobody at a card."""
    held = replace(held, country=code)
    kept = Purpose.COUNTRY in held.consents
    may_ask = not held.state.minor and held.state.step not in AFTER_CARD | {Step.DANGER_ASK}
    if may_ask and not kept:
        decision = ask_for(Purpose.COUNTRY, held)
    else:
        decision = say(held, Line.COUNTRY_KEPT if kept else Line.COUNTRY_NOW)
    lines = Reply((Line.CARD_LINES,), lane=Lane.DANGER)
    return replace(decision, replies=(lines, *decision.replies), facts=(Chose(code),))


def country_chosen(incoming: Incoming, held: Held) -> Decision:
    """A tap on the name of a country."""
    match incoming.pressed:
        case Opened(value=value) if value < len(PLACES):
            return settle(held, PLACES[value])
        case _:
            return country(incoming, held)


def country_dropped(_: Incoming, held: Held) -> Decision:
    """No country is shown any more, and none is kept."""
    country = {Purpose.COUNTRY}
    withdrawn = (Withdrew(Purpose.COUNTRY),) if country & (held.consents | held.lapsed) else ()
    held = replace(held, country="", consents=held.consents - country, lapsed=held.lapsed - country)
    return replace(say(held, Line.COUNTRY_DROPPED), facts=withdrawn)


def how_to_help(_: Incoming, held: Held) -> Decision:
    """For those who answer someone in distress: three ways from feeling with them to care."""
    lines = (Line.HOW_TO_HELP_SAY, Line.HOW_TO_HELP_LEAVE, Line.HOW_TO_HELP_SELF)
    return Decision(held, tuple(Reply((line,)) for line in lines))


def _offer_declined(_: Incoming, held: Held) -> Decision:
    """Not now, to an offer because of something written in a group."""
    return Decision(held, (Reply((Line.OFFER_NO,), in_place=True),))


def settings(_: Incoming, held: Held) -> Decision:
    """Where things can be changed."""
    return say(held, Line.SETTINGS, buttons=_OF_ROOMS)


def which(held: Held, *kinds: int) -> Decision:
    """Which group (0), or which channel (1)? A keyboard asks Telegram."""
    keys = tuple((_KEYS[kind],) for kind in kinds or range(len(_KEYS)))
    return say(held, Line.ROOM_WHICH, buttons=(*keys, (NEVER_MIND,)))


def pick(incoming: Incoming, held: Held) -> Decision:
    """A tap on the settings of a group, or of a channel."""
    if in_emergency(held):
        return Decision(held, emergency_first(held.state))
    value = pressed(incoming)
    return which(replace(held, asked_room=Action.ROOM_PANEL), *((value,) if value in range(len(_KEYS)) else ()))


def unknown(_: Incoming, held: Held) -> Decision:
    """A command that is none of ours."""
    return say(held, Line.UNKNOWN_COMMAND)


COMMANDS: Mapping[str, Handler] = {
    "start": start,
    "walk": walk,
    "crisis": crisis,
    "country": country,
    "breathe": breathe,
    "stop": stop,
    "help": help_,
    "why": why,
    "progress": progress,
    **keeping.COMMANDS,
    "howtohelp": how_to_help,
    "settings": settings,
}

GROUP_MENU: Final = ("walk", "howtohelp", "crisis")
"""The commands that Telegram's menu has in groups."""
ADMIN_MENU: Final = ("settings", "guide", "pulse", "hold", "release", "topic", "leave")
"""What it has there for admins besides."""
KNOWN_IN_GROUPS: Final = frozenset((*COMMANDS, *GROUP_MENU, *ADMIN_MENU))
"""What in a group is for the bot although it does not name it."""

BUTTONS: Mapping[Action, Handler] = {
    Action.WALK: walk,
    Action.CRISIS: crisis,
    Action.SHOW: show,
    Action.SHOW_WALKS: show_walks,
    Action.SHOW_AFTER: show_after,
    Action.ROOM_PANEL: pick,
    Action.OFFER_NO: _offer_declined,
    Action.HOW_TO_HELP: how_to_help,
    Action.COUNTRY: country_chosen,
    Action.COUNTRY_DROP: country_dropped,
    **follow_ups.BUTTONS,
    **keeping.BUTTONS,
}
"""The buttons that mean the same whatever step a walk stands at, so they never go stale."""


TYPED_BUTTONS: Mapping[Label, Handler] = {
    Label.BEGIN: walk,
    Label.URGENT_HELP: crisis,
    Label.SHOW: show,
    Label.SHOW_WALKS: show_walks,
    Label.SHOW_AFTER: show_after,
    Label.COUNTRY_DROP: country_dropped,
    Label.GROUP_SETTINGS: lambda _, held: which(held, 0),
    Label.CHANNEL_SETTINGS: lambda _, held: which(held, 1),
    **follow_ups.TYPED,
    **keeping.TYPED,
}
"""The same buttons by their words, for whoever types them."""


def split_command(text: str) -> tuple[str, str]:
    """The command that a text begins with, in lower case without slash and address, and what follows it.

    A text that begins with none gives "" and itself.
    """
    found = _COMMAND.match(text)
    return ("", text) if found is None else (found[1].lower(), text[found.end() :])


def menu(names: Iterable[str] = COMMANDS) -> tuple[tuple[str, Label], ...]:
    """The commands for Telegram's menu, each with the label that describes it: those of a private chat, or others."""
    return tuple((name, Label(f"command.{name}")) for name in names)
