"""What has happened, for the shell to keep, to count or to do.

Rules that hold here: frozen values only, no behaviour beyond what a value knows of itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from bot.core.kept import Course, Noticing, Outcome, Plan, Purpose, Rest, Schedule
from bot.core.state import Change, Event, Step, Tier


@dataclass(frozen=True, slots=True)
class Moved:
    """A walk went from one step to another."""

    before: Step
    event: Event
    after: Step


@dataclass(frozen=True, slots=True)
class Ended:
    """A walk came to its end, or was stopped."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Consented:
    """Someone of 16 or older said yes to a purpose. `group`: Telegram's id of the one group that it is for."""

    purpose: Purpose
    group: int = 0  # 0 is everywhere


@dataclass(frozen=True, slots=True)
class Withdrew:
    """A consent ended. `group`: Telegram's id of the one group that it ended for; 0 is everywhere, all groups too."""

    purpose: Purpose
    asked: bool = True  # by the person, who is told what came of it; else since nothing is kept of anyone under 16
    group: int = 0


@dataclass(frozen=True, slots=True)
class Forgot:
    """Someone asked to be forgotten, twice."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A card, or the question, was shown. It is counted for all people together, and kept of nobody."""

    tier: Tier


@dataclass(frozen=True, slots=True)
class Chose:
    """Someone chose a country, by its code: kept where they said yes to that."""

    country: str


@dataclass(frozen=True, slots=True)
class Planned:
    """Someone wrote the line of a plan."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class PlanDone:
    """A plan, by its number, was called done: it is deleted."""

    number: int


@dataclass(frozen=True, slots=True)
class Erased:
    """Someone asked, twice, to delete one walk."""

    walk: int


@dataclass(frozen=True, slots=True)
class KeepFor:
    """Someone chose how many days a walk is kept."""

    days: int


class Tap(StrEnum):
    """What was answered to a nudge."""

    DID = "did"
    NOT_TODAY = "not_today"
    HARDER = "harder"
    OTHER = "other"  # it was read, whatever else


@dataclass(frozen=True, slots=True)
class NudgeChange:
    """What someone changed about their nudges. What is None stays as it was.

    `begin`: from a rest or a pause back to what was chosen. `fewer`: once a week from now on.
    """

    schedule: Schedule | None = None
    course: Course | None = None
    paused_until: int | None = None  # seconds since 1970, UTC
    rest: Rest | None = None
    tap: Tap | None = None
    begin: bool = False
    fewer: bool = False


@dataclass(frozen=True, slots=True)
class FollowedUp:
    """Someone answered a follow-up of a walk, the one after so many days: the upset (0..10), the care, or both.

    Neither is a skip, which is an answer too. `ends`: they want no more of these about this walk.
    """

    walk: int
    days: int
    upset: int | None = None
    change: Change = Change.UNSAID
    ends: bool = False


@dataclass(frozen=True, slots=True)
class RoomChange:
    """An admin changed something about a room, or Telegram did. What is None stays as it was."""

    chat: int
    title: str | None = None
    is_channel: bool | None = None
    is_on: bool | None = None
    language: str | None = None
    noticing: Noticing | None = None
    pause: int | None = None
    circle: Schedule | None = None
    topic: int | None = None
    alerts: int | None = None
    tidy: int | None = None
    held_until: int | None = None
    countries: tuple[str, ...] | None = None
    may_write: bool | None = None
    gone_at: int | None = None

    @property
    def said(self) -> Mapping[str, Any]:
        """The fields that it says something of: the chat is always among them."""
        named = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: value for name, value in named if value is not None}


@dataclass(frozen=True, slots=True)
class RoomLeft:
    """An admin sent the bot away: all that is kept of the room is deleted, and the bot leaves it."""

    chat: int


@dataclass(frozen=True, slots=True)
class Offered:
    """Someone is offered a walk in private, because of something that they wrote in a group."""

    chat: int


@dataclass(frozen=True, slots=True)
class Alerted:
    """Moderators of a room are told that a message may be about danger."""

    chat: int


@dataclass(frozen=True, slots=True)
class Joined:
    """Someone took part in a circle: counted for all together."""

    chat: int


Fact = (
    Moved
    | Ended
    | Consented
    | Withdrew
    | Forgot
    | Shown
    | Chose
    | Planned
    | PlanDone
    | Erased
    | KeepFor
    | NudgeChange
    | FollowedUp
    | RoomChange
    | RoomLeft
    | Offered
    | Alerted
    | Joined
)
