"""The real bot as a process, while Telegram fails in every way and the bot is killed: nobody is left unanswered.

Rules that hold here: people do what people can: they press a button of the latest message that they got, and write
beside that; what fails, and when, is drawn from a seed; what must hold afterwards holds whatever was drawn.
"""

import asyncio
import json
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random  # noqa: TID251 - seeded, so that a failure can be looked at again
from typing import Final

import pytest

from bot import prompts
from bot.core.button import open_payload
from bot.core.lines import Label, Line
from bot.core.model import Opened
from bot.store.keyring import Keys
from tests.botapi import Call, Dropped, Hang, Message, Page, Server, blocked, broken, too_many
from tests.botapi.faults import Fault
from tests.botapi.people import Person
from tests.botapi.updates import Refused

PATIENCE: Final = 60.0  # seconds that anyone waits for an answer
WORDS: Final = prompts.load()
SECRET: Final = bytes(range(32))
KEY: Final = Keys.of(SECRET).button
OPENING: Final = "lost a patient today and i cant stop seeing her sons face"

BOUND: Final = 5.0
"""Seconds after which an update is confirmed though it is not answered, so that a kill may lose it."""

WAYS: Final = ("polling", "webhook")
"""How updates come in."""

COMMANDS: Final = {"/help": Line.HELP, "/settings": Line.SETTINGS, "/consent": Line.CONSENT_ASK, "/start": Line.START}
ASIDE: Final = {Line.CONSENT_ASK: Line.CONSENT_NONE}
"""What an answer to a command says before it."""
ENDS: Final = {WORDS.content.labels[label] for label in (Label.STOP, Label.REMEMBER, Label.SHOW, Label.IF_THEN)}
"""What ends a walk, or leads off it."""

FAULTS: Final[Mapping[str, tuple[Callable[[], Fault], ...]]] = {
    "sendMessage": (lambda: too_many(1), broken, Page, Dropped, lambda: Dropped(after=True)),
    "editMessageReplyMarkup": (
        lambda: too_many(1),
        broken,
        blocked,
        Dropped,
        lambda: Dropped(after=True),
        lambda: Refused(400, "Bad Request: message to edit not found"),
    ),
    "answerCallbackQuery": (
        lambda: too_many(1),
        broken,
        Dropped,
        lambda: Dropped(after=True),
        lambda: Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid"),
    ),
    "getUpdates": (
        lambda: too_many(1),
        broken,
        Page,
        Dropped,
        lambda: Dropped(after=True),
        lambda: Refused(409, "Conflict: terminated by other getUpdates request"),
    ),
}


def settings_of(way: str) -> dict[str, str]:
    """What the bot is told, so that updates come in that way."""
    if way == "polling":
        return {}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host, port = free.getsockname()
    return {
        "BOT_WEBHOOK_URL": f"http://{host}:{port}/telegram",
        "BOT_WEBHOOK_SECRET": "a-secret-of-this-test",
        "BOT_LISTEN": f"{host}:{port}",
    }


@dataclass(frozen=True)
class Size:
    """How much happens in one run."""

    people: int
    rounds: int
    kills: int
    polls: int  # that fail
    hangs: int  # sends that are never answered, before they take effect and after
    share: float = 1 / 6  # of the calls about messages that fail
    of_polls: float = 1 / 3  # as long as some are to fail


SMALL: Final = Size(people=100, rounds=2, kills=1, polls=2, hangs=1)
LARGE: Final = Size(people=100, rounds=12, kills=4, polls=20, hangs=10)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "size" in metafunc.fixturenames:
        sizes = [SMALL, LARGE] if metafunc.config.getoption("long") else [SMALL]
        metafunc.parametrize("size", sizes, ids=lambda size: f"{size.people} people, {size.rounds} rounds")


class Trouble:
    """What goes wrong, call by call: some of them, but no message more than twice."""

    def __init__(self, size: Size, random: Random) -> None:
        self.dealt: Counter[str] = Counter()
        self._random = random
        self._size = size
        self._polls = size.polls
        self._hangs = [Hang(after=after) for after in (False, True) for _ in range(size.hangs)]
        self._failed: Counter[tuple[str, ...]] = Counter()

    def __call__(self, call: Call) -> Fault | None:
        if call.method not in FAULTS:
            return None
        fault = self._of_a_poll() if call.method == "getUpdates" else self._of_a_message(call)
        self.dealt[call.method] += fault is not None
        return fault

    def _of_a_poll(self) -> Fault | None:
        if not self._polls or self._random.random() > self._size.of_polls:
            return None
        self._polls -= 1
        return self._random.choice(FAULTS["getUpdates"])()

    def _of_a_message(self, call: Call) -> Fault | None:
        what = tuple(str(call.parameters.get(name)) for name in ("chat_id", "text", "message_id", "callback_query_id"))
        if self._failed[what] == 2 or self._random.random() > self._size.share:
            return None
        self._failed[what] += 1
        if call.method == "sendMessage" and self._hangs:
            return self._hangs.pop()
        return self._random.choice(FAULTS[call.method])()


@dataclass(frozen=True)
class Place:
    """Where a walk stood when the bot said something: its number, and how many answers it had had."""

    walk: int
    counter: int


@dataclass
class Done:
    """Something that someone did, and how to know an answer to it."""

    what: str
    lane: str  # within which Telegram keeps the order, whatever way updates come in
    is_answered_by: Callable[[Message], bool]
    update: int
    at: float
    lost: bool = False  # by a kill


class Walker:
    """Someone who walks, and now and then writes a command beside it."""

    def __init__(self, person: Person, random: Random) -> None:
        self.person = person
        self.commands = random.sample(sorted(COMMANDS), 2)
        self.asked: set[Line] = set()
        self.openings = 0
        self.acts = 0
        self.lost: list[float] = []  # seconds that it was under way when a kill lost it
        self._waits_for: list[Done] = []
        self.out_of_order: list[list[str]] = []
        self._random = random

    async def lives(self, rounds: int, *, one_lane: bool, tell: Callable[[], None]) -> None:
        """Do something, wait until it is answered, and so on. `one_lane`: presses and messages keep their order."""
        for _ in range(rounds):
            acts = [self._goes_on]
            if self.commands and self._random.random() < 0.5:
                acts.insert(self._random.randrange(2), partial(self._writes, self.commands.pop()))
            before = len(self.person.hears())
            while acts:
                self._waits_for = done = [await act() for act in acts]
                self.acts += len(done)
                first = [await self._first_answer(one, before) for one in done]
                answers = [answer for answer in first if answer]
                if answers != sorted(answers) and (one_lane or len({one.lane for one in done}) == 1):
                    self.out_of_order.append([one.what for one in done])
                acts = [act for act, one in zip(acts, done, strict=True) if one.lost]
            tell()

    def bears_a_kill(self, at: float) -> None:
        """See what the bot took from Telegram and will not answer, since it was killed."""
        for done in self._waits_for:
            if done.update not in self.person.world.updates and not any(map(done.is_answered_by, self.person.hears())):
                done.lost = True
                self.lost.append(at - done.at)
        self.person.world.bell.ring()

    def problems(self, kills: int, ambiguous: Counter[tuple[int, str]]) -> Iterator[str]:
        """What is not as it should be, once all is over."""
        copies: dict[object, list[Message]] = {}
        for message in self.person.hears():
            copies.setdefault(self.told_by(message), []).append(message)
            if not self._is_fit(message):
                yield f"{message.text!r} is none of their own"
        for what, messages in copies.items():
            allowed = 1 + kills + max(ambiguous[self.person.id, message.text] for message in messages)
            if len(messages) > allowed:
                yield f"{what} came {len(messages)} times, and {allowed} are allowed"
        walks = {what.walk for what in copies if isinstance(what, Place)}
        if len(walks) > self.openings * (1 + kills):
            yield f"{len(walks)} walks were begun for {self.openings} openings"
        yield from (f"out of order: {acts}" for acts in self.out_of_order)
        yield from (f"lost after {seconds:.1f} s" for seconds in self.lost if seconds < BOUND)

    def told_by(self, message: Message) -> Place | Line | None:
        """What a message of the bot's is: an answer to a command, a word on an old button, or a place in a walk."""
        for line in (*COMMANDS.values(), *ASIDE.values(), Line.STALE):
            if message.text.split("\n\n")[0] in WORDS.lines[line]:
                return line
        places = self._places(message)
        return places.pop() if len(places) == 1 else None

    def _places(self, message: Message) -> set[Place]:
        return {Place(opened.state.walk, opened.state.counter) for opened in self._opened(message) if opened}

    def _opened(self, message: Message) -> list[Opened | None]:
        """The buttons that a message ever had, as they open for this person, and for nobody else."""
        pressed = (button for rows in message.keyboards for row in rows for button in row)
        data = [button["callback_data"] for button in pressed if "url" not in button]
        now = self.person.world.now()
        opened = [open_payload(KEY, self.person.id, now, one) for one in data]
        return [one if isinstance(one, Opened) else None for one in opened]

    def _is_fit(self, message: Message) -> bool:
        told = self.told_by(message)
        asked = self.asked | {ASIDE[line] for line in self.asked if line in ASIDE}
        expected = told in asked or told is Line.STALE or isinstance(told, Place)
        return expected and None not in self._opened(message)

    async def _first_answer(self, done: Done, before: int) -> int:
        """Wait; give the number of the message, or 0 where a kill lost what was done."""

        def answers() -> list[int]:
            return [message.id for message in self.person.hears()[before:] if done.is_answered_by(message)]

        await self.person.world.until(
            lambda: done.lost or answers(), f"{self.person.name} waits for an answer to {done.what}"
        )
        return 0 if done.lost else answers()[0]

    async def _goes_on(self) -> Done:
        """Press a button of the latest message of a walk; without one, say what happened."""
        latest = next(filter(self._is_of_a_walk, reversed(self.person.hears())), None)
        if latest is not None and _ways_on(latest):
            label = self._random.choice(_ways_on(latest))
            place = self._places(latest).pop()
            await self.person.presses_button(latest, label, wait=False)
            return self._done(label, "press", lambda answer: self._is_further(answer, place))
        known = {told.walk for told in map(self.told_by, self.person.hears()) if isinstance(told, Place)}
        self.openings += 1
        await self.person.says(OPENING, wait=False)
        return self._done("the opening", "message", lambda answer: self._is_of_a_new_walk(answer, known))

    async def _writes(self, command: str) -> Done:
        self.asked.add(COMMANDS[command])
        await self.person.says(command, wait=False)
        return self._done(command, "message", lambda answer: self.told_by(answer) is COMMANDS[command])

    def _done(self, what: str, lane: str, is_answered_by: Callable[[Message], bool]) -> Done:
        world = self.person.world
        return Done(what, lane, is_answered_by, world.updates.last, world.clock())

    def _is_of_a_walk(self, message: Message) -> bool:
        return self.told_by(message) not in {*COMMANDS.values(), *ASIDE.values()}

    def _is_further(self, answer: Message, place: Place) -> bool:
        told = self.told_by(answer)
        if not isinstance(told, Place):
            return told is Line.STALE
        return told.walk == place.walk and told.counter > place.counter

    def _is_of_a_new_walk(self, answer: Message, known: set[int]) -> bool:
        told = self.told_by(answer)
        return isinstance(told, Place) and told.walk not in known


class Bot:
    """The bot, as a process that can be killed and comes again. Its log is in a file, since a pipe may be full."""

    def __init__(self, telegram: Server, home: Path, settings: Mapping[str, str]) -> None:
        self._home = home
        self._base = {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "HOME": str(home),
            "BOT_DATA": str(home / "data"),
            "BOT_DATA_KEY": SECRET.hex(),
            "BOT_TOKEN": telegram.token,
            "BOT_API_URL": telegram.url,
            "BOT_SEND_RATE": "1000",
        }
        self.comes_by(settings)
        self._process: Process | None = None

    @property
    def pid(self) -> int:
        """Of the latest process."""
        assert self._process is not None
        return self._process.pid

    def comes_by(self, settings: Mapping[str, str]) -> None:
        """Have these settings at the next start."""
        self._settings = {**self._base, **settings}

    async def start(self) -> None:
        command = (sys.executable, "-m", "bot", "run")
        with (self._home / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command, stdin=DEVNULL, stdout=DEVNULL, stderr=log, cwd=self._home, env=self._settings
            )

    async def end(self, number: signal.Signals) -> int:
        """Send it a signal, and give what it exits with."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(number)
        return await self._process.wait()

    def log(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in (self._home / "log").read_text().splitlines()]


@asynccontextmanager
async def serving(telegram: Server, home: Path, settings: Mapping[str, str]) -> AsyncIterator[Bot]:
    bot = Bot(telegram, home, settings)
    await bot.start()
    try:
        yield bot
        assert await bot.end(signal.SIGTERM) == 0
    finally:
        await bot.end(signal.SIGKILL)


def may_be_repeated(telegram: Server) -> Counter[tuple[int, str]]:
    """How often a message, by its chat and its words, arrived though the bot could not know it."""
    return Counter(
        (int(call.parameters["chat_id"]), str(call.parameters["text"]))
        for call in telegram.calls_of("sendMessage")
        if isinstance(call.fault, Dropped | Hang) and call.fault.after
    )


@pytest.mark.parametrize("way", WAYS)
async def test_everyone_is_answered_in_order_whatever_fails(way: str, size: Size, tmp_path: Path) -> None:
    random = Random(size.people)  # noqa: S311 - no secret
    async with asyncio.timeout(PATIENCE * size.rounds), Server(patience=PATIENCE) as telegram:
        telegram.trouble = trouble = Trouble(size, random)
        walkers = [
            Walker(telegram.person(7_000 + number, f"Person {number}"), Random(number))  # noqa: S311 - no secret
            for number in range(size.people)
        ]
        rounds = iter(range(1, size.people * size.rounds + 1))
        finished = 0

        def tell() -> None:
            nonlocal finished
            finished = next(rounds)
            if way == "webhook" and finished % size.people == 0:
                telegram.world.updates.repeat(3)
            telegram.world.bell.ring()

        async with serving(telegram, tmp_path, settings_of(way)) as bot, asyncio.TaskGroup() as tasks:
            for walker in walkers:
                tasks.create_task(walker.lives(size.rounds, one_lane=way == "polling", tell=tell))
            for kill in range(1, size.kills + 1):
                due = size.people * size.rounds * kill // (size.kills + 1)
                await telegram.until(lambda due=due: finished >= due, "enough is answered")  # type: ignore[misc]
                await bot.end(signal.SIGKILL)
                killed_at, starts = telegram.world.clock(), len(telegram.calls_of("getMe"))
                await bot.start()
                await telegram.until(lambda n=starts: len(telegram.calls_of("getMe")) > n, "it comes again")  # type: ignore[misc]
                for walker in walkers:
                    walker.bears_a_kill(killed_at)
        ambiguous = may_be_repeated(telegram)
        said = sum(len(walker.person.hears()) for walker in walkers)
        acts = sum(walker.acts for walker in walkers)
        lost = sum(len(walker.lost) for walker in walkers)
        problems = [problem for walker in walkers for problem in walker.problems(size.kills, ambiguous)]
        print(  # noqa: T201 - the counts are the point
            f"{way}: {size.people} people did {acts} things and got {said} messages; kills {size.kills}, lost {lost}, "
            f"ambiguous sends {ambiguous.total()}, failed calls {dict(trouble.dealt)}"
        )
        assert problems == []
        assert [line for line in bot.log() if line["level"] in {"error", "critical"}] == []


def _ways_on(message: Message) -> list[str]:
    """The buttons that it has, or had, and that go on with a walk."""
    labels = [button["text"] for row in (message.keyboards or [[]])[-1] for button in row]
    return [label for label in labels if label not in ENDS]
