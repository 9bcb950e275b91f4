"""What a message says, and where a walk stands: all that a decision goes by, as enumerations and small numbers.

Rules that hold here: frozen values only, no behaviour, and no text of a person. Numbers travel in buttons: never reuse
one, only add.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag, StrEnum


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
