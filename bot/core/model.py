"""The vocabulary that every room of the house shares.

Rules that hold here: frozen values only, no behaviour beyond what a value knows of itself, and no text of a
person in anything that outlives a message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import IntEnum, IntFlag, StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from bot.core.cards import Answers
    from bot.core.course import Circle, Practice
    from bot.core.gap import Figure
    from bot.core.helplines import Helplines
    from bot.core.lines import Filling, Label, Line
    from bot.core.noticing import Reader
    from bot.core.pulse import Week
    from bot.core.safety import Guard
    from bot.core.schedule import Zones
    from bot.core.times import Times


# --- What comes in -------------------------------------------------------------------------------------------


class Where(StrEnum):
    """The kind of place that a message was written in."""

    PRIVATE = "private"
    GROUP = "group"
    CHANNEL = "channel"


class Kind(StrEnum):
    """What an update is, once an adapter has read it."""

    TEXT = "text"  # words, or the caption of a picture
    EDIT = "edit"  # words that replace earlier ones; read for danger only
    COMMAND = "command"
    PRESS = "press"
    MEDIA = "media"  # a sticker, voice, picture, file, poll: nothing that a program without eyes can read
    LOCATION = "location"  # a place on the map, in private
    ROOM = "room"  # in private: a group or channel was picked
    STANDING = "standing"  # how the bot stands in a group or channel has changed
    LEFT = "left"  # someone has left a group


class Refused(StrEnum):
    """Why a pressed button was not followed."""

    UNREADABLE = "unreadable"  # truncated, forged, another person's, another version's
    EXPIRED = "expired"
    STALE = "stale"  # the walk has gone on since
    TWICE = "twice"


@dataclass(frozen=True, slots=True)
class Opened:
    """A button of ours: the state that it was shown in, and what a press means."""

    state: State
    action: Action
    value: int

    @property
    def discloses(self) -> bool:
        """Whether it answers the question about danger, and with no clear no: that is heard however late it comes."""
        return self.state.step is Step.DANGER_ASK and self.action is Action.OWN


class Door(IntEnum):
    """What a button in a group, or a link out of it, opens in the private chat of whoever presses it.

    Numbers travel in buttons and links: never reuse one, only add.
    """

    TALK = 1  # what is written privately; what the presser wrote there has been noticed, perhaps
    WALK = 2
    HOW_TO_HELP = 3
    NOTICE = 4  # may the bot notice what I write in this group?
    SETTINGS = 5  # this one and those below are for admins
    GUIDE = 6
    PULSE = 7

    @property
    def is_for_admins(self) -> bool:
        """Whether it opens for the admins of the group alone."""
        return self >= Door.SETTINGS


class Noticing(StrEnum):
    """What the bot reads in a group, where it is on. Danger is read in what is addressed to it, in each of these."""

    OFF = "off"
    MENTIONS = "mentions"  # what is addressed to it
    MEMBERS = "members"  # and what is written by those who agreed to that


@dataclass(frozen=True, slots=True)
class Standing:
    """How the bot stands in a group or channel."""

    is_in: bool = True
    was_in: bool = False  # before the change that is told
    is_admin: bool = False
    may_write: bool = True
    reads_all: bool = False  # Telegram hands it every message: as an admin, or with privacy mode off


@dataclass(frozen=True, slots=True)
class There:
    """The group or channel that a message is in, or that it is about."""

    chat: int  # Telegram's id of it
    ref: int = 0  # by the shell: 32 bits that tell it from the others, for buttons
    title: str = ""  # its name, of any signs; "" is not known
    is_channel: bool = False
    is_forum: bool = False
    thread: int | None = None  # the topic that the message is in
    unnamed: bool = False  # written in the name of a group or a channel: nobody can be told from it
    as_room: bool = False  # in the name of this very group: by one of its admins
    names_another: bool = False  # the message names someone besides the bot
    post: str = (
        ""  # a link to the message, for those who are in the group, or on a button beside a pressed one; "": none
    )
    number: int = 0  # of the bot's message that a pressed button is below
    standing: Standing | None = None  # by the adapter or the shell, where it is known
    room: Room | None = None  # by the shell: what is kept of it
    is_admin: bool = False  # by the shell: the person is one of its admins, at this moment
    is_known: bool = True  # by the shell: whether that could be found out
    is_agreed: bool = False  # by the shell: the person agreed to be noticed there
    is_apart: bool = False  # by the shell: the person is never to be written to because of it
    may_card: bool = True  # by the shell: no full card was shown there for a while
    total: int = 0  # by the shell: who took part in the circle below which the button is, with this person
    door: Door | None = None  # by the shell: through which the private chat was opened
    week: Week | None = None  # by the shell: the room's last whole week, for /pulse


@dataclass(frozen=True, slots=True)
class Incoming:
    """One update, in the words of the house."""

    person: int
    where: Where
    kind: Kind
    at: int  # seconds since 1970, UTC
    text: str = ""
    earlier: tuple[str, ...] = ()  # texts typed in a row just before `text`, answered with it
    command: str = ""  # without its slash, lower case; `text` holds what follows it
    payload: str = ""  # of a pressed button, or of a button of the bot's message that this text replies to
    forwarded: bool = False  # its words are another person's
    addressed: bool = True  # in a group: a command, a mention, or a reply to the bot
    seed: int = 1  # 24 random bits, not 0, by the shell: the core has no randomness
    pressed: Opened | Refused | None = None  # what the shell read from the payload
    numbers: tuple[int, ...] = ()  # of the messages that it is made of, or of the one that was edited
    kept: Kept | None = None  # all that is kept of them, where the shell was asked to look
    location: tuple[float, float] | None = None  # latitude and longitude, in degrees: for this one answer
    there: There | None = None  # the group or channel that it is in; in private, that it is about
    picked: There | None = None  # in private: the group that was picked for the alerts of `there`
    titles: Mapping[int, str] = field(default_factory=dict)  # of groups, by their ids, beside `kept`

    @property
    def texts(self) -> tuple[str, ...]:
        """What was typed in a row, one by one."""
        return (*self.earlier, self.text)

    @property
    def words(self) -> str:
        """The same as one text, since people send a sentence in pieces."""
        return " ".join(self.texts)


# --- What is noticed ------------------------------------------------------------------------------------------


class About(StrEnum):
    """What a message is about, for the purpose of this bot."""

    WITNESS = "witness"  # distress from another's suffering
    OWN = "own"  # one's own trouble
    COMPASSION = "compassion"  # another's suffering, met with a settled care
    NONE = "none"


class Source(StrEnum):
    """Where the suffering was met. It changes wording, never steps."""

    NEWS = "news"
    WORK = "work"
    LOVED_ONE = "loved_one"
    STRANGER = "stranger"
    ANIMAL = "animal"
    PRESENT = "present"
    PLANET = "planet"
    ONLINE_GROUP = "online_group"
    NONE = "none"


class Condition(IntFlag):
    """What changes the steps of a walk, or fits its words. Prohibitions of several conditions add up."""

    NONE = 0
    OVERWHELM = 1
    WAS_THERE = 2
    OWN_LOSS = 4
    GUILT = 8
    NUMB = 16
    OUTRAGE = 32
    HELPLESS = 64
    AT_WORK = 128  # between two tasks, and soon back at them
    OWN_PEOPLE = 256  # those in the news are the writer's own
    DIED = 512  # the one who suffered is dead
    HEARD = 1024  # a sound is what comes back


class Tier(StrEnum):
    """What a message says about danger. It orders which help is shown first and is never stored."""

    NONE = "none"
    UNCLEAR = "unclear"
    OWN = "own"
    IMMINENT = "imminent"
    FRIEND = "friend"
    SOMEONE = "someone"
    ABUSE = "abuse"
    THREAT = "threat"
    MEDICAL = "medical"
    PSYCHOSIS = "psychosis"
    EATING = "eating"


class Reason(StrEnum):
    """In the plainest words, why a message seems to be about something."""

    SOMEONE = "someone"  # who suffers
    LIVING = "living"  # animals, land, sea
    DEATH = "death"
    HARM = "harm"  # illness, violence, disaster, want
    SENSED = "sensed"  # that it was seen, heard or read
    FEELING = "feeling"
    BODY = "body"  # and sleep
    RETURNS = "returns"  # by itself, again and again
    GUILT = "guilt"  # and helplessness
    SCENE = "scene"  # a small thing that stands for it all
    OWN_LIFE = "own_life"
    CARE = "care"  # that is settled
    EVERYDAY = "everyday"  # a question, an arrangement, small talk
    PLAY = "play"  # a film, a game, a joke


@dataclass(frozen=True, slots=True)
class Notice:
    """What a message is about. `probability` (0 to 1) is that of WITNESS.

    `reasons`: at most three that spoke for `about`, the strongest first.
    """

    about: About = About.NONE
    probability: float = 0.0
    ask: bool = False  # would open in a private chat, perhaps with the question whether it is about someone else
    sure: bool = False  # needs no such question
    offer: bool = False  # would offer in a group
    source: Source = Source.NONE
    conditions: Condition = Condition.NONE
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Danger:
    """What a message says about danger, and whether its writer seems to be under 16.

    `by_rule`, `age_said`: a rule saw the one, or the other; else what words add up to.
    """

    tier: Tier = Tier.NONE
    minor: bool = False
    by_rule: bool = False
    age_said: bool = False


# --- The walk ---------------------------------------------------------------------------------------------------


class Step(IntEnum):
    """Where someone stands. Numbers travel in buttons: never reuse one, only add."""

    IDLE = 0
    ASK = 1  # "is this about something someone else is going through?"
    OWN = 2  # one's own trouble: what the bot is for, and what it has all the same
    ARRIVE = 3
    EASE = 4
    ANCHOR = 5  # another steadying act
    STAY = 6  # not eased: stays, offers another act or a person
    RESONANCE = 7
    KIND = 8
    WHO = 9  # who is the care for, and is there room for more
    APART = 10
    WISH = 11
    REACH = 12
    TOGETHER = 13
    WE_CARE = 14
    LOOK_BACK = 15
    CARE = 16
    CLOSE = 17
    NEEDS = 18  # own loss and numbness: what body and day need now
    HELD = 19  # after a card about danger
    WHOSE = 20  # a forwarded text: whose words are these?
    DANGER_ASK = 21  # the one direct question
    BARRIER = 22  # after a card: what might get in the way of contacting someone
    PLAN = 23  # after that: who, when, how
    VALUE = 24  # outrage: what matters, under the anger
    MINE = 25  # between two tasks: what is mine, and what is not
    NEXT_TASK = 26  # between two tasks: the next one, and it alone


class Event(StrEnum):
    """What someone did at a step. The words of the transition table."""

    NEXT = "next"
    SKIP = "skip"
    HARDER = "harder"
    STOP = "stop"
    ANOTHER = "another"
    HIGH = "high"
    RISE = "rise"
    MORE = "more"
    SHORT = "short"
    OWN = "own"
    PERSON = "person"
    DANGER = "danger"  # a card, after which nothing is asked
    CARD = "card"  # a card, and then what might get in the way
    UNCLEAR = "unclear"
    FOR_A_FRIEND = "for_a_friend"  # the same question, to someone who asks for a friend
    PASSED_ON = "passed_on"  # danger in forwarded words
    TOLD = "told"  # something that changes the way: a loss, being there, numbness, or work that waits
    MISTAKEN = "mistaken"  # the card does not fit: that was not meant


class Feeling(IntEnum):
    """One word for what reached the person."""

    UNSAID = 0
    SAD = 1
    HELPLESS = 2
    GUILTY = 3
    ANGRY = 4
    NUMB = 5
    TIRED = 6
    OTHER = 7


class CareFor(IntEnum):
    """Who the care is for."""

    UNSAID = 0
    THEM = 1
    LEFT_BEHIND = 2
    OTHERS_LIKE_THEM = 3
    MYSELF = 4
    NOBODY_YET = 5


class Need(IntEnum):
    """What the one who suffers might need."""

    UNSAID = 0
    SAFETY = 1
    COMFORT = 2
    COMPANY = 3
    REST = 4
    OTHER = 5


class Act(IntEnum):
    """A small thing in reach, or none."""

    UNSAID = 0
    WRITE = 1
    GIVE = 2
    LEARN = 3
    OTHER = 4
    HOLD = 5  # nothing in reach: care without control
    RESCUE = 6  # for an animal: tell those who can help
    REPORT = 7


class Company(IntEnum):
    """Who could know."""

    UNSAID = 0
    FRIEND = 1
    COLLEAGUE = 2
    NO_ONE = 3
    OTHER = 4


class Change(IntEnum):
    """Care toward them at the end, against the beginning."""

    UNSAID = 0
    LESS = 1
    SAME = 2
    MORE = 3


class Barrier(IntEnum):
    """What might get in the way of contacting someone. It chooses a tip and is kept nowhere."""

    NOTHING = 1
    COST = 2
    TRACED = 3
    SPEAKING = 4
    BEFORE = 5  # tried before
    ENOUGH = 6  # "not bad enough"
    ELSE = 7
    UNSAID = 8  # in words that name none
    NOBODY = 9  # no one to contact


NO_RATING = 15
"""In `State.upset_before` and `State.upset_after`: not answered. A skip is kept as this, never filled in."""


@dataclass(frozen=True, slots=True)
class State:
    """Where a walk stands: enumerations and small numbers only, so that it fits in a button. No text."""

    walk: int = 0  # 24 random bits, 0 before the first walk
    counter: int = 0  # 0..255, one more with each answer
    step: Step = Step.IDLE
    resume: Step = Step.NEEDS  # where to go on after an anchor, a card, or a question
    short: bool = False
    asked: bool = False  # asked for more where a condition would have ended the walk
    danger_asked: bool = False  # the direct question is never asked twice in a walk
    minor: bool = False  # said to be under 16: nothing is ever kept
    conditions: Condition = Condition.NONE
    source: Source = Source.NONE
    care_for: CareFor = CareFor.UNSAID
    upset_before: int = NO_RATING  # 0..10
    upset_after: int = NO_RATING
    feeling: Feeling = Feeling.UNSAID
    need: Need = Need.UNSAID
    act: Act = Act.UNSAID
    company: Company = Company.UNSAID
    change: Change = Change.UNSAID
    anchors: int = 0  # 0..15, how many steadying acts were offered
    eases: int = 0  # 0..3, how often the upset was asked before the walk went on
    harder: int = 0  # 0..3, how often something made it harder
    of_another: bool = False  # what is asked is about danger that may be another's
    upset_now: int = NO_RATING  # the latest answer, asked for or not
    rose: bool = False  # in the midst of this walk the upset grew
    again: bool = False  # a full walk came to its end within a day: the short one is offered first


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


class Ground(StrEnum):
    """What the answer to a text went by."""

    DANGER = "danger"  # its words could speak of it
    FORWARDED = "forwarded"
    KNOWN = "known"  # a message that means one thing wherever it comes: thanks, stop
    ANSWER = "answer"  # to what the bot said before
    LANGUAGE = "language"  # one that the bot does not have
    WITNESS = "witness"
    OWN = "own"
    LOSS = "loss"  # the writer's own
    COMPASSION = "compassion"
    UNSURE = "unsure"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Why:
    """Why a text was answered as it was: enumerations only, never its words."""

    ground: Ground
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """All that is held of one person while a message of theirs is answered."""

    state: State = State()
    consents: frozenset[Purpose] = frozenset()
    said: Mapping[Line, int] = field(default_factory=dict)  # the wording that comes next; memory only
    why: Why | None = None  # the last text was answered as it was; memory only
    country: str = ""  # by its code, as the person chose it; kept only with a yes to that
    asked_country: bool = False  # the bot has just asked for it; memory only
    told: Notice | None = None  # of a text that opened no walk, in case one is asked for next; memory only
    walked: int = 0  # the number of the latest walk that is kept, where that is agreed to
    lapsed: frozenset[Purpose] = frozenset()  # agreed to in words that have changed since: asked again before a write
    walked_at: int = 0  # when a full walk last came to its end (seconds since 1970, UTC), as far as is known
    unread: int = 0  # texts in a row that said nothing to a program; memory only
    noes: frozenset[int] = frozenset()  # the messages that were a no to the question about danger; memory only
    asked: Purpose | None = None  # what a yes was asked for last; memory only
    asked_plan: bool = False  # the bot has just asked for the line of a plan; memory only
    listed: tuple[int, ...] = ()  # the walks that /history showed last; memory only
    erasing: int = 0  # the walk whose deletion was asked about last; memory only
    question: Line | None = None  # about what is kept, where nothing was said since; memory only
    asked_nudge: Action | None = None  # which setting of the nudges the bot has just asked for; memory only
    zones: tuple[str, ...] = ()  # the time zones that were offered last; memory only
    wished: NudgeChange | None = None  # nudges that were asked for before the yes; memory only
    room: int = 0  # the group or channel that the talk is about, by Telegram's id; memory only
    asked_room: Action | None = None  # which setting of it the bot has just asked for; memory only


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


# --- What goes out ---------------------------------------------------------------------------------------------


class Action(IntEnum):
    """What a button does. Numbers travel in buttons (one byte): never reuse one, only add."""

    NEXT = 1
    SKIP = 2
    HARDER = 3
    STOP = 4
    ANOTHER = 5
    MORE = 6
    SHORT = 7
    PERSON = 8
    OWN = 9
    STAY = 10  # after "Okay. Stopping is fine."
    WALK = 11  # begin a walk
    RATE = 20  # with 0..10
    FEEL = 21  # with a Feeling
    CARE_FOR = 22  # with a CareFor
    NEED = 23  # with a Need
    ACT = 24  # with an Act
    WITH = 25  # with a Company
    CHANGE = 26  # with a Change
    BARRIER = 27  # with a Barrier
    NOT_MEANT = 28  # the card is about something else than was meant
    SHOW = 29  # the picture of the walk that has just ended
    AT_WORK = 30  # between two tasks: the form of 60 seconds
    SHOW_WALKS = 31  # the picture of the walks that are kept
    SHOW_AFTER = 32  # the picture of the days after walks
    FORGET_YES = 44  # 40 to 43 and 71, 72, 74 were yeses and noes of earlier versions
    FORGET_NO = 45
    UNDER_16 = 46
    CRISIS = 50  # where urgent help is
    COUNTRY = 70  # with a place in `helplines.PLACES`
    COUNTRY_DROP = 73
    AGREE = 80  # "yes, and I am 16 or older", with a place in `Purpose`, as the next three
    DECLINE = 81
    WITHDRAW = 82
    ASK_FOR = 83
    WITHDRAW_GROUP = 84  # with the last byte of its id
    HOW_LONG = 85  # are walks to be kept
    KEEP_FOR = 86  # with a place in `consent.LENGTHS`
    PLAN_DONE = 87  # with the last byte of its number, as the next one
    PLAN_KEEP = 88
    HISTORY = 89  # with the number of a page
    ERASE = 90  # ask whether to; with a place in `Held.listed` (3 bits) and the last 5 bits of the walk
    ERASE_YES = 91  # with the last byte of the walk
    WITHDRAW_APART = 93  # with the last byte of the group's id
    LOCATE = 92  # share one's place: a button of the keyboard, nothing travels
    ROOM_PANEL = 130  # this and all below, but for JOIN and ON_IT, are for admins; `Reply.state` says of which room
    ROOM_ON = 131  # an admin's yes
    ROOM_NOTICING = 132  # with a place in `Noticing` plus 1; 0 asks
    ROOM_PAUSE = 133  # with a place among the lengths offered plus 1; 0 asks
    ROOM_DAYS = 134  # of the circle: with a day, which is put in or out; 7 asks, 8 weekly, 9 daily, 10 none
    ROOM_TIME = 135  # with a quarter of an hour of the day plus 1; 0 asks
    ROOM_ZONE = 136  # with a place among those offered plus 1; 0 asks
    ROOM_TOPIC = 137  # 0 tells how; 1 takes it away; in a group: sets it
    ROOM_ALERTS = 138  # 0 asks which chat; 1 takes it away
    ROOM_TIDY = 139  # with a place among the lengths offered plus 1; 0 asks
    ROOM_HOLD = 140  # with hours; 0 asks
    ROOM_RELEASE = 141
    ROOM_LEAVE = 142  # 0 asks; 1 leaves, and all that is kept of the room goes
    ROOM_COUNTRIES = 143  # 0 asks; 1 takes them away
    ROOM_LANGUAGE = 144
    ROOM_PULSE = 145
    ROOM_GUIDE = 146
    ROOM_PICK = 147  # which group or channel? A keyboard that asks Telegram; with 1 for a channel
    JOIN = 150  # "I took part", below a circle: its state's walk is the total so far
    ON_IT = 151  # below an alert
    OPEN = 152  # a link to a message; its payload is the link
    ADD = 153  # a link that adds the bot to a group; with 1 to a channel, with 2 as an admin of a group
    HOW_TO_HELP = 154
    OFFER_NO = 155  # not now, to an offer because of something written in a group
    NUDGE_PANEL = 100
    NUDGE_TIME = 101  # with a quarter of an hour of the day plus 1; 0 asks for one
    NUDGE_DAY = 102  # with a day, which is put in or out; 7 asks, 8 weekdays, 9 every day, 10 weekend
    NUDGE_ZONE = 103  # with a place among those offered plus 1; 0 asks
    NUDGE_QUIET = 104  # with a place among those offered plus 1; 0 asks
    NUDGE_COURSE = 105  # with a place in `Course` plus 1; 0 asks
    NUDGE_PAUSE = 106  # with days
    NUDGE_STOP = 107
    NUDGE_BEGIN = 108  # on again, after a pause or a rest
    NUDGE_FEWER = 109
    NUDGE_DID = 110
    NUDGE_NOT_TODAY = 111
    NUDGE_HARDER = 112
    FOLLOW_UPSET = (
        120  # with 0..10, or 15 for a skip, and in the high 4 bits which of the three; the walk is the state's
    )
    FOLLOW_CARE = 121  # with a Change, and as above
    FOLLOW_END = 122  # no more about this walk
    DOOR = 60  # in a group: opens the private chat of whoever presses it; with a `Door`


@dataclass(frozen=True, slots=True)
class Button:
    """A button: the words on it, and what a press means. `payload` is filled by the shell."""

    label: Label
    action: Action
    value: int = 0  # 0..255
    payload: str = ""
    words: str = ""  # in place of the label's: the name of a country


class Lane(IntEnum):
    """Which messages go out before which, when not all can go at once."""

    DANGER = 0
    REPLY = 1
    BROADCAST = 2


class Animation(StrEnum):
    """A moving picture that lies in `prompts/`, by the name of its file."""

    BREATHING = "breathing"


@dataclass(frozen=True, slots=True)
class Document:
    """A file, by the name that it is to have. `content` is text in UTF-8."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """One message, named by its lines, which are said in this order.

    `picks`, one for each line, choose among its wordings: the same number, the same words. A slot is filled by a label,
    by words of prompts/helplines.yaml, by a number, by the person's own line, or by several of these side by side.
    """

    keys: tuple[Line, ...]
    buttons: tuple[tuple[Button, ...], ...] = ()  # rows
    slots: Mapping[str, Filling] = field(default_factory=dict)
    picks: tuple[int, ...] = ()  # () is all zero
    lane: Lane = Lane.REPLY
    attached: Figure | Animation | Document | None = None  # beside the words, which say all that a picture shows
    state: State | None = None  # that its buttons bring, where that is not the one under way
    in_place: bool = False  # the first answer to a press: in place of the pressed message, where that can be
    closes_keyboard: bool = False  # no keyboard is there from now on; where there are no buttons
    to: int = 0  # the chat that it goes to, where that is not the one that is answered
    thread: int | None = None  # the topic that it goes to, with `to`
    instead: Reply | None = None  # for the chat that is answered, where nothing may be written to `to`
    stays: bool = False  # in a group: is not tidied away

    @property
    def is_keyboard(self) -> bool:
        """Whether its buttons are keys, which type their words, since one of them shares a place or picks a room."""
        return any(button.action in {Action.LOCATE, Action.ROOM_PICK} for row in self.buttons for button in row)


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


@dataclass(frozen=True, slots=True)
class Decision:
    """What to hold from now on, what to say, and what happened."""

    held: Held
    replies: tuple[Reply, ...] = ()
    facts: tuple[Fact, ...] = ()
    toast: Line | None = None  # a short note on the pressed button, lost without harm
    opens: Door | None = None  # the private chat of whoever pressed the button
    link: str = ""  # what that chat is opened with, by the shell

    @property
    def moved(self) -> bool:
        """Whether a walk went on, so that earlier buttons are done with."""
        return any(isinstance(fact, Moved) for fact in self.facts)


@dataclass(frozen=True, slots=True)
class Content:
    """What the core reads in prompts/ for one language."""

    language: str
    reader: Reader
    guard: Guard
    labels: Mapping[Label, str]
    spoken: Mapping[Label, str]  # the same, normalised once, for comparing with what was typed
    helplines: Helplines
    typed: Mapping[str, str]  # a whole message, normalised -> what it means: "skip", "stop", "rate.8" ...
    answers: Answers  # what is said after danger was seen, read
    is_foreign: Callable[[str], bool]  # whether a text, as it was typed, is plainly in another language
    mirrored: frozenset[str]  # words for a feeling that are said back as they were typed, normalised
    knows: Callable[[str], bool]  # whether a word is one of those that the bot has or looks for; a name may be none
    times: Times  # what is typed about hours, days and pauses, read
    zones: Zones
    versions: Mapping[Purpose, int] = field(default_factory=dict)  # of the words that a yes to each is to
    operator: str = ""  # who runs the bot, as they name themselves
    contact: str = ""  # how to reach them
    practices: tuple[Practice, ...] = ()  # of all themes, for nudges
    circles: tuple[Circle, ...] = ()  # practices for a whole group
