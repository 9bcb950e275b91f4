"""What people see while Telegram is away, refuses the token, the disk is full or the clock is wrong, and after it.

Rules that hold here: the bot is the real one, from the updates that it fetches to the calls that it makes; only
Telegram, the clocks and chance are stand-ins. The disk is a real one, on which the system lets nothing more be written.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final

import pytest
from structlog.testing import capture_logs
from telegram import Bot, Update
from telegram.error import NetworkError, TimedOut
from telegram.request import RequestData
from typing_extensions import override

from bot.adapters.delivery import Delivery
from bot.adapters.intake import Burst, Intake
from bot.adapters.outbox import MOST_IN_DOUBT, TelegramOutbox
from bot.adapters.telegram_bot import UPDATES, TelegramBot
from bot.adapters.transport import NotSentError
from bot.clock import Clock
from bot.core.facts import NudgeChange
from bot.core.kept import Kept, Outcome, Purpose, Schedule
from bot.core.lines import Label, Line
from bot.core.nudging import changed
from bot.core.state import Change, Condition, Source
from bot.nudges import Nudges
from bot.respond import Responder
from bot.store.opening import FILE
from bot.store.store import Store
from tests.adapters.clock import PausingClock
from tests.botapi import Person, Server
from tests.botapi.offline import Offline
from tests.botapi.updates import Refused
from tests.botapi.world import World
from tests.gathering import Noting
from tests.person import PROMPTS, RING, SEEN
from tests.store.test_database import full_disk
from tests.test_nudges import LISBON, MONDAY, WEDNESDAY, lisbon

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
YEAR: Final = 365 * DAY
AT_HALF_PAST: Final = Schedule(zone=LISBON.key)  # 08:30 on Monday, Wednesday and Friday
WALKED: Final = Outcome(5, 0, Source.NEWS, Condition.NONE, 8, 3, Change.MORE, finished=True)
NUDGE: Final = Line.NUDGE_FIRST

CARD: Final = [Line.CARD_OWN, Line.CARD_LINES, Line.CARD_STAY]
CARD_TONIGHT: Final = [Line.CARD_IMMINENT, Line.CARD_LINES, Line.CARD_STAY]

AWAY: Final[dict[str, Callable[[], NetworkError | Refused]]] = {
    "no connection": lambda: NotSentError("ClientConnectorError"),
    "no answer": TimedOut,
    "a page of something between": lambda: Refused(502, "Bad Gateway"),
    "the token is refused": lambda: Refused(401, "Unauthorized"),
}
IN_DOUBT: Final = {"no answer", "a page of something between"}
"""Whether what was sent has arrived is not known."""


class Network(Offline):
    """Telegram, as long as it is not away. Each of its answers tells the time."""

    def __init__(self, world: World, told: Callable[[int], None]) -> None:
        super().__init__(world)
        self.away: Callable[[], NetworkError | Refused] | None = None
        self.about_to: Callable[[str], object] = lambda _: None  # with the name of each call
        self._told = told

    @override
    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: object, **__: object
    ) -> tuple[int, bytes]:
        match self.away and self.away():
            case None:
                self.about_to(url.rpartition("/")[2])
                answer = await super().do_request(url, method, request_data)
                self._told(self.world.now())
                return answer
            case Refused() as refusal:
                return refusal.status, json.dumps(refusal.answer).encode()
            case error:
                raise error


class House:
    """The bot, and people who write to it. `at` is the true time; the machine's clock may be ahead, and may sleep."""

    def __init__(self, folder: Path) -> None:
        self.at = float(lisbon(MONDAY, "07:50"))
        self.ahead = self.slept = 0.0
        self.clock = Clock(lambda: self.at + self.ahead, lambda: self.at - self.slept)
        self.file = folder / FILE
        self._telegram = Server(now=lambda: self.at)
        self.network = Network(self._telegram.world, self.clock.told)
        self._words = Noting(PROMPTS.content, PROMPTS.lines)

    @asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        bot = Bot(self._telegram.token, request=self.network, get_updates_request=self.network)
        waits = PausingClock()
        async with Store.open(self.file.parent, RING) as self.store:
            content = PROMPTS.content
            responder = Responder(content, self.store, RING.buttons, clock=self.clock, seed=count(1).__next__)
            delivery = Delivery(bot, waits.pause, now=waits.now)
            us = TelegramBot(bot, delivery, responder, self._words)
            us.outbox = TelegramOutbox(bot, delivery, self._words, now=lambda: self.at)
            self.nudges = Nudges(self.store, responder, us.outbox, self.clock, content)
            async with us.application() as app:
                self._bot, self._handle = bot, app.process_update
                yield

    async def fetches(self) -> None:
        """Answer all that waits at Telegram."""
        stop, waiting = asyncio.Event(), self._telegram.world.updates
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(Intake(self._bot, self._answer, stop).run(UPDATES))
            await self._telegram.until(lambda: not len(waiting), "all is answered")
            stop.set()

    async def _answer(self, update: Update | Burst) -> None:
        await self._handle(update)

    def meets(self, number: int) -> Person:
        return self._telegram.person(number, f"Person {number}")

    async def nudged(self, people: int) -> list[Person]:
        """People who agreed to a nudge on Monday, each five minutes later than the one before, from 08:30 on."""
        several = [self.meets(number) for number in range(1, people + 1)]
        for place, person in enumerate(several):
            await person.says("/start", wait=False)
            await self.begins(person, replace(AT_HALF_PAST, minute=AT_HALF_PAST.minute + 5 * place))
        await self.fetches()
        self.at = float(lisbon(MONDAY, "08:25"))  # nobody is in the midst of a talk by then
        return several

    async def begins(self, person: Person, schedule: Schedule = AT_HALF_PAST) -> None:
        await self.store.grant(person.id, Purpose.NUDGES, at=self.clock())
        change, zones = NudgeChange(schedule=schedule, begin=True), PROMPTS.content.zones
        begun = partial(changed, change=change, at=self.clock(), zones=zones, seed=person.id)
        assert await self.store.revise_nudging(person.id, begun)

    async def passes_to(self, moment: float) -> None:
        """Let time pass, and go a round every five minutes."""
        while self.at < moment:
            self.at = min(self.at + 5 * MINUTE, moment)
            await self.nudges.round()

    def heard(self, person: Person) -> list[Line]:
        """The first line of each message that someone has got."""
        return [self._words.said[message.text].keys[0] for message in person.hears()]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    one = House(tmp_path / "data")
    async with one.living():
        yield one


def label(name: Label) -> str:
    return PROMPTS.content.labels[name]


# --- Telegram is away -----------------------------------------------------------------------------------------------


async def test_what_waited_for_an_hour_is_answered_once_in_each_persons_order(house: House) -> None:
    ann, ben, cara, dan = map(house.meets, range(1, 5))
    await ann.says(SEEN, wait=False)
    dans = await dan.says("/help", wait=False)
    await house.fetches()
    await ann.presses(label(Label.DID_IT), wait=False)
    await house.fetches()
    assert house.heard(ann)[1:] == [Line.EASE]
    await ann.presses(label(Label.UPSET_STRONG), wait=False)  # and there Telegram hands nothing on any more
    await ben.says("i want to kill myself tonight", wait=False)
    for text in ("hello", SEEN, "/help"):
        await cara.says(text, wait=False)
    await dan.edits(dans, "i want to die", wait=False)
    house.at += 70 * MINUTE
    with capture_logs() as logs:
        await house.fetches()
    assert house.heard(ann)[2:] == []  # Telegram keeps no press as long as that
    assert house.heard(ben) == CARD_TONIGHT
    assert house.heard(cara) == [Line.ARRIVE_WORK_DIED, Line.HELP]
    assert house.heard(dan)[1:] == CARD
    assert [one["event"] for one in logs] == ["update"] * 4
    await ann.presses(label(Label.UPSET_STRONG), wait=False)
    await house.fetches()
    assert house.heard(ann)[2:] == [Line.RESONANCE]


@pytest.mark.parametrize("away", AWAY)
async def test_nudges_of_an_hour_without_telegram_come_late_and_once(house: House, away: str) -> None:
    people = await house.nudged(10)
    house.network.away = AWAY[away]
    with capture_logs() as logs:
        await house.passes_to(lisbon(MONDAY, "09:30"))
    assert [house.heard(person) for person in people] == [[Line.START]] * len(people)
    in_doubt = [one for one in logs if one["event"] == "message in doubt"]
    assert len(in_doubt) == (MOST_IN_DOUBT if away in IN_DOUBT else 0)
    house.network.away = None
    await house.passes_to(lisbon(MONDAY, "09:45"))
    missed = MOST_IN_DOUBT if away in IN_DOUBT else 0
    got = [house.heard(person)[1:] for person in people]
    assert got == [[]] * missed + [[NUDGE]] * (len(people) - missed)
    await house.passes_to(lisbon(MONDAY, "12:00"))
    assert [house.heard(person)[1:] for person in people] == got
    house.at = lisbon(WEDNESDAY, "08:25")
    await house.passes_to(lisbon(WEDNESDAY, "09:30"))
    assert [house.heard(person)[1:] for person in people] == [[*before, NUDGE] for before in got]


# --- the clock is wrong ---------------------------------------------------------------------------------------------


async def lived_in(house: House) -> Person:
    """Let someone agree to everything that the clock has to do with, and give them."""
    (ann,) = await house.nudged(1)
    await house.store.grant(ann.id, Purpose.REMEMBER, at=house.clock())
    assert await house.store.save_outcome(ann.id, replace(WALKED, ended_at=house.clock()))
    return ann


async def test_year_ahead_for_some_minutes_deletes_nothing_and_nudges_nobody(house: House) -> None:
    ann = await lived_in(house)
    before = await house.store.kept(ann.id)
    house.network.away = AWAY["no connection"]
    house.ahead = YEAR
    with capture_logs() as logs:
        house.at += 4 * MINUTE
        await house.nudges.round()
    assert [one["event"] for one in logs] == ["the machine's clock was set: not followed yet"]
    assert await house.store.kept(ann.id) == before
    assert house.heard(ann) == [Line.START]
    house.ahead = 0
    house.network.away = None
    house.at += MINUTE
    await house.nudges.round()
    assert house.heard(ann) == [Line.START, NUDGE]


@pytest.mark.parametrize("ahead", [-YEAR, -DAY, -HOUR, HOUR, DAY, YEAR])
async def test_clock_that_stays_wrong_is_told_and_all_goes_on_by_telegrams(house: House, ahead: float) -> None:
    ann = await lived_in(house)
    house.ahead = ahead
    with capture_logs() as logs:
        await ann.says("/help", wait=False)
        await house.fetches()
        await ann.says(SEEN, wait=False)
        await house.fetches()
        await ann.presses(label(Label.DID_IT), wait=False)
        await house.fetches()
        house.at = lisbon(WEDNESDAY, "08:30")
        await house.nudges.round()
    assert house.heard(ann)[1:] == [Line.HELP, Line.ARRIVE_WORK_DIED, Line.EASE, NUDGE]
    assert len((await house.store.kept(ann.id)).outcomes) == 1
    assert [(one["event"], one["seconds"]) for one in logs if one["log_level"] == "error"] == [
        ("the machine's clock is wrong: Telegram's is followed until it is set", ahead)
    ]


@pytest.mark.parametrize(("slept", "comes"), [(HOUR, [NUDGE]), (3 * HOUR, []), (DAY, [])])
async def test_machine_that_slept_through_a_slot_sends_what_is_not_too_late(
    house: House, slept: int, comes: list[Line]
) -> None:
    (ann,) = await house.nudged(1)
    house.at += slept
    house.slept += slept
    await house.nudges.round()
    assert house.heard(ann) == [Line.START]
    house.clock.told(int(house.at))  # with the first answer to a poll
    await house.nudges.round()
    house.at += 5 * MINUTE
    await house.nudges.round()
    assert house.heard(ann)[1:] == comes
    house.at = lisbon(WEDNESDAY, "08:30")
    await house.nudges.round()
    assert house.heard(ann)[1:] == [*comes, NUDGE]


# --- the disk is full -----------------------------------------------------------------------------------------------


async def test_nudge_that_cannot_be_claimed_on_a_full_disk_comes_once_when_there_is_room(house: House) -> None:
    (ann,) = await house.nudged(1)
    with full_disk(house.file), capture_logs() as logs:
        await house.passes_to(lisbon(MONDAY, "09:00"))
    assert house.heard(ann) == [Line.START]
    assert {(one["event"], one["error"]) for one in logs} == {("round failed", "PlaceError")}
    await house.passes_to(lisbon(MONDAY, "12:00"))
    assert house.heard(ann) == [Line.START, NUDGE]


async def test_nudge_that_went_out_as_the_disk_filled_up_is_not_sent_again(house: House) -> None:
    (ann,) = await house.nudged(1)
    with ExitStack() as disk:
        house.network.about_to = lambda method: method == "sendMessage" and disk.enter_context(full_disk(house.file))
        await house.passes_to(lisbon(MONDAY, "09:00"))
        house.network.about_to = lambda _: None
        assert house.heard(ann) == [Line.START, NUDGE]
    await house.passes_to(lisbon(MONDAY, "12:00"))
    assert house.heard(ann) == [Line.START, NUDGE]
    house.at = lisbon(WEDNESDAY, "08:30")
    await house.nudges.round()
    assert house.heard(ann) == [Line.START, NUDGE, NUDGE]


async def test_on_a_full_disk_help_comes_a_yes_is_not_called_kept_and_nothing_is_called_deleted(house: House) -> None:
    ann, ben = await lived_in(house), house.meets(2)

    async def does(person: Person, *what: str) -> list[Line]:
        before = len(house.heard(person))
        for one in what:
            await (person.says(one, wait=False) if one.startswith(("/", "i ")) else person.presses(one, wait=False))
            await house.fetches()
        return house.heard(person)[before:]

    with full_disk(house.file), capture_logs() as logs:
        assert (await does(ben, "/consent", label(Label.REMEMBER_YES)))[-1:] == [Line.STORE_FAILED]
        assert (await does(ben, "/walk", label(Label.DID_IT)))[-1:] == [Line.EASE]
        assert await does(ben, "i want to kill myself tonight") == CARD_TONIGHT
        assert (await does(ann, "/forget", label(Label.FORGET_YES)))[-1:] == [Line.STORE_FAILED]
        assert (await house.store.kept(ann.id)).outcomes
    assert {one.get("error", "PlaceError") for one in logs} == {"PlaceError"}
    assert (await does(ann, "/forget", label(Label.FORGET_YES)))[-1:] == [Line.FORGET_WENT]
    assert await house.store.kept(ann.id) == Kept()
