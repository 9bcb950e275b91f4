from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs
from telegram import Bot

from bot.adapters.delivery import Delivery
from bot.adapters.outbox import TelegramOutbox
from bot.core.lines import Label, Line
from bot.core.model import Action, Button, Fate, Lane, Outbox, Reply, Sent
from tests.adapters.clock import PausingClock
from tests.botapi import Dropped, Person, Server, blocked, bot_of, too_many
from tests.botapi.faults import Fault
from tests.botapi.updates import Refused
from tests.person import PROMPTS

REPLY = Reply(
    (Line.HELP,), ((Button(Label.DID_IT, Action.NEXT, payload="1"), Button(Label.WRITE_PRIVATELY, Action.DOOR)),)
)
NEWS = Reply((Line.HELP,), lane=Lane.BROADCAST)


@pytest.fixture
async def telegram() -> AsyncIterator[Server]:
    async with Server() as server:
        yield server


@pytest.fixture
async def ann(telegram: Server) -> Person:
    person = telegram.person(7, "Ann")
    await person.says("hello", wait=False)
    return person


@pytest.fixture
async def outbox(telegram: Server) -> AsyncIterator[Outbox]:
    clock = PausingClock()
    async with bot_of(telegram) as bot:
        yield TelegramOutbox(bot, Delivery(bot, clock.pause, now=clock.now), PROMPTS)


async def test_reply_arrives_in_its_words_with_its_buttons(outbox: Outbox, ann: Person) -> None:
    sent = await outbox.send(7, REPLY)
    message = ann.latest()
    assert sent == Sent(Fate.ARRIVED, message.id)
    assert message.text == PROMPTS.text(REPLY)
    assert message.button(PROMPTS.content.labels[Label.DID_IT])["callback_data"] == "1"
    assert (
        message.button(PROMPTS.content.labels[Label.WRITE_PRIVATELY])["url"]
        == "https://t.me/example_compassion_bot?start=group"
    )


async def test_reply_goes_to_its_topic(outbox: Outbox, telegram: Server) -> None:
    forum = telegram.group(-1_000_000_000_002, "Wards", {}, forum=True)
    topic = forum.opens_topic("Nights")
    await outbox.send(forum.id, NEWS, thread=topic)
    assert forum.latest().json["message_thread_id"] == topic


@pytest.mark.parametrize(
    ("fault", "became"),
    [
        (blocked(), (Fate.REFUSED, [])),
        (Dropped(), (Fate.UNSURE, ["message in doubt"])),
        (too_many(600), (Fate.LOST, ["message not sent"])),
        (Refused(400, "Bad Request: message is too long"), (Fate.LOST, ["message refused"])),
        (Refused(401, "Unauthorized"), (Fate.LOST, ["message refused"])),
    ],
    ids=["blocked", "dropped", "too many", "too long", "unauthorized"],
)
async def test_whatever_becomes_of_a_message_is_a_value(
    outbox: Outbox, telegram: Server, ann: Person, fault: Fault, became: tuple[Fate, list[str]]
) -> None:
    telegram.fails("sendMessage", fault)
    with capture_logs() as lines:
        sent = await outbox.send(ann.id, NEWS)
    assert (sent.fate, [line["event"] for line in lines]) == became
    assert sent.number is None


async def test_message_that_cannot_leave_is_lost() -> None:
    nowhere = Bot("480016:AAExample", "http://127.0.0.1:1/bot")
    clock = PausingClock()
    delivery = Delivery(nowhere, clock.pause, now=clock.now)
    await delivery.close(0)
    with capture_logs() as lines:
        assert await TelegramOutbox(nowhere, delivery, PROMPTS).send(7, NEWS) == Sent(Fate.LOST)
    assert [line["event"] for line in lines] == ["message not sent"]
