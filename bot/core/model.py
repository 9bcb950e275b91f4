"""What comes in, what is held meanwhile, and what goes out: the vocabulary of a decision.

Beside it: `state` (what a message says, where a walk stands), `kept` (what people agreed to), `facts` (what happened),
`ports` (who carries it).

Rules that hold here: frozen values only, no behaviour beyond what a value knows of itself, and no text of a
person in anything that outlives a message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

from bot.core.facts import Fact, Moved, NudgeChange
from bot.core.kept import Kept, Purpose, Room
from bot.core.state import Notice, Reason, State, Step

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


# --- What comes in ---------------------------------------------------------------------------------------------------


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


# --- What is held meanwhile ------------------------------------------------------------------------------------------


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


# --- What goes out ---------------------------------------------------------------------------------------------------


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
