from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from telegram import Bot

from bot.adapters import outbox as outbox_module
from bot.adapters.delivery import Delivery
from bot.adapters.outbox import MOST_IN_DOUBT, TelegramOutbox
from bot.core.gap import OneWalk, OverDays
from bot.core.lines import Label, Line
from bot.core.model import Action, Animation, Button, Document, Lane, Reply
from bot.core.ports import Fate, Outbox, Sent
from bot.core.state import Change
from bot.figure import PIXELS
from bot.nudges import GRACE
from tests.adapters.clock import PausingClock
from tests.botapi import Dropped, Person, Server, blocked, bot_of, broken, too_many
from tests.botapi.chats import Upload
from tests.botapi.faults import Fault
from tests.botapi.updates import Refused
from tests.person import PROMPTS

REPLY = Reply(
    (Line.HELP,),
    (
        (
            Button(Label.DID_IT, Action.NEXT, payload="1"),
            Button(Label.WRITE_PRIVATELY, Action.DOOR, payload="2"),
            Button(Label.URGENT_HELP, Action.OPEN, payload="https://t.me/c/1234567890/10"),
        ),
    ),
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
async def outbox(telegram: Server) -> AsyncIterator[TelegramOutbox]:
    clock = PausingClock()
    async with bot_of(telegram) as bot:
        yield TelegramOutbox(bot, Delivery(bot, clock.pause, now=clock.now), PROMPTS)


async def test_reply_arrives_in_its_words_with_its_buttons(outbox: Outbox, ann: Person) -> None:
    sent = await outbox.send(7, REPLY)
    message = ann.latest()
    assert sent == Sent(Fate.ARRIVED, message.id)
    assert message.text == PROMPTS.text(REPLY)
    assert message.button(PROMPTS.content.labels[Label.DID_IT])["callback_data"] == "1"
    assert message.button(PROMPTS.content.labels[Label.WRITE_PRIVATELY])["callback_data"] == "2"
    assert message.button(PROMPTS.content.labels[Label.URGENT_HELP])["url"] == "https://t.me/c/1234567890/10"


@pytest.mark.parametrize(
    ("value", "link"),
    [
        (0, "startgroup=add"),
        (1, "startchannel&admin=post_messages"),
        (2, "startgroup=add&admin=manage_chat"),
    ],
    ids=["a group", "a channel", "a group, as an admin without a right"],
)
async def test_button_that_adds_the_bot_is_a_link(outbox: Outbox, ann: Person, value: int, link: str) -> None:
    await outbox.send(ann.id, Reply((Line.HELP,), ((Button(Label.BEGIN, Action.ADD, value),),)))
    button = ann.latest().button(PROMPTS.content.labels[Label.BEGIN])
    assert button["url"] == f"https://t.me/example_compassion_bot?{link}"


async def test_reply_goes_to_its_topic(outbox: Outbox, telegram: Server) -> None:
    forum = telegram.group(-1_000_000_000_002, "Wards", {}, forum=True)
    topic = forum.opens_topic("Nights")
    await outbox.send(forum.id, NEWS, thread=topic)
    assert forum.latest().json["message_thread_id"] == topic


@pytest.mark.parametrize(
    ("fault", "became"),
    [
        (blocked(), (Fate.REFUSED, [])),
        (Refused(403, "Forbidden: user is deactivated"), (Fate.REFUSED, [])),
        (Refused(403, "Forbidden: bot can't initiate conversation with a user"), (Fate.REFUSED, [])),
        (Refused(400, "Bad Request: chat not found"), (Fate.REFUSED, [])),
        (Refused(400, "Bad Request: PEER_ID_INVALID"), (Fate.REFUSED, [])),
        (Dropped(), (Fate.UNSURE, ["message in doubt"])),
        (too_many(600), (Fate.LOST, ["message not sent"])),
        (Refused(400, "Bad Request: message is too long"), (Fate.LOST, ["message refused"])),
        (Refused(401, "Unauthorized"), (Fate.LOST, ["message refused"])),
    ],
    ids=[
        *("blocked", "deactivated", "never met", "no chat", "no peer"),
        *("dropped", "too many", "too long", "unauthorized"),
    ],
)
async def test_whatever_becomes_of_a_message_is_a_value(
    outbox: Outbox, telegram: Server, ann: Person, fault: Fault, became: tuple[Fate, list[str]]
) -> None:
    telegram.fails("sendMessage", fault)
    with capture_logs() as lines:
        sent = await outbox.send(ann.id, NEWS)
    assert (sent.fate, [line["event"] for line in lines]) == became
    assert sent.number is None


async def test_while_telegram_answers_nothing_no_broadcast_is_spent_and_replies_are_tried(
    outbox: Outbox, telegram: Server, ann: Person
) -> None:
    telegram.trouble = lambda _: broken()
    doubted = [(await outbox.send(ann.id, NEWS)).fate for _ in range(10)]
    assert doubted == [Fate.UNSURE] * MOST_IN_DOUBT + [Fate.LOST] * (10 - MOST_IN_DOUBT)
    assert len(telegram.calls_of("sendMessage")) == MOST_IN_DOUBT
    assert len(telegram.calls_of("getMe")) == 1 + 1  # at the start, and once for all seven
    assert (await outbox.send(ann.id, REPLY)).fate is Fate.UNSURE
    assert len(telegram.calls_of("sendMessage")) > MOST_IN_DOUBT + 1
    telegram.trouble = lambda _: None
    assert (await outbox.send(ann.id, REPLY)).fate is Fate.ARRIVED


async def test_broadcasts_go_again_within_a_minute_of_telegrams_return(telegram: Server, ann: Person) -> None:
    clock = PausingClock()
    async with bot_of(telegram) as bot:
        outbox = TelegramOutbox(bot, Delivery(bot, clock.pause, now=clock.now), PROMPTS, now=clock.now)
        telegram.trouble = lambda _: broken()
        for _ in range(MOST_IN_DOUBT + 1):
            await outbox.send(ann.id, NEWS)
        telegram.trouble = lambda _: None
        assert (await outbox.send(ann.id, NEWS)).fate is Fate.LOST
        await clock.pause(60)
        assert (await outbox.send(ann.id, NEWS)).fate is Fate.ARRIVED


async def test_telegram_that_takes_long_to_answer_holds_up_no_broadcast_longer_than_a_stop_may_take(
    outbox: Outbox, telegram: Server, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert outbox_module._ANSWERED_WITHIN < GRACE  # noqa: SLF001
    monkeypatch.setattr(outbox_module, "_ANSWERED_WITHIN", 0)
    telegram.trouble = lambda _: broken()
    for _ in range(MOST_IN_DOUBT):
        await outbox.send(ann.id, NEWS)
    telegram.trouble = lambda _: None  # it answers by now, and later than in no time
    assert (await outbox.send(ann.id, NEWS)).fate is Fate.LOST


async def test_wait_that_telegram_wants_is_told_to_all_that_was_for_that_chat(
    outbox: Outbox, telegram: Server, ann: Person
) -> None:
    ben = telegram.person(8, "Ben")
    await ben.says("hello", wait=False)
    telegram.fails("sendMessage", too_many(600))
    for _ in range(2):
        assert await outbox.send(ann.id, NEWS) == Sent(Fate.LOST, wait=600)
    assert await outbox.send(ben.id, NEWS) == Sent(Fate.ARRIVED, ben.latest().id)


async def test_broadcast_that_has_to_wait_a_while_goes_then(outbox: Outbox, telegram: Server, ann: Person) -> None:
    telegram.fails("sendMessage", too_many(60))
    assert await outbox.send(ann.id, NEWS) == Sent(Fate.ARRIVED, ann.latest().id)


async def test_message_that_cannot_leave_is_lost() -> None:
    nowhere = Bot("480016:AAExample", "http://127.0.0.1:1/bot")
    clock = PausingClock()
    delivery = Delivery(nowhere, clock.pause, now=clock.now)
    await delivery.close(0)
    with capture_logs() as lines:
        assert await TelegramOutbox(nowhere, delivery, PROMPTS).send(7, NEWS) == Sent(Fate.LOST)
    assert [line["event"] for line in lines] == ["message not sent"]


# --- In place of another, and keyboards ---------------------------------------------------------------------------

KEYBOARD = Reply(
    (Line.HELP,), ((Button(Label.SHARE_LOCATION, Action.LOCATE),), (Button(Label.STOP, Action.STOP, payload="1"),))
)


async def test_edit_says_another_in_place_of_what_was_sent(outbox: TelegramOutbox, ann: Person) -> None:
    sent = await outbox.send(ann.id, NEWS)
    assert sent.number is not None
    assert await outbox.edit(ann.id, sent.number, REPLY) == sent
    (message,) = ann.hears()
    assert (message.text, message.buttons) == (PROMPTS.text(REPLY), [["Did it", "Write privately", "Urgent help"]])


@pytest.mark.parametrize(
    ("fault", "became"),
    [
        (Refused(400, "Bad Request: message is not modified: it is the same"), Sent(Fate.ARRIVED, 2)),
        (Refused(400, "Bad Request: message to edit not found"), None),
        (Refused(400, "Bad Request: message can't be edited"), None),
        (blocked(), None),
        (too_many(600), Sent(Fate.LOST, wait=600)),
        (Refused(401, "Unauthorized"), Sent(Fate.LOST)),
    ],
    ids=["not modified", "gone", "fixed", "blocked", "too many", "unauthorized"],
)
async def test_whatever_becomes_of_an_edit_is_a_value(
    outbox: TelegramOutbox, telegram: Server, ann: Person, fault: Fault, became: Sent | None
) -> None:
    await outbox.send(ann.id, NEWS)
    telegram.fails("editMessageText", fault)
    with capture_logs() as lines:
        assert await outbox.edit(ann.id, 2, REPLY) == became
    assert len(lines) == (became is not None and became.fate is Fate.LOST)


async def test_edit_whose_fate_is_not_known_is_in_doubt(outbox: TelegramOutbox, telegram: Server, ann: Person) -> None:
    await outbox.send(ann.id, NEWS)
    telegram.fails("editMessageText", *[Dropped()] * 9)
    assert await outbox.edit(ann.id, 2, REPLY) == Sent(Fate.UNSURE)


@pytest.mark.parametrize(
    "reply",
    [KEYBOARD, replace(NEWS, closes_keyboard=True), replace(NEWS, attached=Document("walks.csv", b"what"))],
    ids=["keyboard", "end of a keyboard", "file"],
)
async def test_what_no_edit_can_bring_is_not_tried(
    outbox: TelegramOutbox, telegram: Server, ann: Person, reply: Reply
) -> None:
    await outbox.send(ann.id, NEWS)
    assert await outbox.edit(ann.id, 2, reply) is None
    assert telegram.calls_of("editMessageText") == []


async def test_keyboard_shares_a_place_or_types_its_words_and_says_what_else_may_be_typed(
    outbox: Outbox, ann: Person
) -> None:
    await outbox.send(ann.id, KEYBOARD)
    assert ann.keys == {
        "keyboard": [
            [{"text": "Share my location", "request_location": True}],
            [{"text": "Stop", "request_location": False}],
        ],
        "resize_keyboard": True,
        "one_time_keyboard": True,
        "input_field_placeholder": "Or type a city",
    }
    assert ann.latest().buttons == []


async def test_keyboard_picks_a_group_that_the_bot_is_in_or_any_channel(outbox: Outbox, ann: Person) -> None:
    picks = tuple((Button(label, Action.ROOM_PICK, value),) for value, label in enumerate((Label.BEGIN, Label.STAY)))
    await outbox.send(ann.id, Reply((Line.HELP,), picks))
    assert ann.keys is not None
    asked = [key["request_chat"] for (key,) in ann.keys["keyboard"]]
    named = ("request_id", "chat_is_channel", "bot_is_member", "request_title")
    assert [[one.get(name) for name in named] for one in asked] == [[1, False, True, True], [2, True, False, True]]
    assert "input_field_placeholder" not in ann.keys


async def test_keyboard_closes_with_a_message_that_has_no_buttons(outbox: Outbox, ann: Person) -> None:
    await outbox.send(ann.id, KEYBOARD)
    await outbox.send(ann.id, replace(REPLY, closes_keyboard=True))
    assert ann.keys is not None
    assert ann.latest().buttons
    await outbox.send(ann.id, replace(NEWS, closes_keyboard=True))
    assert not ann.keys


async def test_group_gets_the_words_alone_where_a_keyboard_would_open_or_close(
    outbox: Outbox, telegram: Server
) -> None:
    group = telegram.group(-1001, "Night shift", {})
    for reply in (KEYBOARD, replace(NEWS, closes_keyboard=True)):
        assert await outbox.send(group.id, reply) == Sent(Fate.ARRIVED, group.latest().id)
        assert "reply_markup" not in telegram.calls[-1].parameters


# --- Groups -------------------------------------------------------------------------------------------------------


async def test_own_message_is_deleted_and_one_that_cannot_be_makes_no_error(
    outbox: TelegramOutbox, telegram: Server
) -> None:
    group = telegram.group(-1001, "Night shift", {})
    number = (await outbox.send(group.id, NEWS)).number
    assert number is not None
    with capture_logs() as lines:
        await outbox.delete(group.id, number)
        assert group.shows() == []
        await outbox.delete(group.id, number)
        telegram.fails("deleteMessage", Refused(400, "Bad Request: message can't be deleted for everyone"))
        await outbox.delete(group.id, number)
    assert lines == []


async def test_group_is_left_and_one_that_is_closed_to_the_bot_makes_no_error(
    outbox: TelegramOutbox, telegram: Server
) -> None:
    group = telegram.group(-1001, "Night shift", {})
    with capture_logs() as lines:
        await outbox.leave(group.id)
        assert group.bot_is == "left"
        await outbox.leave(group.id)
    assert lines == []


async def test_what_cannot_be_done_in_a_group_is_said_in_the_log_alone(
    outbox: TelegramOutbox, telegram: Server
) -> None:
    for method in ("deleteMessage", "leaveChat"):
        telegram.fails(method, Refused(400, "Bad Request: a refusal of next year"))
    with capture_logs() as lines:
        await outbox.delete(-1001, 5)
        await outbox.leave(-1001)
    assert [line["event"] for line in lines] == ["not done", "not done"]


# --- Pictures -----------------------------------------------------------------------------------------------------

SHOWN = Reply(
    (Line.SHOWN_WALK,),
    ((Button(Label.DID_IT, Action.NEXT, payload="1"),),),
    {"before": "8", "after": "3"},
    attached=OneWalk(8, 3, Change.MORE),
)
BREATHING = Reply((Line.HELP,), attached=Animation.BREATHING)
GIF = b"GIF89a and so on"


def methods(telegram: Server) -> list[str]:
    return [call.method for call in telegram.calls if call.method.startswith("send")]


async def test_picture_goes_out_with_its_words_and_buttons(outbox: Outbox, telegram: Server, ann: Person) -> None:
    sent = await outbox.send(ann.id, SHOWN)
    message = ann.latest()
    assert sent == Sent(Fate.ARRIVED, message.id)
    assert (message.text, message.json["photo"][0]["width"]) == (PROMPTS.text(SHOWN), PIXELS)
    assert message.button(PROMPTS.content.labels[Label.DID_IT])
    assert methods(telegram) == ["sendPhoto"]


async def test_picture_goes_to_its_topic(outbox: Outbox, telegram: Server) -> None:
    forum = telegram.group(-1_000_000_000_002, "Wards", {}, forum=True)
    topic = forum.opens_topic("Nights")
    await outbox.send(forum.id, SHOWN, thread=topic)
    assert forum.latest().json["message_thread_id"] == topic


async def test_picture_waits_its_turn_and_is_tried_again(outbox: Outbox, telegram: Server, ann: Person) -> None:
    telegram.fails("sendPhoto", too_many(3), Dropped())
    assert (await outbox.send(ann.id, SHOWN)).fate is Fate.ARRIVED
    assert methods(telegram) == ["sendPhoto", "sendPhoto", "sendPhoto"]


async def test_words_go_alone_where_telegram_refuses_the_picture(outbox: Outbox, telegram: Server, ann: Person) -> None:
    telegram.fails("sendPhoto", Refused(400, "Bad Request: not enough rights to send photos to the chat"))
    with capture_logs() as lines:
        sent = await outbox.send(ann.id, SHOWN)
    assert sent == Sent(Fate.ARRIVED, ann.latest().id)
    assert ann.latest().text == PROMPTS.text(SHOWN)
    assert methods(telegram) == ["sendPhoto", "sendMessage"]
    assert [line["event"] for line in lines] == ["picture refused"]


async def test_words_go_alone_where_the_picture_cannot_be_drawn(outbox: Outbox, telegram: Server, ann: Person) -> None:
    with capture_logs() as lines:
        sent = await outbox.send(ann.id, replace(SHOWN, attached=OverDays(())))
    assert sent.fate is Fate.ARRIVED
    assert methods(telegram) == ["sendMessage"]
    assert [line["event"] for line in lines] == ["no picture"]


async def test_blocked_picture_is_no_error(outbox: Outbox, telegram: Server, ann: Person) -> None:
    telegram.fails("sendPhoto", blocked())
    assert await outbox.send(ann.id, SHOWN) == Sent(Fate.REFUSED)


@pytest.fixture
async def with_clip(telegram: Server, tmp_path: Path) -> AsyncIterator[Outbox]:
    (tmp_path / "breathing.gif").write_bytes(GIF)
    clock = PausingClock()
    async with bot_of(telegram) as bot:
        yield TelegramOutbox(bot, Delivery(bot, clock.pause, now=clock.now), PROMPTS, tmp_path)


async def test_animation_goes_up_once_and_then_by_its_id(with_clip: Outbox, telegram: Server, ann: Person) -> None:
    for _ in range(2):
        assert (await with_clip.send(ann.id, BREATHING)).fate is Fate.ARRIVED
        assert ann.latest().text == PROMPTS.text(BREATHING)
    first, second = (call.parameters["animation"] for call in telegram.calls_of("sendAnimation"))
    assert first.content == GIF
    assert second == ann.latest().json["animation"]["file_id"]


async def test_animation_whose_id_is_known_no_more_goes_up_again(
    with_clip: Outbox, telegram: Server, ann: Person
) -> None:
    await with_clip.send(ann.id, BREATHING)
    telegram.world.files.clear()
    assert (await with_clip.send(ann.id, BREATHING)).fate is Fate.ARRIVED
    assert [type(call.parameters["animation"]) for call in telegram.calls_of("sendAnimation")] == [Upload, str, Upload]
    assert ann.latest().json["animation"]


async def test_words_go_alone_where_there_is_no_animation(telegram: Server, ann: Person, tmp_path: Path) -> None:
    clock = PausingClock()
    async with bot_of(telegram) as bot:
        outbox = TelegramOutbox(bot, Delivery(bot, clock.pause, now=clock.now), PROMPTS, tmp_path)
        with capture_logs() as lines:
            assert (await outbox.send(ann.id, BREATHING)).fate is Fate.ARRIVED
    assert methods(telegram) == ["sendMessage"]
    assert [line["event"] for line in lines] == ["no picture"]


# --- Files --------------------------------------------------------------------------------------------------------

FILE = Document("walks ✓.csv", "\ufeffwhat,value\r\nplans,Žofie\r\n".encode())
GIVEN = replace(REPLY, attached=FILE)


def uploads(telegram: Server) -> list[tuple[str, bytes]]:
    sent = (call.parameters["document"] for call in telegram.calls_of("sendDocument"))
    return [(upload.name, upload.content) for upload in sent]


async def test_file_goes_out_whole_with_its_words_and_buttons(outbox: Outbox, telegram: Server, ann: Person) -> None:
    sent = await outbox.send(ann.id, GIVEN)
    message = ann.latest()
    assert sent == Sent(Fate.ARRIVED, message.id)
    assert (message.text, message.json["document"]["file_name"]) == (PROMPTS.text(GIVEN), FILE.name)
    assert message.button(PROMPTS.content.labels[Label.DID_IT])["callback_data"] == "1"
    assert uploads(telegram) == [(FILE.name, FILE.content)]


async def test_file_goes_to_its_topic(outbox: Outbox, telegram: Server) -> None:
    forum = telegram.group(-1_000_000_000_002, "Wards", {}, forum=True)
    topic = forum.opens_topic("Nights")
    await outbox.send(forum.id, GIVEN, thread=topic)
    assert forum.latest().json["message_thread_id"] == topic


async def test_file_that_may_have_arrived_is_sent_again(outbox: Outbox, telegram: Server, ann: Person) -> None:
    telegram.fails("sendDocument", too_many(3), Dropped(after=True))
    assert (await outbox.send(ann.id, GIVEN)).fate is Fate.ARRIVED
    assert uploads(telegram) == [(FILE.name, FILE.content)] * 3
    assert [message.text for message in ann.hears()] == [PROMPTS.text(GIVEN)] * 2


async def test_words_do_not_go_without_the_file_they_speak_of(outbox: Outbox, telegram: Server, ann: Person) -> None:
    with capture_logs() as lines:
        assert await outbox.send(ann.id, replace(GIVEN, attached=Document("walks.csv", b""))) == Sent(Fate.LOST)
    assert methods(telegram) == ["sendDocument"]
    assert ann.hears() == []
    assert [line["event"] for line in lines] == ["message refused"]


@pytest.mark.parametrize(
    "fault",
    [blocked(), Refused(400, "Bad Request: not enough rights to send documents to the chat")],
    ids=["blocked", "no rights"],
)
async def test_file_for_someone_who_takes_none_is_no_error(
    outbox: Outbox, telegram: Server, ann: Person, fault: Fault
) -> None:
    telegram.fails("sendDocument", fault)
    with capture_logs() as lines:
        assert await outbox.send(ann.id, GIVEN) == Sent(Fate.REFUSED)
    assert lines == []


@pytest.mark.parametrize(
    "fault",
    [Dropped(), too_many(600), Refused(400, "Bad Request: file must be non-empty")],
    ids=["dropped", "too many", "empty"],
)
async def test_log_says_nothing_of_what_is_in_a_file(
    outbox: Outbox, telegram: Server, ann: Person, fault: Fault
) -> None:
    telegram.fails("sendDocument", *[fault] * 9)
    with capture_logs() as lines:
        assert (await outbox.send(ann.id, GIVEN)).number is None
    assert lines
    assert not any(word in str(lines) for word in (FILE.name, "plans", "Žofie"))


def test_any_two_lines_fit_into_a_caption() -> None:
    longest = max(len(wording) for wordings in PROMPTS.lines.values() for wording in wordings)
    assert 2 * longest <= 1024
