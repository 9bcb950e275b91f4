"""What members of a group find in private: what they wrote there, how to answer others, and what they agree to.

Rules that hold here: whoever comes through a door finds their own chat, and nothing of anyone else's; help comes before
all else; what is said to those who answer others goes by the evidence of this project, and no clinician has signed it.
"""

from __future__ import annotations

from typing import Final

from bot.core.cards import card_of, once_more, standing, stands
from bot.core.commands import how_to_help, start, walk
from bot.core.consent import APART, ask_in
from bot.core.copies import replace
from bot.core.helplines import message
from bot.core.kept import Purpose
from bot.core.lines import Label, Line
from bot.core.model import Action, Button, Content, Decision, Door, Held, Incoming, Opened, Reply
from bot.core.room import marked, title_of
from bot.core.room_desk import leading_back
from bot.core.sequence import WALKING
from bot.core.state import Event, Step
from bot.core.steps import again, opening
from bot.core.turn import Turn, moved, new_walk, said_again

_GUIDE: Final = (Line.GUIDE_ANSWER, Line.GUIDE_ASK, Line.GUIDE_LEAVE, Line.GUIDE_MODERATORS)


def opened(turn: Turn) -> Decision | None:
    """The private chat was opened through a door of a group. The doors for settings and totals are elsewhere."""
    incoming, held = turn.incoming, turn.held
    match None if incoming.there is None else incoming.there.door:
        case Door.TALK:
            return _talk(turn)
        case Door.WALK:
            return walk(incoming, held)
        case Door.HOW_TO_HELP:
            return how_to_help(incoming, held)
        case Door.NOTICE:
            return _noticing(incoming, held)
        case Door.GUIDE:
            return guide(incoming, held, turn.content)
        case _:
            return None


def tapped(turn: Turn) -> Decision | None:
    """A button of the panel that is about the guide: it is followed for an admin, which was looked at before."""
    match turn.incoming.pressed:
        case Opened(action=Action.ROOM_GUIDE):
            return guide(turn.incoming, turn.held, turn.content)
        case _:
            return None


def commanded(turn: Turn) -> Decision | None:
    """The command for the guide, likewise."""
    return guide(turn.incoming, turn.held, turn.content) if turn.incoming.command == "guide" else None


def _talk(turn: Turn) -> Decision:
    """What is under way; or a walk, where what they wrote in the group was noticed; or how to begin."""
    state, notice = turn.state, turn.held.told
    if stands(turn.held):  # it may be that the card could not be sent here
        tier = standing(turn.held)
        return Decision(turn.held, once_more(state) if tier is None else card_of(tier, state))
    if state.step is Step.DANGER_ASK:  # the question comes again after every command
        return Decision(turn.held)
    if state.step in WALKING:
        return said_again(turn)
    if notice is None:
        return start(turn.incoming, turn.held)
    step = Step.ARRIVE if notice.sure or notice.offer else Step.ASK
    state = new_walk(turn, step, notice)
    return moved(turn, Event.NEXT, state, opening(state) if step is Step.ARRIVE else again(state))


def _noticing(incoming: Incoming, held: Held) -> Decision:
    """The question whether the bot may notice what they write in this group, or how that stands."""
    there = incoming.there
    if there is None or there.room is None:
        return start(incoming, held)
    held = replace(held, room=there.chat)
    state, slots = marked(there.ref), {"title": title_of(there.title)}
    if not there.room.reads_members:
        return Decision(held, (Reply((Line.NOTICE_OFF_THERE,), ((APART,),), slots, state=state),))
    if there.is_agreed:
        stop = Button(Label.STOP_THERE, Action.WITHDRAW_GROUP, there.chat & 0xFF)
        return Decision(held, (Reply((Line.NOTICE_ON_THERE,), ((stop,), (APART,)), slots, state=state),))
    asked = ask_in(Purpose.GROUP, incoming, held)
    if held.state.minor:
        return asked
    question = asked.replies[-1]
    about = Reply((Line.ROOM_PICKED,), slots=slots)
    return replace(asked, replies=(about, replace(question, buttons=(*question.buttons, (APART,)))))


def guide(incoming: Incoming, held: Held, content: Content) -> Decision:
    """How admins may answer a member in distress, and where help is in the countries that they chose."""
    room = None if incoming.there is None else incoming.there.room
    countries = content.helplines.countries
    chosen = [countries[code] for code in (() if room is None else room.countries) if code in countries]
    asked = Reply((Line.CARD_LINES,))
    lines = [message(asked, country, content, incoming.at, minor=False) for country in chosen]
    replies = (*(Reply((line,)) for line in _GUIDE), *(lines or (Reply((Line.GUIDE_LINES,)),)))
    there = incoming.there
    return Decision(held, leading_back(replies, there) if there is not None and there.is_admin else replies)
