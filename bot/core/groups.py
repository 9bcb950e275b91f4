"""What may ever be said in a group, and when.

Rules that hold here: a message that is not addressed to the bot is dropped before any rule reads it; nothing about a
person is said, and everyone gets the same lines; nothing here touches the state of anyone's walk.
"""

from typing import Final

from bot.core.lines import Label, Line
from bot.core.matching import hear
from bot.core.model import Action, Button, Content, Decision, Held, Incoming, Kind, Lane, Reply, Tier

DOOR: Final = ((Button(Label.WRITE_PRIVATELY, Action.DOOR),),)


def decide_in_group(incoming: Incoming, held: Held, content: Content) -> Decision:
    """One generic line with the way to the private chat, or nothing."""
    if not incoming.addressed or incoming.kind is Kind.PRESS:
        return Decision(held)
    if any(content.guard.read(hear(text)).tier is not Tier.NONE for text in {*incoming.texts, incoming.words} if text):
        return Decision(held, (Reply((Line.GROUP_DANGER,), DOOR, lane=Lane.DANGER),))
    if incoming.kind not in {Kind.TEXT, Kind.COMMAND}:
        return Decision(held)
    line = Line.GROUP_LANGUAGE if content.is_foreign(incoming.text) else Line.GROUP_PRIVATE
    return Decision(held, (Reply((line,), DOOR),))
