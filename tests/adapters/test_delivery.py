import asyncio
import json
import math
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY, generate_latest
from structlog.testing import capture_logs
from telegram import Bot, InlineKeyboardMarkup, ReplyKeyboardMarkup
from telegram.error import BadRequest, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut
from telegram.request import RequestData
from typing_extensions import override

from bot.adapters.delivery import CHATS_IN_A_ROW, LONGEST_WAIT, PAUSES, Delivery
from bot.adapters.lanes import GROUP
from bot.adapters.transport import AiohttpRequest, NotSentError
from bot.core.model import Lane
from tests.adapters.clock import PausingClock
from tests.adapters.contents import TOKEN
from tests.botapi import Call, Dropped, Group, Hang, Page, Person, Server, blocked, bot_of, broken, too_many
from tests.botapi import faults as scripted
from tests.botapi.offline import Offline
from tests.botapi.updates import Refused
from tests.botapi.world import World
from tests.network import NoNetwork

DID_IT = {"inline_keyboard": [[{"text": "Did it", "callback_data": "1"}]]}
MAY_HAVE_ARRIVED: list[scripted.Fault] = [Dropped(), Dropped(after=True), broken(), Page()]
FORUM = -1_000_000_000_002


@pytest.fixture
async def telegram() -> AsyncIterator[Server]:
    async with Server() as server:
        yield server


@pytest.fixture
async def bot(telegram: Server) -> AsyncIterator[Bot]:
    async with bot_of(telegram) as opened:
        yield opened


@pytest.fixture
async def people(telegram: Server) -> list[Person]:
    """Some who have written to the bot: 1 to 9."""
    met = [telegram.person(number, "Ann") for number in range(1, 10)]
    for person in met:
        await person.says("hello", wait=False)
    return met


@pytest.fixture
def ann(people: list[Person]) -> Person:
    return people[0]


@pytest.fixture
def clock() -> PausingClock:
    return PausingClock()


@pytest.fixture
def delivery(bot: Bot, clock: PausingClock) -> Delivery:
    return Delivery(bot, clock.pause, now=clock.now)


def heard(person: Person | Group) -> list[str]:
    return [message.text for message in person.hears()]


def order(telegram: Server) -> list[str]:
    """What was sent, in the order in which it came."""
    return [call.parameters["text"] for call in telegram.calls_of("sendMessage")]


# --- What is sent -------------------------------------------------------------------------------------------------


async def test_reply_is_plain_text_with_buttons_and_no_preview(delivery: Delivery, ann: Person) -> None:
    number = await delivery.send(ann.id, "<b>see</b> https://example.org", DID_IT)
    sent = ann.latest()
    assert (sent.id, sent.text, sent.buttons) == (number, "<b>see</b> https://example.org", [["Did it"]])
    assert sent.json["link_preview_options"] == {"is_disabled": True}


async def test_buttons_are_taken_and_presses_answered(delivery: Delivery, ann: Person) -> None:
    number = await delivery.send(ann.id, "one", DID_IT)
    assert number is not None
    quiet, toasted = [await ann.presses("Did it", wait=False) for _ in range(2)]
    await delivery.answer(quiet.id)
    await delivery.answer(toasted.id, "thanks")
    await delivery.take_buttons(ann.id, number)
    assert ann.latest().buttons == []
    assert [press.answer and press.answer["text"] for press in (quiet, toasted)] == ["", "thanks"]


async def test_edit_puts_words_and_buttons_in_place_of_what_was_there(delivery: Delivery, ann: Person) -> None:
    number = await delivery.send(ann.id, "one", DID_IT)
    assert number is not None
    for words, markup, buttons in (("two", DID_IT, [["Did it"]]), ("https://example.org", None, [])):
        assert await delivery.edit(ann.id, number, words, markup)
        assert [(sent.text, sent.buttons) for sent in ann.hears()] == [(words, buttons)]
    assert ann.latest().json["link_preview_options"] == {"is_disabled": True}


@pytest.mark.parametrize(("rate", "paid"), [(30, None), (31, "true"), (1000, "true")])
async def test_messages_are_paid_for_only_above_what_is_free(
    telegram: Server, bot: Bot, ann: Person, rate: int, paid: str | None
) -> None:
    await Delivery(bot, rate=rate).send(ann.id, "one")
    assert telegram.calls[-1].parameters.get("allow_paid_broadcast") == paid


# --- Whose turn it is ---------------------------------------------------------------------------------------------


async def test_urgent_lane_goes_first_of_what_is_asked_for_at_once(
    telegram: Server, ann: Person, clock: PausingClock
) -> None:
    network = Shaky(telegram.world, [])
    async with Bot(telegram.token, request=network, get_updates_request=network) as bot:
        delivery = Delivery(bot, clock.pause, now=clock.now)
        lanes = (Lane.BROADCAST, Lane.REPLY, Lane.DANGER)
        await asyncio.gather(*(delivery.send(ann.id, str(lane.value), lane=lane) for lane in lanes))
    assert heard(ann) == ["0", "1", "2"]


async def test_messages_to_one_person_arrive_in_order_and_as_fast_as_the_limit_lets_them(
    delivery: Delivery, ann: Person, clock: PausingClock
) -> None:
    await asyncio.gather(*(delivery.send(1, str(number)) for number in range(6)))
    assert heard(ann) == ["0", "1", "2", "3", "4", "5"]
    assert (clock.at, clock.pauses) == (3, [1, 1, 1])


async def test_card_of_two_messages_stays_whole_while_a_broadcast_waits(
    telegram: Server, delivery: Delivery, ann: Person
) -> None:
    telegram.fails("sendMessage", hang := Hang())

    async def card() -> None:
        await delivery.send(1, "card", lane=Lane.DANGER)
        await delivery.send(1, "numbers", lane=Lane.DANGER)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(card())
        await hang.reached()
        tasks.create_task(delivery.send(1, "news", lane=Lane.BROADCAST))
        await asyncio.sleep(0)
        hang.release()
    assert heard(ann) == ["card", "numbers", "news"]


async def test_danger_waits_for_no_reply_that_hangs(telegram: Server, delivery: Delivery, ann: Person) -> None:
    telegram.fails("sendMessage", hang := Hang())
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(delivery.send(1, "one"))
        await hang.reached()
        tasks.create_task(delivery.send(1, "two"))
        await delivery.send(1, "card", lane=Lane.DANGER)
        assert heard(ann) == ["card"]
        hang.release()
    assert heard(ann) == ["card", "one", "two"]


async def test_caller_who_goes_away_takes_the_message_along(
    telegram: Server, delivery: Delivery, ann: Person, clock: PausingClock
) -> None:
    telegram.fails("sendMessage", hang := Hang())
    async with asyncio.TaskGroup() as tasks:
        first, second, third = (tasks.create_task(delivery.send(1, str(number))) for number in range(3))
        await hang.reached()
        second.cancel()
        await asyncio.sleep(0)
        first.cancel()
        await third
    assert heard(ann) == ["2"]
    assert clock.pauses == []


# --- Told to wait -------------------------------------------------------------------------------------------------


async def test_reply_waits_as_long_as_telegram_says(
    telegram: Server, delivery: Delivery, ann: Person, clock: PausingClock
) -> None:
    telegram.fails("sendMessage", too_many(3), too_many(int(LONGEST_WAIT)))
    await delivery.send(1, "one")
    assert clock.pauses == [3, LONGEST_WAIT]
    assert heard(ann) == ["one"]


@pytest.mark.parametrize("lane", Lane)
async def test_one_chat_told_to_wait_keeps_nobody_else_waiting(
    telegram: Server, delivery: Delivery, people: list[Person], clock: PausingClock, lane: Lane
) -> None:
    telegram.fails("sendMessage", too_many(3))
    clock.let.clear()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(delivery.send(1, "one", lane=lane))
        await clock.paused(3)
        await delivery.send(2, "two")
        tasks.create_task(delivery.send(1, "three", lane=lane))
        clock.let.set()
    assert [heard(person) for person in people[:2]] == [["one", "three"], ["two"]]
    assert clock.at == pytest.approx(3, abs=0.04)


async def test_chats_told_to_wait_one_after_the_other_keep_all_waiting(
    telegram: Server, delivery: Delivery, people: list[Person], clock: PausingClock
) -> None:
    waits = range(CHATS_IN_A_ROW + 2, 2, -1)
    telegram.fails("sendMessage", *map(too_many, waits))
    clock.let.clear()
    with capture_logs() as lines:
        async with asyncio.TaskGroup() as tasks:
            for person, wait in zip(people, waits, strict=False):
                assert lines == []
                tasks.create_task(delivery.send(person.id, "one"))
                await clock.paused(wait)
            tasks.create_task(delivery.send(9, "card", lane=Lane.DANGER))
            for _ in range(9):
                await asyncio.sleep(0)
            assert len(order(telegram)) == CHATS_IN_A_ROW
            clock.let.set()
    assert clock.pauses[:CHATS_IN_A_ROW] == list(waits)
    assert heard(people[-1]) == ["card"]
    assert lines == [{"event": "Telegram wants a pause", "log_level": "warning", "seconds": 3.0}]
    assert [heard(person) for person in people[:CHATS_IN_A_ROW]] == [["one"]] * CHATS_IN_A_ROW


async def test_chats_told_to_wait_are_no_row_when_a_message_gets_through_between(
    telegram: Server, delivery: Delivery, people: list[Person]
) -> None:
    with capture_logs() as lines:
        for person in people[: 2 * CHATS_IN_A_ROW]:
            telegram.fails("sendMessage", too_many(3))
            await delivery.send(person.id, "one")
    assert lines == []


async def test_groups_in_slow_mode_wait_alone_however_many_they_are(
    telegram: Server, delivery: Delivery, people: list[Person], clock: PausingClock
) -> None:
    groups = [telegram.group(-1001 - number, "Wards", {}) for number in range(2 * CHATS_IN_A_ROW)]
    waits = [LONGEST_WAIT] * CHATS_IN_A_ROW + [3600] * CHATS_IN_A_ROW
    telegram.fails("sendMessage", *(too_many(int(wait)) for wait in waits))
    clock.let.clear()
    with capture_logs() as lines:
        async with asyncio.TaskGroup() as tasks:
            sends = [tasks.create_task(_outcome(partial(delivery.send, group.id, "one"))) for group in groups]
            await telegram.until(lambda: len(order(telegram)) == len(groups), "all groups were tried")
            await delivery.send(1, "card", lane=Lane.DANGER)
            assert heard(people[0]) == ["card"]
            clock.let.set()
    assert [heard(group) for group in groups] == [["one"]] * CHATS_IN_A_ROW + [[]] * CHATS_IN_A_ROW
    assert [send.result() for send in sends[CHATS_IN_A_ROW:]] == ["RetryAfter"] * CHATS_IN_A_ROW
    assert lines == []


@settings(max_examples=20)
@given(kinds=st.lists(st.sampled_from(["danger", "reply", "news", "edit", "late edit"]), min_size=25, max_size=60))
async def test_group_gets_no_more_than_twenty_messages_a_minute_whatever_they_are(kinds: list[str]) -> None:
    clock, moments = PausingClock(), list[float]()

    class Noting(NoNetwork):
        @override
        async def do_request(self, *_: object, **__: object) -> tuple[int, bytes]:
            moments.append(clock.at)
            result = {"message_id": 5, "date": 1, "chat": {"id": FORUM, "type": "supergroup"}, "text": "x"}
            return 200, json.dumps({"ok": True, "result": result}).encode()

    delivery = Delivery(Bot(TOKEN, request=Noting()), clock.pause, now=clock.now)
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "danger": partial(delivery.send, FORUM, "x", lane=Lane.DANGER),
        "reply": partial(delivery.send, FORUM, "x"),
        "news": partial(delivery.send, FORUM, "x", lane=Lane.BROADCAST),
        "edit": partial(delivery.edit, FORUM, 5, "x"),
        "late edit": partial(delivery.edit, FORUM, 5, "x", lane=Lane.BROADCAST),
    }
    await asyncio.gather(*(calls[kind]() for kind in kinds))
    most, seconds = GROUP
    assert len(moments) == len(kinds)
    assert all(late - early >= seconds - 1e-9 for early, late in zip(moments, moments[most:], strict=False))


async def test_press_told_to_wait_keeps_all_waiting(
    telegram: Server, delivery: Delivery, ann: Person, clock: PausingClock
) -> None:
    await delivery.send(1, "one", DID_IT)
    press = await ann.presses("Did it", wait=False)
    telegram.fails("answerCallbackQuery", too_many(4))
    with capture_logs() as lines:
        await delivery.answer(press.id)
    assert press.answer is not None
    assert (clock.pauses, lines[0]["seconds"]) == ([4], 4)


async def test_edit_told_to_wait_keeps_its_chat_waiting(
    telegram: Server, delivery: Delivery, people: list[Person], clock: PausingClock
) -> None:
    number = await delivery.send(1, "one", DID_IT)
    assert number is not None
    telegram.fails("editMessageReplyMarkup", too_many(4))
    clock.let.clear()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(delivery.take_buttons(1, number))
        await clock.paused(4)
        tasks.create_task(delivery.send(1, "two"))
        await delivery.send(2, "three")
        assert order(telegram) == ["one", "three"]
        clock.let.set()
    assert (order(telegram)[-1], people[0].hears()[0].buttons) == ("two", [])


async def test_edit_of_words_waits_its_turn_and_as_long_as_telegram_says(
    telegram: Server, delivery: Delivery, people: list[Person], clock: PausingClock
) -> None:
    number = await delivery.send(1, "one", DID_IT)
    assert number is not None
    telegram.fails("editMessageText", too_many(4))
    clock.let.clear()
    async with asyncio.TaskGroup() as tasks:
        edit = tasks.create_task(delivery.edit(1, number, "changed"))
        await clock.paused(4)
        tasks.create_task(delivery.send(1, "two"))
        await delivery.send(2, "three")
        assert order(telegram) == ["one", "three"]
        clock.let.set()
    assert edit.result()
    assert heard(people[0]) == ["changed", "two"]
    assert [call.method for call in telegram.calls[-2:]] == ["editMessageText", "sendMessage"]


async def test_edit_that_would_have_to_wait_too_long_is_given_up(
    telegram: Server, delivery: Delivery, ann: Person
) -> None:
    number = await delivery.send(1, "one", DID_IT)
    assert number is not None
    telegram.fails("editMessageText", too_many(int(LONGEST_WAIT) + 1))
    for _ in range(2):
        with pytest.raises(RetryAfter):
            await delivery.edit(1, number, "changed")
    assert (len(telegram.calls_of("editMessageText")), heard(ann)) == (1, ["one"])


async def test_all_that_waits_for_a_chat_held_too_long_is_given_up(
    telegram: Server, delivery: Delivery, people: list[Person], clock: PausingClock
) -> None:
    too_long = int(LONGEST_WAIT) + 1
    telegram.fails("sendMessage", too_many(too_long))
    told = await asyncio.gather(*(delivery.send(1, "one") for _ in range(3)), return_exceptions=True)
    for error in told:
        assert isinstance(error, RetryAfter)
        assert error.retry_after == timedelta(seconds=too_long)
    for call in (delivery.send(1, "two"), delivery.take_buttons(1, 1)):
        with pytest.raises(RetryAfter):
            await call
    assert len(telegram.calls_of("sendMessage")) == 1
    assert await delivery.send(2, "three") is not None
    clock.at = too_long
    assert await delivery.send(1, "four") is not None
    assert [heard(person) for person in people[:2]] == [["four"], ["three"]]


async def test_chat_that_is_always_told_to_wait_is_given_up(telegram: Server, delivery: Delivery) -> None:
    telegram.fails("sendMessage", *[too_many(1)] * (len(PAUSES) + 1))
    with pytest.raises(RetryAfter):
        await delivery.send(1, "one")
    assert len(telegram.calls_of("sendMessage")) == len(PAUSES) + 1


# --- What is counted ----------------------------------------------------------------------------------------------


def counted(name: str, **labels: str) -> float:
    """What stands in a metric, now."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.usefixtures("people")
async def test_sends_are_timed_with_their_waits_and_danger_as_any_reply(telegram: Server, delivery: Delivery) -> None:
    names = [(name, lane) for name in ("count", "sum") for lane in ("reply", "broadcast")]
    before = [counted(f"bot_send_seconds_{name}", lane=lane) for name, lane in names]
    telegram.fails("sendMessage", too_many(3))
    await delivery.send(1, "one")
    await delivery.send(2, "two", lane=Lane.DANGER)
    after = [counted(f"bot_send_seconds_{name}", lane=lane) for name, lane in names]
    assert [now - then for then, now in zip(before, after, strict=True)] == pytest.approx([2, 0, 3, 0])


@pytest.mark.usefixtures("people")
async def test_waiting_messages_are_counted_until_they_end(
    telegram: Server, delivery: Delivery, clock: PausingClock
) -> None:
    telegram.fails("sendMessage", too_many(3))
    clock.let.clear()
    async with asyncio.TaskGroup() as tasks:
        for lane in (Lane.REPLY, Lane.REPLY, Lane.DANGER):
            tasks.create_task(delivery.send(1, "one", lane=lane))
        await clock.paused(3)
        assert counted("bot_waiting_messages", lane="reply") == 3
        clock.let.set()
    assert counted("bot_waiting_messages", lane="reply") == 0


def test_no_lane_of_danger_is_shown() -> None:
    """It would tell the minute of a danger, which the day's totals keep back."""
    assert set(re.findall(r'lane="(\w+)"', generate_latest().decode())) == {"reply", "broadcast"}


async def test_limits_are_counted_by_what_has_to_wait(
    telegram: Server, delivery: Delivery, people: list[Person]
) -> None:
    before = [counted("bot_limited_total", about=about) for about in ("a chat", "all")]
    telegram.fails("sendMessage", *[too_many(1)] * CHATS_IN_A_ROW)
    await asyncio.gather(*(delivery.send(person.id, "one") for person in people[:CHATS_IN_A_ROW]))
    after = [counted("bot_limited_total", about=about) for about in ("a chat", "all")]
    assert [now - then for then, now in zip(before, after, strict=True)] == [CHATS_IN_A_ROW - 1, 1]


@pytest.mark.usefixtures("people")
async def test_further_tries_are_counted(telegram: Server, delivery: Delivery) -> None:
    before = counted("bot_retries_total")
    telegram.fails("sendMessage", broken(), too_many(1), Dropped())
    await delivery.send(1, "one")
    assert counted("bot_retries_total") == before + 3


# --- A failing network --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lane", [Lane.DANGER, Lane.REPLY])
async def test_reply_is_repeated_with_growing_pauses_and_doubled_only_if_it_had_arrived(
    telegram: Server, delivery: Delivery, ann: Person, clock: PausingClock, lane: Lane
) -> None:
    telegram.fails("sendMessage", *MAY_HAVE_ARRIVED)
    number = await delivery.send(1, "one", lane=lane)
    assert clock.pauses == list(PAUSES[:4]) == sorted(PAUSES[:4])
    assert heard(ann) == ["one", "one"]
    assert number == ann.latest().id


@pytest.mark.parametrize("fault", MAY_HAVE_ARRIVED)
async def test_broadcast_that_may_have_arrived_is_not_repeated(
    telegram: Server, delivery: Delivery, ann: Person, fault: scripted.Fault
) -> None:
    telegram.fails("sendMessage", fault)
    with pytest.raises(NetworkError) as failure:
        await delivery.send(1, "one", lane=Lane.BROADCAST)
    assert not isinstance(failure.value, NotSentError)
    assert (len(telegram.calls_of("sendMessage")), len(heard(ann))) == (1, int(fault == Dropped(after=True)))


async def test_silence_after_a_broadcast_is_doubt(telegram: Server, ann: Person) -> None:
    telegram.fails("sendMessage", Hang(after=True))
    async with Bot(telegram.token, f"{telegram.url}/bot", request=AiohttpRequest(read_timeout=0.05)) as bot:
        with pytest.raises(NetworkError, match="Timed out"):
            await Delivery(bot).send(1, "one", lane=Lane.BROADCAST)
    assert heard(ann) == ["one"]


@pytest.mark.parametrize("lane", [Lane.REPLY, Lane.BROADCAST])
async def test_message_that_never_left_is_repeated_within_a_bound(bot: Bot, clock: PausingClock, lane: Lane) -> None:
    nowhere = Bot(bot.token, "http://127.0.0.1:1/bot", request=bot.request)
    draws = iter([0.0, 0.999, 0.5, 0.5, 0.5, 0.5])
    with pytest.raises(NotSentError):
        await Delivery(nowhere, clock.pause, now=clock.now, jitter=draws.__next__).send(1, "one", lane=lane)
    assert clock.at == pytest.approx(0.25 + 1.499 + 2 + 4 + 8 + 16)


class Away(AiohttpRequest):
    """A network that lets nothing out until a time."""

    def __init__(self, clock: PausingClock) -> None:
        super().__init__()
        self.clock = clock
        self.until = 0.0

    @override
    async def do_request(self, *of: Any, **how: Any) -> tuple[int, bytes]:
        if self.clock.at < self.until:
            raise NotSentError("no network")
        return await super().do_request(*of, **how)


async def test_card_about_danger_that_never_left_is_tried_for_an_hour_and_one_that_may_have_arrived_is_not(
    telegram: Server, clock: PausingClock, ann: Person
) -> None:
    away = Away(clock)
    async with bot_of(telegram, away) as bot:
        delivery, urgent = Delivery(bot, clock.pause, now=clock.now), Lane.DANGER
        away.until = math.inf
        with pytest.raises(NotSentError):
            await delivery.send(1, "one", lane=urgent)
        assert 60 * 60 <= clock.at < 61 * 60 + sum(PAUSES)
        away.until = clock.at + 59 * 60
        await delivery.send(1, "two", lane=urgent)
        assert heard(ann) == ["two"]
        away.until, before = 0, clock.at
        telegram.fails("sendMessage", *[Dropped()] * (len(PAUSES) + 1))
        with pytest.raises(NetworkError):
            await delivery.send(1, "three", lane=urgent)
        assert clock.at - before == sum(PAUSES)


async def test_network_that_stays_away_is_raised_and_the_next_message_goes(
    telegram: Server, delivery: Delivery, ann: Person
) -> None:
    telegram.fails("sendMessage", *[Dropped()] * (len(PAUSES) + 1))
    with pytest.raises(NetworkError):
        await delivery.send(1, "one")
    await delivery.send(1, "two")
    assert heard(ann) == ["two"]


@pytest.mark.parametrize("lane", Lane)
@pytest.mark.parametrize("fault", MAY_HAVE_ARRIVED)
async def test_edit_is_repeated_until_it_stands_whether_it_had_arrived_or_not(  # noqa: PLR0913, PLR0917 - fixtures
    telegram: Server, delivery: Delivery, ann: Person, clock: PausingClock, fault: scripted.Fault, lane: Lane
) -> None:
    number = await delivery.send(1, "one", DID_IT)
    assert number is not None
    telegram.fails("editMessageText", fault)
    assert await delivery.edit(1, number, "changed", DID_IT, lane=lane)
    assert (heard(ann), clock.pauses[:1]) == (["changed"], [PAUSES[0]])


async def test_order_holds_while_a_message_is_repeated(telegram: Server, delivery: Delivery, ann: Person) -> None:
    telegram.fails("sendMessage", broken(), too_many(2), Dropped())
    await asyncio.gather(*(delivery.send(1, str(number)) for number in range(3)))
    assert heard(ann) == ["0", "1", "2"]


# --- Refused ------------------------------------------------------------------------------------------------------


async def test_who_has_gone_is_no_error(
    telegram: Server, delivery: Delivery, bot: Bot, ann: Person, clock: PausingClock
) -> None:
    await bot.send_message(1, "no buttons")
    with capture_logs() as lines:
        assert await delivery.send(99, "nobody") is None
        await delivery.take_buttons(1, ann.latest().id)
        await delivery.take_buttons(1, 99)
        await delivery.take_buttons(1, 1)
        await delivery.answer("12345")
        await ann.blocks_bot(wait=False)
        assert await delivery.send(1, "blocked") is None
        telegram.fails("sendMessage", broken(), blocked())
        assert await delivery.send(1, "blocked after all") is None
    assert [refusal.split(": ")[2].split(" and ")[0] for refusal in telegram.world.refusals if "Bad" in refusal] == [
        "chat not found",
        "message is not modified",
        "message to edit not found",
        "message can't be edited",
        "query is too old",
    ]
    assert (clock.pauses, lines) == ([PAUSES[0]], [])


@pytest.mark.parametrize(
    "refusal",
    [
        Refused(403, "Forbidden: user is deactivated"),
        Refused(403, "Forbidden: bot was kicked from the supergroup chat"),
        Refused(403, "Forbidden: bot is not a member of the channel chat"),
        Refused(403, "Forbidden: the group chat was deleted"),
        Refused(403, "Forbidden: bot can't initiate conversation with a user"),
        Refused(400, "Bad Request: group chat was deactivated"),
        Refused(400, "Bad Request: CHANNEL_PRIVATE"),
        Refused(400, "Bad Request: PEER_ID_INVALID"),
        Refused(400, "Bad Request: CHAT_WRITE_FORBIDDEN"),
        Refused(400, "Bad Request: CHAT_RESTRICTED"),
        Refused(400, "Bad Request: CHAT_ADMIN_REQUIRED"),
        Refused(400, "Bad Request: CHAT_SEND_PLAIN_FORBIDDEN"),
        Refused(400, "Bad Request: not enough rights to send text messages to the chat"),
        Refused(400, "Bad Request: have no rights to send a message"),
        Refused(400, "Bad Request: need administrator rights in the channel chat"),
        Refused(400, "Bad Request: TOPIC_CLOSED"),
    ],
    ids=lambda refusal: refusal.description,
)
async def test_place_that_takes_no_message_is_no_error(
    telegram: Server, delivery: Delivery, clock: PausingClock, refusal: Refused
) -> None:
    telegram.fails("sendMessage", refusal)
    with capture_logs() as lines:
        assert await delivery.send(1, "one") is None
    assert (len(telegram.calls_of("sendMessage")), clock.pauses, lines) == (1, [], [])


async def test_what_cannot_be_edited_is_told_and_is_no_error(
    telegram: Server, delivery: Delivery, bot: Bot, ann: Person
) -> None:
    deleted = await bot.send_message(1, "deleted", reply_markup=InlineKeyboardMarkup.de_json(DID_IT, bot))
    file = await bot.send_document(1, b"no text")
    keyboard = await bot.send_message(1, "keys", reply_markup=ReplyKeyboardMarkup([["Back"]]))
    shown = await bot.send_message(1, "shown")
    ann.deletes(ann.messages[deleted.message_id])
    with capture_logs() as lines:
        for number in (deleted.message_id, file.message_id, keyboard.message_id, 1, 99):
            assert not await delivery.edit(1, number, "changed")
        telegram.fails("editMessageText", Refused(400, "Bad Request: a refusal of next year"))
        assert not await delivery.edit(1, shown.message_id, "changed")
        await ann.blocks_bot(wait=False)
        assert not await delivery.edit(1, shown.message_id, "changed")
    assert lines == []
    assert ann.messages[shown.message_id].text == "shown"


async def test_message_goes_to_its_topic_and_a_reply_to_the_group_once_that_is_gone(
    telegram: Server, delivery: Delivery
) -> None:
    forum = telegram.group(FORUM, "Wards", {}, forum=True)
    topic, other = forum.opens_topic("Nights"), forum.opens_topic("Days")
    await delivery.send(FORUM, "in", thread=topic)
    assert forum.latest().json["message_thread_id"] == topic
    await forum.closes_topic(topic, wait=False)
    forum.deletes_topic(other)
    for thread in (topic, other):
        assert await delivery.send(FORUM, "news", thread=thread, lane=Lane.BROADCAST) is None
        assert await delivery.send(FORUM, "out", thread=thread) == forum.latest().id
        assert "message_thread_id" not in forum.latest().json
    assert heard(forum) == ["in", "out", "out"]


async def test_group_that_became_a_supergroup_gets_the_message_there(telegram: Server, bot: Bot) -> None:
    group = telegram.group(-1001, "Night shift", {})
    moves: list[tuple[int, int]] = []

    async def moved(before: int, after: int) -> None:
        moves.append((before, after))

    delivery = Delivery(bot, moved=moved)
    number = await delivery.send(-1001, "one", DID_IT)
    assert number is not None
    after = await group.becomes_supergroup(FORUM, wait=False)
    assert await delivery.send(-1001, "two") == after.latest().id
    await delivery.take_buttons(-1001, number)
    assert (heard(after), moves) == (["two"], [(-1001, FORUM)])


@pytest.mark.parametrize("thread", [None, 5])
async def test_any_other_refusal_is_raised_at_once(
    telegram: Server, delivery: Delivery, ann: Person, clock: PausingClock, thread: int | None
) -> None:
    telegram.fails("sendMessage", Refused(400, "Bad Request: message is too long"))
    with pytest.raises(BadRequest, match="Message is too long"):
        await delivery.send(ann.id, "one", thread=thread)
    telegram.token = "480016:AnotherToken"  # noqa: S105 - it opens nothing
    with pytest.raises(InvalidToken):
        await delivery.send(ann.id, "one")
    assert clock.pauses == []
    assert issubclass(InvalidToken, TelegramError)


# --- The end ------------------------------------------------------------------------------------------------------


async def test_close_finishes_what_people_wait_for_and_gives_broadcasts_up(
    telegram: Server, bot: Bot, clock: PausingClock
) -> None:
    ann = telegram.person(1, "Ann")
    await ann.says("hello", wait=False)
    delivery = Delivery(bot, clock.pause, now=clock.now)
    telegram.fails("sendMessage", hang := Hang())
    clock.let.clear()
    async with asyncio.TaskGroup() as tasks:
        sends = [tasks.create_task(delivery.send(1, text)) for text in ("one", "two")]
        await hang.reached()
        news = tasks.create_task(_outcome(lambda: delivery.send(1, "news", lane=Lane.BROADCAST)))
        await asyncio.sleep(0)
        closing = tasks.create_task(delivery.close(10))
        await news
        with pytest.raises(NotSentError):
            await delivery.send(2, "late")
        assert not closing.done()
        hang.release()
    assert [send.result() for send in sends] == [message.id for message in ann.hears()]
    assert (heard(ann), news.result()) == (["one", "two"], "NotSentError")


async def test_broadcast_that_fails_after_it_was_given_up_waits_for_no_other_try(
    telegram: Server, delivery: Delivery, ann: Person, clock: PausingClock
) -> None:
    def gives_up(_: Call) -> Refused:
        delivery.give_up_broadcasts()
        return too_many(1)

    telegram.trouble = gives_up
    assert await _outcome(lambda: delivery.send(ann.id, "news", lane=Lane.BROADCAST)) == "NotSentError"
    assert clock.pauses == []


async def test_close_waits_no_longer_than_it_was_told(
    telegram: Server, delivery: Delivery, ann: Person, clock: PausingClock
) -> None:
    telegram.fails("sendMessage", first := Hang(), broken())
    async with asyncio.TaskGroup() as tasks:
        under_way = tasks.create_task(_outcome(lambda: delivery.send(1, "one")))
        await first.reached()
        waiting = tasks.create_task(_outcome(lambda: delivery.send(1, "two")))
        await asyncio.sleep(0)
        await delivery.close(10)
        assert (await waiting, clock.pauses) == ("NotSentError", [10])
        first.release()
        assert await under_way == str(ann.id and ann.latest().id)
    await delivery.close(0)


async def test_close_finishes_an_edit_that_someone_waits_for(
    telegram: Server, delivery: Delivery, ann: Person, clock: PausingClock
) -> None:
    number = await delivery.send(1, "one")
    assert number is not None
    telegram.fails("editMessageText", hang := Hang())
    clock.let.clear()
    async with asyncio.TaskGroup() as tasks:
        edit = tasks.create_task(delivery.edit(1, number, "changed"))
        await hang.reached()
        closing = tasks.create_task(delivery.close(10))
        await asyncio.sleep(0)
        assert not closing.done()
        hang.release()
    assert (edit.result(), heard(ann)) == (True, ["changed"])


async def test_message_that_fails_after_the_end_is_not_tried_again(
    telegram: Server, delivery: Delivery, ann: Person
) -> None:
    telegram.fails("sendMessage", hang := Hang())
    async with asyncio.TaskGroup() as tasks:
        under_way = tasks.create_task(_outcome(lambda: delivery.send(1, "one")))
        await hang.reached()
        await delivery.close(0)
        await ann.blocks_bot(wait=False)
        hang.release()
    assert under_way.result() == "None"


# --- Whatever happens ---------------------------------------------------------------------------------------------


class Fault(StrEnum):
    NONE = "none"
    NOT_SENT = "not sent"
    LOST = "lost"
    LOST_AFTER = "lost after it took effect"
    WAIT = "wait"


class Shaky(Offline):
    """A network with a fault for each of its first calls that sends a message."""

    def __init__(self, world: World, faults: list[Fault]) -> None:
        super().__init__(world)
        self._faults = iter(faults)

    @override
    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: object, **__: object
    ) -> tuple[int, bytes]:
        fault = next(self._faults, Fault.NONE) if url.endswith("/sendMessage") else Fault.NONE
        match fault:
            case Fault.NOT_SENT:
                raise NotSentError("no connection")
            case Fault.LOST:
                raise NetworkError("dropped")
            case Fault.WAIT:
                refusal = {"ok": False, "error_code": 429, "description": "", "parameters": {"retry_after": 2}}
                return 429, json.dumps(refusal).encode()
        answer = await super().do_request(url, method, request_data)
        if fault is Fault.LOST_AFTER:
            raise TimedOut
        return answer


@given(
    asked=st.lists(st.tuples(st.sampled_from([1, 2, -3]), st.sampled_from(Lane)), max_size=20),
    faults=st.lists(st.sampled_from(Fault), max_size=len(PAUSES)),
)
async def test_whatever_fails_nothing_is_lost_doubled_without_need_or_out_of_order(
    asked: list[tuple[int, Lane]], faults: list[Fault]
) -> None:
    telegram, clock = Server(), PausingClock()
    ann, ben, night = telegram.person(1, "Ann"), telegram.person(2, "Ben"), telegram.group(-3, "Night shift", {})
    for person in (ann, ben):
        await person.says("hello", wait=False)
    chats: dict[int, Person | Group] = {1: ann, 2: ben, -3: night}
    network = Shaky(telegram.world, faults)
    async with Bot(telegram.token, request=network, get_updates_request=network) as bot:
        delivery = Delivery(bot, clock.pause, now=clock.now)
        sends = (delivery.send(chat, str(number), lane=lane) for number, (chat, lane) in enumerate(asked))
        became = await asyncio.gather(*sends, return_exceptions=True)
    arrived = {chat: [int(text) for text in heard(there)] for chat, there in chats.items()}
    twice = 0
    for number, ((chat, lane), fate) in enumerate(zip(asked, became, strict=True)):
        times = arrived[chat].count(number)
        twice += max(0, times - 1)
        if lane is Lane.BROADCAST:
            assert times == 1 if isinstance(fate, int) else (times <= 1 and isinstance(fate, NetworkError))
        else:
            assert isinstance(fate, int)
            assert times >= 1
    assert twice <= faults.count(Fault.LOST_AFTER)
    for chat, numbers in arrived.items():
        for lane in Lane:
            same = [number for number in numbers if asked[number] == (chat, lane)]
            assert same == sorted(same)


async def _outcome(send: Callable[[], object]) -> str:
    """What comes of a send, or the kind of error."""
    try:
        return str(await send())  # type: ignore[misc]
    except TelegramError as error:
        return type(error).__name__
