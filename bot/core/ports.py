"""What the house asks of whatever carries its messages: the way out, and what can be asked about groups.

Rules that hold here: these raise nothing of their own; what became of a message is a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.core.model import Reply, There


class Fate(StrEnum):
    """What became of a message."""

    ARRIVED = "arrived"
    UNSURE = "unsure"  # it may have arrived
    LOST = "lost"  # it did not arrive; it might at another time
    REFUSED = "refused"  # blocked, gone, or no right to write: not until something changes there


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that went out. `number` is its id, where it arrived."""

    fate: Fate
    number: int | None = None
    wait: float = 0.0  # seconds in which nothing may go to that chat, where it was lost because of that


class Outbox(Protocol):
    """The way out to people, whatever carries it."""

    async def send(self, chat: int, reply: Reply, *, thread: int | None = None) -> Sent:
        """Send one message into a chat, or one thread of it, and say what became of it. Raises nothing of its own."""

    def give_up(self) -> None:
        """Have broadcasts that still wait for their turn be lost at once."""


class RoomOutbox(Outbox, Protocol):
    """The way out to groups and channels, where more can be done."""

    async def edit(self, chat: int, number: int, reply: Reply) -> Sent | None:
        """Put a message in place of the one with that number; None where it cannot be. Raises nothing of its own."""

    async def delete(self, chat: int, number: int) -> None:
        """Delete a message of the bot's own, where it is still there. Raises nothing of its own."""

    async def leave(self, chat: int) -> None:
        """Leave a group or channel. Raises nothing of its own."""


class Directory(Protocol):
    """What can be asked about groups and channels, whatever carries it. Raises nothing of its own."""

    async def admins(self, chat: int) -> frozenset[int] | None:
        """Who may change things there at this moment, by their ids, or None where that cannot be known."""

    async def look(self, chat: int) -> There | None:
        """What it is called, of what kind it is, and how the bot stands there, or None where it cannot be known."""
