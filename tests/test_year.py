"""A year of nudges: what arrives is what an oracle says that must arrive, whatever goes wrong meanwhile.

Rules that hold here: store, responder, the clock's way in, delivery and transport are those of the house, and Telegram
is the stand-in over loopback; only the clock is the test's, which goes from what is due to what people do, and waits
for nothing; people answer what has arrived, by the buttons that it has.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, date, datetime
from functools import partial
from heapq import heappop, heappush
from itertools import count, pairwise
from math import ceil
from pathlib import Path
from typing import Any, Final

import pytest
from telegram import Bot
from typing_extensions import override

from bot.adapters.delivery import Delivery
from bot.adapters.outbox import TelegramOutbox
from bot.adapters.transport import AiohttpRequest
from bot.core.course import Practice
from bot.core.facts import Consented, Fact, FollowedUp, NudgeChange, Shown
from bot.core.kept import Purpose
from bot.core.lines import Label
from bot.core.model import Decision, Incoming, Kind, Where
from bot.core.times import clock_words
from bot.nudges import Nudges
from bot.respond import Responder
from bot.store.dues import Claim
from bot.store.store import Store
from tests.botapi import Call, Dropped, Hang, Server, broken, too_many
from tests.botapi.chats import Message
from tests.botapi.faults import Fault
from tests.botapi.people import Person as Chat
from tests.botapi.updates import Bell
from tests.oracle import Came, Oracle, day_of, is_quiet, minute_of
from tests.person import PROMPTS, RING, Person, responder_of
from tests.ports import free_port
from tests.year import DOWN, FIRST, Act, Setting, Trouble, Year, lived

PACE: Final = 0.1
"""Seconds that at most lie between two messages in a row."""
PATIENCE: Final = 10.0
"""Seconds that the test waits for something to happen."""
LATEST: Final = 2 * 60
"""Seconds that a message may come after the oracle's time: others are tried again before it."""
WEEKS: Final = 8
"""In which clocks change on both sides of the equator."""
DOZEN: Final = 12
FULL: Final = 52
DAY_NAMES: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ANSWERS: Final = {
    "did": Label.NUDGE_DID,
    "not today": Label.NUDGE_NOT_TODAY,
    "harder": Label.NUDGE_HARDER,
    "on": Label.NUDGE_BEGIN,
    "keep": Label.NUDGE_KEEP,
    "fewer": Label.NUDGE_FEWER,
    "stop": Label.NUDGE_STOP,
    "skip": Label.SKIP,
    "end": Label.FOLLOW_UP_END,
}
AGO: Final = {Label.AGO_1: "1", Label.AGO_3: "3", Label.AGO_7: "7", Label.AGO_SOME: "some"}
WORDS: Final = PROMPTS.content.labels


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "weeks" in metafunc.fixturenames:
        metafunc.parametrize(
            "weeks", [FULL if metafunc.config.getoption("long") else WEEKS], ids=lambda n: f"{n} weeks"
        )


class Time:
    """The test's clock, which a pause moves on at once, or as soon as no call is under way."""

    def __init__(self) -> None:
        self.seconds = float(FIRST)
        self.stands = False
        self.calls = 0
        self.bell = Bell()

    def __call__(self) -> int:
        return int(self.seconds)

    def now(self) -> float:
        return self.seconds

    async def pause(self, seconds: float) -> None:
        if self.stands:
            await asyncio.Event().wait()
        until = self.seconds + seconds
        if seconds > PACE:
            await self.bell.until(lambda: not self.calls, PATIENCE)
        self.seconds = max(self.seconds, until)
        await asyncio.sleep(0)


class Watched(Store):
    """A store that tells how much is claimed."""

    bell: Bell
    claimed: int
    is_round_over = False

    @override
    async def claim(self, at: int, most: int = 1) -> tuple[Claim, ...]:
        claims = await super().claim(at, most)
        self._counts(len(claims))
        return claims

    @override
    async def interrupted(self, most: int = 1) -> tuple[Claim, ...]:
        claims = await super().interrupted(most)
        self._counts(len(claims))
        return claims

    @override
    async def put_off(self, claim: Claim, at: int) -> None:
        await super().put_off(claim, at)
        self._counts(-1)

    @override
    async def finish(self, claim: Claim, **changes: Any) -> None:
        await super().finish(claim, **changes)
        self._counts(-1)

    @override
    async def next_due_at(self) -> int | None:
        self.is_round_over = True
        self.bell.ring()
        return await super().next_due_at()

    def _counts(self, more: int) -> None:
        self.claimed += more
        self.bell.ring()


class Line(AiohttpRequest):
    """The transport, on a line that ends nowhere while Telegram is out of reach."""

    __slots__ = ("_is_out", "_nowhere", "_time")

    def __init__(self, time: Time, is_out: Callable[[], bool], nowhere: str) -> None:
        super().__init__()
        self._time = time
        self._is_out = is_out
        self._nowhere = nowhere

    @override
    async def do_request(self, url: str, *args: Any, **more: Any) -> tuple[int, bytes]:
        if self._is_out():
            url = f"{self._nowhere}/{url.rpartition('/')[2]}"
        self._time.calls += 1
        try:
            return await super().do_request(url, *args, **more)
        finally:
            self._time.calls -= 1
            self._time.bell.ring()


class House:
    """The bot as it runs until it stops or is killed."""

    def __init__(self, store: Watched, responder: Responder, nudges: Nudges) -> None:
        self.store = store
        self.responder = responder
        self.nudges = nudges


class World:
    """Telegram, everyone, and the bot, which comes and goes."""

    def __init__(self, year: Year, telegram: Server, time: Time, folder: Path) -> None:
        self.year = year
        self.telegram = telegram
        self.time = time
        self.came: defaultdict[int, list[tuple[Came, Message]]] = defaultdict(list)
        self.starts = 0
        self._folder = folder
        self._chats: dict[int, Chat] = {one.number: telegram.person(one.number, "Ann") for one in year.people}
        self._bell = Bell()
        self._hangs: list[Hang] | None = None
        self._arrives = True
        self._is_out = False
        self._nowhere = f"http://127.0.0.1:{free_port()}"
        self._calls = 0
        self._events: list[tuple[int, int, Callable[[], Coroutine[Any, Any, None]]]] = []
        self._order = count()
        self._stack = AsyncExitStack()
        self._house: House | None = None
        self._quiet_until = 0
        telegram.trouble = self._trouble
        for trouble in year.troubles.of:
            if trouble.what in DOWN:
                self._at(trouble.start, partial(self._goes_down, trouble))
                self._at(trouble.end, self._starts)
        for person in year.people:
            for act in person.acts:
                self._at(act.at, partial(self._does, person.number, act))

    async def goes_on(self) -> None:
        """Live through it."""
        for chat in self._chats.values():
            chat.bot_is = "member"
        await self._starts()
        assert self._house is not None
        for person in self._chats:
            for purpose in (Purpose.FOLLOW_UPS, Purpose.PLANS):
                await self._house.store.grant(person, purpose, at=self.time())
        while True:
            due = None if self._house is None else await self._house.store.next_due_at()
            due_at = self.year.last if due is None else max(due, self._quiet_until)
            if self._events and self._events[0][0] <= due_at:
                at, _, event = heappop(self._events)
                if at >= self.year.last:
                    break
                self._moves_to(at)
                await event()
            elif due_at >= self.year.last:
                break
            else:
                self._moves_to(due_at)
                assert self._house is not None
                await self._house.nudges.round()
            self._hears()
        await self._ends()

    def _moves_to(self, at: int) -> None:
        self.time.seconds = max(self.time.seconds, float(at))

    def _at(self, at: int, event: Callable[[], Coroutine[Any, Any, None]]) -> None:
        heappush(self._events, (at, next(self._order), event))

    # --- the bot ------------------------------------------------------------------------------------------------

    async def _starts(self) -> None:
        self.starts += 1
        store = await self._stack.enter_async_context(
            Watched.open(self._folder, RING, at=self.time(), versions=PROMPTS.content.versions)
        )
        store.bell, store.claimed = self._bell, 0
        bot = await self._stack.enter_async_context(
            Bot(
                self.telegram.token,
                f"{self.telegram.url}/bot",
                request=Line(self.time, self._is_unreachable, self._nowhere),
                get_updates_request=AiohttpRequest(),
            )
        )
        delivery = Delivery(bot, self.time.pause, now=self.time.now)
        self._stack.push_async_callback(delivery.close, 0)
        responder = responder_of(store, self.time, first_seed=self.starts * 100_000)
        nudges = Nudges(store, responder, TelegramOutbox(bot, delivery, PROMPTS), self.time, PROMPTS.content)
        self._house = House(store, responder, nudges)
        await nudges.round()

    async def _ends(self) -> None:
        self._house = None
        self.time.stands = False
        await self._stack.aclose()

    def _is_unreachable(self) -> bool:
        there = self.year.troubles.at(self.time())
        return self._is_out or (there is not None and there.what == "refused")

    async def _goes_down(self, trouble: Trouble) -> None:
        house = self._house
        assert house is not None
        house.store.is_round_over = False
        match trouble.what:
            case "given back":
                self._is_out = self.time.stands = True
                async with house.nudges.beside():
                    await self._until(lambda: house.store.claimed or house.store.is_round_over)
                self._is_out = False
            case "drained":
                async with self._hanging(), house.nudges.beside():
                    await self._until(lambda: house.store.is_round_over or self._all_hang())
                    self._let_go()
            case "killed" | "killed, arrived":
                async with self._hanging(arrives=trouble.what != "killed"), asyncio.TaskGroup() as group:
                    rounds = group.create_task(house.nudges.round())
                    rounds.add_done_callback(lambda _: self._bell.ring())
                    await self._until(lambda: rounds.done() or self._all_hang())
                    rounds.cancel()
        self._hears()
        await self._ends()

    @asynccontextmanager
    async def _hanging(self, *, arrives: bool = True) -> AsyncIterator[None]:
        """No message is answered, though it may arrive."""
        self._hangs, self._arrives = [], arrives
        try:
            yield
        finally:
            self._let_go()
            self._hangs = None

    def _all_hang(self) -> bool:
        assert self._house is not None
        return bool(self._hangs) and len(self._hangs or ()) == self._house.store.claimed

    def _let_go(self) -> None:
        for hang in self._hangs or ():
            hang.release()

    async def _until(self, true: Callable[[], object]) -> None:
        assert await self._bell.until(true, PATIENCE), self.year.troubles.at(self.time())

    def _trouble(self, call: Call) -> Fault | None:
        if call.method != "sendMessage":
            return None
        if self._hangs is not None:
            self._hangs.append(hang := Hang(after=self._arrives))
            self._bell.ring()
            return hang
        there = self.year.troubles.at(self.time(), int(call.parameters["chat_id"]))
        match there.what if there is not None else "":
            case "broken":
                return broken()
            case "dropped":
                return Dropped(after=True)
            case "flooded" | "busy" if there is not None:
                return too_many(ceil(there.end - self.time.seconds))
            case _:
                return None

    # --- the people ---------------------------------------------------------------------------------------------

    def _hears(self) -> None:
        """Note what has arrived, and what comes of it."""
        calls, self._calls = self.telegram.calls[self._calls :], len(self.telegram.calls)
        for number in {int(call.parameters["chat_id"]) for call in calls if call.method == "sendMessage"}:
            for message in self._chats[number].hears()[len(self.came[number]) :]:
                came = Came(message.json["date"], kind_of(message))
                self.came[number].append((came, message))
                nth = len(self.came[number])
                answer = self.year.people[number - 1].answer(nth, came.kind, came.at, self.year.troubles)
                if answer is not None:
                    self._at(answer.at, partial(self._answers, number, answer, message, came.kind))

    async def _answers(self, person: int, act: Act, message: Message, kind: str) -> None:
        what = "keep" if kind == "keep?" and act.what == "on" else act.what
        words = WORDS[ANSWERS[what]] if what in ANSWERS else what
        decision = await self._presses(person, message.button(words, ever=True)["callback_data"])
        is_kept = Purpose.NUDGES in decision.held.consents or kind.startswith("follow-up")
        self._is_heard(decision, FollowedUp if kind.startswith("follow-up") else NudgeChange if is_kept else None)

    async def _does(self, person: int, act: Act) -> None:
        chat = self._chats[person]
        match act.what, act.value:
            case "block", _:
                chat.bot_is = "kicked"
            case "back", _:
                chat.bot_is = "member"
                await self._commands(person, "start")
            case "begin", Setting() as setting:
                decision = await self._commands(person, "nudge", line_of(setting))
                yes = next(button for reply in decision.replies for row in reply.buttons for button in row)
                self._is_heard(await self._presses(person, yes.payload), Consented)
            case "withdraw", _:
                someone = await self._someone(person)
                await someone.commands("consent")
                await someone.presses(Label.NUDGES_OFF)
            case "danger", _:
                self._is_heard(await (await self._someone(person)).says("i want to die"), Shown)
            case "walk", _:
                await (await self._someone(person)).walks()
            case "plan", _:
                await self._commands(person, "plan", "if i pass the hospital, then i write to her sister")
            case "help", _:
                await self._commands(person, "help")
            case what, value:
                decision = await self._commands(person, "nudge", typed(what, value))
                is_kept = Purpose.NUDGES in decision.held.consents
                self._is_heard(decision, NudgeChange if is_kept else None)

    async def _someone(self, person: int) -> Person:
        assert self._house is not None
        self._quiet_until = self.time() + 30  # the next round is some seconds later
        return Person(self._house.responder, person)

    async def _commands(self, person: int, command: str, text: str = "") -> Decision:
        someone = await self._someone(person)
        return await someone.responder.respond(
            Incoming(person, Where.PRIVATE, Kind.COMMAND, at=0, text=text, command=command)
        )

    async def _presses(self, person: int, payload: str) -> Decision:
        return await (await self._someone(person)).presses_data(payload)

    def _is_heard(self, decision: Decision, fact: type[Fact] | None) -> None:
        said = [reply.keys for reply in decision.replies]
        assert fact is None or any(isinstance(one, fact) for one in decision.facts), (self.time(), said)


def kind_of(message: Message) -> str:
    """What a message is, by its buttons; a practice has the number of its theme."""
    labels = {label for row in message.buttons for label in row}
    if WORDS[Label.NUDGE_DID] in labels:
        return f"practice {practice_in(message).theme}"
    if WORDS[Label.NUDGE_KEEP] in labels:
        return "keep?"
    if "10" in labels:
        return "follow-up " + next(days for label, days in AGO.items() if WORDS[label] in message.text)
    if WORDS[Label.IF_THEN_DONE] in labels:
        return "reminder"
    return "course end" if WORDS[Label.NUDGE_FEWER] in labels else "silent"


def practice_in(message: Message) -> Practice:
    """The practice that a message says."""
    return next(one for one in PROMPTS.content.practices if one.words in message.text)


def line_of(setting: Setting) -> str:
    """All of it, as someone types it behind /nudge."""
    whole = zip(("time", "days", "zone", "quiet", "course"), setting, strict=True)
    return " ".join(typed(what, value) for what, value in whole)


def typed(what: str, value: object) -> str:
    """What someone types to choose this."""
    match what, value:
        case "time", int():
            return clock_words(value)
        case "days", tuple():
            return " ".join(DAY_NAMES[day] for day in value)
        case "quiet", (int(first), int(last)):
            return "no quiet hours" if first == last else f"quiet {clock_words(first)}-{clock_words(last)}"
        case (("zone" | "course"), str()):
            return value
        case _:
            return what


async def test_what_arrives_in_a_year_is_what_an_oracle_says(
    weeks: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    year, time = lived(weeks * 7), Time()
    async with Server(now=time.now, patience=PATIENCE) as telegram:
        world = World(year, telegram, time, tmp_path / "data")
        await world.goes_on()
    problems: list[str] = []
    kinds: Counter[str] = Counter()
    zones: set[str] = set()
    calls: defaultdict[int, list[Call]] = defaultdict(list)
    for call in telegram.calls_of("sendMessage"):
        calls[int(call.parameters["chat_id"])].append(call)
    for person in year.people:
        oracle = Oracle(person, year.troubles)
        expected = oracle.lives(year.last)
        came = world.came[person.number]
        kinds.update(one.kind.split()[0] for one, _ in came)
        problems += differences(person.number, expected, [one for one, _ in came])
        problems += unkept(person.number, oracle.settings, came, calls[person.number])
        zones |= {setting.zone for _, setting in oracle.settings if setting}
    troubles = Counter(one.what for one in year.troubles.of)
    record_property(
        "a year of nudges",
        f"{weeks} weeks, {len(year.people)} people: {dict(kinds)}; starts {world.starts}; {dict(troubles)}",
    )
    assert problems == []
    assert len(zones) > DOZEN


def differences(person: int, expected: list[Came], came: list[Came]) -> list[str]:
    """Where what arrived first differs from what had to arrive."""
    for nth in range(max(len(expected), len(came))):
        must = expected[nth] if nth < len(expected) else None
        was = came[nth] if nth < len(came) else None
        if must is None or was is None or must.kind != was.kind or not -LATEST <= was.at - must.at <= LATEST:
            return [f"{person}, message {nth + 1}: {shown(must)} had to arrive, {shown(was)} did"]
    return []


def shown(one: Came | None) -> str:
    return "nothing" if one is None else f"{one.kind} at {datetime.fromtimestamp(one.at, UTC):%a %Y-%m-%d %H:%M:%S}"


def unkept(
    person: int, settings: list[tuple[int, Setting | None]], came: list[tuple[Came, Message]], calls: list[Call]
) -> list[str]:
    """What was sent in quiet hours, as a day's second message, or again before all of its theme had been sent."""
    problems: list[str] = []
    days: list[int] = []
    for one, _ in came:
        setting = [setting for at, setting in settings if at <= one.at][-1]
        if setting is None:
            continue
        if all(is_quiet(setting.quiet, minute_of(setting.zone, at)) for at in (one.at - LATEST, one.at)):
            problems.append(f"{person}: {shown(one)} in quiet hours")
        if one.kind != "reminder":
            days.append(day_of(setting.zone, one.at))
    problems += [f"{person}: two messages on {date.fromordinal(day)}" for day, after in pairwise(days) if after <= day]
    if all(setting for _, setting in settings):  # with a yes, what has been seen goes too
        problems += [f"{person}: {name} again, too soon" for name in too_soon(calls)]
    return problems


def too_soon(calls: list[Call]) -> Iterator[str]:
    """The practices that were sent again before all of their theme had been, whether they arrived or not."""
    texts = [
        str(call.parameters["text"]) for call in calls if not str(call.refusal).startswith(("Too Many", "Forbidden"))
    ]
    practices = PROMPTS.content.practices
    told = [one for text in texts for one in practices if one.words in text]
    for theme in range(1, 9):
        deck = sum(one.theme == theme for one in practices)
        names = [one.name for one in told if one.theme == theme]
        for start in range(0, len(names), deck):
            yield from (name for name, times in Counter(names[start : start + deck]).items() if times > 1)
