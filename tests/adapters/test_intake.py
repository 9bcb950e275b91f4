import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import pytest
from prometheus_client import REGISTRY
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs
from telegram import Bot, Update
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import RequestData
from typing_extensions import override

from bot.adapters.intake import (
    AGAIN,
    BATCH,
    GRACE,
    LONGEST_BURST,
    MOST_OTHERS,
    MOST_TEXTS,
    MOST_WAITING,
    PATIENCE,
    POLL,
    RECENT,
    REFUSED_FOR,
    TOO_LONG,
    Burst,
    Intake,
    RefusedError,
    StoppedError,
    insist,
)
from tests.network import NoNetwork
from tests.story import at_once, now

Json = dict[str, Any]

TOKEN = "480016:AAExampleOfATokenThatOpensNothing"  # noqa: S105 - it opens nothing
AT = 1_790_000_000
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


Answer = list[Json] | TelegramError | No


class Telegram(NoNetwork):
    """The network: gives what a test has laid ready, one answer a poll; then polls find nothing until the story ends.

    `polls` has each poll's time and parameters. `then` is called by the first that may wait, since all was handled.
    """

    def __init__(self, *answers: Answer, then: Callable[[], None] = lambda: None) -> None:
        self.polls: list[tuple[float, Json]] = []
        self._answers = list(answers)
        self._then = then

    @override
    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: object, **__: object
    ) -> tuple[int, bytes]:
        assert url.endswith("/getUpdates")
        parameters: Json = dict(request_data.parameters) if request_data else {}
        self.polls.append((now(), parameters))
        if not self._answers:
            if parameters.get("timeout"):
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

    def confirmed(self) -> list[tuple[float, int | None]]:
        """When a poll was the first to confirm what is before an id."""
        polls = [(at, parameters.get("offset")) for at, parameters in self.polls]
        return [poll for before, poll in pairwise([(0.0, 0), *polls]) if before[1] != poll[1]]

    def times(self) -> list[float]:
        return [at for at, _ in self.polls]


def message(number: int, person: int, kind: str = "message", **content: object) -> Json:
    """An update with a message of someone's in private, but for what is said otherwise."""
    chat = {"id": person, "type": "private"}
    return {
        "update_id": number,
        kind: {"message_id": number, "date": AT, "chat": chat, "from": user(person), **content},
    }


def user(person: int) -> Json:
    return {"id": person, "is_bot": False, "first_name": "Ann"}


def typed(number: int, person: int, text: str = "x") -> Json:
    return message(number, person, text=text)


def picture(number: int, person: int, caption: str = "x") -> Json:
    """What is never read together with anything else."""
    return message(number, person, photo=[], caption=caption)


def press(number: int, person: int, data: str = "x") -> Json:
    return {
        "update_id": number,
        "callback_query": {"id": "1", "from": user(person), "chat_instance": "1", "data": data},
    }


def said(update: Update | Burst) -> str:
    """The words of what is handed on, those of a burst with a + between."""
    if isinstance(update, Burst):
        return "+".join(map(said, update.updates))
    if update.callback_query:
        return update.callback_query.data or ""
    message = update.effective_message
    return (message.text or message.caption or "" if message else "") or str(update.update_id)


class House:
    """What handles updates: keeps when each began and ended, takes `needs` seconds for some, fails at "bad"."""

    def __init__(self, **needs: float) -> None:
        self.story: list[tuple[float, str]] = []
        self._needs = needs

    async def handle(self, update: Update | Burst) -> None:
        text = said(update)
        self.story.append((now(), text))
        await asyncio.sleep(self._needs.get(text, 0))
        if text == "bad":
            raise ZeroDivisionError(text)
        self.story.append((now(), f"{text}."))


async def live(telegram: Telegram, handle: Callable[[Update | Burst], Awaitable[None]], stop: asyncio.Event) -> None:
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
        await until_quiet(house, [picture(1, 7, "a1"), picture(2, 7, "a2"), picture(3, 8, "b1"), picture(4, 8, "b2")])
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


ONE_BY_ONE: Final = [(1, 7, "a1"), (2, 7, "a2"), (3, 8, "b1"), (4, 7, "a3")]


def test_order_of_one_person_is_kept_across_batches() -> None:
    async def story() -> None:
        house = House(a1=7, a2=1)
        await until_quiet(
            house, [picture(1, 7, "a1")], [picture(2, 7, "a2"), picture(3, 8, "b1")], [picture(4, 7, "a3")]
        )
        assert [text for _, text in house.story if text[0] == "a"] == ["a1", "a1.", "a2", "a2.", "a3", "a3."]
        assert (AGAIN, "b1") in house.story

    at_once(story())


def test_press_and_message_of_one_person_are_handled_in_order() -> None:
    async def story() -> None:
        house = House(a1=2)
        await until_quiet(house, [typed(1, 7, "a1"), press(2, 7, "a2")])
        assert house.story == [(0, "a1"), (2, "a1."), (2, "a2"), (2, "a2.")]

    at_once(story())


def test_update_of_nobody_is_handled_too() -> None:
    async def story() -> None:
        house = House()
        channel = {"message_id": 1, "date": 1, "chat": {"id": -100, "type": "channel", "title": "x"}}
        await until_quiet(house, [{"update_id": 1, "channel_post": channel}, {"update_id": 2}])
        assert [text for _, text in house.story] == ["1", "2", "1.", "2."]

    at_once(story())


# --- what is confirmed, and when ------------------------------------------------------------------------------------


def test_poll_asks_for_all_kinds_that_are_handled_and_no_other() -> None:
    async def story() -> None:
        telegram = await until_quiet(House())
        _, first = telegram.polls[0]
        assert (first["allowed_updates"], first["limit"]) == (KINDS, BATCH)
        assert float(first["timeout"]) == POLL

    at_once(story())


def test_update_is_confirmed_when_it_and_all_before_it_are_handled() -> None:
    async def story() -> None:
        telegram = await until_quiet(House(a1=2, b1=4), [picture(11, 7, "a1"), picture(12, 8, "b1")])
        assert telegram.confirmed() == [(0, None), (4 * AGAIN, 12), (4, 13)]

    at_once(story())


def test_update_is_confirmed_after_five_seconds_though_it_is_not_done() -> None:
    async def story() -> None:
        house = House(a1=9)
        telegram = await until_quiet(house, [picture(11, 7, "a1")])
        assert telegram.confirmed() == [(0, None), (PATIENCE, 12)]
        assert (9, "a1.") in house.story

    at_once(story())


def test_what_comes_while_another_is_handled_waits_for_no_patience_and_each_is_read_and_handled_once() -> None:
    async def story() -> None:
        house, unread, repeated = House(a1=9, b1=1), counted("unread"), counted("repeat")
        first, second, talk = picture(11, 7, "a1"), picture(12, 8, "b1"), message(13, 9, text="talk")
        stop = asyncio.Event()
        telegram = Telegram([first], [first, second, talk], [first, second, talk], then=stop.set)
        bot = Bot(TOKEN, request=telegram, get_updates_request=telegram)
        await Intake(bot, house.handle, stop, lambda update: update["update_id"] != 13).run(KINDS)
        assert house.story == [(0, "a1"), (AGAIN, "b1"), (AGAIN + 1, "b1."), (9, "a1.")]
        assert telegram.confirmed() == [(0, None), (PATIENCE, 14)]
        assert (counted("unread") - unread, counted("repeat") - repeated) == (1, 0)

    at_once(story())


def test_empty_poll_confirms_nothing_anew() -> None:
    async def story() -> None:
        telegram = await until_quiet(House(), [], [picture(5, 7)], [])
        assert telegram.offsets()[:4] == [None, None, 6, 6]

    at_once(story())


def test_handler_that_raises_ends_nothing() -> None:
    async def story() -> None:
        house = House()
        with capture_logs([merge_contextvars]) as log:
            await until_quiet(
                house, [picture(1, 7, "bad"), picture(2, 7, "a2"), picture(3, 8, "b1")], [picture(4, 7, "a3")]
            )
        assert [text for _, text in house.story if text[0] == "a"] == ["a2", "a2.", "a3", "a3."]
        assert [(entry["event"], entry.get("error"), entry.get("outcome")) for entry in log] == [
            ("update failed", "ZeroDivisionError", "failed"),
            *[("update", None, outcome) for outcome in ("failed", "handled", "handled", "handled")],
        ]

    at_once(story())


# --- texts in a row -------------------------------------------------------------------------------------------------


async def handed_on(*updates: Json) -> list[str]:
    """What is handed on while a first picture of person 7 takes its time: the words of each handling, in order."""
    house = House(first=3)
    await until_quiet(house, [picture(1, 7, "first"), *updates])
    return [text for _, text in house.story if not text.endswith(".")]


def test_texts_in_a_row_are_handed_on_together() -> None:
    async def story() -> None:
        texts = [typed(number, 7, f"a{number}") for number in range(2, 7)]
        assert await handed_on(*texts) == ["first", "a2+a3+a4+a5+a6"]

    at_once(story())


def test_texts_of_others_in_between_change_nothing() -> None:
    async def story() -> None:
        assert await handed_on(typed(2, 7, "a"), typed(3, 8, "b"), typed(4, 7, "c")) == ["first", "b", "a+c"]

    at_once(story())


def test_text_that_comes_while_earlier_ones_are_handled_waits_for_the_next_turn() -> None:
    async def story() -> None:
        house = House(**{"a": 2, "b+c": 2})
        await until_quiet(house, [typed(1, 7, "a"), typed(2, 7, "b"), typed(3, 7, "c")], [typed(4, 7, "d")])
        assert [text for _, text in house.story] == ["a+b+c", "a+b+c.", "d", "d."]

    at_once(story())


FORWARDED: Final = {"type": "hidden_user", "sender_user_name": "Someone", "date": AT}
GROUP: Final = {"id": -100, "type": "supergroup", "title": "Night shift"}
ALONE: Final = {
    "a command": typed(3, 7, "/stop"),
    "a command with words": typed(3, 7, "/start group"),
    "a forwarded text": message(3, 7, text="other", forward_origin=FORWARDED),
    "a caption": picture(3, 7, "other"),
    "a press": press(3, 7, "other"),
    "an edited text": message(3, 7, "edited_message", text="other", edit_date=AT),
    "a text in a group": message(3, 7, text="other", chat=GROUP),
}


@pytest.mark.parametrize("other", ALONE.values(), ids=ALONE)
def test_what_is_no_private_text_is_handed_on_alone_and_in_its_place(other: Json) -> None:
    async def story() -> None:
        texts = [typed(1, 7, "a"), typed(2, 7, "b"), other, typed(4, 7, "c"), typed(5, 7, "d")]
        before, alone, after = [text for _, text in await told(texts) if not text.endswith(".")]
        assert (before, "+" in alone, after) == ("a+b", False, "c+d")

    async def told(texts: list[Json]) -> list[tuple[float, str]]:
        house = House()
        await until_quiet(house, texts)
        return house.story

    at_once(story())


@pytest.mark.parametrize("other", ALONE.values(), ids=ALONE)
def test_two_of_what_is_no_private_text_are_not_handed_on_together(other: Json) -> None:
    async def story() -> None:
        handled = await handed_on(other, other | {"update_id": 4})
        assert (len(handled), "+" in "".join(handled)) == (3, False)

    at_once(story())


def test_texts_that_are_long_together_are_handed_on_in_several_turns() -> None:
    async def story() -> None:
        longest = "x" * 4096
        handled = await handed_on(*(typed(number, 7, longest) for number in range(2, 12)))
        assert [len(texts.replace("+", "")) for texts in handled[1:]] == [LONGEST_BURST, LONGEST_BURST, 2 * 4096]

    at_once(story())


def test_burst_is_one_line_in_the_log_with_how_many_and_how_long_they_waited() -> None:
    async def story() -> None:
        with capture_logs([merge_contextvars]) as log:
            await handed_on(typed(2, 7, "a"), typed(3, 7, "b"))
        first, both = log
        assert (first["updates"], first["waited"], first["milliseconds"], first["outcome"]) == (1, 0, 3000, "handled")
        assert (both["updates"], both["waited"], both["milliseconds"], both["outcome"]) == (2, 3000, 0, "handled")
        assert first["id"] != both["id"]

    at_once(story())


# --- floods ---------------------------------------------------------------------------------------------------------


class Flooded:
    """An intake that someone floods, as a webhook does: all at once. Person 7's first update takes a second."""

    def __init__(self, *flood: Json) -> None:
        self._bot = Bot(TOKEN, request=Telegram())
        self.house = House(first=1)
        self.intake = Intake(self._bot, self.house.handle, asyncio.Event())
        self.take(picture(1, 7, "first"))
        self._flood = flood

    def take(self, update: Json) -> asyncio.Future[None]:
        read = Update.de_json(update, self._bot)
        return self.intake.take(read)

    async def passes(self) -> list[str]:
        """Let the flood come, and another person after it; give what is handled, in order."""
        await asyncio.sleep(0)
        every = [self.take(update) for update in (*self._flood, typed(9_000, 8, "other"))]
        await asyncio.wait(every)
        return [text for _, text in self.house.story if not text.endswith(".")]


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("bot_updates_total", {"outcome": outcome}) or 0


def test_flood_of_texts_is_read_up_to_a_bound_and_nobody_else_waits() -> None:
    async def story() -> None:
        before = counted("shed")
        flood = Flooded(*(typed(number, 7, str(number)) for number in range(2, 2 + MOST_TEXTS + 100)))
        first, other, burst = await flood.passes()
        assert (first, other) == ("first", "other")
        assert burst == "+".join(str(number) for number in range(2, 2 + MOST_TEXTS))
        assert counted("shed") - before == 100
        assert (0, "other.") in flood.house.story

    at_once(story())


def test_mashed_presses_are_shed_beyond_a_few() -> None:
    async def story() -> None:
        before = counted("shed")
        flood = Flooded(*(press(number, 7, str(number)) for number in range(2, 102)))
        first, other, *handled = await flood.passes()
        assert (first, other, handled) == ("first", "other", [str(number) for number in range(2, 2 + MOST_OTHERS)])
        assert counted("shed") - before == 100 - MOST_OTHERS

    at_once(story())


def test_flood_of_texts_keeps_no_command_out_nor_mashed_presses_a_text() -> None:
    async def story() -> None:
        texts = [typed(number, 7, "x") for number in range(2, 2 + MOST_TEXTS)]
        assert (await Flooded(*texts, typed(900, 7, "/stop")).passes())[-1] == "/stop"
        presses = [press(number, 7, "x") for number in range(2, 102)]
        assert (await Flooded(*presses, typed(900, 7, "help me")).passes())[-1] == "help me"

    at_once(story())


def test_flood_in_the_name_of_one_group_keeps_no_other_group_out() -> None:
    def as_group(number: int, chat: int) -> Json:
        group = {"id": chat, "type": "supergroup", "title": "Wards"}
        sender = {"id": 1_087_968_824, "is_bot": True, "first_name": "Group"}
        content: Json = {"from": sender, "chat": group, "sender_chat": group, "text": f"/help {chat}"}
        return message(number, 7, **content)

    async def story() -> None:
        flood = [as_group(number, -1001) for number in range(2, 2 + MOST_OTHERS + 5)]
        handled = await Flooded(*flood, as_group(900, -1002)).passes()
        assert (handled.count("/help -1001"), handled.count("/help -1002")) == (MOST_OTHERS, 1)

    at_once(story())


def test_person_whose_flood_was_shed_is_answered_afterwards() -> None:
    async def story() -> None:
        flood = Flooded(*(press(number, 7) for number in range(2, 102)))
        await flood.passes()
        await flood.take(press(500, 7, "again"))
        assert flood.house.story[-1][1] == "again."

    at_once(story())


# --- repeats --------------------------------------------------------------------------------------------------------


def test_update_that_comes_again_is_handled_once_also_while_it_is_being_handled() -> None:
    async def story() -> None:
        before, flood = counted("repeat"), Flooded()
        await asyncio.sleep(0.5)
        again = flood.take(picture(1, 7, "first"))
        assert not again.done()
        await again
        assert now() == 1
        assert flood.take(picture(1, 7, "first")).done()
        assert flood.house.story == [(0, "first"), (1, "first.")]
        assert counted("repeat") - before == 2

    at_once(story())


def test_batch_that_comes_again_is_answered_once() -> None:
    async def story() -> None:
        house = House()
        batch: Answer = [picture(1, 7, "a1"), picture(2, 8, "b1")]
        await until_quiet(house, batch, batch, [picture(3, 7, "a2")])
        assert [text for _, text in house.story if text.endswith(".")] == ["a1.", "b1.", "a2."]

    at_once(story())


def test_only_so_many_ids_are_remembered() -> None:
    async def story() -> None:
        flood = Flooded()
        for number in range(2, 2 + RECENT):
            flood.take(typed(number, number))
        again = flood.take(picture(1, 7, "again"))
        await again
        assert "again." in [text for _, text in flood.house.story]

    at_once(story())


# --- what cannot be read --------------------------------------------------------------------------------------------

UNREADABLE: Final = {
    "a message without its chat": {"update_id": 2, "message": {"message_id": 2, "date": AT}},
    "a press without its person": {"update_id": 2, "callback_query": {"id": "1"}},
    "a person without a number": {
        "update_id": 2,
        "callback_query": press(2, 7)["callback_query"] | {"from": user(7) | {"id": {}}},
    },
}


@pytest.mark.parametrize("unreadable", UNREADABLE.values(), ids=UNREADABLE)
def test_update_that_cannot_be_read_is_left_out_and_confirmed(unreadable: Json) -> None:
    async def story() -> None:
        house, before = House(), counted("unreadable")
        with capture_logs() as log:
            telegram = await until_quiet(house, [typed(1, 8, "a"), unreadable], [typed(3, 7, "b")])
        assert [text for _, text in house.story] == ["a", "a.", "b", "b."]
        assert telegram.offsets()[:2] == [None, 3]
        assert [entry["event"] for entry in log] == ["unreadable update", "update", "update"]
        assert counted("unreadable") - before == 1

    at_once(story())


# --- readiness ------------------------------------------------------------------------------------------------------


def test_intake_is_ready_as_long_as_polls_are_answered() -> None:
    async def story() -> None:
        stop = asyncio.Event()
        telegram = Telegram([], *[NetworkError("down")] * 9)
        intake = Intake(Bot(TOKEN, request=telegram, get_updates_request=telegram), House().handle, stop)
        ready = [intake.is_ready]
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(intake.run(KINDS))
            for seconds in (TOO_LONG - 1, 2, 5 * TOO_LONG):
                await asyncio.sleep(seconds)
                ready.append(intake.is_ready)
            stop.set()
            ready.append(intake.is_ready)
        assert ready == [False, True, False, True, False]

    at_once(story())


async def nobody_asks() -> bool:
    raise NotImplementedError


def test_intake_with_too_much_waiting_is_not_ready_until_it_was_handled() -> None:
    async def story() -> None:
        stop, house = asyncio.Event(), House(x=1)
        intake = Intake(Bot(TOKEN, request=Telegram()), house.handle, stop)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(intake.wait(nobody_asks))
            await asyncio.sleep(0)
            ready = [intake.is_ready]
            handled = [intake.take(Update.de_json(picture(number, number), None)) for number in range(MOST_WAITING)]
            ready.append(intake.is_ready)
            await asyncio.wait(handled)
            ready.append(intake.is_ready)
            stop.set()
        assert ready == [True, False, True]

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
        telegram = Telegram([picture(11, 7, "a1"), picture(12, 7, "a2")])
        await live(telegram, house.handle, stop)
        assert house.story[-1:] == [(4, "a2.")]
        assert telegram.offsets()[-1] == 13
        _, last = telegram.polls[-1]
        assert (last["limit"], int(last.get("timeout", 0))) == (1, 0)

    at_once(story())


def test_stop_gives_up_what_does_not_end() -> None:
    async def story() -> None:
        house, stop = House(a1=1000), asyncio.Event()
        telegram = Telegram([picture(11, 7, "a1")])
        asyncio.get_running_loop().call_later(6, stop.set)
        await live(telegram, house.handle, stop)
        assert now() == 6 + GRACE
        assert telegram.offsets()[-1] == 12

    at_once(story())


def test_stop_while_a_batch_is_handled_gives_it_no_more_than_the_grace() -> None:
    async def story() -> None:
        house, stop = House(a1=1000), asyncio.Event()
        telegram = Telegram([picture(11, 7, "a1")])
        asyncio.get_running_loop().call_later(1, stop.set)
        await live(telegram, house.handle, stop)
        assert now() == 1 + GRACE
        assert telegram.confirmed() == [(0, None), (1 + GRACE, 12)]

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
        telegram = Telegram([picture(1, 7)], *[NetworkError("down")] * 9)
        asyncio.get_running_loop().call_later(5, stop.set)
        with capture_logs() as log:
            await live(telegram, House().handle, stop)
        assert now() == 5
        assert [entry["event"] for entry in log] == ["update", "Telegram is out of reach", "not confirmed"]

    at_once(story())


# --- outages ---------------------------------------------------------------------------------------------------------


def pauses(telegram: Telegram) -> list[float]:
    return [after - before for before, after in pairwise(telegram.times())]


def test_outage_is_met_with_growing_pauses_and_said_once_and_so_is_its_end() -> None:
    async def story() -> None:
        house = House()
        down: list[Answer] = [NetworkError("x"), TimedOut(), BROKEN]
        with capture_logs() as log:
            telegram = await until_quiet(house, *down * 3, [picture(1, 7, "a1")])
        assert pauses(telegram)[:9] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
        assert [(entry["log_level"], entry["event"]) for entry in log] == [
            ("warning", "Telegram is out of reach"),
            ("info", "Telegram is back"),
            ("info", "update"),
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
            await until_quiet(House(), CONFLICT, CONFLICT, [picture(1, 7)])
        assert [entry["event"] for entry in log] == ["another program polls", "Telegram is back", "update"]

    at_once(story())


def test_token_that_stays_revoked_ends_the_intake() -> None:
    async def story() -> None:
        with capture_logs() as log, pytest.raises(RefusedError):
            await live(Telegram([picture(1, 7)], *[REVOKED] * 8), House().handle, asyncio.Event())
        assert REFUSED_FOR <= now() < 2 * REFUSED_FOR
        assert [entry["event"] for entry in log] == ["update", "Telegram refuses the token"]

    at_once(story())


def test_good_token_that_is_refused_for_a_moment_ends_nothing() -> None:
    async def story() -> None:
        with capture_logs() as log:
            house = House()
            await until_quiet(house, [picture(1, 7)], REVOKED, REVOKED, REVOKED, [picture(2, 7)])
        assert len(house.story) == 4
        assert [entry["event"] for entry in log] == [
            *("update", "Telegram refuses the token", "Telegram is back", "update")
        ]

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
