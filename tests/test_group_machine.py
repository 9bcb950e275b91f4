"""People in groups and channels, admins who come and go, and a bot that is added and removed: chance decides.

After every move it is checked that nothing of anyone is said where others read it, that nobody is written to unasked,
that nothing is changed without the rights of that moment, and that what may not be read leaves no trace. What comes
from Telegram comes straight to the responder, so that nothing here hangs on the sieve before it.
"""

import asyncio
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, fields, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from structlog.testing import capture_logs
from typing_extensions import override

from bot.circles import Circles
from bot.core import circle
from bot.core.button import open_payload
from bot.core.commands import COMMANDS, KNOWN_IN_GROUPS, split_command
from bot.core.consent import BY_GROUP, PURPOSES, QUESTIONS
from bot.core.decide import decide
from bot.core.facts import RoomLeft
from bot.core.kept import Noticing, Purpose, Room, Schedule
from bot.core.lines import Label, Line, filled
from bot.core.link import seal_link
from bot.core.matching import hear
from bot.core.model import (
    Action,
    Button,
    Decision,
    Door,
    Held,
    Incoming,
    Kind,
    Opened,
    Refused,
    Reply,
    Standing,
    There,
    Where,
)
from bot.core.ports import Fate, Sent
from bot.core.room import IN_A_GROUP, title_of
from bot.core.schedule import local_day
from bot.core.state import State, Tier
from bot.limits import CARD_APART, OF_A_PERSON, OF_A_ROOM
from bot.respond import IDLE, Responder
from bot.retention import sweep
from bot.rooms import RENEWED_AFTER
from bot.store.opening import FILE
from bot.store.rooms import GONE_DAYS
from bot.store.store import Store
from tests.person import KEYS, PROMPTS, RING, SEEN, Clock

FEW: Final = 45
MANY: Final = 2_000
MOVES: Final = 30
CONTENT: Final = PROMPTS.content
HOUR: Final = 60 * 60
DAY: Final = 24 * HOUR

FIRST: Final = 7_071_067_811
PEOPLE: Final = tuple(range(FIRST, FIRST + 4))
STRANGER: Final = FIRST + 99
"""Of whom nothing was ever held."""
ANONYMOUS: Final = 1_087_968_824
OF_A_CHANNEL: Final = 136_817_688
"""Telegram's own users, in whose names admins and channels write."""

EVENING: Final = -1_001_000_000_007
SMALL: Final = -7_000_021
GROWN: Final = -1_001_000_000_022
"""The id that the small group has once it is a supergroup."""
MODERATORS: Final = -1_001_000_000_033
CHANNEL: Final = -1_001_000_000_044
GROUPS: Final = (EVENING, SMALL, MODERATORS)
TITLES: Final = {
    EVENING: "Evening okapi",
    SMALL: "Small \u202eaxolotl",
    MODERATORS: "Those with keys",
    CHANNEL: "Morning narwhal",
}
THREAD: Final = 5

HEAVY: Final = (
    SEEN,
    "i keep seeing the video of the children in the rubble and i feel sick, the quokka saw it too",
    "i cant stop thinking about the dog that was beaten, i keep hearing it",
)
DANGERS: Final = ("i want to die", "my friend says she will kill herself", "i cant do this anymore")
YOUNG: Final = "im 13 and my dog died"
STOPS: Final = ("stop", "please stop")
LIGHT: Final = ("hello everyone, how was the zeppelin", "thanks", "не могу спать после этого видео", "help wombat", "7")
WORDS: Final = st.sampled_from((*HEAVY, *HEAVY, *DANGERS, *DANGERS, YOUNG, *STOPS, *LIGHT))
LENGTHS: Final = ("", "3d", "12h", "soon", "quokka", "i want to die")
COMMANDED: Final = st.tuples(
    st.sampled_from((*sorted(KNOWN_IN_GROUPS), *sorted(IN_A_GROUP), "nonsense")), st.sampled_from(LENGTHS)
)
COMMANDED_BY_ADMINS: Final = st.tuples(st.sampled_from(sorted(IN_A_GROUP)), st.sampled_from(LENGTHS[:4]))
TYPED: Final = (
    *("3d", "12h", "18:00", "every day", "sat 18:00 Lisbon", "Lisbon", "Portugal, Kenya", "off", "on", "yes", "no"),
    *(SEEN, *DANGERS, YOUNG, *STOPS, "no more messages", "never mind", "skip", "thanks", "quokka"),
    *(CONTENT.labels[label] for label in (Label.AGREE, Label.ROOM_ON, Label.ROOM_LEAVE_YES, Label.ROOM_RELEASE)),
    *(CONTENT.labels[label] for label in (Label.FORGET_YES, Label.ALONE, Label.GROUP_OFF, Label.APART_OFF)),
)
MARKS: Final = (
    *("quokka", "zeppelin", "wombat", "rubble", "beaten", "видео", "kill herself", "want to die"),
    *map(str, (*PEOPLE, STRANGER, ANONYMOUS, OF_A_CHANNEL)),
)
"""What would give away whose message it was, or what was in it."""

CIRCLES: Final = frozenset({Line.CIRCLE, Line.CIRCLE_PRACTICE, Line.CIRCLE_TOTAL})
ALERTS: Final = frozenset({Line.ALERT, Line.ALERT_TAKEN})
IN_GROUPS: Final = frozenset(
    {
        *(
            Line.GROUP_PRIVATE,
            Line.GROUP_DANGER,
            Line.GROUP_DANGER_AGAIN,
            Line.GROUP_LANGUAGE,
            Line.GROUP_ARRIVED,
            Line.GROUP_WALK,
        ),
        *(Line.GROUP_HOW_TO_HELP, Line.GROUP_NOBODY_SENT, Line.GROUP_CARD_OFF, Line.GROUP_CARD_MENTIONS),
        *(Line.GROUP_CARD_MEMBERS, Line.GROUP_CARD_ALERTS, Line.ADMIN_SETTINGS, Line.ADMIN_GUIDE, Line.ADMIN_PULSE),
        *(Line.ADMIN_VERIFY, Line.ADMIN_HELD, Line.ADMIN_HOLD_WRONG, Line.ADMIN_RELEASED, Line.ADMIN_TOPIC),
        *(Line.ADMIN_NO_TOPICS, Line.ADMIN_LEAVE_ASK, Line.ADMIN_LEFT),
        *CIRCLES,
    }
)
"""All that may be said in a group. What moderators are told goes only where an admin wants it."""
HELP: Final = {Line.GROUP_DANGER, Line.GROUP_DANGER_AGAIN}
LABELS: Final = frozenset(
    {
        *(Label.WRITE_PRIVATELY, Label.WALK_PRIVATELY, Label.HOW_TO_HELP, Label.WHAT_IT_NOTICES, Label.SET_IT_UP),
        *(Label.OPEN_SETTINGS, Label.OPEN_GUIDE, Label.OPEN_PULSE, Label.VERIFY, Label.ROOM_LEAVE_YES),
        *(Label.CIRCLE_JOIN, Label.OPEN_MESSAGE, Label.ON_IT),
    }
)
VERIFYING: Final = frozenset({Action.ROOM_HOLD, Action.ROOM_RELEASE, Action.ROOM_TOPIC, Action.ROOM_LEAVE})
NOT_WRITTEN: Final = frozenset({Kind.PRESS, Kind.STANDING, Kind.LEFT})
TOASTS: Final = {None, Line.JOINED, Line.ADMIN_ONLY, Line.ROOM_UNKNOWN}
FOR_ADMINS: Final = frozenset({Line.ROOM_PANEL, Line.ROOM_INTRO, Line.ROOM_CHANNEL, Line.ROOM_LEFT})
BY_TELEGRAM: Final = frozenset({"title", "may_write", "gone_at", "is_on", "due_at"})
BY_THE_CLOCK: Final = frozenset({"seen", "told_on", "due_at", "may_write"})

Yes = tuple[Purpose, int]
Shape = tuple[tuple[Line, ...], Mapping[str, Any], tuple[tuple[tuple[Label, Action, int, str], ...], ...], int | None]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "runs" in metafunc.fixturenames:
        metafunc.parametrize("runs", [FEW, MANY] if metafunc.config.getoption("long") else [FEW])


@dataclass
class Place:
    """A group or channel as Telegram has it."""

    chat: int
    admins: set[int] = field(default_factory=set)
    is_in: bool = True
    may_write: bool = True
    reads_all: bool = True
    is_silent: bool = False  # Telegram does not say who its admins are

    @property
    def there(self) -> There:
        chat = SMALL if self.chat == GROWN else self.chat
        return There(self.chat, title=TITLES[chat], is_channel=chat == CHANNEL, is_forum=chat == EVENING)

    @property
    def standing(self) -> Standing:
        return Standing(is_in=self.is_in, may_write=self.may_write and self.is_in, reads_all=self.reads_all)


class Said(NamedTuple):
    """A message that stands somewhere now."""

    chat: int
    reply: Reply
    thread: int | None
    number: int


class Shown(NamedTuple):
    """A button that was shown somewhere."""

    chat: int
    number: int
    button: Button
    post: str


class Telegram:
    """What Telegram would do and say, and all that went out."""

    def __init__(self) -> None:
        chats = (*GROUPS, CHANNEL)
        self.places = {chat: Place(chat) for chat in chats}
        self.closed: set[int] = set()  # people to whom nothing may be written
        self.moved: dict[int, int] = {}
        self.said: list[Said] = []
        self.deleted: list[tuple[int, int]] = []
        self.numbers = count(1)
        self.responder: Responder

    def admins_of(self, chat: int) -> frozenset[int]:
        """Who may change things there now, as far as it can be found out."""
        place = self.places.get(chat)
        return frozenset() if place is None or place.is_silent or not place.is_in else frozenset(place.admins)

    async def admins(self, chat: int) -> frozenset[int] | None:
        place = self.places.get(chat)
        return None if place is None or place.is_silent or not place.is_in else frozenset(place.admins)

    async def look(self, chat: int) -> There | None:
        place = self.places.get(chat)
        return None if place is None or place.is_silent else replace(place.there, standing=place.standing)

    async def send(self, chat: int, reply: Reply, *, thread: int | None = None) -> Sent:
        if chat in self.moved:
            await self.responder.rooms.moved(chat, self.moved[chat])
            chat = self.moved[chat]
        if not self._may_write(chat):
            return Sent(Fate.REFUSED)
        number = next(self.numbers)
        self.said.append(Said(chat, reply, thread, number))
        return Sent(Fate.ARRIVED, number)

    async def edit(self, chat: int, number: int, reply: Reply) -> Sent | None:
        if not self._may_write(chat):
            return None
        self.said.append(Said(chat, reply, None, number))
        return Sent(Fate.ARRIVED, number)

    async def delete(self, chat: int, number: int) -> None:
        self.deleted.append((chat, number))

    async def leave(self, chat: int) -> None:
        self.places[chat].is_in = False

    def give_up(self) -> None:
        """Nothing waits here."""

    def _may_write(self, chat: int) -> bool:
        place = self.places.get(chat)
        return chat not in self.closed if place is None else place.is_in and place.may_write


class Books:
    """One store for all runs, and what is in it."""

    def __init__(self, runner: asyncio.Runner, folder: Path) -> None:
        self.run = runner.run
        self._open = AsyncExitStack()
        self.store: Store = self.run(self._open.enter_async_context(Store.open(folder, RING)))
        self._reads = sqlite3.connect(f"{(folder / FILE).as_uri()}?mode=ro", uri=True)
        self.counts: Counter[str] = Counter()
        self._version = -1
        self._kept: tuple[dict[int, Room], dict[int, set[Yes]]] = {}, {}

    @property
    def version(self) -> int:
        """Another number, whenever anything was written since it was last looked at."""
        number: int = self._reads.execute("PRAGMA data_version").fetchone()[0]
        return number

    def looked(self) -> tuple[dict[int, Room], dict[int, set[Yes]]]:
        """All rooms, and what each person agreed to: read anew where anything has changed."""
        version = self.version
        if version != self._version:
            self._version, self._kept = version, self.run(self._read())
        return self._kept

    async def _read(self) -> tuple[dict[int, Room], dict[int, set[Yes]]]:
        rooms = {room.chat: room async for room in self.store.rooms()}
        kept = {person: await self.store.kept(person) for person in (*PEOPLE, ANONYMOUS, OF_A_CHANNEL)}
        return rooms, {person: {(each.purpose, each.group) for each in one.consents} for person, one in kept.items()}

    def rows(self, table: str) -> int:
        number: int = self._reads.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
        return number

    def close(self) -> None:
        self._reads.close()
        self.run(self._open.aclose())


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    with asyncio.Runner() as runner:
        opened = Books(runner, tmp_path)
        yield opened
        opened.close()


def groups(*, also: tuple[int, ...] = ()) -> st.SearchStrategy[int]:
    return st.sampled_from((EVENING, EVENING, SMALL, *also))


WHO: Final = st.sampled_from(PEOPLE)
AGO: Final = st.integers(0, 5)
ROOMS: Final = st.builds(
    Room,
    st.just(0),
    is_on=st.sampled_from([True, True, True, False]),
    noticing=st.sampled_from([*[Noticing.MEMBERS] * 4, *Noticing]),
    pause=st.sampled_from([HOUR, DAY, 7 * DAY]),
    circle=st.sampled_from([Schedule(18 * 60, frozenset(range(7)), "Europe/Lisbon", 0, 0), Room(0).circle]),
    alerts=st.sampled_from([0, MODERATORS]),
    tidy=st.sampled_from([0, HOUR]),
    topic=st.sampled_from([0, THREAD]),
    held_until=st.sampled_from([0, 0, Clock().at + 8 * DAY]),
    seed=st.integers(1, 99),
)
AGREED: Final = st.permutations([Purpose.GROUP, Purpose.GROUP, Purpose.APART, Purpose.ALONE])


class Machine(RuleBasedStateMachine):
    """What people, admins and Telegram do."""

    def __init__(self, books: Books) -> None:
        super().__init__()
        self.books = books
        self.run = books.run
        self.clock = Clock()
        self.telegram = Telegram()
        self.rights: Mapping[int, frozenset[int]] = {}
        self.seeds = count(1)
        self.shown: list[Shown] = []
        self.links: list[tuple[int, str]] = []  # and whose each is
        self.asked: dict[int, Yes] = {}  # what each was asked for last, and for which group
        self.offered: dict[tuple[int, int], int] = {}
        self.carded: dict[int, int] = {}
        self.wanted: dict[tuple[int, ...], list[int]] = defaultdict(list)  # when answers there were asked for
        self.pressed: Counter[tuple[int, int]] = Counter()
        self.circled: set[tuple[int, int]] = set()  # where, and on which day
        self.own: set[tuple[int, int]] = set()  # messages of the bot's own that may be tidied away
        self.rooms: dict[int, Room] = {}
        self.yeses: dict[int, set[Yes]] = {}
        self.the_bot_comes_again()

    # --- How it begins ----------------------------------------------------------------------------------------

    @initialize(
        rooms=st.tuples(ROOMS, ROOMS, ROOMS),
        agreed=AGREED,
        walking=st.sets(WHO, max_size=2),
        admins=st.tuples(*[st.sets(WHO, max_size=2)] * 4),
        closed=st.sets(WHO, max_size=1),
    )
    def some_things_are_set(
        self,
        rooms: tuple[Room, ...],
        agreed: Sequence[Purpose],
        walking: set[int],
        admins: tuple[set[int], ...],
        closed: set[int],
    ) -> None:
        for place, those in zip(self.telegram.places.values(), admins, strict=True):
            place.admins |= those
        self.run(self._set(rooms, agreed))
        self.rooms, self.yeses = self.books.looked()
        self.telegram.closed |= closed
        for person in sorted(walking - closed):
            self.writes_privately(person, SEEN)

    async def _set(self, rooms: tuple[Room, ...], agreed: Sequence[Purpose]) -> None:
        for chat, drawn in zip((EVENING, SMALL, CHANNEL), rooms, strict=True):
            room = replace(drawn, chat=chat, title=TITLES[chat], is_channel=chat == CHANNEL)
            if room.is_on or chat == EVENING:
                room = replace(room, is_on=True)
                room = circle.due_again(room, self.clock.at, CONTENT.zones)
                await self.books.store.revise_room(chat, partial(_as_drawn, room))
        there_is = {room.chat async for room in self.books.store.rooms()}
        for person, purpose in zip(PEOPLE, agreed, strict=True):
            for chat in (0,) if purpose is Purpose.ALONE else (EVENING, SMALL):
                if chat in there_is or not chat:
                    await self.books.store.grant(person, purpose, at=self.clock.at, group=chat)

    # --- What is written in groups ----------------------------------------------------------------------------

    @rule(
        who=WHO,
        chat=groups(also=(MODERATORS,)),
        words=WORDS,
        kind=st.sampled_from([Kind.TEXT, Kind.TEXT, Kind.TEXT, Kind.EDIT, Kind.MEDIA]),
        addressed=st.booleans(),
        names=st.booleans(),
        forwarded=st.sampled_from([False, False, False, True]),
    )
    def writes_there(  # noqa: PLR0913 - what may be true of a message
        self, who: int, chat: int, words: str, kind: Kind, *, addressed: bool, names: bool, forwarded: bool
    ) -> None:
        there = replace(self._place(chat).there, names_another=names, post=self._post(chat))
        self.does(Incoming(who, Where.GROUP, kind, 0, words, forwarded=forwarded, addressed=addressed, there=there))

    @rule(
        place=st.integers(0, 9),
        words=st.lists(st.sampled_from((*HEAVY, *HEAVY, *DANGERS)), min_size=2, max_size=4),
        forwarded=st.integers(0, 9).map(lambda number: number == 0),
        later=st.booleans(),
    )
    def someone_who_agreed_tells_the_others(
        self, place: int, words: list[str], *, forwarded: bool, later: bool
    ) -> None:
        """Once and again, so that what is not to come so soon again would come."""
        agreed = [
            (who, chat) for who, yeses in self.yeses.items() for purpose, chat in yeses if purpose is Purpose.GROUP
        ]
        who, chat = sorted(agreed)[place % len(agreed)] if agreed else (PEOPLE[0], EVENING)
        self.clock.at += (IDLE + 1) * later
        for each in words:
            self.writes_there(who, chat, each, Kind.TEXT, addressed=False, names=False, forwarded=forwarded)

    @rule(people=st.permutations([*PEOPLE, ANONYMOUS]), chat=groups())
    def danger_is_cried_again_and_again(self, people: list[int], chat: int) -> None:
        for who in people[:3]:
            there = replace(self._place(chat).there, unnamed=who == ANONYMOUS, post=self._post(chat))
            self.does(Incoming(who, Where.GROUP, Kind.TEXT, 0, DANGERS[0], there=there))

    @rule(place=st.integers(0, 9), chat=groups(), command=COMMANDED_BY_ADMINS)
    def an_admin_commands(self, place: int, chat: int, command: tuple[str, str]) -> None:
        admins = sorted(self._place(chat).admins) or PEOPLE
        self.commands_there(admins[place % len(admins)], chat, command, ours=True)

    @rule(who=WHO, chat=groups(also=(MODERATORS,)), command=COMMANDED, ours=st.booleans())
    def commands_there(self, who: int, chat: int, command: tuple[str, str], *, ours: bool) -> None:
        name, words = command
        there = replace(self._place(chat).there, thread=THREAD, post=self._post(chat))
        is_ours = ours or name in KNOWN_IN_GROUPS
        self.does(Incoming(who, Where.GROUP, Kind.COMMAND, 0, words, command=name, addressed=is_ours, there=there))

    @rule(
        chat=groups(also=(MODERATORS,)),
        as_room=st.booleans(),
        words=WORDS,
        command=st.none() | st.tuples(st.sampled_from(sorted(IN_A_GROUP)), st.sampled_from(LENGTHS)),
        addressed=st.booleans(),
    )
    def someone_writes_in_another_name(
        self, chat: int, words: str, command: tuple[str, str] | None, *, as_room: bool, addressed: bool
    ) -> None:
        there = replace(self._place(chat).there, unnamed=True, as_room=as_room, post=self._post(chat))
        incoming = Incoming(ANONYMOUS if as_room else OF_A_CHANNEL, Where.GROUP, Kind.TEXT, 0, words, there=there)
        if command is None:
            self.does(replace(incoming, addressed=addressed))
        else:
            self.does(replace(incoming, kind=Kind.COMMAND, command=command[0], text=command[1]))

    @rule(who=WHO, chat=groups(), command=COMMANDED_BY_ADMINS)
    def an_admin_commands_in_its_name_and_someone_presses(self, who: int, chat: int, command: tuple[str, str]) -> None:
        there = replace(self._place(chat).there, unnamed=True, as_room=True, thread=THREAD)
        name, words = command
        self.does(Incoming(ANONYMOUS, Where.GROUP, Kind.COMMAND, 0, words, command=name, there=there))
        if any(one.chat < 0 for one in self.shown):
            self.presses_there(who, 0, follows=True)

    @rule(chat=groups(also=(MODERATORS,)))
    def an_admin_sends_it_away(self, chat: int) -> None:
        admins = sorted(self._place(chat).admins) or PEOPLE
        self.commands_there(admins[0], chat, ("leave", ""), ours=True)
        if self.shown and self.shown[-1].button.action is Action.ROOM_LEAVE:
            self._presses(admins[0], self.shown[-1])

    @rule(who=WHO, chat=groups(), words=st.sampled_from([None, *STOPS]))
    def stops_there(self, who: int, chat: int, words: str | None) -> None:
        there, command = self._place(chat).there, "" if words else "stop"
        kind = Kind.TEXT if words else Kind.COMMAND
        decision = self.does(Incoming(who, Where.GROUP, kind, 0, words or "", command=command, there=there))
        if self._is_on(there.chat):
            assert (Purpose.GROUP, there.chat) not in self.yeses[who]
            assert all(reply.to == who for reply in decision.replies)

    @rule(who=WHO, chat=groups())
    def leaves(self, who: int, chat: int) -> None:
        there = self._place(chat).there
        self.does(Incoming(who, Where.GROUP, Kind.LEFT, 0, there=there))
        assert not {(Purpose.GROUP, there.chat), (Purpose.APART, there.chat)} & self.yeses[who]

    @rule(words=WORDS)
    def the_channel_posts(self, words: str) -> None:
        there = replace(self._place(CHANNEL).there, unnamed=True)
        self.does(Incoming(OF_A_CHANNEL, Where.CHANNEL, Kind.TEXT, 0, words, there=there))

    # --- What is pressed, opened and written in private -------------------------------------------------------

    @precondition(lambda self: any(one.chat < 0 for one in self.shown))
    @rule(who=WHO, ago=AGO, follows=st.booleans())
    def presses_there(self, who: int, ago: int, *, follows: bool) -> None:
        shown = [one for one in self.shown if one.chat < 0]
        decision = self._presses(who, shown[-1 - ago % len(shown)])
        if follows and decision.link:
            self.opens(who, 0)

    @rule(who=WHO, ago=AGO, any_ago=st.integers(0, 200))
    def presses_in_private(self, who: int, ago: int, any_ago: int) -> None:
        if not self.shown:
            return
        own = [one for one in self.shown if one.chat == who]
        shown = own[-1 - ago % len(own)] if own else self.shown[-1 - any_ago % len(self.shown)]
        self.does(Incoming(who, Where.PRIVATE, Kind.PRESS, 0, payload=shown.button.payload))

    @precondition(lambda self: self.shown)
    @rule(who=WHO, ago=st.integers(0, 200), chat=st.sampled_from([0, EVENING, SMALL, MODERATORS, CHANNEL]))
    def presses_what_was_shown_elsewhere(self, who: int, ago: int, chat: int) -> None:
        shown = self.shown[-1 - ago % len(self.shown)]
        if chat:
            there = self._place(chat).chat
            self._presses(who, shown._replace(chat=there), is_elsewhere=self._now(shown.chat) != there)
        else:
            decision = self.does(Incoming(who, Where.PRIVATE, Kind.PRESS, 0, payload=shown.button.payload))
            assert shown.chat == who or decision.replies[0].keys[0] is Line.UNREADABLE

    @precondition(lambda self: self.shown)
    @rule(who=WHO, ago=AGO, place=st.integers(0, 37), letter=st.sampled_from("AQgw-_z0 =é"))
    def forges(self, who: int, ago: int, place: int, letter: str) -> None:
        shown = self.shown[-1 - ago % len(self.shown)]
        payload = shown.button.payload[:place] + letter + shown.button.payload[place + 1 :]
        if payload != shown.button.payload and shown.chat < 0:
            self._presses(who, shown._replace(button=replace(shown.button, payload=payload)), is_elsewhere=True)

    def taps(self, who: int, action: Action, value: int | None = None) -> None:
        """The newest button of theirs that does this, if there is one."""
        for one in reversed(self.shown):
            if one.chat == who and one.button.action is action and value in {None, one.button.value}:
                self.does(Incoming(who, Where.PRIVATE, Kind.PRESS, 0, payload=one.button.payload))
                return

    def _presses(self, who: int, shown: Shown, *, is_elsewhere: bool = False) -> Decision:
        place = self.telegram.places.get(shown.chat)
        there = There(shown.chat) if place is None else place.there
        there = replace(there, number=shown.number, post=shown.post)
        where = Where.CHANNEL if there.is_channel else Where.GROUP
        self.pressed[shown.chat, shown.number] += 1
        decision = self.does(Incoming(who, where, Kind.PRESS, 0, payload=shown.button.payload, there=there))
        if is_elsewhere:
            assert (decision.replies, decision.facts, decision.link, decision.toast) == ((), (), "", None)
        return decision

    @rule(who=WHO, ago=AGO)
    def opens(self, who: int, ago: int) -> None:
        if not self.links:
            return
        whose, link = self.links[-1 - ago % len(self.links)]
        decision = self.does(Incoming(who, Where.PRIVATE, Kind.COMMAND, 0, link, command="start"))
        if who != whose:
            assert not any("title" in reply.slots for reply in decision.replies)

    @rule(who=WHO, chat=groups(also=(MODERATORS, CHANNEL)), door=st.sampled_from(Door), agos=st.lists(AGO, max_size=3))
    def comes_through_a_door(self, who: int, chat: int, door: Door, agos: list[int]) -> None:
        """By a button in the group that is as old as can be, or a link that was given while there were rights."""
        self.links.append((who, seal_link(KEYS.button, who, self.clock.at, self._now(chat), door)))
        self.opens(who, 0)
        for ago in agos:
            self.presses_in_private(who, ago, 0)

    @rule(place=st.integers(0, 9), chat=groups(also=(CHANNEL,)), agos=st.lists(st.integers(0, 20), max_size=3))
    def an_admin_sets_something(self, place: int, chat: int, agos: list[int]) -> None:
        admins = sorted(self._place(chat).admins) or PEOPLE
        self.comes_through_a_door(admins[place % len(admins)], chat, Door.SETTINGS, agos)

    @rule(
        place=st.integers(0, 9),
        chat=groups(),
        alerts=st.sampled_from([MODERATORS, MODERATORS, SMALL]),
        loses=st.sampled_from([0, EVENING, MODERATORS]),
    )
    def an_admin_picks_who_hears_of_danger(self, place: int, chat: int, alerts: int, loses: int) -> None:
        admins = sorted(self._place(chat).admins) or PEOPLE
        who = admins[place % len(admins)]
        self.comes_through_a_door(who, chat, Door.SETTINGS, [])
        self.taps(who, Action.ROOM_ALERTS)
        if loses:
            self._place(loses).admins.discard(who)
        self.picks(who, alerts)

    @rule(who=WHO, chat=groups(), purpose=st.sampled_from([Purpose.GROUP, Purpose.APART, Purpose.ALONE]))
    def agrees(self, who: int, chat: int, purpose: Purpose) -> None:
        self.comes_through_a_door(who, chat, Door.NOTICE, [])
        if purpose is not Purpose.GROUP:
            self.taps(who, Action.ASK_FOR, PURPOSES.index(purpose))
        self.taps(who, Action.AGREE)

    @rule(
        who=WHO, words=st.sampled_from((*TYPED, *(f"/{name}" for name in (*COMMANDS, *sorted(IN_A_GROUP), "hold 3d"))))
    )
    def writes_privately(self, who: int, words: str) -> None:
        command, rest = split_command(words)
        kind = Kind.COMMAND if command else Kind.TEXT
        self.does(Incoming(who, Where.PRIVATE, kind, 0, rest, command=command))

    @rule(who=WHO, chat=groups(also=(MODERATORS, CHANNEL)))
    def picks(self, who: int, chat: int) -> None:
        there = self._place(chat).there
        there = There(there.chat, title=there.title, is_channel=there.is_channel)
        self.does(Incoming(who, Where.PRIVATE, Kind.ROOM, 0, there=there))

    # --- What Telegram and time do ----------------------------------------------------------------------------

    @rule(
        who=WHO,
        chat=groups(also=(MODERATORS, CHANNEL)),
        now=st.booleans(),
        what=st.sampled_from(["is an admin", "is an admin", "is not known", "blocks the bot"]),
    )
    def rights_change(self, who: int, chat: int, what: str, *, now: bool) -> None:
        place, closed = self._place(chat), self.telegram.closed
        match what:
            case "is an admin":
                (place.admins.add if now else place.admins.discard)(who)
            case "is not known":
                place.is_silent = now
            case _:
                (closed.add if now else closed.discard)(who)

    @rule(
        who=WHO,
        chat=groups(also=(MODERATORS, CHANNEL)),
        is_in=st.sampled_from([True, True, False]),
        may_write=st.sampled_from([True, True, False]),
    )
    def the_bot_is_added_muted_or_removed(self, who: int, chat: int, *, is_in: bool, may_write: bool) -> None:
        place = self._place(chat)
        was_in, place.is_in, place.may_write = place.is_in, is_in, may_write
        there = replace(place.there, standing=replace(place.standing, was_in=was_in))
        where = Where.CHANNEL if there.is_channel else Where.GROUP
        self.does(Incoming(who, where, Kind.STANDING, 0, there=there))

    @rule(chat=groups())
    def the_bot_is_away_for_long(self, chat: int) -> None:
        self.the_bot_is_added_muted_or_removed(PEOPLE[0], chat, is_in=False, may_write=False)
        self.time_passes((GONE_DAYS + 1) * DAY)

    @precondition(lambda self: SMALL in self.telegram.places)
    @rule(is_told=st.booleans())
    def the_small_group_grows(self, *, is_told: bool) -> None:
        place = self.telegram.places.pop(SMALL)
        place.chat = GROWN
        self.telegram.places[GROWN], self.telegram.moved[SMALL] = place, GROWN
        if is_told:
            self.run(self.responder.rooms.moved(SMALL, GROWN))
        self.rooms, self.yeses = self.books.looked()
        self.carded.clear()

    @rule()
    def the_bot_comes_again(self) -> None:
        self.responder = Responder(
            CONTENT,
            self.books.store,
            RING.buttons,
            clock=self.clock,
            seed=self.seeds.__next__,
            directory=self.telegram,
        )
        self.telegram.responder = self.responder
        self.circles = Circles(
            self.books.store, self.responder, self.telegram, self.clock, CONTENT, kept=self.responder.rooms.put
        )
        self.carded.clear()

    @rule(seconds=st.sampled_from([0, 0, 60, 11 * 60, 31 * 60, 7 * HOUR, DAY, 8 * DAY, 31 * DAY]))
    def time_passes(self, seconds: int) -> None:
        """So many seconds, or until the next circle."""
        due = [room.due_at for room in self.rooms.values() if room.due_at > self.clock.at]
        self.clock.at = self.clock.at + seconds if seconds else min(due, default=self.clock.at)
        self._the_clock_works()
        self.run(sweep(self.books.store, self.clock.at))
        rooms, self.yeses = self.books.looked()
        over = {chat for chat, room in self.rooms.items() if self._days_gone(room) >= GONE_DAYS}
        assert rooms.keys() == self.rooms.keys() - over
        assert not [chat for one in self.yeses.values() for _, chat in one if chat in over]
        self.rooms = rooms
        if over:  # which is known with the next reading
            self.clock.at += RENEWED_AFTER
            self._the_clock_works()

    def _days_gone(self, room: Room) -> int:
        return self.clock.at // DAY - room.gone_at // DAY if room.gone_at else 0

    def _the_clock_works(self) -> None:
        self.telegram.said.clear()
        self.telegram.deleted.clear()
        self.run(self.circles.round())
        before = self._known_by_now(self.rooms)
        for said in self.telegram.said:
            room = before[said.chat]
            assert said.reply.keys == (Line.CIRCLE, Line.CIRCLE_PRACTICE)
            assert self._is_on(room.chat) or self._is_on(SMALL)
            assert room.may_write
            assert room.circle.days
            assert room.held_until <= self.clock.at
            assert said.thread == (room.topic or None)
            zone = CONTENT.zones.zone(room.circle.zone)
            assert zone is not None
            day = local_day(zone, self.clock.at)
            assert (said.chat, day) not in self.circled
            self.circled.add((said.chat, day))
            self._is_for_all(said)
            self._notes(said)
            self.books.counts["circles"] += 1
        assert {*self.telegram.deleted} <= self.own
        self.books.counts["tidied"] += len(self.telegram.deleted)
        rooms, yeses = self.books.looked()
        after = self._known_by_now(rooms)
        assert before.keys() == after.keys()
        for chat, room in before.items():
            _changes_only(room, after[chat], BY_THE_CLOCK)
        assert self._agreed_by_now(self.yeses) == self._agreed_by_now(yeses)
        self.rooms, self.yeses = rooms, yeses

    # --- What holds after each move ---------------------------------------------------------------------------

    def does(self, incoming: Incoming) -> Decision:
        there = incoming.there
        chat = incoming.person if incoming.where is Where.PRIVATE or there is None else there.chat
        if incoming.where is Where.PRIVATE:
            self.telegram.closed.discard(incoming.person)
        self.rights = {each: self.telegram.admins_of(each) for each in self.telegram.places}
        alike = self.run(self._said_to_a_stranger(incoming))
        held, remembered, version = self._holds(incoming.person), self.responder.remembered, self.books.version
        self.telegram.said.clear()
        with capture_logs() as logs:
            decision = self.run(self._answered(incoming, chat))
        rooms, yeses = self.books.looked()
        for said in self.telegram.said:
            if said.chat < 0:
                self._is_for_all(said, incoming)
        for reply in decision.replies:
            if reply.instead is not None and chat < 0:
                self._is_for_all(Said(chat, reply.instead, None, 0), incoming)
        self._is_asked_for(incoming)
        if incoming.where is not Where.PRIVATE:
            assert decision.toast in TOASTS
            self._is_the_same_for_all(incoming, alike)
        if not self._may_be_read(incoming):
            assert (decision.replies, decision.facts, decision.link, self.telegram.said) == ((), (), "", [])
            assert not logs
            assert self._holds(incoming.person) in (held, None)
            assert self.responder.remembered <= remembered
            assert self.books.version == version
            self.books.counts["unread"] += 1
        self._is_changed_by_right(incoming, rooms)
        self._is_agreed_to(incoming, rooms, yeses)
        for said in self.telegram.said:
            self._notes(said, incoming)
        if decision.link:
            assert decision.opens is not None
            assert not decision.opens.is_for_admins or incoming.person in self.rights[chat]
            self.links.append((incoming.person, decision.link))
        self.rooms, self.yeses = rooms, yeses
        self.books.counts["moves"] += 1
        return decision

    async def _answered(self, incoming: Incoming, chat: int) -> Decision:
        """What is said to it, sent where it is to go, as the handlers do that."""
        decision = await self.responder.respond(incoming)
        refused: set[int] = set()
        topic = None if incoming.there is None else incoming.there.thread
        is_press_there = incoming.kind is Kind.PRESS and chat < 0
        for reply in decision.replies:
            if is_press_there and reply.in_place:
                await self.telegram.edit(chat, incoming.there.number if incoming.there else 0, reply)
                continue
            to, thread = (reply.to, reply.thread) if reply.to else (chat, topic)
            if to in refused:
                continue
            sent = await self._sent(to, reply, thread)
            if sent.fate is Fate.REFUSED:
                refused.add(to)
                if reply.instead is not None and to != chat:
                    await self._sent(chat, reply.instead, None)
        for fact in decision.facts:
            if isinstance(fact, RoomLeft):
                await self.telegram.leave(fact.chat)
        return decision

    async def _sent(self, to: int, reply: Reply, thread: int | None) -> Sent:
        if to < 0:
            reply = self.responder.rooms.as_of_now(self._now(to), reply)
        sent = await self.telegram.send(to, reply, thread=thread)
        if to < 0:
            await self.responder.rooms.sent(self._now(to), sent, reply)
        return sent

    def _is_for_all(self, said: Said, incoming: Incoming | None = None) -> None:
        """It may be said where others read it: one of the lines for there, no words of anyone, and nothing held."""
        reply, room = (
            said.reply,
            [each for each in self.rooms.values() if self._now(each.alerts) == self._now(said.chat)],
        )
        allowed: frozenset[Line] = CIRCLES if said.chat == CHANNEL else IN_GROUPS
        if room and incoming is not None:
            allowed |= {Line.ALERT}
        if incoming is not None and incoming.kind is Kind.PRESS and said.chat != CHANNEL:
            allowed |= {Line.ALERT_TAKEN}
        assert set(reply.keys) <= allowed
        assert (reply.attached, reply.is_keyboard, reply.closes_keyboard) == (None, False, False)
        for name, value in reply.slots.items():
            words = filled(value, CONTENT.labels)
            match name:
                case "words":
                    assert words in {each.words for each in CONTENT.circles}
                case "total":
                    assert 0 < int(words) <= self.pressed[said.chat, said.number]
                case "length":
                    assert re.fullmatch(r"\d+ (days?|hours?|minutes)", words)
                case "title":
                    assert reply.keys == (Line.ALERT,)
                    assert words in {title_of(each.title) for each in room}
                case _:
                    raise AssertionError(name)
        text = PROMPTS.text(reply).lower()
        assert not [mark for mark in MARKS if mark in text]
        for button in (button for row in reply.buttons for button in row):
            self._tells_nothing(said, button, incoming)

    def _tells_nothing(self, said: Said, button: Button, incoming: Incoming | None) -> None:
        """Its button brings nothing of anyone, to whoever presses it."""
        assert button.label in LABELS
        assert not button.words
        if button.action is Action.OPEN:
            assert Line.ALERT in said.reply.keys or Line.ALERT_TAKEN in said.reply.keys
            assert incoming is not None
            assert incoming.there is not None
            assert button.payload == incoming.there.post
            return
        chats = [said.chat, *(old for old, new in self.telegram.moved.items() if new == said.chat)]
        read = [open_payload(KEYS.button, chat, self.clock.at, button.payload) for chat in chats]
        opened = next((one for one in read if isinstance(one, Opened)), Refused.UNREADABLE)
        assert isinstance(opened, Opened)
        assert (opened.action, opened.value) == (button.action, button.value)
        if set(said.reply.keys) & CIRCLES:
            total = int(str(said.reply.slots.get("total", 0)))
            assert opened.state == State(walk=total, counter=opened.state.counter)
            assert opened.state.counter in {each.number for each in CONTENT.circles}
        elif opened.action in VERIFYING:
            assert opened.state == State(walk=opened.state.walk)
            assert not opened.state.walk or opened.action is Action.ROOM_HOLD
        else:
            assert opened.action in {Action.DOOR, Action.ON_IT}
            assert opened.state == State()

    def _is_asked_for(self, incoming: Incoming) -> None:
        """What anyone was told in private is for whom it was written by, asked for just now or agreed to."""
        told = [said for said in self.telegram.said if said.chat > 0]
        assert {said.chat for said in told} <= {incoming.person}
        keys = {line for said in told for line in said.reply.keys}
        if not told:
            return
        if incoming.where is Where.PRIVATE or incoming.there is None:
            for said in told:
                if set(said.reply.keys) & FOR_ADMINS:
                    those = [chat for chat, title in TITLES.items() if title_of(title) == said.reply.slots["title"]]
                    assert any(incoming.person in self.rights.get(self._now(chat), ()) for chat in those)
            return
        if incoming.kind is Kind.STANDING:
            assert keys == {Line.CHANNEL_ADDED}
            return
        chat, yeses = incoming.there.chat, self.yeses[incoming.person]
        room = self.rooms[chat]
        assert incoming.kind in {Kind.TEXT, Kind.EDIT, Kind.COMMAND, Kind.MEDIA}
        assert not incoming.there.unnamed
        assert not {(Purpose.ALONE, 0), (Purpose.APART, chat)} & yeses
        assert self._is_on(chat)
        if Line.OFFER in keys:
            assert (keys, incoming.addressed, incoming.kind) == ({Line.OFFER}, False, Kind.TEXT)
            assert room.held_until <= self.clock.at
            before = [at for (person, _), at in self.offered.items() if person == incoming.person]
            assert all(self.clock.at - at >= room.pause for at in before)
        elif keys & {Line.NOTICE_STOPPED_THERE, Line.NOTICE_NOT_THERE}:
            assert incoming.addressed
            assert incoming.command == "stop" or incoming.text in STOPS
        else:
            assert _is_grave(incoming)
        assert incoming.addressed or (Purpose.GROUP, chat) in yeses

    def _is_the_same_for_all(self, incoming: Incoming, alike: list[Shape]) -> None:
        """What is said there is what anyone would have heard, or nothing, where that was too much."""
        there = incoming.there
        assert there is not None
        place = self.telegram.places.get(there.chat)
        said = [_shape(said.reply) for said in self.telegram.said if said.chat == there.chat]
        keys = {line for shape in said for line in shape[0]}
        if incoming.where is Where.CHANNEL or incoming.kind in NOT_WRITTEN:
            return
        is_grave, chat = _is_grave(incoming), there.chat
        is_too_much = False
        for whom, (most, seconds) in (((chat, incoming.person), OF_A_PERSON), ((chat,), OF_A_ROOM)):
            times = self.wanted[whom] = [at for at in self.wanted[whom] if self.clock.at - at < seconds]
            times.append(self.clock.at)
            is_too_much |= len(times) > most
        if incoming.command in IN_A_GROUP:
            return
        if not incoming.addressed:
            assert keys <= {Line.GROUP_DANGER}
            assert not keys or (is_grave and self.rooms[chat].held_until <= self.clock.at)
        elif is_grave:
            assert keys <= HELP | {line for shape in alike for line in shape[0]}
        else:
            assert said in ([], alike)
        may_be_heard = place and place.is_in and place.may_write and incoming.addressed and not is_too_much
        assert not may_be_heard or bool(said) or not alike or is_grave
        if may_be_heard and incoming.text in DANGERS:
            assert self.telegram.said
            self.books.counts["dangers"] += 1
        if Line.GROUP_DANGER in keys:
            assert self.clock.at - self.carded.get(chat, 0) >= CARD_APART
            self.carded[chat] = self.clock.at

    async def _said_to_a_stranger(self, incoming: Incoming) -> list[Shape]:
        """What the group would see if someone wrote this of whom nothing is held."""
        if incoming.where is not Where.GROUP or incoming.there is None or incoming.kind in NOT_WRITTEN:
            return []
        await self.responder.rooms.ready()
        there = self.responder.rooms.seen(incoming.there, STRANGER)
        decision = decide(replace(incoming, person=STRANGER, at=self.clock.at, there=there), Held(), CONTENT)
        return [_shape(reply) for reply in decision.replies if not reply.to]

    def _may_be_read(self, incoming: Incoming) -> bool:
        """Whether it may leave any trace: what is addressed to it, and where it is on what members wrote who agreed."""
        there = incoming.there
        if incoming.where is Where.PRIVATE or there is None or incoming.kind in NOT_WRITTEN:
            return True
        if incoming.where is Where.CHANNEL:
            return False
        if incoming.addressed:
            return self._is_on(there.chat) or _is_grave(incoming) or incoming.command in {"settings", "leave", "crisis"}
        yeses, room = self.yeses[incoming.person], self.rooms.get(there.chat)
        agreed = (Purpose.GROUP, there.chat) in yeses and not {(Purpose.ALONE, 0), (Purpose.APART, there.chat)} & yeses
        reads = self._is_on(there.chat) and room is not None and room.noticing is Noticing.MEMBERS
        return agreed and reads and not incoming.forwarded and not there.unnamed

    def _is_changed_by_right(self, incoming: Incoming, rooms: dict[int, Room]) -> None:
        """A room is changed by who is one of its admins at this moment, or by what Telegram tells of it."""
        before, after = self._known_by_now(self.rooms), self._known_by_now(rooms)
        for chat in before.keys() | after.keys():
            was, now = before.get(chat), after.get(chat)
            if was == now:
                continue
            self.books.counts["changes"] += 1
            if incoming.kind is Kind.STANDING:
                assert incoming.there is not None
                assert chat == incoming.there.chat
                _changes_only(was, now, BY_TELEGRAM)
                continue
            if was is not None and now is not None and _changed(was, now) <= {"may_write", "due_at"} and now.may_write:
                assert self.telegram.places[chat].may_write  # it is known by what went out
                continue
            assert incoming.person in self.rights.get(chat, frozenset())
            if was is not None and now is not None and now.alerts not in {0, was.alerts}:
                assert incoming.person in self.rights.get(now.alerts, frozenset())

    def _is_agreed_to(self, incoming: Incoming, rooms: dict[int, Room], yeses: dict[int, set[Yes]]) -> None:
        """Nobody agreed to anything but by a yes of their own to that question, and only they take it back."""
        left = self._known_by_now(self.rooms).keys() - self._known_by_now(rooms).keys()
        before, after = self._agreed_by_now(self.yeses), self._agreed_by_now(yeses)
        for person in before:
            new, gone = after[person] - before[person], before[person] - after[person]
            for purpose, chat in new:
                assert person == incoming.person
                assert incoming.where is Where.PRIVATE
                assert self._said_yes(incoming) in {(purpose, chat), (purpose, 0)}
                self.books.counts["agreed"] += 1
            for purpose, chat in gone:
                asked = person == incoming.person and (incoming.where is Where.PRIVATE or YOUNG in incoming.text)
                left_it = person == incoming.person and incoming.kind is Kind.LEFT
                stops = person == incoming.person and purpose is Purpose.GROUP and incoming.where is Where.GROUP
                assert asked or left_it or stops or chat in left
                self.offered.pop((person, chat), None)
        assert self.books.rows("consent") == sum(map(len, yeses.values()))
        assert self.books.rows("room") == len(rooms)
        assert {chat for one in yeses.values() for _, chat in one if chat} <= rooms.keys()
        assert not [room for room in rooms.values() if any(mark in repr(room).lower() for mark in MARKS)]

    def _said_yes(self, incoming: Incoming) -> Yes | None:
        """What a yes is to: the button tells, or typed, what was asked last."""
        asked = self.asked.get(incoming.person)
        if incoming.kind is not Kind.PRESS:
            return asked
        opened = open_payload(KEYS.button, incoming.person, self.clock.at, incoming.payload)
        if not isinstance(opened, Opened) or opened.action is not Action.AGREE:
            return None
        purpose = PURPOSES[opened.value & 7]
        there = self.responder.rooms.about(opened.state)
        if purpose not in BY_GROUP:
            return purpose, 0
        return asked if there is None else (purpose, self._now(there.chat))

    # --- What is known of it ----------------------------------------------------------------------------------

    def _notes(self, said: Said, incoming: Incoming | None = None) -> None:
        """What is shown now can be pressed, and what was offered or asked is remembered."""
        if incoming is not None and incoming.there is not None and Line.OFFER in said.reply.keys:
            self.offered[said.chat, self._now(incoming.there.chat)] = self.clock.at
            self.books.counts["offers"] += 1
        self.own |= set() if said.reply.stays else {(said.chat, said.number)}
        buttons = [button for row in said.reply.buttons for button in row]
        post = next((button.payload for button in buttons if button.action is Action.OPEN), "")
        for button in buttons:
            if button.action in {Action.OPEN, Action.ADD, Action.LOCATE, Action.ROOM_PICK} or said.reply.is_keyboard:
                continue
            self.shown.append(Shown(said.chat, said.number, button, post))
        for purpose, line in QUESTIONS.items():
            if line in said.reply.keys and said.chat > 0:
                agree = next((button for button in buttons if button.action is Action.AGREE), None)
                opened = agree and open_payload(KEYS.button, said.chat, self.clock.at, agree.payload)
                there = self.responder.rooms.about(opened.state) if isinstance(opened, Opened) else None
                self.asked[said.chat] = purpose, 0 if there is None else self._now(there.chat)

    def _holds(self, person: int) -> Held | None:
        one = self.responder._memory.get(person)  # noqa: SLF001 - nothing else tells it without a message
        return None if one is None else one.held

    def _place(self, chat: int) -> Place:
        return self.telegram.places[self._now(chat)]

    def _post(self, chat: int) -> str:
        return f"https://t.me/c/{-self._now(chat) % 1_000_000}/{next(self.telegram.numbers)}"

    def _now(self, chat: int) -> int:
        return self.telegram.moved.get(chat, chat)

    def _is_on(self, chat: int) -> bool:
        room = self.rooms.get(chat)
        return room is not None and room.is_on and not room.gone_at

    def _known_by_now(self, rooms: Mapping[int, Room]) -> dict[int, Room]:
        """The same with the ids that they have now, whether or not the bot knows them: what stands there stays."""
        return {
            self._now(chat): replace(rooms[chat], chat=self._now(chat), alerts=self._now(rooms[chat].alerts))
            for chat in sorted(rooms, key=lambda each: each not in self.telegram.moved)
        }

    def _agreed_by_now(self, yeses: Mapping[int, set[Yes]]) -> dict[int, set[Yes]]:
        return {person: {(purpose, self._now(chat)) for purpose, chat in one} for person, one in yeses.items()}

    # --- The end ----------------------------------------------------------------------------------------------

    @override
    def teardown(self) -> None:
        self.run(self._forgets_all())
        for table in ("consent", "room", "group_due", "setting", "outcome"):
            assert not self.books.rows(table)

    async def _forgets_all(self) -> None:
        for chat in (EVENING, SMALL, GROWN, MODERATORS, CHANNEL):
            await self.books.store.forget_room(chat, at=0)
        for person in (*PEOPLE, ANONYMOUS, OF_A_CHANNEL):
            await self.books.store.forget(person, at=0)


def _as_drawn(room: Room, _: Room | None) -> Room:
    return room


def _is_grave(incoming: Incoming) -> bool:
    """Whether it speaks of danger, or of being under 16."""
    texts = {incoming.text, f"{incoming.command} {incoming.text}"}
    seen = [CONTENT.guard.read(hear(text)) for text in texts if text]
    return any(one.tier is not Tier.NONE or one.minor for one in seen)


def _shape(reply: Reply) -> Shape:
    """A message but for what its buttons carry, which is looked at by itself."""
    rows = tuple(tuple((one.label, one.action, one.value, one.words) for one in row) for row in reply.buttons)
    return reply.keys, reply.slots, rows, reply.thread


def _changes_only(was: Room | None, now: Room | None, names: frozenset[str]) -> None:
    assert was is not None
    assert now is not None
    assert _changed(was, now) <= names, _changed(was, now)


def _changed(was: Room, now: Room) -> set[str]:
    return {each.name for each in fields(Room) if getattr(was, each.name) != getattr(now, each.name)}


def test_groups_tell_nothing_of_anyone_and_nothing_happens_unasked_or_without_rights(books: Books, runs: int) -> None:
    machine: Any = partial(Machine, books)
    run_state_machine_as_test(machine, settings=settings(max_examples=runs, stateful_step_count=MOVES))
    print(f"{runs} runs: {dict(books.counts)}")  # noqa: T201 - the counts are the point


def test_what_is_written_where_no_admin_has_said_yes_is_not_even_dated(books: Books) -> None:
    machine = Machine(books)
    machine.some_things_are_set((Room(0),) * 3, [Purpose.GROUP] * len(PEOPLE), set(), (set(),) * 4, set())
    machine.clock.at += DAY
    machine.writes_there(PEOPLE[0], SMALL, LIGHT[0], Kind.TEXT, addressed=True, names=False, forwarded=False)
    machine.teardown()
    assert books.counts["unread"] == 1


@pytest.mark.parametrize(("held_until", "offers"), [(0, 1), (Clock().at + DAY, 0)])
def test_offers_come_once_in_a_pause_and_not_while_it_rests(books: Books, held_until: int, offers: int) -> None:
    machine = Machine(books)
    evening = Room(0, noticing=Noticing.MEMBERS, held_until=held_until)
    machine.some_things_are_set((evening, *[Room(0)] * 2), [Purpose.GROUP] * len(PEOPLE), set(), (set(),) * 4, set())
    machine.someone_who_agreed_tells_the_others(0, [SEEN, HEAVY[1]], forwarded=False, later=False)
    machine.teardown()
    assert books.counts["offers"] == offers


def test_a_yes_that_was_asked_for_one_group_is_none_for_another(books: Books) -> None:
    machine = Machine(books)
    reading = Room(0, is_on=True, noticing=Noticing.MEMBERS)
    evening = replace(reading, noticing=Noticing.MENTIONS)
    machine.some_things_are_set(
        (evening, reading, reading), [Purpose.ALONE] * len(PEOPLE), set(), ({PEOPLE[1]},) * 4, set()
    )
    machine.comes_through_a_door(PEOPLE[0], SMALL, Door.NOTICE, [])
    machine.an_admin_sends_it_away(SMALL)
    machine.the_bot_comes_again()
    assert SMALL not in machine.rooms
    machine.comes_through_a_door(PEOPLE[0], EVENING, Door.NOTICE, [])
    machine.taps(PEOPLE[0], Action.AGREE)
    assert machine.yeses[PEOPLE[0]] == {(Purpose.ALONE, 0)}
    machine.teardown()
