"""What may be kept: of people, each thing under a yes of its own, and of groups and channels.

Rules that hold here: frozen values only, no behaviour beyond what a value knows of itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.core.state import Change, Condition, Source


class Noticing(StrEnum):
    """What the bot reads in a group, where it is on. Danger is read in what is addressed to it, in each of these."""

    OFF = "off"
    MENTIONS = "mentions"  # what is addressed to it
    MEMBERS = "members"  # and what is written by those who agreed to that


class Purpose(StrEnum):
    """What a person may say yes to. Each is asked, shown and withdrawn by itself. Only add: places travel."""

    REMEMBER = "remember"  # walks
    COUNTRY = "country"
    PLANS = "plans"  # an if-then line, and one reminder of it
    NUDGES = "nudges"
    FOLLOW_UPS = "follow_ups"
    GROUP = "group"  # noticing what the person writes in one group
    ALONE = "alone"  # never to write first
    APART = "apart"  # never to write because of one group


@dataclass(frozen=True, slots=True)
class Outcome:
    """What *remember* keeps of one walk. A skipped answer is None."""

    walk: int
    ended_at: int  # seconds since 1970, UTC
    source: Source
    conditions: Condition
    upset_before: int | None
    upset_after: int | None
    change: Change
    finished: bool


@dataclass(frozen=True, slots=True)
class Consent:
    """A yes: to which version of its words, and when (seconds since 1970, UTC). `group`: Telegram's id of one group."""

    purpose: Purpose
    version: int
    given_at: int
    group: int = 0  # 0 is everywhere
    offered_at: int = 0  # when the person was last written to because of that group; 0: not yet


@dataclass(frozen=True, slots=True)
class Plan:
    """What *plans* keeps: one line of the person's own. `number`: 24 random bits."""

    number: int
    made_at: int  # seconds since 1970, UTC
    text: str


@dataclass(frozen=True, slots=True)
class Due:
    """Something that will be sent, unless its consent ends before."""

    purpose: Purpose
    at: int  # seconds since 1970, UTC


class Course(StrEnum):
    """How long the training is."""

    EIGHT_WEEKS = "eight_weeks"
    FOUR_WEEKS = "four_weeks"
    OPEN = "open"  # round after round


class Rest(StrEnum):
    """Why no nudge is sent, where none is for longer than a pause."""

    NONE = "none"
    NEW = "new"  # not begun yet
    STOPPED = "stopped"  # by the person
    SILENT = "silent"  # by itself: four messages in a row had no answer
    UNREACHED = "unreached"  # blocked, deleted or gone: until they come back
    ENDED = "ended"  # the course


@dataclass(frozen=True, slots=True)
class Schedule:
    """When nudges come, in local time: the truth that the next one's time is derived from.

    Minutes are those of the local day, 0 to 1439. A day is 0 (Monday) to 6.
    """

    minute: int = 8 * 60 + 30
    days: frozenset[int] = frozenset({0, 2, 4})
    zone: str = ""  # its IANA name; "" until it is known
    quiet_from: int = 21 * 60
    quiet_until: int = 8 * 60  # the same as `quiet_from`: no quiet hours


@dataclass(frozen=True, slots=True)
class Nudging:
    """What *nudges* keeps: what the person chose, and how far it went."""

    schedule: Schedule = Schedule()
    course: Course = Course.EIGHT_WEEKS
    seed: int = 0  # 24 random bits, which order the deck
    theme: int = 0  # the place in the course
    in_theme: int = 0  # practices of this theme that were sent
    seen: frozenset[str] = frozenset()  # practices that were sent, by name
    told_on: int = 0  # the local day (`date.toordinal`) of the last message that the bot sent first; 0: none
    awaiting: bool = False  # the last of them has no answer yet
    asked: bool = False  # whether to go on, since messages had no answer
    ignored: int = 0  # messages in a row that had none
    paused_until: int = 0  # seconds since 1970, UTC; 0: not paused
    rest: Rest = Rest.NEW
    did: int = 0  # answers, for /progress
    not_today: int = 0
    due_at: int = 0  # seconds since 1970, UTC, derived from the rest; 0: nothing is due


@dataclass(frozen=True, slots=True)
class Point:
    """What was answered some days after a walk. A skipped answer is None, or UNSAID."""

    days: int
    upset: int | None = None
    change: Change = Change.UNSAID


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What *follow-ups* keeps of one walk: how it ended, and what was answered in the days after."""

    walk: int
    ended_at: int  # seconds since 1970, UTC
    was_there: bool
    upset_before: int | None
    upset_after: int | None
    change: Change
    points: tuple[Point, ...] = ()  # one for each that was sent
    unanswered: int = 0  # in a row
    sent_at: int = 0  # seconds since 1970, UTC, the last of them; 0: none
    due_at: int = 0  # seconds since 1970, UTC, the next of them; 0: none


@dataclass(frozen=True, slots=True)
class Room:
    """What is kept of a group or channel: what its admins have set, and what follows from that. Nobody is in it.

    Times are seconds since 1970, UTC; lengths are seconds.
    """

    chat: int
    title: str = ""
    is_channel: bool = False
    is_on: bool = False  # an admin has said yes, and the bot has not been removed since
    language: str = "en"
    noticing: Noticing = Noticing.MENTIONS
    pause: int = 24 * 60 * 60  # between two offers to one person
    circle: Schedule = Schedule(minute=18 * 60, days=frozenset(), quiet_from=0, quiet_until=0)  # no days: none
    topic: int = 0  # the thread for what the bot posts by itself; 0 is none
    alerts: int = 0  # the chat whose moderators hear of danger; 0 is none
    tidy: int = 0  # after how long the bot deletes its own answers; 0 is never
    held_until: int = 0  # until then nothing comes by itself
    countries: tuple[str, ...] = ()  # whose helplines the guide shows, by their codes
    may_write: bool = True
    gone_at: int = 0  # when the bot was removed; 0: it is there
    seed: int = 0  # 24 random bits, which order the circle's practices
    seen: frozenset[str] = frozenset()  # practices of the circle that were sent in this round, by name
    told_on: int = 0  # the local day (`date.toordinal`) of the last circle
    due_at: int = 0  # of the next circle, derived from the rest; 0: none is due

    @property
    def reads_members(self) -> bool:
        """Whether what members write is read, of those who agreed."""
        return self.is_on and not self.gone_at and self.noticing is Noticing.MEMBERS


KEPT_DAYS: Final = 90
"""Days that a walk is kept, unless the person chose another number."""


PLAN_DAYS: Final = 14
"""Days that a plan is kept, unless it is done before."""


@dataclass(frozen=True, slots=True)
class Kept:
    """All that is kept of one person, opened."""

    consents: tuple[Consent, ...] = ()
    outcomes: tuple[Outcome, ...] = ()  # oldest first
    plans: tuple[Plan, ...] = ()  # oldest first
    dues: tuple[Due, ...] = ()  # soonest first
    country: str = ""
    days: int = KEPT_DAYS  # that a walk is kept
    person: int = 0  # Telegram's id of them
    seen_on: int = 0  # the day (since 1970, UTC) on which they last wrote
    told_on: int = 0  # the day on which they were told that all will go; 0 if they were not, or have written since
    nudging: Nudging | None = None
    follow_ups: tuple[FollowUp, ...] = ()  # oldest first
