import asyncio
import json
import selectors
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import pytest
from structlog.testing import capture_logs
from telegram import Bot, Update
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData
from typing_extensions import override

from bot.adapters.intake import BATCH, GRACE, PATIENCE, POLL, Intake, RefusedError, StoppedError, insist

Json = dict[str, Any]

TOKEN = "480016:AAExampleOfATokenThatOpensNothing"  # noqa: S105 - it opens nothing
KINDS: Final = ["message", "callback_query"]


@dataclass(frozen=True)
class No:
    """A refusal, in Telegram's words."""

    status: int
    description: str
    parameters: Json = field(default_factory=dict)

    def __bytes__(self) -> bytes:
        return json.dumps({"ok": False, "error_code": self.status} | vars(self)).encode()


REVOKED: Final = No(401, "Unauthorized")
CONFLICT: Final = No(409, "Conflict: terminated by other getUpdates request")
BROKEN: Final = No(502, "Bad Gateway")


@pytest.fixture(autouse=True)
def _spans_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # as `delivery` has it for the whole process


class _Jumping(selectors.DefaultSelector):
    """Instead of waiting, lets the time pass at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise AssertionError("Everyone waits for something that never comes")
        self.now += 0 if ready else timeout or 0
        return ready


class _Loop(asyncio.SelectorEventLoop):
    """A loop in which time passes only while nobody has anything to do, and then at once."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    @override
    def time(self) -> float:
        return self._jumping.now


def at_once(story: Awaitable[None]) -> None:
    """Live through a story of minutes in no time. One that takes hours never ends."""

    async def live() -> None:
        async with asyncio.timeout(2 * 60 * 60):
            await story

    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(live())


def now() -> float:
    """Seconds since the story began."""
    return asyncio.get_running_loop().time()


Answer = list[Json] | TelegramError | No


class Telegram(BaseRequest):
    """The network: gives what a test has laid ready, one answer a poll; then polls find nothing until the story ends.

    `polls` has each poll's time and parameters.
    """

    def __init__(self, *answers: Answer, then: Callable[[], None] = lambda: None) -> None:
        self.polls: list[tuple[float, Json]] = []
        self._answers = list(answers)
        self._then = then

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
        assert url.endswith("/getUpdates")
        parameters: Json = dict(request_data.parameters) if request_data else {}
        self.polls.append((now(), parameters))
        if not self._answers:
            self._then()
            await asyncio.sleep(float(parameters.get("timeout", 0)))
            return 200, b'{"ok": true, "result": []}'
        match self._answers.pop(0):
            case TelegramError() as error:
                raise error
            case No() as refusal:
                return refusal.status, bytes(refusal)
            case updates:
                return 200, json.dumps({"ok": True, "result": updates}).encode()

    def offsets(self) -> list[int | None]:
        return [parameters.get("offset") for _, parameters in self.polls]

    def times(self) -> list[float]:
        return [at for at, _ in self.polls]


def update(number: int, person: int, text: str = "x") -> Json:
    user = {"id": person, "is_bot": False, "first_name": "Ann"}
    chat = {"id": person, "type": "private"}
    message = {"message_id": number, "date": 1_790_000_000, "chat": chat, "from": user, "text": text}
    return {"update_id": number, "message": message}


class House:
    """What handles updates: keeps when each began and ended, takes `needs` seconds for some, fails at "bad"."""

    def __init__(self, **needs: float) -> None:
        self.story: list[tuple[float, str]] = []
        self._needs = needs

    async def handle(self, update: Update) -> None:
        text = update.effective_message.text or "" if update.effective_message else ""
        self.story.append((now(), text))
        await asyncio.sleep(self._needs.get(text, 0))
        if text == "bad":
            raise ZeroDivisionError(text)
        self.story.append((now(), f"{text}."))


async def live(telegram: Telegram, handle: Callable[[Update], Awaitable[None]], stop: asyncio.Event) -> None:
    bot = Bot(TOKEN, request=telegram, get_updates_request=telegram)
    await Intake(bot, handle, stop).run(KINDS)


async def until_quiet(house: House, *answers: Answer) -> Telegram:
    """Take in what is laid ready, and stop once a poll finds nothing more."""
    stop = asyncio.Event()
    telegram = Telegram(*answers, then=stop.set)
    await live(telegram, house.handle, stop)
    return telegram


# --- order ----------------------------------------------------------------------------------------------------------


def test_one_person_is_handled_in_order_and_people_side_by_side() -> None:
    async def story() -> None:
        house = House(a1=3, a2=1, b1=2)
        await until_quiet(house, [update(1, 7, "a1"), update(2, 7, "a2"), update(3, 8, "b1"), update(4, 8, "b2")])
        assert house.story == [
            (0, "a1"),
            (0, "b1"),
            (2, "b1."),
            (2, "b2"),
            (2, "b2."),
            (3, "a1."),
            (3, "a2"),
            (4, "a2."),
        ]

    at_once(story())


def test_order_of_one_person_is_kept_across_batches() -> None:
    async def story() -> None:
        house = House(a1=7, a2=1)
        await until_quiet(house, [update(1, 7, "a1")], [update(2, 7, "a2"), update(3, 8, "b1")], [update(4, 7, "a3")])
        assert [text for _, text in house.story if text[0] == "a"] == ["a1", "a1.", "a2", "a2.", "a3", "a3."]
        assert (PATIENCE, "b1") in house.story

    at_once(story())


def test_press_and_message_of_one_person_are_handled_in_order() -> None:
    press = {"id": "1", "from": {"id": 7, "is_bot": False, "first_name": "Ann"}, "chat_instance": "1", "data": "x"}

    async def story() -> None:
        order: list[int] = []

        async def handle(update: Update) -> None:
            await asyncio.sleep(2 if update.message else 0)
            order.append(update.update_id)

        stop = asyncio.Event()
        telegram = Telegram([update(1, 7), {"update_id": 2, "callback_query": press}], then=stop.set)
        await live(telegram, handle, stop)
        assert order == [1, 2]

    at_once(story())


def test_update_of_nobody_is_handled_too() -> None:
    async def story() -> None:
        handled: list[int] = []

        async def handle(update: Update) -> None:
            handled.append(update.update_id)

        stop = asyncio.Event()
        channel = {"message_id": 1, "date": 1, "chat": {"id": -100, "type": "channel", "title": "x"}}
        await live(Telegram([{"update_id": 1, "channel_post": channel}, {"update_id": 2}], then=stop.set), handle, stop)
        assert handled == [1, 2]

    at_once(story())


# --- what is confirmed, and when ------------------------------------------------------------------------------------


def test_poll_asks_for_all_kinds_that_are_handled_and_no_other() -> None:
    async def story() -> None:
        telegram = await until_quiet(House())
        _, first = telegram.polls[0]
        assert (first["allowed_updates"], first["limit"]) == (KINDS, BATCH)
        assert float(first["timeout"]) == POLL.total_seconds()

    at_once(story())


def test_batch_is_confirmed_when_all_of_it_is_handled() -> None:
    async def story() -> None:
        telegram = await until_quiet(House(a1=2, b1=4), [update(11, 7, "a1"), update(12, 8, "b1")])
        assert telegram.offsets()[:2] == [None, 13]
        assert telegram.times()[:2] == [0, 4]

    at_once(story())


def test_batch_is_confirmed_after_five_seconds_though_one_is_not_done() -> None:
    async def story() -> None:
        house = House(a1=9)
        telegram = await until_quiet(house, [update(11, 7, "a1")])
        assert telegram.times()[:2] == [0, 5]
        assert telegram.offsets()[:2] == [None, 12]
        assert (9, "a1.") in house.story

    at_once(story())


def test_empty_poll_confirms_nothing_anew() -> None:
    async def story() -> None:
        telegram = await until_quiet(House(), [], [update(5, 7)], [])
        assert telegram.offsets()[:4] == [None, None, 6, 6]

    at_once(story())


def test_handler_that_raises_ends_nothing() -> None:
    async def story() -> None:
        house = House()
        with capture_logs() as log:
            await until_quiet(
                house, [update(1, 7, "bad"), update(2, 7, "a2"), update(3, 8, "b1")], [update(4, 7, "a3")]
            )
        assert [text for _, text in house.story if text[0] == "a"] == ["a2", "a2.", "a3", "a3."]
        assert [(entry["event"], entry["error"]) for entry in log] == [("update failed", "ZeroDivisionError")]

    at_once(story())


# --- the end --------------------------------------------------------------------------------------------------------


def test_stop_while_a_poll_waits_ends_at_once() -> None:
    async def story() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(3, stop.set)
        await live(Telegram(), House().handle, stop)
        assert now() == 3

    at_once(story())


def test_stop_finishes_what_is_under_way_and_confirms_it() -> None:
    async def story() -> None:
        house, stop = House(a1=4), asyncio.Event()
        asyncio.get_running_loop().call_later(1, stop.set)
        telegram = Telegram([update(11, 7, "a1"), update(12, 7, "a2")])
        await live(telegram, house.handle, stop)
        assert house.story[-1:] == [(4, "a2.")]
        assert telegram.offsets()[-1] == 13
        _, last = telegram.polls[-1]
        assert (last["limit"], int(last.get("timeout", 0))) == (1, 0)

    at_once(story())


def test_stop_gives_up_what_does_not_end() -> None:
    async def story() -> None:
        house, stop = House(a1=1000), asyncio.Event()
        telegram = Telegram([update(11, 7, "a1")])
        asyncio.get_running_loop().call_later(6, stop.set)
        await live(telegram, house.handle, stop)
        assert now() == 6 + GRACE
        assert telegram.offsets()[-1] == 12

    at_once(story())


def test_stop_before_anything_came_confirms_nothing() -> None:
    async def story() -> None:
        stop = asyncio.Event()
        telegram = Telegram(then=stop.set)
        await live(telegram, House().handle, stop)
        assert telegram.offsets() == [None]

    at_once(story())


def test_stop_while_telegram_is_out_of_reach_ends_at_once_and_says_what_is_not_confirmed() -> None:
    async def story() -> None:
        stop = asyncio.Event()
        telegram = Telegram([update(1, 7)], *[NetworkError("down")] * 9)
        asyncio.get_running_loop().call_later(5, stop.set)
        with capture_logs() as log:
            await live(telegram, House().handle, stop)
        assert now() == 5
        assert [entry["event"] for entry in log] == ["Telegram is out of reach", "not confirmed"]

    at_once(story())


# --- outages ---------------------------------------------------------------------------------------------------------


def pauses(telegram: Telegram) -> list[float]:
    return [after - before for before, after in pairwise(telegram.times())]


def test_outage_is_met_with_growing_pauses_and_said_once_and_so_is_its_end() -> None:
    async def story() -> None:
        house = House()
        down: list[Answer] = [NetworkError("x"), TimedOut(), BROKEN]
        with capture_logs() as log:
            telegram = await until_quiet(house, *down * 3, [update(1, 7, "a1")])
        assert pauses(telegram)[:9] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
        assert [(entry["log_level"], entry["event"]) for entry in log] == [
            ("warning", "Telegram is out of reach"),
            ("info", "Telegram is back"),
        ]
        assert [text for _, text in house.story] == ["a1", "a1."]

    at_once(story())


def test_second_outage_is_said_again_and_begins_with_a_short_pause() -> None:
    async def story() -> None:
        with capture_logs() as log:
            telegram = await until_quiet(House(), NetworkError("x"), NetworkError("x"), [], NetworkError("x"), [])
        assert pauses(telegram)[:4] == [1, 2, 0, 1]
        assert [entry["event"] for entry in log] == ["Telegram is out of reach", "Telegram is back"] * 2

    at_once(story())


def test_telegram_is_asked_again_only_when_it_says_so() -> None:
    async def story() -> None:
        telegram = await until_quiet(House(), No(429, "Too Many Requests", {"retry_after": 17}), [])
        assert pauses(telegram)[0] == 17

    at_once(story())


def test_another_program_that_polls_is_said_once() -> None:
    async def story() -> None:
        with capture_logs() as log:
            await until_quiet(House(), CONFLICT, CONFLICT, [update(1, 7)])
        assert [entry["event"] for entry in log] == ["another program polls", "Telegram is back"]

    at_once(story())


def test_revoked_token_ends_the_intake() -> None:
    async def story() -> None:
        with pytest.raises(RefusedError):
            await live(Telegram([update(1, 7)], REVOKED), House().handle, asyncio.Event())
        assert now() == 0

    at_once(story())


def test_insisting_gives_what_the_call_gives_in_the_end() -> None:
    answers: list[int | TelegramError] = [NetworkError("x"), 42]

    async def call() -> int:
        answer = answers.pop(0)
        if isinstance(answer, TelegramError):
            raise answer
        return answer

    async def story() -> None:
        assert await insist(call, asyncio.Event()) == 42
        assert now() == 1

    at_once(story())


def test_insisting_ends_when_told_to_stop_and_takes_its_call_back() -> None:
    taken_back: list[float] = []

    async def call() -> None:
        try:
            await asyncio.sleep(1000)
        finally:
            taken_back.append(now())

    async def story() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(2, stop.set)
        with pytest.raises(StoppedError):
            await insist(call, stop)
        assert taken_back == [2]

    at_once(story())
