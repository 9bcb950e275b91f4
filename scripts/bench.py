"""Measure the bot against python-telegram-bot alone: python -m scripts.bench, or with the names of some rows.

Writes docs/benchmarks.md, where the rows that were not measured stay as they were, and prints it. Rules that hold here:
both sides of a row are measured in turn, in the same run, and the ratio is that of each round; nothing leaves this
machine; every load is bounded in number and in time. A row needs what the dependency group `bench` names.
"""

from __future__ import annotations

import asyncio
import gc
import json
import math
import os
import platform
import shutil
import sqlite3
import sys
import threading
from asyncio.subprocess import DEVNULL, PIPE
from bisect import bisect
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, redirect_stderr
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from http import HTTPStatus
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory, TemporaryFile
from time import perf_counter, sleep
from typing import Any, Final
from unittest.mock import patch

import aiosqlite
from aiohttp import ClientSession, ClientTimeout, TCPConnector, web
from rich.console import Console
from telegram import Bot, Update
from telegram.ext import (
    AIORateLimiter,
    Application,
    ApplicationBuilder,
    ContextTypes,
    ExtBot,
    JobQueue,
    MessageHandler,
    TypeHandler,
    Updater,
    filters,
)
from telegram.request import BaseRequest, HTTPXRequest, RequestData
from typing_extensions import override

from bot import log, prompts
from bot.adapters import lanes
from bot.adapters.delivery import Delivery
from bot.adapters.intake import Burst, Intake, Json, read
from bot.adapters.listen import SECRET_HEADER, Webhook, listening
from bot.adapters.outbox import TelegramOutbox
from bot.adapters.sieve import Sieve
from bot.adapters.telegram_bot import TelegramBot
from bot.adapters.transport import AiohttpRequest
from bot.app import now
from bot.core.decide import decide
from bot.core.gap import DAY, MOST_WALKS, Answered, Figure, OneWalk, OverDays
from bot.core.kept import KEPT_DAYS, Course, Nudging, Outcome, Purpose, Rest, Schedule
from bot.core.matching import hear
from bot.core.model import Held, Incoming, Kind, Lane, Opened, Where
from bot.core.reading import read as answer_in
from bot.core.state import Change, Condition, Source
from bot.figure import png
from bot.nudges import Nudges
from bot.respond import Responder
from bot.rounds import PAGE
from bot.store import database
from bot.store.opening import FILE
from bot.store.ring import ring_of
from bot.store.store import Store
from scripts.filled import Filled

ROUNDS: Final = 5
RATE: Final = 300
"""Updates a second, where a row measures how long one takes."""

PACED: Final = 1_200
MANY: Final = 3_000
AT_A_TIME: Final = 100
SENDS: Final = 1_000
PATIENCE: Final = 300.0
"""Seconds that a round may take."""

REPORT: Final = Path(__file__).parent.parent / "docs/benchmarks.md"
TOKEN: Final = "480016:AAExampleOfATokenThatOpensNothing"  # noqa: S105 it opens nothing
SECRET: Final = "example"  # noqa: S105 it opens nothing
HOME: Final = "127.0.0.1"
AT: Final = 1_790_000_000
TEXT: Final = "lost a patient today and i cant stop seeing her sons face.."  # 59 characters, and it is noticed
WALK: Final = ("did it", "5", "sad", "did it", "them", "comfort", "did it", "nothing", "no one", "did it", "2", "more")

console: Final = Console(stderr=True)

Load = dict[str, float]
"""What one round measured: by name, in milliseconds, or a second."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What a ratio should be: at most `bound`, or with `at_least` not less; or with `over`, a difference.

    Of a row with one side, and with `alone`, what our figure should be.
    """

    bound: float
    at_least: bool = False
    over: bool = False
    alone: bool = False

    def is_met(self, ours: float, theirs: float, ratio: float) -> bool:
        """Whether two figures, and their ratio, are as they should be."""
        if self.over:
            return ours - theirs <= self.bound
        figure = ours if self.alone else ratio
        return figure >= self.bound if self.at_least else figure <= self.bound

    def __str__(self) -> str:
        more = " more" if self.over else ", ours" if self.alone else ""
        return f"{'≥' if self.at_least else '≤'} {self.bound}{more}"


Side = Callable[[], Awaitable[Load]]
"""Measures one side of a row, once."""

Goals = Mapping[str, Goal | None]
"""The figures that a row shows, of those that both sides give; some with a goal for the ratio."""


@dataclass(frozen=True, slots=True)
class Row:
    """Two sides that are measured in turn, or one."""

    title: str
    sides: tuple[Side] | tuple[Side, Side]  # ours, theirs
    goals: Goals


@dataclass(slots=True)
class Measured:
    """The rounds of a row, so far."""

    row: Row
    ours: list[Load] = field(default_factory=list)
    theirs: list[Load] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Lines of the table, one a figure."""
        return [self._line(name, goal) for name, goal in self.row.goals.items()]

    def _line(self, name: str, goal: Goal | None) -> str:
        ours, theirs = [load[name] for load in self.ours], [load[name] for load in self.theirs]
        if not theirs:
            figure = f"{median(ours):,.2f} ({min(ours):,.2f} to {max(ours):,.2f})"
            is_met = goal is not None and goal.is_met(median(ours), 0.0, median(ours))
            verdict = "" if goal is None else f"{goal}: {'met' if is_met else '**missed**'}"
            return f"| {self.row.title} | {name} | {figure} |  |  | {verdict} |"
        ratios = [one / other for one, other in zip(ours, theirs, strict=True) if other]
        ratio = median(ratios) if ratios else 0.0
        is_met = goal is not None and goal.is_met(median(ours), median(theirs), ratio)
        verdict = "" if goal is None else f"{goal}: {'met' if is_met else '**missed**'}"
        spread = f"{ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f})" if ratios else ""
        return f"| {self.row.title} | {name} | {median(ours):,.2f} | {median(theirs):,.2f} | {spread} | {verdict} |"


async def main(wanted: Sequence[str]) -> int:
    """Measure the rows named, or all, and print the table."""
    rows = [row for make in ROWS if not wanted or make.__name__ in wanted for row in make()]
    if not rows:
        console.print(f"Rows: {', '.join(make.__name__ for make in ROWS)}")
        return 2
    measured = [await _measured(row) for row in rows]
    page = _page(_merged(measured))
    print(page)
    REPORT.write_text(page, "utf-8")
    return 0


def _merged(measured: Sequence[Measured]) -> list[str]:
    """The lines of the table: those measured now, and of the rest those that the report has."""
    table = [line for line in REPORT.read_text("utf-8").splitlines() if line.startswith("| ")][2:]
    for row in measured:
        place = next((at for at, line in enumerate(table) if line.startswith(f"| {row.row.title} |")), len(table))
        rest = [line for line in table if not line.startswith(f"| {row.row.title} |")]
        table = [*rest[:place], *row.lines(), *rest[place:]]
    return table


async def _measured(row: Row) -> Measured:
    so_far = Measured(row)
    for number in range(ROUNDS + 1):
        order = list(zip(row.sides, (so_far.ours, so_far.theirs), strict=False))
        for side, loads in order if number % 2 else reversed(order):
            console.print(f"{row.title}: round {number} of {ROUNDS}, {'ours' if loads is so_far.ours else 'theirs'}")
            gc.collect()
            async with asyncio.timeout(PATIENCE):
                load = await side()
            if number:  # the first warms up
                loads.append(load)
    return so_far


def _page(lines: Sequence[str]) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return HEAD.format(
        cores=os.cpu_count(),
        memory=memory,
        python=platform.python_version(),
        system=platform.system(),
        machine=platform.machine(),
        rounds=ROUNDS,
        rate=RATE,
        long=LONG,
        overheard=OVERHEARD,
        little=LITTLE_AND_MUCH[0],
        much=LITTLE_AND_MUCH[1],
        most_walks=MOST_WALKS,
        people=AT_A_TIME,
        broadcasts=BROADCASTS,
        replies_a_second=REPLIES_A_SECOND,
        given_up=GIVEN_UP,
        callers=CALLERS,
        burst=BURST,
        allowed=ALLOWED,
        urgent_a_second=URGENT_A_SECOND,
        page=PAGE,
        people_kept=PEOPLE,
        fsync=_fsync() * 1e3,
        lines="\n".join(lines),
    )


def _fsync() -> float:
    """Seconds that the disk takes for a small write over what is there, as SQLite's log does it."""
    times = list[float]()
    with TemporaryFile() as file:
        for _ in range(101):
            os.pwrite(file.fileno(), ROW, 0)
            start = perf_counter()
            os.fdatasync(file.fileno())
            times.append(perf_counter() - start)
    return median(times[1:])  # the first makes the file longer


HEAD: Final = """# How fast it is

Measured by `python -m scripts.bench` on {cores} cores ({machine}), {memory:.0f} GB of memory, {system}, Python
{python}. Each figure is the median of {rounds} rounds in which both sides took turns; the ratio is the median of those
of each round, with the lowest and the highest. All is on one machine, so load and bot share its cores.

| What | Figure | Ours | Theirs | Ratio | Goal |
| --- | --- | --- | --- | --- | --- |
{lines}

- **Noticing.** All messages of 55 to 65 characters in `tests/corpus`, one after the other, on one core. *And an echo*:
  what a message is about and what it says about danger, against what python-telegram-bot spends on sending it back,
  without a network. Of ours a sixth is spent on words and spaces, a quarter on finding phrases and a sixth on adding
  up what 35,000 entries weigh, all three in C for the most part; what is left is rules and chances, in Python: a
  quarter of an echo is out of reach for these. *And 60*: the same messages as texts of {long} lines, against them one
  by one; a ratio of 1 is linear. *And VADER*: what a message is about, against VADER's four scores of sentiment, which
  tell nothing of whose suffering it is.
- **Talk in a group.** {overheard:,} messages that are not for the bot, each fourth a reply to another and each eighth
  with a name in it, a hundred a poll: from the JSON as it was polled until all is dropped, against python-telegram-bot
  reading the same JSON and sending each text back, without a network. *Its memory*: what a process has resident after
  {little:,} and after {much:,} of them, no two with the same number, and how much more that is.
- **A turn, a picture.** Alone, on one core, with the spread of the rounds. *A turn*: from an answer to the words of the
  next message and its buttons, at each step of a whole walk; typed, danger is looked for in it too. *A picture*: from
  the answers to the PNG, of one walk and of {most_walks} walks, which is the most.
- **The whole bot against a bare echo.** Ours: an update is read, ordered, handled by the bot's handlers, answered by
  the core, with the consents of its writer read from the sealed store, and sent, with Telegram's limits
  lifted. Theirs: python-telegram-bot's own
  queue and a handler that sends the text back, by the same transport, to a process that answers at once. An opening
  comes from someone who has agreed to be remembered and whom the bot does not hold in memory. In *a walk* {people}
  people go from the opening to the close by words and an outcome is kept; most answers are two calls there, as the old
  buttons are taken away, while theirs are one; *of two calls* is an echo that takes buttons away as well, and shows how
  much of the rest that is. What remains of an opening is above all the decision, 0.2 to 0.3 ms in Python, and the store
  that is read in a thread of its own, so that a slow disk holds nobody up, 0.06 to 0.1 ms; all of an echo takes 0.16.
  *Without a network* it is the work of the processor alone. At {rate} updates a second, in milliseconds; throughput in
  updates a second, {people} people at a time.
- **A row written.** By {callers} callers at a time, each of whom waits until the row is on the disk: committed together
  as the store does it, against BEGIN, INSERT and COMMIT by aiosqlite under a lock, with the same settings of SQLite.
  What is saved is the wait for the disk (`fdatasync`, here {fsync:.2f} ms, the median of a hundred) and the hand-overs
  between threads, of which theirs needs two for each statement. Of the 11 µs of processor time that a row costs us, 5
  are SQLite's own, and the others its way to the thread and back: on a disk this fast, 30 is out of reach, and on a
  slower one the ratio is higher. *NORMAL* does not wait for the disk at all, and is there for comparison alone. *A walk
  kept* is the same through the store, sealed.
- **Ready with {people_kept:,} people.** From the start of a fresh process, each of them with one consent and one walk
  in the store, until the bot could answer, against a process that imports what the bot depends on and no more.
- **A write while walks are swept.** {people_kept:,} walks are deleted page by page, and someone writes all the while.
- **Nudges due at one second.** {burst:,} people, {allowed:,} messages a second allowed, to a process that answers at
  once and notes what arrives: claimed from the sealed store, consent looked at again, worded, sent, and kept as sent.
  Meanwhile {urgent_a_second} messages a second go to others, each fifth of them a danger card. *Sent, of what is
  allowed*: the rate from the first to the last; *most in a second*: the most that arrived within any second. Theirs: a
  `run_once` job for each person, and AIORateLimiter for as many a second; *told to run late jobs* is
  `misfire_grace_time=None`, without which a job that begins a second late is dropped. *With a restart*: after half of
  them the bot is told to stop, and is built anew on the same store.
- **A page claimed.** {page} due rows are taken, with all that bears on whether they go out, in a fresh process that
  then finishes them as sent; each 200 times. *Memory*: of that process at its end.
- **Webhook in.** Calls over loopback with the secret, from a process of its own, to a handler that does nothing. Ours
  answers when the update was handled, theirs (tornado) when it is in a queue. Throughput with 64 calls at a time.
- **Outbound.** `sendMessage` over loopback to a process that answers at once: the bot's transport against the
  library's own, with so many calls in flight.
- **A reply while broadcasts wait.** Under Telegram's limits, {broadcasts:,} broadcasts to as many chats are asked for;
  a second later replies, {replies_a_second} a second, each tenth of them a danger card. Theirs: the library's
  AIORateLimiter, which knows no lanes; what it had not sent {given_up:.0f} s after the last was asked for is counted
  as sent then. The second time theirs is the bot itself with no broadcast waiting.
"""


def _log_into_nothing() -> None:
    """Log as in service, a line each update, so that this work is measured too; what goes wrong still shows."""
    hook = sys.excepthook
    with redirect_stderr(Path(os.devnull).open("w")):
        log.configure("info", "json")
    sys.excepthook = hook


# --- what both sides have ---------------------------------------------------------------------------------------


class Nowhere(BaseRequest):
    """A transport that answers at once, as Telegram would."""

    @property
    @override
    def read_timeout(self) -> float | None:
        return None

    @override
    async def initialize(self) -> None: ...

    @override
    async def shutdown(self) -> None: ...

    @override
    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: object, **__: object
    ) -> tuple[int, bytes]:
        return HTTPStatus.OK, _answer(url.rpartition("/")[2])


def _answer(method: str) -> bytes:
    match method:
        case "getMe":
            result: object = {"id": 480016, "is_bot": True, "first_name": "Bot", "username": "example_bot"}
        case "sendMessage":
            result = {"message_id": 5, "date": AT, "chat": {"id": 7, "type": "private"}, "text": "x"}
        case _:
            result = True
    return json.dumps({"ok": True, "result": result}).encode()


def _bot(address: str = "") -> Bot:
    """A bot that speaks to a Telegram at this address, or to none."""
    if not address:
        return Bot(TOKEN, request=Nowhere(), get_updates_request=Nowhere())
    return Bot(TOKEN, address, request=AiohttpRequest(pool_timeout=PATIENCE), get_updates_request=Nowhere())


def _typed(number: int, person: int, text: str) -> Json:
    user = {"id": person, "is_bot": False, "first_name": "Someone"}
    chat = {"id": person, "type": "private"}
    return {
        "update_id": number,
        "message": {"message_id": number, "date": AT, "chat": chat, "from": user, "text": text},
    }


def _spread(times: Sequence[float], unit: str = "ms") -> Load:
    """The p50 and p99 of times in seconds."""
    cut = quantiles(times, n=100, method="inclusive")
    scale = {"ms": 1e3, "µs": 1e6}[unit]
    return {f"p50, {unit}": cut[49] * scale, f"p99, {unit}": cut[98] * scale}


# --- noticing ---------------------------------------------------------------------------------------------------

CORPUS: Final = Path(__file__).parent.parent / "tests/corpus"
SHORT: Final = range(55, 66)
"""Characters of a message that counts as one of 60."""

LONG: Final = 66
"""So many of them, on a line each, are a text of about 4,000."""


def _messages() -> list[str]:
    lines = [line for path in sorted(CORPUS.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    return [text for text in (json.loads(line)["text"] for line in lines) if len(text) in SHORT]


def noticing() -> list[Row]:
    """What reading a message costs, against a bare echo of it, against a short one, and against VADER."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: PLC0415 for this alone

    content = prompts.load().content
    short = _messages()
    long = ["\n".join(short[first : first + LONG]) for first in range(0, len(short), LONG)]
    updates = [_typed(number, number, text) for number, text in enumerate(short, start=1)]

    def both(text: str) -> None:
        said = hear(text)
        content.guard.read(said)
        content.reader.notice(said)

    def side(read: Callable[[str], object], texts: Sequence[str], figure: str, many: int) -> Side:
        async def measured() -> Load:
            start = perf_counter()
            for text in texts:
                read(text)
            return {figure: (perf_counter() - start) * 1e6 / many}

        return measured

    async def echo() -> Load:
        async with _bare_echo("") as take:
            return {message: 1e6 / (await _as_fast_as_it_goes(take, updates))["throughput, 1/s"]}

    message, character = "a message, µs", "a character, µs"
    ours = side(both, short, message, len(short))
    ours_short = side(both, short, character, sum(map(len, short)))
    ours_long = side(both, long, character, sum(map(len, long)))
    notice = side(lambda text: content.reader.notice(hear(text)), short, message, len(short))
    vader = side(SentimentIntensityAnalyzer().polarity_scores, short, message, len(short))
    return [
        Row("Noticing and danger, 60 characters, and an echo", (ours, echo), {message: Goal(0.25)}),
        Row("Noticing and danger, 4,000 characters, and 60", (ours_long, ours_short), {character: Goal(1.5)}),
        Row("Noticing, 60 characters, and VADER", (notice, vader), {message: None}),
    ]


# --- a group's talk ---------------------------------------------------------------------------------------------

OVERHEARD: Final = 10_000
"""So many messages in a round."""

LITTLE_AND_MUCH: Final = (100_000, 1_000_000)
"""After so many messages it is seen what memory has become of them."""

HEARING: Final = "import asyncio; from scripts import bench; asyncio.run(bench.overhearing())"


class Polls(Nowhere):
    """Hands over these answers to polls, one after the other, and then sets `stop`."""

    def __init__(self, bodies: Iterable[bytes], stop: asyncio.Event) -> None:
        self._bodies = iter(bodies)
        self._stop = stop

    @override
    async def do_request(self, url: str, *more: Any, **named: Any) -> tuple[int, bytes]:
        if not url.endswith("/getUpdates"):
            return await super().do_request(url, *more, **named)
        body = next(self._bodies, None)
        if body is None and not self._stop.is_set():
            self._stop.set()
            await asyncio.sleep(PATIENCE)  # which the stop cuts short
        return HTTPStatus.OK, body or b'{"ok": true, "result": []}'


def _overheard(number: int, text: str) -> Json:
    """What someone says to the others in a group: each fourth time in reply, each eighth with a name in it."""
    chat = {"id": -1_001_234_567_890, "type": "supergroup", "title": "Night shift", "is_forum": True}
    person = {"id": 7_000_000_000 + number % 500, "is_bot": False, "first_name": "Someone", "language_code": "en"}
    message = {"message_id": number, "date": AT, "chat": chat, "from": person, "text": text}
    if number % 4 == 0:
        message |= {"reply_to_message": {**message, "message_id": number - 1}}
    if number % 8 == 0:
        named = {"offset": len(text.encode("utf-16-le")) // 2 + 1, "length": 8, "type": "mention"}
        message |= {"text": f"{text} @someone", "entities": [named]}
    return {"update_id": number, "message": message}


async def _heard(bodies: Iterable[bytes]) -> None:
    """Have the bot take these polls in, none of which has anything for it."""
    stop = asyncio.Event()
    polls = Polls(bodies, stop)

    async def handle(_: Update | Burst) -> None:
        raise AssertionError

    async with Bot(TOKEN, request=polls, get_updates_request=polls) as bot:
        await Intake(bot, handle, stop, Sieve(bot).lets).run([])


async def overhearing() -> None:
    """Take messages in, and print the pages of memory that this process has after some and after many."""
    text = json.dumps(_overheard(1, TEXT)).replace("%", "%%").replace('_id": 1,', '_id": %d,')
    batch = f'{{"ok": true, "result": [{", ".join([text] * AT_A_TIME)}]}}'

    def bodies() -> Iterator[bytes]:
        for first in range(0, max(LITTLE_AND_MUCH), AT_A_TIME):
            if first in LITTLE_AND_MUCH:
                print(_pages())
            numbers = range(first + 1, first + AT_A_TIME + 1)
            yield (batch % tuple(number for number in numbers for _ in range(2))).encode()
        print(_pages(), flush=True)

    await _heard(bodies())


def _pages() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1])


def group() -> list[Row]:
    """What a message costs that is said in a group and is not for the bot, against a bare echo; and what is kept."""
    texts = _messages()
    updates = [_overheard(number, texts[number % len(texts)]) for number in range(1, OVERHEARD + 1)]
    batches = [updates[first : first + AT_A_TIME] for first in range(0, OVERHEARD, AT_A_TIME)]
    bodies = [json.dumps({"ok": True, "result": batch}).encode() for batch in batches]
    cost = "a message, µs"

    async def ours() -> Load:
        start = perf_counter()
        await _heard(bodies)
        return {cost: (perf_counter() - start) * 1e6 / OVERHEARD}

    async def echo() -> Load:
        async with _bare_echo("") as take:
            start = perf_counter()
            for body in bodies:
                await asyncio.wait([take(content) for content in json.loads(body)["result"]])
            return {cost: (perf_counter() - start) * 1e6 / OVERHEARD}

    async def memory() -> Load:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", HEARING, stdin=DEVNULL, stdout=PIPE)
        said, _ = await process.communicate()
        after = [int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20 for pages in said.split()]
        named = (f"after {many:,}, MB" for many in LITTLE_AND_MUCH)
        return dict(zip(named, after, strict=True)) | {"more, MB": after[1] - after[0]}

    title = "Talk in a group that is not for the bot"
    kept: Goals = {**{f"after {many:,}, MB": None for many in LITTLE_AND_MUCH}, "more, MB": Goal(1, alone=True)}
    return [
        Row(f"{title}, and an echo", (ours, echo), {cost: Goal(0.35)}),
        Row(f"{title}, and its memory", (memory,), kept),
    ]


# --- a turn, a picture ------------------------------------------------------------------------------------------

TURNS: Final = 100
"""So many walks in a round."""

PICTURES: Final = 40


def turn() -> list[Row]:
    """What one turn of a walk costs: to decide, and to put it into words. Tapped, and typed."""
    words = prompts.load()

    def side(*, tapped: bool) -> Side:
        async def measured() -> Load:
            times = list[float]()
            for seed in range(1, TURNS + 1):
                held = decide(
                    Incoming(1, Where.PRIVATE, Kind.COMMAND, AT, command="walk", seed=seed), Held(), words.content
                )
                for text in WALK:
                    incoming = Incoming(1, Where.PRIVATE, Kind.TEXT, AT, text=text, seed=seed)
                    if tapped:
                        answer = answer_in(held.held.state, hear(text), words.content)
                        assert answer is not None  # noqa: S101 each of them is an answer where it stands
                        opened = Opened(held.held.state, answer.action, answer.value)
                        incoming = Incoming(1, Where.PRIVATE, Kind.PRESS, AT, pressed=opened, seed=seed)
                    start = perf_counter()
                    held = decide(incoming, held.held, words.content)
                    for reply in held.replies:
                        words.text(reply)
                        for row in reply.buttons:
                            for button in row:
                                words.label(button)
                    times.append(perf_counter() - start)
            return _spread(times, "µs")

        return measured

    return [
        Row("A turn of a walk, tapped", (side(tapped=True),), {"p50, µs": Goal(150), "p99, µs": None}),
        Row("A turn of a walk, typed", (side(tapped=False),), {"p50, µs": Goal(150), "p99, µs": None}),
    ]


def figure() -> list[Row]:
    """What a picture costs."""
    labels = prompts.load().content.labels

    def side(drawn: Figure) -> Side:
        async def measured() -> Load:
            times = list[float]()
            for _ in range(PICTURES):
                start = perf_counter()
                png(drawn, labels)
                times.append(perf_counter() - start)
            return _spread(times)

        return measured

    many = OverDays(tuple(Answered(8 - at // 5, Change(2 + at % 2)) for at in range(MOST_WALKS)))
    figures: Goals = {"p50, ms": Goal(30), "p99, ms": None}
    return [
        Row("A picture of one walk", (side(OneWalk(8, 3, Change.MORE)),), figures),
        Row(f"A picture of {MOST_WALKS} walks", (side(many),), figures),
    ]


# --- the whole bot ----------------------------------------------------------------------------------------------

_NO_LIMIT: Final = 1_000_000  # messages a second

Take = Callable[[Json], "asyncio.Future[None]"]
"""Hands an update over; the future is done when it was handled."""

Building = AbstractAsyncContextManager[Take]


@asynccontextmanager
async def _whole_bot(people: int, address: str) -> AsyncIterator[Take]:
    """Build all of the bot, with so many people who have agreed to be remembered."""
    ring = ring_of(b"k" * 32)
    words = prompts.load()
    with TemporaryDirectory() as folder:
        async with Store.open(Path(folder), ring) as store, _bot(address) as bot:
            for person in range(1, people + 1):
                await store.grant(person, Purpose.REMEMBER, at=AT)
            responder = Responder(words.content, store, ring.buttons, clock=lambda: AT, seed=count(1).__next__)
            # Telegram's limits are lifted: what is measured is the bot, not their patience.
            with patch.object(lanes, "SPACING", 0.0):
                app = TelegramBot(bot, Delivery(bot, rate=_NO_LIMIT), responder, words).application()
                intake = Intake(bot, app.process_update, asyncio.Event())

                def take(content: Json) -> asyncio.Future[None]:
                    update = read(content, bot)
                    assert update is not None  # noqa: S101 it is made here
                    return intake.take(update)

                async with app:
                    gc.freeze()  # as `app` does
                    yield take
                    gc.unfreeze()


@asynccontextmanager
async def _bare_echo(address: str, *, calls_twice: bool = False) -> AsyncIterator[Take]:
    """Build what sends every text back, as python-telegram-bot's own documentation does.

    With `calls_twice` it takes the buttons of a message away after that, as the bot does at most steps of a walk.
    """
    handled: dict[int, asyncio.Future[None]] = {}

    async def echo(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        if update.message is not None:
            await update.message.reply_text(update.message.text or "")
            if calls_twice:
                await update.message.edit_reply_markup()
        handled[update.update_id].set_result(None)

    async with _bot(address) as bot:
        app: Application[Any, Any, Any, Any, Any, Any] = (
            ApplicationBuilder().bot(bot).updater(None).job_queue(None).build()
        )
        app.add_handler(MessageHandler(filters.TEXT & ~filters.COMMAND, echo))

        def take(content: Json) -> asyncio.Future[None]:
            update = Update.de_json(content, bot)
            done = handled[update.update_id] = asyncio.get_running_loop().create_future()
            app.update_queue.put_nowait(update)
            return done

        async with app:
            await app.start()
            yield take
            await app.stop()


async def _paced(take: Take, updates: Sequence[Json]) -> Load:
    """Hand over `RATE` updates a second from another thread, whatever becomes of them; give how long each took."""
    loop, times = asyncio.get_running_loop(), list[float]()
    ended = asyncio.Event()

    def hand_over(update: Json, due: float) -> None:
        def note(_: asyncio.Future[None]) -> None:
            times.append(perf_counter() - due)
            if len(times) == len(updates):
                ended.set()

        take(update).add_done_callback(note)

    def pace() -> None:
        start = perf_counter() + 0.05
        for number, update in enumerate(updates):
            due = start + number / RATE
            sleep(max(0.0, due - perf_counter()))
            loop.call_soon_threadsafe(hand_over, update, perf_counter())

    threading.Thread(target=pace, daemon=True).start()
    await ended.wait()
    return _spread(times)


async def _as_fast_as_it_goes(take: Take, updates: Sequence[Json]) -> Load:
    """Hand over batches, as polling does, each when the last was handled."""
    start = perf_counter()
    for first in range(0, len(updates), AT_A_TIME):
        await asyncio.wait([take(update) for update in updates[first : first + AT_A_TIME]])
    return {"throughput, 1/s": len(updates) / (perf_counter() - start)}


def _walks() -> list[Json]:
    """Whole walks of `AT_A_TIME` people, a step of each in turn."""
    numbers = count(1)
    return [_typed(next(numbers), person, text) for text in (TEXT, *WALK) for person in range(1, AT_A_TIME + 1)]


@asynccontextmanager
async def _place(kind: str) -> AsyncIterator[str]:
    if not kind:
        yield ""
        return
    async with _server(kind) as address:
        yield address


def whole_bot() -> list[Row]:
    """One update through the whole bot, against a bare echo with the same transport."""

    def side(build: Callable[[str], Building], updates: Sequence[Json], network: str) -> Side:
        async def measured() -> Load:
            async with _place(network) as address:
                async with build(address) as take:
                    paced = await _paced(take, updates[:PACED])
                async with build(address) as take:
                    return paced | await _as_fast_as_it_goes(take, updates)

        return measured

    def row(
        title: str, updates: Sequence[Json], network: str, goals: Goals, theirs: Callable[[str], Building] = _bare_echo
    ) -> Row:
        people = len({update["message"]["from"]["id"] for update in updates})
        ours = side(lambda address: _whole_bot(people, address), updates, network)
        return Row(title, (ours, side(theirs, updates, network)), goals)

    goals = {"p50, ms": Goal(2), "p99, ms": Goal(2), "throughput, 1/s": Goal(0.5, at_least=True)}
    openings = [_typed(number, number, TEXT) for number in range(1, MANY + 1)]
    return [
        row("The whole bot, an opening", openings, "telegram", goals),
        row("The whole bot, a whole walk", _walks(), "telegram", goals),
        row(
            "The whole bot, a whole walk, and an echo of two calls",
            _walks(),
            "telegram",
            dict.fromkeys(goals),
            partial(_bare_echo, calls_twice=True),
        ),
        row("The same opening without a network", openings, "", dict.fromkeys(goals)),
    ]


# --- the store --------------------------------------------------------------------------------------------------

CALLERS: Final = 64
WRITES: Final = 12_800
ONE_BY_ONE: Final = 1_280
PEOPLE: Final = 100_000
ROW: Final = bytes(225)  # as long as a sealed cell
KEY: Final = b"k" * 32

Insert = Callable[[bytes], Awaitable[object]]
"""Writes a row, and is done when that is on the disk."""


def _table(folder: str, synchronous: str) -> sqlite3.Connection:
    connection = database.connect(Path(folder) / "database")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("CREATE TABLE row (name BLOB PRIMARY KEY, cell BLOB NOT NULL) STRICT, WITHOUT ROWID")
    return connection


@asynccontextmanager
async def _together(synchronous: str) -> AsyncIterator[Insert]:
    """The bot's own way to write."""
    with TemporaryDirectory() as folder, closing(_table(folder, synchronous)) as connection:
        async with database.Database.over(connection, Path(folder) / "database") as opened:

            async def insert(name: bytes) -> None:
                await opened.write(lambda writing: writing.execute("INSERT INTO row VALUES (?, ?)", (name, ROW)))

            yield insert


@asynccontextmanager
async def _one_commit_each(synchronous: str) -> AsyncIterator[Insert]:
    """Write with aiosqlite as it comes, and the same settings."""
    with TemporaryDirectory() as folder, closing(_table(folder, synchronous)) as connection:
        lock = asyncio.Lock()
        async with aiosqlite.Connection(lambda: connection, 64) as opened:

            async def insert(name: bytes) -> None:
                async with lock:
                    await opened.execute("BEGIN IMMEDIATE")
                    await opened.execute("INSERT INTO row VALUES (?, ?)", (name, ROW))
                    await opened.execute("COMMIT")

            yield insert


async def _written(write: Callable[[int], Awaitable[object]], callers: int, many: int) -> Load:
    """So many writes by so many callers, each of whom waits for the one before."""
    times = list[float]()

    async def caller(first: int) -> None:
        for number in range(first, many, callers):
            start = perf_counter()
            await write(number)
            times.append(perf_counter() - start)

    start = perf_counter()
    await asyncio.gather(*(caller(first) for first in range(callers)))
    return _spread(times) | {"throughput, 1/s": many / (perf_counter() - start)}


def writing() -> list[Row]:
    """Writes that are acknowledged when they are on the disk: by themselves, and as the store does them."""

    def side(way: Callable[[str], AbstractAsyncContextManager[Insert]], synchronous: str, many: int) -> Side:
        async def measured() -> Load:
            async with way(synchronous) as insert:
                return await _written(lambda number: insert(number.to_bytes(16, "big")), CALLERS, many)

        return measured

    def row(synchronous: str, goal: float) -> Row:
        sides = (side(_together, synchronous, WRITES), side(_one_commit_each, synchronous, ONE_BY_ONE))
        goals = {"throughput, 1/s": Goal(goal, at_least=True), "p50, ms": None, "p99, ms": None}
        return Row(f"A row written, {CALLERS} callers, {synchronous}", sides, goals)

    def walks(callers: int) -> Row:
        async def measured() -> Load:
            with TemporaryDirectory() as folder:
                async with Store.open(Path(folder), ring_of(KEY)) as store:
                    for person in range(CALLERS):
                        await store.grant(person, Purpose.REMEMBER, at=AT)
                    return await _written(
                        lambda number: store.save_outcome(number % CALLERS, _outcome(number)), callers, 40 * CALLERS
                    )

        figures: Goals = dict.fromkeys(("p50, ms", "p99, ms", "throughput, 1/s"))
        return Row(f"A walk kept in the store, callers: {callers}", (measured,), figures)

    return [row("FULL", 30), row("NORMAL", 6), walks(1), walks(CALLERS)]


def _outcome(walk: int) -> Outcome:
    return Outcome(walk, AT, Source.NEWS, Condition.NONE, 7, 4, Change.MORE, finished=True)


@cache
def _many_people() -> TemporaryDirectory[str]:
    """The folder of a store for many, the same for all rows of a run."""
    return TemporaryDirectory()


async def _with_people() -> str:
    """The same folder, with one consent and one walk of each of so many people."""
    folder = _many_people().name
    if not (Path(folder) / FILE).exists():
        async with Store.open(Path(folder), ring_of(KEY)) as store:

            async def one(person: int) -> None:
                await store.grant(person, Purpose.REMEMBER, at=AT)
                await store.save_outcome(person, _outcome(person))

            for first in range(1, PEOPLE + 1, database.MOST_TOGETHER):
                await asyncio.gather(*map(one, range(first, min(PEOPLE + 1, first + database.MOST_TOGETHER))))
    return folder


READY: Final = """
import asyncio
from bot import app, prompts, settings
from bot.adapters import delivery, intake, listen, telegram_bot, transport

async def main():
    given = settings.load()
    async with app.responder(given, prompts.load(), given.bot_data):
        print(open("/proc/self/statm").read(), flush=True)
        input()

asyncio.run(main())
"""
DEPENDENCIES: Final = """
import ahocorasick, aiohttp.web, aiosqlite, fontpkg_atkinson_hyperlegible, platformdirs, prometheus_client, pydantic
import pydantic_settings, resvg_py, rich.console, structlog, telegram.ext, typing_extensions, yaml
import cryptography.hazmat.primitives.ciphers.aead, cryptography.hazmat.primitives.kdf.hkdf
print(open("/proc/self/statm").read(), flush=True)
input()
"""


async def _started(program: str, folder: str) -> Load:
    """How long a fresh process takes until it says that it is ready, and the memory that it has then."""
    given = {"BOT_DATA": folder, "BOT_DATA_KEY": KEY.hex(), "BOT_LEDGER_FILE": f"{folder}/forgotten"}
    start = perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdin=PIPE, stdout=PIPE, env=os.environ | given
    )
    assert process.stdout is not None  # noqa: S101 asked for above
    pages = int((await process.stdout.readline()).split()[1])
    taken = perf_counter() - start
    await process.communicate(b"\n")
    return {"ready, ms": taken * 1e3, "memory, MB": pages * os.sysconf("SC_PAGE_SIZE") / 2**20}


def people() -> list[Row]:
    """Opening a store of many people, against importing what the bot depends on."""

    async def ours() -> Load:
        return await _started(READY, await _with_people())

    async def theirs() -> Load:
        return await _started(DEPENDENCIES, await _with_people())

    goals = {"ready, ms": Goal(2), "memory, MB": Goal(1.5)}
    return [Row(f"Ready with {PEOPLE:,} people, and the dependencies imported", (ours, theirs), goals)]


def sweeping() -> list[Row]:
    """How long someone waits to write while all walks of many people are deleted."""

    async def measured() -> Load:
        times, swept = list[float](), False
        with TemporaryDirectory() as name:
            copied = Path(shutil.copytree(await _with_people(), Path(name) / "data"))
            with (copied / FILE).open("rb") as file:
                os.fsync(file)  # or the first commit has to wait for the copy
            async with Store.open(copied, ring_of(KEY)) as store:

                async def sweep() -> None:
                    nonlocal swept
                    while await store.sweep(AT // DAY + KEPT_DAYS + 1):
                        pass
                    swept = True

                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(sweep())
                    while not swept:
                        start = perf_counter()
                        await store.seen(1, at=AT)
                        times.append(perf_counter() - start)
                        await asyncio.sleep(0.001)
        return _spread(times) | {"most, ms": max(times) * 1e3}

    goals = {"p50, ms": None, "p99, ms": None, "most, ms": Goal(50)}
    return [Row(f"A write while {PEOPLE:,} walks are swept", (measured,), goals)]


# --- webhook in -------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _server(kind: str) -> AsyncIterator[str]:
    """Start this program as a server of one kind, in a process of its own; give its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "scripts.bench", "--serve", kind, stdin=PIPE, stdout=PIPE
    )
    try:
        assert process.stdout is not None  # noqa: S101 asked for above
        yield (await process.stdout.readline()).decode().strip()
    finally:
        await process.communicate(b"")  # its input ends, and so does it


async def _serve(kind: str) -> None:
    """Serve until standard input ends."""
    async with SERVERS[kind]() as address:
        print(address, flush=True)
        await asyncio.to_thread(sys.stdin.buffer.read)


@asynccontextmanager
async def _our_webhook() -> AsyncIterator[str]:
    async def handle(_: Update | Burst) -> None: ...

    async def is_called() -> bool:
        return True

    async with _bot() as bot:
        stop, address = asyncio.Event(), (HOME, _free_port())
        intake = Intake(bot, handle, stop)
        webhook = Webhook(f"http://{HOME}:{address[1]}/in", SECRET, bot, intake)
        async with listening(address, intake, webhook), asyncio.TaskGroup() as tasks:
            tasks.create_task(intake.wait(is_called))
            yield f"http://{HOME}:{address[1]}/in"
            stop.set()


@asynccontextmanager
async def _their_webhook() -> AsyncIterator[str]:
    async def handle(_: Update, __: ContextTypes.DEFAULT_TYPE) -> None: ...

    port, bot = _free_port(), _bot()
    queue: asyncio.Queue[object] = asyncio.Queue()
    updater = Updater(bot, queue)
    app: Application[Any, Any, Any, Any, Any, Any] = ApplicationBuilder().updater(updater).job_queue(None).build()
    app.add_handler(TypeHandler(Update, handle))
    async with app:
        await updater.start_webhook(HOME, port, "in", secret_token=SECRET, webhook_url=f"https://{HOME}/in")
        await app.start()
        yield f"http://{HOME}:{port}/in"
        await updater.stop()
        await app.stop()


def _free_port() -> int:
    import socket  # noqa: PLC0415 for this alone

    with socket.socket() as taken:
        taken.bind((HOME, 0))
        number: int = taken.getsockname()[1]
        return number


async def _posted(kind: str) -> Load:
    """Call a webhook at `RATE` a second, then with 64 calls at a time."""
    at_a_time = 64
    numbers = count(1)
    times: list[float] = []
    limit = ClientTimeout(total=PATIENCE)
    async with _server(kind) as url, ClientSession(connector=TCPConnector(limit=0), timeout=limit) as session:

        async def post() -> None:
            number = next(numbers)
            start = perf_counter()
            body = _typed(number, number, TEXT)
            async with session.post(url, json=body, headers={SECRET_HEADER: SECRET}) as answer:
                await answer.read()
                answer.raise_for_status()
            times.append(perf_counter() - start)

        async def post_many() -> None:
            for _ in range(MANY // at_a_time):
                await post()

        await _in_turn(post, PACED)
        spread = _spread(times)
        start = perf_counter()
        await asyncio.gather(*(post_many() for _ in range(at_a_time)))
        return spread | {"throughput, 1/s": MANY // at_a_time * at_a_time / (perf_counter() - start)}


async def _in_turn(call: Callable[[], Awaitable[None]], many: int) -> None:
    """Begin `RATE` calls a second, whatever becomes of them."""
    loop = asyncio.get_running_loop()
    start = loop.time()

    async def begun() -> None:
        await call()

    async with asyncio.TaskGroup() as tasks:
        for number in range(many):
            await asyncio.sleep(max(0.0, start + number / RATE - loop.time()))
            tasks.create_task(begun())


def webhook() -> list[Row]:
    """An update by webhook, against python-telegram-bot's own webhook on tornado."""

    async def ours() -> Load:
        return await _posted("our-webhook")

    async def theirs() -> Load:
        return await _posted("their-webhook")

    goals = {"p50, ms": None, "p99, ms": Goal(1.5), "throughput, 1/s": Goal(0.8, at_least=True)}
    return [Row("Webhook in", (ours, theirs), goals)]


# --- outbound ---------------------------------------------------------------------------------------------------

IN_FLIGHT: Final = {30: None, 64: Goal(0.1), 256: None}
"""So many calls at a time, each with the goal for its p99."""


@asynccontextmanager
async def _telegram() -> AsyncIterator[str]:
    """Telegram, as far as `sendMessage` goes."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=_answer(request.match_info["method"]), content_type="application/json")

    app = web.Application()
    app.router.add_post("/bot{token}/{method}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, HOME, 0, backlog=1024).start()
    yield f"http://{HOME}:{runner.addresses[0][1]}/bot"
    await runner.cleanup()


async def _sent(request: BaseRequest, in_flight: int) -> Load:
    """Send messages, so many in flight at a time."""
    times: list[float] = []

    async with (
        _server("telegram") as address,
        Bot(TOKEN, address, request=request, get_updates_request=Nowhere()) as bot,
    ):

        async def send_some() -> None:
            for _ in range(SENDS // in_flight):
                start = perf_counter()
                await bot.send_message(7, TEXT)
                times.append(perf_counter() - start)

        start = perf_counter()
        await asyncio.gather(*(send_some() for _ in range(in_flight)))
        return _spread(times) | {"throughput, 1/s": len(times) / (perf_counter() - start)}


def outbound() -> list[Row]:
    """Messages out over HTTP, against the library's own transport."""

    def ours(in_flight: int) -> Side:
        return lambda: _sent(AiohttpRequest(read_timeout=PATIENCE, pool_timeout=PATIENCE), in_flight)

    def theirs(in_flight: int) -> Side:
        return lambda: _sent(
            HTTPXRequest(max(IN_FLIGHT), read_timeout=PATIENCE, connect_timeout=PATIENCE, pool_timeout=PATIENCE),
            in_flight,
        )

    return [
        Row(
            f"Outbound, {in_flight} in flight",
            (ours(in_flight), theirs(in_flight)),
            {"p50, ms": None, "p99, ms": goal, "throughput, 1/s": None},
        )
        for in_flight, goal in IN_FLIGHT.items()
    ]


# --- while a broadcast runs -------------------------------------------------------------------------------------

BROADCASTS: Final = 5_000
REPLIES: Final = 100
REPLIES_A_SECOND: Final = 20
EACH_CARD: Final = 10
"""So many of them are one danger card."""

GIVEN_UP: Final = 5.0
"""Seconds after the last reply was asked for; one that has not gone by then counts as if it had gone then."""

Send = Callable[[int, Lane], Coroutine[Any, Any, object]]
"""Sends a message into a chat."""


@asynccontextmanager
async def _by_lanes(address: str) -> AsyncIterator[Send]:
    async with _bot(address) as bot:
        delivery = Delivery(bot)
        yield lambda chat, lane: delivery.send(chat, TEXT, lane=lane)
        await delivery.close(0)


@asynccontextmanager
async def _by_rate_limiter(address: str) -> AsyncIterator[Send]:
    request = AiohttpRequest(pool_timeout=PATIENCE)
    limiter = AIORateLimiter()
    async with ExtBot(TOKEN, address, request=request, get_updates_request=Nowhere(), rate_limiter=limiter) as bot:
        yield lambda chat, _: bot.send_message(chat, TEXT)


async def _urgent(sending: Callable[[str], AbstractAsyncContextManager[Send]], broadcasts: int) -> Load:
    """Ask for replies and danger cards while so many broadcasts wait, under Telegram's limits."""
    replies, cards = list[float](), list[float]()

    async def urgent(number: int) -> None:
        times, lane = (replies, Lane.REPLY) if number % EACH_CARD else (cards, Lane.DANGER)
        start = perf_counter()
        try:
            await send(number, lane)
        finally:
            times.append(perf_counter() - start)

    async with _server("telegram") as address, sending(address) as send, asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(send(BROADCASTS + number, Lane.BROADCAST)) for number in range(broadcasts)]
        await asyncio.sleep(1)
        asked = list[asyncio.Task[None]]()
        for number in range(REPLIES):
            asked.append(tasks.create_task(urgent(number)))
            await asyncio.sleep(1 / REPLIES_A_SECOND)
        await asyncio.wait(asked, timeout=GIVEN_UP)
        for task in (*asked, *waiting):
            task.cancel()
    return _spread(replies) | {"danger card, most, ms": max(cards) * 1000}


def urgent() -> list[Row]:
    """A reply and a danger card while broadcasts wait, against the library's own limiter and against an idle bot."""

    def side(sending: Callable[[str], AbstractAsyncContextManager[Send]], broadcasts: int = BROADCASTS) -> Side:
        return lambda: _urgent(sending, broadcasts)

    figures: Goals = dict.fromkeys(("p50, ms", "p99, ms", "danger card, most, ms"))
    over = Goal(100, over=True)
    return [
        Row(
            "A reply while 5,000 broadcasts wait, and AIORateLimiter",
            (side(_by_lanes), side(_by_rate_limiter)),
            figures,
        ),
        Row(
            "A reply while 5,000 broadcasts wait, and while none does",
            (side(_by_lanes), side(_by_lanes, 0)),
            {"p50, ms": None, "p99, ms": over, "danger card, most, ms": over},
        ),
    ]


# --- nudges ------------------------------------------------------------------------------------------------------

BURST: Final = 10_000
"""People with a nudge due at the same second."""

ALLOWED: Final = 1_000
"""Messages a second that Telegram is taken to allow."""

AHEAD: Final = 6
"""Seconds from when all is set up until it is due."""

URGENT_A_SECOND: Final = 5
OUT_OF_TIME: Final = 15.0
"""Seconds beyond those that the allowed rate needs; what has not arrived by then counts as missed."""

MANY_ROWS: Final = (1_000, 100_000, 1_000_000)
Starting = Callable[[str, Path, int], AbstractAsyncContextManager[Send]]
"""Sets a side up, by the address of Telegram, a folder, and when all is due; gives how it sends other messages."""


def _nudging(number: int, due_at: int) -> Nudging:
    """Of someone who set it up, and has had no nudge yet. There are no quiet hours, since it may be any hour."""
    schedule = Schedule(due_at % DAY // 60, frozenset(range(7)), "Etc/UTC", 0, 0)
    return Nudging(schedule, Course.OPEN, seed=number % 2**24 + 1, rest=Rest.NONE, due_at=due_at)


@asynccontextmanager
async def _counting() -> AsyncIterator[str]:
    """Telegram, as far as `sendMessage` goes, and the nudges that arrived there: to whom, and when."""
    arrived: list[tuple[int, float]] = []

    async def answer(request: web.Request) -> web.Response:
        given = await request.post()
        chat = int(str(given.get("chat_id", BURST + 1)))
        if chat <= BURST:
            arrived.append((chat, perf_counter()))
        return web.Response(body=_answer(request.match_info["method"]), content_type="application/json")

    async def tell(_: web.Request) -> web.Response:
        return web.json_response(arrived)

    async def how_many(_: web.Request) -> web.Response:
        return web.json_response(len(arrived))

    server = web.Application()
    server.router.add_post("/bot{token}/{method}", answer)
    server.router.add_get("/bot/arrived", tell)
    server.router.add_get("/bot/how_many", how_many)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, HOME, 0, backlog=1024).start()
    yield f"http://{HOME}:{runner.addresses[0][1]}/bot"
    await runner.cleanup()


async def _asked(address: str, what: str) -> Any:  # noqa: ANN401 - JSON is any
    async with ClientSession() as session, session.get(f"{address}/{what}") as answer:
        return await answer.json()


@asynccontextmanager
async def _by_nudges(address: str, folder: Path, due_at: int) -> AsyncIterator[Send]:
    """Everything that sends nudges, as `app` builds it. All are due at that second, unless the store is there."""
    ring, words = ring_of(KEY), prompts.load()
    is_new = not (folder / FILE).exists()
    async with Filled.open(folder, ring) as store, _bot(address) as bot:
        if is_new:
            await store.derive_again(words.content.zones.version, lambda kept: kept)  # it is not on a whole minute
            await store.fill(range(1, BURST + 1), lambda number: _nudging(number, due_at), now())
        delivery = Delivery(bot, rate=ALLOWED)
        responder = Responder(words.content, store, ring.buttons, clock=now, seed=count(1).__next__)
        outbox = TelegramOutbox(bot, delivery, words)
        async with Nudges(store, responder, outbox, now, words.content).beside():
            yield lambda chat, lane: delivery.send(chat, TEXT, lane=lane)
        await delivery.close(0)


def _by_job_queue(grace: Mapping[str, object]) -> Starting:
    """A job for each person, and the library's limiter."""

    @asynccontextmanager
    async def started(address: str, _: Path, due_at: int) -> AsyncIterator[Send]:
        async def nudge(context: ContextTypes.DEFAULT_TYPE) -> None:
            assert context.job is not None  # noqa: S101 it is one
            assert context.job.chat_id is not None  # noqa: S101 it is given below
            await context.bot.send_message(context.job.chat_id, TEXT)

        request, limiter = AiohttpRequest(pool_timeout=PATIENCE), AIORateLimiter(ALLOWED)
        bot = ExtBot(TOKEN, address, request=request, get_updates_request=Nowhere(), rate_limiter=limiter)
        application: Application[Any, Any, Any, Any, Any, Any]
        application = ApplicationBuilder().bot(bot).updater(None).job_queue(JobQueue()).build()
        assert application.job_queue is not None  # noqa: S101 given above
        async with application:
            await application.start()
            for number in range(1, BURST + 1):
                at = datetime.fromtimestamp(due_at, UTC)
                application.job_queue.run_once(nudge, at, chat_id=number, job_kwargs=dict(grace))
            yield lambda chat, _: bot.send_message(chat, TEXT)
            await application.job_queue.stop(wait=False)
            await application.stop()

    return started


async def _all_due(starting: Starting, *, restarts: bool = False) -> Load:
    """Have all due at one second, and ask for replies and danger cards meanwhile."""
    replies, cards = list[float](), list[float]()
    numbers = count(BURST + 1)

    async def urgent(send: Send, number: int) -> None:
        times, lane = (replies, Lane.REPLY) if number % URGENT_A_SECOND else (cards, Lane.DANGER)
        start = perf_counter()
        try:
            await send(number, lane)
        finally:
            times.append(perf_counter() - start)

    async def sent(send: Send, asked: list[asyncio.Task[None]], until: float, many: int) -> None:
        """Go on until so many nudges have arrived, or it is too late."""
        while (await _asked(address, "how_many")) < many and now() < until:
            asked.append(tasks.create_task(urgent(send, next(numbers))))
            await asyncio.sleep(1 / URGENT_A_SECOND)

    with TemporaryDirectory() as name:
        async with _server("counting") as address:
            folder, due_at = Path(name) / "data", now() + AHEAD
            until = due_at + BURST / ALLOWED + OUT_OF_TIME
            for many in (BURST // 2, BURST) if restarts else (BURST,):
                asked = list[asyncio.Task[None]]()
                async with starting(address, folder, due_at) as send, asyncio.TaskGroup() as tasks:
                    await asyncio.sleep(due_at - now())
                    await sent(send, asked, until, many)
                    await asyncio.wait(asked, timeout=GIVEN_UP)
                    for task in asked:
                        task.cancel()
            arrived = await _asked(address, "arrived")
    times = [at for _, at in arrived]
    taken = times[-1] - times[0] if len(times) > 1 else math.inf
    return {
        "missed": BURST - len({chat for chat, _ in arrived}),
        "doubled": len(arrived) - len({chat for chat, _ in arrived}),
        "sent, of what is allowed": (len(times) - 1) / taken / ALLOWED,
        "from first to last, s": taken,
        "most in a second": max(bisect(times, at + 1) - place for place, at in enumerate(times)) if times else 0,
        "reply, most, ms": max(replies) * 1e3,
        "danger card, most, ms": max(cards) * 1e3,
    }


CLAIMING: Final = """
import asyncio, sys, time
from dataclasses import replace
from pathlib import Path
from statistics import quantiles
from bot import prompts
from bot.adapters import delivery, intake, listen, telegram_bot, transport
from bot.core.nudging import message_for, sent
from bot.rounds import PAGE
from bot.store.ring import ring_of
from bot.store.store import Store

def finish(store, claim, at, content):
    def change(kept):
        return replace(sent(kept, message_for(kept, content), at=at, content=content), awaiting=False)
    return store.finish(claim, nudging=change)

async def main():
    times, content = [], prompts.load().content
    async with Store.open(Path(sys.argv[1]), ring_of(bytes.fromhex(sys.argv[2]))) as store:
        at = await store.next_due_at()
        while len(times) < 200:
            start = time.perf_counter()
            claims = await store.claim(at, PAGE)
            if len(claims) == PAGE:
                times.append(time.perf_counter() - start)
            else:
                at += 24 * 60 * 60
            await asyncio.gather(*(finish(store, claim, at, content) for claim in claims))
    cut = quantiles(times, n=100, method="inclusive")
    print(cut[49], cut[98], open("/proc/self/statm").read().split()[1])

asyncio.run(main())
"""


@cache
def _rows_at(_: int) -> TemporaryDirectory[str]:
    """The folder of a store with so many rows, the same for all of a run."""
    return TemporaryDirectory()


async def _with_rows(many: int) -> Path:
    """The same folder, with so many people whose nudges are due in a day from now."""
    folder = Path(_rows_at(many).name) / "data"
    if not folder.exists():
        first = now()
        async with Filled.open(folder, ring_of(KEY)) as store:
            await store.fill(range(1, many + 1), lambda number: _nudging(number, first + number * 7919 % DAY), first)
    return folder


async def _claimed(many: int) -> Load:
    """Claim pages and finish them, in a fresh process."""
    folder = await _with_rows(many)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CLAIMING, str(folder), KEY.hex(), stdin=DEVNULL, stdout=PIPE
    )
    said, _ = await process.communicate()
    p50, p99, pages = said.split()
    memory = int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return {"p50, ms": float(p50) * 1e3, "p99, ms": float(p99) * 1e3, "memory, MB": memory}


def nudging() -> list[Row]:
    """Nudges of many at one second, against the library's own jobs; and a page of due rows, of few and of many."""

    def ours() -> Awaitable[Load]:
        return _all_due(_by_nudges)

    def theirs(**grace: object) -> Side:
        return lambda: _all_due(_by_job_queue(grace))

    def claimed(many: int) -> Side:
        return lambda: _claimed(many)

    none = Goal(0, alone=True)
    figures: Goals = {
        "missed": none,
        "doubled": none,
        "sent, of what is allowed": Goal(0.95, at_least=True, alone=True),
        "from first to last, s": None,
        "most in a second": None,
        "reply, most, ms": None,
        "danger card, most, ms": None,
    }
    claims = {"p50, ms": None, "p99, ms": Goal(25, alone=True), "memory, MB": Goal(1.1)}
    title = f"{BURST:,} nudges due at one second"
    few, *more = MANY_ROWS
    return [
        Row(f"{title}, and JobQueue", (ours, theirs()), figures),
        Row(f"{title}, and JobQueue told to run late jobs", (ours, theirs(misfire_grace_time=None)), figures),
        Row(
            f"{title}, with a restart in the middle",
            (lambda: _all_due(_by_nudges, restarts=True),),
            {"missed": none, "doubled": none, "from first to last, s": None},
        ),
        *(
            Row(f"A page claimed of {many:,} rows, and of {few:,}", (claimed(many), claimed(few)), claims)
            for many in more
        ),
    ]


# --- all of it --------------------------------------------------------------------------------------------------

ROWS: Final = (noticing, group, turn, figure, whole_bot, writing, people, sweeping, webhook, outbound, urgent, nudging)
SERVERS: Final = {
    "our-webhook": _our_webhook,
    "their-webhook": _their_webhook,
    "telegram": _telegram,
    "counting": _counting,
}

if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--serve", kind]:
            _log_into_nothing()
            asyncio.run(_serve(kind))
        case wanted:
            _log_into_nothing()
            sys.exit(asyncio.run(main(wanted)))
